"""A proxy in front of the real server spoils a fifth of the calls; every request still ends."""

import contextlib
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from olympiad_ineq import artifacts
from olympiad_ineq.llm import Request, Sampling, generate
from olympiad_ineq.llm.openai import ATTEMPTS, OpenAIEngine
from olympiad_ineq.settings import Model
from tests.llm.conftest import Server

FAULTS = ("429", "500", "timeout", "mid-body", "torn json", "wrong schema")
REQUESTS = 30
TIMEOUT = 10.0


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
def test_every_request_ends_and_the_bill_is_stated(server: Server, tmp_path: Path) -> None:
    """Short questions, so that the real server answers well within the timeout."""
    asked = [
        Request(f"Problem: Prove that {n} >= 0.\nProof:", Sampling(8, temperature=0.7), seed=n)
        for n in range(REQUESTS)
    ]
    journal = tmp_path / "journal"
    with proxied(server.url) as proxy:
        url = f"http://127.0.0.1:{proxy.server_address[1]}/v1"
        settings = Model(engine="openai", name=server.model, family="a", base_url=url)
        engine = OpenAIEngine(settings, concurrency=8, first_pause=0.05, timeout=TIMEOUT)
        with closing(engine), closing(artifacts.Journal(journal)) as kept:
            found = generate(engine, asked, kept, 64)
        faults, calls, good = Counter(proxy.faults), proxy.calls, proxy.good

    assert len(found.responses) == REQUESTS
    assert {response.finish for response in found.responses} <= {"stop", "length"}  # none failed
    assert set(faults) == set(FAULTS)  # all kinds came
    assert REQUESTS + faults.total() <= calls == engine.attempts_made <= ATTEMPTS * REQUESTS
    assert good >= REQUESTS
    # the bill: every token of every answer that came, and all of them on disk
    written = sum(response.completion_tokens for response in found.responses)
    assert found.tokens()["completion"] == written >= REQUESTS
    assert found.tokens()["prompt"] > 5 * REQUESTS
    with closing(artifacts.Journal(journal)) as kept:
        assert len(kept.values) == REQUESTS
