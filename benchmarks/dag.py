"""`snakemake -n` on our workflow with 2,000 shards, against the same DAG with empty rules.

    python benchmarks/dag.py [--shards 2000] [--runs 5]

The rival is a Snakefile with rules of the same names, inputs and outputs, and nothing else: no
params, resources, logs, benchmarks, settings or imports of ours. Both in turns, each a process of
its own, in an empty folder, after one run that compiles their modules. Seconds; ratio above 1/1.1
keeps the promise.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REPO = Path(__file__).parent.parent
RIVAL = """
SHARDS_OF = [f"results/data_gen/model/{n}" for n in range(SHARDS)]
rule all:
    input: "results/eval/baseline.json", "results/eval/final.json", "results/report/index.html", "results/report/data.html", "results/split/README.md"
rule data_gen_symbolic:
    output: "results/data_gen/symbolic.jsonl"
    shell: ""
rule fetch_model:
    output: "results/models/data_gen.json"
    shell: ""
rule data_gen_model:
    input: "results/models/data_gen.json"
    output: "results/data_gen/model/{shard}.jsonl", "results/data_gen/model/{shard}.rejects.jsonl"
    wildcard_constraints: shard="[0-9]+"
    shell: ""
rule data_gen:
    input: "results/data_gen/symbolic.jsonl", [f"{shard}.jsonl" for shard in SHARDS_OF]
    output: "results/data_gen/candidates.jsonl", "results/data_gen/summary.json"
    shell: ""
rule verify_check:
    input: "results/data_gen/candidates.jsonl"
    output: "results/verify/checked.jsonl"
    shell: ""
rule verify:
    input: "results/verify/checked.jsonl"
    output: "results/verify/verdicts.jsonl"
    shell: ""
rule split:
    input: "results/data_gen/candidates.jsonl", "results/verify/verdicts.jsonl"
    output: "results/split/assignment.jsonl", "results/split/dropped.jsonl"
    shell: ""
rule split_side:
    input: "results/split/assignment.jsonl", "results/data_gen/candidates.jsonl", "results/verify/verdicts.jsonl"
    output: "results/split/{side}.parquet"
    shell: ""
rule data_card:
    input: "results/split/train.parquet", "results/split/test.parquet"
    output: "results/split/README.md"
    shell: ""
rule base_model:
    output: directory("results/train/baseline/model")
    shell: ""
rule train:
    input: "results/split/train.parquet", "results/train/baseline/model"
    output: directory("results/train/final/model"), "results/train/final/loss.json", "results/train/final/loss.svg"
    shell: ""
rule predict:
    input: "results/split/test.parquet", "results/split/train.parquet", "results/train/{run}/model"
    output: "results/eval/{run}/predictions.jsonl"
    shell: ""
rule judge:
    input: "results/split/test.parquet", "results/eval/{run}/predictions.jsonl"
    output: "results/eval/{run}/judgements.jsonl"
    shell: ""
rule score:
    input: "results/eval/{run}/predictions.jsonl", "results/eval/{run}/judgements.jsonl"
    output: "results/eval/{run}.json"
    wildcard_constraints: run="baseline|final"
    shell: ""
rule audit_set:
    output: "results/eval/judge_audit/items.jsonl"
    shell: ""
rule judge_audit:
    input: "results/eval/judge_audit/items.jsonl"
    output: "results/eval/judge_audit.json"
    shell: ""
rule report:
    input: "results/eval/baseline.json", "results/eval/final.json", "results/split/test.parquet", "results/split/train.parquet", "results/verify/verdicts.jsonl", "results/train/final/loss.json", "results/eval/judge_audit.json"
    output: "results/report/index.html"
    shell: ""
rule data_report:
    input: "results/data_gen/summary.json", "results/data_gen/candidates.jsonl", [f"{shard}.rejects.jsonl" for shard in SHARDS_OF], "results/verify/verdicts.jsonl", "results/split/dropped.jsonl", "results/split/assignment.jsonl"
    output: "results/report/data.html"
    shell: ""
"""  # noqa: E501


def measure(shards: int = 2000, runs: int = 5) -> list[dict[str, Any]]:
    """Alternate ours and the rival, and compare the medians."""
    seconds: dict[str, list[float]] = {"ours": [], "rival": []}
    with tempfile.TemporaryDirectory() as scratch:
        rival = Path(scratch) / "Snakefile"
        rival.write_text(RIVAL.replace("(SHARDS)", f"({shards})"), encoding="utf-8")
        teacher = f"{{model: {{name: x/y, family: z}}, requests: {shards * 20}, shards: {shards}}}"
        ours = ["--snakefile", str(REPO / "Snakefile"), "--config", f"data_gen.teacher={teacher}"]
        for run in range(runs + 1):
            ours_took, our_jobs = _planned(ours, Path(scratch) / "ours")
            rival_took, its_jobs = _planned(["--snakefile", str(rival)], Path(scratch) / "rival")
            if our_jobs != its_jobs or our_jobs.get("data_gen_model") != shards:
                raise RuntimeError(f"not the same DAG: {our_jobs} against {its_jobs}")
            if run:  # the first one compiled the modules
                seconds["ours"].append(ours_took)
                seconds["rival"].append(rival_took)
    medians = {side: statistics.median(found) for side, found in seconds.items()}
    return [
        {
            "name": "dag",
            "ours": round(medians["ours"], 2),
            "rival": round(medians["rival"], 2),
            "rival_name": "the same DAG with empty rules",
            "ratio": round(medians["rival"] / medians["ours"], 3),
            "unit": "s",
            "runs": runs,
            "items": shards,
        }
    ]


def _planned(arguments: list[str], folder: Path) -> tuple[float, dict[str, int]]:
    """Seconds of one dry run in an empty folder, and its jobs by rule."""
    folder.mkdir(exist_ok=True)
    command = [
        *(sys.executable, "-m", "snakemake", "--dry-run", "--cores", "2"),
        *("--directory", str(folder), *arguments),
    ]
    started = time.perf_counter()
    done = subprocess.run(
        command, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder.parent)},
    )  # fmt: skip
    seconds = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:])
    rows = re.findall(r"^(\w+) +(\d+)$", done.stdout, re.MULTILINE)
    return seconds, {rule: int(count) for rule, count in rows}


def main() -> None:
    """Print one JSON object a benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    for row in measure(arguments.shards, arguments.runs):
        print(json.dumps(row))


if __name__ == "__main__":
    main()
