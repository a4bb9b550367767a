"""Accounts at the command line, with real processes: served, unserved, and from another user."""

import json
import os
import pty
import pwd
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from noroshi.core.errors import NoroshiError
from noroshi.entrypoints.cli.desk import reach
from noroshi.entrypoints.cli.person import Person
from noroshi.flow import requests
from tests.program.conftest import Desk, Ran, befriend, command, make, run

pytestmark = pytest.mark.xdist_group("accounts")

NOBODY = "nobody"
STRANGER = pwd.getpwnam(NOBODY).pw_uid
"""An operating-system user who owns nothing here."""


class House:
    """A node with a staff: the administrator owns the node's files, the others have passphrases."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk = desk
        self._folder = folder
        self.desk.ask("account", "add", "Capt Abe", "--role", "administrator")
        for name, *roles in (
            ("Lt Sato", "drafter", "releaser"),
            ("Cdr Ito", "releaser"),
            ("Lt Doi", "watch@cyber"),
            ("Ms Ueda", "auditor"),
        ):
            self.add(name, *roles)

    def add(self, name: str, *roles: str) -> None:
        given = [word for role in roles for word in ("--role", role)]
        self.desk.ask("account", "add", name, *given, "--passphrase-file", self.secret(name))

    def secret(self, name: str) -> Path:
        path = self._folder / f"{name}.words"
        path.write_text(f"the long passphrase of {name}\n")
        return path

    def environment(self, name: str) -> Mapping[str, str]:
        return {"NOROSHI_ACCOUNT_PASSPHRASE_FILE": str(self.secret(name))}

    def run(self, name: str, *words: str | Path) -> Ran:
        """Run a command as somebody, proven by passphrase."""
        return self.desk.run("--json", "--as", name, *words, environment=self.environment(name))

    def ask(self, name: str, *words: str | Path) -> Any:
        ran = self.run(name, *words)
        assert ran.status == 0, ran.errors
        return ran.told

    def refused(self, name: str, *words: str | Path) -> str:
        """Return the code with which a command is refused."""
        ran = self.run(name, *words)
        assert ran.status == 1, ran.text
        assert "Traceback" not in ran.errors
        return str(ran.told["error"])


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> tuple[House, Desk]:
    folder = tmp_path_factory.mktemp("accounts")
    jp = make(folder, "jp", desks=("cyber", "ops"))
    nato = make(folder, "nato")
    befriend([jp, nato])
    agreement = folder / "jp-nato.json"
    told = {
        "agreement": 1, "reference": "JP-NATO", "sender": "jp", "receiver": "nato",
        "is_mutual": True, "policy": "JPN", "level": "秘", "valid_from": "2026-01-01",
        "valid_until": "2099-12-31", "areas": [], "caveats": [], "accepts_indicative": False,
    }  # fmt: skip
    agreement.write_text(json.dumps(told))
    for desk in (jp, nato):
        desk.ask("agreement", "add", agreement, "--by", "Lt Sato")
    return House(jp, folder), nato


def staff_at_work(house: House, nato: Desk, text: Path) -> None:
    """What each may do and may not, over whatever way the command finds to the node."""
    marked = ("--marking", "JPN 秘//REL TO NATO")
    draft = house.ask("Lt Sato", "send", text, "--to", "cyber@nato", *marked)
    assert draft["state"] == "AWAITING_RELEASE"
    report = str(draft["report"])
    assert house.refused("Lt Sato", "release", report, "--by", "Lt Sato") == "two-persons"
    assert house.refused("Lt Sato", "release", report, "--by", "LT SATO") == "two-persons"
    assert house.refused("Lt Sato", "release", report, "--by", "Cdr Ito") == "not-permitted"
    assert house.refused("Lt Doi", "release", report, "--by", "Lt Doi") == "not-permitted"
    assert house.refused("Nobody", "release", report, "--by", "Nobody") == "unknown-account"
    assert house.ask("Cdr Ito", "release", report, "--by", "Cdr Ito")["state"] == "SENT"
    for words in (
        ("show", report),
        ("inbox",),
        ("status", report),
        ("label", "write", report),
        ("export", report),
        ("courier", "out", "--to", "nato", "-o", text.with_suffix(".volume")),
        ("send", text, "--to", "cyber@nato"),
        ("account", "add", "X", "--role", "watch", "--passphrase-file", text),
        ("backup", text.with_suffix(".backup")),
    ):
        assert house.refused("Ms Ueda", *words) == "not-permitted"
    assert house.ask("Ms Ueda", "journal", "verify")["ok"] is True
    proof = text.with_suffix(".proof")
    house.ask("Ms Ueda", "journal", "proof", report, "-o", proof)
    files = [desk.home.with_suffix(".card") for desk in (house.desk, nato)]
    cards = [word for file in files for word in ("--card", file)]
    types = {claim["type"] for claim in house.desk.ask("verify", proof, *cards)["claims"]}
    assert {"SENT", "JOURNALLED_SEALED"} <= types
    assert house.ask("Lt Doi", "desk", "state", "cyber", "staffed", "--by", "Lt Doi")
    assert (
        house.refused("Lt Doi", "desk", "state", "ops", "staffed", "--by", "Lt Doi")
        == "not-permitted"
    )
    # Without a passphrase one is whom the operating system says: here the administrator.
    assert house.desk.ask("account", "whoami")["account"] == "Capt Abe"
    assert house.desk.fail("inbox")["error"] == "not-permitted"
    assert house.desk.fail("ack", report, "--by", "Lt Doi")["error"] == "passphrase-needed"
    assert house.desk.fail("account", "remove", "Capt Abe")["error"] == "last-administrator"


def test_the_rule_holds_where_the_home_is_opened_directly(
    nodes: tuple[House, Desk], text: Path
) -> None:
    staff_at_work(*nodes, text)


def test_the_rule_holds_at_a_served_node_and_acts_carry_the_person(
    nodes: tuple[House, Desk], text: Path
) -> None:
    house, nato = nodes
    with house.desk.served(), nato.served():
        staff_at_work(house, nato, text)
        sent = str(nato.ask("send", text, "--to", "cyber@jp", "--attach", text)["report"])
        nato.ask("wait", sent, "--rung", "DELIVERED", "--timeout", "120")
        told = house.ask("Lt Doi", "ack", sent, "--by", "lt doi")
        assert told["rungs"]["ACKNOWLEDGED"]["by_proven"] is True
        nato.ask("wait", sent, "--rung", "ACKNOWLEDGED", "--timeout", "120")
        (at_jp,) = nato.ask("status", sent)["recipients"]
        assert at_jp["rungs"]["ACKNOWLEDGED"]["by"] == "Lt Doi"
        output = text.with_suffix(".copy")
        read = ("show", sent, "--attachment", text.name, "-o", output)
        assert house.refused("Ms Ueda", *read) == "not-permitted"
        assert not output.exists()
        house.ask("Lt Doi", *read)
        assert output.read_bytes() == text.read_bytes()
        assert house.refused("Ms Ueda", "send", text, "--to", "cyber@nato", "--attach", text) == (
            "not-permitted"
        )
        wrong = text.with_suffix(".wrong")
        wrong.write_text("not the passphrase at all")
        ran = house.desk.run(
            "--json", "--as", "Lt Doi", "inbox",
            environment={"NOROSHI_ACCOUNT_PASSPHRASE_FILE": str(wrong)},
        )  # fmt: skip
        assert (ran.status, ran.told["error"]) == (1, "not-proven")


def from_user(uid: int, door: Path, request: requests.AnyRequest, person: Person) -> Any:
    """Ask a door as another operating-system user, in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            with reach(Path("/nowhere"), lambda: None, person, door) as desk:
                told: object = desk.ask(request)
        except NoroshiError as error:
            told = error.code
        except BaseException as error:  # noqa: BLE001 - it is told to the other process
            told = repr(error)
        os.write(writing, json.dumps(told).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = json.loads(pipe.read())
    os.waitpid(child, 0)
    return told


def at_a_terminal(home: Path, words: list[str], typed: list[str]) -> str:
    """Run a command at a terminal of its own and type at each prompt; return what stood there."""
    arguments = command("--home", home, *words)
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover - another process
        os.execv(arguments[0], arguments)  # noqa: S606 - a terminal of its own
    shown = b""
    for answer in typed:
        while not shown.rstrip().endswith(b":"):
            shown += os.read(terminal, 1024)
        os.write(terminal, answer.encode() + b"\n")
        shown += b"|"
    try:
        while more := os.read(terminal, 1024):
            shown += more
    except OSError:  # its end, on Linux
        pass
    os.close(terminal)
    os.waitpid(child, 0)
    return shown.decode()


def test_at_a_terminal_the_passphrase_is_asked_for(nodes: tuple[House, Desk]) -> None:
    house, _ = nodes
    home = house.desk.home
    words = house.secret("Lt Doi").read_text().strip()
    told = at_a_terminal(home, ["--as", "Lt Doi", "--json", "account", "whoami"], [words])
    assert '"account": "Lt Doi"' in told
    assert words not in told
    told = at_a_terminal(home, ["--as", "Lt Doi", "inbox"], ["not the passphrase"])
    assert "that is not the passphrase of Lt Doi" in told
    new = ["account", "add", "Lt Abo", "--role", "watch"]
    assert "Lt Abo: ACTIVE, watch" in at_a_terminal(home, new, [words, words])


@pytest.fixture
def door() -> Iterator[Path]:
    """A place for a socket that other users of the machine can get to."""
    with tempfile.TemporaryDirectory(prefix="noroshi-door-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "node.door"


def test_a_door_for_other_users_of_the_machine(nodes: tuple[House, Desk], door: Path) -> None:
    """Who they are is what the system says of the socket's other end."""
    house, _ = nodes
    asked = requests.Inbox()
    house.desk.ask("account", "add", "Lt Ota", "--role", "watch", "--user", NOBODY)
    with house.desk.served("--door", str(door)):
        assert door.stat().st_mode & 0o777 == 0o660
        me = run("--json", "account", "whoami", environment={"NOROSHI_DOOR": str(door)})
        assert (me.status, me.told["account"]) == (0, "Capt Abe")
        if os.getuid() != 0:  # another user cannot be played without being root
            return
        door.chmod(0o666)  # in the place of a group that both are in
        told = from_user(STRANGER, door, requests.WhoAmI(), Person(None))
        assert told["account"] == "Lt Ota"
        assert isinstance(from_user(STRANGER, door, asked, Person(None)), list)
        assert from_user(STRANGER - 1, door, asked, Person(None)) == "not-proven"
        doi = Person("Lt Doi")
        assert from_user(STRANGER - 1, door, asked, doi) == "passphrase-needed"
        doi.passphrase = house.secret("Lt Doi").read_bytes().rstrip()
        assert isinstance(from_user(STRANGER - 1, door, asked, doi), list)
        assert from_user(STRANGER - 1, door, asked, Person("Lt Ota")) == "not-proven"
    assert not door.exists()


def test_without_accounts_a_stranger_at_the_door_is_nobody(tmp_path: Path, door: Path) -> None:
    node = make(tmp_path, "kr")
    other = tmp_path / "a-file"
    other.write_text("mine")
    assert node.fail("serve", "--door", other)["error"] == "bad-input"
    assert other.read_text() == "mine"
    no_group = node.fail("serve", "--door", door, "--door-group", "no-such-group-here")
    assert no_group["error"] == "bad-input"
    with node.served("--door", str(door)):
        if os.getuid() == 0:
            door.chmod(0o666)
            told = from_user(STRANGER, door, requests.Inbox(), Person(None))
            assert told == "not-proven"
        assert node.ask_lines("inbox") == []
