"""Revocations: a partner whose keys are not its alone any more, and what others hear of it.

    an officer here   -> REVOKED here at once; the other partners are advised
    the partner's root -> REVOKED wherever it is heard, and passed on by whoever hears it first
    a newer card, verified by people again -> VERIFIED; what waited is sealed to the new keys

Nothing goes to a revoked partner or is taken from it. What it signed before and what arrives only
now, on a file, is held until a person decides: its keys can write any time.
"""

import msgspec

from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.directory.card import SignedCard
from noroshi.core.directory.notice import VERSION, NoticeHead
from noroshi.core.directory.revocation import SignedRevocation
from noroshi.core.envelope import suite
from noroshi.core.envelope.keys import Purpose
from noroshi.core.errors import ConflictError, InputError
from noroshi.core.instant import Instant, to_text
from noroshi.core.partner import PartnerState
from noroshi.core.precedence import Precedence
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.alarms import raise_alarm
from noroshi.flow.ports import Entropy
from noroshi.flow.records import (
    Announcement,
    Identity,
    KeptRevocation,
    KnownPartner,
    Quarantined,
)
from noroshi.flow.statements import routing, state
from noroshi.flow.tables import Tables, Transaction

_OF_LINE = (
    AlarmKind.LINE_DOWN,
    AlarmKind.UNHEARD,
    AlarmKind.GAP,
    AlarmKind.NO_PEOPLE_CHECK,
)


class VerifiedNotice(msgspec.Struct, frozen=True):
    """What a partner tells of another partner's keys; its sender is proven."""

    head: NoticeHead
    revocation: SignedRevocation | None
    digest: bytes

    @property
    def precedence(self) -> Precedence:
        """How urgent it is to commit this."""
        return Precedence.FLASH


def revoke(
    tx: Transaction,
    known: KnownPartner,
    since: Instant,
    by: str,
    reason: str,
    signed: SignedRevocation | None,
    identity: Identity,
    entropy: Entropy,
) -> KnownPartner:
    """Send nothing to a partner and take nothing from it from now on, and tell the others.

    `signed` is the word of its root, if there is one. Asking again changes at most how far
    back it reaches.
    """
    card = known.signed_card.card
    void = signed.revocation.card if signed else card.serial
    raw = signed.raw if signed else b""
    kept = next(
        (
            each
            for each in tx.revocations.of(card.partner)
            if (each.root_digest, each.card) == (card.root_digest, void)
        ),
        None,
    )
    if kept is not None and kept.since <= since and (kept.raw or not raw):
        return known
    new = KeptRevocation(
        card.partner, card.root_digest, void, min(since, kept.since if kept else since), None,
        by, reason, raw or (kept.raw if kept else b""),
    )  # fmt: skip
    tx.revocations.put(new)
    tx.journal.append(
        new_entry(
            EntryKind.PARTNER_REVOKED, tx.now, entropy.draw(SALT_SIZE), card.partner,
            digest=signed.digest if signed else known.signed_card.digest, by=by,
        )
    )  # fmt: skip
    if card.serial <= void and known.state is not PartnerState.REVOKED:
        known = msgspec.structs.replace(known, state=PartnerState.REVOKED)
        tx.partners.put(known)
        tx.watch.end_alarms(_OF_LINE, card.partner, tx.now)
        close_to(tx, card.partner)
        tx.announce(Announcement("partner", card.partner))
    detail = f"its keys may be somebody else's too since {to_text(new.since)}, says {by}"
    alarm = Alarm(AlarmKind.REVOKED, card.partner, tx.now, detail=_said(detail, reason))
    raise_alarm(tx, alarm, identity.me, entropy)
    _tell(tx, new, identity, entropy)
    return known


def revoke_own(
    tx: Transaction, signed: SignedRevocation, by: str, me: str, entropy: Entropy
) -> None:
    """Let the own directory say that earlier cards of this node are void, as its root says."""
    word = signed.revocation
    kept = KeptRevocation(me, signed.root_digest, word.card, word.since, tx.now, by, "", signed.raw)
    tx.revocations.put(kept)
    salt = entropy.draw(SALT_SIZE)
    entry = new_entry(EntryKind.PARTNER_REVOKED, tx.now, salt, me, digest=signed.digest, by=by)
    tx.journal.append(entry)
    tx.announce(Announcement("directory", me))


def take_notice(
    tx: Transaction, told: VerifiedNotice, identity: Identity, entropy: Entropy
) -> None:
    """Follow the word of a root; call a person where a partner only tells its own decision."""
    head = told.head
    salt = entropy.draw(SALT_SIZE)
    entry = new_entry(EntryKind.NOTICE_TAKEN, tx.now, salt, head.sender, digest=told.digest)
    tx.journal.append(entry)
    known = tx.partners.get(head.partner)
    if known is None or head.partner == identity.me:
        return
    root_digest = known.signed_card.card.root_digest
    signed, heard = told.revocation, tx.directories.of(head.partner)
    directory = heard.kept.directory if heard else None
    counts = signed is not None and signed.counts(directory)
    if signed is not None and counts and signed.root_digest == root_digest:
        by = f"the root of {head.partner}"
        revoke(tx, known, head.since, by, head.reason, signed, identity, entropy)
    elif known.state is PartnerState.VERIFIED and head.root_digest == root_digest:
        detail = f"{head.sender} has revoked it since {to_text(head.since)}"
        alarm = Alarm(
            AlarmKind.REVOCATION_ADVISED, head.partner, tx.now, detail=_said(detail, head.reason)
        )
        raise_alarm(tx, alarm, identity.me, entropy)


def check_succession(tx: Transaction, old: SignedCard, new: SignedCard) -> None:
    """Return if a card of a revoked partner has keys of its own and is not void itself.

    Raises:
        ConflictError: it is one of those that were revoked, or uses a key of one.
    """
    card = new.card
    void = [
        each.card
        for each in tx.revocations.of(card.partner)
        if each.root_digest == card.root_digest
    ]
    if any(card.serial <= serial for serial in void):
        msg = f"this card of {card.partner} is revoked; ask them for one with new keys"
        raise ConflictError("card-revoked", msg)
    if void and _node_keys(old) & _node_keys(new):
        msg = (
            f"this card of {card.partner} uses a key that was revoked; ask them for one whose keys "
            "are all new (noroshi restore --new-keys)"
        )
        raise ConflictError("card-revoked", msg)


def close_to(tx: Transaction, partner: str) -> None:
    """Note that a partner's sealing keys are void: what waits is sealed again before it goes."""
    tx.prekeys.forget(partner)
    tx.prekeys.to_tell(partner)
    tx.directories.to_tell(partner)
    tx.outbox.close(partner)


def suspicion(tables: Tables, partner: str, stored_at: Instant) -> KeptRevocation | None:
    """Return the revocation because of which a report that came then may not be the partner's."""
    for each in tables.revocations.of(partner):
        if each.since <= stored_at and (each.until is None or stored_at < each.until):
            return each
    return None


def quarantine(tx: Transaction, held: Quarantined, me: str, entropy: Entropy) -> None:
    """Hold what a revoked partner signed before, until a person decides."""
    held = msgspec.structs.replace(held, at=tx.now)
    if not tx.revocations.hold(held):
        return
    salt = entropy.draw(SALT_SIZE)
    tx.journal.append(
        new_entry(EntryKind.QUARANTINED, tx.now, salt, held.partner, digest=held.digest)
    )
    _call(tx, held.partner, me, entropy)


def release(
    tx: Transaction, held: Quarantined, by: str, me: str, entropy: Entropy, *, is_taken: bool
) -> None:
    """Record that an officer took or dropped what was held."""
    kind = EntryKind.QUARANTINE_TAKEN if is_taken else EntryKind.QUARANTINE_DROPPED
    salt = entropy.draw(SALT_SIZE)
    tx.journal.append(new_entry(kind, tx.now, salt, held.partner, digest=held.digest, by=by))
    tx.revocations.drop(held.digest)
    _call(tx, held.partner, me, entropy)


def _call(tx: Transaction, partner: str, me: str, entropy: Entropy) -> None:
    """Let the alarm say how much is held of a partner; none: it ends."""
    count = sum(each.partner == partner for each in tx.revocations.held())
    detail = f"{count:,} in all; see: noroshi quarantine"
    tx.watch.end_alarms((AlarmKind.QUARANTINED,), partner, tx.now, but_for=detail)
    if count:
        alarm = Alarm(AlarmKind.QUARANTINED, partner, tx.now, detail=detail)
        raise_alarm(tx, alarm, me, entropy)


def _tell(tx: Transaction, kept: KeptRevocation, identity: Identity, entropy: Entropy) -> None:
    """Tell all other partners, ahead of everything else."""
    for known in tx.partners.all():
        partner = known.signed_card.card.partner
        if known.state is not PartnerState.VERIFIED or partner == kept.partner:
            continue
        head = NoticeHead(
            version=VERSION,
            envelope_id=entropy.draw(suite.ID_SIZE),
            sender=identity.me,
            created_at=tx.now,
            expires_at=None,
            to=routing(known),
            partner=kept.partner,
            root_digest=kept.root_digest,
            since=kept.since,
            reason=kept.reason,
            revocation=kept.raw,
        )
        digest = state(
            tx, known, head, head.envelope_id, suite.NOTICE, Precedence.FLASH, identity, entropy
        )
        salt = entropy.draw(SALT_SIZE)
        tx.journal.append(new_entry(EntryKind.NOTICE_TOLD, tx.now, salt, partner, digest=digest))


def _node_keys(signed: SignedCard) -> set[bytes]:
    return {key.material for key in signed.card.keys if key.purpose is not Purpose.ROOT}


def _said(detail: str, reason: str) -> str:
    return f"{detail}: {reason}" if reason else detail


def check_since(since: Instant, now: Instant) -> Instant:
    """Return from when on keys are void.

    Raises:
        InputError: that is still to come.
    """
    if since > now:
        msg = "--since lies in the future; say since when the keys may have been somebody else's"
        raise InputError("bad-input", msg)
    return since
