"""Ask an engine everything, lose no answer: the loop between requests and the journal."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tqdm import tqdm

from olympiad_ineq.artifacts import Journal
from olympiad_ineq.errors import UserError
from olympiad_ineq.llm.engine import Engine, KeepsNotes, Request, Response, request_key
from olympiad_ineq.records import Json, content_id
from olympiad_ineq.settings import Price


@dataclass(frozen=True)
class Generated:
    """The answers in the order of the requests, and what they took, over all kills and restarts.

    Attributes:
        asked: how many answers this process asked for; the others were in the journal.
        seconds: spent in generating, without the engine's start.
    """

    responses: tuple[Response, ...]
    asked: int
    seconds: float

    def tokens(self) -> Json:
        """Token counts for the manifest."""
        return {
            "prompt": sum(response.prompt_tokens for response in self.responses),
            "completion": sum(response.completion_tokens for response in self.responses),
        }


def generate(
    engine: Engine,
    requests: Sequence[Request],
    journal: Journal,
    batch: int,
    *,
    label: str = "answers",
    price: Price | None = None,
) -> Generated:
    """Answer all requests; what the journal holds is not asked again.

    Requests go out in fixed chunks of `batch`, cut from the whole list, so a restart meets the same
    chunks. A chunk is on disk before the next one starts. Where an engine's answers may depend on
    their neighbours (`whole_chunks`), a chunk is written and taken back as one; elsewhere nothing
    waits for a chunk, and every answer is written as it comes. Failed answers are not kept: the
    next run asks again.

    Args:
        journal: opened within `artifacts.exclusive`.
        batch: what a kill can cost, and how many answers the engine draws together.
        price: of the model's tokens, where it is known: the bar shows what all answers cost so far,
            those of earlier sessions too.

    Raises:
        UserError: a request does not fit the model's context (nothing has been asked then), the
            endpoint refuses, or the disk is full.
    """
    engine.prepare(requests, batch)
    if isinstance(engine, KeepsNotes):
        engine.keep_notes(journal)
    keys = [request_key(engine, request) for request in requests]
    have = _finished(journal.values)
    missing = dict.fromkeys(key for key in keys if key not in have)
    asked, failed = len(missing), dict[str, Response]()
    if missing:
        engine.start()
    paid = [have[key] for key in set(keys) if key in have]
    with _Progress(label, len(set(keys)), paid, price) as progress:
        size = batch if engine.whole_chunks else max(1, len(requests))
        for start in range(0, len(requests), size):
            part = zip(keys[start : start + size], requests[start : start + size], strict=True)
            chunk = {key: request for key, request in part if key in missing}
            if not chunk:
                continue
            names = list(chunk)
            writer = _Writer(journal, names, engine.whole_chunks)
            for position, response in engine.answer(list(chunk.values())):
                name = names[position]
                if response.finish == "failed":
                    failed[name] = response
                else:
                    have[name] = writer.take(name, response)
                progress.count(response)
            writer.end()
            for name in names:
                del missing[name]
    responses = tuple(failed[key] if key in failed else _response(have[key]) for key in keys)
    seconds = sum(have[key]["seconds"] for key in set(keys) if key in have)
    return Generated(responses, asked, round(seconds, 1))


FEW = 4  # questions of which some may all fail by themselves


def refuse_silence(found: Generated, stage: str) -> None:
    """Fail a stage to which a model said nothing at all, so that the same command asks again.

    Single answers that did not come are outcomes, and counted as such.

    Raises:
        UserError: each of several answers failed.
    """
    said = found.responses
    if len(said) >= FEW and all(response.finish == "failed" for response in said):
        raise UserError(
            stage, f"all of {len(said)} requests failed, the first: {said[0].reason}",
            "mend the endpoint or its settings and run the same command again",
        )  # fmt: skip


class _Progress:
    """A bar over answers: tokens a second of this session, dollars of all if the price is known."""

    def __init__(self, label: str, total: int, had: Sequence[Json], price: Price | None) -> None:
        self._tokens, self._began = 0, time.monotonic()
        self._price = price
        self._read = sum(value["prompt_tokens"] for value in had)
        self._written = sum(value["completion_tokens"] for value in had)
        self._bar = tqdm(
            total=total,
            initial=len(had),
            desc=label,
            unit="answer",
            mininterval=1,
            smoothing=0,
        )

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def count(self, response: Response) -> None:
        self._tokens += response.completion_tokens
        self._read += response.prompt_tokens
        self._written += response.completion_tokens
        words = f"{self._tokens / (time.monotonic() - self._began):.0f} tokens/s"
        if self._price:
            spent = self._price.of(self._read, self._written)
            words += f", ${spent:.2f}" if spent >= 1 else f", ${spent:.4f}"
        self._bar.set_postfix_str(words, refresh=False)
        self._bar.update()


class _Writer:
    """Puts one chunk's answers into the journal: together, or each as it comes."""

    def __init__(self, journal: Journal, keys: list[str], whole: bool) -> None:
        self._journal = journal
        self._group = content_id("chunk", keys)
        self._whole = whole
        self._held: dict[str, Json] = {}
        self._clock = time.monotonic()

    def take(self, key: str, response: Response) -> Json:
        now = time.monotonic()
        value: Json = {**asdict(response), "seconds": now - self._clock}
        self._clock = now
        if self._whole:
            self._held[key] = value
        else:
            self._journal.append({key: value})
        return value

    def end(self) -> None:
        if self._held:
            mark = {"chunk": self._group, "of": len(self._held)}
            self._journal.append({key: value | mark for key, value in self._held.items()})


def _finished(values: Mapping[str, Any]) -> dict[str, Json]:
    """The journal's answers without those of a chunk that a kill tore while it was written."""
    sizes = Counter(value.get("chunk") for value in values.values())
    return {
        key: value
        for key, value in values.items()
        if "chunk" not in value or sizes[value["chunk"]] == value["of"]
    }


def _response(value: Mapping[str, Any]) -> Response:
    return Response(
        text=value["text"],
        finish=value["finish"],
        prompt_tokens=value["prompt_tokens"],
        completion_tokens=value["completion_tokens"],
        reason=value["reason"],
    )
