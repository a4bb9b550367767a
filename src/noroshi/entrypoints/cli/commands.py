"""Which module holds which command: only the one that was asked for is loaded."""

import importlib
from collections.abc import Iterator, MutableMapping
from typing import Final

import click

MODULES: Final = {
    "node": ("init", "serve", "doctor", "clock", "demo"),
    "console": ("console",),
    "agreements": ("agreement",),
    "accounts": ("account",),
    "exports": ("export", "import"),
    "labels": ("label",),
    "releases": ("release",),
    "revocations": ("partner", "quarantine"),
    "custody": ("root",),
    "reports": ("send", "inbox", "sent", "reply", "cancel", "status", "wait"),
    "reading": ("show", "ack", "decline", "actioned"),
    "retention": ("retention", "areas"),
    "kinds": ("kinds",),
    "compose": ("new", "update", "answer", "offer", "commit"),
    "statements": ("statement", "translate"),
    "onward": ("tearline", "pass-on", "consent"),
    "journal": ("journal", "verify"),
    "watch": ("watch", "alarms"),
    "lines": ("lines",),
    "desks": ("desk", "assign"),
    "courier": ("courier",),
    "machines": ("access", "collections"),
    "feeds": ("feeds", "pull"),
    "interests": ("interests",),
    "search": ("search",),
    "backup": ("backup", "restore", "held"),
    "simulation": ("simulate",),
}
"""The names in each module's COMMANDS. A group to which several modules add is held by the last."""
_MODULE_OF: Final = {name: module for module, names in MODULES.items() for name in names}


class Commands(MutableMapping[str, click.Command]):
    """The commands by their names. One is loaded when it is looked up, not when it is listed."""

    def __init__(self) -> None:
        """Have loaded none."""
        self._loaded: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._loaded:
            module = importlib.import_module(f"noroshi.entrypoints.cli.{_MODULE_OF[name]}")
            self._loaded.update(zip(MODULES[_MODULE_OF[name]], module.COMMANDS, strict=True))
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in _MODULE_OF or name in self._loaded

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**_MODULE_OF, **self._loaded})

    def __len__(self) -> int:
        return len({**_MODULE_OF, **self._loaded})
