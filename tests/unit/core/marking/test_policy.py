"""Policies and equivalences as data: what is shipped, what a house adds, what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from endure.oracle import POLICIES
from noroshi.adapters.policies import read_rules, shipped_rules
from noroshi.core.errors import InputError, UnavailableError
from noroshi.core.marking.equivalence import Confidence, parse_equivalence
from noroshi.core.marking.label import Marking
from noroshi.core.marking.policy import parse_policy
from noroshi.core.marking.rules import Rules

MISSION: dict[str, Any] = {
    "version": 1, "name": "FIRE", "title": "A mission", "owners": ["jp"], "codes": ["FIRE"],
    "levels": [
        {"name": "OPEN", "rank": 0, "is_classified": False},
        {"name": "CLOSED", "rank": 1, "aliases": ["SHUT"]},
    ],
    "caveats": [{"name": "SMOKE", "kind": "RESTRICTIVE"}],
    "source": "this test",
}  # fmt: skip
CELL: dict[str, Any] = {
    "one": ["FIRE", "SHUT"], "other": ["NATO", "SECRET"], "confidence": "confirmed", "source": "x",
}  # fmt: skip


def policy(**changed: Any) -> bytes:
    return json.dumps(MISSION | changed).encode()


def test_every_shipped_level_is_known_by_all_its_names_and_says_who_says_so() -> None:
    rules = shipped_rules()
    assert {each["name"] for each in POLICIES} == {"NATO", "JPN", "AUS", "KOR", "NZL", "LINE"}
    for each in POLICIES:
        assert each["source"]
        for level in each["levels"]:
            for name in (level["name"], *level.get("aliases", ())):
                found = rules.classification(Marking.parse(f"{each['name']} {name}"))
                assert found is not None
                assert found.level.name == level["name"]


def test_banners_and_equivalents() -> None:
    rules = shipped_rules()
    assert str(rules.level("NATO", "TOP SECRET")) == "COSMIC TOP SECRET"
    assert str(rules.level("JPN", "HI")) == "JPN 秘"
    (same,) = rules.equivalents(rules.level("JPN", "特定秘密"), "KOR")
    assert (same.level.name, same.confidence) == ("군사II급비밀", Confidence.CONFIRMED)
    assert "GSOMIA" in same.source
    back = rules.equivalents(rules.level("KOR", "II급비밀"), "JPN")
    assert [each.level.name for each in back] == ["極秘", "特定秘密"]
    assert rules.equivalents(rules.level("JPN", "取扱注意"), "NATO") == []


@pytest.mark.parametrize(
    ("marking", "reader", "shown"),
    [
        ("NATO SECRET", "au", ["AUS SECRET"]),
        ("JPN 秘//REL TO KOR", "kr", ["KOR 군사III급비밀"]),
        ("JPN 秘", "jp", []),
        ("JPN 秘", "au", []),
        ("NATO SECRET", "a-bank", []),
        ("XYZ SECRET", "jp", []),
        ("TLP:RED", "jp", []),
    ],
)
def test_what_a_reader_is_shown_beside_a_marking(
    marking: str, reader: str, shown: list[str]
) -> None:
    found = shipped_rules().shown_to(Marking.parse(marking), reader)
    assert [f"{each.policy.name} {each.level.name}" for each in found] == shown


@pytest.mark.parametrize(
    ("mark", "two"),
    [
        ("NATO RESTRICTED", False),
        ("NATO CONFIDENTIAL", True),
        ("COSMIC TOP SECRET", True),
        ("JPN 取扱注意", False),
        ("JPN 秘", True),
        ("TLP:RED", False),
    ],
)
def test_what_needs_two_persons(mark: str, *, two: bool) -> None:
    assert shipped_rules().needs_two_persons(Marking.parse(mark)) is two


def test_a_policy_may_do_with_one_person() -> None:
    rules = Rules([parse_policy(policy())], ())
    assert not rules.needs_two_persons(Marking.parse("FIRE CLOSED"))


@pytest.mark.parametrize(
    ("code", "partner"), [("JPN", "jp"), ("NATO", "nato"), ("ROK", "kr"), ("ACME", "acme")]
)
def test_whom_a_code_names(code: str, partner: str) -> None:
    assert shipped_rules().partner_of(code) == partner


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"version": 2}, "version"),
        ({"levels": []}, "no levels"),
        ({"levels": [{"name": str(n), "rank": n} for n in range(33)]}, "more than 32"),
        ({"levels": [{"name": "A", "rank": 0}, {"name": "B", "rank": 0, "aliases": ["A"]}]}, "one"),
        ({"levels": [{"name": "A", "rank": 1}, {"name": "B", "rank": 0}]}, "lowest first"),
        (
            {
                "levels": [
                    {"name": "A", "rank": 0},
                    {"name": "B", "rank": 1, "is_classified": False},
                ]
            },
            "above a classified one",
        ),
        ({"caveats": MISSION["caveats"] * 2}, "two caveats"),
        ({"caveats": [{"name": "X", "kind": "VAGUE"}]}, "no marking policy"),
        ({"owners": ["JP"]}, "no partner's name"),
        ({"two_persons_from": "HIGH"}, "none of its levels"),
        ({"owners": ["jp", "nato"]}, "one owner"),
        ({"colour": "red"}, "unknown field"),
    ],
)
def test_a_policy_that_contradicts_itself(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        parse_policy(policy(**changed))


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([CELL | {"confidence": "sure"}], "no equivalence table"),
        ([CELL, CELL | {"one": CELL["other"], "other": CELL["one"]}], "together twice"),
        ([CELL | {"other": ["FIRE", "OPEN"]}], "with itself"),
    ],
)
def test_an_equivalence_that_contradicts_itself(cells: list[Any], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        parse_equivalence(json.dumps(cells).encode())


def test_data_files_have_a_size() -> None:
    with pytest.raises(InputError, match="at most"):
        parse_policy(policy() + b" " * 300_000)
    with pytest.raises(InputError, match="at most"):
        parse_equivalence(b" " * 1_100_000)


def test_two_policies_cannot_share_a_name_or_a_code() -> None:
    fire = parse_policy(policy())
    for other, reason in ((policy(), "the name 'FIRE'"), (policy(name="ICE"), "the code 'FIRE'")):
        with pytest.raises(InputError, match=reason):
            Rules([fire, parse_policy(other)], ())


def own(home: Path, name: str, raw: bytes) -> Path:
    folder = home / "policies"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(raw)
    return home


def test_a_house_adds_and_replaces(tmp_path: Path) -> None:
    own(tmp_path, "fire.json", policy())
    own(tmp_path, "line.json", policy(name="LINE", codes=[]))
    own(tmp_path, "equivalences.json", json.dumps([CELL]).encode())
    rules = read_rules(tmp_path)
    (secret,) = rules.equivalents(rules.level("FIRE", "CLOSED"), "NATO")
    assert str(secret.level.name) == "SECRET"
    assert [level.name for level in rules.policies["LINE"].levels] == ["OPEN", "CLOSED"]
    assert str(rules.level("NATO", "SECRET")) == "NATO SECRET"


@pytest.mark.parametrize(
    ("name", "raw", "reason"),
    [
        ("fire.json", b"{", "fire.json cannot be used: it is no marking policy"),
        ("equivalences.json", b"{}", "equivalences.json cannot be used"),
        ("equivalences.json", json.dumps([CELL]).encode(), "FIRE is no marking policy"),
        ("nato2.json", policy(codes=["NATO"]), "the code 'NATO' names two partners"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, name: str, raw: bytes, reason: str
) -> None:
    with pytest.raises(UnavailableError, match=reason):
        read_rules(own(tmp_path, name, raw))


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    assert read_rules(own(tmp_path, "README.md", b"words")).policies.keys() == (
        shipped_rules().policies.keys()
    )
