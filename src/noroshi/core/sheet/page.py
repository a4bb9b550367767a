"""A sheet as a page of HTML, by itself: for a printer, a file, and whoever has no terminal.

It loads nothing and runs nothing: its one style sheet is named by its digest in the policy that
the page brings along. On paper the marking stands at the top and the bottom of every sheet.
"""

import base64
import hashlib
import importlib.resources
import re
from collections.abc import Iterable
from functools import cache
from html import escape
from typing import Final, assert_never

from noroshi.core.lexicon import figures
from noroshi.core.lexicon.lexicon import Language
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
from noroshi.core.sheet.visible import visible

_TAG: Final = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
"""What a language is named by (BCP 47), as far as a page needs it."""
_ELEMENTS: Final = {Tone.STRONG: "strong", Tone.QUIET: "small", Tone.ALERT: "mark"}


def page(blocks: Iterable[Block], title: str, language: Language) -> str:
    """Return a whole page."""
    style = style_sheet()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        f'<!DOCTYPE html>\n<html lang="{language.value}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>{style}</style>\n</head>\n"
        f'<body>\n<main class="sheet">\n{fragment(blocks, language)}</main>\n</body>\n</html>\n'
    )


def fragment(blocks: Iterable[Block], language: Language) -> str:
    """Return what stands in a page."""
    return "".join(f"{_block(block, language)}\n" for block in blocks)


@cache
def style_sheet() -> str:
    """Return the style sheet of a page by itself."""
    return importlib.resources.files("noroshi.core.sheet").joinpath("page.css").read_text()


def _block(block: Block, language: Language) -> str:
    match block:
        case Banner():
            status = f' <span class="status">{_text(block.status)}</span>' if block.status else ""
            drawn = f'<p class="marking"><span>{_text(block.marking)}{status}</span></p>'
        case Line():
            spans = "".join(map(_span, block.spans))
            drawn = f'<p class="inset">{spans}</p>' if block.is_inset else f"<p>{spans}</p>"
        case Head():
            rows = (
                f"<div><dt>{_text(label)}</dt><dd>{_span(value)}</dd></div>"
                for label, value in block.rows
            )
            drawn = f'<dl class="head">{"".join(rows)}</dl>'
        case Label():
            drawn = f"<p>{_label(block)}</p>"
        case Values():
            values = "; ".join(f"<bdi>{_text(each)}</bdi>" for each in block.values)
            drawn = f"<p>{_label(block.label, figures.colon(language))}{values}</p>"
        case Words():
            label = "" if block.label is None else f"<p>{_label(block.label)}</p>\n"
            is_tag = _TAG.fullmatch(block.language)
            spoken = f' lang="{block.language}"' if is_tag else ""
            drawn = f'{label}<blockquote{spoken} dir="auto">{_text(block.text)}</blockquote>'
        case Cut():
            drawn = f'<p class="cut">{_text(block.text)}</p>'
        case Gap():
            drawn = "<hr>"
        case _:
            assert_never(block)
    return drawn


def _label(label: Label, colon: str = "") -> str:
    text = ("* " if label.is_changed else "") + _text(label.text) + escape(colon)
    return f"<strong>{text}</strong>" if label.is_known else f"<mark>{text}</mark>"


def _span(span: Span) -> str:
    text = _text(span.text)
    if span.state:
        return f'<b class="state" data-state="{escape(span.state.lower())}">{text}</b>'
    element = _ELEMENTS.get(span.tone)
    return f"<{element}>{text}</{element}>" if element else f"<bdi>{text}</bdi>"


def _text(text: str) -> str:
    return escape(visible(text, lines=True))
