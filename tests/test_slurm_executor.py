"""What is set on the executor plugin: no job is waited for without end or submitted in vain."""

import asyncio
import subprocess
from typing import Any

import pytest

from olympiad_ineq import cluster
from olympiad_ineq.slurm_executor import Statuses, final, patient


def asked(*answers: Statuses | None, command: str = "squeue --name x") -> list[Statuses | None]:
    """What the plugin hears when squeue gives these answers in turn."""
    left = list(answers)

    async def query(command: str, logger: Any) -> tuple[Statuses | None, float | None]:
        answer = left.pop(0)
        return answer, None if answer is None else 0.01

    wrapped = final(query)
    return [asyncio.run(wrapped(command, None))[0] for _ in answers]


def test_a_job_preempted_for_good_is_over() -> None:
    assert asked({"7": "RUNNING"}, {"7": "PREEMPTED"}) == [{"7": "RUNNING"}, {"7": "CANCELLED"}]


def test_a_preempted_job_that_starts_again_is_not() -> None:
    assert asked({"7": "RUNNING"}, {"7": "PENDING"})[-1] == {"7": "PENDING"}


def test_a_job_that_the_controller_forgot_is_over() -> None:
    assert asked({"7": "RUNNING", "8": "PENDING"}, {"8": "RUNNING"})[-1] == {
        "7": "UNKNOWN", "8": "RUNNING",
    }  # fmt: skip


def test_no_answer_says_nothing_of_any_job() -> None:
    assert asked({"7": "RUNNING"}, None, {"7": "RUNNING"}) == [
        {"7": "RUNNING"}, None, {"7": "RUNNING"},
    ]  # fmt: skip


def test_accounting_is_believed_as_the_plugin_believes_it() -> None:
    """sacct says PREEMPTED of a job that will start again, and lags behind the queue."""
    answers: list[Statuses | None] = [{"7": "PREEMPTED"}, {}]
    assert asked(*answers, command="sacct -X") == answers


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
    submitted: list[str] = []
    patient(lambda self, job: submitted.append(job))(None, "train")
    assert submitted == ["train"] and not pings and not nodes
    assert capsys.readouterr().err.count("waiting for it") == 1
