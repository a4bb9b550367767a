"""What following feeds needs of the world outside, in its own words."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from noroshi.core.errors import UnavailableError
from noroshi.core.feed import Feed


class Login(msgspec.Struct, frozen=True):
    """How the node proves itself to a server. Printing it shows no secret."""

    secret: str = ""
    user: str | None = None
    """For HTTP Basic; None: the secret is a token."""
    authorities: str = ""
    """Certificates (PEM) that the server's must come from; "": those that this machine trusts."""

    def __repr__(self) -> str:
        return f"Login(user={self.user!r})"


class Reply(msgspec.Struct, frozen=True):
    """What a server answered."""

    status: int
    headers: dict[str, str]
    """By their names in lower case."""
    body: bytes


class Session(Protocol):
    """Talks to one server."""

    def ask(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None = None,
        *,
        most: int,
    ) -> Reply:
        """Ask, and return the answer, of at most so many bytes.

        Raises:
            UnavailableError: the server cannot be reached, may not be, or answers more.
        """
        ...

    def pause(self, seconds: float) -> None:
        """Give the server time."""
        ...


class Outside(Protocol):
    """The one way out of the house to servers of others."""

    def __call__(self, feed: Feed, login: Login) -> AbstractContextManager[Session]:
        """Open a session with the server of a feed, once nobody else has one for this feed."""
        ...

    def close(self) -> None:
        """End what is under way, and all that is begun later."""
        ...


class PartlyError(UnavailableError):
    """A feed was followed to its end, and some of what it names could not be had."""


Tell = Callable[[int], None]
"""Is told how many objects more were taken."""
