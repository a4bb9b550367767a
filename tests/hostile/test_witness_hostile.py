"""A verified partner that lies about journals, at a real peer door.

The partner `zz` dials out, so it is asked its comms checks as it polls, and answers each with what
it likes. Whatever that is, the check counts as answered and the line goes on.
"""

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from noroshi.core import gate
from noroshi.core.delivery import pull
from noroshi.core.delivery.check import CommsCheck, Tally, decode_check, encode_check
from noroshi.core.delivery.item import Lane
from noroshi.core.delivery.witness import (
    WitnessPart,
    ask,
    asked_sizes,
    decode_part,
    encode_part,
)
from noroshi.core.directory.card import SignedCard, read_armour, verify_card
from noroshi.core.envelope.keys import Purpose
from noroshi.core.tlog.checkpoint import (
    Checkpoint,
    origin_of,
    parse_note,
    sign_checkpoint,
    verify_note,
)
from noroshi.core.tlog.cosignature import cosign
from noroshi.core.tlog.merkle import verify_consistency
from noroshi.settings import FILE_NAME
from tests.hostile.test_peer_door import NOW, ZZ, Remote, Victim
from tests.program.conftest import make
from tests.unit.core.nodes import PRIMITIVES, changed

pytestmark = pytest.mark.xdist_group("hostile_witness")

SECONDS = 30.0


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    folder = tmp_path_factory.mktemp("hostile_witness")
    nato = make(folder, "nato")
    settings = nato.home / FILE_NAME
    told = settings.read_text(encoding="utf-8")
    settings.write_text(told.replace("check_minutes = 15\n", "check_minutes = 0.02\n"))
    own = nato.ask("partner", "card")["card"].encode()
    card = verify_card(read_armour(own), PRIMITIVES).card
    theirs = folder / "zz.card"
    dials_out = changed(ZZ.card(), serial=1, peer_url="")
    theirs.write_text(SignedCard.issue(dials_out, ZZ.root).armoured)
    nato.ask("partner", "add", theirs)
    number = nato.ask("partner", "number", "zz")["number"]
    nato.ask("partner", "verify", "zz", "--number", number, "--by", "Lt Sato")
    with nato.served() as ready:
        yield Victim(nato, ready["peer_url"], Remote("nato", card.key(Purpose.SEAL)))


class Liar:
    """The station of zz: it polls, and answers checks."""

    def __init__(self, victim: Victim) -> None:
        self._victim = victim
        self._result: pull.Result | None = None

    def asked(self) -> CommsCheck:
        """Return the next check that the victim asks."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            poll = pull.encode_poll(pull.Poll(1, Lane.FLASH, self._result))
            status, raw = self._victim.post("/node/pull", poll)
            assert status == 200
            self._result = None
            if raw:
                offer = pull.decode_offer(raw)
                self._id = offer.id
                if offer.kind is pull.Kind.CHECK:
                    return decode_check(offer.items[0])
                self._result = pull.Result(offer.id)
        raise AssertionError("no check was asked")

    def answer(self, witness: bytes) -> None:
        """Answer the check that was asked last."""
        self._result = pull.Result(self._id, answer=encode_check(a_check(witness=witness)))

    def lie(self, witness: bytes) -> CommsCheck:
        """Be asked, answer so, and see to it that the answer arrived; return what was asked."""
        asked = self.asked()
        self.answer(witness)
        return asked


def a_check(**changes: Any) -> CommsCheck:
    return msgspec.structs.replace(CommsCheck(1, NOW(), Tally(1, (), ()), (), ()), **changes)


def note(size: int, root: bytes = bytes(32), epoch: int = 1) -> bytes:
    return sign_checkpoint(Checkpoint(origin_of("zz", epoch), size, root), ZZ.journal)


def part(**changes: Any) -> bytes:
    return encode_part(msgspec.structs.replace(WitnessPart(1, note(9), (), b"", ()), **changes))


LIES: dict[str, Callable[[], bytes]] = {
    "no cbor": lambda: os.urandom(500),
    "too much": lambda: bytes(25_000),
    "another value": lambda: gate.encode([[]] * 5),
    "no note": lambda: part(note=os.urandom(300)),
    "a tree of nothing": lambda: part(note=note(0)),
    "another epoch": lambda: part(note=note(10**17, epoch=99)),
    "not its own journal": lambda: part(note=note(9).replace(b"/zz/", b"/nato/")),
    "proofs nobody asked for": lambda: part(proofs=tuple((n, ()) for n in range(-4, 4))),
    "others that are none": lambda: part(others=(os.urandom(200), note(7), b"")),
    "cosigned by itself alone": lambda: part(cosigned=cosign(note(9), "zz", NOW(), ZZ.journal)),
    "cosigned nonsense": lambda: part(cosigned=os.urandom(900)),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_stops_nothing(victim: Victim, lie: str) -> None:
    liar = Liar(victim)
    liar.lie(LIES[lie]())
    assert asked_sizes(liar.asked())  # the next check comes, so the one before was recorded
    liar.answer(b"")
    conflicts = victim.desk.run("--json", "journal", "conflicts")
    assert (conflicts.status, conflicts.output) == (0, b"")
    (line,) = victim.desk.ask_lines("lines")
    assert line["partner"] == "zz"


def test_what_is_asked_is_answered_with_proofs_within_bounds(victim: Victim) -> None:
    asked = a_check(settled=ask((*range(1, 40), 2**53 - 1), range(200)))
    status, raw = victim.post("/node/check", encode_check(asked))
    assert status == 200
    told = decode_part(decode_check(raw).witness)
    own = victim.desk.ask("partner", "card")["card"].encode()
    key = verify_card(read_armour(own), PRIMITIVES).card.key(Purpose.JOURNAL)
    newest = verify_note(told.note, "noroshi/nato/1", key, PRIMITIVES)
    assert 0 < len(told.proofs) <= 8
    status, raw = victim.post("/node/check", encode_check(a_check(settled=ask((newest.size,), ()))))
    later = parse_note(decode_part(decode_check(raw).witness).note)
    assert later.size >= newest.size
    proofs = dict(decode_part(decode_check(raw).witness).proofs)
    if later.size > newest.size:
        verify_consistency(newest.size, newest.root, later.size, later.root, proofs[newest.size])


def test_a_check_of_the_form_before_witnesses_is_answered_in_it(victim: Victim) -> None:
    status, raw = victim.post("/node/check", encode_check(a_check()))
    assert status == 200
    fields = gate.decode(raw, limit=40_000)
    assert isinstance(fields, list)
    assert len(fields) == 7


def test_two_histories_are_kept_as_evidence_and_alarmed_once(victim: Victim) -> None:
    liar = Liar(victim)
    asked = liar.lie(part())
    assert asked_sizes(asked)
    for _ in range(3):
        asked = liar.lie(part(note=note(9, b"b" * 32)))
    assert asked_sizes(asked) == (9,)
    liar.asked()
    liar.answer(b"")
    (evidence,) = victim.desk.ask_lines("journal", "conflicts")
    assert {evidence["one"], evidence["other"]} == {
        shown.decode() for shown in (note(9), note(9, b"b" * 32))
    }
    kinds = [alarm["alarm"] for alarm in victim.desk.ask_lines("alarms", "--all")]
    assert kinds.count("JOURNAL_CONFLICT") == 1
    (line,) = victim.desk.ask_lines("journal", "witnesses")
    assert line["state"] == "CONFLICT"
