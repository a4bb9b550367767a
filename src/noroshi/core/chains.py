"""Chains: a form, and the reports of its sender that later said more of it, field by field.

    first report    a whole form
    update          names the first report, and says only what has changed or is taken back
    supersession    of any of them: says anew what that one said
    cancellation    of an update takes back what it said, of the first one the whole

A chain is one sender's and of one kind; what others say of it is reports of their own. What holds
is folded out of what was said, in its sender's order; what a node knew at a time, out of what it
had by then. Nothing is ever overwritten: each field keeps all that was said of it.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Final, cast

import msgspec

from noroshi.core.instant import Instant
from noroshi.core.recognition import NOROSHI, UPDATES, form_in
from noroshi.core.report import CANCELLATION, CHANGES, SERVICES, SUPERSESSION, Change, Content
from noroshi.core.strict_json import BOM

MAX_SENT: Final = 2_000
MAX_SENT_BYTES: Final = 8 * 1024 * 1024
"""Of all bodies of a chain together, up to which its sender says more of it."""
MAX_FOLDED: Final = 2 * MAX_SENT
MAX_FOLDED_BYTES: Final = 2 * MAX_SENT_BYTES
"""Of all contents of a chain together, up to which its readers fold it: more than anybody sends."""

_MAY_UPDATE: Final = (UPDATES.encode(), b"\\u")
"""Without the word, or an escape that could hide it, a body is no update."""


class Form(msgspec.Struct, frozen=True):
    """What a report says in a form."""

    kind: str
    fields: Mapping[str, object]
    updates: bytes | None
    cleared: tuple[str, ...]


def form_of(content: Content) -> Form | None:
    """Return the form that a report fills in; None: it is none.

    The body was read strictly when it was written or came in; this reads it once more, fast.
    """
    if content.body_type != NOROSHI or content.kind in SERVICES or content.kind == CANCELLATION:
        return None
    try:
        value: object = json.loads(content.body.decode().removeprefix(BOM))
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    said = cast("dict[str, object]", value)
    fields, updates, cleared = form_in(said)
    kind = str(said.get("kind")) if content.kind in CHANGES else content.kind
    return Form(kind, fields, updates, cleared)


def may_update(body: bytes) -> bool:
    """Say whether it is worth looking closer whether a body is an update."""
    return any(word in body for word in _MAY_UPDATE)


def updated_by(content: Content) -> bytes | None:
    """Return the report that another says it updates; None: it updates none."""
    if not may_update(content.body):
        return None
    form = form_of(content)
    return None if form is None else form.updates


class Statement(msgspec.Struct, frozen=True):
    """What one report of a chain says."""

    report: bytes
    created_at: Instant
    """By its sender's clock, which orders what it said."""
    stored_at: Instant
    """When this node had it."""
    by: str | None
    """Who wrote it."""
    fields: Mapping[str, object]
    cleared: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    """What cancelled or superseded it."""


class Said(msgspec.Struct, frozen=True):
    """What a report said of one field."""

    statement: Statement
    value: object = None
    is_cleared: bool = False
    taken_back: Change | None = None
    """What cancelled or superseded the report; None: it stands."""


class Chain(msgspec.Struct, frozen=True):
    """A chain as one node knows it at a time."""

    statements: tuple[Statement, ...]
    """In the order of their sender."""
    history: Mapping[str, tuple[Said, ...]]
    """All that was said of each field, in that order."""
    changes: tuple[Change, ...] = ()
    """What cancelled or superseded the whole."""

    @property
    def present(self) -> dict[str, object]:
        """The form as it holds."""
        newest = {name: _newest(said) for name, said in self.history.items()}
        return {
            name: said.value
            for name, said in newest.items()
            if said is not None and not said.is_cleared
        }

    @property
    def is_cancelled(self) -> bool:
        """Whether the whole was taken back."""
        return any(change.kind == CANCELLATION for change in self.changes)

    def standing(self, name: str) -> tuple[Said, ...]:
        """Return what was said of a field and was not taken back, in its sender's order."""
        return tuple(said for said in self.history.get(name, ()) if said.taken_back is None)


def fold(first: bytes, statements: Iterable[Statement], at: Instant | None = None) -> Chain:
    """Return the chain that begins with the report `first`: as it is, or as it was known `at`."""
    known = sorted(
        (_as_known(each, at) for each in statements if at is None or each.stored_at <= at),
        key=lambda each: (each.report != first, each.created_at, each.report),
    )
    changes = {each.report: each.changes for each in known}
    base = _base(first, changes)
    history: dict[str, list[Said]] = {}
    for each in known:
        # What takes back the whole is shown with it: nobody recalls what was read.
        taken_back = None if each.report == base else next(iter(each.changes), None)
        for name, value in each.fields.items():
            history.setdefault(name, []).append(Said(each, value, taken_back=taken_back))
        for name in each.cleared:
            said = Said(each, is_cleared=True, taken_back=taken_back)
            history.setdefault(name, []).append(said)
    return Chain(
        tuple(known),
        {name: tuple(said) for name, said in history.items()},
        changes.get(base, ()),
    )


def _as_known(statement: Statement, at: Instant | None) -> Statement:
    """Return a statement without what took it back later."""
    changes = tuple(each for each in statement.changes if at is None or each.at <= at)
    return msgspec.structs.replace(statement, changes=changes)


def _newest(said: tuple[Said, ...]) -> Said | None:
    return next((each for each in reversed(said) if each.taken_back is None), None)


def _base(first: bytes, changes: Mapping[bytes, tuple[Change, ...]]) -> bytes:
    """Return the report that stands for the first one: itself, or what superseded it in the end."""
    base, seen = first, {first}
    while True:
        follows = [
            change.by_report
            for change in changes.get(base, ())
            if change.kind == SUPERSESSION and change.by_report in changes.keys() - seen
        ]
        if not follows:
            return base
        base = follows[-1]
        seen.add(base)
