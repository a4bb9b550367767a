"""The board of the console: what waits, and what was answered meanwhile."""

from noroshi.entrypoints.console.board import joined


def test_what_is_answered_between_two_reads_is_one_row() -> None:
    waiting = [
        {"report": "1", "to": "cyber@nato", "state": "SHOWN"},
        {"report": "1", "to": "media@nato", "state": None},
    ]
    answered = [{"report": "1", "to": "cyber@nato", "state": "ACKNOWLEDGED"}]
    assert joined(waiting, answered) == [answered[0], waiting[1]]
