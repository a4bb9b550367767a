"""Search as people use it: on the command line, served or not, and at the console."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program.conftest import Desk, befriend, make
from tests.program.test_console_accounts import House

pytestmark = pytest.mark.xdist_group("search")

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Desk, str]]:
    folder = tmp_path_factory.mktemp("search")
    jp, nato = make(folder, "jp"), make(folder, "nato", desks=("cyber", "media"))
    befriend([jp, nato])
    text = folder / "text.txt"
    text.write_text(f"不正通信を遮断した。 {HOSTILE}")
    with jp.served(), nato.served() as ready:
        report = jp.ask("send", text, "--to", "cyber@nato", "--subject", HOSTILE)["report"]
        jp.ask("wait", report, "--rung", "DELIVERED")
        made = House(nato, ready["url"], folder / "words")
        made.add("Capt Abe", "administrator", by=())
        made.add("Lt Sato", "watch@cyber")
        made.add("Lt Kato", "watch@media")
        made.add("Ms Ueda", "auditor")
        yield made, jp, report


def asked(house: House, name: str, *words: str) -> list[str]:
    words_file = str(house.desk.home.parent / "words")
    ran = house.desk.run(
        "--json", "--as", name, "search", *words,
        environment={"NOROSHI_ACCOUNT_PASSPHRASE_FILE": words_file},
    )  # fmt: skip
    assert ran.status == 0, ran.errors
    return [row["report"] for row in ran.told["found"]]


def test_words_of_two_characters_find_a_report(house: tuple[House, Desk, str]) -> None:
    nato, jp, report = house
    assert [row["report"] for row in jp.ask("search", "遮断")["found"]] == [report]
    assert jp.ask("search", "遮断", "-不正")["found"] == []
    told = jp.run("search", "遮断").text
    assert report[:8] in told
    assert "No report has all of that" in jp.run("search", "nothing", "-here", "kind:x").text
    assert jp.fail("search", "-遮断")["error"] == "bad-input"
    assert asked(nato, "Lt Sato", "遮断") == [report]


def test_a_report_that_is_not_meant_or_cancelled_says_so(
    house: tuple[House, Desk, str], tmp_path: Path
) -> None:
    nato, jp, _ = house
    text = tmp_path / "drill.txt"
    text.write_text("Harbour drill")
    report = jp.ask(
        "send", text, "--to", "cyber@nato", "--status", "exercise", "--precedence", "flash"
    )["report"]
    jp.ask("wait", report, "--rung", "DELIVERED")
    assert "EXERCISE" in jp.run("search", "harbour", "drill").text
    board = nato.door("Lt Sato").ask("GET", "/")[1]
    assert 'role="search"' in board
    page = nato.door("Lt Sato").ask("GET", "/search?q=harbour+drill")[1]
    assert ("<b>EXERCISE</b>" in page, "FLASH" in page) == (True, True)
    cancel = jp.ask("cancel", report)["report"]
    jp.ask("wait", cancel, "--rung", "DELIVERED")
    assert "CANCELLED" in jp.run("search", "harbour", "drill").text
    page = nato.door("Lt Sato").ask("GET", "/search?q=harbour+drill")[1]
    assert "<b>CANCELLED" in page or "<b>Cancelled" in page


def test_nobody_finds_what_they_may_not_read(house: tuple[House, Desk, str]) -> None:
    nato, _, report = house
    assert asked(nato, "Lt Kato", "遮断") == []
    page = nato.door("Lt Sato").ask("GET", "/search?q=%E9%81%AE%E6%96%AD")[1]
    assert f"/report/{report}" in page
    assert HOSTILE not in page
    page = nato.door("Lt Kato").ask("GET", "/search?q=%E9%81%AE%E6%96%AD")[1]
    assert report not in page
    assert "No report has all of that" in page
    status, page, *_ = nato.door("Ms Ueda").ask("GET", "/search?q=%E9%81%AE%E6%96%AD")
    assert (status, report in page) == (400, False)


def test_a_query_that_cannot_be_is_told_beside_the_words(house: tuple[House, Desk, str]) -> None:
    status, page, *_ = house[0].door("Lt Sato").ask("GET", "/search?q=after%3Asoon")
    assert (status, "wants a day" in page, 'value="after:soon"' in page) == (400, True, True)
    status, page, *_ = house[0].door("Lt Sato").ask("GET", "/search")
    assert (status, 'role="search"' in page) == (200, True)


def test_a_node_that_nobody_serves_is_searched_too(tmp_path: Path) -> None:
    jp, nato = make(tmp_path, "jp"), make(tmp_path, "nato")
    befriend([jp, nato])
    report = jp.ask("send", "-", "--to", "cyber@nato", given="遮断".encode())["report"]
    assert [row["report"] for row in jp.ask("search", "遮断")["found"]] == [report]
