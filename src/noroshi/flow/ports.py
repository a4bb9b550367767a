"""What the acts need of the world, in their own words.

The store commits acts in groups, a savepoint each, with one signed checkpoint for all of a
group; :mod:`noroshi.flow.tables` has what a transaction holds.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

import msgspec

from noroshi.core.break_glass import Prepared
from noroshi.core.envelope.keys import PublicKey
from noroshi.core.envelope.suite import Alg
from noroshi.core.instant import Instant
from noroshi.core.precedence import Precedence
from noroshi.core.search import Wanted
from noroshi.flow.records import StagedBlob
from noroshi.flow.retention_tables import SealedText
from noroshi.flow.tables import Tables, Transaction

T = TypeVar("T")


class Clock(Protocol):
    """The time of day."""

    def now(self) -> Instant:
        """Return the present instant."""
        ...


class SteppedClock(Clock, Protocol):
    """A clock that goes on evenly, and is told when to follow one that was set."""

    def drift(self) -> int:
        """Return by how many microseconds the machine's time of day is ahead of it."""
        ...

    def follow(self, drift: int) -> None:
        """Step by `drift` microseconds."""
        ...


class Entropy(Protocol):
    """The only source of randomness of acts."""

    def draw(self, size: int) -> bytes:
        """Return `size` unpredictable bytes."""
        ...


class Passphrases(Protocol):
    """What persons prove themselves with."""

    def verifier_of(self, passphrase: bytes) -> str:
        """Return what a passphrase can be checked against; it does not tell the passphrase."""
        ...

    def is_right(self, passphrase: bytes, verifier: str) -> bool:
        """Say whether a passphrase is the one of a verifier."""
        ...

    def is_guessable(self, passphrase: str, near: Sequence[str]) -> bool:
        """Say whether others would guess a passphrase; `near`: names around the person."""
        ...

    def is_breached(self, passphrase: bytes) -> bool:
        """Say whether it is known, as far as this house knows, to have been somebody's before."""
        ...


class BreakGlassSeal(Protocol):
    """Ways in for when nothing else is at hand."""

    def prepare(self, account: str, partner: str) -> Prepared:
        """Return a new way in."""
        ...

    def opens(self, account: str, sealed: bytes, passphrase: str, code: str, now: Instant) -> bool:
        """Say whether a passphrase and a one-time code open a way in."""
        ...


class Store(Protocol):
    """Durable state with one writer."""

    def submit(
        self, act: Callable[[Transaction], T], precedence: Precedence = Precedence.ROUTINE
    ) -> Future[T]:
        """Run `act` on the writer; the future is done when its commit is on disk."""
        ...

    def submit_all(
        self, acts: Iterable[tuple[Callable[[Transaction], T], Precedence]]
    ) -> list[Future[T]]:
        """Run each act by itself, all in one group where a group has room for them."""
        ...

    def perform(
        self, act: Callable[[Transaction], T], precedence: Precedence = Precedence.ROUTINE
    ) -> T:
        """Run `act` on the writer and wait for its commit."""
        ...

    def read(self) -> AbstractContextManager[Tables]:
        """Give a reader of what is committed."""
        ...


class BlobStore(Protocol):
    """Encrypted attachments as files, named by the SHA-256 of their bytes."""

    def stage(self, chunks: Iterable[bytes], key: bytes, iv: bytes, salt: bytes) -> StagedBlob:
        """Encrypt `chunks` into a durable blob."""
        ...

    def discard(self, blob_id: bytes) -> None:
        """Remove a blob that was staged for a report that did not go."""
        ...

    def decrypt(self, blob_id: bytes, key: bytes, iv: bytes) -> Iterator[bytes]:
        """Yield the plaintext of a blob whose digest has been checked first."""
        ...

    def read_piece(self, blob_id: bytes, offset: int, size: int) -> bytes:
        """Return a part of a blob's bytes."""
        ...

    def held(self, blob_id: bytes) -> int:
        """Return how many bytes of a blob that is arriving are here."""
        ...

    def write_piece(self, blob_id: bytes, offset: int, data: bytes, size: int) -> int:
        """Add a part; return how many bytes are here. All of `size`: the blob is durable."""
        ...


class Indexed(msgspec.Struct, frozen=True):
    """What the index knows of a report, so that only those that are shown are opened."""

    report: bytes
    terms: Sequence[str]
    senders: frozenset[str]
    """Who sent it, and who wrote it where it was passed on."""
    kind: str
    desks: tuple[str, ...]
    """Of this house, without those that it was given later."""
    stored_at: Instant


class WordIndex(Protocol):
    """The words of reports, in memory."""

    seen: int
    """Entries of the journal that it knows."""

    def alone(self) -> AbstractContextManager[None]:
        """Give a stretch in which no other thread works on the index."""
        ...

    def take(self, added: Sequence[Indexed], gone: Sequence[bytes], seen: int) -> None:
        """Add reports, drop those that were destroyed; so much is seen then."""
        ...

    def find(self, wanted: Wanted) -> Generator[tuple[bytes, tuple[str, ...]]]:
        """Yield what is wanted, the best first, then the newest, with its desks of this house.

        Which desk is wanted is not looked at, for a report may have been given to others since.
        """
        ...


class Scanner(Protocol):
    """What looks at an attachment before it is given out or taken in."""

    def scan(self, name: str, chunks: Iterable[bytes]) -> Generator[bytes]:
        """Yield `chunks`, and raise behind the last of them unless they were found clean."""
        ...


class PrekeyVault(Protocol):
    """The private halves of this node's prekeys."""

    def alone(self) -> AbstractContextManager[object]:
        """Give a stretch in which no other thread makes or destroys prekeys."""
        ...

    def kids(self) -> frozenset[bytes]:
        """Return the ids of the prekeys that are kept."""
        ...

    def make(self, alg: Alg) -> PublicKey:
        """Make a prekey whose private half is durable; return its public half."""
        ...

    def destroy(self, kid: bytes) -> None:
        """Destroy a private half for good."""
        ...


class Archive(Protocol):
    """The retention keys, and what is sealed under keys that they wrap."""

    def alone(self) -> AbstractContextManager[object]:
        """Give a stretch in which no other thread destroys retention keys."""
        ...

    def names(self) -> frozenset[str]:
        """Return what the retention keys that are here are called."""
        ...

    def make_beside(self, name: str) -> str:
        """Make a durable one for what is kept of another's day; return what it is called."""
        ...

    def retire(self, name: str) -> None:
        """Seal nothing more under a retention key."""
        ...

    def destroy(self, name: str) -> None:
        """Destroy a retention key for good."""
        ...

    def seal(self, at: Instant, owner: bytes, label: bytes, text: bytes) -> SealedText:
        """Return a text of `owner`, stored at `at`, under a new key, with a label beside that."""
        ...

    def label(self, name: str, slip: bytes, owner: bytes) -> bytes | None:
        """Return the label on a slip; None: its retention key is not here."""
        ...

    def open(self, name: str, slip: bytes, owner: bytes, sealed: bytes) -> bytes | None:
        """Return a text; None: its retention key is not here."""
        ...

    def rewrap(self, name: str, slip: bytes, owner: bytes, other: str) -> bytes | None:
        """Return a slip under another retention key; None: its own is not here."""
        ...


class Spool(Protocol):
    """Payloads of courier volumes as files, until their set is complete."""

    def alone(self) -> AbstractContextManager[object]:
        """Give a stretch in which no other thread applies volumes."""
        ...

    def keep(self, label: str, chunks: Iterable[bytes], size: int, digest: bytes) -> None:
        """Keep a durable payload of that size and digest, or nothing of it."""
        ...

    def holds(self, label: str) -> bool:
        """Say whether a payload is here."""
        ...

    def read(self, label: str, position: int, size: int) -> bytes:
        """Return a part of a payload."""
        ...

    def drop(self, labels: Iterable[str]) -> None:
        """Remove payloads."""
        ...
