"""Typed values out of rows: SQLite's columns are STRICT, so these only tell the type checker."""

from noroshi.adapters.sqlite.connection import Row, Value


def integer(value: Value) -> int:
    """Return a column of integers."""
    assert isinstance(value, int)  # noqa: S101 - the column is STRICT
    return value


def blob(value: Value) -> bytes:
    """Return a column of bytes."""
    assert isinstance(value, bytes)  # noqa: S101 - the column is STRICT
    return value


def text(value: Value) -> str:
    """Return a column of text."""
    assert isinstance(value, str)  # noqa: S101 - the column is STRICT
    return value


def optional_text(value: Value) -> str | None:
    """Return a column of text or NULL."""
    return None if value is None else text(value)


def optional_integer(value: Value) -> int | None:
    """Return a column of integers or NULL."""
    return None if value is None else integer(value)


def first(rows: list[Row]) -> Row | None:
    """Return the first row, if there is one."""
    return rows[0] if rows else None
