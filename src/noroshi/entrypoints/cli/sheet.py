"""A sheet on the screen."""

from collections.abc import Iterable
from typing import Final

from rich.console import Console
from rich.text import Text

from noroshi.core.lexicon.lexicon import Language
from noroshi.core.sheet.blocks import Block, Span, Tone
from noroshi.core.sheet.plain import text_lines
from noroshi.entrypoints.cli.present import STATE_STYLES

_STYLES: Final = {
    Tone.PLAIN: "",
    Tone.STRONG: "bold",
    Tone.QUIET: "dim",
    Tone.ALERT: "bold yellow",
    Tone.BANNER: "bold reverse",
}


def print_sheet(screen: Console, blocks: Iterable[Block], language: Language) -> None:
    """Print a sheet in the colours of its words."""
    for spans in text_lines(blocks, language):
        screen.print(Text.assemble(*((span.text, _style(span)) for span in spans)))


def _style(span: Span) -> str:
    return STATE_STYLES.get(span.state) or _STYLES[span.tone]
