"""A sheet in parts: nothing is left out, nothing stands twice, and no part is too much."""

import pytest

from noroshi.core.lexicon.lexicon import Language
from noroshi.core.sheet.blocks import Block, Gap, Label, Line, Span, Values, Words
from noroshi.core.sheet.parts import MOST, MOST_LETTERS, MOST_VALUES, parts

ENGLISH = Language.ENGLISH
NAME = Label("Indicators", is_changed=True)


def texts(blocks: list[Block]) -> list[str]:
    found: list[str] = []
    for block in blocks:
        match block:
            case Values():
                found += block.values
            case Words():
                found.append(block.text)
            case _:
                pass
    return found


def test_what_our_forms_hold_is_one_part() -> None:
    sheet: list[Block] = [
        Line((Span("x"),)), Values(NAME, ("a",) * MOST_VALUES),
        Words("t" * MOST_LETTERS, "ja", NAME),
        Words(""), Gap(), Values(NAME, ()),
    ]  # fmt: skip
    assert parts(sheet, ENGLISH) == [sheet]
    assert parts([], ENGLISH) == [[]]


def test_many_values_are_numbered() -> None:
    values = tuple(map(str, range(2 * MOST + 1)))
    told = parts([Gap(), Values(NAME, values), Gap()], ENGLISH)
    assert len(told) == 3
    assert [text for part in told for text in texts(part)] == list(values)
    first, last = told[0][1], told[-1][0]
    assert isinstance(first, Values)
    assert first.label == Label("Indicators 1\N{EN DASH}1,000 / 8,001", is_changed=True)
    assert isinstance(last, Values)
    assert last.label.text == "Indicators 6,001\N{EN DASH}7,000 / 8,001"


@pytest.mark.parametrize(
    "block", [Words("a b " * 300_000, "fr", NAME), Values(NAME, ("v" * 10**6,))]
)
def test_a_long_text_is_cut(block: Block) -> None:
    told = parts([block], ENGLISH)
    pieces = [piece for part in told for piece in part]
    assert "".join(texts(pieces)) == "".join(texts([block]))
    assert len(told) > 1
    assert all(isinstance(piece, Words) and len(piece.text) <= MOST_LETTERS for piece in pieces)
    labels = [piece.label for piece in pieces if isinstance(piece, Words)]
    assert labels == [NAME] + [None] * (len(pieces) - 1)


def test_many_blocks_are_parted() -> None:
    sheet: list[Block] = [Words(str(number)) for number in range(MOST * 2)]
    told = parts(sheet, ENGLISH)
    assert [block for part in told for block in part] == sheet
    assert [len(part) for part in told] == [MOST, MOST]
