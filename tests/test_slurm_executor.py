"""What is set on the executor plugin: no job is waited for without end or submitted in vain."""

import asyncio
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from olympiad_ineq import cluster, slurm_executor
from olympiad_ineq.errors import UserError
from olympiad_ineq.slurm_executor import (
    FAILED,
    Statuses,
    dashed,
    ended,
    final,
    kept,
    noted,
    patient,
    unchanged,
)


@pytest.fixture(autouse=True)
def no_job_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "help_pending", lambda pending: None)


@pytest.fixture(autouse=True)
def submitted(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Jobs 7 and 8, submitted long ago."""
    numbers = {"7": -60.0, "8": -60.0}
    monkeypatch.setattr(slurm_executor, "_submitted", numbers)
    return numbers


def asked(*answers: Statuses | None, command: str = "squeue --name x") -> list[Statuses | None]:
    """What the plugin hears when squeue gives these answers in turn."""
    left = list(answers)

    async def query(command: str, logger: Any) -> tuple[Statuses | None, float | None]:
        answer = left.pop(0)
        return answer, None if answer is None else 0.01

    wrapped = final(query)
    return [asyncio.run(wrapped(command, None))[0] for _ in answers]


def test_a_job_preempted_for_good_is_over() -> None:
    assert asked({"7": "RUNNING"}, {"7": "PREEMPTED"})[-1] == {"7": "CANCELLED", "8": "UNKNOWN"}


def test_a_preempted_job_that_starts_again_is_not() -> None:
    assert asked({"7": "RUNNING"}, {"7": "PENDING"})[-1] == {"7": "PENDING", "8": "UNKNOWN"}


def test_a_job_that_the_controller_forgot_is_over() -> None:
    assert asked({"7": "RUNNING", "8": "PENDING"}, {"8": "RUNNING"})[-1] == {
        "7": "UNKNOWN", "8": "RUNNING",
    }  # fmt: skip


def test_a_job_that_the_controller_lost_before_anybody_looked_is_over(
    submitted: dict[str, float],
) -> None:
    assert asked({}) == [{"7": "UNKNOWN", "8": "UNKNOWN"}]
    noted(lambda self, info: None)(None, SimpleNamespace(external_jobid="9"))
    assert "9" in submitted and asked({}) == [{"7": "UNKNOWN", "8": "UNKNOWN"}]  # 9 is too young


def test_no_answer_says_nothing_of_any_job() -> None:
    assert asked(None) == [None]


def test_accounting_is_believed_as_the_plugin_believes_it() -> None:
    """sacct says PREEMPTED of a job that will start again, and lags behind the queue."""
    answers: list[Statuses | None] = [{"7": "PREEMPTED"}, {}]
    assert asked(*answers, command="sacct -X") == answers


class Job:
    """As much of a Snakemake job as a submission looks at."""

    name, output, wildcards = "train", ["results/model"], ["final"]

    def __init__(self, **resources: Any) -> None:
        self.resources = resources

    def is_group(self) -> bool:
        return False


class Executor:
    """The plugin's, but for the submission itself: what sbatch says of each in turn."""

    run_uuid = "this-run"
    call = "sbatch --mem 1"

    def __init__(self, *said: str) -> None:
        self.said, self.submitted, self.reported = list(said), 0, list[str]()

    def submit(self, job: Any) -> None:
        self.submitted += 1
        if error := self.said.pop(0):
            words = f"{FAILED}. The error message was '{error}'.\n    sbatch call:\n  {self.call}"
            self._report_job_error_threadsafe(job, words)

    def _report(self, info: Any, msg: str) -> None:
        self.reported.append(msg)

    def _report_job_error_threadsafe(self, info: Any, msg: str) -> None:
        kept(Executor._report)(self, info, msg)


FULL = "sbatch: error: AssocMaxSubmitJobLimit\nsbatch: error: Batch job submission failed"


@pytest.fixture
def controller(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A controller that is up; the commands that it is given."""
    commands: list[str] = []

    def run(*command: str) -> "subprocess.CompletedProcess[str]":
        commands.append(" ".join(command))
        said = {"scontrol": "Slurmctld(primary) is UP", "sinfo": "idle",
                "squeue": "7|rule_train_wildcards_final\n8|rule_train_wildcards_other"}  # fmt: skip
        return subprocess.CompletedProcess(command, 0, said.get(command[0], ""), "")

    monkeypatch.setattr(cluster, "_run", run)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    return commands


def submit(executor: Executor) -> None:
    patient(Executor.submit)(executor, Job())


def test_a_submission_over_the_limit_waits_for_a_place(
    controller: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    executor = Executor(FULL, FULL, "")
    submit(executor)
    assert (executor.submitted, executor.reported) == (3, [])
    assert capsys.readouterr().err.count("your limit of submitted jobs is reached") == 1


def test_a_submission_that_fails_is_reported_in_slurms_words(controller: list[str]) -> None:
    executor = Executor("sbatch: error: Invalid qos specification")
    submit(executor)
    assert executor.reported == [f"{FAILED}: sbatch: error: Invalid qos specification"]


def test_a_job_that_was_taken_all_the_same_does_not_run_beside_the_next(
    controller: list[str],
) -> None:
    executor = Executor("sbatch: error: Batch job submission failed: Invalid partition")
    submit(executor)
    assert "scancel 7" in controller and "squeue -h --name this-run -o %i|%k" in controller


@pytest.mark.parametrize(
    "said", ["Socket timed out on send/recv operation", "Unable to contact slurm controller",
             "Zero Bytes were transmitted or received", "Resource temporarily unavailable"],
)  # fmt: skip
def test_a_busy_controller_costs_no_attempt(controller: list[str], said: str) -> None:
    executor = Executor(f"sbatch: error: Batch job submission failed: {said}", "")
    submit(executor)
    assert (executor.submitted, executor.reported) == (2, [])
    assert "scancel 7" in controller


def test_a_silent_squeue_is_asked_until_it_says_whether_the_job_runs(
    controller: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [UserError("squeue", "it does not answer", "wait"), None]

    def end_stray(run: str, comment: str) -> None:
        if error := answers.pop(0):
            raise error

    monkeypatch.setattr(cluster, "end_stray", end_stray)
    executor = Executor("sbatch: error: Socket timed out", "")
    submit(executor)
    assert executor.submitted == 2 and not answers


def test_a_folder_named_like_a_limit_is_none(controller: list[str]) -> None:
    executor = Executor("sbatch: error: Invalid qos specification", "")
    executor.call = "sbatch -D /home/u/submit_jobs"
    submit(executor)
    assert executor.submitted == 1 and len(executor.reported) == 1


def test_what_waits_for_the_controller_is_not_submitted_after_the_end(
    controller: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    executor = Executor("")
    monkeypatch.setattr(cluster, "await_nodes", lambda: ended(lambda s, j: None)(executor, []))
    submit(executor)
    assert executor.submitted == 0


def test_nothing_is_submitted_after_the_end(controller: list[str]) -> None:
    executor, cancelled = Executor(""), list[Any]()
    ended(lambda self, jobs: cancelled.extend(jobs))(executor, ["7"])
    submit(executor)
    assert executor.submitted == 0 and cancelled == ["7"]


def test_what_a_job_left_as_it_was_is_not_what_it_made(
    controller: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    output = tmp_path / "results/model"
    output.mkdir(parents=True)
    submit(Executor(""))
    assert asyncio.run(unchanged("results/model", 0))
    output.rename(tmp_path / "old")
    output.mkdir()
    assert not asyncio.run(unchanged("results/model", 0))
    assert not asyncio.run(unchanged("results/of/no/job", 0))


def test_a_touched_output_is_not_a_made_one(
    controller: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Snakemake on the node touches whatever stands where a job's output should."""
    monkeypatch.chdir(tmp_path)
    output, manifest = (tmp_path / f"results/model{end}" for end in ("", ".manifest.json"))
    output.mkdir(parents=True)
    manifest.write_text("{}")
    submit(Executor(""))
    os.utime(output)
    assert asyncio.run(unchanged("results/model", 0))
    manifest.write_text("{ }")
    assert not asyncio.run(unchanged("results/model", 0))


def test_names_of_gpus_may_have_dashes() -> None:
    gres = dashed(lambda job: "theirs")
    assert gres(Job(gpu_model="nvidia_a100-sxm4-80gb", gpu=4)) == " --gpus=nvidia_a100-sxm4-80gb:4"
    assert gres(Job(gpu_model="a100", gpu=4)) == "theirs"
    assert gres(Job(gpu_model="a100-x; rm")) == "theirs"  # which refuses it
    assert gres(Job()) == "theirs"


def test_a_job_is_submitted_once_the_controller_and_its_nodes_are_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pings = ["DOWN", "UP"]
    nodes = ["unknown", "unknown", "idle"]

    def run(*command: str) -> "subprocess.CompletedProcess[str]":
        said = f"Slurmctld(primary) is {pings.pop(0)}" if command[0] == "scontrol" else nodes.pop(0)
        return subprocess.CompletedProcess(command, 0, said, "")

    monkeypatch.setattr(cluster, "_run", run)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    executor = Executor("")
    submit(executor)
    assert executor.submitted == 1 and not pings and not nodes
    assert capsys.readouterr().err.count("waiting for it") == 1
