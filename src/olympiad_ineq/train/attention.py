"""Causal attention over rows laid end to end: each row attends to itself alone.

transformers calls it through its attention registry, so models stay as they are. Without padding
nothing is computed for nothing, and without a mask over the whole batch memory grows with the rows,
not with their square.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

NAME = "rows"
# Up to this row length plain products beat the fused CPU kernel in bf16: three to five times at 100
# to 250 tokens, where its backward pass dominates.
_SHORT = 1024


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
    rows = []
    start = 0
    for length in lengths or [query.shape[2]]:
        cut = slice(start, start + length)
        rows.append(_row(query[:, :, cut], key[:, :, cut], value[:, :, cut], scale))
        start += length
    whole = rows[0] if len(rows) == 1 else torch.cat(rows, dim=2)
    return whole.transpose(1, 2).contiguous(), None


def _row(query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
    length = query.shape[2]
    if query.device.type == "cpu" and query.dtype == torch.bfloat16 and length <= _SHORT:
        return _products(query, key, value, scale)
    return scaled_dot_product_attention(
        query, key, value, is_causal=True, scale=scale, enable_gqa=query.shape[1] != key.shape[1]
    )


def _products(query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
    """Softmax in fp32 between two batched products; heads that share keys go in one product."""
    _, heads, length, size = query.shape
    groups = key.shape[1]
    shared = heads // groups
    stacked = (query[0] * scale).reshape(groups, shared * length, size)
    scores = torch.bmm(stacked, key[0].transpose(1, 2)).view(groups, shared, length, length)
    later = torch.ones(length, length, dtype=torch.bool).triu(1)
    weights = torch.softmax(scores.masked_fill(later, float("-inf")), -1, dtype=torch.float32)
    mixed = torch.bmm(weights.to(value.dtype).view(groups, shared * length, length), value[0])
    return mixed.view(1, heads, length, size)


def _no_mask(*_: Any, **__: Any) -> None:
    return None


AttentionInterface.register(NAME, attend)
AttentionMaskInterface.register(NAME, _no_mask)
