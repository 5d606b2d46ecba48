"""Any OpenAI-compatible endpoint: a vendor's, or `vllm serve` next door.

Requests run concurrently up to a bound. A refusal that may pass (429, 5xx, a broken connection, a
body that is no answer) is retried with growing pauses, or after as long as the endpoint asks for;
after `ATTEMPTS` the answer is `failed` and says why. A request that the endpoint will not take
(400) is `failed` at once. A refusal of everything (401, 403, 404), or a port where nobody
listens (any more), ends the stage with one line.
"""

import asyncio
import os
import random
from collections.abc import Iterator, Sequence
from typing import Any

from olympiad_ineq.errors import UserError
from olympiad_ineq.llm.engine import Request, Response
from olympiad_ineq.llm.local import context_error
from olympiad_ineq.records import Json
from olympiad_ineq.settings import Model

CONCURRENCY = 32
CHAT, COMPLETIONS = "/v1/chat/completions", "/v1/completions"
ATTEMPTS = 8
FIRST_PAUSE = 0.5  # seconds, doubled after each attempt
LONGEST_PAUSE = 60.0
TIMEOUT = 600.0
FINAL = {401: "it refuses the key", 403: "it forbids the model", 404: "it knows no such model"}


class OpenAIEngine:
    """See `Engine`. The key is read from OPENAI_API_KEY, never from a config."""

    whole_chunks = False

    def __init__(
        self,
        model: Model,
        *,
        concurrency: int = CONCURRENCY,
        attempts: int = ATTEMPTS,
        first_pause: float = FIRST_PAUSE,
        timeout: float = TIMEOUT,
    ) -> None:
        from openai import AsyncOpenAI

        self._model = model
        self._concurrency = concurrency
        self._attempts = attempts
        self._first_pause = first_pause
        self._loop = asyncio.new_event_loop()
        key = os.environ.get("OPENAI_API_KEY")
        if key is None and model.base_url is None:
            raise UserError(
                f"engine openai, model {model.name}",
                "OPENAI_API_KEY is not set",
                "export it, or set base_url to an endpoint that needs no key",
            )
        self._client = AsyncOpenAI(
            api_key=key or "none", base_url=model.base_url, max_retries=0, timeout=timeout
        )
        self.attempts_made = 0
        self._reached = False  # whether anybody has ever answered there
        self._seeded = False  # whether a seed was sent
        self.fingerprint: Json = {
            "engine": "openai",
            "name": model.name,
            "revision": model.revision,
        }

    def excess(self, request: Request) -> UserError | None:
        """What cannot fit, where the config names the context (max_model_len).

        An endpoint's tokenizer is not here, so a prompt counts one token for every eight
        characters: a request refused by that count cannot fit by any tokenizer in use.
        """
        context = self._model.max_model_len
        length, budget = len(_text(request)) // 8, request.sampling.max_new_tokens
        if context is None or length + budget <= context:
            return None
        return context_error(self._model.name, length, budget, context)

    def prepare(self, requests: Sequence[Request], batch: int) -> None:
        for request in requests:
            if error := self.excess(request):
                raise error

    def start(self) -> None:
        """Nothing to load."""

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        waiting = iter(enumerate(requests))
        running: set[asyncio.Task[tuple[int, Response]]] = set()
        try:
            while True:
                while len(running) < self._concurrency and (item := next(waiting, None)):
                    running.add(self._loop.create_task(self._one(*item)))
                if not running:
                    return
                done, running = self._loop.run_until_complete(
                    asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                )
                errors = [error for task in done if (error := task.exception())]
                for task in done:
                    if task.exception() is None:
                        yield task.result()
                if errors:
                    raise errors[0]
        finally:
            for task in running:
                task.cancel()
            if running:
                self._loop.run_until_complete(asyncio.gather(*running, return_exceptions=True))

    def close(self) -> None:
        if not self._loop.is_closed():
            self._loop.run_until_complete(self._client.close())
            self._loop.close()

    async def _one(self, position: int, request: Request) -> tuple[int, Response]:
        reason, refused = "", False
        for attempt in range(self._attempts):
            self.attempts_made += 1
            try:
                answer = await self._ask(request)
                self._reached = True
                return position, answer
            except Exception as error:
                # by name: the client may carry an httpx of its own
                refused = type(error.__cause__).__name__ == "ConnectError"
                pause, reason = self._judge(error, attempt)
            if pause is None:
                return position, Response("", "failed", 0, 0, reason)
            if attempt + 1 < self._attempts:
                await asyncio.sleep(pause)
        if refused:
            raise self._gone()
        return position, Response("", "failed", 0, 0, f"{self._attempts} attempts: {reason}")

    def _gone(self) -> UserError:
        """Nobody listens at the port: a server that is not there, or that died."""
        where = f"endpoint {self._client.base_url}"
        if not self._reached:
            words = f"nobody answers there, after {self._attempts} attempts"
            return UserError(where, words, "start the server, or correct base_url")
        fix = "start the server again: the same command goes on where it was"
        if self._seeded:
            fix += (
                "; a server that dies of seeded requests (vLLM on a CPU without "
                "--no-enable-chunked-prefill) wants seeds: false in the model's config"
            )
        return UserError(where, "nobody answers there any more; what was answered is kept", fix)

    def _judge(self, error: Exception, attempt: int) -> tuple[float | None, str]:
        """How long to wait before trying again (None: never), and why.

        Raises:
            UserError: the endpoint will refuse every request.
        """
        import httpx
        from openai import APIConnectionError, APIStatusError, OpenAIError

        pause = min(LONGEST_PAUSE, self._first_pause * 2**attempt) * random.uniform(0.5, 1)
        self._reached |= isinstance(error, APIStatusError)
        if isinstance(error, APIStatusError):
            code = error.status_code
            if code in FINAL:
                raise UserError(
                    f"endpoint {self._client.base_url}, model {self._model.name}",
                    f"{self._refused_for_good(code)} ({code})",
                    "correct base_url, the model's name or OPENAI_API_KEY",
                ) from error
            if code in (400, 413, 422):
                return None, f"the endpoint refuses the request ({code}: {_line(error)})"
            asked = error.response.headers.get("retry-after", "")
            if asked.replace(".", "", 1).isdigit():
                pause = min(LONGEST_PAUSE, float(asked))
            return pause, f"the endpoint answered {code}"
        if isinstance(error, APIConnectionError):
            return pause, f"the connection failed ({_line(error)})"
        if isinstance(error, OpenAIError | httpx.HTTPError | ValueError):
            return pause, f"the answer could not be read ({_line(error)})"
        raise error

    def _refused_for_good(self, code: int) -> str:
        return FINAL[code]

    async def _ask(self, request: Request) -> Response:
        path, body = self.body(request)
        ask: Any = (
            self._client.completions if path == COMPLETIONS else self._client.chat.completions
        )
        return _read(await ask.create(**body))

    def body(self, request: Request) -> tuple[str, Json]:
        """The path that a request goes to, and what is sent there."""
        sampling = request.sampling
        common: Json = {
            "model": self._model.name,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
        }
        if sampling.stop:
            common["stop"] = list(sampling.stop)
        if request.seed is not None and sampling.temperature > 0 and self._model.seeds:
            common["seed"] = request.seed
            self._seeded = True
        if request.schema is not None:
            common["response_format"] = {
                "type": "json_schema",
                "json_schema": {
                    "name": "answer",
                    "schema": request.schema,
                    "strict": _closed(request.schema),
                },
            }
        if isinstance(request.prompt, str):
            return COMPLETIONS, {
                "prompt": request.prompt, "max_tokens": sampling.max_new_tokens, **common,
            }  # fmt: skip
        return CHAT, {
            "messages": [message._asdict() for message in request.prompt],
            "max_completion_tokens": sampling.max_new_tokens,
            **common,
        }


def read_body(body: Json) -> Response:
    """The answer in a body as the endpoint sent it.

    Raises:
        ValueError: it has not the shape of an answer.
    """
    from openai.types import Completion
    from openai.types.chat import ChatCompletion

    try:
        kind = Completion if "text" in body["choices"][0] else ChatCompletion
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"the body has not the shape of an answer: {error}") from error
    return _read(kind.construct(**body))  # lenient, as the client reads


def _read(answer: Any) -> Response:
    """Take a body apart; whatever is missing in it is a ValueError, to be asked again."""
    try:
        choice = answer.choices[0]
        said = getattr(choice, "message", None)
        text, finish = choice.text if said is None else said.content, choice.finish_reason
        usage = answer.usage
        tokens = (int(usage.prompt_tokens), int(usage.completion_tokens)) if usage else (0, 0)
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise ValueError(f"the body has not the shape of an answer: {error}") from error
    if not isinstance(text, str) or finish not in ("stop", "length"):
        raise ValueError(f"no text, or finished for {finish!r}")
    return Response(text, finish, *tokens)


def _closed(schema: object) -> bool:
    """Whether a schema is what endpoints call strict: each object's keys all named and required."""
    if isinstance(schema, list):
        return all(map(_closed, schema))
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" and (
        schema.get("additionalProperties") is not False
        or set(schema.get("required", ())) != set(schema.get("properties", ()))
    ):
        return False
    return all(map(_closed, schema.values()))


def _text(request: Request) -> str:
    if isinstance(request.prompt, str):
        return request.prompt
    return "".join(message.content for message in request.prompt)


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
