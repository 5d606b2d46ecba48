"""Jensen's inequality: exact instances pass, and nothing that is false at some point does."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from olympiad_ineq.language.parse import parse_statement
from olympiad_ineq.proof import check_proof, grade_text
from tests.proof.fuzz import false_at

V = ["a", "b", "c"]
MEAN = "((a+b+c)/3)"


def grade(domain: str, given: list[str], claim: str, **fields: Any) -> str:
    step = {"id": "s1", "claim": claim, "by": "jensen", **fields}
    return check_proof(parse_statement(V, domain, given, claim), [step]).grade


@pytest.mark.parametrize(
    ("f", "value", "convex", "domain", "condition"),
    [
        ("t^2", "{}^2", True, "real", ""),
        ("t^4", "{}^4", True, "real", ""),
        ("t^6", "{}^6", True, "real", ""),
        ("t^8", "{}^8", True, "real", "a+b+c = 3"),
        ("t^10", "{}^10", True, "positive", ""),
        ("t^3", "{}^3", True, "nonnegative", ""),
        ("t^7", "{}^7", True, "positive", ""),
        ("1/t", "1/{}", True, "positive", ""),
        ("t^(-3)", "1/{}^3", True, "positive", ""),
        ("t^2+1/t", "({0}^2+1/{0})", True, "positive", ""),
        ("(t+1/t)^2", "({0}+1/{0})^2", True, "positive", ""),
        ("t/(1+t)", "{0}/(1+{0})", False, "positive", ""),
        ("1-t^3", "(1-{}^3)", False, "nonnegative", ""),
        ("t/(1-t)", "{0}/(1-{0})", True, "positive", "a+b+c = 1"),
        ("t/(3-t)", "{0}/(3-{0})", True, "positive", "a+b+c = 3"),
        ("sqrt(t)", "sqrt({})", False, "positive", ""),
        ("t^(1/3)", "({})^(1/3)", False, "positive", "a+b+c = 3"),
        ("2*t+1", "(2*{}+1)", True, "real", ""),
        ("t^3", "{}^3", True, "triangle", ""),
    ],
)
def test_exact_instances_pass(
    f: str, value: str, convex: bool, domain: str, condition: str
) -> None:
    total = "+".join(value.format(v) for v in V)
    op = ">=" if convex else "<="
    given = [condition] if condition else []
    assert grade(domain, given, f"{total} {op} 3*{value.format(MEAN)}", f=f, terms=V) == "proved"
    shape = "convex" if convex else "concave"
    other = "concave" if convex else "convex"
    claim = f"{total} {op} 3*{value.format(MEAN)}"
    assert grade(domain, given, claim, f=f, terms=V, shape=shape) == "proved"
    if f != "2*t+1":  # where both are true, convex is said
        assert grade(domain, given, claim, f=f, terms=V, shape=other) != "proved"


POINTS = st.sampled_from(["a", "b", "c", "a+b", "a*b", "2*a", "a-b", "1", "a/(b+c)", "a^2", "-a"])
FUNCTIONS = st.sampled_from(
    ["t^2", "t^3", "t^5", "1/t", "1/(t+1)", "t/(t+1)", "t^2-3*t", "-t^2", "t^3-t", "t^4-t^2",
     "1/(t^2+1)", "sqrt(t)", "t^(1/3)", "1/(1-t)", "t", "1/t^2", "t^4", "t^6"]
)  # fmt: skip
WEIGHTS = st.sampled_from(
    [None, ["1/2", "1/2"], ["1/3", "2/3"], ["0", "1"], ["1/2", "1/3"], ["2", "-1"], ["1", "1"]]
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["positive", "nonnegative", "real", "triangle"]),
    FUNCTIONS,
    st.lists(POINTS, min_size=2, max_size=2),
    WEIGHTS,
    st.sampled_from([">=", "<=", ">", "="]),
    st.sampled_from([[], ["a+b+c = 1"], ["a >= b"]]),
)
def test_what_passes_is_true(
    domain: str, f: str, points: list[str], weights: Any, op: str, hypotheses: list[str]
) -> None:
    used = weights or ["1/2", "1/2"]
    mean = "+".join(f"({w})*({x})" for w, x in zip(used, points, strict=True))
    values = [f.replace("t", f"({x})") if "sqrt" not in f else f"sqrt({x})" for x in points]
    left = "+".join(f"({w})*({v})" for w, v in zip(used, values, strict=True))
    right = f"sqrt({mean})" if "sqrt" in f else f.replace("t", f"({mean})")
    claim = f"{left} {op} {right}"
    statement = parse_statement(V, domain, hypotheses, claim)
    step = {"id": "s1", "claim": claim, "by": "jensen", "f": f, "terms": points}
    verdict = check_proof(statement, [step | ({"weights": weights} if weights else {})])
    if verdict.grade == "proved":
        assert false_at(statement.goal, statement, random.Random(claim), 25) is None, claim


@pytest.mark.parametrize(
    ("domain", "given", "claim", "fields"),
    [
        ("positive", [], "a^3+b^3 <= (a+b)^3/4", {"f": "t^3", "terms": ["a", "b"]}),
        ("real", [], "a^3+b^3 >= (a+b)^3/4", {"f": "t^3", "terms": ["a", "b"]}),
        ("positive", [], "sqrt(a)+sqrt(b) >= 2*sqrt((a+b)/2)", {"f": "sqrt(t)", "terms": V[:2]}),
        ("real", [], "1/(a^2+1)+1/(b^2+1) <= 8/((a+b)^2+4)", {"f": "1/(t^2+1)", "terms": V[:2]}),
        ("positive", [], "a^2+b^2 >= (a+b)^2", {"f": "t^2", "terms": V[:2], "weights": [1, 1]}),
        ("positive", [], "3*a^2-2*b^2 >= (3*a-2*b)^2",
         {"f": "t^2", "terms": V[:2], "weights": [3, -2]}),
        ("positive", [], "a^2+b^2 > (a+b)^2/2", {"f": "t^2", "terms": V[:2]}),
        ("positive", [], "a^2+b^2 >= (a+b)^2/2", {"f": "t^3", "terms": V[:2]}),
        ("positive", [], "a^2+b^2 >= (a+b)^2/2", {"f": "s^2", "terms": V[:2]}),
        ("positive", [], "a^2+b^2 >= (a+b)^2/2", {"f": 7, "terms": V[:2]}),
        ("positive", [], "a^2+b^2 >= (a+b)^2/2", {"terms": V[:2]}),
        ("positive", [], "a^2+b^2 >= (a+b)^2/2", {"f": "t^2"}),
        ("positive", [], "a^2+b^2 >= (a+b)^2/2", {"f": "1/(t-t)", "terms": V[:2]}),
        ("positive", [], "a^2+b^2 >= (a+b)^2/2", {"f": "(t^9)^9", "terms": V[:2]}),
        ("positive", [], "a^2+b^2 >= (a+b)^2/2", {"f": "t*sqrt(t)", "terms": V[:2]}),
    ],
)  # fmt: skip
def test_misuse_is_not_proved(
    domain: str, given: list[str], claim: str, fields: dict[str, Any]
) -> None:
    assert grade(domain, given, claim, **fields) != "proved"


GOAL = "a/(1-a)+b/(1-b)+c/(1-c) >= 3/2"
CLAIM = r"$\frac{a}{1-a}+\frac{b}{1-b}+\frac{c}{1-c} \ge \frac32$"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (r"By Jensen for $f(t) = \frac{t}{1-t}$ at $a, b, c$, " + CLAIM + ".", "proved"),
        (r"Let $f(x) = \frac{x}{1-x}$. By Jensen's inequality at $a$, $b$, $c$, " + CLAIM + ".",
         "proved"),
        (r"Consider the function $f(x) = \frac{x}{1-x}$, which is convex. Since $f$ is convex, "
         r"Jensen's inequality at $a$, $b$, $c$ gives " + CLAIM + ".", "proved"),
        (r"By Jensen for the concave $f(t) = \frac{t}{1-t}$ at $a, b, c$, " + CLAIM + ".", "open"),
        (r"By Jensen for the concave function $f(t) = \frac{t}{1+t}$ at $a, b, c$, " + CLAIM + ".",
         "open"),
        (r"By Jensen, " + CLAIM + ".", "open"),
        (r"By Jensen at $a, b, c$, " + CLAIM + ".", "open"),
        (r"By Jensen for $f(t) = \frac{t}{1-t}$, " + CLAIM + ".", "open"),
        (r"By Jensen for $f(t) = \log t$ at $a, b, c$, " + CLAIM + ".", "open"),
        (r"Consider the function $f(x) = \frac{x}{1+x}$, which is convex. By Jensen for $f(t) = "
         r"\frac{t}{1-t}$ at $a, b, c$, " + CLAIM + ".", "open"),
        (r"Let $f(x) = \frac{x}{1+x}$. By Jensen at $a$, $b$, $c$, " + CLAIM + ".", "open"),
        (r"Let $f(x) = \frac{x}{1-x}$ not. By Jensen at $a$, $b$, $c$, " + CLAIM + ".", "open"),
    ],
)  # fmt: skip
def test_in_prose(text: str, wanted: str) -> None:
    verdict = grade_text(V, "positive", ["a+b+c = 1"], GOAL, text)
    assert verdict.grade == wanted, verdict
