"""Policies as data files: those that are shipped, and a house's own in `policies/` of its home.

A policy of the house with the name of a shipped one takes its place: a mission writes its own.
`equivalences.json` of the house adds cells, and replaces those for the same two levels; its
`areas.json` takes the place of the areas that are shipped.
"""

import importlib.resources
from collections.abc import Iterable
from functools import cache
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from noroshi.core.areas import Area, parse_areas
from noroshi.core.errors import InputError, UnavailableError
from noroshi.core.marking.equivalence import Cell, parse_equivalence
from noroshi.core.marking.policy import Policy, parse_policy
from noroshi.core.marking.rules import Rules

FOLDER: Final = "policies"
AREAS: Final = "areas.json"
EQUIVALENCES: Final = "equivalences.json"
_SHIPPED: Final = importlib.resources.files("noroshi.core.marking")


@cache
def shipped_rules() -> Rules:
    """Return what markings mean where a house has nothing of its own."""
    return Rules(_policies(_SHIPPED.joinpath(FOLDER)), _cells(_SHIPPED.joinpath(EQUIVALENCES)))


def read_rules(home: Path) -> Rules:
    """Return what markings mean at a node.

    Raises:
        UnavailableError: a file of the house cannot be used; the message names it.
    """
    folder = home / FOLDER
    if not folder.is_dir():
        return shipped_rules()
    own = _policies(folder)
    replaced = {policy.name for policy in own}
    policies = [p for p in _policies(_SHIPPED.joinpath(FOLDER)) if p.name not in replaced] + own
    # What is shipped says nothing of the levels of a policy that took the place of another.
    cells = _keyed(
        cell
        for cell in _cells(_SHIPPED.joinpath(EQUIVALENCES))
        if not replaced & {cell.one[0], cell.other[0]}
    )
    if (folder / EQUIVALENCES).exists():
        cells |= _keyed(_cells(folder / EQUIVALENCES))
    try:
        return Rules(policies, cells.values())
    except InputError as error:
        msg = f"the marking policies in {folder} cannot be used: {error.message}"
        raise UnavailableError("home-foreign", msg) from error


@cache
def shipped_areas() -> dict[str, Area]:
    """Return the areas of cooperation where a house has nothing of its own."""
    return parse_areas(importlib.resources.files("noroshi.core").joinpath(AREAS).read_bytes())


def read_areas(home: Path) -> dict[str, Area]:
    """Return the areas of cooperation at a node, by their codes.

    Raises:
        UnavailableError: the file of the house cannot be used; the message names it.
    """
    file = home / FOLDER / AREAS
    if not file.exists():
        return shipped_areas()
    try:
        return parse_areas(file.read_bytes())
    except (InputError, OSError) as error:
        raise _unusable(file, error) from error


def _policies(folder: Traversable) -> list[Policy]:
    found: list[Policy] = []
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if not file.name.endswith(".json") or file.name in {EQUIVALENCES, AREAS}:
            continue
        try:
            found.append(parse_policy(file.read_bytes()))
        except (InputError, OSError) as error:
            raise _unusable(file, error) from error
    return found


def _cells(file: Traversable) -> tuple[Cell, ...]:
    try:
        return parse_equivalence(file.read_bytes())
    except (InputError, OSError) as error:
        raise _unusable(file, error) from error


def _keyed(cells: Iterable[Cell]) -> dict[frozenset[tuple[str, str]], Cell]:
    return {frozenset((cell.one, cell.other)): cell for cell in cells}


def _unusable(file: Traversable, error: Exception) -> UnavailableError:
    return UnavailableError("home-foreign", f"{file} cannot be used: {error}. Mend or remove it")
