"""The dictionary only grows: no number is changed or used twice, and whatever is new has one."""

import hashlib
import importlib.resources
import json
from typing import Any, Final

import pytest

from noroshi.adapters.policies import shipped_areas
from noroshi.adapters.words import shipped_lexicon
from noroshi.core.compact.dictionary import COMMON, dictionary, newest
from noroshi.core.errors import MalformedError
from noroshi.core.kinds.form import FieldType
from noroshi.core.kinds.kind import all_kinds
from noroshi.core.report import CHANGES, SERVICES

FROZEN: Final = {
    1: "6895c9f09bbe0ef5c187d7c77b6de04223fdfe48589f29e67e0f0b0767b69127",
}
"""SHA-256 of each version. A line is added with a new file; none is ever changed."""
FOLDER: Final = importlib.resources.files("noroshi.core.compact").joinpath("versions")
FILES: Final = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
NEWEST: Final = dictionary(newest())
LEXICON: Final = shipped_lexicon()
TYPES: Final = {
    FieldType.LINE: {"text"},
    FieldType.TEXT: {"text"},
    FieldType.NAME: {"name", "report", "word"},
    FieldType.CODE: {"word"},
    FieldType.GRADE: {"word"},
    FieldType.TIME: {"time"},
    FieldType.NUMBER: {"number"},
    FieldType.BYTES: {"bytes"},
}


def test_versions_are_frozen() -> None:
    assert list(FROZEN) == list(range(1, newest() + 1))
    assert set(FILES) == {f"{version}.json" for version in FROZEN}
    for version, digest in FROZEN.items():
        raw = FILES[f"{version}.json"]
        assert json.loads(raw)["dictionary"] == version
        assert hashlib.sha256(raw).hexdigest() == digest, (
            f"{version}.json was released; what is new goes into {newest() + 1}.json"
        )


def test_nothing_has_two_numbers() -> None:
    seen: dict[tuple[str, str], list[str]] = {}
    for version in FROZEN:
        file: dict[str, Any] = json.loads(FILES[f"{version}.json"])
        for table in ("words", "fields", "parts"):
            for name, rows in file.get(table, {}).items():
                names = [row if table == "words" else row[0] for row in rows]
                seen.setdefault((table, name), []).extend(names)
    for place, names in seen.items():
        assert len(set(names)) == len(names), place


def test_earlier_versions_begin_later_ones() -> None:
    for version in range(1, newest()):
        earlier, later = dictionary(version), dictionary(version + 1)
        for kind in (COMMON, *all_kinds()):
            entries = earlier.fields(kind).entries
            assert later.fields(kind).entries[: len(entries)] == entries


def test_every_field_and_code_has_a_number() -> None:
    lacking: list[object] = []
    for kind in all_kinds().values():
        for field in kind.fields:
            number = NEWEST.fields(kind.name).number(field.name)
            common = NEWEST.fields(COMMON).number(field.name)
            if number is None and common is None:
                lacking.append((kind.name, field.name, field.type.value))
                continue
            names = NEWEST.fields(COMMON if number is None else kind.name)
            entry = names.at((number if number is not None else common) or 0)
            assert entry.is_many is field.is_many, (kind.name, entry)
            assert entry.type in TYPES.get(field.type, {"part"}), (kind.name, entry)
            if field.type is FieldType.CODE:
                words = NEWEST.words(entry.of)
                assert entry.of == field.says.vocabulary
                values = LEXICON.values(field.says.vocabulary)
                lacking += [(entry.of, each) for each in values if words.number(each) is None]
    named = {*all_kinds(), *CHANGES, *SERVICES}
    lacking += [each for each in named if NEWEST.words("kind").number(each) is None]
    lacking += [each for each in shipped_areas() if NEWEST.words("area").number(each) is None]
    assert not lacking, f"give these numbers in versions/{newest() + 1}.json: {lacking}"


def test_what_is_not_there() -> None:
    for version in (0, newest() + 1, -1):
        with pytest.raises(MalformedError, match="not known here"):
            dictionary(version)
    for number in (-1, 5, 10**9):
        with pytest.raises(MalformedError, match="not in the dictionary"):
            NEWEST.words("precedence").at(number)
    assert NEWEST.words("made-up").number("x") is None
    assert NEWEST.fields("made-up").entries == ()
