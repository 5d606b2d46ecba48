"""What the page is made of: every test problem with both answers and judgements, counts."""

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from olympiad_ineq import artifacts
from olympiad_ineq.errors import UserError, from_os_error
from olympiad_ineq.eval.score import require_same_ids
from olympiad_ineq.records import GRADES, Example, Json, Judgement, Prediction, Verdict
from olympiad_ineq.report.costs import Cost, costs


@dataclass(frozen=True)
class Answer:
    """What one model answered to one problem, and what the checker said."""

    prediction: Prediction
    judgement: Judgement


@dataclass(frozen=True)
class Row:
    """One test problem."""

    example: Example
    baseline: Answer
    final: Answer


@dataclass(frozen=True)
class LossPoint:
    """One entry of the training curve."""

    step: int
    tokens: int
    loss: float


@dataclass(frozen=True)
class Funnel:
    """How candidates became examples."""

    candidates: int
    grades: dict[str, int]
    admitted: int
    distinct: int
    train: int
    test: int


@dataclass(frozen=True)
class Report:
    """All that the page shows."""

    baseline: Json
    final: Json
    rows: list[Row]
    train: Counter[tuple[str, int]]
    funnel: Funnel
    curve: list[LossPoint]
    training: Json | None
    audit: Json | None = None
    controls: Json | None = None
    classics: tuple[Json, Json] | None = None
    costs: tuple[Cost, ...] = ()
    learning: Json | None = None


@dataclass(frozen=True)
class Paths:
    """The artifacts that a report is made from."""

    baseline_judgements: Path
    final_judgements: Path
    baseline_predictions: Path
    final_predictions: Path
    test: Path
    train: Path
    verdicts: Path
    loss: Path


@dataclass(frozen=True)
class Extras:
    """What a report shows where a run has it."""

    audit: Path | None = None
    controls: Path | None = None
    classics_baseline: Path | None = None
    classics_final: Path | None = None
    learning: Path | None = None


def load(baseline: Json, final: Json, paths: Paths, extras: Extras | None = None) -> Report:
    """Read the artifacts and put together what belongs together.

    Raises:
        UserError: an artifact is missing or damaged, or they are not about the same problems.
    """
    extras = extras or Extras()
    test = artifacts.read_parquet(paths.test, Example)
    train = artifacts.read_parquet(paths.train, Example)
    first = _answers(test, paths.baseline_predictions, paths.baseline_judgements)
    second = _answers(test, paths.final_predictions, paths.final_judgements)
    return Report(
        baseline=baseline,
        final=final,
        rows=[Row(example, first[example.id], second[example.id]) for example in test],
        train=Counter((example.technique, example.difficulty) for example in train),
        funnel=_funnel(paths.verdicts, train, test),
        curve=_curve(paths.loss),
        training=_training(final),
        audit=_result(extras.audit),
        controls=_result(extras.controls),
        classics=_classics(extras),
        learning=_result(extras.learning),
        costs=tuple(costs(_stages(final, paths, extras))),
    )


def _result(path: Path | None) -> Json | None:
    """A JSON result, where one was made.

    Raises:
        UserError: there is none under that name, or it is damaged.
    """
    if path is None:
        return None
    found: Json = artifacts.read_json(path, f"delete it and run `snakemake {path}` again")
    return found


def _classics(extras: Extras) -> tuple[Json, Json] | None:
    first, second = _result(extras.classics_baseline), _result(extras.classics_final)
    return (first, second) if first is not None and second is not None else None


def _stages(final: Json, paths: Paths, extras: Extras) -> Iterator[tuple[str, Path]]:
    model = final.get("model")
    if isinstance(model, dict) and model.get("path"):
        yield "training", Path(model["path"])
    for run, predictions in (
        ("baseline", paths.baseline_predictions),
        ("final", paths.final_predictions),
    ):
        yield f"answers of {run}", predictions
        if "judged" in final:  # opinions of a judge that was taken out may still be there
            yield f"judge on {run}", predictions.with_name("opinions.jsonl")
    if extras.audit and "judged" in final:
        yield "judge on the audit set", extras.audit.with_suffix("") / "opinions.jsonl"


def _answers(test: Sequence[Example], predictions: Path, judgements: Path) -> dict[str, Answer]:
    said = list(artifacts.read_jsonl(predictions, Prediction))
    found = list(artifacts.read_jsonl(judgements, Judgement))
    ids = [example.id for example in test]
    require_same_ids("test problems", ids, str(predictions), [p.id for p in said])
    require_same_ids("test problems", ids, str(judgements), [j.id for j in found])
    by_id = {judgement.id: judgement for judgement in found}
    return {p.id: Answer(p, by_id[p.id]) for p in said}


def _training(final: Json) -> Json | None:
    """The manifest beside the tuned model's folder, where there is one: the page says more then."""
    model = final.get("model")
    folder = model.get("path") if isinstance(model, dict) else None
    if not folder:
        return None
    path = Path(folder)
    try:
        found = json.loads(path.with_name(path.name + ".manifest.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _funnel(verdicts: Path, train: Sequence[Example], test: Sequence[Example]) -> Funnel:
    grades: Counter[str] = Counter()
    keys: dict[str, set[str]] = {grade: set() for grade in GRADES}
    for verdict in artifacts.read_jsonl(verdicts, Verdict):
        grades[verdict.grade] += 1
        keys[verdict.grade].add(verdict.canonical_key or verdict.id)
    admitted = {example.grade for example in (*train, *test)}
    return Funnel(
        candidates=sum(grades.values()),
        grades={grade: grades[grade] for grade in GRADES},
        admitted=sum(grades[grade] for grade in admitted),
        distinct=len(set().union(*(keys[grade] for grade in admitted))),
        train=len(train),
        test=len(test),
    )


def _curve(path: Path) -> list[LossPoint]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        points = [LossPoint(int(e["step"]), int(e["tokens"]), float(e["loss"])) for e in entries]
    except OSError as error:
        raise from_os_error(error, path) from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            str(path),
            "not a training curve (a list of step, tokens, loss)",
            "delete it and run the same command again",
        ) from error
    return [point for point in points if math.isfinite(point.loss)]
