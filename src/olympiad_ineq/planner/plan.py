"""The whole plan: every stage, the time of the DAG, and what is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from olympiad_ineq.planner import work
from olympiad_ineq.planner.advice import advice
from olympiad_ineq.planner.by_name import Group, groups
from olympiad_ineq.planner.hardware import gpu, refine
from olympiad_ineq.planner.stages import Device, Stage, cpu_device, names, rule_of, stage
from olympiad_ineq.planner.wall import wall_hours
from olympiad_ineq.settings import Settings

REFUSED = 3  # the exit status of a plan in which something cannot run


@dataclass(frozen=True)
class Plan:
    """All stages and their sums. `wall_hours`: until the last stage is done, on the GPUs given.

    `by_name` holds the trainings that a command of their own asks for; no sum counts them.
    """

    stages: tuple[Stage, ...]
    gpus: int
    wall_hours: float
    by_name: tuple[Group, ...] = ()

    @property
    def refused(self) -> list[Stage]:
        """Stages of the run that cannot run, or of which nobody can say."""
        return [stage for stage in self.stages if stage.verdict in ("cannot", "unknown")]

    @property
    def unpriced(self) -> list[str]:
        """Models that cost money, and nobody says how much."""
        return sorted({stage.model for stage in self.stages if stage.dollars is None})

    @property
    def fits(self) -> bool:
        """Whether everything that the settings describe can run."""
        return not self.refused and not any(group.refused for group in self.by_name)

    def as_json(self) -> dict[str, Any]:
        """Everything, for programs."""
        return {
            "fits": self.fits,
            "stages": [
                {**asdict(s), "parts": dict(s.parts), "gpu_hours": round(s.gpu_hours, 2)}
                for s in self.stages
            ],
            "gpus": self.gpus,
            "gpu_hours": round(sum(s.gpu_hours for s in self.stages), 2),
            "wall_hours": round(self.wall_hours, 2),
            "dollars": round(sum(s.dollars or 0.0 for s in self.stages), 2),
            "unpriced": self.unpriced,
            "disk_gib": round(self.disk, 1),
            "by_name": {group.kind: group.as_json() for group in self.by_name},
            "assumptions": work.ASSUMPTIONS,
        }

    @property
    def disk(self) -> float:
        """GiB on disk, every model counted once."""
        models = {s.model: s.disk for s in self.stages}
        return sum(
            {**models, **{s.model: s.disk for s in self.stages if s.name == "train"}}.values()
        )


Granted = Mapping[str, tuple[str | None, int]]


def make_plan(
    settings: Settings, granted: Granted | None = None, results: Path = Path("results")
) -> Plan:
    """Plan a run.

    Args:
        granted: by rule, the GPU model and the number of GPUs that a profile asks the cluster for.
        results: where stages that have run before left their speed.

    Raises:
        UserError: a GPU is not known.
    """

    def device_of(name: str) -> Device:
        return _device(settings, (granted or {}).get(rule_of(name)))

    stages = []
    for name in names(settings):
        device = device_of(name)
        found = stage(settings, name, device, results)
        if found.verdict in ("slow", "cannot"):
            found = replace(found, advice=advice(settings, found, device, results))
        stages.append(found)
    gpus = settings.plan.gpus
    by_name = tuple(groups(settings, device_of, results))
    return Plan(tuple(stages), gpus, wall_hours(stages, gpus), by_name)


def _device(settings: Settings, grant: tuple[str | None, int] | None) -> Device:
    wanted = settings.plan.gpu
    if grant is not None and grant[0] is not None:
        return Device(refine(grant[0], wanted), grant[1])
    if wanted is None:
        return cpu_device()
    return Device(gpu(wanted), grant[1] if grant else None)


def text(plan: Plan) -> str:
    """The plan as a plain table, with the arithmetic of what is refused."""
    lines = [*_table(plan.stages), "", *(_parts(s) for s in plan.stages if s.parts), ""]
    total = plan.as_json()
    lines.append(
        f"{total['gpu_hours']:g} GPU-hours, {total['wall_hours']:g} hours of wall time "
        f"{_where(plan)}, {total['disk_gib']:g} GiB of disk, ${total['dollars']:.2f} for APIs"
    )
    for model in plan.unpriced:
        lines.append(f"without {model}: no price is known for {model}; fix: set its model.price")
    lines.append(f"assumed: {work.ASSUMPTIONS}")
    lines += _refusals(plan.stages)
    if plan.by_name:
        lines += ["", "asked for by name, and not in the sums above:", ""]
        lines += [*_table([s for group in plan.by_name for s in group.stages]), ""]
    for group in plan.by_name:
        lines.append(
            f"{group.command}: {group.runs} trainings, {group.gpu_hours:.2f} GPU-hours, "
            f"{group.wall_hours:.2f} hours of wall time, {group.disk:.1f} GiB of disk, "
            f"${group.dollars:.2f} for APIs"
        )
        lines += _refusals(group.stages)
    return "\n".join(lines)


def _where(plan: Plan) -> str:
    on_gpus = any(stage.device not in ("cpu", "api") for stage in plan.stages)
    return f"with {plan.gpus} GPUs" if on_gpus else "on this machine's CPU"


def _table(stages: Sequence[Stage]) -> list[str]:
    rows = [_HEAD, *(_row(s) for s in stages)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in rows]
    return [lines[0], "-" * len(lines[0]), *lines[1:]]


def _refusals(stages: Sequence[Stage]) -> list[str]:
    return [
        f"{s.name} {VERDICTS[s.verdict]}: {s.reason}; {s.advice}"
        for s in stages
        if s.verdict != "fits"
    ]


_HEAD = (
    "stage", "model", "jobs", "on", "GiB needed/has", "seqs", "tokens", "hours", "GPU-h", "$",
    "verdict",
)  # fmt: skip
VERDICTS = {"cannot": "cannot run", "slow": "is slow", "unknown": "cannot be planned"}


def _row(s: Stage) -> tuple[str, ...]:
    memory = f"{s.needs:.1f}/{s.has:.1f}" if s.parts else "-"
    where = f"{s.gpus} x {s.device}" if s.gpus > 1 else s.device
    return (
        s.name, s.model.rsplit("/", 1)[-1], str(s.jobs), where, memory,
        "-" if s.sequences is None else str(s.sequences), f"{s.tokens:,}", f"{s.hours:.2f}",
        f"{s.gpu_hours:.2f}", _cost(s), s.verdict,
    )  # fmt: skip


def _cost(s: Stage) -> str:
    if s.device != "api":
        return "-"
    return "?" if s.dollars is None else f"{s.dollars:.2f}"


def _parts(s: Stage) -> str:
    return f"{s.name}: " + ", ".join(f"{key} {value:.2f}" for key, value in s.parts.items())
