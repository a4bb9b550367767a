"""Alarms: a sentence for each kind, in each language."""

import pytest

from noroshi.adapters.words import shipped_lexicon
from noroshi.core.delivery.alarm import Alarm, AlarmKind, sentence
from noroshi.core.lexicon.lexicon import Language
from tests.unit.core.nodes import NOW

LEXICON = shipped_lexicon()


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", list(AlarmKind))
def test_every_kind_says_whom_it_concerns_or_what(kind: AlarmKind, language: Language) -> None:
    said = sentence(Alarm(kind, "nato", NOW, desk="cyber", detail="DETAIL"), LEXICON, language)
    assert "nato" in said or "DETAIL" in said
    assert "{" not in said
    english = sentence(
        Alarm(kind, "nato", NOW, desk="cyber", detail="DETAIL"), LEXICON, Language.ENGLISH
    )
    assert (said == english) == (language is Language.ENGLISH)
    assert ("DETAIL" in said) == ("DETAIL" in english)
    assert ("cyber@" in said) == ("cyber@" in english)


def test_an_alarm_without_a_desk_names_the_partner() -> None:
    alarm = Alarm(AlarmKind.UNDELIVERED, "nato", NOW, detail="the {line} is down")
    said = sentence(alarm, LEXICON, Language.ENGLISH)
    assert said == "the report is not delivered to nato yet: the {line} is down"
