"""Who is at the console: what every page of it needs of a request, and of the node."""

import asyncio
import urllib.parse
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final, cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from noroshi.adapters.telemetry import note_refusal
from noroshi.core.account import Act, Grant
from noroshi.core.errors import InputError, NoroshiError
from noroshi.core.kinds.reading import Reader
from noroshi.core.lexicon.lexicon import Language
from noroshi.entrypoints.console import pages
from noroshi.entrypoints.console.security import LARGEST_FORM, cookie_of, is_own_page
from noroshi.flow import answers, requests
from noroshi.flow.caller import Caller
from noroshi.flow.house import House

if TYPE_CHECKING:
    from noroshi.flow.records import Announcement

DOOR: Final = "desk"
"""What this door is called in the log."""
LANGUAGE: Final = "__Host-noroshi-language"
"""The cookie that says in which language the pages are."""

Json = Mapping[str, object]
Events = Callable[[], "asyncio.Queue[Announcement | None]"]


class Visit(msgspec.Struct, frozen=True):
    """Who asks, and in which language."""

    caller: Caller
    name: str
    reader: Reader
    path: str
    """Of the page that is asked for."""
    query: str
    is_fresh: bool
    """Whether who it is was proven just now."""
    grants: tuple[Grant, ...] = ()
    """Of the account."""

    @property
    def is_proven(self) -> bool:
        """Whether it is a person with an account; before there are any, names are claims."""
        return self.caller.proven is not None


class Form:
    """The fields of a form, each as often as it was sent."""

    def __init__(self, sent: list[tuple[str, str]]) -> None:
        self.sent = sent

    def one(self, name: str) -> str:
        """Return the value of a field, the last if there are several; "": it has none."""
        return next((value for key, value in reversed(self.sent) if key == name), "")

    def many(self, name: str) -> tuple[str, ...]:
        """Return all values of a field that say something."""
        return tuple(value for key, value in self.sent if key == name and value)


class Console:
    """The node, as the pages of its desk door ask it."""

    def __init__(self, house: Callable[[], House], door: str, subscribe: Events) -> None:
        self.house = house
        self.door = door
        self.cookie = cookie_of(door)
        self.subscribe = subscribe

    def visit(self, http: Request, *, is_touch: bool = True) -> Visit | None:
        """Return who is at the door; None: nobody who has come in."""
        house, secret = self.house(), http.cookies.get(self.cookie, "")
        now = house.clock.now()
        session = house.visitors.find(secret, now, is_touch=is_touch)
        if session is None:
            return None
        name, is_fresh = session.name, session.is_fresh(now)
        with house.store.read() as tables:
            accounts = tables.accounts.all()
        if not accounts:
            return Visit(
                Caller(claim=name), name, reader_for(http), http.url.path, http.url.query, is_fresh
            )
        account = next((a for a in accounts if a.name == name and a.ended_at is None), None)
        if account is None:
            house.visitors.leave(secret)
            return None
        caller, path, query = Caller(proven=name, is_owner=False), http.url.path, http.url.query
        return Visit(caller, name, reader_for(http), path, query, is_fresh, account.grants)

    async def ask(self, visit: Visit, request: requests.AnyRequest) -> object:
        """Return what the node answers to a visitor; a refusal is told in the log."""
        try:
            return await self._ask(visit, request)
        except NoroshiError as error:
            note_refusal(error.code, DOOR, account=visit.name, asked=type(request).__name__)
            raise

    async def _ask(self, visit: Visit, request: requests.AnyRequest) -> object:
        return await asyncio.to_thread(answers.handle, self.house(), request, visit.caller)

    async def permit(self, visit: Visit, act: Act) -> None:
        """Return if a visitor may do something; that it may not is told in the log.

        Raises:
            InputError: the account may not.
        """
        try:
            await asyncio.to_thread(answers.permit, self.house(), act, visit.caller)
        except NoroshiError as error:
            note_refusal(error.code, DOOR, account=visit.name, asked=act.name)
            raise

    async def may(self, visit: Visit, act: Act) -> bool:
        """Say whether a visitor may do something; what is not offered is refused as well."""
        try:
            await asyncio.to_thread(answers.permit, self.house(), act, visit.caller)
        except InputError as error:
            if error.code != "not-permitted":
                raise
            return False
        return True

    async def rows(self, visit: Visit, request: requests.AnyRequest) -> list[Json]:
        """Return what a visitor may see of something, nothing where that is not theirs."""
        try:
            return cast("list[Json]", await self._ask(visit, request))
        except InputError as error:
            if error.code != "not-permitted":
                raise
            return []

    async def form(self, http: Request) -> Form:
        """Return the fields of a form that a page of this door has sent.

        Raises:
            InputError: another site has sent it, or it is too large.
        """
        if not is_own_page(http, self.door):
            note_refusal("not-permitted", DOOR, asked="a form from another site")
            raise InputError("not-permitted", "a page of another site asked for that")
        raw = b""
        async for chunk in http.stream():
            raw += chunk
            if len(raw) > LARGEST_FORM:
                raise InputError("body-too-large", "the form is too large")
        return Form(urllib.parse.parse_qsl(raw.decode(errors="replace"), keep_blank_values=True))

    def page(
        self, name: str, visit: Visit, values: Mapping[str, object], status: int = 200
    ) -> Response:
        """Return a page for somebody who has come in."""
        about = {"me": self.house().me, "person": visit.name, "here": visit.path, "marking": ""}
        if visit.query:
            about["back"] = f"{visit.path}?{visit.query}"
        return pages.page(name, visit.reader, {**about, **values}, status)


Page = Callable[[Console, Visit, Request], Awaitable[Response]]
"""The answer to somebody who has come in."""


def reader_for(http: Request) -> Reader:
    """Return who reads: in the language that was chosen, else the first one that is known."""
    known = {language.value: language for language in Language}
    wanted = [
        http.cookies.get(LANGUAGE, ""),
        *(
            each.partition(";")[0].strip()[:2].lower()
            for each in http.headers.get("accept-language", "").split(",")
        ),
    ]
    found = next((known[each] for each in wanted if each in known), Language.ENGLISH)
    return pages.reader_of(found)


def json_answer(told: object, status: int = 200) -> Response:
    """Return an answer for our own module."""
    return Response(msgspec.json.encode(told), status, media_type="application/json")
