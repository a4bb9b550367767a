"""A partner's TUF repository in the hands of a test: real keys, real metadata, any change to it."""

import json
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import mldsa

from noroshi.adapters.directories.metadata import (
    CryptoSigner,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
    moment_of,
)
from noroshi.adapters.directories.reading import read
from noroshi.core.directory.card import SignedCard
from noroshi.core.directory.repository import Bundle, Kept
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.suite import ROOT_ALG
from noroshi.core.errors import MalformedError
from noroshi.core.instant import DAY
from tests.unit.core.nodes import NOW, PRIMITIVES, Node, draw, seed

PATIENCE = 12 * DAY
ROLES = ("targets", "snapshot", "timestamp")


def signer(label: str) -> CryptoSigner:
    """Return a key that follows from its name."""
    return CryptoSigner(mldsa.MLDSA87PrivateKey.from_seed_bytes(draw(f"directory {label}", 32)))


def first_key(node: Node) -> CryptoSigner:
    """Return the root key that stands on the node's card."""
    private = mldsa.MLDSA87PrivateKey.from_seed_bytes(seed(node.name, Purpose.ROOT, ROOT_ALG))
    return CryptoSigner(private)


class Repository:
    """The repository of a node. Each method signs anew what depends on what was changed."""

    def __init__(self, node: Node, label: str = "") -> None:
        self.node = node
        self.card = SignedCard.issue(node.card(), node.root)
        self.signers = {role: signer(f"{node.name} {role} {label}") for role in ROLES}
        self.custodians = [first_key(node)]
        self.threshold = 1
        self.roots: list[bytes] = []
        self.version = 1
        self.life = 2 * DAY
        self.at = NOW
        self.rotate(self.custodians)
        self.publish()

    def rotate(
        self,
        custodians: list[CryptoSigner],
        threshold: int = 1,
        by: list[CryptoSigner] | None = None,
        change: Callable[[Root], None] = lambda _root: None,
        version: int | None = None,
    ) -> None:
        """Sign the next root: by those before and those after, or as told."""
        root = Root(
            version=version or len(self.roots) + 1, expires=self.ends(3650 * DAY),
            consistent_snapshot=False,
        )  # fmt: skip
        for each in custodians:
            root.add_key(each.public_key, "root")
        root.roles["root"].threshold = threshold
        for role in ROLES:
            root.add_key(self.signers[role].public_key, role)
        change(root)
        metadata = Metadata(root)
        for each in [*self.custodians, *custodians] if by is None else by:
            metadata.sign(each, append=True)
        self.custodians, self.threshold = custodians, threshold
        self.roots.append(metadata.to_bytes())

    def publish(
        self,
        *,
        paths: dict[str, TargetFile] | None = None,
        change_snapshot: Callable[[Snapshot], None] = lambda _snapshot: None,
        change_timestamp: Callable[[Timestamp], None] = lambda _timestamp: None,
    ) -> None:
        """Sign targets, snapshot and timestamp of the present version."""
        self.targets = self.sign(
            Targets(self.version, expires=self.ends(400 * DAY), targets=paths or self.paths())
        )
        snapshot = Snapshot(
            self.version, expires=self.ends(400 * DAY),
            meta={"targets.json": meta(self.version, self.targets)},
        )  # fmt: skip
        change_snapshot(snapshot)
        self.snapshot = self.sign(snapshot)
        timestamp = Timestamp(
            self.version, expires=self.ends(self.life),
            snapshot_meta=meta(self.version, self.snapshot),
        )  # fmt: skip
        change_timestamp(timestamp)
        self.timestamp = self.sign(timestamp)

    def next(self, **told: Any) -> None:
        """Publish one version more."""
        self.version += 1
        self.publish(**told)

    def paths(self) -> dict[str, TargetFile]:
        """Return what the targets name."""
        found = {"card": self.card.raw}
        found |= {f"desks/{desk}": b"a desk" for desk in self.card.card.desks}
        return {path: target(path, content) for path, content in found.items()}

    def sign(self, signed: Targets | Snapshot | Timestamp) -> bytes:
        """Return metadata signed by the key of its role."""
        of_role: Any = signed
        metadata: Any = Metadata(of_role)
        metadata.sign(self.signers[signed.type])
        raw: bytes = metadata.to_bytes()
        return raw

    def ends(self, life: int) -> datetime:
        """Return when something ends that is made now."""
        return moment_of(self.at + life)

    def bundle(self, **changes: object) -> Bundle:
        """Return all of it as it travels."""
        whole = Bundle(
            1, self.node.name, tuple(self.roots), self.timestamp, self.snapshot, self.targets,
            self.card.raw,
        )  # fmt: skip
        return msgspec.structs.replace(whole, **changes)

    def read(self, kept: Kept | None = None, now: int = NOW, **changes: Any) -> Kept:
        """Read it as a partner does."""
        anchor = self.node.root.public_key
        found, card = read(self.bundle(**changes), anchor, kept, b"", PRIMITIVES, now, PATIENCE)
        assert card.digest == self.card.digest
        return found


def refused(read: Callable[[], object], code: str, words: str | None = None) -> None:
    """Read what must be refused with a code."""
    with pytest.raises(MalformedError, match=words) as caught:
        read()
    assert caught.value.code == code


def meta(version: int, raw: bytes) -> MetaFile:
    """Return how other metadata names some."""
    return MetaFile(version, length=len(raw), hashes={"sha256": sha256(raw).hexdigest()})


def target(path: str, content: bytes, **custom: int) -> TargetFile:
    """Return a target."""
    told = {"custom": dict(custom)} if custom else None
    return TargetFile(len(content), {"sha256": sha256(content).hexdigest()}, path, told)


def edited(raw: bytes, edit: Callable[[Any], object]) -> bytes:
    """Return metadata whose JSON was changed, with the signatures that it had."""
    parsed = json.loads(raw)
    edit(parsed)
    return json.dumps(parsed).encode()
