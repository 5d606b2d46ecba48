"""Statements whose proof multiplies hypotheses: a box, an order, variables above a bound."""

import pytest

from olympiad_ineq.language.parse import parse_statement
from olympiad_ineq.proof import replay
from olympiad_ineq.search.decide import decide
from olympiad_ineq.search.explain import explain

UNIT = ["a <= 1", "b <= 1", "c <= 1"]
TRUE = [
    ("abc", "nonnegative", UNIT, "a+b+c <= 2+a*b*c"),
    ("abc", "nonnegative", UNIT, "a^2+b^2+c^2 <= 1+a^2*b+b^2*c+c^2*a"),
    ("abc", "real", ["0 <= a <= 1", "0 <= b <= 1", "0 <= c <= 1"], "a*(1-b)+b*(1-c)+c*(1-a) <= 1"),
    ("abcd", "nonnegative", [*UNIT, "d <= 1"], "(1-a)*(1-b)*(1-c)*(1-d)+a+b+c+d >= 1"),
    # USAMO 1980, problem 5
    ("abc", "nonnegative", UNIT,
     "a/(b+c+1)+b/(c+a+1)+c/(a+b+1)+(1-a)*(1-b)*(1-c) <= 1"),
    ("ab", "real", ["a > 1", "b > 1"], "a*b+1 > a+b"),
    ("abc", "real", ["a >= b", "b >= c"], "(a-b)*(b-c) >= 0"),
    ("ab", "real", ["1 <= a <= 2", "1 <= b <= 2"], "a/b+b/a <= 5/2"),
    # a > 0 by three hypotheses, each after the one that needs it
    ("abc", "real", ["a >= b", "b >= c", "c > 0"], "a^2/c+b^2/a+c^2/b >= a+b+c"),
]  # fmt: skip
FALSE = [
    ("abc", "nonnegative", UNIT, "a+b+c <= 199/100+a*b*c"),
    ("ab", "real", ["a >= 1", "b >= 1"], "a*b+1 > a+b"),
    ("ab", "real", ["1 <= a <= 2", "1 <= b <= 2"], "a/b+b/a <= 249/100"),
]


@pytest.mark.parametrize(("names", "domain", "given", "goal"), TRUE)
def test_true_ones_are_proved_and_explained(
    names: str, domain: str, given: list[str], goal: str
) -> None:
    statement = parse_statement(list(names), domain, given, goal)
    found = decide(statement)
    assert found.verdict == "proved" and found.certificate is not None
    assert replay(statement, found.certificate).grade == "proved"
    assert "Proved." in explain(statement, found)


@pytest.mark.parametrize(("names", "domain", "given", "goal"), FALSE)
def test_false_ones_are_refuted(names: str, domain: str, given: list[str], goal: str) -> None:
    assert decide(parse_statement(list(names), domain, given, goal)).verdict == "refuted"


@pytest.mark.parametrize("which", [[], [0], [1, 4], [True, 1], ["1"], [1] * 5, [[1]], 0, None])
def test_hypotheses_that_are_not_there(which: object) -> None:
    statement = parse_statement(list("abc"), "nonnegative", UNIT, "(1-a)*(1-a) >= 0")
    part = {"given": which, "weight": "1"}
    assert replay(statement, {"kind": "sum", "parts": [part]}).grade != "proved"


def test_a_product_of_hypotheses_is_replayed() -> None:
    statement = parse_statement(list("abc"), "real", UNIT, "(1-a)*(1-b) >= 0")
    for which, grade in (([1, 2], "proved"), ([1, 3], "open"), ([1], "open")):
        part = {"given": which, "weight": "1"}
        assert replay(statement, {"kind": "sum", "parts": [part]}).grade == grade
