"""The doctor: what is wrong with a node, and what to do about it."""

import shutil
from pathlib import Path
from typing import Final

from noroshi.flow.house import Check
from noroshi.flow.ports import Archive, Store

_LEAST_FREE: Final = 256 * 2**20
"""Bytes on the disk below which a node will soon have to refuse reports."""


def examine(keys: Path, store: Store, archive: Archive, clock_problem: str) -> list[Check]:
    """Return what is found; `keys` is their folder, `clock_problem` "" for a plausible clock."""
    free = shutil.disk_usage(keys).free
    loose = [p.name for p in keys.iterdir() if p.stat().st_mode & 0o077]
    with store.read() as tables:
        partners = tables.partners.all()
        waiting = tables.outbox.counts()
        failing = tables.reports.failing()
        lost = sorted(tables.retention.key_names() - archive.names())
    unverified = [k.signed_card.card.partner for k in partners if k.verified_at is None]
    return [
        Check("clock", not clock_problem, clock_problem or "plausible"),
        Check(
            "disk",
            free > _LEAST_FREE,
            f"{free // 2**20:,} MiB free"
            + ("" if free > _LEAST_FREE else "; make room before the node has to refuse reports"),
        ),
        Check(
            "keys",
            not loose,
            f"others can read {', '.join(loose)}; chmod 600" if loose else "private",
        ),
        Check(
            "reports",
            not lost,
            f"the keys of what was stored are lost: {', '.join(lost)}; bring them from a backup"
            if lost
            else "can be read",
        ),
        Check(
            "partners",
            not unverified,
            f"not verified: {', '.join(unverified)}; compare numbers: noroshi partner number NAME"
            if unverified
            else f"{len(partners)} verified"
            if partners
            else "none yet; exchange cards: noroshi partner card, noroshi partner add FILE",
        ),
        Check(
            "outbox",
            not failing,
            "; ".join(f"{name}: {failure.message}" for name, failure in failing.items())
            or ", ".join(f"{n} for {name}" for name, n in sorted(waiting.items()))
            or "empty",
        ),
    ]
