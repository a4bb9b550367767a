"""Custody of a root: the next version proposed, and signed by one custodian after another.

No node is needed, and none is asked: what is verified here is that the new version goes on from
the chain in the same file. Whether that chain is the partner's, the node that takes it knows.
Whether the keys that the node holds are the node's, nothing in a file can say: a custodian's key
signs only those that its owner has compared, now or when it signed the root before.
"""

from collections.abc import Sequence

import msgspec
from cryptography.hazmat.primitives.asymmetric import mldsa

from noroshi.adapters.directories.metadata import (
    ROLES,
    CryptoSigner,
    Key,
    Metadata,
    Root,
    UnverifiedSignatureError,
    instant_of,
    moment_of,
    parse,
    public_keys,
    tuf_key,
)
from noroshi.adapters.directories.reading import chain, check_root
from noroshi.core.directory.card import Card
from noroshi.core.directory.ceremony import (
    VERSION,
    Proposal,
    is_fingerprint,
    online_fingerprint,
)
from noroshi.core.directory.repository import Bundle
from noroshi.core.envelope.keys import PublicKey
from noroshi.core.errors import InputError
from noroshi.core.instant import Instant


class Standing(msgspec.Struct, frozen=True):
    """What a proposed root says, and what it lacks."""

    partner: str
    version: int
    threshold: int
    custodians: tuple[PublicKey, ...]
    online_keys: tuple[PublicKey, ...]
    """Which the node holds: for targets, snapshot and timestamp."""
    online_keys_before: tuple[PublicKey, ...]
    """Those of the root before; none where there was no root."""
    expires_at: Instant
    signed_by: tuple[PublicKey, ...]
    """Of the custodians before and after, in this order, each once."""
    lacks_before: int
    """Signatures of the custodians so far that are still needed."""
    lacks_after: int
    """Signatures of the new custodians that are still needed."""


def propose(
    bundle: Bundle,
    custodians: Sequence[PublicKey],
    threshold: int,
    roles: Sequence[PublicKey],
    expires_at: Instant,
) -> Proposal:
    """Return the next version of a root, unsigned.

    No `custodians`: those so far. `roles` are the node's keys for targets, snapshot, timestamp.

    Raises:
        InputError: the threshold or a key cannot be used.
        RefusalError: the chain in the bundle does not hold.
    """
    if not bundle.roots or parse(bundle.roots[0], Root).signed.version != 1:
        raise InputError("bad-directory", "the file does not hold all versions of the root")
    last = chain(bundle.roots[:1], bundle.roots[1:])
    keys = tuple(custodians) or public_keys(last, Root.type)
    if not 1 <= threshold <= len(keys) or len(set(keys)) != len(keys):
        msg = f"{threshold} of {len(keys)} different custodians cannot sign; see --threshold"
        raise InputError("bad-input", msg)
    root = Root(version=last.version + 1, expires=moment_of(expires_at), consistent_snapshot=False)
    for key in keys:
        root.add_key(tuf_key(key), Root.type)
    root.roles[Root.type].threshold = threshold
    for role, key in zip(ROLES, roles, strict=True):
        root.add_key(tuf_key(key), role)
    check_root(root)
    return Proposal(VERSION, bundle.partner, bundle.roots, Metadata(root).to_bytes())


def propose_first(card: Card, roles: Sequence[PublicKey], expires_at: Instant) -> Proposal:
    """Return version 1 of a root, unsigned: the key on the card is its one custodian."""
    root = Root(version=1, expires=moment_of(expires_at), consistent_snapshot=False)
    for role, key in zip((Root.type, *ROLES), (card.root, *roles), strict=True):
        root.add_key(tuf_key(key), role)
    return Proposal(VERSION, card.partner, (), Metadata(root).to_bytes())


def sign(proposal: Proposal, seed: bytes, online_keys: str | None) -> Proposal:
    """Return a proposal with one more signature.

    Online keys that this key has not signed in the root before are signed only under their
    fingerprint, `online_keys`, which the custodian has from the node's people.

    Raises:
        InputError: the key is of no custodian, before or after; or the online keys are new to it
            and not confirmed.
        RefusalError: the chain in it does not hold.
    """
    signer = CryptoSigner(mldsa.MLDSA87PrivateKey.from_seed_bytes(seed))
    metadata = _checked(proposal)
    before = _before(proposal)
    asked = {*before.roles[Root.type].keyids, *metadata.signed.roles[Root.type].keyids}
    if signer.public_key.keyid not in asked:
        raise InputError("bad-input", "this key is of no custodian, neither before nor after")
    if online_keys is not None or not _has_signed(signer.public_key, proposal, metadata.signed):
        _check_confirmed(_online_keys(metadata.signed), online_keys)
    metadata.sign(signer, append=True)
    return msgspec.structs.replace(proposal, proposed=metadata.to_bytes())


def standing(proposal: Proposal) -> Standing:
    """Return what a proposal says and lacks.

    Raises:
        RefusalError: the chain in it does not hold.
    """
    metadata = _checked(proposal)
    new, before = metadata.signed, _before(proposal)
    found = [
        root.get_verification_result(Root.type, metadata.signed_bytes, metadata.signatures)
        for root in (before, new)
    ]
    ids = dict.fromkeys(each for result in found for each in result.signed)
    known = {
        tuf_key(key).keyid: key for root in (before, new) for key in public_keys(root, Root.type)
    }
    lacking = [max(0, result.threshold - len(result.signed)) for result in found]
    return Standing(
        partner=proposal.partner,
        version=new.version,
        threshold=new.roles[Root.type].threshold,
        custodians=public_keys(new, Root.type),
        online_keys=_online_keys(new),
        online_keys_before=_online_keys(before) if proposal.roots else (),
        expires_at=instant_of(new.expires),
        signed_by=tuple(known[each] for each in ids),
        lacks_before=lacking[0],
        lacks_after=lacking[1],
    )


def custodians_of(bundle: Bundle) -> tuple[tuple[PublicKey, ...], int]:
    """Return who keeps the root of a bundle, and how many of them have to sign.

    Raises:
        RefusalError: the chain in it does not hold.
    """
    last = chain(bundle.roots[:1], bundle.roots[1:])
    return public_keys(last, Root.type), last.roles[Root.type].threshold


def _online_keys(root: Root) -> tuple[PublicKey, ...]:
    return tuple(key for role in ROLES for key in public_keys(root, role))


def _has_signed(key: Key, proposal: Proposal, new: Root) -> bool:
    """Say whether a key has signed the root before, and that names the online keys of the new one.

    Being named there is not enough: whoever makes up a chain can name anybody.
    """
    if not proposal.roots:
        return False
    before = parse(proposal.roots[-1], Root)
    if _online_keys(before.signed) != _online_keys(new):
        return False
    signature = before.signatures.get(key.keyid)
    try:
        if signature is not None:
            key.verify_signature(signature, before.signed_bytes)
    except UnverifiedSignatureError:
        return False
    return signature is not None


def _check_confirmed(keys: tuple[PublicKey, ...], told: str | None) -> None:
    """Return if somebody has compared these online keys.

    Raises:
        InputError: nobody has, or they are others.
    """
    if told is None:
        msg = (
            "the keys that the node holds are new to this key. Ask the node's administrator for "
            "their fingerprint (noroshi root request shows it), on another way than the file "
            "came by, and give it: --online-keys FINGERPRINT"
        )
        raise InputError("online-keys", msg)
    if not is_fingerprint(told, online_fingerprint(keys)):
        msg = (
            "the root names other keys for the node than those of that fingerprint; do not sign "
            "it: they were exchanged on the way, or the fingerprint was misheard"
        )
        raise InputError("online-keys", msg)


def _before(proposal: Proposal) -> Root:
    """Return the root whose custodians have to sign: the last one, or the first itself."""
    return parse(proposal.roots[-1] if proposal.roots else proposal.proposed, Root).signed


def _checked(proposal: Proposal) -> Metadata[Root]:
    """Return the proposed root, if it is the next of its chain and says what can be."""
    if proposal.roots:
        chain(proposal.roots[:1], proposal.roots[1:])
    metadata = parse(proposal.proposed, Root)
    check_root(metadata.signed)
    if metadata.signed.version != len(proposal.roots) + 1:
        raise InputError("bad-directory", "what is proposed is not the next version of the root")
    return metadata
