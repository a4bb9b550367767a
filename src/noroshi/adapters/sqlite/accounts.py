"""Accounts (:class:`noroshi.flow.account_tables.AccountTable`)."""

from typing import Final

from noroshi.adapters.sqlite.connection import Database, Row
from noroshi.adapters.sqlite.rows import integer, optional_integer, text
from noroshi.core.account import Account, Grant, plain

_ALL: Final = "SELECT name, grants, uid, verifier, added_at, added_by, ended_at FROM account"


class SqliteAccounts:
    """Persons at this node."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def all(self) -> list[Account]:
        """Return all accounts by name, those that have ended too."""
        return [_account(row) for row in self._db.rows(f"{_ALL} ORDER BY plain")]

    def get(self, name: str) -> Account | None:
        """Return the account of that name, however it is spelt."""
        row = self._db.row(f"{_ALL} WHERE plain = ?", (plain(name),))
        return None if row is None else _account(row)

    def put(self, account: Account) -> None:
        """Add an account, or replace what is kept of it."""
        self._db.run(
            "INSERT OR REPLACE INTO account"
            " (plain, name, grants, uid, verifier, added_at, added_by, ended_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                plain(account.name),
                account.name,
                " ".join(map(str, account.grants)),
                account.uid,
                account.verifier,
                account.added_at,
                account.added_by,
                account.ended_at,
            ),
        )


def _account(row: Row) -> Account:
    name, grants, uid, verifier, added_at, added_by, ended_at = row
    return Account(
        name=text(name),
        grants=tuple(map(Grant.parse, text(grants).split())),
        uid=optional_integer(uid),
        verifier=text(verifier),
        added_at=integer(added_at),
        added_by=text(added_by),
        ended_at=optional_integer(ended_at),
    )
