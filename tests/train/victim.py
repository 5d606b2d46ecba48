"""A training run in a process of its own, made to die at a chosen point."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from olympiad_ineq.errors import UserError
from olympiad_ineq.settings import Train
from olympiad_ineq.train import Request, checkpoints, train


def run(request: Request, settings: Train, death: str, said: Path) -> None:
    """Train, and die as `death` says: `step 3`, `sealing 4`, `placing`, `term 3`, or `never`."""
    os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    how, _, when = death.partition(" ")
    from olympiad_ineq.train import stage
    from olympiad_ineq.train.trainer import CompletionTrainer

    def die(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    if how in ("step", "term"):
        plain = CompletionTrainer.training_step

        def step(self: Any, *arguments: Any) -> Any:
            if self.state.global_step == int(when) - 1:
                os.kill(os.getpid(), signal.SIGKILL if how == "step" else signal.SIGTERM)
            return plain(self, *arguments)

        CompletionTrainer.training_step = step  # type: ignore[assignment, method-assign]
    elif how == "sealing":
        sound = checkpoints.seal

        def seal(folder: Path) -> None:
            if folder.name == f"checkpoint-{when}":
                die()
            sound(folder)

        checkpoints.seal = seal
    elif how == "placing":
        vars(stage)["card"] = die
    try:
        train(request, settings, seed=5)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
