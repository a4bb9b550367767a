"""The ladder only rises, in whatever order it is told."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core.delivery.ladder import (
    ANSWERS,
    ORDER,
    Ladder,
    Rung,
    RungRecord,
    highest,
    merge,
    rise,
)
from noroshi.core.errors import ConflictError
from tests.unit.core.nodes import NOW

RECORDS = st.builds(
    RungRecord,
    st.sampled_from(Rung),
    st.integers(NOW, NOW + 10),
    st.none() | st.sampled_from(["Sato", "Dupont"]),
    st.none() | st.just("note"),
)
LADDERS = st.lists(RECORDS, max_size=6).map(lambda records: merge((), records))


def record(rung: Rung, at: int = NOW, by: str | None = "Sato") -> RungRecord:
    return RungRecord(rung, at, by, None)


def as_map(ladder: Ladder) -> dict[Rung, RungRecord]:
    return {r.rung: r for r in ladder}


@given(LADDERS, LADDERS)
def test_merging_never_loses_a_rung_or_changes_one(mine: Ladder, theirs: Ladder) -> None:
    merged = as_map(merge(mine, theirs))
    assert set(merged) == set(as_map(mine)) | set(as_map(theirs))
    for rung, kept in merged.items():
        assert kept == as_map(mine).get(rung, as_map(theirs).get(rung))


@given(LADDERS, LADDERS)
def test_merging_is_idempotent(mine: Ladder, theirs: Ladder) -> None:
    merged = merge(mine, theirs)
    assert merge(mine, mine) == mine
    assert merge(merged, theirs) == merged
    assert merge(merged, mine) == merged


@given(LADDERS, st.randoms())
def test_copies_of_one_ladder_merge_to_the_same_in_any_order(
    whole: Ladder, chance: random.Random
) -> None:
    copies = [tuple(r for r in whole if chance.random() < 0.5) for _ in range(4)] + [whole]
    chance.shuffle(copies)
    merged: Ladder = ()
    for copy in copies:
        risen = merge(merged, copy)
        assert set(merged) <= set(risen)
        merged = risen
    assert merged == whole


@given(LADDERS, LADDERS)
def test_copies_that_do_not_contradict_merge_the_same_both_ways(one: Ladder, two: Ladder) -> None:
    agreeing = tuple(r for r in two if as_map(one).get(r.rung, r) == r)
    assert merge(one, agreeing) == merge(agreeing, one)


@given(LADDERS)
def test_a_ladder_is_in_order(ladder: Ladder) -> None:
    weights = [ORDER[r.rung] for r in ladder]
    assert weights == sorted(set(weights))
    assert highest(ladder) is (ladder[-1].rung if ladder else None)


def test_the_first_told_stays() -> None:
    first, second = record(Rung.OPENED, by="Sato"), record(Rung.OPENED, NOW - 1, by="Dupont")
    assert merge([first], [second]) == (first,)


def test_a_refusal_weighs_most() -> None:
    assert highest([record(rung) for rung in Rung]) is Rung.REFUSED
    assert highest([record(Rung.ACKNOWLEDGED), record(Rung.DELIVERED)]) is Rung.ACKNOWLEDGED


@pytest.mark.parametrize("rung", [Rung.ACKNOWLEDGED, Rung.ACTIONED, Rung.DECLINED])
def test_an_answer_presents_the_report(rung: Rung) -> None:
    assert rung in ANSWERS
    said = RungRecord(rung, NOW, "Sato", "on our way")
    assert rise({}, rung, said) == (
        RungRecord(Rung.OPENED, NOW, "Sato", None),
        RungRecord(Rung.SHOWN, NOW, "Sato", None),
        said,
    )


def test_showing_opens() -> None:
    added = rise({}, Rung.SHOWN, record(Rung.SHOWN))
    assert [r.rung for r in added] == [Rung.OPENED, Rung.SHOWN]


@pytest.mark.parametrize("rung", [Rung.DELIVERED, Rung.OPENED, Rung.REFUSED])
def test_other_rungs_imply_nothing(rung: Rung) -> None:
    assert rise({}, rung, record(rung)) == (record(rung),)


def test_what_was_reached_is_not_recorded_again() -> None:
    ladder = as_map((record(Rung.OPENED), record(Rung.SHOWN), record(Rung.ACKNOWLEDGED)))
    assert rise(ladder, Rung.ACKNOWLEDGED, record(Rung.ACKNOWLEDGED, NOW + 1, "Dupont")) == ()
    added = rise(ladder, Rung.ACTIONED, record(Rung.ACTIONED))
    assert [r.rung for r in added] == [Rung.ACTIONED]


@pytest.mark.parametrize(
    ("earlier", "later"), [(Rung.ACTIONED, Rung.DECLINED), (Rung.DECLINED, Rung.ACTIONED)]
)
def test_a_desk_does_not_answer_both_ways(earlier: Rung, later: Rung) -> None:
    with pytest.raises(ConflictError, match=rf"already answered {earlier.value} \(by Sato\)") as e:
        rise({earlier: record(earlier)}, later, record(later))
    assert e.value.code == "rung-conflict"
    with pytest.raises(ConflictError, match=f"already answered {earlier.value}$"):
        rise({earlier: record(earlier, by=None)}, later, record(later))


@given(LADDERS, RECORDS)
def test_rising_adds_the_rung_and_never_one_that_was_there(
    ladder: Ladder, said: RungRecord
) -> None:
    try:
        added = rise(as_map(ladder), said.rung, said)
    except ConflictError:
        return
    assert not {r.rung for r in added} & set(as_map(ladder))
    assert said.rung in as_map(merge(ladder, added))
    assert {r.at for r in added} <= {said.at}
