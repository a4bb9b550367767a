"""Attached: what a file that goes along says of its markings, looked at while it is taken in."""

from typing import Final

from noroshi.core.errors import InputError
from noroshi.core.marking.whole import Part
from noroshi.core.recognition import MARKING_WORDS, parts_attached

MOST_LOOKED_AT: Final = 64 * 1024 * 1024
"""Bytes of JSON that are kept to be read; of more, only whether it speaks of markings."""
_LONGEST_WORD: Final = max(map(len, MARKING_WORDS))
_JSON_BEGINS: Final = (b"{", b"[", b"\xef\xbb\xbf")
"""Behind white space; the last is a byte order mark."""


class Look:
    """A look at a file that comes in pieces."""

    def __init__(self, name: str) -> None:
        """Begin; `name` is what people call the file."""
        self._name = name
        self._kept = bytearray()
        self._begins = b""
        self._tail = b""
        self._is_too_large = False
        self._speaks = False

    def at(self, chunk: bytes) -> bytes:
        """Look at the next piece, and return it."""
        self._begins = self._begins or chunk.lstrip()[:_LONGEST_WORD]
        if self._begins and not self._begins.startswith(_JSON_BEGINS):
            return chunk
        self._is_too_large |= len(self._kept) + len(chunk) > MOST_LOOKED_AT
        if self._is_too_large:
            self._kept.clear()
        else:
            self._kept += chunk
        seen = self._tail + chunk
        self._speaks |= any(word in seen for word in MARKING_WORDS)
        self._tail = seen[-_LONGEST_WORD:]
        return chunk

    def parts(self) -> tuple[Part, ...]:
        """Return what the file says of its markings, once all of it was seen.

        Raises:
            InputError: it cannot be read, or is too large to be.
        """
        if self._is_too_large and self._speaks:
            msg = (
                f"{self._name} holds markings and is too large to look into; take it apart, at "
                f"most {MOST_LOOKED_AT >> 20} MiB each"
            )
            raise InputError("bad-marking", msg)
        return parts_attached(self._name, bytes(self._kept))
