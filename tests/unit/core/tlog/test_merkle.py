"""The tree against the definitions of RFC 6962, written down naively here."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core.errors import MalformedError
from noroshi.core.tlog.merkle import (
    EMPTY_ROOT,
    Node,
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    tree_at,
    verify_consistency,
    verify_inclusion,
)

MAX: Final = 70
LEAVES: Final = [b"entry %d" % i for i in range(MAX)]
HASHES: Final = [leaf_hash(leaf) for leaf in LEAVES]
SIZES: Final = range(MAX + 1)


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def split(count: int) -> int:
    """Return the largest power of two smaller than `count`."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def mth(leaves: Sequence[bytes]) -> bytes:
    """Return the Merkle tree hash (RFC 6962 section 2.1)."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0])
    k = split(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:]))


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the audit path of leaf `m` (RFC 6962 section 2.1.1)."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    """Return the consistency proof of the first `m` leaves (RFC 6962 section 2.1.2)."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole=whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], whole=False), mth(leaves[:k])]


def grow() -> tuple[list[Tree], dict[tuple[int, int], bytes]]:
    tree, trees, nodes = Tree(), [Tree()], {}
    for leaf in HASHES:
        tree, new = tree.append(leaf)
        trees.append(tree)
        for node in new:
            assert (node.level, node.index) not in nodes
            nodes[node.level, node.index] = node.hash
    return trees, nodes


TREES, NODES = grow()
ROOTS: Final = [tree.root for tree in TREES]


def node(level: int, index: int) -> bytes:
    return NODES[level, index]


def test_hashes_of_leaves_and_nodes_cannot_be_taken_for_one_another() -> None:
    assert leaf_hash(b"ab") == sha256(b"\x00ab")
    assert node_hash(b"a", b"b") == sha256(b"\x01ab")


@pytest.mark.parametrize("size", SIZES)
def test_roots(size: int) -> None:
    assert TREES[size].size == size
    assert ROOTS[size] == mth(LEAVES[:size])


def test_the_root_of_nothing() -> None:
    assert Tree().root == EMPTY_ROOT == mth([])


def test_a_leaf_completes_the_nodes_above_it() -> None:
    assert TREES[0].append(HASHES[0])[1] == (Node(0, 0, HASHES[0]),)
    fourth = TREES[3].append(HASHES[3])[1]
    assert [(n.level, n.index) for n in fourth] == [(0, 3), (1, 1), (2, 0)]
    assert fourth[2].hash == mth(LEAVES[:4])


def test_every_stored_node_covers_its_leaves() -> None:
    for (level, index), value in NODES.items():
        assert value == mth(LEAVES[index << level : (index + 1) << level])


@pytest.mark.parametrize("size", SIZES)
def test_a_tree_is_found_again_in_the_nodes_of_a_larger_one(size: int) -> None:
    assert tree_at(size, node) == TREES[size]


@pytest.mark.parametrize("size", SIZES)
def test_inclusion_proofs(size: int) -> None:
    for index in range(size):
        proof = inclusion_proof(index, size, node)
        assert list(proof) == path(index, LEAVES[:size])
        verify_inclusion(HASHES[index], index, size, proof, ROOTS[size])


@pytest.mark.parametrize("new", SIZES)
def test_consistency_proofs(new: int) -> None:
    for old in range(1, new + 1):
        proof = consistency_proof(old, new, node)
        assert list(proof) == subproof(old, LEAVES[:new], whole=True)
        verify_consistency(old, ROOTS[old], new, ROOTS[new], proof)


def corrupted(proof: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Yield everything near `proof` that it is not."""
    for i, step in enumerate(proof):
        yield [*proof[:i], *proof[i + 1 :]]
        yield [*proof[:i], step, *proof[i:]]
        yield [*proof[:i], bytes([step[0] ^ 1, *step[1:]]), *proof[i + 1 :]]
        yield [*proof[:i], step[:-1], *proof[i + 1 :]]
        if i and proof[i - 1] != step:
            yield [*proof[: i - 1], step, proof[i - 1], *proof[i + 1 :]]
    yield [*proof, HASHES[0]]
    yield [EMPTY_ROOT, *proof]
    if proof:
        yield []


@pytest.mark.parametrize("size", range(1, MAX + 1))
def test_corrupted_inclusion_proofs_are_refused(size: int) -> None:
    for index in range(0, size, 3):
        proof = inclusion_proof(index, size, node)
        for wrong in corrupted(proof):
            with pytest.raises(MalformedError):
                verify_inclusion(HASHES[index], index, size, wrong, ROOTS[size])


@pytest.mark.parametrize("size", range(1, MAX + 1))
def test_a_proof_is_of_one_leaf_at_one_index_of_one_root(size: int) -> None:
    index = size // 2
    proof = inclusion_proof(index, size, node)
    for other in range(size):
        if other != index:
            with pytest.raises(MalformedError):
                verify_inclusion(HASHES[other], index, size, proof, ROOTS[size])
            with pytest.raises(MalformedError):
                verify_inclusion(HASHES[index], other, size, proof, ROOTS[size])
    with pytest.raises(MalformedError):
        verify_inclusion(HASHES[index], index, size, proof, ROOTS[size - 1])


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (6, 5), (0, 0), (0, -1)])
def test_an_index_outside_the_tree_is_refused(index: int, size: int) -> None:
    with pytest.raises(MalformedError, match="outside"):
        verify_inclusion(HASHES[0], index, size, [], ROOTS[1])


def test_a_root_is_no_leaf_of_its_own_tree() -> None:
    for size in range(2, MAX + 1):
        with pytest.raises(MalformedError):
            verify_inclusion(ROOTS[size], 0, size, [], ROOTS[size])


@pytest.mark.parametrize("new", range(1, MAX + 1))
def test_corrupted_consistency_proofs_are_refused(new: int) -> None:
    for old in range(1, new + 1, 2):
        proof = consistency_proof(old, new, node)
        for wrong in corrupted(proof):
            with pytest.raises(MalformedError):
                verify_consistency(old, ROOTS[old], new, ROOTS[new], wrong)


@pytest.mark.parametrize("new", range(2, MAX + 1))
def test_a_consistency_proof_is_of_two_roots(new: int) -> None:
    for old in range(1, new + 1):
        proof = consistency_proof(old, new, node)
        with pytest.raises(MalformedError):
            verify_consistency(old, ROOTS[old - 1], new, ROOTS[new], proof)
        with pytest.raises(MalformedError):
            verify_consistency(old, ROOTS[old], new, ROOTS[new - 1], proof)


def test_two_roots_of_one_size_are_a_fork() -> None:
    for size in range(1, MAX + 1):
        verify_consistency(size, ROOTS[size], size, ROOTS[size], [])
        with pytest.raises(MalformedError):
            verify_consistency(size, ROOTS[size], size, ROOTS[size], [HASHES[0]])
        with pytest.raises(MalformedError):
            verify_consistency(size, ROOTS[size], size, EMPTY_ROOT, [])


@pytest.mark.parametrize(("old", "new"), [(0, 5), (-1, 5), (6, 5), (0, 0)])
def test_impossible_sizes_are_refused(old: int, new: int) -> None:
    with pytest.raises(MalformedError, match="0 < old size <= new size"):
        verify_consistency(old, EMPTY_ROOT, new, ROOTS[5], [])


@given(
    st.integers(1, MAX),
    st.integers(1, MAX),
    st.lists(st.sampled_from([*HASHES[:4], *ROOTS[1:5], EMPTY_ROOT]), max_size=8),
)
def test_no_made_up_proof_leads_to_a_rewritten_tree(old: int, new: int, proof: list[bytes]) -> None:
    rewritten = mth([b"rewritten", *LEAVES[1:new]])
    with pytest.raises(MalformedError):
        verify_consistency(old, ROOTS[old], new, rewritten, proof)


def test_a_proof_too_short_says_so() -> None:
    with pytest.raises(MalformedError, match="too short"):
        verify_consistency(4, ROOTS[4], 64, ROOTS[64], [])
    with pytest.raises(MalformedError, match="empty"):
        verify_consistency(3, ROOTS[3], 64, ROOTS[64], [])
    with pytest.raises(MalformedError, match="too long"):
        verify_consistency(4, ROOTS[4], 5, ROOTS[5], HASHES[4:10])
    with pytest.raises(MalformedError, match="too long"):
        verify_inclusion(HASHES[0], 0, 2, HASHES[1:5], ROOTS[2])
