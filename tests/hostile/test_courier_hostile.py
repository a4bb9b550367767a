"""A verified partner whose courier files turn hostile, and files that nobody signed.

The partner `zz` holds real keys and is verified. Each attack is one file among good ones: it is
refused in a sentence with exit 1, the good ones are imported, and nothing of it is left.
"""

import hashlib
import itertools
import os
import resource
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from noroshi.adapters.clock import SystemClock
from noroshi.core import gate
from noroshi.core.courier.volume import MAGIC, Fragment, VolumeHead, begin_fragment, begin_volume
from noroshi.core.delivery.item import Cargo
from noroshi.core.directory.card import SignedCard, read_armour, verify_card
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.head import commitment, salted_digest
from noroshi.core.envelope.keys import PublicKey, Purpose
from noroshi.core.envelope.seal import Outer, Recipient, seal
from noroshi.core.precedence import Precedence
from tests.program.conftest import Desk, make
from tests.unit.core.nodes import PRIMITIVES, Node, a_letter, changed

pytestmark = pytest.mark.xdist_group("courier-hostile")

ZZ = Node.make("zz", suite.H3)
NOW = SystemClock().now

Contents = Sequence[tuple[Fragment, bytes]]


class Remote(msgspec.Struct, frozen=True):
    """A node of which only the card is known."""

    name: str
    key: PublicKey


class Victim:
    """A node, and the hostile partner's stick in it."""

    def __init__(self, desk: Desk, remote: Remote, stick: Path) -> None:
        self.desk = desk
        self.remote = remote
        self.stick = stick
        self._numbers = itertools.count(1)

    def letter(self) -> tuple[Fragment, bytes]:
        """Return a new report to the node's cyber desk, whole and right."""
        letter = a_letter(ZZ, [self.remote], b"Smoke.")  # type: ignore[list-item]
        number = next(self._numbers)
        serial = changed(letter.own_parts[0].serial, number=number, salt=os.urandom(16))
        content = gate.decode(letter.beside.content, limit=10_000)
        assert isinstance(content, list)
        content[5] = [["cyber", "nato"]]
        beside = changed(letter.beside, content=gate.encode(content))
        head = changed(
            letter.head,
            envelope_id=os.urandom(16),
            report_id=os.urandom(16),
            created_at=NOW(),
            expires_at=None,
            serials=(commitment(serial),),
            content_digest=salted_digest(beside.salt, beside.content),
        )
        own_part = gate.encode_struct(changed(letter.own_parts[0], serial=serial))
        raw = seal(
            sign(head),
            gate.encode_struct(beside),
            outer=Outer(head.envelope_id, Precedence.FLASH, None),
            recipients=[Recipient(self.remote.key, own_part)],
            draws=letter.draws,
            primitives=PRIMITIVES,
        )
        return Fragment(Cargo.ENVELOPE, head.envelope_id, len(raw), 0, len(raw)), raw

    def file(self, raw: bytes) -> Path:
        path = self.stick / os.urandom(8).hex()
        path.write_bytes(raw)
        return path

    def bring(self, *volumes: bytes) -> Any:
        """Import files; all must be taken."""
        return self.desk.ask("courier", "in", *map(self.file, volumes))

    def refuse(self, *volumes: bytes) -> Any:
        """Import files of which one is refused."""
        return self.desk.fail("courier", "in", *map(self.file, volumes))

    @property
    def spooled(self) -> list[str]:
        return [path.name for path in (self.desk.home / "spool").iterdir()]

    @property
    def reports(self) -> int:
        return len(self.desk.ask_lines("inbox"))


def sign(head: msgspec.Struct) -> bytes:
    return cose.sign(gate.encode_struct(head), suite.REPORT, ZZ.profile.number, ZZ.report_signers)


def volume(contents: Contents = (), *, payload: bytes | None = None, **fields: object) -> bytes:
    """Return a volume that zz signed, true to its contents unless told otherwise."""
    if payload is None:
        payload = b"".join(begin_fragment(fragment) + data for fragment, data in contents)
    head = VolumeHead(
        version=1,
        set_id=os.urandom(16),
        sender="zz",
        to="nato",
        number=1,
        count=1,
        created_at=NOW(),
        size=len(payload),
        digest=hashlib.sha256(payload).digest(),
        imported=(),
    )
    begin, _ = begin_volume(changed(head, **fields), ZZ.profile.number, ZZ.receipt_signers)
    return begin + payload


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Victim:
    folder = tmp_path_factory.mktemp("hostile")
    nato = make(folder, "nato")
    own = nato.ask("partner", "card")["card"].encode()
    card = verify_card(read_armour(own), PRIMITIVES).card
    theirs = folder / "zz.card"
    theirs.write_text(SignedCard.issue(ZZ.card(), ZZ.root).armoured)
    nato.ask("partner", "add", theirs)
    number = nato.ask("partner", "number", "zz")["number"]
    nato.ask("partner", "verify", "zz", "--number", number, "--by", "Lt Sato")
    stick = folder / "stick"
    stick.mkdir()
    return Victim(nato, Remote("nato", card.key(Purpose.SEAL)), stick)


def test_a_good_volume_is_taken(victim: Victim) -> None:
    told = victim.bring(volume([victim.letter()]))
    assert (told["envelopes"], told["refused"]) == (1, 0)
    assert victim.reports == 1


def traversal(victim: Victim) -> bytes:
    return volume([victim.letter()], sender="../../zz")


def stranger(_: Victim) -> bytes:
    return volume(sender="xx")


def for_another(_: Victim) -> bytes:
    return volume(to="au")


def as_this_node(_: Victim) -> bytes:
    return volume(sender="nato")


def other_payload(victim: Victim) -> bytes:
    return volume([victim.letter()], digest=bytes(32))


def truncated(victim: Victim) -> bytes:
    return volume([victim.letter()])[:-10]


def twice_in_a_row(victim: Victim) -> bytes:
    return volume([victim.letter()]) * 2


def longer_than_said(victim: Victim) -> bytes:
    return volume([victim.letter()]) + b"\0"


def huge(_: Victim) -> bytes:
    return volume(size=4 * 1024**3)


def many_volumes(_: Victim) -> bytes:
    return volume(count=2**40)


def no_fragments(_: Victim) -> bytes:
    return volume(payload=b"\xff" * 100)


def a_million_entries(_: Victim) -> bytes:
    entries = (
        begin_fragment(Fragment(Cargo.RECEIPT, number.to_bytes(16), 1, 0, 1)) + b"x"
        for number in range(1_000_000)
    )
    return volume(payload=b"".join(entries))


def one_item_for_ever(victim: Victim) -> bytes:
    return volume([victim.letter()] * 3)


def past_its_end(_: Victim) -> bytes:
    fragment = Fragment(Cargo.ENVELOPE, bytes(16), 10, 5, 10)
    return volume([(fragment, bytes(10))])


def larger_than_an_attachment(_: Victim) -> bytes:
    fragment = Fragment(Cargo.BLOB, bytes(32), 2**40, 0, 10)
    return volume([(fragment, bytes(10))])


def an_archive(_: Victim) -> bytes:
    return b"PK\x03\x04" + MAGIC + bytes(1000)


def another_signer(victim: Victim) -> bytes:
    raw = volume([victim.letter()])
    position = len(MAGIC) + 500  # within a signature
    return raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]


@pytest.mark.parametrize(
    "attack",
    [
        traversal,
        stranger,
        for_another,
        as_this_node,
        other_payload,
        truncated,
        twice_in_a_row,
        longer_than_said,
        huge,
        many_volumes,
        no_fragments,
        a_million_entries,
        one_item_for_ever,
        past_its_end,
        larger_than_an_attachment,
        an_archive,
        another_signer,
    ],
)
def test_an_attack_is_refused_and_the_others_are_imported(
    victim: Victim, attack: Callable[[Victim], bytes]
) -> None:
    reports, elsewhere = victim.reports, sorted(victim.stick.parent.iterdir())
    told = victim.refuse(attack(victim), volume([victim.letter()]))
    assert len(told["failed"]) == 1
    assert told["error"] in {"bad-volume", "unknown-partner", "not-addressed"}
    assert told["envelopes"] == 1
    assert victim.reports == reports + 1
    assert victim.spooled == []
    assert sorted(victim.stick.parent.iterdir()) == elsewhere


def test_a_volume_that_contradicts_its_set_is_refused(victim: Victim) -> None:
    set_id, at, reports = os.urandom(16), NOW(), victim.reports
    first = volume([victim.letter()], set_id=set_id, count=2, created_at=at)
    told = victim.bring(first)
    assert told["missing"] == [f"set {set_id.hex()[:8]}: volume 2 of 2"]
    for other in (
        volume([victim.letter()], set_id=set_id, count=2, created_at=at),
        volume([victim.letter()], set_id=set_id, number=2, count=3, created_at=at),
        volume([victim.letter()], set_id=set_id, number=2, count=2, created_at=at + 1),
    ):
        assert "contradicts" in victim.refuse(other)["message"]
    assert victim.reports == reports + 1
    told = victim.bring(volume(set_id=set_id, number=2, count=2, created_at=at))
    assert told["missing"] == []


def test_volumes_of_another_set_complete_nothing(victim: Victim) -> None:
    fragment, raw = victim.letter()
    half, reports = len(raw) // 2, victim.reports
    parts = [
        (changed(fragment, size=half), raw[:half]),
        (changed(fragment, start=half, size=len(raw) - half), raw[half:]),
    ]
    sets = [os.urandom(16), os.urandom(16)]
    at = NOW()

    def part(number: int, set_id: bytes) -> bytes:
        return volume([parts[number - 1]], set_id=set_id, number=number, count=2, created_at=at)

    told = victim.bring(part(1, sets[0]), part(2, sets[1]))
    assert told["missing"] == [
        f"set {sets[0].hex()[:8]}: volume 2 of 2",
        f"set {sets[1].hex()[:8]}: volume 1 of 2",
    ]
    assert victim.reports == reports
    told = victim.bring(part(2, sets[0]))
    assert (told["envelopes"], told["missing"]) == (1, [])
    assert victim.bring(part(1, sets[1]))["missing"] == []
    assert victim.reports == reports + 1


def test_an_envelope_that_is_refused_stops_nothing(victim: Victim) -> None:
    fragment, raw = victim.letter()
    broken = raw[:-1] + bytes([raw[-1] ^ 1])
    garbage = Fragment(Cargo.RECEIPT, os.urandom(16), 100, 0, 100)
    stray = os.urandom(1000)
    blob = Fragment(Cargo.BLOB, hashlib.sha256(stray).digest(), 1000, 0, 1000)
    contents = [(fragment, broken), (garbage, bytes(100)), victim.letter(), (blob, stray)]
    told = victim.bring(volume(contents))
    assert (told["envelopes"], told["receipts"], told["attachments"]) == (1, 0, 0)
    assert told["refused"] == 2
    assert victim.desk.ask("journal", "verify")["ok"] is True
    assert victim.spooled == []
    assert not list((victim.desk.home / "blobs").iterdir())


def test_what_is_claimed_as_imported_concerns_the_claimer_alone(victim: Victim) -> None:
    victim.bring(volume([victim.letter()]))
    file = victim.stick / "back"
    told = victim.desk.ask("courier", "out", "--to", "zz", "-o", file)
    assert told["receipts"] > 0
    victim.bring(volume(imported=(os.urandom(16),)))
    (outbox,) = [c for c in victim.desk.ask_lines("doctor") if c["check"] == "outbox"]
    assert outbox["message"] == f"{told['receipts']} for zz"
    victim.bring(volume(imported=(bytes.fromhex(told["set"]),)))
    (outbox,) = [c for c in victim.desk.ask_lines("doctor") if c["check"] == "outbox"]
    assert outbox["message"] == "empty"


def test_a_volume_larger_than_memory_passes_through(victim: Victim, tmp_path: Path) -> None:
    size = 200 * 1024 * 1024
    piece = os.urandom(1024 * 1024)
    fragment = Fragment(Cargo.BLOB, os.urandom(32), size, 0, size)
    begin = begin_fragment(fragment)
    digest = hashlib.sha256(begin)
    for _ in range(200):
        digest.update(piece)
    head = volume(size=len(begin) + size, digest=digest.digest())
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.write(head + begin)
        for _ in range(200):
            file.write(piece)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    victim.desk.ask("courier", "in", path)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert peak - before < 64 * 1024 or peak < 200 * 1024
