"""The loss curve: as data for the report, and as a picture."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from olympiad_ineq.artifacts import atomic_path, write_json

Point = dict[str, float]


def points(history: Sequence[Mapping[str, Any]]) -> list[Point]:
    """One entry a step, from the trainer's log. Tokens count all that the student has read.

    A step after which the validation loss was measured says it as `validation`.
    """
    measured = {entry["step"]: entry["eval_loss"] for entry in history if "eval_loss" in entry}
    return [
        {
            "step": entry["step"],
            "tokens": entry["num_input_tokens_seen"],
            "loss": entry["loss"],
            "learning_rate": entry["learning_rate"],
            "gradient_norm": entry["grad_norm"],
            "tokens_per_second": entry.get("tokens_per_second", 0.0),
            **({"validation": measured[entry["step"]]} if entry["step"] in measured else {}),
        }
        for entry in history
        if "loss" in entry
    ]


def write(curve: Sequence[Point], data: Path, picture: Path | None) -> None:
    """Write the curve as JSON, and as a picture in the format that the picture's name asks for."""
    write_json(data, list(curve))
    if picture is not None:
        _draw(curve, picture)


def _draw(curve: Sequence[Point], path: Path) -> None:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.hashsalt": "loss"}):  # the same curve gives the same bytes
        figure = Figure(figsize=(7, 4), layout="constrained")
        axes = figure.add_subplot()
        tokens = [point["tokens"] for point in curve]
        losses = [point["loss"] for point in curve]
        axes.plot(tokens, losses, color="0.75", linewidth=0.8, label="each step")
        axes.plot(tokens, _smooth(losses), color="C0", label="running mean")
        measured = [(p["tokens"], p["validation"]) for p in curve if "validation" in p]
        if measured:
            axes.plot(*zip(*measured, strict=True), "o-", color="C1", markersize=3,
                      label="validation")  # fmt: skip
        axes.set(xlabel="tokens read", ylabel="loss per completion token", ylim=(0, None))
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
        kind = path.suffix.removeprefix(".") or "svg"
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, metadata={"Date": None} if kind == "svg" else None)
    with atomic_path(path) as temporary:
        temporary.write_bytes(buffer.getvalue())


def _smooth(values: Sequence[float], keep: float = 0.9) -> list[float]:
    """An exponential running mean without the pull of its start."""
    smoothed, mean, weight = [], 0.0, 0.0
    for value in values:
        mean = keep * mean + (1 - keep) * value
        weight = keep * weight + (1 - keep)
        smoothed.append(mean / weight)
    return smoothed
