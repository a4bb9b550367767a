"""The way out: what lies inside is never connected to, whatever a server is called."""

import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from noroshi.adapters.outside import Outside
from noroshi.core.errors import UnavailableError
from noroshi.core.feed import Feed, FeedKind
from noroshi.core.marking.label import Marking
from noroshi.flow.feed_ports import Login

HERE = ("127.0.0.0/8",)
outside = Outside()


def feed(url: str, *inside: str) -> Feed:
    return Feed(
        name="cert", kind=FeedKind.MISP_FEED, url=url, collection="c", inside=inside,
        partner="jp", ceiling=Marking.parse("TLP:GREEN"), added_at=1, added_by="Lt Sato",
    )  # fmt: skip


def ask(one: Feed, path: str = "/x", login: Login | None = None, **more: Any) -> Any:
    with outside(one, login or Login()) as session:
        return session.ask("GET", f"{one.url}{path}", {}, most=1000, **more)


class Site:
    """A server of HTTP on this machine; `answer` writes to whoever asks."""

    def __init__(self, answer: Callable[[Any], None], context: ssl.SSLContext | None) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.connections = 0
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                site.connections += 1
                super().setup()

            def do_GET(self) -> None:
                site.asked.append((self.path, dict(self.headers.items())))
                answer(self)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]


@contextmanager
def site(answer: Callable[[Any], None], context: ssl.SSLContext | None = None) -> Iterator[Site]:
    one = Site(answer, context)
    serving = threading.Thread(target=one.server.serve_forever, args=(0.01,))
    serving.start()
    try:
        yield one
    finally:
        one.server.shutdown()
        serving.join()
        one.server.server_close()


def whole(body: bytes, status: int = 200, **headers: str) -> Callable[[Any], None]:
    def answer(http: Any) -> None:
        http.send_response(status)
        http.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            http.send_header(name.replace("_", "-"), value)
        http.end_headers()
        http.wfile.write(body)

    return answer


def test_a_server_is_asked_over_one_connection() -> None:
    with site(whole(b"words")) as one:
        server = feed(f"http://127.0.0.1:{one.port}", *HERE)
        with outside(server, Login("word")) as session:
            for path in ("/a", "/b?c=1"):
                told = session.ask("GET", f"{server.url}{path}", {"X": "1"}, most=5)
                assert (told.status, told.body) == (200, b"words")
            with pytest.raises(UnavailableError, match="another server"):
                session.ask("GET", "http://127.0.0.1:1/x", {}, most=5)
            with pytest.raises(UnavailableError, match="another server"):
                session.ask("GET", f"{server.url}.evil.example/", {}, most=5)
        assert [path for path, _ in one.asked] == ["/a", "/b?c=1"]
        assert one.connections == 1
        sent = one.asked[0][1]
        assert sent["Authorization"] == "Bearer word"
        assert sent["Accept-Encoding"] == "identity"
        assert sent["Host"] == f"127.0.0.1:{one.port}"


def test_a_connection_that_was_closed_meanwhile_is_made_anew() -> None:
    def once(http: Any) -> None:
        whole(b"x")(http)
        http.close_connection = True  # without saying so

    with site(once) as one:
        server = feed(f"http://127.0.0.1:{one.port}", *HERE)
        with outside(server, Login()) as session:
            for _ in range(3):
                assert session.ask("GET", f"{server.url}/x", {}, most=5).body == b"x"
        assert one.connections == 3


NAMES = (
    "localhost", "127.0.0.1", "127.1", "0", "0x0", "2130706433", "0x7f000001", "0177.0.0.1",
    "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_no_name_leads_into_the_house(name: str) -> None:
    with site(whole(b"secret")) as canary:
        with pytest.raises(UnavailableError) as caught:
            ask(feed(f"https://{name}:{canary.port}"))
        assert canary.connections == 0
    assert caught.value.code == "feed-failed"


@pytest.mark.parametrize(
    "found",
    [["169.254.169.254"], ["10.0.0.1", "127.0.0.1"], ["::1"], ["fe80::1%lo"], ["64:ff9b::7f00:1"]],
)
def test_a_name_that_leads_inside_is_refused(
    monkeypatch: pytest.MonkeyPatch, found: list[str]
) -> None:
    tried = looked_up(monkeypatch, found)
    with pytest.raises(UnavailableError, match="no public address"):
        ask(feed("https://cert.example"))
    assert tried == []


def test_a_name_is_looked_up_once_and_only_public_addresses_are_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = looked_up(monkeypatch, ["127.0.0.1", "203.0.114.1", "10.0.0.1", "203.0.114.2"])
    with pytest.raises(UnavailableError, match="cannot be reached"):
        ask(feed("https://cert.example"))
    assert tried == ["203.0.114.1", "203.0.114.2"]


def looked_up(monkeypatch: pytest.MonkeyPatch, found: list[str]) -> list[str]:
    """Let each name lead to `found`, and each connection fail; return what is connected to."""
    tried: list[str] = []
    asked: list[str] = []

    def look_up(host: str, port: int, **_: object) -> list[Any]:
        asked.append(host)
        assert asked == ["cert.example"]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    class Plain:
        def __init__(self, *_: object) -> None:
            pass

        def settimeout(self, _seconds: float) -> None:
            pass

        def connect(self, address: tuple[str, int]) -> None:
            tried.append(address[0])
            raise OSError(111, "refused")

        def close(self) -> None:
            pass

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "socket", Plain)
    return tried


def test_a_redirect_leads_nowhere() -> None:
    with site(whole(b"secret")) as canary:
        target = f"http://127.0.0.1:{canary.port}/"
        with site(whole(b"", 302, Location=target)) as one:
            told = ask(feed(f"http://127.0.0.1:{one.port}", *HERE))
        assert told.status == 302
        assert canary.connections == 0


def test_a_proxy_of_the_surroundings_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with site(whole(b"x")) as canary, site(whole(b"words")) as one:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
        assert ask(feed(f"http://127.0.0.1:{one.port}", *HERE)).body == b"words"
        assert canary.connections == 0


def trickle(http: Any) -> None:
    http.send_response(200)
    http.send_header("Transfer-Encoding", "chunked")
    http.end_headers()
    for _ in range(3000):
        http.wfile.write(b"1\r\nx\r\n")


def breaks_off(http: Any) -> None:
    http.send_response(200)
    http.send_header("Content-Length", "500")
    http.end_headers()
    http.wfile.write(b"x")
    http.close_connection = True


def no_http(http: Any) -> None:
    http.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    http.close_connection = True


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (whole(b"x" * 1001), "answers more than"),
        (trickle, "answers more than"),
        (breaks_off, "breaks off"),
        (no_http, "speaks no HTTP"),
        (whole(b"\x1f\x8b", Content_Encoding="gzip"), "answers packed"),
    ],
)
def test_an_answer_that_cannot_be_read_is_told(answer: Callable[[Any], None], told: str) -> None:
    with site(answer) as one, pytest.raises(UnavailableError, match=told):
        ask(feed(f"http://127.0.0.1:{one.port}", *HERE))


def test_an_answer_has_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("noroshi.adapters.outside._WHOLE_SECONDS", -1.0)
    with site(whole(b"words")) as one, pytest.raises(UnavailableError, match="is not done"):
        ask(feed(f"http://127.0.0.1:{one.port}", *HERE))


def test_silence_has_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("noroshi.adapters.outside._QUIET_SECONDS", 0.05)
    done = threading.Event()

    def wait(_http: Any) -> None:
        done.wait(5)

    with site(wait) as one:
        with pytest.raises(UnavailableError, match="does not answer in time"):
            ask(feed(f"http://127.0.0.1:{one.port}", *HERE))
        done.set()


def test_a_node_that_stops_waits_for_nobody() -> None:
    done = threading.Event()
    way, told = Outside(), []

    def wait(_http: Any) -> None:
        done.wait(10)

    with site(wait) as one:
        server = feed(f"http://127.0.0.1:{one.port}", *HERE)

        def follow() -> None:
            with way(server, Login()) as session:
                for act in (
                    lambda: session.ask("GET", f"{server.url}/x", {}, most=5),
                    lambda: session.ask("GET", f"{server.url}/x", {}, most=5),
                    lambda: session.pause(10),
                ):
                    with pytest.raises(UnavailableError, match="the node was stopped"):
                        act()
                    told.append(True)

        following = threading.Thread(target=follow)
        following.start()
        while not one.asked:
            following.join(0.01)
        way.close()
        following.join(5)
        assert told == [True] * 3
        with way(server, Login()) as session, pytest.raises(UnavailableError, match="was stopped"):
            session.ask("GET", f"{server.url}/x", {}, most=5)
        done.set()


def test_nobody_at_home_is_told() -> None:
    with pytest.raises(UnavailableError, match="cannot be reached"):
        ask(feed("http://127.0.0.1:1", *HERE))


def test_a_certificate_is_checked_and_nothing_turns_that_off(tmp_path: Any) -> None:
    context, authorities = certificate(tmp_path)
    with site(whole(b"words"), context) as one:
        server = feed(f"https://localhost:{one.port}", *HERE)
        with pytest.raises(UnavailableError, match="not trusted"):
            ask(server)
        assert ask(server, login=Login(authorities=authorities)).body == b"words"
        by_number = feed(f"https://127.0.0.1:{one.port}", *HERE)
        with pytest.raises(UnavailableError, match="not trusted"):
            ask(by_number, login=Login(authorities=authorities))
        with pytest.raises(UnavailableError, match="another --ca"):
            ask(server, login=Login(authorities="-----BEGIN NONSENSE-----"))
    with site(whole(b"words")) as one, pytest.raises(UnavailableError, match="talked to safely"):
        ask(feed(f"https://localhost:{one.port}", *HERE))


def certificate(folder: Any) -> tuple[ssl.SSLContext, str]:
    """Return what serves a certificate for localhost, and that certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)  # noqa: TID251 - the library that checks it has no other clock
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.Encoding.PEM
    file = folder / "server.pem"
    file.write_bytes(
        made.public_bytes(plain)
        + key.private_bytes(plain, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, made.public_bytes(plain).decode()
