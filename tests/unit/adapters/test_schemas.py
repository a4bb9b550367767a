"""The schemas of STIX, where they say other than the standard."""

from typing import Any

import pytest

from noroshi.adapters.schemas import problem_of
from noroshi.core.exchange.stix import TLP_IDS
from noroshi.core.marking.label import Tlp
from tests.unit.flow.test_objects import an_object

RED = TLP_IDS[Tlp.RED]


@pytest.mark.parametrize(
    ("told", "is_well"),
    [
        ({"marking_ref": RED}, True), ({"lang": "ja"}, True), ({}, False),
        ({"marking_ref": RED, "lang": "ja"}, False), ({"lang": 7}, False),
    ],
)  # fmt: skip
def test_a_granular_marking_names_a_marking_or_a_language(
    told: dict[str, Any], *, is_well: bool
) -> None:
    marked = {**an_object(1), "granular_markings": [{"selectors": ["name"], **told}]}
    assert (problem_of("2.1", marked) == "") is is_well
