"""Figures of traffic (:class:`noroshi.flow.figure_tables.FigureTable`)."""

from collections import Counter
from typing import Final

from noroshi.adapters.sqlite.connection import Database
from noroshi.adapters.sqlite.rows import integer, optional_integer, text
from noroshi.core.instant import Instant
from noroshi.core.precedence import Precedence
from noroshi.flow.figure_tables import Acknowledged, AreaTraffic

MOST: Final = 20_000
"""The newest reports that figures are made of, so that a page of them stays quick."""
_COUNTED: Final = (
    f"number > (SELECT COALESCE(MAX(number), 0) - {MOST} FROM report)"  # noqa: S608 - of a constant
    " AND status = 'ACTUAL' AND kind <> 'comms-check' AND stored_at >= ?1"
)


class SqliteFigures:
    """What actual traffic was like."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def acknowledged(self, since: Instant) -> list[Acknowledged]:
        """Return how soon action addressees acknowledged what was stored from then on.

        A time before the report was stored is that of another clock, and counts as at once.
        """
        rows = self._db.rows(
            "WITH t AS (SELECT a.partner AS p, a.precedence AS q,"  # noqa: S608 - of constants
            " MAX(k.at - r.stored_at, 0) AS s"
            f" FROM (SELECT number, id, stored_at FROM report WHERE {_COUNTED}) r"
            " JOIN addressee a ON a.report = r.number AND a.is_action = 1"
            " LEFT JOIN rung k ON k.report = r.id AND k.partner = a.partner AND k.desk = a.desk"
            " AND k.rung = 'ACKNOWLEDGED'),"
            " o AS (SELECT p, q, s, COUNT(s) OVER w AS c, COUNT(*) OVER w AS n,"
            " ROW_NUMBER() OVER (PARTITION BY p, q ORDER BY s IS NULL, s) AS i"
            " FROM t WINDOW w AS (PARTITION BY p, q))"
            " SELECT p, q, n, c, MAX(s) FILTER (WHERE i = (c + 1) / 2),"
            " MAX(s) FILTER (WHERE i = (9 * c + 9) / 10)"
            " FROM o GROUP BY p, q ORDER BY p, q DESC",
            (since,),
        )
        return [
            Acknowledged(
                partner=text(partner),
                precedence=Precedence(integer(precedence)),
                addressed=integer(addressed),
                acknowledged=integer(acknowledged),
                median=optional_integer(median),
                tenth=optional_integer(tenth),
            )
            for partner, precedence, addressed, acknowledged, median, tenth in rows
        ]

    def traffic(self, since: Instant) -> list[AreaTraffic]:
        """Return how many reports were about each area from then on, the most first.

        A report of several areas counts for each.
        """
        rows = self._db.rows(
            f"SELECT areas, outgoing, COUNT(*) FROM report WHERE {_COUNTED}"  # noqa: S608 - ours
            " GROUP BY areas, outgoing",
            (since,),
        )
        sent, received = Counter[str](), Counter[str]()
        for areas, outgoing, count in rows:
            for area in text(areas).split() or [""]:
                (sent if outgoing else received)[area] += integer(count)
        found = [AreaTraffic(area, sent[area], received[area]) for area in {*sent, *received}]
        return sorted(found, key=lambda each: (-each.sent - each.received, each.area))
