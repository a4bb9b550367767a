"""Addresses of doors: HOST:PORT as people write it, and ports that are free."""

import errno
import random
import socket
from typing import Final

from noroshi.core.errors import InputError, UnavailableError

_QUIET_PORTS: Final = range(20_000, 32_000)
"""Below the range that systems take outgoing connections from: while a node is down, one of those
could else sit on its port."""
_TRIES: Final = 50


def split_address(text: str) -> tuple[str, int]:
    """Return host and port of HOST:PORT.

    Raises:
        InputError: it is not written so.
    """
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and port.isdecimal() and int(port) < 65536):  # noqa: PLR2004
        msg = f"{text!r} is no address; write HOST:PORT, such as 127.0.0.1:0 for a free port"
        raise InputError("bad-input", msg)
    return host, int(port)


def join_address(host: str, port: int) -> str:
    """Return HOST:PORT as an address is written."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def free_port(host: str) -> int:
    """Return a port that is free now, and that no outgoing connection will take later.

    Raises:
        UnavailableError: this machine cannot listen on `host`.
    """
    candidates = random.SystemRandom().sample(_QUIET_PORTS, _TRIES)
    for port in (*candidates, 0):
        found = _try(host, port)
        if found is not None:
            return found
    msg = f"no port is free on {host}; name one: HOST:PORT"
    raise UnavailableError("port-in-use", msg)


def _try(host: str, port: int) -> int | None:
    """Return the port if it is free; 0 takes any."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return None
            msg = f"this machine cannot listen on {host}: {error.strerror}"
            raise UnavailableError("port-in-use", msg) from error
        return int(probe.getsockname()[1])
