"""The form of a kind at the console: what is wrong is said in the writer's language."""

import re

import pytest

from noroshi.adapters.words import shipped_lexicon
from noroshi.core.kinds.kind import Kind, all_kinds
from noroshi.core.kinds.reading import Reader
from noroshi.core.lexicon.lexicon import Language
from noroshi.entrypoints.console import forms
from noroshi.entrypoints.console.desk import Form

NOW = 1_795_316_400_000_000


def read(kind: Kind, name: str, text: str, language: Language) -> forms.Filled:
    sent = Form([(f"{forms.PREFIX}{name}", text)])
    return forms.read_form(kind, sent, Reader(shipped_lexicon(), language), NOW)


@pytest.mark.parametrize("language", Language, ids=lambda each: str(each.value))
def test_every_example_of_a_problem_can_be_typed(language: Language) -> None:
    tried = 0
    for kind in all_kinds().values():
        for field in kind.fields:
            example = forms._EXAMPLES.get(field.type.value)
            if example:
                filled = read(kind, field.name, example, language)
                assert field.name in filled.values, (kind.name, filled.problems)
                tried += 1
    assert tried > 30


@pytest.mark.parametrize("language", Language, ids=lambda each: str(each.value))
def test_what_is_wrong_is_said_in_the_writers_language(language: Language) -> None:
    said: dict[str, str] = {}
    for kind in all_kinds().values():
        for field in kind.fields:
            for wrong in ("\u0000?!", "95.0, 200.0"):
                problem = read(kind, field.name, wrong, language).problems.get(field.name)
                if problem is not None:
                    said[field.type.value] = problem
    assert {"time", "window", "number", "place", "code"} <= said.keys()
    for kind_of, problem in said.items():
        assert "noroshi" not in problem
        assert "filled in" not in problem
        assert forms._EXAMPLES.get(kind_of, "") in problem or language is Language.ENGLISH
        if language in {Language.JAPANESE, Language.KOREAN}:
            assert re.search("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]", problem)
