"""Plots of the console: whole SVG that says the same in words, inside its frame, without styles."""

from xml.etree import ElementTree as ET

import pytest

from noroshi.entrypoints.console import plots

HOSTILE = '"><script>alert(1)</script>&\u202e'
PLOT = plots.Plot("p", f"Title {HOSTILE}", "What it shows")
SVG = "{http://www.w3.org/2000/svg}"


def drawn(svg: str) -> ET.Element:
    """Return a plot as elements; it must be well-formed, named, and hold nothing that runs."""
    root = ET.fromstring(str(svg))  # noqa: S314 - ours
    kinds = {each.tag for each in root.iter()}
    assert kinds <= {"svg", "title", "desc", "text", "line", "circle", "path", "rect"}
    assert not [each for each in root.iter() if "style" in each.attrib]
    assert root.get("role") == "img"
    named = {each.get("id"): each.text for each in root if each.get("id")}
    assert (root.get("aria-labelledby") or "").split() == list(named)
    assert list(named.values()) == [PLOT.title, PLOT.description]
    _, _, width, height = map(float, (root.get("viewBox") or "").split())
    for each in root.iter():
        across = [float(each.get(name, 0)) for name in ("x", "x1", "x2", "cx")]
        down = [float(each.get(name, 0)) for name in ("y", "y1", "y2", "cy")]
        assert 0 <= min(across) <= max(across) <= width
        assert 0 <= min(down) <= max(down) <= height
    return root


def of_class(root: ET.Element, name: str) -> list[ET.Element]:
    return [each for each in root.iter() if each.get("class") == name]


def texts(root: ET.Element) -> list[str]:
    return [each.text or "" for each in root.iter("text")]


def test_round_trips_break_where_checks_were_missed() -> None:
    checks = [plots.Trip(n, None if n in {2, 3} else 10.0 * n) for n in range(6)]
    root = drawn(plots.trips(PLOT, checks, ("then", "now")))
    assert len(of_class(root, "dot")) == 4
    (curve,) = of_class(root, "curve")
    assert curve.get("d", "").count("M") == 2, "no line is drawn over what was missed"
    crosses = [each.tag for each in of_class(root, "missed")]
    assert crosses == ["path", "line", "path"]
    assert {"ms", "then", "now", "0", "60"} <= set(texts(root))


@pytest.mark.parametrize("value", [None, 0.0, 3.0, 123_456.7])
def test_a_single_check_is_a_plot(value: float | None) -> None:
    root = drawn(plots.trips(PLOT, [plots.Trip(5, value)], ("then", "then")))
    assert len(of_class(root, "dot")) == (value is not None)


def test_durations_stand_on_a_scale_of_powers() -> None:
    rows = [
        plots.Span("nato", "FLASH", 20.0, 45.0, "9/9"),
        plots.Span("nato", "ROUTINE", 4000.0, 900_000.0, "9/10"),
        plots.Span(HOSTILE, "FLASH", None, None, "0/3"),
    ]
    root = drawn(plots.spans(PLOT, rows))
    assert [each.text for each in of_class(root, "group")] == ["nato", HOSTILE]
    soon, late = (float(each.get("cx", 0)) for each in of_class(root, "dot"))
    assert soon < late
    assert {"≤ 1 s", "10 s", "1 min", "10 min", "1 h", "10 h", "≥ 100 h", "0/3"} <= set(texts(root))


def test_two_counts_are_two_bars() -> None:
    rows = [plots.Pair("Cyber", 40, 20), plots.Pair("防" * 60, 0, 1)]
    root = drawn(plots.pairs(PLOT, rows))
    full, hollow = of_class(root, "full"), of_class(root, "hollow")
    wide = [float(each.get("width", 0)) for each in (full[0], hollow[0])]
    assert wide[0] == pytest.approx(2 * wide[1])
    assert "防" * 26 + "…" in texts(root)
    drawn(plots.pairs(PLOT, []))


@pytest.mark.parametrize(
    ("highest", "last"), [(0.0, 1.0), (0.4, 1.0), (1.0, 1.0), (37.0, 40.0), (400.0, 400.0)]
)
def test_marks_of_a_scale_reach_above_what_is_shown(highest: float, last: float) -> None:
    steps = plots.nice_steps(highest)
    assert (steps[0], steps[-1]) == (0, last)
    assert len(steps) <= 6


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.0, "0 s"), (2.44, "2.4 s"), (59.6, "60 s"), (90.0, "1.5 min"), (36_000.0, "10 h")],
)
def test_a_duration_is_told_in_its_largest_unit(seconds: float, told: str) -> None:
    assert plots.duration(seconds) == told
