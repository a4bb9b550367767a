"""What is given as a file: attachments, and a report in the words of other systems.

No browser shows it: it is kept, whatever it says to be.
"""

import asyncio
import json
import urllib.parse
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from noroshi.adapters.telemetry import note_refusal
from noroshi.core.errors import NoroshiError, NotFoundError
from noroshi.core.kinds.kind import all_kinds
from noroshi.core.recognition import NOROSHI
from noroshi.entrypoints.console.desk import DOOR, Console, Json, Visit
from noroshi.flow import answers, requests
from noroshi.flow.requests import Exchange

_KIND: Final = "application/octet-stream"
_SANDBOX: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""Should a browser show it all the same: it runs nothing, loads nothing, and is of no site."""
_GIVEN: Final = {Exchange.STIX: "bundle", Exchange.CAP: "alert", Exchange.ORIGINAL: "original"}
"""Where in the answer it stands."""
_NAMES: Final = {Exchange.STIX: "stix.json", Exchange.CAP: "cap.xml", Exchange.ORIGINAL: "original"}
_PLAIN: Final = frozenset(" .-_()+,")
"""What may stand in the name of a file beside letters and digits."""


async def attachment(console: Console, visit: Visit, http: Request) -> Response:
    """Give an attachment, which counts as shown to nobody."""
    report, number = str(http.path_params["report"]), int(http.path_params["number"])
    try:
        name, size, chunks = await asyncio.to_thread(
            answers.attachment, console.house(), report, number, visit.caller
        )
    except NoroshiError as error:
        note_refusal(error.code, DOOR, account=visit.name, asked="attachment")
        raise
    headers = {**kept_as(name), "Content-Length": str(size)}
    return StreamingResponse(chunks, media_type=_KIND, headers=headers)


async def export(console: Console, visit: Visit, http: Request) -> Response:
    """Give a report in the words of other systems."""
    report = str(http.path_params["report"])
    try:
        form = Exchange(str(http.path_params["form"]))
    except ValueError:
        raise NotFoundError("not-found", "a report is not exported so; see its page") from None
    told = cast("Json", await console.ask(visit, requests.Export(report=report, form=form)))
    name = f"{str(told['report'])[:8]}.{_NAMES[form]}"
    return Response(str(told[_GIVEN[form]]), media_type=_KIND, headers=kept_as(name))


def exports_of(told: Json) -> list[tuple[str, str]]:
    """Return as what a report can be exported: the form, and what it is called.

    The name of a standard stands for itself; a code of the lexicon begins with `ui.`.
    """
    if told["media_type"] != NOROSHI or told["destroyed"] is not None:
        return []
    kind = all_kinds().get(str(told["kind"]))
    try:
        body = cast("object", json.loads(str(told["body"])))
    except ValueError:
        return []
    original = cast("Json", body).get("original") if isinstance(body, dict) else None
    has_original = isinstance(original, dict) and "content" in original
    return [
        ("stix", "STIX 2.1"),
        *([("cap", "CAP 1.2")] if kind is not None and kind.categories else []),
        *([("original", "ui.as_it_came")] if has_original else []),
    ]


def kept_as(name: str) -> dict[str, str]:
    """Return the headers that let a browser keep a file, and never show it (RFC 6266).

    Only letters, digits and a few signs of the name are left: what reverses text or hides in it
    could show another ending than the file has.
    """
    plain = "".join(c if c.isalnum() or c in _PLAIN else "_" for c in name).strip(". ") or "file"
    simple = "".join(c if c.isascii() else "_" for c in plain)
    whole = urllib.parse.quote(plain, safe="")
    return {
        "Content-Disposition": f"attachment; filename=\"{simple}\"; filename*=UTF-8''{whole}",
        "Content-Security-Policy": _SANDBOX,
    }
