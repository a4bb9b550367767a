"""Passphrases and what they are checked against."""

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
