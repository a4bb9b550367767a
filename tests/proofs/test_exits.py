"""A slice of `./dev endure exits`, and that it notices a check that is left out."""

import pytest

from endure.exits import run_round
from noroshi.flow import attached, exits, send
from noroshi.flow.answers import desk


def test_nothing_leaves_against_the_rules() -> None:
    broken, count = run_round(20261122, 2_000)
    assert broken == []
    for what in ("sent", "went", "withheld", "released", "noted", "cancelled", "not-releasable"):
        assert count[what] > 0, what


def no_reasons(*_given: object, **_named: object) -> tuple[()]:
    return ()


def none_barred(*_given: object, **_named: object) -> dict[bytes, object]:
    return {}


@pytest.mark.parametrize(
    ("where", "name", "instead"),
    [
        (desk, "_check_note", no_reasons),
        (attached, "parts_attached", no_reasons),
        (send, "reasons_against", no_reasons),
        (send, "referred_to", no_reasons),
        (exits, "barred", none_barred),
    ],
)
def test_a_check_that_is_left_out_is_noticed(
    monkeypatch: pytest.MonkeyPatch, where: object, name: str, instead: object
) -> None:
    monkeypatch.setattr(where, name, instead)
    broken, _ = run_round(7, 1_000)
    assert broken
