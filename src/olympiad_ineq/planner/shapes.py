"""What a model's config.json says about its size: parameters, bytes of KV cache, activations.

Known models are data (data/models.json); others are read from their folder or the hub's cache.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from olympiad_ineq.errors import UserError
from olympiad_ineq.planner.hardware import DATA


@dataclass(frozen=True)
class Shape:
    """A decoder's sizes. `gated`: three products in the MLP and no biases there (Llama, Qwen2).

    `stored`: how its checkpoint is quantized, and the bits of a weight; None where it is not.
    """

    layers: int
    hidden: int
    inner: int
    heads: int
    kv_heads: int
    head: int
    vocab: int
    context: int
    tied: bool
    gated: bool
    qkv_bias: bool
    act: str
    stored: tuple[str, float] | None = None

    @property
    def kv_width(self) -> int:
        """Width of one layer's keys."""
        return self.kv_heads * self.head

    @property
    def embedding(self) -> int:
        """Parameters of the embedding, and of the LM head where it is not tied to it."""
        bias = 0 if self.gated else self.vocab
        return self.vocab * self.hidden * (1 if self.tied else 2) + bias

    @property
    def products(self) -> int:
        """Parameters of the layers' matrices: what quantization and autocast apply to."""
        attention = self.hidden * (2 * self.heads * self.head + 2 * self.kv_width)
        return self.layers * (attention + (3 if self.gated else 2) * self.hidden * self.inner)

    @property
    def parameters(self) -> int:
        """All parameters, exactly."""
        width = self.heads * self.head
        if self.gated:
            rest = 2 * self.hidden + (width + 2 * self.kv_width if self.qkv_bias else 0)
            final = self.hidden
        else:  # Phi: one LayerNorm with bias, biases on every product
            rest = 2 * self.hidden + width + 2 * self.kv_width + 2 * self.hidden + self.inner
            final = 2 * self.hidden
        return self.embedding + self.products + self.layers * rest + final

    def kv_bytes(self, dtype_bytes: int = 2) -> int:
        """Bytes that one token takes in the KV cache, over all GPUs."""
        return 2 * self.layers * self.kv_width * dtype_bytes

    def kv_bytes_each(self, parallel: int, dtype_bytes: int = 2) -> int:
        """The same on each of `parallel` GPUs; where there are fewer heads of keys, copied."""
        return self.kv_bytes(dtype_bytes) // min(parallel, self.kv_heads)


def from_config(config: Mapping[str, Any], name: str) -> Shape:
    """Read a config.json.

    Raises:
        UserError: it is of an architecture whose parameters we cannot count.
    """
    kind = config.get("model_type")
    if kind not in ("llama", "qwen2", "mistral", "phi"):
        raise UserError(
            f"model {name} (model_type {kind!r})", "its size cannot be planned",
            "plan.force=true runs it all the same; known: llama, qwen2, mistral, phi",
        )  # fmt: skip
    try:
        heads = int(config["num_attention_heads"])
        wrong = [key for key in _SIZES if config.get(key) is not None and int(config[key]) < 1]
        if wrong:
            raise ValueError(f"{wrong[0]} = {config[wrong[0]]}")
        return Shape(
            layers=int(config["num_hidden_layers"]),
            hidden=int(config["hidden_size"]),
            inner=int(config["intermediate_size"]),
            heads=heads,
            kv_heads=int(config.get("num_key_value_heads") or heads),
            head=int(config.get("head_dim") or int(config["hidden_size"]) // heads),
            vocab=int(config["vocab_size"]),
            context=int(config.get("max_position_embeddings") or 1 << 30),
            tied=bool(config.get("tie_word_embeddings", False)),
            gated=kind != "phi",
            qkv_bias=kind == "qwen2" or bool(config.get("attention_bias")),
            act=str(config.get("hidden_act", "silu")),
            stored=_stored(config.get("quantization_config")),
        )
    except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise UserError(
            f"config.json of {name}",
            f"a size is missing or wrong ({error})",
            "use the model's own config.json",
        ) from error


_SIZES = (
    "num_hidden_layers", "hidden_size", "intermediate_size", "num_attention_heads",
    "num_key_value_heads", "head_dim", "vocab_size", "max_position_embeddings",
)  # fmt: skip
_BITS = {"fp8": 8.0, "awq": 4.0, "gptq": 4.0, "mxfp4": 4.0}


def _stored(config: Mapping[str, Any] | None) -> tuple[str, float] | None:
    """Method and bits of a checkpoint's quantization_config."""
    if not config:
        return None
    method = str(config.get("quant_method", "unknown"))
    groups = config.get("config_groups") or {}  # of compressed-tensors
    inside = [group["weights"]["num_bits"] for group in groups.values() if group.get("weights")]
    bits = config.get("bits") or (max(inside) if inside else _BITS.get(method, 16.0))
    return method, float(bits)


@cache
def shape_of(name: str, revision: str | None = None) -> Shape:
    """The shape of a model: its folder's config.json, the shipped table, or the hub's cache.

    Nothing is downloaded.

    Raises:
        UserError: none of them knows it.
    """
    folder = Path(name)
    if (folder / "config.json").is_file():
        return from_config(_read(folder / "config.json"), name)
    known = _read(DATA / "models.json")
    if name in known:
        return from_config(known[name], name)
    cached = _cached(name, revision)
    if cached is not None:
        return from_config(_read(cached), name)
    pinned = f" --revision {revision}" if revision else ""
    fix = (
        f"run `hf download {name} config.json{pinned}` first (a revision is of one model), or "
        "name a folder" if "/" in name
        else "name a hub id (owner/name), a folder, or a package that planner/data/models.json has"
    )  # fmt: skip
    rule = "its config.json is not at hand, so its size is not known"
    raise UserError(f"model {name}", rule, fix)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(str(path), "it is not JSON", "use the model's own config.json") from error
    if not isinstance(found, dict):
        raise UserError(str(path), "it is no JSON object", "use the model's own config.json")
    return found


def _cached(name: str, revision: str | None) -> Path | None:
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:  # the core alone is installed
        return None
    try:
        found = try_to_load_from_cache(name, "config.json", revision=revision)
    except ValueError:  # no hub id
        return None
    return Path(found) if isinstance(found, str) else None
