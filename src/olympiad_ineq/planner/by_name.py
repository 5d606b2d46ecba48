"""Trainings that are asked for by name: what learning curve, sweep and data ablation take.

No part of the default run, so no part of its sums: each is a group of its own with the command that
asks for it. Its runs are planned one by one, as the main run's `final` is, and shown together where
they differ in nothing but time.
"""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from olympiad_ineq.curve import runs
from olympiad_ineq.planner.advice import advice
from olympiad_ineq.planner.stages import Device, Stage, stage
from olympiad_ineq.settings import Settings

COMMANDS = {
    runs.CURVE: "snakemake results/curve/recommendation.json",
    runs.SWEEP: "snakemake results/curve/sweep.json",
    runs.DATA: "snakemake results/curve/data.json",
}


@dataclass(frozen=True)
class Group:
    """All trainings of one kind, with what answers and judges them."""

    kind: str
    command: str
    runs: int
    stages: tuple[Stage, ...]
    wall_hours: float

    @property
    def gpu_hours(self) -> float:
        """Over all runs."""
        return sum(stage.gpu_hours for stage in self.stages)

    @property
    def dollars(self) -> float:
        """For APIs, over all runs."""
        return sum(stage.dollars or 0.0 for stage in self.stages)

    @property
    def disk(self) -> float:
        """GiB of all trained models with what is kept to go on with."""
        return sum(stage.disk for stage in self.stages if stage.name.startswith("train"))

    @property
    def refused(self) -> list[Stage]:
        """Stages that cannot run, or of which nobody can say."""
        return [stage for stage in self.stages if stage.verdict in ("cannot", "unknown")]

    def as_json(self) -> dict[str, Any]:
        """Everything, for programs."""
        return {
            "command": self.command,
            "runs": self.runs,
            "fits": not self.refused,
            "stages": [
                {**asdict(s), "parts": dict(s.parts), "gpu_hours": round(s.gpu_hours, 2)}
                for s in self.stages
            ],
            "gpu_hours": round(self.gpu_hours, 2),
            "wall_hours": round(self.wall_hours, 2),
            "disk_gib": round(self.disk, 1),
            "dollars": round(self.dollars, 2),
        }


def groups(settings: Settings, device_of: Callable[[str], Device], results: Path) -> list[Group]:
    """What each kind of training takes that these settings describe.

    Args:
        device_of: the device of a stage, by the stage's name.
        results: where stages that have run before left their speed.
    """
    return [
        _group(settings, kind, names, device_of, results)
        for kind in COMMANDS
        if (names := runs.names(settings, kind))
    ]


def _group(
    settings: Settings,
    kind: str,
    names: list[str],
    device_of: Callable[[str], Device],
    results: Path,
) -> Group:
    planned = {name: _stages_of(settings, name, device_of, results) for name in names}
    chains = [sum(stage.hours for stage in found.values()) for found in planned.values()]
    on_gpus = not device_of("train").cpu
    return Group(
        kind, COMMANDS[kind], len(names), tuple(_folded(kind, planned)),
        _side_by_side(chains, settings.plan.gpus if on_gpus else 1),
    )  # fmt: skip


def _stages_of(
    settings: Settings, run: str, device_of: Callable[[str], Device], results: Path
) -> dict[str, Stage]:
    """The stages of one run: planned as `final` is, with the run's own training and rows."""
    own = settings.model_copy(
        update={
            "train": runs.training(settings, run),
            "split": settings.split.model_copy(update={"train": _rows(settings, run)}),
        }
    )
    found = {}
    for name in ("train", "predict final", *(("judge final",) if settings.eval.judge else ())):
        planned = stage(own, name, device_of(name), results)
        if planned.verdict in ("slow", "cannot"):
            said = advice(own, planned, device_of(name), results)
            planned = replace(planned, advice=_own_words(said, run))
        found[name.split()[0]] = planned
    return found


def _rows(settings: Settings, run: str) -> int:
    """Examples that a run learns from; of an ablation's sets, the most that they can have."""
    part = runs.part(settings, run)
    if part is None:
        return settings.split.train
    share = max(1, round(part.share * settings.split.train))
    return min(share, part.most) if part.most else share


def _own_words(said: str, run: str) -> str:
    kind, _, name = run.partition("_")
    key = "train.micro_batch_size"
    return said.replace(key, f"sweep.{name}.micro_batch_size") if kind == runs.SWEEP else said


def _folded(kind: str, planned: Mapping[str, Mapping[str, Stage]]) -> list[Stage]:
    """One line for all runs whose stage differs in nothing but tokens, time and dollars."""
    lines: dict[tuple[Any, ...], list[tuple[str, Stage]]] = {}
    for step in ("train", "predict", "judge"):
        for run, found in planned.items():
            if step in found:
                one = found[step]
                alike = (step, one.model, one.device, one.verdict, one.needs, one.sequences)
                lines.setdefault(alike, []).append((run, one))
    return [
        replace(
            members[0][1],
            name=f"{step} {kind if len(members) == len(planned) else _named(members)}",
            tokens=sum(one.tokens for _, one in members),
            jobs=sum(one.jobs for _, one in members),
            hours=sum(one.hours for _, one in members),
            dollars=_sum([one.dollars for _, one in members]),
            advice="; ".join(dict.fromkeys(one.advice for _, one in members)),
            disk=sum(one.disk for _, one in members) if step == "train" else members[0][1].disk,
        )
        for (step, *_), members in lines.items()
    ]


def _sum(dollars: list[float | None]) -> float | None:
    known = [cost for cost in dollars if cost is not None]
    return round(sum(known), 2) if len(known) == len(dollars) else None


def _named(members: list[tuple[str, Stage]]) -> str:
    return ", ".join(run for run, _ in members)


def _side_by_side(chains: list[float], places: int) -> float:
    """Hours until the last is done, the longest first, each on the place that is free first."""
    free = [0.0] * min(places, len(chains))
    for hours in sorted(chains, reverse=True):
        heapq.heappush(free, heapq.heappop(free) + hours)
    return max(free)
