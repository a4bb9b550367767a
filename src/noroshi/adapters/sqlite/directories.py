"""The tables of directories (:class:`noroshi.flow.directory_tables.DirectoryTable`)."""

from functools import lru_cache

import msgspec

from noroshi.adapters.sqlite.connection import Database
from noroshi.adapters.sqlite.rows import blob, integer, text
from noroshi.core import gate
from noroshi.core.directory.repository import MAX_BUNDLE, Directory, Kept
from noroshi.core.directory.staleness import Limits
from noroshi.flow.directory_tables import Heard, Told

_OWN = ""


class SqliteDirectories:
    """Directories, which were verified when they were made or came in."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def own(self) -> Kept | None:
        """Return this node's directory."""
        row = self._db.row("SELECT view, timestamp, snapshot, targets FROM own_directory")
        if row is None:
            return None
        view, timestamp, snapshot, targets = map(blob, row)
        return Kept(_view(view), self._roots(_OWN), timestamp, snapshot, targets)

    def put_own(self, kept: Kept) -> None:
        """Replace this node's directory; partners are to be told."""
        self._put_roots(_OWN, kept)
        self._db.run(
            "INSERT OR REPLACE INTO own_directory (one, view, timestamp, snapshot, targets)"
            " VALUES (1, ?, ?, ?, ?)",
            (gate.encode_struct(kept.directory), kept.timestamp, kept.snapshot, kept.targets),
        )
        self._db.run("UPDATE directory_told SET is_newest = 0")

    def of(self, partner: str) -> Heard | None:
        """Return the newest directory of a partner."""
        row = self._db.row(
            "SELECT by_hand, amber_at, confirm_at, refuse_at, view, timestamp, snapshot, targets"
            " FROM peer_directory WHERE partner = ?",
            (partner,),
        )
        if row is None:
            return None
        by_hand, amber_at, confirm_at, refuse_at = map(integer, row[:4])
        view, timestamp, snapshot, targets = map(blob, row[4:])
        kept = Kept(_view(view), self._roots(partner), timestamp, snapshot, targets)
        return Heard(kept, Limits(amber_at, confirm_at, refuse_at), by_hand=bool(by_hand))

    def limits(self, partner: str) -> Limits | None:
        """Return from when on the newest directory of a partner is how old."""
        row = self._db.row(
            "SELECT amber_at, confirm_at, refuse_at FROM peer_directory WHERE partner = ?",
            (partner,),
        )
        return None if row is None else Limits(*map(integer, row))

    def take(self, heard: Heard) -> None:
        """Go by a partner's directory from now on."""
        kept = heard.kept
        self._put_roots(kept.directory.partner, kept)
        self._db.run(
            "INSERT OR REPLACE INTO peer_directory"
            " (partner, by_hand, amber_at, confirm_at, refuse_at, view, timestamp, snapshot,"
            " targets) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                kept.directory.partner, heard.by_hand, *msgspec.structs.astuple(heard.limits),
                gate.encode_struct(kept.directory),
                kept.timestamp, kept.snapshot, kept.targets,
            ),
        )  # fmt: skip

    def forget(self, partner: str) -> None:
        """Go by no directory of a partner: it has another root."""
        self._db.run("DELETE FROM peer_directory WHERE partner = ?", (partner,))
        self._db.run("DELETE FROM directory_root WHERE partner = ?", (partner,))

    def untold(self) -> list[str]:
        """Return the verified partners that were not told of the newest own directory."""
        rows = self._db.rows(
            "SELECT partner FROM partner WHERE state = 'VERIFIED'"
            " AND partner NOT IN (SELECT partner FROM directory_told WHERE is_newest)"
            " AND EXISTS (SELECT 1 FROM own_directory)"
        )
        return [text(partner) for (partner,) in rows]

    def told(self, partner: str) -> Told:
        """Return what a partner was told."""
        row = self._db.row(
            "SELECT root, snapshot, item, item_root, item_snapshot FROM directory_told"
            " WHERE partner = ?",
            (partner,),
        )
        if row is None:
            return Told()
        root, snapshot, item, item_root, item_snapshot = row
        return Told(
            integer(root), integer(snapshot), blob(item), integer(item_root), integer(item_snapshot)
        )

    def is_told(self, partner: str, told: Told) -> None:
        """Note that a partner is being told of the newest own directory."""
        self._db.run(
            "INSERT OR REPLACE INTO directory_told"
            " (partner, is_newest, root, snapshot, item, item_root, item_snapshot)"
            " VALUES (?, 1, ?, ?, ?, ?, ?)",
            (partner, told.root, told.snapshot, told.item, told.item_root, told.item_snapshot),
        )

    def not_taken(self, partner: str, item_id: bytes, *, again: bool) -> None:
        """Note that a partner did not take an item: the next brings everything; `again`: now."""
        self._db.run(
            "UPDATE directory_told SET root = 0, snapshot = 0, item = x'', item_root = 0,"
            " item_snapshot = 0, is_newest = is_newest AND NOT ? WHERE partner = ? AND item = ?",
            (again, partner, item_id),
        )

    def to_tell(self, partner: str) -> None:
        """Note that a partner must be told of everything."""
        self._db.run("DELETE FROM directory_told WHERE partner = ?", (partner,))

    def _roots(self, partner: str) -> tuple[bytes, ...]:
        rows = self._db.rows(
            "SELECT raw FROM directory_root WHERE partner = ? ORDER BY version", (partner,)
        )
        return tuple(blob(raw) for (raw,) in rows)

    def _put_roots(self, partner: str, kept: Kept) -> None:
        self._db.run_many(
            "INSERT OR IGNORE INTO directory_root (partner, version, raw) VALUES (?, ?, ?)",
            [(partner, version, raw) for version, raw in enumerate(kept.roots, 1)],
        )


@lru_cache(maxsize=256)
def _view(raw: bytes) -> Directory:
    return gate.decode_struct(raw, Directory, limit=MAX_BUNDLE)
