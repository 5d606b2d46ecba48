"""Homogenising with the given condition: matching does it, so it needs no rule of its own.

A claim may differ from what a reason gives by the hypotheses' equations (match.matches), and so a
step from the homogeneous form to the constrained one is `combine` of a single step. In prose the
form may also be announced: "since a+b+c = 1, it suffices to show ...".
"""

from __future__ import annotations

from typing import Any

import pytest

from olympiad_ineq.language.parse import parse_statement
from olympiad_ineq.proof import check_proof, grade_text

V = ["a", "b", "c"]
SQUARES = "a^2+b^2+c^2 >= (a+b+c)^2/3"
STEP: dict[str, Any] = {
    "id": "s1", "claim": SQUARES, "by": "square", "expr": ["a-b", "b-c", "c-a"]
}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "goal"),
    [
        ("a+b+c = 1", "a^2+b^2+c^2 >= 1/3"),
        ("a+b+c = 3", "a^2+b^2+c^2 >= a+b+c"),
        ("a+b+c = 3", "a^2+b^2+c^2 >= 3"),
        ("a+b+c = 1", "3*(a^2+b^2+c^2) >= (a+b+c)^3"),
        ("a*b+b*c+c*a = 3", "a^2+b^2+c^2 >= 3"),
        ("a*b*c = 1", "3*(a^2+b^2+c^2) >= (a+b+c)^2*a*b*c"),
    ],
)
def test_the_condition_is_put_in(given: str, goal: str) -> None:
    steps = [STEP, {"id": "s2", "claim": goal, "by": "combine", "of": ["s1"]}]
    assert check_proof(parse_statement(V, "positive", [given], goal), steps).grade == "proved"
    assert check_proof(parse_statement(V, "positive", [], goal), steps).grade != "proved"


@pytest.mark.parametrize(
    ("given", "claim"),
    [
        ("a*b*c = 1", "a+b+c >= 3*(a*b*c)^(1/3) = 3"),
        ("a*b*c = 8", "a+b+c >= 3*(a*b*c)^(1/3) = 6"),
        ("a^2*b*c = 16", "2*a+b+c >= 4*(a^2*b*c)^(1/4) = 8"),
    ],
)
def test_a_root_of_the_condition_is_a_number(given: str, claim: str) -> None:
    left, right = claim.split(" >= ")[0], claim.rsplit(" = ", 1)[1]
    terms = ["a", "a", "b", "c"] if "^2" in claim else V
    step = {"id": "s1", "claim": claim, "by": "amgm", "terms": terms}
    goal = f"{left} >= {right}"
    assert check_proof(parse_statement(V, "positive", [given], goal), [step]).grade == "proved"
    wrong = {**step, "claim": claim.replace(f" = {right}", f" = {right}.01")}
    assert check_proof(parse_statement(V, "positive", [given], goal), [wrong]).grade != "proved"


PROOF = r"Since $(a-b)^2+(b-c)^2+(c-a)^2 \ge 0$, $3(a^2+b^2+c^2) \ge (a+b+c)^2$."


@pytest.mark.parametrize(
    ("announced", "grade"),
    [
        (r"Since $a+b+c = 1$, it suffices to show $3(a^2+b^2+c^2) \ge (a+b+c)^2$.", "proved"),
        (r"As $a+b+c=1$, the inequality is equivalent to $3(a^2+b^2+c^2) \ge (a+b+c)^2$.",
         "proved"),
        (r"We want to show that $a^2+b^2+c^2 \ge \frac{(a+b+c)^2}{3}$.", "proved"),
        (r"As $a+b+c = 1$, it is enough to prove $a^2+b^2+c^2 \ge \frac{a+b+c}{3}$.", "proved"),
        # what is said to be enough is not, or is not the same, or the condition is another one
        (r"Since $a+b+c = 1$, it suffices to show $a^2+b^2+c^2 \ge \frac14$.", "open"),
        (r"Since $a+b+c = 1$, it suffices to show $3(a^2+b^2+c^2) \le (a+b+c)^2$.", "open"),
        (r"Since $a+b+c = 2$, it suffices to show $3(a^2+b^2+c^2) \ge (a+b+c)^2$.", "open"),
        (r"Since $abc = 1$, it suffices to show $3(a^2+b^2+c^2) \ge (a+b+c)^2$.", "open"),
        (r"As $a+b+c=1$, the inequality is equivalent to $3(a^2+b^2+c^2) > (a+b+c)^2$.", "open"),
        (r"As $a+b+c=1$, the inequality is equivalent to $a \ge 0$.", "open"),
    ],
)  # fmt: skip
def test_an_aim_must_give_the_goal(announced: str, grade: str) -> None:
    text = f"{announced} {PROOF}"
    verdict = grade_text(V, "positive", ["a+b+c = 1"], "a^2+b^2+c^2 >= 1/3", text)
    assert verdict.grade == grade, verdict
