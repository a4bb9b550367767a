"""Feeds (:class:`noroshi.flow.feed_tables.FeedTable`)."""

import msgspec

from noroshi.adapters.sqlite.connection import Database
from noroshi.adapters.sqlite.rows import text
from noroshi.core.feed import Feed


class SqliteFeeds:
    """Feeds, as administrators set them."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def all(self) -> list[Feed]:
        """Return all feeds by name, those that have ended too."""
        return [
            _feed(text(told)) for (told,) in self._db.rows("SELECT told FROM feed ORDER BY name")
        ]

    def get(self, name: str) -> Feed | None:
        """Return the feed of a name."""
        told = self._db.value("SELECT told FROM feed WHERE name = ?", (name,))
        return None if told is None else _feed(text(told))

    def put(self, feed: Feed) -> None:
        """Add a feed, or replace what is kept of it."""
        told = msgspec.json.encode(feed).decode()
        self._db.run("INSERT OR REPLACE INTO feed (name, told) VALUES (?, ?)", (feed.name, told))


def _feed(told: str) -> Feed:
    return msgspec.json.decode(told, type=Feed)
