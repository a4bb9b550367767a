"""Numbers and quantities as people type them: exactly what was meant, or an error that says why.

A sheet groups thousands as its reader's language does, and what it shows may be typed back. What
two languages read differently, such as 20.000, is asked for again: no number is ever guessed.
"""

import re
import unicodedata
from typing import Final

from noroshi.core.errors import InputError
from noroshi.core.kinds.reading import Reader
from noroshi.core.lexicon import figures
from noroshi.core.lexicon.lexicon import Language

WIDE: Final = {
    **{0xFEE0 + ord(sign): ord(sign) for sign in "0123456789:.,+-/"},
    ord("\N{IDEOGRAPHIC SPACE}"): ord(" "),
    ord("\N{MINUS SIGN}"): ord("-"),
}
"""One character for one, so that what is found in the one stands at the same place in the other."""

_SPACES: Final = " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}"
_EXPONENT: Final = r"(?:[eE][-+]?[0-9]{{1,3}})?"
_PLAIN: Final = rf"[-+]?(?:[0-9]+(?:{{point}}[0-9]*)?|{{point}}[0-9]+){_EXPONENT}"
_GROUPED: Final = (
    rf"[-+]?[1-9][0-9]{{{{0,2}}}}(?:{{group}}[0-9]{{{{3}}}})+(?:{{point}}[0-9]+)?{_EXPONENT}"
)
_NUMERIC: Final = frozenset({"Nd", "No", "Nl"})
_SIGNS: Final = "+-.,±"
_GROUP: Final = 3
_EXACT: Final = 2**53
_COLON: Final = re.compile(r"\s*:\s*")


def narrow(text: str) -> str:
    """Return `text` with the digits and signs of East Asian keyboards as plain ones."""
    return text.translate(WIDE)


def read_number(text: str, writer: Reader, unit: str = "") -> int | float:
    """Return the number that `text` says, as one writes it in the writer's language.

    `unit` is that of the field, a code of the lexicon or a sign; it may stand behind.

    Raises:
        InputError: it says none, one that can be read in two ways, or one in another unit.
    """
    found, rest = _leading(narrow(text).strip(), writer.language)
    if found is None:
        msg = f"{text!r} is no number; write digits alone, such as 1234.5"
        raise InputError("bad-form", msg)
    if rest and rest.casefold() not in _names(unit, writer):
        said = f" in {_short(unit, writer)}" if unit else ""
        msg = f"{text!r} is more than a number; write the number alone{said}, such as 1234.5"
        raise InputError("bad-form", msg)
    return found


def read_need(text: str, writer: Reader) -> dict[str, object]:
    """Return the capability, quantity and unit in `text`, and how much is still open.

    Raises:
        InputError: what follows the colon begins like a quantity and is none.
    """
    plain, need = narrow(text), dict[str, object]()
    label = writer.lexicon.label("rl.open", writer.language)
    still_open = re.fullmatch(rf"(.+) \({re.escape(narrow(label))}:\s*([^()]+)\)", plain)
    end = still_open.end(1) if still_open is not None else len(text)
    capability, quantity, unit = _amount(text[:end], writer)
    need["capability"] = capability
    if quantity is not None:
        need["quantity"] = quantity
    if still_open is not None:
        need["open"], other = _split(text[slice(*still_open.span(2))], writer)
        unit = unit or other
    return {**need, "unit": unit} if unit else need


def _amount(text: str, writer: Reader) -> tuple[str, int | float | None, str]:
    """Return the words before the last colon that a quantity follows, the quantity, its unit."""
    plain = narrow(text)
    for colon in reversed(list(_COLON.finditer(plain))):
        after = plain[colon.end() :]
        is_within = colon[0] == ":" and plain[: colon.start()][-1:].isdigit()  # 06:00
        if colon.start() and not is_within and after and _is_numeric(after[0]):
            quantity, unit = _split(text[colon.end() :], writer)
            if quantity <= 0:
                raise InputError("bad-form", f"{text!r}: a quantity is more than nothing")
            return text[: colon.start()].strip(), quantity, unit
    return text, None, ""


def _split(text: str, writer: Reader) -> tuple[int | float, str]:
    """Return the number at the beginning of `text`, and the unit behind it.

    Raises:
        InputError: it begins with none, or goes on with what is neither number nor unit.
    """
    found, rest = _leading(narrow(text).strip(), writer.language)
    unit = text.strip()[len(narrow(text).strip()) - len(rest) :] if rest else ""
    is_unit = not rest or rest[0].isalpha() or rest[0] in "%‰°"
    if found is None or not is_unit:
        msg = f"{text!r} is no quantity; write a number and its unit: Water: 20000 l"
        raise InputError("bad-form", msg)
    return found, unit


def _leading(text: str, language: Language) -> tuple[int | float | None, str]:
    """Return the number at the beginning of `text`, and what stands behind it.

    Raises:
        InputError: it can be read in two ways.
    """
    group, point = (re.escape(sign) for sign in figures.signs(language))
    if figures.signs(language)[0] in _SPACES:
        group = f"[{_SPACES}]"
    patterns = (
        _GROUPED.format(group=group, point=point),
        _PLAIN.format(point=point),
        _PLAIN.format(point=r"\."),
    )
    found = [match for pattern in patterns if (match := re.match(pattern, text))]
    best = max(found, key=lambda match: match.end(), default=None)
    if best is None:
        return None, text
    typed, rest = best[0], text[best.end() :].strip()
    if rest and (_is_numeric(rest[0]) or rest[0] in "'\N{RIGHT SINGLE QUOTATION MARK}/*^~_"):
        return None, text
    is_grouped = best.re.pattern == patterns[0]
    sign = figures.signs(language)[1]
    if not is_grouped:
        _check_fraction(typed, sign if sign in typed else ".", language)
    digits = re.sub(group, "", typed) if is_grouped else typed
    value = float(digits.replace(sign, ".") if is_grouped or sign in digits else digits)
    if value in {float("inf"), float("-inf")}:
        return None, text
    whole = re.fullmatch(r"[-+]?[0-9]+", digits)
    if whole:
        return int(digits), rest
    return (int(value) if value.is_integer() and abs(value) < _EXACT else value), rest


def _check_fraction(typed: str, sign: str, language: Language) -> None:
    """Return if nobody would take the fraction of `typed` for thousands.

    What a sheet shows is exempt: it writes no nought at the end of a fraction.
    """
    whole, _, fraction = typed.partition(sign)
    digits = whole.lstrip("+-")
    if len(fraction) != _GROUP or not fraction.isdigit() or not 0 < len(digits) <= _GROUP:
        return
    is_own = sign == figures.signs(language)[1]
    if digits.startswith("0") or (is_own and not fraction.endswith("0")):
        return
    msg = (
        f"{typed!r} can be read as {whole}{fraction} or as "
        f"{whole}.{fraction.rstrip('0') or '0'}; write one of these"
    )
    raise InputError("bad-form", msg)


def _is_numeric(letter: str) -> bool:
    return letter in _SIGNS or unicodedata.category(letter) in _NUMERIC


def _names(unit: str, writer: Reader) -> set[str]:
    """Return how the unit of a field may be written."""
    if unit not in writer.lexicon:
        return {unit} if unit else set()
    names = writer.lexicon.label(unit, writer.language), _short(unit, writer)
    return {name.casefold() for name in names}


def _short(unit: str, writer: Reader) -> str:
    return writer.lexicon.short(unit, writer.language) if unit in writer.lexicon else unit
