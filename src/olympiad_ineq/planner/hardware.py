"""GPUs as data (data/gpus.json), and which one a name means."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from olympiad_ineq.errors import UserError

DATA = Path(__file__).parent / "data"
GIB = 1 << 30


@dataclass(frozen=True)
class Gpu:
    """One model of GPU.

    Attributes:
        gib: memory that a program sees (`torch.cuda.mem_get_info`), not what the label says.
        gbps: memory bandwidth, 10^9 bytes/s (data sheets, as the next).
        tflops, fp32: dense products in 16 bits and in fp32 (not TF32), 10^12/s.
        sm: compute capability times ten.
    """

    key: str
    gib: float
    gbps: float
    tflops: float
    fp32: float
    sm: int

    @property
    def bf16(self) -> bool:
        """Whether it computes in bf16 (Ampere and later)."""
        return self.sm >= 80


@cache
def table() -> dict[str, Gpu]:
    """All known GPUs by key."""
    return {
        key: Gpu(key, row["gib"], row["gbps"], row["tflops"], row["fp32"], row["sm"])
        for key, row in _rows().items()
    }


@cache
def _rows() -> dict[str, Any]:
    return dict(json.loads((DATA / "gpus.json").read_text(encoding="utf-8")))


# What NVML, and SLURM after it, adds to a name: `nvidia_a100-sxm4-80gb`, `nvidia_h100_80gb_hbm3`.
_FORM = r"nvidia|tesla|geforce|sxm\d?|pcie|nvl|hbm\w*"


def gpu(name: str) -> Gpu:
    """The GPU of this name: a key of the table, or what clusters call it (`sinfo -o %G`).

    Raises:
        UserError: the table has no such GPU.
    """
    words = [word for word in re.split(r"[-_. ]+", name.lower()) if not re.fullmatch(_FORM, word)]
    plain = "_".join(words)
    for key, row in _rows().items():
        if plain == key.replace("-", "_") or plain in row["names"]:
            return table()[key]
    raise UserError(
        f"GPU {name!r}", "the hardware table has no such GPU",
        f"name one of {', '.join(table())} in plan.gpu, or add it to planner/data/gpus.json",
    )  # fmt: skip


def refine(named: str, wanted: str | None) -> Gpu:
    """The GPU that a cluster calls `named`, where `wanted` may say which of a family it is.

    SLURM's `a100` may have 40 or 80 GB: `plan.gpu` decides if it is of that family; without it the
    smaller one is assumed. A name that says its memory stands for itself, and one that the table
    does not have is what `plan.gpu` says.

    Raises:
        UserError: the table has no such GPU, and `wanted` says nothing.
    """
    if wanted is None:
        return gpu(named)
    if not is_known(named):
        return gpu(wanted)
    family = gpu(wanted).key.split("-")[0] == gpu(named).key.split("-")[0]
    says = re.search(r"\d\d ?gb", named.lower())
    return gpu(wanted) if family and not says else gpu(named)


def is_known(name: str) -> bool:
    """Whether the table has a GPU of this name."""
    try:
        gpu(name)
    except UserError:
        return False
    return True
