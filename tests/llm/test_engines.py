"""The three engines on real weights, and what they must agree on."""

import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from olympiad_ineq.artifacts import Journal
from olympiad_ineq.errors import UserError
from olympiad_ineq.llm import Engine, Message, Request, Response, Sampling, generate, open_engine
from olympiad_ineq.settings import Model

from .conftest import Server

pytestmark = pytest.mark.model

# A shared beginning longer than two cache blocks (128 tokens each), as few-shot prompts have.
SHOTS = "".join(
    f"Problem: Let $a, b > 0$. Prove that $a^2+{n * n}b^2 \\ge {2 * n}ab$.\n"
    f"Proof:\nBy AM-GM on $a^2$ and ${n * n}b^2$, $a^2+{n * n}b^2 \\ge {2 * n}ab$.\n\n"
    for n in range(1, 7)
)
PROMPTS = [
    f"{SHOTS}Problem: Let $x, y > 0$. Prove that ${n}x^2+{n}y^2 \\ge {2 * n}xy$.\nProof:\n"
    for n in range(2, 14)
]
GREEDY = [Request(p, Sampling(40, stop=("\nProblem:",))) for p in PROMPTS]
CHAT = Request((Message("user", "Name a prime number."),), Sampling(12))


def ask(engine: Engine, requests: list[Request], path: Path, batch: int = 4) -> list[Response]:
    with closing(Journal(path)) as journal:
        return list(generate(engine, requests, journal, batch).responses)


def model(folder: Path, **more: object) -> Model:
    return Model.model_validate({"name": str(folder), "family": "smollm2", **more})


@pytest.fixture(scope="module")
def in_process(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Response]:
    """Greedy answers of vLLM in this process, float32; the last is a chat answer."""
    path = tmp_path_factory.mktemp("in_process") / "journal"
    with closing(open_engine(model(smollm2, dtype="float32"))) as engine:
        return ask(engine, [*GREEDY, CHAT], path)


def test_vllm_answers_and_stops(in_process: list[Response]) -> None:
    assert all(r.finish in ("stop", "length") and r.prompt_tokens > 256 for r in in_process[:-1])
    assert all("\nProblem:" not in r.text and r.text for r in in_process)
    assert any(r.finish == "stop" for r in in_process)
    for response in in_process:
        assert response.completion_tokens <= 40
        assert response.finish == "stop" or response.completion_tokens in (12, 40)


def test_transformers_says_what_vllm_says(
    smollm2: Path, tmp_path: Path, in_process: list[Response]
) -> None:
    settings = model(smollm2, dtype="float32", engine="transformers")
    with closing(open_engine(settings)) as engine:
        found = ask(engine, [*GREEDY[:4], CHAT], tmp_path / "journal", 5)
    expected = [*in_process[:4], in_process[-1]]
    assert [r.text for r in found] == [r.text for r in expected]
    assert [r.finish for r in found] == [r.finish for r in expected]
    assert [r.prompt_tokens for r in found] == [r.prompt_tokens for r in expected]


def test_the_server_says_what_vllm_in_process_says(
    server: Server, tmp_path: Path, in_process: list[Response]
) -> None:
    settings = Model(engine="openai", name=server.model, family="smollm2", base_url=server.url)
    with closing(open_engine(settings)) as engine:
        found = ask(engine, [*GREEDY, CHAT], tmp_path / "journal")
    assert [r.text for r in found] == [r.text for r in in_process]
    assert [r.finish for r in found] == [r.finish for r in in_process]
    assert [(r.prompt_tokens, r.completion_tokens) for r in found] == [
        (r.prompt_tokens, r.completion_tokens) for r in in_process
    ]


VLLM = """
import sys
from contextlib import closing
from pathlib import Path
from olympiad_ineq.artifacts import Journal
from olympiad_ineq.llm import Request, Sampling, generate, open_engine
from tests.llm.test_engines import GREEDY, PROMPTS, model
sampled = [Request(p, Sampling(24, temperature=0.9, top_p=0.95), seed=n)
           for n, p in enumerate(PROMPTS)]
with closing(Journal(Path(sys.argv[2]))) as journal:
    engine = open_engine(model(Path(sys.argv[1]), dtype="bfloat16"))
    for response in generate(engine, GREEDY + sampled, journal, 4).responses:
        print(repr(response))
"""


def test_vllm_repeats_itself_after_losing_any_chunks(smollm2: Path, tmp_path: Path) -> None:
    """bf16, where answers depend on their batch: what a restart asks for comes out the same."""
    journal = tmp_path / "journal"
    command = [sys.executable, "-c", VLLM, str(smollm2), str(journal)]
    runs = []
    for kept in (0, 2):
        lines = journal.read_bytes().splitlines(keepends=True) if kept else []
        journal.write_bytes(b"".join(lines[: kept * 4 + 2]))  # and a chunk torn in its middle
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        runs.append(done.stdout)
        assert "Traceback" not in done.stderr and "WARNING" not in done.stderr
    assert runs[0].count("Response(") == 24
    assert runs[0] == runs[1]


def test_structured_output_obeys_its_schema(server: Server, smollm2: Path, tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "properties": {"verdict": {"enum": ["valid", "invalid"]}},
        "required": ["verdict"],
        "additionalProperties": False,
    }
    asked = replace(CHAT, schema=schema, sampling=Sampling(40))
    for settings in (
        model(smollm2, dtype="float32"),
        Model(engine="openai", name=server.model, family="smollm2", base_url=server.url),
    ):
        with closing(open_engine(settings)) as engine:
            (found,) = ask(engine, [asked], tmp_path / settings.engine)
        assert found.text.replace(" ", "").replace("\n", "") in (
            '{"verdict":"valid"}',
            '{"verdict":"invalid"}',
        )


def test_transformers_batches_change_nothing_in_float32(toy: Path, tmp_path: Path) -> None:
    short = [Request(f"{n} " * n, Sampling(20)) for n in range(1, 9)]
    sampled = [replace(r, sampling=Sampling(20, 0.8, 0.9), seed=7) for r in short]
    answers = []
    for batch in (1, 16):
        with closing(open_engine(toy, engine="transformers", dtype="float32")) as engine:
            answers.append(ask(engine, short + sampled, tmp_path / str(batch), batch))
    assert answers[0] == answers[1]
    assert answers[0][:8] != answers[0][8:]


def test_transformers_seeds_decide_sampled_answers(toy: Path, tmp_path: Path) -> None:
    requests = [Request("a", Sampling(16, temperature=1.0), seed=n) for n in (1, 2, 1)]
    requests[2] = replace(requests[2], prompt="a", sampling=Sampling(16, temperature=1.0, top_p=1))
    with closing(open_engine(toy, engine="transformers")) as engine:
        found = [response for _, response in sorted(_answers(engine, requests))]
    assert found[0] == found[2] != found[1]


def _answers(engine: Engine, requests: list[Request]) -> list[tuple[int, Response]]:
    engine.prepare(requests, len(requests))
    engine.start()
    return [(place, response) for place, response in engine.answer(requests)]


@pytest.mark.parametrize("engine_name", ["vllm", "transformers"])
def test_what_does_not_fit_is_refused_before_anything_is_asked(
    toy: Path, tmp_path: Path, engine_name: str
) -> None:
    requests = [Request("short", Sampling(10)), Request("word " * 200, Sampling(100))]
    with (
        closing(open_engine(model(toy, engine=engine_name))) as engine,
        pytest.raises(UserError, match=r"20\d \+ 100 = 30\d exceeds the context .* 256 tokens"),
    ):
        ask(engine, requests, tmp_path / "journal")
    assert (tmp_path / "journal").read_bytes() == b""


def test_bad_models_are_named(tmp_path: Path, toy: Path, smollm2: Path) -> None:
    with pytest.raises(UserError, match=r"no config\.json"):
        open_engine(tmp_path)
    with pytest.raises(UserError, match="OPENAI_API_KEY"):
        open_engine(Model(engine="openai", name="m", family="f"))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserError, match="cannot be loaded"):
        open_engine(tmp_path)
