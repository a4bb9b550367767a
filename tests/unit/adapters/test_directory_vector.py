"""The frozen vector of directories: read from the beginning to the end."""

import json
from pathlib import Path
from typing import Any

from noroshi.adapters.directories.reading import read
from noroshi.core import gate
from noroshi.core.directory.repository import DirectoryHead, check_head, decode_bundle
from noroshi.core.envelope.keys import PublicKey
from tests.unit.core.nodes import PRIMITIVES
from tests.vectors.plain import to_plain

FILE = Path(__file__).parents[3] / "docs" / "formats" / "vectors" / "directory.json"
VECTOR: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))


def test_the_directory_is_read() -> None:
    raw = bytes.fromhex(VECTOR["bundle"])
    anchor = gate.decode_struct(bytes.fromhex(VECTOR["anchor"]), PublicKey, limit=4096)
    bundle = decode_bundle(raw)
    kept, card = read(bundle, anchor, None, b"", PRIMITIVES, VECTOR["at"], 1)
    assert to_plain(kept.directory) == VECTOR["says"]
    assert (kept.directory.threshold, len(kept.directory.root_keys)) == (2, 3)
    assert card.card.partner == "nato"
    assert gate.encode_struct(bundle) == raw


def test_the_statement_names_it() -> None:
    head = gate.decode_struct(bytes.fromhex(VECTOR["head"]), DirectoryHead, limit=4096)
    assert check_head(head, bytes.fromhex(VECTOR["bundle"])).partner == "nato"
