"""Courier volumes taken in: :func:`import_volume`.

Bytes pass through in pieces, so a volume may be larger than memory. What is taken in is first
durable in the spool, whole and signed; then all that is complete is applied by the same acts
as at the peer door. A process that ends in between begins again where the tables say.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Final

from noroshi.core.courier import volume as volumes
from noroshi.core.courier.cut import find, join
from noroshi.core.courier.volume import Placed, SignedHead
from noroshi.core.delivery.item import Cargo
from noroshi.core.errors import InputError, MalformedError, NoroshiError
from noroshi.flow import arrivals, courier, deliver, letters, opening
from noroshi.flow.house import House
from noroshi.flow.records import CourierVolume, Quarantined
from noroshi.flow.requests import Json
from noroshi.flow.tables import Tables

_OLDER: Final = "directory-older"
_PIECE: Final = 1024 * 1024
_BATCH_ITEMS: Final = 32
_BATCH_BYTES: Final = 8 * 1024 * 1024
_REASONS: Final = 20
"""How many refusals an answer spells out."""

Volumes = Mapping[int, CourierVolume]
"""The volumes of one set whose payloads are in the spool, by their numbers."""


def import_volume(house: House, chunks: Iterable[bytes], by: str | None = None) -> Json:
    """Take in one volume that somebody brought, and apply all that is complete with it.

    Raises:
        MalformedError: the bytes are no whole volume of a verified partner.
        InputError: the volume is not for this node or not from a verified partner.
        UnavailableError: the disk is full or fails.
    """
    source = _Source(chunks)
    try:
        house.identity()  # a missing passphrase is told before anything is kept
        signed = volumes.read_head(source.take)
        is_new = _keep(house, signed, source, by)
    except NoroshiError:
        source.drain()  # whoever sends it listens only afterwards
        raise
    head, tally = signed.head, _Tally()
    with house.spool.alone():
        _apply(house, courier.volume_of(head), tally)
    with house.store.read() as tables:
        here = _set(tables, courier.volume_of(head))
        is_complete = tables.courier.is_complete(head.sender, head.set_id)
    numbers = range(1, head.count + 1) if not is_complete else range(0)
    held = {other.number for other in here if house.spool.holds(other.label)}
    return {
        "volume": volumes.volume_name(head.set_id, head.number, head.count),
        "set": head.set_id.hex(),
        "from": head.sender,
        "state": "IMPORTED" if is_new else "KNOWN",
        "envelopes": tally.envelopes,
        "receipts": tally.receipts,
        "attachments": tally.attachments,
        "held": tally.held,
        "refused": tally.refused,
        "reasons": tally.reasons,
        "missing": [
            volumes.volume_name(head.set_id, number, head.count)
            for number in numbers
            if number not in held
        ],
    }


class _Tally:
    """What applying a volume came to."""

    def __init__(self) -> None:
        self.envelopes = 0
        self.receipts = 0
        self.attachments = 0
        self.held = 0
        self.refused = 0
        self.reasons: list[str] = []

    def refuse(self, code: str, message: str) -> None:
        """Count what was not taken."""
        self.refused += 1
        if len(self.reasons) < _REASONS:
            self.reasons.append(f"{code}: {message}")


class _Source:
    """Chunks read in other sizes than they come in."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._ahead = b""

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes; fewer at the end."""
        while len(self._ahead) < size and (chunk := next(self._chunks, b"")):
            self._ahead += chunk
        taken, self._ahead = self._ahead[:size], self._ahead[size:]
        return taken

    def rest(self) -> Iterator[bytes]:
        """Yield all that was not taken."""
        ahead, self._ahead = self._ahead, b""
        yield ahead
        yield from self._chunks

    def drain(self) -> None:
        """Read to the end."""
        for _ in self.rest():
            pass


def _keep(house: House, signed: SignedHead, source: "_Source", by: str | None) -> bool:
    """Make a volume durable; say whether it was not here before.

    Raises:
        NoroshiError: as for :func:`import_volume`.
    """
    head = signed.head
    if head.sender == house.me:
        msg = f"it was written by this node, for {head.to}; carry it there"
        raise InputError("not-addressed", msg)
    volume = courier.volume_of(head)
    with house.store.read() as tables:
        card = courier.sender(tables, head.sender).signed_card.card
        signed.verify(card.signers(volumes.PURPOSE), house.primitives)
        if head.to != house.me:
            msg = f"it is for {head.to}, and this is {house.me}; carry it there"
            raise InputError("not-addressed", msg)
        known = tables.courier.is_complete(head.sender, head.set_id)
        for other in _set(tables, volume):
            same = other.number == head.number
            if (other.count, other.created_at) != (head.count, head.created_at) or (
                same and other.digest != head.digest
            ):
                msg = "it contradicts a volume of the same set that was imported before"
                raise MalformedError(msg, "bad-volume")
            known = known or (same and house.spool.holds(volume.label))
    if known:
        source.drain()
        return False
    house.spool.keep(volume.label, source.rest(), head.size, head.digest)
    try:
        loose = [
            placed
            for placed in _fragments(house, volume)
            if placed.fragment.cargo is Cargo.BLOB or not placed.fragment.is_whole
        ]
    except MalformedError:
        house.spool.drop((volume.label,))
        raise
    house.store.perform(
        partial(
            courier.import_volume,
            head=head,
            digest=signed.digest,
            loose=loose,
            entropy=house.entropy,
            by=by,
        )
    )
    return True


def _apply(house: House, volume: CourierVolume, tally: _Tally) -> None:
    """Apply what the set of `volume` holds whole and has not been applied."""
    with house.store.read() as tables:
        found = _set(tables, volume)
    here = {other.number: other for other in found if house.spool.holds(other.label)}
    pending = [other for other in here.values() if not other.applied]
    done = set[bytes]()
    for other in pending:
        batch: list[bytes] = []
        for placed in _fragments(house, other):
            pieces = _pieces(house, here, other, placed)
            if not pieces or placed.fragment.item in done:
                continue
            done.add(placed.fragment.item)
            raw = b"".join(_read(house, here, piece) for piece in pieces)
            if placed.fragment.cargo is Cargo.WITNESS:
                _take_letter(house, volume.partner, raw, tally)
                continue
            batch.append(raw)
            if len(batch) == _BATCH_ITEMS or sum(map(len, batch)) > _BATCH_BYTES:
                _take(house, volume.partner, batch, tally)
                batch = []
        _take(house, volume.partner, batch, tally)
    if pending:
        _fill_blobs(house, here, volume, tally)
    for other in pending:
        needless = house.store.perform(partial(courier.finish_volume, volume=other))
        house.spool.drop(gone.label for gone in needless)


def _pieces(house: House, here: Volumes, volume: CourierVolume, placed: Placed) -> Iterable[Placed]:
    """Return the fragments of the envelope that one of them is of, if all are here."""
    if placed.fragment.cargo is Cargo.BLOB:
        return ()
    if placed.fragment.is_whole:
        return (placed,)
    with house.store.read() as tables:
        found = tables.courier.fragments(volume.partner, volume.set_id, placed.fragment.item)
    return join(piece for piece in found if piece.volume in here) or ()


def _take(house: House, peer: str, batch: list[bytes], tally: _Tally) -> None:
    """Commit envelopes as the peer door does."""
    opened = arrivals.open_all(house, batch, by_hand=True)
    taking = arrivals.submit_all(house, opened, peer)
    for incoming, future in zip(opened, taking, strict=True):
        refused = future.result()
        if refused is not None and refused.code == _OLDER:
            continue  # another stick was faster
        if refused is not None:
            tally.refuse(refused.code, refused.message)
        elif isinstance(incoming, opening.VerifiedReceipt):
            tally.receipts += 1
        elif isinstance(incoming, opening.VerifiedReport):
            tally.envelopes += 1
        elif isinstance(incoming, Quarantined):
            tally.held += 1


def _take_letter(house: House, peer: str, raw: bytes, tally: _Tally) -> None:
    """Take in what a volume tells of journals."""
    act = partial(
        letters.take_letter, partner=peer, raw=raw, identity=house.identity(), entropy=house.entropy
    )
    try:
        house.store.perform(act)
    except MalformedError as error:
        tally.refuse(error.code, error.message)


def _fill_blobs(house: House, here: Volumes, volume: CourierVolume, tally: _Tally) -> None:
    """Let the blobs grow of which the set has brought what comes next."""
    with house.store.read() as tables:
        ids = tables.courier.blobs(volume.partner, volume.set_id)
    for blob_id in ids:
        with house.store.read() as tables:
            wanted = tables.reports.blob(blob_id, volume.partner)
            found = tables.courier.fragments(volume.partner, volume.set_id, blob_id)
        if wanted is None or wanted[0] != volume.partner or wanted[2]:
            continue
        size = wanted[1]
        found = [placed for placed in found if placed.volume in here]
        try:
            held = _grow(house, here, found, blob_id, size)
        except MalformedError as error:
            tally.refuse(error.code, error.message)
            continue
        if held == size:
            house.store.perform(partial(deliver.hold_blob, blob_id=blob_id, me=house.me))
            tally.attachments += 1


def _grow(house: House, here: Volumes, found: list[Placed], blob_id: bytes, size: int) -> int:
    """Write what follows on the bytes of a blob that are here; return how many are here then."""
    # All but the last byte may have come before: then this only completes the blob.
    held = house.blobs.write_piece(blob_id, size, b"", size)
    while (placed := find(found, held, size)) is not None:
        skipped = held - placed.fragment.start
        wanted = min(_PIECE, placed.fragment.size - skipped)
        piece = house.spool.read(here[placed.volume].label, placed.position + skipped, wanted)
        held = house.blobs.write_piece(blob_id, held, piece, size)
    return held


def _fragments(house: House, volume: CourierVolume) -> Iterator[Placed]:
    read = partial(house.spool.read, volume.label)
    return volumes.read_fragments(read, volume.number, volume.size)


def _read(house: House, here: Volumes, placed: Placed) -> bytes:
    return house.spool.read(here[placed.volume].label, placed.position, placed.fragment.size)


def _set(tables: Tables, volume: CourierVolume) -> list[CourierVolume]:
    """Return the volumes that are here of the set of `volume`."""
    return [
        other for other in tables.courier.volumes(volume.partner) if other.set_id == volume.set_id
    ]
