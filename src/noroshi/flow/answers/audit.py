"""Answers for auditors and administrators: journal, witnesses, proofs, what is wrong."""

import msgspec

from noroshi.core.errors import NotFoundError
from noroshi.core.instant import Instant, to_text
from noroshi.core.partner import PartnerState
from noroshi.core.report import report_id_text
from noroshi.core.tlog.checkpoint import parse_note
from noroshi.core.tlog.cosignature import note_in
from noroshi.flow import audit, proofs, sightings, views
from noroshi.flow.house import House
from noroshi.flow.requests import (
    Answer,
    HeldCheckpoint,
    Json,
    MakeProof,
    VerifyJournal,
)
from noroshi.flow.witness_tables import Proven

_NOTE_BEGINS = b"noroshi/"
"""A checkpoint is text, a proof is not."""


def verify_journal(house: House, request: VerifyJournal) -> Answer:
    """Compute the journal anew."""
    with house.store.read() as tables:
        own = tables.partners.own_card()
        if own is None:
            raise NotFoundError("not-initialised", "this node has no card yet; run 'noroshi init'")
        others = {k.signed_card.card.partner: k.signed_card.card for k in tables.partners.all()}
        cards = {**others, house.me: own.card}
        witnessed: list[sightings.Witnessed] = []
        for raw in request.proofs:
            if raw.startswith(_NOTE_BEGINS):
                known = others.values()
                witnessed += sightings.cosigned_in(raw, own.card, known, house.primitives)
            else:
                witnessed += proofs.witnessed_in(raw, house.me, cards, house.primitives)
        state = audit.verify_journal(tables, own.card, house.primitives, witnessed=tuple(witnessed))
    return {
        "ok": state.bad_between is None,
        "size": state.size,
        "root": state.root.hex(),
        "bad_between": list(state.bad_between) if state.bad_between else None,
        "reason": state.reason,
        "witnessed": {partner: _sighting(seen) for partner, seen in state.witnessed.items()},
    }


def journal_head(house: House) -> Answer:
    """Say how long the journal is, and give its newest checkpoint."""
    with house.store.read() as tables:
        note, size = tables.journal.newest_note(), tables.journal.size
    told = parse_note(note) if note else None
    return {
        "size": size,
        "checkpoint": note.decode() if note else None,
        "checkpoint_size": told.size if told else None,
        "root": told.root.hex() if told else None,
    }


def witnesses(house: House) -> Answer:
    """Say of each partner how far its journal is proven here, and what it cosigned of this one."""
    with house.store.read() as tables:
        cosigned = {kept.partner: kept for kept in tables.witness.cosignatures()}
        broken = [conflict.partner for conflict in tables.witness.conflicts()]
        told: list[Json] = []
        for known in tables.partners.all():
            name = known.signed_card.card.partner
            if known.state is not PartnerState.VERIFIED:
                continue
            proven, kept = tables.witness.proven(name), cosigned.get(name)
            told.append(
                {
                    "partner": name,
                    "state": _state(proven),
                    "proven": _proven(proven),
                    "cosigned": _sized(kept.size, kept.at) if kept else None,
                    "conflicts": broken.count(name),
                }
            )
    return told


def held_checkpoint(house: House, request: HeldCheckpoint) -> Answer:
    """Give the newest checkpoint of a partner that was verified here, with the cosignature."""
    with house.store.read() as tables:
        proven = tables.witness.proven(request.partner)
    if proven is None or not proven.cosigned:
        msg = (
            f"no checkpoint of {request.partner} is verified here yet; the next comms check that "
            "it answers brings one"
        )
        raise NotFoundError("not-found", msg)
    size = parse_note(note_in(proven.cosigned)).size
    told: Json = {"partner": request.partner, "checkpoint": proven.cosigned.decode()}
    return told | _sized(size, proven.at)


def conflicts(house: House) -> Answer:
    """List the evidence against partners: two signed checkpoints each."""
    with house.store.read() as tables:
        return [
            {
                "partner": kept.partner,
                "at": to_text(kept.at),
                "one": kept.one.decode(),
                "other": kept.other.decode(),
            }
            for kept in tables.witness.conflicts()
        ]


def _state(proven: Proven | None) -> str:
    if proven is None:
        return "NOT_YET"
    if proven.is_broken:
        return "CONFLICT"
    return "UNPROVEN" if proven.missed or not proven.cosigned else "PROVEN"


def _proven(proven: Proven | None) -> Json | None:
    if proven is None or not proven.cosigned:
        return None
    return _sized(parse_note(note_in(proven.cosigned)).size, proven.at)


def _sized(size: int, at: Instant) -> Json:
    return {"size": size, "at": to_text(at)}


def _sighting(seen: sightings.Sighting) -> Json:
    """Return what a partner signed to have seen."""
    return {
        "size": seen.size,
        "at": None if seen.at is None else to_text(seen.at),
        "cosigned": seen.cosigned,
        "cosigned_at": None if seen.cosigned_at is None else to_text(seen.cosigned_at),
    }


def make_proof(house: House, request: MakeProof) -> Answer:
    """Make the proof about a report."""
    with house.store.read() as tables:
        report_id = views.resolve(tables, request.report)
        proof = proofs.make_proof(tables, report_id, house.me)
    return {"report": report_id_text(report_id), "proof": proof}


def examine(house: House) -> Answer:
    """Say what is wrong with the node."""
    return [msgspec.structs.asdict(check) for check in house.examine()]
