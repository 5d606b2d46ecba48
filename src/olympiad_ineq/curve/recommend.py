"""From scored runs to a recommendation: scale the data up, or stop; and tables of sweeps."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from olympiad_ineq.curve.fit import Estimate, Fit, Point, fit
from olympiad_ineq.errors import UserError, from_os_error
from olympiad_ineq.eval.statistics import proportion
from olympiad_ineq.records import Json
from olympiad_ineq.settings import Curve

# Less than this is nothing: the fit's grid is not finer.
NOTHING = 1e-3


@dataclass(frozen=True)
class Scored:
    """One training and its score. `hours` is GPU-hours where it ran on GPUs, else machine-hours."""

    run: str
    examples: int
    tokens: int
    loss: float
    proved: int
    n: int
    hours: float
    on_gpu: bool


def read(scores: Path, manifest: Path) -> Scored:
    """Put a run's scores and its training's manifest together.

    Raises:
        UserError: one of the two is missing or is not what it should be.
    """
    path = scores
    try:
        score = json.loads(scores.read_text(encoding="utf-8"))
        path = manifest
        made = json.loads(manifest.read_text(encoding="utf-8"))
        gpus = len(made["hardware"]["gpus"])
        return Scored(
            run=score["run"], examples=made["examples"]["used"], tokens=made["tokens"],
            loss=made["loss"]["last"], proved=score["proved"]["count"], n=score["n"],
            hours=made["wall_seconds"] / 3600 * max(gpus, 1), on_gpu=gpus > 0,
        )  # fmt: skip
    except OSError as error:
        raise from_os_error(error, path) from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            str(path), "not what a scored training leaves", "delete it and run the command again"
        ) from error


def recommend(
    runs: Sequence[Scored], settings: Curve, confidence: float, data_hours: float = 0.0
) -> tuple[Json, Fit]:
    """Whether twice the data are worth it: what they are expected to add, and what they cost.

    `scale up` needs both an expected gain of `settings.worth` and an interval without 0.

    Args:
        data_hours: what making the data at hand took; as much again makes twice as many.
    """
    found = fit([Point(run.examples, run.proved, run.n) for run in runs], confidence)
    enough = found.gain.value >= settings.worth
    certain = found.gain.low > NOTHING
    gain = f"{100 * found.gain.value:.1f} points [{_range(found.gain)}]"
    if enough and certain:
        reason = f"twice the data are expected to add {gain} to the rate"
    elif enough:
        reason = f"twice the data may add {gain}, but no gain is as likely: more seeds would tell"
    else:
        reason = f"twice the data are expected to add {gain}, less than curve.worth"
    largest = [run for run in runs if run.examples == found.largest]
    training = 2 * sum(run.hours for run in largest) / len(largest)
    return {
        "decision": "scale up" if enough and certain else "stop",
        "reason": reason,
        "worth": settings.worth,
        "confidence": confidence,
        "now": {"examples": found.largest, **_json("rate", found.end)},
        "doubled": {"examples": 2 * found.largest, **_json("gain", found.gain)},
        "cost": {
            "unit": "GPU-hours" if any(run.on_gpu for run in runs) else "machine-hours",
            "training": round(training, 3),
            "data": round(data_hours, 3),
            "of": "one training on twice the data, and making as many candidates again",
        },
        "curve": {
            "shape": "ceiling / (1 + (examples / half)^-slope)",
            "smallest": {"examples": found.smallest, **_json("rate", found.start)},
            "ceiling": _json("rate", found.ceiling),
            "scatter": round(found.scatter, 3),
        },
        "points": table(runs, confidence),
    }, found


def table(runs: Sequence[Scored], confidence: float) -> list[Json]:
    """One line a run."""
    return [
        {
            "run": run.run, "examples": run.examples, "tokens": run.tokens,
            "loss": run.loss, "proved": run.proved, "n": run.n,
            "rate": round(run.proved / run.n, 4) if run.n else None,
            "interval": [round(end, 4) for end in proportion(run.proved, run.n, confidence)],
            "hours": round(run.hours, 4),
        }
        for run in runs
    ]  # fmt: skip


def data_hours(manifests: Sequence[Path], gpus: int) -> float:
    """Hours that the sources of candidates took, by their manifests; those without one count 0."""
    seconds = 0.0
    for path in manifests:
        try:
            seconds += float(json.loads(path.read_text(encoding="utf-8"))["wall_seconds"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return seconds / 3600 * max(gpus, 1)


def _json(name: str, estimate: Estimate) -> Json:
    return {
        name: round(estimate.value, 4),
        "interval": [round(estimate.low, 4), round(estimate.high, 4)],
    }


def _range(estimate: Estimate) -> str:
    return f"{100 * estimate.low:.1f}, {100 * estimate.high:.1f}"
