"""The watch at the console: lines and their plots, handing a desk over, the journal and proofs."""

import http.client
import json
import urllib.parse
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.instant import MINUTE
from noroshi.flow.records import LineCheck
from noroshi.flow.tables import Transaction
from tests.program.conftest import Desk, befriend, make, opened, run
from tests.program.console import Door, come_in, enter, link_of
from tests.program.test_watch import tune

pytestmark = pytest.mark.xdist_group("console-watch")

LANGUAGES = ("en", "ja", "fr", "ko", "id")
HOSTILE = '<b>Mori</b> & "Co" {x}'
AGREEMENT = {
    "agreement": 1, "reference": "NATO-JP 1/2026", "sender": "nato", "receiver": "jp",
    "is_mutual": True, "policy": "NATO", "level": "SECRET", "valid_from": "2026-01-01",
    "valid_until": "2029-12-31", "areas": [], "caveats": [], "accepts_indicative": False,
}  # fmt: skip
PAGES = ("/lines", "/desk", "/desk/cyber/staffed", "/desk/ops/silent", "/journal")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Desk, str]]:
    """Two nodes that are served, and the address of nato's console; its line has a history."""
    folder = tmp_path_factory.mktemp("watch")
    jp, nato = make(folder, "jp"), make(folder, "nato", desks=("cyber", "ops"))
    befriend([jp, nato])
    with opened(nato) as house:
        now = house.clock.now()

        def checked(tx: Transaction) -> None:
            for number, trip in enumerate((40_000, 52_000, None, None, 61_000)):
                at, code = now - (5 - number) * MINUTE, None if trip else "unreachable"
                check = LineCheck(outgoing=True, at=at, bearer="push", round_trip=trip, code=code)
                tx.watch.add_check("jp", check)
            ending = Alarm(AlarmKind.AGREEMENT_ENDS, "jp", now, detail="'A' on <i>2026</i>")
            tx.watch.raise_alarm(ending)

        house.store.perform(checked)
    with ExitStack() as stack:
        stack.enter_context(jp.served())
        ready = stack.enter_context(nato.served())
        yield jp, nato, ready["url"]


def come_as(desk: Desk, url: str, person: str) -> Door:
    door = Door(url)
    secret = link_of(desk, person).rpartition("/")[2]
    assert door.post("/enter", secret=secret)[0] == 303
    return door


def sit_down(browser: Browser, desk: Desk, person: str) -> tuple[Page, list[str]]:
    page = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en").new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(link_of(desk, person))
    page.click("main button")
    page.wait_for_selector("#actual", state="attached")
    return page, said


def sent(jp: Desk, text: Path, *given: str) -> str:
    report = str(jp.ask("send", text, "--to", "cyber@nato", *given)["report"])
    jp.ask("wait", report, "--rung", "DELIVERED")
    return report


def value_of(page: str, name: str) -> str:
    return page.partition(f'name="{name}" value="')[2].partition('"')[0]


def test_nobody_sees_the_pages_of_the_watch_from_outside(served: tuple[Desk, Desk, str]) -> None:
    _, _, url = served
    door = Door(url)
    for path in (*PAGES, "/journal/proof/00000000"):
        status, page, _ = door.ask("GET", path)
        assert (status, "noroshi console" in page) == (401, True)
    assert door.post("/desk/cyber/staffed", act="take")[0] == 401
    assert door.post("/journal")[0] == 401


def test_lines_have_a_state_a_plot_and_the_table_behind_it(
    served: tuple[Desk, Desk, str], text: Path
) -> None:
    jp, nato, url = served
    report = sent(jp, text, "--area", "cyber", "--precedence", "immediate")
    nato.ask("ack", report, "--by", "Lt Jansen")
    page = come_in(nato, url).ask("GET", "/lines")[1]
    assert page.count('role="img"') == 3, "round trip, acknowledgements, traffic"
    assert 'class="missed"' in page
    assert "Median" in page
    assert "Cyber defence" in page
    assert "unreachable" in page
    assert " style=" not in page


def test_bad_addresses_of_a_desk_are_said(served: tuple[Desk, Desk, str]) -> None:
    _, nato, url = served
    door = come_in(nato, url)
    for path in ("/desk/nobody/staffed", "/desk/cyber/asleep"):
        assert door.ask("GET", path)[0] == 404
        assert door.post(path, act="take")[0] == 404
    elsewhere = door.ask("POST", "/desk/cyber/staffed", {"act": "take"}, Origin="https://x.example")
    assert elsewhere[0] == 400
    assert nato.ask("desk", "log", "cyber") == []


def test_a_watch_is_taken_with_what_is_open_there(
    served: tuple[Desk, Desk, str], text: Path
) -> None:
    jp, nato, url = served
    door = come_as(nato, url, HOSTILE)
    shown = door.ask("GET", "/desk/cyber/staffed")[1]
    report = sent(jp, text, "--subject", "Came meanwhile")
    note = "<i>two</i> open\u202e"
    seen = value_of(shown, "seen")
    status, page, _ = door.post("/desk/cyber/staffed", act="take", seen=seen, note=note)
    assert status == 409, "what came in meanwhile is shown before it counts"
    assert report in page
    assert "&lt;i&gt;two&lt;/i&gt; open" in page, "what was typed stays"
    seen = value_of(page, "seen")
    assert door.post("/desk/cyber/staffed", act="take", seen=seen, note=note)[0] == 303
    (logged,) = nato.ask_lines("desk", "log", "cyber")
    assert (logged["state"], logged["by"], logged["note"]) == ("STAFFED", HOSTILE, note)
    desks = door.ask("GET", "/desk")[1]
    assert "<b>Mori</b>" not in desks
    assert "\u202e" not in desks
    assert "&lt;b&gt;Mori&lt;/b&gt;" in desks
    assert "The watch is yours" in desks
    refused = door.post("/desk/cyber/silent", act="take", seen=seen, note="x" * 5000)
    assert refused[0] == 400
    assert "x" * 5000 in refused[1]


def test_a_handover_names_who_gives_and_who_takes(
    served: tuple[Desk, Desk, str], browser: Browser
) -> None:
    _, nato, url = served
    first, heard = sit_down(browser, nato, "Lt Mori")
    first.goto(f"{url}/desk/ops/staffed")
    first.fill("#note", "quiet")
    first.click('button[value="take"]')
    first.wait_for_url("**/desk")
    expect(first.locator(".panel.mine")).to_contain_text("The watch is yours")
    second, said = sit_down(browser, nato, "Lt Sato")
    second.goto(f"{url}/desk")
    second.click('a[href="/desk/ops/staffed"]')
    late = come_as(nato, url, "Lt Abe")
    stale = late.ask("GET", "/desk/ops/staffed")[1]
    second.fill("#note", "all read")
    second.get_by_role("button", name="Take over from Lt Mori").click()
    second.wait_for_url("**/desk")
    newest = nato.ask_lines("desk", "log", "ops")[-1]
    assert (newest["from"], newest["by"], newest["note"]) == ("Lt Mori", "Lt Sato", "all read")
    first.reload()
    expect(first.get_by_role("link", name="Take over from Lt Sato")).to_be_visible()
    refused = late.post(
        "/desk/ops/staffed", act="handover", seen=value_of(stale, "seen"), held="Lt Mori", note="?"
    )
    assert (refused[0], "held by Lt Sato" in refused[1]) == (400, True)
    for state in ("silent", "unstaffed"):
        second.goto(f"{url}/desk/ops/{state}")
        second.click('button[value="take"]')
        second.wait_for_url("**/desk")
    states = [line["state"] for line in nato.ask_lines("desk", "log", "ops")]
    assert states == ["STAFFED", "STAFFED", "SILENT", "UNSTAFFED"]
    assert said == heard == []


def test_an_alarm_is_taken_at_the_desk(served: tuple[Desk, Desk, str]) -> None:
    _, nato, url = served
    door = come_as(nato, url, "Lt Sato")
    page = door.ask("GET", "/desk")[1]
    number = page.partition('action="/alarm/')[2].partition('"')[0]
    assert "<i>2026</i>" not in page
    assert door.post("/alarm/99999", back="/desk")[0] == 404
    for away in ("https://evil.example", "//evil.example", ""):
        status, _, headers = door.post(f"/alarm/{number}", back=away)
        assert (status, headers["location"]) == (303, "/")
    status, _, headers = door.post(f"/alarm/{number}", back="/desk")
    assert (status, headers["location"]) == (303, "/desk")
    page = door.ask("GET", "/desk")[1]
    assert "taken by Lt Sato" in page
    assert f'action="/alarm/{number}"' not in page


def test_a_proof_is_found_kept_as_a_file_and_verified(
    served: tuple[Desk, Desk, str], text: Path, tmp_path: Path
) -> None:
    jp, nato, url = served
    report = sent(jp, text)
    door = come_in(nato, url)
    for wrong in ("zz", "ffffffff", "<script>", "%00"):
        status, page, _ = door.ask("GET", f"/journal?report={wrong}")
        assert (status, "<script>" in page) == (400, False)
    assert door.ask("GET", "/journal/proof/ffffffff")[0] == 404
    page = door.ask("GET", f"/journal?report={report[:13]}")[1]
    assert f'href="/journal/proof/{report}"' in page
    cookies = "; ".join(f"{k}={v}" for k, v in door.cookies.items())
    raw, headers = fetched(f"{url}/journal/proof/{report}", cookies)
    assert f'attachment; filename="proof-{report[:8]}.noroshi";' in headers["content-disposition"]
    assert headers["x-content-type-options"] == "nosniff"
    file = tmp_path / "proof.noroshi"
    file.write_bytes(raw)
    cards = [w for d in (jp, nato) for w in ("--card", d.home.with_suffix(".card"))]
    verified = run("verify", file, *cards)
    assert verified.status == 0, verified.errors


def fetched(url: str, cookies: str) -> tuple[bytes, dict[str, str]]:
    door = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(door.hostname or "", door.port, timeout=10)
    connection.request("GET", door.path, headers={"Cookie": cookies})
    answer = connection.getresponse()
    raw = answer.read()
    connection.close()
    return raw, {name.lower(): value for name, value in answer.getheaders()}


def test_the_journal_is_computed_anew_on_request(served: tuple[Desk, Desk, str]) -> None:
    _, nato, url = served
    door = come_in(nato, url)
    page = door.ask("GET", "/journal")[1]
    assert "noroshi/nato/1" in page, "the newest checkpoint"
    assert "verdict" not in page
    status, page, _ = door.post("/journal", act="verify")
    assert (status, "verdict yes" in page) == (200, True)
    assert nato.ask("journal", "verify")["root"] in page


def test_a_draft_is_released_by_a_second_name_without_accounts(
    served: tuple[Desk, Desk, str], tmp_path: Path
) -> None:
    _, nato, url = served
    agreement = tmp_path / "agreement.json"
    agreement.write_text(json.dumps(AGREEMENT))
    nato.ask("agreement", "add", agreement, "--by", "Lt Sato")
    given = ("--to", "cyber@jp", "--marking", "NATO SECRET//REL TO JPN", "--by", "Lt Sato")
    nato.ask("send", "-", *given, given=b"a plan")
    (row,) = nato.ask_lines("release", "queue")
    path = f"/release/{row['report']}"
    assert come_as(nato, url, "Lt Sato").post(path, act="release")[0] == 400, "who wrote it"
    status, _, headers = come_as(nato, url, "Cdr Ito").post(path, act="release")
    assert (status, headers["location"]) == (303, f"/report/{row['report']}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_page_is_whole_in_each_language(
    served: tuple[Desk, Desk, str], browser: Browser, language: str
) -> None:
    _, nato, url = served
    page, said = sit_down(browser, nato, "Lt Sato")
    titles = set()
    for path in PAGES:
        page.goto(url + path)
        page.click(f'button[lang="{language}"]')
        page.wait_for_selector(f'html[lang="{language}"]')
        assert page.url == url + path
        titles.add(page.inner_text("h1"))
        for each in page.query_selector_all("main table"):
            assert each.query_selector("caption"), path
            assert each.query_selector_all("th[scope=col]"), path
    assert len(titles) == len(PAGES)
    page.set_viewport_size({"width": 390, "height": 800})
    for path in PAGES:
        page.goto(url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    assert said == []


def test_a_person_sees_and_does_what_their_account_may(served: tuple[Desk, Desk, str]) -> None:
    """Last in this file: from the first account on every visitor needs one."""
    _, nato, url = served
    words = nato.home.parent / "words"
    words.write_text("correct horse battery")
    named = {"NOROSHI_ACCOUNT_PASSPHRASE_FILE": str(words)}

    def asked(*arguments: str) -> Any:
        ran = nato.run("--json", *arguments, environment=named)
        assert ran.status == 0, ran.errors
        return json.loads(ran.output)

    def door_of(name: str) -> Door:
        door = Door(url)
        secret = asked("--as", name, "console")["url"].rpartition("/")[2]
        assert door.post("/enter", secret=secret)[0] == 303
        return door

    asked("account", "add", "Capt Abe", "--role", "administrator")
    for name, role in (("Ms Ueda", "auditor"), ("Lt Mori", "watch@cyber"), ("Lt Doi", "drafter")):
        given = ("account", "add", name, "--role", role, "--passphrase-file", str(words))
        asked("--as", "Capt Abe", *given)
    auditor, officer, drafter = map(door_of, ("Ms Ueda", "Lt Mori", "Lt Doi"))
    assert [auditor.ask("GET", path)[0] for path in PAGES] == [400, 400, 400, 400, 200]
    assert [officer.ask("GET", path)[0] for path in PAGES] == [200, 200, 200, 400, 400]
    assert officer.ask("GET", "/journal/proof/00000000")[0] == 400
    desks = officer.ask("GET", "/desk")[1]
    assert 'href="/desk/cyber/staffed"' in desks
    assert 'href="/desk/ops/staffed"' not in desks
    assert 'href="/desk/cyber/staffed"' not in drafter.ask("GET", "/desk")[1]
    assert drafter.ask("GET", "/desk/cyber/staffed")[0] == 400
    for door, desk, status in (
        (drafter, "cyber", 400),
        (officer, "ops", 400),
        (officer, "cyber", 303),
    ):
        seen = value_of(officer.ask("GET", f"/desk/{desk}/staffed")[1], "seen")
        assert door.post(f"/desk/{desk}/staffed", act="take", seen=seen)[0] == status
    log = nato.run("--json", "--as", "Capt Abe", "desk", "log", "cyber", environment=named).lines
    assert log[-1]["by"] == "Lt Mori"


def test_the_board_s_lines_and_desks_change_without_a_reload(
    tmp_path: Path, browser: Browser
) -> None:
    jp, nato = make(tmp_path, "jp"), make(tmp_path, "nato")
    befriend([jp, nato])
    tune(jp, check_minutes="0.02")
    with jp.served():
        with nato.served():
            page, _ = enter(browser, jp)
            line = page.locator('#line-list tr[data-partner="nato"]')
            expect(line.locator(".state.calm")).to_be_visible()
            page.evaluate("window.isTheSame = true")
            nato.ask("desk", "state", "cyber", "staffed", "--by", "Maj Dupont")
            expect(line).to_contain_text("cyber Staffed")
            assert page.evaluate("window.isTheSame")
        expect(line.locator(".state.bad")).to_be_visible()
