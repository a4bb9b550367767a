"""Words in reports: how they are indexed, and what somebody asks for.

    遮断 FortiOS          all of these must be in the report
    "lateral movement"   these, one after the other
    -exercise            not this
    from:jp kind:cyber-incident desk:ops after:2026-01-01 before:2026-02-01

Chinese, Japanese and Korean stand without spaces, or with endings: of them every two neighbours are
a term, so that a word of two characters is found wherever it stands. The last of a run is one by
itself, and a single character asked for is the beginning of a term. All else is words, compared
without differences of width and case. Indicators that people wrote so that nobody clicks on them
(hxxp, [.]) are the same as the others.
"""

import re
import unicodedata
from datetime import date
from typing import Final

import msgspec

from noroshi.core.errors import InputError
from noroshi.core.instant import DAY, Instant, from_day

LONGEST_QUERY: Final = 500
"""Characters."""
MOST_INDEXED: Final = 1024 * 1024
"""Characters of one report; the beginning is looked through."""
_UNBROKEN: Final = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN: Final = re.compile(rf"[{_UNBROKEN}]+|[^\W_{_UNBROKEN}]+")
_IS_UNBROKEN: Final = re.compile(rf"[{_UNBROKEN}]")
_DEFANGED: Final = (
    (re.compile(r"\bhxxp(s?)\b", re.IGNORECASE), r"http\1"),
    (re.compile(r"[\[({](?:\.|dot)[\])}]", re.IGNORECASE), "."),
    (re.compile(r"[\[({](?:@|at)[\])}]", re.IGNORECASE), "@"),
    (re.compile(r"\[:(//)?\]"), r":\1"),
)
_ASKED: Final = re.compile(
    r'(?P<not>-)?(?:(?P<name>[a-z]+):)?(?:"(?P<phrase>[^"]*)"|(?P<word>\S+))'
)
_NAMES: Final = ("from", "kind", "desk", "after", "before")


class Phrase(msgspec.Struct, frozen=True):
    """Terms that stand one after the other."""

    terms: tuple[str, ...]
    is_beginning: bool = False
    """The only term is the beginning of one."""


class Wanted(msgspec.Struct, frozen=True):
    """What somebody asks for."""

    phrases: tuple[Phrase, ...]
    without: tuple[Phrase, ...] = ()
    sender: str | None = None
    kind: str | None = None
    desk: str | None = None
    after: Instant | None = None
    before: Instant | None = None
    """The beginning of the day that counts no more."""


def terms_of(text: str) -> list[str]:
    """Return the terms of a text, in order.

    >>> terms_of("端末から C2へ hxxp://a[.]example")
    ['端末', '末か', 'から', 'ら', 'c2', 'へ', 'http', 'a', 'example']
    """
    found: list[str] = []
    for run in _RUN.findall(_plain(text[:MOST_INDEXED])):
        if _IS_UNBROKEN.match(run):
            found += [run[at : at + 2] for at in range(len(run))]
        else:
            found.append(run)
    return found


def read_query(text: str) -> Wanted:
    """Return what a query asks for.

    Raises:
        InputError: it asks for nothing, or in a way that is not known.
    """
    if len(text) > LONGEST_QUERY:
        raise InputError("bad-input", f"a query has at most {LONGEST_QUERY} characters")
    text = _whole(text)
    phrases: list[Phrase] = []
    without: list[Phrase] = []
    told: dict[str, str] = {}
    for asked in _ASKED.finditer(text):
        word = asked["word"] if asked["phrase"] is None else asked["phrase"]
        name = asked["name"]
        if name in _NAMES and not asked["not"]:
            if told.setdefault(name, word) != word:
                raise InputError("bad-input", f"{name}: stands twice; ask for one")
            continue
        whole = word if name is None else f"{name}:{word}"
        (without if asked["not"] else phrases).extend(_phrases(whole))
    if not phrases and (without or not told):
        msg = (
            'say what to look for: words, "words in a row", -not this, from:, kind:, desk:, '
            "after:, before:"
        )
        raise InputError("bad-input", msg)
    before = _day(told, "before")
    return Wanted(
        tuple(phrases),
        tuple(without),
        told.get("from"),
        told.get("kind"),
        told.get("desk"),
        _day(told, "after"),
        before,
    )


def expression_of(wanted: Wanted) -> str | None:
    """Return a query as SQLite's full-text search asks for it; None: it names no words."""
    if not wanted.phrases:
        return None
    asked = " AND ".join(map(_quoted, wanted.phrases))
    return " NOT ".join([f"({asked})", *map(_quoted, wanted.without)])


def excerpt(text: str, wanted: Wanted, size: int = 120) -> str:
    """Return a place in a text that a query found, in one line; its beginning if none is seen."""
    flat = " ".join(unicodedata.normalize("NFKC", _whole(text)).split())
    low = flat.casefold()
    if len(low) != len(flat):
        low = flat.lower() if len(flat.lower()) == len(flat) else flat
    first = len(low)
    for phrase in wanted.phrases:
        at = low.find(phrase.terms[0])
        first = min(first, at if at >= 0 else first)
    begin = 0 if first == len(low) else max(0, first - size // 3)
    cut = flat[begin : begin + size]
    return f"{'…' * (begin > 0)}{cut}{'…' * (begin + size < len(flat))}"


def _whole(text: str) -> str:
    """Return a text that can be encoded: halves of surrogate pairs, which mean nothing, are not."""
    return text.encode(errors="replace").decode()


def _plain(text: str) -> str:
    told = unicodedata.normalize("NFKC", text)
    for pattern, by in _DEFANGED:
        told = pattern.sub(by, told)
    return told.casefold()


def _phrases(text: str) -> list[Phrase]:
    """Return the phrase of a word as somebody asks for it; none: it has no letter and no digit."""
    terms: list[str] = []
    is_beginning = False
    for run in _RUN.findall(_plain(text)):
        if not _IS_UNBROKEN.match(run):
            terms.append(run)
        elif len(run) == 1:
            terms.append(run)
            is_beginning = True
        else:
            terms += [run[at : at + 2] for at in range(len(run) - 1)]
    if not terms:
        return []
    if is_beginning and len(terms) > 1:  # the parts are looked for each by itself
        return [Phrase((each,), bool(_IS_UNBROKEN.fullmatch(each))) for each in terms]
    if _mixes(text):
        return [Phrase(tuple(terms[:1])), *(Phrase((each,)) for each in terms[1:])]
    return [Phrase(tuple(terms), is_beginning)]


def _mixes(text: str) -> bool:
    """Say whether scripts with and without spaces stand beside each other.

    The last of a run is a term of its own in the index, so they are in no row there.
    """
    runs = [bool(_IS_UNBROKEN.match(run)) for run in _RUN.findall(_plain(text))]
    return any(runs[:-1])


def _quoted(phrase: Phrase) -> str:
    told = f'"{" ".join(phrase.terms)}"'
    return f"{told} *" if phrase.is_beginning else told


def _day(told: dict[str, str], name: str) -> Instant | None:
    if name not in told:
        return None
    try:
        found = from_day(date.fromisoformat(told[name]))
    except ValueError:
        found = -DAY
    if found < 0:
        raise InputError("bad-input", f"{name}: wants a day as 2026-01-31, not {told[name]!r}")
    return found
