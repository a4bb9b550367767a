"""Answers about partners: cards, digits, states."""

from functools import partial
from typing import Final

from noroshi.core.directory.card import SignedCard, claimed_card, read_armour, verify_card
from noroshi.core.directory.notice import MAX_REASON
from noroshi.core.directory.repository import lacking, read_bundle
from noroshi.core.directory.revocation import read_revocation
from noroshi.core.errors import InputError, NotFoundError, RefusalError
from noroshi.core.instant import Instant, from_text, to_text
from noroshi.core.partner import PartnerState
from noroshi.core.precedence import Precedence
from noroshi.core.report import check_person, report_id_text
from noroshi.flow import cards, directories, directory, opening, receive, revocations, views
from noroshi.flow.directories import directory_json
from noroshi.flow.house import House
from noroshi.flow.records import KnownPartner, Quarantined
from noroshi.flow.requests import (
    AddPartner,
    Answer,
    DecideQuarantined,
    Json,
    PartnerNumber,
    RevokePartner,
    VerifyPartner,
)
from noroshi.flow.tables import Tables

_SHORTEST_PREFIX: Final = 4


def own_card(house: House) -> Answer:
    """Give this node's card."""
    with house.store.read() as tables:
        own, kept = tables.partners.own_card(), tables.directories.own()
    if own is None:
        raise NotFoundError("not-initialised", "this node has no card yet; run 'noroshi init'")
    card = own.card
    # A card that is newer than the directory goes alone until the node was served again.
    is_named = kept is not None and kept.directory.card_digest == own.digest
    beside = lacking(kept, b"", 0, 0).armoured if kept is not None and is_named else ""
    return {
        "partner": card.partner,
        "name": card.name,
        "state": "VERIFIED",
        "peer_url": card.peer_url,
        "desks": list(card.desks),
        "number": card.serial,
        "root_version": kept.directory.root_version if kept is not None and is_named else None,
        "armoured": own.armoured + beside,
    }


def add_partner(house: House, request: AddPartner) -> Answer:
    """Take a partner's card."""
    raw, bundle = read_armour(request.card), read_bundle(request.card)
    identity, by = house.identity(), check_person(request.by)
    claimed = SignedCard(claimed_card(raw), raw)
    if bundle is not None and bundle.partner != claimed.card.partner:
        msg = "the card and the directory in the file are of two partners; ask for a whole one"
        raise InputError("bad-directory", msg)
    with house.store.read() as tables:
        known = tables.partners.get(claimed.card.partner)
        before = tables.directories.of(claimed.card.partner)
    same = known if known is not None and known.signed_card.raw == raw else None
    if same is not None and bundle is None:
        return partner_json(house, same)
    if known is not None and same is None and known.state is not PartnerState.REVOKED:
        # In words about the card, where it does not follow, not about its directory.
        cards.check_follows(known.signed_card, claimed)
    heard = None
    if bundle is None:
        # Under the root key alone; where a directory is known, it decides.
        others = before.kept.directory.card_keys if before else ()
        signed = verify_card(raw, house.primitives, others)
    else:
        if before and before.kept.directory.identity != claimed.card.root_digest:
            before = None
        try:
            heard, signed = directories.read(
                identity, bundle, claimed, before, house.clock.now(), by_hand=True
            )
        except RefusalError as error:
            if same is not None and error.code == "directory-older":
                return partner_json(house, same)
            raise
    act = partial(
        directory.add_partner, signed=signed, entropy=house.entropy, by=by, heard=heard,
        digest=bundle.digest if bundle else b"",
    )  # fmt: skip
    return partner_json(house, house.store.perform(act))


def partner_json(house: House, known: KnownPartner) -> Json:
    """Return a partner, and what is known of its directory."""
    with house.store.read() as tables:
        return _partner_json(tables, known, house.clock.now())


def _partner_json(tables: Tables, known: KnownPartner, now: Instant) -> Json:
    alike = directory.resembling(tables, known.signed_card.card.partner)
    told = views.partner_json(known) | {"resembles": list(alike)}
    return told | directory_json(tables, known, now)


def partners(house: House) -> Answer:
    """List the partners."""
    with house.store.read() as tables:
        now = house.clock.now()
        return [_partner_json(tables, known, now) for known in tables.partners.all()]


def partner_number(house: House, request: PartnerNumber) -> Answer:
    """Give the sixty digits to compare."""
    with house.store.read() as tables:
        number = directory.number_of(tables, request.partner)
        alike = directory.resembling(tables, request.partner)
    return {"partner": request.partner, "number": number, "resembles": list(alike)}


def _revoke_own(house: House, request: RevokePartner) -> Answer:
    """Let the own directory say that the keys of earlier cards of this node are void."""
    with house.store.read() as tables:
        card, own = tables.partners.own_card(), tables.directories.own()
    directory = own.directory if own else None
    custodians = directory.root_keys if directory else ()
    signed = read_revocation(request.notice, house.primitives, custodians)
    word = signed.revocation
    told = (word.partner, signed.root_digest)
    if card is None or told != (house.me, card.card.root_digest) or not signed.counts(directory):
        raise InputError("bad-revocation", "it is not the word of this node's own root")
    if card.card.serial <= word.card:
        msg = "this node still has the card that it is about: restore it with --new-keys first"
        raise InputError("bad-revocation", msg)
    house.identity()
    act = partial(
        revocations.revoke_own, signed=signed, by=check_person(request.by) or "", me=house.me,
        entropy=house.entropy,
    )  # fmt: skip
    house.store.perform(act)
    return {"partner": house.me, "state": "VERIFIED", "since": to_text(word.since)}


def revoke_partner(house: House, request: RevokePartner) -> Answer:
    """Trust a partner's keys no more."""
    if request.partner == house.me and request.notice:
        return _revoke_own(house, request)
    now, identity = house.clock.now(), house.identity()
    with house.store.read() as tables:
        known, heard = tables.partners.get(request.partner), tables.directories.of(request.partner)
    told_by = heard.kept.directory if heard else None
    signed = (
        read_revocation(request.notice, house.primitives, told_by.root_keys if told_by else ())
        if request.notice
        else None
    )
    if known is None:
        msg = f"no partner {request.partner!r} is known; see 'noroshi partner list'"
        raise NotFoundError("unknown-partner", msg)
    told = (signed.revocation.partner, signed.root_digest) if signed else None
    if told not in (None, (request.partner, known.signed_card.card.root_digest)):
        msg = f"the revocation is not by the root under which {request.partner} is known here"
        raise InputError("bad-revocation", msg)
    if signed is not None and not signed.counts(told_by):
        count = told_by.threshold if told_by else 1
        msg = (
            f"the root of {request.partner} has custodians, of whom {count} have to sign; "
            f"{len(signed.signers)} did (noroshi root revoke --onto FILE)"
        )
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
