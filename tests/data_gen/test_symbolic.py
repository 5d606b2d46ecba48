"""The symbolic source: sound, distinct, balanced, reproducible, and fit to be read."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import asdict

import pytest

from olympiad_ineq.canonical import canonical_key
from olympiad_ineq.data_gen.symbolic import TECHNIQUES, TEMPLATES, Draft, generate
from olympiad_ineq.kernel.trees import (
    Add,
    Chain,
    Div,
    Expr,
    Mul,
    Neg,
    Num,
    Pow,
    Root,
    Statement,
    Var,
)
from olympiad_ineq.language import read_problem, read_proof
from olympiad_ineq.language.parse import parse_chain, parse_statement
from olympiad_ineq.proof import check_proof, grade_text

ALL = (1, 2, 3, 4)
SAMPLE = 1600
LARGE = 2400


@pytest.fixture(scope="module")
def sample() -> list[Draft]:
    """A hundred drafts from each cell."""
    return list(generate(TECHNIQUES, ALL, ALL, SAMPLE, seed=11))


@pytest.fixture(scope="module")
def easy() -> list[Draft]:
    """Thousands of drafts at difficulty 1 and 2."""
    return list(generate(TECHNIQUES, ALL, (1, 2), LARGE, seed=5))


def statement(draft: Draft) -> Statement:
    return parse_statement(draft.variables, draft.domain, draft.given, draft.goal)


def test_every_draft_is_proved_with_its_equality_case(sample: list[Draft]) -> None:
    for draft in sample:
        verdict = check_proof(statement(draft), draft.steps, draft.equality)
        assert verdict.grade == "proved", (draft, verdict)


def test_the_prose_says_the_same_problem_and_the_same_steps(sample: list[Draft]) -> None:
    for draft in sample:
        fields = read_problem(draft.text)
        assert tuple(fields.variables) == draft.variables
        assert fields.domain == draft.domain
        assert tuple(fields.given) == draft.given
        assert fields.goal == draft.goal
        read = read_proof(draft.proof_text, draft.variables)
        assert list(read.steps) == list(draft.steps), (draft.proof_text, read)
        assert not read.unread


def test_the_prose_grades_proved(sample: list[Draft]) -> None:
    for draft in sample[::2]:
        verdict = grade_text(
            draft.variables, draft.domain, draft.given, draft.goal, draft.proof_text
        )
        assert verdict.grade == "proved", (draft, verdict)


def test_keys_are_distinct_and_right(sample: list[Draft]) -> None:
    assert len({draft.key for draft in sample}) == len(sample)
    for draft in sample[::7]:
        assert draft.key == canonical_key(draft.variables, draft.domain, draft.given, draft.goal)


def test_cells_are_even_and_every_template_takes_part(sample: list[Draft]) -> None:
    cells = Counter((draft.technique, draft.difficulty) for draft in sample)
    assert cells == {(t, d): SAMPLE // 16 for t in TECHNIQUES for d in ALL}
    named = {t.name for templates in TEMPLATES.values() for t in templates}
    assert {draft.template for draft in sample} == named
    assert {len(draft.variables) for draft in sample} == {1, 2, 3, 4}
    assert len({draft.variables for draft in sample}) > 10
    assert sum(bool(draft.given) for draft in sample) > 100


def test_families_are_many_and_none_is_large(easy: list[Draft]) -> None:
    """300 problems of each technique at difficulties 1 and 2: the numbers that the split needs."""
    least = {
        ("amgm", 1): 200, ("amgm", 2): 220, ("weighted_amgm", 1): 180, ("weighted_amgm", 2): 220,
        ("cauchy", 1): 130, ("cauchy", 2): 240, ("sos", 1): 90, ("sos", 2): 180,
    }  # fmt: skip
    for (technique, difficulty), floor in least.items():
        cell = [d for d in easy if (d.technique, d.difficulty) == (technique, difficulty)]
        families = Counter(d.family for d in cell)
        assert len(cell) == LARGE // 8
        assert len(families) >= floor, (technique, difficulty, len(families))
        assert families.most_common(1)[0][1] <= 0.06 * len(cell), families.most_common(3)


def test_a_family_does_not_depend_on_names_or_numbers(easy: list[Draft]) -> None:
    """Families hold problems with different variables and coefficients."""
    members: dict[str, list[Draft]] = {}
    for draft in easy:
        members.setdefault(draft.family, []).append(draft)
    shared = [group for group in members.values() if len(group) > 1]
    assert len(shared) > 60
    assert sum(len({d.variables for d in group}) > 1 for group in shared) > 30


def test_same_arguments_same_rows_whatever_the_hash_seed() -> None:
    code = (
        "import json;from dataclasses import asdict;"
        "from olympiad_ineq.data_gen.symbolic import generate, TECHNIQUES;"
        "print(json.dumps([asdict(d) for d in generate(TECHNIQUES, (1,2,3,4), (1,2,3,4), 160, 3)]))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(outputs) == 1
    here = [asdict(d) for d in generate(TECHNIQUES, ALL, ALL, 160, 3)]
    assert json.loads(outputs.pop()) == json.loads(json.dumps(here))


def test_seeds_differ_and_longer_runs_begin_with_shorter_ones() -> None:
    one, two = (list(generate(TECHNIQUES, ALL, (1, 2), 80, seed)) for seed in (1, 2))
    assert len({d.key for d in one} & {d.key for d in two}) < 40
    assert list(generate(TECHNIQUES, ALL, (1, 2), 40, 1)) == one[:40]


def test_an_exhausted_cell_is_reported_and_the_rest_is_unharmed() -> None:
    drafts = generate(("amgm", "sos"), (1,), (1,), 1000, seed=1)
    rows = list(drafts)
    assert 20 < len(rows) < 1000
    assert {s.technique for s in drafts.shortfalls} == {"amgm", "sos"}
    for short in drafts.shortfalls:
        assert short.wanted == 500
        assert short.given == sum(d.technique == short.technique for d in rows)
        assert str(short.given) in str(short)
        assert "distinct" in str(short)


def test_wrong_arguments_are_refused() -> None:
    for bad in (
        {"techniques": ()}, {"techniques": ("amgn",)}, {"variables": (5,)}, {"variables": ()},
        {"difficulties": (0,)}, {"difficulties": (1, 1)}, {"count": -1},
    ):  # fmt: skip
        arguments = {
            "techniques": ("amgm",), "variables": (2,), "difficulties": (1,), "count": 1, "seed": 0,
        } | bad  # fmt: skip
        with pytest.raises(ValueError, match="must"):
            generate(**arguments)  # type: ignore[arg-type]


# -- what a teacher would not wince at ----------------------------------------------------------


def walk(expr: Expr) -> list[Expr]:
    match expr:
        case Add(args) | Mul(args):
            parts: tuple[Expr, ...] = args
        case Neg(arg) | Pow(arg, _) | Root(arg, _):
            parts = (arg,)
        case Div(num, den):
            parts = (num, den)
        case _:
            parts = ()
    return [expr, *(x for part in parts for x in walk(part))]


def chains(draft: Draft) -> list[Chain]:
    texts = [*draft.given, draft.goal, *(str(step["claim"]) for step in draft.steps)]
    return [parse_chain(text, draft.variables) for text in texts]


def terms(side: Expr) -> list[Expr]:
    """The terms of a sum, without their signs."""
    parts = side.args if isinstance(side, Add) else (side,)
    return [x.arg if isinstance(x, Neg) else x for x in parts]


def test_nothing_silly_is_written(sample: list[Draft]) -> None:
    for draft in sample:
        goal = parse_chain(draft.goal, draft.variables)
        seen = {x.name for part in goal.parts for x in walk(part) if isinstance(x, Var)}
        assert seen == set(draft.variables), draft.goal
        assert (
            sum(any(isinstance(x, Num) and x.value for x in terms(side)) for side in goal.parts) < 2
        )
        for side in goal.parts:
            if isinstance(side, Add):
                assert len(set(map(repr, side.args))) == len(side.args), draft.goal
        for chain in chains(draft):
            for expr in (x for part in chain.parts for x in walk(part)):
                if isinstance(expr, Mul):
                    assert all(not isinstance(x, Num) or x.value != 1 for x in expr.args), draft
                if isinstance(expr, Pow):
                    assert expr.exponent not in (0, 1), draft
                if isinstance(expr, Num):
                    assert abs(expr.value) <= 2000, draft
        assert not re.search(r"\b1[a-z]|\+-|--|\^1\b|\{\}", draft.text), draft.text
        assert not re.match(r".*(?:prove|show) that \$0 ", draft.text), draft.text


def test_no_term_stands_on_both_sides_of_an_easy_goal(easy: list[Draft]) -> None:
    for draft in easy:
        left, right = parse_chain(draft.goal, draft.variables).parts
        sides = [set(map(repr, x.args if isinstance(x, Add) else (x,))) for x in (left, right)]
        assert not sides[0] & sides[1], draft.goal


def test_easy_proofs_are_short_and_their_numbers_small(easy: list[Draft]) -> None:
    for technique in TECHNIQUES:
        ones = [d for d in easy if d.technique == technique and d.difficulty == 1]
        lengths = sorted(len(d.proof_text) for d in ones)
        assert lengths[len(lengths) // 2] < 280
        assert lengths[-1] < 450
        assert max(len(d.steps) for d in ones) <= 4
        for draft in ones:
            for chain in chains(draft):
                for expr in (x for part in chain.parts for x in walk(part)):
                    if isinstance(expr, Num):
                        assert abs(expr.value) <= 81, draft


def test_difficulty_means_more_work(sample: list[Draft]) -> None:
    for technique in TECHNIQUES:
        lengths = [
            sum(len(d.proof_text) for d in sample if (d.technique, d.difficulty) == (technique, k))
            for k in (1, 4)
        ]
        assert lengths[1] > 1.4 * lengths[0]
