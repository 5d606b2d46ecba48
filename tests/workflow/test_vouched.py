"""An exit status of 0 is no proof: what its manifest does not vouch for is not done."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from olympiad_ineq.artifacts import damage, digest

RULE = """
rule rows:
    output: "rows.jsonl"
    shell: "echo LINE > {output}; cp given.manifest.json rows.jsonl.manifest.json"
"""


def vouch(folder: Path) -> str:
    """A manifest for the line "a"."""
    (folder / "sample").write_text("a\n")
    return json.dumps({"sha256": digest(folder / "sample")})


def run(folder: Path, line: str, manifest: str) -> "subprocess.CompletedProcess[str]":
    (folder / "Snakefile").write_text(RULE.replace("LINE", line))
    (folder / "given.manifest.json").write_text(manifest)
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1"], cwd=folder, text=True, timeout=60,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def test_a_whole_output_is_done(tmp_path: Path) -> None:
    done = run(tmp_path, "a", vouch(tmp_path))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("line", "manifest", "says"),
    [
        ("half", None, "rows.jsonl is not what its manifest says was written"),
        ("a", '{"sha2', "rows.jsonl.manifest.json cannot be read"),
    ],
)
def test_a_damaged_one_fails_its_job(
    tmp_path: Path, line: str, manifest: str | None, says: str
) -> None:
    done = run(tmp_path, line, manifest or vouch(tmp_path))
    assert done.returncode == 1
    assert says in done.stdout and "Traceback" not in done.stdout


def test_a_folder_is_whole_with_snakemakes_mark_in_it(tmp_path: Path) -> None:
    """The Snakemake of a cluster's job leaves it there before the one that submitted it looks."""
    model = tmp_path / "model"
    model.mkdir()
    (model / "weights").write_text("1")
    before = digest(model)
    (tmp_path / "model.manifest.json").write_text(json.dumps({"sha256": before}))
    (model / ".snakemake_timestamp").touch()
    assert digest(model) == before and not damage(model)
    (model / "weights").write_text("2")
    assert damage(model)


def test_an_output_that_cannot_be_read_fails_its_job_and_not_the_run(tmp_path: Path) -> None:
    (tmp_path / "Snakefile").write_text(
        'rule rows:\n    output: "rows.jsonl"\n    shell: "touch rows.jsonl"\n'
    )
    done = subprocess.run(
        [sys.executable, "-c", "import sys, pathlib\nfrom snakemake import cli\n"
         "from olympiad_ineq import artifacts\n"
         "def stale(path): raise OSError(116, 'Stale file handle')\n"
         "artifacts.damage = stale\ncli.main(['--cores', '1'])"], cwd=tmp_path, text=True,
        timeout=60, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 1
    assert "rows.jsonl cannot be read (Stale file handle)" in done.stdout
    assert "Traceback" not in done.stdout
