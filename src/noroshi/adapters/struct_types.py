"""The types of msgspec, learnt before threads begin."""

from contextlib import suppress

import msgspec


def build_types(parent: type[msgspec.Struct]) -> None:
    """Let msgspec learn all our types, on one thread.

    It learns a type when it first reads one, and crashes the process if another thread reads
    the same type meanwhile (msgspec 0.22).
    """
    for struct in parent.__subclasses__():
        if struct.__module__.startswith("noroshi."):
            with suppress(msgspec.ValidationError, TypeError):
                msgspec.convert(None, struct)
        build_types(struct)
