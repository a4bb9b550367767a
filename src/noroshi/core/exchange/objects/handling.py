"""Handling: every marking that an object has, each of which its reader has to satisfy.

Markings that contradict each other need no judge then: the strictest of them decides. A statement
that is no marking, such as a licence, says nothing about who may have the object. What names no
marking is handled by the default of the node; a marking that is not known here is refused, for
nobody could say who may have it. What its reader may do with it, PAP, goes with each of them.
"""

from collections.abc import Callable, Iterable
from typing import cast

import msgspec

from noroshi.core.errors import InputError, MalformedError
from noroshi.core.exchange.stix import is_notice, read_marking, read_pap
from noroshi.core.marking.label import Marking, Pap

Handling = tuple[Marking, ...]
Definition = Callable[[str], bytes | None]
"""Returns the marking definition of an id, as it came; None: it is not here."""


def handling_of(named: Iterable[str], definition: Definition, default: Marking) -> Handling:
    """Return the markings that an object names, by the ids of their definitions.

    Raises:
        MalformedError: one is not known here, or is not what its id says.
    """
    found: set[Marking] = set()
    permitted: set[Pap] = set()
    for ref in named:
        raw = definition(ref)
        known = {} if raw is None else {ref: cast("object", msgspec.json.decode(raw))}
        if is_notice(ref, known):
            continue
        if (pap := read_pap(ref, known)) is not None:
            permitted.add(pap)
            continue
        try:
            found.add(read_marking([ref], known))
        except MalformedError as error:
            msg = f"{error.message}; hand over its definition first, or with the object"
            raise MalformedError(msg) from None
        except InputError as error:
            raise MalformedError(f"the marking {ref}: {error.message}") from None
    marked = (_permitting(marking, permitted) for marking in found or {default})
    return tuple(sorted(marked, key=str))


def _permitting(marking: Marking, permitted: set[Pap]) -> Marking:
    """Return a marking that permits no more than each of `permitted`."""
    told = permitted if marking.pap is None else permitted | {marking.pap}
    return msgspec.structs.replace(marking, pap=max(told, key=list(Pap).index, default=None))


def write_handling(handling: Handling) -> str:
    """Return a handling as text: the written forms of its markings, a line each."""
    return "\n".join(map(str, handling))


def read_handling(text: str) -> Handling:
    """Return the handling of a text that `write_handling` wrote."""
    return tuple(map(Marking.parse, text.split("\n")))
