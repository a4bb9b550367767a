"""What a sender takes back or replaces: what machines read of it from then on."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from noroshi.core.exchange.misp_feed import show
from noroshi.core.exchange.objects.query import Query
from noroshi.flow import objects, requests
from noroshi.flow.collecting import collect
from noroshi.flow.misp_events import event_of, reports_of
from tests.unit.flow.pair import Pair, open_pair
from tests.unit.flow.test_objects import (
    EVERYTHING,
    FORM,
    an_object,
    grant,
    ids,
    machine,
    place,
    send,
)  # fmt: skip


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


def recalled(pair: Pair, by: str) -> list[tuple[str, bool]]:
    """Return the types of what a machine reads of our collection, and whether it is revoked."""
    nato = pair.nato
    one = machine(nato, grant(nato, by, "reports")["token"])
    while collect(nato.node.house):
        pass
    page = objects.page(nato.node.house, one, place(nato, "reports"), Query(versions=EVERYTHING))
    return [
        (str(told["type"]), told.get("revoked", False))
        for told in map(json.loads, (each.raw for each in page.objects))
    ]


@pytest.mark.parametrize("is_read_before", [True, False])
def test_what_was_cancelled_is_revoked_for_machines(pair: Pair, *, is_read_before: bool) -> None:
    nato, jp = pair.nato, pair.jp
    report = send(pair, json.dumps(FORM).encode())
    if is_read_before:
        assert ("incident", False) in recalled(pair, "before")
    jp.ask(requests.Cancel(report=report, note="it was another's"))
    pair.carry()
    told = recalled(pair, "after")
    assert ("incident", True) in told
    assert ("incident", False) not in told
    assert told.count(("report", True)) == told.count(("report", False)) == 1, "itself, and why"
    one = machine(nato, grant(nato, "feed", "reports")["token"])
    events = [event_of(nato.node.house, each) for each in reports_of(nato.node.house, one)]
    (gone,) = [each for each in events if each and str(each["info"]).startswith("CANCELLED: ")]
    assert gone["info"] == "CANCELLED: A worm"
    assert {each["deleted"] for each in cast("Any", gone["Attribute"])} == {True}
    assert show(gone).hashes == ()


def test_a_cancellation_that_comes_first_is_heard_too(pair: Pair) -> None:
    jp, nato = pair.jp, pair.nato
    report = jp.send("cyber@nato", body=json.dumps(FORM).encode())
    (late,) = jp.waiting("nato")
    jp.ask(requests.Cancel(report=report))
    nato.take([each for each in jp.waiting("nato") if each != late], "jp")
    assert ("incident", True) not in recalled(pair, "early")
    nato.take([late], "jp")
    told = recalled(pair, "late")
    assert ("incident", True) in told
    assert ("incident", False) not in told


@pytest.mark.parametrize(("ceiling", "is_seen"), [("TLP:GREEN", False), ("TLP:RED", True)])
def test_what_is_replaced_by_something_stricter_is_handled_so(
    pair: Pair, ceiling: str, *, is_seen: bool
) -> None:
    nato = pair.nato
    report = send(pair, json.dumps(FORM).encode(), marking="TLP:GREEN")
    one = machine(nato, grant(nato, "one", "reports", ceiling=ceiling)["token"])
    collect(nato.node.house)
    assert ids(nato, one, "reports")
    send(pair, b"names", marking="TLP:RED", supersedes=report)
    collect(nato.node.house)
    kinds = {each.partition("--")[0] for each in ids(nato, one, "reports")}
    assert ({"incident", "report"} <= kinds) is is_seen
    assert ("report" in kinds) is is_seen
    assert len(reports_of(nato.node.house, one)) == 2 * is_seen


def test_a_bundle_that_is_replaced_gives_its_objects_to_the_next(pair: Pair) -> None:
    nato = pair.nato
    both = [an_object(1), an_object(2)]
    told = {"type": "bundle", "id": f"bundle--{uuid.UUID(int=1, version=4)}"}
    report = send(pair, json.dumps({**told, "objects": both}).encode(), marking="TLP:GREEN")
    usual, every = (
        machine(nato, grant(nato, name, "reports", ceiling=ceiling)["token"])
        for name, ceiling in (("usual", "TLP:GREEN"), ("every", "TLP:RED"))
    )
    collect(nato.node.house)
    assert ids(nato, usual, "reports") == [each["id"] for each in both]
    body = json.dumps({**told, "objects": both[:1]}).encode()
    send(pair, body, marking="TLP:RED", supersedes=report)
    collect(nato.node.house)
    assert ids(nato, usual, "reports") == []
    assert ids(nato, every, "reports") == [both[0]["id"]]
