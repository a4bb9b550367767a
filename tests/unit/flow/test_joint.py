"""Joint statements and translations between two nodes."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from noroshi.adapters.words import shipped_lexicon
from noroshi.core.errors import ConflictError, InputError
from noroshi.core.instant import DAY
from noroshi.core.kinds.reading import Reader
from noroshi.core.lexicon.lexicon import Language
from noroshi.core.sheet.plain import plain
from noroshi.core.sheet.report import report_sheet
from noroshi.flow import requests
from tests.unit.flow.pair import House, Pair, open_pair

STATEMENT = {
    "noroshi": 1,
    "kind": "joint-statement",
    "subject": "Joint statement",
    "text": "We condemn the intrusion.",
    "language": "en",
    "signatories": ["jp", "nato"],
    "versions": [{"language": "fr", "standing": "courtesy", "text": "Nous condamnons."}],
}


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with open_pair(tmp_path) as both:
        yield both


def cross(pair: Pair) -> None:
    """Carry to each what waits at the other."""
    pair.nato.take(new(pair.jp, "nato"), "jp")
    pair.jp.take(new(pair.nato, "jp"), "nato")


def new(house: House, partner: str) -> list[bytes]:
    return house.waiting(partner)


def written(pair: Pair, **told: Any) -> str:
    report = pair.jp.send("cyber@nato", body=json.dumps({**STATEMENT, **told}).encode())
    cross(pair)
    return report


def shown(house: House, report: str) -> Any:
    return house.ask(requests.Show(report=report))


def sign(house: House, report: str, digest: str, by: str = "Cdr Ito") -> Any:
    return house.ask(requests.SignStatement(report=report, digest=digest, by=by))


def screen(told: Any, language: Language = Language.ENGLISH) -> str:
    return plain(report_sheet(told, Reader(shipped_lexicon(), language), {}), language)


def test_a_text_is_published_once_all_have_signed_exactly_that(pair: Pair) -> None:
    report = written(pair)
    told = shown(pair.nato, report)
    digest = told["statement"]["digest"]
    assert told["statement"]["missing"] == ["jp", "nato"]
    assert "Not signed yet by jp, nato" in screen(told)
    assert "In other languages: fr (courtesy translation)\n| Nous condamnons." in screen(told)
    assert sign(pair.jp, report, digest)["digest"] == digest
    with pytest.raises(ConflictError, match="signed already"):
        sign(pair.jp, report, digest)
    cross(pair)
    with pytest.raises(InputError, match="nato have not signed"):
        pair.nato.ask(requests.PublishStatement(report=report))
    sent = sign(
        pair.nato,
        report,
        " ".join(digest[i : i + 8] for i in range(0, 32, 8)).upper(),
        by="Lt Jansen",
    )
    assert [each["desk"] for each in sent["recipients"]] == ["cyber@jp"]
    cross(pair)
    for house in (pair.jp, pair.nato):
        seen = shown(house, report)["statement"]
        assert seen["missing"] == []
        assert {each["signatory"] for each in seen["signatures"] if each["holds"]} == {"jp", "nato"}
        published = house.ask(requests.PublishStatement(report=report))
        assert json.loads(published["statement"])["text"] == STATEMENT["text"]
    assert "All signatories have signed exactly this text." in screen(shown(pair.jp, report))
    assert "全署名者" in screen(shown(pair.jp, report), Language.JAPANESE)


def test_after_a_change_all_sign_anew(pair: Pair) -> None:
    report = written(pair)
    digest = shown(pair.jp, report)["statement"]["digest"]
    sign(pair.jp, report, digest)
    update = {"noroshi": 1, "kind": "joint-statement", "updates": report, "text": "We regret."}
    pair.jp.ask(requests.SendReport(body=json.dumps(update).encode(), to=()))
    cross(pair)
    with pytest.raises(InputError, match="another text"):
        sign(pair.nato, report, digest)
    told = shown(pair.nato, report)
    assert told["statement"]["digest"] != digest
    assert [each["holds"] for each in told["statement"]["signatures"]] == [False]
    assert "jp: Cdr Ito signed an earlier text" in screen(told)
    sign(pair.nato, report, told["statement"]["digest"])


def test_a_signature_is_taken_back_by_its_signatory(pair: Pair) -> None:
    report = written(pair)
    digest = shown(pair.nato, report)["statement"]["digest"]
    signature = sign(pair.nato, report, digest)["report"]
    cross(pair)
    assert shown(pair.jp, report)["statement"]["missing"] == ["jp"]
    pair.nato.ask(requests.Cancel(report=signature))
    cross(pair)
    assert shown(pair.jp, report)["statement"]["missing"] == ["jp", "nato"]
    sign(pair.nato, report, digest)


def test_a_signature_in_anothers_name_counts_for_nobody(pair: Pair) -> None:
    report = written(pair)
    digest = shown(pair.nato, report)["statement"]["digest"]
    made = sign(pair.jp, report, digest)["report"]
    cross(pair)
    body = json.loads(shown(pair.nato, made)["body"])
    replayed = pair.nato.send("cyber@jp", body=json.dumps(body).encode(), references=(report,))
    del body["signature"]
    false = pair.nato.send(
        "cyber@jp", body=json.dumps({**body, "x": 1, "signature": "AAAA"}).encode(),
        references=(report,),
    )  # fmt: skip
    cross(pair)
    told = shown(pair.jp, report)
    assert told["statement"]["missing"] == ["nato"]
    assert sorted(told["statement"]["not_counted"]) == sorted([replayed, false])
    assert screen(told).count("NOT COUNTED") == 2
    assert screen(told, Language.JAPANESE).count("署名を検証できず、数に入れません") == 2
    for each in (replayed, false):
        assert shown(pair.jp, each)["signature"] == {"counts": False}
        assert "SIGNATURE DOES NOT VERIFY, NOT COUNTED" in screen(shown(pair.jp, each))
    assert shown(pair.jp, made)["signature"] == {"counts": True}
    body["signature"] = "AAAA"
    stray = pair.nato.send("cyber@jp", body=json.dumps(body).encode(), references=(replayed,))
    cross(pair)
    assert shown(pair.jp, stray)["signature"] == {"counts": False}
    assert told["signature"] is None


def test_who_does_not_sign_and_what_does_not_stand_is_refused(pair: Pair) -> None:
    others = written(pair, signatories=["au", "kr"])
    digest = shown(pair.nato, others)["statement"]["digest"]
    with pytest.raises(InputError, match="nato does not sign it"):
        sign(pair.nato, others, digest)
    with pytest.raises(InputError, match="no joint statement"):
        sign(pair.nato, pair.nato.send("cyber@jp"), digest)
    unready = written(pair, signatories=[])
    assert shown(pair.nato, unready)["statement"] is None
    report = written(pair, embargo_until="2099-01-01T00:00:00Z")
    digest = shown(pair.nato, report)["statement"]["digest"]
    wrong = ("abc", digest[:31], "", f"{digest}0", digest[::-1], "x" * 32)
    for each in wrong:
        with pytest.raises(InputError, match="noroshi show") as refusal:
            sign(pair.nato, report, each)
        assert refusal.value.code == "not-signed"
        assert digest[:8] not in refusal.value.message.replace(each or "-", "")
    sign(pair.jp, report, digest)
    sign(pair.nato, report, digest)
    cross(pair)
    with pytest.raises(InputError, match="under embargo"):
        pair.jp.ask(requests.PublishStatement(report=report))
    pair.jp.ask(requests.Cancel(report=report))
    cross(pair)
    for request in (
        requests.PublishStatement(report=report),
        requests.SignStatement(report=report, digest=digest, by="Lt Jansen"),
    ):
        with pytest.raises(ConflictError, match="cancelled"):
            pair.nato.ask(request)


def translation(report: str, original: str, **told: Any) -> bytes:
    body = {
        "noroshi": 1,
        "kind": "translation",
        "subject": "Translation",
        "translates": report,
        "into": "ja",
        "made_by": "machine",
        "translator": "Example MT",
        "texts": [
            {
                "field": "summary",
                "of": hashlib.sha256(original.encode()).hexdigest(),
                "text": "侵入者あり。",
            }
        ],
        **told,
    }
    return json.dumps(body).encode()


def test_a_translation_stands_below_what_was_written(pair: Pair) -> None:
    body = {"noroshi": 1, "kind": "cyber-incident", "summary": "An intruder.", "language": "en"}
    report = pair.jp.send("cyber@nato", body=json.dumps(body).encode())
    cross(pair)
    given = {"references": (report,)}
    first = pair.nato.send("cyber@jp", body=translation(report, "An intruder."), **given)
    pair.nato.send("cyber@jp", body=translation("0" * 8, "An intruder."), **given)
    pair.nato.send("cyber@jp", body=translation(report, "x", into="ko", translator=None), **given)
    cross(pair)
    told = shown(pair.jp, report)
    assert [each["into"] for each in told["translations"]] == ["ja", "ko"]
    text = screen(told, Language.JAPANESE)
    assert "| An intruder.\n翻訳（機械翻訳, Example MT、cyber@nato、" in text
    assert "| 侵入者あり。" in text
    assert "侵入者" not in screen(told)
    assert "번역" not in screen(told, Language.KOREAN).split("| An intruder.")[0]
    pair.clock.at += DAY // 24
    update = {"noroshi": 1, "kind": "cyber-incident", "updates": report, "summary": "Two of them."}
    pair.jp.ask(requests.SendReport(body=json.dumps(update).encode(), to=()))
    changed = shown(pair.jp, report)
    assert not changed["translations"][0]["texts"][0]["holds"]
    assert "侵入者" not in screen(changed, Language.JAPANESE)
    pair.nato.ask(requests.Cancel(report=first))
    cross(pair)
    assert [each["into"] for each in shown(pair.jp, report)["translations"]] == ["ko"]


def test_the_words_of_a_report_that_is_no_form_are_translated(pair: Pair) -> None:
    report = pair.jp.send("cyber@nato", body=b"Words.")
    cross(pair)
    texts = [{"field": "body", "of": hashlib.sha256(b"Words.").hexdigest(), "text": "Des mots."}]
    body = translation(report, "", into="fr-BE", made_by="person", translator=None, texts=texts)
    pair.nato.send("cyber@jp", body=body, references=(report,))
    cross(pair)
    told = shown(pair.jp, report)
    assert "| Words.\nTraduction (une personne ; cyber@nato, " in screen(told, Language.FRENCH)
    assert "| Des mots." in screen(told, Language.FRENCH)
