"""Writing a report: the form of its kind, whether it may go, and sending it."""

import json
import secrets
import unicodedata
import uuid
from collections.abc import Iterable, Mapping
from typing import Final, cast

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from noroshi.core.errors import InputError, NoroshiError, NotFoundError
from noroshi.core.kinds.kind import Kind, all_kinds
from noroshi.core.kinds.reading import Reader, read_form
from noroshi.core.marking.label import Pap, Tlp
from noroshi.core.report import report_id_text
from noroshi.entrypoints.console import entry, forms, pages
from noroshi.entrypoints.console.desk import Console, Form, Json, Visit, json_answer
from noroshi.entrypoints.console.problem import reasons_of
from noroshi.flow import requests

_LEFT_TO_ACTS: Final = frozenset({"answer", "comms-check", "joint-signature", "translation"})
"""Kinds that begin from another report, or are sent by the line itself."""
_LANGUAGE: Final = "language-"
"""Of the act that shows the form in another language, before its code."""
PRECEDENCES: Final = ("flash", "immediate", "priority", "routine", "deferred")


class _Draft(msgspec.Struct, frozen=True):
    """What somebody is writing."""

    kind: Kind
    form: Form
    filled: forms.Filled


async def kinds(console: Console, visit: Visit, _http: Request) -> Response:
    """Show what may be written."""
    reader = visit.reader
    told = [
        {"name": kind.name, "title": reader.lexicon.label(kind.title, reader.language)}
        for kind in all_kinds().values()
        if kind.name not in _LEFT_TO_ACTS
    ]
    told.sort(key=lambda each: unicodedata.normalize("NFKD", each["title"]).casefold())
    return console.page("kinds.html", visit, {"kinds": told})


async def write(console: Console, visit: Visit, http: Request) -> Response:
    """Show the form of a kind, or send what was typed into it."""
    kind = _kind(http)
    if http.method == "GET":
        return await _open(console, visit, kind, http)
    form = await console.form(http)
    if form.one("act").startswith(_LANGUAGE):
        return await _page_in(console, visit, kind, form)
    draft = _read(console, visit, kind, form)
    if draft.form.one("act") != "send" or not _is_complete(draft):
        return await _page(console, visit, draft, {})
    try:
        told = cast("Json", await console.ask(visit, _order(draft, visit)))
    except NoroshiError as error:
        verdict = await _verdict(console, visit, draft)
        reasons = verdict["reasons"] or reasons_of([error.message], visit.reader)
        return await _page(console, visit, draft, {**verdict, "allowed": False, "reasons": reasons})
    waits = told["state"] == "AWAITING_RELEASE"
    return RedirectResponse("/release" if waits else f"/report/{told['report']}", 303)


async def _page_in(console: Console, visit: Visit, kind: Kind, form: Form) -> Response:
    """Show a form, and all that is typed into it, in another language."""
    chosen = entry.language_of(form.one("act").removeprefix(_LANGUAGE))
    visit = msgspec.structs.replace(visit, reader=pages.reader_of(chosen))
    answer = await _page(console, visit, _read(console, visit, kind, form), {})
    entry.keep_language(answer, chosen)
    return answer


async def _open(console: Console, visit: Visit, kind: Kind, http: Request) -> Response:
    """Show a form; the report's id is in its address, so that *Back* leads to the same report."""
    given = http.query_params.get("id")
    begun = await _begun(console, visit, http)
    if given is None:
        new = uuid.UUID(bytes=secrets.token_bytes(16), version=4).hex
        address = http.url.include_query_params(id=new)
        return RedirectResponse(f"{address.path}?{address.query}", 303)
    report_id = report_id_of(given)
    if gone := await _gone(console, visit, report_id):
        return RedirectResponse(gone, 303)
    form = Form([("id", report_id.hex()), *begun])
    return await _page(console, visit, _read(console, visit, kind, form), {})


async def _gone(console: Console, visit: Visit, report_id: bytes) -> str:
    """Return where the report of a form is that was sent before; "": nowhere they may look."""
    report = report_id_text(report_id)
    waiting = await console.rows(visit, requests.ReleaseQueue())
    if any(each["report"] == report for each in waiting):
        return "/release"
    try:
        found = await console.rows(visit, requests.Show(report=report))
    except NotFoundError:
        return ""
    return f"/report/{report}" if found else ""


async def check(console: Console, visit: Visit, http: Request) -> Response:
    """Say whether what is typed so far may go: for the page while somebody types."""
    draft = _read(console, visit, _kind(http), await console.form(http))
    return json_answer(await _verdict(console, visit, draft))


def _kind(http: Request) -> Kind:
    kind = all_kinds().get(str(http.path_params["kind"]))
    if kind is None:
        raise NotFoundError("not-found", "there is no such kind of report; see /compose")
    return kind


def _read(console: Console, visit: Visit, kind: Kind, form: Form) -> _Draft:
    now = console.house().clock.now()
    return _Draft(kind, form, forms.read_form(kind, form, visit.reader, now))


async def _begun(console: Console, visit: Visit, http: Request) -> list[tuple[str, str]]:
    """Return with what a form begins: a new one, an answer, or an update."""
    house = console.house()
    begun = [
        ("precedence", "routine"), ("status", "actual"), ("tlp", house.default_marking),
        (f"{forms.PREFIX}language", visit.reader.language.value),
    ]  # fmt: skip
    answered, updated = http.query_params.get("answers"), http.query_params.get("updates")
    if answered or updated:
        earlier = cast(
            "Json", await console.ask(visit, requests.Show(report=str(answered or updated)))
        )
        begun += [
            ("precedence", str(earlier["precedence"]).lower()),
            ("status", str(earlier["status"]).lower()),
            ("marking", str(earlier["marking"])),
            ("answers" if answered else "updates", str(earlier["report"])),
            *([("to", str(earlier["from"]))] if answered else []),
        ]
    return begun


def _is_complete(draft: _Draft) -> bool:
    """Say whether all that a form needs is typed, and can be read."""
    form = draft.form
    has_all = not forms.missing(draft.kind, draft.filled) and bool(form.many("to"))
    return not draft.filled.problems and (bool(form.one("updates")) or has_all)


async def _verdict(console: Console, visit: Visit, draft: _Draft) -> dict[str, object]:
    """Return whether a draft may go, and all that is missing or wrong.

    While somebody types, what is not typed yet counts as missing and as nothing worse.
    """
    language, lexicon = visit.reader.language, visit.reader.lexicon
    is_update = bool(draft.form.one("updates"))
    lacking = [] if is_update else forms.missing(draft.kind, draft.filled)
    told: dict[str, object] = {
        "missing": [lexicon.label(field.says.label, language) for field in lacking],
        "problems": dict(draft.filled.problems),
        "partners": [],
        "because": [],
        "reasons": [],
    }
    if not draft.form.many("to") and not is_update:
        told["missing"] = [
            lexicon.label("addr.action", language), *cast("list[str]", told["missing"])
        ]  # fmt: skip
    if not told["missing"] and not draft.filled.problems:
        try:
            asked = msgspec.structs.replace(_order(draft, visit), check=True, explained=True)
            told |= cast("Json", await console.ask(visit, asked))
        except NoroshiError as error:
            told["reasons"] = [error.message]
    elif draft.form.many("to"):
        told |= await _audience(console, visit, draft)
    told["marking"] = _marking(draft.form)
    is_complete = _is_complete(draft)
    told["allowed"] = is_complete and bool(told.get("allowed"))
    told["is_open"] = not is_complete and not told["reasons"]
    told["partners"] = [
        {
            **each,
            "name": country(str(each["partner"]), visit.reader),
            "reasons": reasons_of(each["reasons"], visit.reader),
        }
        for each in cast("list[Json]", told["partners"])
    ]
    return told | {name: reasons_of(told[name], visit.reader) for name in ("reasons", "because")}


async def _audience(console: Console, visit: Visit, draft: _Draft) -> Json:
    """Return whether a report so marked may go to whom it addresses, whatever it will say."""
    form = draft.form
    asked = requests.SendReport(
        body=b"-",
        as_text=True,
        to=form.many("to"),
        info=form.many("info"),
        marking=_marking(form),
        areas=form.many("area"),
        from_desk=form.one("from") or None,
        check=True,
        explained=True,
    )
    try:
        return cast("Json", await console.ask(visit, asked))
    except NoroshiError as error:
        return {"reasons": [error.message]}


def _order(draft: _Draft, visit: Visit) -> requests.SendReport:
    """Return what a draft asks for.

    Raises:
        InputError: its marking cannot be put together.
    """
    form, reader = draft.form, visit.reader
    if form.one("rel").strip() and not (form.one("level") or form.one("marking").strip()):
        msg = "to whom it is releasable is said with a level: choose one, or leave it empty"
        raise InputError("bad-marking", msg)
    updates = form.one("updates")
    title = reader.lexicon.label(draft.kind.title, reader.language)
    subject = form.one("subject").strip() or ("" if updates else title)
    body = {
        "noroshi": 1,
        "kind": draft.kind.name,
        "precedence": form.one("precedence"),
        "status": form.one("status"),
        "marking": _marking(form),
        **({"subject": subject} if subject else {}),
        **({"updates": updates} if updates else {}),
        **({"cleared": list(form.many("clear"))} if form.many("clear") else {}),
        **draft.filled.values,
    }
    answered = form.one("answers")
    return requests.SendReport(
        body=json.dumps(body, ensure_ascii=False).encode(),
        to=form.many("to"),
        info=form.many("info"),
        areas=form.many("area"),
        references=(answered,) if answered else (),
        answers=answered or None,
        from_desk=form.one("from") or None,
        by=visit.name,
        report_id=report_id_of(form.one("id")),
    )


def report_id_of(text: str) -> bytes:
    """Return the id that a page gave its form, so that a second click sends nothing twice.

    Raises:
        InputError: it is none.
    """
    try:
        return uuid.UUID(hex=text).bytes
    except ValueError:
        msg = "the form has lost the id of the report; open it anew"
        raise InputError("bad-input", msg) from None


def _marking(form: Form) -> str:
    """Return the marking that was chosen: whole, or put together from its parts."""
    if form.one("marking").strip():
        return form.one("marking").strip()
    releasable = form.one("rel").replace("、", ",").strip()
    parts = (
        form.one("level"),
        *(caveat.strip() for caveat in form.one("caveats").split("//")),
        f"REL TO {releasable}" if releasable else "",
        form.one("tlp"),
        form.one("pap"),
    )
    return "//".join(part for part in parts if part)


async def _page(
    console: Console, visit: Visit, draft: _Draft, verdict: Mapping[str, object]
) -> Response:
    reader, form, house = visit.reader, draft.form, console.house()
    updated = await _updated(console, visit, draft)
    present = _present(draft, updated, reader) if updated else {}
    to = [*form.many("to"), *form.many("info")]
    is_refused = form.one("act") == "send"
    partners = await console.rows(visit, requests.Partners())
    values = {
        "kind": draft.kind.name,
        "typed_in": "draft",
        "title": reader.lexicon.label(draft.kind.title, reader.language),
        "form": form,
        "asked": forms.asked(draft.kind, form, draft.filled.problems, present, reader),
        "desks": list(desks_of_partners(partners, reader)),
        "goes_to": [*_texts(updated, "to"), *_texts(updated, "info")] if updated else to,
        "own_desks": house.desks,
        "precedences": PRECEDENCES,
        "levels": _levels(console),
        "tlps": [each.value for each in Tlp],
        "paps": [each.value for each in Pap],
        "areas": list(house.areas),
        "verdict": verdict or await _verdict(console, visit, draft),
        "marking": _marking(form),
        "faulty": _faulty(draft) if is_refused else "",
    }
    return console.page("compose.html", visit, values, 400 if is_refused else 200)


def _faulty(draft: _Draft) -> str:
    """Return the first field that is missing or cannot be read, as the page shows them."""
    is_update, problems = bool(draft.form.one("updates")), draft.filled.problems
    if not is_update and not draft.form.many("to"):
        return "to"
    lacking = [] if is_update else forms.missing(draft.kind, draft.filled)
    faulty = {*problems, *(field.name for field in lacking)}
    fields = sorted(
        draft.kind.fields, key=lambda each: not (each.says.first or each.name in problems)
    )
    names = ("subject", *(field.name for field in fields))
    return next((name for name in names if name in faulty), "")


async def _updated(console: Console, visit: Visit, draft: _Draft) -> Json | None:
    """Return the report that a form updates."""
    updates = draft.form.one("updates")
    return (
        cast("Json", await console.ask(visit, requests.Show(report=updates))) if updates else None
    )


def _texts(told: Json, name: str) -> list[str]:
    return list(map(str, cast("list[object]", told[name])))


def _present(draft: _Draft, updated: Json, reader: Reader) -> dict[str, str]:
    """Return what the fields of a form that is updated say now."""
    chain = cast("Json | None", updated["chain"])
    if chain is None or chain["kind"] != draft.kind.name:
        raise InputError("bad-form", "that report is no form of this kind; send one anew")
    fields = cast("dict[str, object]", chain["fields"])
    rows = read_form(draft.kind, fields, reader)
    return {row.field: "; ".join(map(str, row.values)) for row in rows if row.field in fields}


def desks_of_partners(partners: Iterable[Json], reader: Reader) -> Iterable[Json]:
    """Return the desks that a report may be addressed to."""
    for partner in partners:
        if partner["state"] == "VERIFIED":
            name = str(partner["partner"])
            for desk in cast("list[str]", partner["desks"]):
                yield {"address": f"{desk}@{name}", "name": country(name, reader)}


def _levels(console: Console) -> list[str]:
    """Return the levels that may be marked here: those of the own policies first."""
    house = console.house()
    policies = sorted(house.rules.policies.values(), key=lambda each: house.me not in each.owners)
    return [f"{policy.name} {level.name}" for policy in policies for level in policy.levels]


def country(partner: str, reader: Reader) -> str:
    """Return how a reader calls a partner: the country, where its name is known."""
    code = f"co.{partner}"
    return reader.lexicon.label(code, reader.language) if code in reader.lexicon else partner
