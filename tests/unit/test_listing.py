"""Lists of reports on a terminal, wide and narrow."""

import pytest

from noroshi.adapters.words import shipped_lexicon
from noroshi.core.kinds.reading import Reader
from noroshi.core.lexicon.lexicon import Language
from noroshi.entrypoints.cli import listing

READER = Reader(shipped_lexicon(), Language.ENGLISH)
SUBJECT = "Intrusion into the control network of a power plant in the north"
ROW: dict[str, object] = {
    "report": "3f1c09aa-0000-4000-8000-000000000000", "precedence": "FLASH", "status": "EXERCISE",
    "subject": SUBJECT, "destroyed": None, "cancelled_by": None, "superseded_by": None,
    "updates": None,
}  # fmt: skip
CAME = ROW | {
    "from": "cyber@jp", "to": "cyber@nato", "state": "DELIVERED", "assigned_to": [],
    "received_at": "2026-11-21T06:12:00Z", "by_way_of": None, "suspect": False,
}  # fmt: skip
WENT = ROW | {
    "stored_at": "2026-11-21T06:12:00Z",
    "recipients": [{"desk": "cyber@nato", "rung": "SHOWN"}, {"desk": "ops@kr", "rung": None}],
}


@pytest.mark.parametrize(("columns", "is_narrow"), [("80", True), ("140", False)])
def test_a_subject_has_room(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    columns: str,
    *,
    is_narrow: bool,
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    listing.inbox([CAME, CAME], READER)
    listing.sent([WENT, WENT], READER)
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert sum(line.endswith(SUBJECT) for line in lines) == 4
    assert sum(line == f"  {SUBJECT}" for line in lines) == (4 if is_narrow else 0)
    assert sum("cyber@nato SHOWN" in line for line in lines) == 2
    after = [lines[n + 1].strip() for n, line in enumerate(lines) if "cyber@nato SHOWN" in line]
    assert all(line.startswith("ops@kr QUEUED") for line in after)


def test_nothing_is_said_to_be_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    listing.sent([], READER)
    assert "Nothing was sent" in capsys.readouterr().out
