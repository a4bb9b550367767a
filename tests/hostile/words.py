"""What a hostile partner says in a form: in every field, and wherever a writer may say anything."""

import json
from collections.abc import Mapping
from typing import Any, Final

from noroshi.core.kinds.form import Field, FieldType
from noroshi.core.kinds.kind import Kind

RUN: Final = "window.pwned=1"
PAYLOADS: Final = (
    f"<script>{RUN}</script>", f'"><img src=x onerror="{RUN}">', f"javascript:{RUN}",
    f"data:text/html,<script>{RUN}</script>", "{{7*7}}${7*7}<%= 7*7 %>",
    f"</textarea></title></style><script>{RUN}</script>", f"<svg/onload={RUN}>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'>", f"' autofocus onfocus={RUN} x='",
    f"]]><script>{RUN}</script><!--", f"<base href=//evil.example><a href=JaVaScRiPt:{RUN}>go</a>",
    "<form action=//evil.example><button>Acknowledge</button></form>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>", "&lt;script&gt;&#x6a;avascript:1",
)  # fmt: skip
HIDDEN: Final = "gnp\u202eexe.\u2066a\u200bb\u2069 p\u0430ypal \u061c\u00ad\ufeff\U000e0041"
LINE: Final = " ".join(PAYLOADS[:3])


def hostile_value(field: Field, text: str) -> object:
    """Return a value of a field that says `text` wherever a writer may say anything."""
    parts: dict[FieldType, object] = {
        FieldType.PLACE: {"name": text, "latitude": 1, "longitude": 2},
        FieldType.WINDOW: {"begins_at": text, "ends_at": text},
        FieldType.INDICATOR: {"type": text, "value": text, "note": text},
        FieldType.EVIDENCE: {"url": text, "archive": text, "note": text, "sha256": text},
        FieldType.NEED: {"capability": text, "quantity": 1, "unit": text},
        FieldType.ORIGINAL: {"format": text, "content": text},
        FieldType.VERSION: {"language": text, "text": text, "standing": text},
        FieldType.TRANSLATION: {"field": text, "of": text, "text": text},
    }
    return parts.get(field.type, text)


def hostile_form(kind: Kind, text: str) -> dict[str, object]:
    """Return a form that says `text` in every field, and in fields that nobody knows."""
    said = {
        field.name: [hostile_value(field, text), text, {text: text}] if field.is_many
        else hostile_value(field, text)
        for field in kind.fields
    }  # fmt: skip
    return {**said, text: {text: [text]}}


def worded(value: Any, fields: Mapping[str, Field], text: str) -> Any:
    """Return a form as its example, with `text` wherever our own sending side takes any."""
    free = {FieldType.LINE, FieldType.TEXT, FieldType.NAME}
    said = dict(value)
    for name, field in fields.items():
        if name in said and field.type in free and "language" not in name and name != "into":
            said[name] = [text] if field.is_many else text
        if name in said and field.type is FieldType.EVIDENCE:
            evidence = {"url": text, "note": text}
            said[name] = [evidence] if field.is_many else evidence
    return {**said, "subject": LINE, "marking": "TLP:CLEAR", "status": "exercise"}


def misp_event(text: str) -> bytes:
    attribute = {"type": "url", "value": text, "comment": text, "category": text, "to_ids": True}
    named = {**attribute, "object_relation": text}
    event = {
        "info": text, "distribution": "1", "Attribute": [attribute], "Orgc": {"name": text},
        "Tag": [{"name": text}],
        "Object": [{"name": text, "comment": text, "Attribute": [named]}],
    }  # fmt: skip
    return json.dumps({"Event": event}).encode()
