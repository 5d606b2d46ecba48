"""What this machine can do: the precision to compute in, and how many workers to compute with."""

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from olympiad_ineq.errors import UserError
from olympiad_ineq.planner.hardware import table

Precision = Literal["fp32", "bf16", "fp16"]


def prepare_environment() -> None:
    """Set what must be in the environment before torch is loaded; the user's own choice wins."""
    # Large tensors in pages of 2 MB: page faults are dear in virtual machines.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")


def keep_freed_memory() -> None:
    """Let this process keep memory that it frees: each step asks for the same gigabytes again.

    glibc hands large blocks back to the system at once, and getting them anew costs a page fault
    each 4 kB: measured here, a third of the processor time of a step. Elsewhere this does nothing.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    for option, value in _MALLOC.items():
        mallopt(option, value)


# glibc's malloc.h: the parameters have numbers, not names, once compiled.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -2, -4, -8
_MALLOC = {
    _M_MMAP_MAX: 0,
    _M_TRIM_THRESHOLD: 2**31 - 1,
    _M_TOP_PAD: 64 * 2**20,
    _M_ARENA_MAX: 1,
}


def one_device() -> str:
    """The device to train on: the one GPU that is visible, else the CPU.

    Raises:
        UserError: several GPUs are visible; the stage uses one, and Snakemake gives it one.
    """
    import torch

    if not torch.cuda.is_available():
        return "cpu"
    if torch.cuda.device_count() > 1:
        raise UserError(
            f"{torch.cuda.device_count()} visible GPUs",
            "training uses one",
            "set CUDA_VISIBLE_DEVICES to one of them",
        )
    return "cuda"


def precision(wanted: str, device: str) -> Precision:
    """The precision of products: bf16 where the hardware has it, fp16 on older GPUs, else fp32.

    Weights and optimizer state are fp32 whatever it says.
    """
    import torch

    if wanted in ("fp32", "bf16", "fp16"):
        if wanted == "fp16" and device == "cpu":
            raise UserError(
                "train.precision = fp16", "CPUs cannot train in fp16", "set train.precision to auto"
            )
        return wanted  # type: ignore[return-value]
    if device == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        return "bf16" if native else "fp16"
    return "bf16" if _cpu_flags() & {"avx512_bf16", "amx_bf16", "bf16"} else "fp32"


def _cpu_flags() -> set[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    flags = [line for line in lines if line.startswith(("flags", "Features"))]
    return set(flags[0].split(":", 1)[1].split()) if flags else set()


def cores() -> int:
    """The cores that this process may use; OMP_NUM_THREADS lowers it."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    wanted = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    return max(1, min(allowed or 1, int(wanted) if wanted.isdigit() else 1 << 16))


def peak_flops() -> float | None:
    """Dense 16-bit FLOP/s of this GPU at most, by the planner's table; None where unknown."""
    import torch

    if not torch.cuda.is_available():
        return None
    return peak_of(torch.cuda.get_device_name())


def peak_of(name: str) -> float | None:
    """The same by the GPU's name, as the driver says it ("NVIDIA A100-SXM4-40GB")."""
    plain = name.lower().replace(" ", "")
    known = {key.split("-")[0]: gpu.tflops for key, gpu in table().items()}
    found = [key for key in sorted(known, key=len, reverse=True) if key in plain]
    return known[found[0]] * 1e12 if found else None


def training_flops(model: Any, lengths: Sequence[int], targets: int) -> float:
    """Floating-point operations of one forward and backward pass: the convention of our MFU.

    6 for each weight of the body and token, 6 for each weight of the LM head and target (the head
    runs on no other position), and for attention 6 x layers x width x the sum of the rows' squared
    lengths (causal: half of the square). Nothing is counted for the input embedding, which is a
    look-up, nor for what checkpointing computes twice. For Phi-1.5, rows of 2,048 and every
    position a target that is 8.48 GFLOP a token.
    """
    head = model.get_output_embeddings().weight
    inner = sum(p.numel() for p in model.parameters()) - head.numel()
    if model.get_input_embeddings().weight is not head:
        inner -= model.get_input_embeddings().weight.numel()
    config = model.config
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    width = config.num_attention_heads * size
    squares = sum(length * length for length in lengths)
    return float(
        6 * (inner * sum(lengths) + head.numel() * targets)
        + 6 * config.num_hidden_layers * width * squares
    )
