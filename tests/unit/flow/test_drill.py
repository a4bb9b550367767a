"""The drill: nato's node is taken, revoked, and comes back with new keys; what a thief then has."""

import shutil
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from endure.clock import NOW, SetClock
from endure.federation import befriend
from noroshi.adapters.keys.files import KeyFiles
from noroshi.adapters.sealing.pyca import SEED_SIZE, PycaPrimitives, PycaUnwrapper
from noroshi.bootstrap import create_node, embedded_node, reissue_card
from noroshi.core import gate
from noroshi.core.delivery.item import Cargo
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.open import open_envelope
from noroshi.core.envelope.suite import DIRECTORY, H3, PREKEYS, RECEIPT, REPORT, Context
from noroshi.core.errors import ConflictError, InputError, UnreadableError
from noroshi.core.instant import DAY, MINUTE, to_text
from noroshi.custody import revoke as revoke_by_root
from noroshi.flow import answers, arrivals, deliver, requests
from noroshi.flow.renewal import renew
from noroshi.safekeeping import back_up, restore_node
from noroshi.settings import Settings
from tests.unit.flow.pair import House

NAMES = ("jp", "nato", "au")


class Captured(msgspec.Struct, frozen=True):
    """An envelope on the wire: when, what it was to its reader of then, and its bytes."""

    at: int
    context: Context
    raw: bytes


class Federation:
    """Three nodes in this process; envelopes are carried by hand, and everyone may copy them."""

    def __init__(self, folder: Path, clock: SetClock) -> None:
        self.folder = folder
        self.clock = clock
        self.opened = ExitStack()
        self.houses: dict[str, House] = {}
        self.captured: list[Captured] = []
        """What went over the wire to nato."""

    def __getitem__(self, name: str) -> House:
        return self.houses[name]

    def carry(self, *ways: tuple[str, str]) -> list[str | None]:
        """Carry what waits; return why each was not taken."""
        told: list[str | None] = []
        for one, other in ways:
            told += self._carry(one, other)
        return told

    def _carry(self, one: str, other: str) -> list[str | None]:
        node = self[one].node
        with node.store.read() as tables:
            items = sorted(tables.outbox.items(other), key=lambda item: item.number)
            ids = [item.id for item in items if item.cargo is not Cargo.BLOB]
            stale = tables.outbox.stale(other, ids, self.clock.now())
        reseal = partial(
            deliver.reseal, partner=other, ids=stale, identity=node.identity,
            entropy=node.house.entropy,
        )  # fmt: skip
        node.store.perform(reseal)
        self[one].issue_receipts(other)
        raws = self[one].waiting(other)
        if other == "nato":
            keys = self[other].node.identity.unwrappers
            for raw in raws:
                context = open_envelope(raw, keys, PycaPrimitives()).signed.context
                self.captured.append(Captured(self.clock.now(), context, raw))
        opened = arrivals.open_all(self[other].node.house, raws)
        taken = arrivals.submit_all(self[other].node.house, opened, one)
        receipts = [item.id for item in items if item.cargo is Cargo.RECEIPT]
        node.store.perform(partial(deliver.forget, partner=other, ids=receipts))
        return [None if each is None else each.code for each in (t.result() for t in taken)]

    def exchange(self) -> None:
        """Carry everything everywhere, twice."""
        ways = [(one, other) for one in NAMES for other in NAMES if one != other]
        self.carry(*ways, *ways)

    def renew(self) -> None:
        for house in self.houses.values():
            renew(house.node.house)


@contextmanager
def open_federation(folder: Path) -> Generator[Federation]:
    clock = SetClock()
    federation = Federation(folder, clock)
    for name in NAMES:
        settings = Settings(
            partner=name, name=name.upper(), desks=("cyber",), profile="H3", peer="127.0.0.1:0",
            default_marking="TLP:GREEN",
        )  # fmt: skip
        create_node(folder / name, settings, lambda: None, clock)
    with federation.opened:
        for name in NAMES:
            node = federation.opened.enter_context(
                embedded_node(folder / name, lambda: None, clock=clock)
            )
            assert node is not None
            federation.houses[name] = House(node, clock)
        for one in NAMES:
            for other in NAMES:
                if one != other:
                    befriend(federation[one].node.house, other, card_of(federation[other]))
        yield federation


def card_of(house: House) -> bytes:
    card: Any = house.ask(requests.OwnCard())
    return str(card["armoured"]).encode()


@pytest.fixture
def federation(tmp_path: Path) -> Generator[Federation]:
    with open_federation(tmp_path) as opened:
        opened.renew()
        opened.exchange()
        yield opened


def thief(stolen: Path) -> dict[bytes, PycaUnwrapper]:
    """Return every sealing key that a stolen home gives."""
    found: dict[bytes, PycaUnwrapper] = {}
    lasting = KeyFiles(stolen / "keys", lambda: None).read(Purpose.SEAL)
    prekeys = KeyFiles(stolen / "prekeys", lambda: None)
    seeds = [lasting, *(prekeys.read(Purpose.SEAL, name) for name in prekeys.names())]
    for ((alg, seed),) in seeds:
        unwrapper = PycaUnwrapper(alg, seed)
        found[unwrapper.public_key.kid] = unwrapper
    return found


def opens(raw: bytes, keys: dict[bytes, PycaUnwrapper]) -> bool:
    try:
        open_envelope(raw, keys, PycaPrimitives())
    except UnreadableError:
        return False
    return True


def kids_in(stolen: Path) -> set[bytes]:
    """Return the key ids of all that could be a seed in the key files of a home."""
    alg = H3.kem
    size = SEED_SIZE[alg]
    files = [path.read_bytes() for path in stolen.rglob("*.key")]
    seeds = {raw[at : at + size] for raw in files for at in range(len(raw) - size + 1)}
    return {PycaUnwrapper(alg, seed).public_key.kid for seed in seeds}


def kids_in_database(stolen: Path) -> set[bytes]:
    """Return the key ids of runs of bytes in the database and its log, evenly spread over them.

    All of them would take minutes. That the seeds themselves are nowhere on the disk, byte for
    byte, is another search, over all of it.
    """
    alg, most = H3.kem, 20_000
    size = SEED_SIZE[alg]
    image = b"".join(path.read_bytes() for path in sorted(stolen.glob("node.db*")))
    # No step of whole cells or pages: in the long run every place within one is tried.
    step = max(1, (len(image) - size) // most) | 1
    places = range(0, len(image) - size + 1, step)
    seeds = {image[at : at + size] for at in places}
    assert len(places) >= min(most // 2, len(image) - size)
    return {PycaUnwrapper(alg, seed).public_key.kid for seed in seeds}


def kids_of(raw: bytes) -> set[bytes]:
    """Return the key ids to which an envelope is sealed."""
    envelope: Any = gate.decode(raw, limit=len(raw), tag=96)
    return {gate.decode(block[0], limit=64)[4] for block in envelope[3]}  # type: ignore[index]


def revoke(house: House, since: int, **told: Any) -> Any:
    return house.ask(
        requests.RevokePartner(partner="nato", since=to_text(since), by="Lt Sato", **told)
    )


def recover(federation: Federation, backup: Path) -> House:
    """Restore nato on another machine, with new keys."""
    home = federation.folder / "nato-anew"
    restore_node(
        home, backup, lambda: None, lambda _done, _all: None, new_keys=True,
        clock=federation.clock,
    )  # fmt: skip
    opened = embedded_node(home, lambda: None, clock=federation.clock)
    node = federation.opened.enter_context(opened)
    assert node is not None
    federation.houses["nato"] = House(node, federation.clock)
    return federation.houses["nato"]


def test_what_a_thief_of_the_node_can_read(federation: Federation) -> None:
    jp, clock = federation["jp"], federation.clock
    seeds: list[bytes] = []
    for _ in range(6):  # a month of traffic, prekeys come and go
        jp.send("cyber@nato", body=b"of that week")
        federation["nato"].send("cyber@jp", body=b"answered that week")
        federation.exchange()
        folder = federation.folder / "nato" / "prekeys"
        seeds += [path.read_bytes()[-96:] for path in folder.iterdir()]
        clock.at += 5 * DAY
        federation.renew()
        federation.exchange()
    back_up(federation.folder / "nato", federation.folder / "b", lambda _d, _a: None, clock)
    stolen = federation.folder / "stolen"
    taken_at = clock.at
    shutil.copytree(federation.folder / "nato", stolen)
    clock.at += MINUTE
    revoke(jp, taken_at)
    with pytest.raises(InputError, match="revoked"):
        jp.send("cyber@nato", body=b"not while it is revoked")

    nato = recover(federation, federation.folder / "b")
    befriend(jp.node.house, "nato", card_of(nato))
    jp.send("cyber@nato", body=b"after the drill")
    nato.send("cyber@jp", body=b"here again")
    federation.carry(("jp", "nato"), ("nato", "jp"), ("jp", "nato"))

    keys = thief(stolen)
    after = [one for one in federation.captured if one.at > taken_at]
    assert {one.context for one in after} >= {REPORT, RECEIPT}
    assert not any(opens(one.raw, keys) for one in after)
    # Of what is older than the window: no report and no receipt; statements of keys and of the
    # directory do open, for they are sealed to the card, so that a restored node can read them.
    window = 16 * DAY
    old = [one for one in federation.captured if one.at < taken_at - window]
    secret = [one.raw for one in old if one.context in {REPORT, RECEIPT}]
    assert sum(one.context == REPORT for one in old) >= 2
    assert sum(one.context == RECEIPT for one in old) >= 1
    assert not any(opens(raw, keys) for raw in secret)
    told = {one.context for one in old if opens(one.raw, keys)}
    assert told == {one.context for one in old} - {REPORT, RECEIPT} == {DIRECTORY, PREKEYS}
    # Every run of bytes in every key file, as the seed of a sealing key: one finds what is kept.
    found = kids_in(stolen)
    assert found >= keys.keys()
    assert not any(found & kids_of(raw) for raw in secret)
    found = kids_in_database(stolen)
    assert not any(found & kids_of(one.raw) for one in federation.captured)
    kept = {path.read_bytes()[-96:] for path in (stolen / "prekeys").iterdir()}
    gone = [seed for seed in seeds if seed not in kept]
    assert gone
    image = b"".join(path.read_bytes() for path in stolen.rglob("*") if path.is_file())
    assert not any(seed in image for seed in gone)
    assert all(seed in image for seed in kept)  # the search would have found them


def test_the_word_of_the_root_goes_round_by_itself(federation: Federation, tmp_path: Path) -> None:
    jp, au, clock = federation["jp"], federation["au"], federation.clock
    clock.at += MINUTE
    key = tmp_path / "nato" / "keys" / "root.key"
    since = to_text(NOW)
    signed, _ = revoke_by_root(key, card_of(federation["nato"]), since, None, lambda: None)
    told = jp.ask(
        requests.RevokePartner(
            partner="nato", since="", by="Lt Sato", notice=signed.armoured.encode()
        )
    )
    assert told["state"] == "REVOKED"
    assert federation.carry(("jp", "au")) == [None]
    states = {p["partner"]: p["state"] for p in au.ask(requests.Partners())}
    assert states == {"jp": "VERIFIED", "nato": "REVOKED"}
    assert "REVOKED" in au.alarms()
    # It passes it on, and what comes back changes nothing.
    assert federation.carry(("au", "jp"), ("jp", "au")) == [None]
    assert federation.carry(("au", "jp"), ("jp", "au")) == []


def test_an_officers_decision_is_advice_to_the_others(federation: Federation) -> None:
    federation.clock.at += MINUTE
    revoke(federation["jp"], NOW, reason="it sends what it never wrote")
    federation.carry(("jp", "au"))
    au = federation["au"]
    states = {p["partner"]: p["state"] for p in au.ask(requests.Partners())}
    assert states["nato"] == "VERIFIED"
    (alarm,) = [a for a in au.ask(requests.Alarms()) if a["alarm"] == "REVOCATION_ADVISED"]
    assert "jp has revoked it" in alarm["message"]
    assert "never wrote" in alarm["message"]


def test_what_the_stolen_node_says_is_refused(federation: Federation) -> None:
    jp, nato, clock = federation["jp"], federation["nato"], federation.clock
    nato.send("cyber@jp", body=b"honest, and late")
    clock.at += MINUTE
    revoke(jp, clock.at)
    clock.at += MINUTE
    nato.send("cyber@jp", body=b"by the thief")
    assert federation.carry(("nato", "jp")) == [None, "partner-revoked"]
    assert jp.ask(requests.Inbox()) == []
    (held,) = jp.ask(requests.Quarantine())
    assert "QUARANTINED" in jp.alarms()
    taken = jp.ask(requests.DecideQuarantined(report=held["report"], by="Lt Sato", is_taken=True))
    assert taken["state"] == "TAKEN"
    assert [row["report"] for row in jp.ask(requests.Inbox())] == [held["report"]]
    assert jp.ask(requests.Quarantine()) == []
    assert "QUARANTINED" not in jp.alarms()


def test_what_is_held_may_be_dropped_unread(federation: Federation) -> None:
    jp, nato, clock = federation["jp"], federation["nato"], federation.clock
    nato.send("cyber@jp")
    clock.at += MINUTE
    revoke(jp, clock.at)
    federation.carry(("nato", "jp"), ("nato", "jp"))
    (held,) = jp.ask(requests.Quarantine())
    jp.ask(requests.DecideQuarantined(report=held["report"], by="Lt Sato", is_taken=False))
    assert jp.ask(requests.Quarantine()) == []
    assert jp.ask(requests.Inbox()) == []
    assert jp.ask(requests.VerifyJournal())["ok"]


def test_what_came_since_is_marked(federation: Federation) -> None:
    jp, nato, clock = federation["jp"], federation["nato"], federation.clock
    nato.send("cyber@jp", body=b"before")
    federation.carry(("nato", "jp"))
    clock.at += MINUTE
    since = clock.at
    clock.at += MINUTE
    nato.send("cyber@jp", body=b"after")
    federation.carry(("nato", "jp"))
    assert [row["suspect"] for row in jp.ask(requests.Inbox())] == [False, False]
    revoke(jp, since)
    rows = jp.ask(requests.Inbox())
    assert [row["suspect"] for row in rows] == [False, True]
    shown = [jp.ask(requests.Show(report=row["report"]))["suspect"] for row in rows]
    assert shown[0] is None
    assert "may be somebody else's" in shown[1]


def test_a_revoked_partner_comes_back_with_new_keys_and_what_waited(
    federation: Federation,
) -> None:
    jp, clock = federation["jp"], federation.clock
    back_up(federation.folder / "nato", federation.folder / "b", lambda _d, _a: None, clock)
    report = jp.send("cyber@nato", body=b"waits for the new keys")
    clock.at += MINUTE
    revoke(jp, clock.at - 1)
    same = jp.ask(requests.AddPartner(card=card_of(federation["nato"])))
    assert same["state"] == "REVOKED"
    nato = recover(federation, federation.folder / "b")
    jp.ask(requests.AddPartner(card=card_of(nato)))
    states = {p["partner"]: p["state"] for p in jp.ask(requests.Partners())}
    assert states["nato"] == "UNVERIFIED"
    befriend(jp.node.house, "nato", card_of(nato))
    federation.carry(("jp", "nato"), ("nato", "jp"))
    status = jp.ask(requests.Status(report=report))
    assert status["recipients"][0]["rung"] == "DELIVERED"
    assert nato.ask(requests.VerifyJournal())["ok"]
    nato.send("cyber@jp", body=b"with new keys")
    federation.carry(("nato", "jp"))
    rows = jp.ask(requests.Inbox())
    assert [row["suspect"] for row in rows] == [False]


def test_a_card_with_an_old_key_does_not_end_a_revocation(federation: Federation) -> None:
    jp, nato = federation["jp"], federation["nato"]
    federation.clock.at += MINUTE
    revoke(jp, NOW)
    again = reissue_card(nato.node, "127.0.0.1:9")
    card: Any = answers.handle(again.house, requests.OwnCard())
    with pytest.raises(ConflictError) as caught:
        jp.ask(requests.AddPartner(card=str(card["armoured"]).encode()))
    assert caught.value.code == "card-revoked"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"partner": "kr", "since": to_text(NOW)}, "unknown-partner"),
        ({"partner": "nato", "since": to_text(NOW + DAY)}, "bad-input"),
        ({"partner": "nato", "since": "yesterday"}, "bad-input"),
        ({"partner": "nato", "since": to_text(NOW), "reason": "x" * 501}, "bad-input"),
        ({"partner": "nato", "since": "", "notice": b"no notice"}, "bad-revocation"),
    ],
)
def test_bad_input_changes_nothing(federation: Federation, told: dict[str, Any], code: str) -> None:
    jp = federation["jp"]
    with pytest.raises(Exception) as caught:  # noqa: PT011 - its code is compared
        jp.ask(requests.RevokePartner(by="Lt Sato", **told))
    assert getattr(caught.value, "code", None) == code
    assert {p["state"] for p in jp.ask(requests.Partners())} == {"VERIFIED"}


def test_the_word_of_another_root_is_none(federation: Federation, tmp_path: Path) -> None:
    au_key = tmp_path / "au" / "keys" / "root.key"
    signed, _ = revoke_by_root(au_key, card_of(federation["au"]), to_text(NOW), None, lambda: None)
    notice = signed.armoured.encode()
    request = requests.RevokePartner(partner="nato", since="", by="Lt Sato", notice=notice)
    with pytest.raises(InputError, match="not by the root"):
        federation["jp"].ask(request)
    with pytest.raises(InputError, match="not one of that root"):
        revoke_by_root(au_key, card_of(federation["nato"]), to_text(NOW), None, lambda: None)
