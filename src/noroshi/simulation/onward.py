"""Going further: people who pass on what they got, ask for consent, and give it or not.

:func:`check_enclosed` is what must hold of it (I19): whoever has a report by way of another has it
as its originator wrote it, and its originator has let that other pass it on to just this partner.
"""

import asyncio
import random
from typing import Final

from noroshi.core.delivery.ladder import Rung
from noroshi.core.errors import NoroshiError
from noroshi.core.report import SERVICES
from noroshi.flow import answers, requests, views
from noroshi.flow.records import StoredReport
from noroshi.simulation.account import Account
from noroshi.simulation.disk import PowerCut
from noroshi.simulation.ledger import Ledger
from noroshi.simulation.node import DESKS, SimNode
from noroshi.simulation.virtual import VirtualLoop

_PAUSE_SECONDS: Final = 4 * 3600.0
_MOST_WANTED: Final = 20


class Passer:
    """Somebody at a node who wants others to have what came in, and answers those who want that."""

    def __init__(
        self, loop: VirtualLoop, node: SimNode, others: list[str], ledger: Ledger, seed: str
    ) -> None:
        self._loop = loop
        self._node = node
        self._others = others
        self._ledger = ledger
        self._draw = random.Random(f"{seed} passer {node.name}")
        self._wanted: list[tuple[bytes, str]] = []
        """Reports, and the desks that are to have them."""

    async def work(self) -> None:
        """Ask, answer and pass on for ever."""
        while True:
            await asyncio.sleep(_PAUSE_SECONDS * self._draw.uniform(0.5, 1.5))
            if not self._node.is_up or self._node.is_deaf:
                continue
            for act in (self._answer, self._want, self._pass_on):
                try:
                    act()
                except PowerCut:
                    break
                except NoroshiError:
                    continue

    def _answer(self) -> None:
        """Grant most of what is asked, and decline the rest."""
        with self._node.store.read() as tables:
            asked = [
                kept for kept in tables.consents.requests()
                if kept.originator == self._node.name
                and tables.consents.grant_of(kept.request_id) is None
            ]  # fmt: skip
        for kept in asked:
            name, by = kept.request_id.hex(), f"Cdr {self._node.name}"
            if self._draw.random() < 0.8:  # noqa: PLR2004 - one in five is declined
                request: requests.AnyRequest = requests.GrantConsent(request=name, by=by)
            else:
                request = requests.Answering(report=name, rung=Rung.DECLINED, by=by, note="no")
            answers.handle(self._node.house, request)
            self._ledger.note(self._loop.time(), f"{self._node.name} answers {name}")

    def _want(self) -> None:
        """Choose a report that came in, and a third partner."""
        with self._node.store.read() as tables:
            rows = [
                row for row in tables.reports.inbox()
                if row.kind not in SERVICES
            ]  # fmt: skip
        if not rows or self._draw.random() < 0.5:  # noqa: PLR2004 - every other time
            return
        row = self._draw.choice(rows[-10:])
        thirds = [name for name in self._others if name != row.sender]
        if thirds:
            desk = f"{self._draw.choice(DESKS)}@{self._draw.choice(thirds)}"
            self._wanted = [*self._wanted, (row.report_id, desk)][-_MOST_WANTED:]

    def _pass_on(self) -> None:
        """Ask for consent, or pass on what has it."""
        for wanted in list(self._wanted):
            report_id, desk = wanted
            request = requests.PassOn(
                report=report_id.hex(), to=(desk,), by=f"Lt {self._node.name}",
                report_id=self._draw.randbytes(16),
            )  # fmt: skip
            try:
                answer = answers.handle(self._node.house, request)
            except NoroshiError:
                self._wanted.remove(wanted)
                continue
            if isinstance(answer, dict) and answer["state"] == "SENT":
                self._wanted.remove(wanted)
                self._ledger.note(self._loop.time(), f"{self._node.name} passes on {desk}")


def check_enclosed(account: Account, node: SimNode, report: StoredReport) -> None:
    """Check that a report that was passed on is whole, and here with its originator's leave."""
    with node.store.read() as tables:
        enclosed = tables.consents.enclosed(report.id)
        said = views.said_by(tables, report)
    if enclosed is None:
        return
    with account.nodes[enclosed.originator].store.read() as tables:
        original = tables.reports.get(enclosed.original)
        grants = [kept.signed.grant for kept in tables.consents.grants_about(enclosed.head_digest)]
    if enclosed.originator in account.ledger.forgetful:
        return
    if original is None or (original.head, original.content) != (said.head, said.content):
        account.violate("I19", node, f"{report.id.hex()} encloses what nobody wrote")
    if not any(
        grant.holder == report.head.sender and node.name in grant.audience for grant in grants
    ):
        account.violate("I19", node, f"{report.id.hex()} was passed on without leave")
