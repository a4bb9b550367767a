"""Addresses of doors: HOST:PORT as people write it, and ports that are free."""

import socket

from noroshi.core.errors import InputError, UnavailableError


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
    """Return a port that is free now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        try:
            probe.bind((host, 0))
        except OSError as error:
            msg = f"this machine cannot listen on {host}: {error.strerror}"
            raise UnavailableError("port-in-use", msg) from error
        return int(probe.getsockname()[1])
