"""The parts: sealing and opening, journal appends, start-up, memory at rest."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from datetime import date
from functools import partial
from pathlib import Path

import msgspec

from bench.floor import Primitives
from bench.nodes import quantiles, resident_mib, served
from endure.federation import found
from noroshi.adapters.clock import SystemClock, SystemEntropy
from noroshi.adapters.policies import shipped_rules
from noroshi.adapters.sealing.pyca import (
    SEED_SIZE,
    PycaPrimitives,
    PycaSigner,
    PycaUnwrapper,
    seed_from,
)
from noroshi.adapters.sqlite.store import SqliteStore
from noroshi.bootstrap import archive_of
from noroshi.core.agreement import Agreement
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.keys import Purpose, SignerSet
from noroshi.core.envelope.open import open_envelope
from noroshi.core.envelope.seal import Draws, Outer, Recipient, seal
from noroshi.core.marking.label import Marking
from noroshi.core.precedence import Precedence
from noroshi.core.release import Question, may_release
from noroshi.core.tlog.entry import EntryKind, new_entry
from noroshi.flow.tables import Transaction


def release(_folder: Path) -> dict[str, object]:
    """Return us of a release check: TLP alone, and a level beside four agreements."""
    rules, day = shipped_rules(), date(2026, 11, 22)
    form = Agreement(
        agreement=1, reference="x", sender="nato", receiver="jp", policy="NATO", level="SECRET",
        valid_from=day, valid_until=day, is_mutual=True,
    )  # fmt: skip
    others = [msgspec.structs.replace(form, receiver=name) for name in ("au", "kr", "nz")]
    about = msgspec.structs.replace(form, areas=("cyber", "space"))
    nothing: list[Callable[[], tuple[str, ...]]] = [tuple] * 1000
    told: dict[str, object] = {
        "limit_us": 50,
        "a call alone": {"us": round(_median(partial(_ask_all, nothing)), 2)},
    }
    for name, text, agreement, areas in (
        ("TLP alone", "TLP:AMBER", form, ()),
        ("allowed", "NATO SECRET//REL TO JPN, AUS, KOR, NZL", form, ()),
        ("allowed, by area", "NATO SECRET//REL TO JPN, AUS, KOR, NZL", about, ("cyber",)),
        ("refused", "NATO TOP SECRET//REL TO JPN, AUS, KOR, NZL", form, ()),
        ("refused, by area", "NATO SECRET//REL TO JPN, AUS, KOR, NZL", about, ("hadr",)),
    ):
        question = Question(Marking.parse(text), "nato", "jp", day, areas)
        many = [partial(may_release, question, [*others, agreement], rules)] * 1000
        told[name] = {"us": round(_median(partial(_ask_all, many)), 2)}  # of a thousand, in ms
    return told


def sealing(_folder: Path) -> dict[str, object]:
    """Return ms to seal and to open, by profile, recipients and size, beside the primitives."""
    told: dict[str, object] = {}
    for profile in (suite.H3, suite.H5):
        told[f"{profile.name} primitives once"] = _median(Primitives(profile).once)
        for recipients, size in ((1, 500), (5, 500), (1, 1_000_000)):
            told[f"{profile.name} {recipients} x {size} B"] = _sealing(profile, recipients, size)
    return told


def _sealing(profile: suite.Profile, recipients: int, size: int) -> dict[str, object]:
    signers = [PycaSigner(Purpose.REPORT, alg, _seed(alg)) for alg in profile.signatures]
    keys = SignerSet.of(profile, Purpose.REPORT, tuple(s.public_key for s in signers))
    unwrappers = [PycaUnwrapper(profile.kem, _seed(profile.kem)) for _ in range(recipients)]
    mine = {unwrappers[0].public_key.kid: unwrappers[0]}
    library = PycaPrimitives()
    body = os.urandom(size)

    def make() -> bytes:
        signed = cose.sign(bytes(700), suite.REPORT, profile.number, signers)
        return seal(
            signed,
            body,
            outer=Outer(os.urandom(16), Precedence.FLASH, None),
            recipients=[Recipient(u.public_key, bytes(250)) for u in unwrappers],
            draws=Draws(os.urandom(32), os.urandom(12)),
            primitives=library,
        )

    raw = make()
    return {
        "seal_ms": _median(make),
        "open_ms": _median(lambda: open_envelope(raw, mine, library).signed.verify(keys, library)),
        "envelope_bytes": len(raw),
    }


def journal(folder: Path) -> dict[str, object]:
    """Return durable journal entries a second, one an act: alone and 64 waiting."""
    entropy = SystemEntropy()
    signer = PycaSigner(Purpose.JOURNAL, suite.Alg.ED25519, os.urandom(32))
    store = SqliteStore(
        folder / "node.db", SystemClock(), lambda _s, root: signer.sign(root),
        archive_of(folder, lambda: None),
    )  # fmt: skip

    def append(tx: Transaction) -> None:
        salt = entropy.draw(16)
        tx.journal.append(new_entry(EntryKind.SEALED, tx.now, salt, "jp", digest=salt * 2))

    try:
        alone = _rate(lambda: store.perform(append), 500)
        waiting = [store.submit(append) for _ in range(64)]
        started, count = time.perf_counter(), 20_000
        for number in range(count):
            waiting[number % 64].result()
            waiting[number % 64] = store.submit(append)
        for future in waiting:
            future.result()
        many = round(count / (time.perf_counter() - started))
    finally:
        store.close()
    return {"alone_per_s": alone, "64_waiting_per_s": many}


def start(folder: Path) -> dict[str, object]:
    """Return ms of `send` against a served node, of bare Python, and until a node is ready."""
    homes = found(folder, {"jp": "H3", "nato": "H3"})
    text = folder / "text"
    text.write_text("A line to send.\n")
    send = [
        *(sys.executable, "-m", "noroshi", "--home", str(homes["jp"])),
        *("send", str(text), "--to", "cyber@nato"),
    ]
    with served(homes) as nodes:
        served_ms = _process(send)
        ready = [round(1000 * node.ready_seconds) for node in nodes]
    return {
        "send_served_ms": served_ms,
        "send_direct_ms": _process(send),
        "bare_python_ms": _process([sys.executable, "-c", "pass"]),
        "node_ready_ms": ready,
    }


def rest(folder: Path) -> dict[str, object]:
    """Return the resident memory of a node at rest, in MiB."""
    homes = found(folder, {"jp": "H3", "nato": "H5"})
    with served(homes) as nodes:
        time.sleep(2)
        return {f"{n.partner}_rss_mib": round(resident_mib(n.pid), 1) for n in nodes}


def _ask_all(many: Iterable[Callable[[], object]]) -> None:
    for ask in many:
        ask()


def _median(act: Callable[[], object], count: int = 200) -> float:
    samples: list[float] = []
    for _ in range(count):
        started = time.perf_counter()
        act()
        samples.append(time.perf_counter() - started)
    return round(1000 * statistics.median(samples), 3)


def _rate(act: Callable[[], object], count: int) -> int:
    started = time.perf_counter()
    for _ in range(count):
        act()
    return round(count / (time.perf_counter() - started))


def _process(command: list[str], count: int = 9) -> dict[str, float]:
    samples: list[float] = []
    for _ in range(count):
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        samples.append(time.perf_counter() - started)
    return quantiles(samples)


def _seed(alg: suite.Alg) -> bytes:
    return seed_from(alg, os.urandom(SEED_SIZE[alg] + 16))
