"""The seal of a break-glass way in: both parts open it, and neither alone."""

import base64
import urllib.parse

import pytest

from noroshi.adapters.break_glass import SealedBreakGlass
from noroshi.adapters.clock import SystemEntropy
from noroshi.core.instant import SECOND
from tests.break_glass import code_at

SEAL = SealedBreakGlass(SystemEntropy())
NOW = 1_800_000_000 * SECOND


def test_both_parts_open_it() -> None:
    made = SEAL.prepare("Lt Sato", "jp")
    code = code_at(made.key_uri, NOW)
    assert SEAL.opens("Lt Sato", made.sealed, made.passphrase, code, NOW)
    typed = made.passphrase.upper().replace("-", " ")
    assert SEAL.opens("LT  SATO", made.sealed, typed, f"{code[:3]} {code[3:]}", NOW)
    assert not SEAL.opens("Lt Sato", made.sealed, made.passphrase[:-1], code, NOW)
    assert not SEAL.opens("Cdr Mori", made.sealed, made.passphrase, code, NOW)
    for wrong in ("", "000000", code[:5], code + "1", "１２３４５６", "abcdef"):
        assert wrong == code or not SEAL.opens("Lt Sato", made.sealed, made.passphrase, wrong, NOW)


@pytest.mark.parametrize(
    ("seconds", "is_open"), [(-1, False), (0, True), (29, True), (30, False), (61, False)]
)
def test_a_code_counts_for_half_a_minute(seconds: int, *, is_open: bool) -> None:
    made = SEAL.prepare("Lt Sato", "jp")
    code = code_at(made.key_uri, NOW + seconds * SECOND)
    assert SEAL.opens("Lt Sato", made.sealed, made.passphrase, code, NOW) is is_open


def test_no_two_are_alike_and_nothing_tells_them() -> None:
    one, other = SEAL.prepare("Lt Sato", "jp"), SEAL.prepare("Lt Sato", "jp")
    assert one.passphrase != other.passphrase
    assert one.key_uri != other.key_uri
    assert one.passphrase not in repr(one)
    secret = urllib.parse.parse_qs(urllib.parse.urlsplit(one.key_uri).query)["secret"][0]
    assert base64.b32decode(secret) not in one.sealed


@pytest.mark.parametrize("sealed", [b"", bytes(10), bytes(64), bytes(200)])
def test_what_is_damaged_opens_for_nobody(sealed: bytes) -> None:
    assert not SEAL.opens("Lt Sato", sealed, "words", "123456", NOW)
