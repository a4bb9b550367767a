"""Plots as SVG, made here so that they need no script: pure functions of values and words.

One unit of the picture is a pixel on a phone; the style sheet gives inks, the shapes say the same
without them. Whoever cannot see it hears title and description, and reads the table behind it.
"""

import math
import unicodedata
from collections.abc import Sequence
from typing import Final

import msgspec
from markupsafe import Markup

_WIDTH: Final = 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 348, 26, 158
_ROW: Final = 20
_CROSS: Final = 3.5
_NARROW: Final = 52
"""As many narrow letters stand in a line of a plot."""
_SECONDS: Final = (1, 10, 60, 600, 3600, 36_000, 360_000)
"""Where a scale of durations has its marks; each is six or ten times the one before."""
_MOST_TICKS: Final = 4


class Plot(msgspec.Struct, frozen=True):
    """What a plot is called, and says in words; `name` makes its ids in the page."""

    name: str
    title: str
    description: str


class Trip(msgspec.Struct, frozen=True):
    """One comms check: how long there and back; None: it was missed."""

    at: int
    milliseconds: float | None


class Span(msgspec.Struct, frozen=True):
    """A row of durations in seconds; `group` stands once above the rows that share it."""

    group: str
    label: str
    median: float | None
    tenth: float | None
    told: str


class Pair(msgspec.Struct, frozen=True):
    """A row of two counts."""

    label: str
    first: int
    second: int


def trips(plot: Plot, checks: Sequence[Trip], ends: tuple[str, str]) -> Markup:
    """Return round trips over time; `ends` are the times of the first and the last check."""
    good = [check.milliseconds for check in checks if check.milliseconds is not None]
    steps = nice_steps(max(good, default=0.0))
    first, last = checks[0].at, checks[-1].at

    def across(at: int) -> float:
        part = 0.5 if last == first else (at - first) / (last - first)
        return _LEFT + 6 + part * (_RIGHT - _LEFT - 12)

    def down(value: float) -> float:
        return _BOTTOM - value / steps[-1] * (_BOTTOM - _TOP)

    drawn = [_text(_LEFT - 6, _TOP - 14, "ms", "unit end")]
    for step in steps:
        drawn += [_line(_LEFT, down(step), _RIGHT, down(step), "axis" if step == 0 else "rule")]
        drawn += [_text(_LEFT - 6, down(step) + 4, f"{step:g}", "end")]
    drawn += [_text(_LEFT, _BOTTOM + 18, ends[0], ""), _text(_RIGHT, _BOTTOM + 18, ends[1], "end")]
    path: list[str] = []
    missed_at = 0.0
    for check in checks:
        x = across(check.at)
        if check.milliseconds is None:
            if path and not path[-1]:
                drawn.append(_line(missed_at, _BOTTOM - 5, x, _BOTTOM - 5, "missed"))
            drawn.append(_cross(x, _BOTTOM - 5))
            path.append("")
            missed_at = x
            continue
        y = down(check.milliseconds)
        path.append(f"{'L' if path and path[-1] else 'M'}{x:.1f} {y:.1f}")
        drawn.append(Markup('<circle class="dot" cx="{}" cy="{}" r="2"/>').format(_n(x), _n(y)))
    drawn.append(Markup('<path class="curve" d="{}"/>').format(" ".join(filter(None, path))))
    return _framed(plot, _BOTTOM + 26, drawn)


def spans(plot: Plot, rows: Sequence[Span]) -> Markup:
    """Return durations on a scale of powers: a dot at the median, a line up to nine of ten."""
    left, drawn, y = 104, list[Markup](), 4
    known = [each for row in rows for each in (row.median, row.tenth) if each is not None]
    highest = max(known, default=1.0)
    marks = _marks(highest)

    def across(seconds: float) -> float:
        low, high = math.log(marks[0]), math.log(marks[-1])
        part = (math.log(min(max(seconds, marks[0]), marks[-1])) - low) / (high - low)
        return left + 6 + part * (_RIGHT - left - 48)

    rules: list[Markup] = []
    group = None
    for row in rows:
        if row.group != group:
            group, y = row.group, y + _ROW
            rules.append(_text(4, y - 5, row.group, "group"))
        y += _ROW
        middle = y - _ROW / 2
        drawn.append(_text(left - 8, middle + 4, row.label, "end"))
        drawn.append(_text(_WIDTH - 4, middle + 4, row.told, "end"))
        if row.median is None or row.tenth is None:
            continue
        start, end = across(row.median), across(row.tenth)
        drawn.append(_line(start, middle, end, middle, "curve"))
        drawn.append(_line(end, middle - 5, end, middle + 5, "curve"))
        dot = Markup('<circle class="dot" cx="{}" cy="{}" r="4.5"/>')
        drawn.append(dot.format(_n(start), _n(middle)))
    for mark in marks:
        rules.append(_line(across(mark), _ROW + 4, across(mark), y + 4, "rule"))
        beyond = "≤ " if mark == marks[0] else "≥ " if mark == marks[-1] < highest else ""
        rules.append(_text(across(mark), y + 20, f"{beyond}{duration(mark)}", "middle"))
    return _framed(plot, y + 28, [*rules, _line(left, y + 4, _RIGHT, y + 4, "axis"), *drawn])


def pairs(plot: Plot, rows: Sequence[Pair]) -> Markup:
    """Return two bars a row: the first filled, the second outlined, each with its number."""
    most = max((max(row.first, row.second) for row in rows), default=1) or 1
    drawn: list[Markup] = []
    y = 0
    for row in rows:
        drawn.append(_text(4, y + 16, shortened(row.label), ""))
        for count, kind in ((row.first, "full"), (row.second, "hollow")):
            width = max(count / most * (_RIGHT - 48), 0.5 if count == 0 else 2.0)
            shape = Markup('<rect class="{}" x="4.5" y="{}" width="{}" height="8"/>')
            drawn.append(shape.format(kind, _n(y + 22.5), _n(width)))
            drawn.append(_text(width + 10, y + 31, str(count), "small"))
            y += 13
        y += 24
    return _framed(plot, max(y, 1), drawn)


def nice_steps(highest: float) -> list[float]:
    """Return the marks of a scale from 0 to above `highest`, in ones, twos or fives.

    >>> nice_steps(37.0)
    [0.0, 10.0, 20.0, 30.0, 40.0]
    """
    rough = max(highest, 1.0) / _MOST_TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= rough)
    return [step * number for number in range(math.ceil(max(highest, 1.0) / step) + 1)]


def duration(seconds: float) -> str:
    """Return a duration in the largest unit that it fills; the units are those of SI.

    >>> duration(36_000)
    '10 h'
    """
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size:
            amount = seconds / size
            return f"{amount:.0f} {unit}" if amount >= _SECONDS[1] else f"{amount:.2g} {unit}"
    return f"{seconds:.0f} s" if seconds >= _SECONDS[1] else f"{seconds:.2g} s"


def shortened(text: str) -> str:
    """Return as much of a text as stands in a line of a plot; the table has the whole."""
    room = _NARROW
    for place, letter in enumerate(text):
        room -= 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if room < 0:
            return f"{text[:place].rstrip()}…"
    return text


def _marks(highest: float) -> list[float]:
    """Return the marks of a scale of durations up to the first above `highest`, two at least."""
    above = next((n for n, mark in enumerate(_SECONDS) if mark >= highest), len(_SECONDS) - 1)
    return list(map(float, _SECONDS[: max(above, 2) + 1]))


def _framed(plot: Plot, height: float, drawn: Sequence[Markup]) -> Markup:
    frame = Markup(
        '<svg class="plot" viewBox="0 0 {width} {height}" role="img"'
        ' aria-labelledby="{name}-t {name}-d"><title id="{name}-t">{title}</title>'
        '<desc id="{name}-d">{description}</desc>{drawn}</svg>'
    )
    return frame.format(
        width=_WIDTH, height=_n(height), name=plot.name, title=plot.title,
        description=plot.description, drawn=Markup().join(drawn),
    )  # fmt: skip


def _line(x: float, y: float, to_x: float, to_y: float, kind: str) -> Markup:
    shape = Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>')
    return shape.format(kind, _n(x), _n(y), _n(to_x), _n(to_y))


def _cross(x: float, y: float) -> Markup:
    a, b, c, d = _n(x - _CROSS), _n(y - _CROSS), _n(x + _CROSS), _n(y + _CROSS)
    return Markup('<path class="missed" d="M{} {}L{} {}M{} {}L{} {}"/>').format(
        a, b, c, d, a, d, c, b
    )


def _text(x: float, y: float, text: str, kind: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(kind, _n(x), _n(y), text)


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
