"""Chains: opening a report that was updated a thousand times, at a node as its desk asks it."""

import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from bench.archive import cipher_ms
from endure.federation import found
from noroshi.bootstrap import embedded_node
from noroshi.core.chains import fold, form_of
from noroshi.flow import answers, chains, requests
from noroshi.flow.records import StoredReport
from noroshi.flow.tables import Transaction

UPDATES = 1000
_RUNS = 9
_LIMIT_MS = 100


def measure(folder: Path) -> dict[str, object]:
    """Return ms of `show` for the first report and an update, and what the cipher takes of it."""
    homes = found(folder, {"jp": "H3", "nato": "H3"})
    with embedded_node(homes["jp"], lambda: None) as node:
        if node is None:
            raise SystemExit("the node is served already")
        body = _body(summary="Somebody is in the control network.", stage="early-warning")
        asked = requests.SendReport(body=body, to=("cyber@nato",))
        told = answers.handle(node.house, asked)
        first = str(told["report"]) if isinstance(told, dict) else ""
        alone = _ms(lambda: answers.handle(node.house, requests.Show(report=first)))
        with node.store.read() as tables:
            begun = tables.reports.get(bytes.fromhex(first.replace("-", "")))
        if begun is None:
            raise SystemExit("the report is not here")
        node.store.perform(partial(_fill, first=first, begun=begun))
        house, newest = node.house, UPDATES.to_bytes(16).hex()
        shown = {
            name: _ms(partial(answers.handle, house, request))
            for name, request in (
                ("first_ms", requests.Show(report=first)),
                ("update_ms", requests.Show(report=newest)),
                ("history_ms", requests.Show(report=first, history=True)),
            )
        }
        with node.store.read() as tables:
            read = _ms(lambda: tables.chains.reports(begun.id, "jp"))
            known = chains.chain_of(tables, begun)
            if known is None:
                raise SystemExit("the report is no form")
            folded = _ms(lambda: fold(begun.id, known.chain.statements))
            parsed = _ms(lambda: [form_of(each.content) for each in known.reports if each.content])
    return {
        "updates": UPDATES,
        "limit_ms": _LIMIT_MS,
        "without_updates_ms": alone,
        **shown,
        "read_and_open_ms": read,
        "cipher_alone_ms": round(cipher_ms(UPDATES, 32 + 34, 600), 1),
        "parse_ms": parsed,
        "fold_ms": folded,
    }


def _fill(tx: Transaction, first: str, begun: StoredReport) -> None:
    addressees = tx.reports.addressees(begun.id)
    for number in range(1, UPDATES + 1):
        indicator = {"type": "ipv4-addr", "value": f"192.0.2.{number % 250}"}
        said = _body(
            updates=first, criticality=number % 100, contact=f"{number}", indicators=[indicator]
        )
        name = number.to_bytes(16)
        head = msgspec.structs.replace(
            begun.head, report_id=name, created_at=begun.head.created_at + number
        )
        content = msgspec.structs.replace(begun.content, body=said, references=(begun.id,))
        added = msgspec.structs.replace(begun, id=name, head=head, content=content)
        tx.reports.add(added, addressees)


def _body(**fields: object) -> bytes:
    return json.dumps({"noroshi": 1, "kind": "cyber-incident", **fields}).encode()


def _ms(run: Callable[[], object]) -> float:
    times: list[float] = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        run()
        times.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(times), 1)
