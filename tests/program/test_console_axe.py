"""Every page of the console before axe-core: WCAG 2.2 AA and best practice, no violation."""

import importlib.resources
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser

from tests.program.conftest import Desk, befriend, make
from tests.program.console import link_of

AXE = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text()
RUN = """async () => {
  const told = await axe.run(document, { runOnly: { type: "tag", values: [
    "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice",
  ] } });
  return told.violations.map((each) => [each.id, each.nodes.map((node) => node.html).slice(0, 3)]);
}"""
PAGES = (
    "/", "/compose", "/compose/cyber-incident", "/compose/disaster-relief", "/release", "/lines",
    "/desk", "/desk/cyber/staffed", "/journal", "/partners", "/partners/jp", "/settings",
    "/passkeys", "/confirm", "/nothing-here",
)  # fmt: skip


@pytest.fixture(scope="module")
def nato(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, str, str]]:
    """A desk with something of everything on it, its console, and a report."""
    folder = tmp_path_factory.mktemp("axe")
    jp, nato = make(folder, "jp"), make(folder, "nato")
    befriend([jp, nato])
    with ExitStack() as stack:
        stack.enter_context(jp.served())
        url = stack.enter_context(nato.served())["url"]
        given = ("--to", "cyber@nato", "--set", "summary=Gateways down.")
        flash = jp.ask("new", "cyber-incident", *given, "--precedence", "flash")["report"]
        jp.ask("new", "cyber-incident", *given, "--status", "exercise", "--precedence", "immediate")
        own = nato.ask("send", "-", "--to", "cyber@jp", given=b"words")["report"]
        jp.ask("wait", flash, "--rung", "DELIVERED")
        nato.ask("wait", own, "--rung", "DELIVERED")
        yield nato, url, flash


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("en-GB", "light", 1280), ("ja-JP", "dark", 1280), ("fr-FR", "light", 390),
     ("ko-KR", "dark", 390)],
)  # fmt: skip
def test_no_page_keeps_anybody_out(
    nato: tuple[Desk, str, str], browser: Browser, language: str, scheme: str, width: int
) -> None:
    desk, url, flash = nato
    context = browser.new_context(
        locale=language,
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 800},
        bypass_csp=True,  # axe-core is put into the page, which the policy would keep out
    )
    page = context.new_page()
    found: dict[str, object] = {}

    def look(name: str) -> None:
        page.evaluate(AXE)
        told = page.evaluate(RUN)
        if told:
            found[name] = told
        if width < 400:
            wide = page.evaluate("() => document.documentElement.scrollWidth")
            assert wide <= width, f"{name} is {wide} px wide"

    page.goto(url)
    look("closed")
    page.goto(link_of(desk))
    look("enter")
    page.click("main button")
    for path in (*PAGES, f"/report/{flash}"):
        page.goto(url + path)
        look(path)
    context.close()
    assert found == {}
