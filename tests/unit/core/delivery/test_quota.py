"""Back-pressure: shares by precedence, and the fair turn of many FLASHes."""

import pytest

from noroshi.core.delivery.quota import (
    FLASH_WINDOW,
    FLASHES,
    PLACES,
    RESERVED_BYTES,
    Disk,
    FlashWindow,
    has_place,
    has_room,
    turn,
)
from noroshi.core.precedence import Precedence
from tests.unit.core.nodes import NOW


@pytest.mark.parametrize("precedence", list(Precedence))
def test_a_precedence_fills_its_share_and_no_more(precedence: Precedence) -> None:
    assert has_place(precedence, PLACES[precedence] - 1)
    assert not has_place(precedence, PLACES[precedence])


def test_the_more_urgent_has_more_places() -> None:
    places = [PLACES[precedence] for precedence in sorted(Precedence)]
    assert places == sorted(set(places))


def test_the_last_of_the_disk_is_for_flashes() -> None:
    large = 100 * RESERVED_BYTES
    assert has_room(Precedence.ROUTINE, Disk(RESERVED_BYTES, large))
    assert not has_room(Precedence.IMMEDIATE, Disk(RESERVED_BYTES - 1, large))
    assert has_room(Precedence.FLASH, Disk(0, large))


def test_of_a_small_disk_a_tenth_is_for_flashes() -> None:
    assert has_room(Precedence.ROUTINE, Disk(100, 1000))
    assert not has_room(Precedence.ROUTINE, Disk(99, 1000))


def test_flashes_are_counted_for_ten_minutes() -> None:
    window = FlashWindow()
    counts = [window.note(NOW + number) for number in range(FLASHES + 1)]
    assert counts[-1] == FLASHES + 1
    assert window.note(NOW + FLASH_WINDOW + FLASHES) == 1


def test_beyond_the_twentieth_a_flash_takes_its_turn() -> None:
    assert turn(Precedence.FLASH, FLASHES) is Precedence.FLASH
    assert turn(Precedence.FLASH, FLASHES + 1) is Precedence.IMMEDIATE
    assert turn(Precedence.ROUTINE, FLASHES + 1) is Precedence.ROUTINE
