"""A draft: what another system wrote, as the report JSON that `send` takes.

A draft never says less of who may have it than what it was made from. What the form has no field
for is in `original`, whole.
"""

import hashlib
import json
from collections.abc import Mapping
from itertools import accumulate, takewhile
from typing import Final, cast

import msgspec

from noroshi.core.errors import InputError
from noroshi.core.marking.label import Marking
from noroshi.core.report import MAX_SUBJECT

_ELLIPSIS: Final = "…"


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A report that nobody has sent yet."""

    kind: str
    subject: str
    marking: Marking | None = None
    """None: it came without a restriction; the node's own default holds."""
    status: str | None = None
    precedence: str | None = None
    fields: Mapping[str, object]
    keeps_file: bool = False
    """Whether `original` is the file that it was made of, and not what the report has of itself."""
    remarks: tuple[str, ...] = ()
    """What whoever sends it should know, one sentence each."""


def report_json(draft: Draft) -> dict[str, object]:
    """Return a draft as a report JSON.

    Raises:
        InputError: a field of it has the name of what its head says.
    """
    head: dict[str, object] = {"noroshi": 1, "kind": draft.kind, "subject": draft.subject}
    if draft.marking is not None:
        head["marking"] = str(draft.marking)
    if draft.status is not None:
        head["status"] = draft.status
    if draft.precedence is not None:
        head["precedence"] = draft.precedence
    taken = {"noroshi", "kind", "subject", "marking", "status", "precedence"} & draft.fields.keys()
    if taken:
        raise InputError(
            "bad-import", f"a field of the form is called {min(taken)}, as its head is"
        )
    return {**head, **draft.fields}


def original(format_of: str, text: str) -> dict[str, object]:
    """Return what another system wrote as the field that keeps it whole."""
    return {"format": format_of, "content": text}


def apart(draft: Draft, raw: bytes) -> Draft:
    """Return a draft whose original goes along as a file with these bytes."""
    if not draft.keeps_file:
        return draft
    format_of = cast("dict[str, object]", draft.fields["original"])["format"]
    digest = {"format": format_of, "sha256": hashlib.sha256(raw).hexdigest()}
    return msgspec.structs.replace(draft, fields={**draft.fields, "original": digest})


def one_line(text: str, longest: int = MAX_SUBJECT) -> str:
    """Return a text as one line of printable characters, an ellipsis at its end if it is cut.

    >>> one_line("Operation   Ghost ", 11)
    'Operation …'
    """
    return cut(" ".join(_printable(text).split()), longest)


def cut(text: str, longest: int) -> str:
    """Return a text with its spaces and no line break, an ellipsis at its end if it is cut."""
    plain = _printable(text)
    return plain if len(plain) <= longest else plain[: longest - 1] + _ELLIPSIS


def paragraphs(lines: list[str], longest: int) -> str:
    """Return lines as a text; those that find no room are left out, which an ellipsis says."""
    text = "\n".join(lines)
    if len(text) <= longest:
        return text
    sizes = accumulate(len(line) + 1 for line in lines)
    kept = takewhile(
        lambda each: each[1] <= longest - len(_ELLIPSIS), zip(lines, sizes, strict=True)
    )
    return "\n".join([*(line for line, _ in kept), _ELLIPSIS])


def as_json(value: object) -> str:
    """Return JSON values as they are kept: no white space, names in their order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _printable(text: str) -> str:
    if text.isprintable():  # most are: the slow way is for what is not
        return text
    return "".join(c if c.isprintable() else " " for c in text)
