"""A proxy in front of the real server spoils a fifth of the calls; every request still ends."""

import contextlib
import json
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from olympiad_ineq import artifacts
from olympiad_ineq.data_gen.model import generate_shard, plan
from olympiad_ineq.llm.openai import ATTEMPTS, OpenAIEngine
from olympiad_ineq.records import TECHNIQUES, Candidate, Reject
from olympiad_ineq.settings import DataGen
from tests.llm.conftest import Server

FAULTS = ("429", "500", "timeout", "mid-body", "torn json", "wrong schema")
REQUESTS = 30
TIMEOUT = 12.0


class Proxy(ThreadingHTTPServer):
    """Forwards to the real server; every fifth call gets the next fault instead."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, real: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.real = real
        self.calls = 0
        self.faults: Counter[str] = Counter()
        self.good = 0
        self.lock = threading.Lock()

    def next_fault(self) -> str | None:
        with self.lock:
            self.calls += 1
            if self.calls % 5:
                return None
            fault = FAULTS[self.calls // 5 % len(FAULTS)]
            self.faults[fault] += 1
            return fault

    def handle_error(self, *_: object) -> None:
        """Connections that break are the point."""


class Handler(BaseHTTPRequestHandler):
    server: Proxy

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        fault = self.server.next_fault()
        if fault in ("429", "500"):
            return self._send(int(fault), b'{"error": {"message": "not now"}}')
        if fault == "timeout":
            time.sleep(TIMEOUT + 1)
            return None
        if fault == "wrong schema":
            return self._send(200, b'{"id": "1", "choices": "none", "usage": [1]}')
        path = self.server.real.removesuffix("/v1") + self.path
        asked = urllib.request.Request(
            path, data=body, headers={"content-type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=120) as answer:
            raw = answer.read()
        if fault == "mid-body":
            return self._send(200, raw[: len(raw) // 2], length=len(raw))
        if fault == "torn json":
            return self._send(200, raw[:-20])
        with self.server.lock:
            self.server.good += 1
        return self._send(200, raw)

    def _send(self, code: int, raw: bytes, length: int | None = None) -> None:
        self.send_response(code)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(length or len(raw)))
        self.end_headers()
        self.wfile.write(raw)
        self.close_connection = True


@contextlib.contextmanager
def proxied(real: str) -> Iterator[Proxy]:
    proxy = Proxy(real)
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()


@pytest.mark.model
def test_every_request_ends_and_the_bill_is_stated(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    defaults = OpenAIEngine.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "first_pause", 0.05)
    monkeypatch.setitem(defaults, "timeout", TIMEOUT)
    monkeypatch.setitem(defaults, "concurrency", 12)
    with proxied(server.url) as proxy:
        url = f"http://127.0.0.1:{proxy.server_address[1]}/v1"
        model = {"engine": "openai", "name": server.model, "family": "a", "base_url": url}
        settings = DataGen.model_validate(
            {
                "techniques": TECHNIQUES, "difficulties": (1, 2), "variables": (1, 2),
                "teacher": {"model": model, "requests": REQUESTS, "shots": 1, "max_new_tokens": 24},
            }
        )  # fmt: skip
        paths = [tmp_path / name for name in ("rows", "rejects", "journal")]
        candidates, rejects = generate_shard(settings, 0, 3, *paths)
        told = json.loads((tmp_path / "rejects.manifest.json").read_text())
        seen = Counter(proxy.faults)
        calls, good = proxy.calls, proxy.good

    asked = {ask.id for ask in plan(settings, REQUESTS, 3)}
    ended = [c.source.detail["ask"]["id"] for c in candidates] + [r.id for r in rejects]
    assert len(ended) == len(set(ended)) == REQUESTS
    assert len(asked & set(ended)) >= REQUESTS - 3  # the plan's own, but for uneven shares
    assert set(seen) == set(FAULTS)  # all kinds came
    assert calls <= told["attempts"] <= ATTEMPTS * REQUESTS  # bounded
    assert REQUESTS <= calls < 3 * REQUESTS
    failed = sum(r.kind == "failed" for r in rejects)
    assert failed == 0 and good >= REQUESTS
    # the bill: every token of every answer that came
    assert told["tokens"]["completion"] >= REQUESTS and told["tokens"]["prompt"] > 100 * REQUESTS
    assert told["asked"] == told["candidates"] + sum(told["rejects"].values()) == REQUESTS
    assert list(artifacts.read_jsonl(paths[0], Candidate)) == candidates
    assert list(artifacts.read_jsonl(paths[1], Reject)) == rejects
