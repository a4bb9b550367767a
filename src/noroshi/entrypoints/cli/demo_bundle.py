"""The report of the demo: a STIX 2.1 bundle about an invented intrusion, for an exercise.

Names and addresses are those reserved for examples (RFC 2606, RFC 5737); ids are fixed, so
that every demo tells of the same things.
"""

import json
import uuid
from typing import Final

from noroshi.core.instant import Instant, to_text

_NAMESPACE: Final = uuid.UUID("8a0d6d4e-6f0e-4b0a-9f2c-3f1c9c6f5a10")
_TLP_AMBER: Final = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"


def demo_bundle(now: Instant) -> bytes:
    """Return the bundle as JSON, its objects made at `now`."""
    at = to_text(now)[:23] + "Z"
    identity = _id("identity", "desk")
    common = {
        "spec_version": "2.1",
        "created": at,
        "modified": at,
        "created_by_ref": identity,
        "object_marking_refs": [_TLP_AMBER],
    }
    malware, indicator, report = (
        _id(kind, "beacon") for kind in ("malware", "indicator", "report")
    )
    objects = [
        {
            "type": "identity",
            "id": identity,
            **{k: v for k, v in common.items() if k != "created_by_ref"},
            "name": "Cyber desk, exercise",
            "identity_class": "organization",
        },
        {
            "type": "malware",
            "id": malware,
            **common,
            "name": "PAPERLANTERN (exercise)",
            "is_family": True,
            "malware_types": ["backdoor"],
            "description": "Invented for this exercise: a backdoor in a port's mail gateway.",
        },
        {
            "type": "indicator",
            "id": indicator,
            **common,
            "name": "Control server of PAPERLANTERN",
            "indicator_types": ["malicious-activity"],
            "pattern": "[domain-name:value = 'gateway.example'"
            " OR ipv4-addr:value = '198.51.100.23']",
            "pattern_type": "stix",
            "valid_from": at,
        },
        {
            "type": "relationship",
            "id": _id("relationship", "indicates"),
            **common,
            "relationship_type": "indicates",
            "source_ref": indicator,
            "target_ref": malware,
        },
        {
            "type": "report",
            "id": report,
            **common,
            "name": "Intrusion in port authority mail gateways, in progress",
            "report_types": ["threat-report"],
            "published": at,
            "object_refs": [malware, indicator, _id("relationship", "indicates")],
        },
    ]
    bundle = {"type": "bundle", "id": _id("bundle", "demo"), "objects": objects}
    return json.dumps(bundle, indent=2).encode() + b"\n"


def _id(kind: str, name: str) -> str:
    return f"{kind}--{uuid.uuid5(_NAMESPACE, f'{kind}/{name}')}"
