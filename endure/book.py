"""A journal to be edited: a node's whole database in memory, and what verifies it.

It comes out of a real exchange between two nodes. The partner's view of it, as it stands in a
proof file made by the partner, is at hand as the last means of finding what was cut off.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import apsw
import msgspec

from endure.exchange import Pair, open_pair
from noroshi.adapters.home import DATABASE
from noroshi.adapters.sqlite.connection import Database, Row
from noroshi.adapters.sqlite.groups import Effects, SqliteTables
from noroshi.adapters.sqlite.rows import blob, integer
from noroshi.bootstrap import Node
from noroshi.core.directory.card import Card
from noroshi.core.envelope.primitives import Primitives, Signer
from noroshi.core.tlog.checkpoint import Checkpoint, origin_of, sign_checkpoint
from noroshi.core.tlog.merkle import Tree, leaf_hash
from noroshi.flow import audit, proofs
from noroshi.flow.ports import Archive
from noroshi.flow.sightings import Witnessed

REPORTS: Final = 40
PRECEDENCES: Final = ("flash", "immediate", "priority", "routine")
JOURNAL_TABLES: Final = ("journal_entry", "journal_node", "journal_checkpoint")
_ROLLBACK_JOURNAL: Final = b"\x01\x01"
"""In bytes 18 and 19 of a database: no WAL, so that it can be opened in memory."""

SignNote = Callable[[int, bytes, bytes], bytes]
"""Returns a checkpoint's new note from size, root and old note."""


class Origin(msgspec.Struct, frozen=True):
    """Where a journal comes from, and who can say what about it."""

    image: bytes
    earlier: tuple[bytes, ...]
    """The same database at earlier moments."""
    card: Card
    primitives: Primitives
    archive: Archive
    signer: Signer
    """The node's own journal key, for edits by a thief."""
    proof: tuple[Witnessed, ...]
    """What the partner's newest proof says to have seen."""
    rows: tuple[Row, ...] = ()
    pages: tuple[int, ...] = ()
    """What the tables of the journal say, and the pages of the file that hold them."""


class Book:
    """One copy of a journal; edits are taken back by :meth:`edited`."""

    def __init__(self, origin: Origin, image: bytes | None = None) -> None:
        self.origin = origin
        self._connection = apsw.Connection(":memory:")
        self._connection.deserialize("main", origin.image if image is None else image)
        self.db = Database(self._connection)

    def close(self) -> None:
        """Give the memory back."""
        self._connection.close()

    @contextmanager
    def edited(self) -> Iterator[None]:
        """Take back at the end what is edited within."""
        self.db.run("BEGIN")
        try:
            yield
        finally:
            self.db.run("ROLLBACK")

    def verify(self, *, with_proof: bool = False) -> audit.JournalState:
        """Verify the journal as it stands, with or without the partner's proof."""
        return audit.verify_journal(
            SqliteTables(self.db, Effects(), self.origin.archive),
            self.origin.card,
            self.origin.primitives,
            witnessed=self.origin.proof if with_proof else (),
        )

    @property
    def size(self) -> int:
        """How many entries there are."""
        return integer(self.db.value("SELECT COUNT(*) FROM journal_entry"))

    @property
    def notes(self) -> list[tuple[int, bytes]]:
        """All checkpoints."""
        rows = self.db.rows("SELECT size, note FROM journal_checkpoint ORDER BY size")
        return [(integer(size), blob(note)) for size, note in rows]

    def leaf(self, index: int) -> bytes:
        """Return an entry's bytes."""
        return blob(self.db.value("SELECT leaf FROM journal_entry WHERE idx = ?", (index,)))

    def seen(self) -> int:
        """Return the largest size that a receipt at hand says was seen."""
        return integer(self.db.value("SELECT COALESCE(MAX(seen_size), 0) FROM receipt"))

    def pointed_to(self) -> int:
        """Return the size that the reports at hand ask for."""
        return integer(self.db.value("SELECT COALESCE(MAX(entry_index) + 1, 0) FROM report"))

    def rows(self) -> tuple[Row, ...]:
        """Return all that the journal's tables say."""
        queries = (f"SELECT * FROM {name}" for name in JOURNAL_TABLES)  # noqa: S608 - ours
        return tuple(row for query in queries for row in self.db.rows(query))

    def pages(self) -> tuple[int, ...]:
        """Return the numbers of the pages that hold the journal's tables."""
        numbers = self.db.rows(
            f"SELECT pageno FROM dbstat WHERE name IN {JOURNAL_TABLES}"  # noqa: S608 - ours
        )
        return tuple(integer(number) for (number,) in numbers)

    def recompute(self, first: int, sign: SignNote) -> None:
        """Make hashes, nodes and checkpoints follow from the leaves, as from `first` on."""
        self.db.run("DELETE FROM journal_node")
        notes = dict(self.notes)
        tree = Tree()
        for index in range(self.size):
            hashed = leaf_hash(self.leaf(index))
            tree, nodes = tree.append(hashed)
            self.db.run("UPDATE journal_entry SET hash = ? WHERE idx = ?", (hashed, index))
            self.db.run_many(
                "INSERT INTO journal_node (level, idx, hash) VALUES (?, ?, ?)",
                [(node.level, node.index, node.hash) for node in nodes],
            )
            if index >= first and tree.size in notes:
                self.db.run(
                    "UPDATE journal_checkpoint SET note = ? WHERE size = ?",
                    (sign(tree.size, tree.root, notes[tree.size]), tree.size),
                )

    def checkpoint(self, size: int, root: bytes) -> Checkpoint:
        """Return a checkpoint of this journal's name."""
        card = self.origin.card
        return Checkpoint(origin_of(card.partner, card.epoch), size, root)

    def sign_as_owner(self, size: int, root: bytes, _old: bytes) -> bytes:
        """Return a note that is signed with the node's own key."""
        return sign_checkpoint(self.checkpoint(size, root), self.origin.signer)


@contextmanager
def origins(folder: Path, seed: int) -> Iterator[tuple[Origin, Origin]]:
    """Let two nodes exchange reports; give the journals of both."""
    draw = random.Random(seed)
    with open_pair(folder, {"jp": "H3", "nato": "H3"}) as pair:
        earlier: dict[str, list[bytes]] = {node.house.me: [] for node in pair.nodes}
        for number in range(REPORTS):
            sender = draw.choice(pair.nodes)
            report_id = pair.send(sender, f"smoke {number}", draw.choice(PRECEDENCES))
            if draw.random() < 0.6:
                pair.carry()
                if draw.random() < 0.8:
                    pair.acknowledge(pair.other(sender), report_id)
            if number % 8 == 0:
                for node in pair.nodes:
                    earlier[node.house.me].append(serialize(node.home / DATABASE))
        pair.carry()
        last = [_say_goodbye(pair, node) for node in pair.nodes]
        first, second = (
            _origin(pair, node, tuple(earlier[node.house.me]), report_id)
            for node, report_id in zip(pair.nodes, last, strict=True)
        )
        yield first, second


def serialize(path: Path) -> bytes:
    """Return a database that is in use as the bytes of one file."""
    source = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    copy = apsw.Connection(":memory:")
    with copy.backup("main", source, "main") as backup:
        backup.step()
    image = copy.serialize("main")
    copy.close()
    source.close()
    return image[:18] + _ROLLBACK_JOURNAL + image[20:]


def _say_goodbye(pair: Pair, node: Node) -> bytes:
    """Send two more reports and have them acknowledged; return the last one's id."""
    report_id = b""
    for _ in range(2):
        report_id = pair.send(node, "no more smoke")
        pair.carry()
        pair.acknowledge(pair.other(node), report_id)
        pair.carry()
    return report_id


def _origin(pair: Pair, node: Node, earlier: tuple[bytes, ...], report_id: bytes) -> Origin:
    me, witness = node.house.me, pair.other(node)
    primitives = node.house.primitives
    with witness.store.read() as tables:
        proof = proofs.make_proof(tables, report_id, witness.house.me)
    origin = Origin(
        image=serialize(node.home / DATABASE),
        earlier=earlier,
        card=pair.cards[me],
        primitives=primitives,
        archive=node.house.archive,
        signer=node.identity.journal_signer,
        proof=proofs.witnessed_in(proof, me, pair.cards, primitives),
    )
    book = Book(origin)
    origin = msgspec.structs.replace(origin, rows=book.rows(), pages=book.pages())
    book.close()
    return origin
