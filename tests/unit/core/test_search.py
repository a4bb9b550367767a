"""Words in reports: whatever is indexed is found, and nothing asked for breaks the index."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.adapters.sqlite.word_index import MemoryIndex
from noroshi.core.errors import InputError
from noroshi.core.instant import DAY, from_text
from noroshi.core.search import Phrase, Wanted, excerpt, expression_of, read_query, terms_of
from noroshi.flow.ports import Indexed

CJK = st.text(st.characters(min_codepoint=0x3041, max_codepoint=0x30FF, categories=["Lo"])
              | st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF, categories=["Lo"])
              | st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3, categories=["Lo"]),
              min_size=2, max_size=30)  # fmt: skip
WORD = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzéüß0123456789"), min_size=1, max_size=12)


ASKED = st.sampled_from(
    ["from:", "kind:", "desk:", "-", '"', " ", "\ud800", "\0", "\u202e", "NEAR(", "*", "a", "断"]
)


def found(text: str, query: str) -> bool:
    index = MemoryIndex()
    assert ids(index, "x") == []
    index.take([told(b"1", *terms_of(text)), told(b"2", "nothing", "of")], [], 2)
    return b"1" in ids(index, query)


def told(report: bytes, *terms: str, **more: Any) -> Indexed:
    known: dict[str, Any] = {"senders": frozenset({"jp"}), "kind": "x", "desks": (), "stored_at": 5}
    return Indexed(report, terms, **(known | more))


def ids(index: MemoryIndex, query: str) -> list[bytes]:
    return [report for report, _ in index.find(read_query(query))]


@pytest.mark.parametrize(
    ("text", "query", "is_there"),
    [
        ("不正通信を遮断した", "遮断", True),
        ("不正通信を遮断した", "通信 遮断", True),
        ("不正通信を遮断した", "断", True),
        ("不正通信を遮断", "断", True),
        ("不正通信を遮断した", "断遮", False),
        ("端末C2サーバへ", "C2", True),
        ("端末C2サーバへ", "端末C2", True),
        ("端末C2サーバへ", "C2サーバ", True),
        ("水A", "水A", True),
        ("ﾏﾙｳｪｱとＦｏｒｔｉＯＳ", "マルウェア FortiOS", True),
        ("가짜뉴스를 차단", "뉴스", True),
        ("Lateral movement was seen", '"lateral movement"', True),
        ("movement, lateral", '"lateral movement"', False),
        ("An exercise of intrusion", "intrusion -exercise", False),
        ("An intrusion", "intrusion -exercise", True),
        ("hxxps://evil[.]example/a", "https://evil.example/a", True),
        ("https://evil.example/a", "hxxps[:]//evil[dot]example/a", True),
        ("mail lt[at]example[.]org", "lt@example.org", True),
        ("1.2.3[.]4", "1.2.3.4", True),
        ("1.2.3.4", "1.2.3.5", False),
        ("CVE-2026-0001", "cve-2026-0001", True),
        ("Straße", "STRASSE", True),
        ("a\u0301 la carte", "\u00e1 la", True),
        ('words " AND OR NEAR( ^ * :', 'words" AND', True),
        ('words " AND OR NEAR( ^ * :', "words NOT", False),
    ],
)
def test_what_is_found(text: str, query: str, is_there: bool) -> None:  # noqa: FBT001 - a parameter
    assert found(text, query) is is_there


@given(CJK, st.data())
def test_any_part_of_a_text_without_spaces_is_found(text: str, data: st.DataObject) -> None:
    plain = unicodedata.normalize("NFKC", text)
    begin = data.draw(st.integers(0, len(plain) - 2))
    end = data.draw(st.integers(begin + 2, len(plain)))
    assert found(f"x {text} y", plain[begin:end])


@given(st.lists(WORD, min_size=1, max_size=20), st.data())
def test_any_word_and_any_row_of_words_is_found(words: list[str], data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(words) - 1))
    end = data.draw(st.integers(begin + 1, len(words)))
    row = " ".join(words[begin:end])
    assert found(" ".join(words), f'"{row}"')


@given(st.text(st.characters(), max_size=300) | st.lists(ASKED, max_size=60).map("".join))
def test_nothing_that_is_typed_breaks_the_index(text: str) -> None:
    index = MemoryIndex()
    index.take([told(b"1", *terms_of(text))], [], 1)
    try:
        wanted = read_query(text)
    except InputError:
        return
    list(index.find(wanted))
    assert len(excerpt(text, wanted).encode()) <= 4 * 122


def test_a_query_is_read() -> None:
    wanted = read_query('evil from:jp -"not this" kind:cyber-incident desk:ops after:2026-01-01')
    assert wanted == Wanted(
        (Phrase(("evil",)),),
        (Phrase(("not", "this")),),
        "jp",
        "cyber-incident",
        "ops",
        from_text("2026-01-01T00:00:00Z"),
    )
    assert read_query("before:2026-02-01").before == from_text("2026-02-01T00:00:00Z")
    assert expression_of(read_query("from:jp")) is None
    assert read_query("水").phrases == (Phrase(("水",), is_beginning=True),)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", "say what to look for"),
        ("...", "say what to look for"),
        ("-this", "say what to look for"),
        ("from:jp -this", "say what to look for"),
        ("from:jp from:nato", "stands twice"),
        ("after:yesterday", "wants a day"),
        ("after:1969-01-01", "wants a day"),
        ("x" * 501, "at most 500"),
    ],
)
def test_what_cannot_be_asked_is_told(query: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_query(query)


def test_an_excerpt_shows_the_place() -> None:
    text = "begin " * 60 + "the INTRUSION is here " + "end " * 60
    shown = excerpt(text, read_query("intrusion"))
    assert "INTRUSION is here" in shown
    assert shown[0] == shown[-1] == "…"
    assert excerpt("short words", read_query("absent")) == "short words"
    assert excerpt("İİİ words", read_query("words")).endswith("words")
    assert "ŉ" not in excerpt("x", read_query("from:jp"))


def test_what_is_gone_has_left_the_memory_of_the_index() -> None:
    index = MemoryIndex()
    assert index.image() == b""
    index.take([told(b"1", "a", "unmistakable"), told(b"2", "a")], [], 2)
    assert b"unmistakable" in index.image()
    index.take([], [b"1"], 3)
    assert b"unmistakable" not in index.image()
    assert ids(index, "a") == [b"2"]


def test_what_is_gone_is_found_no_more() -> None:
    index = MemoryIndex()
    with index.alone():
        index.take([told(b"1", "a"), told(b"2", "a")], [], 5)
        index.take([told(b"1", "a")], [b"2", b"3"], 9)
    assert index.seen == 9
    assert ids(index, "a") == ids(index, "from:jp") == [b"1"]


def test_what_is_asked_beside_words_is_looked_at_in_the_index() -> None:
    index = MemoryIndex()
    index.take(
        [
            told(b"1", "a", desks=("cyber", "ops")),
            told(b"2", "a", senders=frozenset({"nato", "au"}), stored_at=DAY),
            told(b"3", "a", kind="y"),
        ],
        [],
        3,
    )
    assert list(index.find(read_query("a kind:y"))) == [(b"3", ())]
    assert ids(index, "a from:nato") == ids(index, "from:au") == [b"2"]
    assert ids(index, "from:a") == ids(index, 'from:""') == ids(index, "a from:\ud800") == []
    assert ids(index, "a after:1970-01-02") == [b"2"]
    assert ids(index, "a before:1970-01-02") == [b"3", b"1"]
    assert list(index.find(read_query("a desk:media")))[-1] == (b"1", ("cyber", "ops"))


def test_a_million_characters_are_taken_in_and_looked_at() -> None:
    hostile = '\ud800\0断(\u202e"' * 200_000
    assert found(hostile, "断")
    assert len(excerpt(hostile, read_query("断"))) <= 122
