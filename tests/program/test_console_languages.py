"""A whole watch in each language: by the names that the pages give to what is clicked."""

import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from noroshi.adapters.words import shipped_lexicon
from noroshi.core.lexicon.lexicon import Language
from tests.program.conftest import Desk, befriend, make
from tests.program.console import enter
from tests.program.test_console_accounts import AGREEMENT, House
from tests.program.test_console_accounts import come_in as come_with_passkeys

pytestmark = pytest.mark.xdist_group("console-languages")

LEXICON = shipped_lexicon()
NEWCOMERS = dict(zip(Language, ("au", "kr", "nz", "ca", "us"), strict=True))
"""In each language another partner is met."""


class Scene:
    """A node with accounts, one without, and the cards of newcomers."""

    def __init__(self, house: House, nato: Desk, cards: dict[str, bytes]) -> None:
        self.house = house
        self.nato = nato
        self.cards = cards


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("languages")
    jp, nato = make(folder, "jp"), make(folder, "nato")
    befriend([jp, nato])
    cards = {}
    for name in NEWCOMERS.values():
        other = Desk(name, folder / name)
        given = ("--partner", name, "--name", name, "--profile", "H3", "--desk", "cyber")
        other.run("init", *given, "--peer", "127.0.0.1:1")
        cards[name] = other.run("partner", "card").output
    agreement = folder / "agreement.json"
    agreement.write_text(json.dumps(AGREEMENT))
    jp.ask("agreement", "add", agreement, "--by", "Capt Abe")
    with ExitStack() as stack:
        url = stack.enter_context(jp.served())["url"]
        stack.enter_context(nato.served())
        house = House(jp, url, folder / "words")
        house.add("Capt Abe", "administrator", by=())
        house.add("Lt Sato", "drafter", "watch")
        house.add("Cdr Mori", "releaser", "watch")
        yield Scene(house, nato, cards)


class Reader:
    """A page in a language, and its words."""

    def __init__(self, page: Page, said: list[str], language: Language) -> None:
        self.page = page
        self.said = said
        self.language = language
        page.locator(f'button[lang="{language.value}"]').click()
        page.wait_for_selector(f'html[lang="{language.value}"]')

    def say(self, code: str, **values: str) -> str:
        return LEXICON.sentence(code, self.language, **values)

    def click(self, code: str, within: str = "main") -> None:
        """Click on what bears that name, as a person finds it: a button, a link, what unfolds."""
        place = self.page.locator(within)
        name = self.say(code)
        found = place.get_by_role("button", name=name, exact=True)
        found = found.or_(place.get_by_role("link", name=name, exact=True))
        found.or_(place.locator("summary", has_text=name)).first.click()

    def fill(self, code: str, text: str, **values: str) -> None:
        self.page.get_by_label(self.say(code, **values), exact=True).first.fill(text)

    def go(self, code: str) -> None:
        self.click(code, "nav")


def come_in(
    browser: Browser, house: House, name: str, language: Language
) -> tuple[Reader, CDPSession]:
    page, devices, said = come_with_passkeys(browser, house, name)
    return Reader(page, said, language), devices


@pytest.mark.parametrize("language", list(Language), ids=lambda each: each.value)
def test_a_watch_from_its_first_to_its_last_act(
    scene: Scene, browser: Browser, language: Language
) -> None:
    house = scene.house
    subject = f"Gateways down ({language.value})"
    sato, _ = come_in(browser, house, "Lt Sato", language)
    log_in_with_a_passkey(sato, house)
    take_the_watch(sato)
    write(sato, subject)
    mori, _ = come_in(browser, house, "Cdr Mori", language)
    report = release(mori, subject)
    page, said = enter(browser, scene.nato)
    nato = Reader(page, said, language)
    acknowledge(nato, report)
    sato.go("ui.board")
    expect(sato.page.locator(f'#sent [data-report="{report}"]')).to_contain_text("Lt Jansen")
    hand_over(mori)
    abe, _ = come_in(browser, house, "Capt Abe", language)
    newcomer = NEWCOMERS[language]
    verify(abe, newcomer, scene.cards[newcomer])
    revoke(abe, newcomer)
    assert [line for reader in (sato, mori, nato, abe) for line in reader.said] == []


def log_in_with_a_passkey(reader: Reader, house: House) -> None:
    page = reader.page
    page.goto(f"{house.url}/passkeys")
    reader.fill("ui.passkey_label", f"key {reader.language.value}")
    reader.click("ui.passkey_add")
    expect(page.locator("tbody")).to_contain_text(f"key {reader.language.value}")
    reader.click("ui.logout", "header")
    reader.click("ui.passkey_enter")
    page.wait_for_selector("#actual", state="attached")
    expect(page.locator(".who").last).to_contain_text("Lt Sato")


def take_the_watch(reader: Reader) -> None:
    reader.go("desk.desk")
    reader.page.locator('a[href="/desk/cyber/staffed"]').click()
    reader.page.locator("button[value=take]").click()
    reader.page.wait_for_url("**/desk")
    expect(reader.page.locator("main")).to_contain_text("Lt Sato")


def write(reader: Reader, subject: str) -> None:
    """Write what needs a second person."""
    page = reader.page
    reader.go("ui.compose")
    reader.click("kind.cyber")
    page.locator("input[name=precedence][value=flash]").check()
    page.locator('input[name=to][value="cyber@nato"]').check()
    page.get_by_label(reader.say("mark.level"), exact=True).select_option("NATO SECRET")
    reader.fill("addr.subject", subject)
    page.locator("#f-summary").fill("No traffic since 06:12Z.")
    page.wait_for_selector("#verdict.yes")
    expect(page.locator("#big")).to_have_text(reader.say("agr.yes"))
    reader.click("ui.send")
    page.wait_for_url("**/release")


def release(reader: Reader, subject: str) -> str:
    reader.go("ui.release_queue")
    draft = reader.page.locator("main article", has_text=subject).first
    draft.get_by_role("button", name=reader.say("ui.release"), exact=True).click()
    reader.page.wait_for_url("**/report/*")
    expect(reader.page.locator("h1")).to_contain_text(subject)
    return reader.page.url.rpartition("/")[2]


def acknowledge(reader: Reader, report: str) -> None:
    row = reader.page.locator(f'#actual [data-report="{report}"].is-hot')
    row.locator("a").first.click()
    reader.click("act.acknowledge")
    expect(reader.page.locator("main")).to_contain_text(reader.say("rung.acknowledged"))


def hand_over(reader: Reader) -> None:
    """Take the watch from whoever has it."""
    page = reader.page
    reader.go("desk.desk")
    page.locator('a[href="/desk/cyber/staffed"]').click()
    name = reader.say("ui.watch_from", person="Lt Sato")
    page.locator("main").get_by_role("button", name=name, exact=True).click()
    page.wait_for_url("**/desk")
    expect(page.locator("main")).to_contain_text("Cdr Mori")


def verify(reader: Reader, newcomer: str, card: bytes) -> None:
    page = reader.page
    reader.go("ui.partners")
    if not page.locator("#card").is_visible():
        reader.click("ui.add_partner")
    page.locator("#card").fill(card.decode())
    page.locator("main form button").last.click()
    page.wait_for_url(f"**/partners/{newcomer}")
    digits = " ".join(page.locator(".digits code").all_inner_texts())
    page.locator("#number").fill(digits)
    page.locator("button[value=verify]").click()
    expect(page.locator("main header").first).to_contain_text(reader.say("ui.verified"))


def revoke(reader: Reader, newcomer: str) -> None:
    page = reader.page
    page.locator("summary", has_text=reader.say("act.revoke")).click()
    reader.fill("ui.compromised_since", "2026-01-02 03:04")
    reader.fill("ui.type_name", newcomer, name=newcomer)
    page.locator("button[value=revoke]").click()
    expect(page.locator("main header").first).to_contain_text(reader.say("ui.revoked"))
