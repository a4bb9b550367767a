"""Reports: what is said, by whom, to which desks.

A report's *content* is everything that only its readers may see; its *head*
(:mod:`noroshi.core.envelope.head`) is what is signed. The body is kept byte for byte as it
was given; what it is, is recognised from the bytes (:mod:`noroshi.core.recognition`).
"""

import re
import unicodedata
from typing import Final

import msgspec
from msgspec import structs

from noroshi.core import gate
from noroshi.core.areas import areas_of, without_areas
from noroshi.core.envelope import suite
from noroshi.core.envelope.head import ReportHead
from noroshi.core.errors import InputError, RefusalError
from noroshi.core.instant import Instant
from noroshi.core.kinds.kind import all_kinds
from noroshi.core.marking.label import Marking
from noroshi.core.partner import DeskAddress, is_name
from noroshi.core.precedence import Precedence

MAX_SUBJECT: Final = 200
MAX_NOTE: Final = 1000
MAX_NAME: Final = 120
MAX_FILE_NAME: Final = 255
"""Bytes of UTF-8."""
MAX_ADDRESSEES: Final = 64

_ID: Final = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_LINE_ENDS: Final = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")

CANCELLATION: Final = "cancellation"
SUPERSESSION: Final = "supersession"
CHANGES: Final = frozenset({CANCELLATION, SUPERSESSION})
"""The kinds that a node gives a report which takes back or replaces an earlier one."""

CONSENT_REQUEST: Final = "consent-request"
CONSENT_GRANT: Final = "consent-grant"
PASSED_ON: Final = "passed-on"
"""The kinds of reports that ask for consent, give it, and enclose what is passed on with it."""
SERVICES: Final = frozenset({CONSENT_REQUEST, CONSENT_GRANT, PASSED_ON})


class Attachment(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A file that travels as an encrypted blob of its own, after the text."""

    name: str
    media_type: str
    size: int
    """Of the plaintext, in bytes."""
    blob_id: bytes
    key: bytes
    iv: bytes
    salt: bytes

    def __repr__(self) -> str:
        return f"Attachment({self.blob_id.hex()[:8]}, key hidden)"


class Content(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What only the readers of a report may see."""

    kind: str
    subject: str
    from_desk: str
    drafter: str | None
    releaser: str | None
    action: tuple[DeskAddress, ...]
    info: tuple[DeskAddress, ...]
    references: tuple[bytes, ...]
    """Ids of the reports that it answers or takes up."""
    media_type: str
    body: bytes
    attachments: tuple[Attachment, ...]

    @property
    def addressees(self) -> tuple[DeskAddress, ...]:
        """All desks, those that must act first."""
        return self.action + self.info

    @property
    def areas(self) -> tuple[str, ...]:
        """The areas of cooperation that it is about."""
        return areas_of(self.media_type)

    @property
    def body_type(self) -> str:
        """The media type of its body, without what it says of areas."""
        return without_areas(self.media_type)

    def desks_of(self, partner: str) -> tuple[str, ...]:
        """Return the desks of `partner` among the addressees."""
        return tuple(a.desk for a in self.addressees if a.partner == partner)


class Change(msgspec.Struct, frozen=True):
    """That a report was cancelled or superseded by a later one of its sender."""

    kind: str
    by_report: bytes
    at: Instant
    """When this node learnt of it."""


def report_id_text(report_id: bytes) -> str:
    """Return how a report's id is written: as a UUID."""
    digits = report_id.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def report_id_in(value: object) -> bytes | None:
    """Return the report's id that `value` writes, exactly as :func:`report_id_text` does."""
    if not isinstance(value, str) or _ID.fullmatch(value) is None:
        return None
    return bytes.fromhex(value.replace("-", ""))


def new_report_id(random: bytes) -> bytes:
    """Return the report id that 16 random bytes make: a UUID of version 4 (RFC 9562)."""
    raw = bytearray(random)
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    return bytes(raw)


def effective_precedence(head: ReportHead, content: Content, partner: str) -> Precedence:
    """Return the precedence at which a report goes to `partner`: the highest of its desks."""
    if any(addressee.partner == partner for addressee in content.action):
        return head.precedence
    return head.info_precedence


def encode_content(content: Content) -> bytes:
    """Return the bytes of `content`."""
    return gate.encode_struct(content)


def decode_content(raw: bytes) -> Content:
    """Return the content that `raw` encodes.

    Raises:
        MalformedError: it encodes none.
    """
    return gate.decode_struct(raw, Content, limit=suite.MAX_INNER)


def husk_of(content: Content) -> Content:
    """Return what stays of a content when what it says is destroyed: from whom, to whom."""
    return structs.replace(content, subject="", body=b"", attachments=())


def check_content(head: ReportHead, content: Content, me: str) -> None:
    """Return if a received `content` is whole, fits its `head`, and is meant for `me`.

    Raises:
        RefusalError: it is not.
    """
    check_fields(head, content)
    if not content.desks_of(me):
        raise RefusalError("not-addressed", "no desk of this partner is addressed")


def check_fields(head: ReportHead, content: Content) -> None:
    """Return if a received `content` is whole and fits its `head`, whomever it is meant for.

    Raises:
        RefusalError: it is not.
    """
    partners = {partner for partner, _ in head.to}
    if (
        not content.body
        or len(content.body) > suite.MAX_BODY
        or len(content.addressees) > MAX_ADDRESSEES
        or len(content.attachments) > suite.MAX_ATTACHMENTS
    ):
        raise RefusalError("malformed", "the report is empty or larger than allowed")
    if not _is_presentable(content) or any(len(r) != suite.ID_SIZE for r in content.references):
        raise RefusalError("malformed", "a field of the report is not as it must be")
    blobs = [(a.blob_id, a.size + suite.GCM_TAG_SIZE) for a in content.attachments]
    if blobs != [(a.blob_id, a.size) for a in head.attachments]:
        raise RefusalError("malformed", "the attachments are not those that were signed")
    if not all(_is_usable(attachment) for attachment in content.attachments):
        raise RefusalError("malformed", "an attachment's name, size or key is not as it must be")
    if len(set(content.addressees)) != len(content.addressees):
        raise RefusalError("malformed", "a desk is addressed twice")
    if not {addressee.partner for addressee in content.addressees} <= partners:
        raise RefusalError("malformed", "a desk is addressed whose partner is no recipient")
    try:
        Marking.parse(head.marking)
    except InputError as error:
        raise RefusalError("bad-marking", "the marking is in no written form known here") from error


def _is_presentable(content: Content) -> bool:
    """Say whether all that is shown beside the body is printable, on one line, and not too long."""
    people = [name for name in (content.drafter, content.releaser) if name is not None]
    return (
        len(content.subject) <= MAX_SUBJECT
        and content.subject.isprintable()
        and all(map(is_name, (content.kind, content.from_desk)))
        and all(0 < len(text) <= MAX_NAME for text in (*people, content.media_type))
        and all(text.isprintable() for text in (*people, content.media_type))
    )


def _is_usable(attachment: Attachment) -> bool:
    return (
        0 < len(attachment.name.encode()) <= MAX_FILE_NAME
        and attachment.name.isprintable()
        and "/" not in attachment.name
        and 0 < attachment.size <= suite.MAX_ATTACHMENT
        and len(attachment.blob_id) == suite.DIGEST_SIZE
        and len(attachment.key) == suite.KEY_SIZE
        and len(attachment.iv) == suite.IV_SIZE
        and len(attachment.salt) == suite.SALT_SIZE
    )


def check_subject(subject: str) -> str:
    """Return `subject` if it fits on one line.

    Raises:
        InputError: it does not.
    """
    if len(subject) > MAX_SUBJECT:
        msg = f"the subject has {len(subject):,} characters; at most {MAX_SUBJECT} are allowed"
        raise InputError("bad-input", msg)
    hidden = next((each for each in subject if not each.isprintable()), None)
    if hidden is not None:
        if hidden in _LINE_ENDS:
            raise InputError("bad-input", "the subject has several lines; write it on one")
        name = unicodedata.name(hidden, "a control character")
        msg = (
            f"the subject has U+{ord(hidden):04X} ({name}) at its character "
            f"{subject.index(hidden) + 1}, which no screen shows; take it out"
        )
        raise InputError("bad-input", msg)
    return subject


def check_kind(kind: str) -> str:
    """Return `kind` if it is known.

    Raises:
        InputError: it is not.
    """
    if kind not in all_kinds():
        msg = f"{kind!r} is no kind of report; use one of {', '.join(all_kinds())}"
        raise InputError("bad-input", msg)
    return kind


def check_person(name: str | None) -> str | None:
    """Return a person's name if it can be recorded.

    Raises:
        InputError: it is empty, too long or not printable.
    """
    if name is not None and (not name.strip() or len(name) > MAX_NAME or not name.isprintable()):
        msg = f"a name is one line of 1 to {MAX_NAME} characters"
        raise InputError("bad-input", msg)
    return name
