"""Answers about accounts: added, changed, ended, listed."""

from collections.abc import Callable
from functools import partial

from noroshi.core.account import Account, Grant
from noroshi.core.errors import InputError, UnavailableError
from noroshi.core.instant import to_text
from noroshi.core.passkey import Passkey
from noroshi.core.report import check_person
from noroshi.flow import accounts, break_glass, passkeys
from noroshi.flow.answers import rights
from noroshi.flow.caller import Caller
from noroshi.flow.house import House
from noroshi.flow.requests import (
    AddAccount,
    AddPasskey,
    Answer,
    ChangePassphrase,
    ChangeRoles,
    EndAccount,
    Invite,
    Json,
    Passkeys,
    PrepareBreakGlass,
    RemovePasskey,
)
from noroshi.flow.tables import Transaction
from noroshi.flow.visitors import LINK_LIFE

SHORTEST = 12
"""Characters of a passphrase."""


def add_account(house: House, request: AddAccount) -> Answer:
    """Add a person."""
    name = check_person(request.name) or ""
    new = accounts.NewAccount(
        name=" ".join(name.split()),
        grants=_grants(request.roles),
        uid=request.uid,
        verifier="" if request.passphrase is None else _verifier(house, request.passphrase, name),
    )
    by = check_person(request.by) or new.name
    return _act(house, partial(accounts.add_account, new=new, by=by, desks=house.desks))


def change_roles(house: House, request: ChangeRoles) -> Answer:
    """Give a person other roles."""
    grants = _grants(request.roles)
    act = partial(
        accounts.change_roles, name=request.name, grants=grants, by=request.by or "",
        desks=house.desks,
    )  # fmt: skip
    return _act(house, act)


def change_passphrase(house: House, request: ChangePassphrase) -> Answer:
    """Give a person another passphrase; who came in before comes in anew."""
    verifier = _verifier(house, request.passphrase, request.name)
    act = partial(
        accounts.change_passphrase, name=request.name, verifier=verifier, by=request.by or ""
    )
    told = _act(house, act)
    house.visitors.end(str(told["account"]))
    return told


def end_account(house: House, request: EndAccount) -> Answer:
    """End an account, and its sessions."""
    told = _act(house, partial(accounts.end_account, name=request.name, by=request.by or ""))
    house.visitors.end(str(told["account"]))
    return told


def add_passkey(house: House, request: AddPasskey) -> Answer:
    """Add a passkey to the account of whoever asks.

    Raises:
        InputError: there are no accounts, to which it could belong.
    """
    if not request.by:
        msg = "a passkey belongs to an account, and there are none yet: noroshi account add"
        raise InputError("bad-input", msg)
    passkey = Passkey(
        credential=request.credential,
        account=request.by,
        public_key=request.public_key,
        sign_count=request.sign_count,
        label=" ".join(request.label.split()),
        added_at=0,
    )
    act = partial(passkeys.add_passkey, passkey=passkey, me=house.me, entropy=house.entropy)
    house.identity()
    return _passkey_json(house.store.perform(act))


def remove_passkey(house: House, request: RemovePasskey) -> Answer:
    """Remove a passkey; if another has removed it, its owner comes in anew."""
    act = partial(
        passkeys.remove_passkey, credential=request.credential, name=request.name,
        by=request.by or "", me=house.me, entropy=house.entropy,
    )  # fmt: skip
    house.identity()
    removed = house.store.perform(act)
    if request.by != removed.account:
        house.visitors.end(removed.account)
    return _passkey_json(removed)


def list_passkeys(house: House, request: Passkeys) -> Answer:
    """List the passkeys of an account."""
    with house.store.read() as tables:
        return [_passkey_json(each) for each in tables.accounts.passkeys(request.name)]


def prepare_break_glass(house: House, request: PrepareBreakGlass) -> Answer:
    """Make a break-glass way in; this answer alone ever shows it."""
    house.identity()
    made = break_glass.prepare(house, request.name, request.by or "")
    return {
        "account": request.name,
        "passphrase": made.passphrase,
        "key_uri": made.key_uri,
    }


def list_accounts(house: House) -> Answer:
    """List the accounts, those that have ended too."""
    with house.store.read() as tables:
        return [_json(account) for account in tables.accounts.all()]


def who_am_i(house: House, caller: Caller) -> Answer:
    """Say who asks, proven."""
    account = rights.who(house, caller)
    if account is None:
        return {"account": None, "claim": caller.claim}
    return _json(account)


def invite(house: House, request: Invite) -> Answer:
    """Give a link into the console, for the person who has just been proven.

    Raises:
        UnavailableError: nobody serves this node.
    """
    visitors, name = house.visitors, request.by or ""
    if not visitors.door:
        msg = "the console is open while the node is served: noroshi serve"
        raise UnavailableError("not-served", msg)
    now = house.clock.now()
    return {
        "url": f"{visitors.door}/enter/{visitors.invite(name, now)}",
        "by": name,
        "until": to_text(now + LINK_LIFE),
    }


def _act(house: House, act: Callable[..., Account]) -> Json:
    house.identity()

    def perform(tx: Transaction) -> Account:
        return act(tx, me=house.me, entropy=house.entropy)

    return _json(house.store.perform(perform))


def _grants(roles: tuple[str, ...]) -> tuple[Grant, ...]:
    return tuple(dict.fromkeys(map(Grant.parse, roles)))


def _verifier(house: House, passphrase: str, name: str) -> str:
    """Return what a passphrase can be checked against.

    Raises:
        InputError: others would guess it, or it is known to have been breached.
    """
    if len(passphrase) < SHORTEST:
        msg = f"a passphrase has at least {SHORTEST} characters; take a few words"
        raise InputError("bad-input", msg)
    with house.store.read() as tables:
        partners = [known.signed_card.card.partner for known in tables.partners.all()]
    near = (*name.split(), house.me, *house.desks, *partners)
    if house.passphrases.is_guessable(passphrase, near):
        msg = (
            "others would guess that passphrase: it is made of common words, names around here, "
            "digits or runs of keys; take a few words that have nothing to do with one another"
        )
        raise InputError("bad-input", msg)
    if house.passphrases.is_breached(passphrase.encode()):
        msg = "that passphrase is known from a breach elsewhere; take another"
        raise InputError("bad-input", msg)
    return house.passphrases.verifier_of(passphrase.encode())


def _json(account: Account) -> Json:
    return {
        "account": account.name,
        "roles": [str(grant) for grant in account.grants],
        "proof": [
            *([] if account.uid is None else ["user"]),
            *(["passphrase"] if account.verifier else []),
        ],
        "uid": account.uid,
        "state": "ACTIVE" if account.ended_at is None else "ENDED",
        "added_at": to_text(account.added_at),
        "added_by": account.added_by,
        "ended_at": None if account.ended_at is None else to_text(account.ended_at),
    }


def _passkey_json(passkey: Passkey) -> Json:
    return {
        "account": passkey.account,
        "credential": passkey.credential.hex(),
        "label": passkey.label,
        "added_at": to_text(passkey.added_at),
    }
