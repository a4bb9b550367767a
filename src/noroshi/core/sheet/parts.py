"""A sheet in parts: so much at a time as a screen can show, however long a report is.

What our own forms may hold is nearly always one part. A partner's newer or hostile node may send
far more: tens of thousands of indicators, megabytes of text.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from noroshi.core.lexicon import figures
from noroshi.core.lexicon.lexicon import Language
from noroshi.core.sheet.blocks import Block, Label, Values, Words

MOST_VALUES: Final = 1_000
"""Of one field that stand together."""
MOST_LETTERS: Final = 50_000
"""Of one text that stand together."""
MOST: Final = 4_000
"""Of what a part weighs: values, blocks, and hundreds of letters."""
_LETTERS: Final = 100


def parts(blocks: Iterable[Block], language: Language) -> list[list[Block]]:
    """Return a sheet in parts, of which none but a single block weighs more than `MOST`."""
    told: list[list[Block]] = [[]]
    room = MOST
    for whole in blocks:
        for block in _pieces(whole, language):
            weight = _weight(block)
            if weight > room and told[-1]:
                told.append([])
                room = MOST
            told[-1].append(block)
            room -= weight
    return told


def _pieces(block: Block, language: Language) -> Iterator[Block]:
    """Yield a block, or what it is cut into."""
    match block:
        case Values() if any(len(each) > MOST_LETTERS for each in block.values):
            yield from _words(block.values, block.label, "")
        case Values():
            yield from _some(block.label, block.values, language)
        case Words():
            yield from _words([block.text], block.label, block.language)
        case _:
            yield block


def _some(label: Label, values: tuple[str, ...], language: Language) -> Iterator[Values]:
    """Yield values, so many at a time; where there are more the label says which they are."""
    if len(values) <= MOST_VALUES:
        yield Values(label, values)
        return
    number = figures.number
    for begin in range(0, len(values), MOST_VALUES):
        some = values[begin : begin + MOST_VALUES]
        which = f"{number(begin + 1, language)}\N{EN DASH}{number(begin + len(some), language)}"
        text = f"{label.text} {which} / {number(len(values), language)}"
        yield Values(replace(label, text=text), some)


def _words(texts: Iterable[str], label: Label | None, language: str) -> Iterator[Words]:
    """Yield texts, so many letters of them at a time; the label stands before the first."""
    for text in texts:
        for begin in range(0, len(text) or 1, MOST_LETTERS):
            yield Words(text[begin : begin + MOST_LETTERS], language, label)
            label = None


def _weight(block: Block) -> int:
    match block:
        case Values():
            return len(block.values) + sum(map(len, block.values)) // _LETTERS
        case Words():
            return 1 + len(block.text) // _LETTERS
        case _:
            return 1
