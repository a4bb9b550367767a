"""Values that several reports name (:class:`noroshi.flow.object_ports.SharedValues`)."""

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Final

from noroshi.adapters.sqlite.connection import Database
from noroshi.adapters.sqlite.rows import blob, text
from noroshi.flow.object_ports import Sharing, Values

MOST_REPORTS: Final = 20
"""With a value; one that stands in more is common, and points at nothing."""
_SIZE: Final = 16

_Access = Callable[[], AbstractContextManager[Database]]


class SqliteSharedValues:
    """Which reports name a value, by its keyed digest."""

    def __init__(self, writing: _Access, key: bytes) -> None:
        """Work on a store that is open; `key` has 256 bits."""
        self._writing = writing
        self._key = key

    def meet(self, told: Sequence[Values]) -> list[list[Sharing]]:
        """Note the values of reports; return for each what others of other partners share."""
        with self._writing() as database:
            return [self._meet(database, each) for each in told]

    def _meet(self, database: Database, told: Values) -> list[Sharing]:
        found: Counter[tuple[bytes, str]] = Counter()
        for value in told.values:
            digest = hmac.digest(self._key, value.encode(errors="replace"), hashlib.sha256)[:_SIZE]
            rows = [
                (blob(known), text(of))
                for known, of in database.rows(
                    "SELECT report, partner FROM shared_value WHERE digest = ? LIMIT ?",
                    (digest, MOST_REPORTS),
                )
            ]
            if len(rows) == MOST_REPORTS:
                continue
            found.update((known, of) for known, of in rows if of != told.partner)
            database.run(
                "INSERT OR IGNORE INTO shared_value (digest, report, partner) VALUES (?, ?, ?)",
                (digest, told.report, told.partner),
            )
        return [Sharing(known, of, count) for (known, of), count in found.items()]

    def forget(self, report: bytes) -> None:
        """Forget the values of a report, what it said being destroyed."""
        with self._writing() as database:
            database.run("DELETE FROM shared_value WHERE report = ?", (report,))
