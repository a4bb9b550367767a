"""What an object drags along: the objects that it refers to, and all that those refer to.

Whoever may not have an object does not hear of it from those that name it either, near or far. A
reach is that of one read: each object is looked at once, however many others lead to it.
"""

from typing import Final

from noroshi.adapters.sqlite.connection import Database, Row, Value
from noroshi.adapters.sqlite.rows import integer, text

_VERSIONS: Final = (
    "SELECT collection, version, handling, refs FROM object WHERE id = ? ORDER BY version DESC"
)


class Reach:
    """What leads to something hidden."""

    def __init__(self, database: Database, hidden: frozenset[int]) -> None:
        """Look in `database`; `hidden` numbers the handlings that the reader may not have."""
        self._db = database
        self._hidden = hidden
        self._known: dict[str, bool] = {}

    def leads_to_hidden(self, row: Row) -> bool:
        """Say whether an object in its newest version, or what this one refers to, leads there."""
        return any(self._leads(name) for name in (text(row[1]), *_names(text(row[5]))))

    def _leads(self, name: str) -> bool:
        if name not in self._known:
            self._explore(name)
        return self._known[name]

    def _explore(self, name: str) -> None:
        """Follow all references from an object, then go back from what is hidden."""
        named_by: dict[str, list[str]] = {name: []}
        waiting, found = [name], list[str]()
        while waiting:
            one = waiting.pop()
            handlings, refs = self._newest(one)
            if handlings & self._hidden or any(self._known.get(ref) for ref in refs):
                found.append(one)
                continue
            for ref in refs - self._known.keys():
                if ref not in named_by:
                    waiting.append(ref)
                named_by.setdefault(ref, []).append(one)
        leading: set[str] = set()
        while found:
            one = found.pop()
            if one not in leading:
                leading.add(one)
                found += named_by[one]
        self._known.update((each, each in leading) for each in named_by)

    def _newest(self, name: str) -> tuple[set[int], set[str]]:
        """Return how an object is handled and what it names, in its newest version everywhere.

        Of each collection the newest counts: who may write elsewhere cannot open what is closed
        here by a version of their own.
        """
        newest: dict[Value, Value] = {}
        handlings: set[int] = set()
        refs: set[str] = set()
        for collection, version, handling, said in self._db.rows(_VERSIONS, (name,)):
            if newest.setdefault(collection, version) == version:
                handlings.add(integer(handling))
                refs.update(_names(text(said)))
        return handlings, refs


def _names(refs: str) -> list[str]:
    return refs.split(" ") if refs else []
