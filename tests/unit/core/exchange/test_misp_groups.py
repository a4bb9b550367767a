"""Sharing groups: what is said of them holds, and of the others nobody guesses."""

import json
from typing import Any

import pytest

from noroshi.core.errors import InputError, MalformedError
from noroshi.core.exchange.misp_groups import settle, told_apart
from noroshi.core.marking.label import Marking

NAME = "c99506a6-1255-4b71-afa5-7b8ba48c3b1b"
GROUP = "5f2e9a1c-7b1d-4c3e-9a77-0123456789ab"
OTHER = "0a2e9a1c-7b1d-4c3e-9a77-0123456789ab"
RED, GREEN = Marking.parse("TLP:RED"), Marking.parse("TLP:GREEN")


def event(**more: Any) -> dict[str, Any]:
    return {"uuid": NAME, "info": "x", "distribution": "3", **more}


def group(name: str = GROUP, number: str = "7") -> dict[str, Any]:
    return {"id": number, "uuid": name, "name": "regional"}


def test_one_event_is_told_apart() -> None:
    raw = json.dumps({"Event": event()}).encode()
    assert told_apart(raw) == told_apart(b"\xef\xbb\xbf" + raw, NAME.upper()) == event()
    with pytest.raises(MalformedError, match="another event"):
        told_apart(raw, GROUP)
    for broken in (b"{", b'{"Event": {"a": 1, "a": 2}}', b'{"Event": NaN}', b"\xff", b"[" * 9999):
        with pytest.raises(MalformedError, match=r"cannot be relied on|no JSON"):
            told_apart(broken)
    with pytest.raises(InputError, match="2 MISP events"):
        told_apart(json.dumps({"response": [{"Event": event()}] * 2}).encode())


def test_a_group_means_what_was_said_of_it() -> None:
    told = event(distribution="4", SharingGroup=group())
    settled, meant = settle(told, {GROUP: GREEN})
    assert (settled["distribution"], meant) == ("3", {GREEN})
    assert told["distribution"] == "4"
    below = event(
        Attribute=[
            {"distribution": 4, "sharing_group_id": 7},
            {"distribution": "4", "sharing_group_id": "8", "SharingGroup": group(OTHER, "8")},
            {"distribution": "0"},
        ],
        Object=[{"SharingGroup": group(), "Attribute": []}],
    )
    settled, meant = settle(below, {GROUP: GREEN, OTHER: RED})
    assert meant == {GREEN, RED}
    assert [each["distribution"] for each in settled["Attribute"]] == ["3", "3", "0"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("told", "named"),
    [
        (event(distribution="4", SharingGroup=group(OTHER)), OTHER),
        (event(distribution="4", sharing_group_id="9"), "number 9"),
        (event(distribution="4"), "number None"),
        (event(Object=[{"Attribute": [{"distribution": "4", "sharing_group_id": "7"}]}]), "7"),
        (event(distribution="4", SharingGroup="x"), "number None"),
    ],
)
def test_a_group_of_which_nothing_was_said_keeps_the_event_out(
    told: dict[str, Any], named: str
) -> None:
    with pytest.raises(InputError, match=named):
        settle(told, {GROUP: GREEN})
