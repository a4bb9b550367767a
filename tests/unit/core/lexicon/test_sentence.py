import ast
import string
from pathlib import Path

import msgspec
import pytest

import noroshi
from noroshi.adapters.words import shipped_lexicon
from noroshi.core.errors import RefusalError
from noroshi.core.lexicon.lexicon import Language
from noroshi.core.lexicon.sentence import Sentence, said

LEXICON = shipped_lexicon()


def written() -> dict[str, tuple[str, set[str]]]:
    """Return code, English and values of every sentence that stands in the program."""
    found: dict[str, tuple[str, set[str]]] = {}
    for file in Path(noroshi.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Sentence":
                code, english = map(ast.literal_eval, node.args)
                assert code not in found, f"{code} stands in two places"
                found[code] = english, {str(each.arg) for each in node.keywords}
    return found


def test_every_sentence_is_in_the_lexicon_and_no_other() -> None:
    assert set(written()) == {code for code in LEXICON.codes if code.startswith("why.")}
    assert len(written()) > 20


@pytest.mark.parametrize(("code", "told"), written().items())
def test_a_sentence_says_the_same_in_every_language(code: str, told: tuple[str, set[str]]) -> None:
    english, values = told
    assert LEXICON.label(code, Language.ENGLISH) == english
    for language in Language:
        form = LEXICON.label(code, language)
        assert {name for _, name, _, _ in string.Formatter().parse(form) if name} == values


def test_a_sentence_is_text_for_whoever_wants_no_more() -> None:
    inner = Sentence("why.ended", "it ended on {day}", day="2026-11-22")
    outer = Sentence("why.of", "{name}: {reason}", name="nato", reason=inner)
    assert outer == "nato: it ended on 2026-11-22"
    assert (outer.code, dict(outer.values)) == ("why.of", {"name": "nato", "reason": inner})
    assert said(outer, LEXICON, Language.ENGLISH) == outer
    assert said(outer, LEXICON, Language.FRENCH) == "nato : il a pris fin le 2026-11-22"
    assert said("as it is", LEXICON, Language.FRENCH) == "as it is"


def test_an_error_has_plain_words() -> None:
    error = RefusalError("no-consent", Sentence("why.ended", "it ended on {day}", day="today"))
    assert type(error.message) is str
    assert msgspec.json.encode(error.message) == b'"it ended on today"'


def test_braces_in_a_value_are_no_places() -> None:
    odd = Sentence("why.ended", "it ended on {day}", day="{day}{0}")
    assert odd == "it ended on {day}{0}"
    assert said(odd, LEXICON, Language.KOREAN).startswith("{day}{0}")
