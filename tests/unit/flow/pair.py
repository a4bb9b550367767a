"""Two nodes in this process, jp and nato; what crosses between them, a test carries by hand."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from endure.clock import SetClock
from endure.federation import befriend
from noroshi.bootstrap import Node, create_node, embedded_node
from noroshi.core.delivery.item import Cargo
from noroshi.core.retention import Retention, Rule
from noroshi.flow import answers, arrivals, deliver, requests, watch
from noroshi.flow.tables import Transaction
from noroshi.settings import Settings


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
            return [tables.outbox.read(partner, i.id) for i in items if i.cargo is not Cargo.BLOB]

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


def under(house: House, *rules: Rule) -> House:
    """Return a house with rules of its own."""
    parts = msgspec.structs.replace(
        house.node.house, retention=Retention(rules, house.node.house.rules)
    )
    return House(msgspec.structs.replace(house.node, house=parts), house.clock)


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
    with open_houses(folder, jp=("cyber",), nato=("cyber", "ops")) as houses:
        yield Pair(houses["jp"], houses["nato"], houses["jp"].clock)


@contextmanager
def open_houses(folder: Path, **desks: tuple[str, ...]) -> Generator[dict[str, House]]:
    """Give nodes that know one another, by their names, each with its desks; they share a clock."""
    clock = SetClock()
    with ExitStack() as stack:
        nodes: dict[str, Node] = {}
        for partner, names in desks.items():
            settings = Settings(
                partner=partner, name=partner.upper(), desks=names, profile="H3",
                peer="127.0.0.1:0", default_marking="TLP:GREEN",
            )  # fmt: skip
            create_node(folder / partner, settings, lambda: None, clock)
            opening = embedded_node(folder / partner, lambda: None, clock=clock)
            node = stack.enter_context(opening)
            assert node is not None
            nodes[partner] = node
        for one in nodes.values():
            for other in nodes.values():
                if other is not one:
                    card: Any = answers.handle(other.house, requests.OwnCard())
                    befriend(one.house, other.settings.partner, card["armoured"].encode())
        yield {partner: House(node, clock) for partner, node in nodes.items()}
