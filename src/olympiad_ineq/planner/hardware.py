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


def gpu(name: str) -> Gpu:
    """The GPU of this name: a key of the table, or what clusters call it (`sinfo -o %G`).

    Raises:
        UserError: the table has no such GPU.
    """
    plain = re.sub(r"[-_. ]+", "_", name.lower()).removeprefix("nvidia_")
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
    smaller one is assumed.
    """
    if wanted is not None and gpu(wanted).key.split("-")[0] == gpu(named).key.split("-")[0]:
        return gpu(wanted)
    return gpu(named)
