"""Draft: from what somebody wrote to a plan in which every choice is made.

Nothing is decided here about whether a report may go; that is :mod:`noroshi.flow.send`'s, on the
writer, where nothing can change meanwhile.
"""

import mimetypes
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from noroshi.core.areas import with_areas
from noroshi.core.envelope import suite
from noroshi.core.envelope.head import AttachmentDigest
from noroshi.core.errors import InputError
from noroshi.core.instant import Instant
from noroshi.core.kinds.check import check_form
from noroshi.core.kinds.kind import Kind, all_kinds
from noroshi.core.lexicon.lexicon import Lexicon
from noroshi.core.marking.combine import combine
from noroshi.core.marking.label import Marking
from noroshi.core.marking.rules import Rules
from noroshi.core.marking.whole import Part, check_whole, distinct
from noroshi.core.partner import DeskAddress
from noroshi.core.precedence import Precedence, Status
from noroshi.core.recognition import CLEARED, UPDATES, Recognised, check_names, recognise
from noroshi.core.report import (
    MAX_ADDRESSEES,
    Attachment,
    Content,
    check_kind,
    check_person,
    check_subject,
    new_report_id,
)
from noroshi.flow.plan import Plan
from noroshi.flow.ports import Entropy
from noroshi.flow.records import StagedBlob

_UNKNOWN_TYPE: Final = "application/octet-stream"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants sent; None where the body or the node decides."""

    body: bytes
    action: tuple[str, ...]
    info: tuple[str, ...] = ()
    precedence: str | None = None
    info_precedence: str | None = None
    kind: str | None = None
    change: str | None = None
    """A kind that a node gives by itself, such as those of `CHANGES`."""
    subject: str | None = None
    marking: str | None = None
    status: str | None = None
    expires_at: Instant | None = None
    as_text: bool = False
    from_desk: str | None = None
    drafter: str | None = None
    references: tuple[bytes, ...] = ()
    below_line_of: bytes | None = None
    areas: tuple[str, ...] = ()
    """Codes of the areas of cooperation that it is about."""
    report_id: bytes | None = None
    """Chosen by the caller, so that asking twice sends once."""


class EncryptedFile(msgspec.Struct, frozen=True):
    """A file that was staged as an encrypted blob."""

    name: str
    key: bytes
    iv: bytes
    salt: bytes
    blob: StagedBlob
    parts: tuple[Part, ...] = ()
    """What it says of its markings."""

    def __repr__(self) -> str:
        return f"EncryptedFile({self.blob.blob_id.hex()[:8]}, key hidden)"


def plan(
    order: Order,
    files: Sequence[EncryptedFile],
    *,
    own_desks: tuple[str, ...],
    default_marking: str,
    rules: Rules,
    lexicon: Callable[[], Lexicon],
    now: Instant,
    entropy: Entropy,
) -> Plan:
    """Return the order with every choice made, from what it says, its body, and the node's own.

    Raises:
        InputError: something in it cannot be used, or is marked higher than the whole.
    """
    found = recognise(order.body, as_text=order.as_text)
    check_names(found)
    attached = [part for file in files for part in file.parts]
    found = msgspec.structs.replace(found, parts=distinct((*found.parts, *attached)))
    kind = order.change or check_kind(order.kind or found.kind)
    status = Status.parse(order.status or found.status or "actual")
    # An exercise plays at a time of its own.
    written_at = now if status is Status.ACTUAL else None
    _check_form(found, all_kinds().get(found.kind if order.change else kind), lexicon, written_at)
    precedence = Precedence.parse(order.precedence or found.precedence or "routine")
    from_desk = order.from_desk or own_desks[0]
    if from_desk not in own_desks:
        msg = f"this node has no desk {from_desk!r}; it has {', '.join(own_desks)}"
        raise InputError("unknown-desk", msg)
    if order.expires_at is not None and order.expires_at <= now:
        raise InputError("expired", "the time of --expires is already over")
    action, info = _addresses(order.action), _addresses(order.info)
    if not action and not info:
        raise InputError("bad-input", "nobody is addressed; use --to DESK@PARTNER")
    content = Content(
        kind=kind,
        subject=check_subject(found.subject if order.subject is None else order.subject),
        from_desk=from_desk,
        drafter=check_person(order.drafter),
        releaser=None,
        action=action,
        info=tuple(address for address in info if address not in action),
        references=order.references,
        media_type=with_areas(found.media_type, order.areas),
        body=order.body,
        attachments=tuple(map(_attachment, files)),
    )
    _check_attachments(content)
    marking = _marking(order, found, default_marking, rules)
    return Plan(
        report_id=order.report_id or new_report_id(entropy.draw(suite.ID_SIZE)),
        content=content,
        precedence=precedence,
        info_precedence=Precedence.parse(order.info_precedence or precedence.name),
        status=status,
        marking=marking,
        expires_at=order.expires_at,
        attachments=tuple(
            AttachmentDigest(f.blob.blob_id, f.blob.size, f.blob.digest) for f in files
        ),
        dragged=tuple(p for p in found.parts if p.marking.policy and p.marking != marking),
        below_line_of=order.below_line_of,
    )


def _check_form(
    found: Recognised, kind: Kind | None, lexicon: Callable[[], Lexicon], now: Instant | None
) -> None:
    """Return if a form may be sent. Of an update the whole is looked at, with what was said before.

    Raises:
        InputError: it may not.
    """
    for name in (UPDATES, CLEARED):
        if name in found.fields:
            msg = (
                f"{name!r} cannot be used: an update has the whole id of the first report in "
                f"{UPDATES!r}, and a list of names in {CLEARED!r}. See: noroshi update --help"
            )
            raise InputError("bad-form", msg)
    if kind is not None and found.fields and found.updates is None:
        check_form(kind, found.fields, lexicon(), now)


def _marking(order: Order, found: Recognised, default_marking: str, rules: Rules) -> Marking:
    """Return the marking of the whole: as told, or the narrowest that its parts allow together.

    The default marking stands for what has none of its own; where there are portions, all has.

    Raises:
        InputError: it is not known, or does not cover a part.
    """
    told = found.marking if order.marking is None else order.marking
    if told is not None:
        whole = Marking.parse(told)
        check_whole(whole, found.parts, rules)
        return whole
    if not found.parts:
        return Marking.parse(default_marking)
    default = Part("the rest", Marking.parse(default_marking))
    parts = found.parts if found.portions else (default, *found.parts)
    try:
        return combine([part.marking for part in parts], rules)
    except InputError as error:
        names = ", ".join(f"{part.name} {part.marking}" for part in parts)
        msg = f"{error.message} ({names}); say how the whole is marked: --marking MARK"
        raise InputError(error.code, msg) from None


def _addresses(texts: Sequence[str]) -> tuple[DeskAddress, ...]:
    addresses = tuple(dict.fromkeys(map(DeskAddress.parse, texts)))
    if len(addresses) > MAX_ADDRESSEES:
        msg = f"a report goes to at most {MAX_ADDRESSEES} desks"
        raise InputError("bad-input", msg)
    return addresses


def _attachment(file: EncryptedFile) -> Attachment:
    return Attachment(
        name=file.name,
        media_type=mimetypes.guess_type(file.name, strict=False)[0] or _UNKNOWN_TYPE,
        size=file.blob.plain_size,
        blob_id=file.blob.blob_id,
        key=file.key,
        iv=file.iv,
        salt=file.salt,
    )


def _check_attachments(content: Content) -> None:
    names = [attachment.name for attachment in content.attachments]
    if len(names) > suite.MAX_ATTACHMENTS:
        msg = f"a report has at most {suite.MAX_ATTACHMENTS} attachments"
        raise InputError("bad-input", msg)
    if len(set(names)) != len(names):
        raise InputError("bad-input", "two attachments have the same name; rename one")
    for name in names:
        if not name or len(name.encode()) > 255 or not name.isprintable() or "/" in name:  # noqa: PLR2004
            msg = f"{name!r} cannot name an attachment; use one printable line"
            raise InputError("attachment-unreadable", msg)
