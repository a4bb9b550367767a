"""Names that people cannot tell apart."""

import pytest

from noroshi.core.likeness import are_alike


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sato", "Sаto"),  # a Cyrillic a
        ("Lt Sato", "Lt Sató"),
        ("Lt Sato", "LT  SATO"),
        ("Lt Sato", "Lt. Sato"),
        ("Lt Sato", "Ｌｔ　Ｓａｔｏ"),
        ("Lt Sato", "Lt Sat0"),
        ("Lt Ito", "Lt lto"),
        ("Officer 1", "Officer l"),
        ("Maj Burns", "Maj Bums"),
        ("NATO", "NАTO"),
        ("NATO", "nаto"),
        ("NATO", "ΝΑΤΟ"),  # Greek
        ("ΝΑΤΟ", "νατο"),
        ("Stevens", "Steνens"),
        ("Kim", "Ꮶim"),
        ("Søren", "Soren"),
        ("Straße", "STRASSE"),
        ("Fe\u0301", "Fé"),
        ("Sato\ufe0f", "Sato"),
        ("佐\U000e0100藤", "佐藤"),
        ("\u0301Sato", "Sato"),
        ("Sato·", "Sato"),
        ("Sato\u3164", "Sato"),
        ("JP-NATO 2010", "JP NATO 2010 "),
        ("MOU 2026/11/1", "MOU 2026-11-1"),
        ("佐藤", "佐藤 "),
    ],
)
def test_what_looks_the_same_is_alike(one: str, other: str) -> None:
    assert are_alike(one, other)
    assert are_alike(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lt Sato", "Lt Saito"),
        ("Capt Abe", "Lt Sato"),
        ("カトウ", "ガトウ"),  # marks of kana are letters
        ("佐藤", "佐東"),
        ("कि", "का"),
        ("김철수", "김철호"),
        ("MOU 2026/11/1", "MOU 2026/1/11"),
        ("Watch 1-1", "Watch 11"),
        ("!", "?"),
        ("Иван", "Петр"),
    ],
)
def test_what_looks_different_is_not(one: str, other: str) -> None:
    assert not are_alike(one, other)
