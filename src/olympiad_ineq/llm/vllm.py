"""vLLM inside this process, on GPUs or on a CPU.

Answers are reproducible: every chunk is queued whole before its first step and starts from an empty
prefix cache, so its batches depend on its requests alone and not on what ran before a restart.
Within a chunk the shared beginning of few-shot prompts is computed once.
"""

import gc
import os
from collections.abc import Iterator, Sequence
from typing import Any

from olympiad_ineq.errors import UserError
from olympiad_ineq.llm.engine import Request, Response
from olympiad_ineq.llm.local import Prompts, identity, resolve_dtype, silence
from olympiad_ineq.planner import memory
from olympiad_ineq.settings import Model


class VllmEngine:
    """See `Engine`. The weights load on `start`, with the context that the requests need."""

    whole_chunks = True

    def __init__(self, model: Model, *, prefix_caching: bool = True) -> None:
        silence()
        self._prefix_caching = prefix_caching
        self._model = model
        self._dtype = resolve_dtype(model.dtype)
        self._prompts = Prompts(model)
        self._need = 0
        self._batch = 1
        self._llm: Any = None
        self.fingerprint = identity(model, "vllm", self._dtype)

    def excess(self, request: Request) -> UserError | None:
        return self._prompts.excess(request)

    def prepare(self, requests: Sequence[Request], batch: int) -> None:
        self._need = max(self._need, self._prompts.fit(requests))
        self._batch = batch

    def start(self) -> None:
        if self._llm is None:
            from vllm import LLM

            self._inspect_here()
            self._llm = LLM(
                model=self._prompts.name,
                revision=self._prompts.revision,
                tokenizer_revision=self._prompts.revision,
                dtype=self._dtype,
                quantization=self._model.quantization,
                tensor_parallel_size=self._model.tensor_parallel,
                gpu_memory_utilization=self._model.gpu_memory_utilization,
                enable_prefix_caching=self._prefix_caching,
                disable_log_stats=True,
                use_tqdm_on_load=False,
                seed=0,
                **self._sizes(),
            )

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        from vllm import TokensPrompt

        engine = self._llm.llm_engine
        engine.reset_prefix_cache()
        for position, request in enumerate(requests):
            prompt = TokensPrompt(prompt_token_ids=self._prompts.tokens(request))
            engine.add_request(str(position), prompt, _sampling(request))
        while engine.has_unfinished_requests():
            for output in engine.step():
                if output.finished:
                    yield int(output.request_id), _response(output)

    def close(self) -> None:
        if self._llm is None:
            return
        from vllm.distributed.parallel_state import cleanup_dist_env_and_memory

        self._llm.llm_engine.engine_core.shutdown()
        self._llm = None
        gc.collect()
        cleanup_dist_env_and_memory()

    def _inspect_here(self) -> None:
        """Spare a CPU machine the second process (8 s) in which vLLM first looks at a model class.

        That process keeps CUDA out of the parent; without CUDA the class may as well load here.
        """
        import torch
        from vllm import ModelRegistry

        for name in getattr(self._prompts.config, "architectures", None) or ():
            known = ModelRegistry.models.get(name)
            if known is not None and not torch.cuda.is_available():
                ModelRegistry.register_model(name, known.load_model_cls())

    def _sizes(self) -> dict[str, Any]:
        """On a CPU everything as small as the requests allow: the start takes 4 s, not 40."""
        import torch

        # a little more than was asked for: later rounds word their requests a little differently
        length = min(self._prompts.context, -(-(self._need + 16) // 256) * 256)
        if torch.cuda.is_available():
            return {"max_model_len": self._model.max_model_len or length}
        sequences = min(self._batch, memory.CPU_SEQUENCES)
        sizes = {
            "max_model_len": length,
            "max_num_seqs": sequences,
            "enforce_eager": True,  # compiling and warming up take longer than they save
            # A prompt prefilled in parts would rewind its seed, which CPU generators cannot do.
            "enable_chunked_prefill": False,
            "max_num_batched_tokens": max(memory.CPU_PREFILL, length),
        }
        if "VLLM_CPU_KVCACHE_SPACE" not in os.environ:
            wide = self._bytes_per_token()
            sizes["kv_cache_memory_bytes"] = memory.cpu_cache(sequences, length, wide)
        return sizes

    def _bytes_per_token(self) -> int:
        config = self._prompts.config
        heads = config.num_attention_heads
        head = getattr(config, "head_dim", None) or config.hidden_size // heads
        cached = getattr(config, "num_key_value_heads", None) or heads
        return int(2 * config.num_hidden_layers * cached * head) * (
            4 if self._dtype == "float32" else 2
        )


def _sampling(request: Request) -> Any:
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

    sampling = request.sampling
    return SamplingParams(
        max_tokens=sampling.max_new_tokens,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        stop=list(sampling.stop) or None,
        seed=request.seed if sampling.temperature > 0 else None,
        structured_outputs=(
            StructuredOutputsParams(json=request.schema) if request.schema is not None else None
        ),
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def _response(output: Any) -> Response:
    answer = output.outputs[0]
    return Response(
        text=answer.text,
        finish="stop" if answer.finish_reason == "stop" else "length",
        prompt_tokens=len(output.prompt_token_ids),
        completion_tokens=len(answer.token_ids),
    )
