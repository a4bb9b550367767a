"""Partners at the console: cards, the sixty digits, agreements, revocation."""

import asyncio
import json
import re
import urllib.parse
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from starlette.types import ASGIApp, Message

from noroshi.core.instant import MINUTE
from noroshi.entrypoints.console.door import desk_door
from noroshi.entrypoints.console.security import cookie_of
from noroshi.flow.records import Quarantined
from noroshi.flow.tables import Transaction
from tests.program.conftest import Desk, befriend, make, opened
from tests.program.console import Door, come_in, enter
from tests.program.test_console_accounts import AGREEMENT, WORDS, House

pytestmark = pytest.mark.xdist_group("console-partners")

HOSTILE = "<img src=x onerror=alert(1)>"
BOUNDARY = "----noroshi-test"


class Stage:
    """A node that is served, without accounts, and the cards of others."""

    def __init__(self, jp: Desk, url: str, cards: dict[str, bytes]) -> None:
        self.jp = jp
        self.url = url
        self.cards = cards


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("partners")
    jp, nato = make(folder, "jp"), make(folder, "nato")
    befriend([jp, nato])
    cards = {}
    for name, called in (("kr", "KR"), ("au", "AU"), ("ca", HOSTILE), ("not", "NATO")):
        other = Desk(name, folder / name)
        given = ("--partner", name, "--name", called, "--profile", "H3", "--desk", "cyber")
        other.run("init", *given, "--peer", "127.0.0.1:1")
        ran = other.run("partner", "card")
        assert ran.status == 0, ran.errors
        cards[name] = ran.output
    agreement = folder / "agreement.json"
    agreement.write_text(json.dumps({**AGREEMENT, "reference": "jp-nato <b>1</b>"}))
    jp.ask("agreement", "add", agreement, "--by", "Lt Sato")
    with opened(jp) as house:
        house.store.perform(_hold_two)
    with ExitStack() as stack:
        url = stack.enter_context(jp.served())["url"]
        yield Stage(jp, url, cards)


def _hold_two(tx: Transaction) -> None:
    """Hold what a partner signed before it was revoked; what it is does not matter here."""
    known = tx.partners.get("nato")
    assert known is not None
    for number in (1, 2):
        held = Quarantined(
            bytes([number]) * 32, "nato", known.signed_card.raw, b"no envelope",
            bytes([number]) * 16, 1_790_000_000_000_000, 1_790_000_100_000_000,
        )  # fmt: skip
        assert tx.revocations.hold(held)


def give(
    door: Door, boundary: str = BOUNDARY, path: str = "/partners", **fields: bytes
) -> tuple[int, str, str]:
    """Send a form with a file, as a browser without scripts does; return where it leads."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        + (b'; filename="a.card"\r\nContent-Type: text/plain' if name == "file" else b"")
        + b"\r\n\r\n"
        + content
        + b"\r\n"
        for name, content in fields.items()
    ]
    kind = f"multipart/form-data; boundary={boundary}"
    status, page, headers = door.send(path, b"".join(parts) + f"--{boundary}--\r\n".encode(), kind)
    return status, page, headers.get("location", "")


def number_of(jp: Desk, partner: str) -> str:
    return str(jp.ask("partner", "number", partner)["number"])


def state_of(jp: Desk, partner: str) -> str:
    listed = jp.ask_lines("partner", "list")
    rows = listed[0] if isinstance(listed[0], list) else listed
    return str(next(row["state"] for row in rows if row["partner"] == partner))


def test_a_partner_is_added_and_its_digits_are_compared(stage: Stage) -> None:
    door = come_in(stage.jp, stage.url)
    card = stage.cards["kr"]
    assert give(door, file=card, card=b"")[::2] == (303, "/partners/kr")
    page = door.ask("GET", "/partners/kr")[1]
    number = number_of(stage.jp, "kr")
    assert len(number.split()) == 12
    assert all(f"<code>{group}</code>" in page for group in number.split())
    assert "Not yet verified" in page
    wrong = number.replace(number[0], "x")
    for typed, why in ((wrong, "60 digits"), (number[::-1], "do not trust this card")):
        status, page, _ = door.post("/partners/kr", act="verify", number=typed)
        assert (status, why in page, typed in page) == (400, True, True), "what was typed stays"
    assert state_of(stage.jp, "kr") == "UNVERIFIED"
    assert door.ask("POST", "/partners/kr", {"act": "verify", "number": number})[0] == 400
    assert door.post("/partners/kr", act="verify", number=number.replace(" ", "\n"))[0] == 303
    assert state_of(stage.jp, "kr") == "VERIFIED"
    assert "Compared by Lt Jansen" in door.ask("GET", "/partners/kr")[1]


def test_a_card_is_taken_as_text_and_nothing_else_is(stage: Stage) -> None:
    door = come_in(stage.jp, stage.url)
    status, page, _ = give(door, card=b"-----BEGIN <b>", file=b"")
    assert (status, "-----BEGIN &lt;b&gt;" in page) == (400, True), "what was pasted stays"
    assert give(door, file=b"\x00\xff<script>")[0] == 400
    assert give(door)[0] == 400
    assert give(door, file=b"x" * 6_300_000)[0] == 400
    assert door.post("/partners", card="urlencoded")[0] == 400
    assert door.send("/partners", b"--x\r\n", "multipart/form-data")[0] == 400
    for boundary in ("a b", "'", '"'):
        assert give(door, boundary, card=b"x")[0] == 400
    assert give(door, card=stage.cards["au"])[::2] == (303, "/partners/au")
    assert door.ask("GET", "/partners/xx")[0] == 404


def test_an_agreement_is_taken_as_a_file(stage: Stage) -> None:
    door = come_in(stage.jp, stage.url)
    for wrong in (b"", b"{", json.dumps({**AGREEMENT, "level": "HUSH"}).encode()):
        assert give(door, path="/partners/nato", file=wrong)[0] == 400
    told = json.dumps({**AGREEMENT, "reference": "by page"}).encode()
    assert give(door, path="/partners/nato", file=told)[::2] == (303, "/partners/nato")
    assert "by page" in door.ask("GET", "/partners/nato")[1]
    assert "by page" in str(stage.jp.ask_lines("agreement", "list"))


def test_what_is_held_of_a_revoked_partner_is_decided(stage: Stage) -> None:
    door = come_in(stage.jp, stage.url)
    page = door.ask("GET", "/partners")[1]
    first, second = (str(uuid.UUID(bytes=bytes([number]) * 16)) for number in (1, 2))
    assert first[:8] in page
    assert second[:8] in page
    assert door.ask("POST", f"/quarantine/{first}", {"act": "drop"})[0] == 400, "another site"
    assert door.post(f"/quarantine/{first}", act="dance")[0] == 400
    assert door.post(f"/quarantine/{first}", act="take")[0] == 400, "it is no envelope"
    assert door.post(f"/quarantine/{first}", act="drop")[0] == 303
    assert door.post(f"/quarantine/{first}", act="drop")[0] in {400, 404}
    assert first[:8] not in door.ask("GET", "/partners")[1]
    (row,) = stage.jp.ask_lines("quarantine")
    assert row["report"] == second


def test_a_hostile_name_shows_as_text_and_one_that_resembles_is_named(
    stage: Stage, browser: Browser
) -> None:
    door = come_in(stage.jp, stage.url)
    give(door, card=stage.cards["ca"])
    give(door, card=stage.cards["not"])
    page, said = enter(browser, stage.jp)
    for path in ("/partners", "/partners/ca", "/partners/nato", "/partners/not"):
        page.goto(f"{stage.url}{path}")
        assert page.locator("main img").count() == 0
    page.goto(f"{stage.url}/partners/not")
    expect(page.locator("main")).to_contain_text("People may take this name for nato")
    page.goto(f"{stage.url}/partners/nato")
    expect(page.locator("main table")).to_contain_text("jp-nato <b>1</b>")
    expect(page.locator("svg.qr path")).to_have_attribute("d", _of_modules())
    assert said == []


def _of_modules() -> "re.Pattern[str]":
    return re.compile(r"^(M\d+ \d+h\d+v1h-\d+z)+$")


def test_a_partner_is_revoked_by_whoever_types_its_name(stage: Stage) -> None:
    door = come_in(stage.jp, stage.url)
    give(door, card=stage.cards["au"])
    told = {"act": "revoke", "since": "2026-01-02 03:04", "reason": "a <lost> laptop"}
    status, page, _ = door.post("/partners/au", **told, confirm="nato")
    assert (status, "type au to confirm" in page, "a &lt;lost&gt; laptop" in page) == (
        400, True, True,
    )  # fmt: skip
    status, page, _ = door.post("/partners/au", **{**told, "since": "soon"}, confirm="au")
    assert (status, 'value="soon"' in page) == (400, True)
    assert door.post("/partners/au", act="", confirm="au")[0] == 400
    assert state_of(stage.jp, "au") == "UNVERIFIED"
    assert door.post("/partners/au", **told, confirm="au")[0] == 303
    assert state_of(stage.jp, "au") == "REVOKED"
    page = door.ask("GET", "/partners/au")[1]
    assert 'name="act"' not in page, "there is nothing left to decide"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("partners-accounts")
    jp, nato = make(folder, "jp"), make(folder, "nato")
    befriend([jp, nato])
    with jp.served() as ready:
        made = House(jp, ready["url"], folder / "words")
        made.add("Capt Abe", "administrator", by=())
        made.add("Lt Sato", "drafter", "watch")
        yield made


def test_only_an_administrator_decides_about_partners(house: House) -> None:
    door = house.door("Lt Sato")
    page = door.ask("GET", "/partners/nato")[1]
    assert ("<form" in page.partition("<main")[2]) is False
    revoking = {"act": "revoke", "since": "2026-01-02T03:04Z", "confirm": "nato"}
    status, page, _ = door.post("/partners/nato", **revoking)
    assert (status, "may not administer" in page) == (400, True)
    assert give(door, card=b"-----BEGIN")[0] == 400
    assert 'name="confirm"' in house.door("Capt Abe").ask("GET", "/partners/nato")[1]


def asked(application: ASGIApp, path: str, cookie: str, form: dict[str, str]) -> tuple[int, str]:
    """Return what a door in this process answers to a form."""
    sent: list[Message] = []
    body = urllib.parse.urlencode(form).encode()
    headers = {"host": "localhost", "origin": "http://localhost", "cookie": cookie}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "server": ("localhost", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    async def go() -> None:
        await application(scope, receive, send)

    with ThreadPoolExecutor(1) as pool:  # the browser's driver has a loop in this thread
        pool.submit(asyncio.run, go()).result()
    page = b"".join(message.get("body", b"") for message in sent[1:]).decode()
    return sent[0]["status"], page


def test_what_was_typed_stays_while_a_person_is_proven_anew(tmp_path: Path) -> None:
    jp, nato = make(tmp_path, "jp"), make(tmp_path, "nato")
    befriend([jp, nato])
    (tmp_path / "words").write_text(WORDS)
    words = {"NOROSHI_ACCOUNT_PASSPHRASE_FILE": str(tmp_path / "words")}
    adding = ("account", "add", "Capt Abe", "--role", "administrator")
    assert jp.run(*adding, "--passphrase-file", tmp_path / "words", environment=words).status == 0
    form = {"act": "revoke", "since": "2026-01-02 03:04", "confirm": "nato"}
    with opened(jp) as house:
        door = desk_door(lambda: house, ["localhost"], "http://localhost", asyncio.Queue)
        for age, is_proven in ((3 * MINUTE, False), (0, True)):
            secret = house.visitors.open("Capt Abe", house.clock.now() - age)
            cookie = f"{cookie_of('http://localhost')}={secret}"
            status, page = asked(door, "/partners/nato", cookie, form)
            assert status == (303 if is_proven else 400)
            assert ("/confirm?next=/partners/nato" in page) is not is_proven
            if not is_proven:
                status, _ = asked(door, "/quarantine/01010101", cookie, {"act": "drop"})
                assert status == 303, "it leads to the proof, and decides nothing"
            assert ('value="2026-01-02 03:04"' in page) is not is_proven
