import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core.courier.cut import HEAD_ROOM, SMALLEST_SIZE, cut, find, join, parse_size
from noroshi.core.courier.volume import MAX_FRAGMENT_HEAD, Fragment, Placed, begin_fragment
from noroshi.core.delivery.item import Cargo, Item
from noroshi.core.envelope.suite import MAX_ATTACHMENT, MAX_ENVELOPE
from noroshi.core.errors import InputError
from noroshi.core.precedence import Precedence

ROOM = SMALLEST_SIZE - HEAD_ROOM


def item(
    number: int,
    size: int,
    cargo: Cargo = Cargo.ENVELOPE,
    precedence: Precedence = Precedence.ROUTINE,
) -> Item:
    length = 32 if cargo is Cargo.BLOB else 16
    return Item(number.to_bytes(length), number, cargo, precedence, size)


items = st.lists(
    st.tuples(
        st.integers(1, 4 * ROOM), st.sampled_from(list(Cargo)), st.sampled_from(list(Precedence))
    ),
    max_size=12,
).map(lambda drawn: [item(n, size, c, p) for n, (size, c, p) in enumerate(drawn)])


@given(items, st.integers(SMALLEST_SIZE, 6 * SMALLEST_SIZE))
def test_every_byte_goes_once_in_order_and_no_volume_is_too_large(
    waiting: list[Item], size: int
) -> None:
    volumes = cut(waiting, size)
    fragments = [fragment for volume in volumes for fragment in volume]
    for volume in volumes:
        written = sum(len(begin_fragment(f)) + f.size for f in volume)
        assert written <= size - HEAD_ROOM
        assert len({f.item for f in volume}) == len(volume)
    assert all(volumes) or (len(volumes) == 1 and not waiting)
    ranked = sorted(waiting, key=lambda i: i.rank)
    assert list(dict.fromkeys(f.item for f in fragments)) == [i.id for i in ranked]
    for wanted in waiting:
        placed = [Placed(f, 1, 0) for f in fragments if f.item == wanted.id]
        joined = join(reversed(placed))
        assert joined == placed
        assert sum(p.fragment.size for p in placed) == wanted.size


@given(items)
def test_an_envelope_is_cut_only_if_no_volume_holds_it_whole(waiting: list[Item]) -> None:
    for volume in cut(waiting, SMALLEST_SIZE):
        for fragment in volume:
            fits = fragment.total + MAX_FRAGMENT_HEAD <= ROOM
            assert fragment.cargo is Cargo.BLOB or fragment.is_whole or not fits


def test_a_flash_goes_first_and_blobs_last() -> None:
    waiting = [
        item(1, 10),
        item(2, 10, Cargo.BLOB, Precedence.FLASH),
        item(3, 10, precedence=Precedence.FLASH),
        item(4, 10, Cargo.RECEIPT, Precedence.IMMEDIATE),
    ]
    (volume,) = cut(waiting, SMALLEST_SIZE)
    assert [int.from_bytes(f.item) for f in volume] == [3, 4, 1, 2]


def test_a_volume_holds_so_many_fragments_and_a_set_so_many_volumes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("noroshi.core.courier.cut.MAX_FRAGMENTS", 3)
    assert list(map(len, cut([item(n, 1) for n in range(7)], SMALLEST_SIZE))) == [3, 3, 1]
    monkeypatch.setattr("noroshi.core.courier.cut.MAX_VOLUMES", 2)
    with pytest.raises(InputError, match="larger ones"):
        cut([item(n, 1) for n in range(7)], SMALLEST_SIZE)


def test_the_head_of_a_fragment_has_an_upper_bound() -> None:
    largest = Fragment(Cargo.BLOB, bytes(32), MAX_ATTACHMENT + 16, MAX_ATTACHMENT, MAX_ATTACHMENT)
    assert len(begin_fragment(largest)) <= MAX_FRAGMENT_HEAD
    assert MAX_ENVELOPE < MAX_ATTACHMENT


def piece(start: int, size: int, total: int = 10) -> Placed:
    return Placed(Fragment(Cargo.BLOB, b"b" * 32, total, start, size), 1, 0)


@pytest.mark.parametrize(
    "pieces",
    [
        [],
        [piece(0, 4)],
        [piece(4, 6)],
        [piece(0, 4), piece(5, 5)],
        [piece(0, 5), piece(4, 6)],
        [piece(0, 4), piece(4, 6, 11)],
        [piece(0, 10, 12)],
    ],
)
def test_what_is_not_all_of_one_item_is_not_joined(pieces: list[Placed]) -> None:
    assert join(pieces) is None


def test_the_fragment_that_holds_a_byte_is_found() -> None:
    pieces = [piece(4, 6), piece(0, 4), piece(0, 10, 12)]
    assert find(pieces, 0, 10) == pieces[1]
    assert find(pieces, 3, 10) == pieces[1]
    assert find(pieces, 4, 10) == pieces[0]
    assert find(pieces, 10, 10) is None
    assert find([], 0, 10) is None


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("64K", 65536),
        ("65536", 65536),
        ("700M", 700 * 1024**2),
        ("1g", 1024**3),
        ("4G", 4 * 1024**3),
        ("100MiB", 100 * 1024**2),
        ("100MB", 100 * 1024**2),
    ],
)
def test_sizes_are_written_in_powers_of_1024(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "63K", "5G", "1T", "-1M", "1.5G", "M", "0700M", "٣M"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="700M"):
        parse_size(text)
