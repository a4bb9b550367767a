"""Collecting: what reports say goes into collections that machines read, as soon as it came.

    reports       all that came in and is meant: neither an exercise nor a test
    exercises     exercises and tests
    desk-NAME     of the reports, those for one of our desks
    from-PARTNER  those of one partner
    area-CODE     those about an area of cooperation

Each such collection goes through the journal by itself, from its beginning, and notes how far it
came together with what it took: nothing is left out or taken twice, whenever the node ends. An
object is handled by the marking of its report, and by its own.

What a sender has cancelled or superseded goes from them. In place of objects that were made here
of such a report come their last versions, which are revoked; objects of a bundle are those of
others, and simply go. What superseded it may be marked more strictly, and that holds for both.
"""

from collections.abc import Callable, Iterable
from typing import Final

from noroshi.core.errors import InputError, MalformedError, NotFoundError
from noroshi.core.exchange.objects.handling import Handling, handling_of
from noroshi.core.exchange.objects.reading import StixObject, read_object
from noroshi.core.exchange.stix_report import revoked
from noroshi.core.instant import Instant
from noroshi.core.marking.label import Marking
from noroshi.core.precedence import Status
from noroshi.core.recognition import STIX
from noroshi.core.report import CHANGES, SUPERSESSION, Change
from noroshi.core.tlog.entry import Entry, EntryKind, decode_entry
from noroshi.flow import views
from noroshi.flow.bundles import objects_in, own_markings
from noroshi.flow.house import House
from noroshi.flow.machine_tables import Collection
from noroshi.flow.object_ports import Also, Handed
from noroshi.flow.records import StoredReport
from noroshi.flow.tables import Tables

ENTRIES: Final = 500
"""Of the journal, looked at together."""
KEPT: Final = frozenset({"marking-definition", "extension-definition", "identity"})
"""What many reports share; it is kept itself, and stays when one of them is destroyed."""

Said = dict[tuple[str, Instant | None], bytes]
"""Objects of a report by id and version."""
_Belongs = Callable[[StoredReport, str], bool]


def belongs_in(alias: str) -> _Belongs | None:
    """Return what says whether a report goes into a collection; None: reports do not fill it."""
    kind, _, name = alias.partition("-")
    if alias == "exercises":
        return lambda report, _: report.head.status is not Status.ACTUAL
    chosen: dict[str, _Belongs] = {
        "desk": lambda report, me: name in report.content.desks_of(me),
        "from": lambda report, _: report.head.sender == name,
        "area": lambda report, _: name in report.content.areas,
    }
    wanted = _all if alias == "reports" else chosen.get(kind) if name else None
    if wanted is None:
        return None
    return lambda report, me: report.head.status is Status.ACTUAL and wanted(report, me)


def _all(_report: StoredReport, _me: str) -> bool:
    return True


def collect(house: House) -> bool:
    """Let collections take in what came; say whether there is more to take in at once."""
    with house.store.read() as tables:
        collections = tables.machines.collections()
    is_behind = False
    for collection in collections:
        belongs = belongs_in(collection.alias)
        if belongs is not None:
            is_behind |= _fill(house, collection, belongs)
    return is_behind


def raw_of(house: House, report_id: bytes) -> Said:
    """Return the objects of a report; none, if what it said is destroyed."""
    with house.store.read() as tables:
        try:
            report = views.readable(tables, report_id)
            said = views.said_by(tables, report)
        except NotFoundError:
            return {}
        change = _change_of(tables, report)
        return {(found.id, found.version): found.raw for found in _told(tables, said, change)}


def _fill(house: House, collection: Collection, belongs: _Belongs) -> bool:
    seen = house.objects().seen(collection.number)
    handed: list[Handed] = []
    gone: list[bytes] = []
    replaced: list[bytes] = []
    with house.store.read() as tables:
        size = tables.journal.size
        until = min(size, seen + ENTRIES)
        for index in range(seen, until):
            entry = decode_entry(tables.journal.leaf(index))
            if entry.kind is EntryKind.CONTENT_DESTROYED and entry.report_id is not None:
                gone.append(entry.report_id)
            report = came(tables, entry)
            earlier = None if report is None else _changed_by(tables, report)
            if earlier is not None:
                replaced.append(earlier.id)
            for each in (earlier, report):
                if each is not None and belongs(each, house.me):
                    handed += _handed(tables, each)
    if until > seen:
        also = Also(seen=until, gone=gone, replaced=replaced)
        house.objects().add(collection.number, handed, house.clock.now(), also)
    return until < size


def came(tables: Tables, entry: Entry) -> StoredReport | None:
    """Return the report whose arrival an entry records, if it can still be read."""
    if entry.kind is not EntryKind.RECEIVED or entry.report_id is None:
        return None
    found = tables.reports.get(entry.report_id)
    return None if found is None or found.destroyed is not None else found


def _changed_by(tables: Tables, report: StoredReport) -> StoredReport | None:
    """Return the report that another takes back or replaces, if it can still be read."""
    if report.content.kind not in CHANGES or len(report.content.references) != 1:
        return None
    earlier = tables.reports.get(report.content.references[0])
    if earlier is None or earlier.outgoing or earlier.destroyed is not None:
        return None
    return earlier if earlier.head.sender == report.head.sender else None


def _change_of(tables: Tables, report: StoredReport) -> Change | None:
    return next(iter(tables.reports.changes(report.head.sender, report.id)), None)


def _handed(tables: Tables, report: StoredReport) -> Iterable[Handed]:
    said, change = views.said_by(tables, report), _change_of(tables, report)
    markings = {Marking.parse(report.head.marking), Marking.parse(said.head.marking)}
    by = None if change is None else tables.reports.get(change.by_report)
    if by is not None and by.content.kind == SUPERSESSION:
        markings.add(Marking.parse(by.head.marking))
    try:
        markings |= own_markings(said)
    except InputError:
        return  # a whole that nobody may be given for sure
    marked: Handling = tuple(sorted(markings, key=str))
    found = list(_told(tables, said, change))
    definitions = {each.id: each.raw for each in found if each.type == "marking-definition"}
    for each in found:
        try:
            own = handling_of(each.markings, definitions.get, marked[0])
        except MalformedError:
            continue  # a part that nobody may be given for sure
        handling = tuple(sorted({*marked, *own}, key=str))
        is_kept = each.type in KEPT
        yield Handed(each, handling, b"" if is_kept else report.id, is_kept=is_kept)


def _told(tables: Tables, said: views.Said, change: Change | None) -> Iterable[StixObject]:
    """Yield what a report says as objects, or that its sender has taken it back."""
    if change is None:
        yield from _objects(said)
    elif said.content.body_type != STIX:
        by = tables.reports.get(change.by_report)
        at = change.at if by is None else by.head.created_at
        for each in _objects(said):
            if each.version is not None and each.type not in KEPT:
                yield read_object(revoked(each.raw, at))[0]
            elif each.type in KEPT:
                yield each


def _objects(said: views.Said) -> Iterable[StixObject]:
    """Yield what a report says, without what is no object of STIX."""
    try:
        raws = objects_in(said)
    except MalformedError:
        return
    for raw in raws:
        try:
            yield read_object(raw)[0]
        except MalformedError:
            continue
