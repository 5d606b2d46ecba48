"""Causal attention over rows laid end to end: each row attends to itself alone.

transformers calls it through its attention registry, so models stay as they are. Without padding
nothing is computed for nothing, and without a mask over the whole batch memory grows with the rows,
not with their square.

On a GPU with 16-bit products (Ampere and later) all rows go through one call of torch's own
`varlen_attn`; elsewhere each row goes through scaled_dot_product_attention.
"""

from functools import lru_cache
from importlib.util import find_spec
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

NAME = "rows"
# Up to this row length plain products beat the fused CPU kernel in bf16, forward and backward on
# one core: 2.4 against 6.4 ms at 100 tokens, 6.0 against 10.2 at 160, 14 against 18 at 250, even
# at 500.
_SHORT = 400


def attend(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    lengths: list[int] | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Attention as transformers calls it: heads before tokens going in, after them coming out."""
    scale = scaling if scaling is not None else query.shape[-1] ** -0.5
    # Rotation leaves queries and keys in fp32 under autocast; what values come in is what counts.
    if lengths and _has_varlen(value):
        narrow = (query.to(value.dtype), key.to(value.dtype), value)
        return _varlen(*narrow, scale, lengths), None
    rows = []
    start = 0
    for length in lengths or [query.shape[2]]:
        cut = slice(start, start + length)
        rows.append(_row(query[:, :, cut], key[:, :, cut], value[:, :, cut], scale))
        start += length
    whole = rows[0] if len(rows) == 1 else torch.cat(rows, dim=2)
    return whole.transpose(1, 2).contiguous(), None


def _has_varlen(query: Tensor) -> bool:
    return (
        query.is_cuda
        and query.dtype in (torch.bfloat16, torch.float16)
        and torch.cuda.get_device_capability(query.device) >= (8, 0)
        and find_spec("torch.nn.attention.varlen") is not None
    )


def _varlen(query: Tensor, key: Tensor, value: Tensor, scale: float, lengths: list[int]) -> Tensor:
    """One call for all rows: heads before tokens going in, after them coming out."""
    from torch.nn.attention.varlen import varlen_attn

    ends = _ends(tuple(lengths), query.device)
    longest = max(lengths)
    found = varlen_attn(
        query[0].transpose(0, 1),
        key[0].transpose(0, 1),
        value[0].transpose(0, 1),
        ends,
        ends,
        longest,
        longest,
        scale=scale,
        window_size=(-1, 0),
        enable_gqa=query.shape[1] != key.shape[1],
    )
    assert isinstance(found, Tensor)
    return found[None]


@lru_cache(maxsize=8)
def _ends(lengths: tuple[int, ...], device: torch.device) -> Tensor:
    """Where each row begins and the last one ends; the same for all layers of a forward pass."""
    return torch.tensor([0, *accumulate(lengths)], dtype=torch.int32, device=device)


def _row(query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
    length = query.shape[2]
    if value.device.type == "cpu" and value.dtype == torch.bfloat16 and length <= _SHORT:
        return _products(query, key, value, scale)
    return scaled_dot_product_attention(
        query.to(value.dtype), key.to(value.dtype), value,
        is_causal=True, scale=scale, enable_gqa=query.shape[1] != key.shape[1],
    )  # fmt: skip


def _products(query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
    """Scores and softmax in fp32, the mix as the values are; heads that share keys in one product.

    Scores in bf16 would cost six times the fused kernel's error where attention is sharp.
    """
    _, heads, length, size = query.shape
    groups = key.shape[1]
    shared = heads // groups
    with torch.autocast("cpu", enabled=False):
        stacked = (query[0].float() * scale).reshape(groups, shared * length, size)
        scores = torch.bmm(stacked, key[0].float().transpose(1, 2))
        later = torch.ones(length, length, dtype=torch.bool).triu(1)
        scores = scores.view(groups, shared, length, length).masked_fill(later, float("-inf"))
        weights = torch.softmax(scores, -1).to(value.dtype)
        mixed = torch.bmm(weights.view(groups, shared * length, length), value[0])
    return mixed.view(1, heads, length, size)


def _no_mask(*_: Any, **__: Any) -> None:
    return None


AttentionInterface.register(NAME, attend)
AttentionMaskInterface.register(NAME, _no_mask)
