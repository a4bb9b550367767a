"""A backup that is whole as a file and false in what it holds is not put into service."""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import apsw
import msgspec
import pytest

from endure.federation import found
from noroshi.adapters.backups import unpack, write_backup
from noroshi.bootstrap import embedded_node
from noroshi.core.backup import BackupHead, Part, frame
from noroshi.core.errors import NoroshiError, UnavailableError
from noroshi.flow import answers, requests
from noroshi.safekeeping import back_up, restore_node


def quiet(_done: int, _whole: int) -> None:
    pass


class Made(msgspec.Struct, frozen=True):
    """A backup of jp, which has sent a report with an attachment; its parts; and nato's home."""

    head: BackupHead
    parts: Path
    nato: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("safekeeping")
    homes = found(folder, {"jp": "H3", "nato": "H3"})
    with embedded_node(homes["jp"], lambda: None) as jp:
        assert jp is not None
        token = answers.stage(jp.house, "sample.bin", iter([b"sample"]))
        asked = requests.SendReport(
            body=b"words", to=("cyber@nato",), by="Lt Sato", attachments=(token,)
        )
        answers.handle(jp.house, asked)
    back_up(homes["jp"], folder / "jp.backup", quiet)
    parts = folder / "parts"
    parts.mkdir()
    return Made(unpack(folder / "jp.backup", parts, quiet), parts, homes["nato"])


def pack(head: BackupHead, parts: Path, target: Path) -> Path:
    """Write a file of other parts, with all digests right."""

    def framed(listed: Sequence[Part]) -> BackupHead:
        return frame(
            listed, partner=head.partner, epoch=head.epoch, created_at=head.created_at,
            journal=(head.size, head.root), are_keys_wrapped=head.are_keys_wrapped,
        )  # fmt: skip

    files = [path for path in parts.rglob("*") if path.is_file()]
    sources = sorted((str(path.relative_to(parts)), path) for path in files)
    write_backup(target, target.with_suffix(".draft"), sources, framed, quiet)
    return target


def edit(statement: str, parts: Path, _nato: Path) -> None:
    connection = apsw.Connection(str(parts / "node.db"))
    connection.execute(statement)
    connection.close()


def replace(name: str, parts: Path, nato: Path) -> None:
    shutil.copyfile(nato / name, parts / name)


def write(name: str, data: bytes, parts: Path, _nato: Path) -> None:
    (parts / name).write_bytes(data)


def remove(name: str, parts: Path, _nato: Path) -> None:
    (parts / name).unlink()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (partial(edit, "UPDATE report SET salt = zeroblob(32)"), "bad-backup"),
        (partial(edit, "UPDATE journal_entry SET hash = zeroblob(32) WHERE idx = 1"), "bad-backup"),
        (partial(edit, "DELETE FROM journal_checkpoint WHERE size > 1"), "bad-backup"),
        (partial(edit, "DELETE FROM own_card"), "damaged"),
        (partial(edit, "PRAGMA user_version = 99"), "home-foreign"),
        (partial(edit, "PRAGMA application_id = 1"), "home-foreign"),
        (partial(edit, "DROP TABLE report"), "storage-failed"),
        (partial(write, "node.db", b"no database" * 999), "damaged"),
        (partial(write, "noroshi.toml", b"partner = 1"), "home-foreign"),
        (partial(write, "keys/seal.key", b"no key"), "damaged"),
        (partial(replace, "noroshi.toml"), "bad-backup"),
        (partial(replace, "node.db"), "bad-backup"),
        (partial(replace, "keys/report.key"), "damaged"),
        (partial(replace, "keys/root.key"), "keys-locked"),
        (partial(remove, "keys/journal.key"), "keys-locked"),
        (partial(remove, "node.db"), "storage-failed"),
        (partial(remove, "noroshi.toml"), "not-initialised"),
    ],
)
def test_what_contradicts_itself_is_refused(
    made: Made, tmp_path: Path, change: Callable[[Path, Path], None], code: str
) -> None:
    parts = tmp_path / "parts"
    shutil.copytree(made.parts, parts)
    change(parts, made.nato)
    file = pack(made.head, parts, tmp_path / "false.backup")
    home = tmp_path / "homes" / "jp"
    with pytest.raises(NoroshiError) as caught:
        restore_node(home, file, lambda: None, quiet)
    assert caught.value.code == code, caught.value.message
    assert list(home.parent.iterdir()) == []


def test_what_is_right_is_restored(made: Made, tmp_path: Path) -> None:
    file = pack(made.head, made.parts, tmp_path / "right.backup")
    restored = restore_node(tmp_path / "jp", file, lambda: None, quiet)
    assert restored.held == 1
    (blob,) = (tmp_path / "jp" / "blobs").iterdir()
    assert hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name


def test_a_damaged_attachment_is_named(made: Made, tmp_path: Path) -> None:
    parts = tmp_path / "parts"
    shutil.copytree(made.parts, parts)
    (blob,) = (parts / "blobs").iterdir()
    blob.write_bytes(b"other")
    with pytest.raises(UnavailableError, match=blob.name):
        pack(made.head, parts, tmp_path / "jp.backup")
    assert not (tmp_path / "jp.backup").exists()
