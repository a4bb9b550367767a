"""Quantities, places and times as people type them: as they were meant, or refused."""

import random
from typing import Any, cast

import pytest

from noroshi.adapters.words import example_of, shipped_lexicon
from noroshi.core.errors import InputError
from noroshi.core.instant import DAY, MINUTE, Instant, from_text, to_text
from noroshi.core.kinds.form import Field, FieldType, Tense
from noroshi.core.kinds.kind import Kind, all_kinds
from noroshi.core.kinds.places import read_place
from noroshi.core.kinds.quantities import read_need, read_number
from noroshi.core.kinds.reading import Reader, read_form
from noroshi.core.kinds.times import contradictions, read_time, read_window
from noroshi.core.kinds.writing import read_value
from noroshi.core.lexicon.lexicon import Language
from noroshi.core.recognition import recognise

LEXICON = shipped_lexicon()
READERS = {language.value: Reader(LEXICON, language) for language in Language}
EN = READERS["en"]
NOW = from_text("2026-11-21T06:12:30Z")
EARLY = from_text("2026-11-21T03:06:00Z")
RELIEF = all_kinds()["disaster-relief"]
MISSILE = all_kinds()["missile-event"]
CYBER = all_kinds()["cyber-incident"]
REQUEST = all_kinds()["request-for-information"]
KOREA = {"latitude": 39.5, "longitude": 125.2}
SOUTH = {"latitude": -39.5, "longitude": -125.2}

languages = pytest.mark.parametrize("reader", READERS.values(), ids=READERS)


def field_of(name: str, *kinds: Any) -> Field:
    return next(
        field
        for kind in kinds or (RELIEF, MISSILE)
        for field in cast("Kind", kind).fields
        if field.name == name
    )


def shown(field: Field, value: object, reader: Reader) -> str:
    """Return what a sheet shows of a value."""
    kind = next(kind for kind in all_kinds().values() if field in kind.fields)
    (row,) = read_form(kind, {field.name: value}, reader)
    return "; ".join(row.values)


def a_number(draw: random.Random) -> float:
    """Return a number of no more digits than a sheet shows."""
    if draw.random() < 0.4:
        return draw.randrange(10 ** draw.randrange(1, 12))
    return float(f"{draw.random() * 10 ** draw.randrange(-6, 14):.{draw.randrange(1, 10)}g}")


@languages
def test_what_a_sheet_shows_of_a_number_means_it_when_typed_back(reader: Reader) -> None:
    draw, field = random.Random(20261121), field_of("apogee_km")
    for _ in range(3_000):
        value = a_number(draw) * draw.choice((1, -1))
        assert read_value(field, shown(field, value, reader), reader, NOW) == value


@languages
def test_what_a_sheet_shows_of_a_need_means_it_when_typed_back(reader: Reader) -> None:
    draw, field = random.Random(20261122), field_of("needs")
    for _ in range(2_000):
        need: dict[str, object] = {
            "capability": draw.choice(("Water", "水", "Team: light", "Boat (4 m)", "발전기", "R4"))
        }
        has_more = draw.random() < 0.4
        if draw.random() < 0.9:
            need["quantity"] = a_number(draw) or 1
        if has_more:
            need["open"] = a_number(draw)
        if (has_more or "quantity" in need) and draw.random() < 0.7:
            need["unit"] = draw.choice(("l", "teams", "m³", "枚", "kg dry", "%", "x 120 kg"))
        assert read_value(field, shown(field, [need], reader), reader, NOW) == [need]


@languages
def test_what_a_sheet_shows_of_a_place_means_it_when_typed_back(reader: Reader) -> None:
    draw, field = random.Random(20261123), field_of("launch_place")
    for _ in range(2_000):
        place: dict[str, object] = {
            "latitude": draw.randint(-54_000, 54_000) / 600,
            "longitude": draw.randint(-108_000, 108_000) / 600,
        }
        if draw.random() < 0.4:
            place["radius_km"] = a_number(draw)
        if draw.random() < 0.5:
            place["name"] = draw.choice(("West coast", "北港", "Base (old)", "5th area", "Nord, 2"))
        assert read_value(field, shown(field, place, reader), reader, NOW) == place
    for name in ("West coast", "5th fleet area", "3 km off Wonsan", "Hill 39 (5 km)", "East Sea"):
        assert read_value(field, name, reader, NOW) == name


@languages
@pytest.mark.parametrize("kind", all_kinds().values(), ids=lambda kind: kind.name)
def test_what_a_sheet_shows_of_codes_times_and_grades_means_them_too(
    kind: Any, reader: Reader
) -> None:
    types = {FieldType.CODE, FieldType.TIME, FieldType.WINDOW, FieldType.GRADE, FieldType.NUMBER}
    values = recognise(example_of(kind)).fields
    for field in kind.fields:
        if field.type in types and field.name in values:
            value = values[field.name]
            again = read_value(field, shown(field, value, reader), reader, NOW)
            assert shown(field, again, reader) == shown(field, value, reader)


@pytest.mark.parametrize(
    ("text", "value", "language"),
    [
        ("70", 70, "en"), ("1,500", 1500, "en"), ("1e3", 1000, "en"), ("１２", 12, "ja"),
        ("\N{MINUS SIGN}5", -5, "en"), (".5", 0.5, "en"), ("5.", 5, "en"), ("1.125", 1.125, "en"),
        ("12345.500", 12345.5, "en"), ("0.500", 0.5, "id"), ("1.500", 1500, "id"),
        ("1,5", 1.5, "fr"), ("20 000,5", 20000.5, "fr"), ("1.5", 1.5, "id"), ("1e300", 1e300, "en"),
        ("1000.0", 1000, "en"),
    ],
)  # fmt: skip
def test_numbers(text: str, value: float, language: str) -> None:
    assert read_number(text, READERS[language]) == value


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("1,5", "en", "no number"), ("1.500", "en", "1500 or as 1.5"), ("nan", "en", "no number"),
        ("1.500", "fr", "1500 or as 1.5"), ("1,500", "fr", "1500 or as 1.5"), ("1e400", "en", "no"),
        ("20,000", "id", "20000 or as 20.0"), ("1_000", "en", "no number"), ("½", "en", "no"),
        ("5 km", "en", "more than a number; write the number alone, such"), ("1/2", "en", "no"),
        ("1,23,456", "en", "no number"), ("", "en", "no number"), ("0x10", "en", "more than"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused(text: str, language: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_number(text, READERS[language])


def test_a_number_may_have_the_unit_of_its_field_and_no_other() -> None:
    assert read_number("85 °", EN, "°") == 85
    assert read_number("20 Kilometre", EN, "unit.km") == 20
    with pytest.raises(InputError, match="alone in km"):
        read_number("20 nm", EN, "unit.km")


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("Water: 20,000 l", {"capability": "Water", "quantity": 20000, "unit": "l"}),
        ("Water: 1e3 l", {"capability": "Water", "quantity": 1000, "unit": "l"}),
        ("水：２０，０００　l", {"capability": "水", "quantity": 20000, "unit": "l"}),
        ("Water:200l", {"capability": "Water", "quantity": 200, "unit": "l"}),
        ("Type 4: light: 2", {"capability": "Type 4: light", "quantity": 2}),
        ("Water: lots", {"capability": "Water: lots"}),
        ("Open 06:00", {"capability": "Open 06:00"}),
        (": 5", {"capability": ": 5"}),
    ],
)
def test_needs(text: str, need: dict[str, object]) -> None:
    assert read_need(text, EN) == need


@pytest.mark.parametrize(
    "text",
    ["Water: 1/2", "Water: -5 l", "Water: 0 l", "Water: 5-10 l", "Water: ½ l", "Water: 1,5 l",
     "Water: 20.000 l", "Water: 20 000 l", "Water: 1.234.567 l", "Water: 5 (l)"],
)  # fmt: skip
def test_a_quantity_that_is_unclear_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"quantity|can be read as"):
        read_need(text, EN)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("39,5 125,2", KOREA), ("39.5,125.2", KOREA), ("39.5/125.2", KOREA), ("39.5, 125.2", KOREA),
        ("39°30.0'N 125°12.0'E", KOREA), ("39.5N125.2E", KOREA), ("N39°30' E125°12'", KOREA),
        ("39-30.0N 125-12.0E", KOREA), ("39 30.0 N, 125 12.0 E", KOREA), ("125.2E 39.5N", KOREA),
        ("39°30'00\"N 125°12'00\"E", KOREA), ("３９．５　１２５．２", KOREA),
        ("39.5S 125.2W", SOUTH),
        ("39°30'S 125°12'W", SOUTH), ("-39.5 -125.2", SOUTH),
        ("39.5 125.2 20 km", {**KOREA, "radius_km": 20}),
        ("Base (39.5 125.2, 20 km)", {**KOREA, "radius_km": 20, "name": "Base"}),
        ("39.5 125.2 West coast", {**KOREA, "name": "West coast"}),
        ("38th parallel", "38th parallel"), ("North port (east)", "North port (east)"),
        ("39.5 km off Wonsan", "39.5 km off Wonsan"),
    ],
)  # fmt: skip
def test_places(text: str, place: object) -> None:
    assert read_place(text, EN) == place


@pytest.mark.parametrize(
    "text",
    ["39.5S", "39.5", "39", "39,125", "39,5,125,2", "-39.5S 125W", "39.5S 125.2", "39°N",
     "39.5N 125.2N", "39.5°75'N 125°E", "39°75'N 125°E", "91 0", "0 181", "39.5 125.2 20",
     "39.5 125.2 20 nm", "39.5 125.2 -5 km", "39.5 125.2 20 km west", "39.5 125.2 W coast",
     "39 30 125 12", "Base (39.5)", "Base (39.5S)", "39.5 S", "39.5 E coast",
     "Base (39.5 125.2 x)"],
)  # fmt: skip
def test_what_begins_like_a_point_and_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"begins like a point|off the globe"):
        read_place(text, EN)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-21 06:12", "2026-11-21T06:12"), ("6:12", "2026-11-21T06:12"),
        ("2026-11-21 06:12Z", "2026-11-21T06:12"), ("15:12+09:00", "2026-11-21T06:12"),
        ("06:12-0530", "2026-11-21T11:42"), ("2026-11-21T6:12:05z", "2026-11-21T06:12"),
        ("2026-11-21 06:12Z (15:12 JST)", "2026-11-21T06:12"), ("０６：１２", "2026-11-21T06:12"),
        ("2026-11-21T15:12:00+0900", "2026-11-21T06:12"), ("20261121T061200Z", "2026-11-21T06:12"),
        ("0612", "2026-11-21T06:12"),
    ],
)  # fmt: skip
def test_times(text: str, at: str) -> None:
    assert read_time(text, NOW)[:16] == at


@pytest.mark.parametrize(
    ("text", "tense", "day"),
    [
        ("23:59", Tense.PAST, 20), ("23:59", Tense.LATEST, 20), ("23:59", Tense.TODAY, 21),
        ("23:59", Tense.COMING, 21), ("03:00", Tense.PAST, 21), ("03:00", Tense.COMING, 22),
        ("03:06", Tense.COMING, 21), ("03:10", Tense.PAST, 21), ("03:12", Tense.PAST, 20),
    ],
)  # fmt: skip
def test_a_clocks_time_is_the_moment_that_its_field_asks_for(
    text: str, tense: Tense, day: int
) -> None:
    assert read_time(text, EARLY, tense) == f"2026-11-{day}T{text}:00Z"


def test_a_moment_that_has_passed_is_found_over_midnight() -> None:
    assert read_time("00:01", from_text("2026-11-20T23:58:00Z"), Tense.PAST)[:10] == "2026-11-21"


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [
        ("06:00/09:30", "2026-11-21T06:00", "2026-11-21T09:30"),
        ("01:00/02:00", "2026-11-22T01:00", "2026-11-22T02:00"),
        ("22:00/02:00", "2026-11-21T22:00", "2026-11-22T02:00"),
        ("2026-11-23 22:00/02:00", "2026-11-23T22:00", "2026-11-24T02:00"),
        ("22:00 / 2026-11-24 02:00", "2026-11-23T22:00", "2026-11-24T02:00"),
        ("2026-11-21 06:00Z – 2026-11-21 09:30Z", "2026-11-21T06:00", "2026-11-21T09:30"),
    ],
)
def test_windows(text: str, begins: str, ends: str) -> None:
    window = read_window(text, NOW)
    assert (window["begins_at"][:16], window["ends_at"][:16]) == (begins, ends)


def test_a_window_ends_after_it_begins() -> None:
    with pytest.raises(InputError, match="ends before"):
        read_window("2026-11-21 09:00/2026-11-21 08:00", NOW)


def told(kind: Any, at: Instant | None = NOW, said: Any = None, **values: object) -> list[str]:
    return [f"{c.field} {c.code[11:]} {c.other}".strip()
            for c in contradictions(kind, values, at, said)]  # fmt: skip


def test_times_that_contradict_are_found_and_never_fail() -> None:
    later, far, before = (to_text(NOW + n) for n in (2 * MINUTE, DAY, -DAY))
    assert told(CYBER, aware_at=later) == []
    assert told(CYBER, aware_at=far) == ["aware_at ahead"]
    assert told(CYBER, aware_at=far, said=("stage",)) == []
    assert told(CYBER, None, aware_at=far) == []
    assert told(CYBER, aware_at=before, first_seen=later) == ["aware_at order first_seen"]
    assert told(CYBER, last_seen="soon", first_seen=[far], aware_at=5) == []
    assert told(REQUEST, respond_by=before) == ["respond_by over"]
    assert told(REQUEST, respond_by=far) == []
    assert told(RELIEF, by_when=before, happened_at=far) == []
