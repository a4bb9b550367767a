import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core.errors import InputError
from noroshi.core.marking.label import Marking, Pap, Tlp, is_classification

COUNTRIES = st.lists(st.from_regex(r"[A-Z]{2,8}", fullmatch=True), max_size=4).map(tuple)
LEVELS = st.sampled_from(
    ["RESTRICTED", "SECRET", "秘", "CONFIDENTIEL DÉFENSE", "OFFICIAL: Sensitive"]
)
CAVEATS = st.lists(st.sampled_from(["ATOMAL", "EYES ONLY", "X-RAY 7"]), max_size=3, unique=True)
PAPS = st.none() | st.sampled_from(Pap)
CLASSIFIED = st.builds(
    Marking,
    st.none() | st.sampled_from(Tlp),
    st.sampled_from(["NATO", "JPN"]),
    LEVELS,
    COUNTRIES,
    CAVEATS.map(tuple),
    PAPS,
)
MARKINGS = st.builds(Marking, st.sampled_from(Tlp), pap=PAPS) | CLASSIFIED


@given(MARKINGS)
def test_a_marking_is_written_and_read(marking: Marking) -> None:
    assert Marking.parse(str(marking)) == marking


@given(st.text(max_size=60))
def test_any_text_is_a_marking_that_reads_the_same_again_or_refused(text: str) -> None:
    try:
        marking = Marking.parse(text)
    except InputError:
        return
    assert str(marking).isprintable()
    assert Marking.parse(str(marking)) == marking


@pytest.mark.parametrize(
    ("text", "marking"),
    [
        ("TLP:CLEAR", Marking(Tlp.CLEAR)),
        (" tlp:amber+strict ", Marking(Tlp.AMBER_STRICT)),
        ("NATO RESTRICTED", Marking(None, "NATO", "RESTRICTED")),
        ("NATO  RESTRICTED//TLP:RED", Marking(Tlp.RED, "NATO", "RESTRICTED")),
        ("JPN 秘//REL TO NATO", Marking(None, "JPN", "秘", ("NATO",))),
        ("TLP:AMBER//PAP:GREEN", Marking(Tlp.AMBER, pap=Pap.GREEN)),
        ("pap:red // tlp:red", Marking(Tlp.RED, pap=Pap.RED)),
        (
            "NATO SECRET//ATOMAL//EYES ONLY//REL TO JPN//PAP:RED",
            Marking(None, "NATO", "SECRET", ("JPN",), ("ATOMAL", "EYES ONLY"), Pap.RED),
        ),
        (
            "NATO SECRET // REL TO JPN,AUS // tlp:green",
            Marking(Tlp.GREEN, "NATO", "SECRET", ("JPN", "AUS")),
        ),
    ],
)
def test_written_forms(text: str, marking: Marking) -> None:
    assert Marking.parse(text) == marking


@pytest.mark.parametrize(
    "text",
    [
        "",
        "TLP",
        "TLP:",
        "TLP:WHITE",
        "TLP:RED//TLP:GREEN",
        "TLP:RED//REL TO JPN",
        "RESTRICTED",
        "nato restricted",
        "NATO RESTRICTED//",
        "NATO RESTRICTED//REL TO",
        "NATO RESTRICTED//REL TO jpn",
        "NATO RESTRICTED//REL TO JPN,,AUS",
        "NATO RESTRICTED//REL TO JPN//REL TO AUS",
        "NATO RESTRICTED//eyes only",
        "NATO RESTRICTED//REL TO JPN//EYES ONLY",
        "NATO RESTRICTED//REL JPN",
        "PAP:RED",
        "TLP:RED//PAP:WHITE",
        "NATO " + "S" * 41,
        "NATO \x1b[2JSECRET",
        "NATO \u202eTERCES",
        "//",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(InputError, match="write TLP:CLEAR") as caught:
        Marking.parse(text)
    assert caught.value.code == "bad-marking"


@pytest.mark.parametrize(
    ("policy", "level", "is_one"),
    [
        ("NATO", "SECRET", True),
        ("AUS", "OFFICIAL: Sensitive", True),
        ("nato", "SECRET", False),
        ("NATO", "SECRET//TLP:RED", False),
        ("NATO", "SEC\u202eTER", False),
        ("NATO", "", False),
        ("NATO X", "Y", False),
    ],
)
def test_words_of_a_classification(policy: str, level: str, is_one: bool) -> None:  # noqa: FBT001
    assert is_classification(policy, level) is is_one
