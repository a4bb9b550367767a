"""Forms on the command line: an example of every kind is sent, and read in five languages."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.program.conftest import Desk, befriend, make

LANGUAGES = ("ja", "en", "fr", "ko", "id")
RENDERED = {"ja": "短距離弾道ミサイル", "en": "Short-range ballistic missile", "ko": "단거리"}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Desk]:
    folder = tmp_path_factory.mktemp("kinds")
    jp, nato = make(folder, "jp"), make(folder, "nato")
    befriend([jp, nato])
    return jp, nato


def test_an_example_of_every_kind_is_a_report(pair: tuple[Desk, Desk]) -> None:
    jp, _ = pair
    told = jp.ask_lines("kinds")
    assert len(told) >= 15
    for kind in told:
        assert kind["title"]
        assert kind["fields"]
        example = jp.run("kinds", kind["kind"], "--example").output
        sent = jp.ask("send", "-", "--to", "cyber@nato", given=example)
        assert sent["state"] == "SENT"
        shown = jp.ask("show", sent["report"])
        assert shown["kind"] == kind["kind"]
        assert shown["body"].encode() == example


def test_a_form_is_read_in_the_readers_language(pair: tuple[Desk, Desk]) -> None:
    jp, _ = pair
    example = jp.run("kinds", "missile-event", "--example").output
    report = jp.ask("send", "-", "--to", "cyber@nato", given=example)["report"]
    screens = {language: jp.run("--lang", language, "show", report).text for language in LANGUAGES}
    assert len(set(screens.values())) == len(LANGUAGES)
    for language, screen in screens.items():
        assert "2026-11-21 06:12Z" in screen
        assert "39°30.0'N 125°12.0'E" in screen
        assert "Ships in the area are asked to look out." in screen  # as it was written
        assert RENDERED.get(language, "") in screen
    assert jp.run("--lang", "xx", "show", report).status == 2
    there = jp.run("show", report, environment={"TZ": "Asia/Tokyo"}).text
    assert "2026-11-21 06:12Z (15:12 JST)" in there
    assert "06:12Z (" not in jp.run("show", report, environment={"TZ": "UTC"}).text


def test_an_export_is_marked_like_its_report(pair: tuple[Desk, Desk], tmp_path: Path) -> None:
    jp, _ = pair
    example = jp.run("kinds", "cyber-incident", "--example").output
    report = jp.ask("send", "-", "--to", "cyber@nato", given=example)["report"]
    bundle = jp.run("export", report).output
    assert json.loads(bundle)["type"] == "bundle"
    milder = ("send", "-", "--to", "cyber@nato", "--marking", "TLP:GREEN")
    assert jp.fail(*milder, given=bundle)["error"] == "bad-marking"
    assert jp.ask("send", "-", "--to", "cyber@nato", given=bundle)["state"] == "SENT"
    told = jp.ask("export", report, "--as", "stix", "-o", tmp_path / "report.json")
    assert told["size"] == len((tmp_path / "report.json").read_bytes())
    assert (tmp_path / "report.json").read_bytes() == bundle


def test_a_report_becomes_a_page_to_print(pair: tuple[Desk, Desk], tmp_path: Path) -> None:
    jp, _ = pair
    example = jp.run("kinds", "missile-event", "--example").output
    report = jp.ask("send", "-", "--to", "cyber@nato", given=example)["report"]
    page = jp.run("--lang", "ja", "show", report, "--page").output
    assert page.startswith(b'<!DOCTYPE html>\n<html lang="ja">')
    assert "短距離弾道ミサイル" in page.decode()
    file = tmp_path / "report.html"
    told = jp.ask("--lang", "ja", "show", report, "--page", "-o", file)
    assert told == {"file": str(file), "size": len(page)}
    assert file.read_bytes() == page


def test_a_half_filled_form_is_refused_and_nothing_is_sent(
    pair: tuple[Desk, Desk], tmp_path: Path
) -> None:
    jp, _ = pair
    before = jp.ask("journal", "verify")["size"]
    for fields, named in (
        ({"type": "srbm"}, "detected_at"),
        ({"detected_at": "2026-11-21T06:12:00Z", "type": "srmb"}, "srbm"),
        ({"detected_at": "06:12"}, "detected_at"),
        ({"detected_at": "2026-11-21T06:12:00Z", "launch_place": {"latitude": 95}}, "90"),
    ):
        form: dict[str, Any] = {"noroshi": 1, "kind": "missile-event", **fields}
        file = tmp_path / "form.json"
        file.write_text(json.dumps(form))
        told = jp.fail("send", file, "--to", "cyber@nato")
        assert told["error"] == "bad-form"
        assert named in told["message"]
        assert "noroshi kinds missile-event" in told["message"]
    assert jp.ask("journal", "verify")["size"] == before


def test_a_kind_is_described(pair: tuple[Desk, Desk]) -> None:
    jp, _ = pair
    assert "飛翔中" in jp.run("--lang", "ja", "kinds", "missile-event").text
    (told,) = jp.ask_lines("kinds", "missile-event")
    state = next(field for field in told["fields"] if field["name"] == "state")
    assert state["values"]["in_flight"] == "In flight"
    schema = json.loads(jp.run("kinds", "missile-event", "--schema").output)
    assert "MissileEvent" in json.dumps(schema)
    assert "cyber-incident" in jp.fail("kinds", "gossip")["message"]
    assert jp.run("kinds", "--example").status == 2
