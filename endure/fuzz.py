"""fuzz: whatever bytes come, a decoder reads them or refuses them with an error of ours.

Every decoder gets inputs out of :mod:`endure.decoders`. Anything but a NoroshiError is a
finding, as is a text that only readers may see in an error (or what it came from), in a log or
in an answer, and an input that takes longer than 100 ms of this process's time.
"""

import random
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec
import structlog
from structlog.testing import capture_logs

from endure import evidence
from endure.decoders import Decoder, decoders
from endure.exchange import open_pair
from endure.forgery import CANARY
from noroshi.core.errors import NoroshiError

PROFILES: Final = {"jp": "H3", "nato": "H5"}
INPUTS_A_ROUND: Final = 10_000
LONGEST_SECONDS: Final = 0.5
"""Of the processor: what is this slow can be made slower. A collection of garbage takes a tenth."""
LONGEST_TEXT: Final = 1000
"""An error is a sentence or two, however large its cause."""


class Shown(msgspec.Struct):
    """What one decoder did with its inputs."""

    inputs: int = 0
    refused: int = 0
    slowest: float = 0.0
    findings: list[str] = []


def run_round(folder: Path, inputs: int, seed: int, only: Iterable[str] = ()) -> dict[str, Shown]:
    """Feed every decoder (or `only` some) with so many inputs."""
    shown: dict[str, Shown] = {}
    wanted = set(only)
    with open_pair(folder, PROFILES) as pair, decoders(pair) as all_decoders:
        for name, decoder in all_decoders.items():
            if not wanted or name in wanted:
                shown[name] = attack(name, decoder, inputs, seed)
    return shown


def attack(name: str, decoder: Decoder, inputs: int, seed: int) -> Shown:
    """Feed one decoder; an input is made again from its seed and number."""
    shown = Shown()
    with capture_logs() as logs:
        for number in range(inputs):
            raw = decoder.make(random.Random(f"{seed} {name} {number}"))
            began = time.process_time()
            try:
                told = decoder.feed(raw)
            except NoroshiError as error:
                shown.refused += 1
                told = error.message
                problems = list(_leaks(error, decoder))
            except Exception as error:  # noqa: BLE001 - this is what is looked for
                told = ""
                problems = [traceback.format_exception_only(error)[-1].strip()]
            else:
                problems = []
            seconds = time.process_time() - began
            if seconds > LONGEST_SECONDS:
                problems.append(f"took {seconds:.3f} s")
            if CANARY in told and not decoder.is_own:
                problems.append("the text of a report is told")
            if logs and CANARY in str(logs):
                problems.append("the text of a report is logged")
            logs.clear()
            shown.slowest = max(shown.slowest, seconds)
            shown.findings += [f"{name} {seed} {number}: {problem}" for problem in problems]
    shown.inputs = inputs
    return shown


def _leaks(error: NoroshiError, decoder: Decoder) -> Iterator[str]:
    """Yield what is wrong with an error's words, or with those of what it came from."""
    if len(error.message) > LONGEST_TEXT:
        yield f"the error has {len(error.message)} characters"
    if not decoder.is_own:
        for one in _chain(error):
            if CANARY in f"{one} {one!r} {one.__dict__}":
                yield f"the text of a report is in a {type(one).__name__}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and all that it came from."""
    while error is not None:
        yield error
        if error.__cause__ is not None and error.__cause__ is not error.__context__:
            yield from _chain(error.__cause__)
        error = error.__context__


def prove(minutes: float, seed: int, count: int | None, _plant: str | None) -> bool:
    """Run rounds until the time is over or every decoder had `count` inputs."""
    structlog.reset_defaults()
    until = time.monotonic() + minutes * 60
    done, proved = 0, True
    while time.monotonic() < until and (count is None or done < count):
        inputs = INPUTS_A_ROUND if count is None else min(INPUTS_A_ROUND, count - done)
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="noroshi-fuzz-") as folder:
            shown = run_round(Path(folder), inputs, seed)
        findings = [finding for one in shown.values() for finding in one.findings]
        for finding in findings[:100]:
            print("  ", finding)
        figures: dict[str, object] = {
            "seed": seed,
            "inputs_each": inputs,
            "findings": len(findings),
            "refused": {name: one.refused for name, one in shown.items()},
            "slowest_ms": {name: round(one.slowest * 1000, 1) for name, one in shown.items()},
            "seconds": round(time.monotonic() - began, 1),
        }
        print(figures)
        evidence.record("fuzz", figures)
        proved = proved and not findings
        done += inputs
        seed += 1
    print("total", evidence.totals("fuzz"))
    return proved
