"""Answers about partners: cards, digits, states."""

from functools import partial
from typing import Final

from noroshi.core.directory.card import read_armour, verify_card
from noroshi.core.directory.notice import MAX_REASON
from noroshi.core.directory.revocation import read_revocation
from noroshi.core.errors import InputError, NotFoundError
from noroshi.core.instant import from_text, to_text
from noroshi.core.precedence import Precedence
from noroshi.core.report import check_person, report_id_text
from noroshi.flow import directory, opening, receive, revocations, views
from noroshi.flow.house import House
from noroshi.flow.records import Quarantined
from noroshi.flow.requests import (
    AddPartner,
    Answer,
    DecideQuarantined,
    Json,
    PartnerNumber,
    RevokePartner,
    VerifyPartner,
)

_SHORTEST_PREFIX: Final = 4


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


def revoke_partner(house: House, request: RevokePartner) -> Answer:
    """Trust a partner's keys no more."""
    now, identity = house.clock.now(), house.identity()
    signed = read_revocation(request.notice, house.primitives) if request.notice else None
    with house.store.read() as tables:
        known = tables.partners.get(request.partner)
    if known is None:
        msg = f"no partner {request.partner!r} is known; see 'noroshi partner list'"
        raise NotFoundError("unknown-partner", msg)
    told = (signed.revocation.partner, signed.root_digest) if signed else None
    if told not in (None, (request.partner, known.signed_card.card.root_digest)):
        msg = f"the revocation is not by the root under which {request.partner} is known here"
        raise InputError("bad-revocation", msg)
    since = signed.revocation.since if signed else from_text(request.since)
    if len(request.reason) > MAX_REASON or not request.reason.isprintable():
        raise InputError("bad-input", f"the reason is one line of at most {MAX_REASON} characters")
    act = partial(
        revocations.revoke,
        known=known,
        since=revocations.check_since(since, now),
        by=check_person(request.by) or "",
        reason=request.reason,
        signed=signed,
        identity=identity,
        entropy=house.entropy,
    )
    revoked = house.store.perform(act, Precedence.FLASH)
    return {
        "partner": request.partner,
        "state": revoked.state.value,
        "since": to_text(since),
    }


def quarantine(house: House) -> Answer:
    """List what is held of revoked partners."""
    with house.store.read() as tables:
        return [_held_json(each) for each in tables.revocations.held()]


def decide_quarantined(house: House, request: DecideQuarantined) -> Answer:
    """Take or drop what is held."""
    digits, identity = request.report.replace("-", "").lower(), house.identity()
    with house.store.read() as tables:
        held = [
            each
            for each in tables.revocations.held()
            if len(digits) >= _SHORTEST_PREFIX and each.report_id.hex().startswith(digits)
        ]
        if len(held) != 1:
            msg = f"no single report {request.report!r} is held; see 'noroshi quarantine'"
            raise NotFoundError("not-found", msg)
        (one,) = held
        card = verify_card(one.card, house.primitives).card
        opened = opening.open_raw(tables, one.raw, identity, house.clock.now(), trusted=card)
    by = check_person(request.by) or ""
    if request.is_taken:
        peer = one.partner
        taking = partial(
            receive.take, incoming=opened, peer=peer, identity=identity, entropy=house.entropy
        )
        refused = house.store.perform(taking, opened.precedence)
        if refused is not None:
            raise InputError(refused.code, refused.message)
    act = partial(
        revocations.release, held=one, by=by, me=house.me, entropy=house.entropy,
        is_taken=request.is_taken,
    )  # fmt: skip
    house.store.perform(act)
    return {**_held_json(one), "state": "TAKEN" if request.is_taken else "DROPPED"}


def _held_json(each: Quarantined) -> Json:
    return {
        "report": report_id_text(each.report_id),
        "partner": each.partner,
        "signed_at": to_text(each.signed_at),
        "arrived_at": to_text(each.at),
    }


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
