"""Renewal: prekeys made ahead and destroyed on schedule, the directory signed anew, and both told.

What is due with :mod:`noroshi.flow.retention` is done at the same times.

A private half is durable before anything names it, and destroyed before the record says so: a
process that ends in between begins again at whichever is left.
"""

from collections.abc import Sequence
from functools import partial

from noroshi.core.directory.prekeys import Prekey, due, next_due
from noroshi.core.directory.repository import TIMESTAMP_LIFE
from noroshi.core.envelope.suite import PROFILES
from noroshi.core.instant import DAY, HOUR, Instant
from noroshi.flow import directories, prekeys
from noroshi.flow.house import House
from noroshi.flow.retention import Keeping, destroy_due, settled


def keep_keys(house: House) -> Instant:
    """Do what is due with prekeys and retention keys; return when something is due next.

    Raises:
        UnavailableError: the disk is full or fails, or a key cannot be read.
    """
    keeping = Keeping(
        house.me, house.store, house.archive, house.blobs, house.entropy, house.retention
    )
    due_at, now = renew(house), house.clock.now()
    with house.store.read() as tables:
        settled_at = settled(tables, now)
    destroy_due(keeping, settled_at)
    return min(due_at, (now // DAY + 1) * DAY)


def renew(house: House) -> Instant:
    """Do what is due with this node's prekeys and directory; return when something is due next.

    Raises:
        UnavailableError: the disk is full or fails.
    """
    return min(_renew_prekeys(house), renew_directory(house))


def renew_directory(house: House, roots: Sequence[bytes] = (), by: str | None = None) -> Instant:
    """Sign what the directory has to say anew, tell it; return when that is due next.

    `roots` are further versions of its root, which `by` brings.

    Raises:
        RefusalError: `roots` do not go on from the root known.
        UnavailableError: the disk is full or fails, or a key cannot be read.
    """
    identity = house.identity()
    with house.vault.alone():
        now = house.clock.now()
        with house.store.read() as tables:
            before, card = tables.directories.own(), tables.partners.own_card()
            targets = directories.own_targets(tables, identity.card.card)
        made = identity.directories().publish(before, card or identity.card, targets, now, roots)
        if made is not None:
            record = partial(
                directories.record_own, made=made, before=before, me=house.me,
                entropy=house.entropy, by=by,
            )  # fmt: skip
            house.store.perform(record)
        with house.store.read() as tables:
            is_news = bool(tables.directories.untold())
        if is_news and not house.is_silent:
            tell = partial(directories.tell_own, identity=identity, entropy=house.entropy)
            house.store.perform(tell)
    newest = made or before
    ends_at = newest.directory.expires_at if newest else now + TIMESTAMP_LIFE
    # Not at once where it cannot be signed: its root may wait for custodians.
    return max(ends_at - TIMESTAMP_LIFE // 2, now + HOUR)


def _renew_prekeys(house: House) -> Instant:
    identity, schedule = house.identity(), house.identity().duty.schedule
    with house.vault.alone():
        now = house.clock.now()
        with house.store.read() as tables:
            own = tables.prekeys.own()
        held = house.vault.kids()
        gone = [p for p in own if p.kept_until <= now or p.key.kid not in held]
        living = [p for p in own if p not in gone]
        for kid in held - {prekey.key.kid for prekey in living}:
            house.vault.destroy(kid)
        # What partners seal to and nobody can open: as after a restore, all begins anew.
        are_lost = any(prekey.ends_at > now for prekey in gone)
        spans = due([] if are_lost else living, schedule, now)
        alg = PROFILES[identity.card.card.profile].kem
        made = [Prekey(house.vault.make(alg), *span) for span in spans]
        if made or gone:
            act = partial(
                prekeys.change_own, made=made, gone=gone, me=house.me, entropy=house.entropy
            )
            house.store.perform(act)
        with house.store.read() as tables:
            is_news = bool(tables.prekeys.untold())
        if is_news and not house.is_silent:
            house.store.perform(partial(prekeys.tell_own, identity=identity, entropy=house.entropy))
        return next_due([*living, *made], schedule, now)
