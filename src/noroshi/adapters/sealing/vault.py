"""The vault: private halves of prekeys, beside the sealing key of the card.

Both ends of :class:`noroshi.flow.ports.PrekeyVault` and of what opens envelopes: a mapping from
key ids to keys, whose private halves are read from their files at the first use.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from noroshi.adapters.sealing.pyca import SEED_SIZE, PycaUnwrapper, seed_from
from noroshi.core.envelope.keys import PublicKey, Purpose
from noroshi.core.envelope.suite import Alg
from noroshi.core.errors import UnavailableError

_SALT_SIZE = 16
_IV_SIZE = 12


class Files(Protocol):
    """Where seeds are kept."""

    def write(
        self,
        purpose: Purpose,
        seeds: tuple[tuple[Alg, bytes], ...],
        *,
        salt: bytes,
        iv: bytes,
        name: str = "",
    ) -> None:
        """Write a new file, durably."""
        ...

    def read(self, purpose: Purpose, name: str = "") -> tuple[tuple[Alg, bytes], ...]:
        """Return the seeds of a file."""
        ...

    def names(self) -> frozenset[str]:
        """Return the names of all files."""
        ...

    def destroy(self, name: str) -> None:
        """Destroy a file for good."""
        ...


class FileVault(Mapping[bytes, PycaUnwrapper]):
    """A node's sealing keys by key id; the prekeys among them come and go."""

    def __init__(self, files: Files, draw: Callable[[int], bytes]) -> None:
        """Use the prekeys of `files`; `draw` returns random bytes."""
        self._files = files
        self._draw = draw
        # One for all files: a passphrase costs a tenth of a second for each salt.
        self._salt = draw(_SALT_SIZE)
        self._lock = threading.Lock()
        self._lasting: dict[bytes, PycaUnwrapper] = {}
        self._read: dict[bytes, PycaUnwrapper] = {}
        self._kids = frozenset(map(bytes.fromhex, files.names()))

    def hold(self, lasting: PycaUnwrapper) -> None:
        """Open with the card's sealing key too."""
        self._lasting[lasting.public_key.kid] = lasting

    def alone(self) -> contextlib.AbstractContextManager[object]:
        """Give a stretch in which no other thread makes or destroys prekeys."""
        return self._lock

    def kids(self) -> frozenset[bytes]:
        """Return the ids of the prekeys that are kept."""
        return self._kids

    def make(self, alg: Alg) -> PublicKey:
        """Make a prekey whose private half is durable; return its public half."""
        seed = seed_from(alg, self._draw(SEED_SIZE[alg] + 16))
        unwrapper = PycaUnwrapper(alg, seed)
        kid = unwrapper.public_key.kid
        self._files.write(
            Purpose.SEAL, ((alg, seed),), salt=self._salt, iv=self._draw(_IV_SIZE), name=kid.hex()
        )
        self._read[kid] = unwrapper
        self._kids |= {kid}
        return unwrapper.public_key

    def destroy(self, kid: bytes) -> None:
        """Destroy a private half for good."""
        self._kids -= {kid}
        self._read.pop(kid, None)
        self._files.destroy(kid.hex())

    def __getitem__(self, kid: bytes) -> PycaUnwrapper:
        """Return the key of that id.

        Raises:
            KeyError: it is not here, or not any more.
        """
        found = self._lasting.get(kid) or self._read.get(kid)
        if found is not None:
            return found
        if kid not in self._kids:
            raise KeyError(kid)
        try:
            ((alg, seed),) = self._files.read(Purpose.SEAL, kid.hex())
        except UnavailableError as error:
            raise KeyError(kid) from error
        return self._read.setdefault(kid, PycaUnwrapper(alg, seed))

    def __contains__(self, kid: object) -> bool:
        """Say whether the key of that id is here."""
        return kid in self._lasting or kid in self._kids

    def __iter__(self) -> Iterator[bytes]:
        """Yield all ids."""
        yield from self._lasting
        yield from self._kids

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._lasting) + len(self._kids)
