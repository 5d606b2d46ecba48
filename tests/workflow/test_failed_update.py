"""A job that fails leaves the former output, which is not what the new settings ask for."""

import subprocess
import sys
from pathlib import Path

RULE = """
rule rows:
    output: update("rows.jsonl")
    params: value=config["value"]
    shell: "test ! -e full; echo {params.value} > new; mv new {output}"
"""


def run(folder: Path, value: int) -> "subprocess.CompletedProcess[str]":
    (folder / "Snakefile").write_text(RULE)
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", "--rerun-incomplete",
         "--config", f"value={value}"], cwd=folder, text=True, timeout=60,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def test_what_failed_is_made_by_the_next_run(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    assert run(tmp_path, 1).returncode == 0
    (tmp_path / "full").touch()
    assert run(tmp_path, 2).returncode == 1
    assert rows.read_text() == "1\n"  # kept
    (tmp_path / "full").unlink()
    done = run(tmp_path, 2)
    assert done.returncode == 0 and rows.read_text() == "2\n", done.stdout
    assert "Nothing to be done" in run(tmp_path, 2).stdout


def test_a_failed_job_is_run_again_in_the_same_run(tmp_path: Path) -> None:
    assert run(tmp_path, 1).returncode == 0
    (tmp_path / "full").touch()
    (tmp_path / "profile").mkdir()
    (tmp_path / "profile/config.yaml").write_text("retries: 2\n")
    (tmp_path / "Snakefile").write_text(
        RULE.replace("test ! -e full", "test ! -e full || {{ rm full; exit 1; }}")
    )
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", "--profile", "profile", "--config",
         "value=2"], cwd=tmp_path, text=True, timeout=60, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0 and (tmp_path / "rows.jsonl").read_text() == "2\n", done.stdout
