"""Two nodes in this process, jp and nato; what crosses between them, a test carries by hand."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from endure.federation import befriend
from noroshi.bootstrap import Node, create_node, embedded_node
from noroshi.core.instant import MINUTE
from noroshi.flow import answers, arrivals, deliver, requests, watch
from noroshi.flow.tables import Transaction
from noroshi.settings import Settings

NOW = 1_795_316_404_000_000


class SetClock:
    """A clock that a test sets."""

    def __init__(self, at: int = NOW) -> None:
        self.at = at

    def now(self) -> int:
        return self.at

    def drift(self) -> int:
        return 0

    def follow(self, drift: int) -> None:
        self.at += drift

    def go_on(self, minutes: float) -> None:
        self.at += round(minutes * MINUTE)


class House:
    """A node as its desk sees it."""

    def __init__(self, node: Node, clock: SetClock) -> None:
        self.node = node
        self.clock = clock

    def ask(self, request: requests.AnyRequest) -> Any:
        return answers.handle(self.node.house, request)

    def send(self, *to: str, body: bytes = b"words", **told: Any) -> str:
        told.setdefault("precedence", "routine")
        return str(self.ask(requests.SendReport(body=body, to=to, **told))["report"])

    def waiting(self, partner: str) -> list[bytes]:
        """Return the envelopes in the outbox of a partner, the newest last."""
        with self.node.store.read() as tables:
            items = sorted(tables.outbox.items(partner), key=lambda item: item.number)
            return [tables.outbox.read(partner, item.id) for item in items]

    def take(self, envelopes: list[bytes], peer: str) -> None:
        opened = arrivals.open_all(self.node.house, envelopes)
        for taken in arrivals.submit_all(self.node.house, opened, peer):
            assert taken.result() is None

    def fire(self) -> None:
        """Do what is due at the watch."""

        def fire_due(tx: Transaction) -> bool:
            return watch.fire_due(tx, self.node.identity, self.node.house.entropy)

        while self.node.store.perform(fire_due):
            pass

    def issue_receipts(self, partner: str) -> None:
        def issue_receipts(tx: Transaction) -> bool:
            return deliver.issue_receipts(tx, partner, self.node.identity, self.node.house.entropy)

        self.node.store.perform(issue_receipts)

    def alarms(self, *, is_open: bool = True) -> list[str]:
        return [alarm["alarm"] for alarm in self.ask(requests.Alarms(is_open=is_open))]


class Pair(msgspec.Struct):
    """Both nodes, and the clock they share."""

    jp: House
    nato: House
    clock: SetClock

    def carry(self) -> None:
        """Carry to nato all that waits at jp, and the receipts back."""
        self.nato.take(self.jp.waiting("nato"), "jp")
        self.nato.issue_receipts("jp")
        self.jp.take(self.nato.waiting("jp"), "nato")


@contextmanager
def open_pair(folder: Path) -> Generator[Pair]:
    """Give two nodes that know each other; nato has two desks."""
    clock = SetClock()
    for partner, desks in (("jp", ("cyber",)), ("nato", ("cyber", "ops"))):
        settings = Settings(
            partner=partner, name=partner.upper(), desks=desks, profile="H3",
            peer="127.0.0.1:0", default_marking="TLP:GREEN",
        )  # fmt: skip
        create_node(folder / partner, settings, lambda: None, clock)
    with (
        embedded_node(folder / "jp", lambda: None, clock=clock) as jp,
        embedded_node(folder / "nato", lambda: None, clock=clock) as nato,
    ):
        assert jp is not None
        assert nato is not None
        for one, other in ((jp, nato), (nato, jp)):
            card: Any = answers.handle(other.house, requests.OwnCard())
            befriend(one.house, other.settings.partner, card["armoured"].encode())
        yield Pair(House(jp, clock), House(nato, clock), clock)
