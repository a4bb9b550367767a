"""Answers: each request by one act or one view, with JSON-ready values."""

from typing import assert_never

from noroshi.flow.answers import (
    agreements,
    audit,
    consents,
    courier_out,
    held,
    labels,
    partners,
    releases,
    reports,
    tearlines,
    watch,
)
from noroshi.flow.answers.courier_in import import_volume
from noroshi.flow.answers.courier_out import volume
from noroshi.flow.answers.files import attachment, stage
from noroshi.flow.answers.watch import alarm, alarms_since
from noroshi.flow.house import House
from noroshi.flow.requests import (
    AddAgreement,
    AddPartner,
    Agreements,
    Alarms,
    Answer,
    Answering,
    AnyRequest,
    Assign,
    Cancel,
    Consents,
    CourierOut,
    DeskLog,
    Desks,
    DropDraft,
    Examine,
    GrantConsent,
    Held,
    Inbox,
    LineHistory,
    LineStates,
    MakeProof,
    OwnCard,
    PartnerNumber,
    Partners,
    PassOn,
    Reached,
    ReadLabel,
    Release,
    ReleaseQueue,
    Reply,
    SendHeld,
    SendReport,
    SendTearline,
    SetDesk,
    Show,
    Status,
    TakeAlarm,
    VerifyJournal,
    VerifyPartner,
    WriteLabel,
)

__all__ = [
    "alarm",
    "alarms_since",
    "attachment",
    "handle",
    "import_volume",
    "stage",
    "volume",
]


def handle(house: House, request: AnyRequest) -> Answer:  # noqa: C901, PLR0911, PLR0912 - a table
    """Return the answer to `request`.

    Raises:
        NoroshiError: it cannot be done; the error says why and what to do.
    """
    match request:
        case SendReport():
            return reports.send_report(house, request)
        case SendTearline():
            return tearlines.send_tearline(house, request)
        case PassOn():
            return consents.pass_on(house, request)
        case Consents():
            return consents.list_consents(house)
        case GrantConsent():
            return consents.grant_consent(house, request)
        case Reply():
            return reports.reply(house, request)
        case Inbox():
            return reports.inbox(house, request)
        case Show():
            return reports.show(house, request)
        case Answering():
            return reports.answering(house, request)
        case Status():
            return reports.status(house, request)
        case Reached():
            return reports.reached(house, request)
        case OwnCard():
            return partners.own_card(house)
        case AddPartner():
            return partners.add_partner(house, request)
        case AddAgreement():
            return agreements.add_agreement(house, request)
        case Agreements():
            return agreements.list_agreements(house)
        case ReleaseQueue():
            return releases.queue(house)
        case Release():
            return releases.release_draft(house, request)
        case DropDraft():
            return releases.drop_draft(house, request)
        case WriteLabel():
            return labels.write_label(house, request)
        case ReadLabel():
            return labels.read_label(house, request)
        case Partners():
            return partners.partners(house)
        case PartnerNumber():
            return partners.partner_number(house, request)
        case VerifyPartner():
            return partners.verify_partner(house, request)
        case VerifyJournal():
            return audit.verify_journal(house, request)
        case MakeProof():
            return audit.make_proof(house, request)
        case CourierOut():
            return courier_out.pack(house, request)
        case Cancel():
            return reports.cancel(house, request)
        case Alarms():
            return watch.alarms(house, request)
        case TakeAlarm():
            return watch.take_alarm(house, request)
        case LineStates():
            return watch.line_states(house)
        case LineHistory():
            return watch.line_history(house, request)
        case Desks():
            return watch.desks(house)
        case SetDesk():
            return watch.set_desk(house, request)
        case DeskLog():
            return watch.desk_log(house, request)
        case Assign():
            return watch.assign(house, request)
        case Held():
            return held.held(house)
        case SendHeld():
            return held.send_held(house, request)
        case Examine():
            return audit.examine(house)
        case _:  # pragma: no cover
            assert_never(request)
