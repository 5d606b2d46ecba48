"""What Snakemake's SLURM executor (plugin 2.8) lacks on a cluster's bad day.

A job that was preempted for good, and one that the controller no longer knows, would be waited for
without end; a job submitted while the controller restarts would lose its attempts in a second. Both
wrappers below are set on the plugin when a run starts (see snakemake_logger_plugin_olympiad_ineq).
"""

import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

from olympiad_ineq import cluster

Statuses = dict[str, str]
Query = Callable[[str, Any], Coroutine[Any, Any, tuple[Statuses | None, float | None]]]
Submit = Callable[[Any, Any], None]


def final(query: Query) -> Query:
    """Let each job that squeue will say nothing more of be over.

    PREEMPTED is what squeue says of a job that SLURM cancelled; one that it starts again is PENDING
    (accounting says PREEMPTED of both, and the plugin, made for that, waits). A job that was in the
    queue and is not known any more ended while nobody looked: it counts as UNKNOWN, which the
    plugin takes for done, and its outputs' manifests say whether it is.
    """
    seen: set[str] = set()

    async def query_job_status(command: str, logger: Any) -> tuple[Statuses | None, float | None]:
        statuses, seconds = await query(command, logger)
        if statuses is None or not command.startswith("squeue"):
            return statuses, seconds
        seen.update(statuses)
        said = {job: "CANCELLED" if s == "PREEMPTED" else s for job, s in statuses.items()}
        return {**dict.fromkeys(seen, "UNKNOWN"), **said}, seconds

    return query_job_status


def patient(submit: Submit) -> Submit:
    """Submit when the controller answers and its nodes have reported to it."""

    def run_job(self: Any, job: Any) -> None:
        told = False
        while not cluster.is_up():
            if not told:
                print("the SLURM controller does not answer: waiting for it", file=sys.stderr)
            told = True
            time.sleep(2)
        cluster.await_nodes()
        submit(self, job)

    return run_job


def mend() -> None:
    """Set both on the plugin."""
    import snakemake_executor_plugin_slurm as plugin

    plugin.query_job_status = final(plugin.query_job_status)
    plugin.Executor.run_job = patient(plugin.Executor.run_job)
