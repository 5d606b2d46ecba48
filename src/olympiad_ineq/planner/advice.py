"""What to change where a stage cannot run: every advice has been planned again, and fits."""

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from pathlib import Path
from typing import Any

from olympiad_ineq.errors import UserError
from olympiad_ineq.planner.hardware import refine, table
from olympiad_ineq.planner.stages import Device, Stage, loads, rule_of, stage
from olympiad_ineq.settings import Settings, load

SECTION = {
    "data_gen_model": "data_gen.teacher",
    "verify_model": "verify.verifier",
    "judge": "eval.judge",
}
TOGETHER = 3  # changes that are tried at once, at the most
UTILIZATION = 0.92  # of a GPU's memory that vLLM takes when nothing is said
SHORTEST = 256  # tokens of an answer that are still worth trying

# One thing to change: its name to people, and its values by dotted key of the config.
Change = tuple[str, dict[str, Any]]
Values = dict[str, Any]


def advice(settings: Settings, failed: Stage, device: Device, results: Path) -> str:
    """The smallest change that makes this stage fit, or that none of those known does."""
    if device.count == 0:
        return _more_gpus(settings, failed, device, results)
    training = failed.name == "train"
    for changes in _tries(_knobs(settings, failed, device)):
        values = {key: value for _, one in changes for key, value in one.items()}
        again = _again(settings, values, failed, device, results)
        if again is not None:
            words = [words for words, _ in changes]
            if training:
                return f"set {' '.join(words)}{_proof(again)}"
            return f"use {' and '.join(words)}{_proof(again)} ({_pasteable(values)})"
    return _other_device(settings, failed, device, results) or _NOTHING


_NOTHING = "none of the changes known here makes it fit: use a smaller model"


def _again(
    settings: Settings, values: Values, failed: Stage, device: Device, results: Path
) -> Stage | None:
    """The stage with these values, if it fits with them; so must all that they change with it."""
    parallel = next((n for key, n in values.items() if key.endswith(".tensor_parallel")), None)
    if device.count is not None and parallel:
        device = Device(device.gpu, parallel)
    try:
        changed = _changed(settings, values)
        predicting = failed.name.startswith("predict")
        alike = [n for n in loads(changed) if n.startswith("predict")] if predicting else []
        planned = [stage(changed, name, device, results) for name in (failed.name, *alike)]
    except UserError:
        return None
    return planned[0] if all(one.verdict == "fits" for one in planned) else None


def _pasteable(values: Values) -> str:
    shown = (f"{key}={'null' if value is None else value}" for key, value in values.items())
    return f"--config {' '.join(shown)}"


def _proof(again: Stage) -> str:
    if again.sequences is not None:
        return f", {again.sequences} sequences"
    return f", {again.needs:.1f} of {again.has:.1f} GiB"


def _tries(knobs: Sequence[Sequence[Change]]) -> Iterator[tuple[Change, ...]]:
    """One change alone, then two together, then three; each knob's values in their order."""
    for count in range(1, TOGETHER + 1):
        for chosen in combinations(knobs, count):
            yield from product(*chosen)


def _other_device(settings: Settings, failed: Stage, device: Device, results: Path) -> str | None:
    """Another number or model of GPUs, said where it is decided: in the profile or in plan.gpu."""
    if device.cpu:
        return None
    if device.count is not None and device.count != failed.gpus:
        asked = stage(settings, failed.name, Device(device.gpu, failed.gpus), results)
        if asked.verdict == "fits":
            return f"ask for {failed.gpus} GPUs in the profile" + _proof(asked)
    newer = "sm_" in failed.reason or "does not compute" in failed.reason
    for gpu in sorted(table().values(), key=lambda g: g.gib):
        if gpu.gib <= device.gpu.gib and not (newer and gpu.sm > device.gpu.sm):
            continue
        if device.gpu.bf16 and not gpu.bf16:  # nobody goes back to a V100
            continue
        other = Device(gpu, failed.gpus if device.count is not None else None)
        for change, values in _beside(settings, failed, other):
            again = _again(settings, values, failed, other, results)
            if again is None:
                continue
            better = "with more memory" if gpu.gib > device.gpu.gib else "of a newer kind"
            if device.count is None or refine(device.gpu.key, gpu.key) == gpu:
                return f"use a GPU {better}: plan.gpu={gpu.key}{change}" + _proof(again)
            number = f", {failed.gpus} of them," if device.count != failed.gpus else ""
            where = f"in the profile: {gpu.key}{change}"
            return f"ask for a GPU {better}{number} {where}" + _proof(again)
    return None


def _beside(settings: Settings, failed: Stage, device: Device) -> Iterator[Change]:
    """What may be changed with the GPU: nothing, then one thing of a training.

    With it a GPU of half the price may do.
    """
    yield "", {}
    if failed.name == "train":
        for words, values in (change for knob in _training(settings, device) for change in knob):
            yield f" and {words}", values


def _more_gpus(settings: Settings, failed: Stage, device: Device, results: Path) -> str:
    """For a stage to which the profile gives none: as many as it takes, then what else it wants."""
    rule, device = rule_of(failed.name), Device(device.gpu, failed.gpus)
    asked = f"ask for {failed.gpus} GPUs for {rule} in the profile"
    again = stage(settings, failed.name, device, results)
    if again.verdict == "fits":
        return asked + _proof(again)
    return f"{asked}; then: {advice(settings, again, device, results)}"


def _knobs(settings: Settings, failed: Stage, device: Device) -> list[list[Change]]:
    """What can be turned at this stage, the mildest first; each with its other values."""
    if failed.name == "train":
        return _training(settings, device)
    section = SECTION.get(failed.name.split()[0])
    if section is None:
        return _predicting(settings)
    model = loads(settings)[failed.name][0]

    def values(name: str, others: Sequence[Any]) -> list[Change]:
        """The values of a setting of the model, but for its own."""
        now = getattr(model, name)
        return [
            (f"{name}: {'null' if value is None else value}", {f"{section}.model.{name}": value})
            for value in others
            if value != now
        ]

    shorter = []
    length = model.max_model_len
    while length and length > 1024:
        length //= 2
        shorter.append(length)
    low, most = model.gpu_memory_utilization < UTILIZATION, settings.plan.gpus
    return [
        values("dtype", ["half"] if model.dtype == "bfloat16" and not device.gpu.bf16 else []),
        values("gpu_memory_utilization", [UTILIZATION] if low else []),
        values("quantization", ["fp8", None]),
        _parallel(f"{section}.model.tensor_parallel", model.tensor_parallel, device, most),
        values("max_model_len", [None, *shorter] if model.max_model_len else []),
        _answers(f"{section}.max_new_tokens", _value(settings, f"{section}.max_new_tokens")),
        [(f"plan.gpus: {failed.gpus}", {"plan.gpus": failed.gpus})] if failed.gpus > most else [],
    ]


def _parallel(key: str, now: int, device: Device, most: int) -> list[Change]:
    """Other numbers of GPUs, up to `most` in the run: more first, then fewer."""
    if device.count not in (None, now):  # the profile's own number
        return [(f"tensor_parallel: {device.count}", {key: device.count})]
    # an engine stays on one node (`nodes: 1` in the profile), and few have more than eight GPUs
    counts = [*(n for n in (2, 4, 8) if n > now), *(n for n in (8, 4, 2, 1) if n < now)]
    found = []
    for count in counts:
        too = "" if device.count is None else f" (with {count} GPUs in the profile)"
        if count <= most:
            found.append((f"tensor_parallel: {count}{too}", {key: count}))
    return found


def _predicting(settings: Settings) -> list[list[Change]]:
    shots = settings.eval.baseline.shots
    fewer = [(f"shots: {n}", {"eval.baseline.shots": n}) for n in range(shots)[::-1]]
    return [_answers("eval.max_new_tokens", settings.eval.max_new_tokens), fewer]


def _answers(key: str, now: int) -> list[Change]:
    """Answers half as long, a quarter as long, and so on."""
    found = []
    while now // 2 >= SHORTEST:
        now //= 2
        found.append((f"max_new_tokens: {now}", {key: now}))
    return found


def _training(settings: Settings, device: Device) -> list[list[Change]]:
    train = settings.train
    now = train.micro_batch_size or train.batch_size
    wrong = train.precision == "bf16" and not device.gpu.bf16
    parts = [n for n in range(now - 1, 0, -1) if train.batch_size % n == 0]
    found: list[tuple[str, list[Any]]] = [
        ("train.precision", ["auto"] if wrong else []),
        ("train.gradient_checkpointing", [] if train.gradient_checkpointing else [True]),
        ("train.micro_batch_size", parts),
    ]
    return [
        [(f"{key}={str(value).lower()}", {key: value}) for value in values] for key, values in found
    ]


def _value(settings: Settings, dotted: str) -> Any:
    found: Any = settings
    for part in dotted.split("."):
        found = getattr(found, part)
    return found


def _changed(settings: Settings, changes: dict[str, Any]) -> Settings:
    values = settings.model_dump(mode="json")
    for dotted, value in changes.items():
        *above, last = dotted.split(".")
        section = values
        for part in above:
            section = section[part]
        section[last] = value
    return load(values)
