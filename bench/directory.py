"""A partner's directory: taken anew each day, whole at first contact, beside bare verifications."""

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import mldsa

from noroshi.adapters.clock import SystemClock
from noroshi.bootstrap import create_node, embedded_node
from noroshi.core import gate
from noroshi.core.directory.repository import Kept, decode_bundle, lacking
from noroshi.core.errors import UnavailableError
from noroshi.core.instant import DAY
from noroshi.flow.house import House
from noroshi.flow.renewal import renew_directory
from noroshi.settings import Settings

_ROUNDS = 200


class _Ahead:
    """A clock that is some days ahead."""

    def __init__(self) -> None:
        self.days = 0.0

    def now(self) -> int:
        return SystemClock().now() + round(self.days * DAY)

    def drift(self) -> int:
        return 0

    def follow(self, drift: int) -> None:
        self.days += drift / DAY


def measure(folder: Path) -> dict[str, object]:
    """Return ms to read a renewed timestamp and a whole directory, and to sign; and the floor.

    The floor is as many bare ML-DSA-87 verifications as there are signatures in it.
    """
    clock = _Ahead()
    settings = Settings(
        partner="jp", name="JP", desks=("cyber", "duty"), profile="H5", peer="127.0.0.1:0",
        default_marking="TLP:AMBER",
    )  # fmt: skip
    create_node(folder / "jp", settings, lambda: None, clock)
    with embedded_node(folder / "jp", lambda: None, clock=clock) as node:
        if node is None:
            raise UnavailableError("home-busy", "somebody works on the home of the benchmark")
        identity = node.house.identity()
        before = _own(node.house)
        clock.days = 1.5
        started = time.perf_counter()
        renew_directory(node.house)
        signing = time.perf_counter() - started
        after = _own(node.house)
        own = identity.card
        anchor, reader = own.card.root, identity.directories()
        newest = lacking(after, b"", 1, before.directory.snapshot_version)
        whole = lacking(after, own.raw, 0, 0)
        now = clock.now()

        def refresh() -> object:
            bundle = decode_bundle(gate.encode_struct(newest))
            return reader.read(bundle, anchor, before, own.raw, now, DAY)

        def first() -> object:
            return reader.read(
                decode_bundle(gate.encode_struct(whole)), anchor, None, b"", now, DAY
            )

        return {
            "refresh_ms": _median(refresh),
            "refresh_floor_ms": _median(_verifications(3)),
            "refresh_bytes": len(gate.encode_struct(newest)),
            "first_contact_ms": _median(first),
            "first_contact_floor_ms": _median(_verifications(5)),
            "first_contact_bytes": len(gate.encode_struct(whole)),
            "renewal_ms": round(1000 * signing, 3),
        }


def _own(house: House) -> Kept:
    with house.store.read() as tables:
        own = tables.directories.own()
    if own is None:
        raise UnavailableError("damaged", "the node has made no directory")
    return own


def _verifications(count: int) -> Callable[[], None]:
    """Return what verifies as many signatures over what TUF signs: a SHA-512 digest."""
    key = mldsa.MLDSA87PrivateKey.from_seed_bytes(os.urandom(32))
    message = b"tuf\x01" + os.urandom(64)
    signature, public = key.sign(message), key.public_key()

    def verify() -> None:
        for _ in range(count):
            public.verify(signature, message)

    return verify


def _median(act: Callable[[], object]) -> float:
    samples: list[float] = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        act()
        samples.append(time.perf_counter() - started)
    return round(1000 * statistics.median(samples), 3)
