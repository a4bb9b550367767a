"""Retention: what reports said is destroyed by destroying keys, when the rules of the house say so.

    decide   for each report under a retention key: doomed, or wrapped anew under a fresh key
    destroy  the old key: what is doomed cannot be read any more, wherever copies of it are
    record   so in the journal and at the report; its attachments go

In this order: a fresh key is durable before anything lies under it, everything that stays does so
before the old key goes, and it is gone before the record says so. A process that ends in between
begins again where it was. What is open, held for law, or waits to be released is never doomed.
"""

from functools import lru_cache, partial
from typing import Final

import msgspec

from noroshi.core.errors import ConflictError, InputError, NotFoundError
from noroshi.core.instant import DAY, Instant, from_day, to_text
from noroshi.core.likeness import are_alike
from noroshi.core.report import check_person, report_id_text
from noroshi.core.retention import Retention, key_day
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, decode_entry, new_entry
from noroshi.flow.ports import Archive, BlobStore, Entropy, Store
from noroshi.flow.records import Announcement
from noroshi.flow.retention_tables import KeptReport, LegalHold
from noroshi.flow.tables import Tables, Transaction

LONGEST_REASON: Final = 500
GRACE: Final = DAY
_BATCH: Final = 200


class Keeping(msgspec.Struct, frozen=True):
    """What retention works with."""

    me: str
    store: Store
    archive: Archive
    blobs: BlobStore
    entropy: Entropy
    rules: Retention


def settled(tables: Tables, now: Instant) -> Instant:
    """Return the time that counts for destroying: that of the newest entry older than a day.

    Destroying cannot be undone, and a clock may be wrong. One that is set ahead, and put right
    within a day, destroys nothing. A node that runs makes an entry a day at least: a prekey.
    """
    journal, step = tables.journal, 1

    def made_at(index: int) -> Instant:
        return _made_at(journal.leaf(index))

    # From the end in growing steps: a clock that was ahead once has left entries in between.
    young = journal.size
    while step <= journal.size and made_at(journal.size - step) > now - GRACE:
        young, step = journal.size - step, 2 * step
    old = max(-1, journal.size - step)
    while young - old > 1:
        middle = (old + young) // 2
        if made_at(middle) > now - GRACE:
            young = middle
        else:
            old = middle
    return made_at(old) if old >= 0 else 0


@lru_cache(maxsize=256)  # the search comes by the same entries each time
def _made_at(leaf: bytes) -> Instant:
    return decode_entry(leaf).at


def destroy_due(keeping: Keeping, now: Instant) -> None:
    """Destroy what is due at `now`.

    Raises:
        UnavailableError: the disk is full or fails, or a key cannot be read.
    """
    archive = keeping.archive
    with archive.alone():
        with keeping.store.read() as tables:
            doomed = tables.retention.doomed_key_names()
            names = tables.retention.key_names()
        for name in sorted(names):
            if name in doomed or (name in archive.names() and _has_due(keeping, name, now)):
                _destroy_under(keeping, name, now)
        made = archive.names()
        with keeping.store.read() as tables:
            unused = made - tables.retention.key_names()
        for name in unused:
            # Made, and never used, by a process that ended. One of these days may be in use by an
            # act that is not committed yet.
            if from_day(key_day(name)) + 2 * DAY < now:
                archive.destroy(name)


def due_at(kept: KeptReport, rules: Retention) -> Instant | None:
    """Return when what a report says is destroyed; None: not by any rule, or not yet known."""
    if kept.is_open or kept.hold is not None:
        return None
    return rules.ends_at(kept.marking, kept.areas, kept.last_at)


def hold(
    tx: Transaction, report_id: bytes, by: str | None, reason: str, me: str, entropy: Entropy
) -> LegalHold:
    """Keep a report whatever the rules say; the same again changes nothing.

    There is one hold: who has another reason would rely on one that somebody else ends.

    Raises:
        ConflictError: it is held by somebody else, or for another reason.
        NotFoundError: it is not here, or what it said was destroyed.
        InputError: nobody is named, or the reason does not fit on a line.
    """
    person = _person(by)
    if not reason.strip() or len(reason) > LONGEST_REASON or not reason.isprintable():
        msg = f"say why, in a line of at most {LONGEST_REASON} characters: --reason TEXT"
        raise InputError("bad-input", msg)
    earlier = tx.retention.hold(report_id)
    if earlier is not None:
        _check_same(earlier, person, reason.strip())
        return earlier
    check_readable(tx, report_id)
    made = LegalHold(tx.now, person, reason.strip())
    tx.retention.put_hold(report_id, made)
    _journal(tx, EntryKind.LEGAL_HOLD, report_id, person, me, entropy)
    return made


def end_hold(
    tx: Transaction, report_id: bytes, by: str | None, me: str, entropy: Entropy
) -> LegalHold:
    """Let the rules decide about a report again; return the hold that ends.

    Raises:
        ConflictError: it is not held.
        InputError: nobody is named.
    """
    person, held = _person(by), tx.retention.hold(report_id)
    if held is None:
        msg = f"the report {report_id_text(report_id)} is not held; see: noroshi retention list"
        raise ConflictError("not-held", msg)
    tx.retention.end_hold(report_id)
    _journal(tx, EntryKind.LEGAL_HOLD_ENDED, report_id, person, me, entropy)
    return held


def check_readable(tables: Tables, report_id: bytes) -> None:
    """Return if what a report says can be read, and is not about to be destroyed.

    Raises:
        NotFoundError: it is not here, or not any more.
    """
    stored = tables.reports.get(report_id)
    if stored is None:
        raise NotFoundError("not-found", f"no report {report_id_text(report_id)} is here")
    if stored.destroyed is not None:
        raise NotFoundError("content-destroyed", f"{stored.destroyed}")
    if tables.retention.is_doomed(report_id):
        raise NotFoundError("content-destroyed", "what it says is being destroyed at this moment")


def _has_due(keeping: Keeping, name: str, now: Instant) -> bool:
    """Say whether something under a key is due; nothing is of which all is younger than a rule."""
    shortest = keeping.rules.shortest
    if shortest is None or from_day(key_day(name)) + shortest * DAY > now:
        return False
    with keeping.store.read() as tables:
        return any(_is_due(kept, keeping.rules, now) for kept in tables.retention.kept(name))


def _is_due(kept: KeptReport, rules: Retention, now: Instant) -> bool:
    at = due_at(kept, rules)
    return at is not None and at <= now


def _destroy_under(keeping: Keeping, name: str, now: Instant) -> None:
    if name in keeping.archive.names():
        _decide_and_destroy(keeping, name, now)
    is_done = False
    while not is_done:
        blobs = keeping.store.perform(
            partial(record, name=name, me=keeping.me, entropy=keeping.entropy)
        )
        is_done = blobs is None
        for blob_id in blobs or ():
            keeping.blobs.discard(blob_id)


def _decide_and_destroy(keeping: Keeping, name: str, now: Instant) -> None:
    archive, store = keeping.archive, keeping.store
    archive.retire(name)
    to = archive.make_beside(name)
    while store.perform(partial(decide, name=name, to=to, rules=keeping.rules, now=now)):
        pass
    archive.destroy(name)
    with store.read() as tables:
        is_used = to in tables.retention.key_names()
    if not is_used:
        archive.destroy(to)


def decide(tx: Transaction, name: str, to: str, rules: Retention, now: Instant) -> bool:
    """Doom what is due under a key, put the rest under another; say whether there was any."""
    some = tx.retention.kept(name, _BATCH)
    for kept in some:
        rule = rules.rule_for(kept.marking, kept.areas)
        if rule is not None and _is_due(kept, rules, now):
            tx.retention.doom(kept.report_id, str(rule))
        else:
            tx.retention.rewrap(kept.report_id, name, to)
    tx.retention.rewrap_drafts(name, to)
    return bool(some)


def record(tx: Transaction, name: str, me: str, entropy: Entropy) -> list[bytes] | None:
    """Record what was destroyed with a key; return attachments that go, None: all is recorded."""
    some = tx.retention.take_doomed(name, _BATCH, tx.now)
    blobs: list[bytes] = []
    for each in some:
        tx.journal.append(
            new_entry(
                EntryKind.CONTENT_DESTROYED, tx.now, entropy.draw(SALT_SIZE), me,
                report_id=each.report_id, digest=each.head_digest, code=each.rule,
            )
        )  # fmt: skip
        blobs += tx.retention.drop_blobs(each.report_id)
    if some:
        tx.announce(Announcement("destroyed", me))
    return blobs if some else None


def _person(by: str | None) -> str:
    person = check_person(by)
    if person is None:
        raise InputError("bad-input", "say who decides: --by NAME")
    return person


def _check_same(held: LegalHold, by: str, reason: str) -> None:
    if not (are_alike(held.by, by) and held.reason == reason):
        msg = (
            f"it is held already, by {held.by} since {to_text(held.at)}: {held.reason}. When that "
            "ends, the rules decide again: agree with them who ends it, or let it be ended and "
            "hold it for both reasons"
        )
        raise ConflictError("already-held", msg)


def _journal(
    tx: Transaction, kind: EntryKind, report_id: bytes, by: str, me: str, entropy: Entropy
) -> None:
    salt = entropy.draw(SALT_SIZE)
    tx.journal.append(new_entry(kind, tx.now, salt, me, report_id=report_id, by=by))
