"""docs/asvs.md: every requirement once, every test that it names there, no gap that must not be.

And what a test can say of the whole code at once: nothing is evaluated, unpacked, or put into a
statement of the database.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "noroshi"
PAGE = ROOT / "docs" / "asvs.md"

COUNTS = {
    "V1": (8, 19, 3), "V2": (4, 7, 2), "V3": (8, 11, 12), "V4": (2, 8, 6), "V5": (4, 5, 4),
    "V6": (13, 22, 12), "V7": (6, 12, 1), "V8": (4, 3, 6), "V16": (0, 16, 1),
}  # fmt: skip
"""Requirements of each level in ASVS 5.0.0, counted in its release v5.0.0_release."""
OPEN: frozenset[str] = frozenset()
"""Gaps at levels 1 and 2 that wait for their mend."""
VERDICTS = ("met", "not applicable", "gap")


class Row(msgspec.Struct, frozen=True):
    """A requirement, as the page tells of it."""

    id: str
    level: int
    asks: str
    verdict: str
    reason: str
    where: str

    @property
    def chapter(self) -> str:
        return "V" + self.id.partition(".")[0]

    @property
    def tests(self) -> list[str]:
        return re.findall(r"`(tests/[^`]*)`", self.where)


def rows_of(page: str) -> list[Row]:
    found = []
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and re.fullmatch(r"\d+\.\d+\.\d+", cells[0]):
            name, level, asks, told, where = cells
            verdict, _, reason = told.partition(":")
            found.append(Row(name, int(level), asks, verdict, reason.strip(), where))
    return found


@cache
def functions_of(file: str) -> frozenset[str]:
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    return frozenset(
        node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)
    )


def missing(rows: list[Row]) -> list[str]:
    """Return the tests that are named and are not there."""
    named = {test for row in rows for test in row.tests}
    return sorted(
        test
        for test in named
        if not re.fullmatch(r"tests/[\w/]+\.py::test_\w+", test)
        or test.partition("::")[2] not in functions_of(test.partition("::")[0])
    )


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return rows_of(PAGE.read_text())


def test_each_requirement_stands_there_once(rows: list[Row]) -> None:
    assert [name for name, n in Counter(row.id for row in rows).items() if n > 1] == []
    levels = {
        chapter: tuple(
            sum(row.chapter == chapter and row.level == level for row in rows)
            for level in (1, 2, 3)
        )
        for chapter in COUNTS
    }
    assert levels == COUNTS
    assert len(rows) == sum(map(sum, COUNTS.values()))


def test_each_test_that_is_named_is_there(rows: list[Row]) -> None:
    assert missing(rows) == []
    renamed = PAGE.read_text().replace("::test_nobody_comes_in_without_a_link", "::test_nobody")
    assert missing(rows_of(renamed)) == ["tests/program/test_console.py::test_nobody"]


def test_each_verdict_has_what_it_needs(rows: list[Row]) -> None:
    for row in rows:
        assert row.verdict in VERDICTS, row.id
        assert row.verdict == "met" or row.reason, f"{row.id} has no reason"
        assert row.verdict == "not applicable" or row.where != "–", f"{row.id} shows nowhere"
        assert 2 <= len(row.asks.split()) <= 12, row.id


def test_no_gap_is_left_at_the_first_two_levels(rows: list[Row]) -> None:
    assert {row.id for row in rows if row.verdict == "gap" and row.level < 3} == OPEN


def test_the_summary_counts_what_stands_below(rows: list[Row]) -> None:
    told = {
        cells[0].split()[0]: [int(cell) for cell in cells[1:]]
        for line in PAGE.read_text().splitlines()
        if re.match(r"\| (V\d+|all) ", line)
        for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
    }
    for chapter in (*COUNTS, "all"):
        these = [row for row in rows if chapter in (row.chapter, "all")]
        assert told[chapter] == [
            *(sum(row.level == level for row in these) for level in (1, 2, 3)),
            *(sum(row.verdict == verdict for row in these) for verdict in VERDICTS[:2]),
            *(
                sum(row.verdict == "gap" and row.level == level for row in these)
                for level in (1, 2, 3)
            ),
        ], chapter


def test_pages_and_code_that_are_named_are_there(rows: list[Row]) -> None:
    for row in rows:
        for path, anchor in re.findall(r"\]\(([^)#]+)(?:#([\w-]+))?\)", row.where):
            file = PAGE.parent / path
            assert file.is_file(), (row.id, path)
            heads = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in heads}
            assert not anchor or anchor in slugs, (row.id, anchor)
        for path in re.findall(r"`((?:console|adapters|flow)/[^`]*|doors\.py)`", row.where):
            inside = path.replace("console/", "entrypoints/console/")
            assert (SOURCE / inside).exists(), (row.id, path)


def trees(folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    for file in sorted(folder.rglob("*.py")):
        yield file, ast.parse(file.read_text())


@cache
def uses() -> tuple[set[tuple[str, str, tuple[str | None, ...]]], set[tuple[str, str]]]:
    """Return what the code calls, with the names of the arguments, and what it imports."""
    calls, imported = set(), set()
    for file, tree in trees(SOURCE):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                words = tuple(word.arg for word in node.keywords)
                calls.add((file.name, ast.unparse(node.func), words))
            elif isinstance(node, ast.Import):
                imported |= {(file.name, each.name.partition(".")[0]) for each in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((file.name, (node.module or "").partition(".")[0]))
    return calls, imported


def test_no_module_evaluates_or_runs_a_shell() -> None:
    calls, _ = uses()
    wrong = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "from_string",
             "pickle.loads", "marshal.loads", "Template", "yaml.load"}  # fmt: skip
    assert [call for call in calls if call[1] in wrong or call[1].endswith(".from_string")] == []
    assert [call for call in calls if "shell" in call[2]] == []
    starting = {call[0] for call in calls if call[1].startswith("subprocess.")}
    assert starting == {"ringer.py", "scanner.py", "demo.py"}, "commands of the house, our program"


def test_nothing_is_ever_unpacked() -> None:
    _, imported = uses()
    unpacking = {"zipfile", "tarfile", "gzip", "zlib", "bz2", "lzma", "PIL", "pickle", "shelve"}
    assert {found for found in imported if found[1] in unpacking} == set()


CHOSEN = {
    ("courier.py", "table"),
    ("feed_notes.py", "table"),
    ("lists.py", "whose"),
    ("lists.py", "order.replace"),
    ("lists.py", "order"),
    ("object_rows.py", "condition"),
    ("object_rows.py", "start"),
    ("object_rows.py", "wanted"),
}
"""Parts of statements that the code chooses among its own."""


def test_statements_of_the_database_hold_no_values() -> None:
    put_in = {
        (file.name, ast.unparse(part.value).partition("(")[0])
        for file, tree in trees(SOURCE / "adapters" / "sqlite")
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        and re.search(r"\b(SELECT|INSERT|DELETE|UPDATE|WHERE|ORDER)\b", ast.unparse(node))
        for part in node.values
        if isinstance(part, ast.FormattedValue)
    }
    assert {part for part in put_in if not re.fullmatch("_?[A-Z_]+", part[1])} <= CHOSEN
    asking = {
        type(node.args[0]).__name__
        for file, tree in trees(SOURCE / "adapters" / "sqlite")
        if file.name != "connection.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.args
        and node.func.attr in {"run", "run_many", "rows", "row", "value", "execute"}
    }
    assert asking <= {"Constant", "JoinedStr", "Name"}
