"""Passphrases that others would guess, and those that they would not."""

import pytest

from noroshi.core.passphrase import is_guessable

NEAR = ("Lt Takeuchi", "jp", "cyber", "nato")


@pytest.mark.parametrize(
    "passphrase",
    [
        "passwordpassword", "Password-2026!", "P@ssw0rd1234", "administrator", "iloveyou1234",
        "qwertyuiop[]", "][poiuytrewq", "1q2w3e4r5t6y", "zaq12wsxcde3", "asdfghjkl123",
        "111111111111", "123456789012", "210987654321", "abcabcabcabc", "xyzwxyzwxyzw",
        "zzzzzzzzzzzz", "!@#$%^&*()_+", "letmein12345", "basketball12", "Noroshi 2026 !!",
        "Takeuchi 1979", "lt.takeuchi.jp", "nato-cyber-nato", "hotline-jp-nato", "            ",
        "\uff30\uff21\uff33\uff33\uff37\uff2f\uff32\uff24 12345", "2026-11-22 03:04",
    ],
)  # fmt: skip
def test_what_everybody_takes_is_guessable(passphrase: str) -> None:
    assert is_guessable(passphrase, NEAR)


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
    assert not is_guessable(passphrase, NEAR)


def test_names_count_only_around_the_person() -> None:
    assert not is_guessable("takeuchi jupiter")
    assert is_guessable("takeuchi jupiter", ("Lt Takeuchi", "jupiter"))
