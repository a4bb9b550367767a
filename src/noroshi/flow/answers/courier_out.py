"""Courier volumes given out: :func:`pack` chooses and cuts, :func:`volume` writes one.

Bytes pass through in pieces, so a volume may be larger than memory. A volume is journalled
before its first byte leaves.
"""

import itertools
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Final

from noroshi.core.courier import volume as volumes
from noroshi.core.courier.cut import cut
from noroshi.core.courier.volume import Fragment, VolumeHead
from noroshi.core.delivery.item import Cargo
from noroshi.core.envelope.suite import ID_SIZE
from noroshi.core.errors import NotFoundError, UnavailableError
from noroshi.flow import courier, deliver, exits
from noroshi.flow.house import House
from noroshi.flow.records import PackedSet
from noroshi.flow.renewal import renew
from noroshi.flow.requests import Answer, CourierOut
from noroshi.flow.tables import Tables

_PIECE: Final = 1024 * 1024
_PACKED_SETS: Final = 8
"""How many sets may be given out at a time."""


def pack(house: House, request: CourierOut) -> Answer:
    """Choose what goes to a partner, receipts that are owed included, and cut it."""
    with house.store.read() as tables:
        courier.verified(tables, request.to)
        items = [item.id for item in tables.outbox.items(request.to)]
        now = house.clock.now()
        barred = exits.barred(tables, request.to, items, house.me, now, house.rules)
    if barred:
        house.store.perform(
            partial(
                exits.withhold, partner=request.to, reports=barred, me=house.me,
                entropy=house.entropy,
            )
        )  # fmt: skip
    identity, entropy = house.identity(), house.entropy
    renew(house)
    with house.store.read() as tables:
        items = [item.id for item in tables.outbox.items(request.to)]
        stale = tables.outbox.stale(request.to, items, house.clock.now())
    for each in stale:
        house.store.perform(
            partial(
                deliver.reseal, partner=request.to, ids=(each,), identity=identity, entropy=entropy
            )
        )
    issue = partial(deliver.issue_receipts, partner=request.to, identity=identity, entropy=entropy)
    while house.store.perform(issue):
        pass
    set_id = entropy.draw(ID_SIZE)
    packed = house.store.perform(
        partial(courier.pack, partner=request.to, set_id=set_id, identity=identity)
    )
    fragments = cut(packed.items, request.volume)
    while len(house.packed) >= _PACKED_SETS:
        house.packed.pop(next(iter(house.packed)))
    house.packed[set_id.hex()] = PackedSet(
        request.to, set_id, house.clock.now(), packed.imported, fragments, packed.letter
    )
    counts = {cargo: sum(item.cargo is cargo for item in packed.items) for cargo in Cargo}
    return {
        "set": set_id.hex(),
        "volumes": len(fragments),
        "envelopes": counts[Cargo.ENVELOPE],
        "receipts": counts[Cargo.RECEIPT],
        "attachments": counts[Cargo.BLOB],
        "bytes": sum(item.size for item in packed.items),
        "missing": [],
    }


def volume(
    house: House, set_id: str, number: int, by: str | None = None
) -> tuple[int, Iterator[bytes]]:
    """Return size and bytes of a volume of a set that was packed; journal who takes it.

    Raises:
        NotFoundError: no such volume was packed here.
        UnavailableError: an attachment has been lost.
    """
    packed = house.packed.get(set_id)
    if packed is None or not 1 <= number <= len(packed.volumes):
        msg = "that set of volumes is not at hand any more; run 'noroshi courier out' again"
        raise NotFoundError("not-found", msg)
    fragments = packed.volumes[number - 1]
    with ExitStack() as opened:
        # One view of the outbox for both passes: what a receipt takes out meanwhile stays in it.
        tables = opened.enter_context(house.store.read())
        size, digest = volumes.payload_digest(_payload(house, tables, packed, fragments))
        head = VolumeHead(
            version=volumes.VERSION,
            set_id=packed.set_id,
            sender=house.me,
            to=packed.partner,
            number=number,
            count=len(packed.volumes),
            created_at=packed.created_at,
            size=size,
            digest=digest,
            imported=packed.imported,
        )
        identity = house.identity()
        profile, signers = identity.card.card.profile, identity.receipt_signers
        begin, head_digest = volumes.begin_volume(head, profile, signers)
        house.store.perform(
            partial(
                courier.issue_volume,
                partner=packed.partner,
                digest=head_digest,
                entropy=house.entropy,
                by=by,
            )
        )
        chunks = itertools.chain((begin,), _payload(house, tables, packed, fragments))
        return len(begin) + size, _closing(opened.pop_all(), chunks)


def _closing(opened: ExitStack, chunks: Iterator[bytes]) -> Iterator[bytes]:
    with opened:
        yield from chunks


def _payload(
    house: House, tables: Tables, packed: PackedSet, fragments: Iterable[Fragment]
) -> Iterator[bytes]:
    """Yield the payload of a volume; what has left the outbox since it was packed is left out."""
    for fragment in fragments:
        if fragment.cargo is Cargo.WITNESS:
            yield volumes.begin_fragment(fragment)
            yield packed.letter[fragment.start : fragment.end]
            continue
        if fragment.cargo is Cargo.BLOB:
            yield volumes.begin_fragment(fragment)
            yield from _blob(house, fragment)
            continue
        try:
            raw = tables.outbox.read(packed.partner, fragment.item)
        except NotFoundError:
            continue
        yield volumes.begin_fragment(fragment)
        yield raw[fragment.start : fragment.end]


def _blob(house: House, fragment: Fragment) -> Iterator[bytes]:
    for position in range(fragment.start, fragment.end, _PIECE):
        size = min(_PIECE, fragment.end - position)
        try:
            piece = house.blobs.read_piece(fragment.item, position, size)
        except OSError:
            piece = b""
        if len(piece) != size:
            msg = f"the attachment {fragment.item.hex()} has been lost; restore it from a backup"
            raise UnavailableError("damaged", msg)
        yield piece
