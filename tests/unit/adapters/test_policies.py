"""Areas as a data file: what is shipped, or what a house puts in its place."""

import json
from pathlib import Path

import pytest

from noroshi.adapters.policies import read_areas, read_rules, shipped_areas
from noroshi.core.errors import UnavailableError


def test_a_house_has_areas_of_its_own(tmp_path: Path) -> None:
    assert read_areas(tmp_path) == shipped_areas()
    (tmp_path / "policies").mkdir()
    names = dict.fromkeys(("en", "ja", "fr", "ko", "id"), "Polar routes")
    told = {"code": "polar", "status": "confirmed", "source": "the mission", "names": names}
    file = tmp_path / "policies" / "areas.json"
    file.write_text(json.dumps({"areas": 1, "programme": "x", "list": [told]}))
    assert list(read_areas(tmp_path)) == ["polar"]
    assert read_rules(tmp_path).policies.keys() >= {"NATO"}  # it is no policy
    file.write_text("{}")
    with pytest.raises(UnavailableError, match=r"areas\.json cannot be used"):
        read_areas(tmp_path)
