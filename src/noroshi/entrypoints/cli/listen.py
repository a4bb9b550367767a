"""Listening to a served node: its alarms, those that are open and each as it arises."""

import http.client
import json
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import cast

import msgspec

from noroshi.adapters.home import check_home, socket_path
from noroshi.core.errors import NoroshiError, UnavailableError
from noroshi.entrypoints.cli.desk import UnixConnection, credentials
from noroshi.entrypoints.cli.person import Person
from noroshi.settings import read_settings

_SILENCE_SECONDS = 60
"""The node says every 20 s that it lives."""


def listen(
    home: Path, after: int | None, person: Person, door: Path | None = None
) -> Generator[dict[str, object]]:
    """Yield the alarms numbered above `after` (None: those that are open), then each new one.

    Between the two comes `listening`, with the newest number there was.

    Raises:
        UnavailableError: nobody serves the node (`not-served`), or not any more.
    """
    if door is None:
        read_settings(home)
        check_home(home)
    wanted = "open" if after is None else str(after)
    with closing(UnixConnection(door or socket_path(home), _SILENCE_SECONDS)) as connection:
        try:
            connection.connect()
        except OSError as error:
            msg = (
                f"nobody serves the node in {home}, and only a served node has alarms as they "
                "arise; start it: noroshi serve"
            )
            raise UnavailableError("not-served", msg) from error
        try:
            headers = credentials(person)
            connection.request("GET", f"/v1/events?alarms={wanted}", headers=headers)
            response = connection.getresponse()
            if response.status != http.client.OK:
                told = msgspec.msgpack.decode(response.read(), type=dict[str, str])
                raise NoroshiError(told["error"], told["message"])
            while line := response.readline():
                event = cast("dict[str, object]", json.loads(line))
                if event["event"] in {"listening", "alarm"}:
                    yield event
        except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
            msg = f"the serving process does not answer any more ({error})"
            raise UnavailableError("connection-lost", msg) from error
    raise UnavailableError("connection-lost", "the serving process has ended")
