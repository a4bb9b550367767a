"""A partner with a newer release: a kind, fields, codes and a dictionary that we do not know.

The newer release is this source tree with a kind more, a code more in an existing vocabulary and a
field more in a kind that both know, and the next version of the dictionary with numbers for them.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest

from endure.evidence import ROOT
from noroshi.adapters.words import shipped_lexicon
from noroshi.core.compact.dictionary import newest
from noroshi.core.exchange.stix_reading import read_bundle
from noroshi.core.lexicon.lexicon import Language
from tests.program.conftest import Desk, befriend_by_commands, make

pytestmark = pytest.mark.xdist_group("newer_release")

LEXICON: Final = shipped_lexicon()
KIND: Final = '''"""Something that drifts."""

from typing import Annotated

from noroshi.core.kinds.form import Code, Count, Form, Line, Says, Where
from noroshi.core.kinds.kind import Kind


class Balloon(Form, frozen=True, kw_only=True):
    """Something that drifts."""

    seen_over: Annotated[Where, Says("bl.seen_over", first=True)]
    payload: Annotated[Code | None, Says("bl.payload", vocabulary="payload", first=True)] = None
    number: Annotated[Count | None, Says("bl.number", first=True)] = None
    remark: Annotated[Line | None, Says("bl.remark")] = None


KIND = Kind("balloon", "kind.balloon", Balloon)
'''
WORDS: Final = {
    "kind.balloon": "Balloon",
    "bl.seen_over": "Seen over",
    "bl.payload": "Payload",
    "bl.number": "How many",
    "bl.remark": "Remark",
    "payload.solar": "Solar panels",
}
BALLOON: Final[dict[str, Any]] = {
    "noroshi": 1,
    "kind": "balloon",
    "subject": "Balloons over the strait",
    "precedence": "immediate",
    "seen_over": {"name": "Strait", "latitude": 33.25, "longitude": 129.5},
    "payload": "solar",
    "number": 3,
    "remark": "Ein Ballon ‒ 気球",
}
INCIDENT: Final[dict[str, Any]] = {
    "noroshi": 1,
    "kind": "cyber-incident",
    "subject": "Voices that are not theirs",
    "stage": "early-warning",
    "summary": "A minister's voice was made up.",
    "incident_types": ["phishing", "deepfake"],
    "voice": "solar",
}


def replaced(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The modules of a newer release."""
    source = tmp_path_factory.mktemp("newer") / "src"
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
    core = source / "noroshi" / "core"
    folder = core / "kinds" / "balloon"
    folder.mkdir()
    (folder / "__init__.py").write_text(KIND, encoding="utf-8")
    terms = {
        code: {**dict.fromkeys(("en", "fr", "ko", "id"), said), "ja": f"「{said}」"}
        for code, said in {**WORDS, "cy.voice": "Voice", "inctype.deepfake": "Deepfake"}.items()
    }
    (folder / "words.json").write_text(json.dumps(terms, ensure_ascii=False), encoding="utf-8")
    (folder / "example.json").write_text(json.dumps(BALLOON), encoding="utf-8")
    incident = core / "kinds" / "cyber_incident" / "__init__.py"
    replaced(
        incident, "    affected:",
        '    voice: Annotated[Code | None, Says("cy.voice", vocabulary="payload")] = None\n'
        "    affected:",
    )  # fmt: skip
    version = newest() + 1
    numbers = {
        "dictionary": version,
        "words": {"kind": ["balloon"], "payload": ["solar"], "inctype": ["deepfake"]},
        "fields": {
            "balloon": [["seen_over", "part", "place"], ["payload", "word", "payload"]],
            "cyber-incident": [["voice", "word", "payload"]],
        },
    }
    (core / "compact" / "versions" / f"{version}.json").write_text(json.dumps(numbers))
    return source


@pytest.fixture
def pair(tmp_path: Path, newer: Path) -> Iterator[tuple[Desk, Desk]]:
    """A node of the newer release, and one of this; they have told each other what they read."""
    jp, nato = make(tmp_path, "jp", source=newer), make(tmp_path, "nato")
    befriend_by_commands([jp, nato])
    with ExitStack() as stack:
        for desk in (nato, jp):
            stack.enter_context(desk.served())
        for desk, reads in ((jp, newest()), (nato, newest() + 1)):
            told: Any = None
            while told is None:
                (line,) = desk.ask_lines("lines")
                told = line["dictionary"]
            assert told == reads
        yield jp, nato


def send(one: Desk, other: Desk, form: dict[str, Any]) -> tuple[str, bytes]:
    """Send a form as `new` writes it, until it is there; return its id and its bytes."""
    body = json.dumps(form, ensure_ascii=False, indent=1).encode()
    report = str(one.ask("send", "-", "--to", f"cyber@{other.partner}", given=body)["report"])
    one.ask("wait", report, "--rung", "DELIVERED", "--timeout", "120")
    assert other.run("show", report, "--raw").output == body
    return report, body


def test_a_kind_that_is_not_known_is_shown_answered_updated_and_exported(
    pair: tuple[Desk, Desk], tmp_path: Path
) -> None:
    jp, nato = pair
    report, body = send(jp, nato, BALLOON)
    (row,) = nato.ask_lines("inbox")
    assert (row["kind"], row["subject"]) == ("balloon", "Balloons over the strait")
    screen = nato.run("--lang", "en", "show", report).text
    for said in ("Balloons over the strait", "balloon", "cyber@jp", "IMMEDIATE"):
        assert said in screen
    for name, value in BALLOON.items():
        if name not in {"noroshi", "kind", "subject", "precedence"}:
            assert name in screen
            assert json.dumps(value, ensure_ascii=False).strip('"') in screen
    assert "「Seen over」" in jp.run("--lang", "ja", "show", report).text

    nato.ask("ack", report, "--by", "Maj Dupont")
    jp.ask("wait", report, "--rung", "ACKNOWLEDGED", "--timeout", "120")
    answer = nato.ask("answer", report, "--set", "text=We see two.", "--by", "Maj Dupont")["report"]
    nato.ask("wait", answer, "--rung", "DELIVERED", "--timeout", "120")
    (referrer,) = jp.ask("show", report)["referred_by"]
    assert (referrer["report"], referrer["kind"]) == (answer, "answer")
    assert "We see two." in jp.run("show", answer).text

    update = jp.ask("update", report, "--set", "number=4", "--clear", "remark")["report"]
    jp.ask("wait", update, "--rung", "DELIVERED", "--timeout", "120")
    chain = nato.ask("show", update)["chain"]
    assert chain["first"] == report
    assert chain["fields"]["number"] == 4
    assert chain["fields"]["payload"] == "solar"
    assert "remark" not in chain["fields"]
    assert nato.ask("show", report, "--history")["chain"]["history"]["number"][0]["value"] == 3

    nato.ask("export", report, "-o", tmp_path / "balloon.json")
    back = read_bundle(json.loads((tmp_path / "balloon.json").read_bytes()))
    head = {"noroshi": 1, "kind": back.kind, "subject": back.subject, "precedence": back.precedence}
    assert {**head, **back.fields} == json.loads(body)
    for desk in (jp, nato):
        assert desk.ask("journal", "verify")["ok"] is True


def test_codes_and_fields_that_are_not_known_are_kept_and_called_unknown(
    pair: tuple[Desk, Desk], tmp_path: Path
) -> None:
    jp, nato = pair
    report, body = send(jp, nato, INCIDENT)
    screen = nato.run("--lang", "fr", "show", report).text
    assert "Hameçonnage" in screen
    assert LEXICON.sentence("s.unknown_code", Language.FRENCH, code="deepfake") in screen
    assert "voice" in screen
    assert "Deepfake" not in screen
    assert "Deepfake" in jp.run("--lang", "fr", "show", report).text
    nato.ask("actioned", report, "--by", "Maj Dupont", "--note", "We tell our ministers.")
    jp.ask("wait", report, "--rung", "ACTIONED", "--timeout", "120")
    nato.ask("export", report, "-o", tmp_path / "incident.json")
    back = read_bundle(json.loads((tmp_path / "incident.json").read_bytes()))
    assert {**back.fields} == {n: v for n, v in INCIDENT.items() if n not in
                               {"noroshi", "kind", "subject"}}  # fmt: skip
    # What came in can be sent on in our own words: nothing in it is refused or left out.
    older = {**INCIDENT, "incident_types": ["phishing"]}
    back_report, _ = send(nato, jp, older)
    assert "Voice" in jp.run("--lang", "en", "show", back_report).text
    assert nato.fail("send", "-", "--to", "cyber@jp", given=body)["error"] == "bad-form"


def test_back_from_the_older_node(pair: tuple[Desk, Desk]) -> None:
    """The newer node reads what the older one writes, also of a kind that the writer lacks."""
    jp, nato = pair
    form = {"noroshi": 1, "kind": "situation-report", "subject": "Seen", "information": "Two."}
    report, _ = send(nato, jp, form)
    jp.ask("ack", report, "--by", "Lt Sato")
    nato.ask("wait", report, "--rung", "ACKNOWLEDGED", "--timeout", "120")
    refused = nato.fail("new", "balloon", "--to", "cyber@jp", "--set", "number=1")
    assert "balloon" in refused["message"]
