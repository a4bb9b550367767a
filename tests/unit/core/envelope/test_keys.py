import hashlib

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core.envelope import suite
from noroshi.core.envelope.keys import PublicKey, Purpose, SignerSet
from noroshi.core.envelope.suite import Alg
from tests.unit.core.nodes import JP, NZ, Node

KEYS = st.builds(PublicKey, st.sampled_from(Purpose), st.sampled_from(Alg), st.binary(max_size=64))


@given(KEYS)
def test_a_key_id_is_computed_from_purpose_algorithm_and_bytes(key: PublicKey) -> None:
    encoded = cbor2.dumps([int(key.purpose), int(key.alg), key.material])
    assert key.kid == hashlib.sha256(encoded).digest()[:8]


@given(KEYS, KEYS)
def test_two_keys_have_two_ids(one: PublicKey, other: PublicKey) -> None:
    assert (one.kid == other.kid) == (one == other)


@pytest.mark.parametrize("node", [JP, NZ], ids=["H5", "H3"])
@pytest.mark.parametrize("purpose", [Purpose.REPORT, Purpose.RECEIPT])
def test_a_signer_set_has_the_keys_of_its_profile_in_order(node: Node, purpose: Purpose) -> None:
    signers = SignerSet.of(node.profile, purpose, tuple(reversed(node.keys)))
    assert signers.profile == node.profile.number
    assert tuple(key.alg for key in signers.keys) == node.profile.signatures
    assert {key.purpose for key in signers.keys} == {purpose}


def test_a_signer_set_cannot_be_made_without_all_its_keys() -> None:
    with pytest.raises(KeyError):
        SignerSet.of(suite.H5, Purpose.REPORT, NZ.keys)


def test_profiles_are_known_by_number_and_name() -> None:
    assert suite.PROFILES == {1: suite.H5, 2: suite.H3, 3: suite.P5}
    assert suite.PROFILES_BY_NAME == {"H5": suite.H5, "H3": suite.H3, "P5": suite.P5}


def test_every_profile_seals_and_signs_after_quantum_computers() -> None:
    for profile in suite.PROFILES.values():
        assert profile.kem in suite.POST_QUANTUM_KEMS
        assert profile.signatures[0] in {Alg.ML_DSA_65, Alg.ML_DSA_87}
