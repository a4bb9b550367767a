"""Encrypted attachments as files, and what a crash leaves of them."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from noroshi.adapters.blobs import FileBlobs
from noroshi.core.errors import InputError, MalformedError, NoroshiError
from noroshi.flow.records import StagedBlob

KEY, IV, SALT = bytes(32), bytes(12), bytes(32)
PLAIN = os.urandom(3_000_000)


@pytest.fixture
def there(tmp_path: Path) -> FileBlobs:
    (tmp_path / "there").mkdir()
    return FileBlobs(tmp_path / "there")


@pytest.fixture
def here(tmp_path: Path) -> FileBlobs:
    (tmp_path / "here").mkdir()
    return FileBlobs(tmp_path / "here")


@pytest.fixture
def staged(there: FileBlobs) -> StagedBlob:
    return there.stage([PLAIN[:100], PLAIN[100:]], KEY, IV, SALT)


def carry(there: FileBlobs, here: FileBlobs, blob: StagedBlob, piece: int = 1_000_000) -> None:
    offset = here.held(blob.blob_id)
    while offset < blob.size:
        data = there.read_piece(blob.blob_id, offset, piece)
        offset = here.write_piece(blob.blob_id, offset, data, blob.size)


def test_a_blob_crosses_in_pieces(there: FileBlobs, here: FileBlobs, staged: StagedBlob) -> None:
    carry(there, here, staged)
    assert b"".join(here.decrypt(staged.blob_id, KEY, IV)) == PLAIN


def test_two_bearers_may_bring_one_blob_at_once(
    there: FileBlobs, here: FileBlobs, staged: StagedBlob
) -> None:
    with ThreadPoolExecutor(4) as bearers:
        carrying = [bearers.submit(carry, there, here, staged, 50_000 + n) for n in range(4)]
    for carried in carrying:
        assert carried.result() is None
    assert b"".join(here.decrypt(staged.blob_id, KEY, IV)) == PLAIN


def test_a_piece_that_does_not_follow_on_changes_nothing(
    there: FileBlobs, here: FileBlobs, staged: StagedBlob
) -> None:
    first = there.read_piece(staged.blob_id, 0, 1000)
    assert here.write_piece(staged.blob_id, 0, first, staged.size) == 1000
    assert here.write_piece(staged.blob_id, 0, first, staged.size) == 1000
    assert here.write_piece(staged.blob_id, 5000, first, staged.size) == 1000
    carry(there, here, staged)
    assert b"".join(here.decrypt(staged.blob_id, KEY, IV)) == PLAIN


def test_what_was_complete_at_a_crash_is_completed(
    there: FileBlobs, here: FileBlobs, staged: StagedBlob, tmp_path: Path
) -> None:
    """The process ended between the last byte and the new name."""
    whole = there.read_piece(staged.blob_id, 0, staged.size)
    (tmp_path / "here" / f"{staged.blob_id.hex()}.part").write_bytes(whole)
    assert here.write_piece(staged.blob_id, 0, whole[:10], staged.size) == staged.size
    assert b"".join(here.decrypt(staged.blob_id, KEY, IV)) == PLAIN


def test_other_bytes_are_dropped(here: FileBlobs, staged: StagedBlob) -> None:
    with pytest.raises(MalformedError):
        here.write_piece(staged.blob_id, 0, bytes(staged.size), staged.size)
    assert here.held(staged.blob_id) == 0
    with pytest.raises(MalformedError):
        here.write_piece(staged.blob_id, 0, bytes(staged.size + 1), staged.size)


def test_what_is_damaged_or_not_here_is_not_shown(
    there: FileBlobs, staged: StagedBlob, tmp_path: Path
) -> None:
    path = tmp_path / "there" / staged.blob_id.hex()
    path.write_bytes(path.read_bytes()[:-1] + b"\0\0")
    with pytest.raises(NoroshiError, match="damaged"):
        next(there.decrypt(staged.blob_id, KEY, IV))
    there.discard(staged.blob_id)
    with pytest.raises(NoroshiError, match="not arrived"):
        next(there.decrypt(staged.blob_id, KEY, IV))


def test_nothing_is_no_attachment(there: FileBlobs, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="empty"):
        there.stage([], KEY, IV, SALT)
    assert not list((tmp_path / "there").iterdir())


def test_a_sweep_keeps_what_is_needed(there: FileBlobs, staged: StagedBlob, tmp_path: Path) -> None:
    (tmp_path / "there" / "00.staged").write_bytes(b"left")
    there.sweep({staged.blob_id})
    assert there.held(staged.blob_id) == staged.size
    there.sweep(set())
    assert not list((tmp_path / "there").iterdir())
