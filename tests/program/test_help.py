"""Help of fields: the command line takes it from the catalogue, in the reader's language."""

import io
import json
from collections.abc import Sequence
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from noroshi.adapters.words import shipped_lexicon
from noroshi.core.errors import InputError
from noroshi.core.kinds.kind import all_kinds
from noroshi.core.kinds.reading import Reader
from noroshi.core.lexicon.lexicon import Language, Lexicon, Term
from noroshi.entrypoints.cli.compose import new
from noroshi.entrypoints.cli.context import Context, Serving
from noroshi.entrypoints.cli.kinds import kinds
from noroshi.entrypoints.cli.person import Person
from tests.program.conftest import befriend, make

LEXICON = shipped_lexicon()
MISSILE = all_kinds()["missile-event"]


def pseudo() -> Lexicon:
    """A pseudo-locale: every term is its code in brackets, its help that in pointed ones."""
    return Lexicon([{code: _pseudo(code) for code in LEXICON.codes}])


def _pseudo(code: str) -> Term:
    said, helped = f"[{code}]", {language.value: f"<{code}>" for language in Language}
    return Term(en=said, ja=said, fr=said, ko=said, id=said, help=helped)


class Pseudo(Context, frozen=True):
    """A command line whose reader has the pseudo-locale."""

    @property
    def reader(self) -> Reader:
        return Reader(pseudo(), Language.KOREAN)


class Terminal(io.BytesIO):
    """What somebody types."""

    def isatty(self) -> bool:
        return True


def nothing(_: Serving) -> None:
    """Serve no node."""


def run(
    command: click.Command, home: Path, arguments: Sequence[str], typed: bytes = b"", *, json: bool
) -> Result:
    context = Pseudo(home, as_json=json, serve=nothing, person=Person(None))
    return CliRunner().invoke(command, arguments, obj=context, input=Terminal(typed))


def left_in_english(shown: str) -> list[str]:
    helps = [LEXICON.help(field.says.label, Language.ENGLISH) for field in MISSILE.fields]
    return [each for each in helps if each in shown]


def test_the_fields_of_a_kind_stand_with_their_help(tmp_path: Path) -> None:
    told = json.loads(run(kinds, tmp_path, [MISSILE.name], json=True).output)
    for field, said in zip(MISSILE.fields, told["fields"], strict=True):
        assert said["label"] == f"[{field.says.label}]"
        assert said["help"] == f"<{field.says.label}>"


def test_the_help_is_shown_beside_each_field(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    shown = run(kinds, tmp_path, [MISSILE.name], json=False).output
    rows = {line.split()[0].rstrip("*"): line for line in shown.splitlines() if line}
    for field in MISSILE.fields:
        assert f"<{field.says.label}>" in rows[field.name]
    assert not left_in_english(shown)


def test_a_question_mark_asks_what_belongs_in_a_field(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The half-width and the full-width mark: help, then the same question again."""
    marks = "?\n06:12\n\N{FULLWIDTH QUESTION MARK}\nWest coast\n\n\n\nn\n".encode()
    jp = make(tmp_path, "jp")
    befriend([jp, make(tmp_path, "nato")])
    monkeypatch.chdir(tmp_path)
    result = run(new, jp.home, [MISSILE.name, "--to", "cyber@nato"], marks, json=False)
    assert isinstance(result.exception, InputError)
    assert result.exception.code == "not-sent"
    shown = result.output
    assert shown.count("[sheet.asking]") == 1
    assert shown.count("<ms.detected_at>") == 1
    assert shown.count("<ms.launch_place>") == 1
    assert shown.index("[ms.detected_at]") < shown.index("<ms.detected_at>")
    assert shown.index("<ms.detected_at>") < shown.rindex("[ms.detected_at]: ")
    assert "<ms.type>" not in shown
    assert not left_in_english(shown)
