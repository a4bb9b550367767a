"""Numbers, times and places as readers write them."""

from zoneinfo import ZoneInfo

import pytest

from noroshi.core.instant import from_text
from noroshi.core.lexicon.figures import coordinates, moment, number
from noroshi.core.lexicon.lexicon import Language


@pytest.mark.parametrize(
    ("value", "language", "shown"),
    [
        (1234567, Language.ENGLISH, "1,234,567"),
        (1234.5, Language.JAPANESE, "1,234.5"),
        (1234.5, Language.KOREAN, "1,234.5"),
        (1234.5, Language.FRENCH, "1\N{NARROW NO-BREAK SPACE}234,5"),
        (1234.5, Language.INDONESIAN, "1.234,5"),
        (0.1, Language.ENGLISH, "0.1"),
        (-3, Language.FRENCH, "-3"),
    ],
)
def test_numbers(value: float, language: Language, shown: str) -> None:
    assert number(value, language) == shown


def test_times_are_in_utc_first() -> None:
    at = from_text("2026-11-21T18:12:59Z")
    assert moment(at) == "2026-11-21 18:12Z"
    assert moment(at, ZoneInfo("Asia/Tokyo")) == "2026-11-21 18:12Z (2026-11-22 03:12 JST)"
    assert moment(at, ZoneInfo("Europe/Brussels")) == "2026-11-21 18:12Z (19:12 CET)"


@pytest.mark.parametrize(
    ("latitude", "longitude", "shown"),
    [
        (35.69, 139.5, "35°41.4'N 139°30.0'E"),
        (-41.2865, 174.7762, "41°17.2'S 174°46.6'E"),
        (0, -0.5, "0°00.0'N 0°30.0'W"),
        (59.99999, 10, "60°00.0'N 10°00.0'E"),
    ],
)
def test_coordinates(latitude: float, longitude: float, shown: str) -> None:
    assert coordinates(latitude, longitude) == shown
