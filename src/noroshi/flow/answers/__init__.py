"""Answers: each request by one act or one view, with JSON-ready values."""

from typing import assert_never

from noroshi.flow.answers import (
    accounts,
    agreements,
    audit,
    consents,
    courier_out,
    desk,
    exports,
    feeds,
    found,
    held,
    interests,
    joint,
    labels,
    machines,
    partners,
    releases,
    replies,
    reports,
    retention,
    rights,
    roots,
    tearlines,
    watch,
)
from noroshi.flow.answers.guarded import attachment, import_volume, stage, volume
from noroshi.flow.answers.rights import permit
from noroshi.flow.answers.watch import alarm, alarms_since
from noroshi.flow.caller import INSIDE, Caller
from noroshi.flow.house import House
from noroshi.flow.requests import (
    Accounts,
    AddAccount,
    AddAgreement,
    AddFeed,
    AddInterest,
    AddPartner,
    AddPasskey,
    AdmitHeld,
    Agreements,
    Alarms,
    Answer,
    Answering,
    AnyRequest,
    Areas,
    Assign,
    BackUp,
    Cancel,
    ChangePassphrase,
    ChangeRoles,
    Collections,
    Conflicts,
    Consents,
    CourierOut,
    DecideQuarantined,
    DeskLog,
    Desks,
    DropDraft,
    EndAccount,
    EndLegalHold,
    EndRule,
    Examine,
    Export,
    Feeds,
    Figures,
    GrantAccess,
    GrantConsent,
    Held,
    HeldCheckpoint,
    HeldOfFeeds,
    HoldForLaw,
    Inbox,
    Interests,
    Invite,
    JournalHead,
    KeepObjects,
    LineHistory,
    LineStates,
    Machines,
    MakeProof,
    Outbox,
    OwnCard,
    PartnerNumber,
    Partners,
    Passkeys,
    PassOn,
    PrepareBreakGlass,
    PublishStatement,
    PullFeed,
    Quarantine,
    Reached,
    ReadLabel,
    Release,
    ReleaseQueue,
    RemoveFeed,
    RemoveInterest,
    RemovePasskey,
    RemoveRootKey,
    Reply,
    RequestRoot,
    Retained,
    RevokeAccess,
    RevokePartner,
    Rules,
    Search,
    SendHeld,
    SendReport,
    SendTearline,
    SetDesk,
    SetRule,
    Show,
    SignStatement,
    Status,
    TakeAlarm,
    TakeRoot,
    VerifyJournal,
    VerifyPartner,
    WhoAmI,
    Witnesses,
    WriteLabel,
)

__all__ = [
    "alarm",
    "alarms_since",
    "attachment",
    "handle",
    "import_volume",
    "permit",
    "stage",
    "volume",
]


def handle(house: House, request: AnyRequest, caller: Caller = INSIDE) -> Answer:
    """Return the answer to `request` of whoever is at a door.

    Raises:
        NoroshiError: it cannot be done; the error says why and what to do.
    """
    if isinstance(request, WhoAmI):
        return accounts.who_am_i(house, caller)
    return _answer(house, rights.admit(house, request, caller))


def _answer(house: House, request: AnyRequest) -> Answer:  # noqa: C901, PLR0911, PLR0912, PLR0915 - a table
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
        case SignStatement():
            return joint.sign_statement(house, request)
        case PublishStatement():
            return joint.publish_statement(house, request)
        case Reply():
            return replies.reply(house, request)
        case Inbox():
            return reports.inbox(house, request)
        case Outbox():
            return reports.outbox(house, request)
        case Show():
            return desk.show(house, request)
        case Answering():
            return desk.answering(house, request)
        case Status():
            return reports.status(house, request)
        case Reached():
            return reports.reached(house, request)
        case Areas():
            return retention.areas(house)
        case Retained():
            return retention.retained(house, request)
        case HoldForLaw():
            return retention.hold(house, request)
        case EndLegalHold():
            return retention.end_hold(house, request)
        case WhoAmI():
            return accounts.who_am_i(house, INSIDE)
        case Invite():
            return accounts.invite(house, request)
        case Accounts():
            return accounts.list_accounts(house)
        case AddAccount():
            return accounts.add_account(house, request)
        case ChangeRoles():
            return accounts.change_roles(house, request)
        case ChangePassphrase():
            return accounts.change_passphrase(house, request)
        case AddPasskey():
            return accounts.add_passkey(house, request)
        case RemovePasskey():
            return accounts.remove_passkey(house, request)
        case Passkeys():
            return accounts.list_passkeys(house, request)
        case PrepareBreakGlass():
            return accounts.prepare_break_glass(house, request)
        case EndAccount():
            return accounts.end_account(house, request)
        case BackUp():
            return {"allowed": True}
        case OwnCard():
            return partners.own_card(house)
        case AddPartner():
            return partners.add_partner(house, request)
        case GrantAccess():
            return machines.grant_access(house, request)
        case RevokeAccess():
            return machines.revoke_access(house, request)
        case Machines():
            return machines.list_machines(house)
        case KeepObjects():
            return machines.keep_objects(house, request)
        case SetRule():
            return machines.set_rule(house, request)
        case EndRule():
            return machines.end_rule(house, request)
        case Rules():
            return machines.list_rules(house)
        case Search():
            return found.search(house, request)
        case AddInterest():
            return interests.add_interest(house, request)
        case RemoveInterest():
            return interests.remove_interest(house, request)
        case Interests():
            return interests.list_interests(house)
        case Collections():
            return machines.list_collections(house)
        case AddFeed():
            return feeds.add_feed(house, request)
        case RemoveFeed():
            return feeds.remove_feed(house, request)
        case Feeds():
            return feeds.list_feeds(house)
        case PullFeed():
            return feeds.pull_feed(house, request)
        case HeldOfFeeds():
            return feeds.list_held(house, request)
        case AdmitHeld():
            return feeds.admit_held(house, request)
        case AddAgreement():
            return agreements.add_agreement(house, request)
        case Agreements():
            return agreements.list_agreements(house)
        case ReleaseQueue():
            return releases.queue(house, request)
        case Release():
            return releases.release_draft(house, request)
        case DropDraft():
            return releases.drop_draft(house, request)
        case Export():
            return exports.export(house, request)
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
        case RevokePartner():
            return partners.revoke_partner(house, request)
        case TakeRoot():
            return roots.take_root(house, request)
        case RequestRoot():
            return roots.request_root(house)
        case RemoveRootKey():
            return roots.remove_root_key(house, request)
        case Quarantine():
            return partners.quarantine(house)
        case DecideQuarantined():
            return partners.decide_quarantined(house, request)
        case VerifyJournal():
            return audit.verify_journal(house, request)
        case JournalHead():
            return audit.journal_head(house)
        case MakeProof():
            return audit.make_proof(house, request)
        case Witnesses():
            return audit.witnesses(house)
        case HeldCheckpoint():
            return audit.held_checkpoint(house, request)
        case Conflicts():
            return audit.conflicts(house)
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
        case Figures():
            return watch.figures(house, request)
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
