"""The content of a report in the compact form: head and form, one map with numbers for names.

A content has exactly one compact form for each version of the dictionary, or none. So which form
was signed need not be kept: the digest in the signed head tells (:func:`as_signed`).
"""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from noroshi.core import gate
from noroshi.core.areas import with_areas
from noroshi.core.compact.dictionary import Dictionary, Names, dictionary, newest
from noroshi.core.compact.form import Around, read_form, write_form
from noroshi.core.envelope import suite
from noroshi.core.envelope.head import salted_digest
from noroshi.core.errors import InputError, MalformedError
from noroshi.core.partner import DeskAddress
from noroshi.core.recognition import NOROSHI
from noroshi.core.report import Attachment, Content, decode_content, encode_content

MAX_COMPACT: Final = 16 * 1024
"""Bytes; what is longer gains little, and goes as it stands."""
MAX_BODY: Final = 64 * 1024

(
    _DICTIONARY, _KIND, _SUBJECT, _FROM, _DRAFTER, _RELEASER, _ACTION, _INFO, _REFERENCES, _AREAS,
    _LAYOUT, _FORM, _ATTACHMENTS,
) = range(13)  # fmt: skip
_MAP: Final = 0xA0
_NO_MAP: Final = 0xC0
_KINDS: Final = "kind"
_NAMES: Final = "name"
_AREA: Final = "area"


def compact(content: Content, version: int) -> bytes | None:
    """Return a content in the compact form, with the dictionary of that version.

    None: it would not come back exactly, or is too long for it.

    Raises:
        MalformedError: there is no such dictionary here.
    """
    words = dictionary(version)
    raw = _write(content, words)
    if raw is None or len(raw) > MAX_COMPACT:
        return None
    try:
        return raw if _read(raw)[0] == content else None
    except MalformedError:
        return None


def open_content(raw: bytes) -> Content:
    """Return the content that was signed as `raw`, in the compact form or as it stands.

    Raises:
        MalformedError: it is none, or not in the one form that it has.
    """
    if not _MAP <= (raw[0] if raw else 0) < _NO_MAP:
        return decode_content(raw)
    content, words = _read(raw)
    if _write(content, words) != raw:
        raise MalformedError("not the one compact form of its content")
    return content


def as_signed(content: Content, salt: bytes, digest: bytes) -> bytes:
    """Return the bytes of a content that `digest`, with its `salt`, was made of.

    Those as it stands, where none has that digest: then it is not what was signed.
    """
    plain = encode_content(content)
    if salted_digest(salt, plain) == digest:
        return plain
    found = (compact(content, version) for version in range(newest(), 0, -1))
    return next((raw for raw in found if raw and salted_digest(salt, raw) == digest), plain)


def _write(content: Content, words: Dictionary) -> bytes | None:
    if content.body_type != NOROSHI or len(content.body) > MAX_BODY:
        return None
    around = Around(content.kind, content.subject, content.references)
    form = write_form(content.body, around, words)
    if form is None:
        return None
    names = words.words(_NAMES)
    told: dict[int, object] = {
        _SUBJECT: content.subject,
        _DRAFTER: content.drafter,
        _RELEASER: content.releaser,
        _ACTION: _flat(names, content.action),
        _INFO: _flat(names, content.info),
        _REFERENCES: list(content.references),
        _AREAS: _numbers(words.words(_AREA).number, content.areas),
        _LAYOUT: form[0],
        _ATTACHMENTS: msgspec.to_builtins(content.attachments, builtin_types=(bytes,)),
    }
    (kind,) = _numbers(words.words(_KINDS).number, (content.kind,))
    (from_desk,) = _numbers(names.number, (content.from_desk,))
    given = {field: value for field, value in told.items() if value}
    return gate.encode(
        {_DICTIONARY: words.version, _KIND: kind, _FROM: from_desk, **given, _FORM: form[1]}
    )


def _read(raw: bytes) -> tuple[Content, Dictionary]:
    """Return the content in `raw` and its dictionary, however it is written."""
    told = gate.convert(gate.decode(raw, limit=MAX_COMPACT), dict[int, object])
    words = dictionary(gate.convert(told.get(_DICTIONARY), int))
    kind = _named(words, _KINDS, told.get(_KIND))
    subject = gate.convert(told.get(_SUBJECT, ""), str)
    references = gate.convert(told.get(_REFERENCES, []), tuple[bytes, ...])
    if any(len(each) != suite.ID_SIZE for each in references):
        raise MalformedError("an id that is none")
    body = read_form(
        gate.convert(told.get(_LAYOUT, 0), int),
        gate.convert(told.get(_FORM), list[object]),
        Around(kind, subject, references),
        words,
    )
    areas = gate.convert(told.get(_AREAS, []), list[object])
    content = Content(
        kind=kind,
        subject=subject,
        from_desk=_named(words, _NAMES, told.get(_FROM)),
        drafter=_line(told, _DRAFTER),
        releaser=_line(told, _RELEASER),
        action=_desks(words, told, _ACTION),
        info=_desks(words, told, _INFO),
        references=references,
        media_type=_media_type(tuple(_named(words, _AREA, each) for each in areas)),
        body=body,
        attachments=gate.convert(told.get(_ATTACHMENTS, []), tuple[Attachment, ...]),
    )
    return content, words


def _numbers(number: Callable[[str], int | None], names: Iterable[str]) -> list[object]:
    """Return each name by its number, or as it is where it has none."""
    found = ((name, number(name)) for name in names)
    return [name if known is None else known for name, known in found]


def _flat(names: Names, desks: Iterable[DeskAddress]) -> list[object]:
    """Return desk and partner of each address, one after the other."""
    return _numbers(names.number, [part for each in desks for part in (each.desk, each.partner)])


def _named(words: Dictionary, of: str, told: object) -> str:
    return told if isinstance(told, str) else words.words(of).at(gate.convert(told, int)).name


def _line(told: Mapping[int, object], field: int) -> str | None:
    return gate.convert(told[field], str) if field in told else None


def _desks(words: Dictionary, told: Mapping[int, object], field: int) -> tuple[DeskAddress, ...]:
    parts = [_named(words, _NAMES, each)
             for each in gate.convert(told.get(field, []), list[object])]  # fmt: skip
    if len(parts) % 2:
        raise MalformedError("a desk of nobody")
    return tuple(map(DeskAddress, parts[::2], parts[1::2]))


def _media_type(areas: tuple[str, ...]) -> str:
    with contextlib.suppress(InputError):
        return with_areas(NOROSHI, areas)
    raise MalformedError("more areas than it has room for")
