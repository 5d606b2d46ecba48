"""Models of the hub come through a local rule, once; jobs read the cache and need no network."""

import json
import os
from pathlib import Path

import pytest

from tests.workflow.conftest import REPO, snakemake, snakemake_of

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TEACHER = (
    "{model: {engine: transformers, name: some/teacher, family: x, revision: '"
    + COMMIT
    + "'}, requests: 2, shots: 1, max_new_tokens: 8}"
)
SHARD = "results/data_gen/model/0.jsonl"


def offline(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(cache))


def test_only_what_the_hub_has_is_fetched(tmp_path: Path) -> None:
    done = snakemake(tmp_path, "-n", "--configfile", str(REPO / "config/phi-1_5.yaml"))
    assert done.returncode == 0, done.stdout[-3000:]
    for stage, count in (("data_gen", 1), ("verify", 1), ("eval", 0)):  # the judge is an endpoint
        assert done.stdout.count(f"output: results/models/{stage}.json") == count


def test_a_model_that_cannot_be_fetched_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offline(monkeypatch, tmp_path / "cache")
    done = snakemake(tmp_path, SHARD, data_gen__teacher=TEACHER)
    assert done.returncode == 1 and not (tmp_path / SHARD).exists()
    errors = [line for line in done.stdout.splitlines() if line.startswith("error: ")]
    assert errors and all("data_gen.teacher.model.name = 'some/teacher'" in e for e in errors)
    assert f"hf download some/teacher --revision {COMMIT}" in errors[0]


def test_a_fetched_model_answers_without_network(
    tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots = tmp_path / "cache/models--some--teacher/snapshots"
    snapshots.mkdir(parents=True)
    (snapshots / COMMIT).symlink_to(tiny_run / "results/train/baseline/model")
    offline(monkeypatch, tmp_path / "cache")
    done = snakemake(tmp_path, SHARD, data_gen__teacher=TEACHER)
    assert done.returncode == 0, done.stdout[-3000:]
    fetched = json.loads((tmp_path / "results/models/data_gen.json").read_text())
    assert fetched == {"name": "some/teacher", "revision": COMMIT, "commit": COMMIT}
    os.utime(tmp_path / "results/models/data_gen.json")
    again = snakemake(tmp_path, SHARD, "-n", data_gen__teacher=TEACHER)
    assert "Nothing to be done" in again.stdout, again.stdout[-3000:]


def test_a_wrong_worked_example_is_refused_before_anything_is_submitted(
    tmp_path: Path, copied_project: Path
) -> None:
    bank = copied_project / "config/exemplars/good.jsonl"
    bank.write_text(bank.read_text().replace("x+1/x >= 2", "x+1/x >= 3"))
    run = tmp_path / "run"
    done = snakemake_of(copied_project, run, SHARD, data_gen__teacher=TEACHER)
    errors = [line for line in done.stdout.splitlines() if line.startswith("error: ")]
    assert done.returncode == 1 and len(errors) == 1, done.stdout[-3000:]
    assert f"{bank}, line 1 (Sum of a number and its reciprocal)" in errors[0]
    assert not (run / "results").exists()
