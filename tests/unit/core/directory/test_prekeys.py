"""Prekeys: what a statement may say, and when keys are made and destroyed."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec
import pytest

from noroshi.adapters.sealing.pyca import PycaUnwrapper, seed_from
from noroshi.core.directory.prekeys import (
    LONGEST_KEPT,
    MAX_PREKEYS,
    VERSION,
    Prekey,
    PrekeysHead,
    Schedule,
    check_prekeys,
    due,
    next_due,
)
from noroshi.core.envelope import suite
from noroshi.core.envelope.keys import PublicKey, Purpose
from noroshi.core.errors import MalformedError
from noroshi.core.instant import DAY, LATEST
from tests.unit.core.nodes import AU, NATO, NOW, PRIMITIVES, changed, draw

CARD = AU.card()
SCHEDULE = Schedule()


def a_key(label: str) -> PublicKey:
    alg = AU.profile.kem
    return PycaUnwrapper(alg, seed_from(alg, draw(f"prekey {label}", 112))).public_key


def a_prekey(day: int) -> Prekey:
    begins = NOW + day * DAY
    return Prekey(a_key(str(day)), begins, begins + DAY, begins + 15 * DAY)


def a_head(*prekeys: Prekey) -> PrekeysHead:
    return PrekeysHead(VERSION, bytes(16), "au", NOW, None, tuple(NATO.addressed), 1, prekeys)


def test_a_statement_of_some_days_is_taken() -> None:
    check_prekeys(a_head(*map(a_prekey, range(3))), CARD, PRIMITIVES)


SPOILT: Final[Mapping[str, Callable[[Prekey], tuple[Prekey, ...]]]] = {
    "none": lambda _: (),
    "one twice": lambda p: (p, p),
    "one key twice": lambda p: (p, changed(p, begins_at=p.begins_at + 1)),
    "not in order": lambda p: (changed(a_prekey(1), begins_at=p.begins_at + 1), p),
    "two at once": lambda p: (p, changed(a_prekey(1), begins_at=p.begins_at)),
    "ends as it begins": lambda p: (changed(p, begins_at=p.ends_at),),
    "before time": lambda p: (changed(p, begins_at=-1),),
    "after time": lambda p: (changed(p, kept_until=LATEST + 1),),
    "destroyed before it ends": lambda p: (changed(p, kept_until=p.ends_at - 1),),
    "kept too long": lambda p: (changed(p, kept_until=p.ends_at + LONGEST_KEPT + 1),),
    "another purpose": lambda p: (changed(p, key=changed(p.key, purpose=Purpose.REQUEST)),),
    "another algorithm": lambda p: (changed(p, key=NATO.key),),
    "the key of the card": lambda p: (changed(p, key=AU.key),),
    "no key": lambda p: (changed(p, key=changed(p.key, material=p.key.material[1:])),),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_statement_that_cannot_be_is_refused(how: str) -> None:
    with pytest.raises(MalformedError):
        check_prekeys(a_head(*SPOILT[how](a_prekey(0))), CARD, PRIMITIVES)


def test_no_more_prekeys_than_a_statement_may_hold() -> None:
    with pytest.raises(MalformedError):
        check_prekeys(a_head(*map(a_prekey, range(MAX_PREKEYS + 1))), CARD, PRIMITIVES)


def test_the_first_are_made_for_eight_days_and_the_next_four_days_later() -> None:
    spans = due([], SCHEDULE, NOW)
    assert [begin for begin, _, _ in spans] == [NOW + day * DAY for day in range(8)]
    assert all((end - begin, kept - end) == (DAY, 14 * DAY) for begin, end, kept in spans)
    made = [Prekey(AU.key, *span) for span in spans]
    assert due(made, SCHEDULE, NOW + 4 * DAY) == []
    later = NOW + 4 * DAY + 1
    more = due(made, SCHEDULE, later)
    assert more[0][0] == made[-1].ends_at
    assert more[-1][1] >= later + 8 * DAY


def test_after_a_rest_longer_than_that_they_begin_now() -> None:
    made = [Prekey(AU.key, *span) for span in due([], SCHEDULE, NOW)]
    later = NOW + 30 * DAY
    assert due(made, SCHEDULE, later)[0][0] == later


def test_the_next_time_is_the_first_at_which_something_is_due() -> None:
    assert next_due([], SCHEDULE, NOW) == NOW - SCHEDULE.least
    made = [Prekey(AU.key, *span) for span in due([], SCHEDULE, NOW)]
    assert next_due(made, SCHEDULE, NOW) == NOW + 4 * DAY
    old = Prekey(AU.key, NOW - 15 * DAY, NOW - 14 * DAY, NOW + 1)
    assert next_due([old, *made], SCHEDULE, NOW) == NOW + 1


def test_its_digest_is_that_of_its_key() -> None:
    one, other = a_prekey(0), a_prekey(1)
    assert one.digest != other.digest
    assert one.digest == msgspec.structs.replace(one, ends_at=one.ends_at + 1).digest
    assert suite.PREKEYS.aad not in {suite.RECEIPT.aad, suite.REPORT.aad, suite.COURIER.aad}
