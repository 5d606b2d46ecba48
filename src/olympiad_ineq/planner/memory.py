"""Bytes of GPU (or CPU) memory, part by part, for answering and for training."""

from dataclasses import dataclass

from olympiad_ineq.errors import UserError
from olympiad_ineq.planner.hardware import GIB, Gpu
from olympiad_ineq.planner.shapes import Shape

CONTEXT = GIB // 2  # CUDA's own, with cuBLAS' workspace
NCCL = GIB // 2  # buffers of tensor parallelism
# vLLM's defaults: the tokens that it computes at once and its limit of sequences in flight; the
# larger ones from 70 GiB of memory on, but for A100s (vllm/engine/arg_utils.py).
PREFILL, LARGE_PREFILL = 8192, 16384
SEQUENCES, LARGE_SEQUENCES = 256, 1024
BLOCK = 16  # tokens in a block of vLLM's KV cache; 128 on CPUs
CPU_BLOCK = 128
# On a CPU: what our engine asks of vLLM, and what Python and its libraries take (measured: 870 to
# 940 MiB of a vLLM process are neither weights nor cache, 570 MiB of a training one).
CPU_CACHE = 4 * GIB
CPU_SEQUENCES = 256
CPU_PREFILL = 4096
ANSWERING_PROCESS = 900 << 20
TRAINING_PROCESS = 570 << 20
# Bytes of a weight by vLLM's names of what it makes of a 16-bit checkpoint, or reads; 4-bit formats
# carry a scale and a zero for every 128.
QUANTIZED = (
    dict.fromkeys(("fp8", "fp8_per_tensor", "fp8_per_channel", "fp8_per_block"), 1.0)
    | dict.fromkeys(("fbgemm_fp8", "int8_per_channel_weight_only"), 1.0)
    | dict.fromkeys(("awq", "awq_marlin", "gptq", "gptq_marlin"), 0.53)
)
# Bytes that autograd keeps per token and layer, as (inner, hidden, kv) factors: measured with
# saved_tensors_hooks on Llama and Phi of several widths, as tests/planner/test_memory.py does.
KEPT = {
    ("gated", 2): (8.0, 32.25, 4.0),
    ("gated", 4): (16.0, 36.25, 8.0),
    ("gelu_new", 2): (10.0, 22.25, 0.0),
    ("gelu_new", 4): (20.0, 28.25, 0.0),
    ("gelu", 2): (4.0, 22.25, 0.0),
    ("gelu", 4): (8.0, 28.25, 0.0),
}


def weights(shape: Shape, quantization: str | None, dtype_bytes: int = 2) -> int:
    """Bytes of a model's weights. Quantization leaves embedding and LM head as they are."""
    rest = (shape.parameters - shape.products) * dtype_bytes
    if shape.stored:
        _, bits = shape.stored
        return rest + int(shape.products * bits / 8 * (1.06 if bits < 8 else 1))
    return rest + int(shape.products * bytes_per_weight(quantization, dtype_bytes))


def bytes_per_weight(quantization: str | None, dtype_bytes: int = 2) -> float:
    """Bytes of one weight of the layers."""
    if quantization is None:
        return dtype_bytes
    if quantization in QUANTIZED:
        return QUANTIZED[quantization]
    raise UserError(
        f"quantization {quantization!r}", "its size is not known, so it cannot be planned",
        f"name one of {', '.join(QUANTIZED)}, or null for none",
    )  # fmt: skip


def large(gpu: Gpu) -> bool:
    """Whether vLLM takes its larger defaults."""
    return gpu.gib >= 70 and not gpu.key.startswith("a100")


def most_sequences(gpu: Gpu) -> int:
    """vLLM's limit of sequences in flight."""
    return LARGE_SEQUENCES if large(gpu) else SEQUENCES


@dataclass(frozen=True)
class Answering:
    """Memory of one GPU while it answers, in bytes, and what its KV cache holds.

    Attributes:
        room: what vLLM may use (memory times gpu_memory_utilization).
        kv_tokens: over all GPUs of the engine; negative rooms hold none.
    """

    room: int
    weights: int
    activations: int
    other: int
    kv: int
    kv_tokens: int


def answering(
    shape: Shape,
    gpu: Gpu,
    *,
    tensor_parallel: int = 1,
    quantization: str | None = None,
    utilization: float = 0.92,
    dtype_bytes: int = 2,
) -> Answering:
    """What vLLM's own profiling run finds: room less weights, activations and CUDA's own."""
    room = int(gpu.gib * GIB * utilization)
    held = weights(shape, quantization, dtype_bytes) // tensor_parallel
    width = 3 * max(shape.inner, shape.hidden) // tensor_parallel + 4 * shape.hidden
    sampler = 3 * most_sequences(gpu) * shape.vocab * 4
    active = (LARGE_PREFILL if large(gpu) else PREFILL) * width * dtype_bytes + sampler
    other = CONTEXT + (NCCL if tensor_parallel > 1 else 0)
    kv = room - held - active - other
    per_token = shape.kv_bytes_each(tensor_parallel, dtype_bytes)
    return Answering(room, held, active, other, kv, kv_tokens(kv, per_token))


def answering_on_cpu(
    shape: Shape, gib: float, *, sequences: int, length: int, dtype_bytes: int = 2
) -> Answering:
    """What a vLLM process takes on a CPU with the cache that our engine asks for."""
    per_token = shape.kv_bytes(dtype_bytes)
    cache = cpu_cache(sequences, length, per_token)
    width = 3 * max(shape.inner, shape.hidden) + 4 * shape.hidden
    return Answering(
        room=int(gib * GIB),
        weights=weights(shape, None, dtype_bytes),
        activations=CPU_PREFILL * width * dtype_bytes,
        other=ANSWERING_PROCESS,
        kv=cache,
        kv_tokens=kv_tokens(cache, per_token, CPU_BLOCK),
    )


def cpu_cache(sequences: int, length: int, bytes_per_token: int) -> int:
    """Bytes of KV cache that the engine asks for on a CPU: what its sequences can fill."""
    wanted = min(sequences, CPU_SEQUENCES) * length * bytes_per_token
    return min(CPU_CACHE, max(GIB // 4, wanted))


def kv_tokens(room: int, bytes_per_token: int, block: int = BLOCK) -> int:
    """Tokens that a KV cache of `room` bytes holds, in whole blocks."""
    return max(0, room // (bytes_per_token * block)) * block


@dataclass(frozen=True)
class Training:
    """Peak memory of full fine-tuning on one device, in bytes.

    Attributes:
        gradients: those held while the next share of a batch is computed.
        activations: kept for the backward pass, 16-bit copies of the weights and logits included;
            on a GPU, gradients that appear as they are freed count where they are more.
    """

    weights: int
    gradients: int
    optimizer: int
    activations: int
    other: int

    @property
    def total(self) -> int:
        """All parts."""
        return self.weights + self.gradients + self.optimizer + self.activations + self.other


def training(
    shape: Shape,
    *,
    tokens: int,
    targets: int,
    shares: int = 1,
    workers: int = 1,
    product_bytes: int = 2,
    checkpointing: bool = False,
    cpu: bool = False,
) -> Training:
    """Full fine-tuning with AdamW in fp32, products in 16 bits or fp32.

    Args:
        tokens, targets: of one share of a batch (a forward pass), and how many of them are learnt.
        shares: forward passes for one optimizer step.
        workers: threads that each compute a share and hold gradients of their own (CPU).
    """
    parameters = 4 * shape.parameters
    active = min(workers, shares)
    several = shares > active
    copies = 2 * (shape.products + shape.vocab * shape.hidden) if product_bytes == 2 else 0
    kept = active * (_layers(shape, tokens, product_bytes, checkpointing) + _head(shape, targets))
    if cpu:  # freed activations stay with the process, in pieces that gradients do not fit into
        held, fresh = active * parameters * (2 if several else 1), 0
    elif several:  # sums are held, and new gradients are added tensor by tensor
        held, fresh = parameters, 4 * shape.vocab * shape.hidden
    else:  # gradients appear as activations go
        held, fresh = 0, parameters
    return Training(
        weights=parameters,
        gradients=held,
        optimizer=2 * parameters,
        activations=kept + copies if cpu else max(kept + copies, fresh),
        other=TRAINING_PROCESS if cpu else CONTEXT,
    )


def _layers(shape: Shape, tokens: int, product_bytes: int, checkpointing: bool) -> int:
    kind = "gated" if shape.gated else ("gelu_new" if shape.act == "gelu_new" else "gelu")
    inner, hidden, kv = KEPT[kind, product_bytes]
    layer = tokens * (inner * shape.inner + hidden * shape.hidden + kv * shape.kv_width)
    if not checkpointing:
        return int(shape.layers * layer)
    return int(shape.layers * tokens * 4 * shape.hidden + layer)


def _head(shape: Shape, targets: int) -> int:
    """Logits in fp32, their softmax and its gradient at once, before the layers' backward pass."""
    return targets * shape.vocab * 10
