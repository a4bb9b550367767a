"""Who the partners are: their cards, the digits that two officers compare, and an end of trust."""

import re
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from noroshi.core.account import Act
from noroshi.core.directory.repository import MAX_BUNDLE
from noroshi.core.errors import InputError, NoroshiError, NotFoundError
from noroshi.entrypoints.console import qr
from noroshi.entrypoints.console.compose import country
from noroshi.entrypoints.console.desk import Console, Form, Json, Visit
from noroshi.entrypoints.console.passkeys import is_unproven
from noroshi.entrypoints.console.problem import UNPROVEN, Problem, not_typed, problem_of
from noroshi.entrypoints.console.uploads import uploaded
from noroshi.flow import requests

LARGEST_CARD: Final = 2 * MAX_BUNDLE
"""Bytes of the text of a card with its directory, and of the form around it."""
_NOTHING: Final = Form([])
_AGREEING: Final = Form([("act", "agree")])
_MINUTE: Final = len("2026-11-22T02:10")
_ZONE: Final = re.compile(r"(?:[Zz]|[+-]\d\d:\d\d)\Z")


async def show(console: Console, visit: Visit, http: Request) -> Response:
    """Show the partners, or take a card."""
    problem, text = None, ""
    if http.method == "POST":
        sent = await uploaded(console, http, LARGEST_CARD)
        card = sent.get("file") or sent.get("card") or b""
        text = sent.get("card", b"").decode(errors="replace")
        try:
            problem = UNPROVEN if is_unproven(visit) else None
            if not problem:
                asked = requests.AddPartner(card=card, by=visit.name)
                told = cast("Json", await console.ask(visit, asked))
                return RedirectResponse(f"/partners/{told['partner']}", 303)
        except NoroshiError as error:
            problem = problem_of(error, visit.reader)
    listed = cast("list[Json]", await console.ask(visit, requests.Partners()))
    values = {
        "partners": [_named(each, visit) for each in listed],
        "may_administer": await console.may(visit, Act.ADMINISTER),
        "problem": problem,
        "card": text,
        "quarantine": await _quarantine(console, visit),
        "may_let_go": await console.may(visit, Act.LET_GO),
    }
    return console.page("partners.html", visit, values, 400 if problem else 200)


async def _quarantine(console: Console, visit: Visit) -> list[Json]:
    """Return what is held of revoked partners, for those who may hear of it."""
    may_see = await console.may(visit, Act.OVERSEE)
    return await console.rows(visit, requests.Quarantine()) if may_see else []


async def decide(console: Console, visit: Visit, http: Request) -> Response:
    """Take in what is held of a revoked partner, or drop it."""
    form, report = await console.form(http), str(http.path_params["report"])
    if is_unproven(visit):
        return RedirectResponse("/confirm?next=/partners", 303)
    if form.one("act") not in {"take", "drop"}:
        raise InputError("bad-input", "that form asks for nothing; open the page anew")
    is_taken = form.one("act") == "take"
    asked = requests.DecideQuarantined(report=report, by=visit.name, is_taken=is_taken)
    await console.ask(visit, asked)
    return RedirectResponse("/partners", 303)


async def one(console: Console, visit: Visit, http: Request) -> Response:
    """Show a partner, or take what an officer decides about it."""
    name, problem, form = str(http.path_params["partner"]), None, _NOTHING
    if http.method == "POST":
        sent = await uploaded(console, http, LARGEST_CARD) if _has_file(http) else None
        form = await console.form(http) if sent is None else _AGREEING
        try:
            problem = UNPROVEN if is_unproven(visit) else None
            if problem is None and sent is not None:
                agreement = sent.get("file", b"")
                await console.ask(visit, requests.AddAgreement(agreement=agreement, by=visit.name))
            elif problem is None:
                problem = await _decide(console, visit, name, form)
            if not problem:
                return RedirectResponse(f"/partners/{name}", 303)
        except NoroshiError as error:
            problem = problem_of(error, visit.reader)
    listed = cast("list[Json]", await console.ask(visit, requests.Partners()))
    found = next((each for each in listed if each["partner"] == name), None)
    if found is None:
        raise NotFoundError("unknown-partner", "no partner of that name is known; see /partners")
    told = cast("Json", await console.ask(visit, requests.PartnerNumber(partner=name)))
    agreements = await console.rows(visit, requests.Agreements())
    number = str(told["number"])
    code = "".join(number.split())
    values = {
        "partner": _named(found, visit),
        "groups": number.split(),
        "path": qr.path(code),
        "side": qr.side(code),
        "agreements": [each for each in agreements if name in (each["from"], each["to"])],
        "may_administer": await console.may(visit, Act.ADMINISTER),
        "problem": problem,
        "form": form,
    }
    return console.page("partner.html", visit, values, 400 if problem else 200)


def _has_file(http: Request) -> bool:
    return http.headers.get("content-type", "").lower().startswith("multipart/form-data")


async def _decide(console: Console, visit: Visit, name: str, form: Form) -> Problem | None:
    """Take what an officer decides about a partner; return what is in the way."""
    if form.one("act") == "verify":
        number = form.one("number")
        asked = requests.VerifyPartner(partner=name, number=number, by=visit.name)
        await console.ask(visit, asked)
        return None
    if form.one("act") != "revoke":
        raise InputError("bad-input", "that form asks for nothing; open the page anew")
    if form.one("confirm").strip() != name:
        return not_typed(name, visit.reader)
    revoking = requests.RevokePartner(
        partner=name,
        since=_instant(form.one("since")),
        by=visit.name,
        reason=form.one("reason").strip(),
    )
    await console.ask(visit, revoking)
    return None


def _instant(typed: str) -> str:
    """Return a time as it was typed, in UTC where it names no zone, as RFC 3339."""
    typed = typed.strip()
    if _ZONE.search(typed):
        return typed
    return f"{typed}:00Z" if len(typed) == _MINUTE else f"{typed}Z"


def _named(partner: Json, visit: Visit) -> dict[str, object]:
    """Return a partner with what a reader calls it; it may never have told a directory."""
    return {
        "directory_until": None,
        **partner,
        "country": country(str(partner["partner"]), visit.reader),
    }
