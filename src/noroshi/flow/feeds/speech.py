"""What servers are asked and answer, over HTTP: who asks, and what went wrong."""

import base64
from typing import Final, TypeVar

import msgspec

from noroshi.core.errors import UnavailableError
from noroshi.core.feed import Feed, FeedKind
from noroshi.flow.feed_ports import Login, Reply, Session

TAXII_MEDIA: Final = "application/taxii+json;version=2.1"
LARGEST: Final = 100 * 1024 * 1024
"""Bytes of an answer."""
_SHOWN: Final = 200
_OK: Final = range(200, 300)

T = TypeVar("T")


class NoAnswerError(UnavailableError):
    """A server that can be reached and lets the node in does not give what it was asked for."""


def headers_of(feed: Feed, login: Login) -> dict[str, str]:
    """Return the headers of every question to the server of a feed."""
    headers = {"Accept": TAXII_MEDIA if feed.kind is FeedKind.TAXII else "application/json"}
    if login.user is not None:
        pair = base64.b64encode(f"{login.user}:{login.secret}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    elif login.secret:
        is_key = feed.kind is FeedKind.MISP
        headers["Authorization"] = login.secret if is_key else f"Bearer {login.secret}"
    return headers


def ask(session: Session, feed: Feed, method: str, url: str, body: bytes | None = None) -> Reply:
    """Ask a server, and return what it answered.

    Raises:
        UnavailableError: it cannot be reached, or refuses.
        NoAnswerError: it answers, and not what it was asked for.
    """
    headers: dict[str, str] = {}
    if body is not None:
        is_taxii = feed.kind is FeedKind.TAXII
        headers["Content-Type"] = TAXII_MEDIA if is_taxii else "application/json"
    reply = session.ask(method, url, headers, body, most=LARGEST)
    if reply.status in {401, 403}:
        msg = f"{url} answered {reply.status}: it does not let the node in; {_LOGIN}"
        raise UnavailableError("feed-failed", msg)
    if 300 <= reply.status < 400:  # noqa: PLR2004
        place = _shown(reply.headers.get("location", "elsewhere"))
        msg = f"{url} points to {place}; nothing is followed there: add the feed with that address"
        raise UnavailableError("feed-failed", msg)
    if reply.status not in _OK:
        said = _shown(reply.body[:_SHOWN].decode(errors="replace"))
        raise NoAnswerError("feed-failed", f"{url} answered {reply.status}: {said}")
    return reply


def read(reply: Reply, url: str, type_of: type[T]) -> T:
    """Return what a server answered, as JSON.

    Raises:
        UnavailableError: it is none, or of another form.
    """
    try:
        return msgspec.json.decode(reply.body, type=type_of)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        msg = f"{url} answered what cannot be read: {error}"
        raise UnavailableError("feed-failed", msg) from None


_LOGIN: Final = "remove the feed, and add it with another --login"


def _shown(text: str) -> str:
    """Return what a server said so that a terminal can show it."""
    return (
        "".join(each if each.isprintable() else " " for each in text[:_SHOWN]).strip() or "nothing"
    )
