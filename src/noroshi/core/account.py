"""Accounts: who may do what, at which desk.

    >>> watch = Account("Lt Sato", (Grant.parse("watch@cyber"),), None, "x", 0, "Capt Abe")
    >>> may(watch, Act.ANSWER, ("cyber",)), may(watch, Act.ANSWER, ("ops",))
    (True, False)
    >>> may(watch, Act.ADMINISTER)
    False

A person has one account, under one name, for ever: an account that has ended is not given to
somebody else, so that a name in an old record means who it meant. `docs/accounts.md`.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final, Self

import msgspec

from noroshi.core import gate
from noroshi.core.errors import InputError
from noroshi.core.instant import Instant
from noroshi.core.partner import check_name


class Role(Enum):
    """What a person is there for."""

    DRAFTER = "drafter"
    RELEASER = "releaser"
    WATCH = "watch"
    """The watch officer."""
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


HOUSE_WIDE: Final = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
"""Roles that belong to no desk."""


class Act(Enum):
    """What a person may ask of a node, in kinds."""

    KNOW = "know who the partners are"
    OVERSEE = "see lines, alarms and desks"
    READ = "read reports"
    WRITE = "write reports"
    RELEASE = "release what another has written"
    DROP = "take a draft back"
    ANSWER = "answer for a desk"
    TAKE = "take care of alarms"
    LET_GO = "let held reports go"
    CARRY = "carry files by courier"
    AUDIT = "audit the journal"
    ADMINISTER = "administer the node"


_DESKS: Final = frozenset({Role.DRAFTER, Role.RELEASER, Role.WATCH})

MAY: Final[Mapping[Act, frozenset[Role]]] = {
    Act.KNOW: frozenset(Role),
    Act.OVERSEE: _DESKS | {Role.ADMINISTRATOR},
    Act.READ: _DESKS,
    Act.WRITE: frozenset({Role.DRAFTER}),
    Act.RELEASE: frozenset({Role.RELEASER}),
    Act.DROP: frozenset({Role.DRAFTER, Role.RELEASER}),
    Act.ANSWER: frozenset({Role.WATCH}),
    Act.TAKE: frozenset({Role.WATCH, Role.ADMINISTRATOR}),
    Act.LET_GO: frozenset({Role.RELEASER}),
    Act.CARRY: frozenset({Role.WATCH}),
    Act.AUDIT: frozenset({Role.AUDITOR, Role.ADMINISTRATOR}),
    Act.ADMINISTER: frozenset({Role.ADMINISTRATOR}),
}


class Grant(msgspec.Struct, frozen=True):
    """A role, at one desk or at all of the house."""

    role: Role
    desk: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the grant written as ``role`` or ``role@desk``.

        Raises:
            InputError: it is not written so.
        """
        name, at, desk = text.partition("@")
        found = {role.value: role for role in Role}.get(name)
        if found is None:
            msg = f"{name!r} is no role; there are {', '.join(role.value for role in Role)}"
            raise InputError("bad-input", msg)
        if not at:
            return cls(found)
        if found in HOUSE_WIDE:
            msg = f"the role {name} belongs to the whole house, not to a desk; write {name}"
            raise InputError("bad-input", msg)
        return cls(found, check_name(desk, "desk"))

    def __str__(self) -> str:
        return self.role.value if self.desk is None else f"{self.role.value}@{self.desk}"


class Account(msgspec.Struct, frozen=True):
    """A person at this node. Printing it shows no passphrase."""

    name: str
    grants: tuple[Grant, ...]
    uid: int | None
    """The operating-system user who is this person; None: nobody is."""
    verifier: str
    """What the passphrase is checked against; "": there is none."""
    added_at: Instant
    added_by: str
    ended_at: Instant | None = None

    @property
    def is_administrator(self) -> bool:
        """Say whether it may administer now."""
        return self.ended_at is None and any(
            grant.role is Role.ADMINISTRATOR for grant in self.grants
        )

    @property
    def digest(self) -> bytes:
        """SHA-256 of what the journal records of it: name, roles, and how it is proven."""
        grants = [str(grant) for grant in self.grants]
        proof = [self.uid, bool(self.verifier), self.ended_at is not None]
        return hashlib.sha256(gate.encode([self.name, grants, *proof])).digest()


def desks_of(account: Account, act: Act, house: Iterable[str]) -> tuple[str, ...]:
    """Return at which desks of the house a person may do something."""
    granted = {grant.desk for grant in account.grants if grant.role in MAY[act]}
    return tuple(desk for desk in house if None in granted or desk in granted)


def may(account: Account, act: Act, desks: Iterable[str] | None = None) -> bool:
    """Say whether a person may do something, at one of `desks` (None: at any)."""
    if account.ended_at is not None:
        return False
    granted = {grant.desk for grant in account.grants if grant.role in MAY[act]}
    return bool(granted) if desks is None else None in granted or not granted.isdisjoint(desks)


def plain(name: str) -> str:
    """Return a name without what only its writing differs in: two such names are one person's."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
