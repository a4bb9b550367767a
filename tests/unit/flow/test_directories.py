"""Directories between two nodes: told, taken, growing old; cards by them; roots of custodians."""

from collections.abc import Generator
from pathlib import Path

import msgspec
import pytest

from noroshi import custody
from noroshi.bootstrap import reissue_card
from noroshi.core.agreement import parse_agreement
from noroshi.core.directory.card import SignedCard, read_armour
from noroshi.core.directory.repository import read_bundle
from noroshi.core.directory.revocation import Revocation, SignedRevocation
from noroshi.core.errors import ConflictError, InputError, NoroshiError
from noroshi.core.instant import DAY, HOUR, to_text
from noroshi.core.tlog.entry import EntryKind, decode_entry
from noroshi.flow import arrivals, deliver, directories, requests
from noroshi.flow.opening import Refused
from noroshi.flow.renewal import renew
from tests.unit.flow.pair import House, Pair, open_pair
from tests.unit.flow.test_prekeys import hand


@pytest.fixture
def pair(tmp_path: Path) -> Generator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


def tell(one: House, other: House) -> list[str | None]:
    """Renew at one node and carry to the other what it tells; return why each was not taken."""
    renew(one.node.house)
    return hand(one, other)


def card_of(house: House) -> bytes:
    return str(house.ask(requests.OwnCard())["armoured"]).encode()


def row(house: House) -> dict[str, object]:
    (found,) = house.ask(requests.Partners())
    return dict(found)


def kinds(house: House) -> list[EntryKind]:
    with house.node.store.read() as tables:
        return [decode_entry(raw).kind for _, raw, _, _ in tables.journal.leaves()]


def sizes(house: House, partner: str) -> list[int]:
    return [len(raw) for raw in house.waiting(partner)]


def rotate(house: House, folder: Path, threshold: int = 2, sign: int = 2) -> bytes:
    """Return a root of three new custodians, signed by the first key and by `sign` of them."""
    told = house.ask(requests.RequestRoot())
    asked, online_keys = str(told["armoured"]).encode(), str(told["online_keys"])
    names = [folder / f"{name}.key" for name in ("sato", "ito", "abe")]
    public = [custody.make_custodian(name, lambda: None).armoured.encode() for name in names]
    made = custody.propose(asked, public, threshold, 1000)
    for key in (house.node.home / "keys" / "root.key", *names[:sign]):
        made = custody.sign(made.armoured.encode(), key, lambda: None, online_keys)
    return made.armoured.encode()


def test_a_card_brings_the_directory_that_names_it(pair: Pair) -> None:
    assert row(pair.jp)["directory"] == "FRESH"
    assert row(pair.jp)["directory_by"] == "hand"
    assert row(pair.jp)["root_threshold"] == [1, 1]
    assert kinds(pair.jp).count(EntryKind.DIRECTORY_TAKEN) == 1
    with pair.jp.node.store.read() as tables:
        heard = tables.directories.of("nato")
    assert heard is not None
    assert heard.kept.directory.desks == ("cyber", "ops")


def test_a_node_tells_its_directory_and_later_only_what_is_new(pair: Pair) -> None:
    assert tell(pair.jp, pair.nato) == [None, None]
    assert row(pair.nato)["directory_by"] == "net"
    assert EntryKind.DIRECTORY_TOLD in kinds(pair.jp)
    assert hand(pair.jp, pair.nato) == []
    pair.clock.at += DAY + HOUR
    renew(pair.jp.node.house)
    assert max(sizes(pair.jp, "nato")) < 20_000  # the timestamp alone
    assert hand(pair.jp, pair.nato) == [None]
    assert row(pair.nato)["directory"] == "FRESH"


def test_what_was_not_taken_yet_is_overtaken_whole(pair: Pair) -> None:
    renew(pair.jp.node.house)
    pair.clock.at += DAY + HOUR
    renew(pair.jp.node.house)
    assert len([size for size in sizes(pair.jp, "nato") if size > 50_000]) == 1
    assert hand(pair.jp, pair.nato) == [None, None]


def test_a_partner_that_has_lost_what_it_was_told_is_told_all(pair: Pair) -> None:
    jp = pair.jp
    tell(jp, pair.nato)
    pair.nato.node.store.perform(lambda tx: tx.directories.forget("jp"))
    pair.clock.at += DAY + HOUR
    renew(jp.node.house)
    with jp.node.store.read() as tables:
        (item,) = tables.outbox.items("nato")
        raw = tables.outbox.read("nato", item.id)
    (opened,) = arrivals.open_all(pair.nato.node.house, [raw])
    assert isinstance(opened, Refused)
    assert opened.code == "directory-gap"
    failures = {item.id: (opened.code, opened.message)}
    jp.node.store.perform(lambda tx: deliver.note_failures(tx, "nato", failures))
    assert jp.waiting("nato") == []
    assert tell(jp, pair.nato) == [None]
    assert row(pair.nato)["directory"] == "FRESH"


def test_a_newer_directory_beside_the_known_card_renews_it(pair: Pair) -> None:
    old = card_of(pair.nato)
    pair.clock.at += 30 * DAY
    assert row(pair.jp)["directory"] == "CONFIRM"
    renew(pair.nato.node.house)
    assert pair.jp.ask(requests.AddPartner(card=card_of(pair.nato)))["directory"] == "FRESH"
    assert pair.jp.ask(requests.AddPartner(card=old))["directory"] == "FRESH"


def test_an_old_directory_is_amber_then_confirmed_then_refused(pair: Pair) -> None:
    tell(pair.nato, pair.jp)
    pair.clock.at += 3 * DAY
    pair.jp.fire()
    assert "DIRECTORY_STALE" in pair.jp.alarms()
    assert row(pair.jp)["directory"] == "AMBER"
    pair.jp.send("cyber@nato")
    pair.clock.at += 5 * DAY
    pair.jp.fire()
    assert row(pair.jp)["directory"] == "CONFIRM"
    told = pair.jp.ask(
        requests.SendReport(body=b"words", to=("cyber@nato",), by="Lt Sato", marking="TLP:GREEN")
    )
    assert told["state"] == "AWAITING_RELEASE"
    (waiting,) = pair.jp.ask(requests.ReleaseQueue())
    assert "directory of nato is old" in waiting["because"][0]
    with pytest.raises(InputError, match="another person"):
        pair.jp.ask(requests.Release(report=told["report"], by="LT SATO"))
    released = pair.jp.ask(requests.Release(report=told["report"], by="Cdr Ito"))
    assert released["state"] == "SENT"
    pair.clock.at += 7 * DAY
    pair.jp.fire()
    assert row(pair.jp)["directory"] == "REFUSED"
    with pytest.raises(InputError, match="nothing newer is heard of the keys of nato") as caught:
        pair.jp.send("cyber@nato")
    assert caught.value.code == "directory-stale"


def test_a_newer_one_makes_all_well_again(pair: Pair) -> None:
    tell(pair.nato, pair.jp)
    pair.clock.at += 20 * DAY
    pair.jp.fire()
    assert pair.jp.alarms().count("DIRECTORY_STALE") == 1
    assert set(tell(pair.nato, pair.jp)) == {None}
    assert "DIRECTORY_STALE" not in pair.jp.alarms()
    pair.jp.send("cyber@nato")


def test_one_that_a_person_carried_may_be_older(pair: Pair) -> None:
    pair.clock.at += 10 * DAY
    assert row(pair.jp)["directory"] == "FRESH"
    pair.clock.at += 10 * DAY
    assert row(pair.jp)["directory"] == "AMBER"


def test_the_directory_brings_the_newer_card(pair: Pair) -> None:
    tell(pair.jp, pair.nato)
    newer = reissue_card(pair.jp.node, "127.0.0.1:7999")
    moved = House(newer, pair.clock)
    assert moved.ask(requests.OwnCard())["root_version"] == 1
    assert set(tell(moved, pair.nato)) == {None}
    assert row(pair.nato)["peer_url"] == "https://127.0.0.1:7999"
    assert row(pair.nato)["state"] == "VERIFIED"


def test_the_first_root_key_alone_makes_no_card_any_more(pair: Pair) -> None:
    """Whoever has it, and has not the targets key, cannot move the partner."""
    card = pair.jp.node.identity.card.card
    root = custody._signer(pair.jp.node.home / "keys" / "root.key", lambda: None)
    forged = SignedCard.issue(
        msgspec.structs.replace(card, serial=card.serial + 9, peer_url="https://evil.example:1"),
        root,
    )
    with pytest.raises(ConflictError) as caught:
        pair.nato.ask(requests.AddPartner(card=forged.armoured.encode()))
    assert caught.value.code == "card-unlisted"


def test_custodians_take_over_and_the_first_key_goes(pair: Pair, tmp_path: Path) -> None:
    tell(pair.jp, pair.nato)
    number = pair.nato.ask(requests.PartnerNumber(partner="jp"))["number"]
    with pytest.raises(ConflictError) as caught:
        pair.jp.ask(requests.RemoveRootKey(by="Capt Abe"))
    assert caught.value.code == "last-custodian"
    told = pair.jp.ask(requests.TakeRoot(root=rotate(pair.jp, tmp_path), by="Capt Abe"))
    assert told == {"version": 2, "threshold": 2, "custodians": 3, "has_first_key": True}
    pair.jp.ask(requests.RemoveRootKey(by="Capt Abe"))
    assert not (pair.jp.node.home / "keys" / "root.key").exists()
    assert {EntryKind.ROOT_TAKEN, EntryKind.ROOT_REMOVED} <= set(kinds(pair.jp))
    assert set(tell(pair.jp, pair.nato)) == {None}
    assert row(pair.nato)["root_threshold"] == [2, 3]
    assert pair.nato.ask(requests.PartnerNumber(partner="jp"))["number"] == number
    moved = House(reissue_card(pair.jp.node, "127.0.0.1:7999"), pair.clock)
    assert set(tell(moved, pair.nato)) == {None}
    assert row(pair.nato)["peer_url"] == "https://127.0.0.1:7999"


def test_the_first_key_stays_while_it_is_needed(pair: Pair, tmp_path: Path) -> None:
    """As the one custodian of a later root too, or as one of two who both have to sign."""
    jp = pair.jp
    first = jp.node.home / "keys" / "root.key"
    other = tmp_path / "sato.key"
    keys = [custody.public_half(first, lambda: None), custody.make_custodian(other, lambda: None)]
    for count in (1, 2):
        told = jp.ask(requests.RequestRoot())
        asked, online_keys = str(told["armoured"]).encode(), str(told["online_keys"])
        public = [key.armoured.encode() for key in keys[:count]]
        made = custody.propose(asked, public, count, 1000)
        for key in (first, other)[:count]:
            made = custody.sign(made.armoured.encode(), key, lambda: None, online_keys)
        taken = jp.ask(requests.TakeRoot(root=made.armoured.encode(), by="Capt Abe"))
        assert taken["version"] == count + 1
        with pytest.raises(ConflictError) as caught:
            jp.ask(requests.RemoveRootKey(by="Capt Abe"))
        assert caught.value.code == "last-custodian"


def test_a_root_is_taken_with_all_its_signatures_alone(pair: Pair, tmp_path: Path) -> None:
    half = rotate(pair.jp, tmp_path, sign=1)
    with pytest.raises(NoroshiError, match="not signed by the keys"):
        pair.jp.ask(requests.TakeRoot(root=half, by="Capt Abe"))
    with pytest.raises(ConflictError) as caught:
        pair.nato.ask(requests.TakeRoot(root=half, by="Capt Abe"))
    assert caught.value.code == "root-changed"
    assert row(pair.nato)["root_version"] == 1


def test_a_revocation_needs_as_many_custodians_as_the_root(pair: Pair, tmp_path: Path) -> None:
    pair.jp.ask(requests.TakeRoot(root=rotate(pair.jp, tmp_path), by="Capt Abe"))
    tell(pair.jp, pair.nato)
    card, since = card_of(pair.jp), to_text(pair.clock.at)
    first = pair.jp.node.home / "keys" / "root.key"
    sato, ito = tmp_path / "sato.key", tmp_path / "ito.key"

    def none() -> None:
        return None

    with pytest.raises(InputError, match="not one of that root key"):
        custody.revoke(first, card, since, None, none)
    one, lacking = custody.revoke(sato, card, since, None, none)
    assert lacking == 1
    told = requests.RevokePartner(
        partner="jp", since="", by="Maj Dupont", notice=one.armoured.encode()
    )
    with pytest.raises(InputError, match="of whom 2 have to sign; 1 did"):
        pair.nato.ask(told)
    old = Revocation(1, "jp", one.revocation.root, 1, pair.clock.at, pair.clock.at)
    alone = SignedRevocation.issue(old, custody._signer(first, none))
    with pytest.raises(InputError, match="of whom 2 have to sign; 1 did"):
        pair.nato.ask(msgspec.structs.replace(told, notice=alone.armoured.encode()))
    with pytest.raises(InputError, match="one key signed both"):
        custody.revoke(sato, card, "", one.armoured.encode(), none)
    both, lacking = custody.revoke(ito, card, "", one.armoured.encode(), none)
    assert lacking == 0
    revoked = pair.nato.ask(msgspec.structs.replace(told, notice=both.armoured.encode()))
    assert revoked["state"] == "REVOKED"


def test_a_restored_copy_of_an_older_directory_is_refused(pair: Pair) -> None:
    old = card_of(pair.jp)
    tell(pair.jp, pair.nato)
    pair.clock.at += DAY + HOUR
    tell(pair.jp, pair.nato)
    with pair.nato.node.store.read() as tables:
        before = tables.directories.of("jp")
        known = tables.partners.get("jp")
    bundle = read_bundle(old)
    assert bundle is not None
    assert before is not None
    assert known is not None
    with pytest.raises(NoroshiError) as caught:
        directories.read(
            pair.nato.node.identity, bundle, known.signed_card, before, pair.clock.at, by_hand=True
        )
    assert caught.value.code == "directory-older"
    assert pair.nato.ask(requests.AddPartner(card=old))["state"] == "VERIFIED"  # the card is known


def test_agreements_are_named_by_digest_alone(pair: Pair) -> None:
    agreement = (
        b'{"agreement": 1, "reference": "JP-NATO 2010", "sender": "jp", "receiver": "nato",'
        b' "is_mutual": true, "policy": "NATO", "level": "SECRET", "valid_from": "2026-01-01",'
        b' "valid_until": "2027-12-31"}'
    )
    assert parse_agreement(agreement).reference == "JP-NATO 2010"
    pair.jp.ask(requests.AddAgreement(agreement=agreement, by="Lt Sato"))
    assert set(tell(pair.jp, pair.nato)) == {None}
    with pair.nato.node.store.read() as tables:
        heard = tables.directories.of("jp")
    assert heard is not None
    assert len(heard.kept.directory.agreements) == 1
    assert b"JP-NATO" not in heard.kept.targets
    (listed,) = pair.jp.ask(requests.Agreements())
    assert listed["declared_by_partner"] is False
    pair.nato.ask(requests.AddAgreement(agreement=agreement, by="Maj Dupont"))
    (listed,) = pair.nato.ask(requests.Agreements())
    assert listed["declared_by_partner"] is True


def test_two_directories_that_cross_are_both_taken(pair: Pair) -> None:
    """Verified beside the same older one; the second is verified anew beside the first."""
    tell(pair.jp, pair.nato)
    raws = []
    for _ in range(2):
        pair.clock.at += DAY + HOUR
        renew(pair.jp.node.house)
        raws += pair.jp.waiting("nato")
    pair.nato.take(raws, "jp")
    assert row(pair.nato)["directory"] == "FRESH"
    opened = arrivals.open_all(pair.nato.node.house, [raws[0]])
    assert [each.code for each in opened if isinstance(each, Refused)] == ["directory-older"]
    with pair.jp.node.store.read() as tables:
        (item,) = tables.outbox.items("nato")
    failures = {item.id: ("directory-older", "another bearer was faster")}
    pair.jp.node.store.perform(lambda tx: deliver.note_failures(tx, "nato", failures))
    assert pair.jp.waiting("nato") == []


def test_a_card_without_its_directory_is_added_as_before(pair: Pair) -> None:
    alone = card_of(pair.jp).partition(b"-----BEGIN NOROSHI DIRECTORY")[0]
    assert read_bundle(alone) is None
    assert read_armour(alone) == pair.jp.node.identity.card.raw
    pair.nato.node.store.perform(lambda tx: tx.directories.forget("jp"))
    assert pair.nato.ask(requests.AddPartner(card=alone))["directory"] == "UNTOLD"
    pair.nato.send("cyber@jp")


def test_what_came_since_a_revocation_in_the_directory_is_marked(pair: Pair) -> None:
    """Nato has never heard the notice; the directory of the restored node says it."""
    jp, since = pair.jp, pair.clock.at
    pair.clock.at += HOUR
    jp.send("cyber@nato", body=b"maybe the thief")
    pair.carry()
    root = custody._signer(jp.node.home / "keys" / "root.key", lambda: None)
    card = jp.node.identity.card.card
    word = SignedRevocation.issue(
        Revocation(1, "jp", card.root, card.serial, since, pair.clock.at), root
    )
    told = requests.RevokePartner(
        partner="jp", since="", by="Capt Abe", notice=word.armoured.encode()
    )
    with pytest.raises(InputError, match="restore it with --new-keys"):
        jp.ask(told)
    moved = House(reissue_card(jp.node, "127.0.0.1:7999"), pair.clock)
    strange = msgspec.structs.replace(word.revocation, partner="nato")
    with pytest.raises(InputError, match="not the word of this node's own root"):
        moved.ask(
            msgspec.structs.replace(
                told, notice=SignedRevocation.issue(strange, root).armoured.encode()
            )
        )
    pair.clock.at += HOUR
    moved.ask(told)
    assert set(tell(moved, pair.nato)) == {None}
    (arrived,) = pair.nato.ask(requests.Inbox())
    assert arrived["suspect"] is True


def test_the_doctor_looks_at_the_own_directory(pair: Pair) -> None:
    def found() -> tuple[bool, str]:
        (one,) = [each for each in pair.jp.ask(requests.Examine()) if each["check"] == "directory"]
        return one["ok"], one["message"]

    assert found() == (True, "names the newest card")
    pair.clock.at += 3 * DAY
    assert "not renewed in time" in found()[1]
    pair.clock.at += 3600 * DAY
    assert "its root ends on" in found()[1]
    renew(pair.jp.node.house)  # the first key lies here: it signs the next
    assert found()[0]
    assert pair.jp.ask(requests.OwnCard())["root_version"] == 2
