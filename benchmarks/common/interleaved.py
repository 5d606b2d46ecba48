"""Two ways of doing the same work, timed in turn on the same machine in the same minutes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any


def compare(
    name: str,
    rival_name: str,
    ours: Callable[[], Any],
    rival: Callable[[], Any],
    items: int,
    runs: int,
    unit: str,
) -> dict[str, Any]:
    """Median items per CPU second of each, from runs that alternate; ratio > 1: we are faster.

    CPU time, because both are single-threaded and the machine may have other work.
    """
    seconds: tuple[list[float], list[float]] = ([], [])
    for run in range(runs):
        for side in (0, 1) if run % 2 else (1, 0):
            started = time.process_time()
            (ours, rival)[side]()
            seconds[side].append(time.process_time() - started)
    fast, slow = (items / statistics.median(s) for s in seconds)
    return {
        "name": name, "ours": round(fast, 1), "rival": round(slow, 2), "rival_name": rival_name,
        "ratio": round(fast / slow, 1), "unit": unit, "runs": runs, "items": items,
    }  # fmt: skip
