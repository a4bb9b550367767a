"""Passing on at the console: consent that was asked of partners, and what they ask of us."""

from typing import Final, cast

from noroshi.core.account import Act
from noroshi.core.consent import Scope
from noroshi.core.kinds.reading import Reader
from noroshi.entrypoints.console.desk import Console, Json, Visit
from noroshi.entrypoints.console.passkeys import is_unproven
from noroshi.entrypoints.console.problem import UNPROVEN, Problem, reasons_of
from noroshi.flow import requests

REQUEST: Final = "consent-request"
"""The kind of report that asks for consent."""
_STATES: Final = {
    "ASKED": "ui.consent_asked",
    "GRANTED": "ui.consent_given",
    "DECLINED": "ui.consent_declined",
    "REFUSED": "rung.refused",
}


async def consents_asked(console: Console, visit: Visit, seen: Json) -> list[dict[str, object]]:
    """Return what a report's originator was asked about passing it on, and what came of it."""
    passed_on = cast("Json | None", seen["passed_on"])
    ids = {seen["report"], *([passed_on["original"]] if passed_on else [])}
    return [
        {**each, "label": _STATES[str(each["state"])]}
        for each in await console.rows(visit, requests.Consents())
        if each["report"] in ids and each["direction"] == "SENT"
    ]


async def consent_wanted(console: Console, visit: Visit, seen: Json) -> dict[str, object] | None:
    """Return what a report asks our consent for, and whether the visitor may give it.

    None: it asks for none.
    """
    if seen["kind"] != REQUEST or seen["direction"] == "SENT":
        return None
    for each in await console.rows(visit, requests.Consents()):
        if each["request"] == seen["report"]:
            return _wanted(each, visit.reader) | {
                "may_grant": each["state"] == "ASKED" and await console.may(visit, Act.RELEASE)
            }
    return None


def _wanted(row: Json, reader: Reader) -> dict[str, object]:
    return {
        **row,
        "label": _STATES[str(row["state"])],
        "reasons": reasons_of(row["reasons"], reader),
        "is_below_tearline": row["scope"] == Scope.TEARLINE.value,
    }


async def grant(console: Console, visit: Visit, report: str, report_id: bytes) -> Problem | None:
    """Give the consent that a report asks for; return what is in the way.

    The word goes out as the report `report_id`: asked again, it is given once.
    """
    if is_unproven(visit):
        return UNPROVEN
    granting = requests.GrantConsent(request=report, by=visit.name, report_id=report_id)
    await console.ask(visit, granting)
    return None
