"""A verified partner that turns hostile: it seals whatever it likes, to a real peer door.

Nothing that our own sending side looks at stands in its way: any text in any field, several
files of one name, forms longer than any of ours.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from noroshi.core.directory.card import SignedCard, read_armour, verify_card
from noroshi.core.envelope.head import AttachmentDigest, commitment, salted_digest
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.seal import Outer
from noroshi.core.partner import DeskAddress
from noroshi.core.precedence import Precedence, Status
from noroshi.core.recognition import NOROSHI
from noroshi.core.report import Attachment, decode_content, encode_content, report_id_text
from tests.hostile.test_peer_door import ZZ, Remote, Victim, raw_seal
from tests.program.conftest import Desk
from tests.unit.core.nodes import PRIMITIVES, changed


class File(msgspec.Struct, frozen=True):
    """A file that goes along, under any name and of any type."""

    name: str
    plain: bytes
    media_type: str = "text/plain"

    def sealed(self) -> tuple[Attachment, AttachmentDigest, bytes]:
        """Return what the content and the head say of it, and its blob."""
        key, iv, salt = os.urandom(32), os.urandom(12), os.urandom(32)
        blob = PRIMITIVES.encrypt(key, iv, self.plain, b"")
        blob_id, size = hashlib.sha256(blob).digest(), len(self.plain)
        told = Attachment(self.name, self.media_type, size, blob_id, key, iv, salt)
        return told, AttachmentDigest(blob_id, len(blob), salted_digest(salt, self.plain)), blob


def admit(desk: Desk) -> bytes:
    """Let a node that nobody serves verify the hostile partner; return the node's card."""
    own = str(desk.ask("partner", "card")["card"])
    theirs = desk.home.with_suffix(".zz")
    theirs.write_text(SignedCard.issue(changed(ZZ.card(), serial=1), ZZ.root).armoured)
    desk.ask("partner", "add", theirs)
    number = desk.ask("partner", "number", "zz")["number"]
    desk.ask("partner", "verify", "zz", "--number", number, "--by", "Lt Sato")
    return own.encode()


class Hostile:
    """The partner `zz`, which a served node has verified."""

    def __init__(self, desk: Desk, card: bytes, peer_url: str) -> None:
        known = verify_card(read_armour(card), PRIMITIVES).card
        self._victim = Victim(desk, peer_url, Remote(desk.partner, known.key(Purpose.SEAL)))

    def form(self, kind: str, fields: Mapping[str, object], **told: Any) -> str:
        """Send a form that nobody has checked; return its id."""
        body = json.dumps({"noroshi": 1, "kind": kind, **fields}).encode()
        return self.send(body, kind=kind, media_type=NOROSHI, **told)

    def send(
        self,
        body: bytes,
        *,
        files: Sequence[File] = (),
        desks: Sequence[str] = ("cyber",),
        urgency: Precedence = Precedence.ROUTINE,
        **told: object,
    ) -> str:
        """Send a report whose content says what is `told`, with its files; return its id."""
        letter, sealed = self._victim.letter(), [file.sealed() for file in files]
        said = changed(
            decode_content(letter.beside.content),
            body=body,
            attachments=tuple(each for each, _, _ in sealed),
            action=tuple(DeskAddress(desk, self._victim.remote.name) for desk in desks),
            **told,
        )
        serial = changed(letter.own_parts[0].serial, precedence=urgency)
        beside = changed(letter.beside, content=encode_content(said))
        head = changed(
            letter.head,
            precedence=urgency,
            info_precedence=urgency,
            status=Status.ACTUAL,
            marking="TLP:AMBER+STRICT",
            serials=(commitment(serial),),
            content_digest=salted_digest(beside.salt, beside.content),
            attachments=tuple(each for _, each, _ in sealed),
        )
        raw = raw_seal(
            changed(
                letter,
                head=head,
                beside=beside,
                own_parts=(changed(letter.own_parts[0], serial=serial),),
                outer=Outer(head.envelope_id, urgency, head.expires_at),
            )
        )
        (taken,) = self._victim.offer(raw)
        assert taken == {"taken": True}, taken
        for _, digest, blob in sealed:
            path = f"/node/blobs/{digest.blob_id.hex()}"
            assert self._victim.post(path, blob, {"Noroshi-Offset": "0"})[0] == 200
        return report_id_text(head.report_id)
