"""The Merkle tree of RFC 6962 section 2.1, as a list of peaks and a store of nodes.

A tree of `size` leaves is kept as its *peaks*, the roots of its complete subtrees from left
to right. Appending needs the peaks alone; proofs need the nodes, which the caller keeps by
(level, index): node (l, i) covers the leaves from i * 2**l to (i + 1) * 2**l.

    >>> tree = Tree()
    >>> for leaf in (b"a", b"b", b"c"):
    ...     tree, new_nodes = tree.append(leaf_hash(leaf))
    >>> tree.size, tree.root.hex()[:16]
    (3, '36642e73c2540ab1')
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final, Self

import msgspec

from noroshi.core.errors import MalformedError

NodeReader = Callable[[int, int], bytes]
"""Returns the hash of the node at (level, index) of a complete subtree."""

EMPTY_ROOT: Final = hashlib.sha256().digest()


class Node(msgspec.Struct, frozen=True):
    """The hash of a complete subtree."""

    level: int
    index: int
    hash: bytes


class Tree(msgspec.Struct, frozen=True):
    """A tree by its size and peaks."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> tuple[Self, tuple[Node, ...]]:
        """Return the tree with one more leaf hash, and the nodes that it completed."""
        peaks = list(self.peaks)
        node = Node(0, self.size, leaf)
        nodes = [node]
        while node.index % 2:
            node = Node(node.level + 1, node.index // 2, node_hash(peaks.pop(), node.hash))
            nodes.append(node)
        peaks.append(node.hash)
        return type(self)(self.size + 1, tuple(peaks)), tuple(nodes)

    @property
    def root(self) -> bytes:
        """The Merkle tree hash."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf's bytes."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_at(size: int, node: NodeReader) -> Tree:
    """Return the tree as it was at `size` leaves."""
    peaks: list[bytes] = []
    start = 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            peaks.append(node(level, start >> level))
            start += 1 << level
    return Tree(size, tuple(peaks))


def inclusion_proof(index: int, size: int, node: NodeReader) -> tuple[bytes, ...]:
    """Return PATH(index, D[size]) of RFC 6962 section 2.1.1."""
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_subtree(middle, end, node))
            end = middle
        else:
            path.append(_subtree(start, middle, node))
            start = middle
    return tuple(reversed(path))


def verify_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> None:
    """Return if the leaf hash stands at `index` of the tree (RFC 9162 section 2.1.3.2).

    Raises:
        MalformedError: it does not.
    """
    if not 0 <= index < size:
        raise MalformedError("the proof's index lies outside its tree")
    fn, sn, result = index, size - 1, leaf
    for step in path:
        if sn == 0:
            raise MalformedError("the inclusion proof is too long")
        if fn % 2 or fn == sn:
            result = node_hash(step, result)
            while fn % 2 == 0 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            result = node_hash(result, step)
        fn, sn = fn >> 1, sn >> 1
    if sn or result != root:
        raise MalformedError("the inclusion proof does not lead to the root")


def consistency_proof(old: int, new: int, node: NodeReader) -> tuple[bytes, ...]:
    """Return PROOF(old, D[new]) of RFC 6962 section 2.1.2, for 0 < old <= new."""
    proof: list[bytes] = []
    start, end, whole = 0, new, True
    while old != end - start:
        middle = _split(end - start)
        if old <= middle:
            proof.append(_subtree(start + middle, end, node))
            end = start + middle
        else:
            proof.append(_subtree(start, start + middle, node))
            start, old, whole = start + middle, old - middle, False
    if not whole:
        proof.append(_subtree(start, end, node))
    return tuple(reversed(proof))


def verify_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Return if the tree of `new_root` extends that of `old_root` (RFC 9162 section 2.1.4.2).

    Raises:
        MalformedError: it does not.
    """
    if not 0 < old_size <= new_size:
        raise MalformedError("a consistency proof needs 0 < old size <= new size")
    if old_size == new_size:
        extends = not proof and old_root == new_root
    else:
        is_whole = old_size & (old_size - 1) == 0
        path = [old_root, *proof] if is_whole else list(proof)
        extends = _walk_consistency(old_size, new_size, path) == (old_root, new_root)
    if not extends:
        raise MalformedError("the newer tree does not extend the older one")


def _walk_consistency(old_size: int, new_size: int, path: list[bytes]) -> tuple[bytes, bytes]:
    """Return the roots of the older and the newer tree to which the path leads."""
    if not path:
        raise MalformedError("the consistency proof is empty")
    fn, sn = old_size - 1, new_size - 1
    while fn % 2:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for step in path[1:]:
        if sn == 0:
            raise MalformedError("the consistency proof is too long")
        if fn % 2 or fn == sn:
            first, second = node_hash(step, first), node_hash(step, second)
            while fn % 2 == 0 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, step)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise MalformedError("the consistency proof is too short")
    return first, second


def _split(size: int) -> int:
    """Return the largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def _subtree(start: int, end: int, node: NodeReader) -> bytes:
    """Return the hash of the leaves from `start` to `end`; `start` is aligned to their number."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(size)
    return node_hash(_subtree(start, middle, node), _subtree(middle, end, node))
