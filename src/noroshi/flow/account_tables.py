"""The table of accounts; :mod:`noroshi.flow.accounts` has the rules."""

from typing import Protocol

from noroshi.core.account import Account
from noroshi.core.break_glass import BreakGlass
from noroshi.core.passkey import Passkey


class AccountTable(Protocol):
    """Persons at this node."""

    def all(self) -> list[Account]:
        """Return all accounts by name, those that have ended too."""
        ...

    def get(self, name: str) -> Account | None:
        """Return the account of that name, however it is spelt."""
        ...

    def put(self, account: Account) -> None:
        """Add an account, or replace what is kept of it."""
        ...

    def passkeys(self, name: str) -> list[Passkey]:
        """Return the passkeys of a person, the oldest first."""
        ...

    def passkey(self, credential: bytes) -> Passkey | None:
        """Return a passkey by the id of its credential."""
        ...

    def put_passkey(self, passkey: Passkey) -> None:
        """Add a passkey, or replace what is kept of it."""
        ...

    def remove_passkey(self, credential: bytes) -> None:
        """Remove a passkey."""
        ...

    def break_glass(self, name: str) -> BreakGlass | None:
        """Return the break-glass way in of an account; None: it has none."""
        ...

    def put_break_glass(self, kept: BreakGlass) -> None:
        """Keep the way in of an account, in place of an older one."""
        ...

    def remove_break_glass(self, name: str) -> None:
        """Remove the way in of an account."""
        ...
