"""The stage as a whole: what it leaves, and what it survives."""

import dataclasses
import json
import multiprocessing
import random
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from olympiad_ineq.errors import UserError
from olympiad_ineq.records import Source
from olympiad_ineq.settings import Wandb
from olympiad_ineq.train import Request, train
from olympiad_ineq.train.card import with_results
from olympiad_ineq.train.checkpoints import Checkpoints, is_whole
from tests.train import victim
from tests.train.conftest import Make, example, examples, request_below, settings

pytestmark = pytest.mark.model


def in_a_process(request: Request, death: str, **changes: Any) -> tuple[int, str]:
    """Run the stage in a process that has torch loaded already: how it ended, what it said."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["olympiad_ineq.train.trainer", "olympiad_ineq.train.track"])
    said = request.work.with_name("said.txt")
    arguments = (request, settings(**changes), death, said)
    process = context.Process(target=victim.run, args=arguments)
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode, said.read_text()


def finish(request: Request, **changes: Any) -> str:
    """Run to the end; what it said."""
    status, said = in_a_process(request, "never", **changes)
    assert status == 0, said
    return said


def kill(request: Request, death: str, **changes: Any) -> None:
    """Run and be killed."""
    status, said = in_a_process(request, death, **changes)
    assert status == -signal.SIGKILL, said


@pytest.fixture(scope="module")
def undisturbed(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Request:
    """A run of ten steps, with a checkpoint after each second one, that nobody disturbed."""
    request = request_below(tmp_path_factory.mktemp("undisturbed") / "run", tiny_base)
    finish(request)
    return request


def weights(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def same(a: Path, b: Path) -> bool:
    first, second = weights(a), weights(b)
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


def losses(request: Request) -> list[tuple[float, float, float]]:
    curve = json.loads(request.curve.read_text())
    return [(point["step"], point["tokens"], point["loss"]) for point in curve]


def test_killed_anywhere_the_final_weights_are_the_same(
    undisturbed: Request, request_of: Make
) -> None:
    troubled = request_of()
    for death in ("step 1", "step 4", "sealing 4", "step 8", "sealing 10", "placing"):
        kill(troubled, death)
        assert not troubled.out_model.exists()
        assert not troubled.curve.exists()
    finish(troubled)
    assert same(undisturbed.out_model, troubled.out_model)
    assert losses(undisturbed) == losses(troubled)
    assert not list(troubled.work.glob("checkpoint-*"))
    assert not troubled.out_model.with_name(".model.tmp").exists()


def test_ten_kills_and_ten_terms_at_random_steps(request_of: Make) -> None:
    """The loss curve and the weights are bitwise those of a run that nobody disturbed."""
    quiet, troubled = request_of("quiet"), request_of("troubled")
    finish(quiet, epochs=6)
    draw = random.Random(20260101)
    deaths = [(step, how) for how in ("step", "term") for step in draw.sample(range(1, 30), 10)]
    for step, how in sorted(deaths):
        status, said = in_a_process(troubled, f"{how} {step}", epochs=6)
        assert status == (-signal.SIGKILL if how == "step" else 1), said
        assert not troubled.out_model.exists() and not troubled.curve.exists()
    finish(troubled, epochs=6)
    assert same(quiet.out_model, troubled.out_model)
    assert losses(quiet) == losses(troubled)
    assert len(losses(quiet)) == 30


def test_in_bf16_too(request_of: Make) -> None:
    quiet, troubled = request_of("quiet"), request_of("troubled")
    finish(quiet, precision="bf16", epochs=1)
    kill(troubled, "step 4", precision="bf16", epochs=1)
    finish(troubled, precision="bf16", epochs=1)
    assert same(quiet.out_model, troubled.out_model)


def test_sigterm_is_no_success(undisturbed: Request, request_of: Make) -> None:
    stopped = request_of()
    status, said = in_a_process(stopped, "term 3")
    assert status == 1
    assert "step 3 of 10: it was asked to stop before its last step" in said
    assert not stopped.out_model.exists()
    assert is_whole(stopped.work / "checkpoint-3")
    assert "going on from" in finish(stopped)
    assert same(undisturbed.out_model, stopped.out_model)


def test_a_torn_checkpoint_is_ignored(undisturbed: Request, request_of: Make) -> None:
    torn = request_of()
    kill(torn, "step 6")
    optimizer = torn.work / "checkpoint-4" / "optimizer.pt"
    content = bytearray(optimizer.read_bytes())
    content[len(content) // 2] ^= 1
    optimizer.write_bytes(bytes(content))
    said = finish(torn)
    assert "checkpoint-4 is damaged" in said
    assert "going on from" in said and "checkpoint-2" in said
    assert same(undisturbed.out_model, torn.out_model)


def test_a_foreign_checkpoint_is_discarded(undisturbed: Request, request_of: Make) -> None:
    ours = request_of()
    kill(ours, "step 6", learning_rate=2e-3)
    said = finish(ours)
    assert "checkpoints of another run" in said
    assert "going on from" not in said
    assert same(undisturbed.out_model, ours.out_model)


def test_a_checkpoint_of_another_model_is_discarded(
    undisturbed: Request, phi_base: Path, request_of: Make
) -> None:
    ours = request_of()
    other = dataclasses.replace(ours, base_model=phi_base)
    kill(other, "step 6")
    assert list(ours.work.glob("checkpoint-*"))
    said = finish(ours)
    assert "checkpoints of another run (data, settings or model differ) are discarded" in said
    assert same(undisturbed.out_model, ours.out_model)


def test_the_last_two_checkpoints_are_kept(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, "run")

    def fill(step: int) -> Callable[[Path], None]:
        def write(folder: Path) -> None:
            (folder / f"checkpoint-{step}").mkdir()
            (folder / f"checkpoint-{step}" / "weights").write_text(str(step))

        return write

    for step in (8, 9, 10):
        checkpoints.write(step, fill(step))
    assert sorted(p.name for p in tmp_path.glob("checkpoint-*")) == [
        "checkpoint-10",
        "checkpoint-9",
    ]
    assert checkpoints.latest() == tmp_path / "checkpoint-10"
    (tmp_path / "checkpoint-10" / "weights").unlink()
    assert checkpoints.latest() == tmp_path / "checkpoint-9"
    (tmp_path / "checkpoint-9" / "sealed.json").write_text("{")
    assert checkpoints.latest() is None


def test_what_a_finished_run_leaves(request_of: Make) -> None:
    request = request_of()
    train(request, settings(epochs=1), seed=5)
    model = AutoModelForCausalLM.from_pretrained(request.out_model)
    tokenizer = AutoTokenizer.from_pretrained(request.out_model)
    assert model.generation_config.eos_token_id == tokenizer.eos_token_id
    assert model.generation_config.pad_token_id == tokenizer.pad_token_id
    assert model.config._attn_implementation == "sdpa"
    names = {path.name for path in request.out_model.iterdir()}
    assert {"README.md", "config.json", "generation_config.json", "model.safetensors"} <= names
    assert not {name for name in names if "optim" in name or "rng" in name}
    assert request.picture is not None and "</svg>" in request.picture.read_text()
    curve = json.loads(request.curve.read_text())
    assert [point["step"] for point in curve] == [1, 2, 3, 4, 5]
    assert curve[-1]["tokens"] > curve[0]["tokens"] > 0
    manifest = json.loads(request.out_model.with_name("model.manifest.json").read_text())
    assert manifest["examples"] == {"used": 20, "left_out": {}}
    assert manifest["tokens"] == curve[-1]["tokens"]
    assert manifest["tokens_per_second"] > 0


def test_the_former_model_outlives_a_killed_retraining(request_of: Make) -> None:
    """The workflow deletes the model's folder before it trains again."""
    request = request_of()
    finish(request, epochs=1)
    before = (request.out_model / "model.safetensors").read_bytes()
    shutil.rmtree(request.out_model)
    kill(request, "step 2", epochs=1, learning_rate=2e-3)
    kept = request.work / "model"
    assert (kept / "model.safetensors").read_bytes() == before
    AutoModelForCausalLM.from_pretrained(kept)
    said = finish(request, epochs=1, learning_rate=2e-3)
    assert f"the former model stays at {kept}" in said
    after = request.out_model / "model.safetensors"
    assert after.read_bytes() != before
    assert (kept / "model.safetensors").samefile(after)  # no second copy on the disk


def test_the_end_of_text_is_learned(request_of: Make) -> None:
    request = request_of(rows=[example(7)] * 8)
    train(request, settings(epochs=100, learning_rate=2e-2, checkpoint_steps=1000), seed=5)
    model = AutoModelForCausalLM.from_pretrained(request.out_model)
    tokenizer = AutoTokenizer.from_pretrained(request.out_model)
    asked = tokenizer(example(7).prompt, return_tensors="pt")
    answer = model.generate(**asked, max_new_tokens=100, do_sample=False)[0]
    told = answer[asked["input_ids"].shape[1] :]
    assert told[-1] == tokenizer.eos_token_id
    assert tokenizer.decode(told[:-1]) == example(7).completion


def test_the_card_says_what_it_learned_from(request_of: Make) -> None:
    teacher = Source(kind="model", name="Qwen/Qwen2.5-Math-72B-Instruct", family="f")
    request = request_of(rows=[*examples(3), example(9, teacher), example(8, lines=60)])
    train(request, settings(epochs=1), seed=5)
    text = (request.out_model / "README.md").read_text()
    assert "Built with Qwen" in text
    assert "| proved: the exact kernel accepted every step and the goal | 4 |" in text
    assert "| longer than 200 tokens | 1 |" in text
    assert "license: apache-2.0\n" in text and "whose terms apply" in text
    curve = json.loads(request.curve.read_text())
    assert f"{curve[-1]['loss']:.3f} at the last" in text
    told = with_results(text, "| proved | 3 of 4 |\n")
    assert told.index("## Results") < told.index("| proved | 3 of 4 |") < told.index("## Licences")
    assert "measured after these weights" in text and "measured after these weights" not in told
    plain = request_of("plain", rows=examples(4))
    train(plain, settings(epochs=1), seed=5)
    assert "Qwen" not in (plain.out_model / "README.md").read_text()


def test_no_usable_rows(request_of: Make) -> None:
    with pytest.raises(UserError, match="none can be used"):
        train(request_of(), settings(max_length=5), seed=5)


def test_a_loss_that_is_no_number(request_of: Make, tiny_base: Path, tmp_path: Path) -> None:
    broken = AutoModelForCausalLM.from_pretrained(tiny_base)
    with torch.no_grad():
        broken.model.norm.weight.fill_(float("nan"))
    broken.save_pretrained(tmp_path / "broken")
    AutoTokenizer.from_pretrained(tiny_base).save_pretrained(tmp_path / "broken")
    request = request_of(base=tmp_path / "broken")
    with pytest.raises(UserError, match="step 1: it is not a finite number.*train.learning_rate"):
        train(request, settings(), seed=5)
    assert not request.out_model.exists()


@pytest.mark.parametrize(
    ("changes", "fix"),
    [
        ({}, r"set train.micro_batch_size to 2 \(planned: .* GiB instead of .*\)"),
        ({"micro_batch_size": 1}, r"set train.gradient_checkpointing to true \(planned: .*\)"),
        ({"micro_batch_size": 1, "gradient_checkpointing": True}, "lower train.max_length"),
    ],
)
def test_out_of_memory_names_the_smaller_setting(
    changes: dict[str, Any], fix: str, request_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from olympiad_ineq.train.trainer import CompletionTrainer

    def full(*_: Any, **__: Any) -> None:
        torch.empty(1 << 50)

    monkeypatch.setattr(CompletionTrainer, "compute_loss", full)
    with pytest.raises(UserError, match=f"memory ran out; fix: {fix}"):
        train(request_of(), settings(**changes), seed=5)


def test_no_model_there(request_of: Make, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no model there"):
        train(request_of(base=tmp_path), settings(), seed=5)


def test_a_full_disk_is_one_line(request_of: Make, tiny_disk: Path) -> None:
    request = request_of()
    cramped = Request(
        request.examples, request.base_model, request.out_model, tiny_disk / "work", request.curve
    )
    with pytest.raises(UserError, match="the disk is full"):
        train(cramped, settings(), seed=5)
    assert not request.out_model.exists()


def test_wandb_logs_offline_without_asking(request_of: Make) -> None:
    request = request_of()
    train(request, settings(epochs=0.2, wandb=Wandb(mode="offline")), seed=5)
    assert list((request.work / "wandb").glob("offline-run-*/*.wandb"))


def test_wandb_online_without_a_key(
    request_of: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    with pytest.raises(UserError, match="set WANDB_API_KEY"):
        train(request_of(), settings(wandb=Wandb(mode="online")), seed=5)
