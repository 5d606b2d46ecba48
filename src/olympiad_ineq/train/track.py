"""What a run shows while it runs: a progress bar, and an experiment log that asks for nothing."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm
from transformers import TrainerCallback

from olympiad_ineq.errors import UserError
from olympiad_ineq.settings import Wandb
from olympiad_ineq.train.samples import Sample


class Progress(TrainerCallback):  # type: ignore[misc]
    """Steps done, loss and speed on stderr."""

    def __init__(self) -> None:
        self._bar: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start where the checkpoint left off."""
        self._bar = tqdm(
            total=state.max_steps, initial=state.global_step, desc="train", unit="step",
            file=sys.stderr, mininterval=1.0,
        )  # fmt: skip

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Advance by a step."""
        if logs and "loss" in logs:
            speed = logs.get("tokens_per_second", 0.0)
            self._bar.set_postfix_str(f"loss {logs['loss']:.3f}, {speed:.0f} tokens/s", False)
            self._bar.update(state.global_step - self._bar.n)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Leave the finished bar on the screen."""
        self._bar.close()


class Experiment(TrainerCallback):  # type: ignore[misc]
    """Log to wandb under a fixed run id, so a resumed run goes on in the same log."""

    def __init__(self, settings: Wandb, run: str, folder: Path, config: dict[str, Any]) -> None:
        import wandb

        if settings.mode == "online" and not _has_key():
            raise UserError(
                "train.wandb.mode = online",
                "there is no key for wandb on this machine",
                "set WANDB_API_KEY, or set train.wandb.mode to offline and `wandb sync` later",
            )
        folder.mkdir(parents=True, exist_ok=True)
        # A service inherited from a parent may still hold this run id for a process that was
        # killed; each training starts its own.
        os.environ.pop("WANDB_SERVICE", None)
        os.environ.setdefault("WANDB_SILENT", "true")
        self._run: Any = None
        try:
            self._run = wandb.init(
                project=settings.project, id=run, resume="allow", mode=settings.mode,
                dir=str(folder), config=config,
                settings=wandb.Settings(console="off", silent=True),
            )  # fmt: skip
        except Exception as error:  # a log that fails must never cost a training
            print(f"warning: wandb: train goes on without it: {error}", file=sys.stderr)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Pass numbers on as they are."""
        if self._run is not None and logs and ("loss" in logs or "eval_loss" in logs):
            self._run.log(logs, step=state.global_step)

    def samples(self, step: int, found: Sequence[Sample]) -> None:
        """Log what the student answered after a step, as a table."""
        if self._run is not None:
            import wandb

            rows = [list(sample) for sample in found]
            table = wandb.Table(columns=list(Sample._fields), data=rows)
            self._run.log({"samples": table}, step=step)

    def close(self) -> None:
        """Flush and close the log."""
        if self._run is not None:
            self._run.finish()


def _has_key() -> bool:
    if os.environ.get("WANDB_API_KEY"):
        return True
    netrc = Path(os.environ.get("NETRC", Path.home() / ".netrc"))
    return netrc.is_file() and "wandb" in netrc.read_text(encoding="utf-8", errors="replace")
