"""Where following a collection goes on: nothing is skipped, however a server gives out instants."""

import random
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core.exchange.taxii_place import OVERLAP, Place, read_place, write_place
from noroshi.core.instant import SECOND, from_text, to_text


def test_the_beginning_asks_for_everything() -> None:
    assert read_place("") == Place()
    assert Place().added_after is None
    assert Place().ended(5) == Place()


def test_the_last_minute_is_asked_for_again_until_it_has_stood_still() -> None:
    at = from_text("2026-01-01T00:10:00Z")
    place = Place().onward(to_text(at)).ended(1000)
    assert place.added_after == to_text(at - OVERLAP)
    place = place.onward(to_text(at)).ended(1000 + OVERLAP - 1)
    assert not place.is_settled
    place = place.onward(None).onward(to_text(at)).ended(1000 + OVERLAP)
    assert place.added_after == to_text(at)
    assert place.ended(10**15) is place
    later = place.onward(to_text(at + 1))
    assert later.added_after == to_text(at + 1 - OVERLAP)
    assert read_place(write_place(later)) == later


@pytest.mark.parametrize("told", [None, "", "yesterday", "1970-01-01T00:00:05Z"])
def test_what_a_server_says_wrongly_leads_nowhere(told: str | None) -> None:
    place = Place(10 * SECOND)
    assert place.onward(told) is place
    assert place.added_after == to_text(0)


@given(st.randoms(use_true_random=False), st.integers(1, 30))
def test_objects_that_are_shown_late_or_at_one_instant_are_found(
    rng: random.Random, polls: int
) -> None:
    """A server adds in threads: each object is shown up to a minute after its own instant."""
    numbers, shown, clock = count(), [], 10**12
    taken: set[int] = set()
    waiting: list[tuple[int, int, int]] = []
    place = Place()
    for _ in range(polls + 3):
        clock += rng.choice((1, SECOND, OVERLAP // 2, 2 * OVERLAP))
        added = clock - clock % rng.choice((1, 1000, SECOND))
        came = rng.randrange(4)
        waiting += [(added + rng.randrange(OVERLAP), added, next(numbers)) for _ in range(came)]
        shown += [(at, n) for due, at, n in waiting if due <= clock]
        waiting = [each for each in waiting if each[0] > clock]
        place = _poll(place, shown, taken, clock)
    clock += 2 * OVERLAP
    shown += [(at, n) for _, at, n in waiting]
    for _ in range(2):
        place = _poll(place, shown, taken, clock)
    assert taken == {n for _, n in shown}


def _poll(place: Place, shown: list[tuple[int, int]], taken: set[int], clock: int) -> Place:
    after = -1 if place.added_after is None else from_text(place.added_after)
    page = sorted(each for each in shown if each[0] > after)
    taken |= {n for _, n in page}
    return place.onward(to_text(page[-1][0]) if page else None).ended(clock)
