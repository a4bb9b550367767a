"""Which of a partner's checkpoints it is shown: all that may lie in an end that it lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from noroshi.adapters.sqlite.connection import Database, open_memory
from noroshi.adapters.sqlite.receipts import MOST_UNSHOWN, SqliteReceipts
from noroshi.flow import requests
from tests.unit.flow.pair import open_pair


@pytest.fixture
def receipts() -> Iterator[SqliteReceipts]:
    connection = open_memory(None)
    yield SqliteReceipts(Database(connection))
    connection.close()


def show(receipts: SqliteReceipts) -> str:
    note = receipts.note_to_show("jp")
    receipts.is_shown("jp", note)
    return note.decode()


def test_all_are_shown_that_before_the_longest_silence_first(receipts: SqliteReceipts) -> None:
    assert receipts.note_to_show("jp") == b""
    for at, note in ((0, b"a"), (10, b"b"), (100, b"c"), (130, b"d")):
        receipts.put_peer_note("jp", note, at)
    receipts.put_peer_note("nato", b"x", 5)
    assert [show(receipts) for _ in range(5)] == ["b", "a", "c", "d", "d"]


def test_one_is_shown_again_when_the_partner_went_on_after_it(receipts: SqliteReceipts) -> None:
    receipts.put_peer_note("jp", b"a", 0)
    assert show(receipts) == "a"
    receipts.put_peer_note("jp", b"b", 10)
    assert [show(receipts) for _ in range(2)] == ["a", "b"]


def test_under_load_those_before_silences_stay(receipts: SqliteReceipts) -> None:
    receipts.put_peer_note("jp", b"before", 0)
    for number in range(3 * MOST_UNSHOWN):
        receipts.put_peer_note("jp", b"%d" % number, 1000 + number)
    assert show(receipts) == "before"
    last = f"{3 * MOST_UNSHOWN - 1}"
    assert last in {show(receipts) for _ in range(MOST_UNSHOWN)}
    assert {show(receipts) for _ in range(3)} == {last}


def test_the_checkpoints_of_an_older_epoch_are_forgotten(receipts: SqliteReceipts) -> None:
    receipts.put_peer_note("jp", b"a", 0)
    receipts.begin_peer_notes("jp")
    assert (receipts.note_to_show("jp"), receipts.peer_note("jp")) == (b"", b"")


def test_what_a_partner_took_the_place_of_still_shows_that_its_end_is_lost(tmp_path: Path) -> None:
    with open_pair(tmp_path) as pair:
        jp, nato = pair.jp, pair.nato
        jp.send("cyber@nato")
        nato.take(jp.waiting("nato"), "jp")
        with nato.node.store.read() as tables:
            first = tables.receipts.peer_note("jp")
        pair.clock.go_on(60)
        jp.send("cyber@nato", body=b"later")
        nato.take(jp.waiting("nato")[1:], "jp")
        with nato.node.store.read() as tables:
            assert tables.receipts.peer_note("jp") != first
            assert tables.receipts.note_to_show("jp") == first
        assert nato.ask(requests.VerifyJournal())["ok"] is True
