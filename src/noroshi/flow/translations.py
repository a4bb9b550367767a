"""Translations of a report: additions, each by its author; what was written stays authoritative."""

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from noroshi.core.chains import form_of
from noroshi.core.instant import to_text
from noroshi.core.kinds.translation import KIND, Translation
from noroshi.core.partner import DeskAddress
from noroshi.core.report import CANCELLATION, report_id_text
from noroshi.flow.chain_tables import Referrer
from noroshi.flow.tables import Tables


def translations_json(
    tables: Tables, report_id: bytes, referrers: Iterable[Referrer], texts: Mapping[str, object]
) -> list[dict[str, object]]:
    """Return the translations among what refers to a report, in the order they came.

    `texts` is what is said now, by field: what was translated and says something else by now is
    told apart.
    """
    found: list[dict[str, object]] = []
    for each in referrers:
        stored = tables.reports.get(each.id) if each.kind == KIND.name else None
        form = None if stored is None else form_of(stored.content)
        changes = tables.reports.changes(each.sender, each.id)
        if form is None or any(change.kind == CANCELLATION for change in changes):
            continue
        try:
            said = msgspec.convert(form.fields, Translation)
        except msgspec.ValidationError:
            continue
        if said.translates != report_id_text(report_id):
            continue
        found.append(
            {
                "report": report_id_text(each.id),
                "from": str(DeskAddress(each.from_desk, each.sender)),
                "at": to_text(each.created_at),
                "into": said.into,
                "made_by": said.made_by,
                "translator": said.translator,
                "texts": [
                    {
                        "field": one.field,
                        "text": one.text,
                        "holds": one.of == digest_of(texts.get(one.field)),
                    }
                    for one in said.texts
                ],
            }
        )
    return found


def digest_of(text: object) -> str:
    """Return the digest that a translation names the words by, "" of what is no text."""
    return hashlib.sha256(text.encode()).hexdigest() if isinstance(text, str) else ""
