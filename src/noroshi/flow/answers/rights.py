"""Rights: who asks, and may they. The one check of everything that a desk asks of a node.

Until the first account exists, whoever owns the node's files may do everything, under any name.
From then on each request names an account, by `--by`, `--as`, or by the operating-system user who
asks, and proves it. `docs/accounts.md`.
"""

from collections.abc import Mapping
from functools import partial
from typing import Final, TypeVar

import msgspec

from noroshi.core.account import Account, Act, desks_of, may, plain
from noroshi.core.errors import InputError
from noroshi.flow import requests, views
from noroshi.flow.accounts import active
from noroshi.flow.caller import Caller
from noroshi.flow.house import House
from noroshi.flow.tables import Tables

_NAMED: Final = (
    requests.Answering
    | requests.SendHeld
    | requests.AddAccount
    | requests.GrantAccess
    | requests.RevokeAccess
    | requests.SetRule
    | requests.EndRule
    | requests.AddInterest
    | requests.RemoveInterest
    | requests.AddFeed
    | requests.RemoveFeed
    | requests.AdmitHeld
    | requests.Invite
    | requests.PassOn
    | requests.SendTearline
    | requests.TakeRoot
    | requests.RemoveRootKey
)
"""What always has a person: without a name, whoever asks."""

_NARROWED: Final = (
    requests.Inbox
    | requests.Outbox
    | requests.ReleaseQueue
    | requests.Search
    | requests.Show
    | requests.Answering
)
"""What tells of reports beside the one that is named: of those that the person may read."""
_ANSWERED_FOR: Final = (
    requests.AddAgreement
    | requests.DecideQuarantined
    | requests.DropDraft
    | requests.EndLegalHold
    | requests.GrantConsent
    | requests.HoldForLaw
    | requests.Release
    | requests.RevokePartner
    | requests.SetDesk
    | requests.SignStatement
    | requests.TakeAlarm
    | requests.VerifyPartner
)
"""What somebody answers for by name: without accounts they say who it is."""

T = TypeVar("T", bound=requests.Request)

OF_HOUSE: Final[Mapping[type[requests.Request], Act]] = {
    requests.OwnCard: Act.KNOW,
    requests.Partners: Act.KNOW,
    requests.PartnerNumber: Act.KNOW,
    requests.ReadLabel: Act.KNOW,
    requests.Examine: Act.KNOW,
    requests.WhoAmI: Act.KNOW,
    requests.AddPasskey: Act.KNOW,
    requests.Invite: Act.KNOW,
    requests.Areas: Act.KNOW,
    requests.Retained: Act.OVERSEE,
    requests.HoldForLaw: Act.ADMINISTER,
    requests.EndLegalHold: Act.ADMINISTER,
    requests.Agreements: Act.OVERSEE,
    requests.Machines: Act.OVERSEE,
    requests.Collections: Act.OVERSEE,
    requests.Rules: Act.OVERSEE,
    requests.Interests: Act.OVERSEE,
    requests.Feeds: Act.OVERSEE,
    requests.HeldOfFeeds: Act.OVERSEE,
    requests.Alarms: Act.OVERSEE,
    requests.LineStates: Act.OVERSEE,
    requests.LineHistory: Act.OVERSEE,
    requests.Figures: Act.OVERSEE,
    requests.Desks: Act.OVERSEE,
    requests.DeskLog: Act.OVERSEE,
    requests.Held: Act.OVERSEE,
    requests.TakeAlarm: Act.TAKE,
    requests.Inbox: Act.READ,
    requests.Search: Act.READ,
    requests.Outbox: Act.READ,
    requests.ReleaseQueue: Act.READ,
    requests.Consents: Act.READ,
    requests.GrantConsent: Act.RELEASE,
    requests.Quarantine: Act.OVERSEE,
    requests.SendHeld: Act.LET_GO,
    requests.DecideQuarantined: Act.LET_GO,
    requests.CourierOut: Act.CARRY,
    requests.VerifyJournal: Act.AUDIT,
    requests.JournalHead: Act.AUDIT,
    requests.MakeProof: Act.AUDIT,
    requests.Witnesses: Act.AUDIT,
    requests.HeldCheckpoint: Act.AUDIT,
    requests.Conflicts: Act.AUDIT,
    requests.Accounts: Act.AUDIT,
    requests.AddPartner: Act.ADMINISTER,
    requests.VerifyPartner: Act.ADMINISTER,
    requests.RevokePartner: Act.ADMINISTER,
    requests.TakeRoot: Act.ADMINISTER,
    requests.RequestRoot: Act.ADMINISTER,
    requests.RemoveRootKey: Act.ADMINISTER,
    requests.GrantAccess: Act.ADMINISTER,
    requests.RevokeAccess: Act.ADMINISTER,
    requests.KeepObjects: Act.ADMINISTER,
    requests.SetRule: Act.ADMINISTER,
    requests.EndRule: Act.ADMINISTER,
    requests.AddFeed: Act.ADMINISTER,
    requests.RemoveFeed: Act.ADMINISTER,
    requests.PullFeed: Act.ADMINISTER,
    requests.AdmitHeld: Act.ADMINISTER,
    requests.AddAgreement: Act.ADMINISTER,
    requests.AddAccount: Act.ADMINISTER,
    requests.ChangeRoles: Act.ADMINISTER,
    requests.EndAccount: Act.ADMINISTER,
    requests.BackUp: Act.ADMINISTER,
}
"""What asks for no desk's right, or narrows its answer to the desks that the person has."""
OF_REPORT: Final[Mapping[type[requests.Request], Act]] = {
    requests.Show: Act.READ,
    requests.Status: Act.READ,
    requests.Reached: Act.READ,
    requests.WriteLabel: Act.READ,
    requests.Export: Act.READ,
    requests.PublishStatement: Act.READ,
    requests.SignStatement: Act.RELEASE,
    requests.Reply: Act.WRITE,
    requests.Cancel: Act.WRITE,
    requests.SendTearline: Act.WRITE,
    requests.PassOn: Act.WRITE,
    requests.Answering: Act.ANSWER,
    requests.Assign: Act.ANSWER,
    requests.Release: Act.RELEASE,
    requests.DropDraft: Act.DROP,
}
"""What is about a report: one of its desks here, or the desk that is named."""


def admit(house: House, request: T, caller: Caller) -> T:
    """Return a request as its person may ask it, with the person's name in it.

    Raises:
        NotFoundError: the account that is named does not exist.
        InputError: nobody has proven to be the person, or the person may not.
        UnavailableError: too many wrong passphrases came in a row.
    """
    account = _identified(house, caller, _by(request))
    if account is None:
        return _claimed(request, caller)
    if isinstance(request, requests.ChangePassphrase) and _is_own(request, account, caller):
        _prove(house, account, caller)  # also of whom the system knows: by the one to be changed
    with house.store.read() as tables:
        desks = _check(house, tables, request, account)
    changes: dict[str, object] = {}
    if "by" in request.__struct_fields__:
        changes["by"] = account.name
    if isinstance(request, _NARROWED):
        changes["desks"] = desks
    return msgspec.structs.replace(request, **changes) if changes else request


def permit(house: House, act: Act, caller: Caller, report: str | None = None) -> str | None:
    """Return the name of a person who may do something at a door of its own; None: no accounts.

    Raises:
        as :func:`admit`.
    """
    account = _identified(house, caller, None)
    if account is None:
        return None
    if not may(account, act):
        raise _not_permitted(account, act, ())
    if report is not None:
        with house.store.read() as tables:
            _check_desks(account, act, _desks_of(house, tables, report))
    return account.name


def who(house: House, caller: Caller) -> Account | None:
    """Return the account of whoever asks; None: there are no accounts.

    Raises:
        as :func:`admit`.
    """
    return _identified(house, caller, None)


def _is_own(request: requests.ChangePassphrase, account: Account, caller: Caller) -> bool:
    """Say whether somebody changes their own passphrase, whom nothing but the system has proven."""
    is_user = caller.uid is not None and caller.uid == account.uid
    return is_user and bool(account.verifier) and plain(request.name) == plain(account.name)


def _by(request: requests.Request) -> str | None:
    by: str | None = getattr(request, "by", None)
    return by


def _claimed(request: T, caller: Caller) -> T:
    """Return a request without accounts: whoever asks is who the operating system says.

    Raises:
        InputError: for this somebody answers by name, and nobody is named.
    """
    if _by(request) is not None:
        return request
    if isinstance(request, _NAMED):
        return msgspec.structs.replace(request, by=caller.claim)
    if isinstance(request, _ANSWERED_FOR):
        if caller.name is None:
            raise InputError("bad-input", "say who answers for it: --by NAME")
        return msgspec.structs.replace(request, by=caller.name)
    return request


def _identified(house: House, caller: Caller, by: str | None) -> Account | None:
    """Return the account of whoever asks, proven; None: there are no accounts."""
    with house.store.read() as tables:
        accounts = tables.accounts.all()
        if not accounts:
            if caller.is_owner:
                return None
            msg = "there are no accounts here yet; the node's administrator adds them first"
            raise InputError("not-proven", msg)
        named = caller.proven or caller.name
        name = named or by
        if named and by and plain(named) != plain(by):
            msg = f"{named} cannot act as {by}; every act carries the person who does it"
            raise InputError("not-permitted", msg)
        own = [a for a in accounts if a.uid is not None and a.uid == caller.uid and not a.ended_at]
        if name is None and not own:
            msg = "say who you are: --as NAME, with the passphrase of your account"
            raise InputError("not-proven", msg)
        account = own[0] if name is None else active(tables, name)
    if account in own or caller.proven is not None:
        return account
    _prove(house, account, caller)
    return account


def _prove(house: House, account: Account, caller: Caller) -> None:
    """Return if the passphrase is the account's.

    Raises:
        InputError: it is not, or there is none.
        UnavailableError: too many wrong ones came in a row.
    """
    if not account.verifier:
        msg = f"{account.name} is an operating-system user here; run the command as that user"
        raise InputError("not-proven", msg)
    if caller.passphrase is None:
        msg = (
            f"prove that you are {account.name}: give the passphrase at the prompt, or name a file "
            "that holds it in NOROSHI_ACCOUNT_PASSPHRASE_FILE"
        )
        raise InputError("passphrase-needed", msg)
    check = partial(house.passphrases.is_right, caller.passphrase, account.verifier)
    if not house.attempts.is_right(plain(account.name), house.clock.now(), check):
        raise InputError("not-proven", f"that is not the passphrase of {account.name}")


def _check(
    house: House, tables: Tables, request: requests.Request, account: Account
) -> tuple[str, ...]:
    """Return the desks at which a person may ask this.

    Raises:
        InputError: at none.
    """
    act, desks = _asked(house, request, account)
    if not may(account, act):  # before anything is told of what is there
        raise _not_permitted(account, act, ())
    if type(request) in OF_REPORT and not desks:
        desks = _desks_of(house, tables, str(getattr(request, "report", "")))
    if desks:
        _check_desks(account, act, desks)
    if isinstance(request, requests.SendReport) and request.supersedes is not None:
        _check_desks(account, act, _desks_of(house, tables, request.supersedes))
    if isinstance(request, requests.SendReport):
        taken_up = (*request.references, *([] if request.answers is None else [request.answers]))
        for report in taken_up:
            _check_desks(account, Act.READ, _desks_of(house, tables, report))
    return desks_of(account, act, house.desks)


def _asked(
    house: House, request: requests.Request, account: Account
) -> tuple[Act, tuple[str, ...]]:
    """Return what a request is about, and the desk that it names."""
    kind = type(request)
    if isinstance(request, requests.SendReport):
        return Act.WRITE, (request.from_desk or house.desks[0],)
    if isinstance(request, requests.SetDesk | requests.AddInterest | requests.RemoveInterest):
        return Act.ANSWER, (request.desk,)
    if isinstance(
        request,
        requests.ChangePassphrase
        | requests.Passkeys
        | requests.RemovePasskey
        | requests.PrepareBreakGlass,
    ):
        # Everybody's own affair; that of others, an administrator's.
        is_own = plain(request.name) == plain(account.name)
        return (Act.KNOW if is_own else Act.ADMINISTER), ()
    if kind in OF_REPORT:
        field = "from_desk" if isinstance(request, requests.Assign) else "desk"
        desk: str | None = getattr(request, field, None)
        return OF_REPORT[kind], () if desk is None else (desk,)
    if isinstance(request, requests.Inbox) and request.desk is not None:
        return Act.READ, (request.desk,)
    return OF_HOUSE[kind], ()


def _desks_of(house: House, tables: Tables, report: str) -> tuple[str, ...]:
    """Return the desks of this house that a report, or a draft, belongs to."""
    digits = report.replace("-", "").lower()
    drafts = [d.plan for d in tables.drafts.all() if d.plan.report_id.hex().startswith(digits)]
    if len(drafts) == 1 and digits:
        return (drafts[0].content.from_desk,)
    report_id = views.resolve(tables, report)
    stored = views.report(tables, report_id)
    if stored.outgoing:
        return (stored.content.from_desk,)
    given = [desk for _, desk in tables.watch.assignments(report_id)]
    return (*stored.content.desks_of(house.me), *given)


def _check_desks(account: Account, act: Act, desks: tuple[str, ...]) -> None:
    if not may(account, act, desks):
        raise _not_permitted(account, act, desks)


def _not_permitted(account: Account, act: Act, desks: tuple[str, ...]) -> InputError:
    where = f" at {' or '.join(desks)}" if desks else ""
    roles = ", ".join(map(str, account.grants))
    msg = (
        f"{account.name} may not {act.value}{where}; the account has the roles {roles}. An "
        "administrator gives others: noroshi account roles"
    )
    return InputError("not-permitted", msg)
