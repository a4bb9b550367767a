"""The tables of partners and cards (:class:`noroshi.flow.tables.PartnerTable`)."""

from functools import lru_cache

from noroshi.adapters.sqlite.connection import Database, Row
from noroshi.adapters.sqlite.rows import blob, integer, optional_integer, optional_text, text
from noroshi.core import gate
from noroshi.core.directory.card import MAX_CARD, Card, SignedCard
from noroshi.core.envelope import cose, suite
from noroshi.core.partner import PartnerState
from noroshi.flow.records import KnownPartner

_COLUMNS = "card, state, added_at, verified_at, verified_by"


class SqlitePartners:
    """Partners with their cards, which were verified when they came in."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def get(self, partner: str) -> KnownPartner | None:
        """Return the partner of that name."""
        query = f"SELECT {_COLUMNS} FROM partner WHERE partner = ?"  # noqa: S608 - a constant
        row = self._db.row(query, (partner,))
        return None if row is None else _partner(row)

    def all(self) -> list[KnownPartner]:
        """Return all partners by name."""
        query = f"SELECT {_COLUMNS} FROM partner ORDER BY partner"  # noqa: S608 - a constant
        return [_partner(row) for row in self._db.rows(query)]

    def put(self, partner: KnownPartner) -> None:
        """Add or replace a partner."""
        self._db.run(
            "INSERT OR REPLACE INTO partner"
            " (partner, card, state, added_at, verified_at, verified_by)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                partner.signed_card.card.partner,
                partner.signed_card.raw,
                partner.state.value,
                partner.added_at,
                partner.verified_at,
                partner.verified_by,
            ),
        )

    def dictionary(self, partner: str) -> int:
        """Return the newest dictionary that a partner's node reads; 0: none."""
        query = "SELECT version FROM dictionary WHERE partner = ?"
        return optional_integer(self._db.value(query, (partner,))) or 0

    def put_dictionary(self, partner: str, version: int) -> None:
        """Keep the newest dictionary that a partner's node reads."""
        self._db.run("INSERT OR REPLACE INTO dictionary VALUES (?, ?)", (partner, version))

    def own_card(self) -> SignedCard | None:
        """Return this node's newest card."""
        row = self._db.value("SELECT raw FROM own_card ORDER BY serial DESC LIMIT 1")
        return None if row is None else _stored_card(blob(row))

    def own_cards(self) -> list[SignedCard]:
        """Return all cards of this node, the newest last."""
        rows = self._db.rows("SELECT raw FROM own_card ORDER BY serial")
        return [_stored_card(blob(raw)) for (raw,) in rows]

    def put_own_card(self, card: SignedCard) -> None:
        """Replace this node's card."""
        self._db.run(
            "INSERT INTO own_card (serial, raw) VALUES (?, ?)", (card.card.serial, card.raw)
        )


def _partner(row: Row) -> KnownPartner:
    card, state, added_at, verified_at, verified_by = row
    return KnownPartner(
        signed_card=_stored_card(blob(card)),
        state=PartnerState(text(state)),
        added_at=integer(added_at),
        verified_at=optional_integer(verified_at),
        verified_by=optional_text(verified_by),
    )


@lru_cache(maxsize=256)
def _stored_card(raw: bytes) -> SignedCard:
    signed = cose.parse(raw, (suite.CARD,), limit=MAX_CARD)
    return SignedCard(gate.decode_struct(signed.raw_payload, Card, limit=MAX_CARD), raw)
