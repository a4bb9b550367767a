"""How old a directory may be."""

import pytest

from noroshi.core.directory.staleness import Standing, Tolerance
from noroshi.core.instant import DAY
from tests.unit.core.nodes import NOW

TOLERANCE = Tolerance(1 * DAY, 5 * DAY, 12 * DAY)


@pytest.mark.parametrize(
    ("days", "standing"),
    [
        (-2, Standing.FRESH),
        (0, Standing.FRESH),
        (1, Standing.AMBER),
        (4, Standing.AMBER),
        (5, Standing.CONFIRM),
        (11, Standing.CONFIRM),
        (12, Standing.REFUSED),
        (900, Standing.REFUSED),
    ],
)
def test_what_follows_from_its_age(days: int, standing: Standing) -> None:
    assert TOLERANCE.limits(NOW).standing(NOW + days * DAY) is standing
    if days > 0:
        assert TOLERANCE.limits(NOW).standing(NOW + days * DAY - 1) is not Standing.UNTOLD
