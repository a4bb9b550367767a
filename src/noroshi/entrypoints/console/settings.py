"""Who one is here, the people of this node with their roles, and the areas of cooperation."""

from typing import Final, cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from noroshi.core.account import HOUSE_WIDE, Act, Role
from noroshi.core.errors import InputError, NoroshiError
from noroshi.core.kinds.reading import Reader
from noroshi.entrypoints.console import sessions
from noroshi.entrypoints.console.desk import Console, Form, Json, Visit
from noroshi.entrypoints.console.passkeys import is_unproven
from noroshi.entrypoints.console.problem import UNPROVEN, Problem, not_typed, problem_of
from noroshi.flow import requests

_ROLES: Final = {
    Role.DRAFTER: "role.drafter",
    Role.RELEASER: "role.releaser",
    Role.WATCH: "role.watch_officer",
    Role.ADMINISTRATOR: "role.admin",
    Role.AUDITOR: "role.auditor",
}
_PROOFS: Final = {"user": "ui.proof_user", "passphrase": "ui.passphrase"}


async def show(console: Console, visit: Visit, http: Request) -> Response:
    """Show them, or take what an administrator decides about a person."""
    problem, form = None, Form([])
    if http.method == "POST":
        form = await console.form(http)
        try:
            is_ending = form.one("act") == "sessions"
            asked = UNPROVEN if is_unproven(visit) else None if is_ending else _asked(visit, form)
            if not isinstance(asked, Problem):
                if asked is None:
                    await sessions.end(console, visit, http, form)
                else:
                    await console.ask(visit, asked)
                return RedirectResponse("/settings", 303)
            problem = asked
        except NoroshiError as error:
            problem = problem_of(error, visit.reader)
    me = cast("Json", await console.ask(visit, requests.WhoAmI()))
    people = await console.rows(visit, requests.Accounts())
    areas = await console.rows(visit, requests.Areas())
    values = {
        "account": None if me["account"] is None else _person(me, visit.reader),
        "people": [_person(each, visit.reader) for each in people],
        "may_administer": visit.is_proven and await console.may(visit, Act.ADMINISTER),
        "roles": _choices(console),
        "areas": [_area(each, visit.reader) for each in areas],
        "sessions": sessions.listed(console, visit, http),
        "problem": problem,
        "form": form,
    }
    return console.page("settings.html", visit, values, 400 if problem else 200)


def _asked(visit: Visit, form: Form) -> requests.AnyRequest | Problem:
    """Return what a form of the page asks for, or that a name was to be typed first.

    Raises:
        InputError: nothing that the page offers.
    """
    act, name = form.one("act"), form.one("name")
    if act == "add":
        return requests.AddAccount(
            name=name, roles=form.many("role"), passphrase=form.one("passphrase"), by=visit.name
        )
    if act == "roles":
        return requests.ChangeRoles(name=name, roles=form.many("role"), by=visit.name)
    if act != "end":
        raise InputError("bad-input", "that form asks for nothing; open the page anew")
    if form.one("confirm").strip() != name:
        return not_typed(name, visit.reader)
    return requests.EndAccount(name=name, by=visit.name)


def _choices(console: Console) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the roles that may be given: what each is called, and at which desks."""
    desks = console.house().desks
    return [
        (
            label,
            [(role.value, "")]
            if role in HOUSE_WIDE
            else [
                (role.value, "ui.all_desks"),
                *((f"{role.value}@{desk}", desk) for desk in desks),
            ],
        )
        for role, label in _ROLES.items()
    ]


def _person(account: Json, reader: Reader) -> dict[str, object]:
    """Return an account in the words of its reader."""
    granted = cast("list[str]", account["roles"])
    return {
        **account,
        "told_roles": [_role(each, reader) for each in granted],
        "told_proof": [
            reader.lexicon.label(_PROOFS[each], reader.language)
            for each in cast("list[str]", account["proof"])
            if each in _PROOFS
        ],
    }


def _role(grant: str, reader: Reader) -> str:
    name, _, desk = grant.partition("@")
    label = reader.lexicon.label(_ROLES[Role(name)], reader.language)
    return f"{label} ({desk})" if desk else label


def _area(area: Json, reader: Reader) -> dict[str, object]:
    names = cast("dict[str, str]", area["names"])
    return {**area, "name": names.get(reader.language.value) or names["en"]}
