"""Numbers, times and places as a reader of a language writes them.

Times are in UTC first, with four digits for the year, and an hour of the reader's own zone beside.
Coordinates keep N S E W in every language: in Indonesian U is north and S is south.
"""

from datetime import UTC, datetime, tzinfo
from typing import Final

from noroshi.core.instant import SECOND, Instant
from noroshi.core.lexicon.lexicon import Language

_NARROW: Final = "\N{NARROW NO-BREAK SPACE}"
_SIGNS: Final = {Language.FRENCH: (_NARROW, ","), Language.INDONESIAN: (".", ",")}
"""What groups thousands, and the decimal sign; elsewhere a comma and a point."""
_COLONS: Final = {
    Language.FRENCH: "\N{NO-BREAK SPACE}: ",
    Language.JAPANESE: "\N{FULLWIDTH COLON}",
}
_MINUTES: Final = 60


def number(value: float, language: Language) -> str:
    """Return a number; no more digits are shown than it has.

    >>> number(12345.5, Language.INDONESIAN)
    '12.345,5'
    """
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.10g}"
    groups, point = signs(language)
    return text.translate({ord(","): groups, ord("."): point})


def signs(language: Language) -> tuple[str, str]:
    """Return what groups thousands, and the decimal sign."""
    return _SIGNS.get(language, (",", "."))


def colon(language: Language) -> str:
    """Return what stands between a label and its value."""
    return _COLONS.get(language, ": ")


def moment(at: Instant, zone: tzinfo | None = None) -> str:
    """Return a time: UTC first, and what the clock of a zone shows, where one is given."""
    utc = datetime.fromtimestamp(at / SECOND, UTC)
    text = f"{utc:%Y-%m-%d %H:%M}Z"
    if zone is None:
        return text
    there = utc.astimezone(zone)
    day = "" if there.date() == utc.date() else f"{there:%Y-%m-%d} "
    return f"{text} ({day}{there:%H:%M} {there.tzname()})"


def coordinates(latitude: float, longitude: float) -> str:
    """Return a point in degrees and minutes (WGS 84).

    >>> coordinates(35.69, -139.5)
    "35°41.4'N 139°30.0'W"
    """
    return f"{_degrees(latitude, 'NS')} {_degrees(longitude, 'EW')}"


def _degrees(value: float, signs: str) -> str:
    tenths = round(abs(value) * _MINUTES * 10)
    degrees, rest = divmod(tenths, _MINUTES * 10)
    sign = signs[0] if value >= 0 else signs[1]
    return f"{degrees}°{rest / 10:04.1f}'{sign}"
