"""Agreements: who may send whom what, up to which level, until when, and by which treaty.

An agreement covers; it never obliges. What no agreement covers stays where it is.
"""

import hashlib
import json
from datetime import date, timedelta
from typing import Final

import msgspec

from noroshi.core.errors import InputError
from noroshi.core.marking.label import is_classification
from noroshi.core.partner import is_name

VERSION: Final = 1
ENDING: Final = timedelta(days=14)
"""So long before its end people are warned."""
_LARGEST: Final = 64 * 1024
_LONGEST_REFERENCE: Final = 200


class Agreement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one partner may send another; as JSON it is the file that `agreement add` takes."""

    agreement: int
    """The version of this form."""
    reference: str
    """The treaty or arrangement, in a line; it names the agreement."""
    sender: str
    receiver: str
    policy: str
    level: str
    """The highest level that it covers, of that policy."""
    valid_from: date
    valid_until: date
    """The last day, in UTC."""
    is_mutual: bool = False
    """Whether it holds the other way too."""
    areas: tuple[str, ...] = ()
    """Of cooperation; none: all of them."""
    caveats: tuple[str, ...] = ()
    """The restrictive caveats for which the receiver is cleared."""
    accepts_indicative: bool = False
    """Whether levels of other policies count by an equivalence that is indicative alone."""

    def is_between(self, sender: str, receiver: str) -> bool:
        """Say whether it is about what one sends the other."""
        pair = (self.sender, self.receiver)
        return pair == (sender, receiver) or (self.is_mutual and pair == (receiver, sender))

    def is_valid(self, day: date) -> bool:
        """Say whether it holds on a day."""
        return self.valid_from <= day <= self.valid_until

    def is_ending(self, day: date) -> bool:
        """Say whether its end is so near that people are to be warned."""
        return self.is_valid(day) and self.valid_until - day <= ENDING


def parse_agreement(raw: bytes) -> Agreement:
    """Return the agreement that a file holds.

    Raises:
        InputError: it holds none, or contradicts itself.
    """
    if len(raw) > _LARGEST:
        raise InputError("bad-agreement", f"an agreement has at most {_LARGEST:,} bytes")
    try:
        agreement = msgspec.json.decode(raw, type=Agreement)
    except msgspec.MsgspecError as error:
        raise InputError("bad-agreement", f"the file is no agreement: {error}") from None
    problem = _problem(agreement)
    if problem:
        raise InputError("bad-agreement", f"the agreement cannot be used: {problem}")
    return agreement


def read_agreement(raw: bytes) -> Agreement:
    """Return the agreement that a file holds which a person gives.

    More is asked of it than of one that was taken before: what two readers could read differently
    is refused.

    Raises:
        InputError: it holds none, contradicts itself, or says something twice.
    """
    agreement = parse_agreement(raw)
    json.loads(raw, object_pairs_hook=_once)
    if agreement.reference != " ".join(agreement.reference.split()):
        msg = (
            "the agreement cannot be used: its reference has blanks around it or too many in it, "
            "so that people could take it for another one"
        )
        raise InputError("bad-agreement", msg)
    return agreement


def encode_agreement(agreement: Agreement) -> bytes:
    """Return the bytes of an agreement; the same for the same."""
    return msgspec.json.encode(agreement)


def agreement_digest(agreement: Agreement) -> bytes:
    """Return the SHA-256 by which the journal names an agreement."""
    return hashlib.sha256(encode_agreement(agreement)).digest()


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        msg = f"the agreement says {twice!r} twice; which of them counts, nobody can tell"
        raise InputError("bad-agreement", msg)
    return found


def _problem(agreement: Agreement) -> str:
    """Return what contradicts itself, "" for nothing."""
    reference = agreement.reference
    is_line = bool(reference.strip()) and reference.isprintable()
    sides = (agreement.sender, agreement.receiver)
    problems = {
        f"its version is not {VERSION}": agreement.agreement != VERSION,
        f"the reference is one line of 1 to {_LONGEST_REFERENCE} characters": (
            not is_line or len(reference) > _LONGEST_REFERENCE
        ),
        "sender and receiver are partners' short names, such as jp": not all(map(is_name, sides)),
        "sender and receiver are the same": len(set(sides)) == 1,
        "it ends before it begins": agreement.valid_until < agreement.valid_from,
        "policy and level are words of a marking, such as NATO and SECRET": not is_classification(
            agreement.policy, agreement.level
        ),
    }
    return next((problem for problem, is_so in problems.items() if is_so), "")
