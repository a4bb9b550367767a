"""Names that people cannot tell apart, whatever letters they are written with.

    >>> are_alike("Lt Sato", "LT  SATÓ"), are_alike("NATO", "N\u0410TO")  # a Cyrillic letter
    (True, True)
    >>> are_alike("Lt Sato", "Lt Saito")
    False

Two names are alike where nothing but case, marks over Latin, Greek or Cyrillic letters, blanks,
punctuation (but between digits) or the script of letters of one shape tells them apart. The table
holds the letters of scripts that somebody can type and that look like Latin ones in common
typefaces; it is no proof that two other names look different. Marks of other scripts count: in
kana they are letters.
"""

# ruff: noqa: RUF001 - that these letters are mistaken for others is what the table is about.

import re
import unicodedata
from functools import lru_cache
from typing import Final

_LOOK: Final = (
    # Latin without a decomposition, and small capitals
    ("ıɩɪɡɑøłđħŧᴀʙᴄᴅᴇɢʜᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "iiigaoldhtabcdeghjklmnoprstuvwyz"),
    ("ØŁĐĦŦ", "OLDHT"),
    # Cyrillic
    ("авегкмнопрстухіјѕһԁԛԝӏѵьүԍ", "aberkmhonpctyxijshdqwlvbyg"),
    ("АВЕКМНОРСТУХІЈЅҺԀԚԜӀѴҮԌ", "ABEKMHOPCTYXIJSHDQWIVYG"),
    # Greek
    ("αβγεηικνορτυχωϲϳ", "abyenikvoptuxwcj"),
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹͿ", "ABEZHIKMNOPTYXCJ"),
    # Armenian, Cherokee, Lisu
    ("օոսհցզՕՍՏԼ", "onuhgqOUSL"),
    ("ᎪᏴᏟᎠᎬᏀᎻᎫᏦᏞᎷᏢᎡᏚᎢᏙᎳᏃ", "ABCDEGHJKLMPRSTVWZ"),
    ("ꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓢꓔꓴꓦꓪꓫꓬꓜ", "ABCDEFGHIJKLMNOPSTUVWXYZ"),
)
_LATIN: Final = str.maketrans(
    {like: letter for one, two in _LOOK for like, letter in zip(one, two, strict=True)}
)
_ONE_STROKE: Final = str.maketrans({"I": "l", "1": "l", "0": "o", "m": "rn"})
"""What many typefaces draw alike; `m` after the others, as it is written longer."""
_BETWEEN_DIGITS: Final = re.compile(r"(?<=\d)[\W_]+(?=\d)")
_PARTED: Final = "\0"
"""What parts digits; no name has it, for it is not printable."""
_SHAPELESS: Final = ("VARIATION SELECTOR", "COMBINING GRAPHEME JOINER")
_UNSEEN: Final = str.maketrans("", "", "\N{HANGUL CHOSEONG FILLER}\N{HANGUL JUNGSEONG FILLER}")
"""Letters that show nothing."""
_MARKED: Final = ("LATIN", "GREEK", "CYRILLIC")


def are_alike(one: str, other: str) -> bool:
    """Say whether people may take one name for the other."""
    return not _looks(one).isdisjoint(_looks(other))


def looks_latin(letter: str) -> bool:
    """Say whether a letter has the shape of a plain Latin one, and is none."""
    return ord(letter) in _LATIN


@lru_cache(maxsize=1024)
def _looks(name: str) -> frozenset[str]:
    """Return what a name looks like as it is written, and in small letters."""
    return frozenset(_shape(each) or name for each in (name, name.casefold()))


def _shape(name: str) -> str:
    """Return a name in the Latin letters that it looks like, without marks and blanks."""
    parted = _BETWEEN_DIGITS.sub(_PARTED, _bare(name))
    shape = parted.translate(_UNSEEN).translate(_LATIN).translate(_ONE_STROKE).casefold()
    return "".join(each for each in shape if each.isalnum() or each == _PARTED or _is_mark(each))


def _bare(name: str) -> str:
    """Return a name without the marks over letters of the scripts where they are mere marks."""
    kept: list[str] = []
    is_bare = True
    for character in unicodedata.normalize("NFKD", name):
        called = unicodedata.name(character, "")
        if not _is_mark(character):
            is_bare = called.startswith(_MARKED)
        elif is_bare or called.startswith(_SHAPELESS):
            continue
        kept.append(character)
    return "".join(kept)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")
