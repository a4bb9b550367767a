import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core.errors import InputError
from noroshi.core.marking import Marking, Tlp, may_release

COUNTRIES = st.lists(st.from_regex(r"[A-Z]{2,8}", fullmatch=True), max_size=4).map(tuple)
LEVELS = st.sampled_from(
    ["RESTRICTED", "SECRET", "秘", "CONFIDENTIEL DÉFENSE", "OFFICIAL: Sensitive"]
)
CLASSIFIED = st.builds(
    Marking, st.none() | st.sampled_from(Tlp), st.sampled_from(["NATO", "JPN"]), LEVELS, COUNTRIES
)
MARKINGS = st.builds(Marking, st.sampled_from(Tlp)) | CLASSIFIED


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
        "NATO RESTRICTED//EYES ONLY",
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


@pytest.mark.parametrize("tlp", Tlp)
def test_a_tlp_label_alone_may_go(tlp: Tlp) -> None:
    assert may_release(Marking(tlp)) == ()


@given(CLASSIFIED)
def test_a_level_may_not_go_without_an_agreement_and_it_is_said_why(marking: Marking) -> None:
    (reason,) = may_release(marking)
    assert f"{marking.policy} {marking.level}" in reason
    assert "agreement" in reason
