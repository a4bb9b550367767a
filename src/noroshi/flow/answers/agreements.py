"""Answers about agreements: taken, listed."""

from functools import partial

from noroshi.core.agreement import Agreement, read_agreement
from noroshi.core.areas import check_areas
from noroshi.core.instant import day_of, to_text
from noroshi.core.marking.label import Marking
from noroshi.core.report import check_person
from noroshi.flow import directories, directory
from noroshi.flow.house import House
from noroshi.flow.records import KeptAgreement
from noroshi.flow.requests import AddAgreement, Answer, Json


def add_agreement(house: House, request: AddAgreement) -> Answer:
    """Go by an agreement from now on."""
    agreement = read_agreement(request.agreement)
    _check_known(house, agreement)
    house.identity()
    act = partial(
        directory.keep_agreement,
        agreement=agreement,
        by=check_person(request.by) or "",
        me=house.me,
        entropy=house.entropy,
    )
    return _json(house, house.store.perform(act))


def _check_known(house: House, agreement: Agreement) -> None:
    """Return if the house knows the level, the caveats and the areas of an agreement.

    Raises:
        InputError: one of them would cover nothing, and nobody would see why.
    """
    policy, level = agreement.policy, agreement.level
    house.rules.level(policy, level)
    house.rules.restrictive(Marking(policy=policy, level=level, caveats=agreement.caveats))
    check_areas(agreement.areas, house.areas)


def list_agreements(house: House) -> Answer:
    """List the agreements."""
    with house.store.read() as tables:
        return [_json(house, kept) for kept in tables.agreements.all()]


def _json(house: House, kept: KeptAgreement) -> Json:
    agreement, today = kept.agreement, day_of(house.clock.now())
    state = "VALID" if agreement.is_valid(today) else "ENDED"
    if today < agreement.valid_from:
        state = "FUTURE"
    if agreement.is_ending(today):
        state = "ENDING"
    (other,) = {agreement.sender, agreement.receiver} - {house.me}
    with house.store.read() as tables:
        declared = directories.declares(tables, other, agreement)
    return {
        "reference": agreement.reference,
        "from": agreement.sender,
        "to": agreement.receiver,
        "mutual": agreement.is_mutual,
        "level": str(house.rules.level(agreement.policy, agreement.level)),
        "areas": list(agreement.areas),
        "caveats": list(agreement.caveats),
        "accepts_indicative": agreement.accepts_indicative,
        "valid_from": agreement.valid_from.isoformat(),
        "valid_until": agreement.valid_until.isoformat(),
        "state": state,
        "added_at": to_text(kept.added_at),
        "added_by": kept.added_by,
        "declared_by_partner": declared,
    }
