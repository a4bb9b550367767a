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
    not_counted: tuple[Referrer, ...]
    """Reports that pass for signatures of it and do not verify, or are somebody else's."""

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
    gathered, others = _gathered(tables, known, stored, identity)
    return Statement(known, text, fields, tuple(gathered), tuple(others))


def counts(
    tables: Tables,
    stored: StoredReport,
    identity: Identity,
    desks: Collection[str] | None = None,
) -> bool:
    """Say whether a report brings a signature that verifies, under a statement that is here."""
    for each in stored.content.references:
        of = tables.reports.get(each)
        try:
            found = None if of is None else statement_of(tables, of, identity, desks)
        except InputError:
            found = None
        if found is not None and any(stored.id == one.report_id for one in found.gathered):
            return True
    return False


def _gathered(
    tables: Tables, known: KnownChain, stored: StoredReport, identity: Identity
) -> tuple[list[Gathered], list[Referrer]]:
    """Return the signatures that count, and what only passes for one."""
    members = {report.id for report in known.reports}
    found: list[Gathered] = []
    others: list[Referrer] = []
    for each in tables.chains.referrers(known.first, stored.head.sender, members):
        if each.kind != SIGNATURE.name or _is_cancelled(tables, each):
            continue
        signed = _signed(tables, each, identity)
        if signed is not None and _is_of(signed.signature, each.sender, known.first):
            found.append(Gathered(signed, each.id))
        else:
            others.append(each)
    return found, others


def _is_of(signature: joint.Signature, sender: str, statement_id: bytes) -> bool:
    """Say whether a signature is its sender's own, under this statement; not whether it holds."""
    return (signature.signatory, signature.statement_id) == (sender, statement_id)


def _signed(tables: Tables, referrer: Referrer, identity: Identity) -> joint.SignedText | None:
    """Return the signature that a report brings, by its sender's own keys; None: there is none."""
    report = tables.reports.get(referrer.id)
    form = None if report is None else form_of(report.content)
    raw = None if form is None else joint.signature_in(form.fields)
    card = _card(tables, referrer.sender, identity)
    if raw is None or card is None:
        return None
    try:
        read = joint.read_signature(raw, card.signers(Purpose.REPORT), identity.primitives)
    except RefusalError:
        return None
    return joint.SignedText(read, raw)


def _is_cancelled(tables: Tables, referrer: Referrer) -> bool:
    """Say whether a signatory has taken its signature back."""
    changes = tables.reports.changes(referrer.sender, referrer.id)
    return any(change.kind == CANCELLATION for change in changes)


def _card(tables: Tables, partner: str, identity: Identity) -> Card | None:
    return identity.card.card if partner == identity.me else card_of(tables, partner)
