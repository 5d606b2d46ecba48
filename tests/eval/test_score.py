"""Judging under limits and counting, on hand-made answers."""

import json
import time
from pathlib import Path

import pytest

from olympiad_ineq.artifacts import write_jsonl, write_manifest
from olympiad_ineq.errors import UserError
from olympiad_ineq.eval.score import (
    OUTCOMES,
    REASON_LENGTH,
    Graded,
    judge_predictions,
    read_manifest,
    score,
    with_opinions,
)
from olympiad_ineq.records import (
    GRADES,
    Example,
    Grade,
    Judgement,
    Opinion,
    Prediction,
    Problem,
    Proof,
    Source,
    Technique,
)

GRADE_BY_NAME: dict[str, Grade] = {name: name for name in GRADES}
GOOD = "(1) By AM-GM applied to $a^2$, $b^2$ with weights $1, 1$, $a^2 + b^2 \\ge 2ab$.\n"


def example(number: int) -> Example:
    technique: Technique = "sos" if number % 2 else "amgm"
    problem = Problem(
        text="Let $a, b$ be positive reals. Prove that $a^2 + b^2 \\ge 2ab$.",
        variables=("a", "b"),
        domain="positive",
        goal="a^2 + b^2 >= 2*a*b",
        technique=technique,
        difficulty=1 + number % 2,
    )
    return Example(
        id=f"id{number:02d}",
        prompt=problem.text,
        completion=GOOD,
        grade="proved",
        technique=technique,
        difficulty=problem.difficulty,
        family=f"family{number}",
        canonical_key=f"key{number}",
        problem=problem,
        proof=Proof(text=GOOD),
        evidence={},
        source=Source(kind="symbolic", name="test", family=f"family{number}"),
    )


def answer(number: int, text: str, run: str = "final", finish: str = "stop") -> Prediction:
    return Prediction.model_validate(
        {
            "id": f"id{number:02d}",
            "run": run,
            "prompt_tokens": 10,
            "completion_tokens": 7,
            "finish": finish,
            "text": text,
        }
    )


def told_grader(item: tuple[Problem, str]) -> Graded:
    """A stand-in for the checker that does what the answer says; top-level, as children need."""
    text = item[1]
    if text == "hang":
        time.sleep(60)
    if text == "eat":
        hog = bytearray(4_000_000_000)
        return Graded("proved", str(len(hog)))
    if text == "long":
        return Graded("open", "x" * 10_000)
    return Graded(GRADE_BY_NAME[text], "as told")


def judge(test: list[Example], answers: list[Prediction]) -> list[Judgement]:
    return judge_predictions(
        test, answers, seconds=1, memory_mb=1500, workers=1, grader=told_grader
    )


def judged(grades: list[str], run: str = "final") -> list[Judgement]:
    """Judgements with these outcomes, in order."""
    judgements = []
    for number, name in enumerate(grades):
        row = example(number)
        judgements.append(
            Judgement.model_validate(
                {
                    "id": row.id,
                    "run": run,
                    "grade": "limit" if name == "truncated" else name,
                    "reason": "because",
                    "truncated": name == "truncated",
                    "technique": row.technique,
                    "difficulty": row.difficulty,
                    "family": row.family,
                }
            )
        )
    return judgements


def answers_for(judgements: list[Judgement]) -> list[Prediction]:
    return [answer(n, "text", j.run) for n, j in enumerate(judgements)]


def test_a_hang_or_a_hog_is_a_limit_and_costs_itself_alone() -> None:
    texts = ["proved", "hang", "refuted", "eat", "long", "proved"]
    test = [example(n) for n in range(len(texts))]
    found = judge(test, [answer(n, text) for n, text in enumerate(texts)])
    assert [j.grade for j in found] == ["proved", "limit", "refuted", "limit", "open", "proved"]
    assert "longer than 1 s" in found[1].reason
    assert "1500 MB" in found[3].reason
    assert len(found[4].reason) == REASON_LENGTH


def test_a_truncated_answer_is_never_proved_and_an_outcome_of_its_own() -> None:
    test = [example(0), example(1)]
    found = judge(test, [answer(0, "proved", finish="length"), answer(1, "proved")])
    assert found[0].truncated
    assert found[0].grade != "proved"
    assert "cut off after 7 tokens" in found[0].reason
    result = score("final", found, [answer(0, "proved"), answer(1, "proved")], {})
    assert result["proved"]["count"] == 1
    assert result["truncated"]["count"] == 1
    assert result["grades"]["truncated"] == 1
    assert result["grades"]["limit"] == 0


def test_a_judgement_both_proved_and_truncated_does_not_count() -> None:
    row = judged(["proved"])[0].model_copy(update={"truncated": True})
    assert score("final", [row], answers_for([row]), {})["proved"]["count"] == 0


def test_judgements_follow_the_test_set_whatever_the_order_of_answers() -> None:
    test = [example(n) for n in range(3)]
    answers = [answer(n, "open") for n in (2, 0, 1)]
    assert [j.id for j in judge(test, answers)] == ["id00", "id01", "id02"]


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ((0, 1), "1 of the test problems are missing"),
        ((0, 1, 2, 3), "1 are not among the test problems"),
        ((0, 1, 2, 2), "1 ids appear more than once"),
        ((), "3 of the test problems are missing"),
    ],
)
def test_answers_to_other_problems_are_refused(numbers: tuple[int, ...], says: str) -> None:
    test = [example(n) for n in range(3)]
    with pytest.raises(UserError, match=says):
        judge(test, [answer(n, "proved") for n in numbers])


def test_answers_of_two_runs_are_refused() -> None:
    with pytest.raises(UserError, match="baseline, final"):
        judge([example(0), example(1)], [answer(0, "open"), answer(1, "open", run="baseline")])


def test_score_counts_every_answer_once() -> None:
    judgements = judged([*OUTCOMES, "proved"])
    result = score(
        "final",
        judgements,
        answers_for(judgements),
        {"model": {"name": "m"}, "prompting": "zero-shot", "wall_seconds": 3.5, "seed": 7},
    )
    n = len(judgements)
    assert result["n"] == n == sum(result["grades"].values())
    assert result["proved"]["count"] == 2
    assert result["proved"]["rate"] == 2 / n
    assert result["proved"]["interval"][0] < 2 / n < result["proved"]["interval"][1]
    for group in ("by_technique", "by_difficulty"):
        assert sum(cell["n"] for cell in result[group].values()) == n
        assert sum(cell["count"] for cell in result[group].values()) == 2
    assert list(result["by_technique"]) == ["amgm", "sos"]
    assert result["tokens"] == {"prompt": 10 * n, "completion": 7 * n}
    assert (result["model"], result["seconds"], result["seed"]) == ({"name": "m"}, 3.5, 7)
    assert result["judge"]["kind"] == "checker"
    assert "paired" not in result


def test_score_pairs_with_the_reference_on_the_same_problems() -> None:
    before = judged(["open", "proved", "proved", "truncated", "open"], run="baseline")
    after = judged(["proved", "proved", "refuted", "proved", "open"])
    paired = score("final", after, answers_for(after), {}, reference=before)["paired"]
    assert paired["against"] == "baseline"
    assert paired["test"] == "mcnemar"
    cells = [paired[name] for name in ("both", "gained", "lost", "neither")]
    assert cells == [1, 2, 1, 1]
    assert paired["difference"] == pytest.approx(0.2)
    assert paired["interval"][0] < 0.2 < paired["interval"][1]
    assert paired["p"] == 1.0
    with pytest.raises(UserError, match="1 are not among the judgements"):
        score("final", after[:4], answers_for(after[:4]), {}, reference=before)


def test_score_of_nothing_says_nothing() -> None:
    result = score("final", [], [], {}, reference=[])
    nothing = {"count": 0, "rate": None, "interval": [0.0, 1.0]}
    assert result["proved"] == nothing | {"families": 0, "interval_by_family": [0.0, 1.0]}
    assert result["paired"]["interval"] == [-1.0, 1.0]


def test_score_is_a_function_of_its_inputs() -> None:
    judgements = judged(["proved", "open"] * 20)
    first = score("final", judgements, answers_for(judgements), {})
    again = score("final", judgements, answers_for(judgements)[::-1], {})
    assert json.dumps(first) == json.dumps(again)


def test_score_refuses_another_run() -> None:
    judgements = judged(["proved"])
    with pytest.raises(UserError, match=r"run final.*scored as run baseline"):
        score("baseline", judgements, answers_for(judgements), {})


def test_predictions_changed_after_they_were_made_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "predictions.jsonl"
    with pytest.raises(UserError, match="manifest cannot be read"):
        read_manifest(path)
    write_jsonl(path, [answer(0, "open")])
    write_manifest(path, stage="predict", inputs=[], settings={}, started=time.time())
    assert read_manifest(path)["stage"] == "predict"
    write_jsonl(path, [answer(0, "better")])
    with pytest.raises(UserError, match="changed after it was made"):
        read_manifest(path)


def test_a_models_opinion_stands_beside_the_checkers_count_never_instead_of_it() -> None:
    run = "final"
    predictions = [
        Prediction(
            id=str(n), run=run, prompt_tokens=1, completion_tokens=1, finish="stop", text="x"
        )
        for n in range(4)
    ]
    judgements = [
        Judgement(
            id=str(n), run=run, grade="proved" if n == 0 else "open", reason="", truncated=False,
            technique="sos", difficulty=1, family="f",
        )
        for n in range(4)
    ]  # fmt: skip
    opinions = [
        Opinion(id="0", outcome="accepted"),
        Opinion(id="1", outcome="accepted"),
        Opinion(id="2", outcome="rejected", settled="the proof says nothing"),
        Opinion(id="3", outcome="unscored"),
    ]
    result = score(run, with_opinions(judgements, opinions), predictions, {})
    assert result["proved"]["count"] == 1
    assert result["judged"]["count"] == 2 and result["judged"]["n"] == 3
    assert result["judged"]["unscored"] == 1 and result["judged"]["accepted_and_proved"] == 1
    assert result["judged"]["settled"] == 1
    assert result["judged"]["agreement"] == {
        "proved": {"accepted": 1, "rejected": 0, "unscored": 0},
        "open": {"accepted": 1, "rejected": 1, "unscored": 1},
    }
    assert "corrected" not in result and result["headline"]["by"] == "proved"
    with pytest.raises(UserError, match="opinions"):
        with_opinions(judgements, opinions[:3])


@pytest.mark.parametrize("trusted", [True, False])
def test_the_headline_is_the_judges_only_where_the_judge_may_be_believed(trusted: bool) -> None:
    judgements = judged(["proved", "open", "open", "open"])
    opinions = [
        Opinion(id=j.id, outcome="accepted" if n < 2 else "rejected")
        for n, j in enumerate(judgements)
    ]
    counts = {"sound": 100, "accepted_sound": 95, "wrong": 300, "rejected_wrong": 270}
    audit = {"model": {"believed": trusted, "because": "so", "counts": counts}}
    rows = with_opinions(judgements, opinions)
    result = score("final", rows, answers_for(rows), {}, audit=audit)
    assert result["headline"]["by"] == ("corrected" if trusted else "proved")
    assert "so" in result["headline"]["because"]
    # (0.5 + 0.9 - 1) / (0.95 + 0.9 - 1)
    assert result["corrected"]["rate"] == pytest.approx(0.4 / 0.85)
    assert result["corrected"]["interval"][0] < 0.4 / 0.85 < result["corrected"]["interval"][1]
    assert result["proved"]["count"] == 1


def test_drawn_answers_count_for_pass_at_k_alone() -> None:
    greedy = judged(["proved", "open", "open"])
    drawn = [
        row.model_copy(update={"sample": n, "grade": "proved" if n <= right else "open"})
        for n in range(1, 5)
        for row, right in zip(greedy, (4, 1, 0), strict=True)
    ]
    answers = [
        answer(n % 3, "text").model_copy(update={"sample": row.sample})
        for n, row in enumerate([*greedy, *drawn])
    ]
    result = score("final", [*greedy, *drawn], answers, {})
    assert result["n"] == 3 and result["proved"]["count"] == 1
    found = result["pass_at_k"]
    assert found["samples"] == 4 and list(found["k"]) == ["1", "2", "4"]
    assert found["k"]["1"]["rate"] == pytest.approx((1 + 1 / 4 + 0) / 3)
    assert found["k"]["2"]["rate"] == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert found["k"]["4"]["rate"] == pytest.approx(2 / 3)
    with pytest.raises(UserError, match="sample 4: 1 are not among the predictions"):
        score("final", [*greedy, *drawn], answers[:-1], {})


def test_groups_are_compared_with_holms_adjustment() -> None:
    before = judged(["open"] * 16, run="baseline")
    after = judged(["proved", "open"] * 8)
    paired = score("final", after, answers_for(after), {}, reference=before)["paired"]
    groups = paired["groups"]
    assert set(groups) == {"amgm", "sos", "difficulty 1", "difficulty 2"}
    assert groups["amgm"]["p"] == 2 * 0.5**8 and groups["amgm"]["p_holm"] == 4 * 2 * 0.5**8
    assert groups["sos"]["p_holm"] == 1.0
    assert 0 < paired["detectable"]["difference"] < 1
    assert paired["interval_by_family"][0] < 0.5 < paired["interval_by_family"][1]
