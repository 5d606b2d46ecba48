"""The same loss and gradients as the plain way, whatever was done to get them sooner."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AutoModelForCausalLM, PhiConfig, PhiForCausalLM

from olympiad_ineq.train import attention
from olympiad_ineq.train.data import IGNORED, Row, collate, encode, order
from olympiad_ineq.train.trainer import CompletionTrainer, SharedAdamW, _clip, config
from tests.train.conftest import examples

pytestmark = pytest.mark.model


def tiny(base: Path, implementation: str = attention.NAME) -> Any:
    return AutoModelForCausalLM.from_pretrained(
        base, dtype=torch.float32, attn_implementation=implementation
    )


def phi(implementation: str = attention.NAME) -> Any:
    torch.manual_seed(0)
    model = PhiForCausalLM(
        PhiConfig(vocab_size=49_152, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
                  num_attention_heads=4, resid_pdrop=0.0)
    )  # fmt: skip
    model.set_attn_implementation(implementation)
    return model


def make(
    model: Any, tokenizer: Any, rows: list[Row], folder: Path, batches: list[list[int]],
    **changes: Any,
) -> CompletionTrainer:  # fmt: skip
    args = config(
        output=folder, steps=len(batches), batch_size=len(batches[0]), learning_rate=1e-3,
        warmup_ratio=0.0, weight_decay=0.01, checkpoint_steps=1000, precision="fp32", device="cpu",
        gradient_checkpointing=changes.pop("gradient_checkpointing", False), seed=0,
    )  # fmt: skip
    return CompletionTrainer(model, tokenizer, rows, batches, args, precision="fp32", **changes)


def plain_loss(model: Any, rows: list[Row], pad: int) -> torch.Tensor:
    """What any textbook does: pad, mask, all logits, transformers' own loss."""
    longest = max(len(row.ids) for row in rows)
    ids = torch.tensor([[*row.ids, *[pad] * (longest - len(row.ids))] for row in rows])
    labels = torch.tensor([row.labels + [IGNORED] * (longest - len(row.ids)) for row in rows])
    mask = torch.tensor([[int(i < len(row.ids)) for i in range(longest)] for row in rows])
    loss: torch.Tensor = model(input_ids=ids, attention_mask=mask, labels=labels).loss
    return loss


@pytest.fixture
def rows(tokenizer: Any) -> list[Row]:
    return encode(examples(6), tokenizer, 200).rows


@pytest.fixture
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("kind", ["llama", "phi"])
@pytest.mark.parametrize(
    ("workers", "micro", "checkpointing"), [(1, None, False), (2, None, False), (3, 1, True)]
)
def test_loss_and_gradients_equal_the_plain_ones(
    kind: str, workers: int, micro: int | None, checkpointing: bool, tiny_base: Path,
    tokenizer: Any, rows: list[Row], tmp_path: Path, one_thread: None,
) -> None:  # fmt: skip
    ours = phi() if kind == "phi" else tiny(tiny_base)
    plain = phi("sdpa") if kind == "phi" else tiny(tiny_base, "sdpa")
    expected = plain_loss(plain, rows, tokenizer.pad_token_id)
    expected.backward()  # type: ignore[no-untyped-call]
    trainer = make(ours, tokenizer, rows, tmp_path, [list(range(6))], workers=workers,
                   micro_batch=micro, gradient_checkpointing=checkpointing)  # fmt: skip
    batch = collate([{"input_ids": list(row.ids), "labels": row.labels} for row in rows])
    loss = trainer.training_step(trainer.model, batch)
    assert float(loss) == pytest.approx(float(expected), abs=1e-5)
    for (name, a), b in zip(ours.named_parameters(), plain.parameters(), strict=True):
        assert torch.allclose(a.grad, b.grad, atol=1e-6, rtol=1e-4), name


def test_the_loss_that_trl_asks_for_is_the_same(
    tiny_base: Path, tokenizer: Any, rows: list[Row], tmp_path: Path
) -> None:
    trainer = make(tiny(tiny_base), tokenizer, rows, tmp_path, [list(range(6))])
    batch = collate([{"input_ids": list(row.ids), "labels": row.labels} for row in rows])
    loss = trainer.compute_loss(trainer.model, batch)
    expected = plain_loss(tiny(tiny_base, "sdpa"), rows, tokenizer.pad_token_id)
    assert float(loss) == pytest.approx(float(expected), abs=1e-5)


@pytest.mark.parametrize("kind", ["llama", "phi"])
def test_the_loss_of_one_example_moves_no_other(
    kind: str, tiny_base: Path, tokenizer: Any, rows: list[Row], tmp_path: Path
) -> None:
    """Three rows in one sequence, the loss of the middle one alone: zero on every other token."""
    model = phi() if kind == "phi" else tiny(tiny_base)
    batch = collate([{"input_ids": list(row.ids), "labels": row.labels} for row in rows[:3]])
    first, second, _ = batch["lengths"].tolist()
    batch["labels"][0, :first] = batch["labels"][0, first + second :] = IGNORED
    seen: list[torch.Tensor] = []

    def keep(module: Any, inputs: Any, output: torch.Tensor) -> torch.Tensor:
        seen.append(output.detach().requires_grad_())
        return seen[-1]

    model.get_input_embeddings().register_forward_hook(keep)
    trainer = make(model, tokenizer, rows, tmp_path, [[0, 1, 2]])
    trainer.compute_loss(trainer.model, batch).backward()
    moved = seen[0].grad[0].abs().sum(-1)  # type: ignore[index]
    # the row's last token is asked to predict nothing, so nothing flows back to it
    assert (moved[first : first + second - 1] > 0).all()
    assert moved[:first].max() == moved[first + second - 1 :].max() == 0


def test_products_in_bf16_are_about_as_exact_as_the_fused_kernel() -> None:
    """Sharp attention, where scores rounded to bf16 would be six times worse."""
    torch.manual_seed(0)
    query, key = (3 * torch.randn(1, n, 160, 64).bfloat16() for n in (6, 2))
    value = torch.randn(1, 2, 160, 64).bfloat16()
    exact = scaled_dot_product_attention(
        query.float(), key.float(), value.float(), is_causal=True, enable_gqa=True
    )
    fused = scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=True)
    found, _ = attention.attend(torch.nn.Identity(), query, key, value, None, lengths=[160])
    ours, theirs = (
        float((x.float() - exact).square().mean().sqrt()) for x in (found.transpose(1, 2), fused)
    )
    assert ours < 1.5 * theirs


@pytest.mark.parametrize("kind", ["llama", "phi"])
def test_a_model_under_autocast_takes_the_products(
    kind: str, tiny_base: Path, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rotation leaves queries and keys in fp32; that must not send them the slow way."""
    taken: list[torch.dtype] = []
    plain = attention._products

    def products(query: Any, key: Any, value: Any, scale: float) -> torch.Tensor:
        taken.append(value.dtype)
        return plain(query, key, value, scale)

    monkeypatch.setattr(attention, "_products", products)
    model = phi() if kind == "phi" else tiny(tiny_base)
    batch = collate([{"input_ids": list(row.ids), "labels": row.labels} for row in rows[:3]])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        model(
            input_ids=batch["input_ids"], position_ids=batch["position_ids"],
            lengths=batch["lengths"].tolist(), use_cache=False,
        )  # fmt: skip
    assert taken == [torch.bfloat16] * 3 * 2  # rows and layers


@pytest.mark.parametrize("groups", [4, 2])
def test_one_call_for_all_rows_is_attention_row_by_row(
    groups: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a GPU is given: the kernel itself is stood in for by its documented contract."""
    from torch.nn.attention import varlen

    def contract(
        query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, ends: torch.Tensor,
        same_ends: torch.Tensor, longest: int, same: int, *, scale: float,
        window_size: tuple[int, int], enable_gqa: bool,
    ) -> torch.Tensor:  # fmt: skip
        assert ends.dtype == torch.int32 and torch.equal(ends, same_ends)
        assert longest == same == int(ends.diff().max()) and window_size == (-1, 0)
        rows = []
        for a, b in pairwise(ends.tolist()):
            q, k, v = (x[a:b].transpose(0, 1)[None] for x in (query, key, value))
            row = scaled_dot_product_attention(
                q, k, v, is_causal=True, scale=scale, enable_gqa=enable_gqa
            )
            rows.append(row[0].transpose(0, 1))
        return torch.cat(rows)

    torch.manual_seed(0)
    query, key, value = (torch.randn(1, n, 12, 8) for n in (4, groups, groups))
    lengths = [5, 1, 6]
    rows, _ = attention.attend(torch.nn.Identity(), query, key, value, None, lengths=lengths)
    monkeypatch.setattr(varlen, "varlen_attn", contract)
    monkeypatch.setattr(attention, "_has_varlen", lambda query: True)
    at_once, _ = attention.attend(torch.nn.Identity(), query, key, value, None, lengths=lengths)
    assert at_once.shape == rows.shape
    assert torch.allclose(at_once, rows, atol=1e-6)


def test_the_shared_optimizer_is_adamw() -> None:
    torch.manual_seed(0)
    ours = [torch.nn.Parameter(torch.randn(n + 1, 3)) for n in range(5)]
    plain = [torch.nn.Parameter(p.detach().clone()) for p in ours]
    with ThreadPoolExecutor(2) as pool:
        mine = SharedAdamW(ours, pool, 2, lr=1e-2, weight_decay=0.1)
        theirs = torch.optim.AdamW(plain, lr=1e-2, weight_decay=0.1, fused=True)
        for _ in range(4):
            for a, b in zip(ours, plain, strict=True):
                a.grad = torch.randn_like(a)
                b.grad = a.grad.clone()
            mine.step()
            theirs.step()
            gradients = [p.grad for p in ours if p.grad is not None]
            norm = _clip(pool, 2, gradients, 1.0)
            expected = torch.nn.utils.clip_grad_norm_(plain, 1.0)
            assert float(norm) == pytest.approx(float(expected), rel=1e-6)
            assert all(torch.allclose(a.grad, b.grad) for a, b in zip(ours, plain, strict=True))  # type: ignore[arg-type]
    assert all(torch.equal(a, b) for a, b in zip(ours, plain, strict=True))


def test_a_run_equals_a_bare_loop(
    tiny_base: Path, tokenizer: Any, tmp_path: Path, one_thread: None
) -> None:
    rows = encode(examples(12), tokenizer, 200).rows
    batches = order(len(rows), 4, 2, seed=3)
    trainer = make(tiny(tiny_base), tokenizer, rows, tmp_path, batches, workers=2)
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    plain = tiny(tiny_base, "sdpa")
    decayed = [p for p in plain.parameters() if p.ndim > 1]
    others = [p for p in plain.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, len(batches))
    for batch, found in zip(batches, losses, strict=True):
        loss = plain_loss(plain, [rows[i] for i in batch], tokenizer.pad_token_id)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(plain.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        assert float(loss) == pytest.approx(found, abs=1e-4)
