"""Labels of STANAG 4774 and markings of STIX: out and in unchanged, and what is refused."""

import json
import re
import uuid

import pytest

from endure.oracle import POLICIES
from noroshi.adapters.policies import shipped_rules
from noroshi.core.errors import InputError, MalformedError, NoroshiError
from noroshi.core.exchange.stanag4774 import NAMESPACE, Label, read_label, write_label
from noroshi.core.exchange.stix import TLP_IDS, marking_definitions, read_marking
from noroshi.core.exchange.strict_xml import read_xml
from noroshi.core.instant import DAY
from noroshi.core.marking.label import Marking, Pap, Tlp

RULES = shipped_rules()
NOW = 1_795_316_404_000_000
EVERY_LEVEL = [f"{p['name']} {level['name']}" for p in POLICIES for level in p["levels"]]
MARKS = [
    *EVERY_LEVEL,
    *(f"{level}//REL TO JPN, AUS//TLP:AMBER+STRICT//PAP:GREEN" for level in EVERY_LEVEL),
    "NATO SECRET//ATOMAL//EXERCISE//BOHEMIA//REL TO KOR//TLP:RED",
    "NATO SECRET//EXERCISE//PAP:RED",
]


def label(mark: str) -> Label:
    return Label(Marking.parse(mark), "urn:noroshi:desk:cyber@jp", NOW, NOW + 5 * 365 * DAY)


@pytest.mark.parametrize("mark", MARKS)
def test_a_label_is_written_and_read_unchanged(mark: str) -> None:
    raw = write_label(label(mark), RULES)
    assert read_label(raw, RULES) == label(mark)


@pytest.mark.parametrize("mark", [*MARKS, *(f"{tlp.value}" for tlp in Tlp), "TLP:RED//PAP:RED"])
def test_a_marking_goes_to_stix_and_back_unchanged(mark: str) -> None:
    objects = {str(each["id"]): each for each in marking_definitions(Marking.parse(mark))}
    again = json.loads(json.dumps(objects))
    assert read_marking(list(again), again) == Marking.parse(mark)


GOOD = write_label(label("NATO TOP SECRET//ATOMAL//REL TO JPN, AUS//TLP:RED"), RULES).decode()


LEVEL = "<s4774:Classification>TOP SECRET</s4774:Classification>"


def test_the_form_of_a_label() -> None:
    assert (
        f'<s4774:originatorConfidentialityLabel xmlns:s4774="{NAMESPACE}"'
        ' ReviewDateTime="2031-11-21T03:00:04.000000Z">\n'
        "  <s4774:ConfidentialityInformation>\n"
        '    <s4774:PolicyIdentifier URI="urn:oid:1.3.26.1.3.1">NATO</s4774:PolicyIdentifier>\n'
        "    <s4774:Classification>TOP SECRET</s4774:Classification>\n"
        '    <s4774:Category Type="PERMISSIVE" TagName="Context">'
        "<s4774:GenericValue>NATO</s4774:GenericValue></s4774:Category>\n"
        '    <s4774:Category Type="RESTRICTIVE" TagName="Additional Sensitivity">'
        "<s4774:GenericValue>ATOMAL</s4774:GenericValue></s4774:Category>\n"
        '    <s4774:Category Type="PERMISSIVE" TagName="Releasable To">'
        "<s4774:GenericValue>JPN</s4774:GenericValue>"
        "<s4774:GenericValue>AUS</s4774:GenericValue></s4774:Category>\n"
        '    <s4774:Category Type="INFORMATIVE" TagName="TLP">'
        "<s4774:GenericValue>RED</s4774:GenericValue></s4774:Category>\n"
        "  </s4774:ConfidentialityInformation>\n"
        '  <s4774:OriginatorID IDType="uniformResourceIdentifier">'
        "urn:noroshi:desk:cyber@jp</s4774:OriginatorID>\n"
        "  <s4774:CreationDateTime>2026-11-22T03:00:04.000000Z</s4774:CreationDateTime>\n"
        "</s4774:originatorConfidentialityLabel>\n"
    ) == GOOD


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("<s4774:orig", "<!DOCTYPE x [<!ENTITY a 'aaaa'>]><s4774:orig", "document type"),
        ("<s4774:orig", "<?run this?><s4774:orig", "processing instruction"),
        ("<s4774:Class", "<!-- SECRET --><s4774:Class", "comment"),
        ("TOP SECRET", "&xxe;", "no XML"),
        ("TOP SECRET", "TOP <b/> SECRET", "mixes text"),
        ("TOP SECRET", "<b>" * 20 + "</b>" * 20, "nested too deeply"),
        ("JPN", "<s4774:GenericValue>JPN</s4774:GenericValue>", "holds GenericValue"),
        ("</s4774:Category>", "</s4774:Categorie>", "no XML"),
        (NAMESPACE, "urn:other", "no confidentiality label"),
        ("originatorConfidentialityLabel", "banner", "no confidentiality label"),
        (LEVEL, "", "has to hold"),
        (LEVEL, LEVEL + "<s4774:PrivacyMark>x</s4774:PrivacyMark>", "Classification, PrivacyMark"),
        (LEVEL, LEVEL + LEVEL, "has to hold"),
        (">TOP SECRET<", ">HUSH<", "NATO has no level 'HUSH'"),
        (">NATO</s4774:Pol", ">OTAN</s4774:Pol", "OTAN is no marking policy"),
        ("1.3.26.1.3.1", "1.2.3", "another identifier"),
        (">NATO</s4774:Gen", ">KFOR</s4774:Gen", "another context: KFOR"),
        ('"RESTRICTIVE"', '"INFORMATIVE"', "category that no marking can say"),
        ('"Additional Sensitivity"', '"Only"', "no marking can say: Only"),
        (
            'Type="RESTRICTIVE" TagName="Additional Sensitivity"',
            'Type="INFORMATIVE" TagName="Administrative"',
            "another weight",
        ),
        (">ATOMAL<", ">SAUCE<", "no caveat 'SAUCE'"),
        (">JPN<", ">JPN, KOR<", "reads as something else"),
        (">JPN<", ">jpn<", "is no marking"),
        (">RED<", ">PINK<", "is no marking"),
        ('Type="RESTRICTIVE"', 'Type="RESTRICTIVE" Weight="1"', "unknown attribute: Weight"),
        ("ReviewDateTime", "SeenDateTime", "unknown attribute: SeenDateTime"),
        (' ReviewDateTime="2031-11-21T03:00:04.000000Z"', "", "is no time"),
        ("uniformResourceIdentifier", "jID", "no URI"),
        ("2026-11-22T03", "yesterday", "is no time"),
        ("<s4774:Class", '<s4774:Class xmlns:a="urn:a" a:b="c"', "no XML"),
        (LEVEL, LEVEL.replace(">", ' xmlns:a="u:a" a:b="c">', 1), "namespace: u:a b"),
    ],
)  # fmt: skip
def test_a_label_that_is_none_or_says_more_is_refused(old: str, new: str, reason: str) -> None:
    assert old in GOOD
    with pytest.raises(NoroshiError, match=reason) as caught:
        read_label(GOOD.replace(old, new).encode(), RULES)
    assert isinstance(caught.value, (MalformedError, InputError))


PLACES = tuple(re.finditer(r'[^<>"= /?]+', GOOD))


@pytest.mark.parametrize("place", PLACES, ids=[f"{each.start()} {each[0]}" for each in PLACES])
def test_an_error_is_a_sentence_however_long_its_cause(place: re.Match[str]) -> None:
    for lie in ("x" * 60_000, f"{place[0]}{'-' * 60_000}"):
        try:
            read_label(f"{GOOD[: place.start()]}{lie}{GOOD[place.end() :]}".encode(), RULES)
        except NoroshiError as error:
            assert len(error.message) < 1000  # noqa: PT017 - some of these are fine


def test_xml_has_a_size_and_a_number_of_elements() -> None:
    with pytest.raises(MalformedError, match="at most"):
        read_xml(b"<a>" + b"x" * 70_000 + b"</a>")
    with pytest.raises(MalformedError, match="too many elements"):
        read_xml(b"<a>" + b"<b/>" * 1000 + b"</a>")


def test_what_has_no_label() -> None:
    with pytest.raises(InputError, match="TLP alone"):
        write_label(label("TLP:RED"), RULES)
    with pytest.raises(InputError, match="no caveat"):
        write_label(label("NATO SECRET//SAUCE"), RULES)


def test_the_published_ids_of_tlp() -> None:
    (amber,) = marking_definitions(Marking(Tlp.AMBER_STRICT))
    assert amber == {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
        "created": "2022-10-01T00:00:00.000Z",
        "name": "TLP:AMBER+STRICT",
        "extensions": {
            "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {
                "extension_type": "property-extension",
                "tlp_2_0": "amber+strict",
            }
        },
    }
    assert list(TLP_IDS.values()) == [
        "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
        "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
        "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
        "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
    ]


def test_tlp_of_the_first_version_is_read() -> None:
    white = "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"
    assert read_marking([white], {}) == Marking(Tlp.CLEAR)


SECRET = {str(d["id"]): d for d in marking_definitions(Marking.parse("NATO SECRET//PAP:RED"))}
(SECRET_ID,) = SECRET
OTHER = {str(d["id"]): d for d in marking_definitions(Marking(Tlp.RED, pap=Pap.GREEN))}


@pytest.mark.parametrize(
    ("refs", "objects", "reason"),
    [
        ([], {}, "no marking"),
        ([SECRET_ID], {}, "is not known here"),
        ([TLP_IDS[Tlp.RED], TLP_IDS[Tlp.AMBER]], {}, "contradict"),
        ([*SECRET, *OTHER], SECRET | OTHER, "contradict"),
        (
            [SECRET_ID],
            {SECRET_ID: {"definition": {"statement": "NATO RESTRICTED"}}},
            "no marking of this line",
        ),
        (
            [f"marking-definition--{uuid.UUID(int=7)}"],
            {f"marking-definition--{uuid.UUID(int=7)}": {"definition": {"statement": "Copyright"}}},
            "no marking of this line",
        ),
        (["marking-definition--94868c89-83c2-4f24-929b-a1a8aa3c8487"], {}, "is not known here"),
    ],
)
def test_markings_that_are_not_understood_are_refused(
    refs: list[str], objects: dict[str, object], reason: str
) -> None:
    with pytest.raises(MalformedError, match=reason):
        read_marking(refs, objects)
