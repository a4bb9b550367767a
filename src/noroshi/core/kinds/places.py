"""Places as people type them: degrees as figures, as a chart or a sheet has them, or a name.

    39.5 125.2              39.5N 125.2E            39,5 125,2
    39°30.0'N 125°12.0'E    39-30.0N 125-12.0E      39 30.0 N, 125 12.0 E
    39.5 125.2 20 km        39.5 125.2 West coast   West coast (39.5 125.2, 20 km)

What begins like a point and is none is refused; all else is a name.
"""

import re
from fractions import Fraction
from typing import Final

from noroshi.core.errors import InputError
from noroshi.core.kinds.quantities import narrow, read_number
from noroshi.core.kinds.reading import Reader

_ALIKE: Final = str.maketrans("º˚′’‘″”“", "°°'''\"\"\"")  # noqa: RUF001 - as they are typed
_FIGURE: Final = r"[0-9]+(?:[.,][0-9]+)?"
_MINUTES: Final = (
    r"(?:(?:\s*[°\-]\s*|\s+)(?P<{0}minutes>" + _FIGURE + r")(?:\s*'(?!'))?"
    r"(?:\s*(?P<{0}seconds>" + _FIGURE + r")\s*(?:\"|''))?|\s*°)?"
)
_BARE: Final = (
    rf"(?P<{{0}}letter>)(?P<{{0}}degrees>[-+]?{_FIGURE})\s*°?(?P<{{0}}minutes>)(?P<{{0}}seconds>)"
)
_BEFORE: Final = rf"(?P<{{0}}letter>[NSEW])\s*(?P<{{0}}degrees>{_FIGURE}){_MINUTES}"
_AFTER: Final = rf"(?P<{{0}}degrees>{_FIGURE}){_MINUTES}\s*(?P<{{0}}letter>[NSEW])"
_BETWEEN: Final = r"(?P<between>\s*[,/]\s*|\s+|(?<=[NSEW°'\"])(?=[0-9NSEW]))"
_REST: Final = r"(?P<rest>$|[\s,].*)"
_POINTS: Final = tuple(
    re.compile(each.format("a") + _BETWEEN + each.format("b") + _REST, re.IGNORECASE | re.DOTALL)
    for each in (_BEFORE, _AFTER, _BARE)
)
_WITHIN: Final = re.compile(r"(?P<name>.*\S)\s*\((?P<point>[^()]*)\)", re.DOTALL)
_TOKEN: Final = re.compile(
    r"[NSEW]?\s*[-+]?[0-9]+(?:[.,][0-9]+)?[°'\"]?[NSEW]?(?=$|[\s,/(°'\"-])", re.IGNORECASE
)
_LETTER: Final = re.compile(r"[NSEW]\b", re.IGNORECASE)
_MOST: Final = {"NS": 90, "EW": 180}
_SIXTY: Final = 60


def read_place(text: str, writer: Reader) -> object:
    """Return the place that `text` means: a point, a circle round it, or a name alone.

    Raises:
        InputError: it begins like a point and is none.
    """
    found = _point(text, writer)
    if found is not None:
        return found
    within = _WITHIN.fullmatch(text)
    if within is not None:
        inner = _point(within["point"], writer)
        if inner is not None and "name" not in inner:
            return {"name": within["name"], **inner}
    if _is_like_a_point(text) or (within is not None and _is_like_a_point(within["point"])):
        raise _unclear(text)
    return text


def _point(text: str, writer: Reader) -> dict[str, object] | None:
    plain = narrow(text).translate(_ALIKE)
    for pattern in _POINTS:
        found = pattern.fullmatch(plain.strip())
        if found is None or not _is_one_way(found):
            continue
        angles = [_angle(found, which) for which in "ab"]
        if None in angles:
            continue
        (one, first), (other, second) = (each for each in angles if each is not None)
        if {first, second} not in ({"NS", "EW"}, {""}):
            continue
        latitude, longitude = (other, one) if first == "EW" else (one, other)
        if abs(latitude) > _MOST["NS"] or abs(longitude) > _MOST["EW"]:
            msg = f"{text!r} lies off the globe; latitude is up to 90, longitude up to 180 degrees"
            raise InputError("bad-form", msg)
        behind = text.strip()[found.start("rest") :]
        return _with_rest(text, behind, {"latitude": latitude, "longitude": longitude}, writer)
    return None


def _with_rest(
    text: str, behind: str, point: dict[str, object], writer: Reader
) -> dict[str, object]:
    """Return a point with the radius or the name that stands behind it."""
    rest = behind.strip().removeprefix(",").strip()
    if not rest:
        return point
    if _LETTER.match(rest):  # it may belong to the figures before it
        raise _unclear(text)
    if narrow(rest[0]) not in "+-.,0123456789":
        return {"name": rest, **point}
    try:
        radius = read_number(rest, writer, "unit.km")
    except InputError:
        raise _unclear(text) from None
    # A number alone may be a height, a third angle, or anything.
    if radius < 0 or narrow(rest)[-1].isdigit():
        raise _unclear(text)
    return {**point, "radius_km": radius}


def _is_one_way(found: re.Match[str]) -> bool:
    """Say whether nobody would read the figures as others: 39,125 may be one number."""
    figures = [found[f"{which}{part}"] or "" for which in "ab" for part in ("degrees", "minutes")]
    is_bare = not found["aletter"] and "." not in "".join(figures)
    return found["between"] != "," or not (is_bare or any("," in each for each in figures))


def _angle(found: re.Match[str], which: str) -> tuple[float, str] | None:
    """Return the degrees, and "NS" or "EW" where a letter says it; None: it is no angle."""
    letter = found[which + "letter"].upper()
    typed = [found[which + part] or "" for part in ("degrees", "minutes", "seconds")]
    parts = [Fraction((each or "0").replace(",", ".")) for each in typed]
    is_broken = any(
        more and part.denominator > 1 for part, more in zip(parts, typed[1:], strict=False)
    )
    if is_broken or any(part >= _SIXTY for part in parts[1:]):
        return None
    value = parts[0] + parts[1] / _SIXTY + parts[2] / _SIXTY**2
    axis = next((each for each in _MOST if letter and letter in each), "")
    return float(-value if letter in {"S", "W"} else value), axis


def _is_like_a_point(text: str) -> bool:
    """Say whether `text` begins with an angle that nothing but another one may follow."""
    plain = narrow(text).translate(_ALIKE).strip()
    if "°" in plain or (not any(each.isalpha() for each in plain) and plain[:1] in "+-0123456789"):
        return True
    first = _TOKEN.match(plain)
    if first is None:
        return False
    rest = plain[first.end() :].lstrip(" ,/'\"-(")
    return not rest or _TOKEN.match(rest) is not None or _LETTER.match(rest) is not None


def _unclear(text: str) -> InputError:
    msg = (
        f"{text!r} begins like a point and is none; write 39.5 125.2, 39°30.0'N 125°12.0'E, with "
        "a radius 39.5 125.2 20 km, or the name first: West coast (39.5 125.2)"
    )
    return InputError("bad-form", msg)
