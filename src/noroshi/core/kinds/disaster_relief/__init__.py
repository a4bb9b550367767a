"""Relief that is requested, offered and committed, with the quantities that are left open."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final, cast

import msgspec

from noroshi.core.kinds.form import (
    Becomes,
    Code,
    Count,
    Form,
    InAlert,
    Line,
    Need,
    Says,
    Tense,
    Text,
    Time,
    Where,
)
from noroshi.core.kinds.kind import Kind, Quantity


class DisasterRelief(Form, frozen=True, kw_only=True):
    """Relief that is requested, offered and committed, with the quantities that are left open."""

    state: Annotated[Code, Says("rl.state", vocabulary="relief", first=True)]
    disaster: Annotated[
        Code | None, Says("rl.disaster", vocabulary="hazard", first=True), InAlert("event")
    ] = None
    place: Annotated[Where | None, Says("rl.where", first=True), InAlert("area")] = None
    needs: Annotated[tuple[Need, ...], Says("rl.need", first=True)] = ()
    by_when: Annotated[Time | None, Says("rl.by_when", first=True, tense=Tense.COMING)] = None
    authority: Annotated[Line | None, Says("rl.authority", first=True)] = None
    happened_at: Annotated[
        Time | None, Says("f.time_event", tense=Tense.LATEST), InAlert("onset")
    ] = None
    urgency: Annotated[
        Code | None, Says("cap.urgency", vocabulary="cap.urgency"), InAlert("urgency")
    ] = None
    severity: Annotated[
        Code | None, Says("cap.severity", vocabulary="cap.severity"), InAlert("severity")
    ] = None
    certainty: Annotated[
        Code | None, Says("cap.certainty", vocabulary="cap.certainty"), InAlert("certainty")
    ] = None
    access: Annotated[Text | None, Says("rl.access")] = None
    clearance: Annotated[Text | None, Says("rl.clearance")] = None
    customs: Annotated[Text | None, Says("rl.customs")] = None
    hns: Annotated[Text | None, Says("rl.hns")] = None
    dead: Annotated[Count | None, Says("rl.dead")] = None
    missing: Annotated[Count | None, Says("rl.missing")] = None
    people_affected: Annotated[Count | None, Says("rl.affected")] = None
    summary: Annotated[
        Text | None, Says("f.summary"), Becomes("report", "description"), InAlert("description")
    ] = None
    contact: Annotated[Line | None, Says("f.contact_24h"), InAlert("contact")] = None


_OFFERED: Final = frozenset({"offered", "provisional"})
_COMMITTED: Final = frozenset(
    {"committed", "deployed", "in_transit", "arrived", "in_use", "released", "returned"}
)


def left_open(
    request: Mapping[str, object], answers: Sequence[Mapping[str, object]]
) -> tuple[Quantity, ...]:
    """Return what a request needs, what of it was offered and committed, and what else was.

    A need is met by the same capability in the same unit, whatever the capitals.
    """
    if request.get("state") != "requested":
        return ()
    found: dict[tuple[str, str], Quantity] = {}
    for key, need in _needs(request):
        before = found.get(key, Quantity(need.capability, need.unit or "", 0))
        amounts = (before.needed, need.quantity)
        needed = None if None in amounts else sum(cast("tuple[float, float]", amounts))
        found[key] = msgspec.structs.replace(before, needed=needed)
    for answer in answers:
        state = answer.get("state")
        for key, need in _needs(answer):
            before = found.get(key, Quantity(need.capability, need.unit or "", 0))
            amount = need.quantity or 0
            if state in _OFFERED:
                found[key] = msgspec.structs.replace(before, offered=before.offered + amount)
            if state in _COMMITTED:
                found[key] = msgspec.structs.replace(before, committed=before.committed + amount)
    return tuple(found.values())


def _needs(form: Mapping[str, object]) -> Iterator[tuple[tuple[str, str], Need]]:
    """Yield the needs in a form that can be read, each with what tells it from others."""
    needs = form.get("needs")
    for each in cast("list[object]", needs) if isinstance(needs, list) else ():
        try:
            need = msgspec.convert(each, Need)
        except msgspec.ValidationError:  # a newer release says more of it
            continue
        yield (_plain(need.capability), _plain(need.unit or "")), need


def _plain(words: str) -> str:
    return " ".join(words.casefold().split())


KIND = Kind("disaster-relief", "kind.relief", DisasterRelief, left_open, categories=("Rescue",))
