"""exits: nothing leaves a house to somebody whom the rules, stated a second time, refuse.

A round is a house, jp, with partners, agreements that come and end, and reports that are marked at
random: as a whole, in what the file says, in portions, in STIX objects and files that go along, in
reports that it refers to. Written, replied, cancelled, superseded, released by a second person,
noted; and what waits in the outbox goes out later, when other agreements stand. What left is held
against :mod:`endure.oracle`, which knows nothing of the code.
"""

import json
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from endure import evidence
from endure.clock import SetClock
from endure.drawing import DAY, Draw
from endure.federation import befriend, make_home
from endure.oracle import may_all_go, may_go
from noroshi.bootstrap import Node, embedded_node
from noroshi.core.agreement import encode_agreement
from noroshi.core.delivery.ladder import Rung
from noroshi.core.errors import ConflictError, InputError
from noroshi.core.exchange.stix import marking_definitions
from noroshi.core.instant import DAY as DAY_LONG
from noroshi.core.instant import to_text
from noroshi.core.marking.label import Marking
from noroshi.core.report import report_id_text
from noroshi.flow import answers, arrivals, deliver, exits, requests

ME: Final = "jp"
PARTNERS: Final = ("nato", "au", "kr", "nz")
REPORTS_A_ROUND: Final = 2_000
_MOST_KNOWN: Final = 200
_AREAS: Final = ((), (), ("cyber",), ("space",), ("cyber", "space"))


class World:
    """The house, one partner that answers, and what the oracle knows of each report."""

    def __init__(self, house: Node, partner: Node, clock: SetClock, seed: int) -> None:
        """Begin with no agreements."""
        self._house, self._partner, self._clock = house, partner, clock
        self._draw = Draw(seed)
        self._agreements: dict[str, dict[str, Any]] = {}
        self._said: dict[str, tuple[list[str], list[str]]] = {}
        """Markings and areas of each report: its own first, then of all that it drags along."""
        self._has: dict[str, set[str]] = {}
        """Who was given a report, or wrote it."""
        self._received: list[str] = []
        self.count: Counter[str] = Counter()
        self.broken: list[str] = []

    def live(self, reports: int) -> None:
        """Do something, until so many reports were written."""
        acts = (self._send, self._send, self._send, self._agree, self._agree, self._carry,
                self._hear, self._answer, self._cancel)  # fmt: skip
        while self.count["written"] < reports:
            self._draw.one(*acts)()
            if self._draw.one(*range(50)) == 0:
                self._clock.go_on(60)
        self._carry()

    def _ask(self, request: requests.AnyRequest, node: Node | None = None) -> Any:
        return answers.handle((node or self._house).house, request)

    def _agree(self) -> None:
        agreement = self._draw.agreement()
        sender, receiver = self._draw.one((ME, self._draw.one(*PARTNERS)), ("nato", ME))
        agreement = msgspec.structs.replace(
            agreement, sender=sender, receiver=receiver, reference=str(self._draw.one(*range(9))),
            caveats=agreement.caveats if agreement.policy == "NATO" else (),
        )  # fmt: skip
        raw = encode_agreement(agreement)
        try:
            self._ask(requests.AddAgreement(agreement=raw, by="Lt Abe"))
        except InputError:
            self.count["no agreement"] += 1
            return
        self._agreements[agreement.reference] = json.loads(raw)
        if "nato" in {sender, receiver}:
            self._ask(requests.AddAgreement(agreement=raw, by="Lt Abe"), self._partner)

    def _send(self) -> None:
        draw = self._draw
        said = [draw.marking()]
        told: dict[str, Any] = {"text": "words"}
        attachments: tuple[str, ...] = ()
        if draw.one(0, 0, 1):
            said.append(self._part(said[0]))
            told["marking"] = said[-1]
        if draw.one(0, 0, 1):
            said.append(self._part(said[0]))
            told["portions"] = [{"text": "words", "marking": said[-1]}]
        if draw.one(0, 0, 1):
            said.append(self._part(said[0]))
            told["seen"] = _objects(said[-1])
        if draw.one(0, 0, 0, 1):
            said.append(self._part(said[0]))
            data = json.dumps(_objects(said[-1])).encode()
            attachments = (answers.stage(self._house.house, "seen.json", [data]),)
        referred = tuple(draw.one(*self._said) for _ in range(draw.one(0, 0, 1, 2)) if self._said)
        areas = draw.one(*_AREAS)
        partners = {draw.one(*PARTNERS) for _ in range(draw.one(1, 1, 2))}
        asked = requests.SendReport(
            body=json.dumps({"noroshi": 1, **told}).encode(), marking=said[0],
            to=tuple(f"cyber@{partner}" for partner in sorted(partners)), areas=areas,
            attachments=attachments, references=tuple(dict.fromkeys(referred)), by="Lt Abe",
            as_text=draw.one(0, 0, 0, 1) == 1,
        )  # fmt: skip
        self._write(asked, said, list(areas), partners, referred)

    def _part(self, whole: str) -> str:
        """Return a marking for a part: half the time one that the whole covers."""
        return whole if self._draw.coin() else self._draw.marking()

    def _write(
        self,
        asked: requests.AnyRequest,
        said: list[str],
        areas: list[str],
        partners: set[str],
        referred: tuple[str, ...] = (),
    ) -> None:
        """Write a report, and have it released where that needs a second person."""
        self.count["written"] += 1
        try:
            report = self._ask(asked)
            if report["state"] == "AWAITING_RELEASE":
                self.count["released"] += 1
                report = self._ask(requests.Release(report=report["report"], by="Cdr Ito"))
        except (InputError, ConflictError) as error:
            self.count[error.code] += 1
            return
        self.count["sent"] += 1
        name = report["report"]
        self._said[name], self._has[name] = (said, areas), {ME}
        for partner in partners:
            self._leaves(name, partner, referred)
        self._has[name] |= partners
        if len(self._said) > _MOST_KNOWN:
            self._carry()
            for old in list(self._said)[: -_MOST_KNOWN // 2]:
                del self._said[old]

    def _leaves(self, report: str, partner: str, referred: tuple[str, ...] = ()) -> None:
        """Hold against the oracle that a report goes to a partner now."""
        markings, areas = self._said[report]
        dragged = [self._said[r][0][0] for r in referred if partner not in self._has[r]]
        all_said = [*markings, *dragged]
        agreements = list(self._agreements.values())
        if not may_all_go(all_said, ME, partner, self._today(), agreements, areas):
            self.broken.append(f"{all_said} {areas} left for {partner} on {self._today()}")

    def _today(self) -> str:
        return to_text(self._clock.now())[:10]

    def _carry(self) -> None:
        """Let go out what waits, as the line asks, or be withheld."""
        house = self._house.house
        for partner in PARTNERS:
            with house.store.read() as tables:
                ids = [item.id for item in tables.outbox.items(partner)]
                barred = exits.barred(tables, partner, ids, ME, self._clock.now(), house.rules)
                going = [tables.outbox.report_of(partner, item_id) for item_id in ids]
            if barred:
                house.store.perform(
                    partial(
                        exits.withhold, partner=partner, reports=barred, me=ME,
                        entropy=house.entropy,
                    )
                )  # fmt: skip
                self.count["withheld"] += len(barred)
            for report in {raw for raw in going if raw is not None and raw not in barred}:
                name = report_id_text(report)
                if name in self._said:
                    self.count["went"] += 1
                    self._leaves(name, partner)
            house.store.perform(partial(deliver.forget, partner=partner, ids=ids))

    def _hear(self) -> None:
        """Hear a report of the partner, marked as its own agreements allow."""
        marking = self._draw.marking()
        try:
            told = self._ask(
                requests.SendReport(body=b"x", marking=marking, to=("cyber@jp",), by="Lt A"),
                self._partner,
            )
            if told["state"] == "AWAITING_RELEASE":
                told = self._ask(requests.Release(report=told["report"], by="Lt B"), self._partner)
        except InputError:
            return
        with self._partner.house.store.read() as tables:
            items = [i.id for i in tables.outbox.items(ME)]
            raws = [tables.outbox.read(ME, i) for i in items]
        opened = arrivals.open_all(self._house.house, raws)
        taken = arrivals.submit_all(self._house.house, opened, "nato")
        refused = [each.result() for each in taken]
        self._partner.house.store.perform(lambda tx: tx.outbox.remove(ME, items))
        if any(refused):
            self.count["refused here"] += 1
            return
        name = told["report"]
        self._said[name], self._has[name] = ([marking], []), {ME, "nato"}
        self._received.append(name)

    def _answer(self) -> None:
        """Answer a report: by a note, or by a reply."""
        mine = [name for name in self._received if name in self._said]
        if not mine:
            return
        name = self._draw.one(*mine)
        marking = self._said[name][0][0]
        if self._draw.coin():
            asked = requests.Reply(report=name, body=b"seen", by="Lt Abe")
            self._write(asked, [marking], [], {"nato"})
            return
        self.count["noted"] += 1
        rung = self._draw.one(Rung.ACKNOWLEDGED, Rung.ACTIONED, Rung.DECLINED)
        try:
            self._ask(requests.Answering(report=name, rung=rung, by="Lt Abe", note="as we saw"))
        except (InputError, ConflictError) as error:
            self.count[error.code] += 1
            return
        agreements = list(self._agreements.values())
        if not may_go(marking, ME, "nato", self._today(), agreements):
            self.broken.append(f"a note on {marking} left on {self._today()}")

    def _cancel(self) -> None:
        """Take a report back, or put another in its place."""
        mine = [name for name in self._said if name not in self._received]
        if not mine:
            return
        name = self._draw.one(*mine)
        (markings, areas), partners = self._said[name], self._has[name] - {ME}
        if self._draw.coin():
            other = self._draw.marking()
            asked: requests.AnyRequest = requests.SendReport(
                body=b"anew", to=(), supersedes=name, marking=other, by="Lt Abe"
            )
            self._write(asked, [other], areas, partners)
            return
        try:
            told = self._ask(requests.Cancel(report=name, by="Lt Abe"))
        except (InputError, ConflictError) as error:
            self.count[error.code] += 1
            return
        if told["state"] != "SENT":
            return
        shown = self._ask(requests.Show(report=told["report"]))
        self.count["cancelled"] += 1
        is_bare = shown["marking"] == "TLP:RED" and shown["body"].strip().endswith(name + ".")
        self._said[told["report"]] = ([shown["marking"] if is_bare else markings[0]], areas)
        self._has[told["report"]] = {ME}
        for partner in partners:
            self._leaves(told["report"], partner)
        self._has[told["report"]] |= partners


def _objects(marking: str) -> list[dict[str, object]]:
    """Return STIX objects of which one is so marked; unknown words only as a statement has them."""
    try:
        definitions = marking_definitions(Marking.parse(marking))
    except InputError:
        definitions = []
    refs = [str(definition["id"]) for definition in definitions]
    return [*definitions, {"type": "indicator", "id": "indicator--1", "object_marking_refs": refs}]


def run_round(seed: int, reports: int = REPORTS_A_ROUND) -> tuple[list[str], dict[str, int]]:
    """Live through a round; return what left against the rules, and what was done."""
    clock = SetClock()
    clock.at += (DAY - date.fromisoformat(to_text(clock.now())[:10])).days * DAY_LONG
    with tempfile.TemporaryDirectory(prefix="noroshi-exits-") as folder, ExitStack() as stack:
        cards = {
            name: make_home(Path(folder) / name, name, "H3", clock=clock)
            for name in (ME, *PARTNERS)
        }
        nodes: list[Node] = []
        for name in (ME, "nato"):
            opened = embedded_node(Path(folder) / name, lambda: None, clock=clock)
            node = stack.enter_context(opened)
            assert node is not None
            for other in cards.keys() - {name}:
                befriend(node.house, other, cards[other])
            nodes.append(node)
        world = World(nodes[0], nodes[1], clock, seed)
        world.live(reports)
    return world.broken, dict(world.count)


def prove(minutes: float, seed: int, count: int | None, _plant: str | None) -> bool:
    """Live through rounds until the time is over; return whether nothing left against the rules."""
    ends_at = time.monotonic() + minutes * 60
    rounds = 0
    while time.monotonic() < ends_at and (count is None or rounds < count):
        broken, figures = run_round(seed + rounds)
        for each in broken[:5]:
            print(f"   seed {seed + rounds}: {each}")
        told = {"seed": seed + rounds, "violations": len(broken), **figures}
        evidence.record("exits", told)
        print(told, flush=True)
        if broken:
            return False
        rounds += 1
    return rounds > 0
