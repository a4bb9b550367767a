"""Which of a partner's checkpoints it is shown: all that may lie in an end that it lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from noroshi.adapters.sqlite.connection import Database, open_memory
from noroshi.adapters.sqlite.witness import MOST_UNSHOWN, SqliteWitness
from noroshi.flow import requests
from tests.unit.flow.pair import open_pair


@pytest.fixture
def witness() -> Iterator[SqliteWitness]:
    connection = open_memory(None)
    yield SqliteWitness(Database(connection))
    connection.close()


def show(witness: SqliteWitness) -> str:
    note = witness.note_to_show("jp")
    witness.is_shown("jp", note)
    return note.decode()


def test_all_are_shown_that_before_the_longest_silence_first(witness: SqliteWitness) -> None:
    assert witness.note_to_show("jp") == b""
    for at, note in ((0, b"a"), (10, b"b"), (100, b"c"), (130, b"d")):
        witness.put_peer_note("jp", note, at)
    witness.put_peer_note("nato", b"x", 5)
    assert [show(witness) for _ in range(5)] == ["b", "a", "c", "d", "d"]


def test_one_is_shown_again_when_the_partner_went_on_after_it(witness: SqliteWitness) -> None:
    witness.put_peer_note("jp", b"a", 0)
    assert show(witness) == "a"
    witness.put_peer_note("jp", b"b", 10)
    assert [show(witness) for _ in range(2)] == ["a", "b"]


def test_under_load_those_before_silences_stay(witness: SqliteWitness) -> None:
    witness.put_peer_note("jp", b"before", 0)
    for number in range(3 * MOST_UNSHOWN):
        witness.put_peer_note("jp", b"%d" % number, 1000 + number)
    assert show(witness) == "before"
    last = f"{3 * MOST_UNSHOWN - 1}"
    assert last in {show(witness) for _ in range(MOST_UNSHOWN)}
    assert {show(witness) for _ in range(3)} == {last}


def test_the_checkpoints_of_an_older_epoch_are_forgotten(witness: SqliteWitness) -> None:
    witness.put_peer_note("jp", b"a", 0)
    witness.begin_peer_notes("jp")
    assert (witness.note_to_show("jp"), witness.peer_note("jp")) == (b"", b"")


def test_what_a_partner_took_the_place_of_still_shows_that_its_end_is_lost(tmp_path: Path) -> None:
    with open_pair(tmp_path) as pair:
        jp, nato = pair.jp, pair.nato
        jp.send("cyber@nato")
        nato.take(jp.waiting("nato"), "jp")
        with nato.node.store.read() as tables:
            first = tables.witness.peer_note("jp")
        pair.clock.go_on(60)
        jp.send("cyber@nato", body=b"later")
        nato.take(jp.waiting("nato")[1:], "jp")
        with nato.node.store.read() as tables:
            assert tables.witness.peer_note("jp") != first
            assert tables.witness.note_to_show("jp") == first
        assert nato.ask(requests.VerifyJournal())["ok"] is True
