"""A node's own keys: made for a new home or anew for an old one, and read into use."""

from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Final

from noroshi.adapters import home as homes
from noroshi.adapters.clock import SystemEntropy
from noroshi.adapters.keys.certificate import certificate_digest, make_certificate
from noroshi.adapters.keys.files import KeyFiles, write_private
from noroshi.adapters.sealing.pyca import (
    SEED_SIZE,
    PycaPrimitives,
    PycaSigner,
    PycaUnwrapper,
    seed_from,
)
from noroshi.adapters.sealing.vault import FileVault
from noroshi.core.directory.card import SignedCard, claimed_card, read_armour, verify_card
from noroshi.core.directory.repository import Kept, read_bundle
from noroshi.core.envelope.keys import PublicKey, Purpose
from noroshi.core.envelope.suite import ROOT_ALG, Alg, Profile
from noroshi.core.errors import UnavailableError
from noroshi.flow.directory_ports import Directories
from noroshi.flow.records import Duty, Identity

_SALT_SIZE: Final = 16
_IV_SIZE: Final = 12
_KEY_SIZE: Final = 32


def make_keys(
    keys: KeyFiles,
    profile: Profile,
    draw: Callable[[int], bytes],
    *,
    but_for: Purpose | None = None,
) -> None:
    """Make the private keys of a profile, all or all `but_for` one; `draw` returns random bytes."""
    salt = draw(_SALT_SIZE)
    for purpose, algs in _key_plan(profile).items():
        if purpose is not but_for:
            seeds = tuple((alg, seed_from(alg, draw(SEED_SIZE[alg] + 16))) for alg in algs)
            keys.write(purpose, seeds, salt=salt, iv=draw(_IV_SIZE))


def make_door_keys(home: Path, partner: str, passphrase: bytes | None) -> bytes:
    """Make the peer door's certificate and key in `home`; return the certificate's digest."""
    certificate, private = make_certificate(partner, passphrase)
    write_private(home / homes.CERTIFICATE, certificate)
    write_private(home / homes.CERTIFICATE_KEY, private)
    return certificate_digest(certificate)


def object_key(keys: KeyFiles, draw: Callable[[int], bytes]) -> bytes:
    """Return the key of what machines hand over, made with the first of it.

    Raises:
        UnavailableError: it cannot be read.
    """
    if not keys.has(Purpose.OBJECTS):
        seeds = ((Alg.A256GCM, draw(_KEY_SIZE)),)
        keys.write(Purpose.OBJECTS, seeds, salt=draw(_SALT_SIZE), iv=draw(_IV_SIZE))
    ((_, key),) = keys.read(Purpose.OBJECTS)
    return key


def public_keys(
    keys: KeyFiles, profile: Profile, root: PublicKey | None = None
) -> tuple[PublicKey, ...]:
    """Return the public halves of all keys, in the order of a card.

    `root` is that of the root key, where it is not here.
    """
    return tuple(_public_keys(keys, profile, root))


def load_identity(
    card: SignedCard, keys: KeyFiles, duty: Duty, vault: FileVault | None = None
) -> Identity:
    """Return a node's card with its private keys, those of `vault` among them.

    Raises:
        UnavailableError: a key cannot be read, or belongs to another card.
    """
    unwrapper = _unwrapper(keys)
    if vault is not None:
        vault.hold(unwrapper)
    identity = Identity(
        card=card,
        report_signers=load_signers(keys, Purpose.REPORT),
        receipt_signers=load_signers(keys, Purpose.RECEIPT),
        journal_signer=load_signers(keys, Purpose.JOURNAL)[0],
        request_signer=load_signers(keys, Purpose.REQUEST)[0],
        unwrappers={unwrapper.public_key.kid: unwrapper} if vault is None else vault,
        primitives=PycaPrimitives(),
        directories=cache(partial(load_directories, keys)),
        duty=duty,
    )
    signers = (
        *identity.report_signers,
        *identity.receipt_signers,
        identity.journal_signer,
        identity.request_signer,
    )
    held = {unwrapper.public_key, *(signer.public_key for signer in signers)}
    if held | {card.card.root} != set(card.card.keys):
        msg = "the private keys are not those of this node's card; put the right files back"
        raise UnavailableError("damaged", msg)
    return identity


def load_directories(keys: KeyFiles) -> Directories:
    """Return what reads and writes directories, with the role keys among `keys`."""
    # A tenth of a second that most commands do not need.
    from noroshi.adapters.directories.writing import TufDirectories  # noqa: PLC0415

    return TufDirectories(keys, PycaPrimitives(), SystemEntropy().draw)


def verified_card(text: bytes) -> SignedCard:
    """Return the card in a file, signed by its root key, or named by the directory beside it.

    Whether that directory is the newest does not matter here: what was signed was signed.

    Raises:
        NoroshiError: there is no card, or it does not verify.
    """
    raw, bundle, primitives = read_armour(text), read_bundle(text), PycaPrimitives()
    if bundle is None:
        return verify_card(raw, primitives)
    from noroshi.adapters.directories.reading import read  # noqa: PLC0415 - as above

    anchor = claimed_card(raw).root
    return read(bundle, anchor, None, raw, primitives, now=0, patience=1)[1]


def card_signer(keys: KeyFiles, own: Kept | None) -> PycaSigner | None:
    """Return what signs this node's next card: its root key, else the targets key of its directory.

    That only once custodians have taken over: before, partners of an earlier release take a card
    by the root key alone.

    Raises:
        UnavailableError: the key file cannot be read.
    """
    if keys.has(Purpose.ROOT):
        return load_signers(keys, Purpose.ROOT)[0]
    if own is not None and own.directory.custodians and keys.has(Purpose.TARGETS):
        (signer,) = load_signers(keys, Purpose.TARGETS)
        return signer if signer.public_key in own.directory.card_keys else None
    return None


def load_signers(keys: KeyFiles, purpose: Purpose) -> tuple[PycaSigner, ...]:
    """Return the signers of a purpose, in the order of the card.

    Raises:
        UnavailableError: the key file cannot be read.
    """
    return tuple(PycaSigner(purpose, alg, seed) for alg, seed in keys.read(purpose))


def _key_plan(profile: Profile) -> dict[Purpose, tuple[Alg, ...]]:
    """Return which keys a node has, in the card's order."""
    return {
        Purpose.ROOT: (ROOT_ALG,),
        Purpose.SEAL: (profile.kem,),
        Purpose.REPORT: profile.signatures,
        Purpose.RECEIPT: profile.signatures,
        Purpose.JOURNAL: (Alg.ED25519,),
        Purpose.REQUEST: (Alg.ED25519,),
    }


def _public_keys(keys: KeyFiles, profile: Profile, root: PublicKey | None) -> Iterator[PublicKey]:
    for purpose in _key_plan(profile):
        if purpose is Purpose.ROOT and root is not None:
            yield root
        elif purpose is Purpose.SEAL:
            yield _unwrapper(keys).public_key
        else:
            yield from (signer.public_key for signer in load_signers(keys, purpose))


def _unwrapper(keys: KeyFiles) -> PycaUnwrapper:
    ((alg, seed),) = keys.read(Purpose.SEAL)
    return PycaUnwrapper(alg, seed)
