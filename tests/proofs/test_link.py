"""Slices of the proofs over a link: real nodes in namespaces, where this machine can have them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from endure.distance import run_round
from endure.evidence import ROOT
from endure.link import NoRigError, check_rig, open_link
from endure.wire import Weather

pytestmark = pytest.mark.xdist_group("link")


def need_rig() -> None:
    try:
        check_rig()
    except NoRigError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", ["distance", "thin", "outage"])
def test_without_what_it_needs_a_proof_says_so_and_does_nothing(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "endure", name],
        cwd=ROOT,
        env={"PATH": str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "iproute2" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_link_carries_and_leaves_nothing_behind() -> None:
    need_rig()
    with open_link(Weather(delay_ms=20), seed=1) as link:
        first, second = link.namespaces
        assert connect(first, link.addresses[1]) == "refused"  # it got there, and back
        link.partition()
        assert connect(first, link.addresses[1]) == "nothing"
        link.heal()
        assert connect(second, link.addresses[0]) == "refused"
        assert all(tally.arrived_packets >= 2 for tally in link.tallies())
        assert link.tallies()[0].cut >= 1
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True)
    assert first not in listed.stdout
    assert second not in listed.stdout


def connect(namespace: str, address: str) -> str:
    """Return what becomes of a connection to a port where nobody listens."""
    script = (
        "import socket\n"
        f"try: socket.create_connection(({address!r}, 9), 0.8)\n"
        "except ConnectionRefusedError: print('refused')\n"
        "except TimeoutError: print('nothing')\n"
    )
    done = subprocess.run(
        ["ip", "netns", "exec", namespace, sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    return done.stdout.strip()


def test_flashes_cross_a_bad_line(tmp_path: Path) -> None:
    need_rig()
    _, figures = run_round(tmp_path, 3, seed=1)
    assert {figures[name] for name in ("missed", "lost", "twice", "wrong")} == {0}
    assert figures["line_lost"] != [0, 0]
