"""Visitors: people at the console, each let in by a link that works once, or by a passkey.

Whoever has proven at the local door who they are gets the link; the browser that opens it has a
session from then on. Links and sessions are held by their digests, and challenges that were
answered, in memory alone: a node that is started again knows nobody.
"""

import hashlib
import hmac
import threading
from typing import Final

import msgspec

from noroshi.core.errors import InputError
from noroshi.core.instant import HOUR, MINUTE, Instant
from noroshi.flow.ports import Entropy

LINK_LIFE: Final = 5 * MINUTE
IDLE: Final = 15 * MINUTE
"""How long nobody may touch a session until it ends."""
LONGEST: Final = 12 * HOUR
"""How long a session lasts at most: a watch."""
FRESH: Final = 2 * MINUTE
"""How long a proof counts for what asks for one anew."""
CHALLENGE_LIFE: Final = 5 * MINUTE
MOST: Final = 1_000
"""Links and sessions each; of more, the oldest end."""
_SECRET_SIZE: Final = 32
_TIME_SIZE: Final = 8


class Session(msgspec.Struct, frozen=True):
    """A browser of somebody's."""

    name: str
    """Of the account; while there are none, of the operating-system user."""
    begun_at: Instant
    touched_at: Instant
    proven_at: Instant
    """When who it is was proven last."""

    def is_fresh(self, now: Instant) -> bool:
        """Say whether who it is was proven just now."""
        return 0 <= now - self.proven_at <= FRESH

    def lives(self, now: Instant) -> bool:
        """Say whether it has not ended by itself."""
        return 0 <= now - self.touched_at <= IDLE and 0 <= now - self.begun_at <= LONGEST


def called(secret: str) -> str:
    """Return what the session of a secret is called; it opens nothing."""
    return _digest(secret).hex()


class Visitors:
    """Who may come in, and who is here. Any thread may ask."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._lock = threading.Lock()
        self._links: dict[bytes, Session] = {}
        self._sessions: dict[bytes, Session] = {}
        self._key = entropy.draw(_SECRET_SIZE)
        self._used: dict[bytes, Instant] = {}
        self.door: str = ""
        """The address of the console; "": nobody serves this node."""

    def invite(self, name: str, now: Instant) -> str:
        """Return a secret that lets the browser in which it is shown be somebody's, once."""
        return self._keep(self._links, Session(name, now, now, now))

    def enter(self, secret: str, now: Instant, *, before: str = "") -> str:
        """Return the secret of a session, for that of a link.

        `before`: that of the session which the browser had, which ends.

        Raises:
            InputError: the link was used before, or is too old.
        """
        with self._lock:
            link = self._links.pop(_digest(secret), None)
        if link is None or not 0 <= now - link.begun_at <= LINK_LIFE:
            msg = "the link was used before, or is too old; get another: noroshi console"
            raise InputError("not-proven", msg)
        return self.open(link.name, now, before=before)

    def open(self, name: str, now: Instant, *, before: str = "") -> str:
        """Return the secret of a session of somebody who has just proven who they are."""
        self.leave(before)
        return self._keep(self._sessions, Session(name, now, now, now))

    def prove(self, secret: str, now: Instant) -> str:
        """Return a new secret of a session whose person has proven anew who they are.

        The one before is worth nothing any more; "": the session has ended meanwhile.
        """
        with self._lock:
            session = self._sessions.pop(_digest(secret), None)
        if session is None:
            return ""
        return self._keep(self._sessions, msgspec.structs.replace(session, proven_at=now))

    def sessions(self, name: str, now: Instant) -> list[tuple[str, Session]]:
        """Return somebody's sessions, the newest first, each with what it is called."""
        with self._lock:
            found = [(key.hex(), each) for key, each in self._sessions.items()]
        own = [(key, each) for key, each in found if each.name == name and each.lives(now)]
        return sorted(own, key=lambda pair: -pair[1].begun_at)

    def end(self, name: str, *, which: str = "", but: str = "") -> int:
        """End sessions of somebody, and say how many.

        `which`: what the one is called; else all are, and links that nobody opened yet, `but` for
        the one of that secret.
        """
        kept = _digest(but)
        with self._lock:
            ended = [
                key
                for key, each in self._sessions.items()
                if each.name == name and (key.hex() == which if which else key != kept)
            ]
            for key in ended:
                del self._sessions[key]
            if not which:
                for key in [key for key, each in self._links.items() if each.name == name]:
                    del self._links[key]
        return len(ended)

    def challenge(self, purpose: str, now: Instant) -> bytes:
        """Return a challenge that a passkey answers, for one purpose, once.

        Nothing of it is kept until it was answered, so that whoever asks for many takes none from
        others.
        """
        drawn = self._entropy.draw(_SECRET_SIZE) + now.to_bytes(_TIME_SIZE)
        return drawn + self._sealed(drawn, purpose)

    def redeem(self, challenge: bytes, purpose: str, now: Instant) -> None:
        """Use a challenge up; to be called once its answer is proven.

        Raises:
            InputError: it was for something else, was used before, or is too old.
        """
        drawn = challenge[: _SECRET_SIZE + _TIME_SIZE]
        is_ours = hmac.compare_digest(challenge[len(drawn) :], self._sealed(drawn, purpose))
        age = now - int.from_bytes(drawn[_SECRET_SIZE:])
        with self._lock:
            for old in [each for each, at in self._used.items() if now - at > CHALLENGE_LIFE]:
                del self._used[old]
            if is_ours and 0 <= age <= CHALLENGE_LIFE and drawn not in self._used:
                self._used[drawn] = now
                return
        raise InputError("not-proven", "the page is too old; load it again, and try once more")

    def _sealed(self, drawn: bytes, purpose: str) -> bytes:
        return hmac.digest(self._key, drawn + purpose.encode(), "sha256")

    def find(self, secret: str, now: Instant, *, is_touch: bool = True) -> Session | None:
        """Return a session; None: it has ended. `is_touch`: somebody did something."""
        key = _digest(secret)
        with self._lock:
            session = self._sessions.get(key)
            if session is None:
                return None
            if not session.lives(now):
                del self._sessions[key]
                return None
            if is_touch:
                self._sessions[key] = msgspec.structs.replace(session, touched_at=now)
            return session

    def leave(self, secret: str) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(_digest(secret), None)

    def _keep(self, kept: dict[bytes, Session], session: Session) -> str:
        secret = self._entropy.draw(_SECRET_SIZE).hex()
        with self._lock:
            if len(kept) >= MOST:
                del kept[min(kept, key=lambda key: kept[key].touched_at)]
            kept[_digest(secret)] = session
        return secret


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
