"""Interests: a desk says what it wants to hear of, and is called when a report is about it.

Each report that comes in is looked at once, as soon as it is stored, in the order of the journal.
A desk is called about what it may read; where another desk of the house is interested, the desk
that has the report is told so, and may assign it. Beside that it is said in which reports of other
partners the same indicators stand.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, cast

import msgspec

from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.errors import ConflictError, InputError, MalformedError, NotFoundError
from noroshi.core.exchange.objects.about import About, about
from noroshi.core.instant import DAY
from noroshi.core.interest import MOST, Interest, is_met
from noroshi.core.precedence import Status
from noroshi.core.report import report_id_text
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, decode_entry, new_entry
from noroshi.flow import views
from noroshi.flow.alarms import raise_alarm
from noroshi.flow.bundles import objects_in
from noroshi.flow.collecting import came, collect
from noroshi.flow.house import House
from noroshi.flow.object_ports import Sharing, Values
from noroshi.flow.ports import Entropy
from noroshi.flow.records import StoredReport
from noroshi.flow.tables import Tables, Transaction

ENTRIES: Final = 100
"""Of the journal, looked at together."""
NEWS: Final = DAY
"""What came earlier calls nobody any more; it still counts as known."""
UNNOTED: Final = 1000
"""Entries that are looked at again after a crash, to no effect."""
_SHOWN: Final = 5
"""Reports that an alarm names."""
_LONGEST: Final = 300
"""Characters of what an alarm says."""


class _Look(msgspec.Struct, frozen=True):
    """What was found about a report."""

    report: StoredReport
    calls: Mapping[str, str]
    """By desk."""
    sharing: Sequence[Sharing]


def add(tx: Transaction, interest: Interest, me: str, entropy: Entropy) -> Interest:
    """Add an interest of a desk.

    Raises:
        ConflictError: the desk has it already.
        InputError: it has too many.
    """
    known = sum(each.desk == interest.desk for each in tx.interests.all())
    if known >= MOST:
        raise InputError("bad-input", f"{interest.desk} has {MOST:,} interests; remove some first")
    number = tx.interests.add(interest)
    if number is None:
        msg = f"{interest.desk} is interested in {interest} already"
        raise ConflictError("interest-exists", msg)
    _record(tx, EntryKind.INTEREST_SET, interest, interest.set_by, me, entropy)
    return msgspec.structs.replace(interest, number=number)


def remove(tx: Transaction, number: int, by: str, me: str, entropy: Entropy) -> Interest:
    """Remove an interest.

    Raises:
        NotFoundError: there is none of that number.
    """
    interest = find(tx, number)
    tx.interests.remove(number)
    _record(tx, EntryKind.INTEREST_ENDED, interest, by, me, entropy)
    return interest


def find(tables: Tables, number: int) -> Interest:
    """Return the interest of a number.

    Raises:
        NotFoundError: there is none.
    """
    found = tables.interests.get(number)
    if found is None:
        msg = f"there is no interest {number}; see: noroshi interests list"
        raise NotFoundError("not-found", msg)
    return found


class Attention:
    """Looks at what comes in; how far that is gets durable with what it found, or now and then."""

    def __init__(self, house: House) -> None:
        """Look at what comes to a house."""
        self._house = house
        self._seen: int | None = None
        self._noted = 0

    def __call__(self) -> bool:
        """Look at what came since the last look; say whether there is more."""
        house, now = self._house, self._house.clock.now()
        came_in: list[tuple[StoredReport, About]] = []
        with house.store.read() as tables:
            if self._seen is None:
                self._seen = self._noted = tables.interests.seen()
            size, seen = tables.journal.size, self._seen
            until = min(size, seen + ENTRIES)
            interests = tables.interests.all()
            for index in range(seen, until):
                entry = decode_entry(tables.journal.leaf(index))
                if entry.kind is EntryKind.CONTENT_DESTROYED and entry.report_id is not None:
                    house.objects().shared.forget(entry.report_id)
                report = came(tables, entry)
                if report is not None and report.head.status is Status.ACTUAL:
                    found = about(_objects(views.said_by(tables, report)))
                    came_in.append((report, found))
        looks = _looks(house, came_in, interests)
        news = [each for each in looks if now - each.report.stored_at <= NEWS]
        if any(each.calls or each.sharing for each in news) or until - self._noted > UNNOTED:
            house.store.perform(partial(call_attention, house=house, looks=news, until=until))
            self._noted = until
        self._seen = until
        return until < size


def taking_up(house: House) -> Callable[[], bool]:
    """Return what looks at reports that came, and lets collections take them in."""
    attend = Attention(house)
    return lambda: any([attend(), collect(house)])


def _looks(
    house: House, came_in: Sequence[tuple[StoredReport, About]], interests: Sequence[Interest]
) -> list[_Look]:
    told = [
        Values(report.id, report.head.sender, values)
        for report, found in came_in
        if (values := [value for value in sorted(found.values) if not house.is_common(value)])
    ]
    sharing: dict[bytes, list[Sharing]] = {}
    if told:
        met = house.objects().shared.meet(told)
        sharing = {each.report: shared for each, shared in zip(told, met, strict=True)}
    return [
        _Look(
            report,
            _calls(report, report.content.desks_of(house.me), interests, found),
            sharing.get(report.id, ()),
        )
        for report, found in came_in
    ]


def _calls(
    report: StoredReport, desks: Sequence[str], interests: Sequence[Interest], found: About
) -> dict[str, str]:
    """Return what each desk that has a report is told of interests in it."""
    said: dict[str, list[str]] = {}
    for each in interests:
        if each.set_at > report.stored_at or not is_met(each, found):
            continue
        if each.desk in desks:
            said.setdefault(each.desk, []).append(str(each))
        elif desks:
            said.setdefault(desks[0], []).append(f"{each.desk}: {each}")
    return {desk: "; ".join(told)[:_LONGEST] for desk, told in said.items()}


def _objects(said: views.Said) -> list[Mapping[str, object]]:
    """Return what a report says as objects of STIX, as far as they can be read."""
    found: list[Mapping[str, object]] = []
    try:
        raws = objects_in(said)
    except MalformedError:
        return found
    for raw in raws:
        try:
            told: object = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if isinstance(told, dict):
            found.append(cast("Mapping[str, object]", told))
    return found


def call_attention(tx: Transaction, *, house: House, looks: Sequence[_Look], until: int) -> None:
    """Raise the alarms of what was found, together with how far that is."""
    now = tx.now
    for each in looks:
        head = each.report.head
        for desk, told in each.calls.items():
            alarm = Alarm(
                AlarmKind.INTEREST, house.me, now, each.report.id, desk, told, head.precedence
            )
            raise_alarm(tx, alarm, house.me, house.entropy)
        if each.sharing:
            alarm = Alarm(
                AlarmKind.SHARED, head.sender, now, each.report.id, None, _told(each.sharing),
                head.precedence,
            )  # fmt: skip
            raise_alarm(tx, alarm, house.me, house.entropy)
    tx.interests.note_seen(until)


def _told(sharing: Sequence[Sharing]) -> str:
    """Return in which reports the same values stand, the one with most of them first."""
    ordered = sorted(sharing, key=lambda each: (-each.count, each.report))
    named = [
        f"{report_id_text(each.report)[:8]} ({each.partner}, {each.count})"
        for each in ordered[:_SHOWN]
    ]
    more = [f"+{len(ordered) - _SHOWN}"] * (len(ordered) > _SHOWN)
    return ", ".join([*named, *more])


def _record(
    tx: Transaction, kind: EntryKind, interest: Interest, by: str, me: str, entropy: Entropy
) -> None:
    salt = entropy.draw(SALT_SIZE)
    entry = new_entry(
        kind, tx.now, salt, me, digest=interest.digest, desk=interest.desk, by=by or None
    )
    tx.journal.append(entry)
