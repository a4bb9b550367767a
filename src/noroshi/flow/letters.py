"""Letters: what courier volumes tell of journals, where no comms check goes.

A letter is a comms check with nothing but that in it. It asks, and answers what the partner's
newest one asked (:mod:`noroshi.flow.cosign`). `docs/formats/courier.md`.
"""

import msgspec

from noroshi.core.compact.dictionary import newest
from noroshi.core.delivery.check import (
    VERSION,
    CommsCheck,
    Tally,
    decode_check,
    encode_check,
    reads,
)
from noroshi.core.delivery.witness import MAX_PROOFS, ask
from noroshi.core.instant import Instant
from noroshi.core.tlog.checkpoint import parse_note
from noroshi.core.tlog.cosignature import note_in
from noroshi.flow.compacting import note_dictionary
from noroshi.flow.cosign import judge, make_ask, make_part, read_part, verified
from noroshi.flow.epochs import epoch_known
from noroshi.flow.ports import Entropy
from noroshi.flow.records import Identity
from noroshi.flow.tables import Tables, Transaction
from noroshi.flow.witness import compare_own


def make_letter(tables: Tables, partner: str, identity: Identity, now: Instant) -> bytes:
    """Return what a courier volume tells a partner of journals, b"" where it reads none.

    It asks, and answers what the partner's newest volume asked.
    """
    told = tables.witness.letter(partner)
    if told is None:
        return b""
    asked = decode_check(told) if told else None
    return encode_check(
        CommsCheck(
            version=VERSION,
            at=now,
            tally=Tally(identity.card.card.epoch, (), ()),
            settled=(*make_ask(tables, partner, identity.me), reads(newest())),
            desks=(),
            seen=tables.witness.note_to_show(partner),
            witness=make_part(tables, partner, asked, identity.me) if asked else b"",
        )
    )


def take_letter(
    tx: Transaction, partner: str, raw: bytes, identity: Identity, entropy: Entropy
) -> None:
    """Take in what a courier volume tells of journals.

    Volumes come late, in any order or never. So what is not told counts for nothing, and an older
    checkpoint than the one that was proven says nothing.

    Raises:
        MalformedError: it is no comms check.
    """
    told = decode_check(raw)
    if told.tally.epoch != epoch_known(tx, partner):
        return
    tx.witness.put_letter(partner, raw, told.at)
    note_dictionary(tx, partner, told)
    compare_own(tx, partner, told.seen, identity, entropy)
    part, proven = read_part(told.witness), tx.witness.proven(partner)
    if part is None:
        return
    newest = verified(tx, partner, part.note, identity)
    base = parse_note(note_in(proven.cosigned)).size if proven and proven.cosigned else 0
    if newest is not None and newest.size >= base:
        sizes = (0, *(size for size, _ in part.proofs))
        asked = msgspec.structs.replace(told, settled=ask(sizes[:MAX_PROOFS], ()))
        judge(tx, partner, asked, told, identity, entropy)
