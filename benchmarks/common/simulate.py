"""The run at 20k, 1M and 100M candidates over 4 to 1,024 GPUs: where does it become slow?

    python -m benchmarks.common.simulate [--json]

Replays the full config's DAG in simulated time. Teacher and verifier work in shards on engines
of four GPUs, with failures and stragglers; the others are one job each, as they are built. The
rates are in `farm.Rates`, each measured or assumed, as it says. Snakemake may keep as many jobs in
the queue as there are engines (`jobs` in the profile).

The first table has a line for each size of run: hours of the stages, the share of engine time that
answers while the teacher works, and what bounds the whole. The second one has shards of other sizes
than the rule's (`shard_rows`, marked with an arrow): where the engines' time goes with each.
"""

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from benchmarks.common.farm import Rates, Spent, farm
from olympiad_ineq.planner.command import read_settings
from olympiad_ineq.planner.hardware import gpu
from olympiad_ineq.planner.stages import Device, loads, stage
from olympiad_ineq.settings import Settings

REPO = Path(__file__).parents[2]
SIZES = (20_000, 1_000_000, 100_000_000)
GPUS = (4, 16, 64, 256, 1024)
PARALLEL = 4  # GPUs of one engine
SWEPT = ((20_000, 16), (1_000_000, 256), (100_000_000, 1024))  # candidates and GPUs
SHARD_SIZES = (64, 512, 4096, 32_768)


@dataclass(frozen=True)
class Outcome:
    """One size of run. Hours, and what takes the most of them."""

    candidates: int
    gpus: int
    shards: int
    rows_per_shard: int
    teacher: float
    verifier: float
    checks: float
    gathering: float
    planning: float
    answering: float
    journal: float
    files: int
    snakemake_gb: float
    split_gb: float
    bound_by: str


@dataclass(frozen=True)
class Swept:
    """The teacher's stage with shards of one size."""

    candidates: int
    gpus: int
    rows_per_shard: int
    shards: int
    chosen: bool
    planning: float
    files: int
    snakemake_gb: float
    spent: Spent

    def bottleneck(self) -> str:
        """What costs most beside answering: the plan too, which all engines wait for."""
        return "planning" if self.planning > self._lost() else self.spent.bottleneck()

    def _lost(self) -> float:
        return self.spent.hours * float(getattr(self.spent, self.spent.bottleneck()))


def shard_rows(rows: int, per_second: float, engines: int, rates: Rates) -> int:
    """Rows of a shard: starting it costs at most 5 %, and every engine gets at least four."""
    least = math.ceil(20 * (rates.start + rates.overhead) * per_second)
    return max(1, min(max(least, 1), math.ceil(rows / (4 * engines)) or 1, rows))


def simulate(settings: Settings, rows: int, gpus: int, rates: Rates) -> Outcome:
    """One size of run, the same every time."""
    draw = Random(f"{rows} {gpus}")
    engines = max(1, gpus // PARALLEL)
    speed = {name: _rows_per_second(settings, name) for name in ("data_gen_model", "verify_model")}
    size = shard_rows(rows, speed["data_gen_model"], engines, rates)
    teacher = farm(rows, size, engines, PARALLEL, speed["data_gen_model"], rates, draw)
    work = loads(settings)
    votes = work["verify_model"][1].requests / work["data_gen_model"][1].requests
    asked = math.ceil(rows * votes)
    each = shard_rows(asked, speed["verify_model"], engines, rates)
    voted = farm(asked, each, engines, PARALLEL, speed["verify_model"], rates, draw)
    jobs = math.ceil(rows / size) + math.ceil(asked / each)
    parts = {
        "teacher": teacher.hours,
        "verifier": voted.hours,
        "checks": rows / rates.check_rows / 3600,
        "gathering": 5 * rows / rates.gather_rows / 3600,
        "planning": jobs * rates.plan / 3600,
    }
    return Outcome(
        candidates=rows, gpus=gpus, shards=math.ceil(rows / size), rows_per_shard=size, **parts,
        answering=teacher.rows, journal=teacher.journal, files=jobs * rates.job_files,
        snakemake_gb=jobs * rates.plan_memory / 1e9, split_gb=rows * rates.row_memory / 1e9,
        bound_by=max(parts, key=lambda name: parts[name]),
    )  # fmt: skip


def sweep(settings: Settings, rows: int, gpus: int, rates: Rates) -> list[Swept]:
    """The teacher's stage with shards from far too small to far too large."""
    engines = max(1, gpus // PARALLEL)
    speed = _rows_per_second(settings, "data_gen_model")
    chosen = shard_rows(rows, speed, engines, rates)
    found = []
    for size in sorted({chosen, *(size for size in SHARD_SIZES if size <= rows)}):
        shards = math.ceil(rows / size)
        spent = farm(rows, size, engines, PARALLEL, speed, rates, Random(f"{rows} {gpus} {size}"))
        found.append(
            Swept(rows, gpus, size, shards, size == chosen, shards * rates.plan / 3600,
                  shards * rates.job_files, shards * rates.plan_memory / 1e9, spent)
        )  # fmt: skip
    return found


def _rows_per_second(settings: Settings, name: str) -> float:
    """Of one engine, without its start."""
    planned = stage(settings, name, Device(gpu("a100-40")), Path("/nowhere"))
    _, load, jobs = loads(settings)[name]
    return load.requests / (planned.hours * 3600 - jobs * 300)


def outcomes_table(outcomes: Sequence[Outcome]) -> str:
    """All sizes of run as a plain table."""
    head = ("candidates", "GPUs", "shards", "rows each", "teacher h", "verifier h", "checks h",
            "gather h", "plan h", "answering", "journal", "files", "Snakemake GB", "split GB",
            "bound by")  # fmt: skip
    return _aligned(head, [
        (f"{o.candidates:,}", str(o.gpus), f"{o.shards:,}", f"{o.rows_per_shard:,}",
         f"{o.teacher:,.1f}", f"{o.verifier:,.1f}", f"{o.checks:,.1f}", f"{o.gathering:,.1f}",
         f"{o.planning:.3f}", f"{o.answering:.0%}", f"{o.journal:.2%}", f"{o.files:,}",
         f"{o.snakemake_gb:.3f}", f"{o.split_gb:,.1f}", o.bound_by)
        for o in outcomes
    ])  # fmt: skip


def sweep_table(swept: Sequence[Swept]) -> str:
    """Shard sizes as a plain table: shares of the engines' time."""
    head = ("candidates", "GPUs", "rows each", "shards", "hours", "answering", "starting",
            "submitting", "journal", "failing", "tail", "plan h", "files",
            "Snakemake GB", "most lost by", "")  # fmt: skip
    return _aligned(head, [
        (f"{s.candidates:,}", str(s.gpus), f"{s.rows_per_shard:,}", f"{s.shards:,}",
         f"{s.spent.hours:,.1f}", f"{s.spent.rows:.1%}", f"{s.spent.starting:.1%}",
         f"{s.spent.submitting:.1%}", f"{s.spent.journal:.2%}", f"{s.spent.failing:.1%}",
         f"{s.spent.tail:.1%}", f"{s.planning:.2f}", f"{s.files:,}",
         f"{s.snakemake_gb:.3f}", s.bottleneck(),
         "<- the rule" if s.chosen else "")
        for s in swept
    ])  # fmt: skip


def _aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    table = [head, *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    return "\n".join(
        "  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in table
    )


def main() -> None:
    """Print every point, and the rates they rest on."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    settings, rates = read_settings([REPO / "config/phi-1_5.yaml"], []), Rates()
    found = [simulate(settings, rows, gpus, rates) for rows in SIZES for gpus in GPUS]
    swept = [line for rows, gpus in SWEPT for line in sweep(settings, rows, gpus, rates)]
    if arguments.json:
        points = {"points": [asdict(o) for o in found], "shard_sizes": [asdict(s) for s in swept]}
        print(json.dumps({"rates": asdict(rates)} | points, indent=2))
        return
    print(outcomes_table(found))
    print("\nShards of other sizes, the teacher's stage; shares of the engines' time:\n")
    print(sweep_table(swept))
    print("\nrates:", ", ".join(f"{key} {value:g}" for key, value in asdict(rates).items()))


if __name__ == "__main__":
    main()
