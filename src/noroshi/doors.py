"""Opens a node's doors and keeps them open: desk door, peer door, local door, and the lines.

One process, one event loop; acts run on the store's writer, cryptography on worker threads.
SIGTERM or SIGINT closes the doors, lets what is under way finish for two seconds, and ends.
"""

import asyncio
import contextlib
import grp
import os
import random
import resource
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from noroshi.adapters import home as homes
from noroshi.adapters.addresses import join_address, split_address
from noroshi.adapters.admission import RequestSigner, RequestVerifier
from noroshi.adapters.bearers.choose import ChoosingBearer
from noroshi.adapters.bearers.poll import Poller
from noroshi.adapters.bearers.pull import PullBearer
from noroshi.adapters.bearers.push import PushBearer
from noroshi.adapters.collector import INDEXED, Collector, Collectors
from noroshi.adapters.keykeeper import Keykeeper
from noroshi.adapters.lines import Lines
from noroshi.adapters.listeners import Listeners
from noroshi.adapters.puller import Puller
from noroshi.adapters.telemetry import configure_logs
from noroshi.adapters.watchkeeper import Watchkeeper
from noroshi.bootstrap import Node, embedded_node, reissue_card
from noroshi.core.errors import InputError, UnavailableError
from noroshi.entrypoints.cli.context import Serving
from noroshi.entrypoints.console.door import desk_door
from noroshi.entrypoints.console.protocol import DeskProtocol
from noroshi.entrypoints.local.door import local_door
from noroshi.entrypoints.local.protocol import LocalProtocol
from noroshi.entrypoints.misp.door import feed_routes
from noroshi.entrypoints.peer.door import peer_door
from noroshi.entrypoints.peer.protocol import PeerProtocol
from noroshi.entrypoints.taxii.door import taxii_routes
from noroshi.entrypoints.taxii.streaming import Streams
from noroshi.flow.feeds.pulling import due, follow
from noroshi.flow.finding import keep_current
from noroshi.flow.interests import taking_up
from noroshi.flow.records import Announcement, Committed, KnownPartner
from noroshi.flow.renewal import keep_keys

GRACE_SECONDS: Final = 2
KEEP_ALIVE_SECONDS: Final = 1900
"""The events that desks hear of; the others are for lines and the watch."""
_SWITCH_SECONDS: Final = 0.0005
_WORKERS: Final = 40
"""Threads for requests: they mostly wait for a commit, and the more wait the larger its group."""
_OPEN_FILES: Final = 65_536
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


def serve(serving: Serving) -> None:
    """Serve a node until SIGTERM or SIGINT.

    Raises:
        UnavailableError: the home or a port is in use, or a key is not to be had.
        InputError: an address cannot be used.
    """
    # A thread that computes holds the interpreter for at most this long at a time, so that
    # the loop and the writer get their turn.
    sys.setswitchinterval(_SWITCH_SECONDS)
    _raise_file_limit()
    configure_logs()
    with embedded_node(serving.home, serving.ask_passphrase, on_phase=serving.on_phase) as node:
        if node is None:
            msg = f"another process serves or works on {serving.home}; stop it first"
            raise UnavailableError("home-busy", msg)
        asyncio.run(_Doors(node, serving).run())


def _raise_file_limit() -> None:
    """Allow as many open files as the system lets us: strangers' connections are some of them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class _Server(uvicorn.Server):
    """A uvicorn server whose signals are handled once, for all doors, by `_Doors`."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepting = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self.accepting.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signals alone."""
        yield


class _Doors:
    """One node's doors."""

    def __init__(self, node: Node, serving: Serving) -> None:
        self._node = node
        self._serving = serving

    async def run(self) -> None:
        """Open the doors and keep them open until a signal comes."""
        stop = asyncio.Event()
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_WORKERS, "worker"))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        serving, ask = self._serving, self._serving.ask_passphrase
        home = self._node.home
        self._node.identity  # noqa: B018 - a missing passphrase is told here, in its own words
        peer_tls = _tls(home / homes.CERTIFICATE, home / homes.CERTIFICATE_KEY, ask)
        desk_tls = None
        if serving.certificate is not None:
            desk_tls = _tls(serving.certificate, serving.certificate_key, None)
        desk_host, desk_port = split_address(serving.listen)
        if desk_tls is None and desk_host not in _LOOPBACK:
            msg = (
                f"the desk door on {desk_host} needs a certificate: --tls-cert FILE --tls-key FILE"
            )
            raise InputError("bad-input", msg)
        settings = self._node.settings
        peer = serving.peer or settings.peer
        # A crash between a card and the settings leaves a card that tells another address.
        if peer != settings.peer or self._node.identity.card.card.peer_url != settings.peer_url:
            self._node = reissue_card(self._node, peer)
        with contextlib.ExitStack() as opened:
            peer_socket = None
            if self._node.settings.has_peer_door:
                peer_socket = opened.enter_context(
                    _bind(*split_address(self._node.settings.peer), "peer door")
                )
            desk_socket = opened.enter_context(_bind(desk_host, desk_port, "desk door"))
            path = homes.socket_path(home)
            local_sockets = [opened.enter_context(_bind_local(path))]
            opened.callback(path.unlink, missing_ok=True)
            if serving.door is not None:
                shared = _bind_shared(serving.door, serving.door_group)
                local_sockets.append(opened.enter_context(shared))
                opened.callback(serving.door.unlink, missing_ok=True)
            desk_url = _desk_url(desk_host, desk_socket, is_tls=desk_tls is not None)
            await self._open(
                stop,
                (peer_socket, desk_socket, local_sockets),
                (peer_tls, desk_tls),
                [desk_host, "localhost"] if desk_host in _LOOPBACK else ["*"],
                desk_url,
            )

    async def _open(
        self,
        stop: asyncio.Event,
        sockets: tuple[socket.socket | None, socket.socket, list[socket.socket]],
        contexts: tuple[ssl.SSLContext, ssl.SSLContext | None],
        hosts: list[str],
        desk_url: str,
    ) -> None:
        house = self._node.house
        house.visitors.door = desk_url
        listeners = Listeners(asyncio.get_running_loop())
        signer = RequestSigner(
            house.me, self._node.identity.request_signer, lambda: house.entropy.draw(16).hex()
        )
        push = PushBearer(signer.sign, house.clock.now)
        pull = PullBearer(house.entropy.draw, lambda partner: lines.on_commit(_heard(partner)))
        bearer = ChoosingBearer(push, pull)
        polls = PushBearer(signer.sign, house.clock.now)
        poller = Poller(house, polls)
        lines = Lines(
            house.store,
            house.blobs,
            bearer,
            self._node.identity,
            house.clock,
            house.entropy,
            house.rules,
            is_silent=house.is_silent,
        )
        self._node.store.listen(listeners)
        watchkeeper = Watchkeeper(
            house.store,
            bearer,
            self._node.identity,
            house.clock,
            house.entropy,
            random.random,
            bearer.bearer_of,
            is_silent=house.is_silent,
        )
        streams = Streams()
        keykeeper = Keykeeper(partial(keep_keys, house), house.clock, in_thread=True)
        self._node.store.listen(lines)
        self._node.store.listen(watchkeeper)
        self._node.store.listen(keykeeper)
        collectors = Collectors(
            Collector(taking_up(house), streams.wake),
            Collector(partial(keep_current, house), lambda: None, INDEXED),
        )
        self._node.store.listen(collectors)
        puller = Puller(
            partial(due, house),
            house.clock.now,
            partial(follow, house),
            streams.wake,
            house.outside.close,
        )
        self._node.store.listen(puller)
        local = local_door(lambda: house, listeners.subscribe)
        servers = [
            (
                _server(
                    desk_door(
                        lambda: house,
                        hosts,
                        desk_url,
                        listeners.subscribe,
                        [*taxii_routes(lambda: house, streams), *feed_routes(lambda: house)],
                    ),
                    contexts[1],
                    DeskProtocol,
                ),
                sockets[1],
            ),
            *((_server(local, None, LocalProtocol), door) for door in sockets[2]),
        ]
        peer_socket, peer_url = sockets[0], self._node.settings.peer_url
        if peer_socket is None:
            self._node.store.listen(poller)
        else:
            peer = peer_door(
                lambda: house, RequestVerifier(self._find), lambda: peer_url, pull.poll
            )
            servers.append((_server(peer, contexts[0], PeerProtocol), peer_socket))
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(lines.run(stop))
                tasks.create_task(watchkeeper.run(stop))
                tasks.create_task(keykeeper.run(stop))
                tasks.create_task(collectors.run(stop))
                tasks.create_task(puller.run(stop))
                if peer_socket is None:
                    tasks.create_task(poller.run(stop))
                for server, sock in servers:
                    tasks.create_task(server.serve(sockets=[sock]))
                for server, _ in servers:
                    await server.accepting.wait()
                self._serving.on_ready(desk_url, self._node.settings.peer_url)
                await stop.wait()
                listeners.close()
                streams.close()
                pull.close()
                for server, _ in servers:
                    server.should_exit = True
        finally:
            await push.close()
            await polls.close()

    def _find(self, partner: str) -> KnownPartner | None:
        with self._node.store.read() as tables:
            return tables.partners.get(partner)


def _heard(partner: str) -> Committed:
    """Return what makes a line try at once: its partner was heard."""
    return Committed({}, {}, (Announcement("heard", partner),))


def _server(
    application: ASGIApp,
    context: ssl.SSLContext | None,
    http: type[PeerProtocol | LocalProtocol | DeskProtocol],
) -> _Server:
    """Return a server; the peer door's parser (h11) bounds what headers may cost."""
    config = uvicorn.Config(
        application,
        http=http,
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    config.load()
    config.ssl = context
    return _Server(config)


def _tls(
    certificate: Path, key: Path | None, ask_passphrase: Callable[[], bytes | None] | None
) -> ssl.SSLContext:
    """Return a server context: TLS 1.3 alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # Nodes keep their connections; on a thin line two tickets cost half a second.
    context.num_tickets = 0

    def password() -> bytes:
        return (ask_passphrase() if ask_passphrase else None) or b""

    try:
        context.load_cert_chain(certificate, key, password)
    except (OSError, ssl.SSLError) as error:
        msg = f"the certificate {certificate} or its key cannot be used: {error.strerror or error}"
        raise UnavailableError("keys-locked", msg) from error
    return context


def _bind(host: str, port: int, door: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol named, so that asyncio sends answers at once (TCP_NODELAY); without it
    # each answer waits 40 ms for an acknowledgement.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(512)
    except OSError as error:
        sock.close()
        msg = (
            f"the {door} cannot listen on {join_address(host, port)}: {error.strerror}. "
            "Stop what listens there, or choose another address"
        )
        raise UnavailableError("port-in-use", msg) from error
    sock.setblocking(False)  # noqa: FBT003 - the library's own signature
    return sock


def _bind_local(path: Path) -> socket.socket:
    """Return the local door's socket; the lock on the home says that no one else serves it."""
    path.unlink(missing_ok=True)
    sock = socket.socket(socket.AF_UNIX)
    previous = os.umask(0o177)
    try:
        sock.bind(str(path))
    finally:
        os.umask(previous)
    sock.listen(512)
    sock.setblocking(False)  # noqa: FBT003 - the library's own signature
    return sock


def _bind_shared(path: Path, group: str | None) -> socket.socket:
    """Return a local door for the accounts of a group of operating-system users.

    Raises:
        InputError: there is no such group, or the path cannot be used.
    """
    if not hasattr(socket, "SO_PEERCRED"):
        msg = "this system does not say who is at the other end of a socket; leave --door out"
        raise InputError("bad-input", msg)
    try:
        gid = -1 if group is None else grp.getgrnam(group).gr_gid
    except KeyError as error:
        raise InputError("bad-input", f"there is no group {group!r} on this machine") from error
    if path.exists() and not path.is_socket():
        msg = f"{path} is something else; --door names a socket that is made anew"
        raise InputError("bad-input", msg)
    try:
        sock = _bind_local(path)
    except OSError as error:
        msg = f"the door {path} cannot be opened: {error.strerror or error}"
        raise InputError("bad-input", msg) from error
    try:
        os.chown(path, -1, gid)
        path.chmod(0o660)
    except OSError as error:
        sock.close()
        path.unlink(missing_ok=True)
        msg = f"the door {path} cannot be given to the group {group}: {error.strerror}"
        raise InputError("bad-input", msg) from error
    return sock


def _desk_url(host: str, sock: socket.socket, *, is_tls: bool) -> str:
    port = int(sock.getsockname()[1])
    name = "localhost" if host in _LOOPBACK else host
    return f"{'https' if is_tls else 'http'}://{join_address(name, port)}"
