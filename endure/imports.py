"""What other systems wrote and did not mean well: events, alerts and bundles with lies put in."""

import copy
import json
import random
import re
from typing import Any, Final

from endure.mutate import mutate
from noroshi.adapters.words import example_of
from noroshi.core.exchange.cap_report import write_report
from noroshi.core.exchange.importing import draft_of, encode_form, form_of
from noroshi.core.exchange.stix_report import Report, write_bundle
from noroshi.core.kinds.kind import all_kinds
from noroshi.core.marking.label import Marking
from noroshi.core.recognition import recognise

_EVENT: Final[dict[str, Any]] = {
    "Event": {
        "info": "smoke", "uuid": "e-1", "distribution": "3", "threat_level_id": "1",
        "analysis": "2", "date": "2026-01-02", "Orgc": {"name": "CERT"},
        "Tag": [{"name": 'misp-galaxy:mitre-attack-pattern="X - T1055"'}, {"name": "tlp:amber"}],
        "Galaxy": [{"GalaxyCluster": [{"value": "X", "meta": {"external_id": ["T1055"]}}]}],
        "Attribute": [
            {"type": "domain|ip", "value": "a.example|192.0.2.1", "to_ids": True,
             "first_seen": "2026-01-02T00:00:00Z"},
            {"type": "link", "value": "https://example.org/1", "comment": "read"},
        ],
        "Object": [{"name": "file", "Attribute": [{"type": "filename|md5", "value": "a|b"}]}],
        "RelatedEvent": [{"Event": {"uuid": "e-2"}}], "EventReport": [{"content": "words"}],
    }
}  # fmt: skip
_ODD: Final[tuple[object, ...]] = (
    None, 0, -1, 2**70, 1.5, True, "", "|", "\x00", "=" * 999, '="', [], {}, [[]], {"": None},
    "T1055", "2026-02-31T00:00:00Z", "tlp:", "noroshi", "x" * 60_000,
)  # fmt: skip
_LIES: Final = (
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"<!--", b"<?a b?>", b"<![CDATA[", b"]]>", b"&b;", b"&#0;",
    b"&#x110000;", b"</info>", b"<info>", b"<area>", b"<a xmlns='b'/>", b" xmlns:c='d' c:e='f'",
    b"\xff", b"\x00", b"<value>{", b"-1", b"1e9", b"NaN", b"," * 99, b"<" * 99, b"<b>" * 99,
)  # fmt: skip
_ELEMENT: Final = re.compile(rb"<([A-Za-z]+)>[^<]*</\1>")


def _example(kind: str) -> Report:
    found = recognise(example_of(all_kinds()[kind]))
    return Report(
        id="3f1c09aa-0000-4000-8000-000000000001", kind=kind, subject=found.subject,
        created_at=1_795_316_404_123_456, sender="jp", desk="ops", status="test",
        marking=Marking.parse("TLP:AMBER"), precedence="flash", fields=found.fields,
    )  # fmt: skip


_BUNDLE: Final[Any] = json.loads(write_bundle(_example("cyber-incident")))
_ALERT: Final = write_report(_example("disaster-relief"))
_FOREIGN: Final = _ALERT.replace(b"<valueName>noroshi</", b"<valueName>height</")


def make(draw: random.Random) -> bytes:
    """Return a file that looks as if another system had written it, mostly."""
    if draw.random() < 0.5:
        value = json.loads(json.dumps(draw.choice((_EVENT, _BUNDLE))))
        for _ in range(draw.randrange(1, 4)):
            _change(value, draw)
        raw = json.dumps(value).encode()
    else:
        raw = draw.choice((_ALERT, _FOREIGN))
        for _ in range(draw.randrange(3)):
            raw = _with_lie(raw, draw)
    return mutate(raw, draw) if draw.random() < 0.3 else raw


def feed(raw: bytes) -> str:
    """Read a file; what comes of it is a report JSON that can be read."""
    draft = draft_of(raw)
    return recognise(encode_form(form_of(draft, raw))).subject


def _change(value: Any, draw: random.Random) -> None:
    """Put something odd into JSON, somewhere."""
    while isinstance(value, (dict, list)) and value:
        key = draw.choice(list(value) if isinstance(value, dict) else range(len(value)))
        below = value[key]
        if not isinstance(below, (dict, list)) or not below or draw.random() < 0.2:
            value[key] = copy.deepcopy(draw.choice(_ODD))
            return
        value = below


def _with_lie(raw: bytes, draw: random.Random) -> bytes:
    """Return XML with an element taken away, doubled, emptied, or something put in."""
    found = list(_ELEMENT.finditer(raw))
    if not found or draw.random() < 0.3:
        at = draw.randrange(len(raw) + 1)
        return raw[:at] + draw.choice(_LIES) + raw[at:]
    one = draw.choice(found)
    begin, end = b"<%b>" % one[1], b"</%b>" % one[1]
    instead = draw.choice((b"", one[0] * 2, begin + end, begin + b"x" + end))
    return raw[: one.start()] + instead + raw[one.end() :]
