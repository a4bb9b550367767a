"""The console, as a browser meets it: who comes in, what a board shows live, what is answered."""

import json
import re
import urllib.parse
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.program.conftest import Desk, befriend, make
from tests.program.console import Door, come_in, enter, link_of

pytestmark = pytest.mark.xdist_group("console")

ACKNOWLEDGE = {
    "ja": "受領確認する", "en": "Acknowledge", "fr": "Accuser réception",
}  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Desk, str]]:
    """Two nodes that are served, and the address of nato's console."""
    folder = tmp_path_factory.mktemp("console")
    jp, nato = make(folder, "jp"), make(folder, "nato", desks=("cyber", "ops"))
    befriend([jp, nato])
    with ExitStack() as stack:
        stack.enter_context(jp.served())
        ready = stack.enter_context(nato.served())
        yield jp, nato, ready["url"]


def test_nobody_comes_in_without_a_link(served: tuple[Desk, Desk, str]) -> None:
    _, nato, url = served
    door = Door(url)
    status, text, headers = door.ask("GET", "/")
    assert (status, "noroshi console" in text) == (200, True)
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "require-trusted-types-for 'script'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert door.ask("GET", "/rows")[0] == 401
    assert door.ask("GET", "/events")[0] == 401
    assert door.ask("GET", "/report/00000000")[0] == 401
    assert door.post("/alarm/1")[0] == 401
    path = urllib.parse.urlsplit(link_of(nato)).path
    assert door.ask("GET", path)[0] == 200, "looking ahead uses no link up"
    secret = path.rpartition("/")[2]
    assert door.ask("POST", "/enter", {"secret": secret})[0] == 400, "from nowhere"
    elsewhere = door.ask("POST", "/enter", {"secret": secret}, Origin="https://evil.example")
    assert elsewhere[0] == 400
    status, _, headers = door.post("/enter", secret=secret)
    assert status == 303
    cookie = headers["set-cookie"].lower()
    assert all(word in cookie for word in ("__host-", "secure", "httponly", "samesite=strict"))
    assert door.ask("GET", "/rows")[0] == 200
    assert Door(url).post("/enter", secret=secret)[0] == 400, "a link works once"
    assert door.post("/leave")[0] == 303
    assert door.ask("GET", "/rows")[0] == 401


def test_what_is_asked_wrongly_is_said(served: tuple[Desk, Desk, str]) -> None:
    _, nato, url = served
    door = come_in(nato, url)
    assert door.ask("GET", "/report/ffffffff")[0] == 404
    assert door.ask("GET", "/static/door.py")[0] == 404
    assert door.ask("GET", "/static/noroshi.css")[0] == 200
    assert door.post("/alarm/99999")[0] == 404
    assert door.post("/leave", filler="x" * 70_000)[0] == 400
    for away in ("//evil.example", "/\\evil.example", "https://evil.example"):
        assert door.post("/language", to="fr", back=away)[2]["location"] == "/"
    assert door.post("/language", to="xx")[0] == 400
    assert 'lang="fr"' in door.ask("GET", "/")[1]


def test_without_scripts_a_report_is_read_and_answered(
    served: tuple[Desk, Desk, str], text: Path
) -> None:
    jp, nato, url = served
    report = jp.ask("send", text, "--to", "cyber@nato")["report"]
    jp.ask("wait", report, "--rung", "DELIVERED")
    door = come_in(nato, url)
    assert report in door.ask("GET", "/")[1]
    page = door.ask("GET", f"/report/{report}")[1]
    assert "侵入を確認。" in page
    refused = door.post(f"/report/{report}", act="decline")
    assert (refused[0], "say why" in refused[1]) == (400, True)
    assert door.post(f"/report/{report}", act="acknowledge", note="on it")[0] == 303
    jp.ask("wait", report, "--rung", "ACKNOWLEDGED")
    (recipient,) = jp.ask("status", report)["recipients"]
    assert recipient["rungs"]["ACKNOWLEDGED"]["by"] == "Lt Jansen"


def test_a_flash_arrives_on_an_open_board_and_is_acknowledged(
    served: tuple[Desk, Desk, str], browser: Browser, tmp_path: Path
) -> None:
    jp, nato, _ = served
    page, said = enter(browser, nato)
    ours, heard = enter(browser, jp)
    file = tmp_path / "flash.txt"
    file.write_text("One.\n")
    given = ("--to", "cyber@nato", "--precedence", "flash", "--subject", "Gateways <b>down</b>")
    report = jp.ask("send", file, *given)["report"]
    row = page.wait_for_selector(f'[data-report="{report}"].is-hot')
    assert row is not None
    assert "Gateways <b>down</b>" in row.inner_text()
    assert page.title().startswith("(1) ")
    page.click("#sound")
    expect(page.locator("#sound")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#sound")).to_have_attribute(
        "data-rang", re.compile("[2-9]"), timeout=9_000
    )
    expect(page.locator("body[data-ringing]")).to_be_visible()
    page.click(f'[data-report="{report}"] a')
    for language, label in ACKNOWLEDGE.items():
        page.click(f'button[lang="{language}"]')
        page.wait_for_selector(f'html[lang="{language}"]')
        assert label in page.inner_text("main")
    page.fill("#note", "on it")
    page.click('button[value="acknowledge"]')
    expect(page.locator(".answered")).to_contain_text("Lt Jansen")
    expect(page.locator('button[value="acknowledge"]')).to_have_count(0)
    expect(ours.locator(f'#sent [data-report="{report}"]')).to_contain_text("Lt Jansen")
    assert heard == []
    page.goto(page.url.partition("/report")[0] + "/")
    page.wait_for_selector(f'[data-report="{report}"].is-done')
    expect(page.locator("body[data-ringing]")).to_have_count(0)
    assert said == [], "no report of the policy, no error of a script"


def test_an_answer_from_a_page_that_is_behind_waits_for_a_second_look(
    served: tuple[Desk, Desk, str], browser: Browser, text: Path
) -> None:
    jp, nato, url = served
    report = jp.ask("send", text, "--to", "cyber@nato", "--precedence", "flash")["report"]
    page, said = enter(browser, nato)
    page.click(f'[data-report="{report}"] a')
    page.wait_for_selector('button[value="decline"]')
    behind = page.context.new_page()
    behind.goto(f"{url}/report/{report}")
    page.click('button[value="acknowledge"]')
    expect(page.locator(".answered")).to_contain_text("Lt Jansen")
    behind.fill("#note", "not ours")
    behind.click('button[value="decline"]')
    expect(behind.locator("main [role=alert]")).to_contain_text("Nothing was recorded")
    expect(behind.locator("#note")).to_have_value("not ours")
    rungs = nato.ask("status", report)["recipients"][0]["rungs"]
    assert "ACKNOWLEDGED" in rungs
    assert "DECLINED" not in rungs
    behind.click('button[value="decline"]')
    expect(behind.locator(".answered")).to_have_count(2)
    assert said == [], "no report of the policy, no error of a script"


def test_words_without_end_stay_in_their_place_and_the_sender_s_page_follows(
    served: tuple[Desk, Desk, str], browser: Browser, text: Path
) -> None:
    jp, nato, _ = served
    theirs, said = enter(browser, nato)
    ours, heard = enter(browser, jp)
    given = ("--to", "cyber@nato", "--precedence", "flash", "--subject", "W" * 200)
    report = jp.ask("send", text, *given)["report"]
    for page in (ours, theirs):
        page.locator(f'[data-report="{report}"] a').click()
        page.wait_for_url("**/report/*")
    expect(ours.locator("td.rung .vh")).to_have_count(2)  # it was shown: the page has followed
    ours.evaluate("window.isAsItWas = true")
    with ours.expect_response("**/rows"):
        jp.ask("send", text, "--to", "cyber@nato")
    assert ours.evaluate("window.isAsItWas"), "it is loaded anew for another report"
    nato.ask("decline", report, "--by", "Lt Jansen", "--note", "N" * 900)
    expect(ours.locator("main")).to_contain_text("NNNN")
    theirs.reload()
    for page in (ours, theirs):
        for path in (page.url, page.url.partition("/report")[0]):
            page.goto(path)
            for width in (1280, 640, 390):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate("document.documentElement.scrollWidth") == width, path
    assert said + heard == []


def test_a_report_to_two_desks_has_two_rows_however_often_the_board_follows(
    served: tuple[Desk, Desk, str], browser: Browser, text: Path
) -> None:
    jp, nato, _ = served
    page, said = enter(browser, nato)
    both = jp.ask("send", text, "--to", "cyber@nato", "--to", "ops@nato")["report"]
    for _ in range(3):
        another = jp.ask("send", text, "--to", "cyber@nato")["report"]
        expect(page.locator(f'#actual [data-report="{another}"]')).to_have_count(1)
    rows = page.locator(f'#actual [data-report="{both}"]')
    expect(rows).to_have_count(2)
    assert [row.get_attribute("data-desk") for row in rows.all()] == ["cyber", "ops"]
    assert said == []


def test_an_exercise_stays_apart_from_actual_traffic(
    served: tuple[Desk, Desk, str], browser: Browser, text: Path
) -> None:
    jp, nato, _ = served
    page, said = enter(browser, nato)
    report = jp.ask(
        "send", text, "--to", "cyber@nato", "--precedence", "flash", "--status", "exercise"
    )["report"]
    row = page.wait_for_selector(f'#drill [data-report="{report}"]')
    assert row is not None
    assert "EXERCISE" in row.inner_text()
    assert page.query_selector(f'#actual [data-report="{report}"]') is None
    assert said == []


def test_a_person_sees_what_their_account_may(served: tuple[Desk, Desk, str]) -> None:
    """Last in this file: from the first account on every visitor needs one."""
    _, nato, url = served
    before = come_in(nato, url)
    words = nato.home.parent / "words"
    words.write_text("correct horse battery")
    named = {"NOROSHI_ACCOUNT_PASSPHRASE_FILE": str(words)}

    def run(*arguments: str) -> Any:
        ran = nato.run("--json", *arguments, environment=named)
        assert ran.status == 0, ran.errors
        return json.loads(ran.output)

    run("account", "add", "Capt Abe", "--role", "administrator")
    auditor = ("account", "add", "Ms Ueda", "--role", "auditor", "--passphrase-file", str(words))
    run("--as", "Capt Abe", *auditor)
    assert "noroshi console" in before.ask("GET", "/")[1], "nobody of that name has an account"
    link = run("--as", "Ms Ueda", "console")
    assert link["by"] == "Ms Ueda"
    door = Door(url)
    assert door.post("/enter", secret=link["url"].rpartition("/")[2])[0] == 303
    status, board, _ = door.ask("GET", "/")
    assert (status, re.findall('data-report="[0-9a-f]+"', board)) == (200, [])
    run("--as", "Capt Abe", "account", "end", "Ms Ueda")
    assert door.ask("GET", "/rows")[0] == 401
