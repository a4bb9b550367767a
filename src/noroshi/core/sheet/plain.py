"""A sheet as lines of text: for terminals, for mail, and for who compares two of them."""

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final, assert_never

from noroshi.core.lexicon import figures
from noroshi.core.lexicon.lexicon import Language
from noroshi.core.sheet.blocks import (
    Banner,
    Block,
    Cut,
    Gap,
    Head,
    Label,
    Line,
    Span,
    Tone,
    Values,
    Words,
)
from noroshi.core.sheet.visible import visible

_BAR: Final = "| "
"""Behind it stands what somebody wrote: so no body can look like a banner."""
_MARK: Final = "* "
_INSET: Final = "  "
_MARGIN: Final = "  "
_WIDE: Final = frozenset("WF")


def plain(blocks: Iterable[Block], language: Language) -> str:
    r"""Return a sheet as text; the writer's own words stand behind a bar, below their label.

    >>> blocks = [Values(Label("Secteur"), ("Énergie",)), Words("One.", "en", Label("Texte"))]
    >>> plain(blocks, Language.FRENCH)
    'Secteur\xa0: Énergie\nTexte\n| One.\n'
    """
    found = ("".join(span.text for span in spans) for spans in text_lines(blocks, language))
    return "".join(f"{line.rstrip()}\n" for line in found)


def text_lines(blocks: Iterable[Block], language: Language) -> Iterator[tuple[Span, ...]]:
    """Yield the lines of a sheet, all of them harmless to show."""
    for block in blocks:
        for spans in _lines(block, language):
            yield tuple(Span(visible(span.text), span.tone, span.state) for span in spans)


def _lines(block: Block, language: Language) -> list[tuple[Span, ...]]:
    lines: list[tuple[Span, ...]]
    match block:
        case Banner():
            status = f"   *** {block.status} ***" if block.status else ""
            lines = [(Span(block.marking + status, Tone.BANNER),)]
        case Line():
            lines = [(Span(_INSET), *block.spans) if block.is_inset else block.spans]
        case Head():
            lines = _head(block)
        case Label():
            lines = [(_label(block),)]
        case Values():
            label = _label(block.label)
            named = Span(label.text + figures.colon(language), label.tone)
            lines = [(named, Span("; ".join(block.values)))]
        case Words():
            lines = [] if block.label is None else [(_label(block.label),)]
            lines += [(Span(_BAR + each),) for each in block.text.split("\n")]
        case Cut():
            lines = [(Span(f"- - - - - {block.text} - - - - -", Tone.QUIET),)]
        case Gap():
            lines = [()]
        case _:
            assert_never(block)
    return lines


def _label(label: Label) -> Span:
    tone = Tone.STRONG if label.is_known else Tone.ALERT
    return Span((_MARK if label.is_changed else "") + label.text, tone)


def _head(head: Head) -> list[tuple[Span, ...]]:
    """Return labels and values in two columns."""
    widest = max((_width(label) for label, _ in head.rows), default=0)
    return [
        (Span(label + " " * (widest - _width(label)) + _MARGIN, Tone.QUIET), value)
        for label, value in head.rows
    ]


def _width(text: str) -> int:
    """Return how many columns a label takes: letters of East Asia take two."""
    return sum(2 if unicodedata.east_asian_width(each) in _WIDE else 1 for each in text)
