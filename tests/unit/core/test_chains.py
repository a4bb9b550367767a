"""Chains: what holds of a form that was said in parts, and what was known of it when."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core.chains import Statement, fold, form_of, updated_by
from noroshi.core.recognition import JSON, NOROSHI, recognise
from noroshi.core.report import (
    CANCELLATION,
    PASSED_ON,
    SUPERSESSION,
    Change,
    Content,
    report_id_in,
    report_id_text,
)

FIRST = b"\x01" * 16
ID = report_id_text(FIRST)
CONTENT = Content(
    kind="cyber-incident", subject="", from_desk="cyber", drafter=None, releaser=None, action=(),
    info=(), references=(), media_type=NOROSHI, body=b"{}", attachments=(),
)  # fmt: skip


def said(number: int, at: int = 0, known: int = 0, **told: Any) -> Statement:
    fields = {name: told.pop(name) for name in list(told) if len(name) == 1}
    return Statement(bytes([number]) * 16, at, known or at, "Lt Sato", fields, **told)


def back(kind: str, by: int, at: int) -> tuple[Change, ...]:
    return (Change(kind, bytes([by]) * 16, at),)


def content(fields: dict[str, Any], **told: Any) -> Content:
    body = json.dumps({"noroshi": 1, **fields}).encode()
    return msgspec.structs.replace(CONTENT, body=body, **told)


def test_an_update_changes_what_it_says_and_nothing_else() -> None:
    chain = fold(FIRST, [said(1, 1, a=1, b=1), said(2, 2, a=2, c=None), said(3, 3, a=3)])
    assert chain.present == {"a": 3, "b": 1, "c": None}
    assert [each.value for each in chain.history["a"]] == [1, 2, 3]
    assert not chain.is_cancelled


def test_a_field_is_taken_back_and_said_again() -> None:
    statements = [said(1, 1, a=1, b=1), said(2, 2, cleared=("a",)), said(3, 3, a=3, cleared=("b",))]
    assert fold(FIRST, statements).present == {"a": 3}
    assert fold(FIRST, statements[:2]).present == {"b": 1}
    told = fold(FIRST, statements).history["a"]
    assert [(each.value, each.is_cleared) for each in told] == [
        (1, False),
        (None, True),
        (3, False),
    ]


def test_what_an_update_said_is_taken_back_with_it() -> None:
    cancelled = said(2, 2, a=2, b=2, changes=back(CANCELLATION, 9, 5))
    statements = [said(1, 1, a=1), cancelled]
    chain = fold(FIRST, statements)
    assert chain.present == {"a": 1}
    assert chain.history["b"][0].taken_back == cancelled.changes[0]
    assert fold(FIRST, statements, 4).present == {"a": 2, "b": 2}


def test_a_supersession_says_anew_what_it_supersedes() -> None:
    first = said(1, 1, a=1, b=1, changes=back(SUPERSESSION, 3, 5))
    update = said(2, 2, c=2, a=2)
    chain = fold(FIRST, [first, update, said(3, 5, a=3)])
    assert chain.present == {"a": 3, "c": 2}
    assert chain.changes == ()
    assert fold(FIRST, [first, update, said(3, 5, a=3)], 4).present == {"a": 2, "b": 1, "c": 2}


def test_the_whole_is_cancelled_with_its_first_report_and_stays_readable() -> None:
    first = said(1, 1, a=1, changes=back(CANCELLATION, 9, 7))
    chain = fold(FIRST, [first, said(2, 2, b=2)])
    assert chain.is_cancelled
    assert chain.present == {"a": 1, "b": 2}
    assert not fold(FIRST, [first], 6).is_cancelled
    instead = said(3, 5, a=3, changes=back(CANCELLATION, 9, 7))
    first = msgspec.structs.replace(first, changes=back(SUPERSESSION, 3, 5))
    chain = fold(FIRST, [first, instead])
    assert (chain.is_cancelled, chain.present) == (True, {"a": 3})


def test_what_is_superseded_by_words_says_so() -> None:
    chain = fold(FIRST, [said(1, 1, a=1, changes=back(SUPERSESSION, 9, 3))])
    assert [change.by_report[0] for change in chain.changes] == [9]
    assert chain.present == {"a": 1}


def test_supersessions_in_a_circle_come_to_an_end() -> None:
    one = said(1, 1, a=1, changes=back(SUPERSESSION, 2, 2))
    other = said(2, 2, a=2, changes=back(SUPERSESSION, 1, 3))
    chain = fold(FIRST, [one, other])
    assert chain.changes == other.changes
    assert chain.present == {"a": 2}


def test_nothing_is_known_before_anything_came() -> None:
    chain = fold(FIRST, [said(1, 1, 9, a=1)], 8)
    assert (chain.statements, chain.present, chain.changes) == ((), {}, ())
    assert fold(FIRST, [said(2, 2, b=2)]).present == {"b": 2}  # the update came first


NAMES = st.sampled_from("abc")
CHANGE = st.builds(
    Change,
    st.sampled_from([CANCELLATION, SUPERSESSION]),
    st.integers(1, 9).map(lambda n: bytes([n]) * 16),
    st.integers(0, 30),
)
STATEMENTS = st.lists(
    st.builds(
        Statement,
        st.integers(1, 9).map(lambda n: bytes([n]) * 16),
        st.integers(0, 30),
        st.integers(0, 30),
        st.none(),
        st.dictionaries(NAMES, st.integers(0, 5), max_size=3),
        st.lists(NAMES, unique=True, max_size=2).map(tuple),
        st.lists(CHANGE, max_size=2).map(tuple),
    ),
    unique_by=lambda each: each.report,
    max_size=9,
)


@given(STATEMENTS, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same(statements: list[Statement], random: Any) -> None:
    arrived = list(statements)
    random.shuffle(arrived)
    assert fold(FIRST, arrived) == fold(FIRST, statements)


@given(STATEMENTS, st.integers(0, 30))
def test_what_was_known_then_shows_nothing_that_came_later(
    statements: list[Statement], at: int
) -> None:
    then = fold(FIRST, statements, at)
    for each in then.statements:
        assert each.stored_at <= at
        assert all(change.at <= at for change in each.changes)
    told = [each for of_field in then.history.values() for each in of_field]
    assert all(each.statement in then.statements for each in told)
    assert all(each.taken_back is None or each.taken_back.at <= at for each in told)
    assert all(change.at <= at for change in then.changes)
    # The later is of no influence at all.
    earlier = [
        msgspec.structs.replace(each, changes=tuple(c for c in each.changes if c.at <= at))
        for each in statements
        if each.stored_at <= at
    ]
    assert fold(FIRST, earlier) == then
    assert fold(FIRST, statements, 30) == fold(FIRST, statements)


@given(STATEMENTS)
def test_nothing_that_was_ever_said_is_lost(statements: list[Statement]) -> None:
    chain = fold(FIRST, statements)
    for statement in statements:
        for name, value in statement.fields.items():
            found = [s for s in chain.history[name] if s.statement.report == statement.report]
            assert (value, False) in [(s.value, s.is_cleared) for s in found]
        for name in statement.cleared:
            found = [s for s in chain.history[name] if s.statement.report == statement.report]
            assert any(s.is_cleared for s in found)


@given(STATEMENTS)
def test_the_last_that_stands_holds(statements: list[Statement]) -> None:
    """Against the plainest account of it, where no report was taken back."""
    statements = [msgspec.structs.replace(each, changes=()) for each in statements]
    form: dict[str, object] = {}
    ordered = sorted(statements, key=lambda each: (each.created_at, each.report))
    for each in sorted(ordered, key=lambda each: each.report != FIRST):
        form |= each.fields
        for name in each.cleared:
            form.pop(name, None)
    assert fold(FIRST, statements).present == form


def test_an_update_names_a_report_and_what_it_takes_back() -> None:
    update = content({"kind": "x", "updates": ID, "cleared": ["a"], "b": 2, "marking": "TLP:RED"})
    form = form_of(update)
    assert form is not None
    assert (form.kind, form.fields) == ("cyber-incident", {"b": 2})
    assert (form.updates, form.cleared) == (FIRST, ("a",))
    assert updated_by(update) == FIRST
    found = recognise(update.body)
    assert (found.fields, found.updates, found.cleared) == ({"b": 2}, FIRST, ("a",))
    changed = msgspec.structs.replace(update, kind=SUPERSESSION)
    form = form_of(changed)
    assert form is not None
    assert form.kind == "x"


@pytest.mark.parametrize(
    "fields",
    [
        {"updates": 5},
        {"updates": ID.replace("0", "A")},
        {"updates": ID.replace("-", "")},
        {"updates": f"{{{ID}}}"},
        {"updates": ID, "cleared": "a"},
        {"updates": ID, "cleared": [5]},
        {"cleared": ["a"]},
    ],
)
def test_what_names_no_report_as_it_must_is_kept_as_a_field(fields: dict[str, Any]) -> None:
    form = form_of(content(fields))
    assert form is not None
    assert (form.fields, form.updates, form.cleared) == (fields, None, ())


@pytest.mark.parametrize(
    "told",
    [
        {"media_type": JSON},
        {"kind": CANCELLATION},
        {"kind": PASSED_ON},
        {"body": b"[]"},
        {"body": b'{"updates'},
        {"body": b"\xff"},
    ],
)
def test_what_is_no_form_updates_nothing(told: dict[str, Any]) -> None:
    update = msgspec.structs.replace(content({"updates": ID}), **told)
    assert form_of(update) is None
    assert updated_by(update) is None


def test_an_escape_hides_no_update() -> None:
    body = b'{"noroshi": 1, "\\u0075pdates": "' + ID.encode() + b'"}'
    assert updated_by(msgspec.structs.replace(CONTENT, body=body)) == FIRST
    assert updated_by(CONTENT) is None


def test_the_id_of_a_report_is_read_as_it_is_written() -> None:
    assert report_id_in(ID) == FIRST
    assert report_id_in(None) is None
    assert report_id_in("x") is None
