"""Persons with accounts at the console: passkeys, a proof anew, release by a second person."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, Route, expect

from tests.program.conftest import Desk, befriend, make
from tests.program.console import Door

pytestmark = pytest.mark.xdist_group("console-accounts")

WORDS = "correct horse battery"
AGREEMENT = {
    "agreement": 1, "reference": "jp-nato-1", "sender": "jp", "receiver": "nato", "is_mutual": True,
    "policy": "NATO", "level": "SECRET", "accepts_indicative": True, "valid_from": "2020-01-01",
    "valid_until": "2099-12-31",
}  # fmt: skip


class House:
    """A node with accounts, and whoever comes to its console."""

    def __init__(self, desk: Desk, url: str, words: Path) -> None:
        self.desk = desk
        self.url = url
        self._proof = {"NOROSHI_ACCOUNT_PASSPHRASE_FILE": str(words)}
        words.write_text(WORDS)
        self._words = words

    def run(self, *arguments: str) -> Any:
        ran = self.desk.run("--json", *arguments, environment=self._proof)
        assert ran.status == 0, ran.errors
        return json.loads(ran.output)

    def add(self, name: str, *roles: str, by: tuple[str, ...] = ("--as", "Capt Abe")) -> None:
        given = [part for role in roles for part in ("--role", role)]
        self.run(*by, "account", "add", name, *given, "--passphrase-file", str(self._words))

    def link(self, name: str) -> str:
        return str(self.run("--as", name, "console")["url"])

    def door(self, name: str) -> Door:
        door = Door(self.url)
        assert door.post("/enter", secret=self.link(name).rpartition("/")[2])[0] == 303
        return door


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("accounts")
    jp, nato = make(folder, "jp"), make(folder, "nato")
    befriend([jp, nato])
    with ExitStack() as stack:
        url = stack.enter_context(jp.served())["url"]
        stack.enter_context(nato.served())
        made = House(jp, url, folder / "words")
        made.add("Capt Abe", "administrator", by=())
        made.add("Lt Sato", "drafter", "watch")
        made.add("Cdr Mori", "releaser", "watch")
        made.add("Ms Ueda", "auditor")
        yield made


def come_in(browser: Browser, house: House, name: str) -> tuple[Page, CDPSession, list[str]]:
    """Return a page of somebody's own browser, which has an authenticator in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    devices = context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }  # fmt: skip
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto(house.link(name))
    page.click("main button")
    page.wait_for_selector("#actual", state="attached")
    return page, devices, said


def test_a_passkey_lets_its_owner_in_and_confirms_an_act(house: House, browser: Browser) -> None:
    page, _, said = come_in(browser, house, "Lt Sato")
    page.goto(f"{house.url}/passkeys")
    page.fill("#label", "blue key")
    page.click("form[data-passkey=make] button")
    expect(page.locator("tbody")).to_contain_text("blue key")
    page.click("form[action='/leave'] button")
    page.click("form[data-passkey=use] button")
    page.wait_for_selector("#actual", state="attached")
    expect(page.locator(".who")).to_contain_text("Lt Sato")
    page.goto(f"{house.url}/confirm?next=/passkeys")
    page.click("form[data-passkey=use] button")
    page.wait_for_url("**/passkeys")
    page.click("button[value=remove]")
    expect(page.locator("main")).not_to_contain_text("blue key")
    assert said == []
    events = house.run("--as", "Ms Ueda", "journal", "verify")
    assert events["ok"] is True


def test_a_passkey_is_asked_for_only_when_its_script_is_there(
    house: House, browser: Browser
) -> None:
    page, _, _ = come_in(browser, house, "Lt Sato")
    scripts: list[Route] = []

    def hold(script: Route) -> None:
        scripts.append(script)

    page.route("**/passkey.mjs", hold)
    page.goto(f"{house.url}/passkeys", wait_until="commit")
    button = page.locator("form[data-passkey=make] button")
    expect(button).to_be_disabled()
    for script in scripts:
        script.continue_()
    expect(button).to_be_enabled()


def test_a_passkey_that_was_removed_lets_nobody_in(house: House, browser: Browser) -> None:
    page, _, _ = come_in(browser, house, "Lt Sato")
    page.goto(f"{house.url}/passkeys")
    for label in ("first", "second"):
        page.fill("#label", label)
        page.click("form[data-passkey=make] button")
        if label == "first":
            expect(page.locator("tbody")).to_contain_text(label)
    expect(page.locator("[role=alert]:visible")).to_contain_text("did not answer")
    other, _, _ = come_in(browser, house, "Cdr Mori")
    other.goto(f"{house.url}/passkeys")
    other.fill("#label", "Mori")
    other.click("form[data-passkey=make] button")
    expect(other.locator("tbody")).to_contain_text("Mori")
    page.goto(f"{house.url}/passkeys")
    page.click("button[value=remove]")
    page.wait_for_load_state()
    page.click("form[action='/leave'] button")
    page.click("form[data-passkey=use] button")
    expect(page.locator("main")).to_contain_text("not registered here")


def test_what_is_no_answer_of_a_passkey_is_refused(house: House) -> None:
    door = house.door("Lt Sato")
    for answer in ("", "{}", "[]", "null", '{"id": "AA", "response": 1}', "x" * 40_000):
        assert door.post("/passkey", answer=answer)[0] == 400
        assert door.post("/passkeys", answer=answer, label="x")[0] == 400
    assert door.post("/passkeys", act="remove", credential="zz")[0] == 400
    assert door.post("/passkeys", act="remove", credential="00")[0] == 400
    assert door.ask("POST", "/passkey", {"answer": "{}"})[0] == 400, "from another site"


def test_a_passphrase_proves_anew_who_one_is(house: House) -> None:
    door = house.door("Lt Sato")
    assert "passphrase" in door.ask("GET", "/confirm?next=/release")[1]
    wrong = door.post("/confirm", passphrase=WORDS[1:], next="/release")
    assert wrong[0] == 400
    right = door.post("/confirm", passphrase=WORDS, next="/release")
    assert (right[0], right[2]["location"]) == (303, "/release")
    away = door.post("/confirm", passphrase=WORDS, next="//evil.example")
    assert away[2]["location"] == "/"


def test_one_person_writes_and_another_releases(
    house: House, browser: Browser, tmp_path: Path
) -> None:
    agreement = tmp_path / "agreement.json"
    agreement.write_text(json.dumps(AGREEMENT))
    house.run("--as", "Capt Abe", "agreement", "add", str(agreement))
    page, _, said = come_in(browser, house, "Lt Sato")
    page.goto(f"{house.url}/compose/cyber-incident")
    page.check('input[name=to][value="cyber@nato"]')
    page.select_option("select[name=level]", "NATO SECRET")
    page.fill("#f-summary", "Gateways down.")
    page.wait_for_selector("#verdict.yes")
    expect(page.locator("#because")).to_contain_text("NATO SECRET")
    page.click("#send")
    page.wait_for_url("**/release")
    page.go_back()
    page.wait_for_url("**/release")
    expect(page.locator("main")).to_contain_text("Gateways down.")
    page.click("button[value=release]")
    expect(page.locator("[role=alert]")).to_be_visible()
    other, _, heard = come_in(browser, house, "Cdr Mori")
    other.goto(f"{house.url}/release")
    expect(other.locator("main")).to_contain_text("Lt Sato")
    other.click("button[value=release]")
    other.wait_for_url("**/report/*")
    report = other.url.rpartition("/")[2]
    expect(page.locator("body")).to_be_visible()
    page.goto(f"{house.url}/")
    expect(page.locator(f'#sent [data-report="{report}"]')).to_contain_text("cyber@nato")
    assert said == [m for m in said if "400" in m]
    assert heard == []


def test_a_change_of_passkeys_ends_one_s_other_sessions(house: House, browser: Browser) -> None:
    other = house.door("Lt Sato")
    page, _, _ = come_in(browser, house, "Lt Sato")
    assert other.ask("GET", "/rows")[0] == 200
    page.goto(f"{house.url}/passkeys")
    page.fill("#label", "red key")
    page.click("form[data-passkey=make] button")
    expect(page.locator("tbody")).to_contain_text("red key")
    assert other.ask("GET", "/rows")[0] == 401
    page.click("button[value=remove]")
    expect(page.locator("main")).not_to_contain_text("red key")


def test_a_role_that_ends_closes_the_stream(house: House, browser: Browser) -> None:
    house.add("Lt Kato", "watch")
    page, _, _ = come_in(browser, house, "Lt Kato")
    house.run("--as", "Capt Abe", "account", "end", "Lt Kato")
    expect(page.locator("main")).to_contain_text("noroshi console", timeout=3_000)
