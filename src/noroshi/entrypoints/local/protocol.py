"""The local door's connections: who is at the other end, as the operating system says.

The credentials are those that the kernel noted when the connection was made (SO_PEERCRED); the
other end cannot choose them. Where a system has no such thing, nobody is known by them.
"""

import asyncio
import socket
import struct
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_CREDENTIALS: Final = struct.Struct("3i")
"""Process, user, group."""


class LocalProtocol(HttpToolsProtocol):
    """HTTP on the local door."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Note who is there; a request finds it as its state."""
        super().connection_made(transport)
        self.app_state = {
            **self.app_state,
            "uid": peer_uid(transport.get_extra_info("socket")),
        }


def peer_uid(sock: socket.socket) -> int | None:
    """Return the operating-system user at the other end of a Unix socket; None: not to be had."""
    option: int | None = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    raw = sock.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(raw)
    return int(uid)
