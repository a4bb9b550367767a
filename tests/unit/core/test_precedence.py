import pytest

from noroshi.core.errors import InputError
from noroshi.core.precedence import Precedence, Status


def test_a_larger_number_goes_first() -> None:
    names = [p.name for p in sorted(Precedence, reverse=True)]
    assert names == ["FLASH", "IMMEDIATE", "PRIORITY", "ROUTINE", "DEFERRED"]
    assert [int(p) for p in Precedence] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("precedence", Precedence)
def test_a_precedence_is_read_in_any_case(precedence: Precedence) -> None:
    for text in (precedence.name, precedence.name.lower(), precedence.name.title()):
        assert Precedence.parse(text) is precedence


@pytest.mark.parametrize("status", Status)
def test_a_status_is_read_in_any_case(status: Status) -> None:
    for text in (status.value, status.value.lower(), status.value.title()):
        assert Status.parse(text) is status


@pytest.mark.parametrize("text", ["", "urgent", "5", "FLASH ", "__class__", "name"])
def test_what_is_no_precedence_is_refused_with_the_names(text: str) -> None:
    with pytest.raises(InputError, match="flash, immediate, priority, routine, deferred") as caught:
        Precedence.parse(text)
    assert caught.value.code == "bad-input"


@pytest.mark.parametrize("text", ["", "real", "0", "drill"])
def test_what_is_no_status_is_refused_with_the_names(text: str) -> None:
    with pytest.raises(InputError, match="actual, exercise, test") as caught:
        Status.parse(text)
    assert caught.value.code == "bad-input"
