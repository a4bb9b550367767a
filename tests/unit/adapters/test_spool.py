import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from noroshi.adapters import spool as spools
from noroshi.adapters.spool import FileSpool
from noroshi.core.errors import MalformedError, UnavailableError

PAYLOAD = bytes(range(256)) * 40
DIGEST = hashlib.sha256(PAYLOAD).digest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def spool(folder: Path) -> FileSpool:
    made = FileSpool(folder)
    made.sweep(set())  # makes the folder of a home of an earlier release
    return made


def chunks(raw: bytes) -> Iterator[bytes]:
    for position in range(0, len(raw), 1000):
        yield raw[position : position + 1000]


def test_a_payload_is_kept_and_read_in_parts(spool: FileSpool, folder: Path) -> None:
    assert not spool.holds("jp.00.1")
    spool.keep("jp.00.1", chunks(PAYLOAD), len(PAYLOAD), DIGEST)
    assert spool.holds("jp.00.1")
    assert spool.read("jp.00.1", 300, 5000) == PAYLOAD[300:5300]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "jp.00.1").stat().st_mode & 0o777 == 0o600
    spool.keep("jp.00.1", chunks(PAYLOAD), len(PAYLOAD), DIGEST)
    spool.drop(["jp.00.1", "jp.00.2"])
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("raw", [b"", PAYLOAD[:-1], PAYLOAD + b"x", PAYLOAD[:-1] + b"x"])
def test_another_payload_leaves_nothing(spool: FileSpool, folder: Path, raw: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        spool.keep("jp.00.1", chunks(raw), len(PAYLOAD), DIGEST)
    assert caught.value.code == "bad-volume"
    assert list(folder.iterdir()) == []


def test_more_than_belongs_is_not_read_to_its_end(spool: FileSpool) -> None:
    endless = iter(lambda: b"x" * 1000, b"")
    with pytest.raises(MalformedError, match="more follows"):
        spool.keep("jp.00.1", endless, len(PAYLOAD), DIGEST)


def test_a_source_that_breaks_off_leaves_nothing(spool: FileSpool, folder: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield PAYLOAD[:1000]
        raise UnavailableError("connection-lost", "gone")

    with pytest.raises(UnavailableError, match="gone"):
        spool.keep("jp.00.1", broken(), len(PAYLOAD), DIGEST)
    assert list(folder.iterdir()) == []


def test_what_no_set_needs_is_swept(spool: FileSpool, folder: Path) -> None:
    for label in ("jp.00.1", "jp.00.2"):
        spool.keep(label, chunks(PAYLOAD), len(PAYLOAD), DIGEST)
    (folder / "tmp123.part").write_bytes(b"left by a crash")
    FileSpool(folder).sweep({"jp.00.2"})
    assert [path.name for path in folder.iterdir()] == ["jp.00.2"]


def test_number_size_and_room_are_bounded(
    spool: FileSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool.keep("jp.00.1", chunks(PAYLOAD), len(PAYLOAD), DIGEST)
    with monkeypatch.context() as patched:
        patched.setattr(spools, "MAX_FILES", 1)
        with pytest.raises(UnavailableError, match="missing"):
            spool.keep("jp.00.2", chunks(PAYLOAD), len(PAYLOAD), DIGEST)
        spool.keep("jp.00.1", chunks(PAYLOAD), len(PAYLOAD), DIGEST)  # the same once more
        spool.keep("nato.00.1", chunks(PAYLOAD), len(PAYLOAD), DIGEST)  # of another partner
    with monkeypatch.context() as patched:
        patched.setattr(spools, "MAX_BYTES", 2 * len(PAYLOAD) - 1)
        with pytest.raises(UnavailableError, match="missing"):
            spool.keep("jp.00.2", chunks(PAYLOAD), len(PAYLOAD), DIGEST)
    free = spools.KEPT_FREE + len(PAYLOAD)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free - 1))
    with pytest.raises(UnavailableError) as caught:
        spool.keep("jp.00.2", chunks(PAYLOAD), len(PAYLOAD), DIGEST)
    assert caught.value.code == "disk-full"


def test_a_payload_that_was_damaged_is_told(spool: FileSpool, folder: Path) -> None:
    spool.keep("jp.00.1", chunks(PAYLOAD), len(PAYLOAD), DIGEST)
    with (folder / "jp.00.1").open("r+b") as file:
        file.truncate(100)
    with pytest.raises(UnavailableError, match="import that volume again"):
        spool.read("jp.00.1", 0, 200)
    with pytest.raises(UnavailableError) as caught:
        spool.read("jp.00.2", 0, 1)
    assert caught.value.code == "storage-failed"
