"""The release rules stated a second time, naively, from the data files; nothing of core is used.

A report may go to a partner if no sentence below says no.
"""

import json
import re
from importlib.resources import files
from typing import Any

_DATA = files("noroshi.core.marking")
POLICIES: list[dict[str, Any]] = [
    json.loads(f.read_text()) for f in _DATA.joinpath("policies").iterdir()
]
CELLS: list[dict[str, Any]] = json.loads(_DATA.joinpath("equivalences.json").read_text())


def may_go(  # noqa: PLR0911 - one rule after the other
    marking: str,
    sender: str,
    receiver: str,
    day: str,
    agreements: list[dict[str, Any]],
    areas: list[str] | None = None,
) -> bool:
    """Say whether a report so marked may go; days as 2026-11-22, agreements as in their files."""
    words = [w for w in marking.split("//") if not re.match(r"(TLP|PAP):", w)]
    if not words:
        return True
    found = _level(*words[0].split(" ", 1))
    if found is None:
        return False
    policy, level = found
    codes = [c.strip() for w in words[1:] if w.startswith("REL TO ") for c in w[7:].split(",")]
    caveats = [w for w in words[1:] if not w.startswith("REL TO ")]
    kinds = {c["name"]: c["kind"] for c in policy.get("caveats", [])}
    if any(c not in kinds for c in caveats):
        return False
    strict = [c for c in caveats if kinds[c] == "RESTRICTIVE"]
    secret = level.get("is_classified", True)
    if receiver not in policy["owners"]:
        if codes and receiver not in [_partner(c) for c in codes]:
            return False
        if not codes and secret:
            return False
    if not secret and not strict:
        return True
    about = areas or []
    return any(
        _covers(a, sender, receiver, day, policy, level, strict)
        and (not a.get("areas") or (about and set(about) <= set(a["areas"])))
        for a in agreements
    )


def may_all_go(
    markings: list[str],
    sender: str,
    receiver: str,
    day: str,
    agreements: list[dict[str, Any]],
    areas: list[str] | None = None,
) -> bool:
    """Say whether a report may go that drags along things so marked; the first is its own."""
    return all(may_go(marking, sender, receiver, day, agreements, areas) for marking in markings)


def is_enough(whole: str, part: str) -> bool:
    """Say whether the marking of a whole is enough for a part, of which all is known here."""
    for names in (TLP, PAP):
        mine, its = (
            max([0, *(names.index(word) for word in marking.split("//") if word in names)])
            for marking in (whole, part)
        )
        if mine < its:
            return False
    inner = _said(part)
    if inner is None:
        return True
    outer = _said(whole)
    if outer is None or outer[0] != inner[0] or outer[1]["rank"] < inner[1]["rank"]:
        return False
    if any(caveat not in outer[2] for caveat in inner[2]):
        return False
    return all(_is_meant(inner, who) for who in ANYBODY if _is_meant(outer, who))


TLP = ["TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"]
PAP = ["PAP:CLEAR", "PAP:GREEN", "PAP:AMBER", "PAP:RED"]
ANYBODY = ["jp", "nato", "au", "kr", "nz", "fra", "somebody-else"]
Said = tuple[dict[str, Any], dict[str, Any], list[str], list[str]]


def _said(marking: str) -> Said | None:
    """Return policy, level, caveats and codes."""
    words = [w for w in marking.split("//") if not re.match(r"(TLP|PAP):", w)]
    if not words:
        return None
    found = _level(*words[0].split(" ", 1))
    assert found is not None
    codes = [c.strip() for w in words[1:] if w.startswith("REL TO ") for c in w[7:].split(",")]
    return (*found, [w for w in words[1:] if not w.startswith("REL TO ")], codes)


def _is_meant(said: Said, who: str) -> bool:
    """Say whether a marking by itself leaves somebody in."""
    policy, level, _, codes = said
    if who in policy["owners"]:
        return True
    return who in map(_partner, codes) if codes else not level.get("is_classified", True)


def _covers(  # noqa: C901, PLR0911 - one rule after the other
    agreement: dict[str, Any], sender: str, receiver: str, day: str,
    policy: dict[str, Any], level: dict[str, Any], strict: list[str],
) -> bool:  # fmt: skip
    ways = [(agreement["sender"], agreement["receiver"])]
    if agreement.get("is_mutual"):
        ways.append((agreement["receiver"], agreement["sender"]))
    if (sender, receiver) not in ways:
        return False
    if not agreement["valid_from"] <= day <= agreement["valid_until"]:
        return False
    if not set(strict) <= set(agreement.get("caveats", [])):
        return False
    top = _level(agreement["policy"], agreement["level"])
    if top is None:
        return False
    top_policy, top_level = top
    if top_policy["name"] == policy["name"]:
        return bool(level["rank"] <= top_level["rank"])
    answers: list[tuple[int, str]] = []
    for cell in CELLS:
        for here, there in ((cell["one"], cell["other"]), (cell["other"], cell["one"])):
            if here == [policy["name"], level["name"]] and there[0] == top_policy["name"]:
                other = _level(*there)
                assert other is not None
                answers.append((other[1]["rank"], cell["confidence"]))
    if not answers:
        return False
    rank, confidence = max(answers)
    if confidence == "indicative" and not agreement.get("accepts_indicative"):
        return False
    return bool(rank <= top_level["rank"])


def _level(name: str, level: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    for policy in POLICIES:
        if name in [policy["name"], *policy.get("aliases", [])]:
            for each in policy["levels"]:
                if level in [each["name"], *each.get("aliases", [])]:
                    return policy, each
    return None


def _partner(code: str) -> str:
    for policy in POLICIES:
        if code in policy.get("codes", []):
            return str(policy["owners"][0])
    return code.lower()
