"""The train stage: examples and a base model in, a tuned model, its curve and its manifest out."""

import re
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from olympiad_ineq.artifacts import digest, exclusive, read_parquet, write_manifest
from olympiad_ineq.errors import UserError
from olympiad_ineq.records import Example, content_id
from olympiad_ineq.settings import Train
from olympiad_ineq.train import losses, machine, out_of_memory
from olympiad_ineq.train.best import Best, Validated
from olympiad_ineq.train.card import Facts, card
from olympiad_ineq.train.checkpoints import Checkpoints
from olympiad_ineq.train.data import Row, Rows, encode, hold_out, order
from olympiad_ineq.train.folders import atomic_folder, keep_links, refused_by_disk

if TYPE_CHECKING:
    from olympiad_ineq.train.samples import Samples
    from olympiad_ineq.train.track import Experiment
    from olympiad_ineq.train.trainer import CompletionTrainer

# What may change between two runs without making the checkpoint of one foreign to the other.
_FREE = {
    "wandb", "checkpoint_steps", "student", "micro_batch_size", "gradient_checkpointing", "keep",
    "samples",
}  # fmt: skip


KEPT = "model"  # in the work folder: links to the files of the model that was placed last


@dataclass(frozen=True)
class Request:
    """What to train from and where results go. `work` holds checkpoints and outlives a kill."""

    examples: Path
    base_model: Path
    out_model: Path
    work: Path
    curve: Path
    picture: Path | None = None


def train(request: Request, settings: Train, seed: int) -> None:
    """Fine-tune the base model on the examples; go on from a checkpoint if one is there.

    The model, its curve and its picture appear when all is done, and not before.

    Raises:
        UserError: no usable examples, no model at `base_model`, a diverged loss, too little memory
            or disk, or a run stopped before its last step.
    """
    started = time.time()
    request.work.mkdir(parents=True, exist_ok=True)
    with exclusive(request.work / "lock", str(request.work)):
        if (request.work / KEPT).is_dir() and not request.out_model.is_dir():
            print(
                f"train: the former model stays at {request.work / KEPT} until this training ends",
                file=sys.stderr,
            )
        try:
            _train(request, settings, seed, started)
        except Exception as error:
            plain = _in_plain_words(error, request, settings)
            if plain is None:
                raise
            raise plain from error


def _train(request: Request, settings: Train, seed: int, started: float) -> None:
    machine.prepare_environment()
    import torch
    from transformers import set_seed

    examples = read_parquet(request.examples, Example)
    device = machine.one_device()
    precision = machine.precision(settings.precision, device)
    model, tokenizer = _load(request.base_model)
    context = getattr(model.config, "max_position_embeddings", settings.max_length)
    examples, held_out = hold_out(examples, settings.validation, seed)
    longest = min(settings.max_length, context)
    rows = encode(examples, tokenizer, longest)
    _report(rows, len(examples))
    validation = encode(held_out, tokenizer, longest).rows if held_out else []
    batches = order(len(rows.rows), settings.batch_size, settings.epochs, seed)
    fingerprint = content_id(
        "train", settings.model_dump(mode="json", exclude=_FREE), precision, seed,
        digest(request.examples), digest(request.base_model),
    )  # fmt: skip
    checkpoints = Checkpoints(request.work, fingerprint)
    best = Best(request.work / "best", fingerprint)
    workers = min(machine.cores(), settings.batch_size) if device == "cpu" else 1
    if workers > 1:
        machine.keep_freed_memory()
    set_seed(seed)
    with _threads(torch, machine.cores() // workers if workers > 1 else None), _stop() as stop:
        history = _fit(
            request, settings, seed, model, tokenizer, rows, batches, checkpoints, fingerprint,
            validation=validation, prompts=[e.prompt for e in held_out[: settings.samples]],
            best=best, device=device, precision=precision, workers=workers, stop=stop,
        )  # fmt: skip
    entries = losses.points(history)
    validated = _validated(history, len(validation), best, settings)
    used = [examples[index] for index in rows.used]
    facts = Facts(
        settings, seed, used, rows.left_out, rows.tokens, _licence(request.base_model),
        entries[0]["loss"], entries[-1]["loss"], validated, _device_name(torch, device), precision,
    )  # fmt: skip
    _place(request, settings, model, tokenizer, card(facts), precision, best, validated)
    losses.write(entries, request.curve, request.picture)
    seconds = sum(entry.get("seconds", 0.0) for entry in history)
    tokens = int(entries[-1]["tokens"])
    speed = tokens / max(seconds, 1e-9)
    first, last = entries[0]["loss"], entries[-1]["loss"]
    write_manifest(
        request.out_model, stage="train", inputs=[request.examples, request.base_model],
        settings=settings.model_dump(mode="json"), started=started,
        extra={
            "seed": seed, "examples": {"used": len(rows.rows), "left_out": rows.left_out},
            "steps": len(batches), "tokens": tokens, "seconds": round(seconds, 1),
            "tokens_per_second": round(speed, 1), "device": device, "precision": precision,
            "workers": workers, "loss": {"first": first, "last": last},
            **({"validation": validated} if validated else {}),
        },
    )  # fmt: skip
    checkpoints.discard()
    best.discard()
    print(
        f"train: {len(rows.rows)} examples, {tokens:,} tokens in {seconds:.0f} s "
        f"({speed:.0f} tokens/s, {precision} on {device}), loss {first:.3f} to {last:.3f}"
    )


def _load(folder: Path) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    from olympiad_ineq.train import attention

    if not (folder / "config.json").is_file():
        raise UserError(
            str(folder), "there is no model there", "make it with workflow_scripts/base_model.py"
        )
    logging.disable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation=attention.NAME
    )
    return model, tokenizer


def _report(rows: Rows, total: int) -> None:
    for reason, count in rows.left_out.items():
        print(f"train: {count} of {total} examples left out: {reason}", file=sys.stderr)


def _fit(
    request: Request,
    settings: Train,
    seed: int,
    model: Any,
    tokenizer: Any,
    rows: Rows,
    batches: list[list[int]],
    checkpoints: Checkpoints,
    fingerprint: str,
    *,
    validation: list[Row],
    prompts: list[str],
    best: Best,
    device: str,
    precision: machine.Precision,
    workers: int,
    stop: "Stop",
) -> list[dict[str, Any]]:
    """Run all steps and return the trainer's log."""
    from transformers import PrinterCallback

    from olympiad_ineq.train.track import Experiment, Progress
    from olympiad_ineq.train.trainer import CompletionTrainer, config, halt_when

    experiment = None
    if settings.wandb.mode != "disabled":
        said = {**settings.model_dump(mode="json"), "seed": seed}
        experiment = Experiment(settings.wandb, fingerprint, request.work, said)
    callbacks = [
        Progress(), halt_when(lambda: stop.asked), *([experiment] if experiment else []),
        *_samples(prompts, tokenizer, request.work, experiment),
    ]  # fmt: skip
    trainer = CompletionTrainer(
        model, tokenizer, rows.rows, batches,
        config(
            output=request.work, steps=len(batches), batch_size=settings.batch_size,
            learning_rate=settings.learning_rate, warmup_ratio=settings.warmup_ratio,
            weight_decay=settings.weight_decay, checkpoint_steps=settings.checkpoint_steps,
            precision=precision, device=device,
            gradient_checkpointing=settings.gradient_checkpointing, seed=seed,
            evaluate_steps=settings.evaluate_steps if validation else None,
        ),
        precision=precision, workers=workers, micro_batch=settings.micro_batch_size,
        checkpoints=checkpoints, callbacks=callbacks, validation=validation,
        on_better=lambda step, loss: best.write(model, _dtype(precision), Validated(step, loss)),
    )  # fmt: skip
    trainer.remove_callback(PrinterCallback)
    try:
        _run(trainer, checkpoints.latest())
    finally:
        if experiment is not None:
            experiment.close()
    history: list[dict[str, Any]] = trainer.state.log_history
    return history


def _samples(
    prompts: list[str], tokenizer: Any, work: Path, experiment: "Experiment | None"
) -> "list[Samples]":
    """What writes proofs of the held-out problems down during training, where there are any."""
    from olympiad_ineq.train.samples import Samples

    log = experiment.samples if experiment else None
    return [Samples(tokenizer, prompts, work / "samples.jsonl", log)] if prompts else []


def _run(trainer: "CompletionTrainer", resume: Path | None) -> None:
    """Train to the last step; a stopped trainer returns as if all were well."""
    if resume is not None:
        print(f"train: going on from {resume}", file=sys.stderr)
    trainer.train(resume_from_checkpoint=str(resume) if resume else None)
    steps = trainer.args.max_steps
    if trainer.state.global_step < steps:
        raise UserError(
            f"training at step {trainer.state.global_step} of {steps}",
            "it was asked to stop before its last step",
            "run the same command again: it goes on from there",
        )


def _dtype(precision: str) -> Any:
    import torch

    return {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[precision]


def _validated(
    history: list[dict[str, Any]], rows: int, best: Best, settings: Train
) -> dict[str, Any]:
    """The best and the last validation loss, and which of the two models is placed."""
    measured = [(e["step"], e["eval_loss"]) for e in history if "eval_loss" in e]
    if not measured:
        return {}
    last = Validated(*measured[-1])
    least = best.read() or last
    return {
        "rows": rows, "best": least._asdict(), "last": last._asdict(), "placed": settings.keep,
    }  # fmt: skip


def _place(
    request: Request,
    settings: Train,
    model: Any,
    tokenizer: Any,
    text: str,
    precision: str,
    best: Best,
    validated: dict[str, Any],
) -> None:
    """Save the tuned model in the precision it was computed in.

    Where the least validation loss was not the last one, the model of the other stands beside it,
    in a folder `last` or `best`.
    """
    # the trainer wrapped `forward` on the instance; what is saved is weights and configs alone
    model.set_attn_implementation("sdpa")
    model.config.use_cache = True
    model.to(_dtype(precision))

    def save(path: Path, which: str) -> None:
        with atomic_folder(path) as folder:
            model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
            (folder / "README.md").write_text(text, encoding="utf-8")
            if which == "best":
                best.put_into(folder)

    two = bool(validated) and validated["best"]["step"] != validated["last"]["step"]
    for other in ("best", "last"):
        path = request.out_model.with_name(other)
        if two and other != settings.keep:
            save(path, other)
        else:
            shutil.rmtree(path, ignore_errors=True)
    save(request.out_model, settings.keep if two else "last")
    # Snakemake deletes the model's folder before it trains again; if that is killed, this stays
    keep_links(request.out_model, request.work / KEPT)


def _licence(base_model: Path) -> str | None:
    """The licence that the base model's own card or licence file names."""
    try:
        card_text = (base_model / "README.md").read_text(encoding="utf-8")
        found = re.search(r"^license: *(\S+)$", card_text, flags=re.MULTILINE)
        return found[1] if found else None
    except OSError:
        return None


def _device_name(torch: Any, device: str) -> str:
    return str(torch.cuda.get_device_name()) if device == "cuda" else "a CPU"


class Stop:
    """Whether someone has asked the run to stop."""

    asked = False


@contextmanager
def _stop() -> Iterator[Stop]:
    """Turn SIGTERM into a request that the next step's end honours, with a checkpoint."""
    stop = Stop()

    def ask(*_: object) -> None:
        stop.asked = True

    try:
        before = signal.signal(signal.SIGTERM, ask)
    except ValueError:  # not the main thread: whoever runs us handles signals
        yield stop
        return
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _threads(torch: Any, count: int | None) -> Iterator[None]:
    """Let each operation use this many cores while the workers share the batch."""
    before = torch.get_num_threads()
    if count is not None:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _in_plain_words(error: Exception, request: Request, settings: Train) -> UserError | None:
    if isinstance(error, UserError):
        return None
    text = str(error)
    if isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text:
        return out_of_memory.error(settings, request.base_model)
    return refused_by_disk(error, request.work)
