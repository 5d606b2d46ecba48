"""The base model's folder: whole, loadable, and with special tokens that agree."""

import json
from pathlib import Path
from typing import Any

import pytest

from olympiad_ineq.errors import UserError
from olympiad_ineq.settings import Student
from olympiad_ineq.train import materialise
from tests.train.conftest import STUDENT

pytestmark = pytest.mark.model


def test_the_packaged_model_is_a_plain_checkpoint(real_base: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(real_base)
    tokenizer = AutoTokenizer.from_pretrained(real_base)
    assert model.dtype == torch.bfloat16
    assert sum(p.numel() for p in model.parameters()) == 134_515_008
    asked = tokenizer("The capital of France is", return_tensors="pt")
    answer = model.generate(**asked, max_new_tokens=4, do_sample=False)
    assert "Paris" in tokenizer.decode(answer[0])


def test_special_tokens_agree(real_base: Path, tokenizer: Any) -> None:
    config = json.loads((real_base / "config.json").read_text())
    generation = json.loads((real_base / "generation_config.json").read_text())
    for said in (config, generation):
        assert said["eos_token_id"] == tokenizer.eos_token_id == 2
        assert said["pad_token_id"] == tokenizer.pad_token_id
        assert said["bos_token_id"] == tokenizer.bos_token_id
    assert tokenizer.chat_template
    assert "quantization_config" not in config


def test_every_digit_is_a_token_of_its_own(tokenizer: Any) -> None:
    """A GGUF names SmolLM's pre-tokenizer without spelling it out."""
    assert [tokenizer.decode(i) for i in tokenizer("a\n\n12x  3")["input_ids"]] == [
        "a", "\n\n", "1", "2", "x", "  ", "3",
    ]  # fmt: skip


def test_files_can_be_read_by_others(real_base: Path) -> None:
    assert {path.stat().st_mode & 0o777 for path in real_base.iterdir()} == {0o644}


def test_a_package_that_is_not_installed(tmp_path: Path) -> None:
    student = Student(source="pypi", name="no-such-model", family="x")
    with pytest.raises(UserError, match="not installed; fix: pip install no-such-model"):
        materialise(student, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_package_without_a_model(tmp_path: Path) -> None:
    student = Student(source="pypi", name="tqdm", family="x")
    with pytest.raises(UserError, match="holds no GGUF model"):
        materialise(student, tmp_path / "model")


def test_a_folder_is_copied(tiny_base: Path, tmp_path: Path) -> None:
    materialise(Student(source="folder", name=str(tiny_base), family="x"), tmp_path / "model")
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == (
        tiny_base / "model.safetensors"
    ).read_bytes()


def test_a_folder_without_weights(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    student = Student(source="folder", name=str(tmp_path), family="x")
    with pytest.raises(UserError, match="holds no model"):
        materialise(student, tmp_path / "out")


def test_offline_and_not_cached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _offline(monkeypatch, tmp_path / "cache")
    student = Student(source="hub", name="microsoft/phi-1_5", family="phi", revision="675aa382")
    with pytest.raises(UserError, match="hf download microsoft/phi-1_5 --revision 675aa382"):
        materialise(student, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_offline_and_cached(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny_base: Path
) -> None:
    cache, revision = tmp_path / "cache", "0123456789abcdef0123456789abcdef01234567"
    snapshot = cache / "models--some--student" / "snapshots" / revision
    snapshot.mkdir(parents=True)
    for file in tiny_base.iterdir():
        (snapshot / file.name).write_bytes(file.read_bytes())
    _offline(monkeypatch, cache)
    student = Student(source="hub", name="some/student", family="x", revision=revision)
    materialise(student, tmp_path / "model")
    assert (tmp_path / "model" / "model.safetensors").is_file()
    assert not (tmp_path / "model" / "model.safetensors").is_symlink()


def _offline(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))


def test_a_full_disk_leaves_nothing(tiny_disk: Path) -> None:
    with pytest.raises(UserError, match="the disk is full"):
        materialise(STUDENT, tiny_disk / "model")
    assert not [path for path in tiny_disk.iterdir() if not path.name.endswith(".lock")]


def test_what_a_kill_left_is_cleared(tiny_base: Path, tmp_path: Path) -> None:
    left = tmp_path / ".model.tmp"
    left.mkdir()
    (left / "half.safetensors").write_text("half")
    materialise(Student(source="folder", name=str(tiny_base), family="x"), tmp_path / "model")
    assert not left.exists()
    assert not (tmp_path / "model" / "half.safetensors").exists()
