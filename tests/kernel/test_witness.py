"""Exact comparison at a point, also of sums of roots: what is called equal is equal."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from olympiad_ineq.kernel.witness import check_witness, meets
from olympiad_ineq.language.parse import parse_statement

ROOTS = st.lists(
    st.tuples(st.integers(-3, 3), st.integers(0, 60), st.integers(1, 12)), min_size=1, max_size=4
)


def _text(parts: list[tuple[int, int, int]]) -> str:
    return "+".join(f"({c})*sqrt({p}*a/{q})" for c, p, q in parts)


def _number(parts: list[tuple[int, int, int]], a: int) -> Decimal:
    """To 80 digits: sums of so few and small roots that are not zero are far above the error."""
    with localcontext() as context:
        context.prec = 90
        return sum((c * (Decimal(p * a) / q).sqrt() for c, p, q in parts), Decimal(0))


@settings(max_examples=150, deadline=None)
@given(ROOTS, ROOTS, st.integers(1, 8), st.booleans())
def test_strict_relations_of_roots(
    left: list[tuple[int, int, int]], right: list[tuple[int, int, int]], a: int, same: bool
) -> None:
    if same:  # the same number in other words: c*sqrt(p) = 2*c*sqrt(p/4)
        right = [(2 * c, p, 4 * q) for c, p, q in left]
    one = parse_statement(["a"], "positive", [], f"{_text(left)} > {_text(right)}")
    gap = _number(left, a) - _number(right, a)
    zero = abs(gap) < Decimal(10) ** -70
    assert meets(one.goal, {"a": fmpq(a)}) == zero
    assert check_witness(one, {"a": fmpq(a)}).refutes == (zero or gap < 0)


@pytest.mark.parametrize(
    ("goal", "refuted"),
    [
        ("sqrt(2)+sqrt(3) > sqrt(5+2*sqrt(6))", False),  # equal, but not seen: no verdict
        ("sqrt(2)*sqrt(3) > sqrt(6)", True),
        ("sqrt(2)*sqrt(3) >= sqrt(6)", False),
        ("1/(1+sqrt(2))+1 > sqrt(2)", True),
        ("1/(1+sqrt(2))+1 >= sqrt(2)", False),
        ("sqrt(a)+1/sqrt(a) < 3/2*sqrt(2)", True),
        ("(2*a)^(1/3) > 4^(1/3)", True),
        ("sqrt(8) > 2*sqrt(2) > 1", True),
        ("1/(sqrt(8)-2*sqrt(2)) > 0", False),  # not defined, which intervals do not show
    ],
)
def test_roots_at_a_point(goal: str, refuted: bool) -> None:
    one = parse_statement(["a"], "positive", [], goal)
    assert check_witness(one, {"a": fmpq(2)}).refutes == refuted
