"""The doctor: what is wrong with a node, and what to do about it."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from noroshi.core.instant import DAY, Instant, to_text
from noroshi.flow.house import Check
from noroshi.flow.ports import Archive, Store
from noroshi.flow.tables import Tables

_LEAST_FREE: Final = 256 * 2**20
"""Bytes on the disk below which a node will soon have to refuse reports."""

_IN_GOOD_TIME: Final = 183 * DAY
"""Before a root ends, so that its custodians can meet."""


def examine(
    keys: Path,
    store: Store,
    archive: Archive,
    clock_problem: str,
    unknown: Sequence[str],
    now: Instant,
    breached: Path,
    scanner: Check,
) -> list[Check]:
    """Return what is found.

    `keys` is their folder, `clock_problem` "" for a plausible clock, `unknown` what rules of
    retention name that this house does not know, `breached` the file of breached passphrases,
    `scanner` what was found of the scanner of malware.
    """
    free = shutil.disk_usage(keys).free
    loose = [p.name for p in keys.iterdir() if p.stat().st_mode & 0o077]
    with store.read() as tables:
        partners = tables.partners.all()
        waiting = tables.outbox.counts()
        failing = tables.reports.failing()
        lost = sorted(tables.retention.key_names() - archive.names())
        directory_problem = _directory_problem(tables, now)
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
        Check("directory", not directory_problem, directory_problem or "names the newest card"),
        Check(
            "reports",
            not lost,
            f"the keys of what was stored are lost: {', '.join(lost)}; bring them from a backup"
            if lost
            else "can be read",
        ),
        Check(
            "retention",
            not unknown,
            f"{'; '.join(unknown)}. It fits no report: mend [[retention]] in noroshi.toml"
            if unknown
            else "knows all that its rules name",
        ),
        Check(
            "passphrases",
            True,  # noqa: FBT003 - a house may do without
            "new ones are looked up among the breached"
            if breached.is_file()
            else f"breached ones pass; their list would be {breached.parent.name}/{breached.name}",
        ),
        scanner,
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


def _directory_problem(tables: Tables, now: Instant) -> str:
    """Return what is wrong with the own directory, "" for nothing."""
    own, card = tables.directories.own(), tables.partners.own_card()
    if own is None:
        return (
            "there is none; serve the node, or if its root key is elsewhere: noroshi root request"
        )
    directory = own.directory
    if directory.root_expires_at - now < _IN_GOOD_TIME:
        ends = to_text(directory.root_expires_at)[:10]
        return f"its root ends on {ends}; its custodians sign the next: noroshi root request"
    if card is not None and directory.card_digest != card.digest:
        return (
            "it does not name the newest card; serve the node, or if its keys are new let the "
            "custodians of its root sign: noroshi root request"
        )
    if directory.expires_at <= now:
        return "it was not renewed in time; serve the node"
    return ""
