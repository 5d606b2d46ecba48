"""Each stage of a run against its GPU: what it needs, whether that fits, how long it takes."""

import math
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from olympiad_ineq.errors import UserError
from olympiad_ineq.planner import work
from olympiad_ineq.planner.hardware import GIB, Gpu
from olympiad_ineq.planner.memory import (
    SEQUENCES,
    Answering,
    answering,
    answering_on_cpu,
    most_sequences,
    training,
    weights,
)
from olympiad_ineq.planner.shapes import Shape, shape_of
from olympiad_ineq.settings import (
    CLASSICS,
    CONTROLS,
    MAIN_RUNS,
    MOST_SHOTS,
    QUESTION_ROOM,
    UNSAID_CONTEXT,
    Model,
    Settings,
    Student,
    Verifier,
)

RULES = {"judge audit": "judge_audit_model", "judge": "judge_model"}  # not named as their stage
Verdict = Literal["fits", "slow", "cannot", "unknown"]
FEW = 16  # sequences in flight below which a GPU mostly reads weights
ROW_BYTES = 3000  # of one candidate with its verdict and example, on disk


@dataclass(frozen=True)
class Device:
    """Where a stage runs: a GPU, or this machine's CPU (`gpu.key` is "cpu")."""

    gpu: Gpu
    count: int | None = None  # GPUs that the profile gives the stage; None where it says nothing

    @property
    def cpu(self) -> bool:
        """Whether it is no GPU."""
        return self.gpu.key == "cpu"


@dataclass(frozen=True)
class Stage:
    """One line of the plan. Memory in GiB a device.

    Attributes:
        has: what it may use; of a GPU that answers, `gpu_memory_utilization` of its memory.
        needs: the parts; of a KV cache, which takes all that is left, one sequence.
        dollars: None where nobody says what the model costs.
    """

    name: str
    model: str
    device: str
    gpus: int
    verdict: Verdict = "fits"
    reason: str = ""
    advice: str = ""
    has: float = 0.0
    needs: float = 0.0
    parts: Mapping[str, float] = field(default_factory=dict)
    sequences: int | None = None
    kv_tokens: int | None = None
    tokens: int = 0
    jobs: int = 1
    hours: float = 0.0
    basis: str = "assumed"
    disk: float = 0.0
    dollars: float | None = 0.0

    @property
    def gpu_hours(self) -> float:
        """Hours times GPUs, over all jobs; a CPU's hours are none."""
        return 0.0 if self.device in ("cpu", "api") else self.hours * self.gpus


def rule_of(stage: str) -> str:
    """The rule whose jobs a stage's name means."""
    first = stage.split()[0]
    return RULES.get(stage, RULES.get(first, first))


def cpu_device() -> Device:
    """This machine: its memory, and cores as fast as an EPYC's in the quickstart."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    return Device(Gpu("cpu", memory, 20.0, 0.5 * cores, 0.5 * cores, 80))


def answer_stage(
    name: str,
    model: Model,
    load: work.Load,
    device: Device,
    jobs: int,
    rate: float | None,
    batch: int = SEQUENCES,
) -> Stage:
    """A stage in which a model answers, in `jobs` equal jobs."""
    if model.engine == "openai":
        return _paid(name, model, load, jobs)
    shape = shape_of(model.name, model.revision)
    gpu, parallel, wide = device.gpu, model.tensor_parallel, _bytes(model)
    memory = _answering(model, shape, device, load, batch)
    context = min(shape.context, model.max_model_len or shape.context)
    length = context if model.max_model_len else min(context, load.prompt + load.answer)
    parts = {
        "weights": memory.weights / GIB,
        "activations": memory.activations / GIB,
        "other": memory.other / GIB,
        "kv": max(0.0, memory.kv / GIB),
    }
    one = shape.kv_bytes_each(1 if device.cpu else parallel, wide) * length
    # a CPU's cache is as large as its batch asks for; a GPU's takes what is left
    needs = sum(parts.values()) if device.cpu else sum(parts.values()) - parts["kv"] + one / GIB
    broken = _impossible(name, model, shape, device, load) or _too_large(
        model, device, memory, length, parts
    )
    at_once = work.sequences(load, memory.kv_tokens, most_sequences(gpu))
    slow = not broken and at_once < FEW <= load.requests
    seconds = work.answer_seconds(load, shape, gpu, memory, at_once, parallel, wide)
    if rate:
        seconds = load.written / rate
    hours = (seconds + jobs * (0 if device.cpu else work.START_SECONDS)) / 3600
    return Stage(
        name, model.name, gpu.key, parallel, jobs=jobs, has=round(memory.room / GIB, 2),
        verdict="cannot" if broken else "slow" if slow else "fits",
        reason=broken or (_SLOW.format(at_once) if slow else ""),
        needs=round(needs, 2), parts={k: round(v, 2) for k, v in parts.items()},
        sequences=None if broken else at_once, kv_tokens=memory.kv_tokens,
        tokens=load.requests * load.prompt + load.written,
        hours=0.0 if broken else hours, basis="measured" if rate else "assumed",
        disk=round(weights(shape, None) / GIB, 1),
    )  # fmt: skip


_SLOW = "sequences at once: only {}, so most time goes into reading weights"


def _too_large(
    model: Model, device: Device, memory: Answering, length: int, parts: Mapping[str, float]
) -> str:
    """The arithmetic where too little is left for one sequence; else empty."""
    left = memory.room - memory.weights - memory.activations - memory.other
    if memory.kv_tokens >= length and left >= memory.kv:
        return ""
    if device.cpu:
        added = " + ".join(f"{value:.1f} {key}" for key, value in parts.items())
        return f"{added} = {sum(parts.values()):.1f} GiB, and this machine has {device.gpu.gib:.1f}"
    return (
        f"{_shown(model, device.gpu)} on {model.tensor_parallel} x {device.gpu.key} leaves "
        f"{left / GIB:.1f} GiB for KV "
        f"({memory.room / GIB:.1f} usable - {parts['weights']:.1f} weights - "
        f"{parts['activations']:.1f} activations - {parts['other']:.1f} other), "
        f"{max(0, memory.kv_tokens):,} tokens, and one sequence needs {length:,}"
    )


def _shown(model: Model, gpu: Gpu) -> str:
    usual = "bf16" if gpu.bf16 else "half"
    plain = {"auto": usual, "bfloat16": "bf16"}.get(model.dtype, model.dtype)
    return model.quantization or plain


def _bytes(model: Model) -> int:
    return 4 if model.dtype == "float32" else 2


def _answering(
    model: Model, shape: Shape, device: Device, load: work.Load, batch: int
) -> Answering:
    wide = _bytes(model)
    if device.cpu:
        length = min(shape.context, load.prompt + load.answer)
        return answering_on_cpu(
            shape, device.gpu.gib, sequences=min(batch, load.requests), length=length,
            dtype_bytes=wide,
        )  # fmt: skip
    return answering(
        shape, device.gpu, tensor_parallel=model.tensor_parallel, quantization=model.quantization,
        utilization=model.gpu_memory_utilization, dtype_bytes=wide,
    )  # fmt: skip


def _impossible(
    name: str, model: Model, shape: Shape, device: Device, load: work.Load
) -> str | None:
    """Why no memory would help; None if nothing stands in the way."""
    gpu, parallel = device.gpu, model.tensor_parallel
    if device.count == 0:
        return f"the profile gives {rule_of(name)} no GPU, and engine {model.engine} needs them"
    if device.count is not None and device.count != parallel:
        return f"the profile gives it {device.count} GPUs and tensor_parallel is {parallel}"
    if shape.heads % parallel or (shape.kv_heads % parallel and parallel % shape.kv_heads):
        return f"{shape.heads} heads ({shape.kv_heads} of keys) do not split by {parallel}"
    stored = shape.stored[0] if shape.stored else ""
    if stored and model.quantization and not model.quantization.startswith(stored):
        return f"the checkpoint is {stored}, and quantization is {model.quantization}"
    quantization = model.quantization or stored
    grouped = any(mark in quantization for mark in ("awq", "gptq"))
    if grouped and shape.inner % (128 * parallel):
        return (
            f"{quantization} in groups of 128: {shape.inner} / 128 = {shape.inner / 128:g} does "
            f"not split by {parallel}"
        )
    if gpu.sm < 75 and quantization:
        return f"{quantization} needs a GPU of sm_75 or later, and {gpu.key} is sm_{gpu.sm}"
    if not gpu.bf16 and model.dtype == "bfloat16":
        return f"{gpu.key} does not compute in bfloat16: set dtype to half"
    return _too_long(model, shape, load)


def _too_long(model: Model, shape: Shape, load: work.Load) -> str | None:
    """Whether lengths stand in the way. A prompt near the limit is left to `prompt_fit`."""
    if model.max_model_len and model.max_model_len > shape.context:
        return (
            f"max_model_len {model.max_model_len} is more than the {shape.context} tokens that "
            "the model reads"
        )
    context = model.max_model_len or shape.context
    if load.least + load.answer > context:
        return (
            f"a prompt of some {load.least:,} tokens and an answer of {load.answer:,} are more "
            f"than the context of {context:,}"
        )
    return None


def _paid(name: str, model: Model, load: work.Load, jobs: int) -> Stage:
    read = load.requests * load.prompt
    cost = work.dollars(model, read, load.written)
    if cost is not None:
        basis = "list price" if model.price is None else "the config's price"
    elif model.base_url:
        cost, basis = 0.0, "the endpoint's own"
    else:
        basis = f"no price is known for {model.name}"
    hours = work.BATCH_HOURS if model.batch else load.requests / work.API_RATE / 3600
    return Stage(
        name, model.name, "api", 0, jobs=jobs, tokens=read + load.written, hours=hours,
        dollars=None if cost is None else round(cost, 2), basis=basis,
    )  # fmt: skip


def train_stage(settings: Settings, device: Device, rate: float | None) -> Stage:
    """Full fine-tuning on one device."""
    train = settings.train
    shape = student_shape(train.student)
    gpu, cpu = device.gpu, device.cpu
    per_row = work.tokens(work.PROBLEM + work.PROOF) + 10
    length = min(train.max_length, shape.context)
    workers = min(len(os.sched_getaffinity(0)), train.batch_size) if cpu else 1
    rows = train.micro_batch_size or math.ceil(train.batch_size / workers)
    # on a CPU a share holds rows of usual length; a GPU's memory must take the longest
    longest = rows * (min(length, 2 * per_row) if cpu else length)
    memory = training(
        shape, tokens=longest, targets=int(longest * work.PROOF / (work.PROOF + work.PROBLEM)),
        shares=max(workers, math.ceil(train.batch_size / rows)), workers=workers,
        product_bytes=4 if train.precision == "fp32" else 2,
        checkpointing=train.gradient_checkpointing, cpu=cpu,
    )  # fmt: skip
    has, needs = gpu.gib, memory.total / GIB
    parts = {
        "weights": memory.weights, "gradients": memory.gradients, "optimizer": memory.optimizer,
        "activations": memory.activations, "other": memory.other,
    }  # fmt: skip
    shown = {key: round(value / GIB, 2) for key, value in parts.items()}
    sum_shown = " + ".join(f"{value:.1f} {key}" for key, value in shown.items())
    broken = ""
    if device.count is not None and device.count != 1:
        broken = f"the profile gives it {device.count} GPUs and training uses one"
    elif not gpu.bf16 and train.precision == "bf16":
        broken = f"{gpu.key} does not compute in bf16: set train.precision to auto"
    elif needs > has:
        broken = f"{sum_shown} = {needs:.1f} GiB, and {gpu.key} has {has:.1f}"
    seen = settings.split.train * train.epochs * per_row
    tflops = gpu.fp32 if train.precision == "fp32" else gpu.tflops
    seconds = work.train_seconds(shape, tflops, seen, per_row, train.gradient_checkpointing)
    if rate:
        seconds = seen / rate
    return Stage(
        "train", train.student.name, gpu.key, 1, "cannot" if broken else "fits", broken,
        has=round(has, 2), needs=round(needs, 2), parts=shown, tokens=int(seen),
        hours=0.0 if broken else seconds / 3600, basis="measured" if rate else "assumed",
        disk=round((3 * 12 + 2) * shape.parameters / GIB, 1),
    )  # fmt: skip


def student_shape(student: Student) -> Shape:
    """The student's shape, wherever it comes from, with the activation that training computes."""
    shape = shape_of(student.name, student.revision)
    # train.student.use_fused_activation: the same function in one operation
    return replace(shape, act="gelu_pytorch_tanh") if shape.act == "gelu_new" else shape


def loads(settings: Settings) -> dict[str, tuple[Model, work.Load, int]]:
    """What each answering stage of these settings asks, of whom, in how many jobs."""
    found: dict[str, tuple[Model, work.Load, int]] = {}
    teacher, verifier, judge = (
        settings.data_gen.teacher, settings.verify.verifier, settings.eval.judge
    )  # fmt: skip
    proof = work.tokens(work.PROBLEM + work.PROOF)
    if teacher:
        turn = work.TEACHER_ASK + work.TEACHER_ANSWER
        shared = work.tokens(work.TEACHER_RULES + teacher.shots * turn)
        found["data_gen_model"] = (
            teacher.model,
            work.Load(
                teacher.requests, shared, work.tokens(work.TEACHER_ASK), teacher.max_new_tokens,
                banks=8 * len(settings.data_gen.techniques),
            ),
            teacher.shards,
        )  # fmt: skip
    if verifier:
        rows = int((teacher.requests if teacher else 0) * work.OPEN_SHARE) or 1
        rows += verifier.audit_sound + verifier.audit_mutants
        shared = work.tokens(work.VERIFIER_RULES + _shots(verifier) * work.VERIFIER_EXAMPLE)
        load = work.Load(rows * verifier.votes, shared, proof, verifier.max_new_tokens)
        found["verify_model"] = (verifier.model, load, verifier.shards)
    asked = _runs(settings)
    for run, problems in asked.items():
        shots = settings.eval.predict(run).shots
        load = work.Load(
            problems * (1 + settings.eval.samples.count), shots * proof,
            work.tokens(work.PROBLEM), settings.eval.max_new_tokens,
        )  # fmt: skip
        dtype = settings.eval.dtype
        student = Model(name=settings.train.student.name, family="student", dtype=dtype,
                        revision=settings.train.student.revision)  # fmt: skip
        found[f"predict {run}"] = (student, load, 1)
    if judge:
        audit = settings.eval.audit
        for name, proofs in (asked | {"audit": audit.sound + audit.mutants}).items():
            shared = work.tokens(work.VERIFIER_RULES + judge.shots * work.VERIFIER_EXAMPLE)
            # a judge sees a reference proof beside the answer
            load = work.Load(proofs * judge.votes, shared, 2 * proof, judge.max_new_tokens)
            found[f"judge {name}"] = (judge.model, load, 1)
    return found


CLASSIC_PROBLEMS = 129  # of config/benchmarks/classics.jsonl; a test holds the number


def _runs(settings: Settings) -> dict[str, int]:
    """The runs that the report of these settings asks for, with their numbers of problems."""
    runs = dict.fromkeys(MAIN_RUNS, settings.split.test)
    if settings.eval.controls:
        runs |= dict.fromkeys(CONTROLS, settings.split.test)
    if settings.eval.classics:
        runs |= {f"{CLASSICS}_{run}": CLASSIC_PROBLEMS for run in MAIN_RUNS}
    return runs


def _shots(verifier: Verifier) -> int:
    """The worked examples of a verifier's prompt: those asked for, or about as many as fit."""
    if verifier.shots is not None:
        return verifier.shots
    model = verifier.model
    context = model.max_model_len or UNSAID_CONTEXT
    if not model.max_model_len and model.engine != "openai":
        with suppress(UserError):  # of a model that nobody knows
            context = shape_of(model.name, model.revision).context
    room = context - verifier.max_new_tokens - work.tokens(work.VERIFIER_RULES + QUESTION_ROOM)
    return max(0, min(MOST_SHOTS, room // work.tokens(work.VERIFIER_EXAMPLE)))


def stage(settings: Settings, name: str, device: Device, results: Path) -> Stage:
    """Plan one stage; without advice. What has a size that is not known is `unknown`."""
    try:
        found = _known(settings, name, device, results)
    except UserError as error:
        model = settings.train.student if name == "train" else loads(settings)[name][0]
        gpus = getattr(model, "tensor_parallel", 1)
        return Stage(
            name, model.name, device.gpu.key, gpus, "unknown",
            f"{error.value}: {error.rule}", error.fix,
        )  # fmt: skip
    most = settings.plan.gpus
    if found.gpus > most and not device.cpu and found.verdict != "cannot":
        return replace(
            found, verdict="cannot", hours=0.0, sequences=None,
            reason=f"it takes {found.gpus} GPUs at once and plan.gpus is {most}",
        )  # fmt: skip
    return found


def _known(settings: Settings, name: str, device: Device, results: Path) -> Stage:
    if name == "train":
        rate = work.measured(results, "train/final/model", device.gpu.key)
        return train_stage(settings, device, rate)
    if name == "checks":
        return _checks(settings)
    model, load, jobs = loads(settings)[name]
    rate = None
    if name.startswith("predict"):
        run = name.split()[1]
        rate = work.measured(results, f"eval/{run}/predictions.jsonl", device.gpu.key)
    batch = settings.eval.batch if name.startswith("predict") else SEQUENCES
    return answer_stage(name, model, load, device, jobs, rate, batch)


def _checks(settings: Settings) -> Stage:
    rows = settings.data_gen.symbolic
    rows += settings.data_gen.teacher.requests if settings.data_gen.teacher else 0
    seconds = (rows + 2 * settings.split.test) / (8 * work.CHECKS_PER_CORE)
    return Stage(
        "checks", "the kernel", "cpu", 0, hours=seconds / 3600,
        disk=round(rows * ROW_BYTES / GIB, 1),
    )  # fmt: skip


def names(settings: Settings) -> list[str]:
    """The stages of these settings, in order."""
    asked = loads(settings)
    before = [name for name in asked if name in ("data_gen_model", "verify_model")]
    after = [name for name in asked if name not in before]
    baseline = [name for name in after if name.endswith("baseline")]
    return [*before, "checks", *baseline, "train", *(n for n in after if n not in baseline)]
