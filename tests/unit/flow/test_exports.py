"""A report given to other systems: the same values, and no milder marking."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from noroshi.core.errors import InputError
from noroshi.core.exchange.cap import read_alert
from noroshi.core.exchange.cap_report import read_report
from noroshi.core.exchange.importing import draft_of, encode_form, form_of
from noroshi.core.exchange.stix_reading import read_bundle
from noroshi.flow import requests
from tests.unit.flow.pair import Pair, open_pair

FORM = {
    "noroshi": 1, "kind": "missile-event", "subject": "Launch", "status": "exercise",
    "detected_at": "2026-11-21T06:12:00Z", "type": "srbm", "x_new": None,
    "portions": [{"marking": "TLP:CLEAR", "text": "Seen."}],
}  # fmt: skip


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as opened:
        yield opened


def sent(pair: Pair) -> str:
    report = pair.jp.send("cyber@nato", body=json.dumps(FORM).encode(), marking="TLP:AMBER")
    pair.carry()
    return report


def test_both_sides_export_the_same_bundle(pair: Pair) -> None:
    report = sent(pair)
    told = pair.jp.ask(requests.Export(report=report))
    assert told == pair.nato.ask(requests.Export(report=report))
    assert (told["report"], told["marking"]) == (report, "TLP:AMBER")
    again = read_bundle(json.loads(told["bundle"]))
    assert (again.id, again.kind, again.subject) == (report, "missile-event", "Launch")
    assert (again.sender, again.desk, again.status) == ("jp", "cyber", "exercise")
    head = {"noroshi", "kind", "subject", "status"}
    assert again.fields == {name: value for name, value in FORM.items() if name not in head}


def test_an_exported_bundle_goes_no_further_than_the_report(pair: Pair) -> None:
    raw = pair.nato.ask(requests.Export(report=sent(pair)))["bundle"].encode()
    for marking in ("TLP:GREEN", "TLP:CLEAR"):
        with pytest.raises(InputError) as refused:
            pair.nato.send("cyber@jp", body=raw, marking=marking)
        assert refused.value.code == "bad-marking"
    for told in ({"marking": "TLP:AMBER"}, {}):
        again = pair.nato.send("cyber@jp", body=raw, **told)
        assert pair.nato.ask(requests.Show(report=again))["marking"] == "TLP:AMBER"


def test_an_alert_names_the_report_that_it_updates(pair: Pair) -> None:
    report = sent(pair)
    told = pair.jp.ask(requests.Export(report=report, form=requests.Exchange.CAP))
    assert told["marking"] == "TLP:AMBER"
    alert = read_alert(told["alert"].encode())
    assert (alert.identifier, alert.msg_type, alert.references) == (report, "Alert", None)
    again = read_report(alert)
    assert again == read_bundle(json.loads(pair.jp.ask(requests.Export(report=report))["bundle"]))

    body = {"noroshi": 1, "kind": "missile-event", "updates": report, "state": "lost"}
    update = pair.jp.send("cyber@nato", body=json.dumps(body).encode(), marking="TLP:AMBER")
    told = pair.jp.ask(requests.Export(report=update, form=requests.Exchange.CAP))
    updating = read_alert(told["alert"].encode())
    assert updating.msg_type == "Update"
    assert updating.references == f"{alert.sender},{alert.identifier},{alert.sent}"
    assert read_report(updating) is not None


def test_what_is_no_form_is_not_exported(pair: Pair) -> None:
    report = pair.jp.send("cyber@nato", body=b"words")
    with pytest.raises(InputError, match="no form but text/plain"):
        pair.jp.ask(requests.Export(report=report))


def test_what_a_form_was_made_of_is_given_back(pair: Pair) -> None:
    raw = json.dumps({"Event": {"info": "Ghost", "distribution": "1"}}).encode()
    form = form_of(draft_of(raw), raw)
    report = pair.jp.send("cyber@nato", body=encode_form(form))
    pair.carry()
    told = pair.nato.ask(requests.Export(report=report, form=requests.Exchange.ORIGINAL))
    assert (told["marking"], json.loads(told["original"])) == ("TLP:AMBER+STRICT", json.loads(raw))
    with pytest.raises(InputError) as refused:
        pair.jp.send("cyber@nato", body=encode_form(form), marking="TLP:GREEN")
    assert refused.value.code == "bad-marking"

    form = form_of(draft_of(raw), raw, without_original=True)
    report = pair.jp.send("cyber@nato", body=encode_form(form))
    with pytest.raises(InputError, match="is an attachment"):
        pair.jp.ask(requests.Export(report=report, form=requests.Exchange.ORIGINAL))
    with pytest.raises(InputError, match="not made of"):
        pair.jp.ask(requests.Export(report=sent(pair), form=requests.Exchange.ORIGINAL))
