"""The teacher's plan, prompts and answers; garbage becomes counted rejects."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from olympiad_ineq import artifacts
from olympiad_ineq.data_gen import model
from olympiad_ineq.data_gen.model import (
    BANKS,
    TECHNIQUE_NAMES,
    Ask,
    Exemplars,
    generate_shard,
    plan,
    read_answer,
    request_for,
    shard_of,
)
from olympiad_ineq.errors import UserError
from olympiad_ineq.llm import Request, Response
from olympiad_ineq.records import TECHNIQUES, Candidate, Json, Reject, Technique
from olympiad_ineq.settings import DataGen
from olympiad_ineq.verify import check_candidate
from tests.llm.made_up import MadeUp


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
    assert len(seen) >= 50  # nearly the whole bank of 66 stands in some prompt
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


def test_sets_larger_than_the_bank_are_filled_up_from_the_symbolic_source() -> None:
    settings = data_gen()
    turns = Exemplars(settings, 18, 1).turns("amgm", 3)
    assert len(turns) == 36 and len({turn.content for turn in turns[1::2]}) == 18


Shares = Mapping[Technique, float]


class Teacher(MadeUp):
    """An engine whose answers prove a problem of their own; `share` of them only, by the seed."""

    def __init__(self, share: Shares, die_after: int | None = None) -> None:
        super().__init__()
        self.share, self.die_after = share, die_after
        self.asked: list[int] = []

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        for place, request in enumerate(requests):
            assert request.seed is not None and not isinstance(request.prompt, str)
            if len(self.asked) == self.die_after:
                raise KeyboardInterrupt
            self.asked.append(request.seed)
            words = request.prompt[-1].content
            name: Technique = next(
                t for t, known in TECHNIQUE_NAMES.items() if f"proved by {known}." in words
            )
            good = request.seed % 1000 < 1000 * self.share[name]
            n = request.seed % 10**6 + 2  # another problem for every seed
            claim = f"a^2+{n}^2*b^2 >= 2*{n}*a*b"
            shown = f"a^2+{n}^2b^2 \\ge 2 \\cdot {n}ab"
            answer = GOOD | {
                "text": f"Let $a, b > 0$. Prove that ${shown}$.",
                "goal": claim,
                "steps": [{"id": "s1", "claim": claim, "by": "square", "expr": f"a-{n}*b"}],
                "proof": f"Since $(a-{n}b)^2 \\ge 0$, ${shown}$.",
                "equality": {},
            }
            yield place, Response(json.dumps(answer) if good else "I do not know.", "stop", 5, 7)


def run_teacher(
    monkeypatch: pytest.MonkeyPatch, folder: Path, engine: Teacher, settings: DataGen
) -> tuple[list[Candidate], list[Reject], Json]:
    monkeypatch.setattr(model, "open_engine", lambda _: engine)
    folder.mkdir(exist_ok=True)
    rows = generate_shard(settings, 0, 7, folder / "rows", folder / "rejects", folder / "journal")
    return *rows, json.loads((folder / "rows.manifest.json").read_text())


def test_rounds_go_on_until_the_target_is_reached(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = data_gen(requests=2000, target=80, expected_yield=0.9)
    share: Shares = dict.fromkeys(TECHNIQUES, 0.8) | {"sos": 0.3}
    engine = Teacher(share)
    candidates, rejects, told = run_teacher(monkeypatch, tmp_path, engine, settings)
    assert told["target"] == dict.fromkeys(TECHNIQUES, 20) and told["short"] == {}
    assert min(told["usable"].values()) >= 20 and len(told["rounds"]) >= 2
    assert told["rounds"][0]["asked"] == dict.fromkeys(TECHNIQUES, 23)  # 20 by a yield of 0.9
    assert set(told["rounds"][-1]["asked"]) == {"sos"}  # what is short is asked for, nothing else
    assert len(candidates) + len(rejects) == told["asked"] == len(set(engine.asked)) < 400


def test_a_spent_budget_states_the_shortfall(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = data_gen(requests=101, target=80)
    engine = Teacher(dict.fromkeys(TECHNIQUES, 0.9) | {"cauchy": 0.0})
    candidates, rejects, told = run_teacher(monkeypatch, tmp_path, engine, settings)
    assert len(engine.asked) == told["asked"] == len(candidates) + len(rejects) == 101
    assert told["attempts"] == 101 and told["dollars"] is None  # no price is known for it
    assert told["short"]["cauchy"] == 20 == 20 - told["usable"]["cauchy"]
    assert "cauchy: 0 of 20" in capsys.readouterr().out


def test_a_killed_shard_plans_the_same_rounds_and_asks_nothing_twice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = data_gen(requests=300, target=60)
    share: Shares = dict.fromkeys(TECHNIQUES, 0.5)
    whole = Teacher(share)
    run_teacher(monkeypatch, tmp_path / "whole", whole, settings)
    asked: list[int] = []
    for die_after in (5, 40, 70, None):
        engine = Teacher(share, die_after)
        if die_after is not None:
            with pytest.raises(KeyboardInterrupt):
                run_teacher(monkeypatch, tmp_path / "killed", engine, settings)
        else:
            run_teacher(monkeypatch, tmp_path / "killed", engine, settings)
        asked += engine.asked
    assert sorted(asked) == sorted(whole.asked)
    for name in ("rows", "rejects"):
        mine, theirs = ((tmp_path / f / name).read_bytes() for f in ("whole", "killed"))
        assert mine == theirs


def test_shards_of_a_target_never_ask_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = data_gen(requests=200, target=50, shards=3)
    monkeypatch.setattr(model, "check_candidates", lambda rows, **_: [])
    ids: list[str] = []
    monkeypatch.setattr(model._Session, "_count_usable", lambda self, new: Counter())
    for shard in range(3):
        engine = Teacher(dict.fromkeys(TECHNIQUES, 0.0))
        monkeypatch.setattr(model, "open_engine", lambda _, engine=engine: engine)
        paths = [tmp_path / f"{shard}{name}" for name in ("rows", "rejects", "journal")]
        _, rejects = generate_shard(settings, shard, 7, *paths)
        ids += [reject.id for reject in rejects]
    assert len(set(ids)) == len(ids) == 200


@pytest.mark.model
def test_every_request_to_a_real_model_ends_as_one_row(smollm2: Path, tmp_path: Path) -> None:
    """16 requests to a model whose mathematics is worthless, twice: the second asks nothing."""
    settings = data_gen(str(smollm2), requests=16, shots=1, max_new_tokens=120, temperature=0.7)
    out, rejects = tmp_path / "rows.jsonl", tmp_path / "rejects.jsonl"
    written = []
    for _ in range(2):
        candidates, rejected = generate_shard(settings, 0, 7, out, rejects, tmp_path / "journal")
        asked = {ask.id for ask in plan(settings, 16, 7)}
        rows = [c.source.detail["ask"]["id"] for c in candidates] + [r.id for r in rejected]
        assert len(rows) == 16 and set(rows) == asked
        assert list(artifacts.read_jsonl(out, Candidate)) == candidates
        assert list(artifacts.read_jsonl(rejects, Reject)) == rejected
        manifest = json.loads((tmp_path / "rows.jsonl.manifest.json").read_text())
        assert manifest["asked"] == manifest["candidates"] + sum(manifest["rejects"].values())
        written.append(out.read_bytes() + rejects.read_bytes())
    assert written[0] == written[1]
    for candidate in candidates:
        check_candidate(candidate)  # whatever it says, a verdict and no exception
    assert all(isinstance(ask, Ask) for ask in plan(settings, 2, 7))
