"""Text that came from elsewhere, so that nothing in it can hide, deceive or rewrite a screen.

Controls, marks of direction and letters that show nothing appear as their code points. In a word
of Latin letters, letters of another script that look like Latin ones have theirs beside them; of a
pile of marks over one letter the first few are drawn and the others counted.
"""

import re
import unicodedata
from typing import Final

from noroshi.core.likeness import looks_latin

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_UNSEEN: Final = frozenset(
    "\N{COMBINING GRAPHEME JOINER}\N{HANGUL CHOSEONG FILLER}\N{HANGUL JUNGSEONG FILLER}"
    "\N{HANGUL FILLER}\N{HALFWIDTH HANGUL FILLER}\N{BRAILLE PATTERN BLANK}"
    "\N{KHMER VOWEL INHERENT AQ}\N{KHMER VOWEL INHERENT AA}"
)
"""Letters and marks that count as printable and show nothing."""
_MOST_MARKS: Final = 4
"""Over one letter; living languages need three."""
_PILE: Final = re.compile(r"(?:(?!\w)[^\x00-\u02ff]){5,}")
_WORD: Final = re.compile(r"[^\W\d_]+")


def visible(text: str, *, lines: bool = False) -> str:
    """Return `text` with everything that a screen would obey, hide or confuse made visible.

    `lines`: ends of lines and tabs stay.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = _WORD.sub(_unmixed, _PILE.sub(_lowered, text))
    return "".join(each if _is_seen(each, lines=lines) else _named(each) for each in shown)


def _is_seen(character: str, *, lines: bool) -> bool:
    if lines and character in "\n\t":
        return True
    if character in _UNSEEN:
        return False
    return character.isprintable() or unicodedata.category(character) not in _HIDDEN


def _named(character: str) -> str:
    return _quoted(f"U+{ord(character):04X}")


def _quoted(text: str) -> str:
    """Return a text that is ours, not the writer's."""
    return (
        f"\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}{text}"
        "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
    )


def _lowered(pile: re.Match[str]) -> str:
    """Return a pile of marks with the first few, and how many more there are."""
    kept: list[str] = []
    height = 0
    for each in pile[0]:
        height = height + 1 if unicodedata.category(each).startswith("M") else 0
        if height <= _MOST_MARKS:
            kept.append(each)
    left_out = len(pile[0]) - len(kept)
    return "".join(kept) + (_quoted(f"+{left_out}") if left_out else "")


def _unmixed(word: re.Match[str]) -> str:
    """Return a word with the code points of letters that only look like its others."""
    if word[0].isascii() or not any(map(_is_latin, word[0])):
        return word[0]
    return "".join(
        each + _named(each) if looks_latin(each) and not _is_latin(each) else each
        for each in word[0]
    )


def _is_latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("LATIN")
