"""Settings of every test run."""

import os

import pytest
from hypothesis import HealthCheck, settings

# How long one example takes says nothing on a shared machine; pytest-timeout bounds the test.
settings.register_profile(
    "noroshi", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("noroshi")

# A node trusts the certificates of its partners' cards and no authority, but a library that it
# loads reads all of the machine's when it starts. A tenth of that start is saved without any.
os.environ["SSL_CERT_FILE"] = os.environ["SSL_CERT_DIR"] = os.devnull

_LONGEST_NAME = 80

_skipped: list[str] = []


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes and long texts by their argument: all workers have to draw the same names."""
    is_short = not isinstance(val, (bytes, str)) or len(val) <= _LONGEST_NAME
    return None if is_short and not isinstance(val, bytes) else argname


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember what was skipped."""
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI nothing may be skipped: a tool or material that is missing there is a failure."""
    if os.environ.get("CI") == "true" and _skipped and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
