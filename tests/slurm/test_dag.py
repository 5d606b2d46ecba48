"""The whole DAG on a real SLURM: who asked for GPUs, which ones each job saw, what it cost."""

import json
import re
from pathlib import Path

import pytest

from tests.slurm.conftest import Runner

pytestmark = pytest.mark.cluster

GPU_RULES = {"predict": "a100:1", "train": "a100:1"}
ROWS = (
    "results/verify/verdicts.jsonl",
    "results/split/train.parquet",
    "results/split/test.parquet",
    "results/eval/baseline/predictions.jsonl",
    "results/eval/final/predictions.jsonl",
    "results/eval/final/judgements.jsonl",
)


@pytest.fixture(scope="module")
def ran(cluster, tmp_path_factory) -> Runner:  # type: ignore[no-untyped-def]
    """A run through SLURM from nothing."""
    runner = Runner(cluster, tmp_path_factory.mktemp("dag") / "run")
    done = runner.run()
    assert done.returncode == 0, done.stdout[-6000:]
    return runner


def jobs(runner: Runner) -> dict[str, list[str]]:
    """What each job of the run asked for, by rule, as the controller tells it."""
    found: dict[str, list[str]] = {}
    for block in runner.cluster.run("scontrol", "show", "job").stdout.split("\n\n"):
        fields = dict(re.findall(r"(\w+)=(\S*)", block))
        if fields.get("WorkDir") == str(runner.folder):
            rule = re.sub(r"_wildcards_.*", "", fields["Comment"].removeprefix("rule_"))
            found.setdefault(rule, []).append(fields.get("TresPerJob", ""))
    return found


def test_gpu_rules_and_only_they_asked_for_gpus(ran: Runner) -> None:
    asked = jobs(ran)
    assert {"data_gen_symbolic", "verify_check", "split", "train", "predict", "score"} <= set(asked)
    assert "base_model" not in asked  # it may download, so it runs where Snakemake does
    for rule, requests in asked.items():
        wanted = f"gres:gpu:{GPU_RULES[rule]}" if rule in GPU_RULES else ""
        assert set(requests) == {wanted}, rule


def test_each_gpu_job_saw_its_own_gpu_and_no_other(ran: Runner) -> None:
    for artifact in (
        "train/final/model",
        *(f"eval/{r}/predictions.jsonl" for r in ("baseline", "final")),
    ):
        path = ran.folder / "results" / f"{artifact}.manifest.json"
        visible = json.loads(path.read_text())["hardware"]["visible"]
        assert visible is not None and re.fullmatch(r"\d", visible)
    path = ran.folder / "results/verify/verdicts.jsonl.manifest.json"
    assert json.loads(path.read_text())["hardware"]["visible"] in (None, "")


def test_the_rows_are_those_of_a_run_without_slurm(ran: Runner, tiny_run: Path) -> None:
    for name in ROWS:
        assert (ran.folder / name).read_bytes() == (tiny_run / name).read_bytes(), name


def test_nothing_is_left_to_do(ran: Runner) -> None:
    done = ran.run("--dry-run")
    assert "Nothing to be done" in done.stdout, done.stdout[-2000:]
