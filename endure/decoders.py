"""Every decoder that meets bytes from outside, with a maker of hostile input for each.

A maker returns one input; the decoder reads it and returns what it told in return. It may
raise :class:`noroshi.core.errors.NoroshiError` and nothing else.
"""

import asyncio
import io
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Final

import msgspec
from starlette.applications import Starlette

from endure import compacted, identities, imports
from endure.exchange import Pair
from endure.forgery import CANARY, Forger, receipt_parts, unchanged
from endure.jsonlies import make_json
from endure.mutate import mutate, with_one_changed
from noroshi.adapters.admission import RequestSigner, RequestVerifier
from noroshi.core import gate
from noroshi.core.courier.cut import SMALLEST_SIZE
from noroshi.core.courier.volume import MAGIC, PURPOSE, payload_digest, read_fragments, read_head
from noroshi.core.delivery.pull import Poll
from noroshi.core.delivery.receipt import ReceiptHead, digest, encode_beside, open_beside
from noroshi.core.delivery.witness import MAX_PART, decode_part
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.keys import Purpose
from noroshi.core.errors import NoroshiError
from noroshi.core.recognition import recognise
from noroshi.core.tlog.checkpoint import origin_of, parse_note, verify_note
from noroshi.core.tlog.cosignature import cosign
from noroshi.core.tlog.entry import decode_entry
from noroshi.entrypoints.peer.door import peer_door
from noroshi.flow import answers, opening, proofs, requests, watch
from noroshi.flow.cosign import judge
from noroshi.flow.records import KnownPartner
from noroshi.flow.sightings import cosigned_view

STATUSES: Final = frozenset({200, 400, 401, 403, 404, 408, 409, 413, 415, 422})
"""What the peer door may answer to hostile requests."""


class Decoder(msgspec.Struct, frozen=True):
    """A decoder under test."""

    make: Callable[[random.Random], bytes]
    feed: Callable[[bytes], str]
    """Reads an input; returns what was told about it."""
    is_own: bool = False
    """The input is the reader's own, so an error may quote it."""


@contextmanager
def decoders(pair: Pair) -> Iterator[Mapping[str, Decoder]]:
    """Give all decoders; the second node of `pair` is attacked by the first."""
    with asyncio.Runner() as runner:
        yield {
            "envelope": _envelope(pair),
            "receipt": _receipt(),
            "card": Decoder(*identities.card(pair)),
            "directory": Decoder(*identities.directory(pair)),
            "proof": _proof(pair),
            "checkpoint": _checkpoint(pair),
            "cosignature": _cosignature(pair),
            "witness": _witness(pair),
            "entry": _entry(pair),
            "courier": _courier(pair),
            "compact": Decoder(*compacted.content()),
            "json": Decoder(make_json, lambda raw: str(recognise(raw)), is_own=True),
            "import": Decoder(imports.make, imports.feed, is_own=True),
            "peer-door": _peer_door(pair, runner),
        }


def _envelope(pair: Pair) -> Decoder:
    """Opening an envelope: changed on the way, or by its sender at any layer."""
    forger, victim = Forger(pair), pair.nodes[1]
    base = random.Random(0)
    whole = [
        seal(base, unchanged)
        for seal in (forger.seal_report, forger.seal_receipt)
        for _ in range(8)
    ]
    identity = victim.identity

    def make(draw: random.Random) -> bytes:
        kind = draw.random()
        if kind < 0.6:
            return mutate(draw.choice(whole), draw)
        return forger.report(draw) if kind < 0.85 else forger.receipt(draw)

    def feed(raw: bytes) -> str:
        with victim.store.read() as tables:
            incoming = opening.open_raw(tables, raw, identity, victim.house.clock.now())
        if isinstance(incoming, opening.Refused):
            raise NoroshiError(incoming.code, incoming.message)
        return "taken"

    return Decoder(make, feed)


def _receipt() -> Decoder:
    """The parts of a receipt, without the seal around them."""

    def make(draw: random.Random) -> bytes:
        entries, issued = receipt_parts(draw, unchanged)
        beside = encode_beside(entries, issued)
        head = ReceiptHead(
            version=1,
            envelope_id=draw.randbytes(16),
            sender="jp",
            created_at=1_800_000_000_000_000,
            expires_at=None,
            to=(("nato", draw.randbytes(16)),),
            entries=tuple(map(digest, entries)),
            issued=digest(issued),
            checkpoint=b"",
            seen_size=0,
            seen_root=b"",
        )
        if draw.random() < 0.5:
            entries[-1] = mutate(entries[-1], draw)
            beside = encode_beside(entries, issued)
            head = msgspec.structs.replace(head, entries=tuple(map(digest, entries)))
            return gate.encode([gate.encode_struct(head), beside])
        raw = gate.encode_struct(head)
        return gate.encode(
            [mutate(raw, draw), beside] if draw.random() < 0.5 else [raw, mutate(beside, draw)]
        )

    def feed(raw: bytes) -> str:
        parts = gate.convert(gate.decode(raw, limit=suite.MAX_INNER), tuple[bytes, bytes])
        head = gate.decode_struct(parts[0], ReceiptHead, limit=suite.MAX_SIGNED)
        open_beside(head, parts[1])
        return "read"

    return Decoder(make, feed)


def _proof(pair: Pair) -> Decoder:
    """A proof file, changed anywhere or in one of its parts."""
    first, second = pair.nodes
    report_id = pair.send(first, f"Smoke {CANARY}")
    pair.carry()
    pair.acknowledge(second, report_id)
    pair.carry()
    with first.store.read() as tables:
        raw_proof = proofs.make_proof(tables, report_id, first.house.me)
    fields = gate.convert(gate.decode(raw_proof, limit=proofs.MAX_PROOF), list[object])
    cards, primitives = pair.cards, first.house.primitives

    def make(draw: random.Random) -> bytes:
        if draw.random() < 0.5:
            return mutate(raw_proof, draw)
        return gate.encode(with_one_changed(fields, draw))

    def feed(raw: bytes) -> str:
        claims = proofs.verify_proof(raw, cards, primitives)
        proofs.witnessed_in(raw, second.house.me, cards, primitives)
        return str(claims)

    return Decoder(make, feed)


def _checkpoint(pair: Pair) -> Decoder:
    node = pair.nodes[0]
    card = pair.cards[node.house.me]
    with node.store.read() as tables:
        note = tables.journal.newest_note()

    def feed(raw: bytes) -> str:
        parse_note(raw)
        origin = origin_of(card.partner, card.epoch)
        verify_note(raw, origin, card.key(Purpose.JOURNAL), node.house.primitives)
        return "verified"

    return Decoder(lambda draw: mutate(note, draw), feed)


def _cosignature(pair: Pair) -> Decoder:
    signer, witness = pair.nodes
    mine, theirs = pair.cards[signer.house.me], pair.cards[witness.house.me]
    with signer.store.read() as tables:
        note = tables.journal.newest_note()
    now = signer.house.clock.now()
    cosigned = cosign(note, theirs.partner, now, witness.identity.journal_signer)

    def feed(raw: bytes) -> str:
        return str(cosigned_view(raw, mine, theirs, signer.house.primitives))

    return Decoder(lambda draw: mutate(cosigned, draw), feed)


def _witness(pair: Pair) -> Decoder:
    """What an answer to a comms check tells of journals, taken in by the node that asked."""
    victim, teller = pair.nodes
    me, there = victim.house.me, teller.house.me
    with victim.store.read() as tables:
        asked = watch.make_check(tables, there, victim.identity, victim.house.clock.now())
    with teller.store.read() as tables:
        told = watch.make_check(tables, me, teller.identity, asked.at, asked)
    fields = gate.convert(gate.decode(told.witness, limit=MAX_PART), list[object])

    def make(draw: random.Random) -> bytes:
        if draw.random() < 0.5:
            return mutate(told.witness, draw)
        return gate.encode(with_one_changed(fields, draw))

    def feed(raw: bytes) -> str:
        answer = msgspec.structs.replace(told, witness=raw)

        parts = (victim.identity, victim.house.entropy)
        victim.store.perform(lambda tx: judge(tx, there, asked, answer, *parts))
        return str(decode_part(raw))

    return Decoder(make, feed)


def _entry(pair: Pair) -> Decoder:
    with pair.nodes[0].store.read() as tables:
        leaves = [leaf for _, leaf, *_ in tables.journal.leaves()]

    def feed(raw: bytes) -> str:
        decode_entry(raw)
        return "read"

    return Decoder(lambda draw: mutate(draw.choice(leaves), draw), feed)


def _courier(pair: Pair) -> Decoder:
    """A courier volume: changed, or its payload or head changed by the partner that signs it."""
    first, second = pair.nodes
    pair.send(first, "carried")
    asked = requests.CourierOut(to=second.house.me, volume=SMALLEST_SIZE)
    packed = answers.handle(first.house, asked)
    assert isinstance(packed, dict)
    _, chunks = answers.volume(first.house, str(packed["set"]), 1)
    whole = b"".join(chunks)
    card = first.identity.card.card
    file = io.BytesIO(whole)
    signed = read_head(file.read)
    payload = file.read()

    def make(draw: random.Random) -> bytes:
        kind = draw.random()
        if kind < 0.4:
            return mutate(whole, draw)
        head, content = signed.head, payload
        if kind < 0.7:
            content = mutate(payload, draw)
            size, digest = payload_digest(iter((content,)))
            head = msgspec.structs.replace(head, size=size, digest=digest)
        raw = gate.encode_struct(head)
        if kind >= 0.7:
            raw = mutate(raw, draw)
        raw = cose.sign(raw, suite.COURIER, card.profile, first.identity.receipt_signers)
        return MAGIC + len(raw).to_bytes(4) + raw + content

    def feed(raw: bytes) -> str:
        file = io.BytesIO(raw)
        found = read_head(file.read)
        found.verify(card.signers(PURPOSE), second.house.primitives)
        content = file.read()
        if payload_digest(iter((content,))) != (found.head.size, found.head.digest):
            return "another payload"
        read = partial(_slice, content)
        return str(len(list(read_fragments(read, found.head.number, len(content)))))

    return Decoder(make, feed)


def _slice(raw: bytes, position: int, size: int) -> bytes:
    return raw[position : position + size]


def _peer_door(pair: Pair, runner: asyncio.Runner) -> Decoder:
    """Requests to the peer door, signed by a verified partner, with any body."""
    first, second = pair.nodes
    forger = Forger(pair)
    url = second.settings.peer_url
    numbers = random.Random(0)
    signer = RequestSigner(
        first.house.me, first.identity.request_signer, lambda: f"{numbers.getrandbits(128):x}"
    )

    def find(partner: str) -> KnownPartner | None:
        with second.store.read() as tables:
            return tables.partners.get(partner)

    async def poll(_partner: str, _poll: Poll) -> None:
        """Have nothing to offer."""

    app = peer_door(lambda: second.house, RequestVerifier(find), lambda: url, poll)
    whole = [forger.seal_report(numbers, unchanged) for _ in range(8)]

    def feed(raw: bytes) -> str:
        path = "/node/envelopes"
        if raw[:1] < b"\x40":  # no array of envelopes anyway: try the other route
            path = f"/node/blobs/{raw[:32].hex()}" if raw[:1] < b"\x20" else "/node/pull"
        headers = dict(signer.sign("POST", url + path, raw, second.house.clock.now()))
        headers["Noroshi-Offset"] = str(len(raw) - 40)
        if raw[-1:] > b"\xc0":
            headers = {name: value[: raw[-1] - 0xC0] for name, value in headers.items()}
        status, answer = runner.run(_post(app, path, headers, raw))
        if status not in STATUSES:
            msg = f"the peer door answered {status}"
            raise AssertionError(msg)
        if status != 200 or b'"taken":false' in answer:
            raise NoroshiError(f"refused with {status}", answer.decode())
        return answer.decode()

    return Decoder(lambda draw: _make_body(draw, forger, whole), feed)


def _make_body(draw: random.Random, forger: Forger, whole: list[bytes]) -> bytes:
    kind = draw.random()
    if kind < 0.5:
        return mutate(gate.encode(draw.sample(whole, draw.randrange(1, 4))), draw)
    if kind < 0.7:
        return gate.encode([mutate(draw.choice(whole), draw)])
    if kind < 0.8:
        return gate.encode([forger.report(draw), forger.receipt(draw)])
    return draw.randbytes(draw.randrange(300))


async def _post(
    app: Starlette, path: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, bytes]:
    """Hand a request to an application as a server would; return status and body."""
    status, answer = 0, b""

    async def receive_message() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send_message(message: Mapping[str, object]) -> None:
        nonlocal status, answer
        if message["type"] == "http.response.start":
            status = int(str(message["status"]))
        else:
            answer += bytes(message.get("body") or b"")  # type: ignore[call-overload]

    scope = {
        "type": "http",
        "state": {"admitted": lambda: None},
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    await app(scope, receive_message, send_message)
    return status, answer
