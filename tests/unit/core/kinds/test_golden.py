"""Every kind, written in Japanese and read in all languages, as pages that a speaker can check.

The pages lie in `tests/golden/kinds/`: KIND.json as it was written, KIND.LANGUAGE.txt as it is
read. To write them anew after a change of words: `python -m tests.unit.core.kinds.test_golden`.
"""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from noroshi.adapters.words import shipped_lexicon
from noroshi.core.kinds.check import check_form
from noroshi.core.kinds.kind import all_kinds
from noroshi.core.kinds.reading import Reader, read_form
from noroshi.core.lexicon.lexicon import Language, Lexicon, Term
from noroshi.core.recognition import recognise
from noroshi.core.sheet.chain import form_blocks
from noroshi.core.sheet.plain import plain

FOLDER = Path(__file__).parents[3] / "golden" / "kinds"
ZONES = {
    Language.ENGLISH: "Europe/Brussels",
    Language.JAPANESE: "Asia/Tokyo",
    Language.FRENCH: "Europe/Paris",
    Language.KOREAN: "Asia/Seoul",
    Language.INDONESIAN: "Asia/Jakarta",
}


def page(kind: str, language: Language) -> str:
    found = recognise((FOLDER / f"{kind}.json").read_bytes())
    reader = Reader(shipped_lexicon(), language, ZoneInfo(ZONES[language]))
    rows = read_form(all_kinds()[kind], found.fields, reader)
    return plain(form_blocks(rows, "ja", reader), language)


@pytest.mark.parametrize("kind", all_kinds())
def test_what_was_written_in_japanese_may_be_sent(kind: str) -> None:
    found = recognise((FOLDER / f"{kind}.json").read_bytes())
    assert found.kind == kind
    assert found.fields["language"] == "ja"
    check_form(all_kinds()[kind], found.fields, shipped_lexicon())


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", all_kinds())
def test_it_is_read_as_the_page_says(kind: str, language: Language) -> None:
    golden = (FOLDER / f"{kind}.{language.value}.txt").read_text()
    assert page(kind, language) == golden


@pytest.mark.parametrize("kind", all_kinds())
def test_no_label_goes_round_the_lexicon(kind: str) -> None:
    """A pseudo-locale: where every term is its code in brackets, nothing else is left in English.

    What remains is what the writer wrote, and what is the same in every language.
    """
    lexicon = shipped_lexicon()
    pseudo = Lexicon([{code: _pseudo(code) for code in lexicon.codes}])
    found = recognise((FOLDER / f"{kind}.json").read_bytes())
    rows = read_form(all_kinds()[kind], found.fields, Reader(pseudo, Language.KOREAN))
    types = {field.says.label: field.type.value for field in all_kinds()[kind].fields}
    for row in rows:
        assert row.label.startswith("[")
        assert row.label.endswith("]")
        if types[row.label.strip("[]")] == "code":
            assert all("[" in value and value.endswith("]") for value in row.values)


def _pseudo(code: str) -> Term:
    said = f"[{code}]"
    return Term(en=said, ja=said, fr=said, ko=said, id=said)


def write_pages() -> None:
    for kind in all_kinds():
        for language in Language:
            (FOLDER / f"{kind}.{language.value}.txt").write_text(page(kind, language))


if __name__ == "__main__":
    write_pages()
