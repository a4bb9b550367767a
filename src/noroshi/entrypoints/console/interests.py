"""What desks want to hear of at once."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from noroshi.core.account import MAY, Act
from noroshi.core.errors import InputError, NoroshiError
from noroshi.core.interest import InterestKind
from noroshi.entrypoints.console.desk import Console, Form, Visit
from noroshi.entrypoints.console.problem import problem_of
from noroshi.flow import requests


async def show(console: Console, visit: Visit, http: Request) -> Response:
    """Show them, or take one more, or one back."""
    problem, form = None, Form([])
    if http.method == "POST":
        form = await console.form(http)
        try:
            await console.ask(visit, _asked(visit, form))
            return RedirectResponse("/interests", 303)
        except NoroshiError as error:
            problem = problem_of(error, visit.reader)
    values = {
        "interests": await console.rows(visit, requests.Interests()),
        "kinds": [each.value for each in InterestKind],
        "desks": _own(console, visit),
        "problem": problem,
        "form": form,
    }
    return console.page("interests.html", visit, values, 400 if problem else 200)


def _own(console: Console, visit: Visit) -> list[str]:
    """Return the desks for which a visitor may state interests."""
    desks = console.house().desks
    if not visit.is_proven:
        return list(desks)
    watched = {each.desk for each in visit.grants if each.role in MAY[Act.ANSWER]}
    return [each for each in desks if each in watched or None in watched]


def _asked(visit: Visit, form: Form) -> requests.AnyRequest:
    """Return what a form of the page asks for.

    Raises:
        InputError: nothing that the page offers.
    """
    desk, number = form.one("desk"), form.one("number")
    if form.one("act") == "add":
        return requests.AddInterest(
            desk=desk, kind=form.one("kind"), value=form.one("value"), by=visit.name
        )
    if form.one("act") != "remove" or not (number.isascii() and number.isdecimal()):
        raise InputError("bad-input", "that form asks for nothing; open the page anew")
    return requests.RemoveInterest(desk=desk, number=int(number[:18]), by=visit.name)
