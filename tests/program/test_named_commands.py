"""What messages and pages tell people to type is there to be typed."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import click
import pytest

from noroshi.entrypoints.cli import program
from noroshi.entrypoints.cli.commands import MODULES

ROOT = Path(__file__).parents[2]
NAMED = re.compile(
    r"""(?:[`'(:]\s*|^\s{4,}(?:\w+\$\s+)?)noroshi\ +
    (?:--(?:home|lang|as)\ +\S+\ +|--json\ +)*
    (?P<command>[a-z][a-z-]*)(?:\ +(?P<within>[a-z][a-z-]*))?""",
    re.VERBOSE | re.MULTILINE,
)
CEREMONY = re.compile(r"`root (?P<within>[a-z-]+)")
JOINED = re.compile(r"\"\n\s*f?\"")
"""Where one sentence goes on in the next literal."""

_ALONE = """
import sys
from noroshi.entrypoints.cli import program
print(*program.commands[sys.argv[1]].commands)
"""
_LOADING = """
import sys
from noroshi.entrypoints.cli import desk, program
program.commands["status"]
print(*sys.modules)
"""


def texts() -> Iterator[tuple[Path, str]]:
    for path in (*ROOT.glob("src/**/*.py"), *ROOT.glob("docs/**/*.md"), ROOT / "README.md"):
        yield path, JOINED.sub("", path.read_text())


def test_every_command_that_is_named_exists() -> None:
    commands = program.commands
    found: set[str] = set()
    for path, text in texts():
        for match in NAMED.finditer(text):
            name, within = match["command"], match["within"]
            assert name in commands, f"{path}: noroshi {name}"
            found.add(name)
            command = commands[name]
            if isinstance(command, click.Group) and within is not None:
                assert within in command.commands, f"{path}: noroshi {name} {within}"
        for match in CEREMONY.finditer(text):
            group = cast("click.Group", commands["root"])
            assert match["within"] in group.commands, f"{path}: root {match['within']}"
    assert found >= {"partner", "root", "serve", "consent", "retention", "agreement"}


def test_each_command_is_in_the_module_that_is_said_to_hold_it() -> None:
    folder = ROOT / "src" / "noroshi" / "entrypoints" / "cli"
    holding = {path.stem for path in folder.glob("*.py") if "\nCOMMANDS" in path.read_text()}
    assert set(MODULES) == holding
    for name, command in program.commands.items():
        assert command.name == name


def test_a_command_that_is_loaded_alone_is_whole() -> None:
    groups = {n: c.commands for n, c in program.commands.items() if isinstance(c, click.Group)}
    for name, within in groups.items():
        told = subprocess.run(
            [sys.executable, "-c", _ALONE, name], capture_output=True, check=True, text=True
        )
        assert set(told.stdout.split()) == set(within), name


def test_a_command_to_a_served_node_loads_neither_the_others_nor_what_answers_it() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _LOADING], capture_output=True, check=True, text=True
    )
    loaded = set(told.stdout.split())
    assert "noroshi.entrypoints.cli.reports" in loaded
    assert not {f"noroshi.entrypoints.cli.{name}" for name in MODULES} & loaded - {
        "noroshi.entrypoints.cli.reports"
    }
    assert not {"noroshi.flow.answers", "noroshi.bootstrap", "apsw", "cryptography"} & loaded


@pytest.mark.parametrize(
    "said", ["`noroshi root join`", "(noroshi root join)", "see: noroshi joyn"]
)
def test_one_that_does_not_would_be_found(said: str) -> None:
    match = NAMED.search(said)
    assert match is not None
    command = program.commands.get(match["command"])
    assert command is None or match["within"] not in cast("click.Group", command).commands
