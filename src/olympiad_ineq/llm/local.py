"""What the engines that hold the weights themselves share: tokens, context, dtype, identity."""

import logging
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from olympiad_ineq import artifacts, hub
from olympiad_ineq.errors import UserError
from olympiad_ineq.llm.engine import Request
from olympiad_ineq.records import Json
from olympiad_ineq.settings import Model


class Prompts:
    """A model's tokenizer and context length: requests in, token ids out."""

    def __init__(self, model: Model) -> None:
        if Path(model.name).is_dir():
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        from transformers import AutoConfig, AutoTokenizer
        from transformers.utils import logging as transformers_logging

        transformers_logging.set_verbosity_error()
        transformers_logging.disable_progress_bar()
        self.name, self.revision = name, revision = hub.place(model)
        try:
            self.config: Any = AutoConfig.from_pretrained(name, revision=revision)
            self.tokenizer: Any = AutoTokenizer.from_pretrained(name, revision=revision)
        except (OSError, ValueError) as error:
            raise UserError(
                f"model {model.name}",
                f"it cannot be loaded ({_first_line(error)})",
                "name a folder with a model, or a hub model that this machine can reach",
            ) from error
        self.model = model
        limit = int(getattr(self.config, "max_position_embeddings", None) or 1 << 30)
        self.context = min(limit, model.max_model_len or limit)
        self._last: tuple[object, list[int]] = (None, [])

    def tokens(self, request: Request) -> list[int]:
        """The token ids of a request's prompt, through the chat template if it has messages.

        The last prompt's are kept: several votes on one question ask with the same one.
        """
        if self._last[0] != request.prompt:
            self._last = (request.prompt, self._tokens(request))
        return self._last[1]

    def _tokens(self, request: Request) -> list[int]:
        if isinstance(request.prompt, str):
            ids: list[int] = self.tokenizer(request.prompt)["input_ids"]
            return ids
        if not self.tokenizer.chat_template:
            raise UserError(
                f"model {self.model.name}",
                "it has no chat template, and this stage asks in messages",
                "name an instruction-tuned model",
            )
        chat: list[int] = self.tokenizer.apply_chat_template(
            [message._asdict() for message in request.prompt],
            add_generation_prompt=True,
            return_dict=False,
        )
        return chat

    def excess(self, request: Request) -> UserError | None:
        """Why a request does not fit the context; None if it fits."""
        return self._excess(request, len(self.tokens(request)))

    def fit(self, requests: Sequence[Request]) -> int:
        """The context that the longest request needs.

        Raises:
            UserError: a prompt with its budget does not fit: names the numbers.
        """
        need = 0
        for request in requests:
            length = len(self.tokens(request))
            if error := self._excess(request, length):
                raise error
            need = max(need, length + request.sampling.max_new_tokens)
        return need

    def _excess(self, request: Request, length: int) -> UserError | None:
        budget = request.sampling.max_new_tokens
        if length + budget <= self.context:
            return None
        return context_error(self.model.name, length, budget, self.context)


def context_error(model: str, prompt: int, budget: int, context: int) -> UserError:
    """The one sentence about a request that does not fit."""
    return UserError(
        f"a prompt of {prompt} tokens with max_new_tokens = {budget}",
        f"{prompt} + {budget} = {prompt + budget} exceeds the context of {model}, {context} tokens",
        "lower shots or max_new_tokens, or name a model with a longer context",
    )


def identity(model: Model, engine: str, dtype: str) -> Json:
    """What decides a model's answers: its bytes (or pinned revision), engine and arithmetic."""
    folder = Path(model.name)
    weights = (
        {"sha256": artifacts.digest(folder)}
        if folder.is_dir()
        else {"name": model.name, "revision": model.revision}
    )
    return {"engine": engine, "dtype": dtype, "quantization": model.quantization, **weights}


def resolve_dtype(dtype: str) -> str:
    """The arithmetic that "auto" means here: bf16 where the device computes in it."""
    if dtype != "auto":
        return dtype
    import torch

    if torch.cuda.is_available():
        return "bfloat16" if torch.cuda.get_device_capability() >= (8, 0) else "half"
    native: bool = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bfloat16" if native else "float32"


def cut(text: str, stop: Sequence[str]) -> tuple[str, bool]:
    """The text before the first stop string, and whether there was one."""
    places = [place for place in map(text.find, stop) if place >= 0]
    return (text[: min(places)], True) if places else (text, False)


def silence() -> None:
    """Keep libraries' remarks about themselves out of the log; errors still show."""
    warnings.filterwarnings("ignore", category=FutureWarning)
    for name in ("torch._library", "torch.fx", "vllm"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
