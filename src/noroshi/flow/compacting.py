"""Compacting: in which form a report is signed, so that every node that it goes to reads it.

Nodes tell in their comms checks, and on courier files, which dictionary of the compact form they
read. One that has told of none, or goes back to an earlier release, is sent what all releases
read.
"""

from collections.abc import Iterable

from noroshi.core.compact.content import as_signed, compact
from noroshi.core.compact.dictionary import newest
from noroshi.core.delivery.check import CommsCheck, told_dictionary
from noroshi.core.report import Content, encode_content
from noroshi.flow.records import StoredReport
from noroshi.flow.tables import Tables, Transaction


def note_dictionary(tx: Transaction, partner: str, told: CommsCheck) -> None:
    """Keep which dictionary a partner's node reads, as it told last."""
    version = told_dictionary(told)
    if version != tx.partners.dictionary(partner):
        tx.partners.put_dictionary(partner, version)


def to_sign(tables: Tables, content: Content, partners: Iterable[str]) -> bytes:
    """Return the bytes of a content that is to be signed, as short as all `partners` read it."""
    version = min(newest(), *(tables.partners.dictionary(partner) for partner in partners))
    return (compact(content, version) if version else None) or encode_content(content)


def signed_content(stored: StoredReport) -> bytes:
    """Return the bytes of a report's content, as they were signed."""
    return as_signed(stored.content, stored.salt, stored.head.content_digest)
