"""The home: the folder that holds a node, and the lock that lets one process work on it."""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from noroshi.core.errors import UnavailableError

DATABASE: Final = "node.db"
OBJECTS: Final = "objects.db"
"""Objects that machines handed over; it is not there before the first of them."""
KEYS: Final = "keys"
SEAL_KEY: Final = "keys/seal.key"
"""Whether a passphrase wraps this one decides it for every key that the node makes later."""
PREKEYS: Final = "prekeys"
"""Never part of a backup: what is destroyed here must be gone."""
RETENTION: Final = "retention"
"""Keys of what reports say, by the day on which they were stored."""
BLOBS: Final = "blobs"
SPOOL: Final = "spool"
CERTIFICATE: Final = "tls.crt"
CERTIFICATE_KEY: Final = "tls.key"
_LOCK: Final = "lock"
_SOCKET: Final = "node.sock"
_LONGEST_SOCKET_PATH: Final = 100
"""Linux takes 107 bytes, other systems 103."""


def check_home(home: Path) -> None:
    """Return if `home` is a folder of ours alone.

    Raises:
        UnavailableError: it belongs to another user or others may enter it.
    """
    try:
        found = home.stat()
    except OSError as error:
        msg = f"{home} cannot be used: {error.strerror}"
        raise UnavailableError("home-foreign", msg) from error
    if not stat.S_ISDIR(found.st_mode):
        raise UnavailableError("home-foreign", f"{home} is not a folder")
    if found.st_uid != os.getuid():
        msg = f"{home} belongs to another user; run noroshi as that user"
        raise UnavailableError("home-foreign", msg)
    if found.st_mode & 0o077:
        msg = f"{home} may be entered by others; make it private: chmod 700 {home}"
        raise UnavailableError("home-foreign", msg)


@contextmanager
def new_home(home: Path) -> Generator[Path]:
    """Give a folder to fill; it becomes `home` when nothing goes wrong, else nothing is left.

    Raises:
        UnavailableError: `home` holds something, or cannot be made.
    """
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        msg = f"{home} is in use for something else; give an empty or a new folder"
        raise UnavailableError("home-foreign", msg)
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{home.name}-", dir=home.parent))
    except OSError as error:
        msg = f"{home} cannot be made: {error.strerror}"
        raise UnavailableError("home-foreign", msg) from error
    try:
        yield draft
        _sync(draft)
        draft.rename(home)
        _sync(home.parent)
    except OSError as error:
        code = "disk-full" if error.errno in {28, 122} else "home-foreign"
        msg = f"{home} cannot be made: {error.strerror}; nothing was left behind"
        raise UnavailableError(code, msg) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def socket_path(home: Path) -> Path:
    """Return where the serving process of `home` listens; short enough for a socket."""
    path = home.absolute() / _SOCKET
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        return path
    # Too deep: a private folder of this user, named after the home.
    found = home.stat()
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    folder = runtime / f"noroshi-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    check_home(folder)
    return folder / f"{found.st_dev:x}-{found.st_ino:x}.sock"


class HomeLock:
    """The lock on a home; held as long as a process works on it, freed when it ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, home: Path) -> Self | None:
        """Return the lock, or None while another process holds it."""
        descriptor = os.open(home / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return cls(descriptor)

    def release(self) -> None:
        """Let others work on the home."""
        os.close(self._descriptor)
