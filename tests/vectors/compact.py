"""The frozen vector of the compact form (`tests/vectors/make.py`)."""

import json
from typing import Any

from noroshi.core.compact.content import compact
from noroshi.core.partner import DeskAddress
from noroshi.core.recognition import NOROSHI
from noroshi.core.report import Content, encode_content
from tests.unit.core.nodes import File, changed
from tests.vectors.plain import to_plain


def compact_forms() -> dict[str, object]:
    """Contents of several kinds, each in the compact form."""
    place = {"name": "West coast", "latitude": 39.5, "longitude": -125.25, "radius_km": 20}
    told: dict[str, tuple[dict[str, object], dict[str, object]]] = {
        "a FLASH with five fields": ({}, {
            "kind": "cyber-incident", "precedence": "flash", "subject": "Cyber incident",
            "stage": "early-warning", "summary": "Somebody is active in the control network.",
            "incident_types": ["compromised-system", "ics"], "aware_at": "2026-11-21T03:12:00Z",
            "sectors": ["energy"],
        }),
        "places, decimals, microseconds, one line": ({"kind": "missile-event"}, {
            "kind": "missile-event", "subject": "Launch", "marking": "TLP:AMBER",
            "status": "exercise", "detected_at": "2026-11-21T06:12:00.000250Z",
            "launch_place": place, "type": "srbm", "apogee_km": 104.5, "number": 1,
        }),
        "an update": ({"references": (bytes(range(16)),)}, {
            "kind": "cyber-incident", "updates": "00010203-0405-0607-0809-0a0b0c0d0e0f",
            "subject": "Cyber incident", "criticality": 80, "grading": "B2",
            "indicators": [{"type": "file:hashes.SHA-256", "value": "9f" * 32, "note": "dropper"}],
            "cleared": ["last_seen"],
        }),
        "what the dictionary does not know": ({"kind": "newer-kind", "from_desk": "night"}, {
            "kind": "newer-kind", "subject": "新しい", "precedence": "most-urgent", "x_new": "abc",
            "x_more": {"a": [1, None, 2.5]},
        }),
        "codes that the dictionary does not know, an area, an attachment": ({
            "media_type": f"{NOROSHI}; areas=cyber.space",
            "attachments": (File("smoke.txt", "text/plain", b"smoke").attachment,),
            "info": (DeskAddress("watch", "kr"),), "releaser": "Col Sato",
        }, {
            "kind": "cyber-incident", "subject": "Cyber incident", "summary": "x",
            "sectors": ["energy", "newer-code"], "stage": None, "criticality": "high",
        }),
    }  # fmt: skip
    layouts: list[dict[str, Any]] = [
        {"indent": 1}, {}, {"indent": 2}, {"separators": (",", ":")}, {"indent": 1},
    ]  # fmt: skip
    base = Content(
        "cyber-incident", "Cyber incident", "cyber", "Cdr Ito", None,
        (DeskAddress("cyber", "nato"),), (), (), NOROSHI, b"", (),
    )  # fmt: skip
    found: list[object] = []
    for (name, (head, form)), layout in zip(told.items(), layouts, strict=True):
        text = json.dumps({"noroshi": 1, **form}, ensure_ascii=False, **layout)
        content = changed(base, body=text.encode(), **head)
        raw = compact(content, 1)
        assert raw is not None
        found.append({"name": name, "dictionary": 1, "content": to_plain(content),
                      "plain": encode_content(content).hex(), "compact": raw.hex()})  # fmt: skip
    return {"forms": found}
