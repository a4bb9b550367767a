"""The kinds of report: each whole by itself, checked when it is written, read by everybody."""

import json
import unicodedata
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from noroshi.adapters.words import example_of, shipped_lexicon
from noroshi.core.errors import InputError
from noroshi.core.instant import from_text
from noroshi.core.kinds.check import check_field, check_form
from noroshi.core.kinds.form import MAX_MANY, FieldType
from noroshi.core.kinds.kind import Kind, all_kinds
from noroshi.core.kinds.misfit import in_words
from noroshi.core.kinds.reading import Reader, Row, read_form
from noroshi.core.lexicon.lexicon import Language
from noroshi.core.recognition import recognise
from noroshi.core.sheet.chain import form_blocks
from noroshi.core.sheet.page import fragment
from noroshi.core.sheet.plain import plain

LEXICON = shipped_lexicon()
ENGLISH = Reader(LEXICON, Language.ENGLISH)
LONGEST_HELP = 90
"""Columns of a terminal: 45 letters of Japanese or Korean."""
CYBER = all_kinds()["cyber-incident"]
MISSILE = all_kinds()["missile-event"]
RELIEF = all_kinds()["disaster-relief"]
NOTICE = all_kinds()["maritime-notice"]
CAMPAIGN = all_kinds()["disinformation-campaign"]
NOON = "2026-11-21T12:00:00Z"
ONE = "2026-11-21T13:00:00Z"

kinds = pytest.mark.parametrize("kind", all_kinds().values(), ids=lambda kind: kind.name)


def refused(kind: Kind, **values: object) -> str:
    with pytest.raises(InputError) as refusal:
        check_form(kind, values, LEXICON)
    assert refusal.value.code == "bad-form"
    assert f"noroshi kinds {kind.name}" in refusal.value.message
    return refusal.value.message


def columns(text: str) -> int:
    """Return how wide a terminal shows a text."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def read(kind: Kind | None, reader: Reader = ENGLISH, **values: object) -> list[Row]:
    return read_form(kind, values, reader)


@kinds
def test_a_kind_is_whole(kind: Kind) -> None:
    assert kind.title in LEXICON
    assert [field for field in kind.fields if field.says.first]
    for field in kind.fields:
        assert field.says.label in LEXICON
        assert bool(field.says.vocabulary) is (field.type is FieldType.CODE)
        assert not field.says.vocabulary or LEXICON.values(field.says.vocabulary)
        assert field.says.first or not field.is_required
    labels = [field.says.label for field in kind.fields]
    assert len(set(labels)) == len(labels)


@kinds
@pytest.mark.parametrize("language", Language)
def test_every_field_has_a_short_help(kind: Kind, language: Language) -> None:
    for field in kind.fields:
        code = field.says.label
        said = LEXICON.help(code, language)
        assert said, f"{code} has no help in {language.value}"
        assert columns(said) <= LONGEST_HELP, f"{code} in {language.value}: {columns(said)} columns"
        assert said.endswith("。" if language is Language.JAPANESE else "."), code
        assert LEXICON.label(code, language).casefold() != said.rstrip(".。").casefold()


@kinds
def test_an_example_is_a_whole_report(kind: Kind) -> None:
    found = recognise(example_of(kind))
    assert found.kind == kind.name
    assert found.subject
    assert found.status == "exercise"
    assert found.fields
    check_form(kind, found.fields, LEXICON)


@kinds
@pytest.mark.parametrize("language", Language)
def test_an_example_is_read_in_every_language(kind: Kind, language: Language) -> None:
    values = recognise(example_of(kind)).fields
    rows = read_form(kind, values, Reader(LEXICON, language))
    assert len(rows) == len(values)
    assert all(row.is_known for row in rows)
    assert {row.label for row in rows} <= {
        LEXICON.label(field.says.label, language) for field in kind.fields
    }


def test_a_report_without_a_field_of_the_form_is_somebody_elses() -> None:
    check_form(CYBER, {"x_ticket": 5}, LEXICON)
    check_form(CYBER, {}, LEXICON)


def test_a_form_is_half_filled() -> None:
    assert "summary" in refused(CYBER, sectors=["energy"])
    assert "summary is missing" in refused(CYBER, sectors=["energy"])
    assert "summary must be text, not a whole number" in refused(CYBER, summary=5)
    assert "summary is empty" in refused(CYBER, summary="")
    check_form(CYBER, {"summary": "x", "x_ticket": 5}, LEXICON)


def test_a_code_is_one_of_its_vocabulary() -> None:
    assert "energy" in refused(CYBER, summary="x", sectors=["enregy"])
    assert "early-warning" in refused(CYBER, summary="x", stage="zzz")
    assert "values" in refused(CYBER, summary="x", products=["x"] * (MAX_MANY + 1))


def test_times_do_not_contradict_each_other() -> None:
    assert "aware_at" in refused(CYBER, summary="x", aware_at="yesterday")
    told = refused(CYBER, summary="x", first_seen=ONE, last_seen=NOON)
    assert "last_seen is before first_seen" in told
    check_form(CYBER, {"summary": "x", "first_seen": NOON, "last_seen": ONE}, LEXICON)
    window = {"begins_at": ONE, "ends_at": NOON}
    assert "window ends before" in refused(NOTICE, activity="x", window=window)
    assert "backup_windows" in refused(
        NOTICE, activity="x", backup_windows=[{"begins_at": NOON, "ends_at": "never"}]
    )
    check_form(NOTICE, {"activity": "x", "window": {"begins_at": NOON, "ends_at": ONE}}, LEXICON)


def test_times_do_not_contradict_the_time_of_writing() -> None:
    now = from_text(NOON)
    check_form(CYBER, {"summary": "x", "aware_at": ONE}, LEXICON)
    check_form(CYBER, {"summary": "x", "aware_at": ONE}, LEXICON, now, ("summary",))
    check_form(CYBER, {"summary": "x", "aware_at": NOON}, LEXICON, now)
    with pytest.raises(InputError, match="aware_at is still to come"):
        check_form(CYBER, {"summary": "x", "aware_at": ONE}, LEXICON, now)
    request = all_kinds()["request-for-information"]
    with pytest.raises(InputError, match="respond_by is over already"):
        check_form(request, {"question": "x", "respond_by": NOON}, LEXICON, from_text(ONE))
    assert "aware_at is before first_seen" in refused(
        CYBER, summary="x", first_seen=ONE, aware_at=NOON
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"criticality": 101}, "criticality must be at most 100"),
        ({"criticality": "high"}, "criticality must be a whole number, not text"),
        ({"grading": "Z9"}, "grading is not written as it must be"),
        ({"summary": "x" * 50_001}, "summary has more than 50,000 characters"),
        ({"indicators": [{"type": "url"}]}, "indicators 1: value is missing"),
        ({"indicators": [{"type": "url", "value": "x", "new": 1}]}, "has nothing called new"),
        ({"sectors": "energy"}, "sectors must be a list, not text"),
        ({"language": "Japanese!"}, "language is no code of a language"),
    ],
)
def test_what_does_not_fit_is_said_in_peoples_words(values: dict[str, object], said: str) -> None:
    told = refused(CYBER, **{"summary": "x", **values})
    assert said in told
    assert "`" not in told


def test_other_misfits_are_said_too() -> None:
    statement = all_kinds()["joint-statement"]
    version = {"language": "fr", "text": "x", "standing": "mere"}
    assert "versions 1: standing cannot be 'mere'" in refused(
        statement, text="x", versions=[version]
    )
    version |= {"standing": "equal", "language": "1"}
    assert "versions.language is no code" in refused(statement, text="x", versions=[version])
    assert in_words(msgspec.ValidationError("Nobody `knows` it")) == "it: Nobody knows it"
    either = msgspec.ValidationError("Expected `int | float`, got `str`")
    assert in_words(either, "height") == "height must be a number, not text"
    told = refused(MISSILE, detected_at=NOON, apogee_km="high")
    assert "apogee_km must be a number, not text" in told
    assert "must be less than 360" in refused(MISSILE, detected_at=NOON, azimuth=360)
    assert "needs 1: quantity must be more than 0" in refused(
        RELIEF, state="requested", needs=[{"capability": "x", "quantity": 0}]
    )


@pytest.mark.parametrize(
    "language",
    ["ja", "en-GB", "zh-Hant-TW", "fil", "es-419", "sl-rozaj-biske", "de-x-own", "en-u-ca-gregory"],
)
def test_a_language_is_named_as_bcp_47_does(language: str) -> None:
    check_form(CYBER, {"summary": "x", "language": language}, LEXICON)


@pytest.mark.parametrize("language", ["日本語", "english", "e", "en_GB", "ja ", "en-", "fr equal"])
def test_a_language_is_named_in_no_other_way(language: str) -> None:
    assert "language is no code of a language" in refused(CYBER, summary="x", language=language)


def test_one_field_is_checked_by_itself() -> None:
    fields = {field.name: field for field in (*CYBER.fields, *MISSILE.fields)}
    check_field(CYBER, fields["criticality"], 70, LEXICON)
    check_field(CYBER, fields["sectors"], ["energy"], LEXICON)
    check_field(MISSILE, fields["launch_place"], {"name": "x"}, LEXICON)
    for kind, name, value, said in (
        (CYBER, "criticality", 101, "criticality must be at most 100"),
        (CYBER, "sectors", ["enregy"], "energy"),
        (CYBER, "sectors", ["energy", 5], "sectors 2 must be text"),
        (
            MISSILE,
            "launch_place",
            {"latitude": 91.0, "longitude": 0.0},
            "launch_place: latitude must be at most",
        ),
    ):
        with pytest.raises(InputError, match=said):
            check_field(kind, fields[name], value, LEXICON)


@pytest.mark.parametrize(
    "place",
    [
        {"latitude": 91, "longitude": 0},
        {"latitude": 0, "longitude": -181},
        {"latitude": 35},
        {"name": "x", "longitude": 139},
        {},
        {"radius_km": 3},
        {"latitude": "35N", "longitude": 139},
        {"name": "x", "altitude": 3},
        "",
        5,
    ],
)
def test_a_place_lies_on_the_globe(place: Any) -> None:
    refused(MISSILE, detected_at=NOON, launch_place=place)


@pytest.mark.parametrize(
    "place",
    [{"name": "x"}, {"latitude": -90, "longitude": 180}, "North port"],
)
def test_a_place_may_be_a_name_or_a_point(place: Any) -> None:
    check_form(MISSILE, {"detected_at": NOON, "launch_place": place}, LEXICON)


def test_evidence_says_where() -> None:
    assert "evidence" in refused(CAMPAIGN, narrative="x", evidence=[{"sha256": "0" * 64}])
    check_form(CAMPAIGN, {"narrative": "x", "evidence": [{"note": "seen on paper"}]}, LEXICON)


def unknown(name: str) -> str:
    return f'Field unknown to this release: "{name}"'


@pytest.mark.parametrize("name", ["Number", "\u767a", "Summary", 'a"b', "a\nNumber: 5", "\u202e"])
@pytest.mark.parametrize("language", Language)
def test_no_unknown_field_passes_for_a_known_one(name: str, language: Language) -> None:
    reader = Reader(shipped_lexicon(), language)
    (row,) = read_form(all_kinds()["cyber-incident"], {name: "x"}, reader)
    assert row.label == reader.lexicon.sentence(
        "sheet.unknown_field", language, name=json.dumps(name, ensure_ascii=False)
    )
    assert row.label.endswith('"')
    blocks = form_blocks([row], "", reader)
    assert plain(blocks, language).count("\n") == 1
    assert "&quot;" in fragment(blocks, language)


def test_what_the_reader_does_not_know_is_shown_by_its_name() -> None:
    rows = read(CYBER, summary="x", sectors=["energy", "moonbase"], x_ticket={"id": 5})
    summary, sectors, ticket = rows
    assert summary == Row("Summary", ("x",), is_verbatim=True, field="summary")
    assert sectors.values == ("Energy", "Unknown code moonbase. It is kept as received.")
    assert not sectors.is_known
    assert ticket == Row(unknown("x_ticket"), ('{"id": 5}',), is_known=False, field="x_ticket")


def test_a_kind_that_is_not_known_is_shown_by_its_raw_fields() -> None:
    assert read(None, depth=3, text="鯨") == [
        Row(unknown("depth"), ("3",), is_known=False, field="depth"),
        Row(unknown("text"), ('"鯨"',), is_known=False, field="text"),
    ]


@pytest.mark.parametrize(
    ("kind", "values", "shown", "is_known"),
    [
        (CYBER, {"criticality": 70}, "70", True),
        (CYBER, {"criticality": True}, "true", False),
        (CYBER, {"criticality": None}, "null", False),
        (CYBER, {"summary": [["x"]]}, '["x"]', False),
        (CYBER, {"aware_at": "soon"}, "soon", False),
        (CYBER, {"grading": "Z9"}, "Z9", False),
        (CYBER, {"grading": "A1"}, "A1 (Completely reliable, Confirmed by other sources)", True),
        (CYBER, {"products": ["Gateway 4"]}, "Gateway 4", True),
        (CYBER, {"indicators": [{"type": "url", "value": "x", "new": 1}]}, "url  x  1", True),
        (CYBER, {"indicators": [{"value": "x"}]}, "x", False),
        (MISSILE, {"apogee_km": 1000.5}, "1,000.5 km", True),
        (MISSILE, {"azimuth": 85}, "85 °", True),
        (MISSILE, {"launch_place": "Coast"}, "Coast", True),
        (MISSILE, {"launch_place": {"name": "Coast"}}, "Coast", True),
        (
            MISSILE,
            {"launch_place": {"name": "C", "latitude": 1, "longitude": 2, "radius_km": 3}},
            "C (1°00.0'N 2°00.0'E, 3 km)",
            True,
        ),
        (
            MISSILE,
            {"launch_place": {"latitude": 1, "longitude": 2, "altitude": 3}},
            "1°00.0'N 2°00.0'E",
            False,
        ),
        (
            NOTICE,
            {"window": {"begins_at": NOON, "ends_at": ONE}},
            "2026-11-21 12:00Z \N{EN DASH} 2026-11-21 13:00Z",
            True,
        ),
        (
            NOTICE,
            {"window": {"begins_at": NOON, "ends_at": "late"}},
            "2026-11-21 12:00Z \N{EN DASH} late",
            False,
        ),
        (NOTICE, {"window": {"begins_at": NOON}}, NOON, False),
        (RELIEF, {"needs": [{"capability": "Water"}]}, "Water", True),
        (
            RELIEF,
            {"needs": [{"capability": "Water", "quantity": 2000, "unit": "l", "open": 0}]},
            "Water: 2,000 l (open, as its writer said: 0 l)",
            True,
        ),
        (CAMPAIGN, {"evidence": [{"url": "u", "note": "n"}]}, "u  n", True),
    ],
)
def test_a_value_is_read(kind: Kind, values: dict[str, Any], shown: str, *, is_known: bool) -> None:
    (row,) = read(kind, **values)
    assert row.values == (shown,)
    assert row.is_known is is_known


def test_times_are_read_on_the_desks_own_clock_too() -> None:
    reader = Reader(LEXICON, Language.JAPANESE, ZoneInfo("Asia/Tokyo"))
    (row,) = read(CYBER, reader, aware_at=NOON)
    assert row.values == ("2026-11-21 12:00Z (21:00 JST)",)


def test_an_update_of_a_newer_release_loses_nothing() -> None:
    values = {**recognise(example_of(CYBER)).fields, "stage": "epilogue", "x": [1, {"y": "z"}]}
    shown = json.dumps([row.values for row in read_form(CYBER, values, ENGLISH)])
    assert "epilogue" in shown
    assert "z" in shown
