"""Retention: which rule counts for a report, and when it ends."""

from datetime import date

import pytest

from noroshi.adapters.policies import shipped_rules
from noroshi.core.errors import InputError
from noroshi.core.instant import DAY, HOUR, from_text
from noroshi.core.retention import (
    MOST_RULES,
    Retention,
    Rule,
    check_rules,
    is_key_name,
    key_day,
    key_name,
)

NOON = from_text("2026-11-22T12:00:00Z")
MIDNIGHT = from_text("2026-11-23T00:00:00Z")

RULES = (
    Rule(days=90),
    Rule(area="space", days=400),
    Rule(marking="TLP:RED", days=7),
    Rule(marking="TLP:RED", area="space", days=14),
    Rule(marking="NATO SECRET", days=365),
    Rule(marking="NATO SECRET", area="cyber"),
    Rule(marking="ACME LOW", days=3),
)


@pytest.mark.parametrize(
    ("marking", "areas", "rule"),
    [
        ("TLP:GREEN", (), "90 days"),
        ("TLP:GREEN", ("cyber",), "90 days"),
        ("TLP:GREEN", ("cyber", "space"), "area space, 400 days"),
        ("TLP:RED", (), "TLP:RED, 7 days"),
        ("TLP:RED", ("space",), "TLP:RED, area space, 14 days"),
        ("NATO SECRET//REL TO JPN//TLP:RED", ("space",), "NATO SECRET, 365 days"),
        ("NATO SECRET//ATOMAL", ("cyber",), "NATO SECRET, area cyber, for ever"),
        ("NATO RESTRICTED//TLP:RED", (), "TLP:RED, 7 days"),
        ("JPN 秘", (), "90 days"),
        ("ACME LOW", (), "ACME LOW, 3 days"),
    ],
)
def test_the_most_specific_rule_counts(marking: str, areas: tuple[str, ...], rule: str) -> None:
    check_rules(RULES)
    for rules in (RULES, tuple(reversed(RULES))):
        assert str(Retention(rules, shipped_rules()).rule_for(marking, areas)) == rule


def test_of_two_that_are_as_specific_the_longer_keeps() -> None:
    rules = (Rule(area="cyber", days=10), Rule(area="space", days=20), Rule(area="edt"))
    kept = Retention(rules, shipped_rules())
    assert kept.rule_for("TLP:RED", ("cyber", "space")) == rules[1]
    assert kept.rule_for("TLP:RED", ("cyber", "edt", "space")) == rules[2]
    assert kept.shortest == 10


def test_without_a_rule_a_report_is_kept_for_ever() -> None:
    kept = Retention((Rule(marking="TLP:RED", days=1),), shipped_rules())
    assert kept.rule_for("TLP:GREEN", ()) is None
    assert kept.ends_at("TLP:GREEN", (), NOON) is None
    assert kept.ends_at("TLP:RED", (), NOON) == MIDNIGHT + DAY
    assert Retention((Rule(),), shipped_rules()).shortest is None
    assert Retention((Rule(),), shipped_rules()).ends_at("TLP:RED", (), NOON) is None


def test_days_are_whole_and_end_at_midnight() -> None:
    rule = Rule(days=2)
    assert rule.ends_at(NOON) == MIDNIGHT + 2 * DAY
    assert rule.ends_at(MIDNIGHT) == MIDNIGHT + 2 * DAY
    assert rule.ends_at(MIDNIGHT + 1) == MIDNIGHT + 3 * DAY


@pytest.mark.parametrize(
    ("rules", "hint"),
    [
        ((Rule(marking="NATO"),), "rule 1 cannot be used: 'NATO' is no marking"),
        ((Rule(marking="NATO SECRET//REL TO JPN"),), "one level, or one TLP"),
        ((Rule(marking="NATO SECRET//TLP:RED"),), "one level, or one TLP"),
        ((Rule(), Rule(area="Not A Name")), "rule 2 cannot be used: 'Not A Name' is no area"),
        ((Rule(days=0),), "days is a whole number from 1"),
        ((Rule(days=36_501),), "days is a whole number from 1"),
        ((Rule(marking="TLP:RED", days=1), Rule(marking="TLP:RED")), "same marking and area"),
        (tuple(Rule(area=f"a{n}") for n in range(MOST_RULES + 1)), "at most 100"),
    ],
)
def test_rules_that_cannot_be_used_are_told(rules: tuple[Rule, ...], hint: str) -> None:
    with pytest.raises(InputError) as caught:
        check_rules(rules)
    assert hint in caught.value.message


def test_a_key_is_called_after_its_day() -> None:
    name = key_name(NOON + 11 * HOUR, b"\x01\x02\x03\xff")
    assert name == "2026-11-22.010203ff"
    assert key_day(name) == date(2026, 11, 22)
    assert is_key_name(name)
    assert not any(map(is_key_name, ("seal", "2026-11-22", "2026-13-22.010203ff", f"{name}0")))


def test_what_a_rule_names_and_nobody_knows_is_told() -> None:
    rules = (
        Rule(marking="TLP:RED", area="cyber"),
        Rule(marking="XYZ SECRET", days=1),
        Rule(marking="NATO SECRETT", area="cybr"),
        Rule(days=9),
    )
    told = Retention(rules, shipped_rules()).unknown({"cyber": 1})
    assert [line.partition(":")[0] for line in told] == ["rule 2", "rule 3", "rule 3"]
    assert "XYZ is no marking policy known here" in told[0]
    assert "has no level 'SECRETT'" in told[1]
    assert told[2] == "rule 3: there is no area 'cybr'"
