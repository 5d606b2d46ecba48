"""kill -9 at random moments of generation and verification, counted at the server.

    pytest tests/llm/test_kills.py                       # 20 moments
    KILLS=200 KILL_SEED=5 pytest tests/llm/test_kills.py # more of them

A small server of the OpenAI shape answers deterministically (by the request's seed) and counts what
it was asked. A process works through the data stages and is killed, again and again; what it leaves
at the end must be what an undisturbed run leaves, and no answer that it had on disk may be asked
for again. What is asked again was on its way when the process died.
"""

import json
import multiprocessing
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random

import pytest

from olympiad_ineq import artifacts
from olympiad_ineq.records import Candidate, Reject, Verdict, Vote
from tests.llm import victim

KILLS = int(os.environ.get("KILLS", "20"))
FILES = ("rows.jsonl", "rejects.jsonl", "checked.jsonl", "votes.jsonl", "audit.json")


class Model:
    """Answers by seed alone; `asked` counts each seed, `finished` what was sent whole."""

    def __init__(self) -> None:
        self.asked: Counter[int] = Counter()
        self.finished: Counter[int] = Counter()
        self.lock = threading.Lock()

    def answer(self, body: dict[str, object]) -> str:
        seed = int(str(body["seed"]))
        with self.lock:
            self.asked[seed] += 1
        time.sleep(0.005 + seed % 17 / 1000)
        return _candidate(seed) if body["model"] == "teacher" else _verdict(seed)


def _candidate(seed: int) -> str:
    n = seed % 10**6 + 2
    claim, shown = f"a^2+{n}^2*b^2 >= 2*{n}*a*b", f"a^2+{n}^2b^2 \\ge 2 \\cdot {n}ab"
    proof = f"Since $(a-{n}b)^2 \\ge 0$, ${shown}$."
    if seed % 5 == 0:
        return f"I cannot think of one, seed {seed}."
    if seed % 5 == 1:
        proof = f"This is a matter of insight, ${shown}$ is known."  # left open
    answer = {
        "text": f"Let $a, b > 0$. Prove that ${shown}$.", "variables": ["a", "b"],
        "domain": "positive", "given": [], "goal": claim, "proof": proof, "equality": {},
        "steps": [{"id": "s1", "claim": claim, "by": "square", "expr": f"a-{n}*b"}],
    }  # fmt: skip
    return f"For seed {seed}: {json.dumps(answer)}"


def _verdict(seed: int) -> str:
    if seed % 7 == 0:
        return f"Let me see, seed {seed}."
    valid = seed % 3 > 0
    said = {"sketch": "looked", "steps_ok": valid, "verdict": "valid" if valid else "invalid"}
    return json.dumps(said | {"reason": f"seed {seed}"})


@pytest.fixture
def served() -> Iterator[tuple[Model, str]]:
    model = Model()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            text = model.answer(body)
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            usage = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
            said = {
                "id": "x", "object": "chat.completion", "created": 0, "model": body["model"],
                "choices": [choice], "usage": usage,
            }  # fmt: skip
            raw = json.dumps(said).encode()
            try:
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)
                self.wfile.flush()
            except OSError:
                return  # whoever asked is dead
            with model.lock:
                model.finished[int(body["seed"])] += 1

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, *_: object) -> None:
            """A client that died in the middle is what this is about."""

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield model, f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    server.server_close()


def start(folder: Path, url: str) -> multiprocessing.process.BaseProcess:
    folder.mkdir(exist_ok=True)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.llm.victim", "openai"])
    process = context.Process(target=victim.run, args=(folder, url))
    process.start()
    return process


def on_disk(folder: Path) -> int:
    """Bytes in the journals."""
    return sum(p.stat().st_size for p in (folder / "journal").glob("*"))


def journalled(folder: Path) -> Counter[int]:
    """How often each finished answer stands in a journal, by the seed that it was asked with."""
    seeds: Counter[int] = Counter()
    for path in (folder / "journal").glob("*"):
        for line in path.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n"):
                text = json.loads(json.loads(line)["body"])["value"]["text"]
                seeds[int(re.findall(r"seed (\d+)", text)[-1])] += 1
    return seeds


@pytest.mark.model  # it needs the openai client
@pytest.mark.timeout(900)
def test_killed_at_random_moments(served: tuple[Model, str], tmp_path: Path) -> None:
    model, url = served
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    process = start(whole, url)
    process.join(120)
    assert process.exitcode == 0, (whole / "log").read_text()[-3000:]
    wanted = dict(model.asked)
    assert set(wanted.values()) == {1} and len(wanted) > 150  # undisturbed: everything once
    size = on_disk(whole)

    model.asked.clear()
    model.finished.clear()
    draw = Random(int(os.environ.get("KILL_SEED", "1")))
    # Moments spread over the work: each a random amount of it after the one before.
    marks = sorted(draw.uniform(0, 0.98 * size) for _ in range(KILLS))
    stages: Counter[str] = Counter()
    lost = 0  # answers that the server had sent whole and a kill kept from the disk
    for mark in marks:
        before, asked_before = journalled(killed), Counter(model.asked)
        sent_before = Counter(model.finished)
        process = start(killed, url)
        while process.is_alive() and on_disk(killed) < mark:
            time.sleep(0.001)
        time.sleep(draw.uniform(0, 0.02))
        process.kill()
        process.join()
        assert not (killed / "done").exists()
        stages["verify" if (killed / "checked.jsonl").exists() else "generate"] += 1
        time.sleep(0.1)  # what is on its way arrives at the server, or never
        _nothing_twice(before, asked_before, model)
        lost += len(set(model.finished - sent_before) - set(journalled(killed)))
    before, asked_before = journalled(killed), Counter(model.asked)
    process = start(killed, url)
    process.join(120)
    assert process.exitcode == 0, (killed / "log").read_text()[-3000:]
    _nothing_twice(before, asked_before, model)

    assert min(stages["generate"], stages["verify"]) > 0, stages
    assert set(model.asked) == set(wanted)  # nothing else was asked
    repeats = model.asked.total() - len(wanted)
    assert journalled(killed) == journalled(whole) == Counter(dict.fromkeys(wanted, 1))
    for name in FILES:
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name
    _one_row_each(killed)
    print(
        f"{KILLS} kills ({dict(stages)}), {len(wanted)} requests, {repeats} asked again, all on "
        f"their way when the process died; {lost} of them had been sent and not yet written"
    )


def _nothing_twice(before: Counter[int], asked_before: Counter[int], model: Model) -> None:
    """What was on disk before this life was not asked for in it."""
    again = {seed for seed in before if model.asked[seed] > asked_before[seed]}
    assert not again, f"{len(again)} answers on disk were asked for again"


def _one_row_each(folder: Path) -> None:
    """No id is lost or doubled."""
    candidates = [c.id for c in artifacts.read_jsonl(folder / "rows.jsonl", Candidate)]
    rejects = [r.id for r in artifacts.read_jsonl(folder / "rejects.jsonl", Reject)]
    verdicts = list(artifacts.read_jsonl(folder / "checked.jsonl", Verdict))
    votes = [v.id for v in artifacts.read_jsonl(folder / "votes.jsonl", Vote)]
    told = json.loads((folder / "rows.jsonl.manifest.json").read_text())
    assert len(candidates) + len(rejects) == told["asked"] and len(told["rounds"]) > 1
    for ids in (candidates, rejects, votes):
        assert len(set(ids)) == len(ids) > 0
    assert [v.id for v in verdicts] == candidates
    assert votes == [v.id for v in verdicts if v.grade in ("open", "limit")]
