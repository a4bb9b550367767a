"""The lexicon: one code, one meaning, one rendering for each language.

A code has points: `determination.blocked` is the value `blocked` of the vocabulary
`determination`. What travels on a line is the value; a reader sees the rendering.
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final, cast

import msgspec

from noroshi.core.errors import InputError
from noroshi.core.lexicon.codes import Framework

_LARGEST: Final = 1024 * 1024


class Language(Enum):
    """A language that the line is read in (ISO 639-1)."""

    ENGLISH = "en"
    JAPANESE = "ja"
    FRENCH = "fr"
    KOREAN = "ko"
    INDONESIAN = "id"


class Term(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code in every language."""

    en: str
    ja: str
    fr: str
    ko: str
    id: str
    short: Mapping[str, str] = {}
    """For tables and badges; all languages or none."""
    help: Mapping[str, str] = {}
    """One sentence for who fills a form in; all languages or none."""
    one: Mapping[str, str] = {}
    """Where n is one, in the languages that say it differently."""
    own: tuple[str, ...] = ()
    """The languages whose rendering no practitioner of the field has confirmed yet."""


class Lexicon:
    """All terms of the line."""

    def __init__(
        self, catalogues: Iterable[Mapping[str, Term]], frameworks: Iterable[Framework] = ()
    ) -> None:
        """Gather the terms of all catalogues, and the frameworks whose codes are no terms.

        Raises:
            InputError: a code stands in two of them.
        """
        self._frameworks = {each.framework: each for each in frameworks}
        self._terms: dict[str, Term] = {}
        for terms in catalogues:
            twice = self._terms.keys() & terms.keys()
            if twice:
                raise InputError("bad-json", f"two catalogues have {', '.join(sorted(twice))}")
            self._terms.update(terms)
        self._values: dict[str, list[str]] = {}
        for code in self._terms:
            vocabulary, _, value = code.rpartition(".")
            self._values.setdefault(vocabulary, []).append(value)

    def __contains__(self, code: object) -> bool:
        return code in self._terms

    @property
    def codes(self) -> tuple[str, ...]:
        """All codes."""
        return tuple(self._terms)

    def framework(self, name: str) -> Framework | None:
        """Return a framework by its name."""
        return self._frameworks.get(name)

    def label(self, code: str, language: Language) -> str:
        """Return the rendering of a code that is known to exist."""
        return _in(self._terms[code], language)

    def short(self, code: str, language: Language) -> str:
        """Return the abbreviation of a code, or its rendering where it has none."""
        term = self._terms[code]
        return term.short.get(language.value) or _in(term, language)

    def help(self, code: str, language: Language) -> str:
        """Return what helps to fill it in; "" where its rendering says all."""
        return self._terms[code].help.get(language.value, "")

    def sentence(self, code: str, language: Language, /, **values: object) -> str:
        """Return a sentence with its values; `n` chooses the form for one or for many."""
        term = self._terms[code]
        many = _in(term, language)
        form = term.one.get(language.value, many) if _is_one(values.get("n"), language) else many
        return form.format_map({name: str(value) for name, value in values.items()})

    def values(self, vocabulary: str) -> tuple[str, ...]:
        """Return the values of a vocabulary, in their order; () for one that is not known."""
        return tuple(self._values.get(vocabulary, ()))


def parse_terms(raw: bytes) -> dict[str, Term]:
    """Return the terms of a catalogue, a JSON object of codes.

    Raises:
        InputError: it is none, or something is missing in a language.
    """
    try:
        if len(raw) > _LARGEST:
            raise msgspec.ValidationError("it is too large")
        terms = msgspec.json.decode(raw, type=dict[str, Term])
    except msgspec.MsgspecError as error:
        raise InputError("bad-json", f"it is no catalogue of terms: {error}") from error
    languages = {language.value for language in Language}
    for code, term in terms.items():
        lacks = [each for each in languages if not getattr(term, each).strip()]
        lacks += [
            each for table in (term.short, term.help) if table for each in languages ^ table.keys()
        ]
        if lacks:
            raise InputError("bad-json", f"{code} is not whole in {', '.join(sorted(lacks))}")
    return terms


def _in(term: Term, language: Language) -> str:
    return cast("str", getattr(term, language.value))


def _is_one(n: object, language: Language) -> bool:
    """Say whether the form for one is used: French counts zero with it."""
    return n == 1 or (n == 0 and language is Language.FRENCH)
