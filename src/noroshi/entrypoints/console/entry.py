"""Coming in, leaving, and the language of the pages."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from noroshi.adapters.telemetry import note, note_refusal
from noroshi.core.errors import InputError
from noroshi.core.lexicon.lexicon import Language
from noroshi.entrypoints.console import pages
from noroshi.entrypoints.console.desk import DOOR, LANGUAGE, Console, reader_for
from noroshi.entrypoints.console.security import give_session, take_session

_YEAR_SECONDS = 31_536_000


def closed(http: Request, me: str, options: str, *, is_prepared: bool) -> Response:
    """Say how to come in at a partner, `me`; `options`: what a browser needs for a passkey.

    `is_prepared`: somebody has a break-glass way in.
    """
    status = 200 if http.url.path == "/" else 401
    values = {
        "me": me,
        "marking": "",
        "here": http.url.path,
        "options": options,
        "is_prepared": is_prepared,
    }
    return pages.page("closed.html", reader_for(http), values, status)


async def link(console: Console, http: Request) -> Response:
    """Show the link's page: a browser that looks ahead uses nothing up."""
    secret = str(http.path_params["secret"])
    values = {"me": console.house().me, "secret": secret, "marking": "", "here": http.url.path}
    return pages.page("enter.html", reader_for(http), values)


async def enter(console: Console, http: Request) -> Response:
    """Open a session."""
    form, house = await console.form(http), console.house()
    before, now = http.cookies.get(console.cookie, ""), house.clock.now()
    try:
        secret = house.visitors.enter(form.one("secret"), now, before=before)
    except InputError as error:
        note_refusal(error.code, DOOR, way="link")
        raise
    session = house.visitors.find(secret, now)
    note("came-in", DOOR, way="link", account=session.name if session else "")
    answer = RedirectResponse("/", 303)
    give_session(answer, console.door, secret)
    return answer


async def leave(console: Console, http: Request) -> Response:
    """End the session."""
    await console.form(http)
    visit, visitors = console.visit(http), console.house().visitors
    visitors.leave(http.cookies.get(console.cookie, ""))
    note("left", DOOR, account=visit.name if visit else "")
    answer = RedirectResponse("/", 303)
    take_session(answer, console.door)
    return answer


async def language(console: Console, http: Request) -> Response:
    """Change the language of the pages."""
    form = await console.form(http)
    answer = RedirectResponse(path_here(form.one("back")), 303)
    keep_language(answer, language_of(form.one("to")))
    return answer


def keep_language(answer: Response, chosen: Language) -> None:
    """Let the browser keep the language of the pages."""
    answer.set_cookie(
        LANGUAGE, chosen.value, max_age=_YEAR_SECONDS, secure=True, httponly=True, samesite="strict"
    )


def path_here(path: str) -> str:
    """Return a path of this door; the board for what is elsewhere."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


def language_of(code: str) -> Language:
    """Return a language that pages are in.

    Raises:
        InputError: they are not.
    """
    found = next((each for each in Language if each.value == code), None)
    if found is None:
        raise InputError("bad-input", f"there are no pages in {code!r}")
    return found
