"""A real run of the whole workflow, tiny, made once and shared; tests look at it or copy it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

REPO = Path(__file__).parent.parent.parent
# Small enough for seconds; every stage still does its real work on real parts.
TINY = {
    "data_gen.symbolic": "160",
    "split.train": "24",
    "split.test": "8",
    "train.epochs": "1",
    "train.checkpoint_steps": "2",
    "eval.engine": "transformers",
    "eval.max_new_tokens": "24",
    "eval.batch": "4",
    "eval.baseline.shots": "2",
    "eval.audit.sound": "4",
    "eval.audit.mutants": "8",
}
Snakemake = Callable[..., subprocess.CompletedProcess[str]]


def command(folder: Path, *arguments: str, **config: str) -> list[str]:
    """The command line of a tiny run in `folder`; config keys say __ for the dot."""
    changes = TINY | {key.replace("__", "."): value for key, value in config.items()}
    return [
        sys.executable, "-m", "snakemake", "--directory", str(folder), *arguments,
        "--config", *(f"{key}={value}" for key, value in changes.items()),
    ]  # fmt: skip


def snakemake(folder: Path, *arguments: str, **config: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end and return what it said (stdout and stderr together)."""
    return snakemake_of(REPO, folder, *arguments, **config)


def snakemake_of(
    project: Path, folder: Path, *arguments: str, **config: str
) -> subprocess.CompletedProcess[str]:
    """The same with Snakefile, rules and package of a copy of the repository."""
    return subprocess.run(
        command(folder, *arguments, **config), cwd=project, text=True, timeout=600,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=os.environ
        | {"WANDB_MODE": "offline", "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(project / "src")},
    )  # fmt: skip


@pytest.fixture
def copied_project(tmp_path: Path) -> Path:
    """A copy of the project that a test may edit, for `snakemake_of`."""
    skip = shutil.ignore_patterns("results", ".*", "tests")
    return Path(shutil.copytree(REPO, tmp_path / "project", ignore=skip))


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where the tiny run has finished. Do not change it: copy it."""
    folder = tmp_path_factory.mktemp("tiny-run")
    done = snakemake(folder)
    assert done.returncode == 0, done.stdout[-5000:]
    return folder


@pytest.fixture
def copied_run(tiny_run: Path, tmp_path: Path) -> Path:
    """A copy of the finished run that a test may damage; times are kept, so nothing is stale."""
    folder = tmp_path / "run"
    shutil.copytree(tiny_run, folder, symlinks=True)
    return folder
