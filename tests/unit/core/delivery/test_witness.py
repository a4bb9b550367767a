"""What a comms check asks and tells of journals."""

import pytest

from noroshi.core import gate
from noroshi.core.delivery.check import CommsCheck, Tally, decode_check, encode_check
from noroshi.core.delivery.witness import (
    MAX_OTHERS,
    MAX_PART,
    MAX_PROOFS,
    MAX_TAGS,
    WitnessPart,
    ask,
    asked_sizes,
    asked_tags,
    decode_part,
    encode_part,
    tag_of,
)
from noroshi.core.errors import MalformedError
from noroshi.core.tlog.checkpoint import MAX_NOTE
from noroshi.core.tlog.cosignature import MAX_COSIGNED
from tests.unit.core.nodes import NOW, changed

CHECK = CommsCheck(1, NOW, Tally(2, (), ()), ((1, 5, 7),), ())
PART = WitnessPart(1, b"a note", ((4, (bytes(32), bytes(32))),), b"cosigned", (b"of au",))


def test_what_is_asked_is_read() -> None:
    check = changed(CHECK, settled=CHECK.settled + ask((0, 17), (5, 9)))
    assert asked_sizes(check) == (0, 17)
    assert asked_tags(check) == (5, 9)
    assert decode_check(encode_check(check)) == check


def test_a_node_that_does_not_ask_knows_nothing_of_witnesses() -> None:
    assert asked_sizes(CHECK) == asked_tags(CHECK) == ()


def test_what_cannot_be_asked_is_passed_over() -> None:
    wild = ((0, 1, -1), (0, 1, 2**53), (0, 3, 4), (0, 1, 6))
    assert asked_sizes(changed(CHECK, settled=wild)) == (6,)
    many = changed(CHECK, settled=ask(range(99), range(99)))
    assert len(asked_sizes(many)) == MAX_PROOFS
    assert len(asked_tags(many)) == MAX_TAGS


def test_a_tag_is_of_two_who_speak_and_a_third() -> None:
    one = tag_of(b"root", "jp", "nato")
    assert 0 <= one < 2**48
    assert len({one, tag_of(b"root", "nato", "jp"), tag_of(b"rood", "jp", "nato")}) == 3


def test_a_part_is_read_as_it_was_written() -> None:
    assert decode_part(encode_part(PART)) == PART
    check = changed(CHECK, witness=encode_part(PART))
    assert decode_check(encode_check(check)) == check


def test_without_a_part_a_check_is_what_it_was_before_there_were_witnesses() -> None:
    fields = gate.decode(encode_check(CHECK), limit=1000)
    assert isinstance(fields, list)
    assert len(fields) == 7


@pytest.mark.parametrize(
    "part",
    [
        changed(PART, version=2),
        changed(PART, proofs=((1, ()),) * (MAX_PROOFS + 1)),
        changed(PART, others=(b"",) * (MAX_OTHERS + 1)),
        changed(PART, cosigned=bytes(MAX_COSIGNED + 1)),
        changed(PART, note=bytes(MAX_NOTE + 1)),
        changed(PART, others=(bytes(MAX_NOTE + 1),)),
        changed(PART, proofs=((1, (bytes(MAX_PART),)),)),
    ],
)
def test_what_is_no_part_is_refused(part: WitnessPart) -> None:
    with pytest.raises(MalformedError):
        decode_part(encode_part(part))
