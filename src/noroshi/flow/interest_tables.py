"""The tables of interests, and how far they were looked after."""

from typing import Protocol

from noroshi.core.interest import Interest


class InterestTable(Protocol):
    """What desks want to hear of."""

    def all(self) -> list[Interest]:
        """Return all interests by desk, kind and value."""
        ...

    def add(self, interest: Interest) -> int | None:
        """Add an interest; return its number, None if the desk has it already."""
        ...

    def get(self, number: int) -> Interest | None:
        """Return the interest of a number."""
        ...

    def remove(self, number: int) -> None:
        """Remove an interest."""
        ...

    def seen(self) -> int:
        """Return how many entries of the journal were looked at."""
        ...

    def note_seen(self, size: int) -> None:
        """Note how many entries of the journal were looked at."""
        ...
