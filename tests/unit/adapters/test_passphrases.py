"""Passphrases and what they are checked against."""

import hashlib
from pathlib import Path

import pytest

from noroshi.adapters.clock import SystemEntropy
from noroshi.adapters.passphrases import Argon2Passphrases

PASSPHRASES = Argon2Passphrases(SystemEntropy())
NEAR = ("Lt", "Takeuchi", "jp", "cyber", "nato")


def test_a_verifier_knows_its_passphrase_and_no_other() -> None:
    passphrases = Argon2Passphrases(SystemEntropy())
    words = "correct horse 電池".encode()
    one, other = passphrases.verifier_of(words), passphrases.verifier_of(words)
    assert one.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert one != other
    assert passphrases.is_right(words, one)
    assert not passphrases.is_right(words + b" ", one)


def test_a_damaged_verifier_knows_none() -> None:
    passphrases = Argon2Passphrases(SystemEntropy())
    for damaged in ("", "$argon2id$", "$argon2id$v=19$m=65536,t=3,p=4$AAAA$AAAA", "plain"):
        assert not passphrases.is_right(b"plain", damaged)


def test_breached_ones_are_looked_up_in_the_file_of_the_house(tmp_path: Path) -> None:
    file = tmp_path / "breached.txt"
    passphrases = Argon2Passphrases(SystemEntropy(), file)
    digest = hashlib.sha1(b"once upon a time", usedforsecurity=False).hexdigest()
    for content in (
        f"{digest.upper()}:17\r\n",
        f"x\n{digest}",
        "once upon a time",
        "once upon a time\r\n",
    ):
        file.write_bytes(content.encode())
        assert passphrases.is_breached(b"once upon a time")
        assert not passphrases.is_breached(b"once upon a tim")
        assert not passphrases.is_breached(b".*")
    file.write_bytes(b"")
    assert not passphrases.is_breached(b"once upon a time")
    file.unlink()
    assert not passphrases.is_breached(b"once upon a time")
    assert not Argon2Passphrases(SystemEntropy()).is_breached(b"once upon a time")


def test_a_long_passphrase_of_any_signs_counts_to_its_last(tmp_path: Path) -> None:
    passphrases = Argon2Passphrases(SystemEntropy(), tmp_path / "none")
    words = ("Ab 侵入 \x00~" * 500).encode()
    verifier = passphrases.verifier_of(words)
    assert passphrases.is_right(words, verifier)
    for other in (words[:-1], words.lower(), words + b"\n", words.strip(b"~")):
        assert not passphrases.is_right(other, verifier)


@pytest.mark.parametrize(
    "passphrase",
    [
        "passwordpassword", "Password-2026!", "P@ssw0rd1234", "administrator", "iloveyou1234",
        "qwertyuiop[]", "][poiuytrewq", "1q2w3e4r5t6y", "zaq12wsxcde3", "asdfghjkl123",
        "111111111111", "123456789012", "210987654321", "abcabcabcabc", "xyzwxyzwxyzw",
        "zzzzzzzzzzzz", "!@#$%^&*()_+", "letmein12345", "basketball12", "Noroshi 2026 !!",
        "Takeuchi 1979", "lt.takeuchi.jp", "hotline-jp-nato", "            ",
        "\uff30\uff21\uff33\uff33\uff37\uff2f\uff32\uff24 12345", "2026-11-22 03:04",
    ],
)  # fmt: skip
def test_what_everybody_takes_is_guessable(passphrase: str) -> None:
    assert PASSPHRASES.is_guessable(passphrase, NEAR)


@pytest.mark.parametrize(
    "passphrase",
    [
        "correct horse battery", "the long passphrase of Lt Sato", "侵入を確認しました。電話する",
        "tw9Xq-vRp2m8", "something else entirely", "kopi tubruk di warung", '~^`|<>{}?;:"',
        "CORRECT HORSE BATTERY", "zorgvuldig gekozen woorden",
    ],
)  # fmt: skip
def test_what_is_one_s_own_is_not(passphrase: str) -> None:
    """Whatever sorts of characters it has or lacks."""
    assert not PASSPHRASES.is_guessable(passphrase, NEAR)


def test_names_count_only_around_the_person() -> None:
    assert not PASSPHRASES.is_guessable("brzeskow kestrelvale", ())
    assert PASSPHRASES.is_guessable("brzeskow kestrelvale", ("brzeskow", "kestrelvale"))
