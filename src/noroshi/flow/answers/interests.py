"""Answers about interests: stated, listed, taken back."""

from functools import partial

from noroshi.core.errors import InputError, NotFoundError
from noroshi.core.instant import to_text
from noroshi.core.interest import Interest, InterestKind, check_value
from noroshi.core.report import check_person
from noroshi.flow import interests
from noroshi.flow.house import House
from noroshi.flow.requests import AddInterest, Answer, Json, RemoveInterest


def add_interest(house: House, request: AddInterest) -> Answer:
    """State what a desk wants to hear of."""
    _check_desk(house, request.desk)
    try:
        kind = InterestKind(request.kind)
    except ValueError:
        known = ", ".join(each.value for each in InterestKind)
        msg = f"nobody can be interested in {request.kind!r} here; in: {known}"
        raise InputError("bad-input", msg) from None
    value = check_value(kind, request.value)
    by = check_person(request.by) or ""
    interest = Interest(request.desk, kind, value, house.clock.now(), by)
    house.identity()
    act = partial(interests.add, interest=interest, me=house.me, entropy=house.entropy)
    return _json(house.store.perform(act))


def remove_interest(house: House, request: RemoveInterest) -> Answer:
    """Take back what a desk wanted to hear of."""
    _check_desk(house, request.desk)
    with house.store.read() as tables:
        interest = interests.find(tables, request.number)
    if interest.desk != request.desk:
        msg = f"interest {request.number} is not {request.desk}'s; see: noroshi interests list"
        raise NotFoundError("not-found", msg)
    house.identity()
    act = partial(
        interests.remove,
        number=request.number,
        by=check_person(request.by) or "",
        me=house.me,
        entropy=house.entropy,
    )
    return _json(house.store.perform(act))


def list_interests(house: House) -> Answer:
    """List what desks want to hear of."""
    with house.store.read() as tables:
        return [_json(each) for each in tables.interests.all()]


def _check_desk(house: House, desk: str) -> None:
    if desk not in house.desks:
        msg = f"this node has no desk {desk!r}; it has {', '.join(house.desks)}"
        raise InputError("unknown-desk", msg)


def _json(interest: Interest) -> Json:
    return {
        "number": interest.number,
        "desk": interest.desk,
        "kind": interest.kind.value,
        "value": interest.value,
        "set_at": to_text(interest.set_at),
        "set_by": interest.set_by,
    }
