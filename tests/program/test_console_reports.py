"""A report at the console: its ladder, its files, passing it on, taking it back."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.program.conftest import Desk, befriend, make
from tests.program.console import Door, come_in, enter
from tests.program.test_console_accounts import House
from tests.program.waiting import until

pytestmark = pytest.mark.xdist_group("console-reports")

HTML = b"<!doctype html><script>alert(document.cookie)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


class Three:
    """Three nodes that are served, and the addresses of their consoles."""

    def __init__(self, desks: dict[str, Desk], urls: dict[str, str]) -> None:
        self.jp, self.nato, self.au = desks["jp"], desks["nato"], desks["au"]
        self.urls = urls

    def door(self, desk: Desk) -> Door:
        return come_in(desk, self.urls[desk.partner])

    def send(self, folder: Path, *given: str | Path, **fields: str) -> str:
        """Send a form from jp to nato; return its id."""
        form = folder / "form.json"
        form.write_text(
            json.dumps({"noroshi": 1, "kind": "cyber-incident", "summary": "Down.", **fields})
        )
        report = str(self.jp.ask("send", form, "--to", "cyber@nato", *given)["report"])
        self.jp.ask("wait", report, "--rung", "DELIVERED")
        return report


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Three]:
    folder = tmp_path_factory.mktemp("reports")
    desks = {name: make(folder, name) for name in ("jp", "nato", "au")}
    befriend(list(desks.values()))
    with ExitStack() as stack:
        urls = {name: stack.enter_context(desk.served())["url"] for name, desk in desks.items()}
        yield Three(desks, urls)


def id_in(page: str) -> str:
    return page.partition('name="id" value="')[2][:32]


def test_attachments_are_kept_and_never_shown(
    three: Three, browser: Browser, tmp_path: Path
) -> None:
    names = {"page.html": HTML, "picture.svg": SVG, 'a "b";x=1 侵入.txt': b"text"}
    given: list[str | Path] = []
    for name, content in names.items():
        (tmp_path / name).write_bytes(content)
        given += ["--attach", tmp_path / name]
    report = three.send(tmp_path, *given)
    three.jp.ask("wait", report, "--rung", "DELIVERED")
    door = three.door(three.nato)
    for number, content in enumerate(names.values(), 1):
        status, raw, headers = door.fetch("GET", f"/report/{report}/attachment/{number}")
        assert (status, raw) == (200, content)
        assert headers["content-type"] == "application/octet-stream"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-disposition"].startswith('attachment; filename="')
        assert "default-src 'none'" in headers["content-security-policy"]
    headers = door.fetch("GET", f"/report/{report}/attachment/3")[2]
    assert headers["content-disposition"] == (
        'attachment; filename="a _b__x_1 __.txt"; '
        "filename*=UTF-8''a%20_b__x_1%20%E4%BE%B5%E5%85%A5.txt"
    )
    for wrong in ("0", "4", "x", "-1"):
        assert door.ask("GET", f"/report/{report}/attachment/{wrong}")[0] == 404
    assert Door(door.url).ask("GET", f"/report/{report}/attachment/1")[0] == 401
    page, said = enter(browser, three.nato)
    page.goto(f"{door.url}/report/{report}")
    with page.expect_download() as download:
        page.click("text=page.html")
    assert download.value.suggested_filename == "page.html"
    assert said == []


def test_a_report_is_exported(three: Three, tmp_path: Path) -> None:
    report = three.send(tmp_path)
    door = three.door(three.nato)
    page = door.ask("GET", f"/report/{report}")[1]
    for form, begins in (("stix", "{"), ("cap", "<?xml")):
        assert f"/report/{report}/export/{form}" in page
        status, text, headers = door.ask("GET", f"/report/{report}/export/{form}")
        assert (status, text.startswith(begins)) == (200, True), text
        assert headers["content-disposition"].startswith("attachment")
    assert f"/report/{report}/export/original" not in page
    assert door.ask("GET", f"/report/{report}/export/original")[0] == 400
    assert door.ask("GET", f"/report/{report}/export/pdf")[0] == 404


def test_the_ladder_says_who_and_when_and_infers_nothing(
    three: Three, browser: Browser, tmp_path: Path
) -> None:
    report = three.send(tmp_path, precedence="flash")
    page, said = enter(browser, three.nato)
    page.goto(f"{three.urls['nato']}/report/{report}")
    ladder = page.locator("table.ladder")
    expect(ladder.locator("td.wait")).to_have_count(1)
    expect(page.locator(".act.hot")).to_have_count(1)
    page.fill("#note", "cannot <b>act</b>")
    page.click("button[value=decline]")
    expect(ladder.locator("td.fail")).to_contain_text("Declined")
    expect(ladder.locator("td.wait")).to_have_count(0)
    expect(page.locator(".act.hot")).to_have_count(0)
    expect(page.locator(".said")).to_contain_text("cannot <b>act</b>")
    expect(ladder.locator("tbody td").nth(3)).to_contain_text("Not yet")
    assert said == []


def test_what_no_page_asks_for_answers_nothing(three: Three, tmp_path: Path) -> None:
    report = three.send(tmp_path)
    door = three.door(three.nato)
    for act in ("", "ACKNOWLEDGE", "refuse"):
        assert door.post(f"/report/{report}", act=act)[0] == 400
    assert three.nato.ask("status", report)["recipients"][0]["rung"] == "SHOWN"


def test_a_report_is_passed_on_with_its_originators_consent(three: Three, tmp_path: Path) -> None:
    report = three.send(tmp_path)
    door = three.door(three.nato)
    page = door.ask("GET", f"/report/{report}")[1]
    assert 'value="cyber@au"' in page
    assert 'value="cyber@jp"' not in page, "its originator has it"
    asking = {"act": "pass-on", "id": id_in(page), "reason": "they see <it> too"}
    status, page, _ = door.post(f"/report/{report}", **asking)
    assert (status, "they see &lt;it&gt; too" in page) == (400, True), "what was typed stays"
    assert door.post(f"/report/{report}", **{**asking, "id": "x"}, to="cyber@au")[0] == 400
    assert door.post(f"/report/{report}", **asking, to="cyber@au")[0] == 303
    page = door.ask("GET", f"/report/{report}")[1]
    assert "Asked for consent" in page
    (row,) = [r for r in three.nato.ask_lines("consent", "list") if r["report"] == report]
    three.nato.ask("wait", row["request"], "--rung", "DELIVERED")
    originator = three.door(three.jp)
    wanted = originator.ask("GET", f"/report/{row['request']}")[1]
    assert "they see &lt;it&gt; too" in wanted
    assert f'href="/report/{report}"' in wanted
    assert originator.post(f"/report/{report}", act="consent", id=id_in(page))[0] == 400
    granting = {"act": "consent", "id": id_in(wanted)}
    for _ in range(2):  # a second click gives nothing twice
        assert originator.post(f"/report/{row['request']}", **granting)[0] == 303
    assert 'value="consent"' not in originator.ask("GET", f"/report/{row['request']}")[1]
    assert len(three.jp.ask_lines("consent", "list")) == 1
    until(lambda: "Consent given" in door.ask("GET", f"/report/{report}")[1])
    page = door.ask("GET", f"/report/{report}")[1]
    again = {**asking, "id": id_in(page)}
    status, page, _ = door.post(f"/report/{report}", **again, to="cyber@au")
    assert status == 303, page


def test_a_report_of_ours_is_taken_back(three: Three, tmp_path: Path) -> None:
    report = three.send(tmp_path)
    ours, theirs = three.door(three.jp), three.door(three.nato)
    page = ours.ask("GET", f"/report/{report}")[1]
    assert 'value="cancel"' in page
    assert 'value="acknowledge"' not in page
    assert 'value="cancel"' not in theirs.ask("GET", f"/report/{report}")[1]
    taking = {"act": "cancel", "id": id_in(page), "note": "sent by mistake"}
    assert theirs.post(f"/report/{report}", **taking)[0] == 400
    assert ours.post(f"/report/{report}", **taking)[0] == 303
    page = ours.ask("GET", f"/report/{report}")[1]
    assert "Cancelled" in page
    assert 'value="cancel"' not in page


def test_a_page_offers_what_the_account_may(tmp_path: Path) -> None:
    jp, nato = make(tmp_path, "jp"), make(tmp_path, "nato")
    befriend([jp, nato])
    text = tmp_path / "text.txt"
    text.write_text("Intrusion.\n")
    with nato.served(), jp.served() as ready:
        report = nato.ask("send", text, "--to", "cyber@jp", "--attach", text)["report"]
        nato.ask("wait", report, "--rung", "DELIVERED")
        house = House(jp, ready["url"], tmp_path / "words")
        house.add("Capt Abe", "administrator", "watch", by=())
        house.add("Lt Sato", "drafter")
        house.add("Ms Ueda", "auditor")
        shown = house.door("Capt Abe").ask("GET", f"/report/{report}")[1]
        assert 'value="acknowledge"' in shown
        assert f"/journal/proof/{report}" in shown
        assert 'value="pass-on"' not in shown
        shown = house.door("Lt Sato").ask("GET", f"/report/{report}")[1]
        assert 'value="acknowledge"' not in shown
        assert "/journal/proof/" not in shown
        assert 'value="pass-on"' in shown
        auditor = house.door("Ms Ueda")
        for path in ("", "/attachment/1", "/export/stix"):
            assert auditor.ask("GET", f"/report/{report}{path}")[0] == 400
