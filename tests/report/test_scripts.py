"""The two scripts of these stages, run as Snakemake runs them."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from olympiad_ineq.artifacts import write_manifest
from tests.report.synthetic import write

SCRIPTS = Path(__file__).parent.parent.parent / "workflow_scripts"


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPTS / script, *map(str, arguments)], capture_output=True, text=True
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, tested=12, trained=4)
    for name in ("baseline", "final"):
        path = tmp_path / name / "predictions.jsonl"
        facts = {"model": {"path": "m"}, "seconds": 3.0, "seed": 7, "prompting": {"shots": 0}}
        write_manifest(
            path, stage="predict", inputs=[], settings={}, started=time.time(), extra=facts
        )
    return tmp_path


def judge(folder: Path, name: str) -> subprocess.CompletedProcess[str]:
    return run(
        "judge.py",
        *("--test", folder / "test.parquet"),
        *("--predictions", folder / name / "predictions.jsonl"),
        *("--out", folder / name / "judged.jsonl", "--workers", 1),
    )


def score(folder: Path, name: str, *more: object) -> subprocess.CompletedProcess[str]:
    return run(
        "score.py",
        *("--run", name),
        *("--predictions", folder / name / "predictions.jsonl"),
        *("--judgements", folder / name / "judged.jsonl", "--out", folder / f"{name}.json"),
        *more,
    )


def test_judge_then_score_then_report(folder: Path) -> None:
    """The checker judges; its judgements can be counted again to the last digit, and shown."""
    for name, more in (
        ("baseline", ()),
        ("final", ("--reference", folder / "baseline" / "judged.jsonl")),
    ):
        done = judge(folder, name)
        assert done.returncode == 0, done.stderr
        done = score(folder, name, *more)
        assert done.returncode == 0, done.stderr
    first = (folder / "final.json").read_bytes()
    result = json.loads(first)
    assert sum(result["grades"].values()) == result["n"] == 12
    assert result["paired"]["against"] == "baseline"
    again = score(folder, "final", "--reference", folder / "baseline" / "judged.jsonl")
    assert again.returncode == 0, again.stderr
    assert (folder / "final.json").read_bytes() == first

    options: list[object] = [
        "--settings",
        '{"title": "T"}',
        "--out",
        folder / "page" / "index.html",
    ]
    for name in ("baseline", "final"):
        options += [f"--{name}", folder / f"{name}.json"]
        options += [f"--{name}-judgements", folder / name / "judged.jsonl"]
        options += [f"--{name}-predictions", folder / name / "predictions.jsonl"]
    for name, file in (
        ("test", "test.parquet"),
        ("train", "train.parquet"),
        ("verdicts", "verdicts.jsonl"),
        ("loss", "loss.json"),
    ):
        options += [f"--{name}", folder / file]
    done = run("report.py", *options)
    assert done.returncode == 0, done.stderr
    made = {path.name for path in (folder / "page").iterdir()}
    assert made == {"index.html", "index.html.manifest.json", "summary.md", "results.tex"}


def test_scoring_edited_judgements_is_refused(folder: Path) -> None:
    assert judge(folder, "baseline").returncode == 0
    path = folder / "baseline" / "judged.jsonl"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"open"', '"proved"').replace('"unreadable"', '"proved"'), "utf-8")
    done = score(folder, "baseline")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "changed after it was made" in done.stderr
    assert done.stderr.count("\n") == 1
