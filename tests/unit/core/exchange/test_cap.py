"""Alerts of CAP 1.2: those of reports come back equal, those of strangers lose nothing."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings

from noroshi.adapters.words import example_of, shipped_lexicon
from noroshi.core.errors import InputError, MalformedError
from noroshi.core.exchange import cap
from noroshi.core.exchange.cap_report import Referred, read_report, write_report
from noroshi.core.exchange.importing import draft_of, encode_form, form_of
from noroshi.core.exchange.stix_report import Report
from noroshi.core.exchange.strict_xml import Element, Limits, read_xml
from noroshi.core.kinds.check import check_form
from noroshi.core.kinds.form import MAX_LINE
from noroshi.core.kinds.kind import Kind, all_kinds
from noroshi.core.marking.label import Marking
from noroshi.core.recognition import recognise
from tests.unit.core.exchange.drawn_forms import forms

DRAWN = 60
ID = "3f1c09aa-0000-4000-8000-000000000001"
ALERTS = [kind for kind in all_kinds().values() if kind.categories]
alerts = pytest.mark.parametrize("kind", ALERTS, ids=lambda kind: kind.name)
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d"
ORDER = {
    "alert": "identifier sender sent status msgType source? scope restriction? addresses? code* "
    "note? references? incidents? info*",
    "info": "language? category+ event responseType* urgency severity certainty audience? "
    "eventCode* effective? onset? expires? senderName? headline? description? instruction? web? "
    "contact? parameter* resource* area*",
    "area": "areaDesc polygon* circle* geocode* altitude? ceiling?",
    "parameter": "valueName value",
    "eventCode": "valueName value",
}
"""What the standard says of the order and number of elements."""
WORDS = {
    "identifier": r"[^ ,<&\s]+", "sender": r"[^ ,<&\s]+", "sent": TIME, "effective": TIME,
    "onset": TIME, "expires": TIME, "status": "Actual|Exercise|System|Test|Draft",
    "msgType": "Alert|Update|Cancel|Ack|Error", "scope": "Public|Restricted|Private",
    "category": "Geo|Met|Safety|Security|Rescue|Fire|Health|Env|Transport|Infra|CBRNE|Other",
    "urgency": "Immediate|Expected|Future|Past|Unknown",
    "severity": "Extreme|Severe|Moderate|Minor|Unknown",
    "certainty": "Observed|Likely|Possible|Unlikely|Unknown",
    "language": "[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*", "web": r"https?://[^\s<>]+",
    "circle": r"-?\d+(\.\d+)?,-?\d+(\.\d+)? \d+(\.\d+)?",
}  # fmt: skip


def holds(element: Element) -> None:
    """Assert that an element is as the standard says, stated here a second time."""
    assert element.namespace == "urn:oasis:names:tc:emergency:cap:1.2"
    if element.name in ORDER:
        parts = [re.sub(r"(\w+)([?*+]?)$", r"(?:\1,)\2", p) for p in ORDER[element.name].split()]
        held = "".join(f"{child.name}," for child in element.children)
        assert re.fullmatch("".join(parts), held), held
    if element.name in WORDS:
        assert re.fullmatch(WORDS[element.name], element.text), element.text
    for child in element.children:
        holds(child)


def follows_the_rules(raw: bytes) -> Element:
    root = read_xml(raw, Limits("it", 10_000_000, 100_000))
    assert root.name == "alert"
    holds(root)
    assert ("restriction" in {each.name for each in root.children}) is (
        "Restricted" in {each.text for each in root.children if each.name == "scope"}
    )
    return root


def report(kind: str, fields: dict[str, Any], **told: Any) -> Report:
    head: dict[str, Any] = {
        "id": ID, "kind": kind, "subject": "Something", "created_at": 1_795_316_404_123_456,
        "sender": "jp", "desk": "cyber", "status": "exercise", "precedence": "flash",
        "marking": Marking.parse("NATO SECRET//REL TO JPN//TLP:AMBER"), "fields": fields,
    }  # fmt: skip
    return Report(**{**head, **told})


def example(kind: str, **told: Any) -> Report:
    found = recognise(example_of(all_kinds()[kind]))
    return report(kind, {**found.fields}, subject=found.subject, **told)


def first(raw: bytes) -> cap.Info:
    return cap.read_alert(raw).info[0]


@alerts
def test_an_example_goes_out_and_comes_back(kind: Kind) -> None:
    told = example(kind.name)
    raw = write_report(told)
    follows_the_rules(raw)
    alert = cap.read_alert(raw)
    assert read_report(alert) == told
    assert cap.read_alert(cap.write_alert(alert)) == alert
    info = alert.info[0]
    assert (info.headline, info.sender_name) == (told.subject, "jp")
    assert info.event_code == (cap.Pair("noroshi:kind", kind.name),)
    form = form_of(draft_of(raw), raw)
    assert form == {
        "noroshi": 1, "kind": kind.name, "subject": told.subject, "marking": str(told.marking),
        "status": "exercise", "precedence": "flash", **told.fields,
    }  # fmt: skip


@alerts
def test_every_form_comes_back(kind: Kind) -> None:
    @settings(max_examples=DRAWN)
    @given(forms(kind))
    def comes_back(fields: dict[str, Any]) -> None:
        told = report(kind.name, fields)
        raw = write_report(told)
        follows_the_rules(raw)
        again = read_report(cap.read_alert(raw))
        assert again == told
        assert again is not None
        assert json.dumps(again.fields, sort_keys=True) == json.dumps(fields, sort_keys=True)

    comes_back()


def test_what_elements_say_has_no_parameter() -> None:
    info = first(write_report(example("disaster-relief")))
    assert (info.event, info.category) == ("earthquake", ("Geo", "Rescue"))
    assert (info.urgency, info.severity, info.certainty) == ("Immediate", "Severe", "Observed")
    assert info.onset == "2026-11-21T04:10:00-00:00"
    assert info.area == (cap.Area("North port", circle=("37.4,136.9 0",)),)
    names = {each.value_name for each in info.parameter}
    assert "noroshi:needs" in names
    assert not names & {"noroshi:disaster", "noroshi:place", "noroshi:contact"}

    notice = first(write_report(example("maritime-notice")))
    assert (notice.event, notice.category) == ("Gunnery exercise", ("Safety", "Transport"))
    assert (notice.onset, notice.expires) == (
        "2026-11-23T00:00:00-00:00", "2026-11-23T08:00:00-00:00",
    )  # fmt: skip
    assert notice.area[0].circle == ("33.5,138.2 18",)


@pytest.mark.parametrize(
    ("kind", "fields", "certainty"),
    [
        ("missile-event", {"detected_at": "2026-11-21T06:12:00Z"}, "Observed"),
        ("missile-event", {"detected_at": "2027-11-21T06:12:00Z"}, "Unknown"),
        ("missile-event", {"detected_at": "soon", "likelihood": "6"}, "Likely"),
        ("missile-event", {"likelihood": 9}, "Unknown"),
        ("cyber-incident", {"first_seen": "2026-11-21T06:12:00Z"}, "Observed"),
        ("cyber-incident", {"first_seen": "2026-11-21T06:12:00Z", "determination": "suspected"},
         "Unknown"),
        ("maritime-notice", {"window": 5, "hazards": "flood"}, "Unknown"),
    ],
    ids=range(7),
)  # fmt: skip
def test_how_sure_it_is(kind: str, fields: dict[str, Any], certainty: str) -> None:
    told = report(kind, fields)
    raw = write_report(told)
    assert first(raw).certainty == certainty
    assert read_report(cap.read_alert(raw)) == told


@pytest.mark.parametrize(
    "fields",
    [
        {"place": {"latitude": 1e-7, "longitude": 2.0, "radius_km": 3.5}},
        {"place": {"latitude": 1, "longitude": 2, "radius_km": -1}},
        {"place": {"latitude": 1, "longitude": 2, "radius_km": 0}},
        {"place": {"name": "1,2", "latitude": 1, "longitude": 2}},
        {"place": {"latitude": True, "longitude": 2}},
        {"place": {"name": " spaced ", "latitude": 91, "longitude": 2}},
        {"place": 5, "urgency": "Soon", "severity": 5, "as_of": 5},
        {"place": "Port", "information": "a\r\nb", "language": "und"},
        {"information": "\x00\ufffe\x0b ]]> <&> \U0010ffff", "references": ["http://x", "y"]},
        {"references": ["y"], "as_of": "2026-11-21T06:12:00.5Z", "Odd name": 1, "*": {"a": None}},
        {"references": ["https://example.org/1"], "as_of": "2026-11-21T06:12:00+09:00"},
        {"updates": ID, "cleared": ["place"], "portions": [{"text": "x", "marking": "TLP:CLEAR"}]},
    ],
    ids=range(12),
)
def test_what_an_element_cannot_say_exactly_comes_back_too(fields: dict[str, Any]) -> None:
    told = report("situation-report", fields, subject="  x\n", status="test", references=(ID,))
    raw = write_report(told)
    follows_the_rules(raw)
    again = read_report(cap.read_alert(raw))
    assert again == told
    assert again is not None
    assert json.dumps(again.fields, sort_keys=True) == json.dumps(fields, sort_keys=True)


def test_an_update_names_the_first_report() -> None:
    told = report("situation-report", {"updates": ID})
    raw = write_report(told, Referred(ID, "jp", "cyber", 1_795_316_404_123_456))
    follows_the_rules(raw)
    alert = cap.read_alert(raw)
    assert alert.msg_type == "Update"
    assert alert.references == f"cyber@jp,{ID},2026-11-22T03:00:04-00:00"
    assert read_report(alert) == told


def test_a_public_report() -> None:
    told = report("situation-report", {}, marking=Marking.parse("TLP:CLEAR"), sender="a b,c")
    raw = write_report(told)
    alert = cap.read_alert(raw)
    assert (alert.scope, alert.restriction, alert.sender) == ("Public", None, "cyber@a-b-c")
    assert read_report(alert) == told


@pytest.mark.parametrize(
    "told",
    [report("answer", {}), report("volcano-event", {}), report("space-event", {}, status="x")],
    ids=range(3),
)
def test_what_is_no_alert(told: Report) -> None:
    with pytest.raises(InputError, match="no alert; there are air-notice"):
        write_report(told)


def changed(*edits: tuple[str, str]) -> bytes:
    text = write_report(report("situation-report", {"information": "Water", "x": 1})).decode()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return text.encode()


@pytest.mark.parametrize(
    ("edits", "word"),
    [
        ([('"version":1', '"version":"1"')], "parameter noroshi"),
        ([("noroshi:x", "noroshi:information")], "twice"),
        ([("<value>1<", "<value>{<")], "no JSON"),
        ([("<description>Water</description>", "")], "lacks"),
        ([("noroshi:kind</valueName>", "noroshi</valueName>"), ("eventCode", "parameter")],
         "does not fit|twice"),
        ([('"created_at":"2026', '"created_at":"x2026')], "no time"),
        ([("<restriction>NATO SECRET//REL TO JPN//TLP:AMBER</restriction>", "")], "no marking"),
    ],
    ids=range(7),
)  # fmt: skip
def test_an_alert_of_ours_that_contradicts_itself(edits: list[tuple[str, str]], word: str) -> None:
    with pytest.raises((MalformedError, InputError), match=word):
        draft_of(changed(*edits))


def test_an_alert_of_a_newer_release_is_a_strangers() -> None:
    for edit in (('"version":1', '"version":2'), ('"kind":"situation-report"', '"kind":"new"')):
        raw = changed(edit)
        draft = draft_of(raw)
        assert draft.kind == "situation-report"
        assert str(draft.marking) == "NATO SECRET//REL TO JPN//TLP:AMBER"
        original: Any = draft.fields["original"]
        assert original["content"].encode() == raw
        assert "parameter noroshi:x: 1" in str(draft.fields["information"])


def test_fields_under_other_names_must_be_an_object() -> None:
    raw = changed(("noroshi:x", "noroshi:*"))
    read = read_report(cap.read_alert(raw))
    assert read is not None
    assert read.fields == {"information": "Water"}


FOREIGN = """<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet href="alert.xsl"?>
<!-- of the agency -->
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"
       xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b">
  <identifier>TSU-1</identifier><sender>agency@example.org</sender>
  <sent>2026-11-21T06:12:00+09:00</sent><status>Actual</status><msgType>Alert</msgType>
  <source>buoy 7</source><scope>Public</scope><code>IPAWSv1.0</code><note>first</note>
  <references>agency@example.org,TSU-0,2026-11-21T06:00:00+09:00</references>
  <incidents>Q-7</incidents>
  <info><language>en-GB</language><category>Geo</category><category>Safety</category>
    <event>Tsunami</event><responseType>Evacuate</responseType><urgency>Immediate</urgency>
    <severity>Extreme</severity><certainty>Likely</certainty><audience>Ports</audience>
    <eventCode><valueName>SAME</valueName><value>TSW</value></eventCode>
    <effective>2026-11-21T06:13:00+09:00</effective><onset>2026-11-21T06:30:00+09:00</onset>
    <expires>2026-11-21T12:00:00+09:00</expires><senderName>The agency</senderName>
    <headline>Tsunami warning</headline><description>Waves of 3 m.</description>
    <instruction>Go to high ground.</instruction><web>https://example.org/t</web>
    <contact>24 h desk</contact>
    <parameter><valueName>height</valueName><value>3</value></parameter>
    <resource><resourceDesc>map</resourceDesc><mimeType>image/png</mimeType><size>5</size>
      <uri>https://example.org/map.png</uri><digest>ab</digest></resource>
    <area><areaDesc>North coast</areaDesc><circle>38.5,142.1 30</circle>
      <geocode><valueName>FIPS</valueName><value>1</value></geocode>
      <altitude>0</altitude><ceiling>10.5</ceiling></area>
    <area><areaDesc>Islands</areaDesc><polygon>1,1 1,2 2,2 1,1</polygon></area>
  </info>
  <info><category>Geo</category><event>津波</event><urgency>Immediate</urgency>
    <severity>Extreme</severity><certainty>Likely</certainty><description>3 m</description>
    <instruction>Up</instruction><contact>desk</contact>
    <area><areaDesc>Coast</areaDesc><circle>1,2 3</circle></area></info>
  <Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><x/></Signature>
</alert>"""


def texts(element: Element) -> list[str]:
    own = [] if element.children else [element.text]
    return own + [text for child in element.children for text in texts(child)]


def imported(text: str) -> dict[str, Any]:
    raw = text.encode()
    form = form_of(draft_of(raw), raw)
    found = recognise(encode_form(form))
    check_form(all_kinds()[found.kind], found.fields, shipped_lexicon())
    return form


def test_a_strangers_alert_loses_no_element() -> None:
    form = imported(FOREIGN)
    assert (form["kind"], form["subject"]) == ("situation-report", "Tsunami warning")
    assert (form["status"], "marking" in form) == ("actual", False)
    assert (form["urgency"], form["severity"], form["certainty"]) == (
        "Immediate", "Extreme", "Likely",
    )  # fmt: skip
    assert (form["language"], form["contact"]) == ("en-GB", "24 h desk")
    assert form["ask"] == "Go to high ground."
    assert form["as_of"] == "2026-11-20T21:13:00Z"
    assert form["place"] == {
        "name": "North coast", "latitude": 38.5, "longitude": 142.1, "radius_km": 30
    }  # fmt: skip
    assert form["references"] == [
        "https://example.org/t", "https://example.org/map.png", "cap:agency@example.org,TSU-1",
        "cap:agency@example.org,TSU-0,2026-11-21T06:00:00+09:00",
    ]  # fmt: skip
    assert form["information"].startswith("Waves of 3 m.\nsource: buoy 7\n")
    assert "expires: 2026-11-21T12:00:00+09:00" in form["information"]
    assert "[en-US] 津波\n3 m\ninstruction: Up" in form["information"]
    assert form["original"] == {"format": "cap-1.2", "content": FOREIGN}
    shown = json.dumps({**form, "original": None}, ensure_ascii=False)
    left = {text for text in texts(read_xml(FOREIGN.encode(), cap.LIMITS)) if text not in shown}
    # What the form says in its own way, and what belongs to the file that is not here.
    assert left == {
        "2026-11-21T06:12:00+09:00", "Actual", "Alert", "Public", "38.5,142.1 30", "5", "ab", ""
    } & left  # fmt: skip


@pytest.mark.parametrize(
    ("edit", "name", "value"),
    [
        (("<msgType>Alert", "<msgType>Cancel"), "subject", "Cancel: Tsunami warning"),
        (("<status>Actual", "<status>System"), "status", "test"),
        (("<status>Actual", "<status>Exercise"), "status", "exercise"),
        (("<scope>Public", "<scope>Private"), "marking", "TLP:RED"),
        (("<scope>Public</scope>", "<scope>Restricted</scope><restriction>mine</restriction>"),
         "marking", "TLP:RED"),
        (("<scope>Public</scope>", "<scope>Public</scope><restriction>TLP:AMBER</restriction>"),
         "marking", "TLP:AMBER"),
        (("<headline>Tsunami warning</headline>", ""), "subject", "Tsunami"),
        (("<language>en-GB</language>", ""), "language", "en-US"),
        (("<effective>2026-11-21T06:13:00+09:00</effective>", ""), "as_of", "2026-11-20T21:12:00Z"),
        (("<circle>38.5,142.1 30</circle>", ""), "place", "North coast"),
        (("<circle>38.5,142.1 30</circle>", "<circle>38,142 0</circle>"), "place",
         {"name": "North coast", "latitude": 38, "longitude": 142}),
        (("2026-11-21T06:13:00+09:00", "2026-11-21T06:13:00Z"), "as_of", "2026-11-21T06:13:00Z"),
    ],
    ids=range(12),
)  # fmt: skip
def test_a_strangers_alert_in_other_words(edit: tuple[str, str], name: str, value: Any) -> None:
    assert edit[0] in FOREIGN
    assert imported(FOREIGN.replace(*edit))[name] == value


def test_what_a_field_is_too_short_for_is_a_line() -> None:
    long = "x" * (MAX_LINE + 1)
    text = FOREIGN.replace("24 h desk", long).replace("North coast", long)
    form = imported(text.replace("https://example.org/t<", f"https://example.org/{long}<"))
    assert not {"contact", "place"} & form.keys()
    assert f"\ncontact: {long}\n" in form["information"]
    assert f"\narea: {long}\ncircle: 38.5,142.1 30\n" in form["information"]
    assert form["information"].endswith(f"\nhttps://example.org/{long}")
    form = imported(FOREIGN.replace("<language>en-GB", "<language>und"))
    assert "language" not in form
    form = imported(FOREIGN.replace("IPAWSv1.0", ""))
    assert "code:" not in form["information"]
    form = imported(FOREIGN.replace("Go to high ground.", "y" * 50_001))
    assert "ask" not in form


def test_an_alert_without_an_info() -> None:
    begin, _, rest = FOREIGN.partition("  <info>")
    form = imported(begin + rest.rpartition("</info>")[2])
    assert form["subject"] == "first"
    assert not {"urgency", "place", "language"} & form.keys()
    bare = re.sub("<(source|note|code|incidents|references)>.*?</[a-z]+>", "", begin)
    form = imported(bare.replace("<msgType>Alert", "<msgType>Ack") + "</alert>")
    assert form["subject"] == "Ack: Ack"
    assert "information" not in form


@pytest.mark.parametrize(
    ("edit", "word"),
    [
        (("<status>Actual</status>", ""), "status"),
        (("<status>Actual", "<status>actual"), "status"),
        (("<sent>2026-11-21T06:12:00+09:00", "<sent>2026-11-21T06:12:00"), "sent"),
        (("<sent>2026-11-21T06:12:00+09:00", "<sent>2026-11-39T06:12:00+09:00"), "is no time"),
        (("2026-11-21T06:13:00+09:00", "2026-02-31T06:13:00+09:00"), "is no time"),
        (("<identifier>TSU-1", "<identifier>TSU 1"), "identifier"),
        (("<sender>agency@example.org", "<sender>a,b"), "sender"),
        (("<urgency>Immediate", "<urgency>Soon"), "urgency"),
        (("<category>Geo</category>", ""), "category"),
        (("<source>buoy 7</source>", "<source>a</source><source>b</source>"), "twice"),
        (("<source>buoy 7</source>", "<sourse>a</sourse>"), "no element sourse"),
        (("1,1 1,2 2,2 1,1", "1,1 1,2 2,2 1,3"), "not closed"),
        (("1,1 1,2 2,2 1,1", "1,1 1,2 1,1"), "not closed"),
        (("1,1 1,2 2,2 1,1", "1,1 1,2 91,2 1,1"), "off the globe"),
        (("1,1 1,2 2,2 1,1", "here"), "polygon"),
        (("<circle>1,2 3", "<circle>1,181 3"), "off the globe"),
        (("<circle>1,2 3", "<circle>1,2 -3"), "no radius"),
        (("<circle>1,2 3", "<circle>1,2"), "circle"),
        (("<size>5", "<size>big"), "size"),
        (("cap:1.2", "cap:1.1"), "no alert of CAP 1.2"),
        (("<alert ", "<!DOCTYPE alert []><alert "), "document type"),
        (("<note>first</note>", "<note>first<b/></note>"), "mixes"),
        (("</alert>", ""), "no XML"),
    ],
    ids=range(23),
)  # fmt: skip
def test_an_alert_that_is_none(edit: tuple[str, str], word: str) -> None:
    assert edit[0] in FOREIGN
    with pytest.raises(MalformedError, match=word):
        draft_of(FOREIGN.replace(*edit).encode())


def test_an_alert_is_read_within_limits() -> None:
    with pytest.raises(MalformedError, match="1,048,576 bytes"):
        draft_of(b"<alert>" + b" " * 1024 * 1024 + b"</alert>")
    with pytest.raises(MalformedError, match="too many elements"):
        draft_of(b"<alert>" + b"<a/>" * 20_000 + b"</alert>")
