"""Two nodes in this process that exchange reports without doors, lines or sockets.

Every step is the act that a served node would run; only the way between the nodes is this
module: what lies in one outbox is opened and taken at the other side.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from uuid import UUID

import msgspec

from endure.federation import DESK, found
from noroshi.bootstrap import Node, embedded_node
from noroshi.core.delivery.item import Cargo
from noroshi.core.delivery.ladder import Rung
from noroshi.core.directory.card import Card
from noroshi.flow import answers, deliver, opening, receive, requests


class Pair(msgspec.Struct, frozen=True):
    """Two nodes that know each other."""

    nodes: tuple[Node, Node]

    @property
    def cards(self) -> Mapping[str, Card]:
        """The cards of both."""
        return {node.house.me: node.identity.card.card for node in self.nodes}

    def send(self, sender: Node, body: str, precedence: str = "routine") -> bytes:
        """Send a report to the other node's desk; return its id."""
        other = self.other(sender).house.me
        answer = answers.handle(
            sender.house,
            requests.SendReport(
                body=body.encode(), to=(f"{DESK}@{other}",), precedence=precedence, by="Lt Sato"
            ),
        )
        assert isinstance(answer, dict)
        return UUID(str(answer["report"])).bytes

    def acknowledge(self, node: Node, report_id: bytes) -> None:
        """Acknowledge a report that came in."""
        answers.handle(
            node.house,
            requests.Answering(report=report_id.hex(), rung=Rung.ACKNOWLEDGED, by="Maj Dupont"),
        )

    def carry(self) -> None:
        """Carry envelopes and receipts across until nothing is left to carry."""
        carried = [True]
        while any(carried):
            carried = [self._carry_from(node) for node in self.nodes]

    def waiting(self, sender: Node) -> list[bytes]:
        """Return the envelopes in a node's outbox."""
        other = self.other(sender).house.me
        with sender.store.read() as tables:
            return [tables.outbox.read(other, item.id) for item in tables.outbox.items(other)]

    def other(self, node: Node) -> Node:
        """Return the node at the other end."""
        first, second = self.nodes
        return second if node is first else first

    def _carry_from(self, sender: Node) -> bool:
        receiver = self.other(sender)
        me, partner = sender.house.me, receiver.house.me
        issue = partial(
            deliver.issue_receipts,
            partner=partner,
            identity=sender.identity,
            entropy=sender.house.entropy,
        )
        sender.store.perform(issue)
        with sender.store.read() as tables:
            items = tables.outbox.items(partner)
            raws = [tables.outbox.read(partner, item.id) for item in items]
        for raw in raws:
            hand_in(receiver, raw, me)
        receipts = [item.id for item in items if item.cargo is Cargo.RECEIPT]
        sender.store.perform(partial(deliver.forget, partner=partner, ids=receipts))
        return bool(items)


def hand_in(node: Node, raw: bytes, peer: str) -> None:
    """Let a node take an envelope."""
    with node.store.read() as tables:
        incoming = opening.open_raw(tables, raw, node.identity, node.house.clock.now())
    node.store.perform(
        partial(
            receive.take,
            incoming=incoming,
            peer=peer,
            identity=node.identity,
            entropy=node.house.entropy,
        )
    )


@contextmanager
def open_pair(folder: Path, profiles: Mapping[str, str]) -> Iterator[Pair]:
    """Make two nodes below `folder` and open them."""
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(embedded_node(home, lambda: None))
            for home in found(folder, profiles).values()
        )
        assert first is not None
        assert second is not None
        yield Pair((first, second))
