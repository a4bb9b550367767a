"""Answers about partners: cards, digits, states."""

from functools import partial

from noroshi.core.directory.card import read_armour, verify_card
from noroshi.core.errors import NotFoundError
from noroshi.core.report import check_person
from noroshi.flow import directory, views
from noroshi.flow.house import House
from noroshi.flow.requests import (
    AddPartner,
    Answer,
    PartnerNumber,
    VerifyPartner,
)


def own_card(house: House) -> Answer:
    """Give this node's card."""
    with house.store.read() as tables:
        own = tables.partners.own_card()
    if own is None:
        raise NotFoundError("not-initialised", "this node has no card yet; run 'noroshi init'")
    card = own.card
    return {
        "partner": card.partner,
        "name": card.name,
        "state": "VERIFIED",
        "peer_url": card.peer_url,
        "desks": list(card.desks),
        "number": card.serial,
        "armoured": own.armoured,
    }


def add_partner(house: House, request: AddPartner) -> Answer:
    """Take a partner's card."""
    signed = verify_card(read_armour(request.card), house.primitives)
    house.identity()
    act = partial(
        directory.add_partner, signed=signed, entropy=house.entropy, by=check_person(request.by)
    )
    return views.partner_json(house.store.perform(act))


def partners(house: House) -> Answer:
    """List the partners."""
    with house.store.read() as tables:
        return [views.partner_json(known) for known in tables.partners.all()]


def partner_number(house: House, request: PartnerNumber) -> Answer:
    """Give the sixty digits to compare."""
    with house.store.read() as tables:
        number = directory.number_of(tables, request.partner)
    return {"partner": request.partner, "number": number}


def verify_partner(house: House, request: VerifyPartner) -> Answer:
    """Record that the digits were compared."""
    house.identity()
    act = partial(
        directory.verify_partner,
        partner=request.partner,
        number=request.number,
        by=check_person(request.by) or "",
        entropy=house.entropy,
    )
    known = house.store.perform(act)
    return {"partner": request.partner, "state": known.state.value}
