"""What a verified head must say before anything is believed."""

import hashlib
from collections.abc import Mapping

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core import gate
from noroshi.core.envelope import suite
from noroshi.core.envelope.head import (
    MAX_SKEW,
    AttachmentDigest,
    Beside,
    OwnPart,
    Recipient,
    ReportHead,
    Serial,
    check_report,
    check_routing,
    claimed_sender,
    commitment,
    salted_digest,
)
from noroshi.core.envelope.open import Opened, open_envelope
from noroshi.core.errors import MalformedError, RefusalError, UnreadableError
from noroshi.core.instant import DAY, HOUR
from noroshi.core.precedence import Precedence, Status
from tests.unit.core.nodes import (
    AU,
    JP,
    NATO,
    NOW,
    NZ,
    PRIMITIVES,
    Letter,
    a_letter,
    changed,
    draw,
    read,
)

LETTER = a_letter(JP, [NATO, NZ])
HEAD = LETTER.head
OPENED = open_envelope(LETTER.seal(), NZ.mine, PRIMITIVES)
OWN = LETTER.own_parts[1]

HEADS = st.builds(
    ReportHead,
    version=st.integers(0, 9),
    envelope_id=st.binary(max_size=16),
    sender=st.text(max_size=8),
    created_at=st.integers(0, 2**60),
    expires_at=st.none() | st.integers(0, 2**60),
    to=st.lists(st.tuples(st.text(max_size=4), st.binary(max_size=8)), max_size=3).map(tuple),
    report_id=st.binary(max_size=16),
    precedence=st.sampled_from(Precedence),
    info_precedence=st.sampled_from(Precedence),
    status=st.sampled_from(Status),
    marking=st.text(max_size=20),
    serials=st.lists(st.binary(max_size=32), max_size=3).map(tuple),
    content_digest=st.binary(max_size=32),
    attachments=st.lists(
        st.builds(AttachmentDigest, st.binary(), st.integers(0, 2**40), st.binary()), max_size=2
    ).map(tuple),
)


@given(HEADS)
def test_a_head_is_encoded_and_decoded(head: ReportHead) -> None:
    raw = gate.encode_struct(head)
    assert gate.decode_struct(raw, ReportHead, limit=suite.MAX_SIGNED) == head
    assert claimed_sender(raw) == head.sender


@pytest.mark.parametrize("fields", [[], [1, b""], [1, b"", b"jp"], [1, b"", None], {2: "jp"}, "jp"])
def test_a_head_that_names_no_sender(fields: object) -> None:
    with pytest.raises(MalformedError):
        claimed_sender(gate.encode(fields))


def test_a_commitment_binds_all_of_a_serial_number() -> None:
    serial = Serial(bytes(16), "nz", 1, Precedence.FLASH, 7)
    assert commitment(serial) == hashlib.sha256(cbor2.dumps([bytes(16), "nz", 1, 5, 7])).digest()
    others = [
        changed(serial, salt=bytes(15)),
        changed(serial, partner="au"),
        changed(serial, precedence=Precedence.ROUTINE),
        changed(serial, number=8),
        changed(serial, epoch=2),
    ]
    assert len({commitment(s) for s in (serial, *others)}) == 6


def test_a_salted_digest() -> None:
    assert salted_digest(b"salt", b"data") == hashlib.sha256(b"saltdata").digest()


def test_a_right_head_passes() -> None:
    check_routing(HEAD, OPENED, NZ.addressed, NOW)
    assert check_report(HEAD, OPENED, NZ.addressed) == (LETTER.beside, OWN)


def refused(
    code: str, head: ReportHead, opened: Opened = OPENED, me: frozenset[Recipient] = NZ.addressed
) -> None:
    with pytest.raises(RefusalError) as caught:
        check_routing(head, opened, me, NOW)
    assert caught.value.code == code


@pytest.mark.parametrize("version", [0, 2, -1])
def test_another_version_is_refused(version: int) -> None:
    refused("malformed", changed(HEAD, version=version))


@pytest.mark.parametrize(
    "to",
    [
        pytest.param(tuple(reversed(HEAD.to)), id="not sorted"),
        pytest.param((HEAD.to[0], HEAD.to[1], HEAD.to[1]), id="one twice"),
    ],
)
def test_recipients_stand_in_order_and_once(to: object) -> None:
    refused("malformed", changed(HEAD, to=to))


@pytest.mark.parametrize(
    "fields",
    [
        {"envelope_id": draw("another envelope", 16)},
        {"expires_at": None},
        {"expires_at": NOW + 7 * HOUR},
    ],
)
def test_a_head_cut_from_another_envelope_is_refused(fields: Mapping[str, object]) -> None:
    refused("malformed", changed(HEAD, **fields))


@pytest.mark.parametrize(
    "to",
    [
        pytest.param((), id="nobody"),
        pytest.param(HEAD.to[:1], id="not me"),
        pytest.param((HEAD.to[0], ("nz", draw("another key", 8))), id="another key of mine"),
        pytest.param((("au", HEAD.to[1][1]), HEAD.to[0]), id="my key, another partner"),
    ],
)
def test_a_head_that_names_other_recipients_is_refused(to: object) -> None:
    refused("not-addressed", changed(HEAD, to=to))


def test_a_block_that_anybody_can_add_leads_to_no_signed_reason() -> None:
    with pytest.raises(UnreadableError):
        check_routing(changed(HEAD, to=HEAD.to[1:]), OPENED, NZ.addressed, NOW)


def test_a_head_may_name_more_recipients_than_blocks_came() -> None:
    to = (("au", AU.key.kid), *HEAD.to)
    check_routing(changed(HEAD, to=to), OPENED, NZ.addressed, NOW)


def test_a_report_passed_on_under_the_first_signature_is_refused() -> None:
    # NATO takes what JP signed for it and seals it again, for AU.
    letter = a_letter(JP, [NATO])
    resealed = changed(letter, recipients=(AU,))
    with pytest.raises(RefusalError) as caught:
        read(resealed.seal(), AU)
    assert caught.value.code == "not-addressed"


def test_one_recipient_more_than_was_signed_is_refused() -> None:
    resealed = changed(LETTER, recipients=(NATO, NZ, AU), own_parts=(*LETTER.own_parts, OWN))
    with pytest.raises(UnreadableError):
        read(resealed.seal(), NZ)


@pytest.mark.parametrize("created_at", [-1, NOW + MAX_SKEW + 1, 2**62])
def test_a_head_from_the_future_is_refused(created_at: int) -> None:
    refused("clock-off", changed(HEAD, created_at=created_at))


@pytest.mark.parametrize("created_at", [0, NOW - 365 * DAY, NOW + MAX_SKEW])
def test_a_head_may_be_old_or_a_little_ahead(created_at: int) -> None:
    check_routing(changed(HEAD, created_at=created_at), OPENED, NZ.addressed, NOW)


def test_what_has_expired_is_refused_from_that_instant_on() -> None:
    assert HEAD.expires_at is not None
    check_routing(HEAD, OPENED, NZ.addressed, HEAD.expires_at - 1)
    for now in (HEAD.expires_at, HEAD.expires_at + DAY):
        with pytest.raises(RefusalError) as caught:
            check_routing(HEAD, OPENED, NZ.addressed, now)
        assert caught.value.code == "expired"


def test_what_does_not_expire_is_never_too_late() -> None:
    outer = changed(OPENED.outer, expires_at=None)
    opened = changed(OPENED, outer=outer)
    check_routing(changed(HEAD, expires_at=None), opened, NZ.addressed, NOW + 10_000 * DAY)


def test_another_name_than_mine_is_refused() -> None:
    refused("not-addressed", HEAD, me=frozenset({("nato", NZ.key.kid)}))
    refused("not-addressed", HEAD, me=frozenset({("nz", AU.key.kid)}))


def report_refused(
    head: ReportHead = HEAD,
    *,
    beside: Beside = LETTER.beside,
    own: OwnPart = OWN,
    me: frozenset[Recipient] = NZ.addressed,
) -> str:
    """Return why the openings are refused."""
    opened = changed(OPENED, beside=gate.encode_struct(beside), own_part=gate.encode_struct(own))
    with pytest.raises(RefusalError) as caught:
        check_report(head, opened, me)
    assert caught.value.code == "malformed"
    return caught.value.message


@pytest.mark.parametrize("report_id", [b"", bytes(15), bytes(17)])
def test_a_report_id_of_another_length_is_refused(report_id: bytes) -> None:
    assert "id" in report_refused(changed(HEAD, report_id=report_id))


def test_another_content_is_refused() -> None:
    beside = LETTER.beside
    assert "content" in report_refused(beside=Beside(beside.salt, beside.content + b"."))
    assert "content" in report_refused(beside=Beside(bytes(32), beside.content))
    assert "content" in report_refused(changed(HEAD, content_digest=bytes(32)))


def test_the_border_between_salt_and_content_cannot_be_moved() -> None:
    whole = LETTER.beside.salt + LETTER.beside.content
    for cut in (0, 31, 33):
        assert "content" in report_refused(beside=Beside(whole[:cut], whole[cut:]))


@pytest.mark.parametrize(
    "fields",
    [
        {"salt": bytes(16)},
        {"number": 9},
        {"precedence": Precedence.FLASH},
        {"partner": "nato"},
    ],
)
def test_another_serial_number_is_refused(fields: Mapping[str, object]) -> None:
    serial = changed(OWN.serial, **fields)
    assert "serial" in report_refused(own=OwnPart(serial, b""))


def test_the_serial_number_of_a_neighbour_is_refused() -> None:
    assert "serial" in report_refused(own=LETTER.own_parts[0])
    assert "serial" in report_refused(own=LETTER.own_parts[0], me=frozenset({("nato", NZ.key.kid)}))


def test_a_serial_number_that_names_another_partner_is_refused_even_where_it_is_signed() -> None:
    serial = changed(OWN.serial, partner="nato")
    head = changed(HEAD, serials=(HEAD.serials[0], commitment(serial)))
    assert "serial" in report_refused(head, own=OwnPart(serial, b""))


@pytest.mark.parametrize("number", [0, -1])
def test_serial_numbers_count_from_one(number: int) -> None:
    serial = changed(OWN.serial, number=number)
    head = changed(HEAD, serials=(HEAD.serials[0], commitment(serial)))
    assert "serial" in report_refused(head, own=OwnPart(serial, b""))


@pytest.mark.parametrize(
    "serials", [(), HEAD.serials[:1], (*HEAD.serials, bytes(32)), tuple(reversed(HEAD.serials))]
)
def test_there_is_one_serial_number_for_each_recipient(serials: tuple[bytes, ...]) -> None:
    assert "serial" in report_refused(changed(HEAD, serials=serials))


@pytest.mark.parametrize("precedence", [p for p in Precedence if p is not Precedence.FLASH])
def test_the_envelope_goes_with_the_precedence_that_was_signed(precedence: Precedence) -> None:
    opened = changed(OPENED, outer=changed(OPENED.outer, precedence=precedence))
    with pytest.raises(RefusalError, match="precedence"):
        check_report(HEAD, opened, NZ.addressed)


def test_the_higher_of_both_precedences_counts() -> None:
    head = changed(HEAD, precedence=Precedence.ROUTINE, info_precedence=Precedence.FLASH)
    assert check_report(head, OPENED, NZ.addressed)[1] == OWN


@pytest.mark.parametrize("raw", [b"", b"\x80", gate.encode([bytes(32)]), gate.encode("x")])
def test_openings_that_cannot_be_read_are_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        check_report(HEAD, changed(OPENED, beside=raw), NZ.addressed)
    with pytest.raises(MalformedError):
        check_report(HEAD, changed(OPENED, own_part=raw), NZ.addressed)


def test_every_recipient_reads_its_own_serial_number_alone() -> None:
    letter: Letter = a_letter(JP, [NATO, NZ, AU])
    raw = letter.seal()
    serials = {node.name: read(raw, node).own.serial for node in letter.recipients}
    assert {name: serial.number for name, serial in serials.items()} == {
        "nato": 7,
        "nz": 8,
        "au": 9,
    }
    for node in letter.recipients:
        opened = open_envelope(raw, node.mine, PRIMITIVES)
        visible = opened.own_part + opened.beside + opened.signed.raw
        for other, serial in serials.items():
            assert (serial.salt in visible) == (other == node.name)
