"""Kill anything with -9; the same command finishes, and the final rows are the same."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from olympiad_ineq.artifacts import digest
from tests.workflow.conftest import REPO, command, snakemake

ROWS = (
    "results/data_gen/candidates.jsonl",
    "results/verify/verdicts.jsonl",
    "results/split/train.parquet",
    "results/split/test.parquet",
    "results/train/final/model/model.safetensors",
    "results/eval/baseline/predictions.jsonl",
    "results/eval/final/predictions.jsonl",
    "results/eval/baseline/judgements.jsonl",
    "results/eval/final/judgements.jsonl",
)
STAGES = (
    "data_gen_symbolic", "data_gen", "verify_check", "verify", "split", "split_side", "base_model",
    "predict", "train", "judge", "score", "audit_set", "judge_audit", "report", "data_card",
    "data_report",
)  # fmt: skip


def rows(folder: Path) -> dict[str, str]:
    return {name: digest(folder / name) for name in ROWS}


def processes(folder: Path, script: str) -> list[int]:
    """Process ids of a stage's Python at work in this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            here = (entry / "cwd").readlink()
        except OSError:
            continue
        named = any(word.endswith(f"/{script}.py".encode()) for word in words[1:2])
        if named and here == folder:
            found.append(int(entry.name))
    return found


def has_something_to_lose(folder: Path, stage: str) -> bool:
    """Long stages are killed in the middle of their work, short ones as they show up."""
    if stage == "train":
        return any((folder / "results/journal/train/final").glob("checkpoint-*"))
    if stage == "predict":
        return any(p.stat().st_size for p in (folder / "results/journal/predict").glob("*.jsonl"))
    return True


def run_and_kill(folder: Path, pending: set[str]) -> set[str]:
    """Run the workflow; kill -9 each pending stage that shows up, and return those killed."""
    run = subprocess.Popen(
        command(folder), cwd=REPO, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    killed: set[str] = set()
    while run.poll() is None:
        for stage in pending - killed:
            pids = processes(folder, stage)
            if not pids or not has_something_to_lose(folder, stage):
                continue
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    killed.add(stage)
        time.sleep(0.01)
    assert killed or run.returncode == 0
    assert not killed or run.returncode != 0, f"{killed} were killed, but all is said to be done"
    return killed


@pytest.mark.model
@pytest.mark.timeout(1200)
def test_every_stage_killed_once_gives_the_same_rows(tiny_run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    folder.mkdir()
    pending = set(STAGES)
    while pending:
        killed = run_and_kill(folder, pending)
        assert killed, f"{pending} never ran"
        pending -= killed
    done = snakemake(folder)
    assert done.returncode == 0, done.stdout[-4000:]
    assert rows(folder) == rows(tiny_run)


@pytest.mark.model
def test_snakemake_itself_killed_leaves_nothing_to_puzzle_over(
    tiny_run: Path, copied_run: Path
) -> None:
    for name in ("split/test.parquet", "split/train.parquet"):
        (copied_run / "results" / name).unlink()
    run = subprocess.Popen(
        command(copied_run), cwd=REPO, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not processes(copied_run, "train"):
        assert run.poll() is None
        time.sleep(0.1)
    time.sleep(3)
    run.kill()
    run.wait()
    assert processes(copied_run, "train"), "the orphan should still be at work"
    done = snakemake(copied_run)
    assert done.returncode == 0, done.stdout[-4000:]
    assert rows(copied_run) == rows(tiny_run)


def test_two_workflows_never_share_a_folder(tiny_run: Path, copied_run: Path) -> None:
    (copied_run / "results/report/index.html").unlink()
    import fcntl

    with (copied_run / "results/.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        done = snakemake(copied_run)
    assert done.returncode != 0
    assert "another snakemake is at work in this folder" in done.stdout


def test_another_seed_gives_other_rows(tiny_run: Path, tmp_path: Path) -> None:
    done = snakemake(
        tmp_path, "results/split/train.parquet", "results/split/test.parquet", seed="99"
    )
    assert done.returncode == 0, done.stdout[-3000:]
    for name in ROWS[:4]:
        assert digest(tmp_path / name) != digest(tiny_run / name), name


def test_a_failing_stage_fails_its_rule_though_its_words_go_through_tee(tmp_path: Path) -> None:
    done = snakemake(tmp_path, "results/split/train.parquet", split__train="1", split__test="155")
    assert done.returncode != 0
    assert "but some output files are missing" not in done.stdout
    assert "non-zero exit code" in done.stdout
