"""The journal's tables (:class:`noroshi.flow.tables.JournalTable`)."""

from collections.abc import Iterator

from noroshi.adapters.sqlite.connection import Database
from noroshi.adapters.sqlite.rows import blob, integer
from noroshi.core.errors import UnavailableError
from noroshi.core.tlog.entry import Entry, encode_entry
from noroshi.core.tlog.merkle import Tree, tree_at


class SqliteJournal:
    """Leaves, nodes and checkpoints."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._tree: Tree | None = None

    @property
    def tree(self) -> Tree:
        """The tree with what this transaction has appended."""
        if self._tree is None:
            row = self._db.value("SELECT COALESCE(MAX(idx) + 1, 0) FROM journal_entry")
            self._tree = tree_at(integer(row), self.node)
        return self._tree

    def rewind(self, tree: Tree | None) -> None:
        """Take back to `tree`, because a savepoint was; None: read it anew."""
        self._tree = tree

    @property
    def size(self) -> int:
        """How many entries there are."""
        return self.tree.size

    def append(self, entry: Entry) -> int:
        """Add an entry; return its index."""
        leaf = encode_entry(entry)
        index = self.size
        self._db.run(
            "INSERT INTO journal_entry (idx, leaf, hash, report) VALUES (?, ?, ?, ?)",
            (index, leaf.raw, leaf.hash, entry.report_id),
        )
        self._tree, nodes = self.tree.append(leaf.hash)
        self._db.run_many(
            "INSERT INTO journal_node (level, idx, hash) VALUES (?, ?, ?)",
            [(node.level, node.index, node.hash) for node in nodes],
        )
        return index

    def put_note(self, size: int, note: bytes) -> None:
        """Keep the checkpoint of a commit."""
        self._db.run("INSERT INTO journal_checkpoint (size, note) VALUES (?, ?)", (size, note))

    def newest_note(self) -> bytes:
        """Return the newest committed checkpoint, b"" before the first."""
        query = "SELECT note FROM journal_checkpoint ORDER BY size DESC LIMIT 1"
        row = self._db.value(query)
        return b"" if row is None else blob(row)

    def note(self, size: int) -> bytes:
        """Return the note of one size; b"" if none was signed."""
        found = self._db.value("SELECT note FROM journal_checkpoint WHERE size = ?", (size,))
        return b"" if found is None else blob(found)

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree."""
        row = self._db.value(
            "SELECT hash FROM journal_node WHERE level = ? AND idx = ?", (level, index)
        )
        if row is None:
            msg = "the journal lacks a node of its tree; run 'noroshi journal verify'"
            raise UnavailableError("damaged", msg)
        return blob(row)

    def leaf(self, index: int) -> bytes:
        """Return the bytes of an entry."""
        return blob(self._db.value("SELECT leaf FROM journal_entry WHERE idx = ?", (index,)))

    def leaves(self) -> Iterator[tuple[int, bytes, bytes, bytes | None]]:
        """Yield index, bytes, stored hash and the report looked up by, of all entries in order."""
        for index, leaf, hashed, report in self._db.rows(
            "SELECT idx, leaf, hash, report FROM journal_entry ORDER BY idx"
        ):
            yield integer(index), blob(leaf), blob(hashed), None if report is None else blob(report)

    def notes(self) -> Iterator[tuple[int, bytes]]:
        """Yield size and note of all checkpoints in order."""
        for size, note in self._db.rows("SELECT size, note FROM journal_checkpoint ORDER BY size"):
            yield integer(size), blob(note)

    def node_count(self) -> int:
        """Return how many nodes are stored."""
        return integer(self._db.value("SELECT COUNT(*) FROM journal_node"))

    def entries_about(self, report_id: bytes) -> list[int]:
        """Return the indexes of all entries that name a report."""
        rows = self._db.rows(
            "SELECT idx FROM journal_entry WHERE report = ? ORDER BY idx", (report_id,)
        )
        return [integer(index) for (index,) in rows]
