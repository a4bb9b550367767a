"""Envelopes by a partner that has turned hostile: real keys, and any layer it likes changed.

What is changed on the way is refused by the first tag that does not verify. A partner can do
more: it changes an inner layer, then signs and seals that properly, so that the change arrives
behind every cryptographic check.
"""

import random
from collections.abc import Callable
from typing import Final

import msgspec

from endure.exchange import Pair
from endure.federation import DESK
from endure.mutate import mutate
from noroshi.core import gate
from noroshi.core.delivery.check import Tally
from noroshi.core.delivery.ladder import Rung, RungRecord
from noroshi.core.delivery.receipt import VERSION as RECEIPT_VERSION
from noroshi.core.delivery.receipt import (
    Issued,
    ReceiptEntry,
    ReceiptHead,
    digest,
    encode_beside,
)
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.head import (
    VERSION,
    Beside,
    OwnPart,
    ReportHead,
    Serial,
    commitment,
    salted_digest,
)
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.seal import Draws, Outer, Recipient, seal
from noroshi.core.partner import DeskAddress
from noroshi.core.precedence import Precedence, Status
from noroshi.core.report import Content, encode_content

CANARY: Final = "CANARY-b7d0e1"
"""Stands in every text that only readers may see, and must stand in no error and no log."""
REPORT_LAYERS: Final = ("content", "head", "beside", "own part", "signed")
RECEIPT_LAYERS: Final = ("entry", "issued", "head", "beside", "signed")

Change = Callable[[str, bytes], bytes]
"""Returns what a layer is to be, given its name and right bytes."""


class Forger:
    """The first node of a pair, which writes to the second."""

    def __init__(self, pair: Pair) -> None:
        sender, receiver = pair.nodes
        self._me = sender.house.me
        self._identity = sender.identity
        self._clock = sender.house.clock
        self._primitives = sender.house.primitives
        self._partner = receiver.house.me
        self._key = pair.cards[self._partner].key(Purpose.SEAL)
        self._to = ((self._partner, self._key.kid),)
        with sender.store.read() as tables:
            self._note = tables.journal.newest_note()

    def report(self, draw: random.Random) -> bytes:
        """Return a report of which one layer is changed."""
        return self.seal_report(draw, _changing(draw.choice(REPORT_LAYERS), draw))

    def receipt(self, draw: random.Random) -> bytes:
        """Return a receipt of which one layer is changed."""
        return self.seal_receipt(draw, _changing(draw.choice(RECEIPT_LAYERS), draw))

    def seal_report(self, draw: random.Random, change: Change) -> bytes:
        """Return a report whose layers went through `change`."""
        content = Content(
            kind="situation-report",
            subject=f"Smoke {CANARY}",
            from_desk=DESK,
            drafter=f"Lt {CANARY}",
            releaser=None,
            action=(DeskAddress(DESK, self._partner),),
            info=(),
            references=(draw.randbytes(16),),
            media_type="text/plain; charset=utf-8",
            body=f"{CANARY} is seen ".encode() * draw.randrange(1, 100),
            attachments=(),
        )
        raw_content = change("content", encode_content(content))
        serial = Serial(
            draw.randbytes(16), self._partner, 1, Precedence.FLASH, draw.getrandbits(31)
        )
        beside = Beside(draw.randbytes(32), raw_content)
        head = ReportHead(
            version=VERSION,
            envelope_id=draw.randbytes(16),
            sender=self._me,
            created_at=self._clock.now(),
            expires_at=None,
            to=self._to,
            report_id=draw.randbytes(16),
            precedence=Precedence.FLASH,
            info_precedence=Precedence.FLASH,
            status=Status.EXERCISE,
            marking="TLP:AMBER",
            serials=(commitment(serial),),
            content_digest=salted_digest(beside.salt, raw_content),
            attachments=(),
        )
        return self._seal(
            suite.REPORT,
            head,
            change("beside", gate.encode_struct(beside)),
            change("own part", gate.encode_struct(OwnPart(serial, self._note))),
            draw,
            change,
        )

    def seal_receipt(self, draw: random.Random, change: Change) -> bytes:
        """Return a receipt whose layers went through `change`."""
        entries, issued = receipt_parts(draw, change)
        head = ReceiptHead(
            version=RECEIPT_VERSION,
            envelope_id=draw.randbytes(16),
            sender=self._me,
            created_at=self._clock.now(),
            expires_at=None,
            to=self._to,
            entries=tuple(map(digest, entries)),
            issued=digest(issued),
            checkpoint=self._note,
            seen_size=draw.randrange(100),
            seen_root=draw.randbytes(32),
        )
        beside = change("beside", encode_beside(entries, issued))
        return self._seal(suite.RECEIPT, head, beside, b"", draw, change)

    def _seal(
        self,
        context: suite.Context,
        head: ReportHead | ReceiptHead,
        beside: bytes,
        own_part: bytes,
        draw: random.Random,
        change: Change,
    ) -> bytes:
        signers = self._identity.report_signers
        if context is suite.RECEIPT:
            signers = self._identity.receipt_signers
        payload = change("head", gate.encode_struct(head))
        profile = self._identity.card.card.profile
        signed = change("signed", cose.sign(payload, context, profile, signers))
        return seal(
            signed,
            beside,
            outer=Outer(head.envelope_id, Precedence.FLASH, head.expires_at),
            recipients=[Recipient(self._key, own_part)],
            draws=Draws(draw.randbytes(32), draw.randbytes(12)),
            primitives=self._primitives,
        )


def receipt_parts(draw: random.Random, change: Change) -> tuple[list[bytes], bytes]:
    """Return entries and serials of a receipt."""
    ladder = tuple(
        RungRecord(rung, 1_800_000_000_000_000, f"Maj {CANARY}", f"note {CANARY}")
        for rung in (Rung.SHOWN, Rung.ACKNOWLEDGED)
    )
    entry = ReceiptEntry(
        salt=draw.randbytes(32),
        report_id=draw.randbytes(16),
        head_digest=draw.randbytes(32),
        desk=DESK,
        ladder=ladder,
        attachments_held=0,
    )
    entries = [
        gate.encode_struct(msgspec.structs.replace(entry, report_id=draw.randbytes(16)))
        for _ in range(draw.randrange(4))
    ]
    entries.append(change("entry", gate.encode_struct(entry)))
    issued = gate.encode_struct(Issued(draw.randbytes(32), Tally(1, ((5, 7), (2, 9)), ())))
    return entries, change("issued", issued)


def unchanged(_layer: str, raw: bytes) -> bytes:
    """Change nothing."""
    return raw


def _changing(chosen: str, draw: random.Random) -> Change:
    return lambda layer, raw: mutate(raw, draw) if layer == chosen else raw
