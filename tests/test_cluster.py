"""What SLURM says, turned into one line each. The clients here are scripts that say what SLURM
22.05 said for real; tests/slurm asks a real one.
"""

import time
from collections import Counter
from pathlib import Path

import pytest
import snakemake_executor_plugin_slurm as plugin  # before PATH has nothing but the clients

from olympiad_ineq.cluster import (
    check,
    end_orphans,
    help_pending,
    orphans,
)
from olympiad_ineq.errors import UserError
from olympiad_ineq.slurm_profile import Ask, asks

ASK = Ask("gpu", "maths", "a100", 4, 64000, 720)
UP = "echo 'Slurmctld(primary) at vm is UP'"


@pytest.fixture
def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of clients that is all of PATH but the shell's own tools."""
    assert plugin.__file__
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def say(folder: Path, client: str, script: str) -> None:
    (folder / client).write_text(f"#!/bin/sh\nPATH=/bin:/usr/bin\n{script}\n")
    (folder / client).chmod(0o755)


def test_a_machine_without_slurm(clients: Path) -> None:
    with pytest.raises(UserError, match="this machine has no SLURM client"):
        check([ASK])


def test_a_controller_that_does_not_answer(clients: Path) -> None:
    say(clients, "sbatch", "true")
    say(clients, "scontrol", "echo 'Slurmctld(primary) at vm is DOWN'; exit 1")
    with pytest.raises(UserError, match="it does not answer .*is DOWN"):
        check([ASK])


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("allocation failure: Invalid partition name specified", "no such partition .it has gpu"),
        (
            "allocation failure: Invalid account or account/partition combination specified",
            "may not charge it in partition gpu .yours: maths",
        ),
        (
            "allocation failure: Requested node configuration is not available",
            r"no node of partition gpu has that \(it has gpu:v100:2\)",
        ),
        (
            "sbatch: error: AssocMaxSubmitJobLimit\nallocation failure: Job violates "
            "accounting/QOS policy (job submit limit, user's size and/or time limits)",
            "your limit of submitted jobs is reached",
        ),
        (
            "allocation failure: Requested time limit is invalid (missing or exceeds some limit)",
            "SLURM refuses it: Requested time limit is invalid",
        ),
        (
            "sbatch: error: QOSMaxWallDurationPerJobLimit\nallocation failure: Job violates "
            "accounting/QOS policy (job submit limit, user's size and/or time limits)",
            "SLURM refuses it: QOSMaxWallDurationPerJobLimit; Job violates",
        ),
        (
            "sbatch: error: You must give --qos on this cluster\nallocation failure: Unspecified "
            "error",
            "refuses it: You must give --qos on this cluster; Unspecified error",
        ),
        ("", "SLURM refuses it: it said nothing"),
    ],
)
def test_each_refusal_is_one_line_and_nothing_is_submitted(
    clients: Path, said: str, means: str
) -> None:
    say(clients, "scontrol", UP)
    # only a question may be asked: a submission would be noticed
    say(clients, "sbatch", f'[ "$1" = --test-only ] || exit 0\necho "{said}" >&2; exit 1')
    say(clients, "sinfo", 'case "$*" in *%G*) echo gpu:v100:2;; *) echo gpu;; esac')
    say(clients, "sacctmgr", "echo maths")
    with pytest.raises(UserError, match=means) as refused:
        check([ASK])
    assert "nothing was submitted" in str(refused.value) and "\n" not in str(refused.value)


def test_nodes_have_time_to_report_to_a_controller_that_has_just_started(clients: Path) -> None:
    # for some seconds none has, and every request for a GPU is refused
    looked = clients / "looked"
    say(clients, "scontrol", UP)
    say(
        clients, "sinfo",
        f"echo once >> {looked}; [ $(wc -l < {looked}) = 2 ] && echo idle || echo unknown",
    )  # fmt: skip
    refusal = "allocation failure: Requested node configuration is not available"
    say(clients, "sacctmgr", "echo maths")
    say(clients, "sbatch", f"[ $(wc -l < {looked}) = 2 ] || {{ echo '{refusal}' >&2; exit 1; }}")
    check([ASK])


def test_what_slurm_would_take_passes(clients: Path) -> None:
    say(clients, "scontrol", UP)
    say(clients, "sinfo", "case $* in *%l*) echo infinite;; *) echo idle;; esac")
    say(clients, "sacctmgr", "echo maths")
    say(clients, "sbatch", f'echo "$@" >> {clients}/asked')
    check([ASK, Ask("gpu", None)])
    asked = (clients / "asked").read_text()
    assert "--nodes=1 --partition=gpu --account=maths --gpus=a100:4 --mem=64000 --time=720" in asked
    assert len(asked.splitlines()) == 2


@pytest.mark.parametrize("there", [["sbatch"], ["sbatch", "scontrol"]])
def test_half_an_installation_is_one_line_too(clients: Path, there: list[str]) -> None:
    for client in there:
        say(clients, client, UP if client == "scontrol" else "echo no >&2; exit 1")
    with pytest.raises(UserError, match="nothing was submitted"):
        check([ASK])


@pytest.mark.parametrize(
    ("accounting", "says"),
    [
        ("echo physics", r"accounting does not have it for you \(it has physics\)"),
        ("echo no database >&2; exit 1", "no accounting answers here .* delete the line"),
    ],
)
def test_an_account_that_every_job_would_fail_for(
    clients: Path, accounting: str, says: str
) -> None:
    say(clients, "scontrol", UP)
    say(clients, "sinfo", "echo idle")
    say(clients, "sbatch", "true")  # without enforcement any account will do
    for client in ("sacctmgr", "sshare"):
        say(clients, client, accounting)
    with pytest.raises(UserError, match=f"slurm_account 'maths': {says}") as refused:
        check([ASK])
    assert "\n" not in str(refused.value)
    check([Ask("gpu", None)])


def test_orphans_are_our_jobs_in_this_folder_and_no_other(clients: Path, tmp_path: Path) -> None:
    queue = clients / "queue"
    queue.write_text(
        f"7|rule_predict_wildcards_final|{tmp_path}\n"
        f"8|my own job|{tmp_path}\n"
        "9|rule_train|/elsewhere\n"
        f"10|(null)|{tmp_path}\n"
    )
    say(clients, "squeue", f"cat {queue}")
    say(clients, "scancel", f'echo "$@" >> {clients}/cancelled; sed -i /^7/d {queue}')
    assert [job.number for job in orphans(tmp_path)] == ["7"]
    end_orphans(tmp_path)
    assert (clients / "cancelled").read_text() == "7\n"
    assert orphans(tmp_path) == []


@pytest.mark.parametrize("may", [True, False])
def test_a_job_that_a_node_failed_to_launch_is_released(
    clients: Path, may: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = clients / "said"
    say(clients, "squeue", "echo '7|launch failed requeued held'; echo '8|Priority'")
    say(clients, "scontrol", f'echo "scontrol $@" >> {said}; {"true" if may else "exit 1"}')
    say(clients, "scancel", f'echo "scancel $@" >> {said}')
    monkeypatch.setattr("olympiad_ineq.cluster._released", Counter())
    help_pending([])
    assert not said.exists()
    help_pending(["7", "8"])
    assert said.read_text() == "scontrol release 7\n" + ("" if may else "scancel 7\n")


def test_a_job_that_no_node_launches_does_not_drain_them_all(
    clients: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("olympiad_ineq.cluster._released", Counter())
    said = clients / "said"
    say(clients, "squeue", "echo '7|launch failed requeued held'")
    for client in ("scontrol", "scancel"):
        say(clients, client, f'echo "{client} $@" >> {said}')
    for _ in range(3):
        help_pending(["7"])
    assert said.read_text() == 2 * "scontrol release 7\n" + "scancel 7\n"


@pytest.mark.parametrize(
    ("reason", "ended"),
    [("PartitionTimeLimit", True), ("QOSMaxWallDurationPerJobLimit", True),
     ("AssocMaxMemPerJob", True), ("BadConstraints", True), ("QOSMaxJobsPerUserLimit", False),
     ("Resources", False), ("AssocMaxSubmitJobLimit", False), ("PartitionDown", False)],
)  # fmt: skip
def test_a_job_that_can_never_start_is_not_waited_for(
    clients: Path, reason: str, ended: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    say(clients, "squeue", f"echo '7|{reason}'")
    say(clients, "scancel", f'echo "$@" > {clients}/ended')
    help_pending(["7"])
    assert (clients / "ended").exists() == ended
    assert (f"SLURM would never start it ({reason})" in capsys.readouterr().err) == ended


def longest(clients: Path, limits: str) -> None:
    """A cluster that takes whatever is asked, and says which limits it has."""
    say(clients, "scontrol", UP)
    say(clients, "sbatch", "true")
    say(clients, "sacctmgr", "echo maths")
    say(clients, "sinfo", f"case $* in *%l*) printf '{limits}';; *) echo idle;; esac")


@pytest.mark.parametrize("limits", ["8:00:00", "0-11:59:59", "30:00", "2:00:00\\n8:00:00"])
def test_a_time_that_the_partition_does_not_allow(clients: Path, limits: str) -> None:
    longest(clients, limits)
    with pytest.raises(UserError, match=r"runtime 720 minutes: partition gpu allows \d+; "):
        check([ASK])


@pytest.mark.parametrize("limits", ["infinite", "12:00:00", "1-00:00:00", "2:00:00\\n1-00:00:00"])
def test_a_time_that_it_does(clients: Path, limits: str) -> None:
    longest(clients, limits)
    check([ASK])


def test_the_last_attempt_is_asked_about_too(
    clients: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    longest(clients, "1-00:00:00")
    check(asks({"slurm_partition": "gpu", "runtime": "720 * attempt"}, {}), 2)
    assert not capsys.readouterr().err
    check(asks({"slurm_partition": "gpu", "runtime": "720 * attempt"}, {}), 3)
    assert (
        "attempt 3 of a job would not start: runtime 2160 minutes: partition gpu allows 1440"
        in (capsys.readouterr().err)
    )
    refusal = "Memory specification can not be satisfied"
    say(clients, "sbatch", f"case $* in *--mem=96*) echo {refusal} >&2; exit 1;; esac")
    check(asks({"mem_mb": "32 * attempt"}, {}), 3)
    assert refusal in capsys.readouterr().err


def test_a_busy_controller_is_asked_again_for_orphans(
    clients: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = tmp_path / "tries"
    busy = "echo 'slurm_load_jobs error: Socket timed out' >&2; exit 1"
    say(
        clients, "squeue",
        f"echo x >> {tries}; [ $(wc -l < {tries}) -ge 3 ] || {{ {busy}; }}\n"
        f"echo '7|rule_train|{tmp_path}'",
    )  # fmt: skip
    assert [job.number for job in orphans(tmp_path)] == ["7"]
    say(clients, "squeue", busy)
    monkeypatch.setattr("olympiad_ineq.cluster.SILENCE", 1)
    with pytest.raises(UserError, match="squeue: it does not answer .*Socket timed out"):
        end_orphans(tmp_path)


def test_an_orphan_that_does_not_end_is_said(clients: Path, tmp_path: Path) -> None:
    say(clients, "squeue", f"echo '7|rule_train|{tmp_path}'")
    say(clients, "scancel", "true")
    started = time.monotonic()
    with pytest.raises(UserError, match="job 7 .train.: it was cancelled .* has not ended"):
        end_orphans(tmp_path, seconds=1)
    assert time.monotonic() - started < 10
