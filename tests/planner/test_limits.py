"""What cannot run is refused for its real reason, and what is advised can be done."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from olympiad_ineq.planner import make_plan
from olympiad_ineq.planner.command import before_submitting, read_settings
from olympiad_ineq.planner.hardware import GIB, gpu
from olympiad_ineq.planner.memory import answering
from olympiad_ineq.planner.plan import Granted, text
from olympiad_ineq.planner.shapes import from_config, shape_of
from olympiad_ineq.planner.stages import Stage
from tests.planner.test_plan import PHI, plan

MODEL = "data_gen.teacher.model"
QWEN_1B = {
    "model_type": "qwen2", "num_hidden_layers": 28, "hidden_size": 1536, "intermediate_size": 8960,
    "num_attention_heads": 12, "num_key_value_heads": 2, "vocab_size": 151936,
    "max_position_embeddings": 4096, "tie_word_embeddings": True,
}  # fmt: skip
QWEN_72B = QWEN_1B | {
    "num_hidden_layers": 80, "hidden_size": 8192, "intermediate_size": 29568,
    "num_attention_heads": 64, "num_key_value_heads": 8, "vocab_size": 152064,
    "tie_word_embeddings": False,
}  # fmt: skip


def teacher(*changes: str) -> Stage:
    return plan(*changes)[1]["data_gen_model"]


def granted_plan(grants: Granted, *changes: str) -> dict[str, Stage]:
    found = make_plan(read_settings([PHI], changes), grants, Path("/nowhere"))
    return {stage.name: stage for stage in found.stages}


def folder(tmp_path: Path, config: dict[str, Any]) -> str:
    (tmp_path / "config.json").write_text(json.dumps(config))
    return f"{MODEL}.name={tmp_path}"


def test_one_sequence_at_a_time_is_slow_and_not_none() -> None:
    found = teacher(f"{MODEL}.quantization=null", f"{MODEL}.gpu_memory_utilization=0.93")
    assert (found.verdict, found.sequences) == ("slow", 1)


@pytest.mark.parametrize(
    "change",
    [f"{MODEL}.max_model_len=2048", f"{MODEL}.max_model_len=1300",
     "data_gen.teacher.max_new_tokens=3000", "eval.baseline.shots=12"],
)  # fmt: skip
def test_prompt_and_answer_must_fit_into_the_context(change: str) -> None:
    _, stages = plan(change)
    name = "predict baseline" if change.startswith("eval") else "data_gen_model"
    assert stages[name].verdict == "cannot"
    assert re.search(r"a prompt of some [\d,]+ tokens and an answer of", stages[name].reason)


def test_a_length_above_the_models_context_is_refused() -> None:
    found = teacher(f"{MODEL}.max_model_len=8192")
    assert found.verdict == "cannot"
    assert "max_model_len 8192 is more than the 4096 tokens that the model reads" in found.reason
    assert found.advice.startswith("use max_model_len: null, ")


@pytest.mark.parametrize("parallel", [2, 4])
def test_keys_are_copied_where_there_are_fewer_than_gpus(parallel: int) -> None:
    memory = answering(from_config(QWEN_1B, "x"), gpu("a100-40"), tensor_parallel=parallel)
    each = 2 * 28 * 1 * 128 * 2  # keys and values, layers, one head a GPU, 128 wide, 2 bytes
    assert memory.kv_tokens == memory.kv // (each * 16) * 16


def test_keys_of_32_bits_take_twice_the_room() -> None:
    wide, half = (
        teacher("plan.gpu=h200", f"{MODEL}.quantization=null", f"{MODEL}.dtype={dtype}")
        for dtype in ("float32", "bfloat16")
    )
    one = 4096 * shape_of("Qwen/Qwen2.5-Math-72B-Instruct").kv_bytes(4) / 4 / GIB
    assert wide.needs - sum(wide.parts.values()) + wide.parts["kv"] == pytest.approx(one, abs=0.02)
    assert half.needs < wide.needs


def test_no_more_gpus_than_the_run_may_hold() -> None:
    found = teacher(f"{MODEL}.tensor_parallel=8", "plan.gpus=4")
    assert found.verdict == "cannot" and "plan.gpus is 4" in found.reason
    _, stages = plan(f"{MODEL}.quantization=null", "plan.gpu=v100-32", "plan.gpus=4")
    assert "tensor_parallel: 8" not in stages["data_gen_model"].advice


def test_large_gpus_have_vllms_larger_defaults() -> None:
    small, large = (answering(from_config(QWEN_1B, "x"), gpu(key)) for key in ("a100-80", "h100"))
    sampler = 3 * 151936 * 4
    assert large.activations - 1024 * sampler == 2 * (small.activations - 256 * sampler)
    found = teacher("plan.gpu=h200")
    assert found.sequences is not None and found.sequences > 256


def test_a_checkpoint_that_is_quantized_already_is_counted_as_it_is(tmp_path: Path) -> None:
    stored = {"quantization_config": {"quant_method": "gptq", "bits": 4}}
    found = teacher(
        folder(tmp_path, QWEN_72B | stored), f"{MODEL}.quantization=null",
        f"{MODEL}.tensor_parallel=1", "plan.gpu=a100-80",
    )  # fmt: skip
    assert found.verdict == "fits" and 36 < found.parts["weights"] < 42
    assert 36 < found.disk < 42
    other = teacher(folder(tmp_path, QWEN_72B | stored), f"{MODEL}.quantization=fp8")
    assert other.verdict == "cannot" and "the checkpoint is gptq" in other.reason


@pytest.mark.parametrize("name", ["int8", "w8a8", "xfp8x", "bitsandbytes"])
def test_only_quantizations_that_the_engine_has_are_planned(name: str) -> None:
    found = teacher(f"{MODEL}.quantization={name}")
    assert found.verdict == "unknown" and "int8_per_channel_weight_only" in found.advice


@pytest.mark.parametrize(
    ("changes", "advised"),
    [
        ([f"{MODEL}.quantization=null", f"{MODEL}.tensor_parallel=1", "plan.gpus=4"],
         "use quantization: fp8 and tensor_parallel: 4, "),
        ([f"{MODEL}.tensor_parallel=3"], "use tensor_parallel: 4, "),
        ([f"{MODEL}.quantization=awq"], "use quantization: fp8, "),
        ([f"{MODEL}.gpu_memory_utilization=0.1"], "use gpu_memory_utilization: 0.92, "),
        (["data_gen.teacher.max_new_tokens=5000"], "use max_new_tokens: "),
        (["plan.gpu=v100-32", f"{MODEL}.dtype=bfloat16", f"{MODEL}.quantization=null",
          f"{MODEL}.tensor_parallel=8"], "use dtype: half, "),
    ],
)  # fmt: skip
def test_changes_are_tried_alone_and_together(changes: list[str], advised: str) -> None:
    found = teacher(*changes)
    assert found.verdict == "cannot" and found.advice.startswith(advised), found.advice


def test_training_in_bf16_on_a_v100_is_told_what_the_reason_says() -> None:
    _, stages = plan(
        "plan.gpu=v100-32", "train.precision=bf16", "train.gradient_checkpointing=true"
    )
    assert stages["train"].advice.startswith("set train.precision=auto")


def test_what_a_profile_decides_is_advised_in_its_words() -> None:
    grants: Granted = {"data_gen_model": ("a100", 2), "train": ("rtx4090", 1)}
    stages = granted_plan(grants)
    assert stages["data_gen_model"].advice.startswith("ask for 4 GPUs in the profile")
    assert "in the profile" in stages["train"].advice and "plan.gpu=" not in stages["train"].advice


def test_a_larger_gpu_of_the_profiles_family_is_said_by_plan_gpu() -> None:
    stages = granted_plan(
        {"data_gen_model": ("a100", 4)}, f"{MODEL}.quantization=null", f"{MODEL}.dtype=float32"
    )
    assert stages["data_gen_model"].verdict == "cannot"


def test_force_submits_what_cannot_be_planned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown = folder(tmp_path, {"model_type": "mixtral"})
    settings = read_settings([PHI], [unknown, "plan.force=true"])
    before_submitting(settings, {"train": ("a100", 1)}, Path("/nowhere"))
    assert "data_gen_model" in capsys.readouterr().err
    found = make_plan(read_settings([PHI], [unknown]), results=Path("/nowhere"))
    assert [stage.name for stage in found.refused] == ["data_gen_model"]
    assert "data_gen_model cannot be planned: " in text(found)


def test_a_price_that_nobody_says_is_no_zero() -> None:
    changes = ["eval.judge.model.price=null", "eval.judge.model.name=gpt-5-mystery"]
    found = make_plan(read_settings([PHI], changes), results=Path("/nowhere"))
    judges = [stage for stage in found.stages if stage.name.startswith("judge")]
    assert judges and all(stage.dollars is None for stage in judges)
    assert "no price is known for gpt-5-mystery" in text(found)
    assert found.as_json()["unpriced"] == ["gpt-5-mystery"]


def test_an_api_takes_longer_for_more() -> None:
    few, many = (plan(f"split.test={count}")[1]["judge final"].hours for count in (100, 200))
    assert 0 < few < many
    batched = plan("eval.judge.model.batch={}")[1]["judge final"].hours
    assert batched == 24
    settings = read_settings([PHI], [])
    assert "an API" in make_plan(settings, results=Path("/nowhere")).as_json()["assumptions"]


def test_training_in_fp32_is_slower() -> None:
    hours = {
        precision: plan(f"train.precision={precision}", "train.gradient_checkpointing=true")[1][
            "train"
        ].hours
        for precision in ("fp32", "auto")
    }
    assert hours["fp32"] == pytest.approx(hours["auto"] * 312 / 19.5)


def test_what_is_needed_of_a_refused_stage_is_more_than_it_has() -> None:
    found = teacher(f"{MODEL}.quantization=null")
    assert found.verdict == "cannot" and found.needs > found.has == pytest.approx(36.24, abs=0.01)


def test_a_v100_is_not_said_to_compute_in_bf16() -> None:
    found = teacher(f"{MODEL}.quantization=null", "plan.gpu=v100-32")
    assert "half on 4 x v100-32" in found.reason


def test_a_cpu_is_not_said_to_hold_fp8(tmp_path: Path) -> None:
    found = teacher("plan.gpu=null")
    assert found.verdict == "cannot" and "fp8" not in found.reason and "-" not in (
        found.reason.split("GiB")[0]
    )  # fmt: skip


def test_sizes_are_positive(tmp_path: Path) -> None:
    found = teacher(folder(tmp_path, QWEN_72B | {"hidden_size": -8192}))
    assert found.verdict == "unknown" and "hidden_size" in found.reason
