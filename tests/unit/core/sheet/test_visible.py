"""Text from elsewhere: nothing in it hides, deceives or rewrites a screen."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core.sheet.visible import visible


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a plain line, 1/2", "a plain line, 1/2"),
        ("侵入を確認。 경보 · déjà vu", "侵入を確認。 경보 · déjà vu"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}txt.exe", "‹U+202E›txt.exe"),
        ("in\N{ZERO WIDTH SPACE}visible", "in‹U+200B›visible"),
        ("fill\N{HANGUL FILLER}er", "fill‹U+3164›er"),
        ("\x1b[2J", "‹U+001B›[2J"),
        ("two\nlines", "two‹U+000A›lines"),
        ("p\N{CYRILLIC SMALL LETTER A}ypal.example", "p\u0430‹U+0430›ypal.example"),
        ("Москва", "Москва"),
        ("ΔT of 5 µm, TGF-β", "ΔT of 5 µm, TGF-β"),
        ("half \N{NO-BREAK SPACE}a space", "half \N{NO-BREAK SPACE}a space"),
    ],
)
def test_what_hides_or_deceives_is_named(written: str, shown: str) -> None:
    assert visible(written) == shown


def test_ends_of_lines_stay_where_lines_are_shown() -> None:
    assert visible("one\n\ttwo\r", lines=True) == "one\n\ttwo‹U+000D›"


def test_a_pile_of_marks_is_lowered_and_counted() -> None:
    piled = "a" + "\N{COMBINING ACUTE ACCENT}" * 10_000 + "b"
    assert visible(piled) == "a" + "\N{COMBINING ACUTE ACCENT}" * 4 + "‹+9996›b"
    assert visible("e\N{COMBINING CIRCUMFLEX ACCENT}\N{COMBINING ACUTE ACCENT}") == (
        "e\N{COMBINING CIRCUMFLEX ACCENT}\N{COMBINING ACUTE ACCENT}"
    )
    assert visible("。！？「」（）") == "。！？「」（）"


@given(st.text())
def test_nothing_that_is_shown_is_hidden(text: str) -> None:
    for each in visible(text):
        assert unicodedata.category(each) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
