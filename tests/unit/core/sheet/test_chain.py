"""Chains and threads as a sheet: what holds, who said it when, what answers it, what is owed."""

import re
import unicodedata
from typing import Any

import pytest

from noroshi.adapters.words import shipped_lexicon
from noroshi.core.kinds.reading import Reader
from noroshi.core.lexicon.lexicon import Language, Lexicon, Term
from noroshi.core.recognition import NOROSHI
from noroshi.core.sheet.blocks import Head, Label, Line, Values, Words
from noroshi.core.sheet.plain import plain
from noroshi.core.sheet.report import report_sheet
from tests.unit.core.sheet.test_sheet import told

READER = Reader(shipped_lexicon(), Language.ENGLISH)
BODY = '{"noroshi":1,"kind":"cyber-incident","summary":"侵入","language":"ja"}'
UPDATE = {
    "report": "aaaa1111-0",
    "by": "Lt Sato",
    "created_at": "2026-11-22T07:00:00Z",
    "stored_at": "2026-11-22T07:00:01Z",
}
TAKEN_BACK = {**UPDATE, "cancelled_by": "cccc3333-0"}


def chained(**chain: Any) -> dict[str, Any]:
    """What a node tells of an incident that was updated."""
    return told(
        kind="cyber-incident",
        media_type=NOROSHI,
        body=BODY,
        chain={
            "kind": "cyber-incident",
            "marking": "TLP:RED",
            "stray": False,
            "too_large": False,
            "updates": [UPDATE],
            "fields": {"summary": "侵入二件", "new_field": 1, "language": "ja"},
            "changed": ["summary"],
            "due": [],
            **chain,
        },
    )


def read(seen: dict[str, Any]) -> str:
    return plain(report_sheet(seen, READER, {}), Language.ENGLISH)


def test_times_that_contradict_are_shown_as_written_with_a_warning() -> None:
    times = {"first_seen": "2026-11-22T07:00:00Z", "aware_at": "2026-11-22T05:00:00Z"}
    late = {"summary": "x", "aware_at": "2031-01-01T00:00:00Z"}
    assert "“Time of awareness” lies before “First seen”." in read(chained(fields=times))
    assert "lies after" not in read(chained(fields=late)), "an update may be older than its whole"
    warned = read({**chained(fields=late, updates=[]), "status": "ACTUAL"})
    assert "“Time of awareness” lies after the time of writing." in warned
    assert "lies after" not in read({**chained(fields=late, updates=[]), "status": "EXERCISE"})
    assert "lies" not in read(chained(fields=times, kind="newer-kind"))


def test_the_whole_stands_before_what_the_report_said() -> None:
    text = read(chained())
    assert text.startswith("TLP:RED\n"), "the marking of all that is shown"
    assert "1 update, of 2026-11-22 07:00Z" in text
    assert "* Summary\n| 侵入二件\n" in text
    assert (
        'Field unknown to this release: "new_field": 1\n* changed since the first report\n' in text
    )
    assert text.index("侵入二件") < text.index("What this report says") < text.index("| 侵入\n")
    words = [each for each in report_sheet(chained(), READER, {}) if isinstance(each, Words)]
    assert {each.language for each in words} == {"ja"}


def test_a_chain_of_one_report_is_that_report() -> None:
    text = read(chained(updates=[], changed=[], fields={"summary": "侵入"}))
    assert text.count("| 侵入\n") == 1
    assert "changed since" not in text
    unchanged = read(chained(changed=[]))
    assert "changed since" not in unchanged
    assert "It says that it updates another" in read(chained(updates=[], stray=True))
    assert "too large to be shown" in read(chained(updates=[], too_large=True))


def test_what_was_known_then_has_its_proofs() -> None:
    then = {"at": "2026-11-22T12:00:00Z", "proofs": ["bbbb2222-0"]}
    text = read(chained(**then))
    assert "What was known here at 2026-11-22 12:00Z\n" in text
    assert "for each of\n  bbbb2222-0\n" in text
    assert "What this report says" not in text
    assert "Nothing of it was here yet." in read(
        chained(at="2026-11-22T01:00:00Z", proofs=[], updates=[], fields={})
    )


def test_the_history_of_a_field_names_who_said_it() -> None:
    history = {
        "new_field": [{**UPDATE, "value": [1], "cleared": False}],
        "summary": [
            {**TAKEN_BACK, "value": "侵入", "cleared": False},
            {**UPDATE, "by": None, "value": None, "cleared": True},
        ],
    }
    text = read(chained(history=history))
    assert (
        "Summary\n| 侵入\n  CANCELLED by cccc3333  2026-11-22 07:00Z, Lt Sato, report aaaa1111"
        in (text)
    )
    assert "| taken back\n  2026-11-22 07:00Z, -, report aaaa1111; here 2026-11-22 07:00Z" in text
    assert text.index("Summary") < text.index("new_field")
    unknown = chained(history={"x": [{**UPDATE, "value": 1, "cleared": False}]}, kind="of-tomorrow")
    assert '"x"\n| 1\n' in read(unknown)


def test_what_answers_it_and_what_is_owed_follows() -> None:
    seen = chained(due=[{"field": "stage", "wanted": "final", "at": "2026-12-22T06:12:00Z"}])
    seen["left_open"] = [
        {"capability": "Water", "unit": "l", "needed": None, "offered": 5.0, "committed": 1,
         "open": 4}
    ]  # fmt: skip
    seen["referred_by"] = [
        {"report": "dddd4444-0", "kind": "answer", "from": "cyber@nato", "subject": None}
    ]
    text = read(seen)
    assert "Water: needed -, offered 5 l, committed 1 l; open, by what was committed: 4 l\n" in text
    assert "Taken up by\n  dddd4444  answer  cyber@nato\n" in text
    assert "Next report due: Final report  2026-12-22 06:12Z\n" in text


def test_what_a_report_of_a_chain_takes_back_is_said() -> None:
    seen = chained()
    seen["body"] = (
        '{"noroshi":1,"kind":"cyber-incident","updates":"3f1c09aa-0000-4000-8000-000000000000",'
        '"cleared":["root_cause"]}'
    )
    assert "Root cause: taken back\n" in read(seen)
    seen["equivalents"] = [{"marking": "NATO SECRET", "confidence": "indicative"}]
    seen["attachments"] = [{"name": "a.txt", "size": 1200}]
    seen["passed_on"] = {
        "by": "nato",
        "consent": {"granted_by": "Cdr Ito", "granted_at": "2026-11-22T05:00:00Z"},
    }
    text = read(seen)
    assert "here about NATO SECRET (indicative)\n" in text
    assert "a.txt (1,200 bytes)" in text
    assert "nato, with the consent of Cdr Ito (2026-11-22 05:00Z)" in text
    seen["equivalents"] = [{"marking": "NATO SECRET", "confidence": "confirmed"}]
    assert "here about NATO SECRET\n" in read(seen)


def test_portions_and_a_tearline_stand_below() -> None:
    seen = told(
        media_type=NOROSHI,
        body='{"noroshi":1,"kind":"situation-report"}',
        kind="situation-report",
        portions=[{"marking": "TLP:RED", "text": "a source"}],
        tearline={"marking": "TLP:GREEN", "text": "ports"},
    )
    text = read(seen)
    assert "(in portions)\n(TLP:RED)\n| a source\n" in text
    assert "TEARLINE (TLP:GREEN)\n| ports\n" in text
    bare = told(media_type=NOROSHI, body='{"noroshi":1,"kind":"situation-report"}')
    assert '| {"noroshi"' in read(bare)
    assert "of-tomorrow" in read(told(kind="of-tomorrow"))


@pytest.mark.parametrize(
    ("language", "script"), [(Language.JAPANESE, ("HIRAGANA", "KATAKANA", "CJK")),
                             (Language.KOREAN, ("HANGUL",))],
)  # fmt: skip
def test_no_label_stays_in_another_script(language: Language, script: tuple[str, ...]) -> None:
    """Each label of a whole sheet, and each line of its own, has letters of its reader's script."""
    seen = everything()
    reader = Reader(shipped_lexicon(), language)
    for block in report_sheet(seen, reader, {}):
        match block:
            case Head():
                labels = [label for label, _ in block.rows]
            case Label():
                labels = [block.text]
            case Values() | Words():
                named = block.label
                labels = [named.text] if named is not None and named.text != "new_field" else []
            case Line():
                labels = [
                    span.text
                    for span in block.spans
                    if not span.state and not MACHINE.match(span.text)
                ]
            case _:
                labels = []
        for each in labels:
            assert any(unicodedata.name(c, "").startswith(script) for c in each), each


MACHINE = re.compile(r"[0-9a-f]{8}|TEARLINE|\(TLP|\s*$")
"""What is the same in every language."""


def everything() -> dict[str, Any]:
    """A report of which there is all that a sheet can show."""
    seen = chained(due=[{"field": "stage", "wanted": "final", "at": "2026-12-22T06:12:00Z"}])
    seen["equivalents"] = [{"marking": "NATO SECRET", "confidence": "indicative"}]
    seen["portions"] = [{"marking": "TLP:RED", "text": "a source"}]
    seen["tearline"] = {"marking": "TLP:GREEN", "text": "ports"}
    seen["left_open"] = [
        {"capability": "Water", "unit": "l", "needed": 9, "offered": 5.0, "committed": 1, "open": 4}
    ]
    seen["referred_by"] = [
        {"report": "dddd4444-0", "kind": "answer", "from": "cyber@nato", "subject": None}
    ]
    seen["statement"] = {
        "digest": "00" * 32,
        "missing": ["jp"],
        "signatures": [
            {"signatory": "nato", "by": "Lt Jansen", "at": "2026-11-22T07:00:00Z", "holds": holds}
            for holds in (True, False)
        ],
    }
    seen["chain"] |= {"cancelled_by": "cccc3333-0", "at": "2026-11-22T12:00:00Z", "proofs": []}
    seen["info"], seen["areas"], seen["drafter"] = ["ops@nato"], ["own"], "Lt Sato"
    seen["expires_at"], seen["references"] = "2026-11-23T06:12:00Z", ["eeee5555-0"]
    return seen


def test_a_whole_sheet_takes_its_words_from_the_catalogue() -> None:
    """A pseudo-locale: where every term is its code in brackets, no other label is left."""
    lexicon = shipped_lexicon()
    pseudo = Lexicon([{code: pseudo_term(code) for code in lexicon.codes}])
    text = plain(report_sheet(everything(), Reader(pseudo, Language.FRENCH), {}), Language.FRENCH)
    for line in text.splitlines():
        if (
            line.startswith(("| ", "TLP", "(TLP", "TEARLINE", "  dddd4444", "new_field"))
            or not line
        ):
            continue
        assert "[" in line, line


def pseudo_term(code: str) -> Term:
    said = f"[{code}]"
    return Term(en=said, ja=said, fr=said, ko=said, id=said)


def test_a_signature_that_does_not_verify_is_said_not_to_count() -> None:
    signature = {
        "report": "dddd4444-0000-4000-8000-000000000000", "kind": "joint-signature",
        "from": "cyber@nato", "subject": "Signed",
    }  # fmt: skip
    good = {"digest": "ab", "missing": [], "signatures": [], "not_counted": []}
    for statement, expected in (
        (good, "  dddd4444  joint-signature"),
        (
            {**good, "not_counted": [signature["report"]]},
            "  SIGNATURE DOES NOT VERIFY, NOT COUNTED  dddd4444",
        ),
        (None, "  SIGNATURE DOES NOT VERIFY, NOT COUNTED  dddd4444"),
    ):
        assert expected in read({**chained(), "referred_by": [signature], "statement": statement})
    said = {**chained(), "signature": {"counts": False}}
    assert "\nSIGNATURE DOES NOT VERIFY, NOT COUNTED\n" in read(said)
    assert "NOT COUNTED" not in read({**said, "signature": {"counts": True}})
