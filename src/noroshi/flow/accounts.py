"""Accounts: added, changed and ended, each journalled with the person who did it.

The first account is an administrator's, and the last administrator stays: a node that has
accounts can always be administered by somebody who has proven to be somebody.
"""

import msgspec

from noroshi.core.account import Account, Grant, Role
from noroshi.core.errors import ConflictError, InputError, NotFoundError
from noroshi.core.likeness import are_alike
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.ports import Entropy
from noroshi.flow.tables import Tables, Transaction


class NewAccount(msgspec.Struct, frozen=True):
    """What an account begins with."""

    name: str
    grants: tuple[Grant, ...]
    uid: int | None
    verifier: str


def add_account(
    tx: Transaction, new: NewAccount, by: str, me: str, desks: tuple[str, ...], entropy: Entropy
) -> Account:
    """Add an account.

    Raises:
        InputError: it is the first and no administrator's, has no role or an unknown desk, or
            nothing proves it.
        ConflictError: the name, one that looks like it, or the operating-system user, is
            somebody's already.
    """
    known = tx.accounts.all()
    if not known and not any(grant.role is Role.ADMINISTRATOR for grant in new.grants):
        msg = "the first account is an administrator's; give it --role administrator"
        raise InputError("bad-input", msg)
    earlier = tx.accounts.get(new.name)
    if earlier is not None:
        msg = (
            f"{earlier.name} has an account already"
            + (" that has ended; a name is not given twice" if earlier.ended_at else "")
            + f", see: noroshi account list. To change it: noroshi account roles {earlier.name!r}"
        )
        raise ConflictError("account-exists", msg)
    like = next((one for one in known if are_alike(one.name, new.name)), None)
    if like is not None:
        msg = (
            f"people would take {new.name} for {like.name}, who has or had an account here; give "
            "it a name that looks different, such as with the first name"
        )
        raise ConflictError("account-exists", msg)
    if new.uid is None and not new.verifier:
        msg = "say how the person is proven: a passphrase, or --user of the operating system"
        raise InputError("bad-input", msg)
    _check_user(tx, new.uid, new.name)
    _check_grants(new.grants, desks)
    account = Account(new.name, new.grants, new.uid, new.verifier, tx.now, by)
    return _put(tx, account, EntryKind.ACCOUNT_ADDED, by, me, entropy)


def change_roles(
    tx: Transaction,
    name: str,
    grants: tuple[Grant, ...],
    by: str,
    me: str,
    desks: tuple[str, ...],
    entropy: Entropy,
) -> Account:
    """Give a person other roles.

    Raises:
        NotFoundError: nobody has that name.
        InputError: there is no role, or an unknown desk.
        ConflictError: nobody would be left to administer.
    """
    account = active(tx, name)
    _check_grants(grants, desks)
    changed = msgspec.structs.replace(account, grants=grants)
    if account.is_administrator and not changed.is_administrator:
        _check_others(tx, account)
    return _put(tx, changed, EntryKind.ACCOUNT_CHANGED, by, me, entropy)


def change_passphrase(
    tx: Transaction, name: str, verifier: str, by: str, me: str, entropy: Entropy
) -> Account:
    """Give a person another passphrase.

    Raises:
        NotFoundError: nobody has that name.
    """
    changed = msgspec.structs.replace(active(tx, name), verifier=verifier)
    return _put(tx, changed, EntryKind.ACCOUNT_CHANGED, by, me, entropy)


def end_account(tx: Transaction, name: str, by: str, me: str, entropy: Entropy) -> Account:
    """End an account; its name stays in the records and is given to nobody else.

    Raises:
        NotFoundError: nobody has that name.
        ConflictError: it is the last administrator's.
    """
    account = active(tx, name)
    if account.is_administrator:
        _check_others(tx, account)
    tx.accounts.remove_break_glass(account.name)
    ended = msgspec.structs.replace(account, ended_at=tx.now, verifier="")
    return _put(tx, ended, EntryKind.ACCOUNT_ENDED, by, me, entropy)


def active(tables: Tables, name: str) -> Account:
    """Return the account of a name.

    Raises:
        NotFoundError: nobody has that name now.
    """
    account = tables.accounts.get(name)
    if account is None or account.ended_at is not None:
        what = "no account" if account is None else "an account that has ended"
        msg = f"{name} has {what} here; an administrator sees them all: noroshi account list"
        raise NotFoundError("unknown-account", msg)
    return account


def _check_user(tx: Transaction, uid: int | None, name: str) -> None:
    for other in tx.accounts.all():
        if uid is not None and other.uid == uid and other.ended_at is None:
            msg = (
                f"that operating-system user is {other.name} already, and one user is one person;"
                f" give {name} a passphrase instead"
            )
            raise ConflictError("account-exists", msg)


def _check_grants(grants: tuple[Grant, ...], desks: tuple[str, ...]) -> None:
    if not grants:
        raise InputError("bad-input", "give at least one role: --role ROLE, or --role ROLE@DESK")
    for grant in grants:
        if grant.desk is not None and grant.desk not in desks:
            msg = f"this node has no desk {grant.desk!r}; it has {', '.join(desks)}"
            raise InputError("unknown-desk", msg)


def _check_others(tx: Transaction, account: Account) -> None:
    if not any(other.is_administrator for other in tx.accounts.all() if other != account):
        msg = (
            f"{account.name} is the last administrator; nobody could administer this node any "
            "more. Make somebody else administrator first"
        )
        raise ConflictError("last-administrator", msg)


def _put(
    tx: Transaction, account: Account, kind: EntryKind, by: str, me: str, entropy: Entropy
) -> Account:
    tx.accounts.put(account)
    salt = entropy.draw(SALT_SIZE)
    tx.journal.append(new_entry(kind, tx.now, salt, me, digest=account.digest, by=by))
    return account
