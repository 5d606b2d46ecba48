"""What to change when a training has run out of memory, by the planner's arithmetic."""

from collections.abc import Iterator
from pathlib import Path

from olympiad_ineq.errors import UserError
from olympiad_ineq.planner.hardware import GIB
from olympiad_ineq.planner.memory import training
from olympiad_ineq.planner.shapes import Shape, from_config
from olympiad_ineq.settings import Train
from olympiad_ineq.train import machine


def error(settings: Train, base_model: Path) -> UserError:
    """One line: what was set, and the largest smaller setting with what it is planned to take."""
    now = settings.micro_batch_size or settings.batch_size
    shape = _shape(base_model)
    for changes, words in _smaller(settings, now):
        planned = ""
        if shape is not None:
            takes = _gib(shape, settings.model_copy(update=changes))
            planned = f" (planned: {takes:.1f} GiB instead of {_gib(shape, settings):.1f})"
        return UserError(f"train.micro_batch_size = {now}", "memory ran out", words + planned)
    return UserError(
        f"train.micro_batch_size = {now}", "memory ran out",
        "lower train.max_length, or use a machine with more memory",
    )  # fmt: skip


def _smaller(settings: Train, now: int) -> Iterator[tuple[dict[str, object], str]]:
    rows = [size for size in range(now - 1, 0, -1) if settings.batch_size % size == 0]
    if rows:
        yield {"micro_batch_size": rows[0]}, f"set train.micro_batch_size to {rows[0]}"
    if not settings.gradient_checkpointing:
        yield {"gradient_checkpointing": True}, "set train.gradient_checkpointing to true"


def _gib(shape: Shape, settings: Train) -> float:
    """What a step on the longest rows takes, every token a target."""
    import torch

    cpu = not torch.cuda.is_available()
    rows = settings.micro_batch_size or settings.batch_size
    tokens = rows * min(settings.max_length, shape.context)
    workers = min(machine.cores(), settings.batch_size) if cpu else 1
    shares = max(workers, settings.batch_size // rows)
    if cpu and settings.micro_batch_size is None:
        tokens //= workers
    return training(
        shape, tokens=tokens, targets=tokens, shares=shares, workers=workers,
        product_bytes=4 if settings.precision == "fp32" else 2,
        checkpointing=settings.gradient_checkpointing, cpu=cpu,
    ).total / GIB  # fmt: skip


def _shape(base_model: Path) -> Shape | None:
    """The student's shape, or None for an architecture that the planner does not know."""
    import json

    try:
        config = json.loads((base_model / "config.json").read_text(encoding="utf-8"))
        return from_config(config, str(base_model))
    except (OSError, ValueError, KeyError, UserError):
        return None
