"""Each rule, drawn at random: what it passes is true at random rational points.

The right side is shifted by a random amount, so that both true and false claims are met: the rule
must pass the exact instance, and never a claim that fails at some point of the domain.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from olympiad_ineq.language.parse import parse_statement
from olympiad_ineq.proof import check_proof
from tests.proof.fuzz import false_at

NAMES = ["a", "b", "c"]
DOMAINS = st.sampled_from(["positive", "nonnegative", "real", "triangle"])
MONOMIALS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("*".join)
TERMS = st.one_of(
    MONOMIALS,
    MONOMIALS.map(lambda m: f"({m})^2"),
    st.tuples(MONOMIALS, MONOMIALS).map(lambda t: f"({t[0]}-{t[1]})"),
    st.tuples(MONOMIALS, MONOMIALS).map(lambda t: f"({t[0]}+{t[1]})"),
    st.tuples(MONOMIALS, MONOMIALS).map(lambda t: f"{t[0]}/({t[1]}+1)"),
    st.integers(-2, 4).map(lambda n: f"({n})" if n < 0 else str(n)),
)
SHIFTS = st.sampled_from(["0", "0", "0", "1", "(-1)", "a", "b*c", "1/1000", "(-a^2)"])
OPS = st.sampled_from([">=", ">=", ">=", ">", "<=", "="])


def passes(domain: str, steps: list[dict[str, Any]], hypotheses: list[str] | None = None) -> None:
    """Check, and hold the kernel to every step that it proves or certifies."""
    claim = steps[-1]["claim"]
    statement = parse_statement(NAMES, domain, hypotheses or [], claim)
    verdict = check_proof(statement, steps)
    rng = random.Random(str(steps))
    for step, graded in zip(steps, verdict.steps, strict=False):
        if graded.grade in ("proved", "supported"):
            one = parse_statement(NAMES, domain, hypotheses or [], step["claim"])
            assert false_at(one.goal, statement, rng, 15) is None, (step, graded)


def step(claim: str, by: str, name: str = "s1", **fields: object) -> dict[str, Any]:
    return {"id": name, "claim": claim, "by": by, **fields}


@settings(max_examples=60, deadline=None)
@given(DOMAINS, st.lists(TERMS, min_size=1, max_size=3), st.lists(st.integers(1, 3), min_size=3,
       max_size=3), TERMS, SHIFTS, OPS)  # fmt: skip
def test_amgm(
    domain: str, terms: list[str], weights: list[int], root: str, shift: str, op: str
) -> None:
    weights = weights[: len(terms)]
    left = "+".join(f"{w}*{t}" for w, t in zip(weights, terms, strict=True))
    claim = f"{left} {op} {sum(weights)}*{root}+{shift}"
    passes(domain, [step(claim, "amgm", terms=terms, weights=weights)])


@settings(max_examples=40, deadline=None)
@given(DOMAINS, st.lists(st.tuples(TERMS, TERMS), min_size=1, max_size=3), SHIFTS, OPS)
def test_cauchy(domain: str, pairs: list[tuple[str, str]], shift: str, op: str) -> None:
    xs, ys = [x for x, _ in pairs], [y for _, y in pairs]
    left = f"({'+'.join(f'({x})^2' for x in xs)})"
    left += f"*({'+'.join(f'({y})^2' for y in ys)})"
    right = f"({'+'.join(f'{x}*{y}' for x, y in pairs)})^2+{shift}"
    passes(domain, [step(f"{left} {op} {right}", "cauchy", x=xs, y=ys)])


@settings(max_examples=40, deadline=None)
@given(DOMAINS, st.lists(st.tuples(TERMS, TERMS), min_size=1, max_size=3), SHIFTS, OPS)
def test_titu(domain: str, pairs: list[tuple[str, str]], shift: str, op: str) -> None:
    xs, ys = [x for x, _ in pairs], [y for _, y in pairs]
    left = "+".join(f"({x})^2/({y})" for x, y in pairs)
    right = f"({'+'.join(xs)})^2/({'+'.join(ys)})+{shift}"
    passes(domain, [step(f"{left} {op} {right}", "titu", nums=xs, dens=ys)])


@settings(max_examples=40, deadline=None)
@given(DOMAINS, st.lists(TERMS, min_size=1, max_size=3), SHIFTS, OPS)
def test_square_and_positive(domain: str, terms: list[str], shift: str, op: str) -> None:
    claim = f"{'+'.join(f'({t})^2' for t in terms)} {op} {shift}"
    passes(domain, [step(claim, "square", expr=terms)])
    passes(domain, [step(claim, "positive")])
    passes(domain, [step(claim, "positive", expr=terms[0])])
    passes(domain, [step(claim, "identity")])


@settings(max_examples=40, deadline=None)
@given(
    DOMAINS, TERMS, TERMS, TERMS,
    st.sampled_from(["combine", "multiply", "scale", "cyclic"]),
    st.lists(st.sampled_from([1, 2, -1, "1/2"]), min_size=2, max_size=2), SHIFTS, OPS,
)  # fmt: skip
def test_citing_rules(
    domain: str, x: str, y: str, e: str, by: str, weights: list[Any], shift: str, op: str
) -> None:
    one = step(f"({x})^2+({y})^2 >= 2*{x}*{y}", "square", "s1", expr=f"{x}-{y}")
    two = step(f"({e})^2+1 >= 2*{e}", "square", "s2", expr=f"{e}-1")
    sides = [(f"(({x})^2+({y})^2)", f"(2*{x}*{y})"), (f"(({e})^2+1)", f"(2*{e})")]
    if by == "combine":
        left, right = ("+".join(f"({w})*{s[i]}" for w, s in zip(weights, sides, strict=True))
                       for i in (0, 1))  # fmt: skip
        last = step(f"{left} {op} {right}+{shift}", by, "s3", of=["s1", "s2"], weights=weights)
    elif by == "multiply":
        left, right = (f"{sides[0][i]}*{sides[1][i]}" for i in (0, 1))
        last = step(f"{left} {op} {right}+{shift}", by, "s3", of=["s1", "s2"])
    elif by == "scale":
        left, right = (f"({e})*{sides[0][i]}" for i in (0, 1))
        last = step(f"{left} {op} {right}+{shift}", by, "s3", of="s1", expr=e)
    else:
        turn = str.maketrans("abc", "bca")
        left, right = (side.translate(turn) for side in sides[0])
        last = step(f"{left} {op} {right}+{shift}", by, "s3", of="s1")
    for hypotheses in ([], ["a+b+c = 1"], ["a+2*b+3*c = 1"], ["a >= b"]):
        passes(domain, [one, two, last], hypotheses)


@settings(max_examples=25, deadline=None)
@given(DOMAINS, st.lists(TERMS, min_size=3, max_size=3), st.integers(0, 3), SHIFTS, OPS)
def test_schur(domain: str, terms: list[str], degree: int, shift: str, op: str) -> None:
    x, y, z = (f"({t})" for t in terms)
    power = [f"{t}^{degree}*" if degree else "" for t in (x, y, z)]
    left = (
        f"{power[0]}({x}-{y})*({x}-{z})+{power[1]}({y}-{z})*({y}-{x})+{power[2]}({z}-{x})*({z}-{y})"
    )
    passes(domain, [step(f"{left} {op} {shift}", "schur", terms=terms, degree=degree)])


@pytest.mark.parametrize(
    ("domain", "goal", "one"),
    [
        ("positive", "2*a^3+b^3 >= 3*a^2*b",
         step("2*a^3+b^3 >= 3*a^2*b", "amgm", terms=["a^3", "b^3"], weights=[2, 1])),
        ("positive", "3*a^2*b <= 2*a^3+b^3",
         step("3*a^2*b-b^3 <= 2*a^3", "amgm", terms=["a^3", "b^3"], weights=[2, 1])),
        ("positive", "a/b+b/a >= 2",
         step("a^2+b^2 >= 2*a*b", "amgm", terms=["a^2", "b^2"])),
        ("real", "a^2+b^2 >= -2*a*b",
         step("a^2+b^2 >= -2*a*b", "amgm", terms=["a^2", "b^2"])),
        ("nonnegative", "a+b+1 > 0", step("a+b+1 > 0", "positive")),
        ("triangle", "a+b > c", step("a+b > c", "positive")),
        ("triangle", "(b+c-a)/(a+b-c)+(a+b-c)/(b+c-a) >= 2",
         step("(b+c-a)/(a+b-c)+(a+b-c)/(b+c-a) >= 2", "amgm",
              terms=["(b+c-a)/(a+b-c)", "(a+b-c)/(b+c-a)"])),
        ("real", "a^2*(a-b)^2+1 > 0", step("a^2*(a-b)^2+1 > 0", "positive")),
        ("positive", "a+b+1 >= a+2*sqrt(b)", step("1+b >= 2*sqrt(b)", "amgm", terms=["1", "b"])),
    ],
)  # fmt: skip
def test_exact_instances_pass(domain: str, goal: str, one: dict[str, Any]) -> None:
    assert check_proof(parse_statement(NAMES, domain, [], goal), [one]).grade == "proved"


@pytest.mark.parametrize(
    ("domain", "goal"),
    [
        ("real", "a^2+a*b+b^2 >= 0"), ("real", "a^2+b^2 >= 2*a*b"), ("real", "a^2+a+1 > 0"),
        ("positive", "a^2+b^2 >= a*b"), ("positive", "a^3+b^3+c^3 >= 3*a*b*c"),
        ("real", "1*(a^2-2*a*b+b^2) >= 0"), ("positive", "a^4+b^4 >= a^3*b+a*b^3"),
    ],
)  # fmt: skip
def test_the_sign_of_a_difference_is_not_the_sign_of_its_parts(domain: str, goal: str) -> None:
    """True, but not because the terms are positive."""
    statement = parse_statement(NAMES, domain, [], goal)
    assert check_proof(statement, [step(goal, "positive")]).grade in ("supported", "open")
    expr = goal.split(">")[0]
    if goal.endswith("0"):
        assert check_proof(statement, [step(goal, "positive", expr=expr)]).grade != "proved"


def test_a_step_with_roots_is_permuted() -> None:
    goal = "(1+a)*(1+b)*(1+c) >= 8*sqrt(a*b*c)"
    steps = [
        {**step("1+a >= 2*sqrt(a)", "amgm", terms=["1", "a"]), "id": "s1"},
        {**step("1+b >= 2*sqrt(b)", "cyclic", of="s1"), "id": "s2"},
        {**step("1+c >= 2*sqrt(c)", "cyclic", of="s1"), "id": "s3"},
        {**step(goal, "multiply", of=["s1", "s2", "s3"]), "id": "s4"},
    ]
    statement = parse_statement(NAMES, "positive", [], goal)
    assert check_proof(statement, steps).grade == "proved"
    wrong = {**steps[1], "claim": "1+b >= 2*sqrt(c)"}
    verdict = check_proof(statement, [steps[0], wrong, *steps[2:]])
    assert (verdict.grade, verdict.step) == ("refuted", "s2")


def test_the_product_of_roots_is_known_from_the_condition() -> None:
    statement = parse_statement(NAMES, "positive", ["a*b*c = 1"], "(1+a)*(1+b)*(1+c) >= 8")
    steps = [
        {**step("1+a >= 2*sqrt(a)", "amgm", terms=["1", "a"]), "id": "s1"},
        {**step("1+b >= 2*sqrt(b)", "cyclic", of="s1"), "id": "s2"},
        {**step("1+c >= 2*sqrt(c)", "cyclic", of="s1"), "id": "s3"},
        {**step("(1+a)*(1+b)*(1+c) >= 8*sqrt(a*b*c)", "multiply", of=["s1", "s2", "s3"]),
         "id": "s4"},
        {**step("(1+a)*(1+b)*(1+c) >= 8", "combine", of="s4"), "id": "s5"},
    ]  # fmt: skip
    assert check_proof(statement, steps).grade == "proved"
    free = parse_statement(NAMES, "positive", ["a*b = 1"], "(1+a)*(1+b)*(1+c) >= 8")
    assert check_proof(free, steps).grade != "proved"
