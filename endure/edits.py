"""Edits of a journal, as somebody with the disk but (mostly) without the key would make them.

Each edit changes the database of a :class:`endure.book.Book` and returns where: the index of
the first entry that is not what it was. `ALONE` must be found by the journal's own check, and
lie between what it names; `TAILS` cut off or rewrite the end so that nothing at hand
contradicts it, and may need what a partner has seen.
"""

import base64
import random
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from endure.book import Book
from noroshi.adapters.sealing.pyca import SEED_SIZE, PycaSigner
from noroshi.adapters.sqlite.rows import blob, integer
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.suite import Alg
from noroshi.core.tlog.checkpoint import sign_checkpoint
from noroshi.core.tlog.entry import Entry, EntryKind, Leaf, decode_entry, encode_entry, new_entry
from noroshi.core.tlog.merkle import Tree

Edit = Callable[[Book, random.Random], int]

_KEY_HASH: Final = 4


def flip_leaf(book: Book, draw: random.Random) -> int:
    """One bit of an entry."""
    index = draw.randrange(book.size)
    leaf = _flipped(book.leaf(index), draw)
    book.db.run("UPDATE journal_entry SET leaf = ? WHERE idx = ?", (leaf, index))
    return index


def flip_hash(book: Book, draw: random.Random) -> int:
    """One bit of an entry's stored hash."""
    index = draw.randrange(book.size)
    stored = blob(book.db.value("SELECT hash FROM journal_entry WHERE idx = ?", (index,)))
    hashed = _flipped(stored, draw)
    book.db.run("UPDATE journal_entry SET hash = ? WHERE idx = ?", (hashed, index))
    return index


def flip_report(book: Book, draw: random.Random) -> int:
    """One bit of the report that an entry is listed under."""
    rows = book.db.rows("SELECT idx, report FROM journal_entry WHERE report IS NOT NULL")
    index, report = draw.choice([(integer(i), blob(report)) for i, report in rows])
    listed = draw.choice((None, _flipped(report, draw)))
    book.db.run("UPDATE journal_entry SET report = ? WHERE idx = ?", (listed, index))
    return index


def flip_node(book: Book, draw: random.Random) -> int:
    """One bit of a node of the tree; it belongs to the entry that completes it."""
    level, index, stored = _any_node(book, draw)
    book.db.run(
        "UPDATE journal_node SET hash = ? WHERE level = ? AND idx = ?",
        (_flipped(stored, draw), level, index),
    )
    return ((index + 1) << level) - 1


def delete_node(book: Book, draw: random.Random) -> int:
    """A node of the tree."""
    level, index, _ = _any_node(book, draw)
    book.db.run("DELETE FROM journal_node WHERE level = ? AND idx = ?", (level, index))
    return ((index + 1) << level) - 1


def flip_note(book: Book, draw: random.Random) -> int:
    """One bit of a checkpoint; it belongs to the last entry that it covers."""
    size, note = draw.choice(book.notes)
    book.db.run(
        "UPDATE journal_checkpoint SET note = ? WHERE size = ?", (_flipped(note, draw), size)
    )
    return size - 1


def delete_entry(book: Book, draw: random.Random) -> int:
    """An entry, perhaps with those behind it moved up."""
    index = draw.randrange(book.size)
    book.db.run("DELETE FROM journal_entry WHERE idx = ?", (index,))
    if draw.random() < 0.5:
        book.db.run("UPDATE journal_entry SET idx = -idx WHERE idx > ?", (index,))
        book.db.run("UPDATE journal_entry SET idx = -idx - 1 WHERE idx < 0")
        book.recompute(index, lambda _size, _root, old: old)
    return index


def swap_entries(book: Book, draw: random.Random) -> int:
    """Two entries, with their hashes or without."""
    one, other = sorted(draw.sample(range(book.size), 2))
    columns = draw.choice(
        ("leaf = ?1", "leaf = ?1, hash = ?2", "leaf = ?1, hash = ?2, report = ?3")
    )
    rows = [
        book.db.row("SELECT leaf, hash, report FROM journal_entry WHERE idx = ?", (index,))
        for index in (other, one)
    ]
    for index, row in zip((one, other), rows, strict=True):
        assert row is not None
        update = f"UPDATE journal_entry SET {columns} WHERE idx = ?4"  # noqa: S608 - ours
        book.db.run(update, (*row, index))
    return one


def insert_entry(book: Book, draw: random.Random) -> int:
    """A forged entry before another one, everything behind it moved on and computed anew."""
    index = draw.randrange(book.size)
    book.db.run("UPDATE journal_entry SET idx = -idx - 1 WHERE idx >= ?", (index,))
    book.db.run("UPDATE journal_entry SET idx = -idx WHERE idx < 0")
    _put(book, index, _forged(draw))
    book.recompute(index, lambda _size, _root, old: old)
    return index


def truncate_entries(book: Book, draw: random.Random) -> int:
    """The last entries alone, or with nodes or checkpoints.

    Checkpoints that are cut off leave entries that have none: there it begins.
    """
    start = draw.randrange(1, book.size)
    also = draw.choice(((), ("nodes",), ("notes",)))
    _cut_tail(book, start, *also)
    return book.notes[-1][0] if "notes" in also else start


def append_entry(book: Book, draw: random.Random) -> int:
    """A forged entry at the end, with its nodes, and with a forged checkpoint or none."""
    index = book.size
    tree = _put(book, index, _forged(draw))
    forge = draw.choice((None, _keep_signature, _sign_as_stranger, _sign_with_owners_name))
    if forge is not None:
        _, newest = book.notes[-1]
        note = forge(book, tree.size, tree.root, newest)
        book.db.run("INSERT INTO journal_checkpoint (size, note) VALUES (?, ?)", (tree.size, note))
    return index


def recompute_without_key(book: Book, draw: random.Random) -> int:
    """An entry, and everything that depends on it but the signatures."""
    index = _rewrite_entry(book, draw, draw.randrange(book.size))
    forge = draw.choice((_keep_signature, _sign_as_stranger, _sign_with_owners_name))
    book.recompute(index, lambda size, root, old: forge(book, size, root, old))
    return index


def cut_consistently(book: Book, draw: random.Random) -> int:
    """The end of entries, nodes and checkpoints alike; reports and receipts stay."""
    start = draw.choice(book.notes[:-1])[0]
    _cut_tail(book, start, "nodes", "notes")
    return start


def cut_all(book: Book, draw: random.Random) -> int:
    """The end of everything: also the reports and receipts that could contradict."""
    start = draw.choice(book.notes[:-1])[0]
    _cut_tail(book, start, "nodes", "notes")
    _drop_witnesses(book, start)
    book.db.run("DELETE FROM report WHERE entry_index >= ?", (start,))
    return start


def resign(book: Book, draw: random.Random) -> int:
    """The end, rewritten and signed anew with the node's own stolen key."""
    index = _rewrite_entry(book, draw, draw.randrange(book.size))
    book.recompute(index, book.sign_as_owner)
    return index


def resign_alone(book: Book, draw: random.Random) -> int:
    """The end, signed with the stolen key, and all receipts that could contradict gone."""
    index = resign(book, draw)
    _drop_witnesses(book, index)
    return index


ALONE: Final[Mapping[str, Edit]] = {
    "flip-leaf": flip_leaf,
    "flip-hash": flip_hash,
    "flip-report": flip_report,
    "flip-node": flip_node,
    "delete-node": delete_node,
    "flip-note": flip_note,
    "delete-entry": delete_entry,
    "swap-entries": swap_entries,
    "insert-entry": insert_entry,
    "truncate-entries": truncate_entries,
    "append-entry": append_entry,
    "recompute-without-key": recompute_without_key,
}

TAILS: Final[Mapping[str, Edit]] = {
    "cut-consistently": cut_consistently,
    "cut-all": cut_all,
    "resign": resign,
    "resign-alone": resign_alone,
}


def _cut_tail(book: Book, start: int, *also: str) -> None:
    book.db.run("DELETE FROM journal_entry WHERE idx >= ?", (start,))
    if "nodes" in also:
        book.db.run("DELETE FROM journal_node WHERE (idx + 1) << level > ?", (start,))
    if "notes" in also:
        book.db.run("DELETE FROM journal_checkpoint WHERE size > ?", (start,))


def _drop_witnesses(book: Book, start: int) -> None:
    book.db.run(
        "DELETE FROM receipt_entry WHERE receipt IN"
        " (SELECT number FROM receipt WHERE seen_size > ?)",
        (start,),
    )
    book.db.run("DELETE FROM receipt WHERE seen_size > ?", (start,))


def _any_node(book: Book, draw: random.Random) -> tuple[int, int, bytes]:
    rows = list(book.db.rows("SELECT level, idx, hash FROM journal_node"))
    level, index, stored = draw.choice(rows)
    return integer(level), integer(index), blob(stored)


def _rewrite_entry(book: Book, draw: random.Random, index: int) -> int:
    """Change what an entry says, but not which report it is about."""
    entry = decode_entry(book.leaf(index))
    other = draw.choice(
        (
            msgspec.structs.replace(entry, at=entry.at - draw.randrange(1, 10**9)),
            msgspec.structs.replace(entry, by="Maj Nobody"),
            msgspec.structs.replace(entry, salt=draw.randbytes(16)),
        )
    )
    book.db.run("UPDATE journal_entry SET leaf = ? WHERE idx = ?", (encode_entry(other).raw, index))
    return index


def _forged(draw: random.Random) -> Entry:
    return new_entry(
        draw.choice(list(EntryKind)),
        1_800_000_000_000_000,
        draw.randbytes(16),
        "jp",
        digest=draw.randbytes(32),
    )


def _put(book: Book, index: int, entry: Entry) -> Tree:
    """Put an entry at the end or into a gap; return the tree if it is at the end."""
    leaf: Leaf = encode_entry(entry)
    book.db.run(
        "INSERT INTO journal_entry (idx, leaf, hash, report) VALUES (?, ?, ?, NULL)",
        (index, leaf.raw, leaf.hash),
    )
    tree = Tree()
    for position in range(index + 1):
        hashed = book.db.value("SELECT hash FROM journal_entry WHERE idx = ?", (position,))
        tree, nodes = tree.append(blob(hashed))
        if position == index:
            book.db.run_many(
                "INSERT OR REPLACE INTO journal_node (level, idx, hash) VALUES (?, ?, ?)",
                [(node.level, node.index, node.hash) for node in nodes],
            )
    return tree


def _keep_signature(book: Book, size: int, root: bytes, old: bytes) -> bytes:
    """Another text above the old signature."""
    _, _, signature = old.partition(b"\n\n")
    return book.checkpoint(size, root).text + b"\n" + signature


def _sign_as_stranger(book: Book, size: int, root: bytes, _old: bytes) -> bytes:
    """Signed with a key that is not on the card."""
    return sign_checkpoint(book.checkpoint(size, root), _STRANGER)


def _sign_with_owners_name(book: Book, size: int, root: bytes, old: bytes) -> bytes:
    """Signed with another key under the id of the right one."""
    forged = sign_checkpoint(book.checkpoint(size, root), _STRANGER)
    head, _, signature = forged.strip().rpartition(b" ")
    key_hash = base64.b64decode(old.strip().rpartition(b" ")[2])[:_KEY_HASH]
    mixed = key_hash + base64.b64decode(signature)[_KEY_HASH:]
    return head + b" " + base64.b64encode(mixed) + b"\n"


def _flipped(raw: bytes, draw: random.Random) -> bytes:
    flipped = bytearray(raw)
    flipped[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)
    return bytes(flipped)


_STRANGER: Final = PycaSigner(Purpose.JOURNAL, Alg.ED25519, bytes(SEED_SIZE[Alg.ED25519]))
