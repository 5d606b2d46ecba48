"""Baseline and final differ only where they must: weights and worked examples, nothing else."""

import json
from pathlib import Path

import pytest

from olympiad_ineq import artifacts, prompts
from olympiad_ineq import settings as settings_module
from olympiad_ineq.eval import predict as predicting
from olympiad_ineq.eval.judge import questions_about, requests_for
from olympiad_ineq.llm import Request, Response
from olympiad_ineq.records import Example, Json, Prediction
from olympiad_ineq.settings import (
    CONTROLS,
    MAIN_RUNS,
    Judge,
    Settings,
    compared_with,
    load,
    weights_of,
)
from tests.eval.test_predict import TEST, TRAIN
from tests.test_settings import default


class Recorder:
    """An engine that remembers what it was asked."""

    whole_chunks = False

    def __init__(self, model: Path) -> None:
        self.fingerprint: Json = {
            "engine": "transformers", "sha256": str(model), "dtype": "float32"
        }  # fmt: skip
        self.asked: list[Request] = []

    def prepare(self, requests: list[Request], batch: int) -> None:
        self.asked += requests

    def start(self) -> None:
        pass

    def answer(self, requests: list[Request]) -> list[tuple[int, Response]]:
        return [(n, Response("By AM-GM, done.", "stop", 1, 5)) for n in range(len(requests))]

    def close(self) -> None:
        pass


@pytest.fixture
def settings() -> Settings:
    return load(
        default()
        | {
            "eval.samples": {"count": 2},
            "eval.judge": {"model": {"name": "m", "family": "another", "engine": "openai"}},
        }
    )


def asked(
    run: str, settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[Request], list[Prediction], Json]:
    """The requests that a run sends, its answers and what its manifest says."""
    folder.mkdir(parents=True, exist_ok=True)
    artifacts.write_parquet(folder / "test.parquet", TEST, Example)
    artifacts.write_parquet(folder / "train.parquet", TRAIN, Example)
    engines: list[Recorder] = []

    def opened(model: Path, **_: object) -> Recorder:
        engines.append(Recorder(model))
        return engines[-1]

    monkeypatch.setattr(predicting, "open_engine", opened)
    model = folder / weights_of(run)
    model.mkdir()
    (model / "config.json").touch()
    answers = predicting.predict(
        folder / "test.parquet", folder / "train.parquet", model, folder / "predictions.jsonl",
        folder / "journal", run=run, settings=settings.eval.predict(run), seed=settings.seed,
    )  # fmt: skip
    manifest = json.loads((folder / "predictions.jsonl.manifest.json").read_text())
    return engines[0].asked, answers, manifest


def test_one_problem_is_asked_alike_but_for_its_examples(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, before, facts = asked("baseline", settings, tmp_path / "1", monkeypatch)
    second, after, others = asked("final", settings, tmp_path / "2", monkeypatch)
    assert len(first) == len(second) == 3 * len(TEST)
    for one, two, example in zip(first, second, 3 * TEST, strict=True):
        # the prompt: the same question, at the end, and worked examples before it
        assert two.prompt == prompts.prompt(example.problem.text)
        assert isinstance(one.prompt, str) and one.prompt.endswith("\n\n" + str(two.prompt))
        assert one.prompt.count("Problem: ") == 1 + settings.eval.baseline.shots
        # decoding, budget, stopping: the same
        assert one.sampling == two.sampling
        assert one.sampling.stop == prompts.STOP and (one.schema, one.edition) == (None, 1)
    assert first[0].sampling.temperature == 0.0 and first[0].seed is None
    drawn = first[len(TEST) :]
    assert all(r.sampling.temperature == 0.8 and r.seed is not None for r in drawn)
    assert len({r.seed for r in drawn}) == 2 * len(TEST)

    # the configs: one line differs
    baseline, final = (settings.eval.predict(run).model_dump() for run in MAIN_RUNS)
    assert {k for k in baseline if baseline[k] != final[k]} == {"shots"}
    different = {k for k in facts if facts[k] != others.get(k)} - {"wall_seconds", "seconds"}
    assert different == {"run", "model", "prompting", "inputs", "settings", "sha256"}
    prompting = facts["prompting"], others["prompting"]
    assert {k for k in prompting[0] if prompting[0][k] != prompting[1][k]} == {"shots", "examples"}

    # the judge: the same question about the same answer, whoever gave it
    judge = settings.eval.judge
    assert isinstance(judge, Judge)
    questions = [questions_about(TEST, answers) for answers in (before, after)]
    assert questions[0] == questions[1] and len(questions[0]) == len(TEST)
    for one_, two_ in zip(*questions, strict=True):
        assert requests_for(one_, judge, [], 1) == requests_for(two_, judge, [], 1)


def test_the_greedy_answers_do_not_depend_on_the_drawn_ones(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_samples, _, _ = asked("final", settings, tmp_path / "1", monkeypatch)
    plain = load(default())
    without, answers, _ = asked("final", plain, tmp_path / "2", monkeypatch)
    assert with_samples[: len(TEST)] == without
    assert {answer.sample for answer in answers} == {0}


def test_the_controls_cross_weights_and_prompting(settings: Settings) -> None:
    cells = {
        run: (weights_of(run), settings.eval.predict(run).shots) for run in (*MAIN_RUNS, *CONTROLS)
    }
    shots = settings.eval.baseline.shots, settings.eval.final.shots
    assert cells == {
        "baseline": ("baseline", shots[0]),
        "final": ("final", shots[1]),
        "base_zero_shot": ("baseline", shots[1]),
        "tuned_few_shot": ("final", shots[0]),
    }
    for run in cells:
        assert weights_of(f"classics_{run}") == weights_of(run)
        assert settings.eval.predict(f"classics_{run}") == settings.eval.predict(run)


def test_runs_are_compared_on_the_same_problems() -> None:
    against = {
        "final": "baseline", "sweep_slow": "baseline", "classics_final": "classics_baseline",
        "baseline": None, "classics_baseline": None, "curve_250_s1": None, "base_zero_shot": None,
    }  # fmt: skip
    assert {run: compared_with(run) for run in against} == against
    for run, other in against.items():
        assert other is None or settings_module.test_set_of(run) == settings_module.test_set_of(
            other
        )


@pytest.mark.parametrize("role", ["teacher", "student"])
def test_a_judge_of_the_teachers_or_students_family_is_refused(role: str) -> None:
    from olympiad_ineq.errors import UserError

    judge = {"model": {"name": "m", "family": "smollm2" if role == "student" else "qwen"}}
    teacher = {"model": {"name": "t", "family": "Qwen"}, "requests": 4}
    with pytest.raises(UserError, match=r"eval\.judge"):
        load(default() | {"eval.judge": judge, "data_gen.teacher": teacher})
