"""Sentences that can be said in every language, by those who know no reader.

A check deep inside says in English why something may not be. What it says is text like any other,
for logs, journals and machines; it also knows which sentence of the lexicon it is, and of what, so
that a page can say it to its reader.

    >>> why = Sentence("why.ended", "it ended on {day}", day="2026-11-22")
    >>> why
    'it ended on 2026-11-22'
    >>> why.code
    'why.ended'
"""

from collections.abc import Mapping
from typing import Self

from noroshi.core.lexicon.lexicon import Language, Lexicon


class Sentence(str):
    """An English sentence that knows its code in the lexicon, and its values."""

    code: str
    values: Mapping[str, str]

    __slots__ = ("code", "values")

    def __new__(cls, code: str, english: str, /, **values: str) -> Self:
        """Put `values` into the English of a code; a value may be a sentence itself."""
        made = super().__new__(cls, english.format_map(values))
        made.code, made.values = code, values
        return made


def said(text: str, lexicon: Lexicon, language: Language) -> str:
    """Return a sentence in a language; any other text as it is."""
    if not isinstance(text, Sentence):
        return text
    values = {name: said(value, lexicon, language) for name, value in text.values.items()}
    return lexicon.sentence(text.code, language, **values)
