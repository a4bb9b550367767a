"""Passphrases and what they are checked against."""

import hashlib
from pathlib import Path

from noroshi.adapters.clock import SystemEntropy
from noroshi.adapters.passphrases import Argon2Passphrases


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
