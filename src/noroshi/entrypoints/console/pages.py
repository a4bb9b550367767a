"""The pages of the console: templates, and the words that they say in the reader's language."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final, cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from noroshi.adapters.clock import local_zone
from noroshi.adapters.words import shipped_lexicon
from noroshi.core.instant import from_text
from noroshi.core.kinds.reading import Reader
from noroshi.core.lexicon import figures
from noroshi.core.lexicon.lexicon import Language
from noroshi.core.sheet.visible import visible

NAMES: Final = {
    Language.JAPANESE: "日本語",
    Language.ENGLISH: "English",
    Language.FRENCH: "Français",
    Language.KOREAN: "한국어",
    Language.INDONESIAN: "Bahasa Indonesia",
}
"""Each language in itself."""


@cache
def templates() -> Environment:
    """Return the templates; all that they put in is escaped."""
    made = Environment(
        loader=PackageLoader("noroshi.entrypoints.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = cast("dict[str, Callable[[object], str]]", made.filters)  # untyped by its library
    filters["visible"] = _visible
    return made


def _visible(text: object) -> str:
    return visible(str(text), lines=True)


def reader_of(language: Language) -> Reader:
    """Return who reads a page in a language."""
    return Reader(shipped_lexicon(), language, local_zone())


def page(
    name: str, reader: Reader, values: Mapping[str, object], status: int = 200
) -> HTMLResponse:
    """Return a page in the reader's language."""

    def say(code: str, **told: object) -> str:
        return reader.lexicon.sentence(code, reader.language, **told)

    def short(code: str) -> str:
        return reader.lexicon.short(code, reader.language)

    def moment(text: object) -> str:
        return "" if text is None else figures.moment(from_text(str(text)), reader.zone)

    made = templates().get_template(name)
    html = made.render(
        language=reader.language,
        names=NAMES,
        say=say,
        short=short,
        moment=moment,
        markup=Markup,
        **values,
    )
    return HTMLResponse(html, status)
