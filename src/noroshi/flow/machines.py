"""Machines: access granted and taken away, each journalled with the person who did it.

An alias that no collection has becomes that of a new one, so that the first grant needs no other
step. A machine of the house reads up to a ceiling; that of a partner beside it only what the
release check lets go to that partner.
"""

import base64
import uuid
from collections.abc import Callable, Sequence

import msgspec

from noroshi.core.agreement import Agreement
from noroshi.core.errors import ConflictError, InputError, NotFoundError
from noroshi.core.exchange.objects.handling import Handling
from noroshi.core.instant import Instant, day_of
from noroshi.core.machine import TOKEN_SIZE, Machine, ReportRule, Right, check_alias, digest_of
from noroshi.core.marking.label import Marking
from noroshi.core.marking.rules import Rules
from noroshi.core.marking.whole import covers
from noroshi.core.partner import DeskAddress
from noroshi.core.release import Question, may_release
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.collecting import belongs_in
from noroshi.flow.machine_tables import Collection
from noroshi.flow.ports import Entropy
from noroshi.flow.records import Announcement
from noroshi.flow.send import recipient_of
from noroshi.flow.tables import Tables, Transaction


class NewRight(msgspec.Struct, frozen=True):
    """What a machine is granted."""

    name: str
    collection: str
    right: Right
    partner: str | None = None
    """Whose machine it is; None: as it was, at first the house's own."""
    ceiling: Marking | None = None
    """None: as it was, at first the default."""


DEFAULT_CEILING = Marking.parse("TLP:AMBER+STRICT")
"""What a machine of the house reads: what is for the house, and nothing for single persons."""


def grant(
    tx: Transaction, new: NewRight, by: str, me: str, rules: Rules, entropy: Entropy
) -> tuple[Machine, str]:
    """Give a machine a right in a collection; return it, and a token that opens for it.

    Raises:
        InputError: a name cannot be one, neither reading nor writing is granted, or a marking
            or a partner is not known.
        ConflictError: the machine is another partner's.
    """
    check_alias(new.name, "machine")
    if not (new.right.read or new.right.write):
        raise InputError("bad-input", "say what it may do: --read, --write or both")
    if new.right.write and belongs_in(new.collection) is not None:
        msg = f"{new.collection} is filled by reports; give it another name to write to"
        raise InputError("bad-input", msg)
    collection = collection_of(tx, new.collection, entropy)
    known = tx.machines.get(new.name)
    partner = new.partner or (known.partner if known else me)
    if partner != me and tx.partners.get(partner) is None:
        msg = f"there is no partner {partner!r} here; see: noroshi partner list"
        raise InputError("bad-input", msg)
    if known is not None and known.ended_at is None and known.partner != partner:
        msg = f"{new.name} belongs to {known.partner}; give a machine of {partner} another name"
        raise ConflictError("machine-exists", msg)
    lives = known if known is not None and known.ended_at is None else None
    ceiling = ceiling_of(new.ceiling or (lives.ceiling if lives else DEFAULT_CEILING))
    if partner != me and belongs_in(collection.alias) is not None:
        msg = (
            f"{collection.alias} is filled by reports, which go to a partner as reports alone: "
            "noroshi pass-on"
        )
        raise InputError("not-releasable", msg)
    rules.classification(ceiling)
    rules.restrictive(ceiling)
    rights = dict(lives.rights) if lives else {}
    before = rights.get(collection.alias, Right())
    rights[collection.alias] = Right(before.read or new.right.read, before.write or new.right.write)
    token = base64.urlsafe_b64encode(entropy.draw(TOKEN_SIZE)).decode().rstrip("=")
    machine = Machine(
        new.name,
        partner,
        ceiling,
        rights,
        (*(lives.tokens if lives else ()), digest_of(token)),
        lives.added_at if lives else tx.now,
        lives.added_by if lives else by,
    )
    _put(tx, machine, EntryKind.MACHINE_CHANGED, by, me, entropy)
    tx.announce(Announcement("machine", me))
    return machine, token


def revoke(tx: Transaction, name: str, by: str, me: str, entropy: Entropy) -> Machine:
    """Take all access away from a machine; it is granted anew by new tokens alone.

    Raises:
        NotFoundError: there is no such machine.
    """
    machine = tx.machines.get(name)
    if machine is None or machine.ended_at is not None:
        msg = f"no machine {name!r} has access; see: noroshi access list"
        raise NotFoundError("not-found", msg)
    ended = msgspec.structs.replace(machine, tokens=(), rights={}, ended_at=tx.now)
    _put(tx, ended, EntryKind.MACHINE_ENDED, by, me, entropy)
    tx.announce(Announcement("machine", me))
    return ended


def set_rule(tx: Transaction, rule: ReportRule, me: str, entropy: Entropy) -> None:
    """Let what machines hand over to a collection become reports.

    Raises:
        InputError: reports fill that collection, so that each would become another; or nothing
            could go to a desk.
    """
    for address in map(DeskAddress.parse, (*rule.to, *rule.info)):
        recipient_of(tx, address, me, tx.now)
    open_collection(tx, rule.collection, entropy)
    if rule.sightings:
        collection_of(tx, "reports", entropy)  # so that what came is known by its objects
    tx.machines.put_rule(rule)
    _record(tx, EntryKind.RULE_CHANGED, rule.digest, rule.set_by, me, entropy)


def end_rule(tx: Transaction, alias: str, by: str, me: str, entropy: Entropy) -> ReportRule:
    """Let what machines hand over to a collection stay objects.

    Raises:
        NotFoundError: the collection has no rule.
    """
    rule = tx.machines.rule(alias)
    if rule is None:
        raise NotFoundError("not-found", f"{alias} has no rule; see: noroshi access rules")
    tx.machines.drop_rule(alias)
    _record(tx, EntryKind.RULE_ENDED, rule.digest, by, me, entropy)
    return rule


def machine_of(tables: Tables, token: str, name: str | None = None) -> Machine | None:
    """Return the machine that a token opens for; `name`: the one that it says it is."""
    found = tables.machines.of_token(digest_of(token))
    return None if found is None or name not in {None, found.name} else found


def reader_of(
    tables: Tables, machine: Machine, me: str, now: Instant, rules: Rules
) -> Callable[[Handling], bool]:
    """Return what says whether a machine may read something: up to its ceiling, released to it."""
    agreements = tuple(kept.agreement for kept in tables.agreements.all())
    known: dict[Marking, bool] = {}

    def may_read(handling: Handling) -> bool:
        for marking in handling:
            if marking not in known:
                known[marking] = _may_have(machine, marking, me, now, agreements, rules)
        return all(known[marking] for marking in handling)

    return may_read


def _may_have(
    machine: Machine,
    marking: Marking,
    me: str,
    now: Instant,
    agreements: Sequence[Agreement],
    rules: Rules,
) -> bool:
    # Whom it is released to is asked below, and what may be done with it is no question here.
    bare = msgspec.structs.replace(marking, releasable_to=(), pap=None)
    try:
        is_below = covers(machine.ceiling, bare, rules)
    except InputError:
        return False
    if not is_below or machine.partner == me:
        return is_below
    question = Question(marking, me, machine.partner, day_of(now))
    return not may_release(question, agreements, rules)


def ceiling_of(said: Marking) -> Marking:
    """Return a ceiling as it is kept: a level alone means reports for the house up to it."""
    tlp = said.tlp or DEFAULT_CEILING.tlp
    return Marking(tlp, said.policy, said.level, caveats=said.caveats)


def open_collection(tx: Transaction, alias: str, entropy: Entropy) -> Collection:
    """Return a collection that others may fill, a new one if there is none of that alias.

    Raises:
        InputError: reports fill it, or the alias cannot be one.
    """
    if belongs_in(alias) is not None:
        raise InputError("bad-input", f"{alias} is filled by reports already; name another")
    return collection_of(tx, alias, entropy)


def collection_of(tx: Transaction, alias: str, entropy: Entropy) -> Collection:
    """Return the collection of an alias, a new one if there is none.

    Raises:
        InputError: the alias cannot be one.
    """
    found = tx.machines.collection(alias)
    if found is not None:
        return found
    name = str(uuid.UUID(bytes=entropy.draw(16), version=4))
    return tx.machines.add_collection(check_alias(alias, "collection"), name, alias, "")


def _put(
    tx: Transaction, machine: Machine, kind: EntryKind, by: str, me: str, entropy: Entropy
) -> None:
    tx.machines.put(machine)
    _record(tx, kind, machine.digest, by, me, entropy)


def _record(
    tx: Transaction, kind: EntryKind, digest: bytes, by: str, me: str, entropy: Entropy
) -> None:
    salt = entropy.draw(SALT_SIZE)
    tx.journal.append(new_entry(kind, tx.now, salt, me, digest=digest, by=by or None))
