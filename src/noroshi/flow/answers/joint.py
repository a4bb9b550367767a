"""Answers about joint statements: what is to be signed, the signature, and what is published."""

import json
import re
from typing import Final

from noroshi.core import joint
from noroshi.core.chains import form_of
from noroshi.core.errors import ConflictError, InputError
from noroshi.core.instant import from_text, to_text
from noroshi.core.kinds.joint_signature import KIND as SIGNATURE
from noroshi.core.kinds.joint_statement import KIND as STATEMENT
from noroshi.core.partner import DeskAddress
from noroshi.core.report import MAX_SUBJECT, check_person, report_id_text
from noroshi.flow import draft, views
from noroshi.flow.answers.reports import commit, plan
from noroshi.flow.consents import card_of
from noroshi.flow.house import House
from noroshi.flow.joint import Statement, counts, statement_of
from noroshi.flow.records import StoredReport
from noroshi.flow.requests import Answer, Json, PublishStatement, SignStatement
from noroshi.flow.tables import Tables

_SHORTEST: Final = 32
"""Digits of a digest that name a text: nobody finds another text that begins with them."""
_BETWEEN: Final = re.compile(r"[\s:-]+")
"""What may stand between groups of digits."""


def statement_json(
    house: House, tables: Tables, stored: StoredReport, desks: tuple[str, ...] | None
) -> Json | None:
    """Return what is to be signed and who has signed it; None: the report is no joint statement."""
    form = form_of(stored.content)
    if form is None or form.kind != STATEMENT.name:
        return None
    try:
        found = statement_of(tables, stored, house.identity(), desks)
    except InputError:
        return None
    holding = found.holding
    return {
        "digest": found.text.digest.hex(),
        "signatories": list(found.text.signatories),
        "missing": list(found.missing),
        "signatures": [
            {
                "signatory": each.signed.signature.signatory,
                "by": each.signed.signature.signed_by,
                "at": to_text(each.signed.signature.signed_at),
                "holds": holding.get(each.signed.signature.signatory) == each,
                "report": report_id_text(each.report_id),
            }
            for each in found.gathered
        ],
        "not_counted": [report_id_text(each.id) for each in found.not_counted],
    }


def signature_json(
    house: House, tables: Tables, stored: StoredReport, desks: tuple[str, ...] | None
) -> Json | None:
    """Return whether a signature under a joint statement counts; None: the report is none."""
    form = form_of(stored.content)
    if form is None or form.kind != SIGNATURE.name:
        return None
    return {"counts": counts(tables, stored, house.identity(), desks)}


def sign_statement(house: House, request: SignStatement) -> Answer:
    """Sign exactly the text whose digest is named, and send the signature to all who have it.

    Raises:
        InputError: what holds is another text, or this partner does not sign it.
        ConflictError: it was cancelled, or is signed already.
    """
    identity, by = house.identity(), check_person(request.by) or ""
    with house.store.read() as tables:
        stored = views.readable(tables, views.resolve(tables, request.report))
        found = statement_of(tables, stored, identity)
        first = views.report(tables, found.known.first)
        to, left_out = _others(house, tables, first)
    _check_signing(house, found, request.digest)
    signature = joint.Signature(
        joint.VERSION, found.text.statement_id, found.text.digest, house.me, by, house.clock.now()
    )
    signed = joint.SignedText.issue(signature, identity.card.card.profile, identity.report_signers)
    subject = f"Signed: {first.content.subject or report_id_text(first.id)}"[:MAX_SUBJECT]
    body = {"noroshi": 1, "kind": SIGNATURE.name, "subject": subject, **joint.form_fields(signed)}
    own = [name for name in first.content.desks_of(house.me) if name in house.desks]
    order = draft.Order(
        body=json.dumps(body, ensure_ascii=False).encode(),
        action=to,
        precedence=first.head.precedence.name,
        marking=first.head.marking,
        status=first.head.status.value,
        areas=first.content.areas,
        from_desk=request.desk or (own[0] if own else first.content.from_desk),
        drafter=by,
        references=(first.id,),
        report_id=request.report_id,
    )
    told = commit(house, plan(house, order, []))
    return {**told, "digest": found.text.digest.hex(), "not_told": list(left_out)}


def publish_statement(house: House, request: PublishStatement) -> Answer:
    """Give the file that shows to anybody what all have signed.

    Raises:
        InputError: not all have signed exactly this, or the embargo is not over.
        ConflictError: it was cancelled.
    """
    with house.store.read() as tables:
        stored = views.readable(tables, views.resolve(tables, request.report))
        found = statement_of(tables, stored, house.identity())
    _check_standing(found)
    if found.missing:
        msg = f"{', '.join(found.missing)} have not signed it as it is now; nothing is published"
        raise InputError("not-signed", msg)
    embargo = found.text.embargo_until
    if embargo and from_text(embargo) > house.clock.now():
        raise InputError("not-signed", f"it is under embargo until {embargo}")
    holding = [found.holding[name].signed for name in found.text.signatories]
    raw = joint.publish(found.text, holding)
    return {
        "report": report_id_text(found.known.first),
        "digest": found.text.digest.hex(),
        "statement": raw.decode(),
    }


def _check_signing(house: House, found: Statement, digest: str) -> None:
    _check_standing(found)
    if house.me not in found.text.signatories:
        names = ", ".join(found.text.signatories)
        raise InputError("bad-input", f"{house.me} does not sign it; its signatories are {names}")
    digits = _BETWEEN.sub("", digest).lower()
    where = "read the text and its digest again: noroshi show ID"
    if len(digits) < _SHORTEST:
        msg = f"write the digest with {_SHORTEST} of its 64 digits or more; {where}"
        raise InputError("not-signed", msg)
    if not found.text.digest.hex().startswith(digits):
        msg = f"what holds is another text than that of the digest {digest[:80]}; {where}"
        raise InputError("not-signed", msg)
    if house.me in found.holding:
        raise ConflictError("already-signed", "it is signed already, exactly as it is now")


def _check_standing(found: Statement) -> None:
    if found.known.chain.is_cancelled:
        raise ConflictError("already-changed", "the joint statement was cancelled")


def _others(
    house: House, tables: Tables, first: StoredReport
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the desks that have a statement, those that this node knows and those it does not."""
    content = first.content
    everybody = dict.fromkeys(
        (DeskAddress(content.from_desk, first.head.sender), *content.addressees)
    )
    others = [each for each in everybody if each.partner != house.me]
    known = [each for each in others if card_of(tables, each.partner) is not None]
    left_out = [each for each in others if each not in known]
    return tuple(map(str, known)), tuple(map(str, left_out))
