"""The client against a server that misbehaves in every way that servers do."""

import gc
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from olympiad_ineq.artifacts import Journal
from olympiad_ineq.errors import UserError
from olympiad_ineq.llm import Message, Request, Response, Sampling, generate
from olympiad_ineq.llm.openai import OpenAIEngine
from olympiad_ineq.settings import Model

REQUESTS = [Request(f"question {n}", Sampling(8)) for n in range(40)]
Behave = Callable[[str, int], str]  # (prompt, how many times it was asked before) -> behaviour


class Handler(BaseHTTPRequestHandler):
    """Answers with the prompt in capitals, unless told to misbehave."""

    behave: Behave
    bodies: list[Any]
    live: Counter[str]
    most: list[int]
    lock: threading.Lock

    def log_message(self, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        chat = self.path.endswith("/chat/completions")
        prompt = body["messages"][-1]["content"] if chat else body["prompt"]
        with self.lock:
            before = sum(b[0] == prompt for b in self.bodies)
            self.bodies.append((prompt, body))
            self.live["now"] += 1
            self.most.append(self.live["now"])
        try:
            self._act(self.behave(prompt, before), prompt, chat)
        finally:
            with self.lock:
                self.live["now"] -= 1

    def _act(self, behaviour: str, prompt: str, chat: bool) -> None:
        text = {"message": {"role": "assistant", "content": prompt.upper()}}
        choice: dict[str, Any] = text if chat else {"text": prompt.upper()}
        good = {
            "id": "1",
            "object": "text_completion",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop", **choice}],
            "usage": {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5},
        }
        match behaviour:
            case "good":
                time.sleep(0.01)
                self._send(200, json.dumps(good))
            case "length":
                good["choices"][0]["finish_reason"] = "length"  # type: ignore[index]
                self._send(200, json.dumps(good))
            case "slow":
                time.sleep(2)
                self._send(200, json.dumps(good))
            case "torn json":
                self._send(200, json.dumps(good)[:40])
            case "wrong shape":
                self._send(200, json.dumps({"choices": [{"index": 0}], "surprise": True}))
            case "no text":
                good["choices"] = []
                self._send(200, json.dumps(good))
            case "html":
                self._send(200, "<html>gateway</html>", kind="text/html")
            case "closed":
                self._send(200, json.dumps(good), length=9999)
            case "dies":
                self._send(500, "{}")
                self.server.socket.close()  # type: ignore[attr-defined]
            case "hung up":
                self.connection.close()
            case code:
                self._send(int(code), json.dumps({"error": {"message": "no\nreally"}}))

    def _send(
        self, code: int, body: str, length: int | None = None, kind: str = "application/json"
    ) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length or len(body)))
        if code == 429:
            self.send_header("Retry-After", "0.05")
        self.end_headers()
        self.wfile.write(body.encode())
        self.close_connection = True


@contextmanager
def serving(behave: Behave) -> Iterator[tuple[type[Handler], OpenAIEngine]]:
    handler = type(
        "H",
        (Handler,),
        {
            "behave": staticmethod(behave),
            "bodies": [],
            "live": Counter(),
            "most": [],
            "lock": threading.Lock(),
        },
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    engine = OpenAIEngine(
        Model(engine="openai", name="m", family="f", base_url=url),
        concurrency=8,
        attempts=5,
        first_pause=0.01,
        timeout=1,
    )
    try:
        with closing(engine):
            yield handler, engine
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ask(engine: OpenAIEngine, path: Path, requests: list[Request]) -> list[Response]:
    with closing(Journal(path)) as journal:
        return list(generate(engine, requests, journal, 16).responses)


def test_good_answers_in_order_and_bounded_concurrency(tmp_path: Path) -> None:
    with serving(lambda *_: "good") as (handler, engine):
        found = ask(engine, tmp_path / "j", REQUESTS)
        assert [r.text for r in found] == [f"QUESTION {n}" for n in range(40)]
        assert len(handler.bodies) == 40
        assert 1 < max(handler.most) <= 8
        assert found[0] == Response("QUESTION 0", "stop", 2, 3)


FAULTS = ["429", "500", "slow", "closed", "torn json", "wrong shape", "no text", "html", "hung up"]


def test_every_fault_on_a_fifth_of_the_calls_is_survived(tmp_path: Path) -> None:
    def behave(prompt: str, before: int) -> str:
        n = int(prompt.split()[1])
        return FAULTS[n // 5 % len(FAULTS)] if n % 5 == 0 and before < 2 else "good"

    requests = [Request(f"question {n}", Sampling(8)) for n in range(45)]
    with serving(behave) as (handler, engine):
        found = ask(engine, tmp_path / "j", requests)
        assert [r.text for r in found] == [f"QUESTION {n}" for n in range(45)]
        # on a busy machine a good answer may run into the timeout of one second, too
        assert 45 + 2 * 9 <= engine.attempts_made <= 45 + 2 * 9 + 8
        assert len(handler.bodies) <= engine.attempts_made


@pytest.mark.parametrize("fault", [*FAULTS, "503"])
def test_a_fault_that_lasts_is_an_outcome_after_bounded_attempts(
    tmp_path: Path, fault: str
) -> None:
    def behave(prompt: str, before: int) -> str:
        return fault if prompt == "question 3" else "good"

    with serving(behave) as (handler, engine):
        found = ask(engine, tmp_path / "j", REQUESTS[:6])
        assert [r.finish for r in found] == ["stop"] * 3 + ["failed"] + ["stop"] * 2
        assert found[3].reason.startswith("5 attempts: ") and "\n" not in found[3].reason
        assert len(handler.bodies) == 5 + 5


def test_a_refused_request_is_not_asked_twice(tmp_path: Path) -> None:
    def behave(prompt: str, before: int) -> str:
        return "400" if prompt == "question 3" else "good"

    with serving(behave) as (handler, engine):
        found = ask(engine, tmp_path / "j", REQUESTS[:6])
        assert found[3].finish == "failed" and "400" in found[3].reason
        assert len(handler.bodies) == 6


@pytest.mark.parametrize("code", ["401", "403", "404"])
def test_a_refusal_of_everything_is_one_line(tmp_path: Path, code: str) -> None:
    with (
        serving(lambda *_: code) as (_, engine),
        pytest.raises(UserError, match=rf"127\.0\.0\.1.*\({code}\).*base_url"),
    ):
        ask(engine, tmp_path / "j", REQUESTS[:6])


def test_a_server_that_dies_on_the_way_is_one_line_and_its_answers_stay(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Rows that nobody can answer are not made rejects: the run stops, and goes on later."""
    seeded = [Request(f"question {n}", Sampling(8, temperature=0.5), seed=n) for n in range(20)]
    with (
        serving(lambda prompt, _: "dies" if prompt == "question 12" else "good") as (_, engine),
        pytest.raises(UserError, match="nobody answers there any more.*seeds: false"),
    ):
        ask(engine, tmp_path / "j", seeded)
    gc.collect()
    assert "never retrieved" not in caplog.text  # 12 requests met the same end: it is said once
    kept = len((tmp_path / "j").read_bytes().splitlines())
    with serving(lambda *_: "good") as (handler, engine):
        assert {r.finish for r in ask(engine, tmp_path / "j", seeded)} == {"stop"}
        asked = [prompt for prompt, _ in handler.bodies]
        assert len(set(asked)) == len(asked) == 20 - kept  # each that had no answer, once
        assert "question 12" in asked


def test_an_endpoint_where_nobody_answers_is_one_line(tmp_path: Path) -> None:
    settings = Model(engine="openai", name="m", family="f", base_url="http://127.0.0.1:9/v1")
    with (
        closing(OpenAIEngine(settings, attempts=2, first_pause=0.01)) as engine,
        pytest.raises(UserError, match="nobody answers there.*correct base_url"),
    ):
        ask(engine, tmp_path / "j", REQUESTS)


def test_finished_answers_survive_what_ends_the_stage(tmp_path: Path) -> None:
    def behave(prompt: str, before: int) -> str:
        return "401" if prompt == "question 30" and before == 0 else "good"

    with serving(behave) as (handler, engine):
        with pytest.raises(UserError):
            ask(engine, tmp_path / "j", REQUESTS)
        answered = len((tmp_path / "j").read_bytes().splitlines())
        assert answered >= 16
        before = len(handler.bodies)
        with closing(OpenAIEngine(engine._model)) as again:
            found = ask(again, tmp_path / "j", REQUESTS)
        assert len(handler.bodies) - before == 40 - answered
        assert [r.text for r in found] == [f"QUESTION {n}" for n in range(40)]


def test_what_is_sent(tmp_path: Path) -> None:
    chat = Request(
        (Message("system", "s"), Message("user", "u")),
        Sampling(7, temperature=0.5, top_p=0.9, stop=("x",)),
        seed=11,
        schema={"type": "object"},
    )
    with serving(lambda *_: "length") as (handler, engine):
        found = ask(engine, tmp_path / "j", [chat, REQUESTS[0]])
        assert {r.finish for r in found} == {"length"}
        bodies = dict(handler.bodies)
    assert bodies["u"] == {
        "model": "m",
        "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}],
        "max_completion_tokens": 7,
        "temperature": 0.5,
        "top_p": 0.9,
        "stop": ["x"],
        "seed": 11,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": False},
        },
    }
    assert bodies["question 0"]["max_tokens"] == 8 and "seed" not in bodies["question 0"]


def test_an_endpoint_that_takes_no_seeds_gets_none(tmp_path: Path) -> None:
    drawn = Request("question", Sampling(7, temperature=0.5), seed=11)
    with serving(lambda *_: "good") as (handler, engine):
        engine._model = engine._model.model_copy(update={"seeds": False})
        ask(engine, tmp_path / "j", [drawn])
        assert "seed" not in dict(handler.bodies)["question"]


def test_what_cannot_fit_is_refused_unasked() -> None:
    settings = Model(
        engine="openai", name="m", family="f", base_url="http://127.0.0.1:9/v1", max_model_len=100
    )
    with closing(OpenAIEngine(settings)) as engine:
        engine.prepare([Request("x" * 400, Sampling(50))], 1)
        with pytest.raises(UserError, match=r"60 \+ 50 = 110 exceeds the context of m, 100"):
            engine.prepare([Request("x" * 480, Sampling(50))], 1)
