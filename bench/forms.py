"""Forms: how many bytes each kind has on a line; how long it takes to render, write and read."""

import json
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, cast

import cbor2
import msgspec

from endure.federation import found
from noroshi.adapters.words import example_of, shipped_lexicon
from noroshi.bootstrap import Node, embedded_node
from noroshi.core.compact.content import compact, open_content
from noroshi.core.compact.dictionary import newest
from noroshi.core.envelope import cose, suite
from noroshi.core.kinds.kind import Kind, all_kinds
from noroshi.core.kinds.reading import Reader, read_form
from noroshi.core.lexicon.lexicon import Language
from noroshi.core.partner import DeskAddress
from noroshi.core.recognition import recognise
from noroshi.core.report import Content, encode_content
from noroshi.flow import answers, requests
from noroshi.flow.compacting import signed_content

PROFILES: Final = ("P5", "H3", "H5")
RATES: Final = (2_400, 9_600, 64_000)
"""Of a line, in bits a second."""
_HEAD: Final = ("noroshi", "kind", "subject", "precedence")
_TIMES: Final = 300
_CALL: Final = "a call alone"


def sizes(folder: Path) -> dict[str, object]:
    """Return bytes of the FLASH version and of the whole example of each kind, and seconds.

    `json` is the body as it was written; `content` what is sealed beside the signed `head`, as it
    stands and compact; under each profile, used on both sides, what goes over the line of a report
    to one partner, and how long that takes at each rate.
    """
    told: dict[str, dict[str, dict[str, object]]] = {}
    for profile in PROFILES:
        homes = found(folder / profile, {"jp": profile, "nato": profile})
        with embedded_node(homes["jp"], lambda: None) as node:
            if node is None:
                raise SystemExit("the node is served already")
            for kind in all_kinds().values():
                shown = told.setdefault(kind.name, {})
                for name, body in (("flash", _flash(kind)), ("whole", example_of(kind))):
                    figures, sealed = _sent(node, body)
                    shown.setdefault(name, figures)[profile] = sealed
    return {"rates_bit_s": RATES, "dictionary": newest(), "kinds": told}


def _flash(kind: Kind) -> bytes:
    """Return what `new` writes of a kind's example: the head, and the fields that it asks first."""
    whole = json.loads(example_of(kind))
    first = {field.name for field in kind.fields if field.says.first}
    said = {name: whole[name] for name in whole if name in {*_HEAD, *first}}
    return json.dumps({**said, "precedence": "flash"}, ensure_ascii=False, indent=1).encode()


def _sent(node: Node, body: bytes) -> tuple[dict[str, object], dict[str, object]]:
    """Return the sizes of a report before sealing and after it, as it stands and compact."""
    before: dict[str, object] = {"json": len(body)}
    after: dict[str, object] = {}
    for name, version in (("plain", 0), ("compact", newest())):
        node.store.perform(lambda tx, v=version: tx.partners.put_dictionary("nato", v))
        asked = requests.SendReport(body=body, to=("cyber@nato",), by="Cdr Ito")
        sent = cast("dict[str, object]", answers.handle(node.house, asked))
        report_id = bytes.fromhex(str(sent["report"]).replace("-", ""))
        with node.store.read() as tables:
            stored = tables.reports.get(report_id)
            item = max(tables.outbox.items("nato"), key=lambda each: each.number)
        if stored is None:
            raise SystemExit("the report is not here")
        signed = cose.parse(stored.signed_head, (suite.REPORT,), limit=suite.MAX_SIGNED)
        before |= {"head": len(signed.raw_payload), name: len(signed_content(stored))}
        seconds = {f"{rate}": round(item.size * 8 / rate, 2) for rate in RATES}
        after[name] = {"bytes": item.size, "seconds": seconds}
    return before, after


def forms(_folder: Path) -> dict[str, object]:
    """Return us to render, write and read each kind's example, beside libraries on the same bytes.

    Rendered is the whole form, in Japanese; written and read is the compact form of the content.
    The floors are one pass of a library: the body as JSON, the compact form as CBOR.
    """
    reader = Reader(shipped_lexicon(), Language.JAPANESE)
    told: dict[str, object] = {_CALL: _us({_CALL: lambda: None})[_CALL]}
    for kind in all_kinds().values():
        body = example_of(kind)
        recognised = recognise(body)
        content = Content(
            kind.name, recognised.subject, "cyber", "Cdr Ito", None,
            (DeskAddress("cyber", "nato"),), (), (), recognised.media_type, body, (),
        )  # fmt: skip
        raw = compact(content, newest())
        if raw is None:
            raise SystemExit(f"the example of {kind.name} has no compact form")
        told[kind.name] = _figures(kind, content, raw, recognised.fields, reader)
    return told


def _figures(
    kind: Kind, content: Content, raw: bytes, fields: Mapping[str, object], reader: Reader
) -> dict[str, object]:
    plain, body, carried = encode_content(content), content.body, cbor2.loads(raw)
    return _us(
        {
            "floor: json in": lambda: json.loads(body),
            "floor: msgspec json in": lambda: msgspec.json.decode(body),
            "render": lambda: read_form(kind, fields, reader),
            "floor: cbor out": lambda: cbor2.dumps(carried, canonical=True),
            "write": lambda: compact(content, newest()),
            "floor: cbor in": lambda: cbor2.loads(raw),
            "read": lambda: open_content(raw),
            "read as it stands": lambda: open_content(plain),
        }
    )


def _us(acts: Mapping[str, Callable[[], object]]) -> dict[str, object]:
    """Return the median and the middle half of each act in us, taken in turn."""
    samples: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(_TIMES):
        for name, act in acts.items():
            started = time.perf_counter()
            act()
            samples[name].append(1e6 * (time.perf_counter() - started))
    told: dict[str, object] = {}
    for name, each in samples.items():
        low, middle, high = statistics.quantiles(each, n=4)
        told[name] = {"us": round(middle, 1), "middle_half": [round(low, 1), round(high, 1)]}
    return told
