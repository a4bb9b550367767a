"""The floor of a line: what one report costs with nothing of ours around it.

Two durable commits (SQLite, WAL, FULL), the primitives of the profile once each (two
signatures, one encapsulation, content encryption; then the reverse), and one POST of the
envelope's size on a warm TLS connection to another process. One sample is all of these, one
after the other, so that its spread is comparable with the line's.
"""

import asyncio
import itertools
import multiprocessing
import os
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import apsw

from noroshi.adapters.keys.certificate import certificate_digest, make_certificate
from noroshi.adapters.sealing.pyca import (
    SEED_SIZE,
    PycaPrimitives,
    PycaSigner,
    PycaUnwrapper,
    seed_from,
)
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.suite import PROFILES_BY_NAME, Alg, Profile

_SIZE = 6 * 1024
_SERVER = """
import sys, uvicorn
async def answer(scope, receive, send):
    while (await receive()).get("more_body"): pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})
uvicorn.run(answer, port=int(sys.argv[3]), ssl_certfile=sys.argv[1], ssl_keyfile=sys.argv[2],
            log_level="error", lifespan="off")
"""


class Primitives:
    """One profile's primitives, with fresh keys."""

    def __init__(self, profile: Profile) -> None:
        self._signers = [PycaSigner(Purpose.REPORT, alg, _seed(alg)) for alg in profile.signatures]
        self._unwrapper = PycaUnwrapper(profile.kem, _seed(profile.kem))
        self._library = PycaPrimitives()

    def once(self) -> None:
        """Sign, wrap, encrypt; unwrap, decrypt, verify."""
        message = os.urandom(700)
        signatures = [signer.sign(message) for signer in self._signers]
        key, iv = os.urandom(32), os.urandom(12)
        sealed = self._library.encrypt(key, iv, bytes(_SIZE), b"")
        encapsulated, wrapped = self._library.wrap(self._unwrapper.public_key, key, b"")
        assert self._unwrapper.unwrap(encapsulated, wrapped, b"") == key
        assert self._library.decrypt(key, iv, sealed, b"") is not None
        for signer, signature in zip(self._signers, signatures, strict=True):
            assert self._library.is_signed(signer.public_key, message, signature)


def committer(folder: Path) -> Callable[[], None]:
    """Return a function that commits 6 KiB durably."""
    connection = apsw.Connection(str(folder / "floor.db"))
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "FULL")
    connection.pragma("wal_autocheckpoint", 4096)
    connection.execute("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, b BLOB)")

    def commit() -> None:
        connection.execute("INSERT INTO t (b) VALUES (?)", (bytes(_SIZE),))

    return commit


@asynccontextmanager
async def poster(folder: Path, port: int) -> AsyncGenerator[Callable[[], object]]:
    """Give a coroutine function that POSTs 6 KiB over a warm TLS connection."""
    certificate, key = make_certificate("floor", None)
    (folder / "floor.crt").write_bytes(certificate)
    (folder / "floor.key").write_bytes(key)
    server = subprocess.Popen(  # noqa: ASYNC220 - our own program, started once
        [sys.executable, "-c", _SERVER, folder / "floor.crt", folder / "floor.key", str(port)]
    )
    pin = aiohttp.Fingerprint(certificate_digest(certificate))
    try:
        async with aiohttp.ClientSession() as session:

            async def post() -> None:
                url = f"https://127.0.0.1:{port}/"
                async with session.post(url, data=bytes(_SIZE), ssl=pin) as response:
                    await response.read()

            await _until_it_answers(post)
            yield post
    finally:
        server.terminate()
        server.wait()


async def _until_it_answers(post: Callable[[], object]) -> None:
    for _ in range(200):
        try:
            await post()  # type: ignore[misc]
        except (aiohttp.ClientError, OSError, ssl.SSLError):
            await asyncio.sleep(0.05)  # noqa: TID251 - a benchmark waits for real
        else:
            return
    msg = "the floor's server did not start"
    raise RuntimeError(msg)


async def sample(
    commit: Callable[[], None], primitives: Primitives, post: Callable[[], object]
) -> float:
    """Return the seconds of one floor."""
    started = time.perf_counter()
    commit()
    primitives.once()
    await post()  # type: ignore[misc]
    commit()
    return time.perf_counter() - started


def primitives_per_second(profile: str, seconds: float = 1.5) -> float:
    """Return how many reports a second two busy processes could sign, seal, open and verify."""
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as processes:
        return sum(processes.map(_primitives_rate, [profile] * 2, [seconds] * 2))


def _primitives_rate(profile: str, seconds: float) -> float:
    primitives = Primitives(PROFILES_BY_NAME[profile])
    primitives.once()
    started = time.perf_counter()
    for count in itertools.count(1):
        primitives.once()
        taken = time.perf_counter() - started
        if taken > seconds:
            return count / taken
    raise AssertionError


def _seed(alg: Alg) -> bytes:
    return seed_from(alg, os.urandom(SEED_SIZE[alg] + 16))
