"""The run at 20k, 1M and 100M candidates over 4 to 1,024 GPUs: where does it become slow?

    python -m benchmarks.common.simulate [--json]

Replays the DAG of the full config in simulated time. The teacher works in shards on engines of four
GPUs, with failures and stragglers; the other stages are one job each, as they are built. The rates
are stated in `Rates`: measured where it says so, otherwise assumed. Each line: hours of the stages,
the busy share of the GPUs while the teacher works, and what bounds the whole.
"""

import argparse
import heapq
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from olympiad_ineq.planner.command import read_settings
from olympiad_ineq.planner.hardware import gpu
from olympiad_ineq.planner.stages import Device, loads, stage
from olympiad_ineq.settings import Settings

REPO = Path(__file__).parents[2]
SIZES = (20_000, 1_000_000, 100_000_000)
GPUS = (4, 16, 64, 256, 1024)
PARALLEL = 4  # GPUs of one engine


@dataclass(frozen=True)
class Rates:
    """What time and trouble cost; seconds unless it says otherwise."""

    start: float = 300  # assumed: to load 70B and capture graphs
    overhead: float = 6  # measured on two cores (cluster.md): the nested Snakemakes of one job
    submit: float = 0.3  # assumed: one sbatch by Snakemake, one after another
    plan_per_shard: float = 0.002  # measured here: building the DAG, 4.5 s at 2,000 shards
    gpu_hours_per_failure: float = 50_000  # Llama 3's report: 419 interruptions in 54 days x 16,384
    straggling: float = 0.01  # assumed: share of shards on a slow node
    slowness: float = 3.0  # assumed: how much slower
    spread: float = 0.1  # assumed: of the logarithm of a shard's time
    batch: int = 256  # answers that a failure costs (the journal keeps the rest)
    check_rows: float = 800  # assumed: rows a second of verify_check, 8 cores, one job
    gather_rows: float = 30_000  # assumed: rows a second of data_gen, verify and split, one core
    row_memory: float = 4_000  # assumed: bytes that split holds of each row
    queue_checks: float = 10  # seconds between two looks at the queue


@dataclass(frozen=True)
class Outcome:
    """One point. Hours, and what takes the most of them."""

    candidates: int
    gpus: int
    shards: int
    rows_per_shard: int
    teacher: float
    verifier: float
    checks: float
    gathering: float
    submitting: float
    busy: float
    files: int
    split_memory_gb: float
    bound_by: str


def shard_rows(rows: int, per_second: float, engines: int, rates: Rates) -> int:
    """Rows of a shard: starting it costs at most 5 %, and every engine gets at least four."""
    least = math.ceil(20 * (rates.start + rates.overhead) * per_second)
    return max(1, min(max(least, 1), math.ceil(rows / (4 * engines)) or 1, rows))


def farm(
    rows: int, size: int, engines: int, per_second: float, rates: Rates, draw: Random
) -> tuple[float, float]:
    """Hours until the last of the shards is done, and the share of engine time spent on rows."""
    shards = math.ceil(rows / size)
    free = [0.0] * min(engines, shards)
    heapq.heapify(free)
    end = useful = 0.0
    failure = rates.gpu_hours_per_failure * 3600 / PARALLEL
    for shard in range(shards):
        begin = max(heapq.heappop(free), shard * rates.submit)
        work = min(size, rows - shard * size) / per_second
        slow = rates.slowness if draw.random() < rates.straggling else 1.0
        lasts = work * slow * math.exp(draw.gauss(0, rates.spread))
        again = rates.batch / per_second + rates.start
        failures, left = 0, lasts
        while left > (until := draw.expovariate(1 / failure)):
            failures, left = failures + 1, left - until
        spent = rates.start + rates.overhead + lasts + failures * again + rates.queue_checks / 2
        heapq.heappush(free, begin + spent)
        end, useful = max(end, begin + spent), useful + work
    return end / 3600, useful / 3600 / (end / 3600 * engines)


def simulate(settings: Settings, rows: int, gpus: int, rates: Rates) -> Outcome:
    """One point, the same every time."""
    draw = Random(f"{rows} {gpus}")
    engines = max(1, gpus // PARALLEL)
    speed = {name: _rows_per_second(settings, name) for name in ("data_gen_model", "verify_model")}
    size = shard_rows(rows, speed["data_gen_model"], engines, rates)
    shards = math.ceil(rows / size)
    teacher, busy = farm(rows, size, engines, speed["data_gen_model"], rates, draw)
    work = loads(settings)
    votes = work["verify_model"][1].requests / work["data_gen_model"][1].requests
    asked = math.ceil(rows * votes)
    each = shard_rows(asked, speed["verify_model"], engines, rates)
    voted, _ = farm(asked, each, engines, speed["verify_model"], rates, draw)
    checks = rows / rates.check_rows / 3600
    gathering = 5 * rows / rates.gather_rows / 3600
    jobs = shards + math.ceil(asked / each)
    submitting = jobs * (rates.submit + rates.plan_per_shard) / 3600
    parts = {"teacher": teacher, "verifier": voted, "checks (one job)": checks,
             "gathering (one core)": gathering, "submitting": submitting}  # fmt: skip
    return Outcome(
        rows, gpus, shards, size, round(teacher, 2), round(voted, 2), round(checks, 2),
        round(gathering, 2), round(submitting, 2), round(busy, 3), jobs * 8,
        round(rows * rates.row_memory / 1e9, 1), max(parts, key=lambda name: parts[name]),
    )  # fmt: skip


def _rows_per_second(settings: Settings, name: str) -> float:
    """Of one engine, without its start."""
    planned = stage(settings, name, Device(gpu("a100-40")), Path("/nowhere"))
    _, load, jobs = loads(settings)[name]
    return load.requests / (planned.hours * 3600 - jobs * 300)


def table(outcomes: Sequence[Outcome]) -> str:
    """All points as a plain table."""
    head = ("candidates", "GPUs", "shards", "rows each", "teacher h", "verifier h", "checks h",
            "gather h", "submit h", "busy", "files", "split GB", "bound by")  # fmt: skip
    rows = [head] + [
        (f"{o.candidates:,}", str(o.gpus), f"{o.shards:,}", f"{o.rows_per_shard:,}",
         f"{o.teacher:,.1f}", f"{o.verifier:,.1f}", f"{o.checks:,.1f}", f"{o.gathering:,.1f}",
         f"{o.submitting:.2f}", f"{o.busy:.0%}", f"{o.files:,}", f"{o.split_memory_gb:,.1f}",
         o.bound_by)
        for o in outcomes
    ]  # fmt: skip
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    return "\n".join("  ".join(c.rjust(w) for c, w in zip(r, widths, strict=True)) for r in rows)


def main() -> None:
    """Print every point, and the rates they rest on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    settings = read_settings([REPO / "config/phi-1_5.yaml"], [])
    found = [simulate(settings, rows, gpus, Rates()) for rows in SIZES for gpus in GPUS]
    if arguments.json:
        print(
            json.dumps({"rates": asdict(Rates()), "points": [asdict(o) for o in found]}, indent=2)
        )
    else:
        print(table(found))
        print("rates:", ", ".join(f"{key} {value:g}" for key, value in asdict(Rates()).items()))


if __name__ == "__main__":
    main()
