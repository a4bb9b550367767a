"""Coming in with a passkey, proving anew who one is, and the passkeys of an account."""

import ipaddress
import urllib.parse
from typing import Final, cast

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from noroshi.adapters import passkeys
from noroshi.adapters.passkeys import Site
from noroshi.adapters.telemetry import note, note_refusal
from noroshi.core.errors import InputError, NoroshiError, NotFoundError
from noroshi.core.passkey import ENOUGH, Passkey
from noroshi.entrypoints.console.desk import DOOR, Console, Json, Page, Visit
from noroshi.entrypoints.console.entry import path_here
from noroshi.entrypoints.console.problem import problem_of
from noroshi.entrypoints.console.security import give_session
from noroshi.flow import requests
from noroshi.flow.caller import Caller
from noroshi.flow.passkeys import use_passkey

_ENTER: Final = "enter"


def site_of(door: str) -> Site | None:
    """Return where passkeys of a door work; None: its address is no name, so none can."""
    host = urllib.parse.urlsplit(door).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return Site(host, door) if host else None
    return None


def to_enter(console: Console) -> str:
    """Return what a browser needs to come in with a passkey; "": there are none here."""
    house, site = console.house(), site_of(console.door)
    with house.store.read() as tables:
        names = [account.name for account in tables.accounts.all() if account.ended_at is None]
        is_any = any(tables.accounts.passkeys(name) for name in names)
    if site is None or not is_any:
        return ""
    return passkeys.to_prove(site, house.visitors.challenge(_ENTER, house.clock.now()))


async def enter(console: Console, http: Request) -> Response:
    """Open a session for whoever a passkey proves."""
    form, house = await console.form(http), console.house()
    try:
        name = _proven(console, form.one("answer"), _ENTER)
    except NoroshiError as error:
        note_refusal("not-proven", DOOR, way="passkey", why=error.code)
        raise
    before = http.cookies.get(console.cookie, "")
    secret = house.visitors.open(name, house.clock.now(), before=before)
    note("came-in", DOOR, way="passkey", account=name)
    answer = RedirectResponse("/", 303)
    give_session(answer, console.door, secret)
    return answer


def needs_proof(visit: Visit) -> Response | None:
    """Return the way to prove anew who one is, before a grave act; None: it was just proven."""
    if visit.is_fresh or not visit.is_proven:
        return None
    back = urllib.parse.quote(visit.path, safe="/")
    return RedirectResponse(f"/confirm?next={back}", 303)


def is_unproven(visit: Visit) -> bool:
    """Say whether a visitor has to prove anew who it is before a grave act.

    For pages that are given again then, with what was typed into them.
    """
    return needs_proof(visit) is not None


def guarded(page: Page) -> Page:
    """Return a page whose acts ask for a fresh proof of who one is."""

    async def proven(console: Console, visit: Visit, http: Request) -> Response:
        asked = needs_proof(visit) if http.method == "POST" else None
        return asked or await page(console, visit, http)

    return proven


async def confirm(console: Console, visit: Visit, http: Request) -> Response:
    """Prove anew who one is: by a passkey, or by the passphrase of the account."""
    house, secret, told = console.house(), http.cookies.get(console.cookie, ""), None
    form = await console.form(http) if http.method == "POST" else None
    back = http.query_params.get("next", "/") if form is None else form.one("next")
    if form is not None:
        way = "passkey" if form.one("answer") else "passphrase"
        try:
            await _prove(console, visit, form.one("answer"), form.one("passphrase"))
        except NoroshiError as error:
            note_refusal("not-proven", DOOR, way=way, account=visit.name, why=error.code)
            told = problem_of(error, visit.reader)
        else:
            answer = RedirectResponse(path_here(back), 303)
            give_session(answer, console.door, house.visitors.prove(secret, house.clock.now()))
            note("confirmed", DOOR, way=way, account=visit.name)
            return answer
    site, own = site_of(console.door), _own(console, visit)
    challenge = house.visitors.challenge(f"confirm {visit.name}", house.clock.now())
    values = {
        "next": path_here(back),
        "problem": told,
        "options": passkeys.to_prove(site, challenge, own) if site and own else "",
    }
    return console.page("confirm.html", visit, values, 400 if told else 200)


async def show(console: Console, visit: Visit, http: Request) -> Response:
    """Show one's own passkeys, or add or remove one, which ends one's other sessions."""
    told, house = None, console.house()
    if http.method == "POST":
        form = await console.form(http)
        try:
            if form.one("act") == "remove":
                credential = _credential(form.one("credential"))
                asked = requests.RemovePasskey(name=visit.name, credential=credential)
                await console.ask(visit, asked)
            else:
                await _add(console, visit, form.one("answer"), form.one("label"))
            house.visitors.end(visit.name, but=http.cookies.get(console.cookie, ""))
            return RedirectResponse("/passkeys", 303)
        except NoroshiError as error:
            told = problem_of(error, visit.reader)
    site, own = site_of(console.door), _own(console, visit)
    listed = await console.rows(visit, requests.Passkeys(name=visit.name))
    challenge = house.visitors.challenge(f"add {visit.name}", house.clock.now())
    values = {
        "passkeys": listed,
        "is_enough": len(listed) >= ENOUGH,
        "problem": told,
        "options": passkeys.to_register(site, visit.name, challenge, own)
        if site and visit.is_proven
        else "",
    }
    return console.page("passkeys.html", visit, values, 400 if told else 200)


def _credential(typed: str) -> bytes:
    try:
        return bytes.fromhex(typed)
    except ValueError as error:
        msg = "that is no id of a passkey; load the page again"
        raise InputError("bad-input", msg) from error


async def _add(console: Console, visit: Visit, answer: str, label: str) -> None:
    house, site = console.house(), site_of(console.door)
    if site is None:
        msg = "passkeys need a name, and this console is reached by an address"
        raise InputError("bad-input", msg)
    _, challenge = passkeys.named_in(answer)
    made = passkeys.registered(site, answer, challenge)
    house.visitors.redeem(challenge, f"add {visit.name}", house.clock.now())
    asked = requests.AddPasskey(
        credential=made.id, public_key=made.public_key, sign_count=made.sign_count, label=label
    )
    await console.ask(visit, asked)


async def _prove(console: Console, visit: Visit, answer: str, passphrase: str) -> None:
    if answer:
        if _proven(console, answer, f"confirm {visit.name}") != visit.name:
            raise InputError("not-proven", f"that is not a passkey of {visit.name}")
        return
    caller = Caller(name=visit.name, passphrase=passphrase.encode(), is_owner=False)
    told = cast(
        "Json",
        await console.ask(msgspec.structs.replace(visit, caller=caller), requests.WhoAmI()),
    )
    if told["account"] != visit.name:
        raise InputError("not-proven", f"that does not prove {visit.name}")


def _proven(console: Console, answer: str, purpose: str) -> str:
    """Return whose passkey has answered a challenge.

    Raises:
        InputError: it proves nothing.
        NotFoundError: it is of nobody here.
    """
    house, site = console.house(), site_of(console.door)
    credential, challenge = passkeys.named_in(answer)
    with house.store.read() as tables:
        passkey = tables.accounts.passkey(credential)
    if passkey is None or site is None:
        raise NotFoundError("not-found", "that passkey is not registered here")
    count = passkeys.proven(site, answer, challenge, passkey)
    house.visitors.redeem(challenge, purpose, house.clock.now())
    return house.store.perform(lambda tx: use_passkey(tx, credential, count))


def _own(console: Console, visit: Visit) -> list[Passkey]:
    with console.house().store.read() as tables:
        return tables.accounts.passkeys(visit.name) if visit.is_proven else []
