"""The installed program, run as people run it: real processes, real sockets, a real disk."""

import itertools
import json
import os
import random
import socket
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from endure import federation as federation_of
from noroshi.bootstrap import embedded_node
from noroshi.flow import answers, requests
from noroshi.flow.house import House

_FIRST_PORT: Final = 10_000
"""Below the ports that `init` draws for itself."""
_WORKERS: Final = 4
_DRAWN: Final = itertools.count(random.SystemRandom().randrange(1_000))
_CHROMIUM: Final = Path("/usr/bin/chromium")
_FLAGS: Final = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
DATA = Path(__file__).parents[3] / "shared" / "data"


class Ran(msgspec.Struct, frozen=True):
    """What a command did."""

    status: int
    output: bytes
    errors: str

    @property
    def text(self) -> str:
        return self.output.decode()

    @property
    def told(self) -> Any:
        """The JSON it answered: one value a line."""
        lines = [json.loads(line) for line in self.output.splitlines()]
        return lines[0] if len(lines) == 1 else lines

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.output.splitlines()]


class Desk:
    """A node's home and the command line on it."""

    def __init__(self, partner: str, home: Path, source: Path | None = None) -> None:
        """Use the installed program, or the one whose modules are in `source`."""
        self.partner = partner
        self.home = home
        self._own = {} if source is None else {"PYTHONPATH": str(source)}

    def run(
        self,
        *arguments: str | Path,
        given: bytes = b"",
        environment: Mapping[str, str] | None = None,
    ) -> Ran:
        """Run a command; it may fail."""
        surroundings = {**self._own, **(environment or {})}
        return run("--home", self.home, *arguments, given=given, environment=surroundings)

    def ask(self, *arguments: str | Path, given: bytes = b"") -> Any:
        """Run a command that must succeed, with --json; return what it answered."""
        ran = self.run("--json", *arguments, given=given)
        assert ran.status == 0, ran.errors
        return ran.told

    def ask_lines(self, *arguments: str | Path) -> list[Any]:
        """Run a command that answers with a line each."""
        ran = self.run("--json", *arguments)
        assert ran.status == 0, ran.errors
        return ran.lines

    def fail(self, *arguments: str | Path, given: bytes = b"") -> Any:
        """Run a command that must be refused; return its code and message."""
        ran = self.run("--json", *arguments, given=given)
        assert ran.status == 1, (ran.status, ran.text, ran.errors)
        assert "Traceback" not in ran.errors
        assert ran.told["message"] in ran.errors
        return ran.told

    @contextmanager
    def served(self, *arguments: str) -> Generator[Mapping[str, str]]:
        """Serve the node by a process of its own."""
        with (self.home.with_suffix(".log")).open("ab") as log:
            process = subprocess.Popen(
                command("--home", self.home, "--json", "serve", *arguments),
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **self._own},
            )
        assert process.stdout is not None
        with process.stdout:
            try:
                ready = json.loads(process.stdout.readline() or b"{}")
                assert "error" not in ready, ready
                yield ready
            finally:
                process.terminate()
                assert process.wait(20) == 0, self.home.with_suffix(".log").read_text()[-2000:]


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "noroshi", *map(str, arguments)]


def run(
    *arguments: str | Path, given: bytes = b"", environment: Mapping[str, str] | None = None
) -> Ran:
    ran = subprocess.run(
        command(*arguments),
        input=given,
        capture_output=True,
        check=False,
        timeout=120,
        env=None if environment is None else {**os.environ, **environment},
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr.decode())


def make(
    folder: Path,
    partner: str,
    *,
    profile: str = "H3",
    desks: Sequence[str] = ("cyber",),
    source: Path | None = None,
) -> Desk:
    """Make a node."""
    desk = Desk(partner, folder / partner, source)
    named = [word for name in desks for word in ("--desk", name)]
    desk.ask(
        "init", "--partner", partner, "--name", partner.upper(), "--profile", profile, *named,
        "--peer", f"127.0.0.1:{own_port()}",
    )  # fmt: skip
    return desk


def own_port() -> int:
    """Return a port that no test beside this one draws before its node is served."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        port = _FIRST_PORT + _WORKERS * next(_DRAWN) + worker
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def befriend(desks: Sequence[Desk]) -> None:
    """Let nodes that nobody serves have verified each other, without a process for each step."""
    cards: dict[str, bytes] = {}
    for desk in desks:
        with opened(desk) as house:
            answer = cast("dict[str, str]", answers.handle(house, requests.OwnCard()))
        cards[desk.partner] = answer["armoured"].encode()
        desk.home.with_suffix(".card").write_bytes(cards[desk.partner])
    for desk in desks:
        with opened(desk) as house:
            for partner in cards.keys() - {desk.partner}:
                federation_of.befriend(house, partner, cards[partner])


@contextmanager
def opened(desk: Desk) -> Generator[House]:
    """Give what a node does when it is asked, in this process."""
    with embedded_node(desk.home, lambda: None) as node:
        assert node is not None, "the node is served"
        yield node.house


def befriend_by_commands(desks: Sequence[Desk]) -> None:
    """Exchange cards and compare numbers, as officers do."""
    for desk in desks:
        desk.ask("partner", "card", "-o", desk.home.with_suffix(".card"))
    for desk in desks:
        for other in desks:
            if other is not desk:
                desk.ask("partner", "add", other.home.with_suffix(".card"))
                number = desk.ask("partner", "number", other.partner)["number"]
                desk.ask("partner", "verify", other.partner, "--number", number, "--by", "Lt Sato")


class Federation(msgspec.Struct, frozen=True):
    """Two nodes that are served; jp of profile H5, nato of H3 with two desks."""

    jp: Desk
    nato: Desk


@pytest.fixture(scope="session")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federation]:
    folder = tmp_path_factory.mktemp("federation")
    jp = make(folder, "jp", profile="H5", desks=("cyber", "ops"))
    nato = make(folder, "nato", profile="H3", desks=("cyber", "ops"))
    befriend_by_commands([jp, nato])
    with ExitStack() as stack:
        stack.enter_context(jp.served())
        stack.enter_context(nato.served())
        yield Federation(jp, nato)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A short report."""
    path = tmp_path / "warning.txt"
    path.write_text("Intrusion at two ports. 侵入を確認。\n")
    return path


@pytest.fixture
def material() -> Path:
    """The real material beside the project, where it is there."""
    if not DATA.is_dir():
        pytest.skip("the folder of real material is not beside this checkout")
    return DATA


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not _CHROMIUM.exists():
        pytest.skip("no Chromium here; as root: apt-get install chromium")
    expect.set_options(timeout=60_000)  # ms: a busy machine is not a wrong page
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(_CHROMIUM), args=_FLAGS)
        yield started
        started.close()
