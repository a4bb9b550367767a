"""Break-glass: prepared by a person for a bad day, used once, and never in silence."""

from functools import partial
from typing import Final

from noroshi.core.break_glass import BreakGlass, Prepared
from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.errors import InputError
from noroshi.core.precedence import Precedence
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.accounts import active
from noroshi.flow.alarms import raise_alarm
from noroshi.flow.house import House
from noroshi.flow.ports import Entropy
from noroshi.flow.tables import Transaction

_NOBODY: Final = BreakGlass("", bytes(64), 0, "")


def prepare(house: House, name: str, by: str) -> Prepared:
    """Return a new way in for an account; it takes the place of an older one.

    Raises:
        NotFoundError: nobody has that account.
    """
    with house.store.read() as tables:
        account = active(tables, name).name
    made = house.break_glass.prepare(account, house.me)

    def put(tx: Transaction) -> None:
        kept = BreakGlass(active(tx, account).name, made.sealed, tx.now, by)
        tx.accounts.put_break_glass(kept)
        _note(tx, kept, by, house.me, house.entropy)

    house.store.perform(put)
    return made


def enter(house: House, name: str, passphrase: str, code: str) -> str:
    """Return the account that a way in opens. It opens once, and an alarm tells of it.

    What was wrong is not said: neither that the name is, nor the passphrase, nor the code.

    Raises:
        InputError: it does not open.
        UnavailableError: too many wrong ones came in a row.
    """
    now = house.clock.now()
    with house.store.read() as tables:
        kept = tables.accounts.break_glass(name)
    tried = kept or _NOBODY  # a name that has none takes as long
    check = partial(house.break_glass.opens, tried.account, tried.sealed, passphrase, code, now)
    if not house.attempts.is_right("break-glass", now, check) or kept is None:
        msg = "name, passphrase and code do not open this node together"
        raise InputError("not-proven", msg)
    house.store.perform(partial(_use, kept=kept, me=house.me, entropy=house.entropy))
    return kept.account


def _use(tx: Transaction, kept: BreakGlass, me: str, entropy: Entropy) -> None:
    """Use a way in up.

    Raises:
        InputError: somebody else was faster, or it was made anew meanwhile.
        NotFoundError: the account has ended meanwhile.
    """
    if tx.accounts.break_glass(kept.account) != kept:
        raise InputError("not-proven", "that way in was used meanwhile")
    name = active(tx, kept.account).name
    tx.accounts.remove_break_glass(name)
    _note(tx, kept, name, me, entropy)
    alarm = Alarm(AlarmKind.BREAK_GLASS, me, tx.now, detail=name, precedence=Precedence.FLASH)
    raise_alarm(tx, alarm, me, entropy)


def _note(tx: Transaction, kept: BreakGlass, by: str, me: str, entropy: Entropy) -> None:
    salt = entropy.draw(SALT_SIZE)
    kind = EntryKind.ACCOUNT_CHANGED
    tx.journal.append(new_entry(kind, tx.now, salt, me, digest=kept.digest, by=by))
