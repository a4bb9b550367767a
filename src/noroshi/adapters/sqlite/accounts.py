"""Accounts (:class:`noroshi.flow.account_tables.AccountTable`)."""

from typing import Final

from noroshi.adapters.sqlite.connection import Database, Row
from noroshi.adapters.sqlite.rows import blob, integer, optional_integer, text
from noroshi.core.account import Account, Grant, plain
from noroshi.core.break_glass import BreakGlass
from noroshi.core.passkey import Passkey

_ALL: Final = "SELECT name, grants, uid, verifier, added_at, added_by, ended_at FROM account"
_PASSKEY: Final = (
    "SELECT p.credential, a.name, p.public_key, p.sign_count, p.label, p.added_at"
    " FROM passkey p JOIN account a ON a.plain = p.account"
)


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

    def passkeys(self, name: str) -> list[Passkey]:
        """Return the passkeys of a person, the oldest first."""
        found = self._db.rows(
            f"{_PASSKEY} WHERE p.account = ? ORDER BY p.added_at, p.credential", (plain(name),)
        )
        return [_passkey(row) for row in found]

    def passkey(self, credential: bytes) -> Passkey | None:
        """Return a passkey by the id of its credential."""
        row = self._db.row(f"{_PASSKEY} WHERE p.credential = ?", (credential,))
        return None if row is None else _passkey(row)

    def put_passkey(self, passkey: Passkey) -> None:
        """Add a passkey, or replace what is kept of it."""
        self._db.run(
            "INSERT OR REPLACE INTO passkey"
            " (credential, account, public_key, sign_count, label, added_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                passkey.credential,
                plain(passkey.account),
                passkey.public_key,
                passkey.sign_count,
                passkey.label,
                passkey.added_at,
            ),
        )

    def remove_passkey(self, credential: bytes) -> None:
        """Remove a passkey."""
        self._db.run("DELETE FROM passkey WHERE credential = ?", (credential,))

    def break_glass(self, name: str) -> BreakGlass | None:
        """Return the break-glass way in of an account; None: it has none."""
        row = self._db.row(
            "SELECT a.name, b.sealed, b.made_at, b.made_by"
            " FROM break_glass b JOIN account a ON a.plain = b.account WHERE b.account = ?",
            (plain(name),),
        )
        if row is None:
            return None
        account, sealed, made_at, made_by = row
        return BreakGlass(text(account), blob(sealed), integer(made_at), text(made_by))

    def put_break_glass(self, kept: BreakGlass) -> None:
        """Keep the way in of an account, in place of an older one."""
        self._db.run(
            "INSERT OR REPLACE INTO break_glass (account, sealed, made_at, made_by)"
            " VALUES (?, ?, ?, ?)",
            (plain(kept.account), kept.sealed, kept.made_at, kept.made_by),
        )

    def remove_break_glass(self, name: str) -> None:
        """Remove the way in of an account."""
        self._db.run("DELETE FROM break_glass WHERE account = ?", (plain(name),))


def _passkey(row: Row) -> Passkey:
    credential, account, public_key, sign_count, label, added_at = row
    return Passkey(
        credential=blob(credential),
        account=text(account),
        public_key=blob(public_key),
        sign_count=integer(sign_count),
        label=text(label),
        added_at=integer(added_at),
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
