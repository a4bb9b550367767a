"""The tables of machines and collections; :mod:`noroshi.flow.machines` has the rules."""

from typing import Protocol

import msgspec

from noroshi.core.machine import Machine


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

    def collections(self) -> list[Collection]:
        """Return all collections, the oldest first."""
        ...

    def collection(self, name: str) -> Collection | None:
        """Return a collection by its alias or its id."""
        ...

    def add_collection(self, alias: str, name: str, title: str, description: str) -> Collection:
        """Add a collection; `name` is its id."""
        ...
