"""Finding a report again by words in it: what it says is indexed in memory, and nowhere else.

The first search makes the index from the journal. From then on it is brought up to date with each
commit, and before each search: what came and what was sent goes in, what was destroyed goes out,
also where nobody searches again. Nobody finds what they may not read.
"""

import json
from collections.abc import Iterator
from typing import Final, cast

from noroshi.core.instant import to_text
from noroshi.core.partner import DeskAddress
from noroshi.core.recognition import TEXT
from noroshi.core.report import report_id_text
from noroshi.core.search import Wanted, excerpt, expression_of, terms_of
from noroshi.core.strict_json import BOM
from noroshi.core.tlog.entry import EntryKind, decode_entry
from noroshi.flow import views
from noroshi.flow.house import House
from noroshi.flow.records import StoredReport
from noroshi.flow.tables import Tables

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
        added: list[tuple[bytes, list[str]]] = []
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
                    added.append((stored.id, terms_of(text_of(tables, stored))))
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
        ids = house.index.find(expression_of(wanted))
    with house.store.read() as tables:
        for report_id in ids:
            stored = tables.reports.get(report_id)
            if stored is None or not _is_wanted(house, tables, stored, wanted, desks):
                continue
            if len(found) == limit:
                return found, True
            found.append(_row(house, tables, stored, wanted))
    return found, False


def text_of(tables: Tables, stored: StoredReport) -> str:
    """Return all that a report says, in lines."""
    said = views.said_by(tables, stored)
    content = said.content
    lines = [content.subject, content.kind, stored.head.sender, report_id_text(stored.id)]
    lines += [each.name for each in content.attachments]
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


def _is_wanted(
    house: House,
    tables: Tables,
    stored: StoredReport,
    wanted: Wanted,
    desks: tuple[str, ...] | None,
) -> bool:
    """Say whether a report may be read, and is from whom and when it is asked for."""
    if stored.destroyed is not None:
        return False
    own = own_desks(house, tables, stored)
    if desks is not None and not set(own) & set(desks):
        return False
    return (
        (wanted.sender is None or stored.head.sender == wanted.sender)
        and (wanted.kind is None or stored.content.kind == wanted.kind)
        and (wanted.desk is None or wanted.desk in own)
        and (wanted.after is None or stored.stored_at >= wanted.after)
        and (wanted.before is None or stored.stored_at < wanted.before)
    )


def own_desks(house: House, tables: Tables, stored: StoredReport) -> tuple[str, ...]:
    """Return the desks of this house that a report belongs to."""
    if stored.outgoing:
        return (stored.content.from_desk,)
    given = [desk for _, desk in tables.watch.assignments(stored.id)]
    return (*stored.content.desks_of(house.me), *given)


def _row(house: House, tables: Tables, stored: StoredReport, wanted: Wanted) -> dict[str, object]:
    said = views.said_by(tables, stored)
    head, content = said.head, said.content
    return {
        "report": report_id_text(stored.id),
        "way": "out" if stored.outgoing else "in",
        "from": str(DeskAddress(content.from_desk, head.sender)),
        "to": [str(each) for each in stored.content.addressees],
        "desks": list(own_desks(house, tables, stored)),
        "kind": content.kind,
        "precedence": stored.head.precedence.name,
        "marking": stored.head.marking,
        "status": stored.head.status.value,
        "subject": content.subject,
        "at": to_text(stored.stored_at),
        "excerpt": excerpt(text_of(tables, stored), wanted),
        **views.changes_json(tables.reports.changes(head.sender, head.report_id)),
    }
