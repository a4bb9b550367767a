"""A form as plain text: for print, for mail, and for who compares two of them."""

from collections.abc import Iterable

from noroshi.core.kinds.reading import Row
from noroshi.core.lexicon import figures
from noroshi.core.lexicon.lexicon import Language

_BAR = "| "


def plain(rows: Iterable[Row], language: Language) -> str:
    r"""Return rows as lines; the writer's own words stand behind a bar, below their label.

    >>> rows = [Row("Secteur", ("Énergie",)), Row("Texte", ("One.",), is_verbatim=True)]
    >>> plain(rows, Language.FRENCH)
    'Secteur\xa0: Énergie\nTexte\n| One.\n'
    """
    lines: list[str] = []
    for row in rows:
        if row.is_verbatim:
            lines.append(row.label)
            lines += [_BAR + line for value in row.values for line in value.split("\n")]
        else:
            lines.append(row.label + figures.colon(language) + "; ".join(row.values))
    return "".join(f"{line}\n" for line in lines)
