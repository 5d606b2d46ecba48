"""The judging model: what it is asked, what counts, what it costs to be killed, how good it is."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from olympiad_ineq import artifacts
from olympiad_ineq.audit import audit_set
from olympiad_ineq.eval import judge as judging
from olympiad_ineq.eval.audit import audit, check_items
from olympiad_ineq.eval.judge import (
    CRITERIA,
    Question,
    audit_questions,
    decide,
    judge,
    read_ballot,
    requests_for,
    shown,
    worked,
)
from olympiad_ineq.eval.score import score, with_opinions
from olympiad_ineq.llm import Response
from olympiad_ineq.records import AuditItem, Ballot, Judgement, Opinion, Prediction
from olympiad_ineq.report.headline import headline
from olympiad_ineq.settings import Judge
from tests.llm.conftest import Server

SCRIPT = Path(__file__).parents[2] / "workflow_scripts" / "judge_model.py"


def settings(**more: object) -> Judge:
    model = {"name": "m", "family": "f", "engine": "openai", "base_url": "http://127.0.0.1:9"}
    return Judge.model_validate({"model": model, "shots": 2, "max_new_tokens": 300, **more})


def said(verdict: object = "valid", finish: object = "stop", **changes: object) -> Response:
    body: dict[str, object] = {"sketch": "s", **dict.fromkeys(CRITERIA, True)}
    body |= {"first_bad_step": "", "verdict": verdict, "reason": "r", **changes}
    text = json.dumps({key: value for key, value in body.items() if value is not None})
    return Response(text, finish, 1, 9)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("response", "vote", "reason"),
    [
        (said(), "valid", "r"),
        (said("invalid"), "invalid", "r"),
        *((said(**{name: False}), "invalid", "r") for name in CRITERIA),
        (said(steps_follow=None), "unscored", "does not decide steps_follow"),
        (said(steps_follow="true"), "unscored", "does not decide steps_follow"),
        (said("VALID"), "unscored", "the verdict is 'VALID'"),
        (said(finish="length"), "unscored", "cut off after 9 tokens"),
        (Response("", "failed", 0, 0, "gone"), "unscored", "no answer: gone"),
        (Response("valid", "stop", 1, 1), "unscored", "no JSON object"),
        (Response('{"verdict": "valid"}', "stop", 1, 1), "unscored", "does not decide"),
    ],
)
def test_ballots(response: Response, vote: str, reason: str) -> None:
    found = read_ballot(response)
    assert found.vote == vote and reason in found.reason


def test_any_objection_rejects_and_a_quotation_is_looked_up() -> None:
    question = Question("q", "P", "(1) By AM-GM, $a^2 \\ge  1$.\nDone.")
    valid, unscored = (Ballot(vote=v, reason="") for v in ("valid", "unscored"))
    against = Ballot(vote="invalid", reason="", first_bad_step='"By AM-GM, $a^2 \\ge 1$."')
    assert decide(question, [valid, valid, against]).outcome == "rejected"
    assert decide(question, [valid, valid, against]).quoted is True
    assert decide(question, [valid, unscored]).outcome == "unscored"
    assert decide(question, [valid, valid, unscored]).outcome == "accepted"
    assert decide(question, [valid]).quoted is None
    invented = against.model_copy(update={"first_bad_step": "Step 9 divides by zero"})
    assert decide(question, [invented]).quoted is False


def test_the_judge_sees_rubric_examples_reference_and_answer_alike_for_all() -> None:
    examples = worked(4, 1)
    assert [e.kind for e in examples] == ["sound", "mutant"] * 2 and examples == worked(4, 1)
    one, two = (
        requests_for(Question(name, "P", name, "reference"), settings(votes=2), examples, 1)
        for name in ("x = 1", "y = 2")
    )
    assert one[0].prompt[:-1] == two[0].prompt[:-1] and len(one[0].prompt) == 10
    assert len({r.seed for r in one + two}) == 4 and one[0].sampling.temperature == 0.6
    assert requests_for(Question("q", "P", "x"), settings(), [], 1)[0].sampling.temperature == 0
    system = str(one[0].prompt[0])
    assert all(name in system for name in CRITERIA) and "sketch" in system
    last = str(one[0].prompt[-1])
    assert last.index("Reference proof") < last.index("Answer:") < last.index("sketch first")
    for example in examples:
        ballot = read_ballot(Response(judging._turns(example)[1].content, "stop", 1, 1))
        assert (ballot.vote == "valid") == (example.kind == "sound")
        if example.kind == "mutant":
            assert ballot.failed and ballot.first_bad_step in example.proof.text


def test_no_answer_can_leave_its_quotation() -> None:
    for item in audit_set(seed=2, sound=1, mutants=8):
        text = shown(item.problem.text, item.proof.text, item.reference)
        first, *body, end, order = text.split("\n")
        marker = first.removeprefix("DATA ")
        assert end == f"END {marker}" and marker not in item.proof.text
        assert all(line.startswith("> ") for line in body) and order.startswith("Judge")
        assert text == shown(item.problem.text, item.proof.text, item.reference)


def test_the_examples_of_the_prompt_are_not_in_the_audit_set() -> None:
    shots = worked(4, 3)
    names = {name for item in shots for name in (item.family, item.canonical_key)}
    items = audit_set(seed=3, sound=12, mutants=16, avoid=names)
    assert not names & {name for item in items for name in (item.family, item.canonical_key)}


@dataclass
class Endpoint:
    """A judge behind HTTP that accepts everything, slowly, and remembers what it was asked."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    pause: float = 0.05


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    found = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            try:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            except ValueError:
                return  # its sender was killed in the middle of the question
            with found.lock:
                found.asked.append(body["messages"][-1]["content"] + str(body.get("seed")))
                turn = len(found.asked)
            time.sleep(found.pause * (1 + turn % 4))
            answer = {
                "id": "1", "object": "chat.completion", "created": 1, "model": "m",
                "choices": [{"index": 0, "finish_reason": "stop",
                             "message": {"role": "assistant", "content": said().text}}],
                "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12},
            }  # fmt: skip
            data = json.dumps(answer).encode()
            try:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except OSError:
                pass  # the judge's process was killed meanwhile

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    yield found
    server.shutdown()
    server.server_close()


def test_what_was_judged_before_a_kill_is_not_paid_for_again(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    items = audit_set(seed=4, sound=16, mutants=48)
    artifacts.write_jsonl(tmp_path / "items.jsonl", items)
    model = {"name": "m", "family": "f", "engine": "openai", "base_url": endpoint.url}
    chosen = settings(model=model, votes=2, shots=0)
    journal = tmp_path / "journal.jsonl"
    command = [
        *(sys.executable, str(SCRIPT), "--audit", str(tmp_path / "items.jsonl"), "--seed", "1"),
        *("--settings", chosen.model_dump_json(), "--out", str(tmp_path / "opinions.jsonl")),
        *("--journal", str(journal)),
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=os.environ)
    while not journal.exists() or journal.read_bytes().count(b"\n") < 60:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.5)  # what it had sent arrives
    paid = journal.read_bytes().count(b"\n")  # answers that had arrived
    before = Counter(endpoint.asked)
    assert not (tmp_path / "opinions.jsonl").exists() and max(before.values()) == 1
    endpoint.pause = 0.0
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    again = sum(times - 1 for times in Counter(endpoint.asked).values())
    assert again == len(before) - paid  # only what was under way when it died
    opinions = list(artifacts.read_jsonl(tmp_path / "opinions.jsonl", Opinion))
    asked = [o for o in opinions if not o.settled]
    assert len(Counter(endpoint.asked)) == 2 * len(asked)
    total = len(endpoint.asked)
    assert subprocess.run(command, capture_output=True).returncode == 0
    assert len(endpoint.asked) == total  # and a third run asks nothing at all

    # A judge that accepts everything is a coin that always falls the same way.
    grades = check_items(items, seconds=10, memory_mb=2048, workers=2)
    found = audit(items, grades, opinions, chosen, 0.95)
    assert found["model"]["false_accept"]["rate"] == 1.0
    assert found["model"]["false_reject"]["rate"] == 0.0
    assert not found["model"]["believed"] and "Youden" in found["model"]["because"]


@pytest.fixture(scope="module")
def items() -> list[AuditItem]:
    """Small: the real size is what every run of the workflow measures."""
    return audit_set(seed=1, sound=10, mutants=16, difficulties=(1,), variables=(1, 2))


@pytest.mark.model
def test_a_real_judge_near_chance_is_not_believed(
    server: Server, items: list[AuditItem], tmp_path: Path
) -> None:
    chosen = settings(
        model={
            "name": server.model, "family": "smollm2", "engine": "openai", "base_url": server.url
        },
        shots=0,
        max_new_tokens=224,
    )  # fmt: skip
    few = [item for item in items if item.kind in ("sound", "mutant")]
    opinions = judge(
        audit_questions(few), chosen, tmp_path / "opinions.jsonl", tmp_path / "journal",
        stage="judge", inputs=[], seed=1,
    )  # fmt: skip
    grades = check_items(few, seconds=10, memory_mb=2048, workers=2)
    found = audit(few, grades, opinions, chosen, 0.95)
    model, checker = found["model"], found["checker"]
    print(json.dumps({k: model[k] for k in ("false_accept", "false_reject", "youden", "unscored")}))
    low, high = model["youden"]["interval"]
    assert low < 0 < high  # no better than a coin, as far as this many proofs can tell
    assert not model["believed"]
    assert checker["false_accept"]["count"] == 0 and checker["false_reject"]["n"] == 10

    # The report built on it counts by the checker.
    rows = [
        Judgement(
            id=item.id, run="final", grade=graded.grade, reason=graded.reason, truncated=False,
            technique=item.problem.technique, difficulty=item.problem.difficulty,
            family=item.family,
        )
        for item, graded in zip(few, grades, strict=True)
    ]  # fmt: skip
    answers = [
        Prediction(id=i.id, run="final", prompt_tokens=1, completion_tokens=1, finish="stop",
                   text=i.proof.text)
        for i in few
    ]  # fmt: skip
    result = score("final", with_opinions(rows, opinions), answers, {}, audit=found)
    assert result["headline"]["by"] == "proved"
    assert "not to be believed" in result["headline"]["because"]
    assert "not to be believed" in headline(result | {"run": "baseline"}, result)
