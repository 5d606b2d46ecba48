"""The batch API: every question one outcome, and nothing paid for twice, whenever a kill comes."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import ValidationError

from olympiad_ineq import artifacts
from olympiad_ineq.artifacts import Journal
from olympiad_ineq.errors import UserError
from olympiad_ineq.eval.judge import Question, judge
from olympiad_ineq.llm import Generated, Message, Request, Sampling, generate, open_engine
from olympiad_ineq.llm.openai import OpenAIEngine
from olympiad_ineq.settings import Judge, Model
from tests.llm.batches import Endpoint, batch_endpoint
from tests.llm.test_judge import said

REQUESTS = [
    *(Request((Message("user", f"chat {n}"),), Sampling(8)) for n in range(6)),
    *(Request(f"plain {n}", Sampling(8)) for n in range(3)),
]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with batch_endpoint() as found:
        yield found


def model(url: str, **batch: object) -> Model:
    return Model.model_validate(
        {"engine": "openai", "name": "m", "family": "f", "base_url": url,
         "price": {"prompt": 10.0, "completion": 100.0},
         "batch": {"poll_seconds": 0.01, **batch}}
    )  # fmt: skip


def ask(url: str, journal: Path, **batch: object) -> Generated:
    with closing(open_engine(model(url, **batch))) as engine, closing(Journal(journal)) as kept:
        return generate(engine, REQUESTS, kept, 4)


def test_every_answer_comes_back_to_its_question(endpoint: Endpoint, tmp_path: Path) -> None:
    endpoint.released.set()
    found = ask(endpoint.url, tmp_path / "j", requests=4)
    assert [r.text for r in found.responses] == [f"CHAT {n}" for n in range(6)] + [
        f"PLAIN {n}" for n in range(3)
    ]
    # no file holds more than four questions, or questions of two kinds
    sizes = [batch["request_counts"]["total"] for batch in endpoint.batches.values()]
    assert sizes == [4, 2, 3]
    assert [batch["endpoint"].split("/")[2] for batch in endpoint.batches.values()] == [
        "chat", "chat", "completions",
    ]  # fmt: skip
    assert found.tokens() == {"prompt": 18, "completion": 27}
    again = ask(endpoint.url, tmp_path / "j", requests=4)
    assert again.responses == found.responses and again.asked == 0
    assert set(endpoint.questions.values()) == {1}


def test_what_single_requests_answered_is_not_asked_again(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    """How an answer was asked for is no part of what was asked."""
    endpoint.released.set()
    ask(endpoint.url, tmp_path / "j")
    single = model(endpoint.url).model_copy(update={"batch": None})
    with closing(OpenAIEngine(single)) as engine, closing(Journal(tmp_path / "j")) as journal:
        assert generate(engine, REQUESTS, journal, 4).asked == 0


def test_an_error_of_one_question_is_its_own_outcome(endpoint: Endpoint, tmp_path: Path) -> None:
    endpoint.released.set()
    endpoint.refuse = ("chat 2", "plain 1")
    found = ask(endpoint.url, tmp_path / "j")
    failed = {n: r.reason for n, r in enumerate(found.responses) if r.finish == "failed"}
    assert set(failed) == {2, 7}
    assert failed[2] == "the endpoint refuses the request (400: not for this model)"
    endpoint.refuse = ()
    again = ask(endpoint.url, tmp_path / "j")
    assert again.asked == 2 and {r.finish for r in again.responses} == {"stop"}


def test_a_batch_without_a_line_for_a_question(endpoint: Endpoint, tmp_path: Path) -> None:
    endpoint.released.set()
    ends = endpoint._end

    def lossy(batch: dict[str, object]) -> None:
        ends(batch)
        name = str(batch["output_file_id"])
        endpoint.files[name] = "".join(endpoint.files[name].splitlines(keepends=True)[1:])

    endpoint._end = lossy  # type: ignore[method-assign]
    found = ask(endpoint.url, tmp_path / "j")
    failed = [r.reason for r in found.responses if r.finish == "failed"]
    assert len(failed) == 2 and all("without an answer" in reason for reason in failed)


def test_results_of_no_known_shape_are_outcomes(endpoint: Endpoint, tmp_path: Path) -> None:
    endpoint.released.set()
    endpoint.spoil = (  # the answers to four questions, the last line first
        lambda row: row["response"].update(body={"choices": []}),
        lambda row: row["response"].update(body="html"),
        lambda row: row.pop("custom_id"),
        lambda row: row.update(response=[]),
    )
    found = ask(endpoint.url, tmp_path / "j")
    chat = found.responses[:6]
    assert [r.finish for r in chat] == ["stop"] * 2 + ["failed"] * 4
    reasons = " ".join(r.reason for r in chat)
    assert reasons.count("could not be read") == 3 and reasons.count("without an answer") == 1


@pytest.mark.parametrize(
    ("ending", "answered", "words"),
    [
        ("expired", 2, r"batch batch_0 expired: 5 questions are without an answer"),
        ("cancelled", 0, r"batch batch_0 cancelled: 9 questions are without an answer"),
        ("failed", 0, r"batch batch_0 failed \(line 3 is no JSON\): 9 questions"),
    ],
)
def test_a_batch_that_ends_badly_is_one_line_and_what_it_answered_stays(
    endpoint: Endpoint, tmp_path: Path, ending: str, answered: int, words: str
) -> None:
    endpoint.released.set()
    endpoint.ending, endpoint.answered = ending, answered
    with pytest.raises(UserError, match=words):
        ask(endpoint.url, tmp_path / "j")
    endpoint.ending, endpoint.answered = "completed", None
    asked = dict(endpoint.questions)
    found = ask(endpoint.url, tmp_path / "j")
    assert {r.finish for r in found.responses} == {"stop"}
    twice = [words for words, count in endpoint.questions.items() if count == 2]
    assert len(twice) == found.asked == 9 - 2 * answered  # two batches: chat and plain
    assert set(endpoint.questions) == set(asked)


def test_a_busy_endpoint_is_asked_again(endpoint: Endpoint, tmp_path: Path) -> None:
    endpoint.released.set()
    endpoint.busy = 3
    assert len(ask(endpoint.url, tmp_path / "j").responses) == 9
    assert len(endpoint.batches) == 2


def test_a_batch_whose_making_was_not_confirmed_is_found(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    endpoint.released.set()
    endpoint.lose_next = 1
    assert {r.finish for r in ask(endpoint.url, tmp_path / "j").responses} == {"stop"}
    assert len(endpoint.batches) == 2 and set(endpoint.questions.values()) == {1}


def test_an_endpoint_without_batches_is_one_line(endpoint: Endpoint, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"it has no batch API.*\(404\)"):
        ask(endpoint.url.replace("/v1", "/v2"), tmp_path / "j")


def test_batches_are_of_endpoints_alone() -> None:
    with pytest.raises(ValidationError, match="batch is of engine openai alone"):
        Model.model_validate({"name": "m", "family": "f", "engine": "vllm", "batch": {}})


# -- killed --------------------------------------------------------------------------------------


def victim(endpoint: Endpoint, journal: Path) -> "subprocess.Popen[bytes]":
    code = (
        "from pathlib import Path\nfrom tests.llm.test_batch import ask\n"
        f"ask({endpoint.url!r}, Path({str(journal)!r}))"
    )
    return subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)


def kill_when(process: "subprocess.Popen[bytes]", moment: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not moment():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_a_kill_while_waiting_resumes_the_same_batches(endpoint: Endpoint, tmp_path: Path) -> None:
    kill_when(victim(endpoint, tmp_path / "j"), lambda: endpoint.polls >= 2)
    assert len(endpoint.batches) == 2
    endpoint.released.set()
    found = ask(endpoint.url, tmp_path / "j")
    assert {r.finish for r in found.responses} == {"stop"} and found.asked == 9
    assert len(endpoint.batches) == 2 and set(endpoint.questions.values()) == {1}


def test_a_kill_before_the_id_is_known_finds_the_batch(endpoint: Endpoint, tmp_path: Path) -> None:
    """The batch is made, its answer never arrives, and the process is killed in its pause."""
    endpoint.lose_next = 1
    process = victim(endpoint, tmp_path / "j")
    kill_when(process, lambda: endpoint.batches)
    notes = [json.loads(json.loads(line)["body"]) for line in (tmp_path / "j").open()]
    assert [note["value"]["batch"] for note in notes] == [None]
    endpoint.released.set()
    assert {r.finish for r in ask(endpoint.url, tmp_path / "j").responses} == {"stop"}
    assert len(endpoint.batches) == 2 and set(endpoint.questions.values()) == {1}


# -- the judge through it ------------------------------------------------------------------------


def test_a_judge_by_batch_costs_a_part_of_its_price(endpoint: Endpoint, tmp_path: Path) -> None:
    endpoint.released.set()
    endpoint.text = said().text
    questions = [Question(str(n), "a problem", f"proof {n}", "sound") for n in range(5)]
    settings = Judge(model=model(endpoint.url), shots=2, max_new_tokens=300)
    opinions = judge(questions, settings, tmp_path / "opinions.jsonl", tmp_path / "j",
                     stage="judge", inputs=[], seed=1)  # fmt: skip
    assert [opinion.outcome for opinion in opinions] == ["accepted"] * 5
    assert len(endpoint.batches) == 1
    manifest = json.loads((tmp_path / "opinions.jsonl.manifest.json").read_text())
    assert manifest["dollars"] == pytest.approx(0.5 * (10 * 10 + 15 * 100) / 1e6)
    assert artifacts.damage(tmp_path / "opinions.jsonl") == ""
