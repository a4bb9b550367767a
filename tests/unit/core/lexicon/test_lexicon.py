"""The lexicon: whole in five languages, and read as each language reads."""

import json
import unicodedata

import pytest

from noroshi.adapters.words import shipped_lexicon
from noroshi.core.errors import InputError
from noroshi.core.lexicon.lexicon import Language, Lexicon, parse_terms

LEXICON = shipped_lexicon()
KANA, HANGUL = (0x3040, 0x30FF), (0xAC00, 0xD7A3)
SCRIPTS = {Language.JAPANESE: KANA, Language.KOREAN: HANGUL}
"""One of them stands in nearly every longer label of its language, and in no other."""

NAMES = ("mark.jp.", "mark.kr.")
"""Levels of partners, which everybody writes as their owners do."""

TERM = {"en": "Yes", "ja": "はい", "fr": "Oui", "ko": "예", "id": "Ya"}


def terms(**codes: object) -> bytes:
    return json.dumps(codes).encode()


def test_every_code_has_a_rendering_in_every_language() -> None:
    assert len(LEXICON.codes) > 730
    for code in LEXICON.codes:
        for language in Language:
            label = LEXICON.label(code, language)
            assert label == label.strip()
            assert "".join(label.split()).isprintable(), code
            assert LEXICON.short(code, language)


@pytest.mark.parametrize("language", SCRIPTS)
def test_no_label_stands_in_the_script_of_another_language(language: Language) -> None:
    first, last = SCRIPTS[language]
    written = {
        reader: [
            any(first <= ord(c) <= last for c in LEXICON.label(code, reader))
            for code in LEXICON.codes
            if not code.startswith(NAMES)
        ]
        for reader in Language
    }
    assert [reader for reader, found in written.items() if any(found)] == [language]
    assert sum(written[language]) > len(LEXICON.codes) / 4


def test_placeholders_are_the_same_in_every_language() -> None:
    for code in LEXICON.codes:
        found = {
            language: sorted(part.partition("}")[0] for part in label.split("{")[1:])
            for language in Language
            for label in [LEXICON.label(code, language)]
        }
        assert len({tuple(names) for names in found.values()}) == 1, (code, found)


def test_a_sentence_counts_as_its_language_does() -> None:
    one = LEXICON.sentence("s.flash_waiting", Language.ENGLISH, n=1)
    assert one == "1 FLASH report is waiting for acknowledgement."
    assert "0 FLASH reports are" in LEXICON.sentence("s.flash_waiting", Language.ENGLISH, n=0)
    assert "0 message FLASH attend" in LEXICON.sentence("s.flash_waiting", Language.FRENCH, n=0)
    assert "2 messages" in LEXICON.sentence("s.flash_waiting", Language.FRENCH, n=2)
    assert "1" in LEXICON.sentence("s.flash_waiting", Language.JAPANESE, n=1)


def test_a_vocabulary_has_its_values_in_order() -> None:
    assert LEXICON.values("determination")[:2] == ("blocked", "confirmed")
    assert LEXICON.values("no such vocabulary") == ()
    assert "determination.blocked" in LEXICON
    assert "determination.unheard-of" not in LEXICON


def test_abbreviations_and_help_are_there_or_not() -> None:
    helped = {**TERM, "help": dict.fromkeys(("en", "ja", "fr", "ko", "id"), "Say so.")}
    lexicon = Lexicon([parse_terms(terms(**{"a.yes": helped, "a.no": TERM}))])
    assert lexicon.help("a.yes", Language.KOREAN) == "Say so."
    assert lexicon.help("a.no", Language.KOREAN) == ""
    assert lexicon.short("a.no", Language.FRENCH) == "Oui"
    assert LEXICON.short("prec.flash", Language.FRENCH) == "Z FLASH"


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    ("vocabulary", "others"),
    [
        ("prec", {"label", "action", "info"}),
        ("status", {"label"}),
        ("rung", {"receipt", "ladder", "ack_by", "reason"}),
        ("desk", {"desk", "bearer"}),
        ("kind", set[str]()),
    ],
)
def test_what_stands_in_a_badge_is_short_and_distinct(
    vocabulary: str, others: set[str], language: Language
) -> None:
    """Ten columns of a terminal, and no two values of a vocabulary alike."""
    values = [value for value in LEXICON.values(vocabulary) if value not in others]
    shorts = [LEXICON.short(f"{vocabulary}.{value}", language) for value in values]
    assert len(set(shorts)) == len(values) > 3
    for short in shorts:
        width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in short)
        assert width <= 10, short


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (b"[]", "no catalogue"),
        (b"{", "no catalogue"),
        (b" " * (1024 * 1024 + 1), "no catalogue"),
        (terms(**{"a.yes": {**TERM, "ja": " "}}), "a.yes is not whole in ja"),
        (terms(**{"a.yes": {**TERM, "short": {"en": "Y"}}}), "fr, id, ja, ko"),
        (terms(**{"a.yes": {"en": "Yes"}}), "no catalogue"),
        (terms(**{"a.yes": {**TERM, "de": "Ja"}}), "no catalogue"),
    ],
)
def test_what_is_no_whole_catalogue_is_refused(raw: bytes, named: str) -> None:
    with pytest.raises(InputError, match=named):
        parse_terms(raw)


def test_a_code_has_one_meaning() -> None:
    found = parse_terms(terms(**{"a.yes": TERM}))
    with pytest.raises(InputError, match=r"a\.yes"):
        Lexicon([found, found])
