"""What machines may do here: access, what their batches become, feeds and what of them is held."""

from typing import TYPE_CHECKING, Final, cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from noroshi.core.account import Act
from noroshi.core.errors import InputError, NoroshiError
from noroshi.core.feed import FeedKind
from noroshi.core.kinds.reading import Reader
from noroshi.entrypoints.console.compose import PRECEDENCES, desks_of_partners
from noroshi.entrypoints.console.desk import Console, Form, Json, Visit
from noroshi.entrypoints.console.passkeys import is_unproven
from noroshi.entrypoints.console.problem import UNPROVEN, Problem, not_typed, problem_of
from noroshi.flow import requests

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_HELD: Final = 200
"""Of what is held back, on the page."""
_RIGHTS: Final = {"read": "ui.may_read", "write": "ui.may_write"}


async def show(console: Console, visit: Visit, http: Request) -> Response:
    """Show them, or take what an administrator decides."""
    problem, form, granted = None, Form([]), None
    if http.method == "POST":
        form = await console.form(http)
        try:
            asked = UNPROVEN if is_unproven(visit) else _asked(visit, form)
            if not isinstance(asked, Problem):
                told = cast("Json", await console.ask(visit, asked))
                if not isinstance(asked, requests.GrantAccess):
                    return RedirectResponse("/machines", 303)
                granted = told  # its token is on this page, and on no other
            else:
                problem = asked
        except NoroshiError as error:
            problem = problem_of(error, visit.reader)
    reader = visit.reader
    machines = await console.rows(visit, requests.Machines())
    held = await console.rows(visit, requests.HeldOfFeeds())
    values = {
        "machines": [_machine(each, reader) for each in machines if not each["ended_at"]],
        "collections": await console.rows(visit, requests.Collections()),
        "rules": await console.rows(visit, requests.Rules()),
        "feeds": await console.rows(visit, requests.Feeds()),
        "held": held[:MOST_HELD],
        "held_in_all": len(held),
        "may_administer": await console.may(visit, Act.ADMINISTER),
        "desks": list(desks_of_partners(await console.rows(visit, requests.Partners()), reader)),
        "precedences": PRECEDENCES,
        "protocols": [each.value for each in FeedKind],
        "granted": granted,
        "problem": problem,
        "form": form,
    }
    return console.page("machines.html", visit, values, 400 if problem else 200)


def _asked(visit: Visit, form: Form) -> requests.AnyRequest | Problem:
    """Return what a form of the page asks for, or that a name was to be typed first.

    Raises:
        InputError: nothing that the page offers.
    """
    act, name, by = form.one("act"), form.one("name"), visit.name
    if act in {"revoke", "remove", "end"} and form.one("confirm").strip() != name:
        return not_typed(name, visit.reader)
    asked: dict[str, Callable[[], requests.AnyRequest]] = {
        "grant": lambda: requests.GrantAccess(
            name=name,
            collection=form.one("collection"),
            read="read" in form.many("right"),
            write="write" in form.many("right"),
            partner=form.one("partner") or None,
            ceiling=form.one("ceiling") or None,
            by=by,
        ),
        "revoke": lambda: requests.RevokeAccess(name=name, by=by),
        "add": lambda: _feed(form, by),
        "rule": lambda: _rule(form, by),
        "end": lambda: requests.EndRule(collection=name, by=by),
        "pull": lambda: requests.PullFeed(name=name),
        "remove": lambda: requests.RemoveFeed(name=name, by=by),
        "admit": lambda: requests.AdmitHeld(
            number=_number(form), marking=form.one("marking"), by=by
        ),
        "drop": lambda: requests.AdmitHeld(number=_number(form), by=by),
    }
    if act not in asked:
        raise InputError("bad-input", "that form asks for nothing; open the page anew")
    return asked[act]()


def _feed(form: Form, by: str | None) -> requests.AddFeed:
    return requests.AddFeed(
        name=form.one("name"),
        url=form.one("url").strip(),
        kind=form.one("kind"),
        collection=form.one("collection"),
        push=form.one("way") == "push",
        marking=form.one("marking") or None,
        partner=form.one("partner") or None,
        ceiling=form.one("ceiling") or None,
        user=form.one("user") or None,
        secret=form.one("secret"),
        by=by,
    )


def _rule(form: Form, by: str | None) -> requests.SetRule:
    return requests.SetRule(
        collection=form.one("collection"),
        to=form.many("to"),
        info=form.many("info"),
        sightings=bool(form.one("sightings")),
        precedence=form.one("precedence"),
        at_once=form.one("goes") == "at_once",
        by=by,
    )


def _number(form: Form) -> int:
    text = form.one("number")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):  # noqa: PLR2004 - 64 bits
        raise InputError("bad-input", "that form asks for nothing; open the page anew")
    return int(text)


def _machine(machine: Json, reader: Reader) -> dict[str, object]:
    """Return a machine, and what it may do in the words of its reader."""
    rights = cast("dict[str, str]", machine["rights"])
    told = [
        (alias, [reader.lexicon.label(_RIGHTS[each], reader.language) for each in right.split("+")])
        for alias, right in rights.items()
    ]
    return {**machine, "told_rights": told}
