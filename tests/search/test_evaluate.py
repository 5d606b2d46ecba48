"""The fast evaluator agrees with exact evaluation and with itself over many points."""

import random
from fractions import Fraction

import numpy as np
import pytest

from olympiad_ineq.language.parse import parse_expr
from olympiad_ineq.search.evaluate import Program

TEXTS = (
    "a/(b+c)+b/(c+a)+c/(a+b)",
    "-(a-b)^3*(b-2*c)^5/7",
    "a^(-2)+(b*c)^16",
    "sqrt(a*b)+(a+b+c)^(1/3)-(a^2)^(3/2)",
    "3/4",
)


@pytest.mark.parametrize("text", TEXTS)
def test_values_are_those_of_fractions(text: str) -> None:
    rng = random.Random(1)
    points = [[Fraction(rng.randint(1, 50), rng.randint(1, 20)) for _ in "abc"] for _ in range(40)]
    program = Program("abc")
    slot = program.add(parse_expr(text, "abc"))
    array = np.array([[float(x) for x in p] for p in points]).T
    found = np.broadcast_to(program.run(array)[slot], (40,))
    python = text.replace("^", "**").replace("sqrt(a*b)", "(a*b)**0.5")
    for value, (a, b, c) in zip(found, array.T, strict=True):
        expected = eval(python, {"a": a, "b": b, "c": c})  # noqa: S307  (our own five texts)
        assert value == pytest.approx(expected, rel=1e-11)


def test_shared_parts_are_computed_once() -> None:
    program = Program("ab")
    first = program.add(parse_expr("(a+b)^2*(a+b)^2", "ab"))
    assert program.add(parse_expr("(a+b)^2*(a+b)^2", "ab")) == first
    assert len(program.code) == 5  # a, b, a+b, its square, the product


def test_roots_of_negative_numbers_have_no_value() -> None:
    program = Program("a")
    slots = [program.add(parse_expr(t, "a")) for t in ("sqrt(a)", "a^(1/3)")]
    with np.errstate(all="ignore"):
        values = program.run(np.array([[-1.0]]))
    assert all(np.isnan(values[s][0]) for s in slots)


def test_sizes_are_values_before_anything_cancels() -> None:
    program = Program("a")
    slot = program.add(parse_expr("(3*a-7)^2*(a^2+1)/(1-a)", "a"))
    values = program.run(np.array([[2.0]]))
    assert values[slot][0] == pytest.approx(-5)
    assert program.sizes(values)[slot][0] == pytest.approx(13**2 * 5)
