"""Retention: what is due is destroyed with its key, what is open or held is not, and it is told."""

import shutil
from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from noroshi.adapters.sqlite.copy import open_copy
from noroshi.bootstrap import archive_of
from noroshi.core.delivery.ladder import Rung
from noroshi.core.errors import ConflictError, InputError, NotFoundError
from noroshi.core.instant import DAY, HOUR
from noroshi.core.retention import Rule
from noroshi.core.tlog.entry import Entry, EntryKind, decode_entry, new_entry
from noroshi.flow import answers, requests, retention
from noroshi.flow.renewal import keep_keys
from noroshi.flow.retention import Keeping, destroy_due
from noroshi.flow.tables import Transaction
from noroshi.safekeeping import back_up, restore_node
from noroshi.settings import FILE_NAME
from tests.unit.flow.pair import House, Pair, open_pair, under

WEEK = Rule(days=7)


@pytest.fixture
def pair(tmp_path: Path) -> Generator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


def keeping(house: House) -> Keeping:
    parts = house.node.house
    return Keeping(
        parts.me, parts.store, parts.archive, parts.blobs, parts.entropy, parts.retention
    )


def tidy(house: House) -> None:
    destroy_due(keeping(house), house.clock.now())


def deliver(pair: Pair, body: bytes, *, is_acknowledged: bool = True, **told: Any) -> str:
    """Send a report from jp to nato; have it acknowledged."""
    report = pair.jp.send("cyber@nato", body=body, **told)
    pair.carry()
    if is_acknowledged:
        acknowledge(pair.nato, report)
        pair.nato.issue_receipts("jp")
        pair.jp.take(pair.nato.waiting("jp"), "nato")
    return report


def acknowledge(house: House, report: str) -> None:
    house.ask(requests.Answering(report=report, rung=Rung.ACKNOWLEDGED, by="Maj Dupont"))


def shown(house: House, report: str) -> Any:
    return house.ask(requests.Show(report=report))


def keys(house: House) -> set[str]:
    return {path.stem for path in (house.node.home / "retention").iterdir()}


def kinds(house: House) -> list[EntryKind]:
    with house.node.store.read() as tables:
        return [decode_entry(leaf).kind for _, leaf, *_ in tables.journal.leaves()]


def test_nothing_that_a_report_says_lies_on_the_disk_in_the_clear(pair: Pair) -> None:
    deliver(pair, b"Smoke over the harbour", subject="Harbour in flames")
    for house in (pair.jp, pair.nato):
        (row,) = house.ask(requests.Inbox()) or [None]
        assert row is None or row["subject"] == "Harbour in flames"
        files = [path for path in house.node.home.rglob("*") if path.is_file()]
        image = b"".join(path.read_bytes() for path in files)
        assert b"cyber" in image
        assert b"Smoke over" not in image
        assert b"in flames" not in image


def test_what_is_due_is_destroyed_and_told(pair: Pair) -> None:
    nato, report = under(pair.nato, WEEK), deliver(pair, b"of last week")
    assert shown(nato, report)["body"] == "of last week"
    before = keys(nato)
    pair.clock.at += 7 * DAY
    tidy(nato)
    assert shown(nato, report)["body"] == "of last week"  # whole days
    (row,) = nato.ask(requests.Retained())
    assert row["report"] == report
    assert row["rule"] == "7 days"
    assert row["open"] is False
    pair.clock.at += DAY
    tidy(nato)
    assert not keys(nato) & before
    told = shown(nato, report)
    assert told["body"] == told["subject"] == ""
    assert told["destroyed"]["rule"] == "7 days"
    assert "was destroyed at" in told["destroyed"]["message"]
    assert told["recipients"][0]["rungs"]["ACKNOWLEDGED"]["by"] == "Maj Dupont"
    (listed,) = nato.ask(requests.Inbox())
    assert (listed["destroyed"], listed["subject"]) == (True, "")
    assert nato.ask(requests.Retained()) == []
    assert kinds(nato).count(EntryKind.CONTENT_DESTROYED) == 1
    assert nato.ask(requests.VerifyJournal())["ok"]
    assert nato.ask(requests.MakeProof(report=report))["proof"]
    assert shown(pair.jp, report)["body"] == "of last week"  # each house has rules of its own


def test_the_image_of_the_disk_opens_what_was_kept_and_nothing_else(
    pair: Pair, tmp_path: Path
) -> None:
    nato = under(pair.nato, WEEK)
    old = deliver(pair, b"of long ago")
    before = tmp_path / "before"
    shutil.copytree(nato.node.home, before)
    pair.clock.at += 10 * DAY
    young = deliver(pair, b"of today")
    tidy(nato)
    after = tmp_path / "after"
    shutil.copytree(nato.node.home, after)
    # Even the database of then is of no use without its key.
    shutil.copytree(after / "retention", before / "retention", dirs_exist_ok=True)
    for path in (before / "retention").iterdir():
        if path.stem not in keys(nato):
            path.unlink()
    archive = archive_of(before, lambda: None)
    assert archive.names() == keys(nato)
    assert shown(nato, young)["body"] == "of today"
    with pytest.raises(NotFoundError) as caught:
        answers.attachment(nato.node.house, old, "x")
    assert caught.value.code == "content-destroyed"


def test_what_is_open_is_kept_until_it_is_closed_plus_days(pair: Pair) -> None:
    nato = under(pair.nato, WEEK)
    report = deliver(pair, b"nobody has answered", is_acknowledged=False)
    closed = deliver(pair, b"answered")
    pair.clock.at += 30 * DAY
    tidy(nato)
    assert shown(nato, closed)["destroyed"]
    assert shown(nato, report)["body"] == "nobody has answered"
    (row,) = nato.ask(requests.Retained())
    assert (row["open"], row["destroyed_at"]) == (True, None)
    acknowledge(nato, report)
    pair.clock.at += 6 * DAY
    tidy(nato)
    assert shown(nato, report)["destroyed"] is None
    pair.clock.at += 2 * DAY
    tidy(nato)
    assert shown(nato, report)["destroyed"]


def test_what_waits_to_go_out_is_open(pair: Pair) -> None:
    jp = under(pair.jp, WEEK)
    report = jp.send("cyber@nato", body=b"the line is cut")
    pair.clock.at += 30 * DAY
    tidy(jp)
    assert shown(jp, report)["body"] == "the line is cut"
    pair.carry()
    assert shown(pair.nato, report)["body"] == "the line is cut"


def test_a_legal_hold_keeps_a_report_until_it_is_ended(pair: Pair) -> None:
    nato = under(pair.nato, WEEK)
    held, other = deliver(pair, b"evidence"), deliver(pair, b"chatter")
    hold = requests.HoldForLaw(report=held, by="Capt Abe", reason="case 114")
    assert nato.ask(hold)["state"] == "HELD"
    assert nato.ask(hold)["hold"]["by"] == "Capt Abe"
    for by, reason in (("Maj Dupont", "case 114"), ("Capt Abe", "case 115")):
        second = requests.HoldForLaw(report=held, by=by, reason=reason)
        with pytest.raises(ConflictError, match=r"by Capt Abe since .*: case 114") as refused:
            nato.ask(second)
        assert refused.value.code == "already-held"
    for _ in range(3):  # each time under another key
        pair.clock.at += 10 * DAY
        tidy(nato)
    assert shown(nato, held)["body"] == "evidence"
    assert shown(nato, other)["destroyed"]
    (row,) = nato.ask(requests.Retained())
    assert row["hold"]["reason"] == "case 114"
    late = requests.HoldForLaw(report=other, by="Capt Abe", reason="too late")
    with pytest.raises(NotFoundError) as caught:
        nato.ask(late)
    assert caught.value.code == "content-destroyed"
    end = requests.EndLegalHold(report=held, by="Capt Abe")
    assert nato.ask(end)["state"] == "RELEASED"
    with pytest.raises(ConflictError):
        nato.ask(end)
    tidy(nato)
    assert shown(nato, held)["destroyed"]
    found = [k for k in kinds(nato) if k in {EntryKind.LEGAL_HOLD, EntryKind.LEGAL_HOLD_ENDED}]
    assert len(found) == 2
    assert nato.ask(requests.VerifyJournal())["ok"]


def test_a_hold_needs_a_person_and_a_reason(pair: Pair) -> None:
    report = deliver(pair, b"words")
    for by, reason in ((None, "case"), ("Capt Abe", " "), ("Capt Abe", "x" * 501)):
        with pytest.raises(InputError):
            pair.nato.ask(requests.HoldForLaw(report=report, by=by, reason=reason))


def test_the_rule_for_the_area_and_the_marking_counts(pair: Pair) -> None:
    nato = under(
        pair.nato, WEEK, Rule(area="cyber", days=20), Rule(marking="TLP:RED", days=1),
        Rule(marking="TLP:RED", area="space"),
    )  # fmt: skip
    made = {
        "plain": deliver(pair, b"plain"),
        "cyber": deliver(pair, b"cyber", areas=("cyber",)),
        "red": deliver(pair, b"red", marking="TLP:RED", areas=("cyber",)),
        "space": deliver(pair, b"space", marking="TLP:RED", areas=("space",)),
    }
    left = []
    for days in (2, 10, 30, 1000):
        pair.clock.at += days * DAY
        tidy(nato)
        left.append({name for name, report in made.items() if not shown(nato, report)["destroyed"]})
    assert left == [{"plain", "cyber", "space"}, {"cyber", "space"}, {"space"}, {"space"}]


def test_a_draft_outlives_the_key_of_its_day(pair: Pair) -> None:
    nato = under(pair.nato, WEEK)
    deliver(pair, b"of the same day")
    agreement = (
        b'{"agreement": 1, "reference": "R", "sender": "nato", "receiver": "jp", "policy": "NATO",'
        b' "level": "SECRET", "valid_from": "2026-01-01", "valid_until": "2029-12-31"}'
    )
    nato.ask(requests.AddAgreement(agreement=agreement, by="Capt Abe"))
    told: Any = nato.ask(
        requests.SendReport(
            body=b"waits for a second person", to=("cyber@jp",), by="Lt Jansen",
            marking="NATO SECRET//REL TO JPN",
        )
    )  # fmt: skip
    pair.clock.at += 20 * DAY
    before = keys(nato)
    tidy(nato)
    assert not keys(nato) & before
    (row,) = nato.ask(requests.ReleaseQueue())
    assert row["body"] == "waits for a second person"
    nato.ask(requests.Release(report=told["report"], by="Col Weber"))
    assert shown(nato, told["report"])["body"] == "waits for a second person"


def test_attachments_go_too_unless_another_report_needs_them(pair: Pair) -> None:
    jp = under(pair.jp, WEEK)
    token = answers.stage(jp.node.house, "log.txt", [b"lines"])
    report = jp.send("cyber@nato", body=b"see the log", attachments=(token,))
    pair.carry()
    (blob,) = {path.name for path in (jp.node.home / "blobs").iterdir() if len(path.name) == 64}
    jp.node.store.perform(lambda tx: tx.outbox.remove("nato", [bytes.fromhex(blob)]))
    acknowledge(pair.nato, report)
    pair.nato.issue_receipts("jp")
    jp.take(pair.nato.waiting("jp"), "nato")
    assert jp.ask(requests.Retained())[0]["open"] is False
    pair.clock.at += 10 * DAY
    tidy(jp)
    assert shown(jp, report)["destroyed"]
    assert not (jp.node.home / "blobs" / blob).exists()


@pytest.mark.parametrize("step", ["decided", "half", "destroyed"])
def test_a_process_that_ends_in_between_begins_again(pair: Pair, step: str) -> None:
    nato = under(pair.nato, WEEK)
    old = deliver(pair, b"old")
    kept = deliver(pair, b"kept", is_acknowledged=False)
    pair.clock.at += 20 * DAY
    work = keeping(nato)
    (name,) = keys(nato)
    to = work.archive.make_beside(name)
    if step == "half":
        nato.node.store.perform(
            lambda tx: tx.retention.doom(bytes.fromhex(old.replace("-", "")), "r")
        )
    else:
        nato.node.store.perform(lambda tx: retention.decide(tx, name, to, work.rules, tx.now))
    if step == "destroyed":
        work.archive.destroy(name)
        assert shown(nato, old)["body"] == ""
    tidy(nato)
    assert shown(nato, old)["destroyed"]["rule"]
    assert shown(nato, kept)["body"] == "kept"
    assert name not in keys(nato)
    pair.clock.at += 3 * DAY
    tidy(nato)
    assert len(keys(nato)) == 1  # what was made and never used is gone
    assert nato.ask(requests.VerifyJournal())["ok"]
    assert kinds(nato).count(EntryKind.CONTENT_DESTROYED) == 1


def test_without_rules_nothing_is_destroyed_and_no_key_changes(pair: Pair) -> None:
    report = deliver(pair, b"for ever")
    before = keys(pair.nato)
    pair.clock.at += 4000 * DAY
    tidy(pair.nato)
    assert keys(pair.nato) == before
    assert shown(pair.nato, report)["body"] == "for ever"


def test_a_lost_key_is_told_and_the_journal_check_finds_it(pair: Pair) -> None:
    report = deliver(pair, b"words")
    archive = pair.nato.node.house.archive
    for name in archive.names():
        archive.destroy(name)
    told = shown(pair.nato, report)
    assert told["destroyed"] == {
        "at": None, "rule": "",
        "message": "what it says cannot be read: its key is not on this disk",
    }  # fmt: skip
    assert not pair.nato.ask(requests.VerifyJournal())["ok"]
    found = {each["check"]: each for each in pair.nato.ask(requests.Examine())}
    assert found["reports"]["ok"] is False
    assert "bring them from a backup" in found["reports"]["message"]
    tidy(under(pair.nato, WEEK))
    assert shown(pair.nato, report)["destroyed"]["at"] is None


def test_an_old_backup_does_not_bring_back_what_was_destroyed(pair: Pair, tmp_path: Path) -> None:
    report = deliver(pair, b"of long ago")
    settings = pair.nato.node.home / FILE_NAME
    settings.write_text(settings.read_text() + "[[retention]]\ndays = 7\n")
    back_up(pair.nato.node.home, tmp_path / "b", lambda _d, _a: None, pair.clock)
    fresh = tmp_path / "fresh"
    shutil.copy(tmp_path / "b", tmp_path / "same")
    restore_node(fresh, tmp_path / "b", lambda: None, lambda _d, _a: None, clock=pair.clock)
    assert {path.name for path in (fresh / "retention").iterdir()}
    pair.clock.at += 10 * DAY
    late = tmp_path / "late"
    restore_node(late, tmp_path / "same", lambda: None, lambda _d, _a: None, clock=pair.clock)
    archive = archive_of(late, lambda: None)
    with open_home(late) as tables:
        stored = tables.reports.get(bytes.fromhex(report.replace("-", "")))
        assert stored is not None
        assert stored.destroyed is not None
        assert stored.destroyed.rule == "7 days"
    assert not archive.names()


def open_home(home: Path) -> Any:
    return open_copy(home / "node.db", archive_of(home, lambda: None))


def test_the_next_look_is_at_midnight(pair: Pair) -> None:
    now = pair.clock.now()
    due = keep_keys(pair.nato.node.house)
    assert due % DAY == 0
    assert now < due <= now + 24 * HOUR


def append(tx: Transaction, entry: Entry) -> None:
    tx.journal.append(entry)


def test_a_clock_that_was_ahead_for_less_than_a_day_has_destroyed_nothing(pair: Pair) -> None:
    nato, report = under(pair.nato, WEEK), deliver(pair, b"of this week")
    right = pair.clock.at
    pair.clock.at += 400 * DAY
    for _ in range(3):
        keep_keys(nato.node.house)
        pair.clock.at += 7 * HOUR
    assert shown(nato, report)["body"] == "of this week"
    pair.clock.at = right + DAY
    keep_keys(nato.node.house)
    assert shown(nato, report)["body"] == "of this week"
    for _ in range(10):  # and on the right day it goes, of a node that has something to do
        pair.clock.at += DAY
        entry = new_entry(EntryKind.ALARM_TAKEN, pair.clock.at, bytes(16), "nato")
        nato.node.store.perform(partial(append, entry=entry))
        keep_keys(nato.node.house)
    assert shown(nato, report)["destroyed"]
