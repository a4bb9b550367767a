"""forms: whatever a form says, it comes back from STIX and from CAP, equal.

Reports of every kind are drawn (:mod:`endure.formdraw`), written as bundles and read again: the
same report, of the same types, and the same bytes when it is written again. One in ten, if it is
an alert, goes through CAP too. One in a hundred bundles is read by stix2, strictly; one in a
thousand is held against the schemas of OASIS.
"""

import importlib
import json
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from endure import evidence
from endure.formdraw import FormDraw
from noroshi.adapters.schemas import problem_of
from noroshi.core.exchange import cap, cap_report, stix_reading, stix_report
from noroshi.core.exchange.stix_report import Report
from noroshi.core.kinds.kind import all_kinds

REPORTS_A_ROUND: Final = 10_000
_ALERTS: Final = frozenset(kind.name for kind in all_kinds().values() if kind.categories)
_EVERY_ALERT: Final = 10
EVERY_STRICT: Final = 100
_EVERY_SCHEMA: Final = 1_000


def run_round(seed: int, reports: int) -> tuple[list[str], Counter[str]]:
    """Draw so many reports; return what did not come back, and what was tried how often."""
    draw, broken, count = FormDraw(seed), list[str](), Counter[str]()
    for number in range(reports):
        report = draw.report()
        count[report.kind] += 1
        try:
            problems = list(_problems(report, number, count))
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            problems = [traceback.format_exception_only(error)[-1].strip()]
        broken += [f"seed {seed}, report {number}, {report.kind}: {each}" for each in problems]
    return broken, count


def misfits(raw: bytes) -> list[str]:
    """Return what of a bundle's objects does not fit the schemas of OASIS."""
    # Each by its own schema: that of the bundle knows not all types of objects that there are.
    problems = ((each["id"], problem_of("2.1", each)) for each in json.loads(raw)["objects"])
    return [f"{name}: {problem}" for name, problem in problems if problem]


def _problems(report: Report, number: int, count: Counter[str]) -> Iterator[str]:
    """Yield what is wrong with how a report goes out and comes back."""
    raw = stix_report.write_bundle(report)
    again = stix_reading.read_bundle(json.loads(raw))
    if not _is_same(again, report):
        yield "another report comes back from STIX"
    if stix_report.write_bundle(again) != raw:
        yield "the same report is another bundle"
    count["stix"] += 1
    if number % EVERY_STRICT == 0:
        importlib.import_module("stix2").parse(raw.decode(), allow_custom=False)
        count["strict"] += 1
    if number % _EVERY_SCHEMA == 0:
        yield from misfits(raw)
        count["schemas"] += 1
    if number % _EVERY_ALERT == 0 and report.kind in _ALERTS:
        alert = cap_report.read_report(cap.read_alert(cap_report.write_report(report)))
        if alert is None or not _is_same(alert, report):
            yield "another report comes back from CAP"
        count["cap"] += 1


def _is_same(one: Report, other: Report) -> bool:
    """Say whether two reports are equal, and their values of the same types."""
    return one == other and _text(one.fields) == _text(other.fields)


def _text(fields: Any) -> str:
    return json.dumps(fields, sort_keys=True)


def prove(minutes: float, seed: int, count: int | None, _plant: str | None) -> bool:
    """Run rounds until the time is over, or `count` reports came back."""
    until, done = time.monotonic() + minutes * 60, 0
    while time.monotonic() < until and (count is None or done < count):
        reports = REPORTS_A_ROUND if count is None else min(REPORTS_A_ROUND, count - done)
        began = time.process_time()
        broken, tried = run_round(seed, reports)
        for each in broken[:5]:
            print("  ", each)
        figures: dict[str, object] = {
            "seed": seed,
            "reports": reports,
            "broken": len(broken),
            **{name: tried[name] for name in ("cap", "strict", "schemas")},
            "cpu_seconds": round(time.process_time() - began, 1),
        }
        print(figures, flush=True)
        evidence.record("forms", figures)
        if broken:
            return False
        done += reports
        seed += 1
    print("total", evidence.totals("forms"))
    return done > 0
