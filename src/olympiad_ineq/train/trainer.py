"""TRL's SFTTrainer, with the same loss and far less work for it.

Four changes, each through a hook that TRL and transformers offer:

- rows lie end to end without padding, and each attends to itself (`attention`);
- the LM head runs on the positions whose next token is a target, and on no others;
- on a CPU each worker thread takes a share of the batch through the whole model with one core, and
  their gradients are added at the end. Splitting the batch once beats splitting every operation:
  a step has thousands of operations, most of them small, and a team of cores must meet after each;
- checkpoints are whole or absent (`checkpoints`).
"""

import math
import resource
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim.adamw import adamw
from torch.utils.data import DataLoader
from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback
from trl import SFTConfig, SFTTrainer

from olympiad_ineq.errors import UserError
from olympiad_ineq.train.checkpoints import Checkpoints
from olympiad_ineq.train.data import IGNORED, Batch, Row, balance, collate, take
from olympiad_ineq.train.machine import Precision, peak_flops, training_flops

Share = dict[str, Any]  # a batch, or a part of one, with its targets found
_AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}


def config(
    *,
    output: Path,
    steps: int,
    batch_size: int,
    learning_rate: float,
    warmup_ratio: float,
    weight_decay: float,
    checkpoint_steps: int,
    precision: Precision,
    device: str,
    gradient_checkpointing: bool,
    seed: int,
    evaluate_steps: int | None = None,
) -> SFTConfig:
    """The stage's settings in TRL's words; all that TRL would do by itself is off."""
    return SFTConfig(
        output_dir=str(output),
        max_steps=steps,
        per_device_train_batch_size=batch_size,
        gradient_accumulation_steps=1,
        learning_rate=learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=round(warmup_ratio * steps),
        weight_decay=weight_decay,
        max_grad_norm=1.0,
        optim="adamw_torch_fused",
        bf16=False,  # `autocast_smart_context_manager` below does it, safely under threads
        fp16=precision == "fp16",
        use_cpu=device == "cpu",
        gradient_checkpointing=gradient_checkpointing,
        logging_steps=1,
        logging_nan_inf_filter=False,
        include_num_input_tokens_seen="all",
        eval_strategy="steps" if evaluate_steps else "no",
        eval_steps=evaluate_steps,
        save_strategy="steps",
        save_steps=checkpoint_steps,
        average_tokens_across_devices=False,
        dataloader_pin_memory=False,
        remove_unused_columns=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        max_length=None,
        disable_tqdm=True,
        report_to=[],
        seed=seed,
        data_seed=seed,
    )


class CompletionTrainer(SFTTrainer):  # type: ignore[misc]
    """Full fine-tuning on completions.

    Args:
        order: every batch of the run as row indices.
        workers: threads that share a batch; 1 computes in the caller with all cores.
        micro_batch: rows in one forward pass at most; None lets the workers share a batch.
        checkpoints: where checkpoints go; None writes none.
        validation: rows to measure the loss on, as often as the arguments say.
        on_better: called with step and loss whenever the validation loss is the least so far.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        rows: Sequence[Row],
        order: list[list[int]],
        args: SFTConfig,
        *,
        precision: Precision,
        workers: int = 1,
        micro_batch: int | None = None,
        checkpoints: Checkpoints | None = None,
        callbacks: list[TrainerCallback] | None = None,
        validation: Sequence[Row] = (),
        on_better: Callable[[int, float], None] | None = None,
    ) -> None:
        from datasets import Dataset

        _without_dropout(model)
        self._order = order
        self._precision = precision
        self._micro_batch = micro_batch
        self._checkpoints = checkpoints
        self._writing: Path | None = None
        self._seconds = 0.0
        self._pool = _pool(workers)
        self._workers = workers
        self._validation = validation
        self._on_better = on_better
        self._targets = 0
        self._peak = peak_flops() if args.device.type == "cuda" else None
        super().__init__(
            model=model,
            args=args,
            train_dataset=Dataset.from_dict(_columns(rows)),
            eval_dataset=Dataset.from_dict(_columns(validation)) if validation else None,
            data_collator=collate,
            processing_class=tokenizer,
            callbacks=[_evaluate_last(), *(callbacks or [])] if validation else callbacks,
            optimizer_cls_and_kwargs=_optimizer(args, self._pool, workers),
        )

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Batches in the order given; resuming skips the ones that were done."""
        return DataLoader(
            self.train_dataset,
            batch_sampler=self._order,
            collate_fn=self.data_collator,
        )

    def autocast_smart_context_manager(
        self, cache_enabled: bool | None = True
    ) -> AbstractContextManager[Any]:
        """The precision of products; fp16 needs a gradient scaler, so accelerate keeps that one."""
        if self._precision != "bf16":
            return nullcontext()
        return torch.autocast(self.args.device.type, dtype=_AUTOCAST["bf16"])

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:
        """Cross-entropy of the targets, from logits at the positions before them alone."""
        asked = inputs if "before" in inputs else _with_targets(inputs)
        outputs = model(
            input_ids=asked["input_ids"],
            position_ids=asked["position_ids"],
            lengths=asked["lengths"],
            logits_to_keep=asked["before"],
            use_cache=False,
        )
        total = cross_entropy(outputs.logits[0].float(), asked["targets"], reduction="sum")
        loss = total / (num_items_in_batch or len(asked["before"]))
        return (loss, outputs) if return_outputs else loss

    def training_step(
        self,
        model: torch.nn.Module,
        inputs: Batch,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Tensor:
        """Loss and gradients of one batch, in shares."""
        started = time.perf_counter()
        model.train()
        targets = int((inputs["labels"][0, 1:] != IGNORED).sum())
        lengths = inputs["lengths"].tolist()
        parts = self._workers if self._micro_batch is None else 1
        shares = [
            self._prepare_inputs(_with_targets(take(inputs, share)))
            for share in balance(lengths, parts, self._micro_batch)
        ]
        if self._pool is None:
            loss = self._in_turn(model, shares, targets)
        else:
            loss = self._side_by_side(self._pool, model, shares, targets)
        if not torch.isfinite(loss):
            raise diverged(self.state.global_step + 1)
        self._seconds = time.perf_counter() - started
        self._lengths, self._targets = lengths, targets
        return loss

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """The mean loss of the validation rows' targets; the least so far is reported."""
        rows = self._validation
        size = self._micro_batch or self.args.per_device_train_batch_size
        batches = [rows[i : i + size] for i in range(0, len(rows), size)]
        targets = sum(len(row.ids) - row.prompt for row in rows)
        before = [e["eval_loss"] for e in self.state.log_history if "eval_loss" in e]
        self.model.eval()
        total = sum((self._pool.map if self._pool else map)(self._sum_of_losses, batches))
        loss = total / targets
        found = {"eval_loss": loss}
        self.log(found)
        self.control = self.callback_handler.on_evaluate(  # type: ignore[has-type]
            self.args,
            self.state,
            self.control,  # type: ignore[has-type]
            found,
        )
        self.model.train()
        if self._on_better is not None and loss < min(before, default=math.inf):
            self._on_better(self.state.global_step, loss)
        return found

    @torch.no_grad()
    def _sum_of_losses(self, rows: Sequence[Row]) -> float:
        columns = _columns(rows)
        batch = collate(
            [
                dict(zip(columns, values, strict=True))
                for values in zip(*columns.values(), strict=True)
            ]
        )
        with self.compute_loss_context_manager():
            inputs = self._prepare_inputs(_with_targets(batch))
            loss = self.compute_loss(self.model, inputs, num_items_in_batch=1)
        return float(loss)

    def _in_turn(self, model: torch.nn.Module, shares: list[Share], targets: int) -> Tensor:
        total = torch.zeros((), device=self.args.device)
        for share in shares:
            with self.compute_loss_context_manager():
                loss = self.compute_loss(model, share, num_items_in_batch=targets)
            self.accelerator.backward(loss)
            total += loss.detach()
        return total

    def _side_by_side(
        self, pool: ThreadPoolExecutor, model: torch.nn.Module, shares: list[Share], targets: int
    ) -> Tensor:
        """One worker, one list of gradients; sums are taken in a fixed order, so runs repeat."""
        parameters = [p for p in model.parameters() if p.requires_grad]

        def work(mine: list[Share]) -> tuple[Tensor, list[Tensor | None]]:
            total = torch.zeros(())
            sums: list[Tensor | None] = [None] * len(parameters)
            for share in mine:
                with self.compute_loss_context_manager():
                    loss = self.compute_loss(model, share, num_items_in_batch=targets)
                new = torch.autograd.grad(loss, parameters, allow_unused=True)
                sums = [_plus(a, b) for a, b in zip(sums, new, strict=True)]
                total += loss.detach()
            return total, sums

        count = min(self._workers, len(shares))
        done = list(pool.map(work, [shares[i::count] for i in range(count)]))

        def add(first: int) -> None:
            for index in range(first, len(parameters), count):
                whole: Tensor | None = None
                for _, sums in done:
                    whole, sums[index] = _plus(whole, sums[index]), None
                parameters[index].grad = _plus(parameters[index].grad, whole)

        list(pool.map(add, range(count)))
        return torch.stack([total for total, _ in done]).sum()

    def _clip_grad_norm(self, model: torch.nn.Module) -> Any:
        if self._pool is None:
            norm = super()._clip_grad_norm(model)
        else:
            gradients = [p.grad for p in model.parameters() if p.grad is not None]
            norm = _clip(self._pool, self._workers, gradients, self.args.max_grad_norm)
        if self._precision != "fp16" and not math.isfinite(float(norm)):
            raise diverged(self.state.global_step + 1)
        return norm

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add what a step cost to the step's entry."""
        if "loss" in logs and self._seconds:
            logs["seconds"] = round(self._seconds, 4)
            logs["tokens_per_second"] = round(sum(self._lengths) / self._seconds, 1)
            logs["memory_gib"] = round(_memory(self.args.device) / (1 << 30), 2)
            if self._peak:
                done = training_flops(self.model, self._lengths, self._targets)
                logs["mfu"] = round(done / self._seconds / self._peak, 4)
        super().log(logs, start_time)

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Write none into checkpoints; the finished model gets the stage's own."""

    def _get_output_dir(self, trial: Any) -> str:
        return str(self._writing or self.args.output_dir)

    def _save_checkpoint(self, model: torch.nn.Module, trial: Any) -> None:
        if self._checkpoints is None:
            return

        def fill(folder: Path) -> None:
            self._writing = folder
            try:
                super(CompletionTrainer, self)._save_checkpoint(model, trial)
            finally:
                self._writing = None

        self._checkpoints.write(self.state.global_step, fill)


class SharedAdamW(torch.optim.AdamW):
    """AdamW whose parameters are shared out among the workers; the numbers are the same."""

    def __init__(self, params: Any, pool: ThreadPoolExecutor, workers: int, **kwargs: Any) -> None:
        super().__init__(params, fused=True, **kwargs)
        self._pool, self._workers = pool, workers

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One update, each worker its own parameters with one core."""
        for group in self.param_groups:
            lists: list[list[Tensor]] = [[] for _ in range(6)]
            self._init_group(group, *lists)  # type: ignore[no-untyped-call]
            shares = [
                [column[i :: self._workers] for column in lists] for i in range(self._workers)
            ]
            list(self._pool.map(lambda share, group=group: self._update(group, share), shares))

    @staticmethod
    @torch.no_grad()
    def _update(group: dict[str, Any], columns: list[list[Tensor]]) -> None:
        parameters, gradients, means, squares, peaks, steps = columns
        adamw(
            parameters, gradients, means, squares, peaks, steps, fused=True, amsgrad=False,
            beta1=group["betas"][0], beta2=group["betas"][1], lr=group["lr"],
            weight_decay=group["weight_decay"], eps=group["eps"], maximize=False,
        )  # fmt: skip


def _optimizer(
    args: SFTConfig, pool: ThreadPoolExecutor | None, workers: int
) -> tuple[type[torch.optim.Optimizer], dict[str, Any]] | None:
    if pool is None:
        return None
    betas = (args.adam_beta1, args.adam_beta2)
    return SharedAdamW, {
        "pool": pool, "workers": workers, "lr": args.learning_rate, "betas": betas,
        "eps": args.adam_epsilon,
    }  # fmt: skip


def _clip(pool: ThreadPoolExecutor, workers: int, gradients: list[Tensor], most: float) -> Tensor:
    """Scale gradients down to a norm of `most`, as torch's clip_grad_norm_ does."""
    slices = [gradients[i::workers] for i in range(workers)]
    norms = [n for part in pool.map(lambda mine: torch._foreach_norm(mine), slices) for n in part]
    norm: Tensor = torch.linalg.vector_norm(torch.stack(norms))
    scale = float(most / (norm + 1e-6))
    if scale < 1:
        list(pool.map(lambda mine: torch._foreach_mul_(mine, scale), slices))
    return norm


def _columns(rows: Sequence[Row]) -> dict[str, list[list[int]]]:
    return {"input_ids": [list(r.ids) for r in rows], "labels": [r.labels for r in rows]}


def _with_targets(batch: Batch) -> dict[str, Any]:
    """A batch that says where its targets are, found before it goes to the device.

    There the search would make the host wait for all work queued before it, in every pass.
    """
    labels = batch["labels"][0, 1:]
    before = (labels != IGNORED).nonzero().flatten()
    lengths = batch["lengths"].tolist()
    return {**batch, "lengths": lengths, "before": before, "targets": labels[before]}


def _memory(device: torch.device) -> int:
    """The most bytes that this process has held so far: on its GPU, or in the machine's memory."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )


def _evaluate_last() -> TrainerCallback:
    """A callback that asks for a validation loss after the last step too."""

    class Last(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
            if state.global_step == state.max_steps:
                control.should_evaluate = True
            return control

    return Last()


def halt_when(asked: Callable[[], bool]) -> TrainerCallback:
    """A callback that saves and stops at the end of the step in which `asked` becomes true."""

    class Halt(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
            if asked() and state.global_step < state.max_steps:
                control.should_save = True
                control.should_training_stop = True
            return control

    return Halt()


def diverged(step: int) -> UserError:
    """The one line for a loss or gradient that is no number."""
    return UserError(
        f"the loss or its gradient at step {step}",
        "it is not a finite number: training has diverged",
        "lower train.learning_rate, or set train.precision to fp32",
    )


def _pool(workers: int) -> ThreadPoolExecutor | None:
    if workers < 2:
        return None
    return ThreadPoolExecutor(workers, "train", initializer=lambda: torch.set_num_threads(1))


def _plus(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    if a is None or b is None:
        return a if b is None else b
    return a.add_(b)


def _without_dropout(model: torch.nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
