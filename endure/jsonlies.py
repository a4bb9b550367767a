"""JSON that is not meant well: bodies as desks send them, with lies put in."""

import json
import random
from typing import Final

from endure.mutate import mutate

_BASES: Final = tuple(
    json.dumps(value).encode()
    for value in (
        {
            "noroshi": 1,
            "kind": "cyber-incident",
            "subject": "smoke",
            "precedence": "flash",
            "marking": "TLP:AMBER",
            "status": "exercise",
            "fields": {"a": [1, 2.5, None, True]},
        },
        {
            "type": "bundle",
            "id": "bundle--1",
            "objects": [
                {"type": "report", "name": "smoke"},
                {"type": "indicator", "pattern": "[a:b = 'c']"},
            ],
        },
        {"Event": {"info": "smoke", "Attribute": [{"type": "ip-dst", "value": "192.0.2.1"}]}},
        [1, [2, [3, [4, {"deep": "er"}]]]],
    )
)
_LIES: Final = (
    *(b"[" * 500, b'{"a":' * 70, b" " * 300, b"\t\r\n", b"\x00", b"//", b"'", b"true", b"null"),
    *(b"NaN", b"-Infinity", b"1e999", b"9" * 5000, b"-0", b"0.1e-9999"),
    *(b'"\\ud800"', b'"\\udc00\\ud800"', b"\\u0000", b'"\\'),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\x80", b"\xe2\x80\xae\xe2\x80\xa8"),
    *(b'{"a":1,"a":2}', b'{"noroshi":1,"noroshi":2}', b'"noroshi":[[[]]]', b'"kind":null'),
    *(b'"subject":{}', b'"objects":{}', b'"Event":[]'),
)


def make_json(draw: random.Random) -> bytes:
    """Return a body that looks like JSON, mostly."""
    raw = bytearray(draw.choice(_BASES))
    for _ in range(draw.randrange(4)):
        at = draw.randint(0, len(raw))
        raw[at : at + draw.choice((0, 0, 1, 8))] = draw.choice(_LIES)
    return mutate(bytes(raw), draw) if draw.random() < 0.7 else bytes(raw)
