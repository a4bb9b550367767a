"""Structs as the JSON of the vectors: named fields, bytes in hex."""

import types
from enum import Enum
from typing import TypeVar, Union, get_args, get_origin

import msgspec

from noroshi.core import gate

T = TypeVar("T", bound=msgspec.Struct)


def to_plain(value: object) -> object:
    """Return `value` as JSON has it."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    if isinstance(value, msgspec.Struct):
        return {name: to_plain(getattr(value, name)) for name in value.__struct_fields__}
    return value


def from_plain(kind: type[T], value: object) -> T:
    """Return the struct that `value` describes."""
    return gate.convert(_arrange(kind, value), kind)


def _arrange(kind: object, value: object) -> object:
    """Return `value` with the fields of positional structs in their order, each named once."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        assert isinstance(value, dict)
        fields = msgspec.structs.fields(kind)
        assert set(value) == {field.name for field in fields}
        arranged = {field.name: _arrange(field.type, value[field.name]) for field in fields}
        return list(arranged.values()) if kind.__struct_config__.array_like else arranged
    if get_origin(kind) in {Union, types.UnionType}:
        (inner,) = (arg for arg in get_args(kind) if arg is not type(None))
        return None if value is None else _arrange(inner, value)
    if get_origin(kind) is tuple:
        assert isinstance(value, list)
        args = get_args(kind)
        if args[-1] is ...:
            args = (args[0],) * len(value)
        return [_arrange(arg, item) for arg, item in zip(args, value, strict=True)]
    if kind is bytes:
        assert isinstance(value, str)
        return bytes.fromhex(value)
    return value
