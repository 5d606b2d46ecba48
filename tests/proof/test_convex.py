"""Where a function is convex or concave, exactly, and where a Jensen step's points lie."""

from __future__ import annotations

from math import inf

import pytest
from flint import fmpq, fmpq_poly
from hypothesis import given, settings
from hypothesis import strategies as st

from olympiad_ineq.language.parse import parse_expr, parse_statement
from olympiad_ineq.proof import check_proof
from olympiad_ineq.proof.convex import Interval, interval, shapes
from olympiad_ineq.proof.worlds import world_of

LINE, RAY = Interval(None, None, False, False), Interval(fmpq(0), None, False, False)
OPEN = Interval(fmpq(0), None, True, False)
UNIT = Interval(fmpq(0), fmpq(1), False, False)


@pytest.mark.parametrize(
    ("p", "q", "where", "sign", "expected"),
    [
        ([0, 0, 1], [1], LINE, 1, {"convex"}),
        ([0, 0, 0, 1], [1], LINE, 1, set()),
        ([0, 0, 0, 1], [1], RAY, 1, {"convex"}),
        ([0, 0, -1, 1], [1], RAY, 1, set()),  # 6t - 2
        ([0, 1], [1], LINE, 1, {"convex", "concave"}),
        ([1], [0, 1], OPEN, 1, {"convex"}),
        ([1], [0, 1], RAY, 1, set()),  # not defined at 0
        ([1], [1, 0, 1], RAY, 1, set()),  # an inflection at 1/sqrt(3)
        ([1], [1, 0, 1], UNIT, 1, set()),
        ([1], [1, 0, 1], Interval(fmpq(0), fmpq(1, 2), False, False), 1, {"concave"}),
        ([1], [1, 0, 1], Interval(fmpq(1), None, False, False), 1, {"convex"}),
        ([0, 1], [1, -1], RAY, 1, {"convex"}),  # t/(1 - t) where t < 1
        ([0, 1], [1, -1], RAY, -1, {"concave"}),
        ([0, 1], [1, -1], RAY, 0, set()),
        ([0, 0, 0, 0, 1], [1], LINE, 1, {"convex"}),  # f'' touches zero
        ([0, 0, 0, 0, -1], [1], LINE, 1, {"concave"}),
        ([1], [-1, 0, 1], LINE, 1, set()),  # positive on two sides of [-1, 1]
    ],
)
def test_shapes(p: list[int], q: list[int], where: Interval, sign: int, expected: set[str]) -> None:
    assert shapes(fmpq_poly(p), fmpq_poly(q), where, sign) == expected


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(-4, 4), min_size=1, max_size=5),
    st.lists(st.integers(-3, 3), min_size=1, max_size=3).filter(any),
    st.sampled_from([LINE, RAY, OPEN, UNIT]),
)
def test_what_is_called_convex_lies_below_its_chords(
    p: list[int], q: list[int], where: Interval
) -> None:
    top, bottom = fmpq_poly(p), fmpq_poly(q)
    for shape in shapes(top, bottom, where, 1):
        low = -inf if where.low is None else int(where.low.p)
        high = inf if where.high is None else int(where.high.p)
        points = [fmpq(n, 7) for n in range(-35, 36) if low * 7 <= n <= high * 7]
        points = [t for t in points if bottom(t) > 0]
        value = {t: top(t) / bottom(t) for t in points}
        for s, t in zip(points, points[6:], strict=False):
            m = (s + t) / 2
            if bottom(m) > 0:
                gap = (value[s] + value[t]) / 2 - top(m) / bottom(m)
                assert gap >= 0 if shape == "convex" else gap <= 0


@pytest.mark.parametrize(
    ("domain", "given", "points", "expected"),
    [
        ("real", [], ["a", "b"], "(-oo, oo)"),
        ("real", [], ["a^2", "b^2"], "[0, oo)"),
        ("real", ["a >= 1", "b >= 2"], ["a", "b"], "[1, oo)"),
        ("real", ["a <= 1", "b <= 2"], ["a", "b"], "(-oo, 2]"),
        ("positive", [], ["a", "b"], "(0, oo)"),
        ("positive", [], ["-a", "-b"], "(-oo, 0)"),
        ("positive", ["a+b+c = 3"], ["a", "b", "c"], "(0, 3)"),
        ("nonnegative", ["a+b+c = 3"], ["a", "b", "c"], "[0, 3]"),
        ("positive", [], ["a/(a+b+c)", "b/(a+b+c)", "c/(a+b+c)"], "(0, 1)"),
    ],
)
def test_interval(domain: str, given: list[str], points: list[str], expected: str) -> None:
    names = ["a", "b", "c"]
    world = world_of(parse_statement(names, domain, given, "a >= a"), points)
    assert str(interval(world, [parse_expr(text, names) for text in points])) == expected


def test_a_function_that_is_not_convex_is_not_called_so() -> None:
    goal = "a^3-a^2+b^3-b^2+c^3-c^2 >= 0"
    statement = parse_statement(["a", "b", "c"], "nonnegative", ["a+b+c = 3"], goal)
    step = {"id": "s1", "claim": goal, "by": "jensen", "f": "t^3-t^2", "terms": ["a", "b", "c"]}
    verdict = check_proof(statement, [step])
    assert verdict.grade != "proved"
    assert "not shown to be convex where the points lie, in [0, 3]" in verdict.reason
