"""Files beside the requests: :func:`stage` takes one in, :func:`attachment` gives one out."""

from collections.abc import Iterable, Iterator

from noroshi.core.envelope.suite import IV_SIZE, KEY_SIZE, SALT_SIZE
from noroshi.core.errors import InputError, NotFoundError
from noroshi.flow import draft, views
from noroshi.flow.attached import Look
from noroshi.flow.house import House


def stage(house: House, name: str, chunks: Iterable[bytes]) -> str:
    """Encrypt a file for a report to come; return the token that names it.

    Raises:
        InputError: it is empty or too large, or what it says of its markings cannot be read.
        UnavailableError: the disk is full.
    """
    draw = house.entropy.draw
    key, iv, salt = draw(KEY_SIZE), draw(IV_SIZE), draw(SALT_SIZE)
    look = Look(name)
    blob = house.blobs.stage(map(look.at, chunks), key, iv, salt)
    try:
        parts = look.parts()
    except InputError:
        house.blobs.discard(blob.blob_id)
        raise
    token = draw(16).hex()
    house.staged[token] = draft.EncryptedFile(name, key, iv, salt, blob, parts)
    return token


def attachment(house: House, report: str, name: str) -> tuple[int, Iterator[bytes]]:
    """Return size and plaintext of an attachment.

    Raises:
        NotFoundError: there is none of that name, or it has not arrived completely.
    """
    with house.store.read() as tables:
        stored = views.readable(tables, views.resolve(tables, report))
        content = views.said_by(tables, stored).content
    for found in content.attachments:
        if found.name == name:
            return found.size, house.blobs.decrypt(found.blob_id, found.key, found.iv)
    names = ", ".join(a.name for a in content.attachments) or "none"
    raise NotFoundError(
        "not-found", f"no attachment {name!r} belongs to that report; it has {names}"
    )
