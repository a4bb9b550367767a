"""The tables of epochs (:class:`noroshi.flow.epoch_tables.EpochTable`)."""

from noroshi.adapters.sqlite.connection import Database
from noroshi.adapters.sqlite.rows import integer, optional_integer
from noroshi.core.instant import Instant
from noroshi.flow.records import OpenedEpoch


class SqliteEpochs:
    """Epochs of this node and of its partners."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def open(self, opened: OpenedEpoch, at: Instant) -> None:
        """Note that this node opened an epoch; no partner knows of it yet."""
        self._db.run(
            "INSERT INTO restored (epoch, backup_at, size, at) VALUES (?, ?, ?, ?)",
            (opened.epoch, opened.backup_at, opened.size, at),
        )
        self._db.run("DELETE FROM epoch_seen")

    def opened(self) -> OpenedEpoch | None:
        """Return the epoch that this node opened last; None: it was never restored."""
        row = self._db.row(
            "SELECT epoch, backup_at, size FROM restored ORDER BY epoch DESC LIMIT 1"
        )
        return None if row is None else OpenedEpoch(*map(integer, row))

    def is_seen(self, partner: str, at: Instant) -> None:
        """Note that what a partner signed at that time shows that it knows this epoch."""
        self._db.run(
            "INSERT INTO epoch_seen (partner, since) VALUES (?1, ?2)"
            " ON CONFLICT DO UPDATE SET since = MIN(since, ?2)",
            (partner, at),
        )

    def seen_since(self, partner: str) -> Instant | None:
        """Return since when a partner is known to know this epoch."""
        query = "SELECT since FROM epoch_seen WHERE partner = ?"
        return optional_integer(self._db.value(query, (partner,)))

    def heard(self, partner: str) -> int:
        """Return the newest epoch heard of a partner that was restored; 0: none was."""
        query = "SELECT epoch FROM peer_epoch WHERE partner = ?"
        return optional_integer(self._db.value(query, (partner,))) or 0

    def hear(self, partner: str, epoch: int, last_note: bytes) -> None:
        """Note a newer epoch of a partner, and its last checkpoint of the one before."""
        self._db.run(
            "INSERT INTO peer_epoch (partner, epoch, last_note) VALUES (?1, ?2, ?3)"
            " ON CONFLICT DO UPDATE SET epoch = ?2, last_note = ?3",
            (partner, epoch, last_note),
        )

    def is_first_answer(self, partner: str, epoch: int) -> bool:
        """Note that a partner is given again what it may have lost; say whether it never was."""
        self._db.run(
            "UPDATE peer_epoch SET answered = ?2 WHERE partner = ?1 AND answered < ?2",
            (partner, epoch),
        )
        return self._db.changes() > 0
