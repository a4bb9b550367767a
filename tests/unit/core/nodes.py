"""Nodes for tests: keys from fixed seeds, a report to seal, and the whole way of reading one.

>>> read(write(JP, [NZ]), NZ).content.subject
'Signal fire on the northern hill'
"""

import functools
import hashlib
from collections.abc import Mapping, Sequence
from typing import Final, Self, TypeVar

import msgspec

from noroshi.adapters.sealing.pyca import SEED_SIZE, PycaPrimitives, PycaSigner, PycaUnwrapper
from noroshi.adapters.sealing.pyca import seed_from as seed_of
from noroshi.core import gate
from noroshi.core.directory.card import Card
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.head import (
    VERSION,
    AttachmentDigest,
    Beside,
    OwnPart,
    ReportHead,
    Serial,
    check_report,
    check_routing,
    claimed_sender,
    commitment,
    salted_digest,
)
from noroshi.core.envelope.keys import PublicKey, Purpose, SignerSet
from noroshi.core.envelope.open import Opened, open_envelope
from noroshi.core.envelope.seal import Draws, Outer, Recipient, seal
from noroshi.core.envelope.suite import Alg
from noroshi.core.errors import UnreadableError
from noroshi.core.instant import DAY, HOUR, from_text
from noroshi.core.partner import DeskAddress
from noroshi.core.precedence import Precedence, Status
from noroshi.core.report import Attachment, Content, check_content, decode_content, encode_content

T = TypeVar("T", bound=msgspec.Struct)

PRIMITIVES: Final = PycaPrimitives()
NOW: Final = from_text("2026-11-22T03:00:00Z")


def draw(label: str, size: int) -> bytes:
    """Return bytes that look random and are the same in every run."""
    return hashlib.shake_256(b"noroshi test vector: " + label.encode()).digest(size)


class Node(msgspec.Struct, frozen=True):
    """A partner's node with all its private keys."""

    name: str
    profile: suite.Profile
    root: PycaSigner
    unwrapper: PycaUnwrapper
    report_signers: tuple[PycaSigner, ...]
    receipt_signers: tuple[PycaSigner, ...]
    journal: PycaSigner
    request: PycaSigner

    @classmethod
    def make(cls, name: str, profile: suite.Profile) -> Self:
        """Return the node of that name; its keys follow from the name."""

        def signer(purpose: Purpose, alg: Alg) -> PycaSigner:
            return PycaSigner(purpose, alg, seed(name, purpose, alg))

        return cls(
            name=name,
            profile=profile,
            root=signer(Purpose.ROOT, suite.ROOT_ALG),
            unwrapper=PycaUnwrapper(profile.kem, seed(name, Purpose.SEAL, profile.kem)),
            report_signers=tuple(signer(Purpose.REPORT, alg) for alg in profile.signatures),
            receipt_signers=tuple(signer(Purpose.RECEIPT, alg) for alg in profile.signatures),
            journal=signer(Purpose.JOURNAL, Alg.ED25519),
            request=signer(Purpose.REQUEST, Alg.ED25519),
        )

    @property
    def key(self) -> PublicKey:
        """The key to seal to."""
        return self.unwrapper.public_key

    @property
    def addressed(self) -> frozenset[tuple[str, bytes]]:
        """How heads name the node."""
        return frozenset({(self.name, self.key.kid)})

    @property
    def mine(self) -> Mapping[bytes, PycaUnwrapper]:
        """The private KEM key by its id."""
        return {self.key.kid: self.unwrapper}

    @property
    def keys(self) -> tuple[PublicKey, ...]:
        """All public keys, in the order of a card."""
        signers = (*self.report_signers, *self.receipt_signers, self.journal, self.request)
        return (self.root.public_key, self.key, *(s.public_key for s in signers))

    def signers(self, purpose: Purpose) -> SignerSet:
        """Return the keys that must sign for `purpose`."""
        return SignerSet.of(self.profile, purpose, self.keys)

    def card(self) -> Card:
        """Return the node's first card, not signed yet."""
        return Card(
            version=1,
            partner=self.name,
            name=f"The duty centre of {self.name.upper()}",
            serial=1,
            issued_at=NOW - DAY,
            epoch=1,
            peer_url=f"https://{self.name}.example:7443",
            tls_digest=draw(f"{self.name} tls", 32),
            desks=("cyber", "watch"),
            profile=self.profile.number,
            keys=self.keys,
        )


def seed(name: str, purpose: Purpose, alg: Alg) -> bytes:
    """Return the seed of one test key."""
    return seed_of(alg, draw(f"{name} {purpose.name} {alg.name}", SEED_SIZE[alg] + 16))


JP: Final = Node.make("jp", suite.H5)
NATO: Final = Node.make("nato", suite.H5)
AU: Final = Node.make("au", suite.H3)
NZ: Final = Node.make("nz", suite.H3)
KR: Final = Node.make("kr", suite.P5)
NODES: Final = {node.name: node for node in (JP, NATO, AU, NZ, KR)}


class Letter(msgspec.Struct, frozen=True):
    """All parts of a report before it is signed and sealed; change any with `changed`."""

    sender: Node
    recipients: tuple[Node, ...]
    head: ReportHead
    beside: Beside
    own_parts: tuple[OwnPart, ...]
    """One for each of `recipients`."""
    outer: Outer
    draws: Draws

    @property
    def signed(self) -> bytes:
        """The signed head; the same bytes each time, though signing draws at random."""
        return _sign_once(self.sender.name, gate.encode_struct(self.head))

    def seal(self) -> bytes:
        """Return the envelope."""
        return seal(
            self.signed,
            gate.encode_struct(self.beside),
            outer=self.outer,
            recipients=[
                Recipient(node.key, gate.encode_struct(part))
                for node, part in zip(self.recipients, self.own_parts, strict=True)
            ],
            draws=self.draws,
            primitives=PRIMITIVES,
        )


@functools.lru_cache(maxsize=10_000)
def _sign_once(sender: str, payload: bytes) -> bytes:
    node = NODES[sender]
    return cose.sign(payload, suite.REPORT, node.profile.number, node.report_signers)


def changed(struct: T, **fields: object) -> T:
    """Return `struct` with other values in some fields."""
    return msgspec.structs.replace(struct, **fields)


class File(msgspec.Struct, frozen=True):
    """An attachment before it is encrypted."""

    name: str
    media_type: str
    plain: bytes

    @property
    def blob(self) -> bytes:
        """The encrypted blob."""
        return PRIMITIVES.encrypt(
            draw(f"{self.name} key", 32), draw(f"{self.name} iv", 12), self.plain, b""
        )

    @property
    def signed(self) -> AttachmentDigest:
        """What the head says of it."""
        salt = draw(f"{self.name} salt", 32)
        return AttachmentDigest(
            hashlib.sha256(self.blob).digest(), len(self.blob), salted_digest(salt, self.plain)
        )

    @property
    def attachment(self) -> Attachment:
        """What the content says of it."""
        return Attachment(
            name=self.name,
            media_type=self.media_type,
            size=len(self.plain),
            blob_id=self.signed.blob_id,
            key=draw(f"{self.name} key", 32),
            iv=draw(f"{self.name} iv", 12),
            salt=draw(f"{self.name} salt", 32),
        )


BODY: Final = b"Smoke is seen."


def a_content(
    recipients: Sequence[Node],
    sender: str = "jp",
    body: bytes = BODY,
    files: Sequence[File] = (),
) -> Content:
    """Return a content for the watch desks of `recipients`; the last is for information."""
    desks = [DeskAddress("watch", node.name) for node in recipients]
    action, info = (desks, []) if len(desks) == 1 else (desks[:-1], desks[-1:])
    return Content(
        kind="situation-report",
        subject="Signal fire on the northern hill",
        from_desk="cyber",
        drafter=f"Officer of {sender.upper()}",
        releaser=None,
        action=tuple(action),
        info=tuple(info),
        references=(draw("an earlier report", 16),),
        media_type="text/plain; charset=utf-8",
        body=body,
        attachments=tuple(file.attachment for file in files),
    )


def a_letter(
    sender: Node, recipients: Sequence[Node], body: bytes = BODY, files: Sequence[File] = ()
) -> Letter:
    """Return a FLASH report from `sender` to `recipients`, whole and right."""
    label = " ".join((sender.name, *(node.name for node in recipients)))
    content = a_content(recipients, sender.name, body, files)
    beside = Beside(draw(f"{label} salt", 32), encode_content(content))
    own_parts = {
        node.name: OwnPart(
            Serial(draw(f"{label} {node.name}", 16), node.name, 1, Precedence.FLASH, 7 + i), b""
        )
        for i, node in enumerate(recipients)
    }
    last = recipients[-1].name
    if len(recipients) > 1:
        own_parts[last] = changed(
            own_parts[last],
            serial=changed(own_parts[last].serial, precedence=Precedence.PRIORITY),
        )
    to = tuple(sorted((node.name, node.key.kid) for node in recipients))
    head = ReportHead(
        version=VERSION,
        envelope_id=draw(f"{label} envelope", 16),
        sender=sender.name,
        created_at=NOW,
        expires_at=NOW + 6 * HOUR,
        to=to,
        report_id=draw(f"{label} report", 16),
        precedence=Precedence.FLASH,
        info_precedence=Precedence.PRIORITY,
        status=Status.EXERCISE,
        marking="TLP:AMBER",
        serials=tuple(commitment(own_parts[name].serial) for name, _ in to),
        content_digest=salted_digest(beside.salt, beside.content),
        attachments=tuple(file.signed for file in files),
    )
    return Letter(
        sender=sender,
        recipients=tuple(recipients),
        head=head,
        beside=beside,
        own_parts=tuple(own_parts[node.name] for node in recipients),
        outer=Outer(head.envelope_id, Precedence.FLASH, head.expires_at),
        draws=Draws(draw(f"{label} key", 32), draw(f"{label} iv", 12)),
    )


def write(sender: Node, recipients: Sequence[Node], body: bytes = BODY) -> bytes:
    """Return a sealed report."""
    return a_letter(sender, recipients, body).seal()


class Read(msgspec.Struct, frozen=True):
    """A report that passed every check."""

    opened: Opened
    head: ReportHead
    content: Content
    own: OwnPart


def read(raw: bytes, me: Node, now: int = NOW) -> Read:
    """Return what `me` reads in a sealed report: every check that a node makes, in order.

    Raises:
        MalformedError: any check failed.
    """
    opened = open_envelope(raw, me.mine, PRIMITIVES)
    sender = NODES.get(claimed_sender(opened.signed.raw_payload))
    if sender is None:
        raise UnreadableError
    opened.signed.verify(sender.signers(Purpose.REPORT), PRIMITIVES)
    head = gate.decode_struct(opened.signed.raw_payload, ReportHead, limit=suite.MAX_SIGNED)
    check_routing(head, opened, me.addressed, now)
    beside, own = check_report(head, opened, me.addressed)
    content = decode_content(beside.content)
    check_content(head, content, me.name)
    return Read(opened, head, content, own)
