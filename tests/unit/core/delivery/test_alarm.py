"""Alarms: a sentence for each kind."""

import pytest

from noroshi.core.delivery.alarm import Alarm, AlarmKind, sentence
from tests.unit.core.nodes import NOW


@pytest.mark.parametrize("kind", list(AlarmKind))
def test_every_kind_says_whom_it_concerns_or_what(kind: AlarmKind) -> None:
    said = sentence(Alarm(kind, "nato", NOW, desk="cyber", detail="DETAIL"))
    assert "nato" in said or "DETAIL" in said
    assert said[0].islower()


def test_an_alarm_without_a_desk_names_the_partner() -> None:
    said = sentence(Alarm(AlarmKind.UNDELIVERED, "nato", NOW, detail="the line is down"))
    assert said == "the report is not delivered to nato yet: the line is down"
