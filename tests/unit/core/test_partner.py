import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core.errors import InputError
from noroshi.core.partner import DeskAddress, check_name, is_name

NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True)


@given(NAMES, NAMES)
def test_an_address_is_written_and_read(desk: str, partner: str) -> None:
    address = DeskAddress(desk, partner)
    assert str(address) == f"{desk}@{partner}"
    assert DeskAddress.parse(str(address)) == address


@given(NAMES)
def test_names_are_names(name: str) -> None:
    assert is_name(name)
    assert check_name(name, "partner") == name


NO_NAMES = [
    "",
    "-",
    "a-",
    "-a",
    "JP",
    "j p",
    "j_p",
    "jp\n",
    "日本",
    "a" * 33,
    "é",
    "\N{ARABIC-INDIC DIGIT ONE}",
]


@pytest.mark.parametrize("text", NO_NAMES)
def test_what_is_no_name(text: str) -> None:
    assert not is_name(text)
    with pytest.raises(InputError, match="cannot name a desk") as caught:
        check_name(text, "desk")
    assert caught.value.code == "bad-input"


@pytest.mark.parametrize("text", ["cyber", "cyber@", "@jp", "@", "a@b@c", "Cyber@jp", "cyber @jp"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(InputError, match="write it as desk@partner") as caught:
        DeskAddress.parse(text)
    assert caught.value.code == "bad-input"
