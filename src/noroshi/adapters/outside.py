"""The way out of the house to servers of others: one place, and nothing that it does not check.

A name is resolved once, and what it resolves to is connected to only if that is a public address,
or in a network that the administrator allowed for this feed; so no feed reaches into the house, by
whatever name (reliability: server-side request forgery). Redirects are never followed, proxies of
the environment not used, no answer is unpacked, and certificates are always checked.
"""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator
from typing import Final

from noroshi.core.errors import UnavailableError
from noroshi.core.feed import Feed, Url, check_url, may_reach
from noroshi.flow.feed_ports import Login, Reply, Session
from noroshi.flow.feeds.speech import headers_of

_CONNECT_SECONDS: Final = 10.0
_QUIET_SECONDS: Final = 60.0
_WHOLE_SECONDS: Final = 600.0
"""For one answer, however slowly it trickles in."""
_CHUNK: Final = 256 * 1024
_AGENT: Final = "noroshi"
_STOPPED: Final = "was not heard to the end, for the node was stopped; it goes on when it is served"


class Outside:
    """Opens sessions (:class:`noroshi.flow.feed_ports.Outside`); ends all when the node stops."""

    def __init__(self) -> None:
        """Have none open."""
        self._lock = threading.Lock()
        self._open: set[_Server] = set()
        self._turns: dict[str, threading.Lock] = {}
        self._is_closed = False

    @contextlib.contextmanager
    def __call__(self, feed: Feed, login: Login) -> Generator[Session]:
        """Open a session with the server of a feed, once nobody else has one for this feed.

        Two that follow one feed at once would take, or hand on, the same things twice. Its
        connection is used again.
        """
        server = _Server(feed, login)
        with self._lock:
            turn = self._turns.setdefault(feed.name, threading.Lock())
        with turn:
            with self._lock:
                self._open.add(server)
                if self._is_closed:
                    server.abort()
            try:
                yield server
            finally:
                with self._lock:
                    self._open.discard(server)
                server.close()

    def close(self) -> None:
        """End what is under way: whoever waits for a server waits no more."""
        with self._lock:
            self._is_closed = True
            for server in self._open:
                server.abort()


class _Server:
    """A server that is talked to (:class:`noroshi.flow.feed_ports.Session`)."""

    def __init__(self, feed: Feed, login: Login) -> None:
        self._feed = feed
        self._url = check_url(feed.url, feed.networks)
        self._headers = headers_of(feed, login)
        self._context = _context(login, feed) if self._url.scheme == "https" else None
        self._connection: http.client.HTTPConnection | None = None
        self._stopped = threading.Event()

    def ask(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None = None,
        *,
        most: int,
    ) -> Reply:
        """Ask, and return the answer, of at most so many bytes."""
        path = url.removeprefix(self._url.origin)
        if not path.startswith("/") or path == url:
            raise _failed(url, "lies at another server than the feed")
        told = {
            **self._headers, **headers, "Accept-Encoding": "identity", "User-Agent": _AGENT
        }  # fmt: skip
        try:
            return self._ask(method, path, told, body, most=most, url=url)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            why = _STOPPED if self._stopped.is_set() else _why(error)
            raise _failed(url, why) from error
        except BaseException:
            self.close()
            raise

    def pause(self, seconds: float) -> None:
        """Give the server time.

        Raises:
            UnavailableError: the node is being stopped.
        """
        if self._stopped.wait(seconds):
            raise _failed(self._feed.url, _STOPPED)

    def abort(self) -> None:
        """Let whoever waits for an answer wait no more; called on another thread."""
        self._stopped.set()
        connection = self._connection
        if connection is not None and connection.sock is not None:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes | None,
        *,
        most: int,
        url: str,
    ) -> Reply:
        until = time.monotonic() + _WHOLE_SECONDS
        is_warm = self._connection is not None
        try:
            answer = self._answer(method, path, headers, body)
        except ConnectionError:
            self.close()
            if not is_warm:
                raise
            # The server had closed what was kept for the next question.
            answer = self._answer(method, path, headers, body)
        told = {name.lower(): value for name, value in answer.getheaders()}
        if told.get("content-encoding", "identity") != "identity":
            raise _failed(url, "answers packed, though it was asked not to")
        read = _read(answer, most, until, url)
        if answer.will_close:
            self.close()
        return Reply(answer.status, told, read)

    def _answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> http.client.HTTPResponse:
        """Return an answer whose body is not read yet; a connection is kept once it was good."""
        if self._stopped.is_set():
            raise ConnectionAbortedError
        connection = self._connection
        if connection is None:
            connection = _Connection(self._url, self._feed, self._context)
            connection.connect()
            self._connection = connection
            if self._stopped.is_set():
                raise ConnectionAbortedError
        connection.request(method, path, body, headers)
        return connection.getresponse()


class _Connection(http.client.HTTPConnection):
    """A connection to an address that was checked; to nothing else."""

    def __init__(self, url: Url, feed: Feed, context: ssl.SSLContext | None) -> None:
        super().__init__(url.host, url.port, timeout=_CONNECT_SECONDS)
        self._feed = feed
        self._context = context
        self.default_port = 443 if url.scheme == "https" else 80  # decides what Host says

    def connect(self) -> None:
        """Connect to the first address of the server that may be, and answers."""
        plain = _connect(self._feed, self.host, self.port)
        plain.settimeout(_QUIET_SECONDS)
        if self._context is None:
            self.sock = plain
            return
        try:
            self.sock = self._context.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


def _connect(feed: Feed, host: str, port: int) -> socket.socket:
    """Return a connection to a host, which is looked up this once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    networks = feed.networks
    allowed = [each for each in found if may_reach(str(each[4][0]), networks)]
    if not allowed:
        where = ", ".join(sorted({str(each[4][0]) for each in found}))
        msg = (
            f"{feed.url} leads to {where}, which is no public address; if the server is inside, "
            "add the feed with its network: --inside NETWORK"
        )
        raise UnavailableError("feed-failed", msg)
    problem: OSError | None = None
    for family, kind, protocol, _, address in allowed:
        plain = socket.socket(family, kind, protocol)
        plain.settimeout(_CONNECT_SECONDS)
        try:
            plain.connect(address)
        except OSError as error:
            plain.close()
            problem = error
        else:
            return plain
    raise problem or OSError("no address")


def _read(answer: http.client.HTTPResponse, most: int, until: float, url: str) -> bytes:
    """Return the body of an answer, of at most so many bytes, in time."""
    chunks: list[bytes] = []
    size = 0
    while True:
        chunk = answer.read1(_CHUNK)
        if not chunk:
            break
        size += len(chunk)
        if size > most:
            raise _failed(url, f"answers more than {most >> 20} MiB")
        if time.monotonic() > until:
            raise _failed(url, f"is not done after {_WHOLE_SECONDS:.0f} seconds")
        chunks.append(chunk)
    if answer.length:
        raise http.client.IncompleteRead(b"", answer.length)
    answer.close()  # its connection goes on
    return b"".join(chunks)


def _context(login: Login, feed: Feed) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=login.authorities or None)
    except (ssl.SSLError, ValueError):
        msg = f"the certificates of the feed {feed.name} cannot be read; add it with another --ca"
        raise UnavailableError("feed-failed", msg) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # TAXII 2.1, section 8.5.1
    return context


def _failed(url: str, why: str) -> UnavailableError:
    return UnavailableError("feed-failed", f"{url} {why}")


def _why(error: Exception) -> str:
    """Return what happened, as an administrator reads it."""
    kinds: tuple[tuple[type[Exception], Callable[[Exception], str]], ...] = (
        (ssl.SSLCertVerificationError, lambda e: f"shows a certificate that is not trusted: {e}"),
        (ssl.SSLError, lambda e: f"cannot be talked to safely: {e}"),
        (socket.gaierror, lambda _: "has a name that cannot be found"),
        (TimeoutError, lambda _: "does not answer in time"),
        (http.client.HTTPException, lambda e: f"breaks off, or speaks no HTTP: {e!r}"),
        (OSError, lambda e: f"cannot be reached: {e}"),
    )
    return next(say(error) for kind, say in kinds if isinstance(error, kind))
