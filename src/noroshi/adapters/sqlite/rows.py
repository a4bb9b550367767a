"""Typed values out of rows. The columns are STRICT, so another type means a damaged file."""

from functools import lru_cache

from noroshi.adapters.sqlite.connection import Value
from noroshi.core import gate
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.head import ReportHead
from noroshi.core.errors import UnavailableError


def integer(value: Value) -> int:
    """Return a column of integers."""
    if not isinstance(value, int):
        raise _damaged()
    return value


def blob(value: Value) -> bytes:
    """Return a column of bytes."""
    if not isinstance(value, bytes):
        raise _damaged()
    return value


def text(value: Value) -> str:
    """Return a column of text."""
    if not isinstance(value, str):
        raise _damaged()
    return value


def optional_text(value: Value) -> str | None:
    """Return a column of text or NULL."""
    return None if value is None else text(value)


def optional_integer(value: Value) -> int | None:
    """Return a column of integers or NULL."""
    return None if value is None else integer(value)


@lru_cache(maxsize=128)
def head_of(signed_head: bytes) -> ReportHead:
    """Return the head of a report, which was verified when it was stored."""
    signed = cose.parse(signed_head, (suite.REPORT,), limit=suite.MAX_SIGNED)
    return gate.decode_struct(signed.raw_payload, ReportHead, limit=suite.MAX_SIGNED)


def _damaged() -> UnavailableError:
    msg = "the database holds what cannot stand there; stop the node and restore a backup"
    return UnavailableError("damaged", msg)
