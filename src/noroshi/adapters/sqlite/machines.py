"""Machines and collections (:class:`noroshi.flow.machine_tables.MachineTable`)."""

from typing import Final

import msgspec

from noroshi.adapters.sqlite.connection import Database, Row
from noroshi.adapters.sqlite.rows import blob, integer, optional_integer, text
from noroshi.core.machine import Machine, ReportRule, Right
from noroshi.core.marking.label import Marking
from noroshi.flow.machine_tables import Collection

_MACHINE: Final = "SELECT name, partner, ceiling, rights, added_at, added_by, ended_at FROM machine"
_COLLECTION: Final = "SELECT number, alias, id, title, description FROM collection"


class SqliteMachines:
    """Machines that have access, and collections."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def all(self) -> list[Machine]:
        """Return all machines by name, those that have ended too."""
        return [self._machine(row) for row in list(self._db.rows(f"{_MACHINE} ORDER BY name"))]

    def get(self, name: str) -> Machine | None:
        """Return the machine of a name."""
        row = self._db.row(f"{_MACHINE} WHERE name = ?", (name,))
        return None if row is None else self._machine(row)

    def of_token(self, digest: bytes) -> Machine | None:
        """Return the machine that a token, by its digest, opens for."""
        name = self._db.value("SELECT machine FROM machine_token WHERE digest = ?", (digest,))
        return None if name is None else self.get(text(name))

    def put(self, machine: Machine) -> None:
        """Add a machine, or replace what is kept of it."""
        self._db.run(
            "INSERT OR REPLACE INTO machine"
            " (name, partner, ceiling, rights, added_at, added_by, ended_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                machine.name,
                machine.partner,
                str(machine.ceiling),
                msgspec.json.encode(machine.rights).decode(),
                machine.added_at,
                machine.added_by,
                machine.ended_at,
            ),
        )
        self._db.run("DELETE FROM machine_token WHERE machine = ?", (machine.name,))
        self._db.run_many(
            "INSERT INTO machine_token (digest, machine) VALUES (?, ?)",
            [(token, machine.name) for token in machine.tokens],
        )

    def rule(self, alias: str) -> ReportRule | None:
        """Return what becomes of what is handed over to a collection."""
        told = self._db.value("SELECT told FROM report_rule WHERE collection = ?", (alias,))
        return None if told is None else _rule(text(told))

    def rules(self) -> list[ReportRule]:
        """Return all rules, by the aliases of their collections."""
        rows = self._db.rows("SELECT told FROM report_rule ORDER BY collection")
        return [_rule(text(told)) for (told,) in rows]

    def put_rule(self, rule: ReportRule) -> None:
        """Set the rule of a collection, or replace it."""
        self._db.run(
            "INSERT OR REPLACE INTO report_rule (collection, told) VALUES (?, ?)",
            (rule.collection, msgspec.json.encode(rule).decode()),
        )

    def drop_rule(self, alias: str) -> None:
        """Remove the rule of a collection."""
        self._db.run("DELETE FROM report_rule WHERE collection = ?", (alias,))

    def collections(self) -> list[Collection]:
        """Return all collections, the oldest first."""
        return [_collection(row) for row in self._db.rows(f"{_COLLECTION} ORDER BY number")]

    def collection(self, name: str) -> Collection | None:
        """Return a collection by its alias or its id."""
        row = self._db.row(f"{_COLLECTION} WHERE alias = ?1 OR id = ?1", (name,))
        return None if row is None else _collection(row)

    def add_collection(self, alias: str, name: str, title: str, description: str) -> Collection:
        """Add a collection; `name` is its id."""
        self._db.run(
            "INSERT INTO collection (alias, id, title, description) VALUES (?, ?, ?, ?)",
            (alias, name, title, description),
        )
        return Collection(self._db.last_number(), alias, name, title, description)

    def _machine(self, row: Row) -> Machine:
        name, partner, ceiling, rights, added_at, added_by, ended_at = row
        tokens = self._db.rows(
            "SELECT digest FROM machine_token WHERE machine = ? ORDER BY digest", (name,)
        )
        return Machine(
            text(name),
            text(partner),
            Marking.parse(text(ceiling)),
            msgspec.json.decode(text(rights), type=dict[str, Right]),
            tuple(blob(digest) for (digest,) in tokens),
            integer(added_at),
            text(added_by),
            optional_integer(ended_at),
        )


def _rule(told: str) -> ReportRule:
    return msgspec.json.decode(told, type=ReportRule)


def _collection(row: Row) -> Collection:
    number, alias, name, title, description = row
    return Collection(integer(number), text(alias), text(name), text(title), text(description))
