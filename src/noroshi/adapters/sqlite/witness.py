"""Checkpoints and cosignatures (:class:`noroshi.flow.witness_tables.WitnessTable`)."""

import itertools
from typing import Final

from noroshi.adapters.sqlite.connection import Database
from noroshi.adapters.sqlite.rows import blob, integer, text
from noroshi.core.instant import Instant
from noroshi.flow.witness_tables import Conflict, KeptCosignature, Proven, ToldNote

MOST_UNSHOWN: Final = 64
"""Checkpoints of a partner that wait to be shown and proven; of more, those before the shortest
silences go, several at once."""
_GO_AT_ONCE: Final = 16
_SILENCES: Final = (
    "SELECT note, LEAD(taken_at) OVER (ORDER BY taken_at) - taken_at AS silence"
    " FROM peer_unshown WHERE partner = ?1"
)
"""How long a partner was silent after each; the newest is followed by nothing yet."""
_UNSHOWN: Final = "SELECT taken_at, note FROM peer_unshown WHERE partner = ? ORDER BY taken_at"
MOST_CONFLICTS: Final = 64
"""Pairs of checkpoints kept of one partner: the first ones prove all that later ones could."""


class SqliteWitness:
    """Checkpoints that were seen, proven, told of and cosigned."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def peer_note(self, partner: str) -> bytes:
        """Return the newest checkpoint held of a partner, b"" if none."""
        row = self._db.value("SELECT note FROM peer_checkpoint WHERE partner = ?", (partner,))
        return b"" if row is None else blob(row)

    def put_peer_note(self, partner: str, note: bytes, at: Instant) -> None:
        """Keep a partner's newest checkpoint; it waits to be shown and proven."""
        self._db.run(
            "INSERT OR REPLACE INTO peer_checkpoint (partner, note) VALUES (?, ?)", (partner, note)
        )
        self.claim(partner, note, at)

    def claim(self, partner: str, note: bytes, at: Instant) -> None:
        """Keep a checkpoint of a partner, newest or not, until it was shown and proven."""
        self._db.run(
            "INSERT OR IGNORE INTO peer_unshown (partner, taken_at, note) VALUES (?, ?, ?)",
            (partner, at, note),
        )
        count = self._db.value("SELECT COUNT(*) FROM peer_unshown WHERE partner = ?", (partner,))
        if integer(count) > MOST_UNSHOWN:
            self._db.run(
                "DELETE FROM peer_unshown WHERE partner = ?1 AND note IN (SELECT note"  # noqa: S608 - ours
                f" FROM ({_SILENCES}) WHERE silence IS NOT NULL ORDER BY silence LIMIT ?2)",
                (partner, _GO_AT_ONCE),
            )

    def begin_peer_notes(self, partner: str) -> None:
        """Forget a partner's checkpoints: its journal goes on under another name."""
        self._db.run("DELETE FROM peer_checkpoint WHERE partner = ?", (partner,))
        self._db.run("DELETE FROM peer_unshown WHERE partner = ?", (partner,))
        self._db.run("DELETE FROM peer_proven WHERE partner = ?", (partner,))
        self._db.run("DELETE FROM peer_told WHERE partner = ?", (partner,))

    def note_to_show(self, partner: str) -> bytes:
        """Return a partner's checkpoint to show it next, b"" if none is held.

        The one after which it was silent longest before it went on: if it lost the end of its
        journal, then there.
        """
        waiting = self.claims(partner, 1)
        return waiting[0] if waiting else b""

    def is_shown(self, partner: str, note: bytes) -> None:
        """Note that a partner was shown its checkpoint, or has proven it.

        The newest is shown again once there is a newer one: the end may be lost in between.
        """
        self._db.run(
            "DELETE FROM peer_unshown WHERE partner = ?1 AND note = ?2 AND taken_at <"
            " (SELECT MAX(taken_at) FROM peer_unshown WHERE partner = ?1)",
            (partner, note),
        )

    def claims(self, partner: str, limit: int) -> list[bytes]:
        """Return checkpoints of a partner that wait to be proven, the most telling first."""
        rows = [(integer(at), blob(note)) for at, note in self._db.rows(_UNSHOWN, (partner,))]
        silences = {note: later - at for (at, note), (later, _) in itertools.pairwise(rows)}
        # The newest comes last: nothing has followed it yet.
        notes = sorted((note for _, note in rows), key=lambda n: silences.get(n, -1), reverse=True)
        return notes[:limit]

    def is_proven(self, partner: str, note: bytes) -> None:
        """Note that a checkpoint was proven: it waits no longer, whoever told of it."""
        self._db.run("DELETE FROM peer_told WHERE partner = ? AND note = ?", (partner, note))
        self.is_shown(partner, note)

    def proven(self, partner: str) -> Proven | None:
        """Return how far a partner's journal is proven; None: it never was."""
        row = self._db.row(
            "SELECT cosigned, at, missed, is_broken FROM peer_proven WHERE partner = ?", (partner,)
        )
        if row is None:
            return None
        cosigned, at, missed, is_broken = row
        return Proven(blob(cosigned), integer(at), integer(missed), bool(is_broken))

    def put_proven(self, partner: str, proven: Proven) -> None:
        """Keep how far a partner's journal is proven, and what went wrong since."""
        self._db.run(
            "INSERT OR REPLACE INTO peer_proven (partner, cosigned, at, missed, is_broken)"
            " VALUES (?, ?, ?, ?, ?)",
            (partner, proven.cosigned, proven.at, proven.missed, proven.is_broken),
        )

    def tell(self, teller: str, partner: str, note: bytes) -> None:
        """Keep what one partner holds of another, unless something of it still waits."""
        self._db.run(
            "INSERT OR IGNORE INTO peer_told (teller, partner, note) VALUES (?, ?, ?)",
            (teller, partner, note),
        )

    def told(self, partner: str) -> list[ToldNote]:
        """Return what others hold of a partner and is not proven, the least missed first."""
        rows = self._db.rows(
            "SELECT teller, note, missed FROM peer_told WHERE partner = ? ORDER BY missed, teller",
            (partner,),
        )
        return [
            ToldNote(text(teller), blob(note), integer(missed)) for teller, note, missed in rows
        ]

    def miss(self, teller: str, partner: str) -> None:
        """Note that an answer lacked the proof of what `teller` holds of `partner`."""
        self._db.run(
            "UPDATE peer_told SET missed = missed + 1 WHERE teller = ? AND partner = ?",
            (teller, partner),
        )

    def reads_letters(self, partner: str) -> None:
        """Note that a partner reads what courier volumes tell of journals."""
        self._db.run(
            "INSERT OR IGNORE INTO courier_witness (partner, told, at) VALUES (?, X'', 0)",
            (partner,),
        )

    def letter(self, partner: str) -> bytes | None:
        """Return the newest that a partner's volume told, b"" for nothing; None: it reads none."""
        row = self._db.value("SELECT told FROM courier_witness WHERE partner = ?", (partner,))
        return None if row is None else blob(row)

    def put_letter(self, partner: str, raw: bytes, at: Instant) -> None:
        """Keep what a partner's volume told, unless a newer one is here."""
        self._db.run(
            "INSERT INTO courier_witness (partner, told, at) VALUES (?1, ?2, ?3)"
            " ON CONFLICT DO UPDATE SET told = ?2, at = ?3 WHERE ?3 >= at",
            (partner, raw, at),
        )

    def keep_conflict(self, conflict: Conflict) -> None:
        """Keep evidence: two checkpoints of a partner that contradict each other."""
        self._db.run(
            "INSERT INTO checkpoint_conflict (partner, one, other, at) SELECT ?1, ?2, ?3, ?4"
            " WHERE (SELECT COUNT(*) FROM checkpoint_conflict WHERE partner = ?1) < ?5",
            (conflict.partner, conflict.one, conflict.other, conflict.at, MOST_CONFLICTS),
        )

    def conflicts(self) -> list[Conflict]:
        """Return all evidence, the oldest first."""
        rows = self._db.rows(
            "SELECT partner, one, other, at FROM checkpoint_conflict ORDER BY number"
        )
        return [
            Conflict(text(partner), blob(one), blob(other), integer(at))
            for partner, one, other, at in rows
        ]

    def put_cosignature(self, kept: KeptCosignature) -> None:
        """Keep a cosignature of this journal; the largest size of a partner stands."""
        self._db.run(
            "INSERT INTO cosignature (partner, size, at, cosigned) VALUES (?1, ?2, ?3, ?4)"
            " ON CONFLICT DO UPDATE SET size = ?2, at = ?3, cosigned = ?4"
            " WHERE ?2 > size OR (?2 = size AND ?3 > at)",
            (kept.partner, kept.size, kept.at, kept.cosigned),
        )

    def cosignatures(self) -> list[KeptCosignature]:
        """Return the newest cosignature of this journal by each partner."""
        rows = self._db.rows("SELECT partner, size, at, cosigned FROM cosignature ORDER BY partner")
        return [
            KeptCosignature(text(partner), integer(size), integer(at), blob(cosigned))
            for partner, size, at, cosigned in rows
        ]
