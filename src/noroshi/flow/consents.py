"""Consents: what a report that asks for one, gives one, or goes out by one does beside the rest.

    asked      a partner wants to pass on a report of ours: its desk is told, until it answers
    granted    the originator lets this node pass on: people are told, and exits let it through
    enclosed   a partner passed on another's report: it stands here as its originator's

Parts of the acts that send and receive; :mod:`noroshi.core.consent` has the rules.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from noroshi.core.consent import (
    Asked,
    Scope,
    SignedGrant,
    against,
    read_grant,
    read_grant_message,
    read_request,
)
from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.delivery.ladder import ANSWERS, Ladder, Rung, RungRecord
from noroshi.core.directory.card import Card
from noroshi.core.enclosure import Enclosed, open_enclosure
from noroshi.core.envelope.head import ReportHead
from noroshi.core.envelope.keys import Purpose
from noroshi.core.errors import RefusalError
from noroshi.core.instant import Instant, to_text
from noroshi.core.lexicon.sentence import Sentence
from noroshi.core.partner import DeskAddress, PartnerState
from noroshi.core.recognition import NOROSHI, recognise
from noroshi.core.report import (
    CONSENT_GRANT,
    CONSENT_REQUEST,
    PASSED_ON,
    SERVICES,
    Content,
    report_id_text,
)
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.alarms import is_answered, raise_alarm
from noroshi.flow.consent_tables import EnclosedReport, KeptGrant, KeptRequest
from noroshi.flow.plan import Plan
from noroshi.flow.ports import Entropy
from noroshi.flow.records import Announcement, Identity, PendingReceipt
from noroshi.flow.tables import Tables, Transaction

_NO_CONSENT: Final = Sentence(
    "why.no_consent", "its originator has not consented; ask for it: noroshi pass-on"
)

_CONTRARY: Final = {Rung.ACTIONED: Rung.DECLINED, Rung.DECLINED: Rung.ACTIONED}


class GrantArrived(msgspec.Struct, frozen=True):
    """A verified grant, and the request that it answers."""

    signed: SignedGrant
    request_id: bytes


Carried = Asked | GrantArrived | Enclosed
"""What a report may carry beside what people read."""


def card_of(tables: Tables, partner: str) -> Card | None:
    """Return the card of a verified partner."""
    known = tables.partners.get(partner)
    is_verified = known is not None and known.state is PartnerState.VERIFIED
    return known.signed_card.card if known is not None and is_verified else None


def carried_by(
    tables: Tables, head: ReportHead, content: Content, identity: Identity, now: Instant
) -> Carried | None:
    """Return what a verified report carries; None: it is a report like others.

    Raises:
        RefusalError: it is not what it says, or not for this node.
        InputError: its body could be read in two ways.
    """
    if content.kind not in SERVICES:
        return None
    # Strictly, so that no other reader can find another grant in it than this one.
    if content.body_type != NOROSHI or recognise(content.body).media_type != NOROSHI:
        raise RefusalError("malformed", f"a {content.kind} is the JSON of a report")
    if content.kind == CONSENT_REQUEST:
        asked = read_request(content.body)
        ours = tables.reports.get(asked.report_id)
        if ours is None or not ours.outgoing or ours.head_digest != asked.head_digest:
            raise RefusalError("not-found", "no such report was sent from here")
        return asked
    if content.kind == CONSENT_GRANT:
        return _granted(tables, head, content, identity)
    return open_enclosure(
        content.body, head, identity.me, lambda name: card_of(tables, name),
        identity.primitives, now,
    )  # fmt: skip


def _granted(
    tables: Tables, head: ReportHead, content: Content, identity: Identity
) -> GrantArrived:
    """Return the grant of its sender that a report carries for this node.

    Raises:
        RefusalError: it is another's, or for another.
    """
    request_id, raw = read_grant_message(content.body)
    card = card_of(tables, head.sender)
    if card is None:
        raise RefusalError("partner-unverified", "its sender is not verified any more")
    signed = read_grant(raw, card.signers(Purpose.REPORT), identity.primitives)
    # Whether it was asked for does not matter: after a restore a node may have lost its request.
    if (signed.grant.originator, signed.grant.holder) != (head.sender, identity.me):
        raise RefusalError("no-consent", "the consent is another's, or for another")
    return GrantArrived(signed, request_id)


def note_carried(
    tx: Transaction,
    head: ReportHead,
    content: Content,
    carried: Carried | None,
    me: str,
    entropy: Entropy,
) -> None:
    """Record what a report that was taken carries, and tell people."""
    match carried:
        case Asked():
            _note_asked(tx, head, content, carried, me, entropy)
        case GrantArrived():
            note_grant(tx, carried.signed, carried.request_id, head.sender, None, entropy)
            grant = carried.signed.grant
            detail = (
                f"{grant.granted_by} lets the report {report_id_text(grant.report_id)} go to "
                f"{', '.join(grant.audience)} until {to_text(grant.ends_at)}"
            )
            _answered(tx, carried.request_id, head.sender, detail, me, entropy)
        case Enclosed():
            _note_enclosed(tx, head, carried, entropy)
        case None:
            pass
    _share_answers(tx, head, content, me, entropy)


def _note_asked(
    tx: Transaction, head: ReportHead, content: Content, asked: Asked, me: str, entropy: Entropy
) -> None:
    desk = content.desks_of(me)[0]
    tx.consents.put_request(KeptRequest(head.report_id, me, head.sender, desk, asked, tx.now))
    tx.journal.append(
        new_entry(
            EntryKind.CONSENT_ASKED, tx.now, entropy.draw(SALT_SIZE), head.sender,
            report_id=asked.report_id, by=content.drafter,
        )
    )  # fmt: skip
    detail = (
        f"{head.sender} wants to pass the report {report_id_text(asked.report_id)} on to "
        f"{', '.join(asked.audience)}; see: noroshi consent list"
    )
    alarm = Alarm(AlarmKind.CONSENT_ASKED, me, tx.now, head.report_id, desk, detail)
    raise_alarm(tx, alarm, me, entropy)


def note_grant(
    tx: Transaction,
    signed: SignedGrant,
    request_id: bytes,
    partner: str,
    by: str | None,
    entropy: Entropy,
) -> None:
    """Keep and journal a grant, ours or that of `partner`; the same one once."""
    if not tx.consents.put_grant(KeptGrant(signed, request_id, tx.now)):
        return
    tx.journal.append(
        new_entry(
            EntryKind.CONSENT_GRANTED, tx.now, entropy.draw(SALT_SIZE), partner,
            report_id=signed.grant.report_id, digest=signed.digest, by=by,
        )
    )  # fmt: skip


def note_declined(
    tx: Transaction, issuer: str, request_id: bytes, declined: RungRecord, me: str, entropy: Entropy
) -> None:
    """Tell people that an originator does not let a report be passed on."""
    request = tx.consents.request(request_id)
    if request is not None and request.asker == me:
        detail = f"{declined.by or 'nobody by name'} declined: {declined.note or '-'}"
        _answered(tx, request_id, issuer, detail, me, entropy)


def _answered(
    tx: Transaction, request_id: bytes, originator: str, detail: str, me: str, entropy: Entropy
) -> None:
    alarm = Alarm(AlarmKind.CONSENT_ANSWERED, originator, tx.now, request_id, detail=detail)
    raise_alarm(tx, alarm, me, entropy)


def _note_enclosed(tx: Transaction, head: ReportHead, enclosed: Enclosed, entropy: Entropy) -> None:
    """Keep whose report came in by way of another partner, and by which consent."""
    original, content = enclosed.head, enclosed.content
    tx.consents.put_enclosed(
        head.report_id,
        EnclosedReport(
            original.report_id, enclosed.digest, original.sender, content.from_desk, content.kind
        ),
    )
    for digest in (enclosed.digest, enclosed.grant.digest):
        tx.journal.append(
            new_entry(
                EntryKind.ENCLOSED, tx.now, entropy.draw(SALT_SIZE), original.sender,
                report_id=head.report_id, digest=digest,
            )
        )  # fmt: skip


def _share_answers(
    tx: Transaction, head: ReportHead, content: Content, me: str, entropy: Entropy
) -> None:
    """Let a desk that has read the same report before, come another way, need not read it again."""
    for twin in tx.consents.twins(head.report_id):
        for desk in content.desks_of(me):
            given = tx.reports.ladder(twin, DeskAddress(desk, me))
            share_rungs(tx, head.report_id, desk, given, me, entropy)


def share_rungs(
    tx: Transaction, report_id: bytes, desk: str, ladder: Ladder, me: str, entropy: Entropy
) -> None:
    """Let a desk reach for one report what it has reached for another that says the same."""
    stored, address = tx.reports.get(report_id), DeskAddress(desk, me)
    if stored is None or desk not in stored.content.desks_of(me):
        return
    known = {record.rung for record in tx.reports.ladder(report_id, address)} | {Rung.DELIVERED}
    added = [r for r in ladder if r.rung not in known and _CONTRARY.get(r.rung) not in known]
    if not added:
        return
    tx.reports.rise(report_id, address, added)
    for record in added:
        tx.journal.append(
            new_entry(
                EntryKind.ANSWERED, tx.now, entropy.draw(SALT_SIZE), me, report_id=report_id,
                digest=stored.head_digest, desk=desk, rung=record.rung.value, by=record.by,
            )
        )  # fmt: skip
    pending = PendingReceipt(report_id, desk, stored.head_digest, None)
    tx.receipts.owe(stored.head.sender, pending)
    tx.announce(Announcement("owed", stored.head.sender))
    if {record.rung for record in added} & ANSWERS:
        is_answered(tx, report_id, me, desk)


def reasons_without(
    tables: Tables, planned: Plan, partners: Sequence[str], me: str, now: Instant
) -> list[str]:
    """Return why a plan that passes a partner's report on may not go; [] for any other."""
    passing = planned.passing
    if passing is None:
        return [_NO_CONSENT] if planned.content.kind == PASSED_ON else []
    kept = tables.consents.grant(passing.grant)
    if kept is None:
        return [_NO_CONSENT]
    grant = kept.signed.grant
    if planned.content.kind == PASSED_ON and grant.scope is not Scope.WHOLE:
        below = Sentence(
            "why.tearline", "{originator} consents to what stands below the tearline alone",
            originator=grant.originator,
        )  # fmt: skip
        return [below]
    reason = against(grant, passing.head_digest, me, partners, now)
    return [reason] if reason else []


def reason_at_exit(tables: Tables, report_id: bytes, partner: str, me: str, now: Instant) -> str:
    """Return why a report that is passed on may not go to a partner any more, "" if it may."""
    kept = tables.consents.under(report_id)
    if kept is None:
        return ""
    return against(kept.signed.grant, kept.signed.grant.head_digest, me, (partner,), now)


def note_passing(tx: Transaction, planned: Plan, entropy: Entropy) -> None:
    """Record the consent under which a report goes out."""
    kept = None if planned.passing is None else tx.consents.grant(planned.passing.grant)
    if kept is None:
        return
    tx.consents.put_under(planned.report_id, kept.signed.digest)
    tx.journal.append(
        new_entry(
            EntryKind.ENCLOSED, tx.now, entropy.draw(SALT_SIZE), kept.signed.grant.originator,
            report_id=planned.report_id, digest=kept.signed.digest,
        )
    )  # fmt: skip


def note_request(
    tx: Transaction, planned: Plan, asked: Asked, originator: str, me: str, entropy: Entropy
) -> None:
    """Record a request that goes out."""
    desk = planned.content.action[0].desk
    tx.consents.put_request(KeptRequest(planned.report_id, originator, me, desk, asked, tx.now))
    tx.journal.append(
        new_entry(
            EntryKind.CONSENT_ASKED, tx.now, entropy.draw(SALT_SIZE), originator,
            report_id=asked.report_id, by=planned.content.drafter,
        )
    )  # fmt: skip
