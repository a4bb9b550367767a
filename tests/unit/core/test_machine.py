"""Machines: their names, rights and tokens."""

from typing import Any

import msgspec
import pytest

from noroshi.core.errors import InputError
from noroshi.core.machine import Machine, Right, check_alias, digest_of
from noroshi.core.marking.label import Marking

SIEM = Machine("siem", "jp", Marking.parse("TLP:AMBER"), {"c": Right(read=True)}, (), 1, "Lt Sato")


def test_what_the_journal_records_of_a_machine() -> None:
    changed: list[dict[str, Any]] = [
        {"name": "other"}, {"partner": "nato"}, {"ceiling": Marking.parse("TLP:RED")},
        {"rights": {"c": Right(write=True)}}, {"ended_at": 2},
    ]  # fmt: skip
    others = {msgspec.structs.replace(SIEM, **each).digest for each in changed}
    assert len(others | {SIEM.digest}) == len(changed) + 1
    assert msgspec.structs.replace(SIEM, tokens=(b"x",)).digest == SIEM.digest


def test_rights_are_read_by_people() -> None:
    assert str(Right(read=True, write=True)) == "read+write"
    assert str(Right(write=True)) == "write"


@pytest.mark.parametrize("name", ["siem", "SIEM-1", "a", "a.b_c", "x" * 64])
def test_names(name: str) -> None:
    assert check_alias(name, "machine") == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "a b", "a/b", "a:b", "\xe9", "x" * 65])
def test_what_cannot_be_a_name(name: str) -> None:
    with pytest.raises(InputError, match="cannot be the name of a machine"):
        check_alias(name, "machine")


def test_of_a_token_a_digest_is_kept() -> None:
    assert len(digest_of("token")) == 32
    assert digest_of("token") != digest_of("Token")
    assert digest_of("\ud800")
