"""A report of jp goes by way of nato to au: asked, granted, enclosed, verified, shown once."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from noroshi.adapters.words import shipped_lexicon
from noroshi.core.consent import Scope, SignedGrant, encode_request
from noroshi.core.delivery.ladder import Rung
from noroshi.core.errors import ConflictError, InputError, NotFoundError
from noroshi.core.kinds.reading import Reader
from noroshi.core.lexicon.lexicon import Language
from noroshi.core.sheet.plain import plain
from noroshi.core.sheet.report import report_sheet
from noroshi.entrypoints.cli import listing
from noroshi.entrypoints.cli.releases import present_queue
from noroshi.flow import answers, arrivals, consents, opening, requests, send
from noroshi.flow.answers import onward
from noroshi.flow.plan import Passing
from noroshi.flow.renewal import renew
from noroshi.flow.tables import Transaction
from tests.unit.flow.pair import House, open_houses
from tests.unit.flow.test_agreements import DAY, agree, held, kinds
from tests.unit.flow.test_prekeys import hand

READER = Reader(shipped_lexicon(), Language.ENGLISH)

INCIDENT = b'{"noroshi": 1, "kind": "cyber-incident", "summary": "Gateway down."}'
BODY = "侵入を確認。\nPorts 22 and 443."


class Trio(msgspec.Struct):
    """Three nodes; what crosses between them, a test carries by hand."""

    jp: House
    nato: House
    au: House
    carried: set[tuple[str, bytes]]

    def carry(self, sender: str, receiver: str) -> list[str | None]:
        """Carry what waits, and the receipts back; return why each report was not taken."""
        here, there = getattr(self, sender), getattr(self, receiver)
        here.issue_receipts(receiver)
        raw = [each for each in here.waiting(receiver) if (receiver, each) not in self.carried]
        self.carried.update((receiver, each) for each in raw)
        opened = arrivals.open_all(there.node.house, raw)
        taken = [each.result() for each in arrivals.submit_all(there.node.house, opened, sender)]
        there.issue_receipts(sender)
        back = [each for each in there.waiting(sender) if (sender, each) not in self.carried]
        arrived = arrivals.open_all(here.node.house, back)
        for each in arrivals.submit_all(here.node.house, arrived, receiver):
            each.result()
        return [
            outcome.code if outcome else None
            for incoming, outcome in zip(opened, taken, strict=True)
            if not isinstance(incoming, opening.VerifiedReceipt)
        ]

    def sent(self, **told: Any) -> str:
        """Return a report of jp that nato has."""
        report = self.jp.send("cyber@nato", body=told.pop("body", BODY.encode()), **told)
        assert self.carry("jp", "nato") == [None]
        return report

    def consented(self, report: str, **asked: Any) -> Any:
        """Return jp's grant for nato to pass a report on to au, which nato has."""
        told = self.nato.ask(requests.PassOn(report=report, to=("cyber@au",), by="Lt Jansen"))
        assert told["state"] == "AWAITING_CONSENT"
        self.carry("nato", "jp")
        granted = self.jp.ask(requests.GrantConsent(request=told["request"], by="Cdr Ito", **asked))
        assert self.carry("jp", "nato") == [None]
        return granted

    def passed(self, report: str, **told: Any) -> str:
        """Return nato's report that passes one of jp on."""
        answer = self.nato.ask(
            requests.PassOn(report=report, to=("cyber@au",), by="Lt Jansen", **told)
        )
        assert answer["state"] == "SENT"
        return str(answer["report"])


@pytest.fixture
def trio(tmp_path: Path) -> Iterator[Trio]:
    with open_houses(tmp_path, jp=("cyber",), nato=("cyber", "ops"), au=("cyber",)) as houses:
        yield Trio(houses["jp"], houses["nato"], houses["au"], set())


def raw_id(report: str) -> bytes:
    return bytes.fromhex(report.replace("-", ""))


def test_a_report_goes_further_with_consent(trio: Trio, capsys: pytest.CaptureFixture[str]) -> None:
    jp, nato, au = trio.jp, trio.nato, trio.au
    report = trio.sent(subject="Intrusion", precedence="immediate", status="exercise", by="Lt Sato")
    asked = requests.PassOn(
        report=report, to=("cyber@au",), by="Lt Jansen", reason="they see it too"
    )
    told = nato.ask(asked)
    assert told == {
        "report": report, "state": "AWAITING_CONSENT", "request": told["request"],
        "originator": "jp", "audience": ["au"],
    }  # fmt: skip
    assert nato.ask(asked) == told, "asked once"
    assert trio.carry("nato", "jp") == [None]
    assert jp.alarms() == ["CONSENT_ASKED"]
    assert "nato wants to pass" in jp.ask(requests.Alarms())[0]["message"]
    (row,) = jp.ask(requests.Consents())
    assert (row["state"], row["asker"], row["reason"]) == ("ASKED", "nato", "they see it too")
    assert (row["subject"], row["by"], row["reasons"]) == ("Intrusion", "Lt Jansen", [])
    granting = requests.GrantConsent(request=told["request"], by="Cdr Ito")
    granted = jp.ask(granting)
    assert granted["state"] == "GRANTED"
    assert jp.ask(granting) == granted, "granted once"
    assert jp.alarms() == []
    assert trio.carry("jp", "nato") == [None]
    assert nato.alarms() == ["CONSENT_ANSWERED"]
    assert "Cdr Ito lets the report" in nato.ask(requests.Alarms())[0]["message"]
    (row,) = nato.ask(requests.Consents())
    assert (row["state"], row["grant"]["granted_by"]) == ("GRANTED", "Cdr Ito")
    status = nato.ask(requests.Reached(report=told["request"], rung=Rung.ACTIONED))
    assert status["reached"]

    passed = trio.passed(report)
    assert trio.carry("nato", "au") == [None]
    (row,) = au.ask(requests.Inbox())
    assert (row["from"], row["by_way_of"]) == ("cyber@jp", "nato")
    assert (row["subject"], row["kind"], row["precedence"], row["status"]) == (
        "Intrusion", "situation-report", "IMMEDIATE", "EXERCISE",
    )  # fmt: skip
    shown = au.ask(requests.Show(report=report))
    assert (shown["report"], shown["from"], shown["body"]) == (passed, "cyber@jp", BODY)
    assert (shown["drafter"], shown["to"]) == ("Lt Sato", ["cyber@nato"])
    assert shown["passed_on"]["by"] == "cyber@nato"
    assert shown["passed_on"]["person"] == "Lt Jansen"
    assert shown["passed_on"]["original"] == report
    assert shown["passed_on"]["consent"]["granted_by"] == "Cdr Ito"
    listing.inbox([row], READER)
    screen = capsys.readouterr().out + plain(report_sheet(shown, READER, {}), READER.language)
    assert "cyber@nato, with the consent of Cdr Ito (" in screen
    assert "(by way of nato)" in " ".join(screen.split())
    au.ask(requests.Answering(report=passed, rung=Rung.ACKNOWLEDGED, by="Sgt Hill"))
    au.issue_receipts("nato")
    nato.take(au.waiting("nato")[-1:], "au")
    assert nato.ask(requests.Reached(report=passed, rung=Rung.ACKNOWLEDGED))["reached"]
    assert au.waiting("jp") == [], "its originator hears nothing of au"
    assert nato.ask(requests.Show(report=passed))["body"] == BODY
    for house, counted in ((jp, (1, 1, 0)), (nato, (1, 1, 1)), (au, (0, 0, 2))):
        written = kinds(house)
        assert tuple(map(written.count, ("ConsentAsked", "ConsentGranted", "Enclosed"))) == counted
        assert house.ask(requests.VerifyJournal())["ok"]


def test_a_request_that_is_declined_is_not_asked_again_by_itself(trio: Trio) -> None:
    report = trio.sent()
    asked = requests.PassOn(report=report, to=("cyber@au",), by="Lt Jansen")
    request = trio.nato.ask(asked)["request"]
    trio.carry("nato", "jp")
    declining = requests.Answering(
        report=request, rung=Rung.DECLINED, by="Cdr Ito", note="the source would be known"
    )
    trio.jp.ask(declining)
    assert trio.jp.alarms() == []
    trio.carry("jp", "nato")
    assert "CONSENT_ANSWERED" in trio.nato.alarms()
    assert "Cdr Ito declined: the source" in str(trio.nato.ask(requests.Alarms()))
    assert trio.nato.ask(requests.Consents())[0]["state"] == "DECLINED"
    with pytest.raises(ConflictError, match="jp has declined that") as caught:
        trio.nato.ask(asked)
    assert caught.value.code == "no-consent"
    with pytest.raises(ConflictError, match="already answered DECLINED"):
        trio.jp.ask(requests.GrantConsent(request=request, by="Cdr Ito"))
    again = trio.nato.ask(msgspec.structs.replace(asked, again=True))
    assert again["request"] != request
    assert trio.nato.alarms().count("CONSENT_ANSWERED") == 1


def test_the_originator_grants_only_what_it_might_send_itself(
    trio: Trio, capsys: pytest.CaptureFixture[str]
) -> None:
    mark = "JPN 秘//REL TO NATO, AUS"
    for house, other in (("jp", "nato"), ("nato", "au")):
        for each in (trio.jp, trio.nato):
            if each.node.house.me in {house, other}:
                agree(each, reference=f"{house}-{other}", sender=house, receiver=other,
                      policy="JPN", level="極秘")  # fmt: skip
    report = trio.jp.send("cyber@nato", marking=mark, by="Lt Sato")
    trio.jp.ask(requests.Release(report=report, by="Cdr Ito"))
    trio.carry("jp", "nato")
    asked = requests.PassOn(report=report, to=("cyber@au",), by="Lt Jansen")
    request = trio.nato.ask(asked)["request"]
    trio.carry("nato", "jp")
    granting = requests.GrantConsent(request=request, by="Lt  SATO")
    reason = "au: JPN 秘 needs an agreement between jp and au"
    assert reason in trio.jp.ask(requests.Consents())[0]["reasons"][0]
    with pytest.raises(InputError, match=reason) as caught:
        trio.jp.ask(granting)
    assert caught.value.code == "not-releasable"
    agree(trio.jp, reference="jp-au", receiver="au", policy="JPN", level="極秘")
    with pytest.raises(InputError, match="another person lets it go further"):
        trio.jp.ask(granting)
    trio.jp.ask(msgspec.structs.replace(granting, by="Cdr Ito"))
    trio.carry("jp", "nato")
    waiting = trio.nato.ask(asked)
    assert waiting["state"] == "AWAITING_RELEASE"
    (row,) = trio.nato.ask(requests.ReleaseQueue())
    assert (row["originator"], row["body"], row["allowed"]) == ("jp", "words", True)
    present_queue([row])
    assert "report of jp, passed on with its consent" in capsys.readouterr().out
    trio.nato.ask(requests.Release(report=waiting["report"], by="Cdr Smit"))
    assert trio.carry("nato", "au") == [None]
    assert trio.au.ask(requests.Inbox())[0]["marking"] == mark


def test_what_this_node_may_not_give_is_not_asked_for(trio: Trio) -> None:
    agree(trio.jp, policy="JPN", level="極秘")
    report = trio.jp.send("cyber@nato", marking="JPN 秘//REL TO NATO", by="Lt Sato")
    trio.jp.ask(requests.Release(report=report, by="Cdr Ito"))
    trio.carry("jp", "nato")
    asked = requests.PassOn(report=report, to=("cyber@au",), by="Lt Jansen")
    with pytest.raises(InputError, match="releasable to NATO, which does not name au"):
        trio.nato.ask(asked)
    checked = trio.nato.ask(msgspec.structs.replace(asked, check=True))
    assert checked["reasons"][0].startswith("jp has not consented")
    assert len(checked["reasons"]) > 1
    strangers = msgspec.structs.replace(asked, to=("cyber@nz",))
    with pytest.raises(InputError, match="nz is no verified partner here"):
        trio.nato.ask(strangers)
    assert trio.nato.ask(requests.Consents()) == []


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"to": ()}, "nobody is addressed"),
        ({"to": ("cyber@jp",)}, "jp wrote that report"),
        ({"to": ("cyber",)}, "is no desk"),
        ({"to": tuple(f"cyber@p{n}" for n in range(33))}, "at most 32 partners"),
    ],
)
def test_nobody_to_pass_it_on_to(trio: Trio, asked: dict[str, Any], reason: str) -> None:
    report = trio.sent()
    with pytest.raises(InputError, match=reason):
        trio.nato.ask(requests.PassOn(report=report, **asked))


def test_what_cannot_be_passed_on(trio: Trio) -> None:
    own = trio.jp.send("cyber@nato")
    with pytest.raises(InputError, match="needs nobody's consent"):
        trio.jp.ask(requests.PassOn(report=own, to=("cyber@au",)))
    trio.carry("jp", "nato")
    large = trio.sent(body=b"x" * 3_200_000)
    with pytest.raises(InputError, match="ask jp to send it itself") as caught:
        trio.nato.ask(requests.PassOn(report=large, to=("cyber@au",)))
    assert caught.value.code == "body-too-large"
    token = answers.stage(trio.jp.node.house, "map.bin", [b"x"])
    attached = trio.jp.send("cyber@nato", attachments=(token,))
    trio.carry("jp", "nato")
    with pytest.raises(InputError, match="have arrived yet") as caught:
        trio.nato.ask(requests.PassOn(report=attached, to=("cyber@au",)))
    assert caught.value.code == "attachment-pending"
    report = trio.sent()
    trio.jp.ask(requests.Cancel(report=report))
    trio.carry("jp", "nato")
    with pytest.raises(InputError, match="jp has cancelled that report"):
        trio.nato.ask(requests.PassOn(report=report, to=("cyber@au",)))
    with pytest.raises(NotFoundError, match="is no request for our consent"):
        trio.jp.ask(requests.GrantConsent(request=own, by="Cdr Ito"))


def test_who_has_it_by_way_of_another_sees_what_changed_it(trio: Trio) -> None:
    """A cancellation by the holder reaches au; one by the originator only where au is addressed."""
    report = trio.sent(subject="Smoke")
    trio.consented(report)
    passed = trio.passed(report)
    trio.carry("nato", "au")
    trio.nato.ask(requests.Cancel(report=passed))
    trio.carry("nato", "au")
    rows = {row["report"]: row for row in trio.au.ask(requests.Inbox())}
    assert rows[passed]["cancelled_by"] in rows
    shown = trio.au.ask(requests.Show(report=report))
    assert shown["cancelled_by"] == rows[passed]["cancelled_by"]
    label = trio.au.ask(requests.WriteLabel(report=report))
    assert label["marking"] == "TLP:GREEN"


def test_a_report_cancelled_meanwhile_is_not_granted(trio: Trio) -> None:
    report = trio.sent()
    request = trio.nato.ask(requests.PassOn(report=report, to=("cyber@au",)))["request"]
    trio.carry("nato", "jp")
    trio.jp.ask(requests.Cancel(report=report))
    with pytest.raises(InputError, match="the report was cancelled"):
        trio.jp.ask(requests.GrantConsent(request=request, by="Cdr Ito"))
    trio.carry("jp", "nato")
    other = trio.sent()
    asked = trio.nato.ask(requests.PassOn(report=other, to=("cyber@au",)))["request"]
    trio.carry("nato", "jp")
    for until in ("2026-11-01T00:00:00Z", "2028-11-01T00:00:00Z"):
        with pytest.raises(InputError, match="ends in the future, within a year"):
            trio.jp.ask(requests.GrantConsent(request=asked, by="Cdr Ito", until=until))


def test_attachments_go_along(trio: Trio) -> None:
    token = answers.stage(trio.jp.node.house, "map.bin", [b"hills" * 100])
    report = trio.jp.send("cyber@nato", attachments=(token,), body=b"see the map")
    trio.carry("jp", "nato")
    hand_over(trio.jp, trio.nato)
    trio.consented(report)
    trio.passed(report)
    trio.carry("nato", "au")
    hand_over(trio.nato, trio.au)
    _, size, chunks = answers.attachment(trio.au.node.house, report, "map.bin")
    assert (size, b"".join(chunks)) == (500, b"hills" * 100)


def hand_over(sender: House, receiver: House) -> None:
    """Carry every blob."""
    with sender.node.store.read() as tables:
        blobs = tables.reports.blob_ids()
    for blob_id in blobs:
        with sender.node.store.read() as tables:
            found = tables.reports.blob(blob_id)
        assert found is not None
        piece = sender.node.blobs.read_piece(blob_id, 0, found[1])
        me = sender.node.house.me
        assert arrivals.take_piece(receiver.node.house, me, blob_id, 0, piece) == found[1]


def test_a_draft_that_is_dropped_leaves_the_originals_attachments(trio: Trio) -> None:
    mark = "NATO CONFIDENTIAL//REL TO AUS, JPN"
    agree(trio.jp, is_mutual=True)
    agree(trio.jp, reference="jp-au", receiver="au")
    agree(trio.nato, reference="nato-au", sender="nato", receiver="au")
    token = answers.stage(trio.jp.node.house, "map.bin", [b"x"])
    report = trio.jp.send("cyber@nato", marking=mark, by="Lt Sato", attachments=(token,))
    trio.jp.ask(requests.Release(report=report, by="Cdr Ito"))
    trio.carry("jp", "nato")
    hand_over(trio.jp, trio.nato)
    trio.consented(report)
    draft = trio.nato.ask(requests.PassOn(report=report, to=("cyber@au",), by="Lt Jansen"))
    trio.nato.ask(requests.DropDraft(report=draft["report"], by="Lt Jansen"))
    assert b"".join(answers.attachment(trio.nato.node.house, report, "map.bin")[2]) == b"x"


def test_without_consent_this_node_sends_nothing(trio: Trio) -> None:
    """Whoever makes such a plan by hand is stopped by the act itself."""
    report, other = trio.sent(), trio.sent(body=b"another")
    trio.consented(report)
    house, nato = trio.nato.node.house, trio.nato
    plans: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers.consents, "send_or_check", lambda _h, plan, **_: plans.append(plan))
        nato.ask(requests.PassOn(report=report, to=("cyber@au",)))
    (planned,) = plans
    with nato.node.store.read() as tables:
        (kept,) = tables.consents.grants_about(planned.passing.head_digest)
        stored = tables.reports.get(raw_id(other))
    assert stored is not None

    def act(tx: Transaction, **changed: Any) -> send.Sent:
        plan = msgspec.structs.replace(planned, **changed)
        return send.send(tx, plan, nato.node.identity, house.entropy, house.rules)

    for passing, reason in (
        (None, "has not consented"),
        (Passing(planned.passing.head_digest, bytes(32)), "has not consented"),
        (Passing(stored.head_digest, kept.signed.digest), "is for another report"),
    ):
        with pytest.raises(InputError, match=reason) as caught:
            nato.node.store.perform(lambda tx, p=passing: act(tx, passing=p))  # type: ignore[misc]
        assert caught.value.code == "no-consent"
    trio.nato.clock.go_on(31 * DAY)
    with pytest.raises(InputError, match="the consent of jp ended") as caught:
        nato.node.store.perform(act)
    assert caught.value.code == "no-consent"
    assert nato.waiting("au") == []
    renew(trio.jp.node.house)
    hand(trio.jp, nato)  # its directory, which has grown old meanwhile
    assert nato.ask(requests.PassOn(report=report, to=("cyber@au",)))["state"] == (
        "AWAITING_CONSENT"
    ), "asked anew"


def test_a_consent_that_ends_holds_back_what_waits(trio: Trio) -> None:
    report = trio.sent()
    trio.consented(report, until="2026-11-25T00:00:00Z")
    passed = trio.passed(report)
    trio.nato.clock.go_on(4 * DAY)
    assert trio.nato.ask(requests.CourierOut(to="au", volume=1_000_000))["envelopes"] == 0
    assert [each["report"] for each in held(trio.nato)] == [passed]
    with pytest.raises(InputError, match="the consent of jp ended"):
        trio.nato.ask(requests.SendHeld(reports=(), by="Lt Jansen"))


def test_a_second_holder_asks_the_originator_itself(trio: Trio) -> None:
    """What au got by way of nato it may give back to nobody without jp; jp grants au the same."""
    report = trio.sent()
    trio.consented(report)
    trio.passed(report)
    trio.carry("nato", "au")
    asked = requests.PassOn(report=report, to=("ops@nato",), by="Sgt Hill")
    request = trio.au.ask(asked)
    assert (request["originator"], request["state"]) == ("jp", "AWAITING_CONSENT")
    assert trio.carry("au", "jp") == [None]
    trio.jp.ask(requests.GrantConsent(request=request["request"], by="Cdr Ito"))
    assert trio.carry("jp", "au") == [None]
    assert trio.au.ask(asked)["state"] == "SENT"
    assert trio.carry("au", "nato") == [None]
    rows = trio.nato.ask(requests.Inbox(desk="ops"))
    assert [(row["from"], row["by_way_of"]) for row in rows] == [("cyber@jp", "au")]


def test_the_same_original_is_shown_once_and_answered_once(trio: Trio) -> None:
    jp, nato, au = trio.jp, trio.nato, trio.au
    report = jp.send("cyber@nato", info=("cyber@au",), body=BODY.encode())
    trio.carry("jp", "nato")
    trio.consented(report)
    passed = trio.passed(report)
    assert trio.carry("nato", "au") == [None]
    assert len(au.ask(requests.Inbox())) == 1
    au.ask(requests.Answering(report=passed, rung=Rung.ACKNOWLEDGED, by="Sgt Hill"))
    assert trio.carry("jp", "au") == [None]
    rows = au.ask(requests.Inbox())
    assert [(row["report"], row["by_way_of"], row["state"]) for row in rows] == [
        (report, None, "ACKNOWLEDGED")
    ]
    au.issue_receipts("jp")
    jp.take(au.waiting("jp"), "au")
    by = {row["desk"]: row["rung"] for row in jp.ask(requests.Status(report=report))["recipients"]}
    assert by == {"cyber@nato": "DELIVERED", "cyber@au": "ACKNOWLEDGED"}
    again = trio.passed(report, precedence="flash")
    assert trio.carry("nato", "au") == [None]
    assert len(au.ask(requests.Inbox())) == 1
    status = nato.ask(requests.Status(report=again))["recipients"][0]
    assert status["rungs"]["ACKNOWLEDGED"]["by"] == "Sgt Hill"
    au.ask(requests.Answering(report=report, rung=Rung.ACTIONED, by="Sgt Hill"))
    au.issue_receipts("nato")
    nato.take(au.waiting("nato")[-1:], "au")
    for each in (passed, again):
        assert nato.ask(requests.Reached(report=each, rung=Rung.ACTIONED))["reached"]
    assert au.ask(requests.VerifyJournal())["ok"]


LINE = {"marking": "TLP:GREEN", "text": "Ports may close.", "subject": "Ports"}


def test_what_stands_below_the_line_of_a_partners_report_takes_its_consent(trio: Trio) -> None:
    agree(trio.jp, policy="JPN", level="極秘")
    portions = [{"marking": "JPN 秘//REL TO NATO", "text": "A source says so."}]
    body = json.dumps({"noroshi": 1, "portions": portions, "tearline": LINE}).encode()
    report = trio.jp.send("cyber@nato", body=body, by="Lt Sato")
    trio.jp.ask(requests.Release(report=report, by="Cdr Ito"))
    trio.carry("jp", "nato")
    asked = requests.SendTearline(report=report, to=("cyber@au",), by="Lt Jansen", reason="ports")
    checked = trio.nato.ask(msgspec.structs.replace(asked, check=True))
    assert checked["reasons"] == ["jp has not consented; without --check it is asked"]
    request = trio.nato.ask(asked)["request"]
    trio.carry("nato", "jp")
    (row,) = trio.jp.ask(requests.Consents())
    assert (row["scope"], row["reasons"]) == ("TEARLINE", [])
    trio.jp.ask(requests.GrantConsent(request=request, by="Cdr Ito"))
    trio.carry("jp", "nato")
    with pytest.raises(InputError, match="does not name au"):
        trio.nato.ask(requests.PassOn(report=report, to=("cyber@au",)))
    answer = trio.nato.ask(asked)
    assert trio.carry("nato", "au") == [None]
    shown = trio.au.ask(requests.Show(report=answer["report"]))
    assert (shown["from"], shown["body"]) == ("cyber@nato", LINE["text"])
    assert (shown["marking"], shown["references"]) == ("TLP:GREEN", [report])
    unreleasable = msgspec.structs.replace(asked, to=("cyber@nz",))
    with pytest.raises(InputError, match="no partner 'nz' is known"):
        trio.nato.ask(unreleasable)


def test_a_tearline_that_is_gone_is_not_granted(trio: Trio) -> None:
    report = trio.sent()
    with pytest.raises(NotFoundError, match="has no tearline"):
        trio.nato.ask(requests.SendTearline(report=report, to=("cyber@au",)))
    with pytest.MonkeyPatch.context() as careless:
        careless.setattr(onward, "encode_request", encode_tearline_request)
        request = trio.nato.ask(requests.PassOn(report=report, to=("cyber@au",)))["request"]
    trio.carry("nato", "jp")
    with pytest.raises(InputError, match="has no tearline"):
        trio.jp.ask(requests.GrantConsent(request=request, by="Cdr Ito"))


def encode_tearline_request(asked: Any) -> bytes:
    return encode_request(msgspec.structs.replace(asked, scope=Scope.TEARLINE))


def test_a_report_referred_to_is_asked_for_a_third_partner(trio: Trio) -> None:
    agree(trio.jp, policy="JPN", level="極秘")
    kept = trio.jp.send("cyber@nato", marking="JPN 秘//REL TO NATO", by="Lt Sato", subject="Source")
    trio.jp.ask(requests.Release(report=kept, by="Cdr Ito"))
    told = requests.SendReport(body=b"x", to=("cyber@au",), references=(kept,))
    with pytest.raises(InputError) as caught:
        trio.jp.ask(told)
    assert f"au: the report {kept} that it refers to: " in caught.value.message
    assert "Source" not in caught.value.message
    assert trio.jp.waiting("au") == []
    agree(trio.jp, reference="jp-au", receiver="au", policy="JPN", level="極秘")
    widely = trio.jp.send("cyber@nato", marking="JPN 秘//REL TO NATO, AUS", by="Lt Sato")
    trio.jp.ask(requests.Release(report=widely, by="Cdr Ito"))
    sent = trio.jp.ask(msgspec.structs.replace(told, references=(widely,)))
    agree(trio.jp, reference="jp-au", receiver="au", policy="JPN", level="取扱注意")
    assert trio.jp.ask(requests.CourierOut(to="au", volume=1_000_000))["envelopes"] == 0
    assert [each["report"] for each in held(trio.jp)] == [sent["report"]]


def test_a_request_or_grant_that_is_not_for_this_node_is_refused(trio: Trio) -> None:
    report = trio.sent()
    with pytest.MonkeyPatch.context() as careless:
        careless.setattr(onward, "encode_request", lambda _: b'{"noroshi":1}')
        trio.nato.ask(requests.PassOn(report=report, to=("cyber@au",)))
        assert trio.carry("nato", "jp") == ["malformed"]
        wrong = b'{"noroshi":1,"report":"%s","head_digest":"%s","audience":["au"]}'
        told = wrong % (bytes(16).hex().encode(), bytes(32).hex().encode())
        careless.setattr(onward, "encode_request", lambda _: told)
        trio.nato.ask(requests.PassOn(report=report, to=("cyber@au",), again=True))
        assert trio.carry("nato", "jp") == ["not-found"]
    assert [row["state"] for row in trio.nato.ask(requests.Consents())] == ["REFUSED", "REFUSED"]
    assert trio.jp.ask(requests.Consents()) == []


@pytest.mark.parametrize("field", [{"holder": "au"}, {"originator": "au"}])
def test_a_grant_for_somebody_else_is_refused(trio: Trio, field: dict[str, str]) -> None:
    report = trio.sent()
    request = trio.nato.ask(requests.PassOn(report=report, to=("cyber@au",)))["request"]
    trio.carry("nato", "jp")
    real = SignedGrant.issue

    def issue(grant: Any, *keys: Any) -> SignedGrant:
        return real(msgspec.structs.replace(grant, **field), *keys)

    with pytest.MonkeyPatch.context() as careless:
        careless.setattr(SignedGrant, "issue", issue)
        trio.jp.ask(requests.GrantConsent(request=request, by="Cdr Ito"))
    assert trio.carry("jp", "nato") == ["no-consent"]
    assert trio.nato.ask(requests.Consents())[0]["state"] == "ASKED"


def test_the_same_grant_twice_is_one(trio: Trio) -> None:
    """An originator may sign and send again what it has granted."""
    report = trio.sent()
    granted = trio.consented(report)
    identity, house = trio.jp.node.identity, trio.nato.node.house
    with trio.nato.node.store.read() as tables:
        kept = tables.consents.grant(bytes.fromhex(granted["digest"]))
    assert kept is not None
    grant = kept.signed.grant
    again = SignedGrant.issue(grant, identity.card.card.profile, identity.report_signers)
    assert again.raw != kept.signed.raw

    def act(tx: Transaction) -> None:
        consents.note_grant(tx, again, kept.request_id, "jp", None, house.entropy)

    trio.nato.node.store.perform(act)
    assert kinds(trio.nato).count("ConsentGranted") == 1
    with trio.nato.node.store.read() as tables:
        assert tables.consents.grants_about(grant.head_digest) == [kept]


def test_what_encloses_less_than_it_says_is_refused(trio: Trio) -> None:
    report = trio.sent()
    trio.consented(report)
    with pytest.MonkeyPatch.context() as careless:
        careless.setattr(answers.consents, "encode_enclosure", lambda *_: b'{"noroshi":1}')
        passed = trio.passed(report)
    assert trio.carry("nato", "au") == ["malformed"]
    assert trio.au.ask(requests.Inbox()) == []
    (told,) = trio.nato.ask(requests.Status(report=passed))["recipients"]
    assert (told["rung"], told["failure"]["code"]) == ("REFUSED", "malformed")
    assert "Refused" in kinds(trio.au)


def test_what_was_passed_on_is_found_by_its_own_kind_and_by_both_partners(trio: Trio) -> None:
    report = trio.sent(body=INCIDENT)
    trio.consented(report)
    passed = trio.passed(report)
    assert trio.carry("nato", "au") == [None]
    for words in ("gateway", "gateway kind:cyber-incident", "from:jp", "from:nato"):
        (row,) = trio.au.ask(requests.Search(words=words))["found"]
        assert (row["report"], row["kind"], row["from"]) == (passed, "cyber-incident", "cyber@jp")
    assert trio.au.ask(requests.Search(words="kind:passed-on"))["found"] == []
