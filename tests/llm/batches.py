"""A server with the batch API of an OpenAI-compatible endpoint, in this process, on loopback."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlparse


@dataclass
class Endpoint:
    """What the server knows, and how it is told to behave.

    Attributes:
        ending: how batches end once `released`.
        answered: of each batch, how many questions have an answer when it ends; None: all.
        refuse: questions (their last words) that get an error of their own.
        lose_next: answers to so many `batches.create` never arrive, though the batch is made.
        busy: so many calls are refused with 500 first.
    """

    url: str = ""
    files: dict[str, str] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    questions: Counter[str] = field(default_factory=Counter)
    polls: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    ending: str = "completed"
    answered: int | None = None
    refuse: tuple[str, ...] = ()
    lose_next: int = 0
    busy: int = 0
    spoil: tuple[Callable[[dict[str, Any]], object], ...] = ()  # first lines of a chat's results
    text: str = ""  # of every answer; empty: the question in capitals
    reply: Callable[[dict[str, Any]], str] | None = None  # to a line of a file, instead of both
    lock: threading.Lock = field(default_factory=threading.Lock)

    def make(self, asked: dict[str, Any]) -> dict[str, Any]:
        """A new batch of an uploaded file."""
        lines = [json.loads(line) for line in self.files[asked["input_file_id"]].splitlines()]
        self.questions.update(_words(line) for line in lines)
        name = f"batch_{len(self.batches)}"
        self.batches[name] = {
            "id": name, "object": "batch", "endpoint": asked["endpoint"], "created_at": 1,
            "completion_window": asked["completion_window"], "status": "in_progress",
            "input_file_id": asked["input_file_id"], "metadata": asked.get("metadata"),
            "request_counts": {"total": len(lines), "completed": 0, "failed": 0},
        }  # fmt: skip
        return self.batches[name]

    def look(self, name: str) -> dict[str, Any]:
        """A batch as it is now; it ends when it is looked at after the release."""
        self.polls += 1
        batch = self.batches[name]
        if self.released.is_set() and batch["status"] == "in_progress":
            self._end(batch)
        return batch

    def _end(self, batch: dict[str, Any]) -> None:
        batch["status"] = self.ending
        if self.ending == "failed":
            batch["errors"] = {"object": "list", "data": [{"message": "line 3 is no JSON"}]}
            return
        lines = [json.loads(line) for line in self.files[batch["input_file_id"]].splitlines()]
        kept = lines[: self.answered]
        good = [line for line in kept if _words(line) not in self.refuse]
        bad = [line for line in kept if _words(line) in self.refuse]
        out, errors = f"{batch['id']}_out", f"{batch['id']}_err"
        rows = [self._answer(line) for line in reversed(good)]
        for row, spoil in zip(
            rows, self.spoil if "chat" in batch["endpoint"] else (), strict=False
        ):
            spoil(row)
        self.files[out] = "".join(json.dumps(row) + "\n" for row in rows)
        self.files[errors] = "".join(_refusal(line) + "\n" for line in bad) + "".join(
            _expired(line) + "\n" for line in lines[len(kept) :]
        )
        batch |= {"output_file_id": out, "error_file_id": errors}

    def _answer(self, line: dict[str, Any]) -> dict[str, Any]:
        said = self.reply(line) if self.reply else self.text or _words(line).upper()
        chat = line["url"].endswith("chat/completions")
        choice = {"message": {"role": "assistant", "content": said}} if chat else {"text": said}
        body = {
            "id": "1", "object": "x", "created": 1, "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop", **choice}],
            "usage": {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5},
        }  # fmt: skip
        return {"custom_id": line["custom_id"], "response": {"status_code": 200, "body": body}}


def _words(line: dict[str, Any]) -> str:
    body = line["body"]
    return str(body["messages"][-1]["content"] if "messages" in body else body["prompt"])


def _refusal(line: dict[str, Any]) -> str:
    said = {"status_code": 400, "body": {"error": {"message": "not for this model"}}}
    return json.dumps({"custom_id": line["custom_id"], "response": said, "error": None})


def _expired(line: dict[str, Any]) -> str:
    error = {"code": "batch_expired", "message": "not run before the batch expired"}
    return json.dumps({"custom_id": line["custom_id"], "response": None, "error": error})


@contextmanager
def batch_endpoint() -> Iterator[Endpoint]:
    """The server, gone afterwards."""
    endpoint = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            with endpoint.lock:
                if self._refused():
                    return
                if self.path == "/v1/files":
                    name = f"file_{len(endpoint.files)}"
                    endpoint.files[name] = self._upload(raw)
                    found: dict[str, Any] = {
                        "id": name, "object": "file", "bytes": len(raw), "created_at": 1,
                        "filename": "x", "purpose": "batch", "status": "processed",
                    }  # fmt: skip
                elif self.path == "/v1/batches":
                    found = endpoint.make(json.loads(raw))
                    if endpoint.lose_next:
                        endpoint.lose_next -= 1
                        self.close_connection = True
                        return
                else:
                    self._send(404, {"error": {"message": "no such path"}})
                    return
                self._send(200, found)

        def do_GET(self) -> None:
            parts = urlparse(self.path).path.split("/")[2:]
            with endpoint.lock:
                if self._refused():
                    return
                match parts:
                    case ["batches"]:
                        self._list()
                    case ["batches", name] if name in endpoint.batches:
                        self._send(200, endpoint.look(name))
                    case ["files", name, "content"]:
                        self._send_bytes(200, endpoint.files[name].encode())
                    case _:
                        self._send(404, {"error": {"message": "no such thing"}})

        def _refused(self) -> bool:
            if endpoint.busy:
                endpoint.busy -= 1
                self._send(500, {"error": {"message": "busy"}})
                return True
            return False

        def _list(self) -> None:
            names = list(endpoint.batches)[::-1]
            after = parse_qs(urlparse(self.path).query).get("after", [""])[0]
            start = names.index(after) + 1 if after else 0
            page = names[start : start + 1]  # pages of one: who looks must turn them
            self._send(200, {
                "object": "list", "data": [endpoint.batches[name] for name in page],
                "has_more": start + 1 < len(names),
            })  # fmt: skip

        def _upload(self, raw: bytes) -> str:
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            message = BytesParser().parsebytes(head + raw)
            for part in message.get_payload():
                if 'name="file"' in str(part["Content-Disposition"]):  # type: ignore[index]
                    return part.get_payload(decode=True).decode()  # type: ignore[union-attr, no-any-return]
            raise AssertionError("no file in the upload")

        def _send(self, code: int, value: dict[str, Any]) -> None:
            self._send_bytes(code, json.dumps(value).encode())

        def _send_bytes(self, code: int, data: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
