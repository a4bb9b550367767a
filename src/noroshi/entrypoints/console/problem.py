"""What is in the way of an act, as a page tells it in the reader's language."""

from typing import Final, cast

import msgspec

from noroshi.core.errors import NoroshiError
from noroshi.core.kinds.reading import Reader
from noroshi.core.lexicon.lexicon import Language
from noroshi.core.lexicon.sentence import Sentence, said


class Problem(msgspec.Struct, frozen=True):
    """What is in the way."""

    text: str
    """In the reader's language."""
    detail: str = ""
    """In English; "": the text says all."""
    is_unproven: bool = False
    """Whether who asks is to be proven anew first; the page says how, without a text."""


UNPROVEN: Final = Problem("", is_unproven=True)


def problem_of(error: NoroshiError, reader: Reader) -> Problem:
    """Return what an error tells a reader: what it is about, and its own English words."""
    if reader.language is Language.ENGLISH:
        return Problem(error.message)
    told = reader.lexicon.sentence(f"error.{error.code}", reader.language)
    return Problem(told, error.message)


class Reason(msgspec.Struct, frozen=True):
    """Why something may not be."""

    text: str
    lang: str
    """In which it is written: the reader's, or English."""


def reasons_of(reasons: object, reader: Reader) -> list[Reason]:
    """Return the reasons of an answer, in the reader's language where they can be said in it."""
    return [
        Reason(
            said(each, reader.lexicon, reader.language),
            (reader.language if isinstance(each, Sentence) else Language.ENGLISH).value,
        )
        for each in cast("list[str]", reasons)
    ]


def not_typed(name: str, reader: Reader) -> Problem:
    """Return that a name was to be typed, and was not."""
    return Problem(reader.lexicon.sentence("ui.not_typed", reader.language, name=name))
