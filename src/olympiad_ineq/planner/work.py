"""Tokens, hours and dollars: how much each stage reads and writes, and how fast.

Every number here is an assumption that the plan prints beside its result; a measurement of the same
stage on the same kind of device, found in a results folder, takes its place.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path

from olympiad_ineq.planner.hardware import DATA, Gpu
from olympiad_ineq.planner.memory import Answering
from olympiad_ineq.planner.shapes import Shape
from olympiad_ineq.settings import Model, Price

# Characters, measured on 200 symbolic candidates of all kinds and on the exemplars.
PROBLEM, PROOF, TEACHER_ANSWER, TEACHER_ASK = 94, 241, 780, 207
TEACHER_RULES, VERIFIER_RULES, VERIFIER_EXAMPLE = 2032, 1187, 675
CHARACTERS_PER_TOKEN = 1.7  # SmolLM2 on the same: 1.58 on proofs, 1.72 on answers
MOST_PER_TOKEN = 2.6  # characters: Qwen2.5 on the teacher's prompts makes 2.5 of a token
FILLED = 0.6  # of max_new_tokens that an answer takes
OPEN_SHARE = 0.3  # of a teacher's candidates that the checker leaves open
TRAIN_MFU, PREFILL_MFU, BANDWIDTH_SHARE = 0.35, 0.4, 0.6
START_SECONDS = 300  # to load a large model and capture its graphs
API_RATE, BATCH_HOURS = 5, 24  # requests a second of an API; a batch's time limit
CHECKS_PER_CORE = 100  # proofs checked a second; the kernel alone does 240 to 290

ASSUMPTIONS = (
    f"{CHARACTERS_PER_TOKEN} characters a token; answers take {FILLED:.0%} of max_new_tokens; "
    f"{OPEN_SHARE:.0%} of a teacher's candidates reach the second model; training at "
    f"{TRAIN_MFU:.0%} of peak FLOPs, prefill at {PREFILL_MFU:.0%}, decoding at "
    f"{BANDWIDTH_SHARE:.0%} of memory bandwidth; {START_SECONDS} s for an engine to start; an API "
    f"answers {API_RATE} requests a second, a batch of them within {BATCH_HOURS} hours"
)


def tokens(characters: float) -> int:
    """Tokens of a text of this length."""
    return math.ceil(characters / CHARACTERS_PER_TOKEN)


@dataclass(frozen=True)
class Load:
    """What a stage asks of a model: requests, and their parts in tokens.

    Attributes:
        shared: the beginning that many requests have in common (rules and worked examples), held
            once in the KV cache for each of `banks` different ones.
        own: the rest of the prompt. answer: the longest answer allowed.
    """

    requests: int
    shared: int
    own: int
    answer: int
    banks: int = 1

    @property
    def prompt(self) -> int:
        """Tokens of one prompt."""
        return self.shared + self.own

    @property
    def least(self) -> int:
        """Tokens that one prompt has in any case."""
        return int(self.prompt * CHARACTERS_PER_TOKEN / MOST_PER_TOKEN)

    @property
    def written(self) -> int:
        """Tokens that all answers together take."""
        return int(self.requests * self.answer * FILLED)


def sequences(load: Load, kv_tokens: int, limit: int) -> int:
    """Requests that fit into the KV cache at once, the common beginning held once.

    One goes by itself where the cache holds no more than that.
    """
    room = kv_tokens - load.shared * min(load.banks, 2)
    return max(1, min(limit, load.requests, room // (load.own + load.answer)))


def answer_seconds(
    load: Load,
    shape: Shape,
    gpu: Gpu,
    memory: Answering,
    at_once: int,
    tensor_parallel: int,
    dtype_bytes: int = 2,
) -> float:
    """Roofline: decoding reads all weights and the KV cache at each step; prefill computes."""
    flops = 2 * shape.parameters
    compute = gpu.tflops * 1e12 * tensor_parallel
    prefill = load.requests * load.own + load.shared * load.banks
    each = shape.kv_bytes_each(tensor_parallel, dtype_bytes)
    held = memory.weights + at_once * (load.prompt + load.answer / 2) * each
    step = max(held / (gpu.gbps * 1e9 * BANDWIDTH_SHARE), at_once * flops / (compute * PREFILL_MFU))
    return prefill * flops / (compute * PREFILL_MFU) + load.written / at_once * step


def train_seconds(
    shape: Shape, tflops: float, tokens_seen: float, length: int, again: bool
) -> float:
    """Six FLOPs per parameter and token, attention beside it; a third more to compute again."""
    per_token = 6 * (shape.parameters - shape.vocab * shape.hidden * (0 if shape.tied else 1))
    per_token += 6 * shape.layers * shape.hidden * length
    flops = tokens_seen * per_token * (4 / 3 if again else 1)
    return flops / (tflops * 1e12 * TRAIN_MFU)


def price_of(model: Model) -> Price | None:
    """What a model's tokens cost: by the config, or by the list; None where nobody says.

    Through the batch API they cost a part of it.
    """
    price = model.price
    if price is None:
        listed = json.loads((DATA / "prices.json").read_text(encoding="utf-8")).get(model.name)
        if not isinstance(listed, dict):
            return None
        price = Price(prompt=listed["input"], completion=listed["output"])
    factor = model.batch.price_factor if model.batch else 1.0
    return Price(prompt=price.prompt * factor, completion=price.completion * factor)


def dollars(model: Model, read: int, written: int) -> float | None:
    """What so many tokens of a model cost, or None where its price is not known."""
    price = price_of(model)
    return price.of(read, written) if price else None


def measured(results: Path, artifact: str, device: str) -> float | None:
    """Tokens a second that a finished stage wrote into its manifest, on the same kind of device."""
    try:
        manifest = json.loads((results / f"{artifact}.manifest.json").read_text(encoding="utf-8"))
        gpus = [str(name).lower() for name in manifest["hardware"]["gpus"]]
        family = device.split("-")[0]
        same = all(family in name for name in gpus) if gpus else device == "cpu"
        rate = manifest.get("tokens_per_second")
        if rate is None and manifest.get("seconds"):
            rate = manifest["tokens"]["completion"] / manifest["seconds"]
        return float(rate) if same and rate else None
    except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError):
        return None
