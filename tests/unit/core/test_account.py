"""Accounts: roles, desks, and names that are one person's."""

import pytest

from noroshi.core.account import Account, Act, Grant, Role, desks_of, may, plain
from noroshi.core.errors import InputError

TABLE = """
            drafter releaser watch administrator auditor
KNOW        yes     yes      yes   yes           yes
OVERSEE     yes     yes      yes   yes           -
READ        yes     yes      yes   -             -
WRITE       yes     -        -     -             -
RELEASE     -       yes      -     -             -
DROP        yes     yes      -     -             -
ANSWER      -       -        yes   -             -
TAKE        -       -        yes   yes           -
LET_GO      -       yes      -     -             -
CARRY       -       -        yes   -             -
AUDIT       -       -        -     yes           yes
ADMINISTER  -       -        -     yes           -
"""


def account(*grants: str, ended_at: int | None = None) -> Account:
    parsed = tuple(map(Grant.parse, grants))
    return Account("Lt Sato", parsed, None, "verifier", 1, "Capt Abe", ended_at)


def cells() -> list[tuple[Act, Role, bool]]:
    heads, *rows = [line.split() for line in TABLE.strip().splitlines()]
    return [
        (Act[row[0]], Role(role), cell == "yes")
        for row in rows
        for role, cell in zip(heads, row[1:], strict=True)
    ]


def test_the_table_has_every_cell() -> None:
    assert len(cells()) == len(Act) * len(Role)


@pytest.mark.parametrize(("act", "role", "is_allowed"), cells())
def test_each_cell_is_as_it_is_written(act: Act, role: Role, is_allowed: bool) -> None:  # noqa: FBT001
    holder = account(role.value)
    assert may(holder, act) is is_allowed
    assert may(holder, act, ("cyber",)) is is_allowed
    assert desks_of(holder, act, ("cyber", "ops")) == (("cyber", "ops") if is_allowed else ())
    assert not may(account(role.value, ended_at=9), act)


def test_a_role_at_a_desk_is_one_there_and_nowhere_else() -> None:
    watch = account("watch@cyber", "drafter@ops")
    assert may(watch, Act.ANSWER, ("cyber",))
    assert may(watch, Act.ANSWER, ("ops", "cyber"))
    assert not may(watch, Act.ANSWER, ("ops",))
    assert not may(watch, Act.ANSWER, ())
    assert may(watch, Act.ANSWER)
    assert desks_of(watch, Act.READ, ("ops", "cyber", "duty")) == ("ops", "cyber")


@pytest.mark.parametrize("text", ["drafter", "releaser@cyber", "watch@ops-2", "auditor"])
def test_a_grant_is_read_as_it_is_written(text: str) -> None:
    assert str(Grant.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "is no role"),
        ("officer", "there are drafter, releaser, watch"),
        ("Drafter", "is no role"),
        ("administrator@cyber", "whole house"),
        ("auditor@cyber", "whole house"),
        ("watch@", "cannot name a desk"),
        ("watch@Cyber Desk", "cannot name a desk"),
    ],
)
def test_what_is_no_grant_is_told(text: str, hint: str) -> None:
    with pytest.raises(InputError, match=hint):
        Grant.parse(text)


def test_names_that_differ_in_writing_alone_are_one() -> None:
    assert plain(" LT\u3000Sato ") == plain("lt  sato") == plain("\uff2ct Sato") == "lt sato"
    assert plain("Lt Sato") != plain("Lt Saito")


def test_the_journal_s_digest_tells_roles_and_proof_apart_and_no_passphrase() -> None:
    base = account("watch")
    digests = {
        base.digest,
        account("watch@cyber").digest,
        account("watch", ended_at=5).digest,
        Account("Lt Sato", base.grants, 7, "verifier", 1, "Capt Abe").digest,
        Account("Lt Sato", base.grants, None, "", 1, "Capt Abe").digest,
    }
    assert len(digests) == 5
    assert Account("Lt Sato", base.grants, None, "other", 2, "x").digest == base.digest
    assert not base.is_administrator
    assert account("administrator").is_administrator
    assert not account("administrator", ended_at=5).is_administrator
