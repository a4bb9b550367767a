"""What a passkey must be to be kept."""

import msgspec
import pytest

from noroshi.core.errors import InputError
from noroshi.core.passkey import Passkey, check_passkey

PASSKEY = Passkey(
    credential=b"id", account="Lt Sato", public_key=b"key", sign_count=0, label="blue", added_at=1
)


def test_what_can_be_kept_is_kept() -> None:
    assert check_passkey(PASSKEY) is PASSKEY


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("credential", b"", "id"), ("credential", bytes(1_024), "id"),
        ("public_key", b"", "key"), ("public_key", bytes(8_193), "key"),
        ("label", "", "name"), ("label", "x" * 81, "name"),
    ],
)  # fmt: skip
def test_what_cannot_is_refused(field: str, value: object, word: str) -> None:
    with pytest.raises(InputError, match=word):
        check_passkey(msgspec.structs.replace(PASSKEY, **{field: value}))


def test_the_journal_tells_one_from_another() -> None:
    others = [
        msgspec.structs.replace(PASSKEY, **{field: value})
        for field, value in (("account", "X"), ("credential", b"x"), ("public_key", b"x"))
    ]
    assert len({each.digest for each in (PASSKEY, *others)}) == 4
    assert msgspec.structs.replace(PASSKEY, sign_count=9).digest == PASSKEY.digest
