"""Areas of cooperation: the file that is shipped, and how a report names them."""

import importlib.resources
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core.areas import (
    Confidence,
    areas_of,
    check_areas,
    parse_areas,
    with_areas,
    without_areas,
)
from noroshi.core.errors import InputError
from noroshi.core.partner import is_name

SHIPPED = importlib.resources.files("noroshi.core").joinpath("areas.json").read_bytes()
TEXT = "text/plain; charset=utf-8"


def test_what_is_shipped_has_names_in_five_languages_and_says_what_is_not_confirmed() -> None:
    found = parse_areas(SHIPPED)
    assert len(found) == 16
    assert found["cyber"].names["ja"] == "サイバー防衛"
    unconfirmed = {c for c, area in found.items() if area.status is Confidence.UNCONFIRMED}
    assert unconfirmed == {"resilience", "ct", "public-diplomacy"}
    assert all(area.source for area in found.values())


def edited(**changes: Any) -> bytes:
    file = json.loads(SHIPPED)
    first = file["list"][0]
    for name, value in changes.items():
        (file if name in file else first)[name] = value
    return json.dumps(file).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{}", b"[]", edited(areas=2), edited(list=[]), edited(code="No Name"),
        edited(code="space"), edited(names={"en": "Cyber"}), edited(status="perhaps"),
        edited(names={**json.loads(SHIPPED)["list"][0]["names"], "ko": " "}),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused(raw: bytes) -> None:
    with pytest.raises(InputError) as caught:
        parse_areas(raw)
    assert caught.value.code == "bad-areas"


def test_areas_travel_with_the_media_type() -> None:
    told = with_areas(TEXT, ("space", "cyber"))
    assert told == "text/plain; charset=utf-8; areas=cyber.space"
    assert (areas_of(told), without_areas(told)) == (("cyber", "space"), TEXT)
    assert (with_areas(TEXT, ()), areas_of(TEXT), without_areas(TEXT)) == (TEXT, (), TEXT)


@pytest.mark.parametrize(
    "told", ["", "areas=", "; areas=", "; areas=b.a", "; areas=a.a", "; areas=A", "; areas=a; b=c"]
)
def test_what_is_written_otherwise_names_none(told: str) -> None:
    assert areas_of(TEXT + told) == ()
    assert without_areas(TEXT + told) == TEXT + told


@given(st.text(max_size=120), st.lists(st.sampled_from(["a", "b", "cyber", "X", ""])))
def test_whatever_a_partner_writes_there_is_read_one_way(told: str, areas: list[str]) -> None:
    media_type = f"{told}; areas={'.'.join(areas)}"
    found, rest = areas_of(media_type), without_areas(media_type)
    assert list(found) == sorted(set(found))
    assert all(map(is_name, found))
    assert with_areas(rest, found) == media_type if found else rest == media_type


def test_there_is_room_for_so_many() -> None:
    with pytest.raises(InputError, match="so many areas"):
        with_areas("application/stix+json;version=2.1", tuple(f"area-number-{n}" for n in range(9)))
    assert check_areas(("space", "cyber", "space"), {"cyber": 1, "space": 2}) == ("cyber", "space")
    with pytest.raises(InputError, match="there are cyber"):
        check_areas(("space",), {"cyber": 1})
