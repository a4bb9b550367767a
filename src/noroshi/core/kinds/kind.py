"""A kind of report, and all that there are."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import cast

import msgspec

from noroshi.core import kinds
from noroshi.core.kinds.form import Field, Form, fields_of


class Quantity(msgspec.Struct, frozen=True):
    """How much of one thing is asked for, and what came of it."""

    capability: str
    unit: str = ""
    needed: float | None = None
    """None: so much as there is."""
    offered: float = 0
    committed: float = 0

    @property
    def open(self) -> float | None:
        """How much nobody has committed yet."""
        return None if self.needed is None else max(0, self.needed - self.committed)


LeftOpen = Callable[[Mapping[str, object], Sequence[Mapping[str, object]]], tuple[Quantity, ...]]
"""From the fields of a request, and those of what refers to it in the same form."""


class Kind(msgspec.Struct, frozen=True):
    """A kind of report."""

    name: str
    """As it travels, such as cyber-incident."""
    title: str
    """Its code in the lexicon."""
    form: type[Form]
    left_open: LeftOpen | None = None
    """What a request of that kind leaves open, beside the answers to it; None: it asks for no
    quantities."""
    categories: tuple[str, ...] = ()
    """Of an alert in CAP 1.2; none: a report of that kind is no alert."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields of its form, in their order."""
        return fields_of(self.form)

    @property
    def folder(self) -> str:
        """Where its words and its example lie, as a package."""
        return self.form.__module__


@cache
def all_kinds() -> dict[str, Kind]:
    """Return all kinds that this release knows, by name."""
    names = [module.name for module in pkgutil.iter_modules(kinds.__path__) if module.ispkg]
    folders = [importlib.import_module(f"{kinds.__name__}.{name}") for name in sorted(names)]
    found = [cast("Kind", folder.KIND) for folder in folders]
    return {kind.name: kind for kind in found}
