"""Deadlines of chains: what is owed, by when, and since when it is owed no more."""

import json

import pytest

from noroshi.adapters.words import shipped_deadlines, shipped_lexicon
from noroshi.core.chains import Chain, Statement, fold
from noroshi.core.deadlines import Deadline, check_deadlines, due, parse_deadlines
from noroshi.core.errors import InputError
from noroshi.core.instant import HOUR, LATEST, from_text, to_text
from noroshi.core.report import CANCELLATION, Change

FIRST = b"\x01" * 16
AWARE = "2026-11-21T03:12:00Z"
NOW = from_text(AWARE) + HOUR
CYBER = "cyber-incident"


def a_chain(*said: dict[str, object], changes: tuple[Change, ...] = ()) -> Chain:
    return fold(
        FIRST,
        [
            Statement(
                bytes([n + 1]) * 16, NOW + n * HOUR, NOW, None, fields,
                changes=() if n else changes,
            )
            for n, fields in enumerate(said)
        ],
    )  # fmt: skip


def owed(chain: Chain, *deadlines: Deadline) -> dict[str, str]:
    found = due(deadlines or shipped_deadlines(), chain, CYBER)
    return {each.wanted: to_text(each.at)[:16] for each in found}


def test_nis2_counts_from_awareness_and_then_from_the_notification() -> None:
    begun: dict[str, object] = {"summary": "x", "aware_at": AWARE}
    assert owed(a_chain(begun)) == {
        "early-warning": "2026-11-22T03:12", "notification": "2026-11-24T03:12",
    }  # fmt: skip
    begun["stage"] = "early-warning"
    assert owed(a_chain(begun)) == {"notification": "2026-11-24T03:12"}
    notified = a_chain(begun, {"stage": "notification"})
    assert owed(notified) == {"final": "2026-12-21T05:12"}
    assert owed(a_chain(begun, {"stage": "notification"}, {"stage": "final"})) == {}


def test_what_goes_further_is_enough() -> None:
    assert owed(a_chain({"aware_at": AWARE, "stage": "notification"})).keys() == {"final"}


def test_awareness_that_is_corrected_moves_what_is_owed() -> None:
    chain = a_chain({"aware_at": AWARE}, {"aware_at": "2026-11-21T01:00:00Z"})
    assert owed(chain)["early-warning"] == "2026-11-22T01:00"
    assert owed(a_chain({"aware_at": "soon"})) == {}
    assert owed(a_chain({"aware_at": AWARE}, {"aware_at": "soon"})) == {}


def test_taking_awareness_back_gives_no_more_time() -> None:
    begun = Statement(b"\x01" * 16, NOW, NOW, None, {"aware_at": AWARE})
    back = Statement(b"\x02" * 16, NOW + HOUR, NOW, None, {}, ("aware_at",))
    assert owed(fold(FIRST, [begun, back]))["early-warning"] == "2026-11-22T03:12"
    said = Statement(b"\x03" * 16, NOW + 2 * HOUR, NOW, None, {"aware_at": "2026-11-21T05:00Z"})
    assert owed(fold(FIRST, [begun, back, said]))["early-warning"] == "2026-11-22T05:00"


def test_awareness_that_nobody_stated_counts_for_nothing() -> None:
    assert owed(a_chain({})) == {}


def test_a_cancelled_chain_owes_nothing() -> None:
    cancelled = (Change(CANCELLATION, b"x", NOW),)
    assert owed(a_chain({"aware_at": AWARE}, changes=cancelled)) == {}
    assert owed(fold(FIRST, [])) == {}
    assert due(shipped_deadlines(), a_chain({"aware_at": AWARE}), "missile-event") == ()


@pytest.mark.parametrize(
    ("aware", "months", "at"),
    [
        ("2026-01-31T12:00:00.5Z", 1, "2026-02-28T12:00:00.500000Z"),
        ("2027-12-31T12:00:00Z", 2, "2028-02-29T12:00:00.000000Z"),
        ("2026-11-30T23:59:59.999999Z", 1, "2026-12-30T23:59:59.999999Z"),
        ("9999-12-01T00:00:00Z", 1, to_text(LATEST)),
        ("9999-12-30T00:00:00Z", 0, to_text(LATEST)),
    ],
)
def test_a_month_is_a_month_of_the_calendar(aware: str, months: int, at: str) -> None:
    deadline = Deadline(
        kind=CYBER, wanted=("final",), since="aware_at", months=months, hours=0 if months else 50
    )
    (found,) = due([deadline], a_chain({"aware_at": aware}), CYBER)
    assert to_text(found.at) == at
    assert str(found).startswith("final by ")


def test_a_house_may_count_from_the_sending() -> None:
    own = Deadline(kind=CYBER, wanted=("contained", "closed"), field="investigation", hours=1.5)
    assert owed(a_chain({"summary": "x"}), own) == {"contained": "2026-11-21T05:42"}


@pytest.mark.parametrize(
    ("told", "hint"),
    [
        ({"kind": "gossip"}, "no kind of report"),
        ({"kind": "missile-event"}, "no field 'stage'"),
        ({"field": "summary"}, "no field 'summary'"),
        ({"wanted": []}, "wanted are values of stage"),
        ({"wanted": ["soon"]}, "early-warning"),
        ({"since": "summary"}, "since is a time in the form"),
        ({"since": "begin"}, "since is a time in the form"),
        ({"hours": 0}, "it allows"),
        ({"hours": -1, "months": 1}, "it allows"),
        ({"hours": 10_001}, "it allows"),
        ({"months": 121}, "it allows"),
    ],
)
def test_a_deadline_that_cannot_be_used_is_told(told: dict[str, object], hint: str) -> None:
    raw = json.dumps([{"kind": CYBER, "wanted": ["final"], "hours": 1, **told}]).encode()
    with pytest.raises(InputError, match=hint) as caught:
        check_deadlines(parse_deadlines(raw), shipped_lexicon())
    assert "deadline 1" in caught.value.message


def test_what_is_shipped_can_be_used() -> None:
    check_deadlines(shipped_deadlines(), shipped_lexicon())
    assert {each.kind for each in shipped_deadlines()} == {CYBER}
    with pytest.raises(InputError, match="no deadlines"):
        parse_deadlines(b'[{"kind": 5}]')
