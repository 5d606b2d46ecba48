"""The split: exact sizes, families whole, every cell served, leaks fail."""

from collections import Counter

import pytest

from olympiad_ineq.errors import UserError
from olympiad_ineq.records import (
    TECHNIQUES,
    Assignment,
    Candidate,
    Grade,
    Problem,
    Proof,
    Source,
    Verdict,
)
from olympiad_ineq.settings import Split
from olympiad_ineq.split import Side, admit, assign, check_leaks, examples

PROVED = Split(train=1, test=1)


def rows(families: int = 120, members: int = 5) -> list[Assignment]:
    return [
        Assignment(
            id=f"{family:04d}-{member}",
            side="train",
            canonical_key=f"key-{family}-{member}",
            family=f"family-{family}",
            technique=TECHNIQUES[family % 4],
            difficulty=1 + family // 4 % 2,
        )
        for family in range(families)
        for member in range(members)
    ]


def candidate(number: int, grade: Grade = "proved") -> tuple[Candidate, Verdict]:
    problem = Problem(
        text=f"Prove number {number}.",
        variables=("a",),
        domain="positive",
        goal=f"a + {number} >= 0",
        technique="amgm",
        difficulty=1,
    )
    source = Source(kind="symbolic", name="test", family=f"f{number % 7}")
    made = Candidate.make(problem, Proof(text="(1) clear"), source)
    verdict = Verdict(
        id=made.id, grade=grade, reason="", canonical_key=f"k{number}", family=source.family
    )
    return made, verdict


def test_sizes_are_exact_and_families_whole() -> None:
    split = assign(rows(), Split(train=300, test=100), seed=1)
    assert Counter(row.side for row in split) == {"train": 300, "test": 100}
    sides = {row.family: row.side for row in split}
    assert all(sides[row.family] == row.side for row in split)
    check_leaks(split)


def test_both_sides_serve_every_technique_and_difficulty_evenly() -> None:
    split = assign(rows(), Split(train=320, test=80), seed=1)
    for side, share in (("train", 40), ("test", 10)):
        cells = Counter((r.technique, r.difficulty) for r in split if r.side == side)
        assert len(cells) == 8
        assert max(cells.values()) - min(cells.values()) <= 0.2 * share


def test_the_split_depends_on_the_seed_and_on_nothing_else() -> None:
    settings = Split(train=300, test=100)
    again = assign(list(reversed(rows()))[::-1], settings, seed=1)
    assert assign(rows(), settings, seed=1) == again
    assert assign(rows(), settings, seed=2) != again


def test_too_large_a_test_set_is_refused_with_the_numbers() -> None:
    with pytest.raises(UserError, match=r"split.train \+ split.test = 700.*only 600") as caught:
        assign(rows(), Split(train=100, test=600), seed=1)
    assert "raise data_gen.symbolic" in str(caught.value)
    few = rows(families=4, members=100)
    with pytest.raises(UserError, match=r"split.test = 300.*4 families"):
        assign(few, Split(train=100, test=300), seed=1)


def test_one_row_a_problem_and_only_admitted_grades() -> None:
    pairs = [candidate(n) for n in range(10)] + [candidate(10, "open"), candidate(11, "refuted")]
    twin, verdict = candidate(99)
    pairs.append((twin, verdict.model_copy(update={"canonical_key": "k3"})))
    kept = admit([c for c, _ in pairs], [v for _, v in pairs], PROVED)
    assert len(kept) == 10
    assert [row.id for row in kept] == sorted(row.id for row in kept)
    accepted = pairs[10][1].model_copy(update={"evidence": {"outcome": "accepted"}})
    verified = Split(train=1, test=1, admit_verified=True)
    assert len(admit([pairs[10][0]], [accepted], verified)) == 1
    assert admit([pairs[10][0]], [accepted], PROVED) == []
    with pytest.raises(UserError, match="do not hold the same candidates"):
        admit([pairs[0][0]], [v for _, v in pairs[1:3]], PROVED)


def test_a_leak_fails_the_stage() -> None:
    split = assign(rows(), Split(train=300, test=100), seed=1)
    test = next(row for row in split if row.side == "test")
    train = next(row for row in split if row.side == "train")
    with pytest.raises(UserError, match="family .* is on both sides"):
        check_leaks(
            [*split, train.model_copy(update={"family": test.family, "canonical_key": "x"})]
        )
    with pytest.raises(UserError, match="stands twice"):
        check_leaks([*split, test])


def test_the_same_text_on_both_sides_fails_the_stage() -> None:
    (a, va), (b, vb) = candidate(1), candidate(2)
    b = b.model_copy(update={"problem": b.problem.model_copy(update={"text": a.problem.text})})
    sides: tuple[Side, Side] = ("train", "test")
    assignment = [
        Assignment(
            id=v.id,
            side=side,
            canonical_key=str(v.canonical_key),
            family=v.family,
            technique="amgm",
            difficulty=1,
        )
        for v, side in zip((va, vb), sides, strict=True)
    ]
    with pytest.raises(UserError, match="text of .* is on both sides"):
        examples("test", assignment, [a, b], [va, vb])


def test_examples_carry_prompt_completion_and_evidence() -> None:
    pairs = [candidate(n) for n in range(40)]
    verdicts = [v for _, v in pairs]
    split = assign(admit([c for c, _ in pairs], verdicts, PROVED), Split(train=10, test=5), seed=3)
    made = examples("train", split, [c for c, _ in pairs], verdicts)
    assert len(made) == 10
    assert made[0].problem.text in made[0].prompt
    assert made[0].completion == "(1) clear"
