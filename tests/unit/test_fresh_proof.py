"""A grave act at the console asks for a fresh proof of who one is; looking asks for none."""

import asyncio
from typing import cast

import pytest
from starlette.requests import Request
from starlette.responses import Response

from noroshi.core.lexicon.lexicon import Language
from noroshi.entrypoints.console import onward, pages, passkeys
from noroshi.entrypoints.console.desk import Console, Visit
from noroshi.entrypoints.console.door import _INSIDE
from noroshi.entrypoints.console.problem import UNPROVEN
from noroshi.flow.caller import Caller

GRAVE = {"/release/{report}", "/passkeys", "/passkeys/break-glass"}
"""Those of partners and accounts give their page again instead, with what was typed into it."""


def visit(*, is_fresh: bool, is_proven: bool = True) -> Visit:
    caller = Caller(proven="Lt Sato", is_owner=False) if is_proven else Caller(claim="abe")
    return Visit(caller, "Lt Sato", pages.reader_of(Language.ENGLISH), "/release/1", "", is_fresh)


async def done(_console: Console, _visit: Visit, _http: Request) -> Response:
    return Response("done")


def answer(method: str, who: Visit) -> Response:
    http = Request({"type": "http", "method": method, "path": "/release/1", "headers": []})
    page = passkeys.guarded(done)
    return asyncio.run(page(cast("Console", None), who, http))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "who", "goes_on"),
    [
        ("POST", visit(is_fresh=False), False),
        ("POST", visit(is_fresh=True), True),
        ("GET", visit(is_fresh=False), True),
        ("POST", visit(is_fresh=False, is_proven=False), True),
    ],
)
def test_what_was_proven_long_ago_is_asked_again(method: str, who: Visit, *, goes_on: bool) -> None:
    told = answer(method, who)
    assert (told.body == b"done") == goes_on
    if not goes_on:
        assert told.headers["location"] == "/confirm?next=/release/1"


def test_consent_is_given_by_who_was_proven_just_now() -> None:
    giving = onward.grant(cast("Console", None), visit(is_fresh=False), "1", bytes(16))
    assert asyncio.run(giving) is UNPROVEN


def test_every_grave_page_is_guarded() -> None:
    named = {path: page.__name__ for path, page, _ in _INSIDE}
    assert {path for path, name in named.items() if name == "proven"} == GRAVE
