"""Interests: what meets them, and what does not."""

import pytest

from noroshi.core.errors import InputError
from noroshi.core.exchange.objects.about import About
from noroshi.core.interest import Interest, InterestKind, check_value, is_met

PRODUCT, NARRATIVE, SECTOR, TECHNIQUE, COUNTRY, NETWORK = InterestKind


def met(kind: InterestKind, value: str, about: About) -> bool:
    interest = Interest("cyber", kind, check_value(kind, value), 1, "Lt Sato")
    return is_met(interest, about)


@pytest.mark.parametrize(
    ("kind", "value", "about", "is_so"),
    [
        (PRODUCT, "FortiOS", About(words="seen in fortios 7.2"), True),
        (PRODUCT, "FortiOS 7.2", About(words="seen in fortios 7.2"), True),
        (PRODUCT, "Fort", About(words="seen in fortios 7.2"), False),
        (PRODUCT, "C++", About(words="written in c++."), True),
        (NARRATIVE, "処理水", About(words="福島の処理水が魚を"), True),
        (NARRATIVE, "가짜", About(words="가짜뉴스가 퍼진다"), True),
        (NARRATIVE, "poisoned  Fish", About(words="the poisoned fish are"), True),
        (SECTOR, "Energy", About(sectors=frozenset({"energy"})), True),
        (SECTOR, "Energy", About(sectors=frozenset({"water"}), words="energy"), False),
        (TECHNIQUE, "t1566", About(techniques=frozenset({"T1566.001"})), True),
        (TECHNIQUE, "T1566.001", About(techniques=frozenset({"T1566.001"})), True),
        (TECHNIQUE, "T1566.001", About(techniques=frozenset({"T1566"})), False),
        (TECHNIQUE, "T156", About(techniques=frozenset({"T1566"})), None),
        (COUNTRY, "jp", About(countries=frozenset({"JP"})), True),
        (COUNTRY, "jp", About(countries=frozenset({"KR"})), False),
        (NETWORK, "203.0.113.0/24", About(values=frozenset({"x", "203.0.113.7"})), True),
        (NETWORK, "203.0.113.0/24", About(values=frozenset({"203.0.112.0/20"})), True),
        (NETWORK, "203.0.113.0/24", About(values=frozenset({"203.0.114.7", "a.example"})), False),
        (NETWORK, "203.0.113.7", About(values=frozenset({"http://203.0.113.7:80/a"})), True),
        (NETWORK, "2001:db8::/32", About(values=frozenset({"https://[2001:db8::5]/"})), True),
        (NETWORK, "2001:db8::/32", About(values=frozenset({"203.0.113.7"})), False),
        (NETWORK, "203.0.113.0/24", About(addresses=frozenset({"999.1.1.1", "203.0.113.7"})), True),
        (NETWORK, "203.0.113.0/24", About(addresses=frozenset({"999.1.1.1", "12:30:45"})), False),
    ],
)
def test_what_meets_an_interest(
    kind: InterestKind,
    value: str,
    about: About,
    is_so: bool | None,  # noqa: FBT001 - a parameter
) -> None:
    if is_so is None:
        with pytest.raises(InputError):
            met(kind, value, about)
    else:
        assert met(kind, value, about) is is_so


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (PRODUCT, "x"), (PRODUCT, "x" * 101), (PRODUCT, "a\u202eb"), (NARRATIVE, "  "),
        (TECHNIQUE, "T15"), (TECHNIQUE, "phishing"), (COUNTRY, "Japan"), (COUNTRY, "日本"),
        (NETWORK, "203.0.113.7/24"), (NETWORK, "everywhere"),
    ],
)  # fmt: skip
def test_what_could_never_be_met_is_refused(kind: InterestKind, value: str) -> None:
    with pytest.raises(InputError):
        check_value(kind, value)


def test_the_journal_records_what_of_it_counts() -> None:
    one = Interest("cyber", COUNTRY, "JP", 1, "Lt Sato")
    others = [
        Interest("media", COUNTRY, "JP", 1, "Lt Sato"),
        Interest("cyber", SECTOR, "JP", 1, "Lt Sato"),
        Interest("cyber", COUNTRY, "KR", 1, "Lt Sato"),
    ]
    assert len({each.digest for each in (one, *others)}) == 4
    assert Interest("cyber", COUNTRY, "JP", 2, "x", 7).digest == one.digest
    assert str(one) == "country JP"
