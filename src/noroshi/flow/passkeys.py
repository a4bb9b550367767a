"""Passkeys of accounts: added and removed by their owner, journalled like every other change.

Whoever has only a link from the local door has proven who they are there; a passkey proves it at
the console itself. An administrator may remove one that is lost, and add none for somebody else.
"""

import msgspec

from noroshi.core.errors import ConflictError, InputError, NotFoundError
from noroshi.core.passkey import MOST, Passkey, check_passkey
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.accounts import active
from noroshi.flow.ports import Entropy
from noroshi.flow.tables import Transaction


def add_passkey(tx: Transaction, passkey: Passkey, me: str, entropy: Entropy) -> Passkey:
    """Add a passkey to the account that it names.

    Raises:
        NotFoundError: nobody has that account.
        ConflictError: the credential is somebody's already, or there are too many.
        InputError: it cannot be kept.
    """
    account = active(tx, passkey.account)
    if tx.accounts.passkey(passkey.credential) is not None:
        raise ConflictError("account-exists", "that passkey is registered here already")
    if len(tx.accounts.passkeys(account.name)) >= MOST:
        msg = f"{account.name} has {MOST} passkeys, and no account has more; remove one first"
        raise ConflictError("account-exists", msg)
    kept = check_passkey(msgspec.structs.replace(passkey, account=account.name, added_at=tx.now))
    tx.accounts.put_passkey(kept)
    _note(tx, kept, account.name, me, entropy)
    return kept


def remove_passkey(
    tx: Transaction, credential: bytes, name: str, by: str, me: str, entropy: Entropy
) -> Passkey:
    """Remove a passkey of an account.

    Raises:
        NotFoundError: the account has none of that id.
    """
    found = tx.accounts.passkey(credential)
    account = tx.accounts.get(name)
    if found is None or account is None or found.account != account.name:
        msg = f"{name} has no such passkey; it may be removed already"
        raise NotFoundError("not-found", msg)
    tx.accounts.remove_passkey(credential)
    _note(tx, found, by, me, entropy)
    return found


def use_passkey(tx: Transaction, credential: bytes, count: int) -> str:
    """Note that a passkey has signed, and return whose it is.

    Raises:
        InputError: it counts, and its count has not grown: a copy of it may be in use.
        NotFoundError: it was removed meanwhile, or the account has ended.
    """
    found = tx.accounts.passkey(credential)
    if found is None:
        raise NotFoundError("not-found", "that passkey is not registered here")
    if (count or found.sign_count) and count <= found.sign_count:
        msg = (
            "the passkey has signed fewer times than it did before: a copy of it may be in use. "
            "Come in another way, and remove it"
        )
        raise InputError("not-proven", msg)
    tx.accounts.put_passkey(msgspec.structs.replace(found, sign_count=count))
    return active(tx, found.account).name


def _note(tx: Transaction, passkey: Passkey, by: str, me: str, entropy: Entropy) -> None:
    salt = entropy.draw(SALT_SIZE)
    kind = EntryKind.ACCOUNT_CHANGED
    tx.journal.append(new_entry(kind, tx.now, salt, me, digest=passkey.digest, by=by))
