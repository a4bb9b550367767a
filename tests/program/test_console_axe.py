"""Every page of the console in the eyes of axe-core: WCAG 2.2 AA and its best practice."""

import importlib.resources
import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page

from tests.program.conftest import befriend, make
from tests.program.test_console_accounts import AGREEMENT, House

pytestmark = pytest.mark.xdist_group("console-axe")

EVERYTHING = ("administrator", "auditor", "watch", "drafter", "releaser")
AXE = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text()
OPTIONS = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
KINDS = (
    "cyber-incident",
    "missile-event",
    "disinformation-campaign",
    "request-for-information",
    "disaster-relief",
)


class Scene:
    """A house with something of everything, and the paths of its pages."""

    def __init__(self, house: House, paths: tuple[str, ...]) -> None:
        self.house = house
        self.paths = paths


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house that knows nobody, and to which nothing came."""
    folder = tmp_path_factory.mktemp("axe-empty")
    jp = make(folder, "jp")
    with jp.served() as ready:
        house = House(jp, ready["url"], folder / "words")
        house.add("Cdr Mori", *EVERYTHING, by=())
        yield house


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("axe")
    jp, nato = make(folder, "jp", desks=("cyber", "ops")), make(folder, "nato")
    kr = make(folder, "kr")
    befriend([jp, nato])
    kr.ask("partner", "card", "-o", folder / "kr.card")
    jp.ask("partner", "add", folder / "kr.card")
    agreement = folder / "agreement.json"
    agreement.write_text(json.dumps(AGREEMENT))
    jp.ask("access", "grant", "siem", "--collection", "cyber", "--read", "--by", "Lt Sato")
    jp.ask("access", "rule", "cyber", "--to", "cyber@nato", "--by", "Lt Sato")
    feed = ("cert", "https://localhost:1/feed", "--kind", "misp-feed", "--collection", "cert")
    jp.ask("feeds", "add", *feed, "--by", "Lt Sato")
    jp.ask("interests", "add", "cyber", "country", "KR", "--by", "Lt Sato")
    jp.ask("agreement", "add", agreement, "--by", "Lt Sato")
    text, form = folder / "text.txt", folder / "form.json"
    text.write_text("Intrusion at two ports. 侵入を確認。\n")
    form.write_text(json.dumps({"noroshi": 1, "kind": "cyber-incident", "summary": "Down."}))
    with ExitStack() as stack:
        stack.enter_context(nato.served())
        url = stack.enter_context(jp.served())["url"]
        came = [
            nato.ask("send", text, "--to", "cyber@jp", "--attach", text, *given)["report"]
            for given in (
                ("--precedence", "flash"),
                ("--precedence", "flash", "--status", "exercise"),
                ("--precedence", "priority", "--status", "test", "--marking", "TLP:RED"),
            )
        ]
        own = jp.ask("send", form, "--to", "cyber@nato", "--attach", text)["report"]
        declined = jp.ask("send", text, "--to", "cyber@nato", "--by", "Lt Sato")["report"]
        for report in came:
            nato.ask("wait", report, "--rung", "DELIVERED")
        for report in (own, declined):
            jp.ask("wait", report, "--rung", "DELIVERED")
        nato.ask("ack", own, "--by", "Lt Jansen", "--note", "on it")
        nato.ask("decline", declined, "--by", "Lt Jansen", "--note", "not ours")
        jp.ask("wait", own, "--rung", "ACKNOWLEDGED")
        house = House(jp, url, folder / "words")
        house.add("Cdr Mori", *EVERYTHING, by=())
        house.add("Lt Sato", "drafter", by=("--as", "Cdr Mori"))
        asked = ("send", str(form), "--to", "cyber@nato", "--marking", "NATO SECRET")
        house.run("--as", "Lt Sato", *asked)
        yield Scene(
            house,
            (
                "/", "/compose", *(f"/compose/{kind}" for kind in KINDS), "/release",
                *(f"/report/{report}" for report in (*came, own, declined)),
                f"/compose/cyber-incident?updates={own}", "/partners", "/partners/nato",
                "/partners/kr", "/settings", "/machines", "/interests", "/passkeys", "/search",
                "/passkeys/break-glass", "/break-glass", "/confirm", "/lines", "/desk", "/journal",
                "/desk/cyber/staffed", "/search?q=Intrusion", "/report/ffffffff", "/nothing-here",
            ),
        )  # fmt: skip


def look(page: Page) -> list[str]:
    """Return what axe-core finds on a page with all that unfolds unfolded."""
    page.emulate_media(reduced_motion="reduce")  # a colour that fades is none yet
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    page.evaluate(AXE)
    found = page.evaluate("options => axe.run(document, options)", OPTIONS)["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize(
    ("language", "theme", "width"),
    [
        ("en-GB", "light", 1280), ("ja-JP", "dark", 1280), ("fr-FR", "light", 390),
        ("ko-KR", "dark", 390),
    ],
)  # fmt: skip
def test_no_page_keeps_anybody_out(
    scene: Scene, empty: House, browser: Browser, language: str, theme: str, width: int
) -> None:
    context = browser.new_context(
        bypass_csp=True,  # for what looks at the page alone: our pages run no code of others
        locale=language,
        color_scheme="dark" if theme == "dark" else "light",
        viewport={"width": width, "height": 800},
    )
    page, found = context.new_page(), {}
    for house, paths in ((empty, ("/", "/partners", "/release")), (scene.house, scene.paths)):
        page.goto(f"{house.url}/")
        found[f"closed {house.url}"] = look(page)
        page.goto(house.link("Cdr Mori"))
        found[f"enter {house.url}"] = look(page)
        page.click("main button")
        page.wait_for_selector("#actual", state="attached")
        for path in paths:
            page.goto(f"{house.url}{path}")
            page.wait_for_load_state()
            found[path] = [*found.get(path, []), *look(page)]
            assert page.evaluate(
                "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            ), f"{path} is wider than the window"
    context.close()
    assert {path: said for path, said in found.items() if said} == {}


def test_a_form_that_was_refused_keeps_nobody_out(scene: Scene, browser: Browser) -> None:
    context = browser.new_context(bypass_csp=True, locale="en-GB")
    page = context.new_page()
    page.goto(scene.house.link("Cdr Mori"))
    page.click("main button")
    for path, field, button in (
        ("/partners/kr", "#number", "verify"),
        ("/partners/nato", "#confirm", "revoke"),
        ("/compose/cyber-incident", "#f-aware_at", "send"),
    ):
        page.goto(f"{scene.house.url}{path}")
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        page.evaluate("document.querySelectorAll('form').forEach(one => { one.noValidate = true })")
        page.fill(field, "half past six")
        with page.expect_navigation():
            page.click(f"button[value={button}]")
        assert look(page) == [], path
    context.close()


def test_axe_finds_what_is_wrong(browser: Browser) -> None:
    """Otherwise nothing above says anything."""
    page = browser.new_page()
    page.set_content("<title>x</title><main><img src='x'><input></main>")
    assert {one.partition(":")[0] for one in look(page)} >= {"image-alt", "label"}
    page.close()
