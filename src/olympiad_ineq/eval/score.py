"""Judge a student's answers with the checker, and count.

Judging and counting are apart: `judge_predictions` runs the checker, `score` is a pure function of
predictions, judgements and the predictions' manifest. So every number in results/eval/<run>.json
can be recomputed to the last digit without asking a model or the checker again.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from tqdm import tqdm

from olympiad_ineq import artifacts
from olympiad_ineq.errors import UserError
from olympiad_ineq.eval.statistics import PairedCounts, mcnemar, paired_difference, proportion
from olympiad_ineq.limits import Limit, run_limited
from olympiad_ineq.proof import grade_text
from olympiad_ineq.records import (
    GRADES,
    TECHNIQUES,
    Example,
    Grade,
    Json,
    Judgement,
    Prediction,
    Problem,
    Vote,
)

REASON_LENGTH = 600
OUTCOMES = (*GRADES, "truncated")


@dataclass(frozen=True)
class Graded:
    """What the checker says about one answer."""

    grade: Grade
    reason: str
    step: str | None = None


def grade_answer(item: tuple[Problem, str]) -> Graded:
    """Grade one answer in the calling process; `judge_predictions` calls it in a limited child."""
    problem, text = item
    found = grade_text(problem.variables, problem.domain, problem.given, problem.goal, text)
    return Graded(cast(Grade, found.grade), found.reason, found.step)


def judge_predictions(
    test: Sequence[Example],
    predictions: Sequence[Prediction],
    *,
    seconds: float = 10,
    memory_mb: int = 2048,
    workers: int = 1,
    grader: Callable[[tuple[Problem, str]], Graded] = grade_answer,
) -> list[Judgement]:
    """Judge every answer with the checker, in the order of the test set.

    A truncated answer is never handed to the checker: it has no end, so it proves nothing, however
    good its beginning. Its judgement has `truncated` set and the grade "limit".

    Raises:
        UserError: predictions and test set are not about the same problems.
    """
    answers = _matched(test, predictions)
    whole = [(e, answers[e.id]) for e in test if answers[e.id].finish == "stop"]
    outcomes = run_limited(
        grader,
        [(example.problem, answer.text) for example, answer in whole],
        seconds=seconds,
        memory_mb=memory_mb,
        workers=workers,
    )
    bar = tqdm(outcomes, total=len(whole), desc="judge", unit="proof", disable=None)
    graded = {
        example.id: Graded("limit", outcome.reason) if isinstance(outcome, Limit) else outcome
        for (example, _), outcome in zip(whole, bar, strict=True)
    }
    return [_judgement(example, answers[example.id], graded.get(example.id)) for example in test]


def _judgement(example: Example, answer: Prediction, graded: Graded | None) -> Judgement:
    if graded is None:
        tokens = answer.completion_tokens
        graded = Graded("limit", f"the answer was cut off after {tokens} tokens, before its end")
    return Judgement(
        id=example.id,
        run=answer.run,
        grade=graded.grade,
        reason=graded.reason[:REASON_LENGTH],
        step=graded.step,
        truncated=answer.finish == "length",
        technique=example.technique,
        difficulty=example.difficulty,
        family=example.family,
    )


def _matched(test: Sequence[Example], answers: Sequence[Prediction]) -> dict[str, Prediction]:
    """The answers by id, once it is certain that there is exactly one for each test problem."""
    require_same_ids("test problems", [e.id for e in test], "predictions", [a.id for a in answers])
    runs = sorted({answer.run for answer in answers})
    if len(runs) > 1:
        raise UserError(
            f"predictions of runs {', '.join(runs)}",
            "one file of predictions belongs to one run",
            "delete the predictions and run the same command again",
        )
    return {answer.id: answer for answer in answers}


def require_same_ids(
    left: str, left_ids: Sequence[str], right: str, right_ids: Sequence[str]
) -> None:
    """Refuse two lists that are not about the same problems, each exactly once.

    Raises:
        UserError: an id is twice in one list, or in one list alone: names the first and how many.
    """
    fix = f"delete the {right} and run the same command again"
    for name, ids in ((left, left_ids), (right, right_ids)):
        twice = sorted(key for key, times in Counter(ids).items() if times > 1)
        if twice:
            raise UserError(
                f"{name}, id {twice[0]}", f"{len(twice)} ids appear more than once", fix
            )
    missing, extra = set(left_ids) - set(right_ids), set(right_ids) - set(left_ids)
    if missing:
        value, rule = f"{right}, id {min(missing)}", f"{len(missing)} of the {left} are missing"
        raise UserError(value, rule, fix)
    if extra:
        value, rule = f"{right}, id {min(extra)}", f"{len(extra)} are not among the {left}"
        raise UserError(value, rule, fix)


def outcome_of(judgement: Judgement) -> str:
    """One of OUTCOMES: the grade, or "truncated"."""
    return "truncated" if judgement.truncated else judgement.grade


def is_proved(judgement: Judgement) -> bool:
    """Whether the answer counts: proved by the checker and whole."""
    return judgement.grade == "proved" and not judgement.truncated


def rate(count: int, n: int, confidence: float) -> Json:
    """A count with its rate and interval, as results/eval/<run>.json writes them."""
    return {
        "count": count,
        "rate": count / n if n else None,
        "interval": list(proportion(count, n, confidence)),
    }


def read_manifest(artifact: Path) -> Json:
    """The manifest beside predictions or judgements, once it is certain that it speaks of them.

    Raises:
        UserError: there is no manifest, it is damaged, or the artifact changed after it.
    """
    path = artifact.with_name(artifact.name + ".manifest.json")
    fix = f"delete {artifact} and run the same command again"
    try:
        manifest: Json = json.loads(path.read_text(encoding="utf-8"))
        digest = manifest["sha256"]
    except OSError as error:
        raise UserError(str(path), "the manifest cannot be read", fix) from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(str(path), "the manifest is damaged", fix) from error
    if digest != artifacts.digest(artifact):
        raise UserError(str(artifact), "it was changed after it was made", fix)
    return manifest


def score(
    run: str,
    judgements: Sequence[Judgement],
    predictions: Sequence[Prediction],
    manifest: Mapping[str, Any],
    *,
    confidence: float = 0.95,
    reference: Sequence[Judgement] | None = None,
    opinions: Sequence[Vote] | None = None,
) -> Json:
    """Count judgements into the content of results/eval/<run>.json.

    Args:
        manifest: of the predictions; says which model answered, how it was asked, how long it took.
        reference: judgements of the run to compare with, on the same problems.
        opinions: a judging model's votes, on the same problems; counted beside the checker's
            verdict, never instead of it.

    Raises:
        UserError: judgements, predictions and reference are not about the same problems and run.
    """
    ids = [judgement.id for judgement in judgements]
    require_same_ids("predictions", [p.id for p in predictions], "judgements", ids)
    _require_run(run, "predictions", {p.run for p in predictions})
    _require_run(run, "judgements", {j.run for j in judgements})
    n = len(judgements)
    grades = Counter(outcome_of(judgement) for judgement in judgements)
    result: Json = {
        "run": run,
        "n": n,
        "confidence": confidence,
        "proved": rate(sum(map(is_proved, judgements)), n, confidence),
    }
    if reference is not None:
        result["paired"] = _paired(judgements, reference, confidence)
    if opinions is not None:
        result["judged"] = _judged(judgements, opinions, confidence)
    return result | {
        "truncated": rate(grades["truncated"], n, confidence),
        "grades": {name: grades[name] for name in OUTCOMES},
        "by_technique": _by(judgements, lambda j: j.technique, TECHNIQUES, confidence),
        "by_difficulty": _by(judgements, lambda j: str(j.difficulty), "1234", confidence),
        "judge": {
            "kind": "checker" if opinions is None else "checker and model",
            "says": "an answer counts as proved only if the checker accepts every step and the "
            "goal; "
            + ("no model judged it" if opinions is None else "a model's opinion is in judged"),
            "code": artifacts.code_digest(["kernel", "language", "proof"]),
        },
        "model": manifest.get("model"),
        "prompting": manifest.get("prompting"),
        "engine": manifest.get("engine"),
        "tokens": {
            "prompt": sum(p.prompt_tokens for p in predictions),
            "completion": sum(p.completion_tokens for p in predictions),
        },
        "seconds": manifest.get("seconds", manifest.get("wall_seconds")),
        "seed": manifest.get("seed"),
    }


def _require_run(run: str, what: str, found: set[str]) -> None:
    if found - {run}:
        raise UserError(
            f"{what} of run {min(found - {run})}",
            f"they are being scored as run {run}",
            f"name the {what} of {run}, or delete them and run the same command again",
        )


def _by(
    judgements: Sequence[Judgement],
    key: Callable[[Judgement], str],
    order: Iterable[str],
    confidence: float,
) -> Json:
    groups: dict[str, list[Judgement]] = {name: [] for name in order}
    for judgement in judgements:
        groups[key(judgement)].append(judgement)
    return {
        name: {"n": len(group), **rate(sum(map(is_proved, group)), len(group), confidence)}
        for name, group in groups.items()
        if group
    }


def _judged(judgements: Sequence[Judgement], opinions: Sequence[Vote], confidence: float) -> Json:
    """The judging model's accepted answers, of those that it gave a readable opinion on."""
    require_same_ids(
        "judgements", [j.id for j in judgements], "opinions", [vote.id for vote in opinions]
    )
    outcomes = Counter(vote.outcome for vote in opinions)
    scored = outcomes["accepted"] + outcomes["rejected"]
    proved = {judgement.id for judgement in judgements if is_proved(judgement)}
    return {
        "n": scored,
        **rate(outcomes["accepted"], scored, confidence),
        "unscored": outcomes["unscored"],
        "accepted_and_proved": sum(
            vote.outcome == "accepted" and vote.id in proved for vote in opinions
        ),
    }


def _paired(ours: Sequence[Judgement], theirs: Sequence[Judgement], confidence: float) -> Json:
    require_same_ids(
        "judgements", [j.id for j in ours], "reference judgements", [j.id for j in theirs]
    )
    before = {judgement.id: is_proved(judgement) for judgement in theirs}
    cells = Counter((before[judgement.id], is_proved(judgement)) for judgement in ours)
    counts = PairedCounts(
        both=cells[True, True],
        gained=cells[False, True],
        lost=cells[True, False],
        neither=cells[False, False],
    )
    return {
        "against": min((judgement.run for judgement in theirs), default=None),
        "test": "mcnemar",
        "p": mcnemar(counts.gained, counts.lost),
        **counts._asdict(),
        "difference": (counts.gained - counts.lost) / counts.n if counts.n else None,
        "interval": list(paired_difference(counts, confidence)),
    }
