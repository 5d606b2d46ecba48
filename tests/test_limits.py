"""Hard limits: an item that hangs, grows or kills its process costs itself alone."""

import os
import time

import pytest

from olympiad_ineq.limits import Limit, run_limited


def behave(item: str) -> str:
    if item == "hang":
        time.sleep(60)
    if item == "grow":
        return str(len(bytearray(4 * 2**30)))
    if item == "die":
        os._exit(9)
    if item == "defect":
        raise ValueError("a defect, not a verdict")
    return item.upper()


def run(items: list[str], seconds: float = 2.0) -> list[str | Limit]:
    return list(run_limited(behave, items, seconds=seconds, memory_mb=1024, workers=2))


def test_results_come_in_the_order_of_the_items() -> None:
    items = [f"item {number}" for number in range(500)]
    assert run(items) == [item.upper() for item in items]


def test_each_limit_is_an_outcome_of_its_own_item_alone() -> None:
    got = run(["a", "hang", "b", "grow", "c", "die", "d"])
    assert [r for r in got if isinstance(r, str)] == ["A", "B", "C", "D"]
    assert [r.what for r in got if isinstance(r, Limit)] == ["time", "memory", "died"]


def test_a_defect_is_raised_not_counted() -> None:
    with pytest.raises(ValueError, match="a defect"):
        run(["a", "defect"])


def test_no_items_no_results() -> None:
    assert run([]) == []
