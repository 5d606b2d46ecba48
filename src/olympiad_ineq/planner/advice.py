"""What to change where a stage cannot run: every advice has been planned again, and fits."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from olympiad_ineq.errors import UserError
from olympiad_ineq.planner.hardware import table
from olympiad_ineq.planner.stages import Device, Stage, loads, stage
from olympiad_ineq.settings import Settings, load

SECTION = {
    "data_gen_model": "data_gen.teacher.model",
    "verify_model": "verify.verifier.model",
    "judge": "eval.judge.model",
}


def advice(settings: Settings, failed: Stage, device: Device, results: Path) -> str:
    """The first change that makes this stage fit, or that none of those known does."""
    for words, changes in _changes(settings, failed):
        try:
            again = stage(_changed(settings, changes), failed.name, device, results)
        except UserError:
            continue
        if again.verdict == "fits":
            return words + _proof(again)
    for gpu in sorted(table().values(), key=lambda g: g.gib):
        if not device.cpu and gpu.gib > device.gpu.gib:
            again = stage(settings, failed.name, Device(gpu, device.count), results)
            if again.verdict == "fits":
                return f"use a GPU with more memory: plan.gpu={gpu.key}" + _proof(again)
    return "none of the changes known here makes it fit: use a smaller model"


def _proof(again: Stage) -> str:
    if again.sequences is not None:
        return f", {again.sequences} sequences"
    return f", {again.needs:.1f} of {again.has:.1f} GiB"


def _changes(settings: Settings, failed: Stage) -> Iterator[tuple[str, dict[str, Any]]]:
    if failed.name == "train":
        yield from _training(settings)
        return
    section = SECTION.get(failed.name.split()[0])
    if section is None:
        return
    model = loads(settings)[failed.name][0]
    if model.quantization is None:
        yield "use quantization: fp8", {f"{section}.quantization": "fp8"}
    else:
        yield "drop quantization", {f"{section}.quantization": None}
    for parallel in (2 * model.tensor_parallel, 4 * model.tensor_parallel):
        yield f"use tensor_parallel: {parallel}", {f"{section}.tensor_parallel": parallel}
    length = model.max_model_len
    while length and length > 1024:
        length //= 2
        yield f"use max_model_len: {length}", {f"{section}.max_model_len": length}


def _training(settings: Settings) -> Iterator[tuple[str, dict[str, Any]]]:
    batch = settings.train.batch_size
    now = settings.train.micro_batch_size or batch
    if not settings.train.gradient_checkpointing:
        key = "train.gradient_checkpointing"
        yield f"set {key}=true", {key: True}
    for rows in (n for n in range(now - 1, 0, -1) if batch % n == 0):
        yield f"set train.micro_batch_size={rows}", {"train.micro_batch_size": rows}
        both = {"train.micro_batch_size": rows, "train.gradient_checkpointing": True}
        yield f"set train.micro_batch_size={rows} train.gradient_checkpointing=true", both


def _changed(settings: Settings, changes: dict[str, Any]) -> Settings:
    values = settings.model_dump(mode="json")
    for dotted, value in changes.items():
        *above, last = dotted.split(".")
        section = values
        for part in above:
            section = section[part]
        section[last] = value
    return load(values)
