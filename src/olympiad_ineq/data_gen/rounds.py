"""How many requests the next round of a shard makes of each technique.

Pure arithmetic, so that a shard that was killed plans the same rounds again and finds their answers
in its journal.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from olympiad_ineq.records import Json, Technique

PRIOR = 8  # requests that the expected yield is worth beside what was seen
SMALLEST = 16  # requests a round makes of a technique that is short, if the budget allows


def shares(total: int, parts: int) -> list[int]:
    """`total` in `parts` parts that differ by one at most, the larger ones first."""
    each, more = divmod(total, parts)
    return [each + (place < more) for place in range(parts)]


class Rounds:
    """The rounds of one shard.

    Args:
        budget: requests at most, over all rounds.
        target: usable rows wanted, spread evenly over the techniques; None: spend the budget evenly
            in one round.
        expected_yield: usable rows a request gives, before any was seen (above 0).
        first: which technique has the larger part where parts are not even; another one for each
            shard keeps their sum even.
    """

    def __init__(
        self,
        techniques: Sequence[Technique],
        *,
        budget: int,
        target: int | None,
        expected_yield: float,
        first: int = 0,
    ) -> None:
        turn = first % len(techniques)
        self._techniques = (*techniques[turn:], *techniques[:turn])
        self._budget, self._expected = budget, expected_yield
        self._target = target and self._evenly(target)
        self._asked: Counter[Technique] = Counter()
        self._usable: Counter[Technique] = Counter()
        self._wanted: dict[Technique, int] = {}
        self._history: list[Json] = []

    def _evenly(self, total: int) -> dict[Technique, int]:
        return dict(zip(self._techniques, shares(total, len(self._techniques)), strict=True))

    def next(self) -> dict[Technique, int]:
        """Requests of each technique in the next round; empty when there is none."""
        left = self._budget - self._asked.total()
        if not self._target:
            self._wanted = {} if self._history else self._evenly(left)
        else:
            needs = {
                technique: max(SMALLEST, math.ceil(short / self._yield(technique)))
                for technique, short in self.short().items()
            }
            self._wanted = _within(needs, left)
        self._wanted = {technique: n for technique, n in self._wanted.items() if n}
        return dict(self._wanted)

    def got(self, usable: Mapping[Technique, int]) -> None:
        """Take in what the round that `next` named has given."""
        self._asked.update(self._wanted)
        self._usable.update(usable)
        self._history.append({"asked": dict(self._wanted), "usable": dict(usable)})

    def short(self) -> dict[Technique, int]:
        """What is missing of the target, of each technique that is short."""
        target = self._target or {}
        missing = {t: wanted - self._usable[t] for t, wanted in target.items()}
        return {technique: n for technique, n in missing.items() if n > 0}

    def shortfalls(self) -> list[str]:
        """A line for each technique that is short, with what was spent on it."""
        target = self._target or {}
        return [
            f"{technique}: {self._usable[technique]} of {target[technique]} after "
            f"{self._asked[technique]} requests (budget {self._budget} for all techniques)"
            for technique in self.short()
        ]

    def facts(self) -> Json:
        """Target, result and every round, for the manifest."""
        if not self._target:
            return {"target": None}
        return {
            "target": self._target,
            "usable": {technique: self._usable[technique] for technique in self._target},
            "short": self.short(),
            "budget": self._budget,
            "rounds": self._history,
        }

    def _yield(self, technique: Technique) -> float:
        seen = self._usable[technique] + PRIOR * self._expected
        return seen / (self._asked[technique] + PRIOR)


def _within(needs: Mapping[Technique, int], left: int) -> dict[Technique, int]:
    """The needs, cut in proportion where they exceed what is left."""
    total = sum(needs.values())
    if total <= left:
        return dict(needs)
    cut = {technique: need * left // total for technique, need in needs.items()}
    spare = left - sum(cut.values())
    for technique in sorted(needs, key=lambda t: -(needs[t] * left % total))[:spare]:
        cut[technique] += 1
    return cut
