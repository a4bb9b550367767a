"""Settings at the console: who one is, people and their roles, areas of cooperation."""

import re
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program.conftest import make
from tests.program.console import Door, come_in
from tests.program.test_console_accounts import WORDS, House

pytestmark = pytest.mark.xdist_group("console-settings")

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("settings")
    jp = make(folder, "jp", desks=("cyber", "ops"))
    with jp.served() as ready:
        made = House(jp, ready["url"], folder / "words")
        made.add("Capt Abe", "administrator", by=())
        made.add("Lt Sato", "drafter", "watch")
        made.add("Ms Ueda", "auditor")
        yield made


def roles_of(house: House, name: str) -> list[str]:
    ran = house.desk.run(
        "--json", "--as", "Capt Abe", "account", "list",
        environment={"NOROSHI_ACCOUNT_PASSPHRASE_FILE": str(house.desk.home.parent / "words")},
    )  # fmt: skip
    rows = ran.lines[0] if isinstance(ran.lines[0], list) else ran.lines
    return next(row["roles"] for row in rows if row["account"] == name and row["state"] == "ACTIVE")


def post(door: Door, *fields: tuple[str, str]) -> tuple[int, str]:
    """Send a form in which a field may stand more than once."""
    body = urllib.parse.urlencode(fields).encode()
    status, page, _ = door.send("/settings", body, "application/x-www-form-urlencoded")
    return status, page


def test_a_person_is_added_changed_and_ended(house: House) -> None:
    door = house.door("Capt Abe")
    adding = (("act", "add"), ("name", "Lt Kato"), ("role", "watch@cyber"), ("role", "drafter"))
    status, page = post(door, *adding, ("passphrase", "sesame"))
    assert (status, "at least 12 characters" in page, 'value="Lt Kato"' in page) == (
        400, True, True,
    )  # fmt: skip
    assert 'value="watch@cyber" checked' in page
    assert "sesame" not in page
    assert post(door, *adding, ("passphrase", WORDS))[0] == 303
    assert sorted(roles_of(house, "Lt Kato")) == ["drafter", "watch@cyber"]
    assert "Lt Kato" in house.door("Lt Kato").ask("GET", "/settings")[1]
    changing = (("act", "roles"), ("name", "Lt Kato"), ("role", "releaser@ops"))
    assert post(door, *changing)[0] == 303
    assert roles_of(house, "Lt Kato") == ["releaser@ops"]
    assert post(door, ("act", "roles"), ("name", "Lt Kato"), ("role", "king"))[0] == 400
    ending = (("act", "end"), ("name", "Lt Kato"))
    status, page = post(door, *ending, ("confirm", "Lt Sato"))
    assert (status, "type Lt Kato to confirm" in page) == (400, True)
    assert roles_of(house, "Lt Kato") == ["releaser@ops"]
    assert post(door, *ending, ("confirm", "Lt Kato"))[0] == 303
    assert "Ended" in door.ask("GET", "/settings")[1]
    assert post(door, ("act", ""), ("name", "Lt Sato"))[0] == 400


def test_a_hostile_name_shows_as_text(house: House) -> None:
    door = house.door("Capt Abe")
    adding = (("act", "add"), ("name", HOSTILE), ("role", "auditor"), ("passphrase", WORDS))
    assert post(door, *adding)[0] == 303
    page = door.ask("GET", "/settings")[1]
    assert "<img" not in page
    assert "&lt;img" in page


@pytest.mark.parametrize(
    ("language", "said"),
    [("fr", "Rien ici ne porte ce nom"), ("ja", "ここにありません"), ("en", "no report")],
)
def test_what_went_wrong_is_told_in_the_reader_s_language(
    house: House, language: str, said: str
) -> None:
    door = house.door("Lt Sato")
    given = {"Accept-Language": language}
    status, page, _ = door.ask("GET", "/report/ffffffff", None, **given)
    assert (status, said in page) == (404, True)
    assert ('lang="en">no report' in page) == (language != "en")


@pytest.mark.parametrize("name", ["Lt Sato", "Ms Ueda"])
def test_only_an_administrator_decides_about_people(house: House, name: str) -> None:
    door = house.door(name)
    page = door.ask("GET", "/settings")[1].partition("<main")[2]
    assert name in page
    assert 'name="role"' not in page
    assert 'name="confirm"' not in page
    assert ("Capt Abe" in page) is (name == "Ms Ueda"), "auditors know who is who"
    assert "Cyber defence" in page
    for fields in (
        (("act", "add"), ("name", "Mallory"), ("role", "administrator"), ("passphrase", WORDS)),
        (("act", "roles"), ("name", name), ("role", "administrator")),
        (("act", "end"), ("name", "Capt Abe"), ("confirm", "Capt Abe")),
    ):
        status, page = post(door, *fields)
        assert (status, "may not administer" in page) == (400, True)
    assert roles_of(house, "Capt Abe") == ["administrator"]
    assert door.ask("POST", "/settings", {"act": "end"})[0] == 400, "from another site"


def test_open_sessions_are_listed_and_ended(house: House) -> None:
    first, second, boss = house.door("Ms Ueda"), house.door("Ms Ueda"), house.door("Capt Abe")
    page = second.ask("GET", "/settings")[1]
    _, other, *_ = re.findall('name="session" value="([0-9a-f]+)"', page)  # the newest first
    assert page.count("this one") == 1
    assert post(boss, ("act", "sessions"), ("session", other))[0] == 303, "of their own alone"
    assert first.ask("GET", "/rows")[0] == 200
    assert post(second, ("act", "sessions"), ("name", "Capt Abe"))[0] == 400
    assert boss.ask("GET", "/rows")[0] == 200
    assert post(second, ("act", "sessions"), ("session", other))[0] == 303
    assert (first.ask("GET", "/rows")[0], second.ask("GET", "/rows")[0]) == (401, 200)
    third = house.door("Ms Ueda")
    assert post(second, ("act", "sessions"))[0] == 303
    assert (third.ask("GET", "/rows")[0], second.ask("GET", "/rows")[0]) == (401, 200)
    assert post(boss, ("act", "sessions"), ("name", "Ms Ueda"))[0] == 303
    assert second.ask("GET", "/rows")[0] == 401
    assert boss.ask("GET", "/rows")[0] == 200


def test_without_accounts_names_are_claims(tmp_path: Path) -> None:
    jp = make(tmp_path, "jp")
    with jp.served() as ready:
        door = come_in(jp, ready["url"])
        page = door.ask("GET", "/settings")[1]
        assert "names are claims" in page
        assert 'name="role"' not in page, "the first account is made on the command line"
