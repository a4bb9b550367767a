"""Finding a report again by words in it: what it says is indexed in memory, and nowhere else.

The first search makes the index from the journal. From then on it is brought up to date with each
commit, and before each search: what came and what was sent goes in, what was destroyed goes out,
also where nobody searches again. Nobody finds what they may not read.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Final, cast

from noroshi.core.instant import to_text
from noroshi.core.partner import DeskAddress
from noroshi.core.recognition import TEXT
from noroshi.core.report import Content, report_id_text
from noroshi.core.search import Wanted, excerpt, terms_of
from noroshi.core.strict_json import BOM
from noroshi.core.tlog.entry import EntryKind, decode_entry
from noroshi.flow import views
from noroshi.flow.house import House
from noroshi.flow.ports import Indexed
from noroshi.flow.records import StoredReport
from noroshi.flow.tables import Tables
from noroshi.flow.views import Said

MOST: Final = 200
"""Reports that one search returns."""
ENTRIES: Final = 500
"""Of the journal, looked at together."""
_STORED: Final = frozenset({EntryKind.SEALED, EntryKind.RECEIVED})
_UNREAD: Final = frozenset({"noroshi"})


def catch_up(house: House) -> None:
    """Take in what came since the last search, and drop what was destroyed."""
    index = house.index
    is_behind = True
    while is_behind:
        added: list[Indexed] = []
        gone: list[bytes] = []
        with house.store.read() as tables:
            size, seen = tables.journal.size, index.seen
            until = min(size, seen + ENTRIES)
            for at in range(seen, until):
                entry = decode_entry(tables.journal.leaf(at))
                if entry.report_id is None:
                    continue
                if entry.kind is EntryKind.CONTENT_DESTROYED:
                    gone.append(entry.report_id)
                stored = tables.reports.get(entry.report_id) if entry.kind in _STORED else None
                if stored is not None and stored.destroyed is None:
                    added.append(_indexed(house, tables, stored))
        index.take(added, gone, until)
        is_behind = until < size


def keep_current(house: House) -> bool:
    """Bring an index that somebody uses up to date; there is never more to do at once."""
    with house.index.alone():
        if house.index.seen:
            catch_up(house)
    return False


def find(
    house: House, wanted: Wanted, desks: tuple[str, ...] | None, limit: int
) -> tuple[list[dict[str, object]], bool]:
    """Return what is found, the best first, and whether there is more.

    `desks` are those that whoever asks may read; None: all.
    """
    found: list[dict[str, object]] = []
    with house.index.alone():
        catch_up(house)
        with closing(house.index.find(wanted)) as hits, house.store.read() as tables:
            for report_id, first in hits:
                given = [desk for _, desk in tables.watch.assignments(report_id)]
                own = (*first, *given)
                if not _is_for(own, wanted, desks):
                    continue
                stored = tables.reports.get(report_id)
                if stored is None or stored.destroyed is not None:
                    continue
                if len(found) == limit:
                    return found, True
                found.append(_row(tables, stored, own, wanted))
    return found, False


def about(tables: Tables, stored: StoredReport, said: Said) -> str:
    """Return what is known of a report beside what it says: its id, kind, partners by name."""
    addressed = {each.partner for each in stored.content.addressees}
    lines = [report_id_text(stored.id), said.content.kind]
    for partner in sorted({stored.head.sender, said.head.sender} | addressed):
        known = tables.partners.get(partner)
        lines.append(partner if known is None else f"{partner} {known.signed_card.card.name}")
    return "\n".join(lines)


def text_of(content: Content) -> str:
    """Return all that a report says, in lines."""
    lines = [content.subject, *(each.name for each in content.attachments)]
    body = content.body.decode(errors="replace")
    if content.body_type == TEXT:
        lines.append(body)
    else:
        try:
            told: object = json.loads(body.removeprefix(BOM))
        except (ValueError, RecursionError):
            told = body
        lines += _texts(told)
    return "\n".join(lines)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, int | float):
        yield str(value)
    elif isinstance(value, list):
        for each in cast("list[object]", value):
            yield from _texts(each)
    elif isinstance(value, dict):
        for name, below in cast("dict[str, object]", value).items():
            if name not in _UNREAD:
                yield from _texts(below)


def _indexed(house: House, tables: Tables, stored: StoredReport) -> Indexed:
    said = views.said_by(tables, stored)
    return Indexed(
        stored.id,
        terms_of(f"{about(tables, stored, said)}\n{text_of(said.content)}"),
        frozenset({stored.head.sender, said.head.sender}),
        said.content.kind,
        _first_desks(house, stored),
        stored.stored_at,
    )


def _first_desks(house: House, stored: StoredReport) -> tuple[str, ...]:
    """Return the desks of this house that a report was written at, or came to."""
    if stored.outgoing:
        return (stored.content.from_desk,)
    return tuple(stored.content.desks_of(house.me))


def _is_for(own: tuple[str, ...], wanted: Wanted, desks: tuple[str, ...] | None) -> bool:
    """Say whether a report of some desks may be read, and is of the desk that is asked for."""
    may = desks is None or bool(set(own) & set(desks))
    return may and (wanted.desk is None or wanted.desk in own)


def _row(
    tables: Tables, stored: StoredReport, own: tuple[str, ...], wanted: Wanted
) -> dict[str, object]:
    said = views.said_by(tables, stored)
    head, content = said.head, said.content
    return {
        "report": report_id_text(stored.id),
        "way": "out" if stored.outgoing else "in",
        "from": str(DeskAddress(content.from_desk, head.sender)),
        "to": [str(each) for each in stored.content.addressees],
        "desks": list(own),
        "kind": content.kind,
        "precedence": stored.head.precedence.name,
        "marking": stored.head.marking,
        "status": stored.head.status.value,
        "subject": content.subject,
        "at": to_text(stored.stored_at),
        "excerpt": excerpt(text_of(content), wanted),
        **views.changes_json(tables.reports.changes(head.sender, head.report_id)),
    }
