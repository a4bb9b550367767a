"""What objects are about: values, codes and words, whatever somebody writes into them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core.exchange.objects import about as module
from noroshi.core.exchange.objects.about import About, about, plain, value_of

NAMES = ["type", "value", "hashes", "sectors", "name", "each", "country", "external_references"]


def pattern(text: str) -> dict[str, Any]:
    return {"type": "indicator", "pattern": text}


def test_values_are_read_out_of_patterns_and_observables() -> None:
    told = [
        pattern("[domain-name:value = 'Evil.Example.'] OR [url:value='http://a.example/x\\'y']"),
        pattern(
            "[file:hashes.'SHA-256' = 'ABCDEF0123'] AND [ipv4-addr:value ISSUBSET '10.0.0.0/8']"
        ),
        {"type": "ipv6-addr", "value": "2001:DB8::1"},
        {"type": "file", "hashes": {"MD5": "d41d8cd98f00b204e9800998ecf8427e"}},
        {"type": "domain-name", "value": 5},
        {"type": "file", "hashes": "none"},
        {"type": "note", "value": "not this"},
        pattern("[url:value = 'x']"),
    ]
    assert about(told).values == {
        "evil.example", "http://a.example/x'y", "abcdef0123", "2001:db8::1",
        "d41d8cd98f00b204e9800998ecf8427e",
    }  # fmt: skip
    assert about([{"type": "indicator", "pattern": 5}]).values == frozenset()


def test_codes_are_taken_wherever_they_stand() -> None:
    told: list[dict[str, Any]] = [
        {"type": "attack-pattern", "external_references": [
            {"external_id": "T1566.001"}, {"external_id": "CAPEC-98"}, {"external_id": 5}, "x",
        ]},
        {"type": "attack-pattern", "external_references": "T1234"},
        {"type": "note", "external_references": [{"external_id": "T9999"}]},
        {"type": "identity", "sectors": ["Energy", "government"]},
        {"type": "report", "extensions": {"x": {"fields": [
            {"name": "sectors", "each": [{"value": "transport"}, {"value": "Water"}]},
            {"name": "sectors", "value": "health"},
            {"name": "other", "each": [{"value": "not-this"}]},
        ]}}},
        {"type": "location", "country": "jp"},
        {"type": "location", "country": "Japan"},
        {"type": "location", "country": 5},
    ]  # fmt: skip
    found = about(told)
    assert found.techniques == {"T1566.001", "T1234", "T9999"}
    assert found.sectors == {"energy", "government", "transport", "water", "health"}
    assert found.countries == {"JP"}


def test_words_are_all_texts_but_those_that_say_nothing() -> None:
    found = about([
        {"type": "note", "id": "note--1", "content": "ＦｏｒｔｉＯＳ\n  7.2", "x_refs": ["hidden"],
         "created_by_ref": "hidden", "labels": ["処理水", 5, None]},
    ])  # fmt: skip
    assert found.words == "fortios 7.2 処理水"
    assert about([]) == About()


def test_what_is_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_VALUES", 3)
    monkeypatch.setattr(module, "MOST_WORDS", 10)
    many = [{"type": "domain-name", "value": f"{n}.example"} for n in range(9)]
    found = about(many)
    assert len(found.values) == 3
    assert len(found.words) <= 12
    assert value_of("abc") is None
    assert value_of("x" * 2049) is None


@given(st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(NAMES) | st.text(), inner
    ),
))  # fmt: skip
def test_nothing_that_is_json_breaks_it(value: object) -> None:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            assert about([each]).words == plain(about([each]).words)


@given(st.text(alphabet="[]()'=\\ ORANDabc:", max_size=400))
def test_no_pattern_takes_long(text: str) -> None:
    about([pattern(text)])
    about([pattern("(" * 5000 + text), pattern(" OR ".join(["[url:value = 'abcd']"] * 3000))])


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("Beacons to 203.0.113.7, then 203.0.113.8.", {"203.0.113.7", "203.0.113.8"}),
        ("203[.]0[.]113(.)7と通信し、hxxp://198.51.100.9:8080/a", {"203.0.113.7", "198.51.100.9"}),
        ("the block 203.0.113.0/24, or 2001:db8::/32", {"203.0.113.0/24", "2001:db8::/32"}),
        ("２０３．０．１１３．７ and 2001[:]db8[:][:]5", {"203.0.113.7", "2001:db8::5"}),
        ("version 1.2.3.4.5, v1.2.3.4, 1.2.3, a-1.2.3.4, 1.2.3.4-b, ab:cd", set()),
        ("<203.0.113.7> (198.51.100.1/x)", {"203.0.113.7", "198.51.100.1"}),
    ],
)
def test_addresses_are_read_out_of_texts(text: str, addresses: set[str]) -> None:
    assert about([{"type": "note", "content": text}]).addresses == addresses


def test_techniques_are_read_out_of_texts() -> None:
    said = "They used T1566.001を, t0023; not XT1566, T15661, T1111-b or T1222.0."
    assert about([{"type": "note", "content": said}]).techniques == {"T1566.001", "T0023", "T1222"}
