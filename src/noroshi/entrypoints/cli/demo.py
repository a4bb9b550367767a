"""The demo: a federation on this machine, each node a process of its own, used as people would.

Setting up (keys, cards, numbers) is done in this process; serving, sending, showing and
acknowledging go through the installed program, command by command.
"""

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Final, cast

import click
import msgspec

from noroshi.adapters.clock import SystemClock
from noroshi.bootstrap import create_node, embedded_node
from noroshi.core.errors import InputError, UnavailableError
from noroshi.core.partner import check_name
from noroshi.entrypoints.cli import present
from noroshi.entrypoints.cli.context import print_json
from noroshi.entrypoints.cli.demo_bundle import demo_bundle
from noroshi.entrypoints.cli.demo_reports import demo_reports
from noroshi.flow import answers, requests
from noroshi.settings import Settings

_NAMES: Final = {
    "jp": ("Japan", "Lt Sato"),
    "nato": ("NATO", "Maj Dupont"),
    "au": ("Australia", "FLTLT Nguyen"),
    "kr": ("Republic of Korea", "Capt Kim"),
    "nz": ("New Zealand", "LT Ngata"),
}
_DESK: Final = "cyber"
_PROFILES: Final = ("H5", "H3", "P5")
_READY_SECONDS: Final = 30
_DONE_SECONDS: Final = 60

Say = Callable[[str], None]


class DemoNode(msgspec.Struct, frozen=True):
    """A node of the demo while it is served."""

    partner: str
    home: Path
    url: str
    peer_url: str


def run_demo(
    partners: Sequence[str],
    profile: str | None,
    folder: Path | None,
    *,
    once: bool,
    as_json: bool,
) -> None:
    """Set up, serve, send, acknowledge; then end (`once`) or serve until Ctrl-C.

    Raises:
        InputError: the partners cannot be used.
        UnavailableError: something did not come about in time.
    """
    if len(set(partners)) < 2 or len(set(partners)) != len(partners):  # noqa: PLR2004
        raise InputError("bad-input", "the demo needs two or more different partners")
    for partner in partners:
        check_name(partner, "partner")
    say: Say = (lambda _text: None) if as_json else click.echo
    with ExitStack() as stack:
        stop = stack.enter_context(_stopping_on_sigterm())
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="noroshi-demo-")))
        folder.mkdir(parents=True, exist_ok=True)
        say(f"{len(partners)} nodes below {folder}")
        homes = _set_up(folder, partners, profile, say)
        nodes = [stack.enter_context(_served(name, home)) for name, home in homes.items()]
        for node in nodes:
            say(f"  {node.partner:<6} desk door {node.url}   peer door {node.peer_url}")
        status = _send_around(nodes, say)
        told = {
            "nodes": {
                node.partner: {
                    "home": str(node.home),
                    "url": node.url,
                    "peer_url": node.peer_url,
                }
                for node in nodes
            },
            "report": status["report"],
            "recipients": status["recipients"],
        }
        if as_json:
            print_json(told)
        if not once:
            _lay_out(nodes)
            say("\nThe desks in a browser; each link works once, within five minutes:")
            for node in nodes:
                invited = _noroshi(node.home, "console", "--by", _officer(node.partner))
                say(f"  {node.partner:<6} {invited['url']}")
            by = _officer(nodes[1].partner)
            say(
                f"\nThe nodes go on until Ctrl-C. In another terminal:\n"
                f"  noroshi --home {nodes[1].home} inbox\n"
                f"  noroshi --home {nodes[1].home} show {present.short_id(status['report'])}\n"
                f'  noroshi --home {nodes[1].home} console --by "{by}"      # another link'
            )
            stop()


def _set_up(
    folder: Path, partners: Sequence[str], profile: str | None, say: Say
) -> dict[str, Path]:
    homes = {partner: folder / partner for partner in partners}
    cards: dict[str, bytes] = {}
    for position, (partner, home) in enumerate(homes.items()):
        chosen = profile or _PROFILES[position % len(_PROFILES)]
        if not home.exists():
            settings = Settings(
                partner=partner,
                name=_NAMES.get(partner, (partner.upper(), ""))[0],
                desks=(_DESK,),
                profile=chosen,
                peer="127.0.0.1:0",
                default_marking="TLP:AMBER",
            )
            create_node(home, settings, lambda: None)
        with _asking(home) as ask:
            cards[partner] = str(
                cast("dict[str, object]", ask(requests.OwnCard()))["armoured"]
            ).encode()
        say(f"  {partner:<6} keys of profile {chosen}, card, journal")
    for partner, home in homes.items():
        with _asking(home) as ask:
            for other in partners:
                if other != partner:
                    _befriend(ask, other, cards[other], _officer(partner))
    say("  cards exchanged, sixty digits compared on both sides")
    return homes


@contextmanager
def _asking(home: Path) -> Generator[Callable[[requests.AnyRequest], requests.Answer]]:
    with embedded_node(home, lambda: None) as node:
        if node is None:
            raise UnavailableError("home-busy", f"another process serves {home}; stop it first")
        yield lambda request: answers.handle(node.house, request)


def _befriend(
    ask: Callable[[requests.AnyRequest], requests.Answer], other: str, card: bytes, by: str
) -> None:
    ask(requests.AddPartner(card=card))
    number = cast("dict[str, str]", ask(requests.PartnerNumber(partner=other)))["number"]
    ask(requests.VerifyPartner(partner=other, number=number, by=by))


def _send_around(nodes: Sequence[DemoNode], say: Say) -> Mapping[str, object]:
    sender, *receivers = nodes
    bundle = sender.home / "demo-bundle.json"
    bundle.write_bytes(demo_bundle(SystemClock().now()))
    addressees = [word for node in receivers for word in ("--to", f"{_DESK}@{node.partner}")]
    started = time.monotonic()
    sent = _noroshi(
        sender.home, "send", str(bundle), *addressees, "--precedence", "flash",
        "--status", "exercise", "--by", _officer(sender.partner),
    )  # fmt: skip
    report = str(sent["report"])
    say(f"\n{sender.partner} sends FLASH report {report} with a STIX 2.1 bundle\n")
    told = set[tuple[str, str]]()
    answering: list[subprocess.Popen[bytes]] = []
    for node in receivers:
        _noroshi(
            sender.home, "wait", report, "--rung", "DELIVERED", "--timeout", str(_DONE_SECONDS)
        )
        _tell(_noroshi(sender.home, "status", report), told, say)
        answering.append(_start(node.home, "ack", report, "--by", _officer(node.partner)))
    deadline = time.monotonic() + _DONE_SECONDS
    while True:
        status = _noroshi(sender.home, "status", report)
        _tell(status, told, say)
        if all(r["rung"] == "ACKNOWLEDGED" for r in present.mappings(status["recipients"])):
            break
        if time.monotonic() > deadline:
            raise UnavailableError("timed-out", "not every desk acknowledged in time")
    for process in answering:
        process.wait()
    say(f"\nAcknowledged by all after {time.monotonic() - started:.1f} s, commands included.")
    return status


def _lay_out(nodes: Sequence[DemoNode]) -> None:
    """Let every desk find something: reports of several kinds, one FLASH that nobody answers."""
    by_partner = {node.partner: node for node in nodes}
    for sender, body in demo_reports(by_partner, SystemClock().now()):
        node = by_partner[sender]
        file = node.home / "demo-report.json"
        file.write_text(json.dumps(body))
        others = [
            word for name in by_partner if name != sender for word in ("--to", f"{_DESK}@{name}")
        ]
        _noroshi(node.home, "send", str(file), *others, "--by", _officer(sender))


def _tell(status: Mapping[str, object], told: set[tuple[str, str]], say: Say) -> None:
    """Say each rung once, as it appears."""
    fresh: list[tuple[str, str, str]] = []
    for recipient in present.mappings(status["recipients"]):
        rungs = cast("Mapping[str, Mapping[str, str]]", recipient["rungs"])
        for rung, record in rungs.items():
            if (str(recipient["desk"]), rung) not in told:
                told.add((str(recipient["desk"]), rung))
                by = f"  by {record['by']}" if "by" in record else ""
                fresh.append((record["at"], str(recipient["desk"]), f"{rung}{by}"))
    # Stable, so that rungs of one instant stay in the order of the ladder.
    for at, desk, what in sorted(fresh, key=lambda step: step[:2]):
        say(f"  {at[11:23]}  {desk:<12} {what}")


@contextmanager
def _served(partner: str, home: Path) -> Generator[DemoNode]:
    with (home / "serve.log").open("ab") as log:
        process = _start(home, "serve", stderr=log)
        try:
            line = process.stdout.readline() if process.stdout else b""
            if not line:
                msg = f"the node of {partner} did not start; see {home / 'serve.log'}"
                raise UnavailableError("timed-out", msg)
            ready = json.loads(line)
            yield DemoNode(partner, home, ready["url"], ready["peer_url"])
        finally:
            process.terminate()
            process.wait()
            if process.stdout:
                process.stdout.close()


def _start(home: Path, *arguments: str, stderr: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "noroshi", "--home", str(home), "--json", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
    )


def _noroshi(home: Path, *arguments: str) -> dict[str, object]:
    """Run the program; return its answer."""
    process = _start(home, *arguments)
    output, _ = process.communicate()
    told: dict[str, object] = json.loads(output or b"{}")
    if process.returncode:
        message = str(told.get("message", "it failed"))
        raise UnavailableError(str(told.get("error", "internal")), f"{arguments[0]}: {message}")
    return told


def _officer(partner: str) -> str:
    return _NAMES.get(partner, ("", f"the officer of {partner}"))[1]


@contextmanager
def _stopping_on_sigterm() -> Generator[Callable[[], None]]:
    """Give a way to wait for Ctrl-C or SIGTERM; both end the demo in good order."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)

    def wait() -> None:
        try:
            signal.pause()
        except KeyboardInterrupt:
            click.echo("\nEnding.", err=True)

    try:
        yield wait
    finally:
        signal.signal(signal.SIGTERM, previous)
