"""Random reports of every kind: forms as they should be, half filled, wrong, of newer releases.

Fast, for a hundred thousand of them: one generator, one seed. What property tests draw and make
smaller where they fail is in tests/unit/core/exchange/drawn_forms.py.
"""

import random
import uuid
from collections.abc import Callable
from typing import Any, Final

from endure.drawing import Draw
from noroshi.adapters.words import shipped_lexicon
from noroshi.core.errors import InputError
from noroshi.core.exchange.stix_report import Report
from noroshi.core.instant import LATEST
from noroshi.core.kinds.form import Field, FieldType
from noroshi.core.kinds.kind import Kind, all_kinds
from noroshi.core.marking.label import Marking

KINDS: Final = tuple(all_kinds().values())
_LEXICON: Final = shipped_lexicon()
_WORDS: Final = (
    "Water", "短距離", "탄도", "l’eau", "", " ", " a ", "a\r\nb", "a\nb", "\x00", "\x1f\x7f\x85",
    "\u2028", "\u202e", "\ufeff", "\uffff", "\U0010ffff", "e\u0301" * 30, "<&>]]>",
    "\\u0041", "'", '"',
    "T1566.001", "T0019@1.3", "CVE-2026-0001", "report--x/name", "en", "ja-JP", "und", "null", "-0",
    "https://example.org/1", "http://example.org/?a=b&c", "ftp://no", "x" * 400, "192.0.2.44",
    "2026-11-21T06:12:00Z", "2026-11-21T06:12:00.5Z", "2026-02-31T00:00:00Z", "srbm", "B2",
)  # fmt: skip
_NUMBERS: Final = (
    0, 1, -1, 100, 101, 90, 180, -90.0, 1.5, 0.1, 1e-7, 1e300, 2**63, -(2**70), True, False
)  # fmt: skip
_NAMES: Final = ("x_new", "", "*", "noroshi", "a b", "名", "description", "updates", "portions")
_HASHES: Final = ("file:hashes.SHA-256", "file:hashes.MD5", "file:name", "mutex:name", "misp:btc")
_KEPT: Final = 0.85
"""Of a form's fields that are there, of values that are as they should be."""


class FormDraw:
    """Random reports."""

    def __init__(self, seed: int) -> None:
        """Begin; the same seed draws the same reports."""
        self._draw = random.Random(seed)
        self._markings = Draw(seed)
        self._by_type: dict[FieldType, Callable[[], Any]] = {
            FieldType.TIME: self._time,
            FieldType.NUMBER: self._number,
            FieldType.GRADE: lambda: self._one("A1", "B2", "F6"),
            FieldType.WINDOW: self._window,
            FieldType.PLACE: self._place,
            FieldType.INDICATOR: self._indicator,
            FieldType.EVIDENCE: self._evidence,
            FieldType.NEED: self._need,
            FieldType.ORIGINAL: self._original,
        }

    def report(self) -> Report:
        """Return a report of some kind, known or not."""
        kind = self._one(*KINDS)
        is_known = self._draw.random() < 0.97
        return Report(
            id=str(uuid.UUID(int=self._draw.getrandbits(128), version=4)),
            kind=kind.name if is_known else "volcano-event",
            subject=self._word(),
            created_at=self._draw.randrange(LATEST),
            sender=self._one("jp", "nato", "au"),
            desk=self._one("cyber", "ops"),
            marking=self._marking(),
            status=self._one("actual", "exercise", "test"),
            precedence=self._one("flash", "immediate", "priority", "routine", "deferred"),
            references=tuple(self._many(lambda: str(uuid.UUID(int=self._draw.getrandbits(128))))),
            fields=self._form(kind),
        )

    def _form(self, kind: Kind) -> dict[str, Any]:
        share = self._one(0.1, 0.5, 0.9)
        fields = [each for each in kind.fields if self._draw.random() < share]
        self._draw.shuffle(fields)
        found = {each.name: self._value(each) for each in fields}
        if self._draw.random() < 0.2:
            found[self._one(*_NAMES)] = self._anything()
        return found

    def _value(self, field: Field) -> Any:
        if self._draw.random() > _KEPT:
            return self._anything()
        draw = self._by_type.get(field.type, self._word)
        if field.type is FieldType.CODE:
            values = (*_LEXICON.values(field.says.vocabulary), "newer-code")
            return self._many(lambda: self._one(*values)) if field.is_many else self._one(*values)
        return self._many(draw) if field.is_many else draw()

    def _one(self, *choices: Any) -> Any:
        return self._draw.choice(choices)

    def _many(self, draw: Callable[[], Any]) -> list[Any]:
        return [draw() for _ in range(self._draw.randrange(4))]

    def _word(self) -> str:
        if self._draw.random() < 0.3:
            return "".join(chr(self._draw.choice((0x20, 0x61, 0x3042, 0x1F525))) for _ in range(9))
        return str(self._one(*_WORDS))

    def _number(self) -> Any:
        if self._draw.random() < 0.5:
            return self._one(*_NUMBERS)
        return self._one(self._draw.randrange(-200, 200), self._draw.uniform(-200, 200))

    def _time(self) -> str:
        if self._draw.random() < 0.2:
            return self._word()
        draw = self._draw.randrange
        parts = (draw(1960, 2100), draw(1, 13), draw(1, 32), draw(24), draw(60), draw(60))
        zone = self._one("Z", "Z", "Z", ".5Z", ".123456Z", "+09:00", "")
        return "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}".format(*parts, zone)

    def _some(self, **draws: Callable[[], Any]) -> dict[str, Any]:
        found = {name: draw() for name, draw in draws.items() if self._draw.random() < 0.7}
        return found if self._draw.random() < 0.9 else {**found, "x_new": self._anything()}

    def _window(self) -> Any:
        return self._some(begins_at=self._time, ends_at=self._time)

    def _place(self) -> Any:
        if self._draw.random() < 0.2:
            return self._word()
        number = self._number
        return self._some(name=self._word, latitude=number, longitude=number, radius_km=number)

    def _indicator(self) -> Any:
        kinds = (*_HASHES, "ipv4-addr", "domain-name", "url")
        values = ("ab" * 32, "ab" * 16, "it's a \\ name", "192.0.2.44")
        return self._some(
            type=lambda: self._one(*kinds), value=lambda: self._one(*values, self._word()),
            note=self._word,
        )  # fmt: skip

    def _evidence(self) -> Any:
        word = self._word
        return self._some(
            url=word, archive=word, note=word, sha256=lambda: self._one("ab" * 32, word())
        )

    def _need(self) -> Any:
        return self._some(capability=self._word, quantity=self._number, unit=self._word)

    def _original(self) -> Any:
        return self._some(format=self._word, content=self._word, sha256=self._word)

    def _anything(self, depth: int = 0) -> Any:
        kind = self._draw.randrange(6 if depth < 4 else 4)
        if kind == 0:
            return None
        if kind == 1:
            return self._number()
        if kind < 4:
            return self._word()
        below = [self._anything(depth + 1) for _ in range(self._draw.randrange(3))]
        return below if kind == 4 else {self._one(*_NAMES, self._word()): each for each in below}

    def _marking(self) -> Marking:
        while True:
            try:
                return Marking.parse(self._markings.marking())
            except InputError:
                continue
