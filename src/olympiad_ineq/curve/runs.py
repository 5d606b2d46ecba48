"""Names of the trainings beside `final`, and what each of them trains with.

`curve_250_s1` is a quarter of the data (250 thousandths) with seed 1, `sweep_<name>` other
settings, `data_<set>` other rows.
"""

import re
from dataclasses import dataclass

from olympiad_ineq.settings import DataSet, Settings, Student, Train

CURVE, SWEEP, DATA = "curve", "sweep", "data"
_CURVE = re.compile(rf"{CURVE}_(\d+)_s(\d+)")


@dataclass(frozen=True)
class Part:
    """Which rows of the training side a run learns from."""

    seed: int
    share: float = 1.0
    rows: DataSet | None = None
    most: int | None = None


def pattern(settings: Settings) -> str:
    """A regular expression for the names of all runs that are trained."""
    named = [*names(settings, SWEEP), *names(settings, DATA)]
    return "|".join(["final", _CURVE.pattern.replace("(", "").replace(")", ""), *named])


def names(settings: Settings, kind: str) -> list[str]:
    """The runs of one kind that the config asks for."""
    if kind == CURVE:
        curve = settings.curve
        return [f"{CURVE}_{round(1000 * s)}_s{seed}" for s in curve.shares for seed in curve.seeds]
    if kind == SWEEP:
        return [f"{SWEEP}_{name}" for name in settings.sweep]
    return [f"{DATA}_{name}" for name in settings.ablation.sets]


def part(settings: Settings, run: str) -> Part | None:
    """The rows of a run; None: the whole training side."""
    found = _CURVE.fullmatch(run)
    if found:
        return Part(seed=int(found[2]), share=int(found[1]) / 1000)
    kind, _, name = run.partition("_")
    if kind == DATA and name in settings.ablation.sets:
        return Part(settings.seed, rows=name, most=settings.ablation.rows)  # type: ignore[arg-type]
    return None


def part_arguments(settings: Settings, run: str) -> str:
    """What `train_part.py` is called with for a run that has rows of its own."""
    rows = part(settings, run)
    assert rows is not None, run
    return (
        f"--seed {rows.seed} --share {rows.share}"
        + (f" --rows {rows.rows}" if rows.rows else "")
        + (f" --most {rows.most}" if rows.most else "")
    )


def seed(settings: Settings, run: str) -> int:
    """The seed of a run's order of rows."""
    found = _CURVE.fullmatch(run)
    return int(found[2]) if found else settings.seed


def training(settings: Settings, run: str) -> Train:
    """The train section of a run."""
    kind, _, name = run.partition("_")
    if kind != SWEEP or name not in settings.sweep:
        return settings.train
    changes = settings.sweep[name].model_dump(exclude_none=True)
    return Train.model_validate({**settings.train.model_dump(), **changes})


def own_student(settings: Settings, run: str) -> Student | None:
    """The student of a run that names one of its own; None: the run starts from `baseline`."""
    kind, _, name = run.partition("_")
    return settings.sweep[name].student if kind == SWEEP and name in settings.sweep else None
