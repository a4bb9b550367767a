"""Slices of `./dev endure forms`, 20,000 reports in all, and that it notices what is lost."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from endure import forms
from endure.formdraw import KINDS, FormDraw
from noroshi.core.exchange import cap, cap_report, stix_reading, stix_report, stix_values
from noroshi.core.exchange.stix_report import literal


@pytest.mark.parametrize("seed", range(1, 5))
def test_every_report_comes_back(seed: int) -> None:
    broken, count = forms.run_round(seed, 5_000)
    assert broken == []
    assert count["stix"] == 5_000
    assert count["strict"] == 50
    assert count["cap"] > 200
    assert all(count[kind.name] > 100 for kind in KINDS)


def test_the_same_seed_draws_the_same_reports() -> None:
    one, other = FormDraw(7), FormDraw(7)
    assert [one.report() for _ in range(100)] == [other.report() for _ in range(100)]


def test_bundles_fit_the_schemas_of_oasis() -> None:
    draw = FormDraw(11)
    bundles = [stix_report.write_bundle(draw.report()) for _ in range(200)]
    assert [problem for each in bundles for problem in forms.misfits(each)] == []
    assert forms.misfits(bundles[0].replace(b'"created"', b'"made"'))


def truths_as_numbers(value: Any, depth: int = 0) -> dict[str, object]:
    return literal(int(value) if isinstance(value, bool) else value, depth)


def without_empty(value: Any, depth: int = 0) -> dict[str, object]:
    return {"value": "x"} if value in ("", [], {}) else literal(value, depth)


def rounded(value: Any, most: float) -> str | None:
    is_number = isinstance(value, (int, float)) and abs(value) <= most
    return f"{float(value):.1f}" if is_number else None


def first_only(element: str, value: Any) -> Mapping[str, object]:
    return {element: str(value)} if element in {"headline", "contact"} else {}


@pytest.mark.parametrize(
    ("where", "name", "instead"),
    [
        (stix_report, "literal", truths_as_numbers),
        (stix_report, "literal", without_empty),
        (stix_values, "_is_words", lambda _value: True),
        (stix_values, "_is_within", lambda _value, _most: True),
        (stix_reading, "_below", lambda value, _step: value),
        (cap_report, "_json", str),
        (cap, "NO_XML", re.compile("(?!)")),
        (cap_report, "_read_fields", lambda told, _head, _pairs: dict(told)),
    ],
    ids=range(8),
)
def test_a_planted_fault_is_noticed(
    monkeypatch: pytest.MonkeyPatch, where: object, name: str, instead: object
) -> None:
    assert hasattr(where, name)
    monkeypatch.setattr(where, name, instead)
    broken, _ = forms.run_round(1, 1_500)
    assert broken


def test_a_value_that_is_bent_is_no_strict_stix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "EVERY_STRICT", 10)
    monkeypatch.setattr(stix_report, "fits", lambda _field, _value: True)
    broken, _ = forms.run_round(1, 2_000)
    assert broken


def test_what_is_said_less_exactly_is_found_by_the_writer_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of CAP the writer reads back what it wrote: what an element bends has a parameter too."""
    monkeypatch.setattr(cap_report, "_decimal", rounded)
    assert forms.run_round(1, 1_500)[0] == []
    monkeypatch.setattr(cap_report, "_elements", first_only)
    assert forms.run_round(1, 1_500)[0] == []
