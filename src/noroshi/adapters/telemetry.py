"""Logs: JSON lines on stderr, with codes, partners and counts; never content, secrets or keys.

Of people they tell who proved to be somebody at a door, and who was refused what.
"""

import logging
import sys
import time
from typing import Final

import structlog

_REPEAT_SECONDS: Final = 60.0
"""The same thing is told by a library once in that time, however often a stranger causes it."""
_MOST_WORDS: Final = 160
_MOST_TOLD: Final = 256

_REFUSALS: Final = frozenset({
    "not-permitted", "not-proven", "two-persons", "unknown-account",
    "attachment-infected", "attachment-unscanned",
})  # fmt: skip
"""Codes of what somebody may not do, or did not prove, and of files that the scanner stopped."""


def note(event: str, door: str, **told: object) -> None:
    """Tell what somebody did at a door that has to do with who they are."""
    structlog.get_logger().info(event, door=door, **told)


def note_refusal(code: str, door: str, **told: object) -> None:
    """Tell that somebody was refused, if it has to do with who they are, may, or wanted to have."""
    if code in _REFUSALS:
        structlog.get_logger().warning("refused", door=door, code=code, **told)


def configure_logs() -> None:
    """Send every log line to stderr as JSON, with level and UTC time; libraries' ones too."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.ERROR, handlers=[_LibraryHandler()], force=True)
    # What it warns of is that a stranger sent no HTTP.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


def silence_logs() -> None:
    """Log nothing: simulated nodes fail all the time, on purpose."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())


class _LibraryHandler(logging.Handler):
    """Tells what a library logs: its words without values, for these may be anybody's."""

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[tuple[str, str], float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Tell it, unless the same was just told."""
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        words = str(record.msg).partition("\n")[0][:_MOST_WORDS]
        key, now = (record.name, words), time.monotonic()
        if now - self._told.get(key, -_REPEAT_SECONDS) < _REPEAT_SECONDS:
            return
        if len(self._told) >= _MOST_TOLD:
            self._told.clear()
        self._told[key] = now
        structlog.get_logger().error("library", library=record.name, words=words, error=error)
