"""A file that is to be attached, piece by piece on its way to the node."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from noroshi.core.envelope.suite import MAX_ATTACHMENT
from noroshi.core.errors import InputError

CHUNK: Final = 1024 * 1024

Progress = Callable[[int], None]
"""Called with the number of bytes that went through."""


def read_file(path: Path, on_progress: Progress) -> Iterator[bytes]:
    """Yield a file that is to be attached, in pieces.

    Raises:
        InputError: it cannot be read, is no regular file, is empty or too large.
    """
    try:
        if not path.is_file():
            what = "a folder" if path.is_dir() else "no regular file"
            msg = f"{path} is {what}; attach files one by one (--attach FILE)"
            raise InputError("attachment-unreadable", msg)
        if path.stat().st_size > MAX_ATTACHMENT:
            msg = f"{path} has more than {MAX_ATTACHMENT:,} bytes (256 MiB); split it"
            raise InputError("attachment-unreadable", msg)
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
                on_progress(len(chunk))
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise InputError("attachment-unreadable", msg) from error
