"""What the student answers while it is still learning: to look at, never to score."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from transformers import TrainerCallback

LENGTH = 400  # tokens of an answer at most


class Sample(NamedTuple):
    """One answer; `ended` says whether the student ended it by itself."""

    prompt: str
    answer: str
    ended: bool


def answers(model: Any, tokenizer: Any, prompts: Sequence[str]) -> list[Sample]:
    """Greedy answers, one prompt at a time."""
    import torch

    found = []
    with _ready_to_generate(model), torch.no_grad():
        for prompt in prompts:
            asked = tokenizer(prompt, return_tensors="pt").to(model.device)
            told = model.generate(**asked, max_new_tokens=LENGTH, do_sample=False, use_cache=True)
            told = told[0, asked["input_ids"].shape[1] :]
            ended = bool(told.numel()) and int(told[-1]) == tokenizer.eos_token_id
            text = tokenizer.decode(told[:-1] if ended else told)
            found.append(Sample(prompt, text, ended))
    return found


@contextmanager
def _ready_to_generate(model: Any) -> Iterator[None]:
    """Attention that knows a cache, which attention over rows laid end to end does not."""
    before = model.config._attn_implementation
    model.set_attn_implementation("sdpa")
    try:
        yield
    finally:
        model.set_attn_implementation(before)


class Samples(TrainerCallback):  # type: ignore[misc]
    """Answer the same held-out prompts at each evaluation; append them to a file, and log them."""

    def __init__(
        self, tokenizer: Any, prompts: Sequence[str], path: Path,
        log: Callable[[int, list[Sample]], None] | None,
    ) -> None:  # fmt: skip
        self._tokenizer, self._prompts, self._path, self._log = tokenizer, prompts, path, log

    def on_evaluate(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        """Answer, and say so if no answer ends at the end of the training."""
        found = answers(model, self._tokenizer, self._prompts)
        with self._path.open("a", encoding="utf-8") as handle:
            for sample in found:
                line = {"step": state.global_step, **sample._asdict()}
                handle.write(json.dumps(line, ensure_ascii=False) + "\n")
        if self._log is not None:
            self._log(state.global_step, found)
        if state.global_step == state.max_steps and not any(sample.ended for sample in found):
            print(
                f"warning: train: none of {len(found)} sampled answers ended within {LENGTH} "
                "tokens: the student has not learned to stop; raise train.epochs or "
                "train.learning_rate",
                file=sys.stderr,
            )
