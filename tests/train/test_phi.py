"""Phi for real: Phi-1.5's tokenizer and architecture, from a hub's folder to both engines."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import CrossEntropyLoss
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.activations import ACT2FN

from olympiad_ineq.data_gen.symbolic import generate as draw
from olympiad_ineq.prompts import prompt
from olympiad_ineq.train import train
from olympiad_ineq.train.data import IGNORED, collate, encode
from tests.train import phi
from tests.train.conftest import Make, example, settings

pytestmark = pytest.mark.model

# In a process of its own: vLLM puts its own activations in the place of transformers'.
ASK = """
import sys
from contextlib import closing
from pathlib import Path
from olympiad_ineq.artifacts import Journal
from olympiad_ineq.llm import Request, Sampling, generate, open_engine
model, journal, prompt = sys.argv[1:]
with (
    closing(open_engine(Path(model), engine="vllm", dtype="float32")) as engine,
    closing(Journal(Path(journal))) as kept,
):
    (answer,) = generate(engine, [Request(prompt, Sampling(100))], kept, 1).responses
    print(repr((answer.text, answer.finish)))
"""


@pytest.fixture(scope="module")
def phi_tokenizer(phi_base: Path) -> Any:
    return AutoTokenizer.from_pretrained(phi_base)


def test_the_tokenizer_is_the_real_one(phi_tokenizer: Any) -> None:
    assert len(phi_tokenizer) == 50_295
    assert phi_tokenizer("Hello world")["input_ids"] == [15496, 995]  # GPT-2's, as published
    runs = {50_257: " " * 31, 50_286: " " * 2, 50_287: "\t" * 9, 50_294: "\t" * 2}
    assert {i: phi_tokenizer.decode([i]) for i in runs} == runs
    assert {i: phi_tokenizer(run)["input_ids"] for i, run in runs.items()} == {i: [i] for i in runs}


def test_the_folder_says_the_tokens_of_the_tokenizer(phi_base: Path, phi_tokenizer: Any) -> None:
    from transformers import PhiConfig

    assert (PhiConfig().bos_token_id, PhiConfig().eos_token_id) == (1, 2)  # the class's mistake
    for name in ("config.json", "generation_config.json"):
        said = json.loads((phi_base / name).read_text())
        assert {said[f"{kind}_token_id"] for kind in ("bos", "eos", "pad")} == {phi.END_ID}
    assert phi_tokenizer.eos_token_id == phi_tokenizer.pad_token_id == phi.END_ID


def test_padding_end_and_masks_token_by_token(phi_tokenizer: Any) -> None:
    """Padding and end share an id: the end must stay a target for all that."""
    found = encode([example(7), example(8, lines=2)], phi_tokenizer, 200).rows
    for row, one in zip(found, (example(7), example(8, lines=2)), strict=True):
        asked = phi_tokenizer(one.prompt)["input_ids"]
        told = phi_tokenizer(one.completion)["input_ids"]
        assert list(row.ids) == [*asked, *told, phi.END_ID]
        assert row.labels == [IGNORED] * len(asked) + [*told, phi.END_ID]
    batch = collate([{"input_ids": list(row.ids), "labels": row.labels} for row in found])
    # one sequence without padding, so the only end tokens are the two that are learned
    assert batch["input_ids"][0].tolist() == [*found[0].ids, *found[1].ids]
    ends = (batch["input_ids"][0] == phi.END_ID).nonzero().flatten().tolist()
    assert ends == [len(found[0].ids) - 1, len(found[0].ids) + len(found[1].ids) - 1]
    assert [int(batch["labels"][0, end]) for end in ends] == [phi.END_ID] * 2


def test_the_prompt_ends_on_a_token_boundary(phi_tokenizer: Any) -> None:
    """Read at once, prompt and proof give the tokens that they give apart."""
    drafts = draw(("amgm", "weighted_amgm", "cauchy", "sos"), (1, 2), (1, 2, 3), 40, 1)
    for draft in drafts:
        asked, told = prompt(draft.text), draft.proof_text
        apart = phi_tokenizer(asked)["input_ids"] + phi_tokenizer(told)["input_ids"]
        assert phi_tokenizer(asked + told)["input_ids"] == apart


def test_the_cheap_activation_is_the_same_function() -> None:
    dear = torch.linspace(-12, 12, 100_001, requires_grad=True)
    cheap = dear.detach().clone().requires_grad_()
    a, b = ACT2FN["gelu_new"](dear), ACT2FN["gelu_pytorch_tanh"](cheap)
    assert torch.allclose(a, b, rtol=1e-5, atol=2e-6)
    a.sum().backward()
    b.sum().backward()
    assert dear.grad is not None and cheap.grad is not None
    assert torch.allclose(dear.grad, cheap.grad, rtol=1e-5, atol=2e-6)


def test_the_cheap_activation_is_used(phi_base: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(phi_base, dtype=torch.float32)
    assert type(model.model.layers[0].mlp.activation_fn) is type(ACT2FN["gelu_pytorch_tanh"])
    dear = AutoModelForCausalLM.from_pretrained(phi_base.with_name("hub"), dtype=torch.float32)
    assert type(dear.model.layers[0].mlp.activation_fn) is type(ACT2FN["gelu_new"])
    ids = torch.tensor([[8_000, 25, 257]])
    with torch.no_grad():
        assert torch.allclose(model(ids).logits, dear(ids).logits, atol=1e-6)


def test_trained_saved_and_heard_in_both_engines(
    request_of: Make, phi_base: Path, tmp_path: Path
) -> None:
    """A proof learned to its end: transformers and vLLM both give it, and stop by themselves."""
    one = example(7)
    request = request_of(rows=[one] * 8, base=phi_base)
    train(request, settings(epochs=25, learning_rate=5e-3, checkpoint_steps=1000), seed=5)
    said = json.loads((request.out_model / "generation_config.json").read_text())
    assert said["eos_token_id"] == said["pad_token_id"] == phi.END_ID
    model = AutoModelForCausalLM.from_pretrained(request.out_model, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(request.out_model)
    asked = tokenizer(one.prompt, return_tensors="pt")
    told = model.generate(**asked, max_new_tokens=100, do_sample=False)[
        0, asked.input_ids.shape[1] :
    ]
    assert told[-1] == phi.END_ID
    assert tokenizer.decode(told[:-1]) == one.completion
    heard = subprocess.run(
        [sys.executable, "-c", ASK, str(request.out_model), str(tmp_path / "asked"), one.prompt],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert heard.returncode == 0, heard.stderr[-2000:]
    assert heard.stdout.splitlines()[-1] == repr((one.completion, "stop"))


def test_the_mask_is_what_the_plain_loss_ignores(phi_base: Path, phi_tokenizer: Any) -> None:
    """The mean over a row's targets, computed by hand, is transformers' loss for its labels."""
    model = AutoModelForCausalLM.from_pretrained(phi_base, dtype=torch.float32)
    (row,) = encode([example(7)], phi_tokenizer, 200).rows
    ids = torch.tensor([list(row.ids)])
    with torch.no_grad():
        out = model(input_ids=ids, labels=torch.tensor([row.labels]))
    by_hand = CrossEntropyLoss()(out.logits[0, row.prompt - 1 : -1], ids[0, row.prompt :])
    assert float(out.loss) == pytest.approx(float(by_hand), abs=1e-6)
