"""Answers for auditors and administrators: journal, proofs, what is wrong."""

import msgspec

from noroshi.core.errors import NotFoundError
from noroshi.core.report import report_id_text
from noroshi.flow import audit, views
from noroshi.flow.house import House
from noroshi.flow.requests import (
    Answer,
    MakeProof,
    VerifyJournal,
)


def verify_journal(house: House, request: VerifyJournal) -> Answer:
    """Compute the journal anew."""
    with house.store.read() as tables:
        own = tables.partners.own_card()
        if own is None:
            raise NotFoundError("not-initialised", "this node has no card yet; run 'noroshi init'")
        cards = {k.signed_card.card.partner: k.signed_card.card for k in tables.partners.all()}
        cards[house.me] = own.card
        witnessed = tuple(
            view
            for proof in request.proofs
            for view in audit.witnessed_in(proof, house.me, cards, house.primitives)
        )
        state = audit.verify_journal(tables, own.card, house.primitives, witnessed=witnessed)
    return {
        "ok": state.bad_between is None,
        "size": state.size,
        "root": state.root.hex(),
        "bad_between": list(state.bad_between) if state.bad_between else None,
        "reason": state.reason,
        "witnessed": dict(state.witnessed),
    }


def make_proof(house: House, request: MakeProof) -> Answer:
    """Make the proof about a report."""
    with house.store.read() as tables:
        report_id = views.resolve(tables, request.report)
        proof = audit.make_proof(tables, report_id, house.me)
    return {"report": report_id_text(report_id), "proof": proof}


def examine(house: House) -> Answer:
    """Say what is wrong with the node."""
    return [msgspec.structs.asdict(check) for check in house.examine()]
