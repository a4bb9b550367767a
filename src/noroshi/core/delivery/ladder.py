"""The ladder: how far a report got at one desk, and who says so.

A ladder only rises. Merging two copies of it keeps for each rung the record that came
first, so receipts may be lost, repeated or reordered without harm.
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final

import msgspec

from noroshi.core.errors import ConflictError
from noroshi.core.instant import Instant


class Rung(Enum):
    """A rung, in the order of weight; none implies another."""

    DELIVERED = "DELIVERED"
    """Verified, decrypted, durable at the node."""
    OPENED = "OPENED"
    """A named person or a desk's session opened it."""
    SHOWN = "SHOWN"
    """Its full text was presented."""
    ACKNOWLEDGED = "ACKNOWLEDGED"
    ACTIONED = "ACTIONED"
    DECLINED = "DECLINED"
    REFUSED = "REFUSED"
    """The node did not take it; the record's note says why."""


ORDER: Final = {rung: weight for weight, rung in enumerate(Rung)}

ANSWERS: Final = frozenset({Rung.ACKNOWLEDGED, Rung.ACTIONED, Rung.DECLINED})

_EXCLUDES: Final = {Rung.ACTIONED: Rung.DECLINED, Rung.DECLINED: Rung.ACTIONED}


class RungRecord(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One rung with its time and, from OPENED on, the person."""

    rung: Rung
    at: Instant
    by: str | None
    note: str | None


Ladder = tuple[RungRecord, ...]


def highest(ladder: Iterable[RungRecord]) -> Rung | None:
    """Return the weightiest rung, or None on an empty ladder."""
    return max((record.rung for record in ladder), key=ORDER.__getitem__, default=None)


def merge(mine: Iterable[RungRecord], theirs: Iterable[RungRecord]) -> Ladder:
    """Return the ladder that holds both; of one rung told twice, the first told stays."""
    rungs: dict[Rung, RungRecord] = {record.rung: record for record in mine}
    for record in theirs:
        rungs.setdefault(record.rung, record)
    return tuple(sorted(rungs.values(), key=lambda record: ORDER[record.rung]))


def rise(
    ladder: Mapping[Rung, RungRecord], rung: Rung, record: RungRecord
) -> tuple[RungRecord, ...]:
    """Return the records to add so that a desk reaches `rung`.

    Answering a report that was not yet shown presents it: OPENED and SHOWN are recorded too.

    Raises:
        ConflictError: the desk has already answered otherwise.
    """
    excluded = _EXCLUDES.get(rung)
    if excluded is not None and excluded in ladder:
        earlier = ladder[excluded]
        msg = f"the desk has already answered {excluded.value}" + (
            f" (by {earlier.by})" if earlier.by else ""
        )
        raise ConflictError("rung-conflict", msg)
    below = (Rung.OPENED, Rung.SHOWN) if rung in ANSWERS | {Rung.SHOWN} else ()
    wanted = dict.fromkeys((*below, rung))
    return tuple(
        msgspec.structs.replace(record, rung=step, note=record.note if step is rung else None)
        for step in wanted
        if step not in ladder
    )
