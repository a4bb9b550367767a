"""The life of a node's disk: a store works until the power fails, is opened again, and so on.

The acts are real ones (send, take, answer with its receipt), submitted several at once, so
that they are committed in groups. What was answered is remembered, and looked for after every
cut; `synchronous` says how SQLite is set.
"""

import random
import shutil
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from endure.crashdisk import CrashDisk
from endure.federation import DESK
from noroshi.adapters.home import DATABASE
from noroshi.adapters.sqlite.store import SqliteStore
from noroshi.bootstrap import Node
from noroshi.core.delivery.ladder import Rung
from noroshi.core.errors import NoroshiError
from noroshi.core.partner import DeskAddress
from noroshi.core.precedence import Precedence
from noroshi.core.tlog.checkpoint import Checkpoint, origin_of, parse_note, sign_checkpoint
from noroshi.flow import acknowledge, audit, deliver, draft, opening, receive, send
from noroshi.flow.sightings import Witnessed
from noroshi.flow.tables import Tables, Transaction

LARGEST_BURST: Final = 6
WAL_PAGES: Final = (4096, 4096, 64, 8)
"""After how many pages the WAL is folded in; the first is the node's own setting."""
MOST_STEPS: Final = 1500
"""The power fails at the latest at this write or sync."""
MOST_BURSTS: Final = 30

IsThere = Callable[[Tables], bool]


class Figures(msgspec.Struct):
    """What the cuts of one setting did."""

    cuts: int = 0
    answered: int = 0
    lost: int = 0
    damaged: int = 0
    problems: list[str] = []


class Bench(msgspec.Struct, frozen=True):
    """All that a life needs, made once: a node's keys, its first database, mail from outside."""

    node: Node
    database: bytes
    envelopes: tuple[bytes, ...]


class Life:
    """A disk and a store on it, from one cut to the next."""

    def __init__(self, bench: Bench, folder: Path, synchronous: str, draw: random.Random) -> None:
        self._bench = bench
        self._folder = folder
        self._synchronous = synchronous
        self._draw = draw
        self._disk = CrashDisk(folder / "0", {DATABASE: bench.database})
        self._answered: list[tuple[str, IsThere]] = []
        self._seen: Witnessed | None = None
        self._taken: list[bytes] = []

    def run(self, cuts: int, figures: Figures) -> None:
        """Cut the power so often, or until the disk cannot be read any more."""
        for number in range(cuts + 1):
            try:
                store = self._open()
            except NoroshiError as error:
                _note_damage(figures, error.message)
                break
            is_sound = self._is_sound(store, figures)
            if is_sound and number < cuts:
                self._work_until_cut(store, figures)
                left = self._disk.survivors(self._draw)
                self._remove_disk()
                self._disk = CrashDisk(self._folder / str(number + 1), left)
            else:
                store.close()
                break
        self._remove_disk()

    def _remove_disk(self) -> None:
        self._disk.leave()
        shutil.rmtree(self._disk.folder)

    def _open(self) -> SqliteStore:
        identity, clock = self._bench.node.identity, self._bench.node.house.clock

        def sign(size: int, root: bytes) -> bytes:
            origin = origin_of(identity.me, identity.card.card.epoch)
            return sign_checkpoint(Checkpoint(origin, size, root), identity.journal_signer)

        path = self._disk.folder / DATABASE
        return SqliteStore(
            path, clock, sign, self._bench.node.house.archive, synchronous=self._synchronous,
            vfs=self._disk.name,
        )  # fmt: skip

    def _work_until_cut(self, store: SqliteStore, figures: Figures) -> None:
        disk, draw = self._disk, self._draw
        before = len(self._answered)
        store._database.run(f"PRAGMA wal_autocheckpoint = {draw.choice(WAL_PAGES)}")
        disk.cut_in(draw.randrange(1, MOST_STEPS))
        for _ in range(draw.randrange(MOST_BURSTS)):
            self._burst(store)
            if disk.is_cut:
                break
            with store.read() as tables:
                note = parse_note(tables.journal.newest_note())
            self._seen = Witnessed("the disk", note.size, note.root)
        if draw.random() < 0.5:
            disk.cut()
        store.close()
        disk.cut()
        figures.cuts += 1
        figures.answered += len(self._answered) - before

    def _burst(self, store: SqliteStore) -> None:
        """Submit some acts at once, so that they are committed in groups, and wait for all."""
        futures = [
            self._submit(store, *self._draw.choice((self._send, self._take, self._answer))())
            for _ in range(self._draw.randrange(1, LARGEST_BURST))
        ]
        for future in futures:
            future.exception()

    def _submit(
        self, store: SqliteStore, what: str, act: Callable[[Transaction], object], there: IsThere
    ) -> Future[object]:
        def note(future: Future[object]) -> None:
            if future.exception() is None and not self._disk.is_cut:
                self._answered.append((what, there))

        future = store.submit(act, self._draw.choice(list(Precedence)))
        future.add_done_callback(note)
        return future

    def _send(self) -> tuple[str, Callable[[Transaction], object], IsThere]:
        house, draw = self._bench.node.house, self._draw
        body = b"smoke " + draw.randbytes(draw.randrange(1, 2000)).hex().encode()
        planned = draft.plan(
            draft.Order(body=body, action=(f"{DESK}@nato",)),
            [],
            own_desks=house.desks,
            default_marking=house.default_marking,
            rules=house.rules,
            lexicon=house.lexicon,
            now=house.clock.now(),
            entropy=house.entropy,
        )

        def there(tables: Tables) -> bool:
            stored = tables.reports.get(planned.report_id)
            if stored is None or stored.content.body != body:
                return False
            waiting = {item.id for item in tables.outbox.items("nato")}
            return stored.head.envelope_id in waiting

        identity, entropy = house.identity(), house.entropy
        act = partial(
            send.send, planned=planned, identity=identity, entropy=entropy, rules=house.rules
        )
        return "sent", act, there

    def _take(self) -> tuple[str, Callable[[Transaction], object], IsThere]:
        house = self._bench.node.house
        raw = self._draw.choice(self._bench.envelopes)  # perhaps once more
        with self._bench.node.store.read() as tables:
            incoming = opening.open_raw(tables, raw, house.identity(), house.clock.now())
        assert isinstance(incoming, opening.VerifiedReport)
        report_id = incoming.head.report_id

        def act(tx: Transaction) -> None:
            receive.take(tx, incoming, "nato", house.identity(), house.entropy)
            self._taken.append(report_id)

        def there(tables: Tables) -> bool:
            stored = tables.reports.get(report_id)
            return stored is not None and stored.head_digest == incoming.digest

        return "taken", act, there

    def _answer(self) -> tuple[str, Callable[[Transaction], object], IsThere]:
        if not self._taken:
            return self._take()
        house = self._bench.node.house
        report_id = self._draw.choice(self._taken)

        def act(tx: Transaction) -> None:
            acknowledge.answer(
                tx, report_id, DESK, Rung.ACKNOWLEDGED,
                by="Lt Sato", note=None, me=house.me, entropy=house.entropy,
            )  # fmt: skip
            deliver.issue_receipts(tx, "nato", house.identity(), house.entropy)

        def there(tables: Tables) -> bool:
            ladder = tables.reports.ladder(report_id, DeskAddress(DESK, house.me))
            return any(record.rung is Rung.ACKNOWLEDGED for record in ladder)

        return "answered", act, there

    def _is_sound(self, store: SqliteStore, figures: Figures) -> bool:
        """Look what is left; say whether the store can be worked with."""
        node = self._bench.node
        try:
            with store.read() as tables:
                integrity = str(tables.reports._db.value("PRAGMA integrity_check"))
                state = audit.verify_journal(
                    tables,
                    node.identity.card.card,
                    node.house.primitives,
                    witnessed=(self._seen,) if self._seen else (),
                )
                kept = [(what, there) for what, there in self._answered if there(tables)]
        except (NoroshiError, AssertionError) as error:
            _note_damage(figures, str(error))
            return False
        if len(kept) < len(self._answered):
            gone = len(self._answered) - len(kept)
            figures.lost += gone
            figures.problems.append(f"{gone} acts that were answered are lost")
        self._answered, self._seen = kept, None
        if integrity != "ok" or state.bad_between is not None:
            _note_damage(figures, f"{integrity}; journal: {state.reason}")
            return False
        return True


def _note_damage(figures: Figures, why: str) -> None:
    figures.damaged += 1
    figures.problems.append(why)
