"""The drill, its archive: what a thief with the whole disk reads of the reports that lie there."""

import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import apsw
import pytest

from noroshi.adapters.keys.files import KeyFiles
from noroshi.adapters.sealing.pyca import PycaPrimitives
from noroshi.adapters.sqlite.copy import copy_database
from noroshi.core.delivery.ladder import Rung
from noroshi.core.envelope.keys import Purpose
from noroshi.core.instant import DAY
from noroshi.core.report import decode_content
from noroshi.core.retention import Rule
from noroshi.flow import requests
from noroshi.flow.renewal import keep_keys
from tests.unit.flow.pair import under
from tests.unit.flow.test_drill import Federation, open_federation


@pytest.fixture
def federation(tmp_path: Path) -> Generator[Federation]:
    with open_federation(tmp_path) as opened:
        opened.renew()
        opened.exchange()
        yield opened


def texts_for(stolen: Path) -> tuple[list[bytes], list[bytes]]:
    """Return what the archive of a stolen home says to whoever has all of it, and what is sealed.

    The thief does not trust the program's own index: every retention key is tried on every row.
    """
    keys = [read_key(path) for path in sorted((stolen / "retention").iterdir())]
    connection = apsw.Connection(str(stolen / "node.db"))
    rows = list(connection.execute("SELECT id, slip, sealed_content FROM report"))
    drafts = list(connection.execute("SELECT report, slip, sealed_plan FROM draft"))
    connection.close()
    sealed = [row for row in rows if row[1] is not None]
    said = [
        text
        for row in sealed
        for key in keys
        if (text := text_under(key, bytes(row[0]), bytes(row[1]), bytes(row[2]))) is not None
    ]
    assert drafts == []
    return said, [bytes(row[2]) for row in sealed]


def read_key(path: Path) -> bytes:
    ((_, key),) = KeyFiles(path.parent, lambda: None).read(Purpose.RETENTION, path.stem)
    return key


def text_under(key: bytes, report: bytes, slip: bytes, sealed: bytes) -> bytes | None:
    """Return what a row says if a retention key opens it, by the primitives alone."""
    owner, plain = b"report/" + report, PycaPrimitives()
    own = plain.decrypt(key, slip[:12], slip[12:], b"noroshi/v1/slip/" + owner)
    if own is None:
        return None
    text = plain.decrypt(own[:32], bytes(12), sealed, b"noroshi/v1/at-rest/" + owner)
    return None if text is None else decode_content(text).body


def windows(raw: bytes) -> Iterator[bytes]:
    """Yield every 32 bytes in a row: whatever could be a key."""
    return (raw[at : at + 32] for at in range(len(raw) - 31))


def test_of_the_archive_the_thief_reads_what_retention_had_kept(federation: Federation) -> None:
    jp, clock = federation["jp"], federation.clock
    nato = under(federation["nato"], Rule(days=7), Rule(marking="TLP:RED", days=30))
    home = federation.folder / "nato"
    rows: list[tuple[bytes, bytes, bytes]] = []
    for day in range(12):
        for marking, name in (("TLP:GREEN", b"green"), ("TLP:RED", b"red")):
            report = jp.send("cyber@nato", body=b"%s of day %d" % (name, day), marking=marking)
            federation.exchange()
            ack = requests.Answering(report=report, rung=Rung.ACKNOWLEDGED, by="Maj Dupont")
            nato.ask(ack)
            federation.exchange()
        if day == 2:  # who has the database of then, and the disk of later
            database = federation.folder / "then.db"
            copy_database(home / "node.db", database, lambda _done, _all: None)
            connection = apsw.Connection(str(database))
            query = "SELECT id, slip, sealed_content FROM report"
            rows = [(bytes(i), bytes(w), bytes(s)) for i, w, s in connection.execute(query)]
            connection.close()
        clock.at += DAY
        keep_keys(nato.node.house)
    stolen = federation.folder / "stolen"
    shutil.copytree(home, stolen)

    said, sealed = texts_for(stolen)
    # Acknowledged at 3 in the morning: seven days, up to midnight, and a day of grace.
    kept = {b"red of day %d" % day for day in range(12)}
    kept |= {b"green of day %d" % day for day in range(4, 12)}
    assert set(said) == kept
    assert len(sealed) == len(kept)
    # Every 32 bytes of every small file, and of the database, as the key of what is gone.
    gone = [row for row in rows if not any(text in sealed for text in row[2:])]
    assert len(gone) == 3
    small = [p.read_bytes() for p in stolen.rglob("*") if p.is_file() and p.suffix == ".key"]
    tried = 0
    for row in gone:
        for raw in small:
            for key in windows(raw):
                tried += 1
                assert text_under(key, *row) is None
    image = b"".join(p.read_bytes() for p in stolen.glob("node.db*"))
    assert all(text_under(key, *gone[0]) is None for key in windows(image))
    assert tried > 3000
    # The same search finds the key of what is kept: it would have found another.
    living = current_rows(stolen)[0]
    assert any(text_under(key, *living) for raw in small for key in windows(raw))


def current_rows(home: Path) -> list[tuple[bytes, bytes, bytes]]:
    connection = apsw.Connection(str(home / "node.db"))
    query = "SELECT id, slip, sealed_content FROM report WHERE slip IS NOT NULL"
    found = [(bytes(i), bytes(w), bytes(s)) for i, w, s in connection.execute(query)]
    connection.close()
    return found
