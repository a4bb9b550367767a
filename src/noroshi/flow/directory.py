"""Directory: who the partners are, and which agreements there are with them."""

from noroshi.core.agreement import Agreement, agreement_digest
from noroshi.core.directory.card import SignedCard
from noroshi.core.directory.number import NUMBER_DIGITS, root_number, same_number
from noroshi.core.errors import ConflictError, InputError, NotFoundError
from noroshi.core.likeness import are_alike
from noroshi.core.partner import PartnerState
from noroshi.core.tlog.entry import SALT_SIZE, EntryKind, new_entry
from noroshi.flow.alarms import expect_ends
from noroshi.flow.cards import take_card
from noroshi.flow.directories import keep
from noroshi.flow.directory_tables import Heard
from noroshi.flow.ports import Entropy
from noroshi.flow.records import Announcement, KeptAgreement, KnownPartner
from noroshi.flow.tables import Tables, Transaction


def issue_card(tx: Transaction, card: SignedCard, entropy: Entropy) -> None:
    """Make `card` this node's own; the first one opens the journal."""
    kind = EntryKind.INITIALISED if tx.partners.own_card() is None else EntryKind.CARD_ISSUED
    tx.partners.put_own_card(card)
    salt = entropy.draw(SALT_SIZE)
    tx.journal.append(new_entry(kind, tx.now, salt, card.card.partner, digest=card.digest))


def add_partner(
    tx: Transaction,
    signed: SignedCard,
    entropy: Entropy,
    by: str | None = None,
    heard: Heard | None = None,
    digest: bytes = b"",
) -> KnownPartner:
    """Take a verified card: of a new partner, or a newer one under the same root.

    `heard` is the directory beside it that names it, `digest` the directory's.

    Raises:
        InputError: it is this node's own card.
        ConflictError: it is older than the one known, or another root signed it; or the
            directory that is known does not name it.
    """
    known = tx.directories.of(signed.card.partner)
    if heard is None and known is not None:
        directory = known.kept.directory
        is_other = directory.card_digest != signed.digest
        if is_other and directory.identity == signed.card.root_digest:
            msg = (
                f"the directory of {signed.card.partner} does not name this card; ask them for the "
                "whole file that 'noroshi partner card' writes"
            )
            raise ConflictError("card-unlisted", msg)
    partner = take_card(tx, signed, entropy, by)
    if heard is not None:
        keep(tx, heard, digest, entropy, by)
    return partner


def resembling(tables: Tables, partner: str) -> tuple[str, ...]:
    """Return the other partners, this node too, that people would take a partner for.

    By either name: the short one, or the one for people, which everybody chooses for themselves.
    """
    own = tables.partners.own_card()
    cards = [each.signed_card.card for each in tables.partners.all()]
    cards += [own.card] if own is not None else []
    mine = next((card for card in cards if card.partner == partner), None)
    names = (mine.partner, mine.name) if mine is not None else ()
    return tuple(
        card.partner
        for card in cards
        if card.partner != partner
        and any(are_alike(one, other) for one in names for other in (card.partner, card.name))
    )


def number_of(tables: Tables, partner: str) -> str:
    """Return the sixty digits that both sides compare.

    Raises:
        NotFoundError: no card of that partner is known.
    """
    own = tables.partners.own_card()
    known = _known(tables, partner)
    if own is None:
        raise NotFoundError("not-initialised", "this node has no card yet")
    return root_number(own.card.root_digest, known.signed_card.card.root_digest)


def verify_partner(
    tx: Transaction, partner: str, number: str, by: str, entropy: Entropy
) -> KnownPartner:
    """Record that an officer compared the sixty digits with the partner's.

    Raises:
        NotFoundError: no card of that partner is known.
        InputError: the digits are not those of both roots.
    """
    known = _known(tx, partner)
    digits = sum(c.isdecimal() for c in number)
    if digits != NUMBER_DIGITS:
        msg = f"the number has {NUMBER_DIGITS} digits; {digits} were given. Nothing was changed"
        raise InputError("number-mismatch", msg)
    if not same_number(number, number_of(tx, partner)):
        msg = (
            f"these are not the digits for {partner}: do not trust this card. Ask {partner} over "
            "another way for its card and its digits"
        )
        raise InputError("number-mismatch", msg)
    if known.state is PartnerState.REVOKED:
        msg = f"{partner} is revoked; ask them for a card with new keys: noroshi partner add FILE"
        raise ConflictError("partner-revoked", msg)
    if known.state is PartnerState.VERIFIED:
        return known
    verified = KnownPartner(known.signed_card, PartnerState.VERIFIED, known.added_at, tx.now, by)
    tx.partners.put(verified)
    tx.revocations.end(partner, tx.now)
    tx.journal.append(
        new_entry(
            EntryKind.PARTNER_VERIFIED,
            tx.now,
            entropy.draw(SALT_SIZE),
            partner,
            digest=known.signed_card.digest,
            by=by,
        )
    )
    tx.announce(Announcement("partner", partner))
    return verified


def keep_agreement(
    tx: Transaction, agreement: Agreement, by: str, me: str, entropy: Entropy
) -> KeptAgreement:
    """Go by an agreement from now on; it takes the place of one of the same reference.

    Raises:
        InputError: it is about what others send each other, or its reference looks like that of
            another one.
    """
    sides = {agreement.sender, agreement.receiver}
    if me not in sides:
        msg = f"the agreement is between {' and '.join(sorted(sides))}; this node is {me}"
        raise InputError("bad-agreement", msg)
    (other,) = sides - {me}
    for known in (each.agreement.reference for each in tx.agreements.all()):
        if known != agreement.reference and are_alike(known, agreement.reference):
            msg = (
                f"people would take the reference for that of another agreement here, {known!r}: "
                "write it exactly so to put this one in its place, or give it another"
            )
            raise InputError("bad-agreement", msg)
    kept = KeptAgreement(agreement, tx.now, by)
    tx.agreements.put(kept)
    tx.journal.append(
        new_entry(
            EntryKind.AGREEMENT_KEPT, tx.now, entropy.draw(SALT_SIZE), other,
            digest=agreement_digest(agreement), by=by,
        )
    )  # fmt: skip
    expect_ends(tx, other)
    tx.announce(Announcement("directory", me))
    return kept


def _known(tables: Tables, partner: str) -> KnownPartner:
    known = tables.partners.get(partner)
    if known is None:
        msg = f"no partner {partner!r} is known; add its card first: noroshi partner add FILE"
        raise NotFoundError("unknown-partner", msg)
    return known
