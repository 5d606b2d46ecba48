"""The Engine protocol: what is asked of a model, what comes back, and how an engine is opened.

Nothing here imports torch, vLLM or transformers; the engines do, when they are first used.
"""

import importlib.util
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

from olympiad_ineq.errors import UserError
from olympiad_ineq.records import Json, content_id
from olympiad_ineq.settings import Model

Dtype = Literal["auto", "float32", "bfloat16", "half"]
EngineName = Literal["auto", "vllm", "openai", "transformers"]


class Message(NamedTuple):
    """One turn of a conversation, for chat models."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Sampling:
    """How an answer is drawn. Temperature 0 is greedy; a stop string ends it and is left out."""

    max_new_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    stop: tuple[str, ...] = ()


@dataclass(frozen=True)
class Request:
    """One question: a plain prompt, or messages that the model's chat template renders.

    Args:
        seed: of this answer alone; it counts only where the temperature is above 0.
        schema: a JSON schema that the answer must obey, where the engine can enforce it.
        edition: another number asks the same again (the config's `revision`).
    """

    prompt: str | tuple[Message, ...]
    sampling: Sampling
    seed: int | None = None
    schema: Json | None = field(default=None, hash=False)
    edition: int = 1


@dataclass(frozen=True)
class Response:
    """One answer. `failed` means that none came, after bounded retries; `reason` says why."""

    text: str
    finish: Literal["stop", "length", "failed"]
    prompt_tokens: int
    completion_tokens: int
    reason: str = ""


class Notes(Protocol):
    """What an engine may leave for a later process: the journal that its answers go to."""

    values: dict[str, Any]

    def append(self, items: Mapping[str, Any]) -> None:
        """Put notes on disk, by names that no request's key is like."""


@runtime_checkable
class KeepsNotes(Protocol):
    """An engine whose answers come long after they were asked for."""

    def keep_notes(self, notes: Notes) -> None:
        """Take the journal, before the first answer."""


class Engine(Protocol):
    """What an engine must do. `open_engine` makes one; use it as `with closing(engine)`.

    Attributes:
        fingerprint: what decides the answers beside the request: model digest or revision, engine,
            dtype, quantization. Part of every journal key.
        whole_chunks: answers may depend on which requests run together (floating-point sums), so a
            chunk is asked whole or not at all.
    """

    fingerprint: Json
    whole_chunks: bool

    def excess(self, request: Request) -> UserError | None:
        """Why a request does not fit the model's context, with the numbers; None if it fits."""

    def prepare(self, requests: Sequence[Request], batch: int) -> None:
        """Check that all requests fit the context, before anything is generated or loaded.

        Raises:
            UserError: prompt and budget of a request exceed the context: names the numbers.
        """

    def start(self) -> None:
        """Load what answering needs; a second call does nothing."""

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Yield every answer with its request's position, as they finish."""

    def close(self) -> None:
        """Give memory and processes back."""


def request_key(engine: Engine, request: Request) -> str:
    """The journal key of a request: a hash of its content and of the model that answers."""
    return content_id("response", engine.fingerprint, asdict(request))


def open_engine(
    model: Model | Path, *, engine: EngineName = "auto", dtype: Dtype = "auto"
) -> Engine:
    """Open an engine; the weights load when it starts.

    Args:
        model: the settings of somebody else's model, or the folder of a trained one.
        engine, dtype: for a folder; settings say them themselves. "auto" is vLLM where it is
            installed and transformers where it is not.

    Raises:
        UserError: no such model folder, the engine is not installed, or the endpoint is not named.
    """
    quiet_environment()
    if isinstance(model, Path):
        _require_model(model)
        name: EngineName = engine
        model = Model(name=str(model), family="student", dtype=dtype)
    else:
        name = model.engine
    if name == "auto":
        name = "vllm" if _installed("vllm") else "transformers"
    if name != "openai" and Path(model.name).is_dir():
        _require_model(Path(model.name))
    if name == "openai":
        _require_installed("openai")
        if model.batch:
            from olympiad_ineq.llm.batch import OpenAIBatchEngine

            return OpenAIBatchEngine(model, model.batch)
        from olympiad_ineq.llm.openai import OpenAIEngine

        return OpenAIEngine(model)
    if name == "vllm":
        _require_installed("vllm")
        from olympiad_ineq.llm.vllm import VllmEngine

        return VllmEngine(model)
    _require_installed("transformers")
    from olympiad_ineq.llm.transformers import TransformersEngine

    return TransformersEngine(model)


def quiet_environment() -> None:
    """Set what the libraries read from the environment, unless the user has set it.

    OpenMP threads sleep while they wait. Spinning ones made vLLM 1.6 times faster on two cores with
    nothing else to do (740 against 460 tokens/s) and 4 to 15 times slower on busy ones; set
    OMP_WAIT_POLICY=active on a machine of your own. vLLM runs inside this process, so that a
    chunk's requests are all queued before its first step (the same batches every time) and a kill
    leaves no orphan.
    """
    for name, value in {
        "OMP_WAIT_POLICY": "passive",
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "VLLM_LOGGING_LEVEL": "ERROR",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "TORCH_CPP_LOG_LEVEL": "ERROR",
    }.items():
        os.environ.setdefault(name, value)


def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _require_installed(package: str) -> None:
    if not _installed(package):
        raise UserError(
            f"engine {package}", "it is not installed", "make install, or choose another engine"
        )


def _require_model(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise UserError(
            f"model folder {folder}",
            "there is no model there (no config.json in that folder)",
            "train the model first, or correct the path",
        )
