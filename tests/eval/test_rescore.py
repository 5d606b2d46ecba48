"""A result is a function of its files: recomputed to the last digit, and to their schemas."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from olympiad_ineq import cli
from olympiad_ineq.artifacts import write_jsonl, write_manifest
from olympiad_ineq.errors import UserError
from olympiad_ineq.record_schemas import SCHEMAS, rendered
from olympiad_ineq.records import Judgement, Prediction
from tests.report.synthetic import write

REPO = Path(__file__).parents[2]


def lines(path: Path, kind: type[Any]) -> list[Any]:
    return [kind.model_validate_json(line) for line in path.read_bytes().splitlines()]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """results/eval as the workflow leaves it, with a judge's opinions and drawn answers."""
    tmp_path = tmp_path_factory.mktemp("scored")
    made = tmp_path / "made"
    made.mkdir()
    _, _, paths = write(made, tested=40, trained=4, with_judge=True)
    folder = tmp_path / "results" / "eval"
    folder.mkdir(parents=True)
    (folder / "judge_audit.json").write_bytes((made / "judge_audit.json").read_bytes())
    for run in ("baseline", "final"):
        answers = lines(getattr(paths, f"{run}_predictions"), Prediction)
        found = lines(getattr(paths, f"{run}_judgements"), Judgement)
        for n in (1, 2):
            drawn = {"sample": n, "opinion": None}
            answers += [a.model_copy(update={"sample": n}) for a in answers[:40]]
            found += [j.model_copy(update=drawn) for j in found[:40]]
        for name, rows in (("predictions", answers), ("judgements", found)):
            path = folder / run / f"{name}.jsonl"
            write_jsonl(path, rows)
            facts = {"seconds": 1.5, "seed": 7, "checker": "abc", "prompting": {"shots": 4}}
            write_manifest(
                path, stage=name, inputs=[], settings={}, started=time.time(), extra=facts
            )
        reference = ["--reference", "results/eval/baseline/judgements.jsonl"]
        done = subprocess.run(
            [
                *(sys.executable, str(REPO / "workflow_scripts" / "score.py"), "--run", run),
                *("--predictions", f"results/eval/{run}/predictions.jsonl"),
                *("--judgements", f"results/eval/{run}/judgements.jsonl"),
                *("--audit", "results/eval/judge_audit.json"),
                *("--out", f"results/eval/{run}.json"),
                *(reference if run == "final" else []),
            ],
            cwd=tmp_path, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    return folder


def test_one_command_recomputes_every_digit(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for run in ("baseline", "final"):
        assert cli.run(["rescore", str(results / f"{run}.json")]) == 0
        assert "the same to the last digit" in capsys.readouterr().out
    # another statistic, from the same judgements
    assert cli.run(["rescore", str(results / "final.json"), "--confidence", "0.9"]) == 0
    narrower = json.loads(capsys.readouterr().out)
    final = json.loads((results / "final.json").read_text())
    assert narrower["proved"]["count"] == final["proved"]["count"]
    for name in ("proved", "judged", "corrected", "paired", "truncated"):
        (a, b), (c, d) = narrower[name]["interval"], final[name]["interval"]
        assert c < a < b < d or (c == a == 0.0) or (b == d == 1.0), name


def test_a_changed_digit_is_named(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "results" / "eval"
    shutil.copytree(results, copy)
    path = copy / "final.json"
    final = json.loads(path.read_text())
    final["proved"]["rate"] += 1e-15
    path.write_text(json.dumps(final))
    assert cli.run(["rescore", str(path)]) == 1
    assert "proved differ" in capsys.readouterr().out
    (copy / "final" / "judgements.jsonl").write_text("")
    with pytest.raises(UserError, match="changed after it was made"):
        cli.run(["rescore", str(path)])


def test_a_copy_is_recomputed_from_its_own_files(results: Path, tmp_path: Path) -> None:
    """Beside the original, and under another name than results."""
    for name in ("results", "old"):
        shutil.copytree(results, tmp_path / name / "eval")
    (tmp_path / "old/eval/final/judgements.jsonl").write_text("")
    assert cli.run(["rescore", str(tmp_path / "results/eval/final.json")]) == 0
    with pytest.raises(UserError, match="old/eval/final/judgements.jsonl.*changed after"):
        cli.run(["rescore", str(tmp_path / "old/eval/final.json")])


@pytest.mark.parametrize("level", ["95", "1", "0", "-1", "nan", "inf"])
def test_a_confidence_is_between_0_and_1(results: Path, level: str) -> None:
    with pytest.raises(UserError, match="between 0 and 1"):
        cli.run(["rescore", str(results / "final.json"), "--confidence", level])


@pytest.mark.parametrize("name", ["README.md", "notes.json", "final", "judge_audit.json"])
def test_a_file_that_is_no_result_is_left_to_its_owner(
    name: str, results: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "results" / "eval"
    shutil.copytree(results, folder)
    (folder / "README.md").write_text("# notes\n")
    (folder / "notes.json").write_text("{}")
    write_manifest(
        folder / "judge_audit.json", stage="judge_audit", inputs=[], settings={}, started=0.0
    )
    with pytest.raises(UserError) as caught:
        cli.run(["rescore", str(folder / name)])
    assert str(folder / name) in str(caught.value) and "delete" not in caught.value.fix
    assert "results/eval/<run>.json" in caught.value.fix


def test_a_result_that_was_damaged_is_made_again(results: Path, tmp_path: Path) -> None:
    folder = tmp_path / "results" / "eval"
    shutil.copytree(results, folder)
    (folder / "final.json").write_text("{")
    with pytest.raises(UserError, match=r"it is not JSON; fix: delete .* and run `snakemake "):
        cli.run(["rescore", str(folder / "final.json")])


def test_every_rate_stands_beside_its_n_and_interval(results: Path) -> None:
    def walk(value: Any, path: str, within: bool) -> None:
        if isinstance(value, dict):
            rated = "rate" in value
            if rated and value["rate"] is not None:
                low, high = value["interval"]
                assert low <= value["rate"] <= high, path
            inside = within or "n" in value
            assert not rated or inside, f"{path} has no n"
            for key, below in value.items():
                walk(below, f"{path}.{key}", inside)

    for run in ("baseline", "final"):
        walk(json.loads((results / f"{run}.json").read_text()), run, within=False)


def test_the_files_keep_to_their_schemas(results: Path) -> None:
    for name in ("predictions", "judgements"):
        schema = json.loads((REPO / "docs" / "schemas" / f"{name}.schema.json").read_text())
        validator = jsonschema.Draft202012Validator(schema)
        for line in (results / "final" / f"{name}.jsonl").read_text().splitlines():
            validator.validate(json.loads(line))
        with pytest.raises(jsonschema.ValidationError):
            validator.validate({"id": "x", "surprise": 1})


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schemas_are_what_the_records_say(name: str) -> None:
    path = REPO / "docs" / "schemas" / f"{name}.schema.json"
    assert path.read_text(encoding="utf-8") == rendered(name)
