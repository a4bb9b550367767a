"""A node of the simulation: the shipped lines, watch and acts on a disk that may forget."""

import asyncio
import random
from typing import Protocol

import msgspec

from noroshi.adapters.break_glass import SealedBreakGlass
from noroshi.adapters.keykeeper import Keykeeper
from noroshi.adapters.lines import Lines
from noroshi.adapters.outside import Outside
from noroshi.adapters.passphrases import Argon2Passphrases
from noroshi.adapters.policies import shipped_areas, shipped_rules
from noroshi.adapters.sealing.archive import Archive
from noroshi.adapters.sqlite.word_index import MemoryIndex
from noroshi.adapters.watchkeeper import Watchkeeper
from noroshi.adapters.words import shipped_lexicon
from noroshi.core.delivery.quota import RESERVED_BYTES, Disk
from noroshi.core.directory.card import VERSION, Card, SignedCard, verify_card
from noroshi.core.directory.prekeys import Schedule
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.suite import H3, ROOT_ALG, Alg
from noroshi.core.instant import HOUR, SECOND, Instant
from noroshi.core.retention import Retention
from noroshi.core.tlog.checkpoint import Checkpoint, origin_of, sign_checkpoint
from noroshi.flow import directory, restore
from noroshi.flow.attempts import Attempts
from noroshi.flow.house import House
from noroshi.flow.records import Committed, Duty, Identity
from noroshi.flow.renewal import keep_keys
from noroshi.flow.visitors import Visitors
from noroshi.simulation.disk import PowerCut, SimBlobs, SimDisk, SimSpool, SimStore
from noroshi.simulation.net import Net, NodeBearer
from noroshi.simulation.standin import (
    StandInDirectories,
    StandInPrimitives,
    StandInRetentionKeys,
    StandInSigner,
    StandInUnwrapper,
    StandInVault,
    no_objects,
)
from noroshi.simulation.virtual import NodeClock, VirtualLoop

DESKS = ("cyber", "duty")
_SCHEDULE = Schedule(use=7 * HOUR, ahead=49 * HOUR, least=21 * HOUR, kept=8 * HOUR)
"""Days are too long for histories of three: keys must end while a line is cut."""
_LOOK_SECONDS = 900.0
"""A turn of a node every few seconds would be most of what happens."""


class Draw:
    """Randomness of one node (:class:`noroshi.flow.ports.Entropy`)."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def draw(self, size: int) -> bytes:
        """Return `size` bytes that the seed decides."""
        return self._random.randbytes(size)


class Guardian(Protocol):
    """Whoever looks after nodes from outside."""

    def on_commit(self, node: "SimNode", committed: Committed) -> None:
        """A commit of `node` is on disk."""
        ...

    def on_cut(self, node: "SimNode") -> None:
        """The power of `node` failed in the middle of a commit."""
        ...

    def on_loss(self, node: "SimNode") -> None:
        """`node` is up again, and its disk has lost what it had confirmed."""
        ...


class SimNode:
    """One partner's node: a disk, and while it is up everything that runs on it."""

    def __init__(self, name: str, loop: VirtualLoop, net: Net, seed: str, skew: int) -> None:
        self.name = name
        self.clock = NodeClock(loop, skew)
        self.disk = SimDisk()
        self.incarnation = 0
        self.booted_at = 0.0
        self.is_up = False
        self.is_deaf = False
        self.phases_to_cut: int | None = None
        self.phase_error: Exception | None = None
        self.guardian: Guardian | None = None
        self._loop = loop
        self._net = net
        self._draw = random.Random(f"{seed} disk")
        self._entropy = Draw(f"{seed} entropy")
        self._jitter = random.Random(f"{seed} jitter").random
        self._tasks: list[asyncio.Task[None]] = []
        self._archive = Archive(
            StandInRetentionKeys(), StandInPrimitives(), Draw(f"{seed} archive").draw
        )
        self.identity, self._root, self._vault = _identity(name, self._entropy, self.clock)
        self._start_store()
        card, entropy = self.identity.card, self._entropy
        self.store.perform(lambda tx: directory.issue_card(tx, card, entropy))

    def meet(self, other: "SimNode") -> None:
        """Know another node and trust its card."""
        signed = verify_card(other.identity.card.raw, self.identity.primitives)
        entropy = self._entropy
        self.store.perform(lambda tx: directory.add_partner(tx, signed, entropy))
        with self.store.read() as tables:
            number = directory.number_of(tables, other.name)
        self.store.perform(
            lambda tx: directory.verify_partner(
                tx, other.name, number=number, by="Lt Sim", entropy=entropy
            )
        )

    def boot(self) -> None:
        """Start, with what the disk holds."""
        self.incarnation += 1
        self.booted_at = self._loop.time()
        self.clock.restart()
        self._start_store()
        bearer = NodeBearer(self._net, self, self.incarnation)
        stop = asyncio.Event()
        lines = Lines(
            self.store, self.house.blobs, bearer, self.identity, self.clock, self._entropy,
            self.house.rules, self._jitter,
        )  # fmt: skip
        watchkeeper = Watchkeeper(
            self.store, bearer, self.identity, self.clock, self._entropy, self._jitter,
            look_seconds=_LOOK_SECONDS,
        )  # fmt: skip
        keykeeper = Keykeeper(self._renew, self.clock, look_seconds=_LOOK_SECONDS)
        self.store.listen(self)
        self.store.listen(lines)
        self.store.listen(watchkeeper)
        self.store.listen(keykeeper)
        self.is_up = True
        self._tasks = [
            self._loop.create_task(lines.run(stop)),
            self._loop.create_task(watchkeeper.run(stop)),
            self._loop.create_task(keykeeper.run(stop)),
        ]

    def on_commit(self, committed: Committed) -> None:
        """Tell the checker (:class:`noroshi.adapters.sqlite.groups.Listener`)."""
        if self.guardian is not None:
            self.guardian.on_commit(self, committed)

    def crash(self) -> bool:
        """Lose power; say whether confirmed commits were lost with it."""
        self.is_up = False
        self.incarnation += 1
        self.store.is_dead = True
        self.phases_to_cut = None
        self.phase_error = None
        for task in self._tasks:
            task.cancel()
        return self.disk.cut()

    def restore(self, image: bytes, backup_at: Instant) -> None:
        """Go on from a backup under a new epoch, as `noroshi restore` does; then it can boot."""
        old = self.identity.card.card
        epoch = max(old.epoch + 1, self.clock.now() // SECOND)
        card = SignedCard.issue(
            msgspec.structs.replace(old, serial=old.serial + 1, epoch=epoch), self._root
        )
        self.identity = msgspec.structs.replace(self.identity, card=card)
        self.disk.replace(image)
        self._vault.lose()
        self._start_store()
        with self.store.read() as tables:
            needed = tables.reports.blob_ids()
        for blob_id in self.disk.blobs.keys() - needed:
            self.house.blobs.discard(blob_id)
        entropy = self._entropy
        self.store.perform(lambda tx: restore.open_epoch(tx, card, backup_at, entropy))

    def _start_store(self) -> None:
        epoch = self.identity.card.card.epoch

        def sign(size: int, root: bytes) -> bytes:
            checkpoint = Checkpoint(origin_of(self.name, epoch), size, root)
            return sign_checkpoint(checkpoint, self.identity.journal_signer)

        self.store = SimStore(
            self.disk, self._loop, self.clock, sign, self._archive, self._draw, self._pass_phase,
            self._cut,
        )  # fmt: skip
        self.house = House(
            me=self.name,
            desks=DESKS,
            default_marking="TLP:AMBER",
            rules=shipped_rules(),
            areas=shipped_areas(),
            lexicon=shipped_lexicon,
            is_silent=False,
            store=self.store,
            objects=no_objects,
            schemas=no_objects,
            is_common=no_objects,
            outside=Outside(),
            index=MemoryIndex(),
            blobs=SimBlobs(self.disk),
            scanner=None,
            spool=SimSpool(self.disk),
            clock=self.clock,
            entropy=self._entropy,
            primitives=self.identity.primitives,
            vault=self._vault,
            archive=self._archive,
            retention=Retention((), shipped_rules()),
            deadlines=tuple,
            identity=lambda: self.identity,
            examine=list,
            staged={},
            visitors=Visitors(self._entropy),
            packed={},
            disk=lambda: Disk(RESERVED_BYTES, RESERVED_BYTES),
            flashes={},
            passphrases=Argon2Passphrases(self._entropy),
            break_glass=SealedBreakGlass(self._entropy),
            attempts=Attempts(),
        )

    def _renew(self) -> Instant:
        try:
            return keep_keys(self.house)
        except PowerCut:
            raise asyncio.CancelledError from None  # the node is no more

    def _pass_phase(self, _phase: str) -> None:
        if self.phase_error is not None:
            error, self.phase_error = self.phase_error, None
            raise error
        if self.phases_to_cut is not None:
            self.phases_to_cut -= 1
            if self.phases_to_cut <= 0:
                raise PowerCut

    def _cut(self) -> None:
        if self.guardian is not None:
            self.guardian.on_cut(self)


def _identity(
    name: str, entropy: Draw, clock: NodeClock
) -> tuple[Identity, StandInSigner, StandInVault]:
    """Return a new node's identity, its root key and its vault."""

    def signers(purpose: Purpose, algs: tuple[Alg, ...]) -> tuple[StandInSigner, ...]:
        return tuple(StandInSigner(purpose, alg, entropy.draw(32)) for alg in algs)

    (root,) = signers(Purpose.ROOT, (ROOT_ALG,))
    unwrapper = StandInUnwrapper(H3.kem, entropy.draw(32))
    report = signers(Purpose.REPORT, H3.signatures)
    receipt = signers(Purpose.RECEIPT, H3.signatures)
    (journal,) = signers(Purpose.JOURNAL, (Alg.ED25519,))
    (request,) = signers(Purpose.REQUEST, (Alg.ED25519,))
    keys: tuple[StandInSigner | StandInUnwrapper, ...] = (
        root, unwrapper, *report, *receipt, journal, request
    )  # fmt: skip
    card = Card(
        version=VERSION,
        partner=name,
        name=name.upper(),
        serial=1,
        issued_at=clock.now(),
        epoch=1,
        peer_url="https://127.0.0.1:1",
        tls_digest=bytes(32),
        desks=DESKS,
        profile=H3.number,
        keys=tuple(key.public_key for key in keys),
    )
    vault = StandInVault(unwrapper, entropy.draw)
    identity = Identity(
        card=SignedCard.issue(card, root),
        report_signers=report,
        receipt_signers=receipt,
        journal_signer=journal,
        request_signer=request,
        unwrappers=vault,
        primitives=StandInPrimitives(),
        directories=StandInDirectories,
        duty=Duty(schedule=_SCHEDULE),
    )
    return identity, root, vault
