"""transformers inside this process: slower than vLLM, runs wherever torch does.

Prompts of a chunk are padded on the left and decoded together. A sampled token is the largest of
the scaled scores plus Gumbel noise, drawn for each answer from its own seeded generator: that is
exactly sampling from the softmax, and an answer's noise does not depend on its neighbours.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from olympiad_ineq.errors import UserError
from olympiad_ineq.llm.engine import Request, Response, Sampling
from olympiad_ineq.llm.local import Prompts, cut, identity, resolve_dtype, silence
from olympiad_ineq.settings import Model

ROWS = 32  # decoded together
TAIL = 24  # tokens looked at for a stop string after each step


class TransformersEngine:
    """See `Engine`. A schema is not enforced here; its reader is tolerant."""

    whole_chunks = True

    def __init__(self, model: Model) -> None:
        silence()
        self._model = model
        self._dtype = resolve_dtype(model.dtype)
        self._prompts = Prompts(model)
        self._weights: Any = None
        self.fingerprint = identity(model, "transformers", self._dtype)

    def excess(self, request: Request) -> UserError | None:
        return self._prompts.excess(request)

    def prepare(self, requests: Sequence[Request], batch: int) -> None:
        self._prompts.fit(requests)

    def start(self) -> None:
        if self._weights is None:
            import torch
            from transformers import AutoModelForCausalLM

            self._weights = AutoModelForCausalLM.from_pretrained(
                self._prompts.name,
                revision=self._prompts.revision,
                dtype=torch.float16 if self._dtype == "half" else getattr(torch, self._dtype),
            )
            self._weights.to("cuda" if torch.cuda.is_available() else "cpu").eval()

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        numbered = [
            (position, request, self._prompts.tokens(request))
            for position, request in enumerate(requests)
        ]
        # Rows of one batch share their sampling; like lengths together waste less padding.
        numbered.sort(key=lambda row: (repr(row[1].sampling), len(row[2]), row[0]))
        for _, rows in groupby(numbered, key=lambda row: row[1].sampling):
            alike = list(rows)
            for start in range(0, len(alike), ROWS):
                part = alike[start : start + ROWS]
                answers = self._decode([r for _, r, _ in part], [ids for _, _, ids in part])
                yield from zip((position for position, _, _ in part), answers, strict=True)

    def close(self) -> None:
        self._weights = None

    def _decode(self, requests: list[Request], prompts: list[list[int]]) -> list[Response]:
        import torch
        from transformers import LogitsProcessorList, StoppingCriteriaList

        model, tokenizer = self._weights, self._prompts.tokenizer
        sampling = requests[0].sampling
        ends = self._end_tokens()
        pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else ends[0]
        width = max(map(len, prompts))
        ids = torch.tensor([[pad] * (width - len(p)) + p for p in prompts], device=model.device)
        mask = torch.tensor(
            [[0] * (width - len(p)) + [1] * len(p) for p in prompts], device=model.device
        )
        processors = [_Sampler(sampling, requests)] if sampling.temperature > 0 else []
        with torch.inference_mode():
            produced = model.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=sampling.max_new_tokens,
                do_sample=False,
                temperature=None,
                top_p=None,
                top_k=None,
                eos_token_id=ends,
                pad_token_id=pad,
                logits_processor=LogitsProcessorList(processors),
                stopping_criteria=StoppingCriteriaList(
                    [_StopStrings(tokenizer, sampling.stop, width)] if sampling.stop else []
                ),
            )
        rows = produced[:, width:].tolist()
        return [
            self._response(row, len(prompt), sampling, ends)
            for row, prompt in zip(rows, prompts, strict=True)
        ]

    def _end_tokens(self) -> list[int]:
        """The ids that end an answer: the generation config's and the tokenizer's."""
        named = self._weights.generation_config.eos_token_id
        ends = [] if named is None else list(named) if isinstance(named, list) else [named]
        own = self._prompts.tokenizer.eos_token_id
        return [*ends, own] if own is not None and own not in ends else ends

    def _response(
        self, row: list[int], prompt_tokens: int, sampling: Sampling, ends: list[int]
    ) -> Response:
        last = next((place for place, token in enumerate(row) if token in ends), None)
        kept = row if last is None else row[: last + 1]
        text = self._prompts.tokenizer.decode(kept, skip_special_tokens=True)
        text, stopped = cut(text, sampling.stop)
        return Response(
            text=text,
            finish="stop" if stopped or last is not None else "length",
            prompt_tokens=prompt_tokens,
            completion_tokens=len(kept),
        )


class _Sampler:
    """Temperature, nucleus and per-row Gumbel noise; greedy decoding of the result is sampling."""

    def __init__(self, sampling: Sampling, requests: Sequence[Request]) -> None:
        import torch

        self._sampling = sampling
        self._generators = [
            torch.Generator().manual_seed(request.seed or 0) for request in requests
        ]

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        import torch

        scores = scores.float() / self._sampling.temperature
        if self._sampling.top_p < 1:
            ordered, order = scores.sort(descending=True)
            before = ordered.softmax(-1).cumsum(-1) - ordered.softmax(-1)
            outside = (before >= self._sampling.top_p).scatter(
                1, order, before >= self._sampling.top_p
            )
            scores = scores.masked_fill(outside, float("-inf"))
        uniform = torch.stack(
            [torch.rand(scores.shape[-1], generator=g) for g in self._generators]
        ).to(scores.device)
        return scores - torch.log(-torch.log(uniform.clamp(1e-20, 1 - 1e-7)))


class _StopStrings:
    """Per row: has a stop string appeared in what was generated?"""

    def __init__(self, tokenizer: Any, stop: Sequence[str], width: int) -> None:
        self._tokenizer, self._stop, self._width = tokenizer, stop, width

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        import torch

        start = max(self._width, input_ids.shape[1] - TAIL)
        texts = self._tokenizer.batch_decode(input_ids[:, start:])
        done = [any(stop in text for stop in self._stop) for text in texts]
        return torch.tensor(done, device=input_ids.device)
