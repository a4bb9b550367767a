"""The way from a command to the node: over the local door while it is served, else directly."""

import base64
import http.client
import os
import socket
import time
import urllib.parse
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from noroshi.adapters.home import check_home, socket_path
from noroshi.core.errors import InputError, NoroshiError, UnavailableError
from noroshi.entrypoints.cli.person import Person, proving
from noroshi.entrypoints.cli.pieces import CHUNK, Progress, read_file
from noroshi.flow import requests
from noroshi.settings import read_settings

if TYPE_CHECKING:
    from noroshi.bootstrap import AskPassphrase

_PATIENCE_SECONDS: Final = 10.0
_TIMEOUT_SECONDS: Final = 300
_IMPORT_TIMEOUT_SECONDS: Final = 4 * 3600
"""A volume may hold so many reports that opening all of them takes hours."""


class Desk(Protocol):
    """What a command can ask of the node."""

    def ask(self, request: requests.AnyRequest) -> requests.Answer:
        """Return the answer to a request."""
        ...

    def stage(self, path: Path, on_progress: Progress) -> str:
        """Give the node a file for a report to come; return its token."""
        ...

    def attachment(self, report: str, name: str) -> tuple[int, Iterator[bytes]]:
        """Return size and bytes of an attachment."""
        ...

    def volume(self, set_id: str, number: int) -> tuple[int, Iterator[bytes]]:
        """Return size and bytes of a courier volume that was packed."""
        ...

    def import_volume(self, chunks: Iterator[bytes]) -> requests.Json:
        """Give the node a courier volume; return what came of it."""
        ...


@contextmanager
def reach(
    home: Path, ask_passphrase: "AskPassphrase", person: Person, door: Path | None = None
) -> Generator[Desk]:
    """Give the node of `home`, served or not, to a person; or the one that is served at `door`.

    Raises:
        UnavailableError: there is none, or it stays busy.
    """
    if door is not None:
        if not _is_answering(door):
            msg = f"nobody serves a node at {door}; its administrator starts it: serve --door"
            raise UnavailableError("not-served", msg)
        yield _ServedDesk(door, person)
        return
    read_settings(home)
    check_home(home)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        path = socket_path(home)
        if _is_answering(path):
            yield _ServedDesk(path, person)
            return
        # Imported here: a served node is reached without loading what opens one and answers.
        from noroshi.bootstrap import embedded_node
        from noroshi.entrypoints.cli.direct import DirectDesk

        with embedded_node(home, ask_passphrase) as node:
            if node is not None:
                yield DirectDesk(node.house, person)
                return
        if time.monotonic() > deadline:
            msg = f"another process works on {home} and does not answer; stop it and try again"
            raise UnavailableError("home-busy", msg)
        time.sleep(0.05)


class _ServedDesk:
    """Speaks to the local door of the serving process."""

    def __init__(self, path: Path, person: Person) -> None:
        self._path = path
        self._person = person

    def ask(self, request: requests.AnyRequest) -> requests.Answer:
        try:
            raw = msgspec.msgpack.encode(request)
        except UnicodeEncodeError as error:
            raise InputError("not-utf8", "an argument is no UTF-8 text") from error
        response = proving(self._person, lambda: self._exchange("POST", "/v1/request", raw))
        answer: requests.Answer = msgspec.msgpack.decode(response.read(), type=requests.Answer)
        return answer

    def stage(self, path: Path, on_progress: Progress) -> str:
        self.ask(requests.WhoAmI())
        query = urllib.parse.urlencode({"name": path.name})
        chunks = read_file(path, on_progress)
        # The first piece is read before the request starts: a file that cannot be read is told.
        first = next(chunks, b"")
        response = self._exchange("POST", f"/v1/stage?{query}", _again(first, chunks))
        return msgspec.msgpack.decode(response.read(), type=dict[str, str])["token"]

    def attachment(self, report: str, name: str) -> tuple[int, Iterator[bytes]]:
        self.ask(requests.WhoAmI())
        query = urllib.parse.urlencode({"report": report, "name": name})
        response = self._exchange("GET", f"/v1/attachment?{query}", None)
        size = int(response.headers["Content-Length"])
        return size, iter(lambda: response.read(CHUNK), b"")

    def volume(self, set_id: str, number: int) -> tuple[int, Iterator[bytes]]:
        self.ask(requests.WhoAmI())
        query = urllib.parse.urlencode({"set": set_id, "number": number})
        response = self._exchange("GET", f"/v1/volume?{query}", None)
        size = int(response.headers["Content-Length"])
        return size, iter(lambda: response.read(CHUNK), b"")

    def import_volume(self, chunks: Iterator[bytes]) -> requests.Json:
        self.ask(requests.WhoAmI())
        first = next(chunks, b"")
        again = _again(first, chunks)
        response = self._exchange("POST", "/v1/volume", again, _IMPORT_TIMEOUT_SECONDS)
        return msgspec.msgpack.decode(response.read(), type=requests.Json)

    def _exchange(
        self,
        method: str,
        target: str,
        body: bytes | Iterator[bytes] | None,
        timeout: int = _TIMEOUT_SECONDS,
    ) -> http.client.HTTPResponse:
        connection = UnixConnection(self._path, timeout)
        try:
            connection.request(method, target, body, credentials(self._person))
            response = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            msg = (
                "the serving process stopped before it answered; whether it still did what was "
                "asked is not known. Look with 'noroshi status' or 'noroshi inbox' before you "
                "try again"
            )
            raise UnavailableError("connection-lost", msg) from error
        if response.status != http.client.OK:
            told = msgspec.msgpack.decode(response.read(), type=dict[str, str])
            raise NoroshiError(told["error"], told["message"])
        return response


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket; a silence longer than `timeout` seconds ends it."""

    def __init__(self, path: Path, timeout: float = _TIMEOUT_SECONDS) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(os.fspath(self._path))


def credentials(person: Person) -> dict[str, str]:
    """Return the headers that name a person's account and prove it."""
    headers: dict[str, str] = {}
    if person.name is not None:
        headers["Noroshi-Account"] = urllib.parse.quote(person.name, safe="")
    if person.passphrase is not None:
        headers["Noroshi-Passphrase"] = base64.b64encode(person.passphrase).decode()
    return headers


def _is_answering(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(os.fspath(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError as error:
            msg = f"the serving process cannot be reached at {path}: {error.strerror}"
            raise UnavailableError("home-busy", msg) from error
    return True


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest
