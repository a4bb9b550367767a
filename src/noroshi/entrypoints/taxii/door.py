"""The TAXII 2.1 server, under /taxii2/ of the desk door.

    GET    /taxii2/                                  discovery
    GET    /taxii2/api/                              the API root; there is one
    GET    /taxii2/api/status/ID/                    what became of a batch
    GET    /taxii2/api/collections/                  those that the machine may read or write
    GET    /taxii2/api/collections/C/                one of them, by id or alias
    GET    /taxii2/api/collections/C/manifest/       ids, versions, when they were added
    GET    /taxii2/api/collections/C/objects/        objects; POST hands some over
    GET    /taxii2/api/collections/C/objects/O/      one of them; DELETE removes it
    GET    /taxii2/api/collections/C/objects/O/versions/
    GET    /taxii2/api/collections/C/stream/         objects as they come (Server-Sent Events)

Pages end where the next begins: nothing is kept for a reader between two requests, and nothing is
missed or told twice. The stream is ours; the standard has none.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from noroshi.adapters.telemetry import note_refusal
from noroshi.core.errors import MalformedError, NoroshiError
from noroshi.core.exchange.objects.query import FILTERS, Query, Version, read_query, write_cursor
from noroshi.core.exchange.objects.reading import wrap
from noroshi.core.instant import to_text
from noroshi.core.machine import Machine, Right
from noroshi.entrypoints.taxii import speech
from noroshi.entrypoints.taxii.limits import Batches
from noroshi.entrypoints.taxii.streaming import Streams
from noroshi.flow import objects
from noroshi.flow.answers.handed_over import hand_over
from noroshi.flow.handed import version_text
from noroshi.flow.house import House
from noroshi.flow.machine_tables import Collection
from noroshi.flow.machines import machine_of
from noroshi.flow.object_ports import Kept, Page

ROOT: Final = "/taxii2/"
API: Final = "/taxii2/api/"
_OF_ONE: Final = ("version", "spec_version")
_MEDIA: Final[Mapping[str, str]] = dict(zip(("2.1", "2.0"), speech.STIX_TYPES, strict=True))
_NOTHING: Final = Right()

_Page = Callable[["Taxii", Machine, Request], Awaitable[Response]]


class Taxii:
    """The node, as machines ask it."""

    def __init__(self, house: Callable[[], House], streams: Streams) -> None:
        self.house = house
        self.streams = streams
        self.batches = Batches()

    def machine(self, http: Request) -> Machine:
        """Return who asks.

        Raises:
            Refusal: nobody who has access.
        """
        name, token = speech.credentials(http)
        with self.house().store.read() as tables:
            found = machine_of(tables, token, name)
        if found is None:
            note_refusal("not-permitted", "desk", asked="a collection, by an unknown token")
            raise speech.unknown()
        return found

    def collection(self, machine: Machine, http: Request, *, write: bool = False) -> Collection:
        """Return the collection that is asked for.

        Raises:
            Refusal: there is none that the machine may know of, or it may not do that there.
        """
        with self.house().store.read() as tables:
            found = tables.machines.collection(str(http.path_params["collection"]))
        right = _NOTHING if found is None else machine.rights.get(found.alias, _NOTHING)
        if found is None or right == _NOTHING:
            raise speech.Refusal(404, "there is no such collection for this machine")
        if not (right.write if write else right.read):
            doing = "written" if write else "read"
            note_refusal("not-permitted", "desk", asked=f"a collection to be {doing}")
            raise speech.Refusal(403, f"this machine has no right that {found.alias} is {doing}")
        return found


def taxii_routes(house: Callable[[], House], streams: Streams) -> list[Route]:
    """Return the routes of the server."""
    taxii = Taxii(house, streams)
    one = f"{API}collections/{{collection}}/"

    def route(path: str, **how: _Page) -> Route:
        return _any_method(Route(path, _answer(taxii, how)))

    return [
        route(ROOT, GET=_discovery),
        route(API, GET=_root),
        route(f"{API}status/{{status}}/", GET=_status),
        route(f"{API}collections/", GET=_collections),
        route(one, GET=_collection),
        route(f"{one}manifest/", GET=_manifest),
        route(f"{one}objects/", GET=_objects, POST=_hand_over),
        route(f"{one}objects/{{object}}/", GET=_object, DELETE=_remove),
        route(f"{one}objects/{{object}}/versions/", GET=_versions),
        route(f"{one}stream/", GET=_stream),
        _any_method(Route(ROOT.rstrip("/"), _nothing)),
        _any_method(Route(f"{ROOT}{{elsewhere:path}}", _nothing)),
    ]


def _any_method(route: Route) -> Route:
    """Return a route that takes every method: what may not be asked is told as an error object."""
    route.methods = None
    return route


def _answer(taxii: Taxii, how: dict[str, _Page]) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers a request by its method, errors as objects of TAXII."""
    # A stream has no end, so there is no head of it to tell.
    heads = {"HEAD": how["GET"]} if how.get("GET", _stream) is not _stream else {}
    pages = {**how, **heads}

    async def answer(http: Request) -> Response:
        page = pages.get(http.method)
        if page is None:
            allowed = ", ".join(sorted(pages))
            title = f"{http.method} means nothing at this address; it takes {allowed}"
            return speech.error_of(405, title, {"Allow": allowed})
        try:
            machine = await asyncio.to_thread(taxii.machine, http)
            speech.check_accept(http, *((speech.SSE_TYPE,) if page is _stream else ()))
            return await page(taxii, machine, http)
        except speech.Refusal as error:
            return speech.error_of(error.status, error.title, error.headers)
        except ClientDisconnect:
            return speech.error_of(400, "the batch broke off; hand it over again")
        except MalformedError as error:
            return speech.error_of(400, error.message)
        except NoroshiError as error:
            return speech.error_from(error)

    return answer


async def _nothing(_http: Request) -> Response:
    return speech.error_of(404, "there is nothing here; every address of TAXII ends with a slash")


async def _discovery(taxii: Taxii, _machine: Machine, http: Request) -> Response:
    root = str(http.url.replace(path=API, query=""))
    title = f"Noroshi of {taxii.house().me}"
    return speech.told_of({"title": title, "default": root, "api_roots": [root]})


async def _root(taxii: Taxii, _machine: Machine, _http: Request) -> Response:
    return speech.told_of(
        {
            "title": f"Noroshi of {taxii.house().me}",
            "versions": [speech.MEDIA_TYPE],
            "max_content_length": objects.LARGEST_BATCH,
        }
    )


async def _status(taxii: Taxii, machine: Machine, http: Request) -> Response:
    name = str(http.path_params["status"])
    return speech.told(await asyncio.to_thread(objects.status_of, taxii.house(), machine, name))


async def _collections(taxii: Taxii, machine: Machine, _http: Request) -> Response:
    with taxii.house().store.read() as tables:
        found = [_told(c, r) for c in tables.machines.collections()
                 if (r := machine.rights.get(c.alias))]  # fmt: skip
    return speech.told_of({"collections": found} if found else {})


async def _collection(taxii: Taxii, machine: Machine, http: Request) -> Response:
    with taxii.house().store.read() as tables:
        found = tables.machines.collection(str(http.path_params["collection"]))
    if found is None or found.alias not in machine.rights:
        raise speech.Refusal(404, "there is no such collection for this machine")
    return speech.told_of(_told(found, machine.rights[found.alias]))


async def _manifest(taxii: Taxii, machine: Machine, http: Request) -> Response:
    collection, query = taxii.collection(machine, http), _query(http)
    found = await _page(taxii, machine, collection, query, bodies=False)
    if not found.objects:
        return speech.told(b"{}")
    rows = [
        {"id": each.id, "date_added": to_text(each.added),
         "version": version_text(each.version), "media_type": _MEDIA[each.spec]}
        for each in found.objects
    ]  # fmt: skip
    return _paged({"objects": rows}, found)


async def _objects(taxii: Taxii, machine: Machine, http: Request) -> Response:
    collection, query = taxii.collection(machine, http), _query(http)
    return _envelope(await _page(taxii, machine, collection, query, bodies=True))


async def _object(taxii: Taxii, machine: Machine, http: Request) -> Response:
    collection, query = taxii.collection(machine, http), _query(http, *_OF_ONE)
    name = str(http.path_params["object"])
    found = await asyncio.to_thread(
        objects.page_of_one, taxii.house(), machine, collection, name, query
    )
    return _envelope(found)


async def _versions(taxii: Taxii, machine: Machine, http: Request) -> Response:
    collection, query = taxii.collection(machine, http), _query(http, "spec_version")
    query = msgspec.structs.replace(query, versions=frozenset({Version.ALL}))
    name = str(http.path_params["object"])
    found = await asyncio.to_thread(
        objects.page_of_one, taxii.house(), machine, collection, name, query, bodies=False
    )
    if not found.objects:
        return speech.told(b"{}")
    return _paged({"versions": [version_text(o.version) for o in found.objects]}, found)


async def _hand_over(taxii: Taxii, machine: Machine, http: Request) -> Response:
    collection = taxii.collection(machine, http, write=True)
    speech.check_content(http)
    with taxii.batches.place(machine.name) as room:
        body = await room.read(http)
        told = await asyncio.to_thread(hand_over, taxii.house(), machine, collection, body)
    taxii.streams.wake()
    return speech.told(told, 202)


async def _remove(taxii: Taxii, machine: Machine, http: Request) -> Response:
    taxii.collection(machine, http, write=True)
    collection, query = taxii.collection(machine, http), _query(http, *_OF_ONE)
    if "match[version]" not in http.query_params:
        query = msgspec.structs.replace(query, versions=frozenset({Version.ALL}))
    name = str(http.path_params["object"])
    await asyncio.to_thread(objects.remove, taxii.house(), machine, collection, name, query)
    return speech.told(b"")


async def _stream(taxii: Taxii, machine: Machine, http: Request) -> Response:
    collection = taxii.collection(machine, http)
    query = _query(http, "id", "type", "version", "spec_version")
    told = http.headers.get("last-event-id", "")
    if told:
        after = max(query.after, read_query([("next", told)]).after)
        query = msgspec.structs.replace(query, after=after)
    house = taxii.house()
    if "added_after" not in http.query_params and not told:
        query = msgspec.structs.replace(query, after=house.objects().newest())
    token = speech.credentials(http)
    return taxii.streams.answer(house, machine.name, token, collection, query)


def _query(http: Request, *filters: str) -> Query:
    return read_query(http.query_params.multi_items(), filters or FILTERS)


async def _page(
    taxii: Taxii, machine: Machine, collection: Collection, query: Query, *, bodies: bool
) -> Page:
    return await asyncio.to_thread(
        objects.page, taxii.house(), machine, collection, query, bodies=bodies
    )


def _told(collection: Collection, right: Right) -> dict[str, object]:
    """Return a collection resource (section 5.2.1)."""
    described = {"description": collection.description} if collection.description else {}
    return {
        "id": collection.id,
        "title": collection.title,
        **described,
        "alias": collection.alias,
        "can_read": right.read,
        "can_write": right.write,
        "media_types": list(speech.STIX_TYPES),
    }


def _envelope(found: Page) -> Response:
    body = wrap([each.raw for each in found.objects], _next(found))
    return speech.told(body, headers=_dates(found.objects))


def _paged(value: dict[str, object], found: Page) -> Response:
    """Return a list with where it goes on.

    The standard gives manifests and versions no `next`, but clients ask for it.
    """
    following = _next(found)
    value = {"more": found.more, **({"next": following} if following else {}), **value}
    return speech.told(msgspec.json.encode(value), headers=_dates(found.objects))


def _next(found: Page) -> str | None:
    return write_cursor(found.objects[-1].added) if found.more else None


def _dates(found: tuple[Kept, ...]) -> dict[str, str]:
    if not found:
        return {}
    first, last = to_text(found[0].added), to_text(found[-1].added)
    return {"X-TAXII-Date-Added-First": first, "X-TAXII-Date-Added-Last": last}
