"""Rows of objects that a query asks for, in the order in which they were added.

Several types are read one by one and merged, so that a page costs as much as what is on it,
however large the collection is.
"""

import heapq
from collections.abc import Iterator
from typing import Final

from noroshi.adapters.sqlite.connection import Database, Row, Value
from noroshi.core.exchange.objects.query import Query, Version
from noroshi.flow.object_ports import STATUS_KEPT, KeptStatus

_COLUMNS: Final = (
    "SELECT added, id, version, spec, handling, refs, source, chapter, sealed FROM object"
)
_LIGHT: Final = _COLUMNS.replace("sealed", "x''")


def rows_of(
    database: Database, collection: int, query: Query, hidden: str, *, bodies: bool
) -> Iterator[Row]:
    """Yield the rows of a query, without end; `hidden`: handlings to leave out, as JSON."""
    wanted, values = _wanted(query)
    start = _COLUMNS if bodies else _LIGHT
    wanted += " AND handling NOT IN (SELECT value FROM json_each(?))" * (hidden != "[]")
    values += [hidden] * (hidden != "[]")

    def read(condition: str, *of: Value) -> Iterator[Row]:
        statement = f"{start} WHERE {condition} AND added > ?{wanted} ORDER BY added"
        return database.rows(statement, (collection, *of, query.after, *values))

    if query.ids:
        types = f" AND type IN ({_marks(query.types)})" if query.types else ""
        # By the index of ids: without the sign the order of adding would be looked through.
        condition = f"+collection = ? AND id = ?{types}"
        parts = [read(condition, each, *query.types) for each in query.ids]
    elif query.types:
        parts = [read("collection = ? AND type = ?", each) for each in query.types]
    else:
        parts = [read("collection = ?")]
    return heapq.merge(*parts) if len(parts) > 1 else parts[0]


def _wanted(query: Query) -> tuple[str, list[Value]]:
    """Return the condition on versions, of the object and of STIX."""
    wanted = f" AND spec IN ({_marks(query.specs)})" if query.specs else " AND NOT is_outdated"
    values: list[Value] = [*query.specs]
    if Version.ALL not in query.versions:
        either = [f"is_{each.value}" for each in sorted(query.versions, key=str)]
        if query.instants:
            either.append(f"version IN ({_marks(query.instants)})")
            values += query.instants
        wanted += f" AND ({' OR '.join(either)})"
    return wanted, values


def _marks(values: tuple[object, ...]) -> str:
    return ", ".join("?" * len(values))


def keep_status(database: Database, status: KeptStatus) -> None:
    """Keep what became of a batch, and drop what is older than such a thing is kept."""
    database.run("DELETE FROM status WHERE at < ?", (status.at - STATUS_KEPT,))
    database.run(
        "INSERT INTO status (id, machine, at, told) VALUES (?, ?, ?, ?)",
        (status.id, status.machine, status.at, status.told),
    )
