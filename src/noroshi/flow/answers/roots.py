"""Answers about the own root: taken from its custodians, its first key removed."""

from functools import partial

from noroshi.core.directory.ceremony import (
    VERSION,
    RootKeys,
    online_fingerprint,
    read_proposal,
)
from noroshi.core.directory.repository import lacking
from noroshi.core.envelope.keys import Purpose
from noroshi.core.errors import ConflictError, InputError
from noroshi.core.report import check_person
from noroshi.flow import directories, renewal
from noroshi.flow.house import House
from noroshi.flow.requests import Answer, RemoveRootKey, TakeRoot


def take_root(house: House, request: TakeRoot) -> Answer:
    """Go by a root that custodians have signed, and tell every partner."""
    proposal, identity = read_proposal(request.root), house.identity()
    by = check_person(request.by) or ""
    with house.store.read() as tables:
        before = tables.directories.own()
    known = before.roots if before else ()
    if proposal.partner == house.me and proposal.proposed in known:
        raise ConflictError("root-changed", "this node goes by that root already")
    if proposal.partner != house.me or proposal.roots != known:
        msg = (
            "the file is not the next root of this node as it is now; make it from the newest "
            "'noroshi root request'"
        )
        raise ConflictError("root-changed", msg)
    renewal.renew_directory(house, (proposal.proposed,), by)
    with house.store.read() as tables:
        now = tables.directories.own()
    if now is None or now.roots == known:
        msg = (
            "the root names other keys than this node has for its directory; make it anew from "
            "'noroshi root request'"
        )
        raise InputError("bad-directory", msg)
    return {
        "version": now.directory.root_version,
        "threshold": now.directory.threshold,
        "custodians": len(now.directory.root_keys),
        "has_first_key": identity.directories().has_root(),
    }


def request_root(house: House) -> Answer:
    """Give all that custodians need for this node's next root: card, roots so far, its keys."""
    identity = house.identity()
    with house.store.read() as tables:
        own = tables.directories.own()
    keys = RootKeys(VERSION, identity.directories().role_keys())
    beside = lacking(own, b"", 0, 0).armoured if own else ""
    return {
        "armoured": identity.card.armoured + keys.armoured + beside,
        "online_keys": online_fingerprint(keys.keys),
    }


def remove_root_key(house: House, request: RemoveRootKey) -> Answer:
    """Destroy the first root key here, once it signs nothing any more that others cannot."""
    mine, by = house.identity().directories(), check_person(request.by) or ""
    with house.store.read() as tables:
        own = tables.directories.own()
    if own is None or len(own.directory.custodians) < own.directory.threshold:
        msg = (
            "without the first root key nobody could sign this node's next root; first let "
            "others take over: noroshi root rotate --help"
        )
        raise ConflictError("last-custodian", msg)
    first = house.identity().card.card.key(Purpose.ROOT)
    if mine.has_root():
        mine.remove_root()
        act = partial(
            directories.record_removal, me=house.me, digest=first.digest, by=by,
            entropy=house.entropy,
        )  # fmt: skip
        house.store.perform(act)
    return {"removed": True}
