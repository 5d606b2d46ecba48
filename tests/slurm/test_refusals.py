"""What a cluster would refuse is one line before anything is submitted."""

import subprocess
from pathlib import Path

import pytest

from tests.slurm.cluster import CLIENTS, USER
from tests.slurm.conftest import Runner

pytestmark = pytest.mark.cluster


def errors(done: "subprocess.CompletedProcess[str]") -> list[str]:
    assert done.returncode == 1, done.stdout[-3000:]
    assert "Traceback" not in done.stdout
    return [line for line in done.stdout.splitlines() if line.startswith("error: ")]


@pytest.mark.parametrize(
    ("edits", "says"),
    [
        ({"slurm_partition": "nope"}, "slurm_partition 'nope': the cluster has no such partition"),
        ({"slurm_account": "physics"}, "slurm_account 'physics': you may not charge it"),
        ({"train": "{gpu: 1, gpu_model: &gpu h100}"}, "gpu_model 'h100', 1 of them: no node of"),
        ({"train": "{gpu: 8, gpu_model: &gpu a100}"}, "gpu_model 'a100', 8 of them: no node of"),
        ({"runtime": "99999"}, "runtime 99999 minutes: partition gpu allows 4320; "),
        ({"slurm_partition": "all"}, "slurm_partition all: Snakemake takes it for Python"),
    ],
)
def test_a_wrong_line_of_the_profile(fresh: Runner, edits: dict[str, str], says: str) -> None:
    if "runtime" in edits:
        fresh.edit(predict="{gpu: 1, gpu_model: *gpu, runtime: 99999}")
    else:
        fresh.edit(**edits)
    (line,) = errors(fresh.run())
    assert says in line and "nothing was submitted" in line
    assert not (fresh.folder / "results").exists()


def test_no_client_of_slurm(fresh: Runner) -> None:
    elsewhere = fresh.folder / "bin"
    elsewhere.mkdir()
    for tool in Path("/usr/bin").iterdir():
        if tool.name not in CLIENTS:
            (elsewhere / tool.name).symlink_to(tool)
    before = fresh.cluster.environment["PATH"]
    fresh.cluster.environment["PATH"] = str(elsewhere)
    try:
        (line,) = errors(fresh.run())
    finally:
        fresh.cluster.environment["PATH"] = before
    assert "this machine has no SLURM client" in line


def test_a_controller_that_does_not_answer(fresh: Runner) -> None:
    fresh.cluster.stop_controller()
    try:
        (line,) = errors(fresh.run())
    finally:
        fresh.cluster.start_controller()
    assert "the SLURM controller: it does not answer" in line


def test_a_full_queue(fresh: Runner) -> None:
    limit = ("sacctmgr", "-i", "modify", "user", USER, "set")
    fresh.cluster.run(*limit, "maxsubmitjobs=0")
    try:
        (line,) = errors(fresh.run())
    finally:
        fresh.cluster.run(*limit, "maxsubmitjobs=-1")
    assert "your limit of submitted jobs is reached" in line


def test_a_plan_that_cannot_fit(fresh: Runner) -> None:
    model = "{name: Qwen/Qwen2.5-Math-72B-Instruct, family: qwen, tensor_parallel: 4}"
    done = fresh.run(data_gen__teacher=f"{{model: {model}, requests: 8, shots: 2}}")
    (line,) = errors(done)
    assert "leaves 0.1 GiB for KV" in line and "use quantization: fp8" in line
    assert not fresh.cluster.run("squeue", "-h").stdout
