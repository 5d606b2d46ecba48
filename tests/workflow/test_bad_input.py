"""Bad input through the real command line: one clear line, non-zero exit, nothing made is lost."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from olympiad_ineq.artifacts import digest
from tests.workflow.conftest import REPO, command, snakemake


def errors(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.startswith("error: ")]


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"train__learning_rte": "1"}, "did you mean train.learning_rate?"),
        ({"train__epochs": "many"}, "config train.epochs = 'many'"),
        ({"data_gen__techniques": "[]"}, "config data_gen.techniques = []"),
        ({"split__test": "100000"}, "raise data_gen.symbolic"),
        ({"train__student": "{source: folder, name: /no/such}"}, "there is no model there"),
    ],
)
def test_a_bad_config_is_one_line_before_anything_runs(
    tiny_run: Path, config: dict[str, str], says: str
) -> None:
    before = digest(tiny_run / "results")
    done = snakemake(tiny_run, **config)
    assert done.returncode == 1
    assert len(errors(done.stdout)) == 1 and says in errors(done.stdout)[0]
    assert "Traceback" not in done.stdout
    assert digest(tiny_run / "results") == before


def test_a_plan_claims_no_folder(tmp_path: Path) -> None:
    for name in ("one", "two"):
        planned = snakemake(tmp_path, "plan", name=name)
        assert planned.returncode == 0, planned.stdout
        assert "hours of wall time" in planned.stdout
    assert not (tmp_path / "results/run.json").exists()


def test_a_config_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = snakemake(tmp_path, "--dry-run", "--configfile", "results/eval/other_final.json")
    assert done.returncode == 1 and "Traceback" not in done.stdout
    assert "name the targets before --configfile" in errors(done.stdout)[0]
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("entry", ["train.epochs", "=2", "results/eval/final.json"])
def test_a_setting_without_a_value_is_one_line(tmp_path: Path, entry: str) -> None:
    done = subprocess.run(
        [*command(tmp_path, "--dry-run"), entry], cwd=REPO, capture_output=True, text=True
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert len(errors(done.stderr)) == 1
    assert f"--config {entry}: it is no key=value; fix: write " in errors(done.stderr)[0]


def test_a_name_of_one_letter_is_a_name(tmp_path: Path) -> None:
    done = snakemake(tmp_path, "--dry-run", "results/eval/sweep_a.json", sweep__a="{epochs: 2}")
    assert done.returncode == 0, done.stdout[-3000:]


def test_a_config_file_with_a_key_twice_is_one_line(tmp_path: Path) -> None:
    layer = tmp_path / "layer.yaml"
    layer.write_text("train:\n  epochs: 1\ntrain:\n  batch_size: 4\n")
    done = snakemake(tmp_path, "--dry-run", "--configfile", str(layer))
    assert done.returncode == 1 and "Traceback" not in done.stdout
    (line,) = errors(done.stdout)
    assert f"{layer}: the key train stands twice, in lines 1 and 3" in line


@pytest.mark.parametrize(
    ("target", "config", "example"),
    [
        ("sweep", {}, "--config 'sweep={slow: {learning_rate: 3.0e-4}}'"),
        ("data", {"ablation__sets": "[]"}, "--config 'ablation.sets=[symbolic, proved]'"),
    ],
)
def test_a_comparison_of_nothing_is_refused_before_anything_runs(
    tmp_path: Path, target: str, config: dict[str, str], example: str
) -> None:
    done = snakemake(tmp_path, "--dry-run", f"results/curve/{target}.json", **config)
    assert done.returncode == 1 and "Traceback" not in done.stdout
    (line,) = errors(done.stdout)
    assert example in line


def test_a_layered_config_file_is_validated_the_same_way(tmp_path: Path) -> None:
    layer = tmp_path / "layer.yaml"
    layer.write_text("train:\n  learning_rte: 1.0e-5\n")
    done = snakemake(tmp_path, "--dry-run", "--configfile", str(layer))
    assert done.returncode == 1 and "did you mean train.learning_rate?" in errors(done.stdout)[0]
    layer.write_text("train:\n  learning_rate: 1.0e-5\n")
    done = snakemake(tmp_path, "--dry-run", "--configfile", str(layer))
    assert (
        done.returncode == 0
        and "learning_rate"
        in snakemake(tmp_path, "--dry-run", "--printshellcmds", "--configfile", str(layer)).stdout
    )


def test_verifier_equal_to_teacher_is_refused(tmp_path: Path) -> None:
    qwen = "{name: Qwen/Qwen2.5-Math-72B-Instruct, family: qwen}"
    done = snakemake(
        tmp_path,
        "--dry-run",
        data_gen__teacher=f"{{model: {qwen}, requests: 10}}",
        verify__verifier=f"{{model: {qwen}}}",
    )
    assert done.returncode == 1 and "a model cannot vouch for itself" in errors(done.stdout)[0]


def test_more_test_examples_than_families_allow(copied_run: Path) -> None:
    before = digest(copied_run / "results/split")
    wanted = "results/split/test.parquet"
    done = snakemake(copied_run, wanted, split__train="1", split__test="159")
    assert done.returncode != 0
    there = re.search(r"= 160: only (\d+) distinct problems", errors(done.stdout)[0])
    assert there
    most = int(there[1]) - 1
    done = snakemake(copied_run, wanted, split__train="1", split__test=str(most))
    assert done.returncode != 0
    assert f"config split.test = {most}" in errors(done.stdout)[0]
    assert "when families are kept whole" in errors(done.stdout)[0]
    assert digest(copied_run / "results/split") == before


def test_two_runs_never_mix_in_one_folder(tiny_run: Path) -> None:
    before = digest(tiny_run / "results/eval")
    done = snakemake(tiny_run, "results/eval/final.json", name="other", seed="5")
    assert done.returncode != 0
    assert "holds run 'embedded'" in errors(done.stdout)[0]
    assert "--directory runs/other" in errors(done.stdout)[0]
    assert digest(tiny_run / "results/eval") == before


@pytest.mark.parametrize("damage", ["torn", "garbled"])
def test_a_damaged_candidates_file_is_named_by_line(copied_run: Path, damage: str) -> None:
    path = copied_run / "results/data_gen/candidates.jsonl"
    data = path.read_bytes()
    lines = data.splitlines(keepends=True)
    if damage == "torn":
        path.write_bytes(data[:-40])
    else:
        path.write_bytes(b"".join(lines[:6]) + b'{"id": \xff\x00 oops\n' + b"".join(lines[7:]))
    done = snakemake(copied_run, "results/verify/verdicts.jsonl")
    number = len(lines) if damage == "torn" else 7
    assert done.returncode != 0
    found = errors(done.stdout)[0]
    assert f"candidates.jsonl, line {number}" in found and "fix: " in found


def test_a_read_only_results_folder(copied_run: Path) -> None:
    results = copied_run / "results"
    (results / "report/index.html").unlink()
    subprocess.run(["mount", "--bind", results, results], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", results], check=True)
        before = digest(results)
        done = snakemake(copied_run)
        assert done.returncode != 0
        assert "cannot be written to" in errors(done.stdout)[0]
        assert digest(results) == before
    finally:
        subprocess.run(["umount", "-l", results], check=True)


def test_a_full_disk(tiny_run: Path, tiny_disk: Path, tmp_path: Path) -> None:
    """The candidates alone outgrow the disk; what was there before stays."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "results").symlink_to(tiny_disk)
    done = snakemake(folder, "results/data_gen/symbolic.jsonl")
    assert done.returncode == 0, done.stdout[-2000:]
    first = (tiny_disk / "data_gen/symbolic.jsonl").read_bytes()
    filler = tiny_disk / "filler"
    with filler.open("wb") as handle:
        free = shutil.disk_usage(tiny_disk).free
        handle.write(b"x" * max(0, free - 40_000))
    done = snakemake(folder, "results/verify/verdicts.jsonl")
    assert done.returncode != 0
    assert any("the disk is full" in line and "fix: free some space" in line
               for line in errors(done.stdout)), done.stdout[-3000:]  # fmt: skip
    assert (tiny_disk / "data_gen/symbolic.jsonl").read_bytes() == first
    filler.unlink()
    assert not list(tiny_disk.rglob("*.tmp"))
