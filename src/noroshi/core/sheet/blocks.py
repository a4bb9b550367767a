"""What a sheet is made of.

Texts are as they came: whoever draws them makes them harmless first, by
:func:`noroshi.core.sheet.visible.visible`.
"""

from enum import Enum

import msgspec


class Tone(Enum):
    """How loud a text is."""

    PLAIN = "plain"
    STRONG = "strong"
    QUIET = "quiet"
    ALERT = "alert"
    """What this release does not know, or what a reader must not miss."""
    BANNER = "banner"
    """How all that is shown is marked."""


class Span(msgspec.Struct, frozen=True):
    """A stretch of text."""

    text: str
    tone: Tone = Tone.PLAIN
    state: str = ""
    """A word of the line, such as FLASH, whose colour every screen knows; "": none."""


class Banner(msgspec.Struct, frozen=True, tag=True):
    """How all that is shown is marked; it stands at the top and at the bottom."""

    marking: str
    status: str = ""
    """What is not actual traffic, such as EXERCISE, in the reader's language; "": it is."""


class Line(msgspec.Struct, frozen=True, tag=True):
    """A line of the program's own words."""

    spans: tuple[Span, ...]
    is_inset: bool = False


class Head(msgspec.Struct, frozen=True, tag=True):
    """Labels and values of a report's head."""

    rows: tuple[tuple[str, Span], ...]


class Label(msgspec.Struct, frozen=True, tag=True):
    """What a field is called."""

    text: str
    is_changed: bool = False
    """Whether it differs from the first report of its chain."""
    is_known: bool = True
    """Whether this release knows the field and all its codes."""


class Values(msgspec.Struct, frozen=True, tag=True):
    """A field that reads the same for everybody."""

    label: Label
    values: tuple[str, ...]


class Words(msgspec.Struct, frozen=True, tag=True):
    """Somebody's own words, as they were written."""

    text: str
    language: str = ""
    """Of the words (BCP 47); "": nobody said."""
    label: Label | None = None
    """Of the field, with the first of its words."""


class Cut(msgspec.Struct, frozen=True, tag=True):
    """A line across the sheet: what stands below it may go further."""

    text: str


class Gap(msgspec.Struct, frozen=True, tag=True):
    """A little room."""


Block = Banner | Line | Head | Label | Values | Words | Cut | Gap
