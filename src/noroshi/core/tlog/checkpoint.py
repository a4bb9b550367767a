"""Checkpoints: signed tree heads as C2SP notes (tlog-checkpoint, signed-note).

    noroshi/jp/1
    42
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — noroshi/jp/1 FYxJv4g2...

The signature is Ed25519 (type 0x01) by the node's journal key. Where a checkpoint travels it
does so inside objects that are signed with the node's whole profile.
"""

import base64
import binascii
import hashlib
import re
from functools import lru_cache
from typing import Final

import msgspec

from noroshi.core.envelope.keys import PublicKey
from noroshi.core.envelope.primitives import Primitives, Signer
from noroshi.core.errors import MalformedError

MAX_NOTE: Final = 1024
_LONGEST_EPOCH: Final = 16
"""Digits."""

_ED25519: Final = b"\x01"
_NOTE: Final = re.compile(
    r"(?P<text>(?P<origin>[^\s+]{1,200})\n(?P<size>0|[1-9][0-9]{0,17})\n(?P<root>[A-Za-z0-9+/]{43}=)\n)"
    r"\n\N{EM DASH} (?P<name>[^\s+]{1,200}) (?P<signature>[A-Za-z0-9+/]{1,200}={0,2})\n"
)


class Checkpoint(msgspec.Struct, frozen=True):
    """A tree head."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> bytes:
        """The note's text: what is signed."""
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\n".encode()


def origin_of(partner: str, epoch: int) -> str:
    """Return the name of a partner's journal; a restored node opens another epoch."""
    return f"noroshi/{partner}/{epoch}"


def epoch_of(origin: str, partner: str) -> int:
    """Return the epoch that the name of a partner's journal ends in.

    Raises:
        MalformedError: it is the name of another journal.
    """
    number = origin.removeprefix(f"noroshi/{partner}/")
    epoch = int(number) if number.isdecimal() and len(number) <= _LONGEST_EPOCH else 0
    if epoch < 1 or origin != origin_of(partner, epoch):
        raise MalformedError("the checkpoint belongs to another journal")
    return epoch


def partner_of(origin: str) -> str:
    """Return the partner whose journal has the name `origin`.

    Raises:
        MalformedError: it is the name of no partner's journal.
    """
    partner = origin.removeprefix("noroshi/").partition("/")[0]
    epoch_of(origin, partner)
    return partner


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> bytes:
    """Return the signed note of `checkpoint`."""
    signature = _key_hash(checkpoint.origin, signer.public_key) + signer.sign(checkpoint.text)
    line = f"\N{EM DASH} {checkpoint.origin} {base64.b64encode(signature).decode()}\n"
    return checkpoint.text + b"\n" + line.encode()


@lru_cache(maxsize=128)
def parse_note(note: bytes) -> Checkpoint:
    """Return what `note` says, without verifying who says it.

    Raises:
        MalformedError: it is no note of ours.
    """
    match = _match(note)
    return Checkpoint(match["origin"], int(match["size"]), unbase64(match["root"]))


def verify_note(note: bytes, origin: str, key: PublicKey, primitives: Primitives) -> Checkpoint:
    """Return the checkpoint of `origin` that `key` signed.

    Raises:
        MalformedError: it is of another origin or not signed by `key`.
    """
    match = _match(note)
    checkpoint = parse_note(note)
    signature = unbase64(match["signature"])
    if match["origin"] != origin or match["name"] != origin:
        raise MalformedError("the checkpoint belongs to another journal")
    head = _key_hash(origin, key)
    if not signature.startswith(head) or not primitives.is_signed(
        key, checkpoint.text, signature.removeprefix(head)
    ):
        raise MalformedError("the checkpoint is not signed by the journal's key")
    return checkpoint


def unbase64(text: str) -> bytes:
    """Return what Base64 text says; every value has one spelling.

    Raises:
        MalformedError: it is none, or another spelling.
    """
    try:
        value = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise MalformedError("not a checkpoint note") from error
    if base64.b64encode(value).decode() != text:
        raise MalformedError("not a checkpoint note")
    return value


def _match(note: bytes) -> re.Match[str]:
    try:
        match = _NOTE.fullmatch(note.decode()) if len(note) <= MAX_NOTE else None
    except UnicodeDecodeError:
        match = None
    if match is None:
        raise MalformedError("not a checkpoint note")
    return match


def _key_hash(name: str, key: PublicKey) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + key.material).digest()[:4]
