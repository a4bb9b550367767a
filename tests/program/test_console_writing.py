"""Writing at the console: a form by keyboard, the live check, a second person's release."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.program.conftest import Desk, befriend, make
from tests.program.console import come_in, enter, link_of

pytestmark = pytest.mark.xdist_group("console-writing")

LANGUAGES = ("en", "ja", "fr", "ko", "id")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Desk, str, str]]:
    """Two nodes that are served, and the addresses of their consoles."""
    folder = tmp_path_factory.mktemp("writing")
    jp, nato = make(folder, "jp"), make(folder, "nato")
    befriend([jp, nato])
    with ExitStack() as stack:
        first, second = (stack.enter_context(desk.served())["url"] for desk in (jp, nato))
        yield jp, nato, first, second


def read_in(page: Page, url: str, language: str) -> None:
    page.goto(url)
    page.click(f'button[lang="{language}"]')
    page.wait_for_selector(f'html[lang="{language}"]')


def tab_to(page: Page, selector: str) -> None:
    """Go forward by the tab key until something has the focus."""
    for _ in range(200):
        if page.locator(selector).evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"no tab key reaches {selector}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_flash_is_written_with_the_keyboard_alone(
    served: tuple[Desk, Desk, str, str], browser: Browser, language: str
) -> None:
    jp, nato, url, _ = served
    board, _ = enter(browser, nato)
    page, said = enter(browser, jp)
    read_in(page, f"{url}/compose/cyber-incident", language)
    tab_to(page, "input[name=precedence]:checked")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    expect(page.locator("input[name=precedence][value=flash]")).to_be_checked()
    tab_to(page, 'input[name=to][value="cyber@nato"]')
    page.keyboard.press("Space")
    tab_to(page, "#subject")
    page.keyboard.type(f"Gateways down ({language})")
    tab_to(page, "#f-summary")
    page.keyboard.type("No traffic since 06:12Z.")
    page.wait_for_selector("#verdict.yes")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/report/*")
    report = page.url.rpartition("/")[2]
    row = board.wait_for_selector(f'[data-report="{report}"].is-hot')
    assert row is not None
    assert f"Gateways down ({language})" in row.inner_text()
    assert said == []


REASONS = {
    "ja": "jpとnatoの間の取決めが必要",
    "fr": "demande un accord entre jp et nato",
    "ko": "jp와(과) nato 사이의 약정이 필요",
    "id": "memerlukan perjanjian antara jp dan nato",
}


@pytest.mark.parametrize("language", REASONS)
def test_why_it_may_not_go_is_said_in_the_language_of_who_writes(
    served: tuple[Desk, Desk, str, str], browser: Browser, language: str
) -> None:
    jp, _, url, _ = served
    page, said = enter(browser, jp)
    read_in(page, f"{url}/compose/cyber-incident", language)
    page.check('input[name=to][value="cyber@nato"]')
    page.select_option("select[name=level]", "NATO SECRET")
    reason = page.locator("#partners li.no p")
    expect(reason).to_contain_text(REASONS[language])
    expect(reason).to_have_attribute("lang", language)
    page.fill("#f-summary", "Gateways down.")
    page.click("button[value=check]")
    expect(page.locator("#partners li.no p")).to_contain_text(REASONS[language])
    assert said == []


def test_what_is_wrong_is_said_while_it_is_typed(
    served: tuple[Desk, Desk, str, str], browser: Browser
) -> None:
    jp, _, url, _ = served
    page, said = enter(browser, jp)
    read_in(page, f"{url}/compose/cyber-incident", "en")
    expect(page.locator("#missing")).to_contain_text("Action addressee")
    page.check('input[name=to][value="cyber@nato"]')
    page.select_option("select[name=level]", "NATO SECRET")
    expect(page.locator("#partners")).to_contain_text("needs an agreement between jp and nato")
    expect(page.locator('[data-field="marking"]').first).to_have_text("NATO SECRET//TLP:AMBER")
    page.select_option("select[name=level]", "")
    page.fill("#f-aware_at", "half past six")
    expect(page.locator('[data-problem="aware_at"]')).to_be_visible()
    page.fill("#f-aware_at", "")
    page.fill("#f-summary", "Gateways down.")
    page.check("input[name=status][value=exercise]")
    page.wait_for_selector("#verdict.yes")
    expect(page.locator("body")).to_have_attribute("data-status", "exercise")
    assert said == []


def form_of(page: str) -> dict[str, str]:
    """Return what a form begins with, as a browser without scripts would send it."""
    (report_id,) = re.findall(r'name="id" value="([0-9a-f]{32})"', page)
    return {"id": report_id, "precedence": "routine", "status": "actual", "tlp": "TLP:GREEN"}


def test_without_scripts_a_form_is_kept_until_it_may_go(
    served: tuple[Desk, Desk, str, str],
) -> None:
    jp, nato, url, _ = served
    door = come_in(jp, url)
    assert door.post("/language", to="id")[0] == 303
    kinds = re.findall(r'href="/compose/[a-z-]+">([^<]+)<', door.ask("GET", "/compose")[1])
    assert len(kinds) > 12
    assert kinds == sorted(kinds, key=str.casefold)
    assert door.post("/language", to="en")[0] == 303
    assert door.ask("GET", "/compose/no-such-kind")[0] == 404
    begun = form_of(door.begin("/compose/cyber-incident"))
    typed = {**begun, "to": "cyber@nato", "f.first_seen": "yesterday-ish", "subject": "<b>Kept</b>"}
    status, page, _ = door.post("/compose/cyber-incident", **typed, act="send")
    assert status == 400
    assert 'value="yesterday-ish"' in page
    assert 'value="&lt;b&gt;Kept&lt;/b&gt;"' in page
    typed |= {"f.first_seen": "06:12", "f.summary": "Gateways down."}
    status, page, _ = door.post("/compose/cyber-incident", **typed, act="check")
    assert (status, 'id="verdict"' in page) == (200, True)
    status, _, headers = door.post("/compose/cyber-incident", **typed, act="send")
    assert status == 303, page
    report = headers["location"].rpartition("/")[2]
    jp.ask("wait", report, "--rung", "DELIVERED")
    again = door.post("/compose/cyber-incident", **typed, act="send")
    assert again[2]["location"].endswith(report), "a second click sends nothing twice"
    seen = nato.ask("show", report)
    assert (seen["marking"], seen["drafter"]) == ("TLP:GREEN", "Lt Jansen")
    assert door.ask("POST", "/compose/cyber-incident", typed)[0] == 400, "from another site"


def test_back_leads_to_the_report_that_was_sent(
    served: tuple[Desk, Desk, str, str], browser: Browser
) -> None:
    jp, _, url, _ = served
    page, said = enter(browser, jp)
    page.goto(f"{url}/compose/cyber-incident")
    page.check('input[name=to][value="cyber@nato"]')
    page.fill("#f-summary", "Sent once.")
    page.wait_for_selector("#verdict.yes")
    page.click("#send")
    page.wait_for_url("**/report/*")
    sent = page.url
    page.go_back()
    page.wait_for_url(sent)
    assert page.locator("#send").count() == 0
    assert said == []


def test_one_id_is_one_report(served: tuple[Desk, Desk, str, str]) -> None:
    jp, _, url, _ = served
    door = come_in(jp, url)
    status, _, headers = door.ask("GET", "/compose/cyber-incident?x=1")
    assert (status, "?x=1&id=" in headers["location"]) == (303, True)
    begun = form_of(door.ask("GET", headers["location"])[1])
    typed = {**begun, "to": "cyber@nato", "f.summary": "One.", "act": "send"}
    report = door.post("/compose/cyber-incident", **typed)[2]["location"]
    again = door.ask("GET", headers["location"])
    assert (again[0], again[2]["location"]) == (303, report)
    status, page, _ = door.post("/compose/cyber-incident", **{**typed, "f.summary": "Two."})
    assert (status, "another report already has that id" in page, "Two." in page) == (
        400, True, True,
    )  # fmt: skip
    for malformed in ("x", "", f"{begun['id']}0", "%3Cb%3E"):
        assert door.ask("GET", f"/compose/cyber-incident?id={malformed}")[0] == 400


def test_another_language_keeps_what_is_typed(
    served: tuple[Desk, Desk, str, str], browser: Browser
) -> None:
    jp, _, url, _ = served
    page, said = enter(browser, jp)
    asked: list[str] = []

    def accept(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", accept)
    page.goto(f"{url}/compose/cyber-incident")
    page.check("input[name=precedence][value=flash]")
    page.check('input[name=to][value="cyber@nato"]')
    page.click("#f-summary")
    page.keyboard.type("Kept as it is.")
    page.click('button[lang="fr"]')
    page.wait_for_selector('html[lang="fr"]')
    expect(page.locator("#f-summary")).to_have_value("Kept as it is.")
    expect(page.locator("input[name=precedence][value=flash]")).to_be_checked()
    expect(page.locator('input[name=to][value="cyber@nato"]')).to_be_checked()
    with page.expect_navigation():
        page.press("#subject", "Enter")
    page.wait_for_selector('html[lang="fr"] #send')
    assert (asked, said) == ([], [])
    page.goto(f"{url}/lines")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    door = come_in(jp, url)
    typed = {**form_of(door.begin("/compose/cyber-incident")), "f.summary": "Kept without scripts."}
    status, text, _ = door.post("/compose/cyber-incident", **typed, act="language-ja")
    assert (status, '<html lang="ja">' in text, typed["f.summary"] in text) == (200, True, True)
    assert '<html lang="ja">' in door.ask("GET", "/lines")[1]
    assert door.post("/compose/cyber-incident", **typed, act="language-xx")[0] == 400


def test_what_is_typed_outlives_its_session(
    served: tuple[Desk, Desk, str, str], browser: Browser
) -> None:
    jp, _, url, _ = served
    page, _ = enter(browser, jp)
    read_in(page, f"{url}/compose/cyber-incident", "ja")
    page.check('input[name=to][value="cyber@nato"]')
    page.fill("#f-summary", "Typed before the session ended.")
    other = page.context.new_page()
    other.goto(url)
    other.click('form[action="/leave"] button')
    for _ in range(2):
        page.click("#send")
        expect(page.locator("#lost")).to_contain_text("セッションが終了しました")
    page.context.set_offline(True)
    page.click("#send")
    expect(page.locator("#lost")).to_contain_text("ノードが応答しない")
    expect(page.locator("#f-summary")).to_have_value("Typed before the session ended.")
    page.context.set_offline(False)
    other.goto(link_of(jp))
    other.click("main button")
    other.wait_for_selector("#actual", state="attached")
    page.click("#send")
    page.wait_for_url("**/report/*")
    expect(page.locator("main")).to_contain_text("Typed before the session ended.")


def test_send_says_what_it_sends(served: tuple[Desk, Desk, str, str], browser: Browser) -> None:
    jp, _, url, _ = served
    page, said = enter(browser, jp)
    read_in(page, f"{url}/compose/cyber-incident", "fr")
    page.check("input[name=precedence][value=flash]")
    page.check("input[name=status][value=exercise]")
    page.check('input[name=to][value="cyber@nato"]')
    send = page.get_by_role("button", name="Envoyer", exact=True)
    expect(send).to_have_accessible_description(re.compile("FLASH.*Exercice.*cyber@nato"))
    expect(page.locator("#sends .prec.z")).to_be_visible()
    assert said == []
    door = come_in(jp, url)
    typed = {**form_of(door.begin("/compose/cyber-incident")), "to": "cyber@nato", "act": "check"}
    text = door.post("/compose/cyber-incident", **{**typed, "precedence": "flash"})[1]
    (told,) = re.findall(r'<p id="sends">(.*?)</p>', text)
    assert re.search("FLASH.*ACTUAL.*cyber@nato", told)


def test_a_subject_that_is_too_long_is_said_and_kept(
    served: tuple[Desk, Desk, str, str], browser: Browser
) -> None:
    jp, _, url, _ = served
    page, said = enter(browser, jp)
    read_in(page, f"{url}/compose/cyber-incident", "fr")
    page.fill("#subject", "x" * 700)
    expect(page.locator('[data-problem="subject"]')).to_contain_text("700")
    expect(page.locator("#subject")).to_have_attribute("aria-invalid", "true")
    page.fill("#subject", "x" * 200)
    expect(page.locator('[data-problem="subject"]')).to_be_hidden()
    assert said == []
    door = come_in(jp, url)
    typed = {**form_of(door.begin("/compose/cyber-incident")), "to": "cyber@nato", "act": "send"}
    typed |= {"f.summary": "Long.", "subject": "x" * 201}
    status, text, _ = door.post("/compose/cyber-incident", **typed)
    assert (status, "201 characters" in text, "x" * 201 in text) == (400, True, True)


def test_the_first_faulty_field_of_a_refused_form_has_the_focus(
    served: tuple[Desk, Desk, str, str], browser: Browser
) -> None:
    jp, _, url, _ = served
    page, _ = enter(browser, jp)
    read_in(page, f"{url}/compose/cyber-incident", "en")
    for found in ('input[name=to][value="cyber@nato"]', "#f-summary"):
        with page.expect_navigation():
            page.click("#send")
        expect(page.locator(found)).to_be_focused()
        expect(page.locator(found)).to_be_in_viewport()
        page.check('input[name=to][value="cyber@nato"]')


def test_an_update_says_only_what_changes(served: tuple[Desk, Desk, str, str]) -> None:
    jp, nato, url, _ = served
    report = jp.ask(
        "new", "cyber-incident", "--to", "cyber@nato", "--set", "summary=Gateways down.",
        "--set", "stage=early-warning",
    )["report"]  # fmt: skip
    door = come_in(jp, url)
    assert f"?updates={report}" in door.ask("GET", f"/report/{report}")[1]
    page = door.begin(f"/compose/cyber-incident?updates={report}")
    assert "Gateways down." in page
    assert f'name="updates" value="{report}"' in page
    typed = {**form_of(page), "updates": report, "f.summary": "Gateways up.", "clear": "stage"}
    typed["marking"] = "TLP:AMBER"
    status, page, headers = door.post("/compose/cyber-incident", **typed, act="send")
    assert status == 303, page
    jp.ask("wait", headers["location"].rpartition("/")[2], "--rung", "DELIVERED")
    chain = nato.ask("show", report)["chain"]
    assert chain["fields"]["summary"] == "Gateways up."
    assert "stage" not in chain["fields"]


def test_releasable_to_goes_with_a_level(served: tuple[Desk, Desk, str, str]) -> None:
    jp, _, url, _ = served
    door = come_in(jp, url)
    begun = form_of(door.begin("/compose/cyber-incident"))
    typed = {**begun, "to": "cyber@nato", "f.summary": "Gateways down.", "rel": "JPN, NATO"}
    for path in ("/compose/cyber-incident", "/check/cyber-incident"):
        _, page, _ = door.post(path, **typed, act="send")
        assert "releasable is said with a level" in page


def test_a_request_is_answered(served: tuple[Desk, Desk, str, str]) -> None:
    jp, nato, _, url = served
    asked: Any = jp.ask(
        "new", "request-for-information", "--to", "cyber@nato", "--precedence", "immediate",
        "--set", "question=Have you seen it?",
    )  # fmt: skip
    jp.ask("wait", asked["report"], "--rung", "DELIVERED")
    door = come_in(nato, url)
    assert f"?answers={asked['report']}" in door.ask("GET", f"/report/{asked['report']}")[1]
    page = door.begin(f"/compose/answer?answers={asked['report']}")
    assert re.search(r'name="to" value="[a-z]+@jp" checked', page)
    assert re.search(r'name="precedence" value="immediate" checked', page)
    (to,) = re.findall(r'name="to" value="([a-z]+@jp)" checked', page)
    typed = {**form_of(page), "answers": asked["report"], "to": to, "f.text": "Once."}
    assert door.post("/compose/answer", **typed, act="send")[0] == 400, "milder than the request"
    typed |= {"tlp": "TLP:AMBER", "precedence": "immediate"}
    status, page, headers = door.post("/compose/answer", **typed, act="send")
    assert status == 303, page
    nato.ask("wait", headers["location"].rpartition("/")[2], "--rung", "DELIVERED")


def test_what_is_typed_shows_as_text(served: tuple[Desk, Desk, str, str], browser: Browser) -> None:
    jp, _, url, _ = served
    page, said = enter(browser, jp)
    read_in(page, f"{url}/compose/disinformation-campaign", "en")
    for control in page.locator("main textarea, main input:not([type])").all():
        if control.is_visible():
            control.fill("<img src=x onerror=alert(1)>")
    page.wait_for_timeout(600)
    with page.expect_navigation():
        page.click("button[value=check]")
    assert page.locator("main img").count() == 0
    assert said == []
