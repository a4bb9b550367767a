"""The archive: what reports say, each under a key of its own, and those under retention keys.

    report key      drawn for one report, used for nothing else
    slip            report key and subject, wrapped by a retention key: enough for a list
    retention key   wraps the slips of one day; lies in a small file, and nowhere else

Destroying a retention key makes unreadable at once whatever it still wraps, wherever copies of
the database are: in its free pages, its write-ahead log, a file system's snapshot. What is to be
kept is wrapped under another one first (:mod:`noroshi.flow.retention`).
"""

import contextlib
import threading
from collections.abc import Callable
from typing import Final, Protocol

from noroshi.adapters.sealing.vault import Files
from noroshi.core.envelope.keys import Purpose
from noroshi.core.envelope.primitives import Primitives
from noroshi.core.envelope.suite import IV_SIZE, KEY_SIZE, Alg
from noroshi.core.errors import UnavailableError
from noroshi.core.instant import Instant, day_of, from_day
from noroshi.core.retention import is_key_name, key_day, key_name
from noroshi.flow.retention_tables import SealedText

_TAG_SIZE: Final = 4
_SALT_SIZE: Final = 16
_ONLY_IV: Final = bytes(IV_SIZE)
"""A report key is drawn for one text, and used for nothing else."""
_SLIP_AAD: Final = b"noroshi/v1/slip/"
_TEXT_AAD: Final = b"noroshi/v1/at-rest/"


class RetentionKeys(Protocol):
    """Where retention keys are kept."""

    def names(self) -> frozenset[str]:
        """Return what those that are here are called."""
        ...

    def write(self, name: str, key: bytes) -> None:
        """Keep a new one, durably."""
        ...

    def read(self, name: str) -> bytes:
        """Return one."""
        ...

    def destroy(self, name: str) -> None:
        """Destroy one for good."""
        ...


class SaltedFiles(Files, Protocol):
    """Files that may share the salt of their wrapping."""

    def salt(self) -> bytes:
        """Return that of a file that is there, b"" where there is none."""
        ...


class RetentionKeyFiles:
    """Retention keys as files, wrapped when a passphrase is set."""

    def __init__(self, files: SaltedFiles, draw: Callable[[int], bytes]) -> None:
        """Use the folder of `files`; `draw` returns random bytes."""
        self._files = files
        self._draw = draw

    def names(self) -> frozenset[str]:
        """Return what those that are here are called."""
        return frozenset(filter(is_key_name, self._files.names()))

    def write(self, name: str, key: bytes) -> None:
        """Keep a new one, durably."""
        # One salt for all: a passphrase costs a tenth of a second for each.
        salt = self._files.salt() or self._draw(_SALT_SIZE)
        self._files.write(
            Purpose.RETENTION, ((Alg.A256GCM, key),), salt=salt, iv=self._draw(IV_SIZE), name=name
        )

    def read(self, name: str) -> bytes:
        """Return one.

        Raises:
            UnavailableError: it cannot be read, or not without the passphrase.
        """
        ((_, key),) = self._files.read(Purpose.RETENTION, name)
        return key

    def destroy(self, name: str) -> None:
        """Destroy one for good."""
        self._files.destroy(name)


class Archive:
    """What seals and opens (:class:`noroshi.flow.ports.Archive`)."""

    def __init__(
        self, keys: RetentionKeys, primitives: Primitives, draw: Callable[[int], bytes]
    ) -> None:
        """Use `keys`; `draw` returns random bytes."""
        self._keys = keys
        self._primitives = primitives
        self._draw = draw
        self._names = keys.names()
        self._read: dict[str, bytes] = {}
        self._retired: set[str] = set()
        self._current = ""
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def alone(self) -> contextlib.AbstractContextManager[object]:
        """Give a stretch in which no other thread destroys retention keys."""
        return self._turn

    def names(self) -> frozenset[str]:
        """Return what the retention keys that are here are called."""
        return self._names

    def make(self, at: Instant) -> str:
        """Make a retention key for the day of `at`, durable; return what it is called."""
        with self._lock:
            return self._make(at)

    def make_beside(self, name: str) -> str:
        """Make one for what is kept of another's day."""
        return self.make(from_day(key_day(name)))

    def retire(self, name: str) -> None:
        """Seal nothing more under a retention key."""
        with self._lock:
            self._retired.add(name)

    def destroy(self, name: str) -> None:
        """Destroy a retention key for good."""
        with self._lock:
            self._retired.add(name)
            self._names -= {name}
            self._read.pop(name, None)
            self._keys.destroy(name)

    def seal(self, at: Instant, owner: bytes, label: bytes, text: bytes) -> SealedText:
        """Return a text of `owner`, stored at `at`, under a new key, with a label beside that."""
        name = self._of_day(at)
        drawn = self._draw(KEY_SIZE + IV_SIZE)
        key, iv = drawn[:KEY_SIZE], drawn[KEY_SIZE:]
        sealed = self._primitives.encrypt(key, _ONLY_IV, text, _TEXT_AAD + owner)
        return SealedText(name, self._wrap(name, iv, key + label, owner), sealed)

    def label(self, name: str, slip: bytes, owner: bytes) -> bytes | None:
        """Return the label on a slip; None: its retention key is not here.

        Raises:
            UnavailableError: the key cannot be read, or the slip is damaged.
        """
        said = self._unwrap(name, slip, owner)
        return None if said is None else said[KEY_SIZE:]

    def open(self, name: str, slip: bytes, owner: bytes, sealed: bytes) -> bytes | None:
        """Return a text; None: its retention key is not here.

        Raises:
            UnavailableError: the key cannot be read, or slip or text are damaged.
        """
        said = self._unwrap(name, slip, owner)
        if said is None:
            return None
        key = said[:KEY_SIZE]
        return _whole(self._primitives.decrypt(key, _ONLY_IV, sealed, _TEXT_AAD + owner))

    def rewrap(self, name: str, slip: bytes, owner: bytes, other: str) -> bytes | None:
        """Return a slip under another retention key; None: its own is not here.

        Raises:
            UnavailableError: a key cannot be read, or the slip is damaged.
        """
        said = self._unwrap(name, slip, owner)
        return None if said is None else self._wrap(other, self._draw(IV_SIZE), said, owner)

    def _of_day(self, at: Instant) -> str:
        """Return the retention key for what is stored at `at`."""
        with self._lock:
            day = day_of(at)
            if not self._is_usable(self._current) or key_day(self._current) != day:
                usable = [n for n in self._names if self._is_usable(n) and key_day(n) == day]
                self._current = min(usable) if usable else self._make(at)
            return self._current

    def _is_usable(self, name: str) -> bool:
        return name in self._names and name not in self._retired

    def _make(self, at: Instant) -> str:
        name, key = key_name(at, self._draw(_TAG_SIZE)), self._draw(KEY_SIZE)
        self._keys.write(name, key)
        self._read[name] = key
        self._names |= {name}
        return name

    def _wrap(self, name: str, iv: bytes, said: bytes, owner: bytes) -> bytes:
        wrapping = self._key(name)
        if wrapping is None:
            raise UnavailableError("storage-failed", f"the retention key {name} is gone")
        return iv + self._primitives.encrypt(wrapping, iv, said, _SLIP_AAD + owner)

    def _unwrap(self, name: str, slip: bytes, owner: bytes) -> bytes | None:
        wrapping = self._key(name)
        if wrapping is None:
            return None
        iv, sealed = slip[:IV_SIZE], slip[IV_SIZE:]
        return _whole(self._primitives.decrypt(wrapping, iv, sealed, _SLIP_AAD + owner))

    def _key(self, name: str) -> bytes | None:
        """Return a retention key; None: it is not here."""
        with self._lock:  # or a key that is just being destroyed could be kept in memory
            if name not in self._names:
                return None
            if name not in self._read:
                self._read[name] = self._keys.read(name)
            return self._read[name]


def _whole(plain: bytes | None) -> bytes:
    if plain is None:
        msg = "a stored report is damaged; stop the node and restore a backup"
        raise UnavailableError("damaged", msg)
    return plain
