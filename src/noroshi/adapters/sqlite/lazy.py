"""The store of STIX objects, opened when it is first wanted: most nodes never need it."""

import threading
from collections.abc import Callable
from pathlib import Path

from noroshi.adapters.sqlite.objects import SqliteObjects


class LazyObjects:
    """Opens the store at the first call, and returns it."""

    def __init__(self, path: Path, key: Callable[[], bytes], draw: Callable[[int], bytes]) -> None:
        """Use the database at `path`; `key` returns its key, `draw` random bytes."""
        self._path = path
        self._key = key
        self._draw = draw
        self._lock = threading.Lock()
        self._opened: SqliteObjects | None = None

    def __call__(self) -> SqliteObjects:
        """Return the store.

        Raises:
            UnavailableError: it cannot be used, or its key not without the passphrase.
        """
        with self._lock:
            if self._opened is None:
                self._opened = SqliteObjects(self._path, self._key(), self._draw)
            return self._opened

    def close(self) -> None:
        """Close the store, if it was opened."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
