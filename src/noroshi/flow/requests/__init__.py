"""Requests: all that people and machines at the desk may ask of a node, as typed values.

The command line makes them in its own process or over the local door, the console over its
own; :mod:`noroshi.flow.answers` answers each by one act or one view.
"""

from noroshi.flow.requests.base import Answer, Json, Request
from noroshi.flow.requests.feeds import (
    AddFeed,
    AdmitHeld,
    Feeds,
    HeldOfFeeds,
    PullFeed,
    RemoveFeed,
)
from noroshi.flow.requests.house import (
    Accounts,
    AddAccount,
    AddAgreement,
    AddPartner,
    AddPasskey,
    Agreements,
    BackUp,
    ChangePassphrase,
    ChangeRoles,
    Conflicts,
    DecideQuarantined,
    EndAccount,
    Examine,
    HeldCheckpoint,
    Invite,
    JournalHead,
    MakeProof,
    OwnCard,
    PartnerNumber,
    Partners,
    Passkeys,
    PrepareBreakGlass,
    Quarantine,
    RemovePasskey,
    RemoveRootKey,
    RequestRoot,
    RevokePartner,
    TakeRoot,
    VerifyJournal,
    VerifyPartner,
    WhoAmI,
    Witnesses,
)
from noroshi.flow.requests.interests import AddInterest, Interests, RemoveInterest
from noroshi.flow.requests.machines import (
    Collections,
    EndRule,
    GrantAccess,
    KeepObjects,
    Machines,
    RevokeAccess,
    Rules,
    SetRule,
)
from noroshi.flow.requests.reports import (
    Answering,
    Cancel,
    Consents,
    DropDraft,
    Exchange,
    Export,
    GrantConsent,
    Inbox,
    Outbox,
    PassOn,
    PublishStatement,
    Reached,
    ReadLabel,
    Release,
    ReleaseQueue,
    Reply,
    Search,
    SendReport,
    SendTearline,
    Show,
    SignStatement,
    Status,
    WriteLabel,
)
from noroshi.flow.requests.retention import Areas, EndLegalHold, HoldForLaw, Retained
from noroshi.flow.requests.watch import (
    Alarms,
    Assign,
    CourierOut,
    DeskLog,
    Desks,
    Figures,
    Held,
    LineHistory,
    LineStates,
    SendHeld,
    SetDesk,
    TakeAlarm,
)

__all__ = [
    "Accounts",
    "AddAccount",
    "AddAgreement",
    "AddFeed",
    "AddInterest",
    "AddPartner",
    "AddPasskey",
    "AdmitHeld",
    "Agreements",
    "Alarms",
    "Answer",
    "Answering",
    "AnyRequest",
    "Areas",
    "Assign",
    "BackUp",
    "Cancel",
    "ChangePassphrase",
    "ChangeRoles",
    "Collections",
    "Conflicts",
    "Consents",
    "CourierOut",
    "DecideQuarantined",
    "DeskLog",
    "Desks",
    "DropDraft",
    "EndAccount",
    "EndLegalHold",
    "EndRule",
    "Examine",
    "Exchange",
    "Export",
    "Feeds",
    "Figures",
    "GrantAccess",
    "GrantConsent",
    "Held",
    "HeldCheckpoint",
    "HeldOfFeeds",
    "HoldForLaw",
    "Inbox",
    "Interests",
    "Invite",
    "JournalHead",
    "Json",
    "KeepObjects",
    "LineHistory",
    "LineStates",
    "Machines",
    "MakeProof",
    "Outbox",
    "OwnCard",
    "PartnerNumber",
    "Partners",
    "PassOn",
    "Passkeys",
    "PrepareBreakGlass",
    "PublishStatement",
    "PullFeed",
    "Quarantine",
    "Reached",
    "ReadLabel",
    "Release",
    "ReleaseQueue",
    "RemoveFeed",
    "RemoveInterest",
    "RemovePasskey",
    "RemoveRootKey",
    "Reply",
    "Request",
    "RequestRoot",
    "Retained",
    "RevokeAccess",
    "RevokePartner",
    "Rules",
    "Search",
    "SendHeld",
    "SendReport",
    "SendTearline",
    "SetDesk",
    "SetRule",
    "Show",
    "SignStatement",
    "Status",
    "TakeAlarm",
    "TakeRoot",
    "VerifyJournal",
    "VerifyPartner",
    "WhoAmI",
    "Witnesses",
    "WriteLabel",
]

AnyRequest = (
    SendReport
    | Areas
    | Retained
    | HoldForLaw
    | EndLegalHold
    | SendTearline
    | PassOn
    | Consents
    | GrantConsent
    | SignStatement
    | PublishStatement
    | Reply
    | Inbox
    | Outbox
    | Show
    | Answering
    | Status
    | Reached
    | WhoAmI
    | Invite
    | Accounts
    | AddAccount
    | ChangeRoles
    | ChangePassphrase
    | EndAccount
    | Passkeys
    | AddPasskey
    | RemovePasskey
    | PrepareBreakGlass
    | BackUp
    | OwnCard
    | AddPartner
    | GrantAccess
    | Search
    | AddInterest
    | Interests
    | RemoveInterest
    | KeepObjects
    | SetRule
    | EndRule
    | Rules
    | AddFeed
    | AdmitHeld
    | Feeds
    | HeldOfFeeds
    | PullFeed
    | RemoveFeed
    | RevokeAccess
    | Machines
    | Collections
    | AddAgreement
    | Agreements
    | ReleaseQueue
    | Release
    | DropDraft
    | WriteLabel
    | Export
    | ReadLabel
    | Partners
    | PartnerNumber
    | VerifyPartner
    | RevokePartner
    | TakeRoot
    | RequestRoot
    | RemoveRootKey
    | Quarantine
    | DecideQuarantined
    | VerifyJournal
    | JournalHead
    | MakeProof
    | Witnesses
    | HeldCheckpoint
    | Conflicts
    | CourierOut
    | Cancel
    | Alarms
    | TakeAlarm
    | LineStates
    | LineHistory
    | Figures
    | Desks
    | SetDesk
    | DeskLog
    | Assign
    | Held
    | SendHeld
    | Examine
)
