"""Rows, masks and order."""

from itertools import chain
from typing import Any

import pytest

from olympiad_ineq.errors import UserError
from olympiad_ineq.train.data import IGNORED, balance, collate, encode, order, take
from tests.train.conftest import example, examples

pytestmark = pytest.mark.model


def test_masks_token_by_token(tokenizer: Any) -> None:
    one = example(7)
    (row,) = encode([one], tokenizer, 200).rows
    prompt = tokenizer(one.prompt)["input_ids"]
    completion = tokenizer(one.completion)["input_ids"]
    assert list(row.ids) == [*prompt, *completion, tokenizer.eos_token_id]
    assert row.labels == [IGNORED] * len(prompt) + [*completion, tokenizer.eos_token_id]
    # what evaluation feeds is the prompt alone: the very same tokens
    assert list(row.ids[: row.prompt]) == prompt
    assert tokenizer.decode(prompt) == one.prompt
    assert tokenizer.decode(row.ids[row.prompt : -1]) == one.completion


def test_long_and_empty_examples_are_left_out_and_counted(tokenizer: Any) -> None:
    empty = example(3).model_copy(update={"completion": ""})
    found = encode([example(2), empty, example(4, lines=40)], tokenizer, 100)
    assert len(found.rows) == 1
    assert found.left_out == {"empty prompt or completion": 1, "longer than 100 tokens": 1}
    assert found.tokens == len(found.rows[0].ids)


def test_no_usable_row_says_which_length_would_do(tokenizer: Any) -> None:
    with pytest.raises(UserError, match="none can be used") as caught:
        encode(examples(3), tokenizer, 10)
    longest = int(caught.value.fix.removeprefix("raise train.max_length to "))
    assert len(encode(examples(3), tokenizer, longest).rows) == 3


def test_no_examples_at_all(tokenizer: Any) -> None:
    with pytest.raises(UserError, match="there are none"):
        encode([], tokenizer, 10)


def test_order_is_a_shuffle_for_each_epoch() -> None:
    batches = order(10, 4, 2, seed=1)
    assert [len(batch) for batch in batches] == [4, 4, 2, 4, 4, 2]
    first, second = list(chain(*batches[:3])), list(chain(*batches[3:]))
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    assert order(10, 4, 2, seed=1) == batches
    assert order(10, 4, 2, seed=2) != batches


def test_a_fraction_of_an_epoch() -> None:
    assert order(100, 10, 1.5, seed=1) == order(100, 10, 2, seed=1)[:15]
    assert len(order(3, 10, 0.1, seed=1)) == 1


def test_balance_shares_tokens_and_keeps_every_row() -> None:
    shares = balance([50, 10, 40, 30, 20, 50], 2)
    assert sorted(chain(*shares)) == list(range(6))
    assert [sum([50, 10, 40, 30, 20, 50][i] for i in share) for share in shares] == [100, 100]
    assert all(len(share) <= 2 for share in balance([5] * 7, 1, most=2))
    assert balance([5], 4) == [[0]]


def test_collate_and_take() -> None:
    rows = [{"input_ids": [1, 2, 3], "labels": [IGNORED, 2, 3]},
            {"input_ids": [4, 5], "labels": [IGNORED, 5]}]  # fmt: skip
    batch = collate(rows)
    assert batch["input_ids"].tolist() == [[1, 2, 3, 4, 5]]
    assert batch["labels"].tolist() == [[IGNORED, 2, 3, IGNORED, 5]]
    assert batch["position_ids"].tolist() == [[0, 1, 2, 0, 1]]
    second = take(batch, [1])
    assert {name: value.tolist() for name, value in second.items()} == {
        name: value.tolist() for name, value in collate(rows[1:]).items()
    }
