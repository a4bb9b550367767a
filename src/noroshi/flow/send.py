"""Send: from a plan to a sealed envelope in the outbox, in one transaction.

    may it go? -> serials -> sign the head -> seal -> journal -> outbox

Signing happens on the writer, because what is signed includes serial numbers that must have no
gaps (`docs/adr/0004-serials-are-signed.md`).
"""

from collections.abc import Mapping

import msgspec

from noroshi.core import gate
from noroshi.core.delivery.item import Cargo, Item
from noroshi.core.directory.staleness import Standing
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.head import (
    VERSION,
    Beside,
    OwnPart,
    ReportHead,
    Serial,
    commitment,
    salted_digest,
)
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.seal import Draws, Outer, Recipient, only_for, seal
from noroshi.core.errors import ConflictError, InputError, NotFoundError
from noroshi.core.instant import Instant
from noroshi.core.marking.rules import Rules
from noroshi.core.marking.whole import Part
from noroshi.core.partner import DeskAddress, PartnerState
from noroshi.core.precedence import Precedence
from noroshi.core.release import reason_of
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.alarms import expect_answers
from noroshi.flow.chains import check_updated, watch_chain
from noroshi.flow.changes import changed_by, note_sent_change, raised
from noroshi.flow.compacting import to_sign
from noroshi.flow.consents import note_passing, reasons_without
from noroshi.flow.directories import age_of, standing_of, to_confirm
from noroshi.flow.exits import reasons_against, referred_to
from noroshi.flow.plan import Plan
from noroshi.flow.ports import Entropy
from noroshi.flow.prekeys import seal_key
from noroshi.flow.records import Addressee, Announcement, Identity, KnownPartner, StoredReport
from noroshi.flow.tables import Tables, Transaction

_SERIAL_SALT = 16


class Release(msgspec.Struct, frozen=True):
    """Whether a report may go, and if not why."""

    reasons: tuple[str, ...]
    partners: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Each partner that it addresses, with the reasons why it may not go there."""

    @property
    def is_allowed(self) -> bool:
        """Say whether nothing speaks against it."""
        return not self.reasons


class SentTo(msgspec.Struct, frozen=True):
    """A desk that a report was sent to."""

    desk: str
    serial: int


class Sent(msgspec.Struct, frozen=True):
    """What became of an order."""

    report_id: bytes
    recipients: tuple[SentTo, ...]


class _Sealed(msgspec.Struct, frozen=True):
    """A report in the form in which it goes out."""

    head: ReportHead
    signed: bytes
    salt: bytes
    openings: Mapping[str, bytes]
    """The encoded opening of each partner's serial."""
    copies: Mapping[str, tuple[bytes, Instant | None]]
    """For each partner its envelope, and until when it can open that."""


def check_release(tables: Tables, planned: Plan, me: str, now: Instant, rules: Rules) -> Release:
    """Return whether the planned report may go to all that it addresses, with every reason."""
    partners: dict[str, tuple[str, ...]] = {}
    for partner in dict.fromkeys(address.partner for address in planned.content.addressees):
        reasons = _against(tables, planned, partner, me, now, rules)
        for address in (a for a in planned.content.addressees if a.partner == partner):
            try:
                recipient_of(tables, address, me, now)
            except InputError as error:
                reasons.append(error.message)
        partners[partner] = tuple(dict.fromkeys(reasons))
    all_reasons = [reason for each in partners.values() for reason in each]
    try:
        changed_by(tables, planned.content, me)
        check_updated(tables, planned.content)
    except (InputError, NotFoundError, ConflictError) as error:
        all_reasons.append(error.message)
    return Release(tuple(dict.fromkeys(all_reasons)), tuple(partners.items()))


def reasons_for_two(tables: Tables, planned: Plan, now: Instant, rules: Rules) -> tuple[str, ...]:
    """Return why a report needs a second person who releases it; none: it does not."""
    partners = dict.fromkeys(address.partner for address in planned.content.addressees)
    by_level = (str(planned.marking),) if rules.needs_two_persons(planned.marking) else ()
    return by_level + to_confirm(tables, partners, now)


def send(
    tx: Transaction, planned: Plan, identity: Identity, entropy: Entropy, rules: Rules
) -> Sent:
    """Sign, seal, journal and queue the planned report; asking again with its id changes nothing.

    Raises:
        InputError: a partner or desk is unknown or unverified, or the marking forbids it.
        ConflictError: another report has that id, or what it would change was changed before.
        NotFoundError: what it would change or update is not here.
    """
    earlier = tx.reports.get(planned.report_id)
    if earlier is not None:
        return _again(tx, earlier, planned)
    changed = changed_by(tx, planned.content, identity.me)
    if changed is not None:
        planned = raised(planned, changed)
    check_updated(tx, planned.content)
    partners = _partners(tx, planned, identity.me, rules)
    why = reasons_for_two(tx, planned, tx.now, rules)
    if why and planned.content.releaser is None:
        msg = f"{'; '.join(why)}: it needs two persons, one writes, another releases"
        raise InputError("two-persons", msg)
    serials = {name: tx.serials.next(name, planned.precedence_for(name)) for name in partners}
    sealed = _seal(tx, planned, partners, serials, identity, entropy)
    head, content, digest = sealed.head, planned.content, cose.digest(sealed.signed)
    index = tx.journal.append(
        new_entry(
            EntryKind.SEALED,
            tx.now,
            entropy.draw(SALT_SIZE),
            identity.me,
            report_id=planned.report_id,
            digest=digest,
            desk=content.from_desk,
            by=content.drafter,
        )
    )
    addressees = [
        Addressee(
            desk=address,
            is_action=address in content.action,
            precedence=planned.precedence_for(address.partner),
            serial=serials[address.partner],
            opening=sealed.openings[address.partner],
        )
        for address in content.addressees
    ]
    tx.reports.add(
        StoredReport(
            id=planned.report_id,
            outgoing=True,
            head=head,
            signed_head=sealed.signed,
            head_digest=digest,
            salt=sealed.salt,
            content=content,
            stored_at=tx.now,
            entry_index=index,
        ),
        addressees,
    )
    tx.reports.drag(planned.report_id, None, planned.dragged)
    for name in partners:
        tx.reports.drag(planned.report_id, name, _referred_to(tx, planned, name))
    note_passing(tx, planned, entropy)
    for addressee in addressees:
        expect_answers(tx, planned.report_id, addressee, identity.duty)
    for name in partners:
        _queue(tx, name, planned.precedence_for(name), sealed)
    if changed is not None:
        note_sent_change(tx, planned, changed, identity.me, entropy)
    watch_chain(tx, content, planned.report_id if changed is None else changed.id, identity)
    tx.announce(Announcement("sent", identity.me, planned.report_id))
    return Sent(planned.report_id, tuple(SentTo(str(a.desk), a.serial) for a in addressees))


def _seal(
    tx: Transaction,
    planned: Plan,
    partners: Mapping[str, KnownPartner],
    serials: Mapping[str, int],
    identity: Identity,
    entropy: Entropy,
) -> _Sealed:
    """Return the plan signed by this node and sealed to each addressed partner."""
    note = tx.journal.newest_note()
    own_parts = {
        name: OwnPart(
            Serial(
                entropy.draw(_SERIAL_SALT),
                name,
                identity.card.card.epoch,
                planned.precedence_for(name),
                serials[name],
            ),
            note,
        )
        for name in partners
    }
    keys = {name: seal_key(tx, known, tx.now) for name, known in partners.items()}
    cards = {name: known.signed_card.card for name, known in partners.items()}
    to = tuple(sorted((name, card.key(Purpose.SEAL).kid) for name, card in cards.items()))
    beside = Beside(entropy.draw(suite.SALT_SIZE), to_sign(tx, planned.content, partners))
    head = ReportHead(
        version=VERSION,
        envelope_id=entropy.draw(suite.ID_SIZE),
        sender=identity.me,
        created_at=tx.now,
        expires_at=planned.expires_at,
        to=to,
        report_id=planned.report_id,
        precedence=planned.precedence,
        info_precedence=planned.info_precedence,
        status=planned.status,
        marking=str(planned.marking),
        serials=tuple(commitment(own_parts[name].serial) for name, _ in to),
        content_digest=salted_digest(beside.salt, beside.content),
        attachments=planned.attachments,
    )
    signed = cose.sign(
        gate.encode_struct(head),
        suite.REPORT,
        identity.card.card.profile,
        identity.report_signers,
    )
    raw = seal(
        signed,
        gate.encode_struct(beside),
        outer=Outer(head.envelope_id, max(head.precedence, head.info_precedence), head.expires_at),
        recipients=[
            Recipient(keys[name][0], gate.encode_struct(own_parts[name])) for name, _ in to
        ],
        draws=Draws(entropy.draw(suite.KEY_SIZE), entropy.draw(suite.IV_SIZE)),
        primitives=identity.primitives,
    )
    openings = {name: gate.encode_struct(part.serial) for name, part in own_parts.items()}
    copies = {
        name: (raw if len(keys) == 1 else only_for(raw, key.kid), key_until)
        for name, (key, key_until) in keys.items()
    }
    return _Sealed(head, signed, beside.salt, openings, copies)


def _queue(tx: Transaction, partner: str, precedence: Precedence, sealed: _Sealed) -> None:
    head, (raw, key_until) = sealed.head, sealed.copies[partner]
    envelope = Item(head.envelope_id, 0, Cargo.ENVELOPE, precedence, len(raw), head.expires_at)
    tx.outbox.add(partner, envelope, raw, head.report_id, key_until=key_until)
    for attachment in head.attachments:
        tx.reports.want_blob(head.report_id, attachment.blob_id, attachment.size, held=True)
        blob = Item(attachment.blob_id, 0, Cargo.BLOB, precedence, attachment.size, head.expires_at)
        tx.outbox.add(partner, blob, b"", head.report_id)


def _again(tx: Transaction, earlier: StoredReport, planned: Plan) -> Sent:
    same = earlier.outgoing and (
        msgspec.structs.replace(earlier.content, attachments=())
        == msgspec.structs.replace(planned.content, attachments=())
    )
    if not same:
        raise ConflictError("duplicate-id", "another report already has that id")
    return Sent(
        earlier.id,
        tuple(SentTo(str(a.desk), a.serial) for a in tx.reports.addressees(earlier.id)),
    )


def _against(
    tables: Tables, planned: Plan, partner: str, me: str, now: Instant, rules: Rules
) -> list[str]:
    """Return why consent, marking or an agreement keeps the report from a partner."""
    dragged = (*planned.dragged, *_referred_to(tables, planned, partner))
    found = reasons_against(
        tables, planned.marking, planned.content.areas, dragged, partner, me, now, rules
    )
    without = reasons_without(tables, planned, (partner,), me, now)
    return [*without, *(reason_of(partner, reason) for reason in found)]


def _referred_to(tables: Tables, planned: Plan, partner: str) -> tuple[Part, ...]:
    """Return the reports that a partner would have to be given along with the planned one."""
    references = [each for each in planned.content.references if each != planned.below_line_of]
    return referred_to(tables, references, partner)


def recipient_of(tables: Tables, address: DeskAddress, me: str, now: Instant) -> KnownPartner:
    """Return the partner of an addressed desk, if any report may go there.

    Raises:
        InputError: the partner or desk is unknown, or nothing goes there for now.
    """
    name = address.partner
    if name == me:
        msg = f"{address} is a desk of this node itself; a report goes to other partners"
        raise InputError("unknown-partner", msg)
    known = tables.partners.get(name)
    if known is None:
        msg = f"no partner {name!r} is known; ask for its card: noroshi partner add FILE"
        raise InputError("unknown-partner", msg)
    if known.state is PartnerState.REVOKED:
        msg = f"{name} is revoked and receives nothing, until it has new keys and is verified again"
        raise InputError("partner-revoked", msg)
    if known.state is not PartnerState.VERIFIED:
        msg = (
            f"{name} is {known.state.value.lower()} and receives nothing; compare the sixty digits "
            f"of 'noroshi partner number {name}' with them, then 'noroshi partner verify {name}'"
        )
        raise InputError("partner-unverified", msg)
    if standing_of(tables, name, now) is Standing.REFUSED:
        msg = (
            f"nothing newer is heard of the keys of {name}: {age_of(tables, name, now)}. Somebody "
            "may hold it back; ask them for their newest card: noroshi partner add FILE"
        )
        raise InputError("directory-stale", msg)
    desks = known.signed_card.card.desks
    if address.desk not in desks:
        msg = f"{name} has no desk {address.desk!r}; its card lists {', '.join(desks)}"
        raise InputError("unknown-desk", msg)
    return known


def _partners(tx: Transaction, planned: Plan, me: str, rules: Rules) -> dict[str, KnownPartner]:
    """Return the addressed partners, if the report may go to all of them.

    Raises:
        InputError: a partner or desk is unknown or unverified, or the marking forbids it.
    """
    partners = {
        address.partner: recipient_of(tx, address, me, tx.now)
        for address in planned.content.addressees
    }
    reasons = [
        reason for name in partners for reason in _against(tx, planned, name, me, tx.now, rules)
    ]
    if reasons:
        unconsented = reasons_without(tx, planned, tuple(partners), me, tx.now)
        code = "no-consent" if unconsented else "not-releasable"
        raise InputError(code, "; ".join(dict.fromkeys(reasons)))
    return partners
