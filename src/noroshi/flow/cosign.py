"""Cosign: the part of a comms check in which two nodes are witnesses of each other's journal.

    ask    -> "of your journal I hold these sizes; prove that you go on from them", and whom I know
    answer -> newest checkpoint, a consistency proof from each size; a cosignature of the other's
              journal; the checkpoints held of partners whom both know
    judge  -> all proven: kept and cosigned. One that does not lead to the newest: a conflict, for
              good. None given, three times in a row: somebody is called

A partner may show one journal here and another one elsewhere. So what others hold of it waits to
be proven like what it showed itself. :mod:`noroshi.flow.witness` has what reports and receipts say.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from noroshi.core.delivery.alarm import Alarm, AlarmKind
from noroshi.core.delivery.check import CommsCheck
from noroshi.core.delivery.witness import (
    MAX_OTHERS,
    MAX_OTHERS_BYTES,
    MAX_PROOFS,
    MAX_TAGS,
    VERSION,
    Asked,
    WitnessPart,
    ask,
    asked_sizes,
    asked_tags,
    decode_part,
    encode_part,
    tag_of,
)
from noroshi.core.envelope.keys import Purpose
from noroshi.core.errors import MalformedError
from noroshi.core.partner import PartnerState
from noroshi.core.tlog.checkpoint import (
    Checkpoint,
    origin_of,
    parse_note,
    partner_of,
    verify_note,
)
from noroshi.core.tlog.cosignature import cosign, note_in, verify_cosigned
from noroshi.core.tlog.merkle import consistency_proof, tree_at, verify_consistency
from noroshi.flow.alarms import raise_alarm
from noroshi.flow.epochs import epoch_known
from noroshi.flow.ports import Entropy
from noroshi.flow.records import Identity
from noroshi.flow.tables import Tables, Transaction
from noroshi.flow.witness import compare_own, find_conflict
from noroshi.flow.witness_tables import KeptCosignature, Proven

PATIENCE: Final = 3
"""Answers without a proof that was asked for, until somebody is called."""
_MOST_TOLD: Final = 3
"""Of what others hold, so much is asked for at a time."""
_MOST_PROOF_BYTES: Final = 10 * 1024


class _Claim(msgspec.Struct, frozen=True):
    """A checkpoint that a partner signed, and has to prove that it goes on from."""

    note: bytes
    teller: str | None = None
    """Who holds it; None: this node."""

    @property
    def size(self) -> int:
        """Of the tree."""
        return parse_note(self.note).size


class _Answer(msgspec.Struct, frozen=True):
    """What a partner showed of its journal, signed by it."""

    note: bytes
    newest: Checkpoint
    proofs: Mapping[int, tuple[bytes, ...]]

    def tells_of(self, size: int) -> bool:
        """Say whether it tells how the newest checkpoint goes on from one of that size."""
        return size >= self.newest.size or size in self.proofs

    def goes_on_from(self, claim: Checkpoint) -> bool:
        """Say whether the newest checkpoint is proven to go on from an earlier one."""
        newest = self.newest
        proof = self.proofs[claim.size] if claim.size < newest.size else ()
        try:
            verify_consistency(claim.size, claim.root, newest.size, newest.root, proof)
        except MalformedError:
            return False
        return True


def make_ask(tables: Tables, partner: str, me: str) -> tuple[Asked, ...]:
    """Return what to ask of a partner about journals in a comms check."""
    sizes = {claim.size for claim in _claims(tables, partner)} or {0}
    tags = [tag_of(digest, me, partner) for digest, _ in _common(tables, partner)]
    return ask(sorted(sizes), tags[:MAX_TAGS])


def make_part(tables: Tables, partner: str, asked: CommsCheck, me: str) -> bytes:
    """Return what to tell a partner of journals, b"" where it did not ask."""
    sizes = asked_sizes(asked)
    if not sizes:
        return b""
    note = tables.journal.newest_note()
    proven = tables.witness.proven(partner)
    return encode_part(
        WitnessPart(
            version=VERSION,
            note=note,
            proofs=tuple(_proofs(tables, sizes, parse_note(note).size)),
            cosigned=proven.cosigned if proven else b"",
            others=tuple(_others(tables, partner, asked, me)),
        )
    )


def judge(
    tx: Transaction,
    partner: str,
    asked: CommsCheck,
    told: CommsCheck,
    identity: Identity,
    entropy: Entropy,
) -> None:
    """Judge what a partner answered about journals; nothing in it stops anything else."""
    sizes = asked_sizes(asked)
    if not sizes:
        return
    part = read_part(told.witness)
    _take(tx, partner, part, identity, entropy)
    proven = tx.witness.proven(partner)
    if (part is None and proven is None) or (proven is not None and proven.is_broken):
        return  # it knows nothing of witnesses, or has contradicted itself
    base = note_in(proven.cosigned) if proven else b""  # without it nothing is accepted
    answer = _answer(tx, partner, part, identity)
    if answer is not None and _is_overtaken(answer, base, sizes):
        return
    claims = [claim for claim in _claims(tx, partner) if claim.size in sizes or claim.note == base]
    lacking = [claim for claim in claims if answer is None or not answer.tells_of(claim.size)]
    for claim in claims:
        if answer is None or claim in lacking:
            continue
        if not answer.goes_on_from(parse_note(claim.note)):
            _break(tx, partner, claim, answer.note, identity, entropy)
            return
        tx.witness.is_proven(partner, claim.note)
    if lacking:
        _miss(tx, partner, lacking, identity, entropy)
    elif answer is not None:
        _accept(tx, partner, answer, identity)


def _take(
    tx: Transaction,
    partner: str,
    part: WitnessPart | None,
    identity: Identity,
    entropy: Entropy,
) -> None:
    """Take in what an answer tells besides the teller's own journal."""
    if part is not None:
        _keep_cosignature(tx, partner, part.cosigned, identity, entropy)
        for note in part.others:
            _hear_of(tx, partner, note, identity, entropy)


def _claims(tables: Tables, partner: str) -> list[_Claim]:
    """Return the checkpoints that a partner has to prove next, what was proven before first."""
    proven = tables.witness.proven(partner)
    own = [note_in(proven.cosigned)] if proven and proven.cosigned else []
    told = tables.witness.told(partner)[:_MOST_TOLD]
    room = MAX_PROOFS - len(own) - len(told)
    claims = [_Claim(note) for note in (*own, *tables.witness.claims(partner, room))]
    claims += [_Claim(each.note, each.teller) for each in told]
    return list({claim.note: claim for claim in reversed(claims)}.values())


def _common(tables: Tables, partner: str) -> Iterator[tuple[bytes, str]]:
    """Yield root digest and name of each verified partner but one."""
    for known in tables.partners.all():
        card = known.signed_card.card
        if known.state is PartnerState.VERIFIED and card.partner != partner:
            yield card.root_digest, card.partner


def _proofs(
    tables: Tables, sizes: tuple[int, ...], newest: int
) -> Iterator[tuple[int, tuple[bytes, ...]]]:
    room = _MOST_PROOF_BYTES
    for size in dict.fromkeys(sizes):
        if 0 < size < newest and room > 0:
            proof = consistency_proof(size, newest, tables.journal.node)
            room -= sum(map(len, proof))
            yield size, proof


def _others(tables: Tables, partner: str, asked: CommsCheck, me: str) -> Iterator[bytes]:
    """Yield what is held of partners whom the asker has named."""
    tags, room = frozenset(asked_tags(asked)), MAX_OTHERS_BYTES
    if not tags:
        return
    common = [name for root, name in _common(tables, partner) if tag_of(root, partner, me) in tags]
    for name in common[:MAX_OTHERS]:
        note = tables.witness.peer_note(name)
        room -= len(note)
        if note and room >= 0:
            yield note


def read_part(raw: bytes) -> WitnessPart | None:
    """Return what a check tells of journals; None for nothing that can be read."""
    try:
        return decode_part(raw) if raw else None
    except MalformedError:
        return None


def _answer(
    tx: Transaction, partner: str, part: WitnessPart | None, identity: Identity
) -> _Answer | None:
    newest = verified(tx, partner, part.note, identity) if part else None
    if part is None or newest is None:
        return None
    return _Answer(part.note, newest, dict(part.proofs))


def _is_overtaken(answer: _Answer, base: bytes, sizes: tuple[int, ...]) -> bool:
    """Say whether more was proven since an answer was asked for, on another way."""
    size = parse_note(base).size if base else 0
    return size > answer.newest.size and size not in sizes


def verified(tx: Transaction, partner: str, note: bytes, identity: Identity) -> Checkpoint | None:
    """Return a checkpoint that a partner signed for its present epoch; None for anything else."""
    known = tx.partners.get(partner)
    if known is None or known.state is not PartnerState.VERIFIED:
        return None
    key = known.signed_card.card.key(Purpose.JOURNAL)
    try:
        origin = origin_of(partner, epoch_known(tx, partner))
        checkpoint = verify_note(note, origin, key, identity.primitives)
    except MalformedError:
        return None
    return checkpoint if checkpoint.size else None


def _accept(tx: Transaction, partner: str, answer: _Answer, identity: Identity) -> None:
    """Keep and cosign a checkpoint that goes on from all that was seen."""
    note, newest = answer.note, answer.newest
    before = tx.witness.proven(partner)
    if before is None or not before.cosigned or parse_note(note_in(before.cosigned)) != newest:
        cosigned = cosign(note, identity.me, tx.now, identity.journal_signer)
        tx.witness.put_proven(partner, Proven(cosigned, tx.now))
    elif before.missed:
        tx.witness.put_proven(partner, msgspec.structs.replace(before, missed=0))
    held = tx.witness.peer_note(partner)
    if not held or parse_note(held).size < newest.size:
        tx.witness.put_peer_note(partner, note, tx.now)
    if not tx.witness.told(partner):
        tx.watch.end_alarms((AlarmKind.UNPROVEN,), partner, tx.now)


def _miss(
    tx: Transaction, partner: str, lacking: list[_Claim], identity: Identity, entropy: Entropy
) -> None:
    """Count an answer without proof, and call somebody when it is the third."""
    late: list[_Claim] = []
    for claim in lacking:
        if claim.teller is None:
            continue
        tx.witness.miss(claim.teller, partner)
        missed = {each.note: each.missed for each in tx.witness.told(partner)}
        if missed.get(claim.note) == PATIENCE:
            late.append(claim)
    own = [claim for claim in lacking if claim.teller is None]
    before = tx.witness.proven(partner) or Proven(b"", tx.now)
    fresh = [claim for claim in own if claim.note != note_in(before.cosigned)]
    if fresh:  # a node that is silent by order says nothing new, and has nothing new to prove
        tx.witness.put_proven(partner, msgspec.structs.replace(before, missed=before.missed + 1))
        if before.missed + 1 == PATIENCE:
            late += fresh[:1]
    for claim in late:
        seen_by = f"to {claim.teller}" if claim.teller else "to this node"
        detail = f"it has shown {claim.size:,} entries {seen_by}; ask its administrator why"
        alarm = Alarm(AlarmKind.UNPROVEN, partner, tx.now, detail=detail)
        raise_alarm(tx, alarm, identity.me, entropy)


def _break(
    tx: Transaction,
    partner: str,
    claim: _Claim,
    note: bytes,
    identity: Identity,
    entropy: Entropy,
) -> None:
    """Keep two checkpoints that contradict each other, and call somebody, once in an epoch."""
    size, now_size = claim.size, parse_note(note).size
    seen_by = f" to {claim.teller}" if claim.teller else ""
    detail = f"it has shown {size:,} entries{seen_by}, and now {now_size:,}"
    detail += " that do not go on from them" if now_size >= size else ""
    find_conflict(tx, partner, (claim.note, note), detail, identity, entropy)


def _hear_of(
    tx: Transaction, teller: str, note: bytes, identity: Identity, entropy: Entropy
) -> None:
    """Take what one partner holds of another: it must fit in with what is held here."""
    try:
        partner = partner_of(parse_note(note).origin)
    except MalformedError:
        return
    proven = tx.witness.proven(partner)
    held = tx.witness.peer_note(partner)
    is_known = note == held or (proven is not None and note == note_in(proven.cosigned))
    if is_known or partner in {teller, identity.me} or (proven is not None and proven.is_broken):
        return
    checkpoint = verified(tx, partner, note, identity)
    if checkpoint is None:
        return
    here = parse_note(held) if held else None
    if here is not None and here.size == checkpoint.size and here.root != checkpoint.root:
        _break(tx, partner, _Claim(note, teller), held, identity, entropy)
    else:
        tx.witness.tell(teller, partner, note)


def _keep_cosignature(
    tx: Transaction, partner: str, cosigned: bytes, identity: Identity, entropy: Entropy
) -> None:
    """Keep a partner's cosignature of this journal; what it contradicts is a lost end."""
    known = tx.partners.get(partner)
    if not cosigned or known is None:
        return
    compare_own(tx, partner, note_in(cosigned), identity, entropy)
    own, witness = identity.card.card, known.signed_card.card
    try:
        seen = verify_cosigned(
            cosigned, origin_of(identity.me, own.epoch), own.key(Purpose.JOURNAL),
            partner, witness.key(Purpose.JOURNAL), identity.primitives,
        )  # fmt: skip
    except MalformedError:
        return
    size = seen.checkpoint.size
    if size <= tx.journal.size and tree_at(size, tx.journal.node).root == seen.checkpoint.root:
        tx.witness.put_cosignature(KeptCosignature(partner, size, seen.at, cosigned))
