"""Shards of one stage on a farm of engines, in simulated time: where do its hours go?"""

import heapq
import math
from dataclasses import dataclass, fields
from random import Random


@dataclass(frozen=True)
class Rates:
    """What time and trouble cost; seconds unless it says otherwise.

    "Measured" is on a machine of two cores, in benchmarks/cluster.md and benchmarks/data.md.
    """

    start: float = 300  # assumed: to load 70B and capture graphs
    overhead: float = 6  # measured: the nested Snakemakes of one job
    queue_checks: float = 10  # between two looks at the queue
    submit: float = 0.3  # assumed: one sbatch by Snakemake, one after another
    plan: float = 0.0016  # measured: what a job adds to building the DAG
    plan_memory: float = 20_000  # measured: bytes of Snakemake's own memory for a job
    job_files: int = 8  # rows, rejects, their manifests, journal, log, benchmark, metadata
    make_file: float = 0.005  # assumed: on a shared file system, one after another
    append: float = (
        0.02  # assumed: write and fsync on a shared file system (0.0004 on a local disk)
    )
    batch: int = 256  # answers to an append; what a failure costs
    gpu_hours_per_failure: float = 50_000  # Llama 3's report: 419 interruptions in 54 days x 16,384
    straggling: float = 0.01  # assumed: share of shards on a slow node
    slowness: float = 3.0  # assumed: how much slower
    spread: float = 0.1  # assumed: of the logarithm of a shard's time
    check_rows: float = (
        800  # rows a second of verify_check, one job (measured: 400 to 1,300 a core)
    )
    gather_rows: float = 30_000  # assumed: rows a second of data_gen, verify and split, one core
    row_memory: float = 6_100  # measured: bytes that split holds of each row


@dataclass(frozen=True)
class Spent:
    """Where the time of all engines went, as shares of `hours` times engines; they sum to 1.

    Attributes:
        hours: until the last shard is done.
        rows: answering.
        starting: loading the model, once a shard, and Snakemake's work around a job.
        journal: putting answers on disk.
        failing: starting again, and answers that a failure cost.
        submitting: engines that wait because jobs come one after another.
        tail: engines with nothing left to do while the last shards run.
    """

    hours: float
    rows: float
    starting: float
    journal: float
    failing: float
    submitting: float
    tail: float

    def bottleneck(self) -> str:
        """What keeps the engines from answering most."""
        losses = [field.name for field in fields(self) if field.name not in ("hours", "rows")]
        return max(losses, key=lambda name: float(getattr(self, name)))


def farm(
    rows: int, size: int, engines: int, gpus: int, per_second: float, rates: Rates, draw: Random
) -> Spent:
    """Run all shards of `size` rows, each on the engine that is free first.

    Args:
        gpus: of one engine; each of them can fail.
        per_second: rows that one engine answers.
    """
    free = [0.0] * engines
    spent = dict.fromkeys(("rows", "starting", "journal", "failing", "submitting"), 0.0)
    between = rates.submit + rates.job_files * rates.make_file
    failure = rates.gpu_hours_per_failure * 3600 / gpus
    end = 0.0
    for shard in range(math.ceil(rows / size)):
        own = min(size, rows - shard * size)
        ready = heapq.heappop(free)
        begin = max(ready, shard * between)
        slow = rates.slowness if draw.random() < rates.straggling else 1.0
        lasts = own / per_second * slow * math.exp(draw.gauss(0, rates.spread))
        journal = math.ceil(own / rates.batch) * rates.append
        failures = _failures(lasts, failure, draw)
        again = failures * (min(rates.batch, own) / per_second + rates.start)
        starting = rates.start + rates.overhead + rates.queue_checks / 2
        heapq.heappush(free, begin + starting + lasts + journal + again)
        end = max(end, begin + starting + lasts + journal + again)
        parts = (lasts, starting, journal, again, begin - ready)
        for name, part in zip(spent, parts, strict=True):
            spent[name] += part
    shares = {name: part / (end * engines) for name, part in spent.items()}
    return Spent(hours=end / 3600, **shares, tail=1 - sum(shares.values()))


def _failures(lasts: float, mean: float, draw: Random) -> int:
    count = 0
    while lasts > (until := draw.expovariate(1 / mean)):
        count, lasts = count + 1, lasts - until
    return count
