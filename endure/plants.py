"""Planted bugs: small patches to the shipped code, each of which the simulator must notice.

They were written down before it was known which seeds notice them. Each is the text of a line or
two and what stands there instead; a text that is not found fails the proof, so that the list
stays true to the code.
"""

from typing import Final

import msgspec


class Plant(msgspec.Struct, frozen=True):
    """One bug."""

    name: str
    edits: tuple[tuple[str, str, str], ...]
    """File below `src/noroshi`, text, and what stands there instead."""


def _plant(name: str, *edits: tuple[str, str, str]) -> Plant:
    return Plant(name, edits)


_LINE: Final = "core/delivery/line.py"
_GROUPS: Final = "adapters/sqlite/groups.py"
_LINES: Final = "adapters/lines.py"
_RECEIVE: Final = "flow/receive.py"
_CLIMBS: Final = "flow/climbs.py"
_CONSENTS: Final = "flow/consents.py"
_DELIVER: Final = "flow/deliver.py"
_SEND: Final = "flow/send.py"
_WATCH: Final = "flow/watch.py"
_ALARMS: Final = "flow/alarms.py"
_EPOCHS: Final = "flow/epochs.py"
_WITNESS: Final = "flow/witness.py"
_COSIGN: Final = "flow/cosign.py"
_AWAKE: Final = "retry_at=min(line.retry_at, now),\n        round_trip"

PLANTS: Final = (
    _plant("a receipt that was refused is forgotten",
           (_LINE, "if i.id in taken and", "if i.id in ids and")),
    _plant("a report is forgotten when it was offered",
           (_LINE, "if i.id in taken and i.cargo is Cargo.RECEIPT", "if i.id in ids")),
    _plant("after a failure nothing is tried again",
           (_LINE, "retry_at=now + int(delay * (1 + jitter) / 2)", "retry_at=now + 10**15"),
           (_LINE, _AWAKE, "round_trip")),
    _plant("a taken report is offered again at once",
           (_LINE, "due_at=now + _patience(line, item), refusals=0)", "due_at=now, refusals=0)")),
    _plant("bulk begins while a FLASH is under way",
           (_LINE, "if others and line.bulk is None and line.flash is None:",
            "if others and line.bulk is None:")),
    _plant("a FLASH waits for the bulk lane",
           (_LINE, "if flashes and line.flash is None:",
            "if flashes and line.flash is None and not [i for i in due if i.lane is Lane.BULK]:")),
    _plant("what expires is never given up",
           (_LINE, "    if not past:\n", "    if past or not past:\n")),
    _plant("everyone is told before the commit",
           (_GROUPS, '            self._on_phase("committing")\n            self._database.run("COMMIT")\n',
            ('            told, self._effects = self._effects.take(), self._effects\n'
            '            for listener in self._listeners:\n'
            '                listener.on_commit(told)\n'
            '            self._on_phase("committing")\n            self._database.run("COMMIT")\n'))),
    _plant("a group that failed is told all the same",
           (_GROUPS, "        self._effects.rewind(0)\n",
            ("        committed = self._effects.take()\n"
            "        for listener in self._listeners:\n"
            "            listener.on_commit(committed)\n"))),
    _plant("after a failed group the journal in memory stays ahead",
           (_GROUPS, "        self._transaction.journal.rewind(None)\n        self._effects.rewind(0)",
            "        self._effects.rewind(0)")),
    _plant("of items for two partners only one line hears",
           (_GROUPS, "added[partner] = added.get(partner, ()) + items", "added = {partner: items}")),
    _plant("a known report is announced again",
           (_RECEIVE, "        for desk in desks:\n            _owe(tx, head, report.digest, desk)\n        return None",
            ("        for desk in desks:\n            _owe(tx, head, report.digest, desk)\n"
            '            tx.announce(Announcement("received", head.sender, head.report_id, desk))\n'
            "        return None"))),
    _plant("a report after its time is taken",
           ("core/envelope/head.py", "if head.expires_at is not None and head.expires_at <= now:",
            "if head.expires_at is not None and head.expires_at <= 0:")),
    _plant("what is stored is not what came",
           (_RECEIVE, "            content=report.content,\n            stored_at",
            ('            content=msgspec.structs.replace(report.content, body=b"-"),\n'
            "            stored_at"))),
    _plant("what came by way of another stands under another's report",
           (_CONSENTS, "original.report_id, enclosed.digest,", "head.report_id, enclosed.digest,")),
    _plant("an older checkpoint is taken for a fork",
           (_WITNESS, "    elif new.size < old.size:\n", "    elif new.size > old.size:\n")),
    _plant("a checkpoint that is proven is not cosigned",
           (_COSIGN, "        tx.witness.put_proven(partner, Proven(cosigned, tx.now))\n", "        del cosigned\n")),
    _plant("a proof begins one entry early",
           (_COSIGN, "consistency_proof(size, newest,", "consistency_proof(max(1, size - 1), newest,")),
    _plant("what is asked of a journal is not what is held",
           (_COSIGN, "sizes = {claim.size for claim in _claims(tables, partner)} or {0}", "sizes = {0}")),
    _plant("a delivered report stays in the outbox",
           (_CLIMBS, "        tx.outbox.settle(issuer, settled, tx.now)\n", "")),
    _plant("a receipt lets only its first ladder rise",
           (_RECEIVE, "zip(receipt.raw_entries, receipt.entries, strict=True):",
            "list(zip(receipt.raw_entries, receipt.entries, strict=True))[:1]:")),
    _plant("the delivery of a report goes on being awaited",
           (_CLIMBS, "        is_delivered(tx, entry.report_id, issuer, entry.desk)\n", ""),
           (_WATCH, "    if due.step is Step.UNDELIVERED and Rung.DELIVERED in rungs:\n        return\n", "")),
    _plant("the second partner gets nothing",
           (_SEND, "    for name in partners:\n        _queue", "    for name in list(partners)[:1]:\n        _queue")),
    _plant("a serial is lost with every report",
           (_SEND, "serials = {name: tx.serials.next(name, planned.precedence_for(name)) for name in partners}",
            "serials = {name: max(tx.serials.next(name, planned.precedence_for(name)) for _ in 'xx') for name in partners}")),
    _plant("serials are used twice",
           ("adapters/sqlite/serials.py", "SET highest = highest + 1", "SET highest = (highest / 2) * 2 + 1")),
    _plant("the sender's clocks do not start",
           (_SEND, "        expect_answers(tx, planned.report_id, addressee, identity.duty)\n", "        pass\n")),
    _plant("the house's clocks do not start",
           (_ALARMS, "    if not received.is_action:\n", "    if received.is_action:\n")),
    _plant("people are called although they answered",
           (_ALARMS, "    tx.watch.drop_deadlines(report_id, partner, desk, (*_OF_SENDER, *_OF_RECEIVER))\n", ""),
           (_WATCH, "    if rungs & ANSWERS or Rung.REFUSED in rungs:\n        return\n", "")),
    _plant("the next desk is called late",
           ("core/delivery/clocks.py", "(Step.NEXT_DESK, received_at + allowed)",
            "(Step.NEXT_DESK, received_at + allowed + 2_000_000)")),
    _plant("the officer is called with the desk",
           ("core/delivery/clocks.py", "received_at + allowed + allowed // 2", "received_at + allowed")),
    _plant("deadlines do not wake the watch",
           ("adapters/watchkeeper.py", '_WAKING: Final = frozenset({"watch", "partner"})',
            '_WAKING: Final = frozenset({"partner"})')),
    _plant("a missed comms check is the last",
           ("adapters/watchkeeper.py", "            is_good = await self._check_once(partner)\n",
            ("            is_good = await self._check_once(partner)\n"
            "            if not is_good:\n                return\n"))),
    _plant("a line that is up again stays reported down",
           (_WATCH, "        tx.watch.end_alarms((kind,), partner, tx.now)\n", "")),
    _plant("serials that came meanwhile are called missing",
           (_WATCH, "    if not any(gap.precedence.name == due.desk for gap in gaps):",
            "    if due.desk is None:")),
    _plant("deadlines stay behind when the clock is set",
           (_WATCH, "tx.watch.move_deadlines(drift)", "tx.watch.move_deadlines(0)")),
    _plant("a restored partner is not given its receipts again",
           ("adapters/sqlite/outbox.py", '" WHERE partner = ? AND left_at >= ? AND (expires_at IS',
            '" WHERE report IS NOT NULL AND partner = ? AND left_at >= ? AND (expires_at IS')),
    _plant("a restored partner is not told again which serials are void",
           (_EPOCHS, "    tx.serials.unsettle(partner, since)\n", "")),
    _plant("a restored partner waits for what has expired",
           (_EPOCHS, "        bury(tx, report_id, partner)\n", "        del report_id\n")),
    _plant("a restored node is given nothing again",
           (_EPOCHS, "    _give_again(tx, partner, since)\n", "")),
    _plant("a refusal is not put on record",
           (_RECEIVE, "    if refused is not None:\n        refuse(tx,", "    if False:\n        refuse(tx,")),
    _plant("a transmission that failed keeps its lane",
           (_LINE, "        _ended(line, lane),\n        failures=line.failures + 1",
            "        line,\n        failures=line.failures + 1")),
    _plant("what expired leaves no tombstone",
           (_DELIVER, "        bury(tx, report_id, partner)\n", "")),
    _plant("tombstones are forgotten before they are heard",
           (_WATCH, "tx.serials.settle(partner, precedence, number, tx.now)",
            "tx.serials.settle(partner, precedence, number + 1000, tx.now)")),
    _plant("of what is owed one is told and all is settled",
           (_DELIVER, "encode_struct(_entry(tx, pending, identity.me, entropy)) for pending in owed]",
            "encode_struct(_entry(tx, pending, identity.me, entropy)) for pending in owed[:1]]"),
           (_DELIVER, "zip(owed, entries, strict=True)", "zip(owed, entries, strict=False)")),
    _plant("an acknowledgement is not told",
           ("flow/acknowledge.py", "        tx.receipts.owe(report.head.sender, pending)\n", "")),
    _plant("an acknowledgement has no name",
           ("flow/acknowledge.py", "RungRecord(rung, tx.now, by, check_note(note))",
            "RungRecord(rung, tx.now, None, check_note(note))")),
    _plant("an acknowledged report was never shown",
           ("core/delivery/ladder.py", "below = (Rung.OPENED, Rung.SHOWN) if", "below = (Rung.OPENED,) if")),
    _plant("the outbox is not read at the start",
           (_LINES, "            self.put(Submitted(tuple(tables.outbox.items(self._partner))))\n",
            "            tables.outbox.items(self._partner)\n")),
    _plant("receipts owed before a crash are not issued after it",
           (_LINES, "        self._owed = asyncio.Event()\n        self._owed.set()\n",
            "        self._owed = asyncio.Event()\n")),
    _plant("a failure is not told to the machine",
           (_LINES, "        self.put(Failed(lane, self._lines.jitter()))\n", "")),
    _plant("an attachment goes on from where it should be",
           (_LINES, "        self._offsets[blob_id] = held\n", "        self._offsets[blob_id] = offset + len(data)\n")),
    _plant("a whole attachment is not noted",
           ("flow/arrivals.py", "    if here == size:\n", "    if here > size:\n")),
    _plant("what one partner has leaves the outbox of all",
           ("adapters/sqlite/outbox.py", "left_at = ? WHERE partner = ? AND id = ? AND",
            "left_at = ? WHERE ? <> '' AND id = ? AND")),
    _plant("the text lies open beside the seal",
           ("core/envelope/seal.py", "[protected, {suite.LABEL_IV: draws.iv}, ciphertext, blocks]",
            "[protected, {suite.LABEL_IV: draws.iv}, ciphertext + beside, blocks]")),
)  # fmt: skip
