"""At rest: keys as files, texts under them, and what earlier releases left in the clear."""

from pathlib import Path

import apsw
import msgspec
import pytest

from noroshi.adapters.keys.files import KeyFiles
from noroshi.adapters.sealing.archive import Archive, RetentionKeyFiles
from noroshi.adapters.sealing.pyca import PycaPrimitives
from noroshi.adapters.sqlite.chains import fill_in_references
from noroshi.adapters.sqlite.connection import (
    APPLICATION_ID,
    REFERENCES_HERE,
    SEALED_HERE,
    Database,
    open_writer,
    scripts,
)
from noroshi.adapters.sqlite.contents import Contents, seal_what_is_plain
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.suite import Alg
from noroshi.core.errors import UnavailableError
from noroshi.core.instant import DAY
from noroshi.core.partner import DeskAddress
from noroshi.core.report import Content, encode_content
from noroshi.flow.retention_tables import SealedText

NOW = 1_795_316_404_000_000
CANARY = b"smoke-over-the-harbour"


class Draw:
    """Bytes that differ each time."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, size: int) -> bytes:
        self._count += 1
        return self._count.to_bytes(size)


def opened(folder: Path, passphrase: bytes | None = None, draw: Draw | None = None) -> Archive:
    folder.mkdir(exist_ok=True)
    files = KeyFiles(folder, lambda: passphrase)
    drawn = draw or Draw()
    return Archive(RetentionKeyFiles(files, drawn), PycaPrimitives(), drawn)


def content(subject: str, body: bytes) -> Content:
    return Content(
        kind="situation-report", subject=subject, from_desk="cyber", drafter="Lt Sato",
        releaser=None, action=(DeskAddress("cyber", "nato"),), info=(), references=(),
        media_type="text/plain; charset=utf-8", body=body, attachments=(),
    )  # fmt: skip


def test_what_is_sealed_is_opened_again_also_by_the_next_process(tmp_path: Path) -> None:
    archive = opened(tmp_path / "k")
    sealed = archive.seal(NOW, b"one", b"subject", b"body")
    for each in (archive, opened(tmp_path / "k")):
        assert each.label(*name_and_slip(sealed), b"one") == b"subject"
        assert each.open(*name_and_slip(sealed), b"one", sealed.text) == b"body"


@pytest.mark.parametrize("what", ["owner", "text", "slip"])
def test_what_belongs_elsewhere_is_damage(tmp_path: Path, what: str) -> None:
    archive = opened(tmp_path / "k")
    sealed, other = (archive.seal(NOW, owner, b"a", b"b") for owner in (b"one", b"other"))
    with pytest.raises(UnavailableError) as caught:
        archive.open(
            sealed.retention_key,
            other.slip if what == "slip" else sealed.slip,
            b"other" if what == "owner" else b"one",
            other.text if what == "text" else sealed.text,
        )
    assert caught.value.code == "damaged"


def test_each_day_has_a_key_and_a_retired_one_is_not_used(tmp_path: Path) -> None:
    archive = opened(tmp_path / "k")
    first, again, next_day = (
        archive.seal(at, b"x", b"", b"y").retention_key for at in (NOW, NOW + 1, NOW + DAY)
    )
    assert first == again != next_day
    assert archive.names() == {first, next_day}
    archive.retire(first)
    assert archive.seal(NOW, b"x", b"", b"y").retention_key not in {first, next_day}
    assert archive.make_beside(first)[:10] == first[:10]


def test_a_destroyed_key_is_gone_for_every_process_and_a_rewrapped_one_goes_on(
    tmp_path: Path,
) -> None:
    archive = opened(tmp_path / "k")
    sealed = archive.seal(NOW, b"one", b"", b"text")
    kept = archive.seal(NOW, b"two", b"label", b"kept")
    to = archive.make_beside(sealed.retention_key)
    wrapped = archive.rewrap(kept.retention_key, kept.slip, b"two", to)
    archive.destroy(sealed.retention_key)
    archive.destroy(sealed.retention_key)
    for each in (archive, opened(tmp_path / "k")):
        assert each.open(*name_and_slip(sealed), b"one", sealed.text) is None
        assert each.rewrap(*name_and_slip(sealed), b"one", to) is None
        assert each.label(*name_and_slip(sealed), b"one") is None
        assert wrapped is not None
        assert each.open(to, wrapped, b"two", kept.text) == b"kept"
        assert each.label(to, wrapped, b"two") == b"label"


def name_and_slip(sealed: SealedText) -> tuple[str, bytes]:
    return sealed.retention_key, sealed.slip


def test_a_passphrase_wraps_the_keys(tmp_path: Path) -> None:
    draw = Draw()
    sealed = opened(tmp_path / "k", b"words", draw).seal(NOW, b"one", b"", b"text")
    later = opened(tmp_path / "k", b"words", draw)
    later.make(NOW + DAY)
    salts = {KeyFiles(tmp_path / "k", lambda: None).salt()}
    assert len(salts) == 1
    assert later.open(*name_and_slip(sealed), b"one", sealed.text) == b"text"
    for wrong in (None, b"other words"):
        with pytest.raises(UnavailableError) as caught:
            opened(tmp_path / "k", wrong).open(*name_and_slip(sealed), b"one", sealed.text)
        assert caught.value.code == "keys-locked"


@pytest.mark.parametrize("passphrase", [None, b"words"])
def test_later_keys_are_wrapped_as_the_seal_key_is(
    tmp_path: Path, passphrase: bytes | None
) -> None:
    seeds = ((Alg.A256GCM, b"k" * 32),)
    KeyFiles(tmp_path, lambda: passphrase).write(Purpose.SEAL, seeds, salt=b"s" * 16, iv=b"i" * 12)
    asked: list[str] = []

    def ask() -> bytes:
        asked.append("asked")
        return b"words"

    later = KeyFiles(tmp_path, ask, like=tmp_path / "seal.key")
    later.write(Purpose.RECEIPT, seeds, salt=b"t" * 16, iv=b"j" * 12)
    assert later.are_wrapped() is (passphrase is not None)
    assert asked == ([] if passphrase is None else ["asked"])


def test_files_that_are_no_retention_keys_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "k").mkdir()
    (tmp_path / "k" / "notes.key").write_bytes(b"x")
    assert opened(tmp_path / "k").names() == frozenset()
    assert KeyFiles(tmp_path / "k", lambda: None).salt() == b""


def test_a_database_of_an_earlier_release_is_sealed_and_nothing_is_left(tmp_path: Path) -> None:
    path, said = tmp_path / "node.db", [
        content("harbour " + CANARY.decode(), CANARY * count) for count in (1, 40, 4000)
    ]  # fmt: skip
    said[2] = msgspec.structs.replace(said[2], references=(b"\x00" * 16, b"\x01" * 16))
    database = Database(connection := apsw.Connection(str(path)))
    connection.pragma("journal_mode", "wal")
    for number, script in sorted(scripts().items()):
        if number < 16:
            connection.execute(script)
            connection.pragma("user_version", number)
    connection.pragma("application_id", APPLICATION_ID)
    for number, each in enumerate(said):
        database.run(
            "INSERT INTO report (id, envelope, outgoing, sender, signed_head, head_digest, salt,"
            " content, stored_at, entry_index, kind, subject, marking, status, from_desk)"
            " VALUES (?, x'', 1, 'jp', ?, x'', x'', ?, ?, 0, ?, ?, 'TLP:RED', 'ACTUAL', 'cyber')",
            (bytes([number]) * 16, bytes(4000), encode_content(each), NOW + number * DAY,
             each.kind, each.subject),
        )  # fmt: skip
    database.run("INSERT INTO draft VALUES (x'09', ?, 0)", (b"dropped long ago" + CANARY * 400,))
    database.run("DELETE FROM draft")
    connection.close()
    assert b"dropped long ago" in path.read_bytes()
    assert CANARY in path.read_bytes()
    archive = opened(tmp_path / "k")
    steps = {
        SEALED_HERE: lambda found: seal_what_is_plain(found, archive),
        REFERENCES_HERE: fill_in_references,
    }
    database = open_writer(path, steps)
    referred = list(database.rows("SELECT referred, report, is_update FROM reference"))
    assert referred == [(each, 3, 0) for each in said[2].references]
    files = [found for found in tmp_path.iterdir() if found.name.startswith("node.db")]
    assert len(files) >= 2
    assert [f.name for f in files if CANARY in f.read_bytes()] == []
    contents = Contents(archive)
    rows = list(database.rows("SELECT id, retention_key, slip, sealed_content FROM report"))
    assert len({key for _, key, *_ in rows}) == 3  # each under the key of its day
    for row, each in zip(rows, said, strict=True):
        report_id, key, slip, sealed = row
        assert isinstance(report_id, bytes)
        assert contents.content(report_id, key, slip, sealed) == each
        assert contents.subject(report_id, key, slip) == each.subject
    database.close()
    assert CANARY not in path.read_bytes()
