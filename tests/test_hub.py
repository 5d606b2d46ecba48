"""A model of the hub is used from the cache only if all of it is there."""

import json
from pathlib import Path

import pytest

from olympiad_ineq import hub
from olympiad_ineq.errors import UserError
from olympiad_ineq.settings import Model

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MODEL = Model(engine="vllm", name="some/model", family="x", revision=COMMIT)


@pytest.fixture
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    folder = tmp_path / "models--some--model/snapshots" / COMMIT
    folder.mkdir(parents=True)
    return folder


def test_what_is_whole_is_used_and_a_part_is_not(snapshot: Path) -> None:
    away = ("some/model", COMMIT)
    assert hub.place(MODEL) == away
    (snapshot / "config.json").write_text("{}")
    weights = {"a": "model-1.safetensors", "b": "model-2.safetensors"}
    (snapshot / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weights}))
    (snapshot / "model-1.safetensors").touch()
    assert hub.place(MODEL) == away
    with pytest.raises(UserError, match="not whole .*hf download some/model --revision"):
        hub.fetch(MODEL.name, COMMIT, "verify.verifier.model")
    (snapshot / "model-2.safetensors").touch()
    assert hub.place(MODEL) == (str(snapshot), None)
    assert hub.fetch(MODEL.name, COMMIT, "verify.verifier.model") == snapshot


@pytest.mark.parametrize(
    ("engine", "name", "found"),
    [("vllm", "Qwen/Qwen2.5-Math-72B-Instruct", True), ("openai", "org/model", False),
     ("vllm", "/models/mine", False), ("vllm", "./mine", False), ("vllm", "mine", False)],
)  # fmt: skip
def test_hub_ids(engine: str, name: str, found: bool) -> None:
    model = Model.model_validate({"engine": engine, "name": name, "family": "x"})
    assert hub.is_hub_id(model) is found
