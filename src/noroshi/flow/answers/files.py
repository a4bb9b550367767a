"""Files beside the requests: :func:`stage` takes one in, :func:`attachment` gives one out."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from functools import partial
from typing import Final

from noroshi.core.envelope.suite import IV_SIZE, KEY_SIZE, SALT_SIZE
from noroshi.core.errors import InputError, NotFoundError
from noroshi.flow import draft, views
from noroshi.flow.attached import Look
from noroshi.flow.house import House

_MOST_DIGITS: Final = 6
"""Of a number; more digits are nobody's, and take long to read."""


def stage(house: House, name: str, chunks: Iterable[bytes]) -> str:
    """Encrypt a file for a report to come; return the token that names it.

    Raises:
        InputError: it is empty or too large, or what it says of its markings cannot be read.
            Or the house's scanner found something in it.
        UnavailableError: the disk is full, or the scanner did not do its work.
    """
    draw = house.entropy.draw
    key, iv, salt = draw(KEY_SIZE), draw(IV_SIZE), draw(SALT_SIZE)
    look = Look(name)
    with closing(_scanned(house, name, chunks)) as scanned:
        blob = house.blobs.stage(map(look.at, scanned), key, iv, salt)
    try:
        parts = look.parts()
    except InputError:
        house.blobs.discard(blob.blob_id)
        raise
    token = draw(16).hex()
    house.staged[token] = draft.EncryptedFile(name, key, iv, salt, blob, parts)
    return token


def attachment(house: House, report: str, which: str | int) -> tuple[str, int, Iterator[bytes]]:
    """Return name, size and plaintext of an attachment: by its name, or by its number, from 1.

    Of one name a partner may send several; a name that is none here may be a number in digits.
    Where the house has a scanner, it has looked at all of it before.

    Raises:
        NotFoundError: there is no such one, or it has not arrived completely.
        InputError: several have that name, or the scanner found something in it.
        UnavailableError: the scanner did not do its work.
    """
    with house.store.read() as tables:
        stored = views.readable(tables, views.resolve(tables, report))
        attached = views.said_by(tables, stored).content.attachments
    found = attached[_index(which, [each.name for each in attached])]
    decrypt = partial(house.blobs.decrypt, found.blob_id, found.key, found.iv)
    if house.scanner is not None:
        # A blob never changes: what is read anew below is what was scanned.
        with closing(_scanned(house, found.name, decrypt())) as scanned:
            for _ in scanned:
                pass
    return found.name, found.size, decrypt()


def _scanned(house: House, name: str, chunks: Iterable[bytes]) -> Generator[bytes]:
    """Yield `chunks`; the house's scanner, where there is one, may raise behind the last."""
    if house.scanner is None:
        yield from chunks
        return
    with closing(house.scanner.scan(name, chunks)) as scanned:
        yield from scanned


def _index(which: str | int, names: list[str]) -> int:
    same = [number for number, name in enumerate(names, 1) if name == which]
    if len(same) > 1:
        numbers = ", ".join(map(str, same))
        msg = f"several attachments are called {which!r}; say which by its number: {numbers}"
        raise InputError("bad-input", msg)
    if not same and str(which).isdecimal() and len(str(which)) <= _MOST_DIGITS:
        same = [number for number in range(1, len(names) + 1) if number == int(which)]
    if not same:
        told = ", ".join(names) or "none"
        msg = f"no attachment {which!r} belongs to that report; it has {told}"
        raise NotFoundError("not-found", msg)
    return same[0] - 1
