"""What a SLURM cluster is asked before a run is submitted to it, and after one was killed.

Nothing here submits anything: `check` asks the controller with `sbatch --test-only`, so a wrong
partition, account or GPU and a full queue are one line before the first job. `end_orphans` ends the
jobs that a killed Snakemake left behind, which nothing would wait for or re-attach to.
"""

import logging
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from olympiad_ineq.errors import UserError
from olympiad_ineq.slurm_profile import NOTHING, PROFILE, Ask

PATIENCE = 20  # seconds for one answer of the controller
SILENCE = 60  # seconds for which a controller may be too busy for squeue
RELEASES = 2  # of one job: each that fails to start drains a node
STARTING = 30  # seconds in which nodes report to a controller that has just started
# Reasons of squeue for a job that no waiting helps.
_NEVER = r"Partition(Time|Node)Limit|BadConstraints|(Assoc|QOS)Max\w*Per(Job|Node)\w*"
_released: Counter[str] = Counter()


class QueueFull(UserError):
    """The user's limit of submitted jobs is reached."""


def check(wanted: Iterable[Ask], attempts: int = 1) -> None:
    """Let the controller say whether it would take such jobs.

    Args:
        attempts: how often a job may run. What only the last of them would not get is a warning.

    Raises:
        UserError: no SLURM client here, no answer, or the first request that it refuses.
    """
    if shutil.which("sbatch") is None:
        raise UserError(
            "sbatch", f"this machine has no SLURM client; {NOTHING}",
            "run on a login node of the cluster, or without --profile profiles/slurm",
        )  # fmt: skip
    said = _run("scontrol", "ping")
    if not _up(said):
        raise UserError(
            "the SLURM controller", f"it does not answer ({_last(said)}); {NOTHING}",
            "try again when `scontrol ping` says UP: finished work is kept",
        )  # fmt: skip
    await_nodes()
    requests = sorted(wanted, key=repr)
    for ask in requests:
        if (refusal := _refusal(ask)) is not None:
            raise refusal
    for last in {ask.after(attempts): None for ask in requests if ask.after(attempts) != ask}:
        if (refusal := _refusal(last)) is not None:
            print(f"warning: attempt {attempts} of a job would not start: {refusal.value}: "
                  f"{refusal.rule.removesuffix('; ' + NOTHING)}", file=sys.stderr)  # fmt: skip
    for account in sorted({ask.account for ask in requests if ask.account}):
        _check_account(account)


def _refusal(ask: Ask) -> UserError | None:
    said = _run("sbatch", "--test-only", *ask.arguments(), "--wrap", "true")
    if said.returncode:
        return _refused(ask, said.stderr)
    most = _longest(ask.partition) if ask.partition and ask.minutes else None
    if most is not None and ask.minutes and ask.minutes > most:
        # most clusters take such a job all the same, and never start it
        return UserError(
            f"runtime {ask.minutes} minutes",
            f"partition {ask.partition} allows {most}; {NOTHING}", f"lower it in {PROFILE}",
        )  # fmt: skip
    return None


def _longest(partitions: str) -> int | None:
    """Minutes that a job may take in the most patient of these partitions; None: without end."""
    limits = _run("sinfo", "-h", "-p", partitions, "-o", "%l").stdout.split()
    found = [re.fullmatch(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)", limit) for limit in limits]
    if not found or not all(found):
        return None
    return max(
        1440 * int(m[1] or 0) + 60 * int(m[2] or 0) + int(m[3]) for m in found if m is not None
    )


def _check_account(account: str) -> None:
    """The plugin asks accounting about every job's account; here once, before the first."""
    from snakemake_executor_plugin_slurm.accounts import validate_account
    from snakemake_interface_common.exceptions import WorkflowError

    try:
        validate_account(account, logging.getLogger(__name__))
    except (WorkflowError, OSError) as error:
        unknown = "appears to be invalid" in str(error)
        known = ", ".join(str(error).splitlines()[1:])
        rule = (
            f"accounting does not have it for you (it has {known})" if unknown
            else "no accounting answers here (sacctmgr, sshare), so no job can be charged to it"
        )  # fmt: skip
        raise UserError(
            f"slurm_account {account!r}", f"{rule}; {NOTHING}",
            f"correct it at the top of {PROFILE}, or delete the line where there is no accounting",
        ) from error  # fmt: skip


def is_full(said: str) -> bool:
    """Whether these words of SLURM are about the user's limit of submitted jobs.

    Those of every other limit speak of a "job submit limit" too, in brackets.
    """
    return "submitjob" in said.lower().replace("_", "")


def is_passing(said: str) -> bool:
    """Whether these words of SLURM are about a controller, or its accounting, that is busy."""
    return bool(re.search(_PASSING, said, re.IGNORECASE))


_PASSING = (
    r"timed out|unable to contact|connection refused|zero bytes|temporarily|unable to resolve|"
    r"slurmdbd|communication (failure|connection)"
)


def is_up() -> bool:
    """Whether the controller answers."""
    return _up(_run("scontrol", "ping"))


def _up(said: subprocess.CompletedProcess[str]) -> bool:
    return not said.returncode and " UP" in said.stdout


def await_nodes() -> None:
    """Wait while nodes have yet to report to a controller that has just started.

    It refuses every request for a GPU until they have.
    """
    deadline = time.monotonic() + STARTING
    while "unknown" in _run("sinfo", "-h", "-o", "%T").stdout.split():
        if time.monotonic() > deadline:
            return
        time.sleep(1)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, text=True, timeout=PATIENCE, check=False,
            capture_output=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"no answer in {PATIENCE} s")
    except OSError as error:
        return subprocess.CompletedProcess(command, 1, "", f"{command[0]}: {error.strerror}")


def _last(said: subprocess.CompletedProcess[str]) -> str:
    lines = (said.stderr.strip() or said.stdout.strip()).splitlines()
    return lines[-1].strip() if lines else "it said nothing"


def _refused(ask: Ask, said: str) -> UserError:
    text = said.lower()
    if "invalid partition" in text:
        there = sorted(set(_run("sinfo", "-h", "-o", "%R").stdout.split()))
        return UserError(
            f"slurm_partition {ask.partition!r}",
            f"the cluster has no such partition (it has {', '.join(there)}); {NOTHING}",
            f"correct it at the top of {PROFILE}",
        )
    if "invalid account" in text:
        found = _run("sacctmgr", "-nP", "show", "associations", "where", "user=" + _user(),
                     "format=account")  # fmt: skip
        there = sorted(set(found.stdout.split()))
        yours = f" (yours: {', '.join(there)})" if there else ""
        return UserError(
            f"slurm_account {ask.account!r}",
            f"you may not charge it in partition {ask.partition}{yours}; {NOTHING}",
            f"correct it at the top of {PROFILE}",
        )
    if is_full(said):
        return QueueFull(
            "the queue", f"your limit of submitted jobs is reached; {NOTHING}",
            "wait for jobs to end (`squeue --me`), or lower `jobs` in the profile",
        )  # fmt: skip
    if "node configuration is not available" in text and ask.gpus:
        which = ("-p", ask.partition) if ask.partition else ()
        there = sorted(set(_run("sinfo", "-h", *which, "-o", "%G").stdout.split()))
        where = f"partition {ask.partition}" if ask.partition else "the cluster"
        return UserError(
            f"gpu_model {ask.gpu_model!r}, {ask.gpus} of them",
            f"no node of {where} has that (it has {', '.join(there)}); {NOTHING}",
            f"correct gpu_model or gpu in {PROFILE}",
        )
    # a site's own words come first
    lines = [re.sub(r"^(sbatch: )?(error: )?(allocation failure: )?", "", line.strip())
             for line in said.splitlines() if line.strip()]  # fmt: skip
    reason = "; ".join(dict.fromkeys(lines)) or "it said nothing"
    fix = "try again later" if "no answer in" in reason else f"correct {PROFILE}"
    return UserError(" ".join(ask.arguments()), f"SLURM refuses it: {reason}; {NOTHING}", fix)


def _user() -> str:
    import getpass

    return getpass.getuser()


@dataclass(frozen=True)
class Orphan:
    """A job that a Snakemake in this folder submitted."""

    number: str
    what: str


def orphans(folder: Path) -> list[Orphan]:
    """Jobs of ours in the queue that work in `folder`, by their comment and working directory.

    Call it with the folder's lock held: then no live Snakemake owns them.
    """
    states = "PENDING,RUNNING,SUSPENDED,COMPLETING,CONFIGURING,REQUEUED,RESIZING,STOPPED"
    found = []
    for line in _queue("--user", _user(), "--states", states, "-o", "%i|%k|%Z"):
        number, comment, where = ([*line.split("|", 2), "", ""])[:3]
        if re.match(r"(rule|group)_\w", comment) and _same(Path(where), folder):
            found.append(Orphan(number, comment.removeprefix("rule_")))
    return found


def _same(one: Path, other: Path) -> bool:
    """Whether they are one folder, also by another mount's name."""
    try:
        return one.samefile(other)
    except OSError:  # it is gone, or on the node alone
        return one.resolve() == other.resolve()


def _queue(*arguments: str) -> list[str]:
    """Lines of squeue; a controller that is busy is asked again: no answer is no empty queue.

    Raises:
        UserError: it did not answer for a minute.
    """
    deadline = time.monotonic() + SILENCE
    while (said := _run("squeue", "-h", *arguments)).returncode:
        if time.monotonic() > deadline:
            raise UserError(
                "squeue", f"it does not answer ({_last(said)}), so jobs that a killed run left "
                f"behind cannot be found; {NOTHING}", "run the same command again when it does",
            )  # fmt: skip
        time.sleep(1)
    return said.stdout.splitlines()


def help_pending(pending: Sequence[str]) -> None:
    """Let no job wait without end: what SLURM holds is released, what can never start is cancelled.

    A node that failed to launch a job is drained, so the job, released, goes to another. One that
    fails again and again, may not be released, or asks for more than a limit allows (which SLURM
    takes unless its administrators set EnforcePartLimits) is cancelled, and counts as failed.
    """
    if not pending:
        return
    said = _run("squeue", "-h", "--jobs", ",".join(pending), "-o", "%i|%r")
    for line in said.stdout.splitlines():
        number, _, reason = line.partition("|")
        held = "launch failed" in reason and "held" in reason
        if held and _released[number] < RELEASES:
            _released[number] += 1
            print(f"job {number}: {reason}; releasing it", file=sys.stderr)
            if not _run("scontrol", "release", number).returncode:
                continue
        if held or re.fullmatch(_NEVER, reason):
            print(f"job {number}: SLURM would never start it ({reason}); cancelling it",
                  file=sys.stderr)  # fmt: skip
            _run("scancel", number)


def end_stray(run: str, comment: str) -> None:
    """Cancel a job that SLURM took although sbatch said that it failed ("Socket timed out").

    Args:
        run: the plugin's name for all jobs of this run.

    Raises:
        UserError: squeue does not answer.
    """
    found = [line.split("|", 1) for line in _queue("--name", run, "-o", "%i|%k")]
    strays = [number for number, what in found if what == comment]
    if strays:
        _run("scancel", *strays)


def end_orphans(folder: Path, *, seconds: float = 120) -> None:
    """Cancel what a killed Snakemake left in the queue, and wait until it is gone.

    Raises:
        UserError: a job does not end.
    """
    left = orphans(folder)
    for job in left:
        print(f"cancelling job {job.number} ({job.what}) of a Snakemake that was killed",
              file=sys.stderr)  # fmt: skip
    if left:
        _run("scancel", *(job.number for job in left))
    deadline = time.monotonic() + seconds
    while left:
        if time.monotonic() > deadline:
            raise UserError(
                f"job {left[0].number} ({left[0].what})",
                f"it was cancelled {seconds:.0f} s ago and has not ended; {NOTHING}",
                "wait until `squeue --me` no longer shows it, and run the same command again",
            )
        time.sleep(1)
        left = orphans(folder)
