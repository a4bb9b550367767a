"""The tables of prekeys (:class:`noroshi.flow.prekey_tables.PrekeyTable`)."""

from collections.abc import Iterable
from functools import lru_cache

from noroshi.adapters.sqlite.connection import Database
from noroshi.adapters.sqlite.rows import blob, integer, text
from noroshi.core import gate
from noroshi.core.directory.prekeys import Prekey
from noroshi.core.envelope.suite import MAX_SIGNED
from noroshi.core.instant import Instant


class SqlitePrekeys:
    """Own prekeys, and those of partners."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def own(self) -> list[Prekey]:
        """Return the own prekeys whose private halves are kept, in the order of their use."""
        rows = self._db.rows("SELECT raw FROM prekey ORDER BY begins_at")
        return [_prekey(blob(raw)) for (raw,) in rows]

    def add_own(self, prekeys: Iterable[Prekey]) -> None:
        """Note new own prekeys; partners are to be told."""
        self._db.run_many(
            "INSERT INTO prekey (kid, begins_at, raw) VALUES (?, ?, ?)",
            [(p.key.kid, p.begins_at, gate.encode_struct(p)) for p in prekeys],
        )
        self._db.run("UPDATE prekey_told SET is_newest = 0")

    def drop_own(self, kids: Iterable[bytes]) -> None:
        """Forget own prekeys."""
        self._db.run_many("DELETE FROM prekey WHERE kid = ?", [(kid,) for kid in kids])

    def untold(self) -> list[str]:
        """Return the verified partners that were not told of the newest own prekeys."""
        rows = self._db.rows(
            "SELECT partner FROM partner WHERE state = 'VERIFIED'"
            " AND partner NOT IN (SELECT partner FROM prekey_told WHERE is_newest)"
        )
        return [text(partner) for (partner,) in rows]

    def told_at(self, partner: str) -> Instant:
        """Return when a partner was told of own prekeys; 0: never."""
        row = self._db.value("SELECT at FROM prekey_told WHERE partner = ?", (partner,))
        return 0 if row is None else integer(row)

    def is_told(self, partner: str, at: Instant) -> None:
        """Note that a partner is being told of the newest own prekeys."""
        self._db.run(
            "INSERT OR REPLACE INTO prekey_told (partner, at, is_newest) VALUES (?, ?, 1)",
            (partner, at),
        )

    def to_tell(self, partner: str) -> None:
        """Note that a partner must be told of them again."""
        self._db.run("UPDATE prekey_told SET is_newest = 0 WHERE partner = ?", (partner,))

    def of(self, partner: str, now: Instant) -> Prekey | None:
        """Return the prekey of a partner to seal to now."""
        row = self._db.value(
            "SELECT raw FROM peer_prekey WHERE partner = ?1 AND begins_at <= ?2 AND ends_at > ?2"
            " ORDER BY begins_at DESC LIMIT 1",
            (partner, now),
        )
        return None if row is None else _prekey(blob(row))

    def heard(self, partner: str) -> tuple[int, Instant]:
        """Return epoch and time of a partner's newest statement; (0, 0) if there is none."""
        row = self._db.row(
            "SELECT epoch, created_at FROM peer_prekeys WHERE partner = ?", (partner,)
        )
        return (0, 0) if row is None else (integer(row[0]), integer(row[1]))

    def take(
        self, partner: str, epoch: int, created_at: Instant, prekeys: Iterable[Prekey]
    ) -> None:
        """Go by a partner's statement from now on."""
        self.forget(partner)
        self._db.run(
            "INSERT OR REPLACE INTO peer_prekeys (partner, epoch, created_at) VALUES (?, ?, ?)",
            (partner, epoch, created_at),
        )
        self._db.run_many(
            "INSERT INTO peer_prekey (partner, begins_at, ends_at, raw) VALUES (?, ?, ?, ?)",
            [(partner, p.begins_at, p.ends_at, gate.encode_struct(p)) for p in prekeys],
        )

    def forget(self, partner: str) -> None:
        """Seal to a partner's card until its next statement."""
        self._db.run("DELETE FROM peer_prekey WHERE partner = ?", (partner,))


@lru_cache(maxsize=256)
def _prekey(raw: bytes) -> Prekey:
    return gate.decode_struct(raw, Prekey, limit=MAX_SIGNED)
