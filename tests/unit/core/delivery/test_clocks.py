"""The clocks of people."""

from noroshi.core.delivery.clocks import (
    Clocks,
    Step,
    next_desk,
    receiver_deadlines,
    sender_deadlines,
)
from noroshi.core.instant import HOUR, MINUTE
from noroshi.core.precedence import Precedence
from tests.unit.core.nodes import NOW


def test_the_time_to_acknowledge_by_precedence() -> None:
    allowed = [Clocks().allowed(precedence) for precedence in reversed(Precedence)]
    assert allowed == [10 * MINUTE, 30 * MINUTE, 3 * HOUR, 6 * HOUR, 24 * HOUR]


def test_the_sender_watches_delivery_and_the_answer_of_those_who_must_act() -> None:
    delivered = (Step.UNDELIVERED, NOW + 2 * MINUTE)
    assert sender_deadlines(NOW, 10 * MINUTE, is_action=True) == (
        delivered,
        (Step.UNACKNOWLEDGED, NOW + 20 * MINUTE),
    )
    assert sender_deadlines(NOW, 10 * MINUTE, is_action=False) == (delivered,)


def test_the_house_calls_the_next_desk_and_then_the_officer() -> None:
    assert receiver_deadlines(NOW, 10 * MINUTE) == (
        (Step.NEXT_DESK, NOW + 10 * MINUTE),
        (Step.NEXT_OFFICER, NOW + 15 * MINUTE),
    )


def test_the_next_desk_is_the_one_after_and_the_first_after_the_last() -> None:
    assert next_desk(("cyber", "duty", "sea"), "cyber") == "duty"
    assert next_desk(("cyber", "duty", "sea"), "sea") == "cyber"
    assert next_desk(("cyber", "duty"), "closed") == "cyber"
    assert next_desk(("cyber",), "cyber") is None
