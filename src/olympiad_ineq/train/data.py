"""Examples as token rows, and the order in which training sees them.

A row is the prompt's tokens, the completion's tokens and the end-of-text token. The two texts are
tokenised apart, so the prompt's tokens are exactly those that evaluation feeds to the student, and
the end is a target like any other, so the student learns to stop.
"""

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from olympiad_ineq.errors import UserError
from olympiad_ineq.records import Example

if TYPE_CHECKING:
    import torch

IGNORED = -100  # the label that every loss in torch skips


@dataclass(frozen=True)
class Row:
    """One example as tokens; the first `prompt` of them are context, the rest are targets."""

    ids: tuple[int, ...]
    prompt: int

    @property
    def labels(self) -> list[int]:
        """The tokens to learn, with the prompt masked out."""
        return [IGNORED] * self.prompt + list(self.ids[self.prompt :])


@dataclass(frozen=True)
class Rows:
    """The rows to train on, which examples they are, and how many were left out, by reason."""

    rows: list[Row]
    used: list[int]
    left_out: dict[str, int]

    @property
    def tokens(self) -> int:
        """Tokens of one pass over the rows."""
        return sum(len(row.ids) for row in self.rows)


def hold_out(
    examples: Sequence[Example], count: int, seed: int
) -> tuple[list[Example], list[Example]]:
    """Split examples into those to learn from and those to measure the loss on.

    Whole families are held out, in an order that the seed fixes, until there are `count` rows.

    Raises:
        UserError: nothing would be left to learn from.
    """
    families: dict[str, list[Example]] = {}
    for example in examples:
        families.setdefault(example.family, []).append(example)
    order = sorted(families)
    random.Random(f"validation {seed}").shuffle(order)
    held: set[str] = set()
    rows = 0
    for name in order:
        if rows >= count:
            break
        held.add(name)
        rows += len(families[name])
    if examples and rows == len(examples):
        raise UserError(
            f"train.validation = {count}",
            f"it holds out all {len(examples)} examples in {len(families)} families",
            "lower train.validation, or raise split.train",
        )
    learned = [example for example in examples if example.family not in held]
    return learned, [example for example in examples if example.family in held]


class Texts(Protocol):
    """What is read of an example."""

    @property
    def prompt(self) -> str: ...

    @property
    def completion(self) -> str: ...


def encode(examples: Iterable[Texts], tokenizer: Any, max_length: int) -> Rows:
    """Tokenise examples and leave out, counted, those that do not fit the student.

    Raises:
        UserError: no example is left.
    """
    rows: list[Row] = []
    used: list[int] = []
    left_out: Counter[str] = Counter()
    longest = 0
    for index, example in enumerate(examples):
        prompt = tokenizer(example.prompt)["input_ids"]
        completion = tokenizer(example.completion, add_special_tokens=False)["input_ids"]
        row = Row((*prompt, *completion, tokenizer.eos_token_id), len(prompt))
        if not prompt or not completion:
            left_out["empty prompt or completion"] += 1
        elif len(row.ids) > max_length:
            left_out[f"longer than {max_length} tokens"] += 1
            longest = max(longest, len(row.ids))
        else:
            rows.append(row)
            used.append(index)
    if not rows:
        reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
        raise UserError(
            "the training examples",
            f"none can be used ({reasons or 'there are none'})",
            f"raise train.max_length to {longest}" if longest else "raise split.train",
        )
    return Rows(rows, used, dict(left_out))


def order(count: int, batch_size: int, epochs: float, seed: int) -> list[list[int]]:
    """All batches of the run, as row indices: each epoch its own shuffle, fixed by the seed.

    A fraction of an epoch is that share of its batches. The order is known before the first step,
    so a resumed run goes on at its place without replaying anything.
    """
    batches: list[list[int]] = []
    per_epoch = math.ceil(count / batch_size)
    steps = max(1, round(per_epoch * epochs))
    for epoch in range(math.ceil(epochs)):
        indices = list(range(count))
        random.Random(f"{seed}/{epoch}").shuffle(indices)
        batches += [indices[i : i + batch_size] for i in range(0, count, batch_size)]
    return batches[:steps]


def balance(lengths: Sequence[int], parts: int, most: int | None = None) -> list[list[int]]:
    """Share rows out among parts of nearly equal length: longest first, to the lightest part.

    Args:
        most: rows that one part may hold.
    """
    parts = min(max(parts, math.ceil(len(lengths) / (most or len(lengths)))), len(lengths))
    shares: list[list[int]] = [[] for _ in range(parts)]
    weights = [0] * parts
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        open_parts = [p for p in range(parts) if most is None or len(shares[p]) < most]
        lightest = min(open_parts, key=lambda p: (weights[p], p))
        shares[lightest].append(index)
        weights[lightest] += lengths[index]
    return [sorted(share) for share in shares]


Batch = dict[str, "torch.Tensor"]


def collate(rows: Sequence[dict[str, list[int]]]) -> Batch:
    """Lay rows end to end in one sequence, without padding; `lengths` says where each one ends.

    A row begins with its prompt, which is masked, so no token is ever asked to predict the first
    token of the row after it.
    """
    import torch

    lengths = [len(row["input_ids"]) for row in rows]
    return {
        "input_ids": torch.tensor([[token for row in rows for token in row["input_ids"]]]),
        "labels": torch.tensor([[label for row in rows for label in row["labels"]]]),
        "position_ids": torch.cat([torch.arange(length) for length in lengths])[None],
        "lengths": torch.tensor(lengths),
    }


def take(batch: Batch, indices: Sequence[int]) -> Batch:
    """The batch that holds only these rows."""
    import torch

    bounds = [0, *torch.cumsum(batch["lengths"], 0).tolist()]
    part = {
        name: torch.cat([batch[name][:, bounds[i] : bounds[i + 1]] for i in indices], dim=1)
        for name in ("input_ids", "labels", "position_ids")
    }
    return {**part, "lengths": batch["lengths"][list(indices)]}
