"""The MISP feed, under /misp/ of the desk door: what a MISP instance, or PyMISP, fetches.

    GET /misp/manifest.json
    GET /misp/hashes.csv
    GET /misp/UUID.json

It has the reports of those collections that the machine may read and that reports fill, asked
anew each time: whoever has lost access, or may not read a report any more, finds it gone.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from noroshi.adapters.telemetry import note_refusal
from noroshi.adapters.tokens import CHALLENGE, credentials
from noroshi.core.exchange.misp_feed import Shown, show
from noroshi.core.instant import Instant
from noroshi.core.machine import Machine
from noroshi.flow.house import House
from noroshi.flow.machines import machine_of
from noroshi.flow.misp_events import event_of, reports_of

FEED: Final = "/misp/"
MOST_KNOWN: Final = 10_000
"""Events that are remembered beside those that are asked for."""

_Known = tuple[Instant, Shown]
"""What the event of a report shows, and which version of the report that is."""
_UNKNOWN: Final = (-1, None)

_File = Callable[["_Feed", Machine, str], Response | None]


def feed_routes(house: Callable[[], House]) -> list[Route]:
    """Return the routes of the feed."""
    feed = _Feed(house)
    return [
        Route(f"{FEED}manifest.json", _answer(feed, _manifest)),
        Route(f"{FEED}hashes.csv", _answer(feed, _hashes)),
        Route(f"{FEED}{{event}}.json", _answer(feed, _event)),
        Route(f"{FEED}{{elsewhere:path}}", _answer(feed, _nothing)),
    ]


class _Feed:
    """The node, as readers of its feed ask it; what an event shows is remembered."""

    def __init__(self, house: Callable[[], House]) -> None:
        self.house = house
        self._known: dict[bytes, _Known] = {}

    def shown(self, machine: Machine) -> dict[str, tuple[bytes, Shown]]:
        """Return the events of a machine by their UUIDs: of which report, and what it shows.

        Where several reports have one event, the last that says something counts.
        """
        house = self.house()
        wanted = reports_of(house, machine)
        for report_id, version in wanted.items():
            if self._known.get(report_id, _UNKNOWN)[0] != version:
                event = event_of(house, report_id)
                if event is not None:
                    self._known[report_id] = version, show(event)
        if len(self._known) > MOST_KNOWN + len(wanted):
            self._known = {each: self._known[each] for each in wanted if each in self._known}
        found = [(each, self._known[each][1]) for each in wanted if each in self._known]
        found.sort(key=lambda each: bool(each[1].hashes))
        return {shown.uuid: (report_id, shown) for report_id, shown in found}


def _answer(feed: _Feed, file: _File) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers a request for a file of the feed."""

    async def answer(http: Request) -> Response:
        return await asyncio.to_thread(_answered, feed, file, http)

    return answer


def _answered(feed: _Feed, file: _File, http: Request) -> Response:
    told = credentials(http.headers.get("authorization", ""))
    machine = None
    if told is not None:
        name, token = told
        with feed.house().store.read() as tables:
            machine = machine_of(tables, token, name)
    if machine is None:
        note_refusal("not-permitted", "desk", asked="a feed, by an unknown token")
        said = "say who you are by a token of `noroshi access grant`\n"
        return PlainTextResponse(said, 401, {"WWW-Authenticate": CHALLENGE})
    found = file(feed, machine, str(http.path_params.get("event", "")))
    if found is None:
        return PlainTextResponse("there is no such file; begin with manifest.json\n", 404)
    tag = f'"{hashlib.sha256(bytes(found.body)).hexdigest()[:32]}"'
    if http.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    found.headers["ETag"] = tag
    return found


def _manifest(feed: _Feed, machine: Machine, _event: str) -> Response:
    return _json({name: shown.told for name, (_, shown) in feed.shown(machine).items()})


def _hashes(feed: _Feed, machine: Machine, _event: str) -> Response:
    shown = feed.shown(machine)
    lines = [f"{each},{name}\n" for name, (_, told) in shown.items() for each in told.hashes]
    return PlainTextResponse("".join(lines), media_type="text/csv")


def _event(feed: _Feed, machine: Machine, event: str) -> Response | None:
    shown = feed.shown(machine).get(event)
    found = None if shown is None else event_of(feed.house(), shown[0])
    return None if found is None else _json({"Event": found})


def _nothing(_feed: _Feed, _machine: Machine, _event: str) -> Response | None:
    return None


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
