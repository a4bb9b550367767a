"""Cosignatures: a partner's word that a checkpoint goes on from all that it has seen (C2SP).

    noroshi/jp/1
    42
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — noroshi/jp/1 FYxJv4g2...
    — noroshi/nato 8rD1cQAAAABp...

A cosigned checkpoint is the note of the journal's node with lines of witnesses behind it
(tlog-cosignature, Ed25519, type 0x04). What a witness signs begins with `cosignature/v1`, which is
the name of no journal: so the key of a journal can sign both, and neither passes for the other.
"""

import base64
import hashlib
import re
from typing import Final

import msgspec

from noroshi.core.envelope.keys import PublicKey
from noroshi.core.envelope.primitives import Primitives, Signer
from noroshi.core.errors import MalformedError
from noroshi.core.instant import SECOND, Instant, is_instant
from noroshi.core.tlog.checkpoint import (
    MAX_NOTE,
    Checkpoint,
    parse_note,
    unbase64,
    verify_note,
)

MAX_COSIGNED: Final = 2 * MAX_NOTE
_COSIGNATURE: Final = b"\x04"
_NOTE_LINES: Final = 5
_ID_SIZE: Final = 4
_TIME_SIZE: Final = 8
_LINE: Final = re.compile(
    r"\N{EM DASH} (?P<name>[^\s+]{1,200}) (?P<signature>[A-Za-z0-9+/]{1,200}={0,2})\n"
)


class Cosigned(msgspec.Struct, frozen=True):
    """What a witness signed to have seen."""

    checkpoint: Checkpoint
    at: Instant
    """When it signed, in whole seconds."""


def cosigner_of(partner: str) -> str:
    """Return the name under which a partner cosigns."""
    return f"noroshi/{partner}"


def cosign(note: bytes, partner: str, at: Instant, signer: Signer) -> bytes:
    """Return a checkpoint's note with the line of a witness behind it.

    Raises:
        MalformedError: `note` is no checkpoint.
    """
    seconds = at // SECOND
    name = cosigner_of(partner)
    message = _message(parse_note(note), seconds)
    signature = (
        _key_hash(name, signer.public_key) + seconds.to_bytes(_TIME_SIZE) + signer.sign(message)
    )
    line = f"\N{EM DASH} {name} {base64.b64encode(signature).decode()}\n"
    return note + line.encode()


def note_in(cosigned: bytes) -> bytes:
    """Return the checkpoint's own note, without the lines of witnesses."""
    return b"".join(cosigned.splitlines(keepends=True)[:_NOTE_LINES])


def verify_cosigned(
    cosigned: bytes,
    origin: str,
    key: PublicKey,
    witness: str,
    witness_key: PublicKey,
    primitives: Primitives,
) -> Cosigned:
    """Return the checkpoint of `origin` that `key` signed and `witness` cosigned.

    Lines of other witnesses say nothing here.

    Raises:
        MalformedError: it is no such checkpoint, or one of the two signatures does not verify.
    """
    if len(cosigned) > MAX_COSIGNED:
        raise MalformedError("the cosigned checkpoint is too long")
    note = note_in(cosigned)
    checkpoint = verify_note(note, origin, key, primitives)
    name = cosigner_of(witness)
    head = _key_hash(name, witness_key)
    for line in _lines(cosigned[len(note) :]):
        signature = _signature(line, name)
        if not signature.startswith(head):
            continue
        seconds = int.from_bytes(signature[_ID_SIZE : _ID_SIZE + _TIME_SIZE])
        message = _message(checkpoint, seconds)
        if is_instant(seconds * SECOND) and primitives.is_signed(
            witness_key, message, signature[_ID_SIZE + _TIME_SIZE :]
        ):
            return Cosigned(checkpoint, seconds * SECOND)
    msg = f"the checkpoint is not cosigned by {witness}"
    raise MalformedError(msg)


def _lines(raw: bytes) -> list[str]:
    try:
        return raw.decode().splitlines(keepends=True)
    except UnicodeDecodeError:
        return []


def _signature(line: str, name: str) -> bytes:
    """Return what a line of `name` holds, b"" for a line of somebody else."""
    match = _LINE.fullmatch(line)
    if match is None or match["name"] != name:
        return b""
    return unbase64(match["signature"])


def _message(checkpoint: Checkpoint, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n".encode() + checkpoint.text


def _key_hash(name: str, key: PublicKey) -> bytes:
    material = name.encode() + b"\n" + _COSIGNATURE + key.material
    return hashlib.sha256(material).digest()[:_ID_SIZE]
