"""Who asks something of a node, as the door knows it: nothing of it is believed unproven."""

import msgspec


class Caller(msgspec.Struct, frozen=True):
    """Whoever is at a door. Printing it shows no passphrase."""

    uid: int | None = None
    """The operating-system user, as the system says; None: the door cannot know."""
    is_owner: bool = True
    """That user owns the node's files, and could change them by other means."""
    claim: str | None = None
    """That user's name: who somebody is while there are no accounts."""
    name: str | None = None
    """The account that is named, apart from what the request says."""
    passphrase: bytes | None = None
    proven: str | None = None
    """The account that the door has proven by itself: that of a session at the console."""

    def __repr__(self) -> str:
        return f"Caller(uid={self.uid}, name={self.name!r})"


INSIDE = Caller()
"""The node's own process."""
