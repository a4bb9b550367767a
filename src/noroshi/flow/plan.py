"""Plans: what somebody wants sent, with every choice made; :mod:`noroshi.flow.draft` makes them."""

import hashlib

import msgspec

from noroshi.core.envelope.head import AttachmentDigest
from noroshi.core.instant import Instant
from noroshi.core.marking.label import Marking
from noroshi.core.marking.whole import Part
from noroshi.core.precedence import Precedence, Status
from noroshi.core.report import Content


class Passing(msgspec.Struct, frozen=True):
    """That a partner's report is passed on."""

    head_digest: bytes
    grant: bytes
    """The digest of the grant under which it goes."""


class Plan(msgspec.Struct, frozen=True):
    """An order with every choice made."""

    report_id: bytes
    content: Content
    precedence: Precedence
    info_precedence: Precedence
    status: Status
    marking: Marking
    expires_at: Instant | None
    attachments: tuple[AttachmentDigest, ...]
    dragged: tuple[Part, ...] = ()
    """What it holds that is asked for by a marking of its own."""
    below_line_of: bytes | None = None
    """The report whose tearline it is: that it refers to it, its originator has provided for."""
    passing: Passing | None = None
    """Set where it passes on a partner's report, or what stands below its line."""

    @property
    def highest(self) -> Precedence:
        """How urgent it is for whoever handles it here."""
        return max(self.precedence, self.info_precedence)

    def precedence_for(self, partner: str) -> Precedence:
        """Return the precedence at which it goes to `partner`: the highest of its desks."""
        is_action = any(address.partner == partner for address in self.content.action)
        return self.precedence if is_action else self.info_precedence


def plan_digest(planned: Plan) -> bytes:
    """Return the SHA-256 by which the journal names a plan."""
    return hashlib.sha256(msgspec.msgpack.encode(planned)).digest()
