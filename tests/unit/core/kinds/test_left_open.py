"""Relief: what is asked for, what was offered and committed, and what nobody has committed yet."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from noroshi.core.kinds.disaster_relief import left_open
from noroshi.core.kinds.kind import Quantity


def form(state: str, *needs: Any) -> dict[str, object]:
    return {"state": state, "needs": list(needs)}


def need(capability: str, quantity: float | None = None, unit: str | None = None) -> dict[str, Any]:
    told = {"capability": capability, "quantity": quantity, "unit": unit}
    return {name: value for name, value in told.items() if value is not None}


def test_what_is_committed_is_not_open_any_more() -> None:
    request = form("requested", need("Water", 20_000, "l"), need("Rescue team", 4, "teams"))
    water, teams, tents = left_open(
        request,
        [
            form("offered", need("rescue  TEAM", 3, "Teams")),
            form("committed", need("Rescue team", 1, "teams"), need("Tents", 5)),
            form("arrived", need("Rescue team", 2, "teams")),
            form("declined", need("Water", 9, "l")),
        ],
    )
    assert water == Quantity("Water", "l", 20_000)
    assert teams == Quantity("Rescue team", "teams", 4, offered=3, committed=3)
    assert (water.open, teams.open, tents.open) == (20_000, 1, 0)
    assert tents == Quantity("Tents", "", 0, committed=5)


def test_what_has_no_amount_stays_open_without_one() -> None:
    request = form("requested", need("Interpreters"), need("Interpreters", 2))
    (found,) = left_open(request, [form("committed", need("Interpreters"))])
    assert (found.needed, found.open, found.committed) == (None, None, 0)


def test_only_a_request_leaves_something_open() -> None:
    assert left_open(form("offered", need("Water", 2)), []) == ()
    assert left_open({"state": "requested"}, []) == ()
    strange = form("requested", "water", {"capability": 5}, {"capability": "x", "new": 1})
    assert left_open(strange, [{"needs": {}}]) == ()


@given(
    st.lists(st.floats(0.5, 100), max_size=5),
    st.lists(st.floats(0.5, 100), max_size=5),
)
def test_open_and_committed_make_up_what_is_needed(asked: list[float], given: list[float]) -> None:
    request = form("requested", *(need("Water", each, "l") for each in asked))
    answers = [form("committed", need("Water", each, "l")) for each in given]
    for found in left_open(request, answers):
        assert found.open is not None
        assert found.needed is not None
        assert 0 <= found.open <= found.needed
        assert found.open + found.committed >= found.needed or abs(
            found.open + found.committed - found.needed
        ) < 1e-6  # fmt: skip
