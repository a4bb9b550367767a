"""A report as a sheet: the same blocks as lines of text and as a page to print."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from noroshi.adapters.policies import shipped_areas
from noroshi.adapters.words import shipped_lexicon
from noroshi.core.kinds.reading import Reader
from noroshi.core.lexicon.lexicon import Language
from noroshi.core.recognition import NOROSHI
from noroshi.core.sheet.blocks import (
    Banner,
    Block,
    Cut,
    Gap,
    Head,
    Label,
    Line,
    Span,
    Tone,
    Values,
    Words,
)
from noroshi.core.sheet.page import fragment, page, style_sheet
from noroshi.core.sheet.plain import plain, text_lines
from noroshi.core.sheet.report import report_sheet

HOSTILE = "<script>alert(1)</script>\N{RIGHT-TO-LEFT OVERRIDE}"
EVERY: list[Block] = [
    Banner("TLP:RED", "EXERCISE 演習"),
    Line((Span("CANCELLED", state="CANCELLED"), Span(" by 1234"))),
    Line((Span("quiet", Tone.QUIET), Span("alert", Tone.ALERT)), is_inset=True),
    Head((("優先区分", Span("FLASH", state="FLASH")), ("発", Span(HOSTILE)))),
    Gap(),
    Values(Label("Number", is_changed=True), ("1", HOSTILE)),
    Values(Label("new_field", is_known=False), ("x",)),
    Label("Subject"),
    Words(f"One\n{HOSTILE}", "ja", Label("Text")),
    Words("Two", '"><b>'),
    Cut("below this line"),
    Banner("TLP:RED"),
]


def told(**given: Any) -> dict[str, Any]:
    """What a node tells of a report of plain text."""
    return {
        "report": "3f1c09aa-0000-4000-8000-000000000000",
        "marking": "TLP:AMBER",
        "equivalents": [],
        "status": "ACTUAL",
        "precedence": "FLASH",
        "from": "cyber@jp",
        "to": ["cyber@nato"],
        "info": [],
        "subject": "Intrusion",
        "kind": "situation-report",
        "areas": [],
        "drafter": None,
        "created_at": "2026-11-22T06:12:00Z",
        "expires_at": None,
        "references": [],
        "attachments": [],
        "body": "One.\nTwo.",
        "media_type": "text/plain",
        "destroyed": None,
        "chain": None,
        "referred_by": [],
        "translations": [],
        "statement": None,
        "left_open": [],
        **given,
    }


def reader(language: Language = Language.ENGLISH) -> Reader:
    return Reader(shipped_lexicon(), language)


def test_every_block_is_a_line_of_text() -> None:
    assert plain(EVERY, Language.ENGLISH).splitlines() == [
        "TLP:RED   *** EXERCISE 演習 ***",
        "CANCELLED by 1234",
        "  quietalert",
        "優先区分  FLASH",
        "発        <script>alert(1)</script>‹U+202E›",
        "",
        "* Number: 1; <script>alert(1)</script>‹U+202E›",
        "new_field: x",
        "Subject",
        "Text",
        "| One",
        "| <script>alert(1)</script>‹U+202E›",
        "| Two",
        "- - - - - below this line - - - - -",
        "TLP:RED",
    ]


def test_words_keep_their_colours_as_lines() -> None:
    spans = {span for line in text_lines(EVERY, Language.ENGLISH) for span in line}
    assert Span("FLASH", state="FLASH") in spans
    assert Span("new_field: ", Tone.ALERT) in spans
    assert Span("TLP:RED", Tone.BANNER) in spans


class Elements(HTMLParser):
    """Collects what a page has."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_every_block_is_in_a_page_and_nothing_in_it_runs() -> None:
    made = page(EVERY, f"TLP:RED {HOSTILE}", Language.JAPANESE)
    found = Elements()
    found.feed(made)
    assert not {"script", "img", "link", "iframe", "form", "a"} & set(found.tags)
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    assert found.text.count("<script>alert(1)</script>‹U+202E›") == 4
    assert ("lang", "ja") in found.attributes
    assert '"><b>' not in {value for _, value in found.attributes}
    assert ("data-state", "flash") in found.attributes
    for said in ("EXERCISE 演習", "* Number", "new_field", "below this line", "CANCELLED", "alert"):
        assert said in found.text
    assert "<mark>new_field：</mark>" in made
    assert "<small>quiet</small><mark>alert</mark>" in made


def test_the_policy_of_a_page_names_its_one_style_sheet() -> None:
    made = page([], "", Language.ENGLISH)
    (style,) = re.findall("<style>(.*?)</style>", made, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert style == style_sheet()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in made
    assert "url(" not in style


@pytest.mark.parametrize("language", Language)
def test_a_report_is_read_in_every_language(language: Language) -> None:
    sheet = report_sheet(told(areas=["disinformation", "own"]), reader(language), shipped_areas())
    text = plain(sheet, language)
    assert text.startswith("TLP:AMBER\n")
    assert text.endswith("TLP:AMBER\n")
    assert "FLASH" in text
    assert "| One.\n| Two.\n" in text
    assert ", own" in text
    assert "cyber@jp" in fragment(sheet, language)


def test_what_was_destroyed_or_cannot_be_read_is_said() -> None:
    gone = told(destroyed={"message": "by rule R1"}, cancelled_by="12345678-0", status="TEST")
    text = plain(report_sheet(gone, reader(), {}), Language.ENGLISH)
    assert "CONTENT DESTROYED: by rule R1" in text
    assert "CANCELLED by 12345678" in text
    assert "*** TEST ***" in text
    odd = told(media_type=NOROSHI, body="{", kind="of-tomorrow")
    assert "| {" in plain(report_sheet(odd, reader(), {}), Language.ENGLISH)


def test_a_translation_by_nobody_known_says_what_it_says() -> None:
    made = {
        "from": "ops@nato",
        "at": "2026-11-22T07:00:00Z",
        "into": "EN-gb",
        "made_by": "oracle",
        "translator": None,
        "texts": [{"field": "body", "text": "Said.", "holds": True}],
    }
    text = plain(report_sheet(told(translations=[made]), reader(), {}), Language.ENGLISH)
    assert "| Two.\nTranslation (oracle; ops@nato, 2026-11-22 07:00Z)\n| Said.\n" in text
