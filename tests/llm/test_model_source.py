"""The teacher's plan, prompts and answers; garbage becomes counted rejects."""

import json
from collections import Counter
from pathlib import Path

import pytest

from olympiad_ineq import artifacts
from olympiad_ineq.data_gen.model import (
    BANKS,
    Ask,
    Exemplars,
    Reject,
    generate_shard,
    plan,
    read_answer,
    request_for,
    shard_of,
)
from olympiad_ineq.errors import UserError
from olympiad_ineq.llm import Response
from olympiad_ineq.records import TECHNIQUES, Candidate, Json
from olympiad_ineq.settings import DataGen
from olympiad_ineq.verify import check_candidate


def data_gen(name: str = "m", **teacher: object) -> DataGen:
    model = {"name": name, "family": "f"}
    return DataGen.model_validate(
        {
            "techniques": TECHNIQUES,
            "difficulties": (1, 2, 3, 4),
            "variables": (1, 2, 3, 4),
            "teacher": {"model": model, "requests": 32, **teacher},
        }
    )


ASK = plan(data_gen(), 1, 0)[0]
GOOD: Json = {
    "text": "Let $a, b > 0$. Prove that $a^2+b^2 \\ge 2ab$.",
    "variables": ["a", "b"],
    "domain": "positive",
    "given": [],
    "goal": "a^2+b^2 >= 2*a*b",
    "steps": [{"id": "s1", "claim": "a^2+b^2 >= 2*a*b", "by": "amgm", "terms": ["a^2", "b^2"]}],
    "proof": "By AM-GM on $a^2$, $b^2$, $a^2+b^2 \\ge 2ab$.",
    "equality": {"when": "a = b"},
}


@pytest.mark.parametrize("count", [32, 100, 1536, 2000])
def test_the_plan_is_even(count: int) -> None:
    asks = plan(data_gen(), count, 1)
    assert len({ask.id for ask in asks}) == len({ask.seed for ask in asks}) == count
    for axis, size in (("technique", 4), ("difficulty", 4), ("variables", 4), ("phrasing", 6)):
        counts = Counter(getattr(ask, axis) for ask in asks)
        assert len(counts) == size and max(counts.values()) - min(counts.values()) <= 2, axis
    pairs = Counter((ask.technique, ask.difficulty) for ask in asks)
    assert max(pairs.values()) - min(pairs.values()) <= 1
    if count == 1536:  # one whole round: every combination once
        places = Counter(
            (a.technique, a.difficulty, a.variables, a.phrasing, a.constraint)
            for a in asks
            if a.variables > 1
        )
        assert set(places.values()) == {1} and len(places) == 1536 * 3 // 4


def test_any_sizes_of_axes_are_covered() -> None:
    for techniques in range(1, 5):
        for variables in range(1, 5):
            settings = data_gen().model_copy(
                update={
                    "techniques": TECHNIQUES[:techniques],
                    "variables": tuple(range(1, variables + 1)),
                    "difficulties": (1, 2, 3),
                }
            )
            asks = plan(settings, techniques * variables * 3, 5)
            cells = {(a.technique, a.difficulty, a.variables) for a in asks}
            assert len(cells) == techniques * variables * 3


def test_the_plan_is_reproducible_and_grows_at_its_end() -> None:
    assert plan(data_gen(), 50, 1) == plan(data_gen(), 80, 1)[:50]
    assert plan(data_gen(), 50, 1) != plan(data_gen(), 50, 2)
    bumped = data_gen().model_copy(update={"revision": 2})
    assert not {a.id for a in plan(data_gen(), 50, 1)} & {a.id for a in plan(bumped, 50, 1)}


def test_shards_part_the_plan() -> None:
    asks = plan(data_gen(), 50, 1)
    shards = [shard_of(asks, shard, 3) for shard in range(3)]
    assert sorted(a.id for shard in shards for a in shard) == sorted(a.id for a in asks)
    assert {len(shard) for shard in shards} == {16, 17}


def test_prompts_hold_worked_examples_that_read_back_as_proved_candidates() -> None:
    settings = data_gen()
    assert settings.teacher is not None
    exemplars = Exemplars(settings, 4, 1)
    seen = set()
    for technique in TECHNIQUES:
        for bank in range(BANKS):
            turns = exemplars.turns(technique, bank)
            assert [turn.role for turn in turns] == ["user", "assistant"] * 4
            seen |= {turn.content for turn in turns[1::2]}
        for turn in turns[1::2]:
            row = read_answer(ASK, Response(turn.content, "stop", 1, 1), "m")
            assert isinstance(row, Candidate)
            assert check_candidate(row).grade == "proved"
    assert len(seen) == 4 * 4 * BANKS
    asked = request_for(ASK, exemplars, settings.teacher)
    assert [m.role for m in asked.prompt if not isinstance(m, str)] == [
        "system",
        *["user", "assistant"] * 4,
        "user",
    ]
    assert asked.seed == ASK.seed and asked.sampling.temperature == 0.8


def test_a_good_answer_becomes_a_candidate() -> None:
    text = f"Here you are:\n```json\n{json.dumps(GOOD)}\n```"
    row = read_answer(ASK, Response(text, "stop", 1, 1), "teacher")
    assert isinstance(row, Candidate)
    assert row.source.kind == "model" and row.source.name == "teacher"
    assert row.problem.technique == ASK.technique and row.problem.difficulty == ASK.difficulty
    assert check_candidate(row).grade == "proved"


HALF = json.dumps(GOOD)[:-1]
DEEP = HALF + ', "steps": [' + '{"a":' * 400 + "1" + "}" * 400 + "]}"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "no_object"),
        (":", "no_object"),
        ("I cannot do that.", "no_object"),
        (HALF, "no_object"),
        ("null", "no_object"),
        ('{"text": "x"}', "no_object"),
        ('{"goal": "a >= 0"}', "wrong_shape"),
        ('{"goal": 3}', "wrong_shape"),
        (HALF + ', "goal": ""}', "wrong_shape"),
        (HALF + ', "proof": null}', "wrong_shape"),
        (HALF + ', "variables": "ab"}', "wrong_shape"),
        (HALF + ', "domain": "complex"}', "wrong_shape"),
        (HALF + ', "given": [1]}', "wrong_shape"),
        (HALF + ', "steps": "s1"}', "wrong_shape"),
        (HALF + ', "steps": ["s1"]}', "wrong_shape"),
        (HALF + ', "equality": ["a = b"]}', "wrong_shape"),
        (HALF + ', "grade": "proved"}', "wrong_shape"),
        (HALF + ', "text": "\\ud800"}', "wrong_shape"),
        (DEEP, "wrong_shape"),
    ],
)
def test_garbage_becomes_a_reject_with_a_reason(text: str, kind: str, tmp_path: Path) -> None:
    row = read_answer(ASK, Response(text, "stop", 1, 1), "m")
    assert isinstance(row, Reject)
    assert row.kind == kind and row.reason and row.id == ASK.id
    artifacts.write_jsonl(tmp_path / "rejects.jsonl", [row])
    assert list(artifacts.read_jsonl(tmp_path / "rejects.jsonl", Reject)) == [row]


def test_no_answer_and_half_an_answer_are_no_candidates() -> None:
    whole = json.dumps(GOOD)
    cut = read_answer(ASK, Response(whole, "length", 1, 99), "m")
    failed = read_answer(ASK, Response("", "failed", 0, 0, "5 attempts: 500"), "m")
    assert isinstance(cut, Reject) and cut.kind == "truncated" and "99 tokens" in cut.reason
    assert isinstance(failed, Reject) and failed.reason == "5 attempts: 500"


def test_errors_name_the_value(tmp_path: Path) -> None:
    paths = (tmp_path / "o", tmp_path / "r", tmp_path / "j")
    with pytest.raises(UserError, match="shards is 1"):
        generate_shard(data_gen(), 1, 0, *paths)
    with pytest.raises(UserError, match="no teacher"):
        generate_shard(data_gen().model_copy(update={"teacher": None, "symbolic": 1}), 0, 0, *paths)


@pytest.mark.model
def test_every_request_to_a_real_model_ends_as_one_row(smollm2: Path, tmp_path: Path) -> None:
    """32 requests to a model whose mathematics is worthless, twice: the second asks nothing."""
    settings = data_gen(str(smollm2), shots=1, max_new_tokens=200, temperature=0.7)
    out, rejects = tmp_path / "rows.jsonl", tmp_path / "rejects.jsonl"
    written = []
    for _ in range(2):
        candidates, rejected = generate_shard(settings, 0, 7, out, rejects, tmp_path / "journal")
        asked = {ask.id for ask in plan(settings, 32, 7)}
        rows = [c.source.detail["ask"]["id"] for c in candidates] + [r.id for r in rejected]
        assert len(rows) == 32 and set(rows) == asked
        assert list(artifacts.read_jsonl(out, Candidate)) == candidates
        assert list(artifacts.read_jsonl(rejects, Reject)) == rejected
        manifest = json.loads((tmp_path / "rows.jsonl.manifest.json").read_text())
        assert manifest["asked"] == manifest["candidates"] + sum(manifest["rejects"].values())
        written.append(out.read_bytes() + rejects.read_bytes())
    assert written[0] == written[1]
    for candidate in candidates:
        check_candidate(candidate)  # whatever it says, a verdict and no exception
    assert all(isinstance(ask, Ask) for ask in plan(settings, 2, 7))
