"""The table of accounts; :mod:`noroshi.flow.accounts` has the rules."""

from typing import Protocol

from noroshi.core.account import Account


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
