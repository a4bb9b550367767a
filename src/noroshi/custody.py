"""The ceremony of a root: custodians' keys made and used, away from any node, with files alone."""

from collections.abc import Callable
from pathlib import Path

from noroshi.adapters.clock import SystemClock, SystemEntropy
from noroshi.adapters.directories import custody
from noroshi.adapters.keys.files import KeyFiles
from noroshi.adapters.sealing.pyca import SEED_SIZE, PycaPrimitives, PycaSigner, seed_from
from noroshi.core.directory.card import claimed_card, read_armour
from noroshi.core.directory.ceremony import (
    ROLE_PURPOSES,
    VERSION,
    Proposal,
    RootKeys,
    read_keys,
    read_proposal,
)
from noroshi.core.directory.repository import read_bundle
from noroshi.core.envelope.keys import PublicKey, Purpose
from noroshi.core.envelope.suite import ROOT_ALG
from noroshi.core.errors import ConflictError, InputError
from noroshi.core.instant import DAY

AskPassphrase = Callable[[], bytes | None]
_SALT_SIZE = 16
_IV_SIZE = 12


def make_custodian(file: Path, ask_passphrase: AskPassphrase) -> RootKeys:
    """Make a custodian's private key in a new file of mode 0600; return its public half.

    Raises:
        InputError: the file cannot be written there.
        ConflictError: it is there already.
    """
    draw = SystemEntropy().draw
    seed = seed_from(ROOT_ALG, draw(SEED_SIZE[ROOT_ALG] + 16))
    files = KeyFiles(file.parent, ask_passphrase)
    try:
        files.write(
            Purpose.ROOT, ((ROOT_ALG, seed),), salt=draw(_SALT_SIZE), iv=draw(_IV_SIZE),
            name=_stem(file),
        )  # fmt: skip
    except FileExistsError:
        raise ConflictError("bad-input", f"{file} is there already; choose another name") from None
    except OSError as error:
        raise InputError("bad-input", f"{file} cannot be written: {error.strerror}") from error
    return RootKeys(VERSION, (PycaSigner(Purpose.ROOT, ROOT_ALG, seed).public_key,))


def public_half(file: Path, ask_passphrase: AskPassphrase) -> RootKeys:
    """Return the public half of a root key's file, such as that of `init`.

    Raises:
        UnavailableError: the key is wrapped, or readable by others.
    """
    return RootKeys(VERSION, (_signer(file, ask_passphrase).public_key,))


def propose(asked: bytes, custodians: list[bytes], threshold: int, days: int) -> Proposal:
    """Return the next version of the root of the node that asked for it, unsigned.

    Where there is none yet, because the root key was never on the node since it has directories,
    it is the first: by that key alone.

    Raises:
        InputError: the file holds no directory, or a key or the threshold cannot be used.
        RefusalError: the chain of roots in it does not hold.
    """
    bundle, primitives = read_bundle(asked), PycaPrimitives()
    claimed = claimed_card(read_armour(asked))
    keys = [read_keys(text, (Purpose.ROOT,), primitives)[0] for text in custodians]
    of_roles = read_keys(asked, ROLE_PURPOSES, primitives)
    expires_at = SystemClock().now() + days * DAY
    if bundle is None:
        return custody.propose_first(claimed, of_roles, expires_at)
    return custody.propose(bundle, keys, threshold, of_roles, expires_at)


def sign(text: bytes, key: Path, ask_passphrase: AskPassphrase) -> Proposal:
    """Return a proposal with the signature of a custodian.

    Raises:
        InputError: it is none, or the key is of no custodian.
        UnavailableError: the key is wrapped, or readable by others.
    """
    files = KeyFiles(key.parent, ask_passphrase)
    ((_, seed),) = files.read(Purpose.ROOT, _stem(key))
    return custody.sign(read_proposal(text), seed)


def standing(proposal: Proposal) -> custody.Standing:
    """Return what a proposal says and lacks."""
    return custody.standing(proposal)


def fingerprint(key: PublicKey) -> str:
    """Return by what people tell a custodian's key from another."""
    digest = key.digest.hex()
    return " ".join(digest[at : at + 4] for at in range(0, 24, 4))


def _signer(file: Path, ask_passphrase: AskPassphrase) -> PycaSigner:
    ((alg, seed),) = KeyFiles(file.parent, ask_passphrase).read(Purpose.ROOT, _stem(file))
    return PycaSigner(Purpose.ROOT, alg, seed)


def _stem(file: Path) -> str:
    """Return what a key file is called without its ending.

    Raises:
        InputError: it has another ending.
    """
    if file.suffix != ".key" or not file.stem:
        raise InputError("bad-input", f"{file} has to end in .key, as all files of keys do")
    return file.stem
