"""Directories: the own one made and told, partners' taken, and how old theirs may be.

    renewal        -> what the own directory has to say anew is signed, recorded, and told
    a statement,   -> verified against what is known; the newest takes its place, and with it
    or a file         the card that it names
    growing stale  -> people hear of it; then a second person confirms what goes there; then
                      nothing goes there

Part of renewal, of receiving, of sending and of the watch.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

import msgspec

from noroshi.core import gate
from noroshi.core.agreement import Agreement, agreement_digest, encode_agreement
from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.delivery.clocks import Step
from noroshi.core.directory.card import Card, SignedCard
from noroshi.core.directory.repository import (
    AGREEMENTS,
    DESKS,
    REVOCATIONS,
    VERSION,
    Bundle,
    Directory,
    DirectoryHead,
    Kept,
    check_head,
    lacking,
)
from noroshi.core.directory.staleness import Standing
from noroshi.core.envelope import suite
from noroshi.core.errors import ConflictError
from noroshi.core.instant import DAY, Instant, from_day, to_text
from noroshi.core.lexicon.sentence import Sentence
from noroshi.core.partner import PartnerState
from noroshi.core.precedence import Precedence
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.alarms import raise_alarm
from noroshi.flow.cards import take_card
from noroshi.flow.directory_ports import Target
from noroshi.flow.directory_tables import Heard, Told
from noroshi.flow.ports import Entropy
from noroshi.flow.records import Announcement, Identity, KeptRevocation, KnownPartner
from noroshi.flow.statements import routing, state
from noroshi.flow.tables import Tables, Transaction

WORDS: Final = {
    Standing.AMBER: "ask them whether all is well",
    Standing.CONFIRM: "what goes there now needs a second person",
    Standing.REFUSED: "nothing goes there until it is heard",
}


class VerifiedDirectory(msgspec.Struct, frozen=True):
    """A partner's directory, verified beside what was known of it then."""

    bundle: Bundle
    digest: bytes
    """Of the signed statement."""
    heard: Heard
    card: SignedCard
    beside: Heard | None
    """What was known."""

    @property
    def precedence(self) -> Precedence:
        """How urgent it is to commit this."""
        return Precedence.DEFERRED


def open_directory(
    tables: Tables,
    head: DirectoryHead,
    beside: bytes,
    digest: bytes,
    identity: Identity,
    now: Instant,
    *,
    by_hand: bool,
) -> VerifiedDirectory:
    """Return the directory beside a verified statement.

    Raises:
        MalformedError: it is not its sender's newest word, or cannot be.
    """
    bundle = check_head(head, beside)
    known = tables.partners.get(head.sender)
    before = tables.directories.of(head.sender)
    assert known is not None  # noqa: S101 - its statement was verified under its card
    heard, card = read(identity, bundle, known.signed_card, before, now, by_hand=by_hand)
    return VerifiedDirectory(bundle, digest, heard, card, before)


def read(
    identity: Identity,
    bundle: Bundle,
    known: SignedCard,
    before: Heard | None,
    now: Instant,
    *,
    by_hand: bool,
) -> tuple[Heard, SignedCard]:
    """Return what a bundle says, and the card that it names; `known` is the card to begin with.

    Raises:
        RefusalError: it is not the partner's newest word, or cannot be.
    """
    tolerance = identity.duty.by_hand if by_hand else identity.duty.by_net
    kept = before.kept if before else None
    found, card = identity.directories().read(
        bundle, known.card.root, kept, known.raw, now, tolerance.refuse
    )
    return Heard(found, tolerance.limits(found.directory.expires_at), by_hand), card


def take_directory(
    tx: Transaction, told: VerifiedDirectory, identity: Identity, entropy: Entropy
) -> None:
    """Go by a partner's directory from now on, and by the card that it names.

    Raises:
        RefusalError: another came first, beside which it is not the newest word.
        ConflictError: the card that it names cannot follow the one known.
    """
    partner, heard, card = told.bundle.partner, told.heard, told.card
    before, known = tx.directories.of(partner), tx.partners.get(partner)
    if before != told.beside and known is not None:
        heard, card = read(
            identity, told.bundle, known.signed_card, before, tx.now, by_hand=heard.by_hand
        )
    take_card(tx, card, entropy)
    keep(tx, heard, told.digest, entropy)


def keep(
    tx: Transaction, heard: Heard, digest: bytes, entropy: Entropy, by: str | None = None
) -> None:
    """Record a partner's verified directory; the clocks of its age begin anew.

    Raises:
        ConflictError: a newer one came first.
    """
    new = heard.kept.directory
    partner, before = new.partner, tx.directories.of(new.partner)
    if before == heard:
        return
    old = before.kept.directory if before else new
    if (new.root_version, new.timestamp_version) < (old.root_version, old.timestamp_version):
        msg = f"a newer directory of {partner} is already known; nothing was changed"
        raise ConflictError("directory-older", msg)
    tx.directories.take(heard)
    salt = entropy.draw(SALT_SIZE)
    entry = new_entry(EntryKind.DIRECTORY_TAKEN, tx.now, salt, partner, digest=digest, by=by)
    tx.journal.append(entry)
    _mark_revoked(tx, new)
    for standing, at in zip(WORDS, msgspec.structs.astuple(heard.limits), strict=True):
        tx.watch.drop_deadlines(b"", partner, standing.value, (Step.DIRECTORY,))
        tx.watch.set_deadline(Step.DIRECTORY, partner, b"", standing.value, at)
    tx.watch.end_alarms((AlarmKind.DIRECTORY_STALE,), partner, tx.now)
    tx.announce(Announcement("watch", partner))


def _mark_revoked(tx: Transaction, directory: Directory) -> None:
    """Mark what came since the keys of earlier cards were somebody else's too, if it is news."""
    partner = directory.partner
    known = {(each.root_digest, each.card) for each in tx.revocations.of(partner)}
    for each in directory.revocations:
        if (directory.identity, each.card) not in known:
            kept = KeptRevocation(
                partner, directory.identity, each.card, each.since, tx.now,
                f"the directory of {partner}", "", b"",
            )  # fmt: skip
            tx.revocations.put(kept)


def declares(tables: Tables, partner: str, agreement: Agreement) -> bool | None:
    """Say whether a partner's directory names an agreement as it is here; None: it told none."""
    heard = tables.directories.of(partner)
    if heard is None:
        return None
    digest = agreement_digest(agreement)
    return any(each.digest == digest for each in heard.kept.directory.agreements)


def standing_of(tables: Tables, partner: str, now: Instant) -> Standing:
    """Return how old a partner's directory is."""
    limits = tables.directories.limits(partner)
    return Standing.UNTOLD if limits is None else limits.standing(now)


def to_confirm(tables: Tables, partners: Iterable[str], now: Instant) -> tuple[str, ...]:
    """Return why a report to these partners needs a second person, in sentences."""
    found = {partner: standing_of(tables, partner, now) for partner in partners}
    return tuple(
        Sentence(
            "why.directory_old",
            "the directory of {partner} is old: {age}; its newest card renews it "
            "(noroshi partner add FILE)",
            partner=partner,
            age=age_of(tables, partner, now),
        )
        for partner, standing in found.items()
        if standing is Standing.CONFIRM
    )


def age_of(tables: Tables, partner: str, now: Instant) -> str:
    """Return for people how long ago a partner's directory should have been renewed."""
    heard = tables.directories.of(partner)
    overdue = now - heard.kept.directory.expires_at if heard else 0
    days = f"{max(0, overdue) / DAY:.1f}"
    return Sentence("why.overdue", "it was to be renewed {days} days ago", days=days)


def directory_json(tables: Tables, known: KnownPartner, now: Instant) -> dict[str, object]:
    """Return how a partner's directory stands, as JSON."""
    partner = known.signed_card.card.partner
    heard = tables.directories.of(partner)
    told: dict[str, object] = {"directory": standing_of(tables, partner, now).value}
    if heard is None:
        return told
    directory = heard.kept.directory
    return told | {
        "directory_until": to_text(directory.expires_at),
        "directory_by": "hand" if heard.by_hand else "net",
        "root_version": directory.root_version,
        "root_threshold": [directory.threshold, len(directory.root_keys)],
    }


def warn(tx: Transaction, partner: str, me: str, entropy: Entropy) -> None:
    """Call people because a partner's directory has grown stale, or staler."""
    known, standing = tx.partners.get(partner), standing_of(tx, partner, tx.now)
    if known is None or known.state is not PartnerState.VERIFIED or standing not in WORDS:
        return
    tx.watch.end_alarms((AlarmKind.DIRECTORY_STALE,), partner, tx.now)
    detail = f"{standing.value}, {age_of(tx, partner, tx.now)}; {WORDS[standing]}"
    raise_alarm(tx, Alarm(AlarmKind.DIRECTORY_STALE, partner, tx.now, detail=detail), me, entropy)


def own_targets(tables: Tables, card: Card) -> list[Target]:
    """Return what this node's directory names beside its card.

    Of an agreement that is its digest and the days: both sides can see that they go by the same,
    and others see no more than that there is one.
    """
    desks = [Target(DESKS + desk, f"{desk}@{card.partner}".encode(), None) for desk in card.desks]
    agreements = [
        Target(
            AGREEMENTS + agreement_digest(each).hex(),
            encode_agreement(each),
            {"since": from_day(each.valid_from), "until": from_day(each.valid_until) + DAY},
        )
        for each in (kept.agreement for kept in tables.agreements.all())
    ]
    revocations = [
        Target(
            REVOCATIONS + sha256(each.raw).hexdigest(),
            each.raw,
            {"since": each.since, "until": each.since, "card": each.card},
        )
        for each in tables.revocations.of(card.partner)
    ]
    return desks + agreements + revocations


def record_own(
    tx: Transaction,
    made: Kept,
    before: Kept | None,
    me: str,
    entropy: Entropy,
    by: str | None = None,
) -> bool:
    """Record this node's new directory; say whether it follows what there is.

    A new root is journalled beside it.
    """
    if tx.directories.own() != before:
        return False
    tx.directories.put_own(made)
    digest = lacking(made, b"", 0, 0).digest
    kinds = [EntryKind.DIRECTORY_ISSUED]
    if by is not None:
        kinds.append(EntryKind.ROOT_TAKEN)
    for kind in kinds:
        salt = entropy.draw(SALT_SIZE)
        tx.journal.append(new_entry(kind, tx.now, salt, me, digest=digest, by=by))
    tx.announce(Announcement("directory", me))
    return True


def record_removal(tx: Transaction, me: str, digest: bytes, by: str, entropy: Entropy) -> None:
    """Record that the first root key was destroyed here."""
    salt = entropy.draw(SALT_SIZE)
    tx.journal.append(new_entry(EntryKind.ROOT_REMOVED, tx.now, salt, me, digest=digest, by=by))


def tell_own(tx: Transaction, identity: Identity, entropy: Entropy) -> None:
    """Send each verified partner what it lacks of the own directory."""
    own, card = tx.directories.own(), tx.partners.own_card()
    for partner in tx.directories.untold():
        known = tx.partners.get(partner)
        if own is not None and card is not None and known is not None:
            _tell(tx, known, own, card.raw, identity, entropy)


def _tell(
    tx: Transaction,
    known: KnownPartner,
    own: Kept,
    card: bytes,
    identity: Identity,
    entropy: Entropy,
) -> None:
    partner = known.signed_card.card.partner
    told = tx.directories.told(partner)
    root, snapshot = told.item_root, told.item_snapshot
    if any(item.id == told.item for item in tx.outbox.items(partner)):
        # What is on its way and not taken yet is overtaken: it goes from where the partner is.
        tx.outbox.remove(partner, (told.item,))
        root, snapshot = told.root, told.snapshot
    bundle = lacking(own, card, root, snapshot)
    head = DirectoryHead(
        version=VERSION,
        envelope_id=entropy.draw(suite.ID_SIZE),
        sender=identity.me,
        created_at=tx.now,
        expires_at=None,
        to=routing(known),
        digest=bundle.digest,
    )
    digest = state(
        tx, known, head, head.envelope_id, suite.DIRECTORY, Precedence.DEFERRED, identity, entropy,
        beside=gate.encode_struct(bundle),
    )  # fmt: skip
    salt = entropy.draw(SALT_SIZE)
    tx.journal.append(new_entry(EntryKind.DIRECTORY_TOLD, tx.now, salt, partner, digest=digest))
    newest = (own.directory.root_version, own.directory.snapshot_version)
    tx.directories.is_told(partner, Told(root, snapshot, head.envelope_id, *newest))
