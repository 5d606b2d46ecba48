"""What a refused stage is told to change: in words that can be used as they stand."""

import re
from pathlib import Path

import pytest

from olympiad_ineq.errors import UserError
from olympiad_ineq.planner import make_plan
from olympiad_ineq.planner.command import before_submitting, read_settings
from olympiad_ineq.planner.hardware import gpu, refine
from olympiad_ineq.planner.plan import Granted
from olympiad_ineq.planner.stages import Stage
from tests.planner.test_plan import NO_MODELS, PHI, plan

MODEL = "data_gen.teacher.model"
LLAMA = (
    "eval.judge.model={engine: vllm, name: meta-llama/Llama-3.3-70B-Instruct, family: llama, "
    "tensor_parallel: 4, quantization: fp8}"
)


def granted_plan(grants: Granted, *changes: str) -> dict[str, Stage]:
    found = make_plan(read_settings([PHI], changes), grants, Path("/nowhere"))
    return {stage.name: stage for stage in found.stages}


@pytest.mark.parametrize(
    ("name", "key"),
    [("nvidia_a100-sxm4-80gb", "a100-80"), ("nvidia_a100-pcie-40gb", "a100-40"),
     ("tesla_v100-sxm2-32gb", "v100-32"), ("Tesla-V100-PCIE-16GB", "v100-16"),
     ("nvidia_h100_80gb_hbm3", "h100"), ("nvidia_h200", "h200"), ("nvidia_l40s", "l40s"),
     ("nvidia_geforce_rtx_4090", "rtx4090"), ("geforce_rtx_3090", "rtx3090"), ("a10", "a10"),
     ("a100", "a100-40"), ("nvidia_l4", "l4")],
)  # fmt: skip
def test_what_nvml_calls_a_gpu_is_known(name: str, key: str) -> None:
    assert gpu(name).key == key


def test_a_gpu_that_nobody_knows_is_planned_as_plan_gpu(capsys: pytest.CaptureFixture[str]) -> None:
    assert refine("a6000", "a100-40").key == "a100-40"
    grants: Granted = {"train": ("a6000", 1)}
    before_submitting(read_settings([PHI], []), grants, Path("/nowhere"))
    assert "'a6000'" in capsys.readouterr().err
    with pytest.raises(UserError, match="no such GPU"):
        refine("a6000", None)


def test_force_submits_to_a_gpu_that_nobody_knows(capsys: pytest.CaptureFixture[str]) -> None:
    grants: Granted = {"train": ("a6000", 1)}
    with pytest.raises(UserError, match="no such GPU"):
        before_submitting(read_settings([PHI], ["plan.gpu=null"]), grants, Path("/nowhere"))
    settings = read_settings([PHI], ["plan.gpu=null", "plan.force=true"])
    before_submitting(settings, grants, Path("/nowhere"))
    assert "submitted all the same" in capsys.readouterr().err


def test_a_slice_of_a_gpu_is_not_the_whole() -> None:
    with pytest.raises(UserError, match="no such GPU"):
        gpu("nvidia_a100_3g.20gb")


def test_an_open_judge_without_gpus_is_told_to_ask_for_them() -> None:
    rules = {"judge final": "judge_model", "judge audit": "judge_audit_model"}
    stages = granted_plan({"train": ("a100", 1)} | dict.fromkeys(rules.values(), (None, 0)), LLAMA)
    for name, rule in rules.items():
        assert stages[name].verdict == "cannot"
        assert f"the profile gives {rule} no GPU" in stages[name].reason
        assert stages[name].advice.startswith(f"ask for 4 GPUs for {rule} in the profile")


def test_transformers_has_no_part_of_a_model() -> None:
    for change in ("tensor_parallel: 4", "quantization: fp8"):
        model = f"{{engine: transformers, name: a/b, family: x, {change}}}"
        with pytest.raises(UserError, match="engine transformers"):
            read_settings([], [f"eval.judge={{model: {model}}}"])


def test_more_gpus_come_before_shorter_answers() -> None:
    found = granted_plan({"verify_model": ("l4", 4)}, "plan.gpu=l4")["verify_model"]
    assert found.advice.startswith("use tensor_parallel: 8 (with 8 GPUs in the profile), ")


def test_more_gpus_than_the_run_said_it_may_hold() -> None:
    _, stages = plan("plan.gpus=1")
    assert stages["data_gen_model"].advice.startswith("use plan.gpus: 4, ")


def test_training_is_not_sent_to_the_largest_gpu() -> None:
    _, stages = plan(*NO_MODELS, "plan.gpu=rtx4090", "train.micro_batch_size=null")
    advice = stages["train"].advice
    assert "plan.gpu=a100-40 and train.gradient_checkpointing=true" in advice


@pytest.mark.parametrize(
    "changes",
    [[f"{MODEL}.quantization=null"], ["data_gen.teacher.max_new_tokens=5000"],
     ["plan.gpu=v100-32"], ["eval.max_new_tokens=3000"], ["eval.baseline.shots=12"]],
)  # fmt: skip
def test_advice_can_be_pasted_and_then_all_fits(changes: list[str]) -> None:
    _, stages = plan(*changes)
    for stage in stages.values():
        if stage.verdict == "cannot":
            pasted = re.search(r"\(--config (.*)\)", stage.advice)
            given = re.findall(r"[\w.]+=[^\s,]+", pasted[1] if pasted else stage.advice)
            _, again = plan(*changes, *given)
            kind = stage.name.split()[0]
            alike = [s for name, s in again.items() if name.split()[0] == kind]
            assert given and all(s.verdict == "fits" for s in alike), stage.advice


def test_a_revision_is_part_of_what_is_fetched() -> None:
    _, stages = plan(f"{MODEL}.name=a/b", f"{MODEL}.revision=0123abc")
    assert "hf download a/b config.json --revision 0123abc" in stages["data_gen_model"].advice
    _, stages = plan("train.student.name=nope", "train.student.source=pypi")
    assert "hf download" not in stages["train"].advice
