"""Training on one GPU: tokens a second, MFU, and memory against the planner's figure.

    python benchmarks/sft_gpu.py                       Phi-1.5's true shape, rows of 2,048
    python benchmarks/sft_gpu.py --rows 8              8 rows of 256 laid end to end in each 2,048
    python benchmarks/sft_gpu.py --shape tiny          a trial run, on a CPU too

Random weights, fp32 with products in 16 bits, AdamW, every position a target: a step costs what it
costs with the real ones. The rival is the bare loop on the same rows, each a batch entry of its
own, so that nothing is padded (SDPA, causal, fused AdamW). MFU by `train.machine.training_flops`:
6 a weight of the body and token, 6 a weight of the head and target, causal attention, nothing for
what checkpointing repeats, over the dense 16-bit peak of the data sheet; for Phi-1.5 in rows of
2,048 that is 8.48 GFLOP a token.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.sft_step import Step, stepper
from olympiad_ineq.errors import run_main
from olympiad_ineq.planner.hardware import GIB
from olympiad_ineq.planner.memory import training
from olympiad_ineq.planner.shapes import from_config
from olympiad_ineq.train import machine
from olympiad_ineq.train.data import Row

SHAPES: dict[str, dict[str, int]] = {
    "phi-1_5": {
        "vocab_size": 51_200, "hidden_size": 2048, "intermediate_size": 8192,
        "num_hidden_layers": 24, "num_attention_heads": 32, "max_position_embeddings": 2048,
    },
    "tiny": {
        "vocab_size": 512, "hidden_size": 64, "intermediate_size": 128,
        "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 2048,
    },
}  # fmt: skip


def compare(
    shape: str, *, length: int, rows: int, micro: int, batch: int, steps: int, checkpointing: bool
) -> dict[str, Any]:
    """Time `steps` steps of ours and of the bare loop, each after two to warm up.

    Args:
        length: tokens of a sequence; `rows` rows share it equally.
        micro, batch: sequences in a forward pass, and in an optimizer step.
    """
    machine.prepare_environment()
    import torch

    device = machine.one_device()
    precision = machine.precision("auto", device)
    one = length // rows
    data = [
        Row(tuple((7 * r + i) % SHAPES[shape]["vocab_size"] for i in range(one)), 1)
        for r in range(batch * rows)
    ]
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("ours", "bare loop"):
            model = _model(shape, device, "rows" if name == "ours" else "sdpa", checkpointing)
            make = _ours if name == "ours" else _bare
            step = make(model, data, micro * rows, batch * rows, Path(scratch), device, precision)
            found[name] = _time(step, data, steps, batch * length, device)
            if name == "ours":
                flops = machine.training_flops(model, [one] * len(data), len(data) * (one - 1))
            del model, step
            if device == "cuda":
                torch.cuda.empty_cache()
    peak = machine.peak_flops()
    sizes: dict[str, Any] = {"model_type": "phi", "hidden_act": "gelu_pytorch_tanh"}
    planned = training(
        from_config({**sizes, **SHAPES[shape]}, shape),
        tokens=micro * length, targets=micro * (length - rows), shares=batch // micro,
        product_bytes=4 if precision == "fp32" else 2, checkpointing=checkpointing,
        cpu=device == "cpu",
    )  # fmt: skip
    ours, bare = found["ours"], found["bare loop"]
    return {
        "name": "sft-gpu", "ours": round(ours["speed"], 1), "rival": round(bare["speed"], 1),
        "rival_name": "bare loop", "ratio": round(ours["speed"] / bare["speed"], 3),
        "unit": "tokens/s", "runs": steps, "shape": shape, "length": length, "rows": rows,
        "micro_batch": micro, "batch": batch, "checkpointing": checkpointing,
        "precision": precision, "device": _name(device),
        "gflop_a_token": round(flops / (batch * length) / 1e9, 3),
        "mfu": round(ours["speed"] * flops / (batch * length) / peak, 4) if peak else None,
        "mfu_of_rival": round(bare["speed"] * flops / (batch * length) / peak, 4) if peak else None,
        "memory_gib": round(ours["memory"] / GIB, 2), "planned_gib": round(planned.total / GIB, 2),
        "loss": {name: round(values["loss"], 4) for name, values in found.items()},
    }  # fmt: skip


def _model(shape: str, device: str, implementation: str, checkpointing: bool) -> Any:
    import torch
    from transformers import PhiConfig, PhiForCausalLM

    from olympiad_ineq.train import attention  # registers "rows"

    assert attention.NAME == "rows"
    torch.manual_seed(0)
    config = PhiConfig(
        **SHAPES[shape], hidden_act="gelu_pytorch_tanh", resid_pdrop=0.0, bos_token_id=0,
        eos_token_id=0, pad_token_id=0,
    )  # fmt: skip
    with torch.device(device):
        model = PhiForCausalLM(config)
    model.set_attn_implementation(implementation)
    if checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    return model.train()


def _ours(
    model: Any, data: list[Row], micro: int, batch: int, scratch: Path, device: str,
    precision: machine.Precision,
) -> Step:  # fmt: skip
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from transformers import PreTrainedTokenizerFast

    from olympiad_ineq.train.trainer import CompletionTrainer, config

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(WordLevel({"e": 0}, unk_token="e")), eos_token="e", pad_token="e"
    )
    args = config(
        output=scratch, steps=1000, batch_size=batch, learning_rate=1e-5, warmup_ratio=0.0,
        weight_decay=0.0, checkpoint_steps=1000, precision=precision, device=device,
        gradient_checkpointing=model.is_gradient_checkpointing, seed=0,
    )  # fmt: skip
    order = [list(range(batch))]
    return stepper(
        CompletionTrainer(
            model, tokenizer, data, order, args, precision=precision, micro_batch=micro
        )
    )


def _bare(
    model: Any, data: list[Row], micro: int, batch: int, scratch: Path, device: str,
    precision: machine.Precision,
) -> Step:  # fmt: skip
    """All rows are of one length, so nothing is padded and no mask is needed."""
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.0, fused=True)
    half = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[precision]
    scaler = torch.amp.GradScaler(device, enabled=precision == "fp16")

    def step(chosen: list[Row]) -> float:
        total = 0.0
        for start in range(0, len(chosen), micro):
            part = chosen[start : start + micro]
            ids = torch.tensor([row.ids for row in part], device=device)
            labels = torch.tensor([row.labels for row in part], device=device)
            with torch.autocast(device, dtype=half, enabled=precision != "fp32"):
                loss = model(input_ids=ids, labels=labels, use_cache=False).loss
            share = loss * (len(part) / len(chosen))
            scaler.scale(share).backward()
            total += share.detach()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        return float(total)

    return step


def _time(step: Step, data: list[Row], steps: int, tokens: int, device: str) -> dict[str, float]:
    import resource

    import torch

    seconds = []
    loss = 0.0
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    for number in range(steps + 2):
        started = time.perf_counter()
        now = step(data)  # it reads the loss, so the device has done its work
        if device == "cuda":
            torch.cuda.synchronize()
        if number == 0:
            loss = now
        elif number > 1:
            seconds.append(time.perf_counter() - started)
    memory = (
        # the planner counts CUDA's own context too, which is not the allocator's
        torch.cuda.max_memory_reserved() + (GIB // 2)
        if device == "cuda"
        else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    )
    return {"speed": tokens / statistics.median(seconds), "loss": loss, "memory": float(memory)}


def _name(device: str) -> str:
    import torch

    return str(torch.cuda.get_device_name()) if device == "cuda" else device


def measure() -> list[dict[str, Any]]:
    """Whole rows and packed ones on the GPU that is here; nothing where there is none."""
    machine.prepare_environment()
    if machine.one_device() == "cpu":
        return []
    common: dict[str, Any] = {
        "length": 2048, "micro": 4, "batch": 16, "steps": 6, "checkpointing": False,
    }  # fmt: skip
    return [compare("phi-1_5", rows=rows, **common) for rows in (1, 8)]


def main() -> None:
    parser = argparse.ArgumentParser(description="Training speed, MFU and memory on one GPU.")
    parser.add_argument("--shape", choices=sorted(SHAPES), default="phi-1_5")
    parser.add_argument("--length", type=int, default=2048)
    parser.add_argument("--rows", type=int, default=1, help="rows laid end to end in a sequence")
    parser.add_argument("--micro", type=int, default=4, help="sequences in a forward pass")
    parser.add_argument("--batch", type=int, default=16, help="sequences in an optimizer step")
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--checkpointing", action="store_true")
    args = parser.parse_args()
    print(json.dumps(compare(**vars(args))))


if __name__ == "__main__":
    run_main(main)
