"""The tables of courier volumes. Beside :mod:`noroshi.flow.tables`."""

from collections.abc import Iterable
from typing import Protocol

from noroshi.core.courier.volume import Placed
from noroshi.flow.records import CourierVolume


class CourierTable(Protocol):
    """Sets of courier volumes, given out and coming in."""

    def carry(self, partner: str, set_id: bytes, receipt_ids: Iterable[bytes]) -> None:
        """Note which receipts a set for a partner carries; forget what no longer waits."""
        ...

    def settle(self, partner: str, set_ids: Iterable[bytes]) -> list[bytes]:
        """Forget sets that a partner has imported; return the receipts that they carried."""
        ...

    def add_volume(self, volume: CourierVolume, loose: Iterable[Placed]) -> bool:
        """Note a volume and its fragments that others may complete; say whether it is new."""
        ...

    def volume(self, partner: str, set_id: bytes, number: int) -> CourierVolume | None:
        """Return a volume of a set that is not complete."""
        ...

    def volumes(self, partner: str | None = None) -> list[CourierVolume]:
        """Return the volumes of all sets that are not complete, in order."""
        ...

    def fragments(self, partner: str, set_id: bytes, item: bytes) -> list[Placed]:
        """Return the fragments of an item that are here."""
        ...

    def blobs(self, partner: str, set_id: bytes) -> list[bytes]:
        """Return the blobs of which a set has brought fragments."""
        ...

    def mark_applied(self, partner: str, set_id: bytes, number: int) -> None:
        """Note that what a volume holds whole has been taken."""
        ...

    def complete(self, partner: str, set_id: bytes) -> None:
        """Note that a set is imported, and forget its volumes."""
        ...

    def drop(self, partner: str, set_id: bytes) -> None:
        """Forget the volumes of a set that will not be completed."""
        ...

    def is_complete(self, partner: str, set_id: bytes) -> bool:
        """Say whether a set has been imported."""
        ...

    def completed(self, partner: str, limit: int) -> tuple[bytes, ...]:
        """Return the sets of a partner imported last, the newest first."""
        ...
