"""Group commit: acts in savepoints, one signed checkpoint, one COMMIT, then everyone is told.

Each act runs in a savepoint of its own, so that one that fails takes back only itself. Only
after the commit do futures resolve, lines learn of their items and listeners of what happened.

If the disk fails, the group fails and nothing of it is told to anyone; after an I/O error
everything is refused from then on, because what the disk holds is no longer known.
"""

import contextlib
import functools
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

import apsw

from noroshi.adapters.sqlite.accounts import SqliteAccounts
from noroshi.adapters.sqlite.agreements import SqliteAgreements
from noroshi.adapters.sqlite.chains import SqliteChains
from noroshi.adapters.sqlite.connection import Database, explain
from noroshi.adapters.sqlite.consents import SqliteConsents
from noroshi.adapters.sqlite.contents import Contents
from noroshi.adapters.sqlite.courier import SqliteCourier
from noroshi.adapters.sqlite.directories import SqliteDirectories
from noroshi.adapters.sqlite.drafts import SqliteDrafts
from noroshi.adapters.sqlite.epochs import SqliteEpochs
from noroshi.adapters.sqlite.feeds import SqliteFeeds
from noroshi.adapters.sqlite.figures import SqliteFigures
from noroshi.adapters.sqlite.interests import SqliteInterests
from noroshi.adapters.sqlite.journal import SqliteJournal
from noroshi.adapters.sqlite.machines import SqliteMachines
from noroshi.adapters.sqlite.outbox import SqliteOutbox
from noroshi.adapters.sqlite.partners import SqlitePartners
from noroshi.adapters.sqlite.prekeys import SqlitePrekeys
from noroshi.adapters.sqlite.receipts import SqliteReceipts
from noroshi.adapters.sqlite.reports import SqliteReports
from noroshi.adapters.sqlite.retention import SqliteRetention
from noroshi.adapters.sqlite.revocations import SqliteRevocations
from noroshi.adapters.sqlite.serials import SqliteSerials
from noroshi.adapters.sqlite.watch import SqliteWatch
from noroshi.adapters.sqlite.witness import SqliteWitness
from noroshi.core.delivery.item import Item
from noroshi.core.errors import NoroshiError, UnavailableError
from noroshi.core.instant import Instant
from noroshi.flow.ports import Archive, Clock
from noroshi.flow.records import Announcement, Committed
from noroshi.flow.tables import Transaction

CheckpointSigner = Callable[[int, bytes], bytes]
"""Returns the signed note of a tree's size and root."""


class Listener(Protocol):
    """Whoever must know of commits; called on the writer's thread, so it must be quick."""

    def on_commit(self, committed: Committed) -> None:
        """Something became true."""
        ...


class SqliteTables:
    """All tables over one connection."""

    def __init__(self, database: Database, effects: "Effects", archive: Archive) -> None:
        contents = Contents(archive)
        self.journal = SqliteJournal(database)
        self.partners = SqlitePartners(database)
        self.accounts = SqliteAccounts(database)
        self.machines = SqliteMachines(database)
        self.feeds = SqliteFeeds(database)
        self.interests = SqliteInterests(database)
        self.agreements = SqliteAgreements(database)
        self.drafts = SqliteDrafts(database, contents)
        self.reports = SqliteReports(database, contents)
        self.chains = SqliteChains(database, contents)
        self.outbox = SqliteOutbox(database, contents, effects.on_outbox)
        self.receipts = SqliteReceipts(database)
        self.courier = SqliteCourier(database)
        self.serials = SqliteSerials(database)
        self.epochs = SqliteEpochs(database)
        self.prekeys = SqlitePrekeys(database)
        self.directories = SqliteDirectories(database)
        self.revocations = SqliteRevocations(database)
        self.watch = SqliteWatch(database)
        self.figures = SqliteFigures(database)
        self.witness = SqliteWitness(database)
        self.consents = SqliteConsents(database)
        self.retention = SqliteRetention(database, contents)


class Effects:
    """What is to be told after the commit, in order."""

    def __init__(self) -> None:
        self._noted: list[tuple[str, tuple[Item, ...], frozenset[bytes]] | Announcement] = []

    def on_outbox(self, partner: str, added: tuple[Item, ...], removed: frozenset[bytes]) -> None:
        """Note a change of the outbox."""
        self._noted.append((partner, added, removed))

    def announce(self, announcement: Announcement) -> None:
        """Note an announcement."""
        self._noted.append(announcement)

    def mark(self) -> int:
        """Return how much is noted."""
        return len(self._noted)

    def rewind(self, mark: int) -> None:
        """Forget what was noted after `mark`."""
        del self._noted[mark:]

    def take(self) -> Committed:
        """Return what was noted, joined by partner, and forget it."""
        added: dict[str, tuple[Item, ...]] = {}
        removed: dict[str, frozenset[bytes]] = {}
        announcements: list[Announcement] = []
        for noted in self._noted:
            if isinstance(noted, Announcement):
                announcements.append(noted)
                continue
            partner, items, ids = noted
            if items:
                added[partner] = added.get(partner, ()) + items
            if ids:
                removed[partner] = removed.get(partner, frozenset()) | ids
        self._noted.clear()
        return Committed(added, removed, tuple(announcements))


class SqliteTransaction(SqliteTables):
    """The tables while an act may write (:class:`noroshi.flow.tables.Transaction`)."""

    def __init__(
        self, database: Database, effects: Effects, archive: Archive, clock: Clock
    ) -> None:
        super().__init__(database, effects, archive)
        self._clock = clock
        self.announce = effects.announce

    @property
    def now(self) -> Instant:
        """The time of the act."""
        return self._clock.now()


class Submitted:
    """An act that waits for the writer."""

    def __init__(self, act: Callable[[Transaction], object]) -> None:
        self.act = act
        inner = act.func if isinstance(act, functools.partial) else act
        self.name = getattr(inner, "__name__", "act")
        self.future: Future[object] = Future()


class GroupWriter:
    """The one writer of a database; whoever drives it sees to it that it is alone."""

    def __init__(
        self,
        database: Database,
        path: Path,
        clock: Clock,
        sign: CheckpointSigner,
        archive: Archive,
        on_phase: Callable[[str], None],
    ) -> None:
        """Join the parts.

        `on_phase` hears each named point of a commit ("send:acted", "committing",
        "committed"), so that a proof can end the process there.
        """
        self._database = database
        self._path = path
        self._sign = sign
        self._on_phase = on_phase
        self._effects = Effects()
        self._transaction = SqliteTransaction(database, self._effects, archive, clock)
        self._listeners: list[Listener] = []
        self._broken: NoroshiError | None = None

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of every commit from now on."""
        self._listeners.append(listener)

    def commit(self, group: list[Submitted]) -> None:
        """Run the acts of a group, commit them together, and tell."""
        outcomes: list[tuple[Submitted, object]] = []
        try:
            self._check_whole()
            self._database.run("BEGIN IMMEDIATE")
            size = self._transaction.journal.size
            outcomes = [(submitted, self._run(submitted)) for submitted in group]
            tree = self._transaction.journal.tree
            if tree.size > size:
                self._transaction.journal.put_note(tree.size, self._sign(tree.size, tree.root))
            self._on_phase("committing")
            self._database.run("COMMIT")
            self._on_phase("committed")
        except Exception as error:  # noqa: BLE001 - whatever it is, all futures must hear of it
            self._abandon(group, error)
            return
        # Lines and desks first: they wait on behalf of people elsewhere.
        committed = self._effects.take()
        for listener in self._listeners:
            listener.on_commit(committed)
        for submitted, outcome in outcomes:
            if isinstance(outcome, BaseException):
                submitted.future.set_exception(outcome)
            else:
                submitted.future.set_result(outcome)

    def _check_whole(self) -> None:
        if self._broken:
            raise self._broken

    def _run(self, submitted: Submitted) -> object:
        """Return what the act returned, or the exception that took it back."""
        tree, mark = self._transaction.journal.tree, self._effects.mark()
        self._database.run("SAVEPOINT act")
        try:
            outcome = submitted.act(self._transaction)
        except (apsw.FullError, apsw.IOError, apsw.CorruptError):
            raise
        except Exception as error:  # noqa: BLE001 - it goes to whoever asked for the act
            self._database.run("ROLLBACK TO act")
            self._transaction.journal.rewind(tree)
            self._effects.rewind(mark)
            outcome = explain(error, self._path) if isinstance(error, apsw.Error) else error
        self._database.run("RELEASE act")
        self._on_phase(f"{submitted.name}:acted")
        return outcome

    def _abandon(self, group: list[Submitted], error: Exception) -> None:
        """Take the whole group back."""
        explained = explain(error, self._path) if isinstance(error, apsw.Error) else error
        if isinstance(error, (apsw.IOError, apsw.CorruptError)):
            self._broken = UnavailableError(
                "storage-failed",
                f"{explained}. The node takes nothing more until it is started again",
            )
        with contextlib.suppress(apsw.Error):
            if self._database.in_transaction():
                self._database.run("ROLLBACK")
        self._transaction.journal.rewind(None)
        self._effects.rewind(0)
        for submitted in group:
            submitted.future.set_exception(explained)
