"""What other systems wrote, turned into forms on the command line and sent."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests

from noroshi.core.exchange.objects.reading import take_apart
from tests.program.conftest import DATA, Desk, befriend, make

TAXII = "application/taxii+json;version=2.1"
EVENT = {
    "Event": {
        "info": "Operation Ghost", "distribution": "1",
        "Attribute": [{"type": "domain", "value": "c2.example.org", "to_ids": True}],
    }
}  # fmt: skip


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Desk]:
    folder = tmp_path_factory.mktemp("import")
    jp, nato = make(folder, "jp"), make(folder, "nato")
    befriend([jp, nato])
    return jp, nato


def test_a_misp_event_is_piped_into_a_report(pair: tuple[Desk, Desk], tmp_path: Path) -> None:
    jp, _ = pair
    raw = json.dumps(EVENT).encode()
    form = jp.run("import", "-", given=raw)
    assert form.status == 0
    report = jp.ask("send", "-", "--to", "cyber@nato", given=form.output)["report"]
    shown = jp.ask("show", report)
    assert (shown["kind"], shown["subject"]) == ("cyber-incident", "Operation Ghost")
    assert shown["marking"] == "TLP:AMBER+STRICT"
    assert "c2.example.org" in jp.run("--lang", "ja", "show", report).text
    assert jp.run("export", report, "--as", "original").told == EVENT
    bundle = jp.run("export", report).output
    assert jp.ask("import", "-", given=bundle) == {
        **json.loads(form.output), "precedence": "routine", "status": "actual"
    }  # fmt: skip
    milder = ("send", "-", "--to", "cyber@nato", "--marking", "TLP:CLEAR")
    assert jp.fail(*milder, given=form.output)["error"] == "bad-marking"

    file, output = tmp_path / "event.json", tmp_path / "form.json"
    file.write_bytes(raw)
    told = jp.ask("import", file, "--apart", "-o", output)
    assert (told["marking"], told["size"]) == ("TLP:AMBER+STRICT", len(output.read_bytes()))
    assert "sha256" in json.loads(output.read_bytes())["original"]
    assert jp.ask("send", output, "--to", "cyber@nato", "--attach", file)["state"] == "SENT"


def test_an_alert_goes_out_and_comes_back(pair: tuple[Desk, Desk], tmp_path: Path) -> None:
    jp, _ = pair
    example = jp.run("kinds", "disaster-relief", "--example").output
    report = jp.ask("send", "-", "--to", "cyber@nato", given=example)["report"]
    told = jp.ask("export", report, "--as", "cap", "-o", tmp_path / "alert.xml")
    assert told["size"] == len((tmp_path / "alert.xml").read_bytes())
    form = jp.run("import", tmp_path / "alert.xml").output
    assert json.loads(form) == json.loads(example) | {
        name: json.loads(form)[name] for name in ("precedence", "marking", "status")
    }  # fmt: skip
    assert jp.ask("send", "-", "--to", "cyber@nato", given=form)["state"] == "SENT"
    checked = jp.ask("send", "-", "--to", "cyber@nato",
                     given=jp.run("kinds", "answer", "--example").output)  # fmt: skip
    assert jp.fail("export", checked["report"], "--as", "cap")["error"] == "bad-input"
    assert jp.fail("import", "-", given=b"<alert/>")["error"] == "malformed"

    strangers = (tmp_path / "alert.xml").read_bytes().replace(b">noroshi<", b">height<")
    form = jp.run("import", "-", given=strangers).output
    report = jp.ask("send", "-", "--to", "cyber@nato", given=form)["report"]
    assert jp.ask("show", report)["kind"] == "situation-report"
    assert jp.run("export", report, "--as", "original").output == strangers


def test_a_file_that_is_none_of_them(pair: tuple[Desk, Desk], tmp_path: Path) -> None:
    jp, _ = pair
    assert jp.fail("import", "-", given=b"words")["error"] == "bad-json"
    assert jp.fail("import", "-", given=b"{}")["error"] == "bad-import"
    assert jp.fail("import", tmp_path / "nothing")["error"] == "bad-input"


def test_the_published_events_are_sent(pair: tuple[Desk, Desk]) -> None:
    files = sorted((DATA / "misp").glob("*.json"))
    if not files:
        pytest.skip("the published MISP events are not at hand")
    jp, _ = pair
    for file in files[::8]:
        form = jp.run("import", file).output
        assert jp.ask("send", "-", "--to", "cyber@nato", given=form)["state"] == "SENT"


def test_objects_are_kept_byte_for_byte_and_a_machine_reads_them(
    pair: tuple[Desk, Desk], tmp_path: Path
) -> None:
    jp, _ = pair
    one = {
        "type": "identity", "spec_version": "2.1", "name": "\u6ce2", "identity_class": "system",
        "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z",
    }  # fmt: skip
    many = [{**one, "id": f"identity--{UUID(int=n, version=4)}"} for n in range(2500)]
    marked: dict[str, Any] = {**many[0], "id": f"identity--{UUID(int=9999, version=4)}"}
    marked["object_marking_refs"] = ["marking-definition--" + str(UUID(int=1, version=4))]
    broken = {"type": "indicator", "id": "indicator--x"}
    raws = [json.dumps(each) for each in (*many, marked, broken)]
    bundle = tmp_path / "bundle.json"
    bundle.write_text(f'{{"type": "bundle", "objects": [{",".join(raws)}]}}')
    given = ("--collection", "sightings")
    told = jp.ask("import", bundle, *given)
    assert told["kept"] == 2500
    assert "hand over its definition" in told["refused"][0]["reason"]
    assert len(told["refused"]) == 2
    assert "2,500 objects kept, 2 refused" in jp.run("import", bundle, *given).text
    access = ("access", "grant", "siem", "--collection", "sightings", "--read", "--by", "Capt Abe")
    token = jp.ask(*access)["token"]
    with jp.served() as ready:
        place = f"{ready['url']}/taxii2/api/collections/sightings/objects/"
        headers = {"Authorization": f"Bearer {token}", "Accept": TAXII}
        found: list[bytes] = []
        page: dict[str, str] = {}
        while True:
            answer = requests.get(place, params=page, headers=headers, timeout=60)
            found += take_apart(answer.content)
            if not answer.json()["more"]:
                break
            page = {"next": answer.json()["next"]}
    assert {each.decode() for each in found} == set(raws[:2500])


@pytest.mark.parametrize(
    ("raw", "more", "said"),
    [
        (b"{}", (), "holds no objects"),
        (b"[]", (), "no envelope"),
        (b'{"objects": [{}]}', ("-o", "x"), "--apart and -o"),
        (b'{"objects": [{}]}', ("--collection", "reports"), "filled by reports"),
    ],
)
def test_what_cannot_be_kept_is_told(
    pair: tuple[Desk, Desk], raw: bytes, more: tuple[str, ...], said: str
) -> None:
    jp, _ = pair
    assert said in jp.fail("import", "-", "--collection", "c", *more, given=raw)["message"]
