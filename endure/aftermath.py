"""What two nodes hold when all is over, compared with what they had answered.

The homes are opened here, after their processes ended: tables, journals, attachments and the
log of each process.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from endure.load import CANARY, Ledger, Letter
from noroshi.adapters import home as homes_of
from noroshi.adapters.sqlite.connection import open_reader
from noroshi.adapters.sqlite.groups import SqliteTables
from noroshi.adapters.sqlite.rows import blob, integer
from noroshi.bootstrap import Node, embedded_node
from noroshi.core.delivery.ladder import Rung
from noroshi.core.errors import NoroshiError
from noroshi.core.partner import DeskAddress
from noroshi.core.report import report_id_text
from noroshi.core.tlog.entry import EntryKind, decode_entry
from noroshi.flow import audit, proofs
from noroshi.flow.records import StoredReport

_UNTOLD: Final = """
    SELECT (SELECT COUNT(*) FROM outbox WHERE partner = ? AND left_at IS NULL)
        + (SELECT COUNT(*) FROM receipt_owed WHERE partner = ?)
"""


class Findings(msgspec.Struct):
    """What is not as it was answered, in words; no words are the proof."""

    lost: list[str] = []
    twice: list[str] = []
    wrong: list[str] = []
    reports: int = 0

    @property
    def is_clean(self) -> bool:
        """Say whether nothing was found."""
        return not (self.lost or self.twice or self.wrong)


class Side(msgspec.Struct, frozen=True):
    """One node at the end."""

    partner: str
    node: Node
    tables: SqliteTables
    outgoing: Mapping[str, StoredReport]
    incoming: Mapping[str, StoredReport]
    inbox: Counter[str]
    entries: Counter[tuple[EntryKind, str]]


def is_quiet(homes: Mapping[str, Path]) -> bool:
    """Say whether no node has anything left to tell the others; the nodes may be served."""
    waiting = 0
    for home in homes.values():
        database = open_reader(home / homes_of.DATABASE)
        for partner in homes:  # and not what waits for a partner whose node was never there
            waiting += integer(database.value(_UNTOLD, (partner, partner)))
        database.close()
    return not waiting


def examine(homes: Mapping[str, Path], ledger: Ledger) -> Findings:
    """Compare all that was answered with all that is there."""
    found = Findings(wrong=list(ledger.surprises))
    with ExitStack() as stack:
        first, second = (stack.enter_context(_opened(p, home)) for p, home in homes.items())
        for sender, receiver in ((first, second), (second, first)):
            found.reports += len(sender.outgoing)
            _examine_known(sender, receiver, ledger, found)
            _examine_traffic(sender, receiver, ledger, found)
            _examine_acknowledged(sender, receiver, ledger, found)
            _examine_node(sender, ledger, found)
    for home in homes.values():
        log = home.with_suffix(".log")
        said = log.read_text()
        if "Traceback" in said or "Fatal" in said or CANARY in said:
            found.wrong.append(f"{log} holds a traceback or a report's text")
    return found


def _examine_known(sender: Side, receiver: Side, ledger: Ledger, found: Findings) -> None:
    """What was answered SENT is at both nodes, whole, and its sender knows."""
    for report, letter in ledger.known.items():
        if letter.sender != sender.partner:
            continue
        if report not in sender.outgoing:
            found.lost.append(f"{report} was answered SENT and is not at {sender.partner}")
        elif report not in receiver.incoming:
            found.lost.append(f"{report} was answered SENT and is not at {receiver.partner}")
        else:
            for reason in _differences(receiver, receiver.incoming[report], letter):
                found.lost.append(f"{report} at {receiver.partner}: {reason}")
            if Rung.DELIVERED not in _rungs(sender, sender.outgoing[report], receiver.partner):
                found.lost.append(f"{report}: {sender.partner} does not know it is DELIVERED")


def _examine_traffic(sender: Side, receiver: Side, ledger: Ledger, found: Findings) -> None:
    """Whatever was sent, answered or not, is there once: listed, journalled and announced."""
    if sender.outgoing.keys() != receiver.incoming.keys():
        strays = len(sender.outgoing.keys() ^ receiver.incoming.keys())
        found.wrong.append(f"{strays} reports are at one node alone")
    bodies = Counter(_digest(report) for report in sender.outgoing.values())
    found.twice += [f"a body was sent {n} times" for n in bodies.values() if n > 1]
    found.wrong += ["a refused report was sent" for digest in ledger.refused if digest in bodies]
    found.wrong += ["an unheard-of report was sent" for d in bodies if d not in ledger.letters]
    for report in sender.outgoing:
        counts = {
            "entries at its sender": sender.entries[EntryKind.SEALED, report],
            "entries at its receiver": receiver.entries[EntryKind.RECEIVED, report],
            "lines in the inbox": receiver.inbox[report],
        }
        for what, count in counts.items():
            if count > 1 or (not count and report in receiver.incoming):
                found.twice.append(f"{report} has {count} {what}")
        if ledger.announced[receiver.partner, report] > 1:
            found.twice.append(f"{report} was announced more than once")
    told = {report for partner, report in ledger.announced if partner == receiver.partner}
    found.lost += [f"{r} was announced and is gone" for r in told - receiver.incoming.keys()]
    _examine_serials(sender, found)


def _examine_serials(sender: Side, found: Findings) -> None:
    """Serial numbers of each precedence run from one without gap or repetition."""
    rows = sender.tables.reports._db.rows(
        "SELECT precedence, COUNT(*), COUNT(DISTINCT serial), MIN(serial), MAX(serial)"
        " FROM addressee WHERE incoming = 0 GROUP BY precedence"
    )
    for _, count, distinct, least, most in rows:
        if not (count == distinct == most and least == 1):
            found.wrong.append(f"serials of {sender.partner} repeat or have a gap")


def _examine_acknowledged(sender: Side, receiver: Side, ledger: Ledger, found: Findings) -> None:
    """What was answered ACKNOWLEDGED is so at both nodes, and one proof of it holds."""
    acknowledged = [r for partner, r in ledger.acknowledged if partner == receiver.partner]
    for report in acknowledged:
        stored = sender.outgoing.get(report)
        if stored is None or Rung.ACKNOWLEDGED not in _rungs(sender, stored, receiver.partner):
            found.lost.append(f"{report}: {sender.partner} does not know it is ACKNOWLEDGED")
    if acknowledged and found.is_clean:
        cards = {side.partner: side.node.identity.card.card for side in (sender, receiver)}
        proof = proofs.make_proof(sender.tables, UUID(acknowledged[0]).bytes, sender.partner)
        claims = proofs.verify_proof(proof, cards, sender.node.house.primitives)
        if not any(c.type == "ACKNOWLEDGED" and c.by == "Maj Dupont" for c in claims):
            found.wrong.append(f"the proof of {acknowledged[0]} does not show who acknowledged it")


def _examine_node(side: Side, ledger: Ledger, found: Findings) -> None:
    """The journal verifies, a befriended partner is verified, the database is sound."""
    primitives = side.node.house.primitives
    state = audit.verify_journal(side.tables, side.node.identity.card.card, primitives)
    if state.bad_between is not None:
        found.wrong.append(f"journal of {side.partner}: {state.reason} in {state.bad_between}")
    if not state.witnessed and found.reports:
        found.wrong.append(f"nobody has seen the journal of {side.partner}")
    for partner, befriended in ledger.befriended:
        known = side.tables.partners.get(befriended)
        if partner == side.partner and (known is None or known.verified_at is None):
            found.lost.append(f"{befriended} was verified by {partner} and is not any more")
    sound = side.tables.reports._db.value("PRAGMA integrity_check")
    if sound != "ok":
        found.wrong.append(f"the database of {side.partner}: {sound!r}")


@contextmanager
def _opened(partner: str, home: Path) -> Iterator[Side]:
    with embedded_node(home, lambda: None) as node:
        assert node is not None
        with node.store.read() as tables:
            stored = [
                tables.reports.get(blob(raw))
                for (raw,) in tables.reports._db.rows("SELECT id FROM report")
            ]
            entries = (decode_entry(leaf) for _, leaf, *_ in tables.journal.leaves())
            yield Side(
                partner=partner,
                node=node,
                tables=tables,
                outgoing={report_id_text(r.id): r for r in stored if r and r.outgoing},
                incoming={report_id_text(r.id): r for r in stored if r and not r.outgoing},
                inbox=Counter(report_id_text(row.report_id) for row in tables.reports.inbox()),
                entries=Counter(
                    (e.kind, report_id_text(e.report_id)) for e in entries if e.report_id
                ),
            )


def _rungs(side: Side, stored: StoredReport, partner: str) -> set[Rung]:
    (desk,) = stored.content.desks_of(partner)
    ladder = side.tables.reports.ladder(stored.id, DeskAddress(desk, partner))
    return {record.rung for record in ladder}


def _differences(side: Side, stored: StoredReport, letter: Letter) -> Iterator[str]:
    if stored.content.body != letter.body:
        yield "another body"
    try:
        attached = [
            b"".join(side.node.blobs.decrypt(a.blob_id, a.key, a.iv))
            for a in stored.content.attachments
        ]
    except NoroshiError as error:
        yield error.message
    else:
        if attached != ([letter.attachment] if letter.attachment else []):
            yield "another attachment"


def _digest(stored: StoredReport) -> bytes:
    return hashlib.sha256(stored.content.body).digest()
