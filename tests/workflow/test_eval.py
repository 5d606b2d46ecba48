"""What a finished run says of its graders, its test sets and its own numbers."""

import json
from pathlib import Path

import pytest

from olympiad_ineq import cli
from olympiad_ineq.artifacts import read_jsonl, read_parquet
from olympiad_ineq.eval.test_sets import classic_examples
from olympiad_ineq.records import AuditItem, Example
from tests.workflow.conftest import snakemake


def test_a_finished_runs_numbers_are_recomputed_to_the_last_digit(
    tiny_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for run in ("baseline", "final"):
        assert cli.run(["rescore", str(tiny_run / "results" / "eval" / f"{run}.json")]) == 0
        assert "the same to the last digit" in capsys.readouterr().out


def test_the_checker_is_audited_in_every_run(tiny_run: Path) -> None:
    folder = tiny_run / "results" / "eval"
    found = json.loads((folder / "judge_audit.json").read_text())
    items = list(read_jsonl(folder / "judge_audit" / "items.jsonl", AuditItem))
    assert found["items"] == len(items) and found["model"] is None
    assert found["checker"]["false_accept"]["count"] == 0
    assert set(found["checker"]["by_attack"].values()) == {"rejected"}
    final = json.loads((folder / "final.json").read_text())
    assert final["headline"] == {"by": "proved", "because": "the checker is the judge"}


def test_no_classic_is_in_the_data(tiny_run: Path) -> None:
    keys = {example.canonical_key for example in classic_examples()}
    for side in ("train", "test"):
        rows = read_parquet(tiny_run / "results" / "split" / f"{side}.parquet", Example)
        assert rows and not keys & {row.canonical_key for row in rows}


def test_snakemakes_own_report_holds_the_page(tiny_run: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    done = snakemake(tiny_run, "--report", str(page))
    assert done.returncode == 0, done.stdout[-2000:]
    assert page.stat().st_size > 100_000 and "index.html" in page.read_text(encoding="utf-8")


def test_a_judge_and_everything_optional_are_planned(tmp_path: Path) -> None:
    dry = snakemake(
        tmp_path, "--dry-run", eval__judge="{model: {name: x/y, family: z}}",
        eval__controls="true", eval__classics="true",
    )  # fmt: skip
    assert dry.returncode == 0, dry.stdout[-3000:]
    counts = dict(
        line.split() for line in dry.stdout.splitlines() if len(line.split()) == 2
    )  # the table of jobs
    planned = {rule: counts.get(rule) for rule in ("predict", "judge_model", "judge", "score")}
    assert planned == dict.fromkeys(planned, "6")
    assert [counts.get(r) for r in ("judge_audit_model", "controls", "test_set")] == ["1"] * 3


def test_a_set_of_your_own_is_asked_for_by_name(tmp_path: Path) -> None:
    """It is a test set for both models, and held out of the data."""
    problems = tmp_path / "mine.jsonl"
    problems.write_text('{"text": "Let a, b > 0. Prove that a/b + b/a >= 2."}\n')
    dry = snakemake(
        tmp_path, "--dry-run", "--printshellcmds", "results/eval/mine_final.json",
        eval__sets=f"{{mine: {{kind: own, path: {problems}}}}}",
    )  # fmt: skip
    assert dry.returncode == 0, dry.stdout[-3000:]
    commands = dry.stdout.replace("\n", " ")
    assert "--kind own" in commands and "--test results/split/mine.parquet" in commands
    assert "mine.parquet --settings" in commands.split("split.py ")[1]


def test_a_set_whose_file_is_missing_is_one_line(tmp_path: Path) -> None:
    found = snakemake(tmp_path, "--dry-run", eval__sets="{other: {kind: ineqmath, path: dev.json}}")
    assert found.returncode != 0
    (line,) = [line for line in found.stdout.splitlines() if "dev.json" in line]
    assert "AI4Math/IneqMath's json/dev.json" in line
