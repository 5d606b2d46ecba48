"""Snakemake that looks at the queue every second: `python -m tests.slurm.impatient ...`.

The executor plugin waits ten seconds longer before each next look, up to three minutes. That suits
a job of hours; tests would spend most of their time in it. Nothing else is different, and the jobs
are run by Snakemake itself.
"""

import sys
from collections.abc import AsyncIterator
from typing import Any

from snakemake.cli import main
from snakemake_executor_plugin_slurm import Executor

_look = Executor.check_active_jobs


async def _look_soon_again(self: Any, active_jobs: list[Any]) -> AsyncIterator[Any]:
    async for job in _look(self, active_jobs):
        yield job
    self.next_seconds_between_status_checks = 1


Executor.check_active_jobs = _look_soon_again

if __name__ == "__main__":
    main(sys.argv[1:])
