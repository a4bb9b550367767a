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
    fingerprint,
    online_fingerprint,
    read_keys,
    read_proposal,
)
from noroshi.core.directory.repository import read_bundle
from noroshi.core.directory.revocation import VERSION as REVOCATION_VERSION
from noroshi.core.directory.revocation import Revocation, SignedRevocation, read_revocation
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.suite import ROOT_ALG
from noroshi.core.errors import ConflictError, InputError
from noroshi.core.instant import DAY, from_text, to_text
from noroshi.identity import verified_card

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


def sign(
    text: bytes, key: Path, ask_passphrase: AskPassphrase, online_keys: str | None = None
) -> Proposal:
    """Return a proposal with the signature of a custodian.

    `online_keys` is the fingerprint of the node's keys as its people told it to the custodian; it
    is needed unless the same key has signed the root before, and that names the same ones.

    Raises:
        InputError: it is none, the key is of no custodian, or the online keys are not those.
        UnavailableError: the key is wrapped, or readable by others.
    """
    files = KeyFiles(key.parent, ask_passphrase)
    ((_, seed),) = files.read(Purpose.ROOT, _stem(key))
    return custody.sign(read_proposal(text), seed, online_keys)


def revoke(
    key: Path, card: bytes, since: str, onto: bytes | None, ask_passphrase: AskPassphrase
) -> tuple[SignedRevocation, int]:
    """Return the word of a root that the keys of a card are void, and how many signatures lack.

    `onto` is the same word, signed by other custodians: then `since` is what they said.

    Raises:
        InputError: the card, the time or the key cannot be used.
        UnavailableError: the key is wrapped, or readable by others.
    """
    known, root, bundle = verified_card(card).card, _signer(key, ask_passphrase), read_bundle(card)
    custodians, threshold = custody.custodians_of(bundle) if bundle else ((known.root,), 1)
    if root.public_key not in custodians:
        raise InputError("bad-card", "the card is not one of that root key")
    before = None
    if onto is not None:
        before = read_revocation(onto, PycaPrimitives(), custodians)
        revocation = before.revocation
        told = (revocation.partner, revocation.root, revocation.card)
        if told != (known.partner, known.root, known.serial):
            raise InputError("bad-revocation", "it is about another card; take that one")
    else:
        now, at = SystemClock().now(), from_text(since)
        if at > now:
            msg = "--since lies in the future; say since when they are void"
            raise InputError("bad-input", msg)
        revocation = Revocation(
            REVOCATION_VERSION, known.partner, known.root, known.serial, at, now
        )
    made = SignedRevocation.issue(revocation, root)
    made = before.joined(made) if before else made
    return made, max(0, threshold - len(made.signers))


def summary(proposal: Proposal) -> dict[str, object]:
    """Return what a proposal says and lacks, as JSON; keys by their fingerprints."""
    now = custody.standing(proposal)
    return {
        "partner": now.partner,
        "version": now.version,
        "threshold": now.threshold,
        "custodians": [fingerprint(key) for key in now.custodians],
        "online_keys": online_fingerprint(now.online_keys),
        "online_keys_as_before": now.online_keys == now.online_keys_before,
        "until": to_text(now.expires_at),
        "signed_by": [fingerprint(key) for key in now.signed_by],
        "lacks_before": now.lacks_before,
        "lacks_after": now.lacks_after,
    }


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
