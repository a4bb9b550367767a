"""Joint statements at this node: what is to be signed, and who has signed it so far."""

from collections.abc import Collection, Mapping

import msgspec

from noroshi.core import joint
from noroshi.core.chains import form_of
from noroshi.core.directory.card import Card
from noroshi.core.envelope.keys import Purpose
from noroshi.core.errors import InputError, RefusalError
from noroshi.core.kinds.joint_signature import KIND as SIGNATURE
from noroshi.core.kinds.joint_statement import KIND as STATEMENT
from noroshi.core.report import CANCELLATION
from noroshi.flow.chain_tables import Referrer
from noroshi.flow.chains import KnownChain, chain_of, too_large
from noroshi.flow.consents import card_of
from noroshi.flow.records import Identity, StoredReport
from noroshi.flow.tables import Tables


class Gathered(msgspec.Struct, frozen=True):
    """A signature that verifies against its signatory's card of today."""

    signed: joint.SignedText
    report_id: bytes
    """The report that brought it."""


class Statement(msgspec.Struct, frozen=True):
    """A joint statement as it holds here."""

    known: KnownChain
    text: joint.Text
    fields: Mapping[str, object]
    gathered: tuple[Gathered, ...]
    """All that was signed of it, of earlier texts too, the earliest first."""

    @property
    def holding(self) -> dict[str, Gathered]:
        """What was signed of exactly this text, by signatory."""
        return {
            each.signed.signature.signatory: each
            for each in self.gathered
            if joint.is_under(each.signed.signature, self.text, each.signed.signature.signatory)
        }

    @property
    def missing(self) -> tuple[str, ...]:
        """The signatories who have not signed it."""
        return tuple(each for each in self.text.signatories if each not in self.holding)


def statement_of(
    tables: Tables,
    stored: StoredReport,
    identity: Identity,
    desks: Collection[str] | None = None,
) -> Statement:
    """Return the joint statement that a report is of.

    Raises:
        InputError: it is none, or one that cannot be signed yet.
    """
    known = chain_of(tables, stored, desks)
    if known is None or known.kind != STATEMENT.name:
        raise InputError("bad-input", "that report is no joint statement")
    if known.is_too_large:
        raise too_large()
    fields = known.chain.present
    text = joint.Text.of(known.first, fields)
    return Statement(known, text, fields, tuple(_gathered(tables, known, stored, identity)))


def _gathered(
    tables: Tables, known: KnownChain, stored: StoredReport, identity: Identity
) -> list[Gathered]:
    members = {report.id for report in known.reports}
    found: list[Gathered] = []
    for each in tables.chains.referrers(known.first, stored.head.sender, members):
        signed = tables.reports.get(each.id) if each.kind == SIGNATURE.name else None
        form = None if signed is None else form_of(signed.content)
        raw = None if form is None else joint.signature_in(form.fields)
        card = _card(tables, each.sender, identity)
        if raw is None or card is None or _is_cancelled(tables, each):
            continue
        try:
            signature = joint.read_signature(raw, card.signers(Purpose.REPORT), identity.primitives)
        except RefusalError:
            continue
        if (signature.signatory, signature.statement_id) == (each.sender, known.first):
            found.append(Gathered(joint.SignedText(signature, raw), each.id))
    return found


def _is_cancelled(tables: Tables, referrer: Referrer) -> bool:
    """Say whether a signatory has taken its signature back."""
    changes = tables.reports.changes(referrer.sender, referrer.id)
    return any(change.kind == CANCELLATION for change in changes)


def _card(tables: Tables, partner: str, identity: Identity) -> Card | None:
    return identity.card.card if partner == identity.me else card_of(tables, partner)
