"""Passphrases that others would guess first: too short, or made of what everybody takes.

    >>> is_guessable("Password-2026!"), is_guessable("qwertyuiop[]"), is_guessable("abcabcabcabc")
    (True, True, True)
    >>> is_guessable("correct horse battery")
    False
    >>> is_guessable("Jupiter Desk 7", ["jupiter"])
    True

What people choose most often is a few common words, the names around them, digits, runs of the
keyboard, and repetitions of these. All that is made of nothing else counts as guessable, so no
list of the most frequent ones has to be carried; which passphrases were breached is looked up
elsewhere. No sort of character is asked for.
"""

import unicodedata
from collections.abc import Iterable
from typing import Final

SHORTEST: Final = 12
"""Characters."""
_LEAST_OWN: Final = 4
"""Letters, digits and signs that stand in nothing of what everybody takes."""
_RUN: Final = 3
_BETWEEN: Final = " .,-_/'"
_LOOKS: Final = str.maketrans("01345789@$!|+", "oieasfbgasiit")
_ROWS: Final = (
    "1234567890-=", "!@#$%^&*()_+", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "qwertzuiopü",
    "azertyuiop", "1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "8ik,",
    "1q2w3e4r5t6y7u8i", "q1w2e3r4t5y6u7i8", "qazwsxedcrfvtgbyhnujm", "abcdefghijklmnopqrstuvwxyz",
)  # fmt: skip
_HOUSE: Final = (
    "noroshi", "hotline", "partner", "console", "desk", "watch", "officer", "duty", "drafter",
    "releaser", "auditor", "administrator", "journal", "report", "flash", "cyber", "secret",
    "nato", "classified", "restricted", "confidential",
)  # fmt: skip
"""Words of this program and its use."""
_COMMON: Final = (
    "password", "passphrase", "passwort", "passw", "pass", "word", "admin", "root", "user",
    "guest", "login", "logon", "welcome", "letmein", "open", "sesame", "changeme", "change",
    "default", "temp", "test", "demo", "master", "super", "system", "server", "network",
    "computer", "internet", "microsoft", "windows", "google", "facebook", "apple", "samsung",
    "iloveyou", "love", "you", "lover", "baby", "babygirl", "angel", "princess", "prince",
    "queen", "king", "dragon", "monkey", "shadow", "sunshine", "sun", "shine", "summer", "winter",
    "spring", "autumn", "football", "baseball", "basketball", "soccer", "hockey", "superman",
    "batman", "spiderman", "pokemon", "starwars", "star", "wars", "trustno", "trust", "freedom",
    "whatever", "hello", "world", "happy", "birthday", "flower", "butterfly", "chocolate",
    "cookie", "cheese", "pepper", "ginger", "tiger", "lion", "eagle", "horse", "mustang",
    "ferrari", "porsche", "mercedes", "yamaha", "honda", "michael", "jennifer", "jessica",
    "jordan", "daniel", "thomas", "robert", "charlie", "george", "michelle", "ashley", "nicole",
    "andrew", "matthew", "joshua", "amanda", "alexander", "william", "maria", "john", "david",
    "james", "mark", "anna", "family", "friend", "friends", "mother", "father", "jesus", "christ",
    "heaven", "blessed", "killer", "hunter", "ranger", "soldier", "military", "army", "navy",
    "marine", "airforce", "police", "security", "secure", "private", "public", "january",
    "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
    "sunday", "tokyo", "london", "paris", "berlin", "seoul", "jakarta", "america", "japan",
    "france", "korea", "indonesia", "germany", "england", "canada", "australia", "qwerty",
    "azerty", "asdf", "abc", "one", "two", "three", "four", "five", "six", "seven", "eight",
    "nine", "ten", "the", "and", "for", "ever", "forever", "my", "is", "me", "in", "it", "am",
    "to", "not", "new", "big", "little", "red", "blue", "green", "black", "white", "purple",
    "orange", "silver", "gold", "golden", "money", "lucky", "magic", "cool", "sexy", "hot", "cat",
    "dog", "kitty", "puppy", "bear", "bird", "fish", "game", "gamer", "player", "music", "guitar",
    "rock", "metal", "phone",
)  # fmt: skip


def is_guessable(passphrase: str, near: Iterable[str] = ()) -> bool:
    """Say whether a passphrase is made of what everybody takes; `near`: names around the person."""
    plain = unicodedata.normalize("NFKC", passphrase).casefold()
    names = [part for each in near for part in _parts(each)]
    words = {*_COMMON, *_HOUSE, *(name for name in names if len(name) > 1)}
    return _own(plain, sorted(words, key=len, reverse=True)) < _LEAST_OWN


def _parts(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c if c.isalnum() else " " for c in plain).split()


def _own(text: str, words: list[str]) -> int:
    """Return how many characters stand in nothing of what everybody takes."""
    looks, own, at, before = text.translate(_LOOKS), 0, 0, ""
    while at < len(text):
        taken = _repeated(text, at, before) or _word(text, looks, at, words) or _run(text, at)
        if taken:
            before = text[at : at + taken]
            at += taken
            continue
        is_own = text[at] not in _BETWEEN + text[:at] and not text[at].isdecimal()
        own += is_own
        at += 1
    return own


def _word(text: str, looks: str, at: int, words: list[str]) -> int:
    found = (w for w in words if text.startswith(w, at) or looks.startswith(w, at))
    return len(next(found, ""))


def _repeated(text: str, at: int, before: str) -> int:
    """Return how long what follows is the same as what came before it."""
    if before and text.startswith(before, at):
        return len(before)
    sizes = range((len(text) - at) // 2, 0, -1)
    is_same = (n for n in sizes if at >= n and text[at : at + n] == text[at - n : at])
    return next(is_same, 0)


def _run(text: str, at: int) -> int:
    """Return how far a run of the alphabet or the keyboard goes, either way."""
    rows = (row for line in _ROWS for row in (line, line[::-1]) if text[at] in row)
    longest = max((_shared(text[at:], row[row.index(text[at]) :]) for row in rows), default=0)
    return longest if longest >= _RUN else 0


def _shared(one: str, other: str) -> int:
    """Return how long two texts are the same from their beginnings."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))
