"""Break-glass: what is written of it anywhere tells nothing that opens it."""

from noroshi.core.break_glass import BreakGlass, Prepared


def test_nothing_secret_stands_in_a_log() -> None:
    kept = BreakGlass("Lt Sato", b"\x01sealed", 0, "Capt Abe")
    assert repr(kept) == "BreakGlass('Lt Sato')"
    assert repr(Prepared("words", "otpauth://totp/x", b"sealed")) == "Prepared()"


def test_each_has_a_digest_of_its_own() -> None:
    kept = BreakGlass("Lt Sato", b"sealed", 0, "Capt Abe")
    digests = {
        each.digest
        for each in (
            kept,
            BreakGlass("Cdr Mori", b"sealed", 0, "Capt Abe"),
            BreakGlass("Lt Sato", b"Sealed", 0, "Capt Abe"),
            BreakGlass("Lt Sato", b"sealed", 1, "Capt Abe"),
            BreakGlass("Lt Sato", b"sealed", 0, "Cdr Mori"),
        )
    }
    assert len(digests) == 5
