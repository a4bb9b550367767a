"""docs/taxii-requirements.md: each row has a verdict, each test it names is there, none is left."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "taxii-requirements.md"
VERDICTS = ("yes", "not wanted: ", "left to whoever runs the server")
WORDS = ("MUST", "SHOULD", "MAY")
_TEST = re.compile(r"`(test_taxii(?:_requirements)?)::(test_\w+)`")


def _rows() -> list[list[str]]:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in rows if row[0] != "section"]


def _tests(name: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / "program" / f"{name}.py").read_text())
    functions = (each.name for each in tree.body if isinstance(each, ast.FunctionDef))
    return {each for each in functions if each.startswith("test_")}


def test_every_row_is_whole() -> None:
    rows = _rows()
    assert len(rows) > 50
    for row in rows:
        assert len(row) == 5, row
        section, word, asks, verdict, test = row
        assert re.fullmatch(r"[1-8](\.\d+)*|HTTP|ours", section), row
        assert word in WORDS, row
        assert asks, row
        assert verdict.startswith(VERDICTS), row
        assert verdict != "yes" or _TEST.search(test), row


def test_what_is_asked_stands_once() -> None:
    asked = [(row[0], row[2]) for row in _rows()]
    assert len(set(asked)) == len(asked)


def test_every_test_that_is_named_is_there() -> None:
    named = set(_TEST.findall(PAGE.read_text()))
    assert named <= {(file, test) for file in ("test_taxii", "test_taxii_requirements")
                     for test in _tests(file)}  # fmt: skip


def test_no_test_is_missing_from_the_table() -> None:
    told = {test for row in _rows() for _, test in _TEST.findall(row[4])}
    assert _tests("test_taxii_requirements") <= told
