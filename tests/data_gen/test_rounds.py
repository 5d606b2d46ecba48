"""How a shard plans its rounds."""

from collections import Counter

import pytest

from olympiad_ineq.data_gen.rounds import Rounds, shares
from olympiad_ineq.records import TECHNIQUES


def test_shares_differ_by_one_at_most_and_sum_up() -> None:
    assert shares(10, 4) == [3, 3, 2, 2]
    assert shares(3, 5) == [1, 1, 1, 0, 0]


def test_without_a_target_the_budget_is_one_round() -> None:
    rounds = Rounds(TECHNIQUES, budget=10, target=None, expected_yield=0.5, first=1)
    assert rounds.next() == {"weighted_amgm": 3, "cauchy": 3, "sos": 2, "amgm": 2}
    rounds.got({})
    assert rounds.next() == {} and rounds.shortfalls() == []


@pytest.mark.parametrize("truth", [0.0, 0.02, 0.3, 1.0])
@pytest.mark.parametrize("budget", [7, 100, 5000])
def test_rounds_end_within_the_budget_and_say_what_is_missing(truth: float, budget: int) -> None:
    rounds = Rounds(TECHNIQUES, budget=budget, target=40, expected_yield=0.5)
    asked: Counter[str] = Counter()
    usable: Counter[str] = Counter()
    number = 0
    while wanted := rounds.next():
        number += 1
        assert all(n > 0 for n in wanted.values())
        asked.update(wanted)
        found = {t: int(n * truth) for t, n in wanted.items()}
        usable.update(found)
        rounds.got(found)
    assert asked.total() <= budget and number < 30
    missing = {t: 10 - usable[t] for t in TECHNIQUES if usable[t] < 10}
    assert rounds.short() == missing == rounds.facts()["short"]
    assert len(rounds.shortfalls()) == len(missing)
    assert not missing or asked.total() == budget  # short only when all is spent


def test_the_budget_left_goes_to_what_is_short() -> None:
    rounds = Rounds(TECHNIQUES, budget=100, target=40, expected_yield=0.5)
    assert rounds.next() == dict.fromkeys(TECHNIQUES, 20)
    rounds.got({"amgm": 10, "weighted_amgm": 12, "cauchy": 0, "sos": 10})
    assert rounds.next() == {"cauchy": 20}
