"""The release check: a matrix written by hand, a second statement of the rules, and the reasons."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from endure.drawing import DAY, Draw
from endure.oracle import is_enough, may_all_go, may_go
from noroshi.adapters.policies import shipped_rules
from noroshi.core.agreement import Agreement, encode_agreement, parse_agreement, read_agreement
from noroshi.core.errors import InputError
from noroshi.core.marking.combine import combine
from noroshi.core.marking.label import Marking, Pap, Tlp
from noroshi.core.marking.whole import Part, check_whole, covers, is_milder
from noroshi.core.release import Question, may_release, may_release_all

RULES = shipped_rules()
EVERYONE = "REL TO JPN, NATO, AUS, KOR, NZL"


def agreed(sender: str, receiver: str, level: str, **told: Any) -> Agreement:
    policy, name = level.split(" ", 1)
    return Agreement(
        agreement=1, reference=f"{sender} to {receiver}", sender=sender, receiver=receiver,
        policy=policy, level=name, valid_from=told.pop("valid_from", date(2026, 1, 1)),
        valid_until=told.pop("valid_until", date(2027, 12, 31)), **told,
    )  # fmt: skip


AGREEMENTS = (
    agreed("jp", "nato", "NATO SECRET", is_mutual=True, accepts_indicative=True),
    agreed("jp", "kr", "KOR 군사II급비밀", is_mutual=True),
    agreed("nato", "au", "NATO CONFIDENTIAL", is_mutual=True, accepts_indicative=True),
    agreed("jp", "au", "JPN 極秘"),
)

# Written by hand from the rules; each level is releasable to all five. A column has two answers:
# without any agreement, and with those above. Y: it may go; n: it may not; -: to itself.
MATRIX = """
                          jp  nato  au  kr  nz
JPN 取扱注意              -   YY    YY  YY  YY
JPN 秘                    -   nY    nY  nY  nn
JPN 極秘                  -   nY    nY  nY  nn
JPN 特定秘密              -   nY    nY  nY  nn
JPN 特定秘密(機密)        -   nn    nn  nn  nn
NATO UNCLASSIFIED         YY  -     YY  YY  YY
NATO RESTRICTED           nY  -     nY  nn  nn
NATO CONFIDENTIAL         nY  -     nY  nn  nn
NATO SECRET               nY  -     nn  nn  nn
NATO TOP SECRET           nn  -     nn  nn  nn
AUS OFFICIAL              YY  YY    -   YY  YY
AUS OFFICIAL: Sensitive   YY  YY    -   YY  YY
AUS PROTECTED             nn  nY    -   nn  nn
AUS SECRET                nn  nn    -   nn  nn
AUS TOP SECRET            nn  nn    -   nn  nn
KOR 평문                  YY  YY    YY  -   YY
KOR 대외비                YY  YY    YY  -   YY
KOR 군사III급비밀         nY  nn    nn  -   nn
KOR 군사II급비밀          nY  nn    nn  -   nn
KOR 군사I급비밀           nn  nn    nn  -   nn
NZL UNCLASSIFIED          YY  YY    YY  YY  -
NZL RESTRICTED            nn  nn    nn  nn  -
NZL CONFIDENTIAL          nn  nn    nn  nn  -
NZL SECRET                nn  nn    nn  nn  -
NZL TOP SECRET            nn  nn    nn  nn  -
"""
SENDERS = {"JPN": "jp", "NATO": "nato", "AUS": "au", "KOR": "kr", "NZL": "nz"}
CELLS = [
    (row.split()[0], " ".join(row.split()[:-5]), receiver, answers)
    for row in MATRIX.strip().splitlines()[1:]
    for receiver, answers in zip(MATRIX.split()[:5], row.split()[-5:], strict=True)
    if answers != "-"
]


def ask(
    marking: str, sender: str, receiver: str, *agreements: Agreement, day: date = DAY,
    areas: tuple[str, ...] = (),
) -> tuple[str, ...]:  # fmt: skip
    question = Question(Marking.parse(marking), sender, receiver, day, areas)
    return may_release(question, agreements, RULES)


@pytest.mark.parametrize("tlp", [None, *Tlp])
@pytest.mark.parametrize(("policy", "level", "receiver", "answers"), CELLS)
def test_the_matrix(policy: str, level: str, receiver: str, answers: str, tlp: Tlp | None) -> None:
    marking = f"{level}//{EVERYONE}" + (f"//{tlp.value}" if tlp else "")
    for agreements, answer in zip(((), AGREEMENTS), answers, strict=True):
        reasons = ask(marking, SENDERS[policy], receiver, *agreements)
        assert (reasons == ()) == (answer == "Y"), (agreements, reasons)


@pytest.mark.parametrize("tlp", Tlp)
@pytest.mark.parametrize("receiver", ["nato", "au", "kr", "nz", "a-bank"])
def test_tlp_alone_needs_no_agreement(tlp: Tlp, receiver: str) -> None:
    assert ask(tlp.value, "jp", receiver) == ()


ONWARD = "NATO SECRET//REL TO JPN, AUS"
JP_NATO = AGREEMENTS[0]


@pytest.mark.parametrize(
    ("marking", "agreement", "reason"),
    [
        ("XYZ SECRET", None, "XYZ is no marking policy known here: AUS, JPN, KOR, LINE, NATO, NZL"),
        ("NATO HUSH", None, "NATO has no level 'HUSH'; it has UNCLASSIFIED"),
        ("NATO SECRET", None, "NATO SECRET without REL TO goes to owners of that policy alone"),
        ("NATO TOP SECRET", None, "COSMIC TOP SECRET without REL TO"),
        ("NATO SECRET//REL TO AUS", JP_NATO, "it is releasable to AUS, which does not name jp"),
        (ONWARD, None, "NATO SECRET needs an agreement between nato and jp"),
        (
            ONWARD,
            agreed("jp", "nato", "NATO SECRET"),
            "needs an agreement between nato and jp",
        ),
        (
            ONWARD,
            agreed("nato", "jp", "NATO CONFIDENTIAL"),
            "'nato to jp' does not cover it: it goes up to NATO CONFIDENTIAL",
        ),
        (
            ONWARD,
            agreed("nato", "jp", "NATO SECRET", valid_until=DAY - timedelta(1)),
            "it ended on 2026-11-21",
        ),
        (
            ONWARD,
            agreed("nato", "jp", "NATO SECRET", valid_from=DAY + timedelta(1)),
            "it begins on 2026-11-23",
        ),
        (
            ONWARD,
            agreed("nato", "jp", "NATO SECRET", areas=("cyber-defence",)),
            "it is about cyber-defence alone, and the report names no area: --area CODE",
        ),
        (ONWARD, agreed("nato", "jp", "XYZ SECRET"), "XYZ is no marking policy"),
        (
            ONWARD,
            agreed("nato", "jp", "KOR 군사II급비밀"),
            "that NATO SECRET answers to KOR 군사II급비밀 is indicative",
        ),
        (
            "KOR 군사II급비밀//REL TO JP",
            agreed("nato", "jp", "AUS SECRET"),
            "it speaks of AUS, which has no equivalent of KOR 군사II급비밀",
        ),
        ("NATO SECRET//ATOMAL//REL TO JP", JP_NATO, "it clears nobody for ATOMAL"),
        ("NATO UNCLASSIFIED//ATOMAL", None, "needs an agreement"),
        ("NATO SECRET//SAUCE//REL TO JP", JP_NATO, "NATO has no caveat 'SAUCE'; it has ATOMAL"),
        ("AUS SECRET//SAUCE//REL TO JP", JP_NATO, "AUS has no caveat 'SAUCE'; it has none"),
    ],
)
def test_what_is_said_when_it_may_not(
    marking: str, agreement: Agreement | None, reason: str
) -> None:
    reasons = ask(marking, "nato", "jp", *([agreement] if agreement else []))
    assert any(reason in each for each in reasons), reasons


@pytest.mark.parametrize(
    ("marking", "agreement"),
    [
        ("COSMIC TOP SECRET//REL TO JPN", agreed("nato", "jp", "NATO TOP SECRET")),
        ("NATO SECRET//EXERCISE//REL TO JPN", JP_NATO),
        (
            "NATO SECRET//ATOMAL//REL TO JP",
            agreed("nato", "jp", "NATO SECRET", caveats=("ATOMAL",)),
        ),
        ("JPN 秘", agreed("nato", "jp", "JPN 極秘")),
        ("JPN HI", agreed("nato", "jp", "JPN 極秘")),
        ("LINE SECRET", agreed("nato", "jp", "LINE SECRET")),
        (ONWARD, agreed("nato", "jp", "NATO SECRET", valid_until=DAY)),
        (ONWARD, agreed("nato", "jp", "NATO SECRET", valid_from=DAY)),
    ],
)
def test_what_may_go(marking: str, agreement: Agreement) -> None:
    assert ask(marking, "nato", "jp", agreement) == ()


def test_an_agreement_about_areas_covers_reports_about_them() -> None:
    areas = agreed("nato", "jp", "NATO SECRET", areas=("cyber-defence", "space"))
    assert ask(ONWARD, "nato", "jp", areas, areas=("space",)) == ()
    (reason,) = ask(ONWARD, "nato", "jp", areas, areas=("space", "energy"))
    assert "the report also about energy" in reason


def test_every_agreement_says_why_it_does_not_cover() -> None:
    low, old = agreed("nato", "jp", "NATO RESTRICTED"), agreed("nato", "jp", "NATO SECRET")
    old = msgspec.structs.replace(old, reference="old", valid_until=date(2026, 2, 1))
    assert [reason.split(":")[0] for reason in ask(ONWARD, "nato", "jp", low, old)] == [
        "the agreement 'nato to jp' does not cover it",
        "the agreement 'old' does not cover it",
    ]


def test_nothing_goes_that_a_second_statement_of_the_rules_keeps() -> None:
    draw = Draw(20261122)
    allowed = 0
    for _ in range(100_000):
        marking, sender, receiver = draw.marking(), draw.partner(), draw.partner()
        agreements = [draw.agreement() for _ in range(draw.one(0, 1, 2, 4))]
        day = DAY + timedelta(draw.one(-10, 0, 0, 10))
        reasons = ask(marking, sender, receiver, *agreements, day=day)
        files = [msgspec.json.decode(encode_agreement(each)) for each in agreements]
        expected = may_go(marking, sender, receiver, day.isoformat(), files)
        assert (reasons == ()) == expected, (marking, sender, receiver, day, files, reasons)
        allowed += expected
    assert 20_000 < allowed < 80_000


def test_nothing_goes_with_a_part_that_the_second_statement_keeps() -> None:
    draw = Draw(20261123)
    allowed = kept_by_a_part = 0
    for _ in range(100_000):
        markings = [draw.marking() for _ in range(draw.one(1, 2, 3))]
        sender, receiver = draw.partner(), draw.partner()
        agreements = [draw.agreement() for _ in range(draw.one(1, 2, 4))]
        whole, *parts = map(Marking.parse, markings)
        dragged = [Part(f"portion {n}", part) for n, part in enumerate(parts)]
        question = Question(whole, sender, receiver, DAY)
        reasons = may_release_all(question, dragged, agreements, RULES)
        files = [msgspec.json.decode(encode_agreement(each)) for each in agreements]
        expected = may_all_go(markings, sender, receiver, DAY.isoformat(), files)
        assert (reasons == ()) == expected, (markings, sender, receiver, files, reasons)
        allowed += expected
        kept_by_a_part += not expected and ask(markings[0], sender, receiver, *agreements) == ()
    assert allowed > 10_000
    assert kept_by_a_part > 5_000


def test_a_whole_covers_what_a_second_statement_says_it_covers() -> None:
    draw = Draw(20261124)
    covered = 0
    for _ in range(50_000):
        texts = draw.marking(), draw.marking()
        if draw.coin():  # of one policy, so that most of the rules are reached
            texts = texts[0], "//".join([texts[0].split("//")[0], *texts[1].split("//")[1:]])
        try:
            whole, part = map(Marking.parse, texts)
            is_covered = covers(whole, part, RULES)
        except InputError:
            continue
        assert is_covered == is_enough(*texts), texts
        covered += is_covered
    assert covered > 2_000


@pytest.mark.parametrize(
    ("marking", "than", "expected"),
    [
        ("TLP:GREEN", "TLP:AMBER", True),
        ("TLP:AMBER", "TLP:AMBER", False),
        ("TLP:RED", "TLP:AMBER", False),
        ("TLP:RED", "NATO RESTRICTED", True),
        ("NATO RESTRICTED", "NATO SECRET", True),
        ("NATO SECRET//REL TO JPN", "NATO SECRET//REL TO JPN", False),
        ("JPN 秘//REL TO NATO", "NATO RESTRICTED//REL TO JPN", False),
        ("JPN 秘//REL TO NATO", "NATO RESTRICTED//REL TO JPN//TLP:RED", True),
    ],
)
def test_a_milder_marking_gives_away_more(marking: str, than: str, *, expected: bool) -> None:
    assert is_milder(Marking.parse(marking), Marking.parse(than), RULES) is expected


def test_what_is_combined_covers_all_its_parts() -> None:
    draw = Draw(20261125)
    combined = 0
    for _ in range(30_000):
        parts = [Part(f"portion {n}", Marking.parse(draw.marking())) for n in range(3)]
        try:
            whole = combine([part.marking for part in parts], RULES)
            for part in parts:
                RULES.restrictive(part.marking)
        except InputError:
            continue
        check_whole(whole, parts, RULES)
        combined += 1
    assert combined > 500


@pytest.mark.parametrize(
    ("whole", "part", "reason"),
    [
        ("NATO RESTRICTED", "NATO SECRET", "would have to be marked NATO SECRET"),
        ("TLP:AMBER", "TLP:RED", "have to be marked TLP:RED"),
        ("TLP:AMBER//PAP:GREEN", "TLP:CLEAR//PAP:RED", "have to be marked TLP:AMBER//PAP:RED"),
        ("TLP:RED", "NATO RESTRICTED", "have to be marked NATO RESTRICTED//TLP:RED"),
        (
            "NATO SECRET//REL TO JPN, AUS",
            "NATO RESTRICTED//REL TO AUS",
            "have to be marked NATO SECRET//REL TO AUS",
        ),
        ("NATO SECRET", "NATO SECRET//ATOMAL", "have to be marked NATO SECRET//ATOMAL"),
        ("NATO SECRET", "JPN 秘", "portion 7, marked JPN 秘: markings of JPN, NATO cannot"),
        ("NATO SECRET", "NATO HUSH", "portion 7, marked NATO HUSH: NATO has no level"),
        ("NATO SECRET", "NATO SECRET//SAUCE", "NATO has no caveat 'SAUCE'"),
    ],
)
def test_a_part_that_the_whole_does_not_cover_is_named(whole: str, part: str, reason: str) -> None:
    parts = [Part("portion 6", Marking()), Part("portion 7", Marking.parse(part))]
    with pytest.raises(InputError, match="portion 7") as caught:
        check_whole(Marking.parse(whole), parts, RULES)
    assert reason in caught.value.message
    assert caught.value.code == "bad-marking"


@pytest.mark.parametrize(
    ("whole", "part"),
    [
        ("NATO SECRET", "TLP:CLEAR//PAP:CLEAR"),
        ("JPN 秘//REL TO JPN", "JPN 秘"),
        ("NATO SECRET", "NATO SECRET//REL TO JPN"),
        ("COSMIC TOP SECRET", "NATO TOP SECRET"),
        ("NATO SECRET//REL TO JP", "NATO SECRET//REL TO AUS, JPN"),
        ("NATO SECRET//REL TO JP", "NATO UNCLASSIFIED"),
    ],
)
def test_a_part_that_the_whole_covers(whole: str, part: str) -> None:
    check_whole(Marking.parse(whole), [Part("portion 1", Marking.parse(part))], RULES)


def rank(marking: Marking) -> int:
    found = RULES.classification(marking)
    return -1 if found is None else found.level.rank


def test_combining_never_widens() -> None:
    draw = Draw(4774)
    combined = 0
    for _ in range(20_000):
        parts = [Marking.parse(draw.marking()) for _ in range(draw.one(1, 2, 3))]
        try:
            whole = combine(parts, RULES)
        except InputError:
            continue
        combined += 1
        agreement = draw.agreement()
        for part in parts:
            assert rank(whole) >= rank(part)
            assert set(whole.caveats) >= set(part.caveats)
            assert part.tlp is None or list(Tlp).index(part.tlp) <= list(Tlp).index(whole.tlp)  # type: ignore[arg-type]  # it is there
            assert part.pap is None or list(Pap).index(part.pap) <= list(Pap).index(whole.pap)  # type: ignore[arg-type]  # it is there
            if agreement.policy != whole.policy:
                continue  # a level without an equivalent goes nowhere, be it lower or not
            for receiver in ("jp", "nato", "au", "kr", "nz", "fra"):
                if may_release(
                    Question(whole, agreement.sender, receiver, DAY), [agreement], RULES
                ):
                    continue
                question = Question(part, agreement.sender, receiver, DAY)
                assert may_release(question, [agreement], RULES) == (), (parts, whole, agreement)
    assert combined > 5_000


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        (["TLP:GREEN", "TLP:AMBER"], "TLP:AMBER"),
        (
            ["NATO SECRET//REL TO JPN, AUS", "NATO RESTRICTED//REL TO AUS"],
            "NATO SECRET//REL TO AUS",
        ),
        (["NATO SECRET//REL TO JPN", "NATO RESTRICTED//REL TO AUS"], "NATO SECRET"),
        (["NATO SECRET//REL TO JPN", "NATO UNCLASSIFIED"], "NATO SECRET//REL TO JPN"),
        (["NATO SECRET", "NATO RESTRICTED//REL TO AUS//TLP:RED"], "NATO SECRET//TLP:RED"),
        (
            ["NATO SECRET//ATOMAL//REL TO JPN", "TLP:RED"],
            "NATO SECRET//ATOMAL//REL TO JPN//TLP:RED",
        ),
        (["AUS OFFICIAL//REL TO JPN, NZL", "AUS OFFICIAL//REL TO NZL"], "AUS OFFICIAL//REL TO NZL"),
    ],
)
def test_the_marking_of_several_parts(parts: list[str], whole: str) -> None:
    assert str(combine([Marking.parse(part) for part in parts], RULES)) == whole


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([], "nothing to combine"),
        (["NATO SECRET", "JPN 秘"], "markings of JPN, NATO cannot be combined"),
        (["AUS OFFICIAL//REL TO JPN", "AUS OFFICIAL//REL TO NZL"], "no partner may have all parts"),
        (["XYZ SECRET", "TLP:RED"], "no marking policy"),
    ],
)
def test_parts_without_a_common_marking(parts: list[str], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        combine([Marking.parse(part) for part in parts], RULES)


GOOD = encode_agreement(JP_NATO)


def test_an_agreement_is_read_as_it_was_written() -> None:
    assert parse_agreement(GOOD) == JP_NATO


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"{", b"[", "no agreement"),
        (b'"agreement":1', b'"agreement":2', "version"),
        (b'"agreement":1,', b"", "missing required field"),
        (b'"is_mutual"', b'"mutual"', "unknown field"),
        (b"jp to nato", b"", "one line"),
        (b"jp to nato", b"x" * 201, "one line"),
        (b"jp to nato", b"a\\nb", "one line"),
        (b'"receiver":"nato"', b'"receiver":"jp"', "the same"),
        (b'"receiver":"nato"', '"receiver":"nаto"'.encode(), "short names"),
        (b"2027-12-31", b"2025-12-31", "ends before it begins"),
        (b"2027-12-31", b"2027-13-31", "no agreement"),
        (b'"SECRET"', b'"SECRET//TLP:RED"', "words of a marking"),
    ],
)
def test_an_agreement_that_contradicts_itself(old: bytes, new: bytes, reason: str) -> None:
    assert old in GOOD
    with pytest.raises(InputError, match=reason) as caught:
        parse_agreement(GOOD.replace(old, new, 1))
    assert caught.value.code == "bad-agreement"


def test_what_a_person_gives_says_each_thing_once() -> None:
    assert read_agreement(GOOD) == JP_NATO
    twice = GOOD.replace(b'"level":', b'"level":"RESTRICTED","level":', 1)
    assert parse_agreement(twice) == JP_NATO
    with pytest.raises(InputError, match="says 'level' twice") as caught:
        read_agreement(twice)
    assert caught.value.code == "bad-agreement"


@pytest.mark.parametrize("reference", [b"jp to nato ", b" jp to nato", b"jp  to nato"])
def test_a_reference_has_no_blanks_that_nobody_sees(reference: bytes) -> None:
    with pytest.raises(InputError, match="blanks around it"):
        read_agreement(GOOD.replace(b"jp to nato", reference, 1))


def test_an_agreement_has_a_size() -> None:
    with pytest.raises(InputError, match="at most"):
        parse_agreement(GOOD + b" " * 65536)


def test_people_are_warned_two_weeks_ahead() -> None:
    ends = JP_NATO.valid_until
    warned = [JP_NATO.is_ending(ends - timedelta(days)) for days in (15, 14, 0, -1)]
    assert warned == [False, True, True, False]
