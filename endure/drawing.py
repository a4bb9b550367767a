"""Random markings and agreements, of known words and some that are not."""

import random
from datetime import date, timedelta
from typing import Any, Final

from endure.oracle import POLICIES
from noroshi.core.agreement import Agreement
from noroshi.core.marking.label import Pap, Tlp

DAY: Final = date(2026, 11, 22)
"""Round which all agreements begin and end."""


class Draw:
    """Random markings and agreements, of known words and some that are not."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)

    def one(self, *choices: Any) -> Any:
        # As even as is needed here, and several times as fast as Random.choice().
        return choices[int(self._draw.random() * len(choices))]

    def coin(self) -> bool:
        return self._draw.random() < 0.5

    def level(self) -> str:
        if self._draw.random() < 0.02:
            return str(self.one("XYZ SECRET", "NATO HUSH"))
        policy = self.one(*POLICIES)
        level = self.one(*policy["levels"])
        name = self.one(level["name"], *level.get("aliases", ()))
        return f"{policy['name']} {name}"

    def marking(self) -> str:
        labels = [self.one("", *(t.value for t in Tlp)), self.one("", *(p.value for p in Pap))]
        if self._draw.random() < 0.1:
            return "//".join([self.one(*Tlp).value, *([labels[1]] if labels[1] else [])])
        caveats = ["ATOMAL"] if self._draw.random() < 0.1 else []
        caveats += ["EXERCISE"] if self._draw.random() < 0.1 else []
        codes = self._draw.sample(["JPN", "JP", "NATO", "AUS", "AU", "KOR", "NZL", "FRA"], 3)
        rel = [f"REL TO {', '.join(codes[: self._draw.randrange(1, 4)])}"]
        rel = rel if self._draw.random() < 0.8 else []
        return "//".join(word for word in (self.level(), *caveats, *rel, *labels) if word)

    def partner(self) -> str:
        return str(self.one("jp", "nato", "au", "kr", "nz"))

    def agreement(self) -> Agreement:
        first, last = (DAY + timedelta(self._draw.randrange(-9, 9)) for _ in range(2))
        policy, level = self.level().split(" ", 1)
        return Agreement(
            agreement=1, reference="x", sender=self.partner(), receiver=self.partner(),
            policy=policy, level=level, valid_from=min(first, last) - timedelta(5),
            valid_until=max(first, last) + timedelta(5), is_mutual=self.coin(),
            areas=self.one((), (), (), ("space",)), caveats=self.one((), ("ATOMAL",)),
            accepts_indicative=self.coin(),
        )  # fmt: skip
