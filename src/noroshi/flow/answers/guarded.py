"""What passes through a door beside the requests, for those who may: files, volumes, alarms."""

from collections.abc import Iterable, Iterator

from noroshi.core.account import Act
from noroshi.core.errors import NoroshiError
from noroshi.flow.answers import courier_in, courier_out, files
from noroshi.flow.answers.rights import permit
from noroshi.flow.caller import INSIDE, Caller
from noroshi.flow.house import House
from noroshi.flow.requests import Json


def stage(house: House, name: str, chunks: Iterable[bytes], caller: Caller = INSIDE) -> str:
    """Encrypt a file for a report to come; return the token that names it.

    Raises:
        NoroshiError: the caller may not write, or the disk refused.
    """
    _permit_sender(house, Act.WRITE, chunks, caller)
    return files.stage(house, name, chunks)


def attachment(
    house: House, report: str, which: str | int, caller: Caller = INSIDE
) -> tuple[str, int, Iterator[bytes]]:
    """Return name, size and plaintext of an attachment: by its name, or by its number, from 1.

    Raises:
        NoroshiError: the caller may not read it, or it is not here.
    """
    permit(house, Act.READ, caller, report)
    return files.attachment(house, report, which)


def volume(
    house: House, set_id: str, number: int, caller: Caller = INSIDE
) -> tuple[int, Iterator[bytes]]:
    """Return size and bytes of a volume of a set that was packed.

    Raises:
        NoroshiError: the caller may not carry files, or there is no such volume.
    """
    by = permit(house, Act.CARRY, caller)
    return courier_out.volume(house, set_id, number, by)


def import_volume(house: House, chunks: Iterable[bytes], caller: Caller = INSIDE) -> Json:
    """Take in one courier volume.

    Raises:
        NoroshiError: the caller may not carry files, or the volume is not taken.
    """
    by = _permit_sender(house, Act.CARRY, chunks, caller)
    return courier_in.import_volume(house, chunks, by)


def _permit_sender(house: House, act: Act, chunks: Iterable[bytes], caller: Caller) -> str | None:
    """Return the name of who sends something; what is refused is read to its end first.

    Whoever sends it listens only afterwards.
    """
    try:
        return permit(house, act, caller)
    except NoroshiError:
        for _ in chunks:
            pass
        raise
