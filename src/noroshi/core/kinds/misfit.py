"""What does not fit a form, in people's words: of values that are read from JSON or TOML."""

import re
from collections.abc import Callable
from typing import Final

import msgspec

_TYPES: Final = {
    "str": "text", "int": "a whole number", "float": "a number", "array": "a list",
    "object": "a table of fields", "bool": "true or false", "null": "nothing",
}  # fmt: skip
_LIMITS: Final = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
_PATH: Final = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_RULES: Final[tuple[tuple[str, Callable[[str, re.Match[str]], str]], ...]] = (
    (
        r"Object missing required field `(?P<name>[^`]+)`",
        lambda path, found: f"{_within(path, found['name'])} is missing",
    ),
    (
        r"Object contains unknown field `(?P<name>[^`]+)`",
        lambda path, found: f"{path} has nothing called {found['name']}",
    ),
    (
        r"Expected `(?:str|array)` of length >= 1",
        lambda path, _: f"{path} is empty",
    ),
    (
        r"Expected `str` of length <= (?P<most>\d+)",
        lambda path, found: f"{path} has more than {int(found['most']):,} characters",
    ),
    (
        r"Expected `(?:int|float)` (?P<sign>[<>]=?) (?P<limit>[-.\d]+)",
        lambda path, found: (
            f"{path} must be {_LIMITS[found['sign']]} {found['limit'].removesuffix('.0')}"
        ),
    ),
    (
        r"Expected `str` matching regex .*",
        lambda path, _: f"{path} is not written as it must be",
    ),
    (
        r"Expected `(?P<wanted>[^`]+)`, got `(?P<given>[^`]+)`",
        lambda path, found: f"{path} must be {_type(found['wanted'])}, not {_type(found['given'])}",
    ),
    (
        r"Invalid enum value '?(?P<value>.*?)'?",
        lambda path, found: f"{path} cannot be {found['value']!r}",
    ),
)


def in_words(error: msgspec.ValidationError, root: str = "") -> str:
    """Return what does not fit, with the name of the field and without a programmer's words.

    `root` is what the whole value is called.
    """
    text = str(error)
    at = _PATH.search(text)
    inner = "" if at is None else re.sub(r"\[([0-9]+)\]", _counted, at["path"]).lstrip(".")
    path = f"{root}{'' if inner.startswith(' ') or not root else '.'}{inner}".strip(".") or "it"
    path = path.replace(".", ": ")
    said = text if at is None else text[: at.start()]
    for pattern, words in _RULES:
        found = re.fullmatch(pattern, said)
        if found is not None:
            return words(path, found)
    return f"{path}: {said.replace('`', '')}"


def _counted(index: re.Match[str]) -> str:
    """Return which of a list it is, as people count."""
    return f" {int(index[1]) + 1}"


def _within(path: str, name: str) -> str:
    return name if path == "it" else f"{path}: {name}"


def _type(names: str) -> str:
    words = [_TYPES.get(name.strip(), name.strip()) for name in names.split("|")]
    if "a number" in words and "a whole number" in words:
        words.remove("a whole number")
    return " or ".join(word for word in words if word != "nothing" or len(words) == 1)
