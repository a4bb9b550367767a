"""The desk door over TLS, asked in raw bytes: what docs/asvs.md says of it and no page shows."""

import asyncio
import contextlib
import json
import re
import socket
import ssl
import urllib.parse
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path

import pytest
from starlette.types import Message

from noroshi.entrypoints.console.door import desk_door
from noroshi.entrypoints.console.protocol import LARGEST_HEAD, WAITING
from noroshi.flow.house import House as Parts
from tests.program.conftest import make
from tests.program.test_console_accounts import WORDS, House

pytestmark = pytest.mark.xdist_group("asvs-door")

YEAR = 31_536_000
PAGES = ("/", "/compose", "/release", "/lines", "/desk", "/partners", "/journal", "/settings",
         "/passkeys", "/confirm", f"/compose/cyber-incident?id={'a1' * 16}",
         "/desk/cyber/staffed")  # fmt: skip


class Answer:
    """What a door answered, and its headers as they came."""

    def __init__(self, raw: bytes) -> None:
        head, _, self.body = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(first.split()[1])
        self.headers = [(k.lower(), v) for k, _, v in (line.partition(": ") for line in lines)]

    def one(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    @property
    def cookies(self) -> list[str]:
        return [value for key, value in self.headers if key == "set-cookie"]


class Raw:
    """Somebody at the door who writes bytes."""

    def __init__(self, url: str) -> None:
        self.url, self.door = url, urllib.parse.urlsplit(url)
        self.cookie = ""

    @contextlib.contextmanager
    def connected(self) -> Generator[ssl.SSLSocket]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        address = ("127.0.0.1", self.door.port or 0)
        with (
            socket.create_connection(address, timeout=5) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as door,
        ):
            yield door

    def exchange(self, raw: bytes) -> bytes:
        said = b""
        with self.connected() as door:
            with contextlib.suppress(TimeoutError, ssl.SSLError, ConnectionError):
                door.sendall(raw)
                while more := door.recv(65_536):
                    said += more
            return said

    def ask(
        self,
        method: str,
        path: str,
        form: Mapping[str, str] | None = None,
        extra: Mapping[str, str] = {},
        **more: str,
    ) -> Answer:
        body = urllib.parse.urlencode(form or {})
        given = {
            "Host": self.door.netloc, "Connection": "close", "Content-Length": str(len(body)),
            **({"Origin": self.url} if method == "POST" else {}),
            **({"Cookie": self.cookie} if self.cookie else {}),
            **{name.replace("_", "-"): value for name, value in {**extra, **more}.items()},
        }  # fmt: skip
        head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        answer = Answer(self.exchange(f"{method} {path} HTTP/1.1\r\n{head}\r\n{body}".encode()))
        for cookie in answer.cookies:
            if "language" not in cookie:
                self.cookie = cookie.partition(";")[0]
        return answer

    def come_in(self, house: House, name: str) -> Answer:
        secret = house.link(name).rpartition("/")[2]
        return self.ask("POST", "/enter", {"secret": secret})


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("asvs")
    jp = make(folder, "jp")
    given = ("--tls-cert", str(jp.home / "tls.crt"), "--tls-key", str(jp.home / "tls.key"))
    with jp.served("--listen", "127.0.0.1:0", *given) as ready:
        made = House(jp, ready["url"], folder / "words")
        assert jp.ask_lines("account", "list") == [], "nobody has one from the beginning"
        made.add("Capt Abe", "administrator", "drafter", "watch", by=())
        made.add("Lt Sato", "drafter", "watch")
        made.add("Ms Ueda", "auditor")
        yield made


@pytest.fixture
def abe(house: House) -> Raw:
    door = Raw(house.url)
    assert door.come_in(house, "Capt Abe").status == 303
    return door


def test_every_answer_carries_the_headers(house: House, abe: Raw) -> None:
    stranger = Raw(house.url)
    answers = [
        *(abe.ask("GET", path) for path in (*PAGES, "/rows")),
        *(stranger.ask("GET", path) for path in ("/", "/rows", "/settings", "/enter/x", "/none")),
        *(stranger.ask("GET", f"/static/{name}") for name in ("noroshi.css", "console.mjs", "x")),
        stranger.ask("GET", "/static/noroshi.svg"), stranger.ask("GET", "/healthz"),
        stranger.ask("PUT", "/"), stranger.ask("POST", "/leave", Origin="https://evil.example"),
        stranger.ask("GET", "/", Host="evil.example"), abe.ask("POST", "/language", {"to": "en"}),
        stranger.ask("GET", "/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors"),
    ]  # fmt: skip
    assert {answer.status for answer in answers} == {200, 303, 400, 401, 403, 404, 405}
    for answer in answers:
        policy = answer.one("content-security-policy").split("; ")
        for part in ("default-src 'none'", "object-src 'none'", "base-uri 'none'",
                     "frame-ancestors 'none'", "script-src 'self'"):  # fmt: skip
            assert part in policy
        assert "unsafe" not in " ".join(policy)
        transport = answer.one("strict-transport-security")
        assert int(transport.partition("max-age=")[2].partition(";")[0]) >= YEAR
        assert "includeSubDomains" in transport
        assert answer.one("x-content-type-options") == "nosniff"
        assert answer.one("referrer-policy") == "same-origin"
        assert answer.one("cross-origin-opener-policy") == "same-origin"
        assert answer.one("cross-origin-resource-policy") == "same-origin"
        assert answer.one("access-control-allow-origin") == ""
        assert answer.one("server") == ""
        kind = answer.one("content-type")
        if answer.body and not kind.startswith("application/"):
            assert "charset=utf-8" in kind.lower()
        assert bool(answer.body) <= bool(kind)
        assert int(answer.one("content-length")) == len(answer.body)


def test_each_cookie_is_bound_to_this_host(house: House) -> None:
    door = Raw(house.url)
    cookies = [
        *door.come_in(house, "Lt Sato").cookies,
        *door.ask("POST", "/language", {"to": "fr"}).cookies,
        *door.ask("POST", "/leave").cookies,
    ]
    assert len(cookies) == 3
    for cookie in cookies:
        assert cookie.startswith("__Host-noroshi-")
        assert len(cookie) < 4096
        parts = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"secure", "httponly", "samesite=strict", "path=/"} <= parts
        assert not any(part.startswith("domain") for part in parts)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_no_other_site_loads_a_page(abe: Raw, site: str) -> None:
    for mode, place in (("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe")):
        for path in ("/", "/rows", "/events", "/report/00000000", "/static/console.mjs"):
            told = {"Sec_Fetch_Site": site, "Sec_Fetch_Mode": mode, "Sec_Fetch_Dest": place}
            assert abe.ask("GET", path, extra=told).status == 403
    went = {"Sec_Fetch_Site": site, "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    assert abe.ask("GET", "/settings", extra=went).status == 200, "a person followed a link"
    same = {"Sec_Fetch_Site": "same-origin", "Sec_Fetch_Mode": "cors", "Sec_Fetch_Dest": "empty"}
    assert abe.ask("GET", "/rows", extra=same).status == 200


@pytest.mark.parametrize(
    "lengths",
    [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Content-Length: 4\r\nContent-Length: 40",
        "Content-Length: +4",
        "Transfer-Encoding: xchunked",
        "Content-Length: 4\r\nTransfer-Encoding : chunked",
    ],
)
def test_a_message_whose_end_is_in_doubt_is_refused(house: House, lengths: str) -> None:
    hidden = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    head = f"POST /leave HTTP/1.1\r\nHost: localhost\r\n{lengths}\r\n\r\n"
    said = Raw(house.url).exchange(f"{head}0\r\n\r\n{hidden}".encode())
    assert said.count(b"HTTP/1.1 ") == 1
    assert said.startswith(b"HTTP/1.1 400 ")
    assert b"journal" not in said


def test_a_head_without_end_and_slow_strangers_keep_nobody_out(house: House) -> None:
    raw = Raw(house.url)
    endless = b"GET / HTTP/1.1\r\nX: " + b"x" * (4 * LARGEST_HEAD)
    assert raw.exchange(endless) == b""
    with contextlib.ExitStack() as opened:
        slow = []
        for _ in range(WAITING + 20):
            slow.append(opened.enter_context(raw.connected()))
            slow[-1].sendall(b"GET / HTTP/1.1\r\n")
        assert raw.ask("GET", "/healthz").status == 200
        slow[0].settimeout(5)
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            assert slow[0].recv(1) == b"", "the first of them was let go"


def test_no_other_method_and_no_other_protocol(house: House) -> None:
    door = Raw(house.url)
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"):
        for path in ("/", "/settings", "/enter", "/healthz", "/nothing"):
            assert door.ask(method, path).status == 405
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13",
               "Sec_WebSocket_Key": "AAAAAAAAAAAAAAAAAAAAAA=="}  # fmt: skip
    assert door.ask("GET", "/healthz", extra=upgrade).status == 200, "and no 101"
    assert door.exchange(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")[:12] in (b"HTTP/1.1 400", b"")


def test_what_proxies_say_means_nothing(house: House, abe: Raw) -> None:
    said = {
        "X_Forwarded_For": "203.0.113.1", "X_Forwarded_Host": "evil.example",
        "X_Forwarded_Proto": "http", "Forwarded": "host=evil.example;proto=http",
        "X_User_ID": "Capt Abe", "X_Original_URL": "/settings", "X_HTTP_Method_Override": "POST",
    }  # fmt: skip
    stranger = Raw(house.url)
    answer = stranger.ask("GET", "/", extra=said)
    assert (answer.status, b"Capt Abe" in answer.body) == (200, False)
    assert b"evil" not in answer.body
    assert answer.one("strict-transport-security") != ""
    refused = {"Origin": "https://evil.example", **said}
    assert abe.ask("POST", "/leave", extra=refused).status == 400
    assert stranger.ask("GET", "/", Host="evil.example").status == 400


@pytest.mark.parametrize(
    "name",
    ["../door.py", "..%2fdoor.py", "%2e%2e/door.py", "%2fetc%2fpasswd", "noroshi.css%00.mjs", ""],
)
def test_a_name_is_no_path(house: House, name: str) -> None:
    assert Raw(house.url).ask("GET", f"/static/{name}").status == 404


def test_each_page_offers_to_leave_and_masks_passphrases(abe: Raw) -> None:
    asked = 0
    for path in PAGES:
        page = abe.ask("GET", path).body.decode()
        assert 'method="post" action="/leave"' in page
        for field in re.findall("<input[^>]*passphrase[^>]*>", page):
            asked += 1
            assert 'type="password"' in field
            assert 'autocomplete="' in field
            assert "maxlength" not in field
            assert 'autocomplete="off"' not in field
        assert not re.search(r"\son[a-z]+=|<script(?![^>]* src=)|style=|javascript:|<base", page)
        away = re.findall(r'(?:href|src|action)="(?!/|#)([^"]*)"', page)
        assert away == [], "nothing leads or loads from elsewhere"
    assert asked == 2
    folder = Path(desk_door.__code__.co_filename).parent / "static"
    scripts = "".join(file.read_text() for file in folder.glob("*.mjs"))
    for word in (
        "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "paste", "http:",
        "Function(", "postMessage", "localStorage", "sessionStorage", "onmessage", "import(",
    ):  # fmt: skip
        assert word not in scripts


def test_each_proof_gives_a_new_session(house: House) -> None:
    door = Raw(house.url)
    door.cookie = f"__Host-noroshi-{door.door.port}={'0' * 64}"
    assert door.ask("GET", "/rows").status == 401, "nobody chooses a session"
    door.come_in(house, "Lt Sato")
    first = door.cookie
    assert door.ask("POST", "/confirm", {"passphrase": WORDS, "next": "/"}).status == 303
    second = door.cookie
    door.come_in(house, "Ms Ueda")
    third = door.cookie
    assert len({first, second, third}) == 3
    for cookie, status in ((first, 401), (second, 401), (third, 200)):
        door.cookie = cookie
        assert door.ask("GET", "/rows").status == status


def test_fields_that_no_form_has_change_nothing(house: House, abe: Raw) -> None:
    form = {
        "act": "add", "name": "Lt Kato", "role": "watch", "passphrase": WORDS, "by": "Ms Ueda",
        "uid": "0", "added_by": "Ms Ueda", "state": "ENDED", "verifier": "x",
    }  # fmt: skip
    assert abe.ask("POST", "/settings", form).status == 303
    words = {"NOROSHI_ACCOUNT_PASSPHRASE_FILE": str(house.desk.home.parent / "words")}
    listed = house.desk.run("--json", "--as", "Capt Abe", "account", "list", environment=words)
    (row,) = (one for one in listed.lines if one["account"] == "Lt Kato")
    assert (row["added_by"], row["uid"], row["state"]) == ("Capt Abe", None, "ACTIVE")


def test_the_log_tells_who_came_in_and_what_was_refused(house: House) -> None:
    log = house.desk.home.with_suffix(".log")
    before = len(log.read_bytes().splitlines())
    door = Raw(house.url)
    secret = house.link("Lt Sato").rpartition("/")[2]
    wrong = "words that\nare wrong"
    door.ask("POST", "/enter", {"secret": "x\n{}"})
    door.ask("POST", "/enter", {"secret": secret})
    door.ask("POST", "/confirm", {"passphrase": wrong, "next": "/"})
    door.ask("POST", "/confirm", {"passphrase": WORDS, "next": "/"})
    door.ask("POST", "/settings", {"act": "end", "name": "Capt Abe", "confirm": "Capt Abe"})
    door.ask("POST", "/passkey", {"answer": "{}"})
    door.ask("POST", "/leave", Origin="https://evil.example")
    door.ask("GET", "/rows", Sec_Fetch_Site="cross-site")
    door.ask("POST", "/leave")
    file = house.desk.home.parent / "wrong"
    file.write_text("some other words")
    proof = {"NOROSHI_ACCOUNT_PASSPHRASE_FILE": str(file)}
    assert house.desk.run("--as", "Capt Abe", "inbox", environment=proof).status == 1
    text = log.read_text()
    lines = [json.loads(line) for line in text.splitlines()[before:]]
    told = [
        (one["event"], one["door"], one.get("way"), one.get("account"), one.get("code"))
        for one in lines
    ]
    assert told[0] == ("proven", "local", "passphrase", "Lt Sato", None)
    assert told[1] == ("refused", "desk", "link", None, "not-proven")
    assert told[2] == ("came-in", "desk", "link", "Lt Sato", None)
    assert ("refused", "desk", "passphrase", "Lt Sato", "not-proven") in told
    assert ("confirmed", "desk", "passphrase", "Lt Sato", None) in told
    assert ("refused", "desk", None, "Lt Sato", "not-permitted") in told
    assert ("refused", "desk", "passkey", None, "not-proven") in told
    assert told.count(("refused", "desk", None, None, "not-permitted")) == 2, "other sites"
    assert told[-2:] == [
        ("left", "desk", None, "Lt Sato", None),
        ("refused", "local", None, "Capt Abe", "not-proven"),
    ]
    assert all(one["timestamp"].endswith("Z") and one["level"] for one in lines)
    for kept in (
        secret,
        wrong.split(maxsplit=1)[0],
        WORDS,
        door.cookie.partition("=")[2] or "none",
    ):
        assert kept not in text


def test_a_fault_is_told_without_what_it_was() -> None:
    def house() -> Parts:
        msg = "SELECT secret FROM /var/lib/noroshi"
        raise RuntimeError(msg)

    sent: list[Message] = []
    scope = {
        "type": "http", "method": "GET", "path": "/", "scheme": "http", "query_string": b"",
        "headers": [(b"host", b"localhost")], "http_version": "1.1", "server": ("localhost", 80),
    }  # fmt: skip

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    application = desk_door(house, ["localhost"], "http://localhost", asyncio.Queue)
    with pytest.raises(RuntimeError):  # the server tells it in its log, and goes on
        asyncio.run(_called(application, scope, receive, send))
    assert sent[0]["status"] == 500
    assert sent[1]["body"] == b"Internal Server Error"
    assert any(name == b"content-security-policy" for name, _ in sent[0]["headers"])


async def _called(application: object, *given: object) -> None:
    await application(*given)  # type: ignore[operator]
