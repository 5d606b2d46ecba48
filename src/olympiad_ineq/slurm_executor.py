"""What Snakemake's SLURM executor (plugin 2.8) lacks on a cluster's bad day.

A job that was preempted for good, one that the controller no longer knows, and one that it holds
since a node failed to launch it would be waited for without end. A job submitted while the
controller restarts, or over the user's limit of jobs, would lose its attempts in a second; one that
the controller took although sbatch said that it failed would run beside its next attempt. A job
that ended unseen counts as done, so what it should have made anew must not be what was there
before. The wrappers below are set on the plugin when a run starts (see
snakemake_logger_plugin_olympiad_ineq).
"""

import asyncio
import re
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from olympiad_ineq import cluster
from olympiad_ineq.errors import UserError

Statuses = dict[str, str]
Query = Callable[[str, Any], Coroutine[Any, Any, tuple[Statuses | None, float | None]]]
Submit = Callable[[Any, Any], None]
Report = Callable[[Any, Any, str], None]
Stamp = tuple[int, int, int]

FAILED = "SLURM sbatch failed"  # how the plugin begins what it reports of such a submission
PAUSE = 10  # seconds between two tries of a submission over the user's limit
_submission = threading.local()  # `said`: what came of the submission that a thread is at
SETTLED = 5  # seconds after which squeue shows what sbatch took
_before: dict[str, Stamp | None] = {}  # outputs of submitted jobs as they were at submission
_submitted: dict[str, float] = {}  # SLURM's numbers of our jobs, and when they were submitted


def final(query: Query) -> Query:
    """Let each job that squeue will say nothing more of be over.

    PREEMPTED is what squeue says of a job that SLURM cancelled; one that it starts again is PENDING
    (accounting says PREEMPTED of both, and the plugin, made for that, waits). A job that was
    submitted and is not known any more ended while nobody looked, or was lost by a controller that
    crashed: it counts as UNKNOWN, which the plugin takes for done, and its outputs say whether it
    is (`unchanged`, and their manifests).
    """

    async def query_job_status(command: str, logger: Any) -> tuple[Statuses | None, float | None]:
        asked = time.monotonic()
        statuses, seconds = await query(command, logger)
        if statuses is None or not command.startswith("squeue"):
            return statuses, seconds
        cluster.help_pending([job for job, status in statuses.items() if status == "PENDING"])
        said = {job: "CANCELLED" if s == "PREEMPTED" else s for job, s in statuses.items()}
        known = [job for job, at in _submitted.items() if asked - at > SETTLED]
        return {**dict.fromkeys(known, "UNKNOWN"), **said}, seconds

    return query_job_status


async def unchanged(output: str, seconds: float) -> bool:
    """Whether a submitted job left an output as it was, after waiting for a slow file system."""
    before = _before.get(output)
    deadline = time.monotonic() + seconds
    while before is not None and _stamp(output) == before:
        if time.monotonic() > deadline:
            return True
        await asyncio.sleep(1)
    return False


def _stamp(output: str) -> Stamp | None:
    """Of an output's manifest, which only its stage writes; Snakemake on the node touches outputs.

    Of the output itself, where it has none.
    """
    manifest = Path(output + ".manifest.json")
    try:
        found = (manifest if manifest.is_file() else Path(output)).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def patient(submit: Submit) -> Submit:
    """Submit when the controller answers, its nodes have reported to it and it has a place."""

    def run_job(self: Any, job: Any) -> None:
        _before.update({str(output): _stamp(str(output)) for output in job.output})
        told = False
        while not _ending(self):
            _await_controller(self)
            if _ending(self):
                return
            _submission.said = None
            submit(self, job)
            if _submission.said is None:
                return
            info, said = _submission.said
            words = _words(said)
            _end_stray(self, job)
            if not (cluster.is_full(words) or cluster.is_passing(words)):
                _submission.said = None
                self._report_job_error_threadsafe(info, f"{FAILED}: {words}")
                return
            if not told:
                why = "your limit of submitted jobs is reached" if cluster.is_full(words) else words
                print(f"{why}: waiting, and submitting again", file=sys.stderr)
            told = True
            time.sleep(PAUSE)

    return run_job


def _end_stray(executor: Any, job: Any) -> None:
    """As soon as squeue answers: a job that may run is not run twice."""
    while not _ending(executor):
        try:
            cluster.end_stray(executor.run_uuid, _comment(job))
        except UserError as error:
            print(f"{error.value}: {error.rule}; asking again", file=sys.stderr)
        else:
            break


def _await_controller(executor: Any) -> None:
    told = False
    while not cluster.is_up() and not _ending(executor):
        if not told:
            print("the SLURM controller does not answer: waiting for it", file=sys.stderr)
        told = True
        time.sleep(2)
    cluster.await_nodes()


def _comment(job: Any) -> str:
    """What the plugin says of a job to SLURM."""
    from snakemake_executor_plugin_slurm.utils import get_job_wildcards

    wildcards = get_job_wildcards(job)
    kind = "group" if job.is_group() else "rule"
    return f"{kind}_{job.name}_wildcards_{wildcards}" if wildcards else f"rule_{job.name}"


def _words(said: str) -> str:
    """SLURM's own words, without the command, which says nothing to whom it fails."""
    found = re.search(r"The error message was '(.*?)'\.\n", said, re.DOTALL)
    return "; ".join((found[1] if found else said).split("\n"))


def kept(report: Report) -> Report:
    """Leave what came of a submission to `patient`; report every other error."""

    def _report_job_error_threadsafe(self: Any, info: Any, msg: str) -> None:
        if msg.startswith(f"{FAILED}. "):
            _submission.said = (info, msg)
        else:
            report(self, info, msg)

    return _report_job_error_threadsafe


def noted(report: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Remember every job that was submitted, also one that squeue never shows."""

    def _report_job_submission_threadsafe(self: Any, info: Any) -> None:
        _submitted[str(info.external_jobid)] = time.monotonic()
        report(self, info)

    return _report_job_submission_threadsafe


def ended(cancel: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """After Ctrl-C nothing more is submitted, by threads that waited either."""

    def cancel_jobs(self: Any, active_jobs: Any) -> None:
        self.olympiad_ineq_ending = True
        cancel(self, active_jobs)

    return cancel_jobs


def _ending(executor: Any) -> bool:
    return bool(getattr(executor, "olympiad_ineq_ending", False))


def dashed(set_gres_string: Callable[[Any], str]) -> Callable[[Any], str]:
    """Names of GPUs may have dashes (`nvidia_a100-sxm4-80gb`), which the plugin refuses."""

    def with_dashes(job: Any) -> str:
        model = job.resources.get("gpu_model")
        if model and "-" in model and re.fullmatch(r"[\w.-]+", model):
            return f" --gpus={model}:{job.resources.get('gpu', 1)}"
        return set_gres_string(job)

    return with_dashes


def mend() -> None:
    """Set all of them on the plugin."""
    import snakemake_executor_plugin_slurm as plugin

    executor = plugin.Executor
    plugin.query_job_status = final(plugin.query_job_status)
    plugin.set_gres_string = dashed(plugin.set_gres_string)
    # `cluster.check` asked accounting once; the plugin would ask it again for every submission
    plugin.validate_account = lambda account, logger: account
    executor._report_job_submission_threadsafe = noted(executor._report_job_submission_threadsafe)
    executor._report_job_error_threadsafe = kept(executor._report_job_error_threadsafe)
    executor.run_job = patient(executor.run_job)
    executor.cancel_jobs = ended(executor.cancel_jobs)
