"""The GPU benchmark runs, and counts what it says it counts, before anyone lends it a GPU."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.model
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "sft_gpu.py"


@pytest.mark.parametrize("rows", [1, 4])
def test_a_tiny_shape_on_a_cpu(rows: int) -> None:
    spec = importlib.util.spec_from_file_location("sft_gpu", BENCHMARK)
    assert spec and spec.loader
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = module.compare(
        "tiny", length=64, rows=rows, micro=2, batch=4, steps=1, checkpointing=rows == 4
    )
    assert found["ours"] > 0 and found["rival"] > 0 and found["planned_gib"] > 0
    # the same rows, the same weights: the same first loss, in whichever precision this CPU has
    assert found["loss"]["ours"] == pytest.approx(found["loss"]["bare loop"], abs=0.01)
    assert found["mfu"] is None  # no peak is known of a CPU
    layers, head = 2 * (4 * 64 * 65 + 2 * 64 * 128 + 128 + 64 + 128) + 128, 512 * 64
    bias = 512
    by_hand = 6 * (layers + bias + head * (64 - rows) / 64) + 6 * 2 * 64 * 64 / rows
    assert found["gflop_a_token"] == pytest.approx(by_hand / 1e9, abs=6e-4)


def test_peaks_by_the_drivers_names() -> None:
    from olympiad_ineq.train.machine import peak_of

    names = {
        "NVIDIA H200": 989e12, "NVIDIA A100-SXM4-40GB": 312e12, "Tesla V100-SXM2-32GB": 125e12,
        "NVIDIA L40S": 362e12, "NVIDIA L4": 121e12, "NVIDIA A10G": 125e12,
    }  # fmt: skip
    assert {name: peak_of(name) for name in names} == names
    assert peak_of("Apple M4") is None
