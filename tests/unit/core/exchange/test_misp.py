"""MISP events as drafts of cyber incidents: nothing is lost, and no marking is milder."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from noroshi.adapters.words import shipped_lexicon
from noroshi.core.errors import InputError, MalformedError
from noroshi.core.exchange.drafts import Draft
from noroshi.core.exchange.importing import draft_of, encode_form, form_of
from noroshi.core.exchange.misp_marking import marking_of
from noroshi.core.exchange.stix_reading import read_bundle
from noroshi.core.exchange.stix_report import Report, write_bundle
from noroshi.core.kinds.check import check_form
from noroshi.core.kinds.form import MAX_MANY, MAX_TEXT
from noroshi.core.kinds.kind import all_kinds
from noroshi.core.marking.label import Marking
from noroshi.core.recognition import recognise

DATA = Path(__file__).parents[5] / "shared" / "data" / "misp"
FILES = sorted(DATA.glob("*.json"))
CYBER = all_kinds()["cyber-incident"]


def sendable(draft: Draft, raw: bytes) -> dict[str, Any]:
    """Return the report JSON that a draft is, after all that `send` asks of it."""
    body = encode_form(form_of(draft, raw))
    found = recognise(body)
    assert (found.kind, found.subject) == (draft.kind, draft.subject)
    assert found.marking == (None if draft.marking is None else str(draft.marking))
    check_form(all_kinds()[found.kind], found.fields, shipped_lexicon())
    told: dict[str, Any] = json.loads(body)
    return told


def made(event: dict[str, Any]) -> dict[str, Any]:
    raw = json.dumps({"Event": event}).encode()
    return sendable(draft_of(raw), raw)


def of(kind: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"type": kind, "value": value, **more}


def attributes(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from event["Attribute"]
    for each in event.get("Object", []):
        yield from each["Attribute"]


@pytest.mark.skipif(len(FILES) < 42, reason="the published MISP events are not at hand")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem[:40])
def test_a_published_event_loses_no_attribute(file: Path) -> None:
    raw = file.read_bytes()
    value = json.loads(raw)
    event = value.get("Event") or value["response"][0]["Event"]
    draft = draft_of(raw)
    form = sendable(draft, raw)
    assert json.loads(form["original"]["content"]) == value

    indicated = {each["value"] for each in form["indicators"]}
    noted = " ".join(each.get("note", "") for each in form["indicators"])
    elsewhere = {*form.get("references", []), *form.get("vulnerabilities", [])}
    found = 0
    for attribute in attributes(event):
        text = attribute["value"]
        if text in indicated or text in elsewhere or text in form["summary"]:
            found += 1
        else:
            halves = (text.rpartition if "filename" in attribute["type"] else text.partition)("|")
            assert {halves[0], halves[2]} <= indicated
            assert f"{attribute['type']} {text}"[:200] in noted
            found += 1
        comment = attribute["comment"][:40].replace("\r", " ").replace("\n", " ")
        assert comment in noted or comment in form["summary"]
    assert found == len(list(attributes(event)))

    report = Report(
        id="3f1c09aa-0000-4000-8000-000000000001", kind=draft.kind, subject=draft.subject,
        created_at=0, sender="jp", desk="cyber", status="actual", precedence="routine",
        marking=draft.marking or Marking.parse("TLP:GREEN"), fields=draft.fields,
    )  # fmt: skip
    bundle = write_bundle(report)
    assert read_bundle(json.loads(bundle)) == report
    names = {each.get("name") for each in json.loads(bundle)["objects"]}
    for each in form["indicators"]:
        if each["type"] in {"domain-name", "ipv4-addr", "url", "file:hashes.SHA-1"}:
            assert each["value"] in names


@pytest.mark.skipif(len(FILES) < 42, reason="the published MISP events are not at hand")
def test_the_published_events_have_so_many_attributes() -> None:
    values = [json.loads(file.read_bytes()) for file in FILES]
    events = [value.get("Event") or value["response"][0]["Event"] for value in values]
    assert len(events) == 42
    assert sum(len(list(attributes(event))) for event in events) == 2540


def test_each_type_has_its_place() -> None:
    told = made({"info": "Operation\nGhost", "uuid": "e-1", "Attribute": [
        of("domain|ip", "c2.example.org|192.0.2.1", to_ids=True, comment="first stage"),
        of("ip-dst", "2001:db8::1", to_ids="1"),
        of("filename|sha1", "a|b.exe|" + "ab" * 20, to_ids=True),
        of("ip-dst|port", "192.0.2.9"),
        of("btc", "1A1zP1", category="Financial fraud"),
        of("mutex", "Global\\x", to_ids=True),
        of("link", "https://example.org/report", category="External analysis", comment="blog"),
        of("link", "https://example.org/report"),
        of("url", "https://example.org/read", category="Internal reference"),
        of("url", "https://example.org/gate.php", to_ids=True, category="External analysis"),
        of("vulnerability", "CVE-2026-0001", comment="used first"),
        of("vulnerability", "CVE-2026-0001"),
        of("comment", "seen by a partner"),
        of("text", "w" * 400, comment="long"),
        of("text", ""),
        of("counter", 5, deleted=False),
        of("domain", "gone.example.org", deleted=True),
    ]})  # fmt: skip
    assert told["subject"] == "Operation Ghost"
    whole = "domain|ip c2.example.org|192.0.2.1; first stage"
    assert told["indicators"] == [
        {"type": "domain-name", "value": "c2.example.org", "note": whole},
        {"type": "ipv4-addr", "value": "192.0.2.1", "note": whole},
        {"type": "ipv6-addr", "value": "2001:db8::1"},
        {"type": "file:name", "value": "a|b.exe", "note": "filename|sha1 a|b.exe|" + "ab" * 20},
        {"type": "file:hashes.SHA-1", "value": "ab" * 20,
         "note": "filename|sha1 a|b.exe|" + "ab" * 20},
        {"type": "misp:ip-dst|port", "value": "192.0.2.9"},
        {"type": "misp:btc", "value": "1A1zP1", "note": "Financial fraud"},
        {"type": "mutex:name", "value": "Global\\x"},
        {"type": "url", "value": "https://example.org/gate.php"},
        {"type": "misp:counter", "value": "5"},
    ]  # fmt: skip
    assert told["references"] == [
        "https://example.org/report", "https://example.org/read", "misp:e-1"
    ]  # fmt: skip
    assert told["vulnerabilities"] == ["CVE-2026-0001"]
    assert told["summary"].split("\n") == [
        "Operation", "Ghost", "https://example.org/report: blog", "CVE-2026-0001: used first",
        "comment: seen by a partner", "text, long: " + "w" * 400, "text: ",
    ]  # fmt: skip
    assert "gone.example.org" in told["original"]["content"]


def test_objects_and_times() -> None:
    told = made({"info": "x", "Object": [
        {"name": "file", "comment": "dropper", "first_seen": "2026-01-02T00:00:00Z", "Attribute": [
            of("md5", "ab" * 16, object_relation="md5", last_seen="2026-01-03T09:00:00+09:00"),
            of("sha256", "cd" * 32, first_seen="soon"),
        ]},
        {"name": "old", "deleted": True, "comment": "no", "first_seen": "2020-01-01T00:00:00Z",
         "Attribute": [of("md5", "ef" * 16)]},
    ]})  # fmt: skip
    assert [each["note"] for each in told["indicators"]] == ["to_ids=0; file md5", "to_ids=0; file"]
    assert told["first_seen"] == "2026-01-02T00:00:00.000000Z"
    assert told["last_seen"] == "2026-01-03T00:00:00.000000Z"
    assert told["summary"] == "x\nfile: dropper"


def test_galaxies_and_tags() -> None:
    pattern = "misp-galaxy:mitre-attack-pattern"
    told = made({
        "info": "x", "date": "2026-01-02", "threat_level_id": "1", "analysis": "2",
        "Orgc": {"name": "CERT"}, "extends_uuid": "e-2",
        "RelatedEvent": [{"Event": {"uuid": "e-3"}}, {"Event": 5}],
        "Tag": [
            {"name": f'{pattern}="Process Injection - T1055"'}, {"name": f'{pattern}="PowerShell"'},
            {"name": f'{pattern}="Email Collection"'}, {"name": f'{pattern}=""'},
            {"name": 'misp-galaxy:threat-actor="Turla"'}, {"name": "exercise:locked-shields"},
            {"name": 'admiralty-scale:source-reliability="b"'}, {"name": "PAP:AMBER"},
            {"name": 'admiralty-scale:information-credibility="2"'},
            {"name": 'estimative-language:likelihood-probability="very-likely"'},
            {"name": 'estimative-language:confidence-in-analytic-judgment="high"'}, 5,
        ],
        "Galaxy": [{"GalaxyCluster": [
            {"value": "PowerShell", "meta": {"external_id": ["T1059.001", "CAPEC-1"]}},
            {"value": "x", "meta": []}, {"value": "y", "meta": {"external_id": "T1"}}, 7,
        ]}],
        "Attribute": [of("domain", "example.org", Tag=[{"name": f'{pattern}="X - T1001"'}],
                         Galaxy=[{"GalaxyCluster": []}])],
        "Object": [{"name": "o", "Attribute": [of("md5", "a", Tag=[{"name": "seen"}])]}],
        "EventReport": [{"name": "What we saw", "content": "Much."}, {"name": "No", "deleted": 1}],
    })  # fmt: skip
    assert told["techniques"] == ["T1055", "T1059.001", "Email Collection", "T1001"]
    assert (told["criticality"], told["investigation"]) == (85, "closed")
    assert (told["grading"], told["likelihood"], told["confidence"]) == ("B2", "6", "high")
    assert (told["marking"], told["permitted_action"]) == ("TLP:AMBER//PAP:AMBER", "amber")
    assert told["status"] == "exercise"
    assert told["references"] == ["misp:e-2", "misp:e-3"]
    lines = told["summary"].split("\n")
    assert lines[:3] == ["x", "CERT, 2026-01-02", "threat-actor: Turla"]
    assert lines[-3:] == ["seen", "What we saw", "Much."]
    assert "aware_at" not in told


def test_grades_that_contradict_each_other_are_none() -> None:
    reliable = "admiralty-scale:source-reliability"
    told = made({"info": "", "Tag": [
        {"name": f'{reliable}="b"'}, {"name": f'{reliable}="f"'},
        {"name": 'admiralty-scale:information-credibility="2"'},
        {"name": 'estimative-language:likelihood-probability="perhaps"'},
    ], "EventReport": 5})  # fmt: skip
    assert (told["subject"], told["summary"].split("\n")[0]) == ("MISP event", "MISP event")
    assert not {"grading", "likelihood"} & told.keys()


def test_more_than_a_form_takes_stays_in_the_original() -> None:
    many = [of("domain", f"{n}.example.org", to_ids=n >= 500) for n in range(MAX_MANY + 500)]
    links = [of("link", f"https://example.org/{n}") for n in range(MAX_MANY + 1)]
    texts = [of("comment", "z" * 600) for _ in range(200)]
    raw = json.dumps({"Event": {"info": "x", "Attribute": [*many, *links, *texts]}}).encode()
    draft = draft_of(raw)
    told = sendable(draft, raw)
    assert draft.remarks == ("500 of 1,500 indicators found no room in the form; see its original",)
    assert len(told["indicators"]) == MAX_MANY
    assert told["indicators"][0]["value"] == "500.example.org"
    assert len(told["references"]) == MAX_MANY
    assert "misp: 1,000/1,500" in told["summary"]
    assert told["summary"].endswith("\n…")
    assert len(told["summary"]) <= MAX_TEXT
    assert "0.example.org" in told["original"]["content"]


def test_a_note_or_a_reference_that_is_too_long() -> None:
    told = made({"info": "x", "uuid": "u" * 400, "Attribute": [
        of("domain", "example.org", to_ids=True, comment="c" * 400)
    ]})  # fmt: skip
    assert told["indicators"][0]["note"] == "c" * 299 + "…"
    assert told["summary"] == "x\nmisp:" + "u" * 400
    assert "references" not in told


@pytest.mark.parametrize(
    ("event", "marking"),
    [
        (5, None),
        ({"distribution": "3"}, None),
        ({"distribution": 0}, "TLP:RED"),
        ({"distribution": "1"}, "TLP:AMBER+STRICT"),
        ({"distribution": "2"}, "TLP:AMBER"),
        ({"distribution": "4"}, "TLP:RED"),
        ({"distribution": "17"}, "TLP:RED"),
        ({"Tag": [{"name": "tlp:white"}]}, "TLP:CLEAR"),
        ({"Tag": [{"name": "TLP:GREEN"}], "Attribute": [{"Tag": [{"name": "tlp:amber"}]}]},
         "TLP:AMBER"),
        ({"Tag": ["tlp:clear"], "Object": [{"Attribute": [{"distribution": "0"}]}]}, "TLP:RED"),
        ({"Tag": [{"name": "tlp:ex:chr"}]}, "TLP:RED"),
        ({"Tag": [{"name": "tlp:amber+strict"}, {"name": "PAP:WHITE"}, {"name": "pap:red"}]},
         "TLP:AMBER+STRICT//PAP:RED"),
        ({"Tag": [{"name": "PAP:other"}]}, "TLP:AMBER//PAP:RED"),
        ({"Tag": [{"name": 'nato:classification="NS-A"'}, {"name": 'nato:classification="NR"'}]},
         "NATO SECRET//ATOMAL"),
        ({"Tag": [{"name": 'nato:classification="CTS"'}, {"name": "tlp:red"}]},
         "NATO TOP SECRET//TLP:RED"),
        ({"Tag": [{"name": "unclassified"}, {"name": 'misp-galaxy:tool="Secret"'}]}, None),
    ],
    ids=range(16),
)  # fmt: skip
def test_a_marking_is_never_milder(event: Any, marking: str | None) -> None:
    found = marking_of(event)
    assert (None if found is None else str(found)) == marking


FULL_WIDTH = "".join(chr(ord(each) + 0xFEE0) for each in "tlp:red")


@pytest.mark.parametrize(
    "name",
    [
        'tlp="red"', 'TLP:"Red"', "tlp:'red'", "tlp : red ", "TLP=RED", "TLP RED", "tlp_red",
        "tlp.red", FULL_WIDTH, "t\N{ZERO WIDTH SPACE}lp:red",
        "\N{CYRILLIC SMALL LETTER TE}lp:green",
        "tlp", "tlp:", "tlp2:green", "marking:tlp=green", "Traffic Light Protocol: green",
        "tlp:amber+", "tlp:green,amber",
    ],
)  # fmt: skip
def test_an_unusual_or_unreadable_label_of_tlp_is_red(name: str) -> None:
    assert str(marking_of({"Tag": [{"name": "tlp:green"}, {"name": name}]})) == "TLP:RED"


@pytest.mark.parametrize("name", ["tlp:amber strict", "TLP:AMBER_STRICT", 'tlp="amber+strict"'])
def test_a_label_of_two_words_is_read(name: str) -> None:
    assert str(marking_of({"Tag": name})) == "TLP:AMBER+STRICT"


@pytest.mark.parametrize(
    "tags",
    [
        {"Tag": "tlp:red"},
        {"Tag": {"name": "tlp:red"}},
        {"tags": ["tlp:green", ["tlp:red"]]},
        {"EventTag": [{"id": 1, "Tag": {"name": "tlp:red"}}]},
        {"EventTag": ["tlp:red"]},
        {"Attribute": [{"AttributeTag": [{"Tag": "tlp:red"}]}]},
        {"Galaxy": [{"GalaxyCluster": [{"tag_name": "tlp:red"}]}]},
    ],
    ids=range(7),
)
def test_a_tag_is_found_however_it_is_given(tags: dict[str, Any]) -> None:
    assert str(marking_of(tags)) == "TLP:RED"
    assert (
        marking_of({"Tag": [5, {"name": None}], "Galaxy": [{"tag_name": "misp-galaxy:x=tlp"}]})
        is None
    )


@pytest.mark.parametrize(
    "tag",
    ['euci:classification="EU-C"', "dni-ism:noforn", "Company Confidential", "nato:secret",
     "TOP-SECRET", 'iep:traffic-light-protocol="RED"'],
)  # fmt: skip
def test_a_restriction_in_unknown_words_is_refused(tag: str) -> None:
    with pytest.raises(InputError) as refusal:
        made({"info": "x", "Attribute": [of("domain", "a.example", Tag=[{"name": tag}])]})
    assert refusal.value.code == "bad-marking"


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ({"response": []}, "0 MISP events"),
        ({"response": [{"Event": {}}, {"Event": {}}]}, "2 MISP events"),
        ({"Event": []}, "1 MISP events"),
        ({"response": [5]}, "1 MISP events"),
        ({"Event": {"Attribute": 5}}, "Attribute"),
        ({"Event": {"Attribute": [{"value": "x"}]}}, "type"),
        ({"Event": {"info": 5}}, "info"),
    ],
    ids=range(7),
)
def test_what_is_no_event(value: Any, word: str) -> None:
    with pytest.raises((InputError, MalformedError), match=word) as refusal:
        draft_of(json.dumps(value).encode())
    assert refusal.value.code in {"bad-import", "malformed"}


def test_an_event_in_an_answer_that_is_no_list() -> None:
    raw = json.dumps({"response": {"Event": {"info": "x"}}}).encode()
    assert draft_of(raw).subject == "x"
