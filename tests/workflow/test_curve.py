"""Trainings beside `final`: planned through the same rules, each from the rows that it names."""

import re
from pathlib import Path

from tests.workflow.conftest import snakemake


def test_all_three_kinds_are_planned(tmp_path: Path) -> None:
    dry = snakemake(
        tmp_path, "--dry-run", "results/curve/recommendation.json", "results/curve/sweep.json",
        "results/curve/data.json",
        curve="{shares: [0.5, 1], seeds: [1, 2]}",
        sweep="{slow: {learning_rate: 1e-4}, own: {student: {source: hub, name: x, family: x}}}",
        ablation="{sets: [proved]}",
    )  # fmt: skip
    assert dry.returncode == 0, dry.stdout[-3000:]
    inputs = dict(
        re.findall(r"rule train:\n +input: (.+)\n +output: results/train/(\w+)/", dry.stdout)
    )
    trained = {run: files for files, run in inputs.items()}
    base = "results/train/baseline/model"
    runs = ("curve_500_s1", "curve_500_s2", "curve_1000_s1", "curve_1000_s2", "data_proved")
    assert trained == {
        **{run: f"results/train/{run}/examples.parquet, {base}" for run in runs},
        "sweep_slow": f"results/split/train.parquet, {base}",
        "sweep_own": "results/split/train.parquet, results/train/sweep_own/base",
    }
    assert "1e-4" in dry.stdout or "0.0001" in dry.stdout
    assert dry.stdout.count("rule curve:") == 1 and dry.stdout.count("rule compare:") == 2


def test_a_run_that_the_config_does_not_name(tmp_path: Path) -> None:
    dry = snakemake(tmp_path, "--dry-run", "results/eval/sweep_unnamed.json")
    assert dry.returncode != 0
    assert "sweep_unnamed" in dry.stdout
