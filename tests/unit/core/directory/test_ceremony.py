"""What custodians carry between machines."""

import pytest

from noroshi.core.directory.ceremony import (
    ROLE_PURPOSES,
    Proposal,
    RootKeys,
    fingerprint,
    is_fingerprint,
    online_fingerprint,
    read_keys,
    read_proposal,
)
from noroshi.core.directory.repository import MAX_ROOT, MAX_ROOTS
from noroshi.core.envelope.keys import Purpose
from noroshi.core.errors import InputError
from tests.unit.core.nodes import JP, NATO, PRIMITIVES, changed

PROPOSAL = Proposal(1, "nato", (b"one",), b"two")
ROOT = (Purpose.ROOT,)


def test_a_proposal_is_read_from_its_armour() -> None:
    assert read_proposal(PROPOSAL.armoured.encode()) == PROPOSAL
    assert read_proposal(changed(PROPOSAL, roots=()).armoured.encode()).roots == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"version": 2},
        {"partner": "NATO"},
        {"roots": (b"",) * MAX_ROOTS},
        {"proposed": bytes(MAX_ROOT + 1)},
    ],
    ids=lambda fields: str(fields)[:20],
)
def test_one_that_cannot_be_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(InputError) as caught:
        read_proposal(changed(PROPOSAL, **fields).armoured.encode())
    assert caught.value.code == "bad-directory"


@pytest.mark.parametrize("text", [b"", PROPOSAL.armoured[:60].encode()])
def test_what_is_not_whole_is_told(text: bytes) -> None:
    with pytest.raises(InputError, match="nothing whole"):
        read_proposal(text)


def test_what_is_damaged_is_told() -> None:
    keys = RootKeys(1, (NATO.root.public_key,)).armoured.replace("ROOT KEYS", "ROOT")
    with pytest.raises(InputError, match="is damaged"):
        read_proposal(keys.encode())


def test_keys_are_read_for_what_they_are() -> None:
    keys = RootKeys(1, (NATO.root.public_key,))
    assert read_keys(keys.armoured.encode(), ROOT, PRIMITIVES) == keys.keys


@pytest.mark.parametrize(
    "keys",
    [
        RootKeys(2, (NATO.root.public_key,)),
        RootKeys(1, (NATO.root.public_key, JP.root.public_key)),
        RootKeys(1, (NATO.report_signers[0].public_key,)),
        RootKeys(1, (changed(NATO.root.public_key, material=b"short"),)),
    ],
    ids=["version", "two", "of another purpose", "no key"],
)
def test_other_keys_are_refused(keys: RootKeys) -> None:
    with pytest.raises(InputError, match="other keys than those for: root"):
        read_keys(keys.armoured.encode(), ROOT, PRIMITIVES)
    assert len(ROLE_PURPOSES) == 3


def test_fingerprints_are_compared_however_they_are_typed() -> None:
    one, other = NATO.root.public_key, JP.root.public_key
    shown = online_fingerprint((one, other))
    assert [len(part) for part in shown.split()] == [4] * 6
    assert is_fingerprint(shown.upper().replace(" ", ""), shown)
    assert not is_fingerprint(shown[:-1], shown)
    assert not is_fingerprint("", shown)
    assert len({shown, online_fingerprint((other, one)), fingerprint(one), fingerprint(other)}) == 4
