"""Areas of cooperation: what a report is about, as agreements and rules of retention count it.

They are data, never an enum: a programme ends and another one begins. In a report they stand as a
parameter of the body's media type, which every release since the first reads and shows:

    >>> told = with_areas("text/plain; charset=utf-8", ("space", "cyber-defence"))
    >>> told
    'text/plain; charset=utf-8; areas=cyber-defence.space'
    >>> areas_of(told), without_areas(told)
    (('cyber-defence', 'space'), 'text/plain; charset=utf-8')
"""

from collections.abc import Iterable
from enum import Enum
from typing import Final

import msgspec

from noroshi.core.errors import InputError
from noroshi.core.partner import is_name

_PARAMETER: Final = "; areas="
_LONGEST: Final = 120
"""Of a media type, in characters; docs/formats/envelope.md."""
LANGUAGES: Final = ("en", "ja", "fr", "ko", "id")


class Confidence(Enum):
    """Who says that something is an area of the programme."""

    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"


class Area(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An area of cooperation."""

    code: str
    status: Confidence
    source: str
    names: dict[str, str]
    """By language."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    areas: int
    """The version of this form."""
    programme: str
    list: tuple[Area, ...]


def parse_areas(raw: bytes) -> dict[str, Area]:
    """Return the areas that a file holds, by their codes.

    Raises:
        InputError: it holds none, or one of them cannot be used.
    """
    try:
        file = msgspec.json.decode(raw, type=_File)
    except msgspec.MsgspecError as error:
        raise InputError("bad-areas", f"the file holds no areas: {error}") from None
    if file.areas != 1:
        raise InputError("bad-areas", "the file of areas is of another version than 1")
    for area in file.list:
        if not is_name(area.code):
            raise InputError("bad-areas", f"{area.code!r} cannot be the code of an area")
        if not all(area.names.get(language, "").strip() for language in LANGUAGES):
            raise InputError("bad-areas", f"{area.code} lacks a name in {', '.join(LANGUAGES)}")
    found = {area.code: area for area in file.list}
    if len(found) != len(file.list) or not found:
        raise InputError("bad-areas", "there is no area, or two have the same code")
    return found


def check_areas(codes: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Return the codes of areas, each once and sorted.

    Raises:
        InputError: one of them is not known here.
    """
    wanted, there = tuple(sorted(set(codes))), set(known)
    for code in wanted:
        if code not in there:
            raise InputError(
                "bad-input", f"there is no area {code!r}; there are {', '.join(sorted(there))}"
            )
    return wanted


def with_areas(media_type: str, areas: tuple[str, ...]) -> str:
    """Return a media type that says which areas the report is about.

    Raises:
        InputError: there are more than it has room for.
    """
    if not areas:
        return media_type
    told = media_type + _PARAMETER + ".".join(sorted(areas))
    if len(told) > _LONGEST:
        msg = f"a report cannot name so many areas ({', '.join(areas)}); name those that matter"
        raise InputError("bad-input", msg)
    return told


def areas_of(media_type: str) -> tuple[str, ...]:
    """Return the areas that a media type names; none where they are not written as they must be."""
    _, _, told = media_type.partition(_PARAMETER)
    areas = tuple(told.split(".")) if told else ()
    is_right = all(map(is_name, areas)) and list(areas) == sorted(set(areas))
    return areas if is_right else ()


def without_areas(media_type: str) -> str:
    """Return a media type without what it says of areas."""
    return media_type.partition(_PARAMETER)[0] if areas_of(media_type) else media_type
