"""Partners are witnesses: forks, rewrites and cut tails of a journal, with real processes."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest

from noroshi.adapters.home import DATABASE
from noroshi.settings import FILE_NAME
from tests.program.conftest import Desk, befriend, make
from tests.program.waiting import until

pytestmark = pytest.mark.xdist_group("witnesses")


@pytest.fixture
def three(tmp_path: Path) -> list[Desk]:
    """Three nodes that check their lines every second."""
    desks = [make(tmp_path, partner) for partner in ("jp", "nato", "au")]
    befriend(desks)
    for desk in desks:
        settings = desk.home / FILE_NAME
        told = settings.read_text(encoding="utf-8")
        assert "check_minutes = 15\n" in told
        settings.write_text(told.replace("check_minutes = 15\n", "check_minutes = 0.02\n"))
    return desks


@contextmanager
def served(*desks: Desk) -> Iterator[None]:
    with ExitStack() as stack:
        for desk in desks:
            stack.enter_context(desk.served())
        yield


def send(desk: Desk, text: Path, to: str) -> str:
    return str(desk.ask("send", text, "--to", f"cyber@{to}", "--by", "Lt Sato")["report"])


def exchange(one: Desk, other: Desk, text: Path) -> None:
    report = send(one, text, other.partner)
    one.ask("wait", report, "--rung", "DELIVERED", "--timeout", "120")


def verified(desk: Desk) -> Any:
    return desk.run("--json", "journal", "verify").told


def cosigned(desk: Desk, witness: str) -> int:
    return int(verified(desk)["witnessed"].get(witness, {"cosigned": 0})["cosigned"])


def is_whole(desk: Desk, *witnesses: str) -> bool:
    """Say whether all of a journal is cosigned by all witnesses."""
    return all(cosigned(desk, witness) == verified(desk)["size"] for witness in witnesses)


def alarms(desk: Desk) -> set[str]:
    """Return the kinds of alarm about journals; lines are down while nodes start."""
    told = {alarm["alarm"] for alarm in desk.ask_lines("alarms", "--all")}
    return told & {"JOURNAL_CONFLICT", "UNPROVEN", "LOST_TAIL"}


def cut(desk: Desk, keep: int) -> None:
    """Cut off the end of a stopped node's journal with all that points into it."""
    connection = apsw.Connection(str(desk.home / DATABASE))
    with connection:
        for statement in (
            "DELETE FROM journal_entry WHERE idx >= ?",
            "DELETE FROM journal_checkpoint WHERE size > ?",
            "DELETE FROM journal_node WHERE ((idx + 1) << level) > ?",
            "DELETE FROM report WHERE entry_index >= ?",
        ):
            connection.execute(statement, (keep,))
        connection.execute("DELETE FROM addressee WHERE report NOT IN (SELECT number FROM report)")
        for table in ("receipt", "cosignature", "peer_told", "rung", "alarm"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - ours
    connection.close()


def checkpoints(desk: Desk) -> list[int]:
    connection = apsw.Connection(str(desk.home / DATABASE))
    sizes = [size for (size,) in connection.execute("SELECT size FROM journal_checkpoint")]
    connection.close()
    return sorted(sizes)


def test_a_journal_is_cosigned_and_a_copy_of_it_audited(
    three: list[Desk], text: Path, tmp_path: Path
) -> None:
    jp, nato, au = three
    with served(*three):
        exchange(jp, nato, text)
        until(lambda: is_whole(jp, "nato", "au"), "nobody cosigns")
        (line,) = [one for one in nato.ask_lines("journal", "witnesses") if one["partner"] == "jp"]
        assert line["state"] == "PROVEN"
        assert line["proven"]["size"] == verified(jp)["size"]
        report = send(jp, text, "nato")
        jp.ask("wait", report, "--rung", "DELIVERED", "--timeout", "120")
        until(lambda: is_whole(jp, "nato", "au"), "nobody cosigns what came later")
        proof, note = tmp_path / "p.noroshi", tmp_path / "jp.checkpoint"
        jp.ask("journal", "proof", report, "-o", proof)
        nato.ask("journal", "checkpoint", "jp", "-o", note)
        cards = [word for desk in three for word in ("--card", desk.home.with_suffix(".card"))]
        claims = jp.ask("verify", proof, *cards)["claims"]
        assert {c["partner"] for c in claims if c["type"] == "WITNESSED"} == {"nato", "au"}
    assert not any(map(alarms, three))
    copy = Desk("jp", tmp_path / "copy")
    shutil.copytree(jp.home, copy.home)
    assert copy.ask("journal", "verify", "--against", note)["ok"] is True
    size = int(note.read_text().splitlines()[1])  # the journal may have grown since
    cut(copy, max(one for one in checkpoints(copy) if one < size))
    assert verified(copy)["ok"] is True  # alone it has nothing to compare with
    found = copy.run("--json", "journal", "verify", "--against", note)
    assert found.status == 1
    low, high = found.told["bad_between"]
    assert low == checkpoints(copy)[-1]
    assert low <= high <= size
    assert au.fail("journal", "verify", "--against", note)["error"] == "bad-proof"


@pytest.mark.parametrize("is_continued", [False, True])
def test_a_cut_and_a_rewritten_tail_are_found_at_the_next_contact(
    three: list[Desk],
    text: Path,
    is_continued: bool,  # noqa: FBT001 - a parameter
) -> None:
    jp, nato, au = three
    with served(*three):
        exchange(jp, nato, text)
        until(lambda: is_whole(jp, "nato", "au"), "nobody cosigns")
    size = verified(jp)["size"]
    seen = min(cosigned(jp, "nato"), cosigned(jp, "au"))
    cut(jp, [one for one in checkpoints(jp) if one <= seen][-3])
    while is_continued and verified(jp)["size"] <= size:
        send(jp, text, "nato")
    assert verified(jp)["ok"] is True
    with served(*three):
        for desk in (nato, au):
            until(lambda desk=desk: "JOURNAL_CONFLICT" in alarms(desk), "the cut is not found")  # type: ignore[misc]
            assert desk.ask_lines("journal", "conflicts")[0]["partner"] == "jp"
        until(lambda: "LOST_TAIL" in alarms(jp), "the node itself is not told")
        exchange(nato, au, text)  # nothing else stops


def test_a_fork_shown_to_two_partners_is_found_by_both(
    three: list[Desk], text: Path, tmp_path: Path
) -> None:
    jp, nato, au = three
    with served(*three):
        exchange(jp, nato, text)
        until(lambda: is_whole(jp, "nato", "au"), "nobody cosigns")
    twin = Desk("jp", tmp_path / "twin")
    shutil.copytree(jp.home, twin.home)
    for node, partner, count in ((jp, nato, 1), (twin, au, 2)):
        with served(node, partner):
            for _ in range(count):
                exchange(node, partner, text)
            until(
                lambda node=node, partner=partner: is_whole(node, partner.partner),  # type: ignore[misc]
                "it does not cosign its side of the fork",
            )
    assert not any(map(alarms, (nato, au)))
    with served(twin, nato, au):
        for desk in (nato, au):
            until(lambda desk=desk: "JOURNAL_CONFLICT" in alarms(desk), "not found")  # type: ignore[misc]
            assert desk.ask_lines("journal", "conflicts")
    for desk in (nato, au):
        assert verified(desk)["ok"] is True
