"""The test cluster, and runs on it through the real profile with its three lines edited."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from olympiad_ineq.artifacts import digest
from tests.slurm.cluster import ACCOUNT, Cluster, missing, running_cluster, wait_for
from tests.workflow.conftest import REPO, TINY, tiny_run

__all__ = ["tiny_run", "wait_for"]
EDITED = {
    'slurm_account: "default"': f'slurm_account: "{ACCOUNT}"',
    "configfile: config/phi-1_5.yaml": f"configfile: {REPO}/config/config.yaml",
    # not for a user to edit: a test does not wait ten seconds for each look at the queue
    "status-checks: 10": "status-checks: 1",
}


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A real SLURM for the session; skipped in one line where it cannot be had."""
    why = missing()
    if why:
        pytest.skip(why)
    with running_cluster() as started:
        yield started


class Runner:
    """Runs of the workflow in one folder, on one cluster."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster, self.folder = cluster, folder
        self._live: list[Live] = []
        self.profile = folder / "profile"
        self.profile.mkdir(parents=True, exist_ok=True)
        self.edit()

    def edit(self, **more: str) -> None:
        """Write the profile as a user edits it; `more` replaces further words of it."""
        text = (REPO / "profiles/slurm/config.yaml").read_text(encoding="utf-8")
        for old, new in EDITED.items():
            assert old in text
            text = text.replace(old, new)
        for key, value in more.items():
            before = text
            lines = [
                line.split(f"{key}:")[0] + f"{key}: {value}" if f"{key}:" in line else line
                for line in text.splitlines()
            ]
            text = "\n".join(lines) + "\n"
            assert text != before, key
        (self.profile / "config.yaml").write_text(text, encoding="utf-8")

    def command(self, *targets: str, **config: str) -> list[str]:
        """The command line of a tiny run."""
        changes = TINY | {key.replace("__", "."): value for key, value in config.items()}
        return [
            sys.executable, "-m", "tests.slurm.impatient", "--directory", str(self.folder),
            *targets, "--profile", str(self.profile),
            "--config", *(f"{key}={value}" for key, value in changes.items()),
        ]  # fmt: skip

    @property
    def environment(self) -> dict[str, str]:
        """Clients of the test cluster first in PATH."""
        return self.cluster.environment | {"WANDB_MODE": "disabled", "PYTHONUNBUFFERED": "1"}

    def run(self, *targets: str, **config: str) -> subprocess.CompletedProcess[str]:
        """Run to the end."""
        return subprocess.run(
            self.command(*targets, **config), cwd=REPO, text=True, timeout=580,
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def begin(self, *targets: str, **config: str) -> "Live":
        """Start, and come back at once."""
        log = self.folder / "snakemake.out"
        with log.open("w") as out:
            process = subprocess.Popen(
                self.command(*targets, **config), cwd=REPO, env=self.environment, stdout=out,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self._live.append(Live(process, log))
        return self._live[-1]

    def end(self) -> None:
        """Let nothing of this run go on after its test, however that ended."""
        for live in self._live:
            live.kill()
        jobs = self.cluster.run("squeue", "-h", "-o", "%i %Z", check=False).stdout.splitlines()
        mine = [line.split()[0] for line in jobs if line.split()[1:] == [str(self.folder)]]
        if mine:
            self.cluster.run("scancel", *mine, check=False)

    def jobs(self) -> dict[str, str]:
        """Running jobs here, by rule."""
        out = self.cluster.run("squeue", "-h", "--states=running", "-o", "%k %i %Z").stdout
        rows = [line.split() for line in out.splitlines()]
        return {r[0]: r[1] for r in rows if len(r) == 3 and r[2] == str(self.folder)}

    def shown(self) -> list[dict[str, str]]:
        """What the controller tells of each job here, running or ended."""
        out = self.cluster.run("scontrol", "--details", "show", "job").stdout
        jobs = [dict(re.findall(r"(\w+)=(\S*)", block)) for block in out.split("\n\n")]
        return [job for job in jobs if job.get("WorkDir") == str(self.folder)]

    def digest(self, name: str) -> str:
        """Of an output."""
        return digest(self.folder / name)


class Live:
    """A Snakemake at work."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process, self.log = process, log

    def finish(self, seconds: float = 500) -> str:
        """Wait for its end and return what it said."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(self.said()[-4000:]) from None
        return self.said()

    def kill(self) -> None:
        """As `kill -9` would; what has ended stays ended."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def said(self) -> str:
        """Its output until now."""
        return self.log.read_text(encoding="utf-8", errors="replace")


@pytest.fixture
def fresh(cluster: Cluster, tmp_path: Path) -> Iterator[Runner]:
    """An empty folder."""
    runner = Runner(cluster, tmp_path / "run")
    yield runner
    runner.end()


@pytest.fixture
def finished(cluster: Cluster, tiny_run: Path, tmp_path: Path) -> Iterator[Runner]:
    """A copy of a run that finished undisturbed on this machine, for a test to spoil."""
    folder = tmp_path / "run"
    shutil.copytree(tiny_run, folder, symlinks=True)
    runner = Runner(cluster, folder)
    yield runner
    runner.end()
