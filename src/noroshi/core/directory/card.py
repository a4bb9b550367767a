"""The partner card: a partner's name, address, desks and keys, signed by its root key.

A card is a COSE_Sign with one ML-DSA-87 signature, in a text armour that survives mail. It
carries the root key that signed it, so it proves only that whoever holds that key wrote it;
that the key is the partner's is what people compare with sixty digits. A newer card under
the same root replaces an older one. `docs/formats/card.md`.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Final, Self

import msgspec

from noroshi.core import gate
from noroshi.core.directory.armour import armoured, marks, read_armoured
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.keys import PublicKey, Purpose, SignerSet
from noroshi.core.envelope.primitives import Primitives, Signer
from noroshi.core.errors import InputError, MalformedError
from noroshi.core.instant import Instant, is_instant
from noroshi.core.partner import is_name

VERSION: Final = 1
MAX_CARD: Final = 64 * 1024
MAX_NAME: Final = 120

_LABEL: Final = "CARD"
_PEER_URL: Final = re.compile(
    r"https://(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])"
    r":(?P<port>[1-9][0-9]{0,4})"
)
_LAST_PORT: Final = 65535
_ROOT_PROFILE: Final = 0
"""A card is signed by the root key alone, which belongs to no profile."""


class Card(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a partner says of itself."""

    version: int
    partner: str
    name: str
    serial: int
    """Counts the cards of one root; the highest is valid."""
    issued_at: Instant
    epoch: int
    """Of the journal."""
    peer_url: str
    """The address of the peer door; "": none, this node only dials out."""
    tls_digest: bytes
    """SHA-256 of the peer door's certificate, DER."""
    desks: tuple[str, ...]
    profile: int
    keys: tuple[PublicKey, ...]

    @property
    def root(self) -> PublicKey:
        """The root key."""
        return self.key(Purpose.ROOT)

    @property
    def root_digest(self) -> bytes:
        """SHA-256 of the root key: who this partner is, for ever."""
        return self.root.digest

    def key(self, purpose: Purpose) -> PublicKey:
        """Return the key of a purpose that has only one."""
        return next(key for key in self.keys if key.purpose is purpose)

    def signers(self, purpose: Purpose) -> SignerSet:
        """Return the keys that must sign for `purpose`."""
        return SignerSet.of(suite.PROFILES[self.profile], purpose, self.keys)


class SignedCard(msgspec.Struct, frozen=True):
    """A verified card and the bytes that prove it."""

    card: Card
    raw: bytes

    @classmethod
    def issue(cls, card: Card, root: Signer) -> Self:
        """Return `card` signed by the root key."""
        return cls(card, cose.sign(gate.encode_struct(card), suite.CARD, _ROOT_PROFILE, [root]))

    @property
    def digest(self) -> bytes:
        """SHA-256 of the signed bytes."""
        return hashlib.sha256(self.raw).digest()

    @property
    def armoured(self) -> str:
        """The card as text."""
        return armoured(_LABEL, self.raw)


def verify_card(raw: bytes, primitives: Primitives, others: Sequence[PublicKey] = ()) -> SignedCard:
    """Return the card in `raw`, signed by the root key that it names.

    One key of `others` may have signed it instead: those of the directory that names the card,
    where there is one.

    Raises:
        InputError: it is no card, is not whole, or its signature does not verify.
    """
    try:
        signed = cose.parse(raw, (suite.CARD,), limit=MAX_CARD)
        card = gate.decode_struct(signed.raw_payload, Card, limit=MAX_CARD)
        _check(card, primitives)
        signer = next((key for key in others if signed.names((key,))), card.root)
        signed.verify(SignerSet(_ROOT_PROFILE, (signer,)), primitives)
    except MalformedError as error:
        msg = "this is no valid partner card; ask the partner for a new one"
        raise InputError("bad-card", msg) from error
    return SignedCard(card, raw)


def claimed_card(raw: bytes) -> Card:
    """Return what the card in `raw` says, whoever signed it.

    Raises:
        InputError: it is no card.
    """
    try:
        signed = cose.parse(raw, (suite.CARD,), limit=MAX_CARD)
        card = gate.decode_struct(signed.raw_payload, Card, limit=MAX_CARD)
        if any(key.purpose is Purpose.ROOT for key in card.keys):
            return card
    except MalformedError as error:
        msg = "this is no valid partner card; ask the partner for a new one"
        raise InputError("bad-card", msg) from error
    raise InputError("bad-card", "a card without a root key; ask the partner for a new one")


def read_armour(text: bytes) -> bytes:
    """Return the signed bytes within the text armour; text around it (a mail) is ignored.

    Raises:
        InputError: there is no armour, it is torn, or there are several.
    """
    try:
        raw = read_armoured(_LABEL, text)
    except InputError as error:
        raise InputError("bad-card", error.message) from error
    if raw is None:
        begin, end = marks(_LABEL)
        raise InputError(
            "bad-card", f"there is no whole partner card in it (from {begin} to {end})"
        )
    return raw


def _check(card: Card, primitives: Primitives) -> None:
    """Return if a card has exactly the keys of its profile and plausible values."""
    profile = suite.PROFILES.get(card.profile)
    if card.version != VERSION or profile is None:
        raise MalformedError("a card of another version or profile")
    expected = [
        (Purpose.ROOT, suite.ROOT_ALG),
        (Purpose.SEAL, profile.kem),
        *((Purpose.REPORT, alg) for alg in profile.signatures),
        *((Purpose.RECEIPT, alg) for alg in profile.signatures),
        (Purpose.JOURNAL, suite.Alg.ED25519),
        (Purpose.REQUEST, suite.Alg.ED25519),
    ]
    if [(key.purpose, key.alg) for key in card.keys] != expected:
        raise MalformedError("a card whose keys are not those of its profile")
    if len({key.material for key in card.keys}) != len(expected):
        raise MalformedError("a card that uses one key twice")
    if not all(map(primitives.is_usable, card.keys)):
        raise MalformedError("a card with keys that are none")
    if not (
        is_name(card.partner)
        and 0 < len(card.name) <= MAX_NAME
        and card.name.isprintable()
        and card.serial > 0
        and card.epoch > 0
        and is_instant(card.issued_at)
        and len(card.tls_digest) == suite.DIGEST_SIZE
        and (not card.peer_url or is_peer_url(card.peer_url))
        and card.desks
        and all(is_name(desk) for desk in card.desks)
        and len(set(card.desks)) == len(card.desks)
    ):
        raise MalformedError("a card with values that cannot be")


def is_peer_url(text: str) -> bool:
    """Say whether `text` is the address of a peer door: https, host and port, nothing else."""
    match = _PEER_URL.fullmatch(text)
    return match is not None and int(match["port"]) <= _LAST_PORT
