"""Arrivals: what any bearer brings, taken in by one way.

A bearer opens what it brought (`open_all`, which needs no lock), hands it to the writer
(`submit_all`), and tells its partner what became of it once that is on disk.
"""

from collections.abc import Iterable
from concurrent.futures import Future
from functools import partial
from hashlib import sha256

import msgspec

from noroshi.core.delivery.check import VERSION, CommsCheck, Tally, decode_check, encode_check
from noroshi.core.delivery.quota import Disk, FlashWindow, has_room, turn
from noroshi.core.enclosure import Enclosed
from noroshi.core.errors import InputError, NotFoundError, RefusalError, UnavailableError
from noroshi.core.instant import Instant
from noroshi.core.marking.label import Marking
from noroshi.core.marking.whole import check_whole
from noroshi.core.precedence import Precedence
from noroshi.core.recognition import parts_received
from noroshi.flow import consents, deliver, opening, receive, watch
from noroshi.flow.house import House
from noroshi.flow.records import LineCheck
from noroshi.flow.tables import Tables


def open_all(
    house: House, envelopes: Iterable[bytes], *, by_hand: bool = False
) -> list[opening.Incoming]:
    """Return what each envelope is, verified as far as it goes; a bad one stops no other.

    `by_hand` says that a person carried them.
    """
    identity, now = house.identity(), house.clock.now()
    with house.store.read() as tables:
        opened = (
            (raw, opening.open_raw(tables, raw, identity, now, by_hand=by_hand))
            for raw in envelopes
        )
        return [_understood(raw, incoming, house, tables, now) for raw, incoming in opened]


def _understood(
    raw: bytes, incoming: opening.Incoming, house: House, tables: Tables, now: Instant
) -> opening.Incoming:
    """Return what came in, with what it carries; what cannot be handled is refused, and told.

    Its marking means nothing here, or does not cover what the report drags along; or it carries
    what is not its sender's to give.
    """
    if not isinstance(incoming, opening.VerifiedReport):
        return incoming
    marking, content = Marking.parse(incoming.head.marking), incoming.content
    try:
        house.rules.restrictive(marking)
        check_whole(marking, parts_received(content.body, content.body_type), house.rules)
        carried = consents.carried_by(tables, incoming.head, content, house.identity(), now)
        if isinstance(carried, Enclosed):
            inner = carried.content
            check_whole(marking, parts_received(inner.body, inner.body_type), house.rules)
    except (InputError, RefusalError) as error:
        return opening.Refused(
            sha256(raw).digest(), error.code, error.message, incoming.head, incoming.digest,
            content.desks_of(house.me), incoming.own.serial,
        )  # fmt: skip
    return msgspec.structs.replace(incoming, carried=carried) if carried else incoming


def submit_all(
    house: House, opened: Iterable[opening.Incoming], peer: str
) -> list[Future[opening.Refused | None]]:
    """Commit each by itself; a future says why it was not taken, None if it was.

    Raises:
        UnavailableError: the disk has room left for more urgent things alone.
    """
    arrived = list(opened)
    if not all(map(partial(_has_room, house.disk()), arrived)):
        raise UnavailableError("disk-full", "the disk is full but for what is most urgent")
    identity, entropy = house.identity(), house.entropy
    return house.store.submit_all(
        (
            partial(receive.take, incoming=incoming, peer=peer, identity=identity, entropy=entropy),
            _turn(house, incoming, peer),
        )
        for incoming in arrived
    )


def _has_room(disk: Disk, incoming: opening.Incoming) -> bool:
    """Say whether it may be stored; receipts and refusals always may."""
    return not isinstance(incoming, opening.VerifiedReport) or has_room(incoming.precedence, disk)


def _turn(house: House, incoming: opening.Incoming, peer: str) -> Precedence:
    """Return at which precedence it waits for the writer."""
    if incoming.precedence is not Precedence.FLASH:
        return incoming.precedence
    window = house.flashes.setdefault(peer, FlashWindow())
    return turn(incoming.precedence, window.note(house.clock.now()))


def answer_check(house: House, peer: str, raw: bytes, bearer: str) -> bytes:
    """Record a comms check that came in; return this side's half.

    Raises:
        MalformedError: it is no comms check.
    """
    told = decode_check(raw)
    identity, now = house.identity(), house.clock.now()
    line_check = LineCheck(outgoing=False, at=now, bearer=bearer, round_trip=None, code=None)
    house.store.perform(
        partial(
            watch.note_check, partner=peer, line_check=line_check, told=told,
            identity=identity, entropy=house.entropy,
        ),
        Precedence.PRIORITY,
    )  # fmt: skip
    if house.is_silent:
        # Radio silence: no serial of a report that waits, no desk, nothing but a line that is up.
        nothing = Tally(identity.card.card.epoch, (), ())
        return encode_check(CommsCheck(VERSION, now, nothing, (), ()))
    with house.store.read() as tables:
        return encode_check(watch.make_check(tables, peer, identity, now, told))


def take_piece(house: House, peer: str, blob_id: bytes, offset: int, data: bytes) -> int:
    """Add bytes of a blob that a report of `peer` announced; return how many bytes are here.

    Raises:
        NotFoundError: no report of that partner needs such a blob.
        MalformedError: the bytes are not its bytes.
        UnavailableError: the disk did not take them.
    """
    with house.store.read() as tables:
        wanted = tables.reports.blob(blob_id, peer)
    if wanted is None or wanted[0] != peer:
        raise NotFoundError("not-found", f"no report of {peer} needs that blob")
    _, size, is_held = wanted
    if is_held:
        return size
    here = house.blobs.write_piece(blob_id, offset, data, size)
    if here == size:
        house.store.perform(partial(deliver.hold_blob, blob_id=blob_id, me=house.me))
    return here
