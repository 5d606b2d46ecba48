"""The batch API of an OpenAI-compatible endpoint: questions go in files, answers come within a day.

A batch is named by the content of its questions. Its name is in the journal before the batch is
asked for, and in the batch's own metadata; its id is in the journal before it is waited for. So a
process that is killed at any moment finds its batch again, and no question is paid for twice. What
an endpoint refuses of a batch is an outcome of that one request; a batch that fails, expires or is
cancelled ends the stage with one line, after its finished answers are kept.
"""

import io
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from olympiad_ineq.errors import UserError
from olympiad_ineq.llm.engine import Notes, Request, Response, request_key
from olympiad_ineq.llm.openai import OpenAIEngine, read_body
from olympiad_ineq.records import Json, content_id
from olympiad_ineq.settings import Batch, Model

NAME = "olympiad_ineq"  # the key of a batch's metadata that holds its name
MOST_BYTES = 150_000_000  # of one file; endpoints take 200 MB
PAGES = 10  # of a hundred batches each, in which a lost one is looked for
ENDED = ("completed", "failed", "expired", "cancelled")
T = TypeVar("T")


@dataclass(frozen=True)
class _Asked:
    """A batch in the journal: its name, the journal keys of its questions, its id once known."""

    name: str
    keys: tuple[str, ...]
    id: str | None = None
    closed: bool = False

    def as_note(self) -> dict[str, Json]:
        value = {"keys": list(self.keys), "batch": self.id, "closed": self.closed}
        return {f"batch {self.name}": value}


class OpenAIBatchEngine(OpenAIEngine):
    """See `Engine`, and `KeepsNotes`: where the names of its batches are written down."""

    def __init__(self, model: Model, settings: Batch, *, first_pause: float = 0.5) -> None:
        super().__init__(model, first_pause=first_pause)
        self._settings = settings
        self._notes: Notes

    def keep_notes(self, notes: Notes) -> None:
        self._notes = notes

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        places = {request_key(self, request): place for place, request in enumerate(requests)}
        batches = self._open_batches(places)
        waited_for = {key for batch in batches for key in batch.keys}
        new = [key for key in places if key not in waited_for]
        for keys, lines in self._files(new, requests, places):
            batches.append(self._submit(keys, lines))
        ends: list[str] = []
        for batch in batches:
            found = self._wait(batch)
            for key, response in self._results(batch, found):
                refused = response.finish == "failed" and found.status != "completed"
                if key in places and not refused:
                    yield places.pop(key), response
            # the loop above has put each answer into the journal by now
            self._notes.append(_closed(batch).as_note())
            if found.status != "completed":
                ends.append(_ending(found))
        if ends:
            raise UserError(
                ends[0],
                f"{len(places)} questions are without an answer, what was answered is kept",
                "the same command asks for the rest in a new batch",
            )
        for key, place in places.items():
            words = f"the batch came back without an answer to {key}"
            yield place, Response("", "failed", 0, 0, words)

    def _open_batches(self, wanted: dict[str, int]) -> list[_Asked]:
        """Batches of an earlier process that hold a question of now, with their ids."""
        found = []
        for key, value in self._notes.values.items():
            if not key.startswith("batch ") or value["closed"] or not wanted.keys() & value["keys"]:
                continue
            batch = _Asked(key.removeprefix("batch "), tuple(value["keys"]), value["batch"])
            if batch.id is None:
                batch = self._adopt(batch)
            if batch.id is not None:
                found.append(batch)
        return found

    def _adopt(self, batch: _Asked) -> _Asked:
        """The batch that was perhaps made before its id could be written down."""

        async def look() -> str | None:
            page: Any = await self._client.batches.list(limit=100)
            for _ in range(PAGES):
                for one in page.data:
                    if (one.metadata or {}).get(NAME) == batch.name:
                        return str(one.id)
                if not page.has_next_page():
                    break
                page = await page.get_next_page()
            return None

        known = self._call(look)
        return self._noted(_Asked(batch.name, batch.keys, known)) if known else batch

    def _files(
        self, keys: Sequence[str], requests: Sequence[Request], places: dict[str, int]
    ) -> Iterator[tuple[list[str], list[str]]]:
        """Questions in parts that one file may hold, each part of one kind of prompt."""
        for plain in (False, True):
            part: list[str] = []
            lines: list[str] = []
            size = 0
            for key in keys:
                request = requests[places[key]]
                if isinstance(request.prompt, str) is not plain:
                    continue
                path, body = self.body(request)
                line = json.dumps(
                    {"custom_id": key, "method": "POST", "url": path, "body": body},
                    ensure_ascii=False,
                )
                if part and (
                    len(part) == self._settings.requests or size + 4 * len(line) > MOST_BYTES
                ):
                    yield part, lines
                    part, lines, size = [], [], 0
                part.append(key)
                lines.append(line)
                size += len(line.encode()) + 1
            if part:
                yield part, lines

    def _submit(self, keys: list[str], lines: list[str]) -> _Asked:
        before = sum(key.startswith("batch ") for key in self._notes.values)
        batch = self._noted(_Asked(content_id("batch", keys, before), tuple(keys)))
        path = json.loads(lines[0])["url"]
        text = "".join(line + "\n" for line in lines).encode()

        async def make() -> str:
            file = await self._client.files.create(
                file=(f"{batch.name}.jsonl", io.BytesIO(text)), purpose="batch"
            )
            made = await self._client.batches.create(
                input_file_id=file.id, endpoint=path, completion_window="24h",
                metadata={NAME: batch.name},
            )  # fmt: skip
            return str(made.id)

        return self._noted(_Asked(batch.name, batch.keys, self._call(make, again=batch)))

    def _noted(self, batch: _Asked) -> _Asked:
        self._notes.append(batch.as_note())
        return batch

    def _wait(self, batch: _Asked) -> Any:
        """The batch once it has ended."""
        shown = ""
        while True:
            found: Any = self._call(lambda: self._client.batches.retrieve(str(batch.id)))
            if found.status in ENDED:
                return found
            counts = found.request_counts
            done = f", {counts.completed} of {counts.total}" if counts else ""
            if shown != (shown := f"batch {batch.id}: {found.status}{done}"):
                print(shown, file=sys.stderr)
            time.sleep(self._settings.poll_seconds)

    def _results(self, batch: _Asked, found: Any) -> Iterator[tuple[str, Response]]:
        for file in (found.output_file_id, found.error_file_id):
            if file is None:
                continue
            content: Any = self._call(partial(self._client.files.content, file))
            for line in content.text.splitlines():
                if (result := _result(line)) is not None:
                    yield result

    def _call(self, ask: Callable[[], Awaitable[T]], again: _Asked | None = None) -> T:
        """What the endpoint says to one call; a refusal that may pass is tried again.

        Args:
            again: a batch that a call without an answer may have made all the same.
        """
        reason = ""
        for attempt in range(self._attempts):
            self.attempts_made += 1
            try:
                return self._loop.run_until_complete(_awaited(ask))
            except Exception as error:
                pause, reason = self._judge(error, attempt)
            if pause is None:
                break
            time.sleep(pause)
            if again and (known := self._adopt(again).id):
                return known  # type: ignore[return-value]
        raise UserError(
            f"batches of endpoint {self._client.base_url}",
            reason,
            "the same command goes on where it was",
        )

    def _refused_for_good(self, code: int) -> str:
        if code == 404:
            return "it has no batch API, or knows no such batch or model"
        return super()._refused_for_good(code)


async def _awaited(ask: Callable[[], Awaitable[T]]) -> T:
    return await ask()


def _closed(batch: _Asked) -> _Asked:
    return _Asked(batch.name, batch.keys, batch.id, closed=True)


def _result(line: str) -> tuple[str, Response] | None:
    """One line of a file of results: the question's key, and its outcome.

    None for a line that names no question: whose answer it was then counts as missing.
    """
    try:
        row = json.loads(line)
        key = str(row["custom_id"])
    except (ValueError, KeyError, TypeError):
        return None
    try:
        said, error = row.get("response") or {}, row.get("error")
        if not error and said["status_code"] == 200:
            return key, read_body(said["body"])
        told = error or (said.get("body") or {}).get("error") or {}
        code, reason = said.get("status_code"), told.get("message", "no reason")
        words = f"the endpoint refuses the request ({code}: {reason})"
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        words = f"the answer could not be read ({problem})"
    return key, Response("", "failed", 0, 0, words[:300])


def _ending(found: Any) -> str:
    reasons = [error.message for error in (found.errors.data or ())] if found.errors else []
    why = f" ({reasons[0]})" if reasons else ""
    return f"batch {found.id} {found.status}{why}"
