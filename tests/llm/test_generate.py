"""The loop between requests and the journal, with an engine that costs nothing."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from olympiad_ineq.artifacts import Journal
from olympiad_ineq.errors import UserError
from olympiad_ineq.llm import (
    Engine,
    Generated,
    Request,
    Response,
    Sampling,
    generate,
    refuse_silence,
)
from olympiad_ineq.records import Json
from olympiad_ineq.settings import Price
from tests.llm.made_up import MadeUp

REQUESTS = [Request(f"question {n}", Sampling(8)) for n in range(10)]


class Echo(MadeUp):
    """Answers with the prompt and the size of its batch; counts what it is asked."""

    def __init__(self, whole_chunks: bool, die_at: int | None = None) -> None:
        super().__init__()
        self.whole_chunks = whole_chunks
        self.asked: list[str] = []
        self.starts = 0
        self.die_at = die_at
        self.fail: set[str] = set()

    def start(self) -> None:
        self.starts += 1

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        for place in reversed(range(len(requests))):  # answers finish in any order
            prompt = str(requests[place].prompt)
            self.asked.append(prompt)
            if len(self.asked) == self.die_at:
                raise KeyboardInterrupt
            finish: Json = {"finish": "failed", "reason": "no"} if prompt in self.fail else {}
            text = f"{prompt} among {len(requests)}"
            yield place, replace(Response(text, "stop", 3, 5), **finish)


def run(
    engine: Engine, path: Path, requests: Sequence[Request] = REQUESTS, batch: int = 4
) -> Generated:
    with closing(Journal(path)) as journal:
        return generate(engine, requests, journal, batch)


def test_the_bar_says_what_all_answers_cost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three tokens read and five written for each; what an earlier session paid counts too."""
    price = Price(prompt=1e4, completion=1e5)  # dollars per million
    for upto, words in ((1, "$0.5300"), (10, "$5.30")):
        with closing(Journal(tmp_path / "j")) as journal:
            generate(Echo(False), REQUESTS[:upto], journal, 4, price=price)
        assert words in capsys.readouterr().err
    with closing(Journal(tmp_path / "k")) as journal:
        generate(Echo(False), REQUESTS, journal, 4)
    said = capsys.readouterr().err
    assert "tokens/s" in said and "$" not in said


@pytest.mark.parametrize("whole", [True, False])
def test_answers_come_in_the_order_of_the_requests(tmp_path: Path, whole: bool) -> None:
    engine = Echo(whole)
    found = run(engine, tmp_path / "j")
    sizes = [4] * 8 + [2] * 2 if whole else [10] * 10
    assert [r.text for r in found.responses] == [
        f"question {n} among {size}" for n, size in enumerate(sizes)
    ]
    assert (found.asked, engine.starts) == (10, 1)
    assert found.tokens() == {"prompt": 30, "completion": 50}


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("die_at", range(1, 11))
def test_a_death_costs_at_most_one_chunk_and_changes_no_answer(
    tmp_path: Path, whole: bool, die_at: int
) -> None:
    undisturbed = run(Echo(True), tmp_path / "undisturbed")
    first = Echo(whole, die_at)
    with pytest.raises(KeyboardInterrupt):
        run(first, tmp_path / "j")
    second = Echo(whole)
    found = run(second, tmp_path / "j")
    finished = die_at - 1
    assert len(second.asked) == 10 - (finished - finished % 4 if whole else finished)
    if whole:
        assert found.responses == undisturbed.responses


def test_a_finished_journal_starts_no_engine(tmp_path: Path) -> None:
    run(Echo(True), tmp_path / "j")
    engine = Echo(True)
    found = run(engine, tmp_path / "j")
    assert (engine.starts, engine.asked, found.asked) == (0, [], 0)


def test_a_chunk_torn_while_it_was_written_is_asked_again_as_one(tmp_path: Path) -> None:
    path = tmp_path / "j"
    whole = run(Echo(True), path)
    data = path.read_bytes()
    for cut in range(0, len(data), 97):
        path.write_bytes(data[:cut])
        engine = Echo(True)
        assert run(engine, path).responses == whole.responses
        assert len(engine.asked) in (10, 6, 2)
        assert run(Echo(True), path).asked == 0


def test_a_changed_prompt_asks_for_its_own_row_alone(tmp_path: Path) -> None:
    run(Echo(True), tmp_path / "j")
    changed = [*REQUESTS[:5], replace(REQUESTS[5], prompt="another"), *REQUESTS[6:]]
    engine = Echo(True)
    run(engine, tmp_path / "j", changed)
    assert engine.asked == ["another"]
    assert run(Echo(True), tmp_path / "j").asked == 0  # and the old one is still known


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"edition": 2},
        {"sampling": Sampling(9)},
        {"sampling": Sampling(8, stop=("x",))},
    ],
)
def test_the_key_holds_all_that_decides_the_answer(tmp_path: Path, change: Json) -> None:
    run(Echo(True), tmp_path / "j", REQUESTS[:1])
    assert run(Echo(True), tmp_path / "j", [replace(REQUESTS[0], **change)]).asked == 1


def test_another_model_answers_anew(tmp_path: Path) -> None:
    run(Echo(True), tmp_path / "j")
    engine = Echo(True)
    engine.fingerprint = {"model": "another"}
    assert run(engine, tmp_path / "j").asked == 10


def test_equal_requests_are_asked_once(tmp_path: Path) -> None:
    engine = Echo(True)
    found = run(engine, tmp_path / "j", [REQUESTS[0]] * 10)
    assert engine.asked == ["question 0"]
    assert len(set(found.responses)) == 1 and len(found.responses) == 10


def test_failed_answers_are_outcomes_and_are_asked_again(tmp_path: Path) -> None:
    engine = Echo(False)
    engine.fail = {"question 3"}
    found = run(engine, tmp_path / "j")
    assert [r.finish for r in found.responses] == ["stop"] * 3 + ["failed"] + ["stop"] * 6
    again = Echo(False)
    assert run(again, tmp_path / "j").responses[3].finish == "stop"
    assert again.asked == ["question 3"]


def test_an_endpoint_that_refuses_everything_is_no_result(tmp_path: Path) -> None:
    engine = Echo(False)
    engine.fail = {str(request.prompt) for request in REQUESTS}
    found = run(engine, tmp_path / "j")
    with pytest.raises(UserError, match="votes: all of 10 requests failed, the first: no; fix: "):
        refuse_silence(found, "votes")
    engine.fail.pop()
    refuse_silence(run(engine, tmp_path / "k"), "votes")
