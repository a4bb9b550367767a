"""A verified partner that says more of a report that is not its own, at a real node.

Nothing that it sends is refused for that; it stands for itself, and changes nothing of another's.
"""

import json
import os
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from noroshi.core.directory.card import SignedCard, read_armour, verify_card
from noroshi.core.envelope.head import salted_digest
from noroshi.core.envelope.keys import Purpose
from noroshi.core.recognition import NOROSHI
from noroshi.core.report import SUPERSESSION, decode_content, encode_content
from tests.hostile.test_peer_door import ZZ, Remote, Victim, raw_seal
from tests.program.conftest import make
from tests.unit.core.nodes import PRIMITIVES, changed

pytestmark = pytest.mark.xdist_group("hostile-chains")

CYBER = "cyber-incident"


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    folder = tmp_path_factory.mktemp("hostile")
    au = make(folder, "au")
    card = verify_card(read_armour(au.ask("partner", "card")["card"].encode()), PRIMITIVES).card
    theirs = folder / "zz.card"
    theirs.write_text(SignedCard.issue(ZZ.card(), ZZ.root).armoured)
    au.ask("partner", "add", theirs)
    number = au.ask("partner", "number", "zz")["number"]
    au.ask("partner", "verify", "zz", "--number", number, "--by", "Lt Sato")
    with au.served() as ready:
        yield Victim(au, ready["peer_url"], Remote("au", card.key(Purpose.SEAL)))


def give(
    victim: Victim, fields: Any, *, kind: str = CYBER, references: tuple[bytes, ...] = ()
) -> str:
    """Let zz's report be taken; return its id."""
    letter = victim.letter()
    body = fields if isinstance(fields, bytes) else json.dumps({"noroshi": 1, **fields}).encode()
    content = changed(
        decode_content(letter.beside.content), kind=kind, references=references,
        media_type=NOROSHI, body=body,
    )  # fmt: skip
    beside = changed(letter.beside, content=encode_content(content))
    head = changed(letter.head, content_digest=salted_digest(beside.salt, beside.content))
    assert victim.offer(raw_seal(changed(letter, beside=beside, head=head))) == [{"taken": True}]
    return str(uuid.UUID(bytes=head.report_id))


def test_a_report_of_the_house_is_updated_by_nobody_else(victim: Victim) -> None:
    au = victim.desk
    told = {"noroshi": 1, "kind": CYBER, "summary": "Ours."}
    ours = au.ask("send", "-", "--to", "cyber@zz", given=json.dumps(told).encode())["report"]
    theirs = give(victim, {"updates": ours, "summary": "All clear."})
    assert au.ask("show", ours)["chain"]["fields"] == {"summary": "Ours."}
    shown = au.ask("show", theirs)
    assert shown["chain"]["stray"] is True
    assert shown["chain"]["fields"] == {"summary": "All clear."}
    assert "stands for itself" in au.run("show", theirs).text
    assert theirs[:8] in au.run("show", ours).text


@pytest.mark.parametrize(
    "fields",
    [
        {"updates": str(uuid.UUID(int=1)), "summary": "x"},
        {"updates": 5, "cleared": 5, "summary": "x"},
        {"updates": ["x"], "summary": {"y": []}},
        {"updates": str(uuid.UUID(int=2)), "cleared": ["summary"] * 1000},
        {"updates": str(uuid.UUID(int=3)), "cleared": [None], "\u202esummary": "\u202ex"},
        {"kind": SUPERSESSION, "updates": str(uuid.UUID(int=4)), "summary": 10**400},
        b'{"noroshi": 1, "updates": "' + b"x" * 100_000 + b'"}',
    ],
    ids=range(7),
)
def test_what_is_no_update_is_taken_and_shown(victim: Victim, fields: Any) -> None:
    report = give(victim, fields)
    for told in ((), ("--history",), ("--at", "now")):
        ran = victim.desk.run("show", report, *told)
        assert ran.status == 0, ran.errors
        assert "\u202e" not in ran.text


def test_supersessions_in_a_circle_and_of_nothing_are_shown(victim: Victim) -> None:
    one = give(victim, {"summary": "x"}, kind=SUPERSESSION, references=(os.urandom(16),))
    other = give(victim, {"summary": "x"}, kind=SUPERSESSION, references=(uuid.UUID(one).bytes,))
    for report in (one, other):
        assert victim.desk.run("show", report, "--history").status == 0


def test_times_far_off_are_told_as_they_came(victim: Victim) -> None:
    first = give(victim, {"summary": "x", "aware_at": "9999-12-31T00:00:00Z"})
    give(victim, {"updates": first, "aware_at": "0001-01-01T00:00:00Z", "stage": "notification"})
    chain = victim.desk.ask("show", first)["chain"]
    assert chain["fields"]["aware_at"] == "0001-01-01T00:00:00Z"
    assert chain["due"] == []
