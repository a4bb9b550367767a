"""The desk door, asked by pages of other sites, by strangers, and by people of another desk.

The routes are the door's own, so that a new one is asked here too.
"""

import http.client
import json
import os
import re
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, Final, cast

import apsw
import msgspec
import pytest
from starlette.routing import Route

from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.report import report_id_text
from noroshi.entrypoints.console.door import desk_door
from tests.hostile.partner import File, Hostile, admit
from tests.program.conftest import befriend, make, opened
from tests.program.console import Door
from tests.program.test_console_accounts import House

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from noroshi.entrypoints.console.security import Guarded

pytestmark = pytest.mark.xdist_group("desk-door")

EVERYTHING: Final = ("administrator", "auditor", "watch", "drafter", "releaser")
AT_OPS: Final = ("watch@ops", "drafter@ops", "releaser@ops")
AGREEMENT: Final = {
    "agreement": 1, "reference": "nato-jp-1", "sender": "nato", "receiver": "jp",
    "is_mutual": True, "policy": "NATO", "level": "SECRET", "accepts_indicative": True,
    "valid_from": "2020-01-01", "valid_until": "2099-12-31",
}  # fmt: skip
HERON: Final = "Heron"
"""A word of all that is at the desk cyber."""
MANY: Final = 50_000
KEPT: Final = (
    "SELECT * FROM account", "SELECT * FROM passkey", "SELECT * FROM draft",
    "SELECT * FROM watch_log", "SELECT * FROM agreement", "SELECT * FROM partner",
    "SELECT * FROM rung", "SELECT * FROM change", "SELECT * FROM consent_request",
    "SELECT id FROM report", "SELECT number FROM alarm WHERE taken_by IS NOT NULL",
)  # fmt: skip


class Scene(msgspec.Struct, frozen=True):
    """A house of two desks, and what is at one of them."""

    house: House
    zz: Hostile
    came: str
    """A report that came in to the desk cyber, with a file."""
    own: str
    """One that the desk cyber sent."""
    draft: str
    """One of that desk that waits for a second person."""

    def kept(self) -> list[object]:
        """Return all that nobody's forged form may change."""
        database = apsw.Connection(
            str(self.house.desk.home / "node.db"), flags=apsw.SQLITE_OPEN_READONLY
        )
        try:
            return [sorted(map(repr, database.execute(each))) for each in KEPT]
        finally:
            database.close()

    def fill(self, path: str) -> str:
        """Return the path of a route with something of each kind in it."""
        known = {
            "report": self.came, "number": "1", "form": "stix", "kind": "cyber-incident",
            "partner": "zz", "desk": "cyber", "state": "staffed", "secret": "0" * 64,
            "name": "noroshi.css", "elsewhere": "elsewhere",
        }  # fmt: skip
        return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: known[found[1]], path)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("desk-door")
    nato, jp = make(folder, "nato", desks=("cyber", "ops")), make(folder, "jp")
    befriend([nato, jp])
    card = admit(nato)
    agreement, form = folder / "agreement.json", folder / "form.json"
    agreement.write_text(json.dumps(AGREEMENT))
    nato.ask("agreement", "add", agreement, "--by", "Lt Sato")
    form.write_text(json.dumps({"noroshi": 1, "kind": "cyber-incident", "summary": HERON}))
    with opened(nato) as house:
        now = house.clock.now()
        raised = Alarm(AlarmKind.AGREEMENT_ENDS, "jp", now, detail="nato-jp-1")
        house.store.perform(lambda tx: tx.watch.raise_alarm(raised))
    with ExitStack() as stack:
        ready = stack.enter_context(nato.served())
        made = House(nato, ready["url"], folder / "words")
        made.add("Capt Abe", *EVERYTHING, by=())
        made.add("Lt Ops", *AT_OPS)
        zz = Hostile(nato, card, ready["peer_url"])
        came = zz.form(
            "request-for-information", {"question": HERON}, subject=HERON,
            files=[File("heron.txt", HERON.encode())],
        )  # fmt: skip
        asked = ("--as", "Capt Abe", "send", str(form), "--to", "cyber@jp", "--subject", HERON)
        own = made.run(*asked)["report"]
        draft = made.run(*asked, "--marking", "NATO SECRET//REL TO JPN")
        assert draft["state"] == "AWAITING_RELEASE"
        yield Scene(made, zz, came, own, draft["report"])


def routes() -> list[Route]:
    """Return what the door answers."""
    door = cast("Guarded", desk_door(lambda: None, ["x"], "http://x", Queue))  # type: ignore[arg-type, return-value]
    return cast("list[Route]", cast("Starlette", door.application).routes)


def paths(scene: Scene, method: str) -> list[str]:
    return [scene.fill(each.path) for each in routes() if method in (each.methods or ())]


FORGED: Final[Mapping[str, Mapping[str, str]]] = {
    "nowhere": {},
    "an opaque page": {"Origin": "null"},
    "another site": {"Origin": "https://evil.example"},
    "a site named like it": {"Origin": "{door}.evil.example"},
    "another port": {"Origin": "http://{host}:1"},
    "the same under TLS": {"Origin": "https://{host}:{port}"},
    "another site, no origin": {"Sec-Fetch-Site": "cross-site"},
    "another port, no origin": {"Sec-Fetch-Site": "same-site"},
    "an address bar": {"Sec-Fetch-Site": "none"},
    "a liar": {"Origin": "{door}", "Sec-Fetch-Site": "cross-site"},
}
BODIES: Final = {
    "application/x-www-form-urlencoded": b"act=send&secret=00&to=fr&state=staffed",
    "text/plain": b'{"act": "send", "x=": "y"}',
    "multipart/form-data; boundary=x": (
        b'--x\r\nContent-Disposition: form-data; name="act"\r\n\r\nsend\r\n--x--\r\n'
    ),
}


def told(pattern: str, door: Door) -> str:
    split = urllib.parse.urlsplit(door.url)
    return pattern.format(door=door.url, host=split.hostname, port=split.port)


@pytest.mark.parametrize("come_from", FORGED)
def test_no_form_of_another_site_is_taken(scene: Scene, come_from: str) -> None:
    door = scene.house.door("Capt Abe")
    session, before = dict(door.cookies), scene.kept()
    posts = paths(scene, "POST")
    assert len(posts) > 15, "the routes of the door"
    headers = {name: told(value, door) for name, value in FORGED[come_from].items()}
    for path in posts:
        for kind, body in BODIES.items():
            status, raw, given = door.fetch("POST", path, body, **headers, **{"Content-Type": kind})
            assert status == (404 if path == "/elsewhere" else 400), path
            assert b"another site asked" in raw or path == "/elsewhere", path
            assert "set-cookie" not in given
    assert door.cookies == session
    assert door.ask("GET", "/rows")[0] == 200, "nobody was signed out"
    assert scene.kept() == before


def test_what_a_page_of_the_door_sends_is_taken(scene: Scene) -> None:
    """Otherwise nothing above says anything."""
    door = scene.house.door("Capt Abe")
    for headers in ({"Origin": door.url}, {"Sec-Fetch-Site": "same-origin"}):
        assert door.ask("POST", "/language", {"to": "en", "back": "/"}, **headers)[0] == 303
    assert "another site" not in door.post("/alarm/999999")[1]


def test_other_methods_are_no_way_round(scene: Scene) -> None:
    door = scene.house.door("Capt Abe")
    before = scene.kept()
    for each in routes():
        path = scene.fill(each.path)
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
            status, _, given = door.ask(method, path, {"act": "send"}, Origin="https://x.example")
            assert status == 405, (method, path)
            assert not [name for name in given if name.startswith("access-control")]
    assert scene.kept() == before


def test_strangers_hear_and_see_nothing(scene: Scene) -> None:
    door = Door(scene.house.url)
    open_to_all = {
        "/",
        "/healthz",
        "/static/noroshi.css",
        "/enter/" + "0" * 64,
        "/elsewhere",
        "/break-glass",
    }
    elsewhere = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    for headers in (dict[str, str](), elsewhere):
        for path in paths(scene, "GET"):
            status, page, given = door.ask("GET", path, None, **headers)
            assert status in {401, 403} or (not headers and path in open_to_all), path
            assert HERON not in page
            assert "access-control-allow-origin" not in given
            assert given["cross-origin-resource-policy"] == "same-origin"
    made_up = Door(scene.house.url)
    made_up.cookies = dict.fromkeys(scene.house.door("Capt Abe").cookies, "f" * 64)
    for path in ("/rows", "/events", f"/report/{scene.came}"):
        assert made_up.ask("GET", path)[0] == 401


def test_a_session_that_somebody_else_chose_is_not_taken_over(scene: Scene) -> None:
    door = Door(scene.house.url)
    (name,) = scene.house.door("Capt Abe").cookies
    door.cookies = {name: "e" * 64}
    link = scene.house.link("Capt Abe").rpartition("/")[2]
    for origin in ("https://evil.example", "null"):
        assert door.ask("POST", "/enter", {"secret": link}, Origin=origin)[0] == 400
        assert door.ask("POST", "/passkey", {"answer": "{}"}, Origin=origin)[0] == 400
    assert door.cookies == {name: "e" * 64}
    assert door.post("/enter", secret=link)[0] == 303
    assert door.cookies[name] != "e" * 64
    fixed = Door(scene.house.url)
    fixed.cookies = {name: "e" * 64}
    assert fixed.ask("GET", "/rows")[0] == 401


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "169.254.169.254", ""])
def test_under_another_name_the_door_says_nothing(scene: Scene, host: str) -> None:
    door = scene.house.door("Capt Abe")
    before = scene.kept()
    port = urllib.parse.urlsplit(door.url).port
    for name in {host, f"{host}:{port}"}:
        own = {"Host": name, "Origin": f"http://{name}", "Sec-Fetch-Site": "same-origin"}
        for method in ("GET", "POST"):
            for path in paths(scene, method):
                status, page, _ = door.ask(method, path, {"act": "send"}, **own)
                assert status == 400, (method, path)
                assert page == "Invalid host header"
    assert scene.kept() == before


def test_the_desk_of_others_is_closed_in_path_and_form(scene: Scene) -> None:
    door = scene.house.door("Lt Ops")
    before, new = scene.kept(), os.urandom(16).hex()
    came, own, draft = scene.came, scene.own, scene.draft
    nobodys = report_id_text(os.urandom(16))
    answering = {"f.text": "x", "to": "cyber@zz", "from": "ops", "id": new, "tlp": "TLP:AMBER"}
    writing = {
        "f.summary": "x", "to": "cyber@zz", "id": new, "precedence": "routine", "status": "actual"
    }  # fmt: skip
    gets = [
        f"/report/{came}", f"/report/{came[:8]}", f"/report/{own}", f"/report/{draft}",
        f"/report/{came}/attachment/1", f"/report/{came}/export/stix", f"/report/{own}/export/cap",
        f"/compose/answer?answers={came}", f"/compose/cyber-incident?updates={own}",
        f"/journal/proof/{came}", f"/journal?report={came}", "/desk/cyber/staffed",
        f"/report/{nobodys}", f"/report/{nobodys}/attachment/1", "/report/%25", "/report/..%2f",
    ]  # fmt: skip
    posts: list[tuple[str, dict[str, str]]] = [
        *((f"/report/{came}", {"act": act, "desk": desk, "note": "x"})
          for act in ("acknowledge", "actioned", "decline") for desk in ("", "cyber", "ops")),
        *((f"/report/{came}", {"act": "pass-on", "desk": desk, "to": "cyber@zz", "id": new,
                               "reason": "x"}) for desk in ("", "cyber", "ops")),
        (f"/report/{own}", {"act": "cancel", "id": new}),
        *((f"/release/{draft}", {"act": act}) for act in ("release", "drop")),
        (f"/release/{draft[:8]}", {"act": "release"}),
        ("/compose/answer", {**answering, "act": "send", "answers": came}),
        ("/compose/cyber-incident", {**writing, "act": "send", "from": "cyber"}),
        ("/compose/cyber-incident", {**writing, "act": "send", "from": "ops", "updates": own}),
        ("/desk/cyber/staffed", {"act": "take"}),
        ("/desk/cyber/unstaffed", {"act": "leave"}),
        ("/settings", {"act": "roles", "name": "Lt Ops", "role": "watch"}),
        ("/passkeys", {"act": "remove", "credential": "00"}),
    ]  # fmt: skip
    for path in gets:
        status, page, _ = door.ask("GET", path)
        assert status in {400, 404}, path
        assert not re.search(HERON, page, re.IGNORECASE), path
    for path, form in posts:
        status, page, _ = door.post(path, **form)
        assert status in {400, 404}, (path, form, page)
        assert not re.search(HERON, page, re.IGNORECASE), path
    for checked in ({**answering, "answers": came}, {**writing, "from": "ops", "updates": own}):
        kind = "answer" if "answers" in checked else "cyber-incident"
        status, page, _ = door.post(f"/check/{kind}", **{**checked, "to": ""})
        verdict = json.loads(page)
        assert (status, verdict["allowed"], verdict["partners"]) == (200, False, [])
        assert HERON not in page
    for path in ("/", "/rows", "/release", "/desk", "/lines"):
        status, page, _ = door.ask("GET", path)
        assert status == 200
        assert HERON not in page, path
    assert scene.kept() == before
    assert HERON in scene.house.door("Capt Abe").ask("GET", f"/report/{came}")[1]


def test_an_answer_is_marked_no_milder(scene: Scene) -> None:
    door = scene.house.door("Capt Abe")
    answer = {"f.text": "x", "to": "cyber@zz", "id": os.urandom(16).hex(), "answers": scene.came}
    milder = {**answer, "act": "send", "marking": "TLP:CLEAR"}
    status, page, _ = door.post("/compose/answer", **milder)
    assert (status, "TLP:CLEAR is milder" in page) == (400, True)


def test_a_stream_tells_nothing_more_when_a_role_is_taken_away(scene: Scene) -> None:
    scene.house.add("Lt Kato", "watch@cyber", "drafter@ops")
    door = scene.house.door("Lt Kato")
    assert HERON in door.ask("GET", "/rows")[1]
    split = urllib.parse.urlsplit(door.url)
    stream = http.client.HTTPConnection(split.hostname or "", split.port, timeout=10)
    stream.request(
        "GET", "/events", headers={"Cookie": "; ".join(map("=".join, door.cookies.items()))}
    )
    answer, heard = stream.getresponse(), Queue[tuple[float, bytes]]()

    def listen() -> None:
        while line := answer.readline():
            heard.put((time.monotonic(), line))
        heard.put((time.monotonic(), b""))

    Thread(target=listen, daemon=True).start()
    assert heard.get(timeout=5)[1] == b"event: changed\n"
    while heard.qsize():
        heard.get()
    given = ("account", "roles", "Lt Kato", "--role", "drafter@ops")
    scene.house.run("--as", "Capt Abe", *given)
    taken = time.monotonic()
    lines: list[bytes] = []
    while not lines or lines[-1]:
        at, line = heard.get(timeout=5)
        lines.append(line)
        assert at - taken < 1
    assert b"event: ended\n" in lines
    assert HERON not in door.ask("GET", "/rows")[1]
    stream.close()


def test_each_of_several_files_of_one_name_is_given(scene: Scene) -> None:
    files = [File("a.txt", b"one"), File("a.txt", b"two"), File("1", b"three")]
    report = scene.zz.send(b"Three files.", files=files)
    door = scene.house.door("Capt Abe")
    for number, file in enumerate(files, 1):
        status, raw, given = door.fetch("GET", f"/report/{report}/attachment/{number}")
        assert (status, raw) == (200, file.plain), raw
        assert f'filename="{file.name}"' in given["content-disposition"]
    output, show = scene.house.desk.home.parent / "file", ("--as", "Capt Abe", "show", report)
    for which, plain in (("2", b"two"), ("1", b"three")):
        scene.house.run(*show, "--attachment", which, "-o", str(output))
        assert output.read_bytes() == plain, "a name before a number"
        output.unlink()


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("x.html", "text/html"), ("x.svg", "image/svg+xml"), ("photo.png", "text/html"),
     ("x.txt", "application/xhtml+xml"), ("page.mhtml", "multipart/related"),
     ("a.html%0d%0aX-Evil: 1", "text/html; charset=utf-7"), ("cod\u00adexe.html", "x")],
)  # fmt: skip
def test_a_file_is_kept_whatever_it_says_to_be(scene: Scene, name: str, media_type: str) -> None:
    content = b"<!doctype html><svg onload=alert(1)><script>alert(document.cookie)</script>"
    if not name.isprintable():
        with pytest.raises(AssertionError, match=r"file name|attachment's name"):
            scene.zz.send(b"A file.", files=[File(name, content, media_type)])
        return
    report = scene.zz.send(b"A file.", files=[File(name, content, media_type)])
    status, raw, given = scene.house.door("Capt Abe").fetch("GET", f"/report/{report}/attachment/1")
    assert (status, raw) == (200, content)
    assert given["content-type"] == "application/octet-stream"
    assert given["content-disposition"].startswith("attachment; ")
    assert given["x-content-type-options"] == "nosniff"
    assert "sandbox" in given["content-security-policy"]
    assert "x-evil" not in given


def test_a_report_of_fifty_thousand_indicators_is_read_in_parts(scene: Scene) -> None:
    values = [{"type": "ipv4-addr", "value": f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}"}
              for i in range(MANY)]  # fmt: skip
    report = scene.zz.form("cyber-incident", {"summary": "Many.", "indicators": values})
    door = scene.house.door("Capt Abe")
    status, page, _ = door.ask("GET", f"/report/{report}")
    assert status == 200
    assert page.count("<bdi>ipv4-addr") <= 4_000
    assert "/ 50,000" in page
    last = int(re.findall(r"of (\d+)</b>", page)[0])
    assert f'href="/report/{report}?part=2">Next' in page
    page = door.ask("GET", f"/report/{report}?part={last}")[1]
    assert values[-1]["value"] in page
    assert "?part=" + str(last + 1) not in page
    for strange in ("0", "99", "x", "-1", "1e9", "%F0"):
        assert door.ask("GET", f"/report/{report}?part={strange}")[0] == 200
