"""What one job costs through Snakemake on SLURM, against a bare sbatch of the same command.

    python -m benchmarks.common.slurm_overhead [--jobs 8]

On the test cluster of tests/slurm (root, SLURM's packages). One job after another on both sides,
the queue looked at every second: what a job costs by itself. The executor plugin's own looks at it,
10 s after a submission and then ever more rarely, come on top. Seconds a job: a median of bare
jobs, a mean of a chain's. Prints one JSON object, the machine's load beside it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.slurm.cluster import ACCOUNT, Cluster, running_cluster

REPO = Path(__file__).parent.parent.parent
WORKFLOW = """
rule all:
    input: "JOBS.done"
rule shard:
    input: lambda w: f"{int(w.n) - 1}.done" if int(w.n) > 1 else []
    output: "{n}.done"
    resources: mem_mb=900, runtime=5
    shell: "touch {output}"
"""


def bare(cluster: Cluster, jobs: int) -> list[float]:
    """Seconds of each of some sbatch calls, waited for."""
    found = []
    for _ in range(jobs):
        started = time.perf_counter()
        cluster.run("sbatch", "--wait", "-A", ACCOUNT, "-o", "/dev/null", "--wrap", "true")
        found.append(time.perf_counter() - started)
    return found


def through_snakemake(cluster: Cluster, jobs: int) -> float:
    """Seconds a job in a chain of jobs, Snakemake's own start left out."""
    seconds = []
    for length in (1, 1 + jobs):
        with tempfile.TemporaryDirectory() as scratch:
            text = WORKFLOW.replace("JOBS", str(length))
            (Path(scratch) / "Snakefile").write_text(text, encoding="ascii")
            started = time.perf_counter()
            command = [
                *(sys.executable, "-m", "tests.slurm.impatient", "--executor", "slurm"),
                *("--jobs", "1", "--slurm-status-command", "squeue"),
                *("--slurm-init-seconds-before-status-checks", "1"),
                *("--default-resources", f"slurm_account={ACCOUNT}", "slurm_partition=gpu"),
            ]
            subprocess.run(
                command, cwd=scratch, env=cluster.environment | {"PYTHONPATH": str(REPO)},
                check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            seconds.append(time.perf_counter() - started)
    return (seconds[1] - seconds[0]) / jobs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=8)
    jobs = parser.parse_args().jobs
    with running_cluster() as cluster:
        rival = statistics.median(bare(cluster, jobs))
        ours = through_snakemake(cluster, jobs)
    found = {"snakemake": round(ours, 2), "sbatch": round(rival, 2), "jobs": jobs}
    print(json.dumps(found | {"load": [round(x, 1) for x in os.getloadavg()]}))


if __name__ == "__main__":
    main()
