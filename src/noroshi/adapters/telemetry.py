"""Logs: JSON lines on stderr, with codes, partners and counts; never content, names or keys."""

import sys

import structlog


def configure_logs() -> None:
    """Send every log line to stderr as JSON, with level and UTC time."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def silence_logs() -> None:
    """Log nothing: simulated nodes fail all the time, on purpose."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
