"""The tables of machines and collections; :mod:`noroshi.flow.machines` has the rules."""

from typing import Protocol

import msgspec

from noroshi.core.machine import Machine, ReportRule


class Collection(msgspec.Struct, frozen=True):
    """A place for objects that machines read and write."""

    number: int
    alias: str
    """What people call it."""
    id: str
    """A UUID, by which TAXII knows it."""
    title: str
    description: str


class MachineTable(Protocol):
    """Machines that have access, and collections."""

    def all(self) -> list[Machine]:
        """Return all machines by name, those that have ended too."""
        ...

    def get(self, name: str) -> Machine | None:
        """Return the machine of a name."""
        ...

    def of_token(self, digest: bytes) -> Machine | None:
        """Return the machine that a token, by its digest, opens for."""
        ...

    def put(self, machine: Machine) -> None:
        """Add a machine, or replace what is kept of it."""
        ...

    def rule(self, alias: str) -> ReportRule | None:
        """Return what becomes of what is handed over to a collection."""
        ...

    def rules(self) -> list[ReportRule]:
        """Return all rules, by the aliases of their collections."""
        ...

    def put_rule(self, rule: ReportRule) -> None:
        """Set the rule of a collection, or replace it."""
        ...

    def drop_rule(self, alias: str) -> None:
        """Remove the rule of a collection."""
        ...

    def collections(self) -> list[Collection]:
        """Return all collections, the oldest first."""
        ...

    def collection(self, name: str) -> Collection | None:
        """Return a collection by its alias or its id."""
        ...

    def add_collection(self, alias: str, name: str, title: str, description: str) -> Collection:
        """Add a collection; `name` is its id."""
        ...
