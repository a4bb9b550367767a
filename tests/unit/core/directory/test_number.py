import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core.directory.number import root_number, same_number

DIGESTS = st.binary(min_size=32, max_size=32)


@given(DIGESTS, DIGESTS)
def test_both_sides_see_the_same_sixty_digits(one: bytes, other: bytes) -> None:
    number = root_number(one, other)
    assert number == root_number(other, one)
    assert re.fullmatch(r"\d{5}( \d{5}){11}", number)
    assert same_number(number, number)


@given(DIGESTS, DIGESTS, DIGESTS)
def test_another_root_has_another_number(one: bytes, other: bytes, third: bytes) -> None:
    assert same_number(root_number(one, other), root_number(one, third)) == (other == third)


def test_the_digits_follow_from_sha512() -> None:
    one, other = bytes(32), b"\xff" * 32
    digest = hashlib.sha512(b"noroshi/v1/number" + one + other).digest()
    groups = root_number(other, one).split()
    assert groups[0] == f"{int.from_bytes(digest[:5], 'big') % 100_000:05}"
    assert groups[11] == f"{int.from_bytes(digest[55:60], 'big') % 100_000:05}"


NUMBER = root_number(bytes(32), b"\xff" * 32)


@pytest.mark.parametrize(
    "written",
    [
        NUMBER,
        NUMBER.replace(" ", ""),
        NUMBER.replace(" ", "-"),
        NUMBER.replace(" ", "\n"),
        f"  {NUMBER}\t",
        NUMBER.replace(" ", "\N{IDEOGRAPHIC SPACE}"),
    ],
)
def test_blanks_and_hyphens_do_not_count(written: str) -> None:
    assert same_number(written, NUMBER)


@pytest.mark.parametrize("written", ["", NUMBER[:-1], NUMBER + "0", NUMBER[::-1], NUMBER[6:]])
def test_other_digits_are_another_number(written: str) -> None:
    assert not same_number(written, NUMBER)
