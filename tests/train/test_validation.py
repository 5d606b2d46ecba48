"""The validation loss: on which rows, what it is, and which model is placed for it."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from olympiad_ineq.errors import UserError
from olympiad_ineq.settings import Wandb
from olympiad_ineq.train import Request, train
from olympiad_ineq.train.best import Best, Validated
from olympiad_ineq.train.data import encode, hold_out
from olympiad_ineq.train.samples import answers
from tests.train.conftest import Make, example, examples, settings
from tests.train.test_stage import finish, kill, same
from tests.train.test_trainer import plain_loss

pytestmark = pytest.mark.model
HELD: dict[str, Any] = {"validation": 4, "evaluate_steps": 2, "checkpoint_steps": 3}
# The learning rate only rises, to where it does harm: the best step is not the last one.
RISING: dict[str, Any] = {**HELD, "learning_rate": 0.5, "warmup_ratio": 1.0, "epochs": 3}


def placed(request: Request) -> dict[str, Any]:
    manifest = json.loads(request.out_model.with_name("model.manifest.json").read_text())
    found: dict[str, Any] = manifest["validation"]
    return found


def loss_of(folder: Path, rows: list[Any]) -> float:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    encoded = encode(rows, AutoTokenizer.from_pretrained(folder), 200).rows
    targets = [len(row.ids) - row.prompt for row in encoded]
    with torch.no_grad():
        losses = [
            float(plain_loss(model, [row], 0)) * n for row, n in zip(encoded, targets, strict=True)
        ]
    return sum(losses) / sum(targets)


def test_whole_families_are_held_out_and_the_seed_says_which() -> None:
    rows = [example(n).model_copy(update={"family": f"f{n // 3}"}) for n in range(2, 26)]
    learned, held = hold_out(rows, 5, seed=1)
    assert {e.id for e in learned} | {e.id for e in held} == {e.id for e in rows}
    assert not {e.family for e in learned} & {e.family for e in held}
    assert 5 <= len(held) < 8
    assert hold_out(rows, 5, 1) == (learned, held) != hold_out(rows, 5, 2)
    assert hold_out(rows, 0, 1) == (rows, [])
    with pytest.raises(UserError, match="holds out all 24 examples"):
        hold_out(rows, 24, 1)


@pytest.fixture(scope="module")
def spoilt(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Request:
    """A run that gets worse: its best step is not its last."""
    from tests.train.conftest import request_below

    request = request_below(tmp_path_factory.mktemp("spoilt") / "run", tiny_base)
    finish(request, **RISING)
    return request


def test_the_best_and_the_last_are_both_left_and_both_are_told(spoilt: Request) -> None:
    said = placed(spoilt)
    _, held = hold_out(examples(20), 4, seed=5)
    assert said["rows"] == len(held) == 4
    assert said["best"]["step"] < said["last"]["step"] == 12
    assert said["best"]["loss"] < said["last"]["loss"]
    assert loss_of(spoilt.out_model, held) == pytest.approx(said["best"]["loss"], abs=1e-5)
    last = spoilt.out_model.with_name("last")
    assert loss_of(last, held) == pytest.approx(said["last"]["loss"], abs=1e-5)
    points = json.loads(spoilt.curve.read_text())
    told = {p["step"]: p["validation"] for p in points if "validation" in p}
    assert list(told) == [2, 4, 6, 8, 10, 12]
    assert told[said["best"]["step"]] == min(told.values()) == said["best"]["loss"]
    assert spoilt.picture is not None and "validation" in spoilt.picture.read_text()
    assert f"(step {said['best']['step']})" in (spoilt.out_model / "README.md").read_text()
    assert not (spoilt.work / "best").exists()


def test_killed_between_the_best_and_the_end(spoilt: Request, request_of: Make) -> None:
    """Whatever of a dead run lies there, the model placed is the undisturbed one's."""
    troubled = request_of()
    for death in ("step 4", "step 9", "placing"):
        kill(troubled, death, **RISING)
    finish(troubled, **RISING)
    assert same(spoilt.out_model, troubled.out_model)
    assert same(spoilt.out_model.with_name("last"), troubled.out_model.with_name("last"))
    assert placed(spoilt) == placed(troubled)


def test_validation_changes_nothing_in_what_is_learned(request_of: Make) -> None:
    learned, _ = hold_out(examples(20), 4, seed=5)
    plain, watched = request_of("plain", rows=learned), request_of("watched")
    train(plain, settings(epochs=1), seed=5)
    train(watched, settings(epochs=1, **HELD, keep="last", samples=1), seed=5)
    assert same(plain.out_model, watched.out_model)


def test_samples_are_what_the_student_says(
    tiny_base: Path, request_of: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    request = request_of()
    log = Wandb(mode="offline")
    train(request, settings(epochs=1, **HELD, samples=2, wandb=log), seed=5)
    assert len(list(request.work.glob("wandb/offline-run-*/files/media/table/*.json"))) == 2
    lines = [json.loads(line) for line in (request.work / "samples.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 2, 4, 4]
    assert {line["prompt"] for line in lines} == {
        e.prompt for e in hold_out(examples(20), 4, seed=5)[1][:2]
    }
    # four steps of a random model teach nobody to stop
    assert not any(line["ended"] for line in lines)
    assert "none of 2 sampled answers ended" in capsys.readouterr().err
    model = AutoModelForCausalLM.from_pretrained(tiny_base)
    before = model.config._attn_implementation
    assert len(answers(model, AutoTokenizer.from_pretrained(tiny_base), ["Prove"])) == 1
    assert model.config._attn_implementation == before


def test_the_best_of_another_run_or_a_damaged_one_counts_as_none(
    tiny_base: Path, tmp_path: Path
) -> None:
    model = AutoModelForCausalLM.from_pretrained(tiny_base)
    best = Best(tmp_path / "best", "this run")
    assert best.read() is None
    best.write(model, torch.bfloat16, Validated(3, 0.5))
    assert best.read() == Validated(3, 0.5)
    assert Best(tmp_path / "best", "another run").read() is None
    weights = tmp_path / "best" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert best.read() is None


def test_the_mfu_convention_is_the_published_arithmetic() -> None:
    """Phi-1.5 at 2,048: 8.48 GFLOP a token with causal attention; 9.09 with the whole square."""
    from transformers import PhiConfig, PhiForCausalLM

    from olympiad_ineq.train.machine import training_flops

    with torch.device("meta"):
        model = PhiForCausalLM(
            PhiConfig(vocab_size=51_200, hidden_size=2048, intermediate_size=8192,
                      num_hidden_layers=24, num_attention_heads=32, max_position_embeddings=2048)
        )  # fmt: skip
    assert sum(p.numel() for p in model.parameters()) == 1_418_270_720
    causal = training_flops(model, [2048], 2048) / 2048
    assert math.isclose(causal, 8.48e9, rel_tol=1e-3)
    assert math.isclose(causal + 6 * 24 * 2048 * 2048, 9.09e9, rel_tol=1e-3)
