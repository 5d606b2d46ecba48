"""Judge a student's answers with the checker, and count.

Judging and counting are apart: `judge_predictions` runs the checker, `score` is a pure function of
predictions and judgements (which carry a judging model's opinions), their manifests, and the
judge's audit. So every number in results/eval/<run>.json can be recomputed to the last digit
without asking a model or the checker again (`olympiad-ineq rescore`).
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from pathlib import Path
from typing import Any, cast

from tqdm import tqdm

from olympiad_ineq import artifacts
from olympiad_ineq.errors import UserError
from olympiad_ineq.eval.statistics import (
    Audited,
    PairedCounts,
    clustered,
    clustered_mean,
    corrected,
    detectable,
    holm,
    mcnemar,
    mean,
    paired_difference,
    pass_at_k,
    proportion,
)
from olympiad_ineq.limits import Limit, run_limited
from olympiad_ineq.proof import grade_text
from olympiad_ineq.records import (
    GRADES,
    TECHNIQUES,
    Example,
    Grade,
    Json,
    Judgement,
    Opinion,
    Prediction,
    Problem,
)

REASON_LENGTH = 600
OUTCOMES = (*GRADES, "truncated")
CHECKER = ("kernel", "language", "proof")  # the code that a verdict depends on


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
    _require_matched(test, predictions)
    examples = {example.id: example for example in test}
    place = {example.id: number for number, example in enumerate(test)}
    answers = sorted(predictions, key=lambda answer: (answer.sample, place[answer.id]))
    whole = [answer for answer in answers if answer.finish == "stop"]
    outcomes = run_limited(
        grader,
        [(examples[answer.id].problem, answer.text) for answer in whole],
        seconds=seconds,
        memory_mb=memory_mb,
        workers=workers,
    )
    bar = tqdm(outcomes, total=len(whole), desc="judge", unit="proof", disable=None)
    graded = {
        (answer.id, answer.sample): Graded("limit", outcome.reason)
        if isinstance(outcome, Limit)
        else outcome
        for answer, outcome in zip(whole, bar, strict=True)
    }
    return [
        _judgement(examples[answer.id], answer, graded.get((answer.id, answer.sample)))
        for answer in answers
    ]


def with_opinions(judgements: Sequence[Judgement], opinions: Sequence[Opinion]) -> list[Judgement]:
    """The judgements of greedy answers with a judging model's opinion beside the checker's verdict.

    Raises:
        UserError: opinions and judgements are not about the same problems.
    """
    greedy = [judgement.id for judgement in judgements if judgement.sample == 0]
    require_same_ids("judgements", greedy, "opinions", [opinion.id for opinion in opinions])
    said = {opinion.id: opinion for opinion in opinions}
    return [
        judgement
        if judgement.sample
        else judgement.model_copy(update={"opinion": said[judgement.id]})
        for judgement in judgements
    ]


def _judgement(example: Example, answer: Prediction, graded: Graded | None) -> Judgement:
    if graded is None:
        tokens = answer.completion_tokens
        graded = Graded("limit", f"the answer was cut off after {tokens} tokens, before its end")
    return Judgement(
        id=example.id,
        run=answer.run,
        sample=answer.sample,
        grade=graded.grade,
        reason=graded.reason[:REASON_LENGTH],
        step=graded.step,
        truncated=answer.finish == "length",
        technique=example.technique,
        difficulty=example.difficulty,
        family=example.family,
    )


def _require_matched(test: Sequence[Example], answers: Sequence[Prediction]) -> None:
    """Refuse answers that are not of one run, one to a test problem in every sample."""
    by_sample: dict[int, list[str]] = {0: []}
    for answer in answers:
        by_sample.setdefault(answer.sample, []).append(answer.id)
    for ids in by_sample.values():
        require_same_ids("test problems", [example.id for example in test], "predictions", ids)
    runs = sorted({answer.run for answer in answers})
    if len(runs) > 1:
        raise UserError(
            f"predictions of runs {', '.join(runs)}",
            "one file of predictions belongs to one run",
            "delete the predictions and run the same command again",
        )


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
    audit: Mapping[str, Any] | None = None,
    checker: str | None = None,
) -> Json:
    """Count judgements into the content of results/eval/<run>.json.

    Args:
        manifest: of the predictions; says which model answered, how it was asked, how long it took.
        reference: judgements of the run to compare with, on the same problems.
        audit: the content of results/eval/judge_audit.json; without it no rate is corrected.
        checker: digest of the checker's code, from the judgements' manifest.

    Raises:
        UserError: judgements, predictions and reference are not about the same problems and run.
    """
    _require_run(run, "predictions", {p.run for p in predictions})
    _require_run(run, "judgements", {j.run for j in judgements})
    said = [f"{p.id}, sample {p.sample}" for p in predictions]
    found = [f"{j.id}, sample {j.sample}" for j in judgements]
    require_same_ids("predictions", said, "judgements", found)
    greedy = [judgement for judgement in judgements if judgement.sample == 0]
    result: Json = {
        "run": run,
        "n": len(greedy),
        "confidence": confidence,
        "proved": _proved(greedy, confidence),
    }
    judged = _judged(greedy, confidence)
    if judged is not None:
        result["judged"] = judged
        if audit is not None:
            result["corrected"] = _corrected(judged, audit, confidence)
    result["headline"] = _headline(result, audit)
    if reference is not None:
        compared = [judgement for judgement in reference if judgement.sample == 0]
        result["paired"] = _paired(greedy, compared, confidence)
    if len(greedy) < len(judgements):
        result["pass_at_k"] = _pass_at_k(judgements, confidence)
    return result | {
        **_groups(greedy, confidence),
        "judge": _judge(judged is not None, checker),
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


def _proved(judgements: Sequence[Judgement], confidence: float) -> Json:
    """The checker's count, with an interval over answers and one over families."""
    families: dict[str, list[bool]] = {}
    for judgement in judgements:
        families.setdefault(judgement.family, []).append(is_proved(judgement))
    counts = [(sum(rows), len(rows)) for rows in families.values()]
    return {
        **rate(sum(map(is_proved, judgements)), len(judgements), confidence),
        "families": len(families),
        "interval_by_family": list(clustered(counts, confidence)),
    }


def _groups(judgements: Sequence[Judgement], confidence: float) -> Json:
    """The answers by outcome, technique and difficulty."""
    grades = Counter(outcome_of(judgement) for judgement in judgements)
    return {
        "truncated": rate(grades["truncated"], len(judgements), confidence),
        "grades": {name: grades[name] for name in OUTCOMES},
        "by_technique": _by(judgements, lambda j: j.technique, TECHNIQUES, confidence),
        "by_difficulty": _by(judgements, lambda j: str(j.difficulty), "1234", confidence),
    }


def _judge(model: bool, checker: str | None) -> Json:
    """Who judged, in words, and the digest of the checker's code."""
    opinion = "a model's opinion is in judged" if model else "no model judged it"
    accepted = "an answer counts as proved only if the checker accepts every step and the goal"
    kind = "checker and model" if model else "checker"
    return {"kind": kind, "says": f"{accepted}; {opinion}", "code": checker}


def _headline(result: Json, audit: Mapping[str, Any] | None) -> Json:
    """Which of the rates carries the result, and why."""
    if "judged" not in result:
        return {"by": "proved", "because": "the checker is the judge"}
    model = audit.get("model") if audit else None
    if model is None:
        return {"by": "proved", "because": "the judging model was not audited"}
    if not model["believed"] or result["corrected"]["rate"] is None:
        return {"by": "proved", "because": f"the judge is not to be believed: {model['because']}"}
    return {"by": "corrected", "because": f"the judge may be believed: {model['because']}"}


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


def _judged(judgements: Sequence[Judgement], confidence: float) -> Json | None:
    """The judging model's accepted answers, of those that it gave a readable opinion on.

    `agreement` is the confusion table of checker and judge: rows are the checker's outcomes.
    """
    opinions = [j.opinion for j in judgements if j.opinion is not None]
    if not opinions:
        return None
    outcomes = Counter(opinion.outcome for opinion in opinions)
    settled = sum(bool(opinion.settled) for opinion in opinions)
    scored = outcomes["accepted"] + outcomes["rejected"]
    table: dict[str, dict[str, int]] = {}
    for judgement in judgements:
        if judgement.opinion is not None:
            row = table.setdefault(
                outcome_of(judgement), dict.fromkeys(("accepted", "rejected", "unscored"), 0)
            )
            row[judgement.opinion.outcome] += 1
    return {
        "n": scored,
        **rate(outcomes["accepted"], scored, confidence),
        "settled": settled,
        "unscored": outcomes["unscored"],
        "accepted_and_proved": table.get("proved", {}).get("accepted", 0),
        "agreement": {name: table[name] for name in OUTCOMES if name in table},
    }


def _corrected(judged: Json, audit: Mapping[str, Any], confidence: float) -> Json:
    """The judged rate with the judge's measured errors taken out of it."""
    method = (
        "Rogan-Gladen (1978), interval of Lang and Reiczigel (2014); answers settled without the "
        "judge count as wrong"
    )
    model = audit.get("model")
    found = None
    if model is not None:
        said = Audited(**model["counts"])
        accepted, settled = judged["count"], judged["settled"]
        found = corrected(accepted, judged["n"] - accepted - settled, settled, said, confidence)
    if found is None:
        nothing = {"count": None, "rate": None, "interval": [0.0, 1.0]}
        return {"n": judged["n"], **nothing, "method": method}
    value, ends = found
    return {
        "n": judged["n"],
        "count": value * judged["n"],
        "rate": value,
        "interval": list(ends),
        "method": method,
    }


def _pass_at_k(judgements: Sequence[Judgement], confidence: float) -> Json:
    """The chance that one of k drawn answers is proved, for powers of two up to their number."""
    right: dict[str, int] = {}
    drawn: Counter[str] = Counter()
    for judgement in judgements:
        if judgement.sample:
            drawn[judgement.id] += 1
            right[judgement.id] = right.get(judgement.id, 0) + is_proved(judgement)
    count = min(drawn.values())
    sizes = sorted({*(2**i for i in range(count.bit_length())), count})
    rates = {k: [pass_at_k(drawn[key], right[key], k) for key in drawn] for k in sizes}
    return {
        "n": len(drawn),
        "samples": count,
        "method": "unbiased estimator of Chen et al. (2021), Student's interval over problems",
        "k": {
            str(k): {"rate": fsum(found) / len(found), "interval": list(mean(found, confidence))}
            for k, found in rates.items()
        },
    }


def _paired(ours: Sequence[Judgement], theirs: Sequence[Judgement], confidence: float) -> Json:
    require_same_ids(
        "judgements", [j.id for j in ours], "reference judgements", [j.id for j in theirs]
    )
    before = {judgement.id: is_proved(judgement) for judgement in theirs}
    pairs = [(j, before[j.id], is_proved(j)) for j in ours]
    whole = compare([(was, now) for _, was, now in pairs], confidence)
    families: dict[str, list[int]] = {}
    for judgement, was, now in pairs:
        families.setdefault(judgement.family, []).append(now - was)
    groups: dict[str, list[tuple[bool, bool]]] = {}
    for judgement, was, now in pairs:
        for name in (judgement.technique, f"difficulty {judgement.difficulty}"):
            groups.setdefault(name, []).append((was, now))
    order = [*TECHNIQUES, *(f"difficulty {level}" for level in "1234")]
    named = {name: compare(groups[name], confidence) for name in order if name in groups}
    for found, p in zip(named.values(), holm([f["p"] for f in named.values()]), strict=True):
        found["p_holm"] = p
    differ = (whole["gained"] + whole["lost"]) / len(pairs) if pairs else 0.0
    return {
        "against": min((judgement.run for judgement in theirs), default=None),
        "test": "mcnemar",
        **whole,
        "interval_by_family": list(
            clustered_mean([(sum(rows), len(rows)) for rows in families.values()], confidence)
        ),
        "detectable": {
            "difference": detectable(len(pairs), differ, confidence),
            "power": 0.8,
            "discordant": differ,
        },
        "multiple_comparisons": "holm",
        "groups": named,
    }


def compare(pairs: Sequence[tuple[bool, bool]], confidence: float) -> Json:
    """The same problems before and after: counts, exact McNemar p, difference with interval."""
    cells = Counter(pairs)
    counts = PairedCounts(
        both=cells[True, True],
        gained=cells[False, True],
        lost=cells[True, False],
        neither=cells[False, False],
    )
    return {
        "n": counts.n,
        "p": mcnemar(counts.gained, counts.lost),
        **counts._asdict(),
        "difference": (counts.gained - counts.lost) / counts.n if counts.n else None,
        "interval": list(paired_difference(counts, confidence)),
    }
