"""The engines that `make simulate` replays: their time adds up, and each cost can bound it."""

from dataclasses import astuple, replace
from random import Random
from typing import Any

import pytest

from benchmarks.common.farm import Rates, Spent, farm

FREE = Rates(
    start=0, overhead=0, queue_checks=0, submit=0, make_file=0, append=0, straggling=0, spread=0,
    gpu_hours_per_failure=1e12,
)  # fmt: skip


def spent(rates: Rates, rows: int = 64_000, size: int = 1000, engines: int = 8) -> Spent:
    return farm(rows, size, engines, 4, 2.0, rates, Random(1))


def test_without_trouble_every_engine_answers_all_the_time() -> None:
    found = spent(FREE)
    assert found.hours == pytest.approx(64_000 / 2.0 / 8 / 3600)
    assert found.rows == pytest.approx(1)


def test_the_shares_add_up_and_the_same_run_is_simulated_twice() -> None:
    found = spent(Rates(gpu_hours_per_failure=10))
    assert sum(astuple(found)[1:]) == pytest.approx(1)
    assert found.failing > 0.03 and found == spent(Rates(gpu_hours_per_failure=10))


@pytest.mark.parametrize(
    ("bottleneck", "costs", "size"),
    [
        ("starting", {"start": 300.0}, 100),
        ("submitting", {"submit": 600.0}, 1000),
        ("submitting", {"make_file": 60.0}, 1000),
        ("journal", {"append": 600.0}, 1000),
        ("failing", {"gpu_hours_per_failure": 1.0}, 1000),
        ("tail", {}, 60_000),
        ("tail", {"straggling": 0.02, "slowness": 20.0}, 1000),
    ],
)
def test_each_cost_can_be_what_bounds_a_stage(
    bottleneck: str, costs: dict[str, Any], size: int
) -> None:
    found = spent(replace(FREE, **costs), size=size)
    assert found.bottleneck() == bottleneck and found.hours > spent(FREE).hours
