"""Break-glass at the console: made, kept apart, used once, and heard of at every desk."""

import json
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from noroshi.core.instant import SECOND
from tests.break_glass import code_at
from tests.program.conftest import make
from tests.program.console import Door
from tests.program.test_console_accounts import WORDS, House

pytestmark = pytest.mark.xdist_group("console-settings")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("glass")
    jp = make(folder, "jp")
    with jp.served() as ready:
        made = House(jp, ready["url"], folder / "words")
        made.add("Capt Abe", "administrator", by=())
        made.add("Lt Sato", "drafter", "watch")
        made.add("Lt Kato", "watch")
        yield made


def new_page(browser: Browser, locale: str = "en-GB") -> Page:
    return browser.new_context(viewport={"width": 1280, "height": 800}, locale=locale).new_page()


def code_now(uri: str) -> str:
    return code_at(uri, time.time_ns() // 1_000_000_000 * SECOND)


def test_it_lets_in_once_and_every_desk_hears_of_it(browser: Browser, house: House) -> None:
    watching, page = new_page(browser, "ja-JP"), new_page(browser)
    watching.goto(house.link("Lt Kato"))
    watching.click("main button")
    page.goto(house.link("Lt Sato"))
    page.click("main button")
    page.goto(f"{house.url}/passkeys")
    page.click("text=Break-glass access")
    page.click("text=Make a break-glass access")
    passphrase = page.inner_text("[data-field=passphrase]")
    uri = page.inner_text("[data-field=key]")
    assert page.locator("svg.qr").is_visible()
    page.click(".head .who + form button")
    page.click("text=Break-glass access")
    page.fill("#name", "lt sato")
    page.fill("#passphrase", passphrase)
    page.fill("#code", "000000" if code_now(uri) != "000000" else "111111")
    page.click("main button")
    expect(page.get_by_role("alert")).to_contain_text("do not open this console together")
    page.fill("#name", "lt sato")
    page.fill("#passphrase", passphrase)
    page.fill("#code", code_now(uri))
    page.click("main button")
    page.wait_for_selector("#actual", state="attached")
    expect(page.locator(".who").last).to_contain_text("Lt Sato")
    heard = "Lt Sato として緊急用アクセスでログインがありました"
    expect(watching.get_by_text(heard)).to_be_visible()
    # Whoever came in this way has just proven who they are, and may make another at once.
    page.goto(f"{house.url}/passkeys/break-glass")
    page.click("text=Make a break-glass access")
    expect(page.locator("[data-field=passphrase]")).not_to_have_text(passphrase)
    again = new_page(browser)
    again.goto(f"{house.url}/break-glass")
    again.fill("#name", "Lt Sato")
    again.fill("#passphrase", passphrase)
    again.fill("#code", code_now(uri))
    again.click("main button")
    expect(again.get_by_role("alert")).to_be_visible()


def test_the_passphrase_of_the_account_opens_nothing_here(house: House) -> None:
    door = house.door("Lt Kato")
    assert door.post("/break-glass", name="Lt Kato", passphrase=WORDS, code="123456")[0] == 400
    said = json.loads(house.desk.home.with_suffix(".log").read_text().splitlines()[-1])
    assert (said["event"], said["way"], said["code"]) == ("refused", "break-glass", "not-proven")


def test_the_command_makes_one(house: House) -> None:
    told = house.run("--as", "Lt Kato", "account", "break-glass", "Lt Kato")
    door = house.door("Lt Kato")
    proof = {"passphrase": told["passphrase"], "code": code_now(told["key_uri"])}
    before = dict(door.cookies)
    status, _, _ = door.post("/break-glass", name="Lt Kato", **proof)
    assert status == 303
    said = json.loads(house.desk.home.with_suffix(".log").read_text().splitlines()[-1])
    told = (said["event"], said["way"], said["account"])
    assert told == ("came-in", "break-glass", "Lt Kato")
    earlier, other = Door(house.url), house.door("Lt Kato")
    earlier.cookies = before
    assert earlier.ask("GET", "/rows")[0] == 401, "the browser has one session"
    assert door.post("/passkeys/break-glass")[0] == 200
    assert other.ask("GET", "/rows")[0] == 401, "a change of proofs ends the others"
    assert "Lt Kato" in door.ask("GET", "/settings")[1]
