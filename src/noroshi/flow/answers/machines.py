"""Answers about machines: access granted, listed, taken away; collections."""

from functools import partial

from noroshi.core.areas import check_areas
from noroshi.core.errors import InputError
from noroshi.core.exchange.objects.reading import take_apart
from noroshi.core.instant import to_text
from noroshi.core.machine import Machine, ReportRule, Right
from noroshi.core.marking.label import Marking
from noroshi.core.precedence import Precedence
from noroshi.core.report import check_person
from noroshi.flow import machines
from noroshi.flow.collecting import belongs_in
from noroshi.flow.handed import read_batch
from noroshi.flow.house import House
from noroshi.flow.requests import (
    Answer,
    EndRule,
    GrantAccess,
    Json,
    KeepObjects,
    RevokeAccess,
    SetRule,
)


def grant_access(house: House, request: GrantAccess) -> Answer:
    """Give a machine a right in a collection, and a token that is told once."""
    _check_filled(house, request.collection)
    new = machines.NewRight(
        request.name,
        request.collection,
        Right(request.read, request.write),
        request.partner,
        None if request.ceiling is None else Marking.parse(request.ceiling),
    )
    house.identity()
    act = partial(
        machines.grant,
        new=new,
        by=check_person(request.by) or "",
        me=house.me,
        rules=house.rules,
        entropy=house.entropy,
    )
    machine, token = house.store.perform(act)
    return {**_json(machine), "token": token}


def revoke_access(house: House, request: RevokeAccess) -> Answer:
    """Take all access away from a machine."""
    house.identity()
    act = partial(
        machines.revoke,
        name=request.name,
        by=check_person(request.by) or "",
        me=house.me,
        entropy=house.entropy,
    )
    return _json(house.store.perform(act))


def keep_objects(house: House, request: KeepObjects) -> Answer:
    """Keep objects of STIX in a collection; a rule of it makes no report of them."""
    act = partial(machines.open_collection, alias=request.collection, entropy=house.entropy)
    collection = house.store.perform(act)
    now = house.clock.now()
    handed, refused = read_batch(house, take_apart(request.objects), now)
    house.objects().add(collection.number, handed, now)
    return {
        "collection": collection.alias,
        "kept": len(handed),
        "refused": [{"id": e.outcome.id, "reason": e.outcome.message} for e in refused],
    }


def set_rule(house: House, request: SetRule) -> Answer:
    """Let what machines hand over to a collection become reports."""
    if not request.to and (request.info or not request.sightings):
        msg = "say which desks are to act, --to DESK@PARTNER, or let sightings go back: --sightings"
        raise InputError("bad-input", msg)
    check_areas(request.areas, house.areas)
    rule = ReportRule(
        collection=request.collection,
        to=request.to,
        info=request.info,
        sightings=request.sightings,
        precedence=Precedence.parse(request.precedence).name.lower(),
        kind=request.kind,
        subject=request.subject,
        areas=request.areas,
        is_at_once=request.at_once,
        set_at=house.clock.now(),
        set_by=check_person(request.by) or "",
    )
    house.identity()
    house.store.perform(partial(machines.set_rule, rule=rule, me=house.me, entropy=house.entropy))
    return _json_of_rule(rule)


def end_rule(house: House, request: EndRule) -> Answer:
    """Let what machines hand over to a collection stay objects."""
    house.identity()
    act = partial(
        machines.end_rule,
        alias=request.collection,
        by=check_person(request.by) or "",
        me=house.me,
        entropy=house.entropy,
    )
    return _json_of_rule(house.store.perform(act))


def list_rules(house: House) -> Answer:
    """List what becomes of what machines hand over."""
    with house.store.read() as tables:
        return [_json_of_rule(rule) for rule in tables.machines.rules()]


def list_machines(house: House) -> Answer:
    """List the machines, those that have no access any more too."""
    with house.store.read() as tables:
        return [_json(machine) for machine in tables.machines.all()]


def list_collections(house: House) -> Answer:
    """List the collections."""
    with house.store.read() as tables:
        return [
            {
                "collection": each.alias,
                "id": each.id,
                "title": each.title,
                "description": each.description,
            }
            for each in tables.machines.collections()
        ]


def _check_filled(house: House, alias: str) -> None:
    """Return if reports can ever fill a collection that is called as if they did.

    Raises:
        InputError: it is of a desk or area that there is not.
    """
    kind, _, name = alias.partition("-")
    if belongs_in(alias) is None:
        return
    if kind == "desk" and name not in house.desks:
        msg = f"this node has no desk {name!r}; it has {', '.join(house.desks)}"
        raise InputError("unknown-desk", msg)
    if kind == "area":
        check_areas((name,), house.areas)


def _json_of_rule(rule: ReportRule) -> Json:
    return {
        "collection": rule.collection,
        "to": list(rule.to),
        "info": list(rule.info),
        "sightings": rule.sightings,
        "precedence": rule.precedence.upper(),
        "kind": rule.kind,
        "subject": rule.subject,
        "areas": list(rule.areas),
        "at_once": rule.is_at_once,
        "set_at": to_text(rule.set_at),
        "set_by": rule.set_by,
    }


def _json(machine: Machine) -> Json:
    return {
        "name": machine.name,
        "partner": machine.partner,
        "up_to": str(machine.ceiling),
        "rights": {alias: str(right) for alias, right in machine.rights.items()},
        "tokens": len(machine.tokens),
        "added_at": to_text(machine.added_at),
        "added_by": machine.added_by,
        "ended_at": None if machine.ended_at is None else to_text(machine.ended_at),
    }
