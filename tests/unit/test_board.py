"""The board of the console: what waits, and what was answered meanwhile."""

from noroshi.entrypoints.console.board import joined


def test_what_is_answered_between_two_reads_is_one_row() -> None:
    shown = joined(
        [
            {"report": "1", "to": "cyber@nato", "state": "SHOWN"},
            {"report": "1", "to": "media@nato", "state": None},
        ],
        [{"report": "1", "to": "cyber@nato", "state": "ACKNOWLEDGED"}],
    )
    assert [(row["to"], row["state"]) for row in shown] == [
        ("cyber@nato", "ACKNOWLEDGED"),
        ("media@nato", None),
    ]
