"""The table of consents: asked for, granted, and what was passed on by them.

Beside :mod:`noroshi.flow.tables`.
"""

from typing import Protocol

import msgspec

from noroshi.core.consent import Asked, SignedGrant
from noroshi.core.instant import Instant


class KeptRequest(msgspec.Struct, frozen=True):
    """A request for consent, ours or a partner's."""

    request_id: bytes
    """The report that carries it."""
    originator: str
    asker: str
    desk: str
    """Of the originator, that is asked."""
    asked: Asked
    at: Instant


class KeptGrant(msgspec.Struct, frozen=True):
    """A grant, ours or a partner's, and the request that it answers."""

    signed: SignedGrant
    request_id: bytes
    at: Instant


class EnclosedReport(msgspec.Struct, frozen=True):
    """What a report that came in encloses."""

    original: bytes
    """The id that its originator gave it."""
    head_digest: bytes
    originator: str
    from_desk: str
    kind: str


class ConsentTable(Protocol):
    """Consents."""

    def put_request(self, kept: KeptRequest) -> None:
        """Add a request; one that is there stays as it is."""
        ...

    def request(self, request_id: bytes) -> KeptRequest | None:
        """Return a request."""
        ...

    def requests(self) -> list[KeptRequest]:
        """Return all requests, the newest first."""
        ...

    def put_grant(self, kept: KeptGrant) -> bool:
        """Add a grant; say whether it was not there before."""
        ...

    def grant(self, digest: bytes) -> KeptGrant | None:
        """Return a grant."""
        ...

    def grant_of(self, request_id: bytes) -> KeptGrant | None:
        """Return the newest grant that answers a request."""
        ...

    def grants_about(self, head_digest: bytes) -> list[KeptGrant]:
        """Return the grants about a report, the one that ends last first."""
        ...

    def put_under(self, report_id: bytes, digest: bytes) -> None:
        """Note the grant under which a report of ours goes out."""
        ...

    def under(self, report_id: bytes) -> KeptGrant | None:
        """Return the grant under which a report of ours goes out."""
        ...

    def put_enclosed(self, report_id: bytes, enclosed: EnclosedReport) -> None:
        """Note what a report that came in encloses."""
        ...

    def enclosed(self, report_id: bytes) -> EnclosedReport | None:
        """Return what a report encloses."""
        ...

    def twins(self, report_id: bytes) -> list[bytes]:
        """Return the other reports that came in and say the same: directly, or enclosed."""
        ...
