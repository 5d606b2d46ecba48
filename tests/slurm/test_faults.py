"""What goes wrong on clusters, done for real: the final rows are those of an undisturbed run.

Each test copies a finished run, removes one stage's output and makes that stage's job fail.
"""

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.slurm.cluster import USER
from tests.slurm.conftest import Runner, wait_for

pytestmark = pytest.mark.cluster

PREDICTIONS = "results/eval/baseline/predictions.jsonl"
MODEL = "results/train/final/model"
PREDICT = "rule_predict_wildcards_baseline"
TRAIN = "rule_train_wildcards_final"


def forget(run: Runner, *names: str) -> dict[str, str]:
    """Remove outputs, and what a run would take up again; return what they were."""
    before = {name: run.digest(name) for name in names}
    shutil.rmtree(run.folder / "results/journal", ignore_errors=True)
    for name in names:
        path = run.folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        path.with_name(path.name + ".manifest.json").unlink()
    return before


def same(run: Runner, before: dict[str, str]) -> bool:
    return {name: run.digest(name) for name in before} == before


def running(run: Runner, job: str, *, beside: str = "") -> str:
    """Wait until this job works in earnest; its number."""
    wait_for(lambda: job in run.jobs(), f"{job} running", 240)
    number = run.jobs()[job]
    wait_for(lambda: bool(stage_processes(run)), f"the script of {job}", 120)
    return number


def stage_processes(run: Runner) -> list[int]:
    """The Python processes of a stage's script at work in this folder (of this test's own jobs)."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            here = (process / "cwd").readlink() == run.folder
        except OSError:
            continue
        if here and len(words) > 1 and b"workflow_scripts" in words[1]:
            found.append(int(process.name))
    return found


def preempt(run: Runner) -> None:
    """Let somebody with more priority need every node that the run may use."""
    urgent = ["sbatch", "-p", "urgent", "-N2", "--exclusive", "-t", "1", "--wrap", "sleep 3"]
    run.cluster.run(*urgent, "-o", "/dev/null")


def test_a_cancelled_job_is_run_again(finished: Runner) -> None:
    before = forget(finished, PREDICTIONS)
    live = finished.begin(PREDICTIONS)
    finished.cluster.run("scancel", running(finished, PREDICT))
    said = live.finish()
    assert live.process.returncode == 0, said[-3000:]
    assert "CANCELLED" in said and same(finished, before)


def test_a_job_out_of_memory_gets_more(finished: Runner) -> None:
    finished.edit(predict="{gpu: 1, gpu_model: *gpu, mem_mb: 420 * attempt ** 3, runtime: 9}")
    before = forget(finished, PREDICTIONS)
    done = finished.run(PREDICTIONS)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "Error in rule predict" in done.stdout and same(finished, before)


def test_a_job_over_its_time_gets_more(finished: Runner) -> None:
    finished.edit(predict="{gpu: 1, gpu_model: *gpu, mem_mb: 9000, runtime: 1 * attempt}")
    before = forget(finished, PREDICTIONS)
    live = finished.begin(PREDICTIONS)
    running(finished, PREDICT)
    for process in stage_processes(finished):
        os.kill(process, signal.SIGSTOP)  # a stage that hangs
    said = live.finish()
    assert live.process.returncode == 0, said[-3000:]
    assert "TIMEOUT" in said and same(finished, before)


def _preempted(finished: Runner) -> str:
    """What SLURM says of a job that was preempted, once the run has its rows all the same."""
    before = forget(finished, PREDICTIONS)
    live = finished.begin(PREDICTIONS)
    number = running(finished, PREDICT)
    preempt(finished)
    said = live.finish()
    assert live.process.returncode == 0, said[-3000:]
    assert same(finished, before)
    return finished.cluster.run("scontrol", "show", "job", number).stdout


def test_a_preempted_job_is_requeued_by_slurm(finished: Runner) -> None:
    assert "Restarts=1" in _preempted(finished)


def test_a_job_preempted_for_good_is_run_again(finished: Runner) -> None:
    finished.edit(slurm_partition="spot")
    assert "JobState=PREEMPTED" in _preempted(finished)


def test_a_node_that_dies_loses_no_row(finished: Runner) -> None:
    before = forget(finished, PREDICTIONS)
    live = finished.begin(PREDICTIONS)
    number = running(finished, PREDICT)
    node = finished.cluster.run("squeue", "-h", "-j", number, "-o", "%N").stdout.strip()
    finished.cluster.stop_node(node)
    try:
        finished.cluster.run("scontrol", "update", f"nodename={node}", "state=down", "reason=test")
        said = live.finish()
    finally:
        finished.cluster.start_node(node)
        wait_for(lambda: "down" not in finished.cluster.run("sinfo", "-h", "-N").stdout, "node")
    assert live.process.returncode == 0, said[-3000:]
    assert same(finished, before)


def test_a_node_that_cannot_launch_a_job_leaves_it_to_another(finished: Runner) -> None:
    before = forget(finished, PREDICTIONS)
    with finished.cluster.broken("gpu1"):
        done = finished.run(PREDICTIONS)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "launch failed requeued held; releasing it" in done.stdout
    assert same(finished, before)


def test_a_controller_that_restarts_is_waited_for(finished: Runner) -> None:
    before = forget(finished, PREDICTIONS)
    live = finished.begin(PREDICTIONS)
    running(finished, PREDICT)
    finished.cluster.stop_controller()
    time.sleep(3)
    finished.cluster.start_controller()
    said = live.finish()
    assert live.process.returncode == 0, said[-3000:]
    assert same(finished, before)


def test_a_job_that_a_crashed_controller_lost_is_run_again(finished: Runner) -> None:
    """It saves what it knows every few seconds: a job younger than that may be gone."""
    before = forget(finished, PREDICTIONS)
    live = finished.begin(PREDICTIONS)
    wait_for(lambda: "submitted with SLURM jobid" in live.said(), "a submission", 120)
    finished.cluster.stop_controller()
    finished.cluster.start_controller()
    said = live.finish()
    assert live.process.returncode == 0, said[-3000:]
    assert same(finished, before)


def test_a_failed_stage_leaves_what_was_there_and_is_not_done(finished: Runner) -> None:
    target, made = "results/split/train.parquet", "results/split/assignment.jsonl"
    before = finished.digest(made)
    for _ in range(2):  # the second run is not told that there is nothing to do
        done = finished.run(target, split__train="1", split__test="155")
        assert done.returncode == 1 and "Error in rule split" in done.stdout, done.stdout[-3000:]
        assert finished.digest(made) == before


def test_a_job_that_leaves_what_an_earlier_one_made_is_not_done(finished: Runner) -> None:
    """A script that ends with 0 and writes nothing: with new settings the old rows are no rows."""
    made = finished.folder / "results/split/assignment.jsonl"
    before = made.read_bytes()
    finished.edit(**{"retries": "0", "latency-wait": "5"})
    (finished.folder / "sitecustomize.py").write_text(
        "import os, sys\n"
        "if any(word.endswith('workflow_scripts/split.py') for word in sys.orig_argv):\n"
        "    os._exit(0)\n"
    )
    environment = finished.cluster.environment
    environment["PYTHONPATH"] = str(finished.folder)
    try:
        done = finished.run("results/split/train.parquet", split__train="20")
    finally:
        del environment["PYTHONPATH"]
    assert done.returncode == 1, done.stdout[-3000:]
    assert "assignment.jsonl: it is as it was before the job" in done.stdout
    assert made.read_bytes() == before
    done = finished.run("results/split/train.parquet", split__train="20")
    assert done.returncode == 0 and made.read_bytes() != before, done.stdout[-3000:]


def test_a_killed_snakemake_is_run_again_by_the_same_command(finished: Runner) -> None:
    before = forget(finished, PREDICTIONS)
    live = finished.begin(PREDICTIONS)
    number = running(finished, PREDICT)
    live.kill()
    assert PREDICT in finished.jobs()  # its job goes on, and nobody waits for it
    done = finished.run(PREDICTIONS)
    assert done.returncode == 0, done.stdout[-3000:]
    assert f"cancelling job {number}" in done.stdout
    assert same(finished, before)


@contextmanager
def limited(run: Runner, jobs: int) -> Iterator[None]:
    """The user may have no more than so many jobs in the queue."""
    limit = ("sacctmgr", "-i", "modify", "user", USER, "set")
    run.cluster.run(*limit, f"maxsubmitjobs={jobs}")
    try:
        yield
    finally:
        run.cluster.run(*limit, "maxsubmitjobs=-1")


def test_more_jobs_than_the_user_may_submit_wait_for_a_place(finished: Runner) -> None:
    both = (PREDICTIONS, PREDICTIONS.replace("baseline", "final"))
    before = forget(finished, *both)
    with limited(finished, 1):
        done = finished.run(*both)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "your limit of submitted jobs is reached: waiting" in done.stdout
    assert "Error in rule" not in done.stdout and same(finished, before)


def test_jobs_that_a_killed_snakemake_left_do_not_fill_the_queue(finished: Runner) -> None:
    before = forget(finished, PREDICTIONS)
    live = finished.begin(PREDICTIONS)
    number = running(finished, PREDICT)
    live.kill()
    with limited(finished, 1):
        done = finished.run(PREDICTIONS)
    assert done.returncode == 0, done.stdout[-3000:]
    assert f"cancelling job {number}" in done.stdout and same(finished, before)


def test_a_half_written_output_is_no_output(finished: Runner) -> None:
    before = forget(finished, PREDICTIONS)
    live = finished.begin(PREDICTIONS)
    manifest = finished.folder / (PREDICTIONS + ".manifest.json")
    wait_for(manifest.exists, "the predictions", 300)
    output = finished.folder / PREDICTIONS
    output.write_bytes(output.read_bytes()[:100])  # the job itself will exit with 0
    said = live.finish()
    assert live.process.returncode == 0, said[-3000:]
    logs = "".join(x.read_text() for x in (finished.folder / "results/logs/slurm").rglob("*.log"))
    assert "is not what its manifest says was written" in said + logs
    assert same(finished, before)


def test_training_saves_when_it_is_cancelled_and_goes_on(finished: Runner) -> None:
    rows = finished.folder / "results/train/final/loss.json"
    losses = [point["loss"] for point in json.loads(rows.read_text())]
    forget(finished, MODEL)
    live = finished.begin(MODEL)
    number = running(finished, TRAIN)
    wait_for(
        lambda: any((finished.folder / "results/journal/train").rglob("checkpoint-*")),
        "a step",
        240,
    )
    finished.cluster.run("scancel", number)
    said = live.finish()
    assert live.process.returncode == 0, said[-3000:]
    log = (finished.folder / "results/logs/train_final.log").read_text()
    assert "going on from" in log
    assert [p["loss"] for p in json.loads(rows.read_text())] == pytest.approx(losses)
