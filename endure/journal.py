"""journal: whatever is edited in a journal on disk is found, and where it lies.

Two nodes exchange reports; the journals of both are edited in their databases (:mod:`edits`)
and, byte by byte, in the pages of the file. Every edit that changes what the journal says must
be found by the journal's own check. What no check at one node alone can find, because the end
was cut off or signed anew with the stolen key and every trace removed, must be found with a
proof file of the partner, as far as the partner has seen; how much that is, is counted.
"""

import random
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final

import apsw
import msgspec

from endure import evidence
from endure.book import Book, Origin, origins
from endure.edits import ALONE, TAILS, Edit
from noroshi.adapters.sqlite.connection import explain
from noroshi.core.errors import NoroshiError
from noroshi.flow.audit import JournalState

EDITS_A_ROUND: Final = 1000
PAGES_SHARE: Final = 0.25
ROLLBACK_SHARE: Final = 0.02
TAILS_SHARE: Final = 0.25

FOUND: Final = "found"
WITH_PROOF: Final = "found with the partner's proof"
UNSEEN: Final = "nobody has seen more"


class Outcome(msgspec.Struct):
    """How the edits of one round were found."""

    counts: Counter[str]
    """By class and how it was found: "flip-leaf: found"."""
    missed: list[str]

    def total(self, how: str) -> int:
        """Return how many were found in one way."""
        return sum(count for name, count in self.counts.items() if name.endswith(how))


def run_round(folder: Path, edits: int, seed: int) -> Outcome:
    """Make two journals and edit them so often."""
    draw = random.Random(seed)
    outcome = Outcome(Counter(), [])
    with origins(folder, seed) as both:
        books = [Book(origin) for origin in both]
        for book in books:
            for with_proof in (False, True):
                state = book.verify(with_proof=with_proof)
                if state.bad_between is not None:
                    outcome.missed.append(f"an unedited journal is called bad: {state.reason}")
        for _ in range(edits):
            book = draw.choice(books)
            share = draw.random()
            if share < PAGES_SHARE:
                while not edit_page(book.origin, draw, outcome):
                    outcome.counts["flip-page: nothing is said there"] += 1
            elif share < PAGES_SHARE + ROLLBACK_SHARE:
                roll_back(book.origin, draw, outcome)
            elif share < PAGES_SHARE + ROLLBACK_SHARE + TAILS_SHARE:
                edit_tail(book, draw.choice(list(TAILS)), draw, outcome)
            else:
                edit_anywhere(book, draw.choice(list(ALONE)), draw, outcome)
        for book in books:
            book.close()
    return outcome


def edit_anywhere(book: Book, name: str, draw: random.Random, outcome: Outcome) -> None:
    """Make an edit that must be found where it is."""
    with book.edited():
        index = ALONE[name](book, draw)
        state = book.verify()
    _judge(name, state, index, outcome)


def edit_tail(book: Book, name: str, draw: random.Random, outcome: Outcome) -> None:
    """Make an edit of the end, which may need witnesses to be found."""
    edit: Edit = TAILS[name]
    with book.edited():
        index = edit(book, draw)
        must_be_found = max(book.seen(), 0 if "resign" in name else book.pointed_to()) > index
        alone, told = book.verify(), book.verify(with_proof=True)
    if must_be_found or alone.bad_between is not None:
        _judge(name, alone, index, outcome)
    elif book.origin.proof and book.origin.proof[-1].size > index:
        _judge(name, told, index, outcome, how=WITH_PROOF)
    else:
        outcome.counts[f"{name}: {UNSEEN}"] += 1


def roll_back(origin: Origin, draw: random.Random, outcome: Outcome) -> None:
    """Put the whole database of an earlier moment in place."""
    book = Book(origin, draw.choice(origin.earlier))
    try:
        alone, told, size = book.verify(), book.verify(with_proof=True), book.size
    finally:
        book.close()
    if alone.bad_between is not None:
        outcome.missed.append(f"an earlier journal is called bad: {alone.reason}")
    _judge("roll-back", told, size, outcome, how=WITH_PROOF)


def edit_page(origin: Origin, draw: random.Random, outcome: Outcome) -> bool:
    """Change a byte in a page of the file that holds part of the journal.

    Return whether it was an edit: between and behind a page's cells nothing is said.
    """
    image = bytearray(origin.image)
    page_size = int.from_bytes(image[16:18])
    position = (draw.choice(origin.pages) - 1) * page_size + draw.randrange(page_size)
    image[position] ^= draw.randrange(1, 256)
    name, book = "flip-page", Book(origin, bytes(image))
    try:
        state = book.verify()
        if state.bad_between is not None:
            outcome.counts[f"{name}: {FOUND}"] += 1
        elif book.rows() == origin.rows:
            return False
        else:
            outcome.missed.append(f"{name} at {position}")
    except (apsw.Error, NoroshiError) as error:
        outcome.counts[f"{name}: {FOUND}, {explain(error, Path()).code}"] += 1
    finally:
        book.close()
    return True


def _judge(
    name: str, state: JournalState, index: int, outcome: Outcome, *, how: str = FOUND
) -> None:
    """Count an edit as found if it lies within the bracket; what was cut off, at its end."""
    if state.bad_between is None:
        outcome.missed.append(f"{name} at {index}")
        return
    first, end = state.bad_between
    if first <= index < end or index == end == state.size:
        outcome.counts[f"{name}: {how}"] += 1
    else:
        outcome.missed.append(f"{name} at {index} is said to lie in {state.bad_between}")


def prove(minutes: float, seed: int, count: int | None, _plant: str | None) -> bool:
    """Run rounds until the time is over or `count` edits were made."""
    until = time.monotonic() + minutes * 60
    done, proved = 0, True
    while time.monotonic() < until and (count is None or done < count):
        edits = EDITS_A_ROUND if count is None else min(EDITS_A_ROUND, count - done)
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="noroshi-journal-") as folder:
            outcome = run_round(Path(folder), edits, seed)
        for problem in outcome.missed:
            print("   missed:", problem)
        figures: dict[str, object] = {
            "seed": seed,
            "edits": edits,
            "found": outcome.total(f": {FOUND}") + outcome.total(f": {FOUND}, damaged"),
            "found_with_proof": outcome.total(f": {WITH_PROOF}"),
            "unseen": outcome.total(f": {UNSEEN}"),
            "missed": len(outcome.missed),
            "by_class": dict(sorted(outcome.counts.items())),
            "seconds": round(time.monotonic() - began, 1),
        }
        print(figures)
        evidence.record("journal", figures)
        proved = proved and not outcome.missed
        done += edits
        seed += 1
    print("total", evidence.totals("journal"))
    return proved
