"""Fields as a writer types them."""

import pytest

from noroshi.adapters.words import shipped_lexicon
from noroshi.core.errors import InputError
from noroshi.core.instant import from_text
from noroshi.core.kinds.kind import all_kinds
from noroshi.core.kinds.reading import Reader
from noroshi.core.kinds.writing import help_of, read_value
from noroshi.core.lexicon.lexicon import Language

NOW = from_text("2026-11-21T06:12:30Z")
FIELDS = {
    field.name: field
    for name in ("cyber-incident", "missile-event", "maritime-notice", "disaster-relief",
                 "disinformation-campaign", "joint-statement")
    for field in all_kinds()[name].fields
}  # fmt: skip


def typed(name: str, text: str, language: Language = Language.ENGLISH) -> object:
    return read_value(FIELDS[name], text, Reader(shipped_lexicon(), language), NOW)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("summary", " Somebody is in. ", "Somebody is in."),
        ("malicious", "yes", "yes"),
        (
            "versions",
            "fr courtesy: Nous\nsavons.; en-GB equal: We know.",
            [
                {"language": "fr", "standing": "courtesy", "text": "Nous\nsavons."},
                {"language": "en-GB", "standing": "equal", "text": "We know."},
            ],
        ),
        ("malicious", "u", "unknown"),
        ("determination", "Failed attempt", "failed-attempt"),
        ("determination", "susp", "suspected"),
        ("sectors", "energy; tele ;", ["energy", "telecommunications"]),
        ("aware_at", "now", "2026-11-21T06:12:30.000000Z"),
        ("aware_at", "05:40", "2026-11-21T05:40:00Z"),
        ("aware_at", "0540Z", "2026-11-21T05:40:00Z"),
        ("aware_at", "2026-11-20T23:00:00Z", "2026-11-20T23:00:00.000000Z"),
        ("criticality", "70", 70),
        ("apogee_km", "100.5", 100.5),
        ("launch_place", "West coast", "West coast"),
        ("launch_place", "39.5 -125.2", {"latitude": 39.5, "longitude": -125.2}),
        (
            "launch_place",
            "39.5, 125.2 West coast",
            {"name": "West coast", "latitude": 39.5, "longitude": 125.2},
        ),
        (
            "window",
            "06:00 / 09:30",
            {"begins_at": "2026-11-21T06:00:00Z", "ends_at": "2026-11-21T09:30:00Z"},
        ),
        ("indicators", "ipv4-addr 192.0.2.44", [{"type": "ipv4-addr", "value": "192.0.2.44"}]),
        ("evidence", "https://example.org/1", [{"url": "https://example.org/1"}]),
        ("needs", "Water", [{"capability": "Water"}]),
        ("needs", "Water: 200", [{"capability": "Water", "quantity": 200}]),
        ("needs", "Water: 2.5 t", [{"capability": "Water", "quantity": 2.5, "unit": "t"}]),
        ("grading", "b2", "B2"),
        ("products", "Gateway 4; Gateway 5", ["Gateway 4", "Gateway 5"]),
    ],
)
def test_what_is_typed_is_understood(name: str, text: str, value: object) -> None:
    assert typed(name, text) == value


def test_a_code_may_be_typed_in_the_writers_language() -> None:
    assert typed("malicious", "はい", Language.JAPANESE) == "yes"
    assert typed("malicious", "Oui", Language.FRENCH) == "yes"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("malicious", "perhaps", "yes, no, unknown"),
        ("malicious", "", "yes, no, unknown"),
        ("determination", "f", "failed-attempt, false-positive"),
        ("aware_at", "yesterday", "06:12"),
        ("aware_at", "25:00", "06:12"),
        ("criticality", "high", "no number"),
        ("criticality", "1,5", "no number"),
        ("window", "06:00", "09:30"),
        ("indicators", "192.0.2.44", "type and value"),
        ("versions", "Nous savons.", "fr equal:"),
    ],
)
def test_what_cannot_be_understood_is_said(name: str, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as refusal:
        typed(name, text)
    assert refusal.value.code == "bad-form"


def test_help_says_how_a_field_is_typed_and_how_several_are() -> None:
    writer = Reader(shipped_lexicon(), Language.ENGLISH)
    several = writer.lexicon.label("sheet.several", Language.ENGLISH)
    assert several
    assert help_of(FIELDS["aware_at"], writer)
    assert several not in help_of(FIELDS["aware_at"], writer)
    assert help_of(FIELDS["sectors"], writer).endswith(several)
