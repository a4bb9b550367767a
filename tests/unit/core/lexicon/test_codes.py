"""Codes that a framework retired: kept as they were written, with what stands in their place."""

import json
from pathlib import Path

import pytest

from noroshi.adapters.words import shipped_lexicon
from noroshi.core.errors import InputError
from noroshi.core.kinds.kind import all_kinds
from noroshi.core.kinds.reading import Reader, read_form
from noroshi.core.lexicon.codes import Framework, parse_framework
from noroshi.core.lexicon.lexicon import Language

DISARM = Path(__file__).parents[5] / "shared" / "data" / "disarm" / "DISARM.json"
CAMPAIGN = all_kinds()["disinformation-campaign"]


def shipped() -> Framework:
    found = shipped_lexicon().framework("DISARM")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("T0019@1.3", "T0019@1.3 → T0049.008 (DISARM 1.6)"),
        ("T0019", "T0019 → T0049.008 (DISARM 1.6)"),
        ("T0141.001@1.5", "T0141.001@1.5 ≈ T0146, T0150.005 (DISARM 1.6)"),
        ("T0019@1.10", "T0019@1.10"),
        ("T0049.008@1.6", "T0049.008@1.6"),
        ("T9999", "T9999"),
        ("T0019 of old", "T0019 of old"),
        ("T0019@x", "T0019@x"),
    ],
    ids=range(8),
)
def test_a_retired_code_is_read_with_its_successors(written: str, shown: str) -> None:
    for language in Language:
        reader = Reader(shipped_lexicon(), language)
        (row,) = read_form(CAMPAIGN, {"techniques": [written]}, reader)
        assert (row.values, row.is_known) == ((shown,), True)


def test_a_code_of_another_framework_is_not_touched() -> None:
    reader = Reader(shipped_lexicon(), Language.ENGLISH)
    (row,) = read_form(all_kinds()["cyber-incident"], {"techniques": ["T0019"]}, reader)
    assert row.values == ("T0019",)


@pytest.mark.skipif(not DISARM.exists(), reason="the published framework is not at hand")
def test_the_table_fits_the_published_framework() -> None:
    objects = json.loads(DISARM.read_bytes())["objects"]
    codes = {
        reference["external_id"]
        for each in objects
        if each["type"] == "attack-pattern"
        for reference in each["external_references"]
        if "external_id" in reference
    }
    table = shipped()
    assert len(table.retired) == 49
    assert not table.retired.keys() & codes
    assert {now for each in table.retired.values() for now in each.now} <= codes
    assert all(each.now for each in table.retired.values())


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"framework": "X"}', b" " * 1024 * 1025])
def test_what_is_no_table(raw: bytes) -> None:
    with pytest.raises(InputError, match="no table of retired codes"):
        parse_framework(raw)
