"""Logs: JSON lines on stderr, with codes, partners and counts; never content, names or keys."""

import logging
import sys
import time
from typing import Final

import structlog

_REPEAT_SECONDS: Final = 60.0
"""The same thing is told by a library once in that time, however often a stranger causes it."""
_MOST_WORDS: Final = 160
_MOST_TOLD: Final = 256


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
