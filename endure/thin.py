"""thin: a FLASH is acknowledged within a minute over 9.6 kbit/s, with an attachment under way.

The line takes 900 ms each way, gives or takes 100, loses 10 % of all packets and carries 9.6
kbit/s; a packet has at most 576 bytes and twenty may wait. It is warm. A ROUTINE report with
5 MB attached keeps it busy; then a FLASH is sent, and acknowledged as soon as it is shown. The
attachment must go on afterwards, and be complete once the line is better. What went over the line
in each step is told to the byte.
"""

import random
import time
from pathlib import Path
from typing import Final

import msgspec

from endure.link import Link, open_link
from endure.rounds import repeat
from endure.stations import Stations, two_stations
from endure.trace import Account, account, read_trace
from endure.wire import Weather
from noroshi.core.delivery.ladder import Rung
from noroshi.core.precedence import Precedence

WEATHER: Final = Weather(delay_ms=900, jitter_ms=100, loss=0.1, rate=9_600, queue=20)
LIFTED: Final = Weather(delay_ms=50, rate=2_000_000)
MTU: Final = 576
ATTACHMENT_BYTES: Final = 5_000_000
FLASH_SECONDS: Final = 60.0
PATIENCE_SECONDS: Final = 300.0
"""How long any step is waited for, so that what fails is measured too."""
UNDER_WAY_SECONDS: Final = 20.0
"""The attachment has the line for so long before the FLASH."""
BUSY_SHARE: Final = 0.3
"""Of the line's rate that must be in use in that time, or no attachment was under way."""
RESUME_SECONDS: Final = 300.0


class Step(msgspec.Struct):
    """A span of the proof, and what went over the line in it."""

    name: str
    since: float
    until: float
    ways: tuple[Account, Account] = msgspec.field(default_factory=lambda: (Account(), Account()))

    @property
    def seconds(self) -> float:
        """How long it took."""
        return round(self.until - self.since, 1)


class Passage(msgspec.Struct):
    """What one round showed."""

    steps: list[Step] = []
    idle_flash_seconds: float | None = None
    """For comparison: before there was an attachment."""
    flash_seconds: float | None = None
    has_resumed: bool = False
    is_complete: bool = False

    def step(self, name: str, since: float) -> float:
        """Note that a step has ended; return when."""
        until = time.monotonic()
        self.steps.append(Step(name, since, until))
        print(f"  {name:30} {until - since:6.1f} s", flush=True)
        return until


def run_round(folder: Path, seed: int) -> tuple[bool, dict[str, object]]:
    """Let an attachment and a FLASH meet on a thin line; return verdict and figures."""
    trace = folder / "trace.jsonl"
    shown = Passage()
    with (
        open_link(WEATHER, mtu=MTU, seed=seed, trace=trace) as link,
        two_stations(folder / "homes", link) as stations,
    ):
        _pass(stations, link, random.Random(seed).randbytes(ATTACHMENT_BYTES), shown)
        is_quiet = stations.wait_until_quiet(PATIENCE_SECONDS)
        findings = stations.examine()
    seen = read_trace(trace)
    for step in shown.steps:
        step.ways = account(seen, step.since, step.until)
        _tell(step)
    for problem in (*findings.lost, *findings.twice, *findings.wrong):
        print("  ", problem)
    is_busy = _is_busy(shown.steps)
    in_time = shown.flash_seconds is not None and shown.flash_seconds <= FLASH_SECONDS
    figures: dict[str, object] = {
        "seed": seed,
        "flashes": 1,
        "late": int(not in_time),
        "lost": len(findings.lost),
        "twice": len(findings.twice),
        "wrong": len(findings.wrong),
        "flash_seconds": shown.flash_seconds,
        "idle_flash_seconds": shown.idle_flash_seconds,
        "was_busy": is_busy,
        "has_resumed": shown.has_resumed,
        "is_complete": shown.is_complete,
        "steps": {
            step.name: {"seconds": step.seconds, "ways": msgspec.to_builtins(step.ways)}
            for step in shown.steps
        },
    }
    held = findings.is_clean and is_quiet and shown.has_resumed and shown.is_complete
    return held and in_time and is_busy, figures


def _pass(stations: Stations, link: Link, attachment: bytes, shown: Passage) -> None:
    at = time.monotonic()
    stations.warm(PATIENCE_SECONDS)
    at = shown.step("warm up, both ways", at)
    idle = stations.sender.send("smoke before", Precedence.FLASH)
    seen_at = stations.sender.wait_for_rung(idle, Rung.ACKNOWLEDGED, PATIENCE_SECONDS)
    shown.idle_flash_seconds = None if seen_at is None else round(seen_at - at, 1)
    at = shown.step("FLASH with nothing else", at)
    routine = stations.sender.send("and an annex", Precedence.ROUTINE, attachment)
    stations.receiver.wait_for_received(routine, PATIENCE_SECONDS)
    at = shown.step("report of the attachment", at)
    time.sleep(UNDER_WAY_SECONDS)
    at = sent_at = shown.step("attachment under way", at)
    flash = stations.sender.send("smoke over the strait", Precedence.FLASH)
    stations.receiver.wait_for_received(flash, PATIENCE_SECONDS)
    at = shown.step("FLASH until received", at)
    seen_at = stations.sender.wait_for_rung(flash, Rung.ACKNOWLEDGED, PATIENCE_SECONDS)
    shown.flash_seconds = None if seen_at is None else round(seen_at - sent_at, 1)
    at = shown.step("received until ACKNOWLEDGED", at)
    held = stations.receiver.held()
    while not shown.has_resumed and time.monotonic() - at < RESUME_SECONDS:
        time.sleep(1)
        shown.has_resumed = stations.receiver.held() > held
    at = shown.step("attachment again", at)
    link.change(LIFTED)
    while not shown.is_complete and time.monotonic() - at < PATIENCE_SECONDS:
        time.sleep(1)
        # Encrypted it is a little longer; that it is the same is seen at the end.
        shown.is_complete = stations.receiver.held() >= len(attachment)
    shown.step("the rest, at 2 Mbit/s", at)


def _is_busy(steps: list[Step]) -> bool:
    (step,) = (step for step in steps if step.name == "attachment under way")
    rate = WEATHER.rate
    assert rate is not None
    return step.ways[0].bytes * 8 >= BUSY_SHARE * rate * step.seconds


def _tell(step: Step) -> None:
    print(f"  {step.name}: {step.seconds} s")
    for name, way in zip(("there", "back"), step.ways, strict=True):
        print(
            f"    {name:5} {way.bytes:8} B in {way.packets:5} packets ({way.dropped} dropped),"
            f" new {way.payload} B, again {way.again} B,"
            f" acknowledging alone {way.ack_bytes} B in {way.ack_packets},"
            f" opening {way.connections}"
        )


def prove(minutes: float, seed: int, count: int | None, _plant: str | None) -> bool:
    """Play `count` rounds, or as many as fit into the time, one at least."""
    return repeat("thin", run_round, minutes=minutes, seed=seed, rounds=count)
