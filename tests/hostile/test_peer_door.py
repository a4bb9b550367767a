"""A verified partner that turns hostile, at a real peer door.

The partner `zz` holds real keys and is verified, so all it sends is admitted. Each attack goes in
one request with a good FLASH behind it: the attack is refused and journalled, the FLASH is taken.
Numbers are those of the list of attacks that the project keeps (`docs/proofs.md`).
"""

import contextlib
import http.client
import itertools
import json
import os
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import apsw
import msgspec
import pytest

from noroshi.adapters.admission import RequestSigner
from noroshi.adapters.clock import SystemClock
from noroshi.core import gate
from noroshi.core.delivery import pull
from noroshi.core.delivery import receipt as receipts
from noroshi.core.delivery.check import Tally
from noroshi.core.delivery.item import Lane
from noroshi.core.delivery.ladder import Rung, RungRecord
from noroshi.core.directory.card import SignedCard, read_armour, verify_card
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.head import commitment, salted_digest
from noroshi.core.envelope.keys import PublicKey, Purpose
from noroshi.core.envelope.primitives import Signer
from noroshi.core.envelope.seal import Draws, Outer, Recipient, seal
from noroshi.core.instant import DAY, HOUR
from noroshi.core.precedence import Precedence
from noroshi.entrypoints.peer.protocol import STRANGERS
from tests.program.conftest import Desk, make
from tests.unit.core.nodes import PRIMITIVES, Letter, Node, a_letter, changed

pytestmark = pytest.mark.xdist_group("hostile")

ZZ = Node.make("zz", suite.H3)
NOW = SystemClock().now


class Remote(msgspec.Struct, frozen=True):
    """A node of which only the card is known."""

    name: str
    key: PublicKey


class Victim:
    """A served node, and the hostile partner's connection to it."""

    def __init__(self, desk: Desk, peer_url: str, remote: Remote) -> None:
        self.desk = desk
        self.peer_url = peer_url
        self.remote = remote
        self._numbers = itertools.count(1)
        self._signer = RequestSigner("zz", ZZ.request, lambda: os.urandom(16).hex())

    def letter(self, body: bytes = b"Smoke.") -> Letter:
        """Return a new report to the node's cyber desk, whole and right."""
        letter = a_letter(ZZ, [self.remote], body)  # type: ignore[list-item]
        fresh = Draws(os.urandom(32), os.urandom(12))
        number = next(self._numbers)
        serial = changed(letter.own_parts[0].serial, number=number, salt=os.urandom(16))
        now = NOW()
        content = gate.decode(letter.beside.content, limit=10_000)
        assert isinstance(content, list)
        content[5] = [["cyber", self.remote.name]]
        beside = changed(letter.beside, content=gate.encode(content))
        head = changed(
            letter.head,
            envelope_id=os.urandom(16),
            report_id=os.urandom(16),
            created_at=now,
            expires_at=now + HOUR,
            serials=(commitment(serial),),
            content_digest=salted_digest(beside.salt, beside.content),
        )
        return changed(
            letter,
            head=head,
            beside=beside,
            own_parts=(changed(letter.own_parts[0], serial=serial),),
            outer=Outer(head.envelope_id, Precedence.FLASH, head.expires_at),
            draws=fresh,
        )

    def post(
        self,
        path: str,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        signed: Mapping[str, str] | None = None,
        over: http.client.HTTPSConnection | None = None,
    ) -> tuple[int, bytes]:
        """POST as zz, over a connection of its own or one that goes on; return what came back."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        address = self.peer_url.removeprefix("https://")
        connection = over or http.client.HTTPSConnection(address, context=context, timeout=30)
        if signed is None:
            signed = self._signer.sign("POST", self.peer_url + path, body, NOW())
        connection.request("POST", path, body, {**(headers or {}), **signed})
        response = connection.getresponse()
        answer = response.read()
        if over is None:
            connection.close()
        return response.status, answer

    def offer(self, *envelopes: bytes) -> list[dict[str, object]]:
        """Offer envelopes in one request; return their outcomes."""
        status, answer = self.post("/node/envelopes", gate.encode(list(envelopes)))
        assert status == 200
        outcomes: list[dict[str, object]] = json.loads(answer)
        return outcomes

    def inbox(self) -> list[str]:
        """Return the ids of all reports."""
        return [row["report"] for row in self.desk.ask_lines("inbox")]


def raw_seal(
    letter: Letter,
    *,
    signed: bytes | None = None,
    signers: Sequence[Signer] = ZZ.report_signers,
    profile: int = ZZ.profile.number,
    context: suite.Context = suite.REPORT,
) -> bytes:
    """Seal a letter, signed as told."""
    if signed is None:
        signed = cose.sign(gate.encode_struct(letter.head), context, profile, signers)
    return seal(
        signed,
        gate.encode_struct(letter.beside),
        outer=letter.outer,
        recipients=[
            Recipient(node.key, gate.encode_struct(part))
            for node, part in zip(letter.recipients, letter.own_parts, strict=True)
        ],
        draws=letter.draws,
        primitives=PRIMITIVES,
    )


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    folder = tmp_path_factory.mktemp("hostile")
    nato = make(folder, "nato")
    own = nato.ask("partner", "card")["card"].encode()
    card = verify_card(read_armour(own), PRIMITIVES).card
    for node in (ZZ, Node.make("jp", suite.H5)):
        theirs = folder / f"{node.name}.card"
        theirs.write_text(SignedCard.issue(changed(node.card(), serial=1), node.root).armoured)
        nato.ask("partner", "add", theirs)
        if node is ZZ:
            number = nato.ask("partner", "number", "zz")["number"]
            nato.ask("partner", "verify", "zz", "--number", number, "--by", "Lt Sato")
    with nato.served() as ready:
        yield Victim(nato, ready["peer_url"], Remote("nato", card.key(Purpose.SEAL)))


def test_a_good_report_is_taken(victim: Victim) -> None:
    letter = victim.letter()
    assert victim.offer(raw_seal(letter)) == [{"taken": True}]


def stripped(letter: Letter, _: Victim) -> bytes:
    return raw_seal(letter, signers=ZZ.report_signers[1:])


def unsigned(letter: Letter, _: Victim) -> bytes:
    return raw_seal(letter, signers=())


def doubled(letter: Letter, _: Victim) -> bytes:
    return raw_seal(letter, signers=(*ZZ.report_signers, ZZ.report_signers[0]))


def other_profile(letter: Letter, _: Victim) -> bytes:
    return raw_seal(letter, profile=suite.H5.number)


def receipt_key(letter: Letter, _: Victim) -> bytes:
    return raw_seal(letter, signers=ZZ.receipt_signers)


def receipt_context(letter: Letter, _: Victim) -> bytes:
    return raw_seal(letter, context=suite.RECEIPT, signers=ZZ.receipt_signers)


def another_author(letter: Letter, _: Victim) -> bytes:
    return raw_seal(changed(letter, head=changed(letter.head, sender="jp")))


def unknown_author(letter: Letter, _: Victim) -> bytes:
    return raw_seal(changed(letter, head=changed(letter.head, sender="xx")))


def retargeted(letter: Letter, _: Victim) -> bytes:
    return raw_seal(changed(letter, head=changed(letter.head, to=(("au", b"\0" * 8),))))


def cut_from_another(letter: Letter, _: Victim) -> bytes:
    return raw_seal(changed(letter, outer=changed(letter.outer, envelope_id=os.urandom(16))))


def other_precedence(letter: Letter, _: Victim) -> bytes:
    return raw_seal(changed(letter, outer=changed(letter.outer, precedence=Precedence.ROUTINE)))


def other_content(letter: Letter, _: Victim) -> bytes:
    return raw_seal(changed(letter, beside=changed(letter.beside, salt=bytes(32))))


def other_serial(letter: Letter, _: Victim) -> bytes:
    part = letter.own_parts[0]
    part = changed(part, serial=changed(part.serial, number=part.serial.number + 1000))
    return raw_seal(changed(letter, own_parts=(part,)))


def from_the_future(letter: Letter, _: Victim) -> bytes:
    later = NOW() + 3 * DAY
    head = changed(letter.head, created_at=later, expires_at=later + HOUR)
    outer = changed(letter.outer, expires_at=later + HOUR)
    return raw_seal(changed(letter, head=head, outer=outer))


def too_late(letter: Letter, _: Victim) -> bytes:
    head = changed(letter.head, expires_at=NOW() - 1)
    outer = changed(letter.outer, expires_at=head.expires_at)
    return raw_seal(changed(letter, head=head, outer=outer))


def to_no_desk_here(letter: Letter, _: Victim) -> bytes:
    content = gate.decode(letter.beside.content, limit=10_000)
    assert isinstance(content, list)
    content[5] = [["space", "nato"]]
    return with_content(letter, gate.encode(content))


def garbage_content(letter: Letter, _: Victim) -> bytes:
    return with_content(letter, b"\xff\x00")


def with_content(letter: Letter, content: bytes) -> bytes:
    beside = changed(letter.beside, content=content)
    head = changed(letter.head, content_digest=salted_digest(beside.salt, content))
    return raw_seal(changed(letter, head=head, beside=beside))


def truncated(letter: Letter, _: Victim) -> bytes:
    return raw_seal(letter)[:-1]


def flipped(letter: Letter, _: Victim) -> bytes:
    raw = bytearray(raw_seal(letter))
    raw[len(raw) // 2] ^= 1
    return bytes(raw)


def not_canonical(letter: Letter, _: Victim) -> bytes:
    raw = raw_seal(letter)
    assert raw[2] == 0x84
    return raw[:2] + b"\x98\x04" + raw[3:]


def nothing(_letter: Letter, _: Victim) -> bytes:
    return b""


def sealed_to_another(letter: Letter, _: Victim) -> bytes:
    stranger = Node.make("kr", suite.H3)
    return raw_seal(changed(letter, recipients=(stranger,)))


def a_classical_recipient(letter: Letter, _: Victim) -> bytes:
    outer = gate.decode(raw_seal(letter), limit=100_000, tag=suite.TAG_ENCRYPT)
    assert isinstance(outer, list)
    outer[3].append([gate.encode({1: 37, 4: b"\1" * 8}), {-4: b"\2" * 32}, b"\3" * 48])
    return gate.encode(outer, tag=suite.TAG_ENCRYPT)


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        (flipped, "unreadable"),  # 1
        (stripped, "unreadable"),  # 2
        (unsigned, "unreadable"),
        (doubled, "unreadable"),
        (other_profile, "unreadable"),  # 3
        (a_classical_recipient, "unreadable"),  # 4
        (retargeted, "malformed"),  # 5
        (sealed_to_another, "unreadable"),
        (another_author, "unreadable"),  # 6
        (unknown_author, "unreadable"),
        (cut_from_another, "malformed"),  # 7
        (other_content, "malformed"),  # 9
        (other_serial, "malformed"),
        (other_precedence, "malformed"),
        (too_late, "expired"),  # 10
        (receipt_key, "unreadable"),  # 12
        (receipt_context, "malformed"),
        (not_canonical, "unreadable"),  # 13
        (truncated, "unreadable"),
        (nothing, "unreadable"),
        (garbage_content, "malformed"),
        (from_the_future, "clock-off"),  # 19
        (to_no_desk_here, "unknown-desk"),
    ],
)
def test_an_attack_is_refused_and_stops_nothing(
    victim: Victim, attack: Callable[[Letter, Victim], bytes], code: str
) -> None:
    before = victim.inbox()
    letter, good = victim.letter(b"attack"), victim.letter(b"good")
    refused, taken = victim.offer(attack(letter, victim), raw_seal(good))
    assert refused["taken"] is False
    assert refused["code"] == code
    assert taken == {"taken": True}
    assert len(victim.inbox()) == len(before) + 1


def test_a_replay_is_taken_once(victim: Victim) -> None:  # 10
    raw = raw_seal(victim.letter())
    before = victim.inbox()
    assert [victim.offer(raw) for _ in range(3)] == [[{"taken": True}]] * 3
    assert len(victim.inbox()) == len(before) + 1


def test_the_same_id_with_other_words_is_refused(victim: Victim) -> None:  # I17
    first, second = victim.letter(b"one"), victim.letter(b"two")
    second = changed(second, head=changed(second.head, report_id=first.head.report_id))
    assert victim.offer(raw_seal(first)) == [{"taken": True}]
    (outcome,) = victim.offer(raw_seal(second))
    assert outcome["code"] == "duplicate-id"


def test_a_serial_is_used_once(victim: Victim) -> None:
    first, second = victim.letter(b"one"), victim.letter(b"two")
    part = changed(second.own_parts[0], serial=first.own_parts[0].serial)
    head = changed(second.head, serials=first.head.serials)
    second = changed(second, own_parts=(part,), head=head)
    assert victim.offer(raw_seal(first)) == [{"taken": True}]
    (outcome,) = victim.offer(raw_seal(second))
    assert outcome["code"] == "serial-reused"


def test_a_receipt_for_what_was_never_sent_changes_nothing(victim: Victim) -> None:  # 14
    letter = victim.letter()
    entry = gate.encode_struct(
        receipts.ReceiptEntry(
            salt=os.urandom(32),
            report_id=os.urandom(16),
            head_digest=os.urandom(32),
            desk="cyber",
            ladder=(RungRecord(Rung.ACKNOWLEDGED, NOW(), "Nobody", None),),
            attachments_held=0,
        )
    )
    issued = gate.encode_struct(receipts.Issued(os.urandom(32), Tally(1, (), ())))
    head = receipts.ReceiptHead(
        version=1,
        envelope_id=letter.head.envelope_id,
        sender="zz",
        created_at=NOW(),
        expires_at=None,
        to=letter.head.to,
        entries=(receipts.digest(entry),),
        issued=receipts.digest(issued),
        checkpoint=b"",
        seen_size=0,
        seen_root=b"",
    )
    payload = gate.encode_struct(head)
    raw = seal(
        cose.sign(payload, suite.RECEIPT, ZZ.profile.number, ZZ.receipt_signers),
        receipts.encode_beside([entry], issued),
        outer=Outer(head.envelope_id, Precedence.FLASH, None),
        recipients=[Recipient(victim.remote.key, b"")],
        draws=letter.draws,
        primitives=PRIMITIVES,
    )
    assert victim.offer(raw) == [{"taken": True}]
    assert victim.desk.ask("journal", "verify")["ok"] is True


@pytest.mark.parametrize("size", [65, 200])
def test_too_many_envelopes_are_too_many(victim: Victim, size: int) -> None:  # 23
    status, _ = victim.post("/node/envelopes", gate.encode([b""] * size))
    assert status == 413


def test_too_large_a_body_is_not_read(victim: Victim) -> None:  # 23
    status, _ = victim.post("/node/envelopes", bytes(12 * 1024 * 1024))
    assert status == 413


def test_a_body_that_is_no_cbor_is_refused(victim: Victim) -> None:
    assert victim.post("/node/envelopes", b"garbage")[0] == 400
    assert victim.post("/node/envelopes", gate.encode({"a": 1}))[0] == 400


def test_what_is_not_admitted_is_not_read(victim: Victim) -> None:  # 22
    body = gate.encode([raw_seal(victim.letter())])
    url = victim.peer_url + "/node/envelopes"
    good = RequestSigner("zz", ZZ.request, lambda: os.urandom(16).hex())
    signed = dict(good.sign("POST", url, body, NOW()))
    assert victim.post("/node/envelopes", body, signed={})[0] == 401
    assert victim.post("/node/envelopes", body + b"\0", signed=signed)[0] == 401
    other = good.sign("POST", victim.peer_url + "/node/blobs/00", body, NOW())
    assert victim.post("/node/envelopes", body, signed=other)[0] == 401
    old = good.sign("POST", url, body, NOW() - HOUR)
    assert victim.post("/node/envelopes", body, signed=old)[0] == 401
    nobody = RequestSigner("xx", ZZ.request, lambda: "n").sign("POST", url, body, NOW())
    assert victim.post("/node/envelopes", body, signed=nobody)[0] == 401
    wrong_key = RequestSigner("zz", ZZ.journal, lambda: "n").sign("POST", url, body, NOW())
    assert victim.post("/node/envelopes", body, signed=wrong_key)[0] == 401
    signed = dict(good.sign("POST", url, body, NOW()))
    assert victim.post("/node/envelopes", body, signed=signed)[0] == 200
    assert victim.post("/node/envelopes", body, signed=signed)[0] == 401, "a nonce is good once"


def test_an_unverified_partner_is_told_so(victim: Victim) -> None:
    jp = Node.make("jp", suite.H5)
    body = gate.encode([b""])
    url = victim.peer_url + "/node/envelopes"
    signed = RequestSigner("jp", jp.request, lambda: "n1").sign("POST", url, body, NOW())
    assert victim.post("/node/envelopes", body, signed=signed)[0] == 403


def test_a_poller_that_tells_of_what_it_was_not_given_is_refused(victim: Victim) -> None:
    forged = pull.Result(bytes(16), outcomes=(pull.Outcome(taken=True, code="", message=""),))
    for lane in Lane:
        poll = pull.encode_poll(pull.Poll(pull.VERSION, lane, forged))
        assert victim.post("/node/pull", poll)[0] == 409
    for body in (b"", b"garbage", gate.encode([2, 1, None]), gate.encode([1, 9, None])):
        assert victim.post("/node/pull", body)[0] == 400
    assert victim.post("/node/pull", bytes(pull.MAX_POLL + 1))[0] == 413
    good = pull.encode_poll(pull.Poll(pull.VERSION, Lane.FLASH, None))
    assert victim.post("/node/pull", good, signed={})[0] == 401


def test_many_polls_of_one_lane_are_one(victim: Victim) -> None:
    poll = pull.encode_poll(pull.Poll(pull.VERSION, Lane.BULK, None))
    with ThreadPoolExecutor(8) as pool:
        polls = [pool.submit(victim.post, "/node/pull", poll) for _ in range(8)]
        first = [poll.result() for poll in as_completed(polls)]
    # All but the last are answered at once with nothing, the last when its time is over.
    assert first == [(200, b"")] * 8


def test_blobs_that_nobody_needs_are_not_kept(victim: Victim) -> None:
    zero = {"Noroshi-Offset": "0"}
    assert victim.post(f"/node/blobs/{'00' * 32}", b"x", zero)[0] == 404
    assert victim.post("/node/blobs/zz", b"x", zero)[0] == 400
    assert victim.post(f"/node/blobs/{'00' * 32}", b"x")[0] == 400
    assert not list((victim.desk.home / "blobs").iterdir())


def refusals(home: Path) -> int:
    """Return how many entries of a journal tell of something that was refused."""
    database = apsw.Connection(str(home / "node.db"), flags=apsw.SQLITE_OPEN_READONLY)
    counted = "SELECT COUNT(*) FROM journal_entry WHERE instr(leaf, CAST('Refused' AS BLOB)) > 0"
    ((count,),) = database.execute(counted)
    database.close()
    return int(count)


def test_every_refusal_is_in_the_journal(victim: Victim) -> None:
    raw = flipped(victim.letter(), victim)
    before = refusals(victim.desk.home)
    for _ in range(3):
        victim.offer(raw)
    assert refusals(victim.desk.home) == before + 1, "the same bytes once"


def test_slow_strangers_cost_a_partner_nothing(victim: Victim) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    host, port = victim.peer_url.removeprefix("https://").split(":")
    with contextlib.ExitStack() as opened:
        strangers = []
        for _ in range(STRANGERS + 40):
            plain = socket.create_connection((host, int(port)), timeout=20)
            stranger = opened.enter_context(context.wrap_socket(plain))
            stranger.sendall(b"POST /node/envelopes HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            strangers.append(stranger)
        (outcome,) = victim.offer(raw_seal(victim.letter()))
        assert outcome["taken"] is True
        for dismissed in strangers[:40]:
            with contextlib.suppress(ssl.SSLError, ConnectionError):
                assert dismissed.recv(1) == b""
        strangers[-1].settimeout(0.0)
        with pytest.raises(ssl.SSLWantReadError):
            strangers[-1].recv(1)


def stranger_at(victim: Victim, opened: contextlib.ExitStack) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    host, port = victim.peer_url.removeprefix("https://").split(":")
    plain = socket.create_connection((host, int(port)), timeout=20)
    return opened.enter_context(context.wrap_socket(plain))


@pytest.mark.parametrize(
    "request_head",
    [
        b"POST /node/envelopes HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nabc",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"no HTTP at all\r\n\r\n",
    ],
)
def test_who_is_not_admitted_is_not_kept(victim: Victim, request_head: bytes) -> None:
    with contextlib.ExitStack() as opened:
        stranger = stranger_at(victim, opened)
        stranger.sendall(request_head)
        answer = b""
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            while more := stranger.recv(4096):
                answer += more
        assert answer.startswith(b"HTTP/1.1 4")


def test_a_partner_that_was_admitted_is_kept(victim: Victim) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    address = victim.peer_url.removeprefix("https://")
    with contextlib.ExitStack() as opened:
        kept = http.client.HTTPSConnection(address, context=context, timeout=30)
        opened.callback(kept.close)
        first = None
        for _ in range(2):
            status, _ = victim.post("/node/envelopes", gate.encode([]), over=kept)
            assert status == 200
            first = first or kept.sock
            assert kept.sock is first, "it was closed meanwhile"
            for _ in range(STRANGERS + 5):
                stranger_at(victim, opened)


def test_what_strangers_send_leaves_json_lines_and_few(victim: Victim) -> None:
    log = victim.desk.home.with_suffix(".log")
    before = len(log.read_bytes().splitlines())
    with contextlib.ExitStack() as opened:
        for _ in range(40):
            stranger_at(victim, opened).sendall(b"no HTTP at all\r\n\r\n")
            stranger_at(victim, opened).sendall(
                b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
            )
        assert victim.offer(raw_seal(victim.letter()))
    lines = log.read_bytes().splitlines()[before:]
    assert len(lines) < 40
    for line in lines:
        json.loads(line)
