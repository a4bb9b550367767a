"""Accounts at a node: who may ask what, proven how, and what is journalled."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from noroshi.core.account import Act, Role
from noroshi.core.delivery.check import DeskState
from noroshi.core.delivery.ladder import Rung
from noroshi.core.errors import ConflictError, InputError, NoroshiError, NotFoundError
from noroshi.core.tlog.entry import Entry, EntryKind, decode_entry
from noroshi.flow import answers, requests
from noroshi.flow.answers import rights
from noroshi.flow.attempts import MOST
from noroshi.flow.caller import Caller
from noroshi.flow.house import House as Parts
from tests.unit.flow.pair import House, Pair, open_pair

ABE = 1001
"""The operating-system user who is the administrator."""
WORDS = "correct horse battery"
OTHER_WORDS = "another four words"
FEW = "short"
LEVEL = "JPN 秘"
AGREEMENT = (
    '{"agreement": 1, "reference": "JP-NATO", "sender": "jp", "receiver": "nato",'
    ' "is_mutual": true, "policy": "JPN", "level": "秘", "valid_from": "2026-01-01",'
    ' "valid_until": "2029-12-31", "areas": [], "caveats": [], "accepts_indicative": false}'
)

ASKED = """
                 drafter releaser watch administrator auditor
OwnCard          yes     yes      yes   yes           yes
Partners         yes     yes      yes   yes           yes
PartnerNumber    yes     yes      yes   yes           yes
ReadLabel        yes     yes      yes   yes           yes
Examine          yes     yes      yes   yes           yes
WhoAmI           yes     yes      yes   yes           yes
Invite           yes     yes      yes   yes           yes
Areas            yes     yes      yes   yes           yes
Retained         yes     yes      yes   yes           -
HoldForLaw       -       -        -     yes           -
EndLegalHold     -       -        -     yes           -
Agreements       yes     yes      yes   yes           -
Alarms           yes     yes      yes   yes           -
LineStates       yes     yes      yes   yes           -
LineHistory      yes     yes      yes   yes           -
Figures          yes     yes      yes   yes           -
Desks            yes     yes      yes   yes           -
DeskLog          yes     yes      yes   yes           -
Held             yes     yes      yes   yes           -
Inbox            yes     yes      yes   -             -
Outbox           yes     yes      yes   -             -
Show             yes     yes      yes   -             -
Status           yes     yes      yes   -             -
Reached          yes     yes      yes   -             -
WriteLabel       yes     yes      yes   -             -
Export           yes     yes      yes   -             -
PublishStatement yes     yes      yes   -             -
ReleaseQueue     yes     yes      yes   -             -
SendReport       yes     -        -     -             -
Reply            yes     -        -     -             -
Cancel           yes     -        -     -             -
SendTearline     yes     -        -     -             -
PassOn           yes     -        -     -             -
Consents         yes     yes      yes   -             -
GrantConsent     -       yes      -     -             -
SignStatement    -       yes      -     -             -
Release          -       yes      -     -             -
DropDraft        yes     yes      -     -             -
Answering        -       -        yes   -             -
Assign           -       -        yes   -             -
SetDesk          -       -        yes   -             -
TakeAlarm        -       -        yes   yes           -
SendHeld         -       yes      -     -             -
CourierOut       -       -        yes   -             -
VerifyJournal    -       -        -     yes           yes
JournalHead      -       -        -     yes           yes
MakeProof        -       -        -     yes           yes
Witnesses        -       -        -     yes           yes
HeldCheckpoint   -       -        -     yes           yes
Conflicts        -       -        -     yes           yes
Accounts         -       -        -     yes           yes
AddPartner       -       -        -     yes           -
VerifyPartner    -       -        -     yes           -
RevokePartner    -       -        -     yes           -
TakeRoot         -       -        -     yes           -
RequestRoot      -       -        -     yes           -
RemoveRootKey    -       -        -     yes           -
Quarantine       yes     yes      yes   yes           -
DecideQuarantined -      yes      -     -             -
AddAgreement     -       -        -     yes           -
GrantAccess      -       -        -     yes           -
RevokeAccess     -       -        -     yes           -
Machines         yes     yes      yes   yes           -
Collections      yes     yes      yes   yes           -
KeepObjects      -       -        -     yes           -
SetRule          -       -        -     yes           -
EndRule          -       -        -     yes           -
Rules            yes     yes      yes   yes           -
Search           yes     yes      yes   -             -
AddInterest      -       -        yes   -             -
RemoveInterest   -       -        yes   -             -
Interests        yes     yes      yes   yes           -
AddFeed          -       -        -     yes           -
RemoveFeed       -       -        -     yes           -
PullFeed         -       -        -     yes           -
AdmitHeld        -       -        -     yes           -
Feeds            yes     yes      yes   yes           -
HeldOfFeeds      yes     yes      yes   yes           -
AddAccount       -       -        -     yes           -
ChangeRoles      -       -        -     yes           -
ChangePassphrase -       -        -     yes           -
EndAccount       -       -        -     yes           -
Passkeys         -       -        -     yes           -
AddPasskey       yes     yes      yes   yes           yes
RemovePasskey    -       -        -     yes           -
PrepareBreakGlass -      -        -     yes           -
BackUp           -       -        -     yes           -
"""

DOORS = """
        drafter releaser watch administrator auditor
WRITE   yes     -        -     -             -
READ    yes     yes      yes   -             -
CARRY   -       -        yes   -             -
OVERSEE yes     yes      yes   yes           -
"""


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


def by_user(uid: int = ABE) -> Caller:
    return Caller(uid=uid, claim="abe")


def by_words(name: str, words: str = WORDS) -> Caller:
    return Caller(uid=2002, is_owner=False, name=name, passphrase=words.encode())


class Legible:
    """A STAND-IN that keeps passphrases as they are: Argon2id is tried where it is made."""

    def verifier_of(self, passphrase: bytes) -> str:
        return passphrase.decode()

    def is_right(self, passphrase: bytes, verifier: str) -> bool:
        return passphrase.decode() == verifier

    def is_guessable(self, passphrase: str, near: Sequence[str]) -> bool:
        return set(passphrase.split()) - {"watch"} <= set(near)

    def is_breached(self, passphrase: bytes) -> bool:
        return passphrase == b"once upon another time"


def cheap(house: House) -> Parts:
    return msgspec.structs.replace(house.node.house, passphrases=Legible())


def ask(house: House, request: requests.AnyRequest, caller: Caller) -> Any:
    return answers.handle(cheap(house), request, caller)


def add(house: House, name: str, *roles: str, words: str = WORDS) -> None:
    new = requests.AddAccount(name=name, roles=roles, passphrase=words)
    ask(house, new, by_user())


def staff(house: House) -> None:
    """The administrator, and one account of each other role."""
    first = requests.AddAccount(name="Capt Abe", roles=("administrator",), uid=ABE)
    ask(house, first, by_user())
    for role in Role:
        if role is not Role.ADMINISTRATOR:
            add(house, role.value.title(), role.value)
    add(house, "Administrator", "administrator")


def entries(house: House, *kinds: EntryKind) -> list[Entry]:
    with house.node.store.read() as tables:
        found = [decode_entry(leaf) for _, leaf, _, _ in tables.journal.leaves()]
    return [entry for entry in found if entry.kind in kinds]


def an_example(kind: type[Any], report: str) -> requests.AnyRequest:
    """Return a request of a kind; whether it can be done is another question."""
    told: dict[str, Any] = {
        "report": report, "body": b"words", "to": ("cyber@jp",), "rung": Rung.ACKNOWLEDGED,
        "card": b"card", "agreement": b"{}", "label": b"<x/>", "partner": "jp", "number": "1",
        "volume": 10_000, "by": None, "desk": "cyber", "state": DeskState.STAFFED, "name": "X",
        "roles": ("watch",), "passphrase": WORDS, "since": "", "is_taken": True,
        "request": "00", "reason": "case", "root": b"root", "digest": "0" * 64,
        "credential": b"id", "public_key": b"key", "sign_count": 0, "collection": "c",
        "url": "https://cert.example",
    }  # fmt: skip
    if kind is requests.AddFeed:
        told["kind"] = "taxii"
    if kind is requests.KeepObjects:
        told["objects"] = b"{}"
    if kind is requests.Search:
        told["words"] = "words"
    if kind is requests.AddInterest:
        told |= {"kind": "sector", "value": "energy"}
    if kind in {requests.TakeAlarm, requests.AdmitHeld, requests.RemoveInterest}:
        told["number"] = 1
    if kind is requests.CourierOut:
        told["to"] = "jp"
    fields = [field for field in kind.__struct_fields__ if field in told]
    if kind is requests.Show:
        fields.remove("desk")
    example: requests.AnyRequest = kind(**{field: told[field] for field in fields})
    return example


def rows(table: str) -> list[tuple[str, str, bool]]:
    heads, *lines = [line.split() for line in table.strip().splitlines()]
    return [
        (line[0], role, cell == "yes")
        for line in lines
        for role, cell in zip(heads, line[1:], strict=True)
    ]


def test_the_table_names_every_request_there_is() -> None:
    named = {name for name, _, _ in rows(ASKED)}
    assert named == {kind.__name__ for kind in requests.AnyRequest.__args__}


def test_who_may_ask_what(pair: Pair) -> None:
    """Each cell is written by hand; what a cell forbids is refused before anything is looked at."""
    nato = pair.nato
    report = pair.jp.send("cyber@nato")
    pair.carry()
    staff(nato)
    for name, role, is_allowed in rows(ASKED):
        example = an_example(getattr(requests, name), report)
        caller = by_words(role.title())
        refused = None
        try:
            rights.admit(cheap(nato), example, caller)
        except NoroshiError as error:
            refused = error.code
        assert refused == (None if is_allowed else "not-permitted"), (name, role)


def test_who_may_pass_through_the_doors_besides(pair: Pair) -> None:
    nato = pair.nato
    report = pair.jp.send("cyber@nato")
    pair.carry()
    staff(nato)
    for name, role, is_allowed in rows(DOORS):
        told = report if name == "READ" else None
        if is_allowed:
            permitted = rights.permit(cheap(nato), Act[name], by_words(role.title()), told)
            assert permitted == role.title()
        else:
            with pytest.raises(InputError) as caught:
                rights.permit(cheap(nato), Act[name], by_words(role.title()), told)
            assert caught.value.code == "not-permitted"


def test_an_auditor_reads_digests_and_proofs_and_nothing_else(pair: Pair) -> None:
    nato = pair.nato
    report = pair.jp.send("cyber@nato")
    pair.carry()
    staff(nato)
    auditor = by_words("Auditor")
    house = cheap(nato)
    assert ask(nato, requests.VerifyJournal(), auditor)["ok"] is True
    assert ask(nato, requests.MakeProof(report=report), auditor)["proof"]
    for request in (requests.Show(report=report), requests.Inbox(), requests.Status(report=report)):
        with pytest.raises(InputError, match="Auditor may not read reports"):
            ask(nato, request, auditor)
    with pytest.raises(InputError, match="may not read"):
        answers.attachment(house, report, "x", auditor)
    with pytest.raises(InputError, match="may not carry"):
        answers.volume(house, "00", 1, auditor)


def test_before_there_are_accounts_names_are_claims_of_the_owner(pair: Pair) -> None:
    nato = pair.nato
    report = pair.jp.send("cyber@nato")
    pair.carry()
    told = ask(nato, requests.Answering(report=report, rung=Rung.ACKNOWLEDGED), by_user())
    assert told["rungs"]["ACKNOWLEDGED"]["by"] == "abe"
    assert told["rungs"]["ACKNOWLEDGED"]["by_proven"] is False
    assert ask(nato, requests.WhoAmI(), by_user()) == {"account": None, "claim": "abe"}
    with pytest.raises(InputError) as caught:
        ask(nato, requests.Inbox(), Caller(uid=5, is_owner=False))
    assert caught.value.code == "not-proven"


def test_from_the_first_account_on_every_act_carries_a_proven_person(pair: Pair) -> None:
    nato = pair.nato
    report = pair.jp.send("cyber@nato")
    pair.carry()
    staff(nato)
    answer = requests.Answering(report=report, rung=Rung.ACKNOWLEDGED, by="watch")
    for caller, code in (
        (Caller(), "passphrase-needed"),
        (by_user(), "passphrase-needed"),
        (by_words("Watch", "something else"), "not-proven"),
        (by_words("Drafter"), "not-permitted"),
        (by_words("Nobody"), "not-permitted"),
    ):
        with pytest.raises(NoroshiError) as caught:
            ask(nato, answer, caller)
        assert caught.value.code == code
    with pytest.raises(InputError) as caught_unknown:
        ask(nato, requests.Inbox(), Caller(uid=7))
    assert caught_unknown.value.code == "not-proven"
    with pytest.raises(NotFoundError, match="Nobody has no account"):
        ask(nato, requests.Inbox(), by_words("Nobody"))
    told = ask(nato, answer, by_words("Watch"))
    assert told["rungs"]["ACKNOWLEDGED"]["by"] == "Watch"  # as the account is written
    assert told["rungs"]["ACKNOWLEDGED"]["by_proven"] is True
    shown = ask(nato, requests.Status(report=report), by_words("Watch"))
    assert shown["recipients"][0]["rungs"]["ACKNOWLEDGED"]["by_proven"] is True
    assert shown["recipients"][0]["rungs"]["DELIVERED"].get("by") is None


def test_wrong_passphrases_are_slowed_down(pair: Pair) -> None:
    nato = pair.nato
    staff(nato)
    for _ in range(MOST):
        with pytest.raises(InputError, match="not the passphrase"):
            ask(nato, requests.Inbox(), by_words("Watch", "wrong"))
    with pytest.raises(NoroshiError, match="too many wrong"):
        ask(nato, requests.Inbox(), by_words("Watch"))
    assert ask(nato, requests.Inbox(), by_words("Drafter")) == []  # nobody else waits
    pair.clock.go_on(1)
    assert ask(nato, requests.Inbox(), by_words("Watch")) == []


def test_desks_bound_what_a_role_may(pair: Pair) -> None:
    nato = pair.nato
    for desk in ("cyber", "ops"):
        pair.jp.send(f"{desk}@nato", body=desk.encode())
    pair.carry()
    staff(nato)
    add(nato, "Lt Ops", "watch@ops", "drafter@ops")
    ops = by_words("Lt Ops")
    (row,) = ask(nato, requests.Inbox(), ops)
    assert row["to"] == "ops@nato"
    with pytest.raises(InputError, match="may not read reports at cyber"):
        ask(nato, requests.Inbox(desk="cyber"), ops)
    everything = ask(nato, requests.Inbox(), by_words("Watch"))
    (other,) = [row["report"] for row in everything if row["to"] == "cyber@nato"]
    for request in (
        requests.Show(report=other),
        requests.Answering(report=other, rung=Rung.ACKNOWLEDGED),
        requests.Reply(report=other, body=b"no"),
        requests.SendReport(body=b"words", to=("cyber@jp",), from_desk="cyber"),
        requests.SendReport(body=b"words", to=("cyber@jp",)),
        requests.SetDesk(desk="cyber", state=DeskState.STAFFED, by="Lt Ops"),
    ):
        with pytest.raises(InputError, match="at cyber"):
            ask(nato, request, ops)
    sent = ask(nato, requests.SendReport(body=b"x", to=("cyber@jp",), from_desk="ops"), ops)
    own = ask(nato, requests.SendReport(body=b"y", to=("cyber@jp",)), by_words("Drafter"))
    over = requests.SendReport(
        body=b"z", to=("cyber@jp",), from_desk="ops", supersedes=own["report"]
    )
    answering = requests.SendReport(body=b"z", to=("cyber@jp",), from_desk="ops", answers=other)
    for elsewhere in (over, answering):
        with pytest.raises(InputError, match="at cyber"):
            ask(nato, elsewhere, ops)
    assert ask(nato, requests.Cancel(report=sent["report"]), ops)["cancels"] == sent["report"]
    # A desk that is given a report may read it.
    given = requests.Assign(report=other, desk="ops")
    ask(nato, given, by_words("Watch"))
    assert ask(nato, requests.Show(report=other), ops)["report"] == other
    (row,) = [row for row in ask(nato, requests.Inbox(), ops) if row["report"] == other]
    assert row["assigned_to"] == ["ops"]


def test_two_persons_are_two_accounts(pair: Pair) -> None:
    jp = pair.jp
    for house in (jp, pair.nato):
        house.ask(requests.AddAgreement(agreement=AGREEMENT.encode(), by="Lt Sato"))
    staff(jp)
    add(jp, "Lt Sato", "drafter", "releaser")
    sato, releaser = by_words("Lt Sato"), by_words("Releaser")
    draft = requests.SendReport(body=b"quiet", to=("cyber@nato",), marking=LEVEL + "//REL TO NATO")
    sent = ask(jp, draft, sato)
    assert sent["state"] == "AWAITING_RELEASE"
    (waiting,) = ask(jp, requests.ReleaseQueue(), releaser)
    assert waiting["drafter"] == "Lt Sato"
    for name in ("Lt Sato", "LT  SATO", "\uff2ct Sato"):
        request = requests.Release(report=sent["report"], by=name)
        with pytest.raises(InputError) as caught:
            ask(jp, request, sato)
        assert caught.value.code == "two-persons"
    with pytest.raises(InputError) as caught_other:  # another name is another person's proof
        ask(jp, requests.Release(report=sent["report"], by="Releaser"), sato)
    assert caught_other.value.code == "not-permitted"
    for holder in ("Drafter", "Watch", "Auditor"):
        with pytest.raises(InputError, match="may not release"):
            ask(jp, requests.Release(report=sent["report"], by=holder), by_words(holder))
    told = ask(jp, requests.Release(report=sent["report"], by="Releaser"), releaser)
    assert told["state"] == "SENT"
    assert [entry.by for entry in entries(jp, EntryKind.DRAFTED, EntryKind.RELEASED)] == [
        "Lt Sato", "Releaser",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["Lt Sat\u043e", "Lt Sató", "LT. SATO", "Lt Sat0", "1t Sato"])
def test_a_name_that_looks_like_another_s_is_given_to_nobody(pair: Pair, name: str) -> None:
    staff(pair.jp)
    add(pair.jp, "Lt Sato", "drafter")
    with pytest.raises(ConflictError, match="Lt Sato") as caught:
        add(pair.jp, name, "releaser")
    assert caught.value.code == "account-exists"


def test_a_queue_shows_the_drafts_of_one_s_own_desks(pair: Pair) -> None:
    nato = pair.nato
    for house in (pair.jp, nato):
        house.ask(requests.AddAgreement(agreement=AGREEMENT.encode(), by="Lt Sato"))
    staff(nato)
    add(nato, "Lt Ops", "releaser@ops")
    for desk in ("cyber", "ops"):
        draft = requests.SendReport(
            body=desk.encode(), to=("cyber@jp",), from_desk=desk,
            marking=LEVEL + "//REL TO NATO",
        )  # fmt: skip
        assert ask(nato, draft, by_words("Drafter"))["state"] == "AWAITING_RELEASE"
    ops = by_words("Lt Ops")
    (row,) = ask(nato, requests.ReleaseQueue(), ops)
    assert row["body"] == "ops"
    everything = ask(nato, requests.ReleaseQueue(), by_words("Releaser"))
    (other,) = [each["report"] for each in everything if each["body"] == "cyber"]
    with pytest.raises(InputError, match="may not release what another has written at cyber"):
        ask(nato, requests.Release(report=other, by="Lt Ops"), ops)


def test_the_first_is_an_administrator_and_the_last_one_stays(pair: Pair) -> None:
    nato = pair.nato
    with pytest.raises(InputError, match="the first account is an administrator's"):
        ask(nato, requests.AddAccount(name="A", roles=("watch",), uid=ABE), by_user())
    first = requests.AddAccount(name="  Capt   Abe ", roles=("administrator",), uid=ABE)
    told = ask(nato, first, by_user())
    assert (told["account"], told["proof"], told["added_by"]) == ("Capt Abe", ["user"], "abe")
    for request in (
        requests.EndAccount(name="capt abe"),
        requests.ChangeRoles(name="Capt Abe", roles=("watch", "auditor")),
    ):
        with pytest.raises(ConflictError) as caught:
            ask(nato, request, by_user())
        assert caught.value.code == "last-administrator"
    add(nato, "Lt Doi", "administrator")
    ask(nato, requests.EndAccount(name="Capt Abe"), by_words("Lt Doi"))
    with pytest.raises(InputError, match="say who you are"):
        ask(nato, requests.Accounts(), by_user())
    listed = ask(nato, requests.Accounts(), by_words("Lt Doi"))
    assert {each["account"]: each["state"] for each in listed} == {
        "Capt Abe": "ENDED",
        "Lt Doi": "ACTIVE",
    }
    with pytest.raises(ConflictError, match="a name is not given twice"):
        ask(nato, requests.AddAccount(name="CAPT ABE", roles=("watch",), uid=3), by_words("Lt Doi"))
    kinds = (EntryKind.ACCOUNT_ADDED, EntryKind.ACCOUNT_CHANGED, EntryKind.ACCOUNT_ENDED)
    assert [(entry.kind.value, entry.by) for entry in entries(nato, *kinds)] == [
        ("AccountAdded", "abe"),
        ("AccountAdded", "Capt Abe"),
        ("AccountEnded", "Lt Doi"),
    ]
    assert ask(nato, requests.VerifyJournal(), by_words("Lt Doi"))["ok"] is True


def test_what_is_no_account_is_refused_with_what_to_do(pair: Pair) -> None:
    nato = pair.nato
    staff(nato)
    for request, code in (
        (requests.AddAccount(name="WATCH", roles=("watch",), passphrase=WORDS), "account-exists"),
        (requests.AddAccount(name="B", roles=("watch",), uid=ABE), "account-exists"),
        (requests.AddAccount(name="B", roles=("watch",)), "bad-input"),
        (requests.AddAccount(name="B", roles=("watch",), passphrase=FEW), "bad-input"),
        (requests.AddAccount(name="B", roles=(), passphrase=WORDS), "bad-input"),
        (requests.AddAccount(name="B", roles=("boss",), passphrase=WORDS), "bad-input"),
        (requests.AddAccount(name="B", roles=("watch@moon",), passphrase=WORDS), "unknown-desk"),
        (requests.AddAccount(name="B\nC", roles=("watch",), passphrase=WORDS), "bad-input"),
        (requests.ChangeRoles(name="Nobody", roles=("watch",)), "unknown-account"),
        (requests.ChangePassphrase(name="Nobody", passphrase=WORDS), "unknown-account"),
        (requests.EndAccount(name="Nobody"), "unknown-account"),
    ):
        with pytest.raises(NoroshiError) as caught:
            ask(nato, request, by_user())
        assert caught.value.code == code, request
        assert WORDS not in repr(request)


def test_roles_and_passphrases_change(pair: Pair) -> None:
    nato = pair.nato
    staff(nato)
    ask(nato, requests.ChangeRoles(name="Watch", roles=("drafter@ops",)), by_user())
    sits_down = requests.SetDesk(desk="ops", state=DeskState.STAFFED, by="Watch")
    with pytest.raises(InputError, match="may not answer"):
        ask(nato, sits_down, by_words("Watch"))
    own = requests.ChangePassphrase(name="watch", passphrase=OTHER_WORDS)
    ask(nato, own, by_words("Watch"))
    with pytest.raises(InputError, match="not the passphrase"):
        ask(nato, requests.Inbox(), by_words("Watch"))
    assert ask(nato, requests.Inbox(), by_words("Watch", OTHER_WORDS)) == []
    with pytest.raises(InputError, match="may not administer"):
        ask(nato, requests.ChangePassphrase(name="Drafter", passphrase=WORDS), by_words("Auditor"))
    no_words = requests.ChangePassphrase(name="Capt Abe", passphrase=WORDS)
    assert ask(nato, no_words, by_user())["proof"] == ["user", "passphrase"]
    assert "correct" not in repr(by_words("Watch"))


def test_a_passphrase_is_changed_by_whoever_knows_the_one_before(pair: Pair) -> None:
    nato = pair.nato
    staff(nato)
    first = requests.ChangePassphrase(name="capt abe", passphrase=WORDS)
    ask(nato, first, by_user())
    other = requests.ChangePassphrase(name="Capt Abe", passphrase=OTHER_WORDS)
    for words, code in ((None, "passphrase-needed"), (OTHER_WORDS, "not-proven")):
        given = None if words is None else words.encode()
        caller = Caller(uid=ABE, claim="abe", passphrase=given)
        with pytest.raises(InputError) as caught:
            ask(nato, other, caller)
        assert caught.value.code == code
    ask(nato, other, Caller(uid=ABE, claim="abe", passphrase=WORDS.encode()))
    assert ask(nato, requests.Inbox(), by_words("Watch")) == []


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("watch nato jp", "would guess"),
        ("once upon another time", "from a breach"),
        ("horse batte", "at least 12"),
    ],
)
def test_a_passphrase_that_others_know_is_refused(pair: Pair, words: str, hint: str) -> None:
    nato = pair.nato
    staff(nato)
    for request in (
        requests.ChangePassphrase(name="Watch", passphrase=words),
        requests.AddAccount(name="Watch Two", roles=("watch",), passphrase=words),
    ):
        with pytest.raises(InputError, match=hint):
            ask(nato, request, by_user())
    assert ask(nato, requests.Inbox(), by_words("Watch")) == []


def test_who_is_shown_another_proof_comes_in_anew(pair: Pair) -> None:
    nato = pair.nato
    staff(nato)
    visitors, now = nato.node.house.visitors, nato.node.house.clock.now()
    for request in (
        requests.ChangePassphrase(name="watch", passphrase=OTHER_WORDS),
        requests.EndAccount(name="WATCH"),
    ):
        link, session = visitors.invite("Watch", now), visitors.open("Watch", now)
        kept = visitors.open("Drafter", now)
        ask(nato, request, by_user())
        assert visitors.find(session, now) is None
        assert visitors.find(kept, now) is not None
        with pytest.raises(InputError, match="used before"):
            visitors.enter(link, now)


def test_who_is_known_by_the_system_alone_gives_no_passphrase(pair: Pair) -> None:
    nato = pair.nato
    staff(nato)
    with pytest.raises(InputError, match="Capt Abe is an operating-system user"):
        ask(nato, requests.Accounts(), by_words("Capt Abe"))
    assert ask(nato, requests.WhoAmI(), by_user())["account"] == "Capt Abe"


def test_what_is_refused_is_read_to_its_end(pair: Pair) -> None:
    nato = pair.nato
    staff(nato)
    chunks = iter([b"one", b"two"])
    with pytest.raises(InputError, match="may not write"):
        answers.stage(cheap(nato), "x", chunks, by_words("Watch"))
    assert list(chunks) == []
    assert answers.stage(cheap(nato), "x", [b"one"], by_words("Drafter"))


def test_a_chain_tells_a_person_what_came_to_their_desks_alone(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    first = jp.send("cyber@nato", body=b'{"noroshi": 1, "kind": "cyber-incident", "summary": "x"}')
    more = f'{{"noroshi": 1, "kind": "cyber-incident", "updates": "{first}", "contact": "ops"}}'
    jp.send("ops@nato", body=more.encode())
    pair.carry()
    staff(nato)
    add(nato, "Cyber", "watch@cyber")
    seen = {
        name: ask(nato, requests.Show(report=first), by_words(name)) for name in ("Cyber", "Watch")
    }
    assert seen["Cyber"]["chain"]["fields"] == {"summary": "x"}
    assert seen["Watch"]["chain"]["fields"] == {"summary": "x", "contact": "ops"}
    acknowledging = requests.Answering(report=first, rung=Rung.ACKNOWLEDGED, by="Cyber")
    answered = ask(nato, acknowledging, by_words("Cyber"))
    assert answered.get("presented", seen["Cyber"])["chain"]["fields"] == {"summary": "x"}


def test_who_answers_for_it_is_said_or_proven(pair: Pair) -> None:
    jp = pair.jp
    asked = requests.AddAgreement(agreement=AGREEMENT.encode())
    with pytest.raises(InputError, match="say who answers for it: --by NAME"):
        jp.ask(asked)
    assert ask(jp, asked, Caller(name="Capt Abe"))["added_by"] == "Capt Abe"
    staff(jp)
    assert ask(jp, asked, by_user())["added_by"] == "Capt Abe"
