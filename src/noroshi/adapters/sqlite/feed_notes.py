"""Notes on feeds, in the file of the objects (:class:`noroshi.flow.feed_tables.FeedNotes`)."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from noroshi.adapters.sqlite.connection import Database, Row
from noroshi.adapters.sqlite.rows import blob, integer, optional_integer, text
from noroshi.core.errors import UnavailableError
from noroshi.flow.feed_tables import FeedState, Fetched, HeldBack

MOST_HELD: Final = 10_000
"""Of one feed; the oldest go."""
_NONCE_SIZE: Final = 12
_HELD: Final = "SELECT feed, item, version, reason, at, number FROM feed_held WHERE NOT is_decided"
_OF_FEED: Final = ("feed_state", "feed_item", "feed_held", "feed_login")

_Access = Callable[[], AbstractContextManager[Database]]


class SqliteFeedNotes:
    """What is kept of feeds beside the objects that came of them."""

    def __init__(
        self, reading: _Access, writing: _Access, key: bytes, draw: Callable[[int], bytes]
    ) -> None:
        """Work on a store that is open; `key` has 256 bits, `draw` returns random bytes."""
        self._reading = reading
        self._writing = writing
        self._sealer = AESGCM(key)
        self._draw = draw

    def state(self, feed: str) -> FeedState:
        """Return how far a feed was followed."""
        with self._reading() as database:
            row = database.row(
                "SELECT cursor, tried_at, done_at, taken, problem FROM feed_state WHERE feed = ?",
                (feed,),
            )
        if row is None:
            return FeedState(feed)
        cursor, tried_at, done_at, taken, problem = row
        return FeedState(
            feed,
            text(cursor),
            optional_integer(tried_at),
            optional_integer(done_at),
            integer(taken),
            text(problem),
        )

    def note(self, fetched: Fetched, taken: int = 0) -> None:
        """Keep how far a feed was followed, of a step that added no object here."""
        with self._writing() as database:
            self.keep(database, fetched, taken)

    def keep(self, database: Database, fetched: Fetched, taken: int) -> None:
        """Keep what a step in following a feed has brought, in a transaction that is open."""
        state = fetched.state
        database.run(
            "INSERT INTO feed_state (feed, cursor, tried_at, done_at, taken, problem)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (feed) DO UPDATE SET"
            " cursor = excluded.cursor, tried_at = excluded.tried_at,"
            " done_at = excluded.done_at, taken = taken + excluded.taken,"
            " problem = excluded.problem",
            (state.feed, state.cursor, state.tried_at, state.done_at, taken, state.problem),
        )
        for item, version in fetched.items.items():
            database.run("DELETE FROM feed_item WHERE feed = ? AND item = ?", (state.feed, item))
            if version:
                database.run(
                    "INSERT INTO feed_item (feed, item, version) VALUES (?, ?, ?)",
                    (state.feed, item, version),
                )
            database.run(
                "DELETE FROM feed_held WHERE feed = ? AND item = ? AND version <> ?",
                (state.feed, item, version),
            )
        for each in fetched.held:
            self._hold(database, each)
        if fetched.held:
            database.run(
                "DELETE FROM feed_held WHERE feed = ?1 AND number NOT IN"
                " (SELECT number FROM feed_held WHERE feed = ?1 ORDER BY number DESC LIMIT ?2)",
                (state.feed, MOST_HELD),
            )

    def items(self, feed: str) -> dict[str, str]:
        """Return the events that were taken in, each with its version."""
        with self._reading() as database:
            rows = database.rows("SELECT item, version FROM feed_item WHERE feed = ?", (feed,))
            return {text(item): text(version) for item, version in rows}

    def held(self, feed: str | None) -> list[HeldBack]:
        """Return what is held back of a feed, or of all, the newest first and without contents."""
        with self._reading() as database:
            rows = database.rows(
                f"{_HELD} AND (?1 IS NULL OR feed = ?1) ORDER BY number DESC", (feed,)
            )
            return [_held(row) for row in rows]

    def held_item(self, number: int) -> HeldBack | None:
        """Return one that is held back, with its content."""
        with self._reading() as database:
            row = database.row(f"{_HELD} AND number = ?", (number,))
            sealed = database.value("SELECT sealed FROM feed_held WHERE number = ?", (number,))
        return None if row is None else _held(row, self._open(blob(sealed)))

    def drop(self, number: int) -> None:
        """Hold it back no more, nor if it comes again: somebody has decided."""
        with self._writing() as database:
            database.run(
                "UPDATE feed_held SET is_decided = 1, sealed = x'' WHERE number = ?", (number,)
            )

    def put_login(self, feed: str, login: bytes) -> None:
        """Keep, sealed, how the node proves itself to a server."""
        with self._writing() as database:
            database.run(
                "INSERT OR REPLACE INTO feed_login (feed, sealed) VALUES (?, ?)",
                (feed, self._seal(login)),
            )

    def login(self, feed: str) -> bytes | None:
        """Return how the node proves itself to a server."""
        with self._reading() as database:
            sealed = database.value("SELECT sealed FROM feed_login WHERE feed = ?", (feed,))
        return None if sealed is None else self._open(blob(sealed))

    def forget(self, feed: str) -> None:
        """Forget all of a feed but the objects that came of it."""
        with self._writing() as database:
            for table in _OF_FEED:
                database.run(f"DELETE FROM {table} WHERE feed = ?", (feed,))  # noqa: S608 - ours

    def _hold(self, database: Database, held: HeldBack) -> None:
        database.run(
            "INSERT OR IGNORE INTO feed_held (feed, item, version, reason, at, sealed)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (held.feed, held.item, held.version, held.reason, held.at, self._seal(held.raw)),
        )

    def _seal(self, plain: bytes) -> bytes:
        nonce = self._draw(_NONCE_SIZE)
        return nonce + self._sealer.encrypt(nonce, plain, None)

    def _open(self, sealed: bytes) -> bytes:
        try:
            return self._sealer.decrypt(sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:], None)
        except (InvalidTag, ValueError):
            msg = "what is kept of a feed is damaged; stop the node and restore a backup"
            raise UnavailableError("damaged", msg) from None


def _held(row: Row, raw: bytes = b"") -> HeldBack:
    feed, item, version, reason, at, number = row
    return HeldBack(
        text(feed), text(item), text(version), text(reason), integer(at), raw, integer(number)
    )
