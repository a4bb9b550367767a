"""Reports of a hostile partner in a browser: nothing in them runs, leads away, or hides.

Every field of every kind says what a page might obey; all pages that show it are looked at.
"""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, cast

import apsw
import msgspec
import pytest
from playwright.sync_api import Browser, Error, Request, Route, expect

from noroshi.adapters.words import example_of
from noroshi.core.exchange.importing import draft_of, encode_form, form_of
from noroshi.core.kinds.kind import all_kinds
from noroshi.core.recognition import MISP, NOROSHI, STIX
from noroshi.flow import answers, requests
from tests.hostile.partner import File, Hostile, admit
from tests.hostile.words import HIDDEN, LINE, PAYLOADS, RUN, hostile_form, misp_event, worded
from tests.program.conftest import Desk, befriend, make, opened
from tests.program.console import link_of
from tests.program.test_console_accounts import House
from tests.program.test_console_axe import look

pytestmark = pytest.mark.xdist_group("console-hostile")

WATCH: Final = """
addEventListener("securitypolicyviolation", (event) => {
  (window.violated ??= []).push(event.violatedDirective + " " + event.blockedURI);
});
"""
FOUND: Final = """() => {
  const all = [...document.querySelectorAll("*")];
  const ours = (url) => url === null || /^(\\/(?!\\/)|#)/.test(url);
  return {
    pwned: window.pwned ?? null,
    violated: window.violated ?? [],
    elements: all.filter((each) => each.matches(
      "img, iframe, object, embed, base, meta[http-equiv], style, audio, video, math, area, frame"
    ) || each.localName === "script" && !/^\\/static\\/\\w+\\.mjs$/.test(each.getAttribute("src"))
    ).map((each) => each.outerHTML.slice(0, 200)),
    attributes: all.flatMap((each) => each.getAttributeNames()
      .filter((name) => /^on|^style$|^srcdoc$|^autofocus$/.test(name))
      .map((name) => each.localName + " " + name)),
    links: all.flatMap((each) => ["href", "src", "action", "formaction", "xlink:href"]
      .map((name) => each.getAttribute(name)).filter((url) => !ours(url))),
  };
}"""
TRY: Final = """async (door) => {
  const told = {};
  const tried = async (name, ask) => {
    try { told[name] = await ask(); } catch (error) { told[name] = "refused"; }
  };
  const own = { credentials: "include" };
  const body = new URLSearchParams({ act: "take" });
  const form = { ...own, method: "POST", body };
  await tried("rows", async () => (await fetch(door + "/rows", own)).text());
  await tried("leave", async () => (await fetch(door + "/leave", form)).status);
  for (const path of ["/leave", "/desk/cyber/unstaffed", "/language"]) {
    const blind = { ...form, mode: "no-cors" };
    await tried("blind", async () => (await fetch(door + path, blind)).status);
  }
  await tried("events", () => new Promise((resolve, reject) => {
    const events = new EventSource(door + "/events", { withCredentials: true });
    events.addEventListener("changed", () => resolve("heard"));
    events.onerror = () => { events.close(); reject(new Error()); };
  }));
  for (const [tag, path] of [["script", "/rows"], ["img", "/static/noroshi.svg"]]) {
    await tried(tag, () => new Promise((resolve, reject) => {
      const made = document.createElement(tag);
      made.onload = () => resolve("loaded");
      made.onerror = () => reject(new Error());
      made.src = door + path;
      document.body.append(made);
    }));
  }
  const frame = document.createElement("iframe");
  frame.src = door + "/";
  document.body.append(frame);
  await new Promise((resolve) => { frame.onload = resolve; setTimeout(resolve, 500); });
  await tried("frame", async () => frame.contentDocument?.body.textContent || "refused");
  return told;
}"""
"""What a page of another site may try, with the reader's own cookies."""
CLEAN: Final[dict[str, object]] = {
    "pwned": None,
    "violated": [],
    "elements": [],
    "attributes": [],
    "links": [],
}
BY_ACTS: Final = {"answer", "comms-check", "joint-signature", "translation"}
"""Kinds that nobody writes from nothing."""
UNSEEN: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\u061c\u00ad\ufeff\U000e0041]")


class Scene(msgspec.Struct, frozen=True):
    """A served node with everything hostile in it."""

    nato: Desk
    jp: Desk
    url: str
    zz: Hostile
    came: list[str]
    own: list[tuple[str, str]]
    """Reports of ours with hostile words, and their kinds: what an officer copied from others."""


def imported(raw: bytes) -> bytes:
    return encode_form(form_of(draft_of(raw), raw))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("hostile")
    nato, jp = make(folder, "nato"), make(folder, "jp")
    befriend([nato, jp])
    card = admit(nato)
    own: list[tuple[str, str]] = []
    with opened(nato) as house:
        for kind in (each for each in all_kinds().values() if each.name not in BY_ACTS):
            example = json.loads(example_of(kind))
            body = worded(example, {each.name: each for each in kind.fields}, LINE)
            asked = requests.SendReport(
                body=json.dumps({**body, "status": "exercise"}).encode(), to=("cyber@jp",),
                marking="TLP:CLEAR", by=LINE,
            )  # fmt: skip
            told = cast("dict[str, str]", answers.handle(house, asked))
            own.append((told["report"], kind.name))
        bundle = cast("dict[str, str]", answers.handle(house, requests.Export(report=own[0][0])))[
            "bundle"
        ]
    with ExitStack() as stack:
        stack.enter_context(jp.served())
        ready = stack.enter_context(nato.served())
        zz, came = Hostile(nato, card, ready["peer_url"]), list[str]()
        for number, kind in enumerate(all_kinds().values()):
            for text in ("\n".join(PAYLOADS), HIDDEN):
                said = {"subject": PAYLOADS[number % len(PAYLOADS)], "drafter": LINE}
                came.append(zz.form(kind.name, hostile_form(kind, text), **said))
        parted = {"portions": [{"marking": "TLP:CLEAR", "text": LINE}],
                  "tearline": {"marking": "TLP:CLEAR", "text": LINE + HIDDEN}}  # fmt: skip
        came.append(zz.form("situation-report", parted, subject=LINE))
        files = [File(f"{RUN}<svg onload={RUN}>.html", b"<script>1</script>", "text/html")]
        came.append(zz.send("\n".join(PAYLOADS).encode() + HIDDEN.encode(), files=files))
        for raw in (misp_event(LINE), bundle.encode()):
            form = imported(raw)
            kind = json.loads(form)["kind"]
            came.append(zz.send(form, kind=kind, media_type=NOROSHI))
        came.append(zz.send(misp_event(LINE), media_type=MISP))
        came.append(zz.send(bundle.encode(), media_type=STIX))
        jp.ask("wait", own[0][0], "--rung", "DELIVERED")
        jp_sees = [row["report"] for row in jp.ask_lines("inbox")]
        assert own[0][0] in jp_sees
        jp.ask("decline", own[0][0], "--by", LINE, "--note", LINE)
        nato.ask("wait", own[0][0], "--rung", "DECLINED")
        nato.ask("ack", came[0], "--by", LINE, "--note", "\n".join(PAYLOADS)[:900])
        nato.ask("desk", "state", "cyber", "staffed", "--by", LINE, "--note", LINE)
        yield Scene(nato, jp, ready["url"], zz, came, own)


class Look:
    """A page of somebody's browser, and all that should not have happened in it."""

    def __init__(self, browser: Browser, link: str, **options: Any) -> None:
        self.context = browser.new_context(locale="en-GB", **options)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.door = link.partition("/enter")[0]
        self.page.add_init_script(WATCH)
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", self._closed)
        self.page.on("request", self._asked)
        self.page.goto(link)
        self.page.click("main button")
        self.page.wait_for_selector("#actual", state="attached")

    def _closed(self, dialog: Any) -> None:
        # A page with words that were not sent asks before it is left; all else says too much.
        if dialog.type == "beforeunload":
            dialog.accept()
            return
        self.said.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(self.door + "/"):
            self.said.append(f"asked {request.url}")

    def at(self, path: str) -> str:
        """Go to a page and look at it; return what a reader sees there."""
        answer = self.page.goto(self.door + path)
        assert answer is not None
        assert answer.status < 500, path
        # A refusal is what some ask for; Chromium tells of it.
        self.said = [each for each in self.said if answer.ok or "status of 40" not in each]
        return self.here(path)

    def here(self, path: str) -> str:
        assert self.page.evaluate(FOUND) == CLEAN, path
        assert self.said == [], path
        text = self.page.evaluate("document.documentElement.textContent")
        assert UNSEEN.search(str(text)) is None, path
        assert UNSEEN.search(self.page.title()) is None, path
        return str(text)


def test_nothing_that_a_partner_wrote_runs(scene: Scene, browser: Browser) -> None:
    look_at = Look(browser, link_of(scene.nato))
    look_at.page.wait_for_selector(f'[data-report="{scene.came[0]}"]')
    assert PAYLOADS[0] in look_at.here("the board, by its module")
    for report in scene.came:
        seen = look_at.at(f"/report/{report}")
        assert RUN in seen or "\u2039U+202E\u203a" in seen
    assert "p\u0430\u2039U+0430\u203aypal" in look_at.at(f"/report/{scene.came[1]}")
    look_at.page.emulate_media(media="print")
    look_at.here("on paper")
    look_at.page.emulate_media(media="screen")
    for report in scene.came[:2]:
        look_at.at(f"/compose/answer?answers={report}")
    for report, kind in scene.own:
        assert PAYLOADS[0] in look_at.at(f"/report/{report}")
        look_at.at(f"/compose/{kind}?updates={report}")
    for path in (
        "/", "/release", "/lines", "/desk", "/desk/cyber/unstaffed", "/partners", "/partners/zz",
        "/journal", "/settings", "/passkeys",
        f"/journal?report={PAYLOADS[5]}", f"/compose/cyber-incident?{RUN}={PAYLOADS[5]}",
        f"/report/{PAYLOADS[1].replace('/', '')}", f"/confirm?next=javascript:{RUN}",
    ):  # fmt: skip
        look_at.at(path)
    look_at.context.close()


def test_what_was_typed_is_shown_again_as_text(scene: Scene, browser: Browser) -> None:
    look_at = Look(browser, link_of(scene.nato))
    page = look_at.page
    for kind in ("cyber-incident", "disinformation-campaign"):
        look_at.at(f"/compose/{kind}")
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        for field in page.query_selector_all("main textarea, main input:not([type])"):
            field.fill(" ".join(PAYLOADS))
        page.locator("[data-problem]:visible").first.wait_for()
        look_at.here(f"the verdict on {kind}")
        with page.expect_navigation():
            page.click("#send")
        look_at.said = [each for each in look_at.said if "status of 400" not in each]
        assert RUN in look_at.here(f"{kind}, refused")
    look_at.context.close()


def test_printed_pages_run_nothing(scene: Scene, browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context()
    page, said = context.new_page(), list[str]()
    page.add_init_script(WATCH)
    page.on("console", lambda message: said.append(message.text))
    for number, report in enumerate((scene.came[0], scene.came[1], scene.own[0][0])):
        file = tmp_path / f"{number}.html"
        scene.nato.ask("show", report, "--page", "-o", file)
        page.goto(file.as_uri())
        found = page.evaluate(FOUND)
        policies = [each for each in found.pop("elements") if not each.startswith("<style>")]
        assert len(policies) == 1, policies
        assert "Content-Security-Policy" in policies[0]
        assert found == {name: value for name, value in CLEAN.items() if name != "elements"}
        assert UNSEEN.search(str(page.text_content("body"))) is None
    assert said == []
    context.close()


def test_files_that_are_pages_are_kept(scene: Scene, browser: Browser) -> None:
    page_of = b"<!doctype html><script>opener ? 0 : 0; window.pwned=1</script>"
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="window.pwned=1"/>'
    files = [File("x.html", page_of, "text/html"), File("x.svg", svg, "image/svg+xml"),
             File("x.png", page_of, "text/html"), File("x.png", svg, "image/png")]  # fmt: skip
    report = scene.zz.send(b"Four files.", files=files)
    look_at = Look(browser, link_of(scene.nato))
    look_at.at(f"/report/{report}")
    links = look_at.page.locator("table.files a[href*=attachment]")
    for number, file in enumerate(files):
        with look_at.page.expect_download() as download:
            links.nth(number).click()
        assert download.value.path().read_bytes() == file.plain
        with (
            look_at.page.expect_download(),
            pytest.raises(Error, match="Download is starting"),
        ):
            look_at.page.goto(f"{look_at.door}/report/{report}/attachment/{number + 1}")
    look_at.here("after the downloads")
    look_at.context.close()


@pytest.mark.parametrize(
    "elsewhere", ["http://evil.example", "http://127.0.0.1:9", "http://localhost:9"]
)
def test_a_page_of_another_site_gets_nothing(
    scene: Scene, browser: Browser, elsewhere: str
) -> None:
    look_at = Look(browser, link_of(scene.nato))
    before = scene.nato.ask("desk", "log", "cyber")

    def page_of_theirs(route: Route) -> None:
        route.fulfill(body="<!doctype html><title>x</title><p>x", content_type="text/html")

    look_at.context.route(f"{elsewhere}/**", page_of_theirs)
    theirs = look_at.context.new_page()
    theirs.goto(f"{elsewhere}/")
    got = theirs.evaluate(
        TRY,
        look_at.door,
    )
    assert set(got) == {"rows", "leave", "blind", "events", "script", "img", "frame"}
    assert {each for each in got.values() if each != 0} == {"refused"}, got
    theirs.set_content(
        f'<form method=post action="{look_at.door}/leave" enctype=text/plain>'
        "<input name='{\"act\": \"' value='leave\"}'><button>x</button></form>"
    )
    theirs.click("button")
    theirs.wait_for_load_state()
    look_at.at("/")
    expect(look_at.page.locator("#actual")).to_be_attached()
    assert scene.nato.ask("desk", "log", "cyber") == before
    look_at.context.close()


def test_many_indicators_are_a_page_that_can_be_used(scene: Scene, browser: Browser) -> None:
    values = [{"type": "url", "value": f"javascript:{i}"} for i in range(50_000)]
    report = scene.zz.form("cyber-incident", {"summary": "Many.", "indicators": values})
    look_at = Look(browser, link_of(scene.nato))
    look_at.at(f"/report/{report}")
    page = look_at.page
    assert page.evaluate("document.querySelectorAll('*').length") < 6_000
    expect(page.locator("article")).to_contain_text("Part 1 of")
    page.locator("article a", has_text="Next").first.click()
    expect(page.locator("article")).to_contain_text("Part 2 of")
    look_at.here("the second part")
    page.click("button[value=acknowledge]")
    expect(page.locator("table.ladder")).to_contain_text("Lt Jansen")
    look_at.context.close()
    looked = Look(browser, link_of(scene.nato), bypass_csp=True)
    looked.page.goto(f"{looked.door}/report/{report}?part=2")
    looked.page.evaluate(
        "document.querySelectorAll('bdi').forEach((one, n) => { n > 50 && one.remove() })"
    )
    assert look(looked.page) == []
    looked.context.close()


def test_a_journal_that_is_not_whole_is_said_to_be_so(scene: Scene, browser: Browser) -> None:
    """jp's journal is whole no more after this."""
    looked = Look(browser, link_of(scene.jp), bypass_csp=True)
    page = looked.page
    page.goto(f"{looked.door}/journal")
    page.click("button[value=verify]")
    expect(page.locator("section.verdict.yes[role=status]")).to_be_visible()
    database = apsw.Connection(str(scene.jp.home / "node.db"))
    database.set_busy_timeout(5_000)
    database.execute("UPDATE journal_entry SET leaf = CAST(leaf || x'00' AS BLOB) WHERE idx = 3")
    database.close()
    page.click("button[value=verify]")
    verdict = page.locator("section.verdict.no[role=alert]")
    expect(verdict).to_be_visible()
    expect(verdict).to_contain_text("3")
    expect(page.locator("section.verdict.yes")).to_have_count(0)
    assert look(page) == []
    looked.context.close()


def test_a_role_that_is_taken_away_empties_the_board(
    scene: Scene, browser: Browser, tmp_path: Path
) -> None:
    """Last in this file: from the first account on every visitor needs one."""
    house = House(scene.nato, scene.url, tmp_path / "words")
    house.add("Capt Abe", "administrator", by=())
    house.add("Lt Kato", "watch", "auditor")
    look_at = Look(browser, house.link("Lt Kato"))
    expect(look_at.page.locator("#actual tr").first).to_be_attached()
    house.run("--as", "Capt Abe", "account", "roles", "Lt Kato", "--role", "auditor")
    expect(look_at.page.locator("#actual tr")).to_have_count(0, timeout=1_000)
    look_at.context.close()
