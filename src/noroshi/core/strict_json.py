"""JSON from strangers, read strictly: two readers cannot take it for two things.

No duplicate names, no NaN or Infinity, no lone surrogates, at most 64 levels deep.
"""

import json
import math
from collections import Counter
from typing import Final, NoReturn, cast

MAX_JSON_DEPTH: Final = 64
BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"


def parse_json(text: str) -> object:
    """Return the value of a strict JSON `text`.

    Raises:
        ValueError: it is no JSON, or JSON that two readers could take for two things.
    """
    try:
        value: object = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except RecursionError:
        msg = "it is nested too deeply"
        raise ValueError(msg) from None
    _check_tree(value)
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = dict(pairs)
    if len(names) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        msg = f"the name {twice[:40]!r} stands twice in one object"
        raise ValueError(msg)
    return names


def _refuse_constant(name: str) -> NoReturn:
    msg = f"{name} is no JSON number"
    raise ValueError(msg)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        msg = f"{text[:40]} is too large a number"
        raise ValueError(msg)
    return number


def _check_tree(value: object) -> None:
    """Raise ValueError for more than MAX_JSON_DEPTH levels or text that is no Unicode."""
    level: list[object] = [value]
    for _ in range(MAX_JSON_DEPTH):
        below: list[object] = []
        for item in level:
            if isinstance(item, str):
                _check_text(item)
            elif isinstance(item, dict):
                fields = cast("dict[str, object]", item)
                below.extend(fields)
                below.extend(fields.values())
            elif isinstance(item, list):
                below.extend(cast("list[object]", item))
        if not below:
            return
        level = below
    msg = f"it is nested deeper than {MAX_JSON_DEPTH} levels"
    raise ValueError(msg)


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        msg = "it holds half of a surrogate pair"
        raise ValueError(msg) from None
