"""Signs, denominators, roots and reduction: what the world of a statement shows and what not."""

from __future__ import annotations

import pytest

from olympiad_ineq.kernel.rational import NONNEGATIVE, POSITIVE, UNKNOWN, IllPosed, Limit, World
from olympiad_ineq.kernel.trees import Expr
from olympiad_ineq.language.parse import parse_expr, parse_statement


def world(domain: str, *given: str, goal: str = "sqrt(1) = 1") -> World:
    return World(parse_statement(["a", "b", "c"], domain, given, goal), roots=True)


def parse(text: str) -> Expr:
    return parse_expr(text, ["a", "b", "c"])


@pytest.mark.parametrize(
    ("domain", "given", "text", "sign"),
    [
        ("positive", [], "a+b", POSITIVE),
        ("positive", [], "a-b", UNKNOWN),
        ("nonnegative", [], "a+b", NONNEGATIVE),
        ("nonnegative", [], "a+1", POSITIVE),
        ("real", [], "a", UNKNOWN),
        ("real", [], "a^2", NONNEGATIVE),
        ("real", [], "a^2+1", POSITIVE),
        ("real", [], "a^3", UNKNOWN),
        ("real", [], "a^2-2*a*b+b^2", NONNEGATIVE),
        ("real", [], "a^2-a+1", POSITIVE),
        ("real", [], "a^2+b^2", NONNEGATIVE),
        ("real", [], "(a-b)^2*(a^2+b^2+1)", NONNEGATIVE),
        ("real", [], "a^2-3*a+2", UNKNOWN),
        ("positive", [], "a^2-a*b+b^2", POSITIVE),
        ("positive", [], "(a-b)^2*(a+b)", NONNEGATIVE),
        ("triangle", [], "a+b-c", POSITIVE),
        ("triangle", [], "a-b-c", UNKNOWN),
        ("positive", ["a+b+c = 1"], "1-a", POSITIVE),
        ("positive", ["a+b+c = 1"], "1-a-b", POSITIVE),
        ("positive", ["a+b+c = 1"], "1-2*a", UNKNOWN),
        ("nonnegative", ["a+b+c = 1"], "1-a", NONNEGATIVE),
        ("positive", ["a*b+b*c+c*a = 3"], "3-a*b", POSITIVE),
        ("real", ["a >= 1"], "a", POSITIVE),
        ("real", ["a >= b", "b >= 0"], "a", NONNEGATIVE),
        ("real", ["a > 0"], "a^3", POSITIVE),
        ("real", [], "sqrt(a^2)", NONNEGATIVE),
        ("positive", [], "sqrt(a)+sqrt(b)", POSITIVE),
        ("real", [], "0", NONNEGATIVE),
        ("real", [], "-1", UNKNOWN),
    ],
)
def test_signs(domain: str, given: list[str], text: str, sign: int) -> None:
    w = world(domain, *given)
    assert w.sign_expr(parse(text)) == sign


@pytest.mark.parametrize(
    ("domain", "text"),
    [
        ("positive", "1/(a-b)"),
        ("real", "1/a"),
        ("nonnegative", "1/a"),
        ("real", "1/(a^2+b^2)"),
        ("real", "a^(-1)"),
        ("real", "sqrt(a)"),
        ("positive", "sqrt(a-b)"),
        ("positive", "1/(a-a)"),
        ("positive", "1/(1/(a-b))"),
        ("nonnegative", "1/sqrt(a)"),
    ],
)
def test_undefined_somewhere_is_ill_posed(domain: str, text: str) -> None:
    w = world(domain)
    with pytest.raises(IllPosed):
        w.frac(parse(text))


@pytest.mark.parametrize(
    ("domain", "given", "one", "two", "equal"),
    [
        ("positive", [], "(a+b)^2", "a^2+2*a*b+b^2", True),
        ("positive", [], "a/b+b/a", "(a^2+b^2)/(a*b)", True),
        ("positive", [], "1/(a+b)+1/(a+b)", "2/(a+b)", True),
        ("positive", [], "(a^2-b^2)/(a+b)", "a-b", True),
        ("positive", ["a*b*c = 1"], "1/a+1/b+1/c", "a*b+b*c+c*a", True),
        ("positive", ["a+b+c = 1"], "a^2+b^2+c^2", "1-2*(a*b+b*c+c*a)", True),
        ("positive", ["a+b+c = 1"], "a^2", "a", False),
        ("real", ["a+b+c = 0"], "a^3+b^3+c^3", "3*a*b*c", True),
        ("positive", ["a^2 = 1"], "a", "1", True),
        ("real", ["a^2 = 1"], "a", "1", False),
        ("positive", [], "sqrt(a)*sqrt(b)", "sqrt(a*b)", True),
        ("positive", [], "sqrt(a^2)", "a", True),
        ("real", [], "sqrt(a^2)", "a", False),
        ("positive", [], "sqrt(8*a)", "2*sqrt(2)*sqrt(a)", True),
        ("positive", [], "sqrt(a/b)", "sqrt(a*b)/b", True),
        ("positive", [], "(a^3*b)^(1/3)", "a*b^(1/3)", True),
        ("real", [], "sqrt(a^2+2*a*b+b^2)^2", "(a+b)^2", True),
        ("real", ["a+b = 3", "a-b = 1"], "a*b", "2", True),
    ],
)
def test_equality(domain: str, given: list[str], one: str, two: str, equal: bool) -> None:
    w = world(domain, *given)
    assert w.equal(w.frac(parse(one)), w.frac(parse(two))) is equal


@pytest.mark.parametrize(
    "text",
    ["((((a+b+c)^16)^16)^16)", "((((9^16)^16)^16)^16)", "(((a+b+c+1)^16)*((a+b+c+2)^16))^5",
     "*".join(["(a+b+c+1)^16"] * 20)],
)  # fmt: skip
def test_growth_is_a_limit(text: str) -> None:
    w = world("positive")
    with pytest.raises(Limit):
        w.frac(parse(text))
