from hypothesis import given
from hypothesis import strategies as st

from noroshi.core.envelope.padding import padme

SIZES = st.integers(0, 2**40)


@given(SIZES)
def test_padding_adds_at_most_twelve_per_cent(size: int) -> None:
    assert size <= padme(size) <= size * 1.12


@given(SIZES)
def test_a_padded_length_stays(size: int) -> None:
    assert padme(padme(size)) == padme(size)


@given(SIZES)
def test_a_longer_text_is_never_padded_to_less(size: int) -> None:
    assert padme(size) <= padme(size + 1)


def test_all_lengths_up_to_a_mebibyte_have_few_padded_lengths() -> None:
    assert len({padme(size) for size in range(1, 2**20, 7)}) < 500
