"""Is a quotient of polynomials convex, or concave, where the points of a Jensen step lie?

The inequality itself is shown without it (jensen.py). But a step that says "f is convex" says it of
an interval that holds the points, and is wrong where f'' changes its sign there. The interval is
what is seen: the points' signs, their sum where it is a number, the hypotheses' numbers, and where
the denominator has the sign that it has at every point.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from flint import arb, arb_poly, fmpq, fmpq_poly

from olympiad_ineq.kernel import theorem as kernel
from olympiad_ineq.kernel.rational import NONNEGATIVE, POSITIVE, Frac, World
from olympiad_ineq.kernel.trees import Add, Expr, Neg


class Interval(NamedTuple):
    """The t with low <= t <= high; None is infinity, and open ends are left out."""

    low: fmpq | None
    high: fmpq | None
    low_open: bool
    high_open: bool

    def __str__(self) -> str:
        left = "(-oo" if self.low is None else f"{'(' if self.low_open else '['}{self.low}"
        right = "oo)" if self.high is None else f"{self.high}{')' if self.high_open else ']'}"
        return f"{left}, {right}"


def interval(world: World, points: Sequence[Expr]) -> Interval:
    """An interval that holds every point everywhere on the world; the smallest that is seen."""
    signs = [world.sign_expr(x) for x in points]
    below = [world.sign_expr(Neg(x)) for x in points]
    low, high, low_open, high_open = None, None, False, False
    if min(signs) >= NONNEGATIVE:
        low, low_open = fmpq(0), min(signs) == POSITIVE
        total = _number(world, world.frac(Add(tuple(points)))) if len(points) > 1 else None
        if total is not None:
            high, high_open = total, low_open
    elif min(below) >= NONNEGATIVE:
        high, high_open = fmpq(0), min(below) == POSITIVE
    lows = [_said(world, x, world.sub) for x in points]
    highs = [_said(world, x, world.add) for x in points]
    if (at := _all(lows)) is not None and (low is None or -max(at) > low):
        low, low_open = -max(at), False
    if (at := _all(highs)) is not None and (high is None or max(at) < high):
        high, high_open = max(at), False
    return Interval(low, high, low_open, high_open)


def shapes(p: fmpq_poly, q: fmpq_poly, where: Interval, sign: int) -> set[str]:
    """Which of "convex" and "concave" p/q is on the part of `where` in which q has this sign.

    Between the real roots of q and of m, for f'' = m/q^3, both have one sign, so a number in
    between tells it. The roots are isolated by Arb. The part has to be an interval.
    """
    d, e = p.derivative(), q.derivative()
    m = (d.derivative() * q - 2 * d * e - p * e.derivative()) * q + 2 * p * e * e
    closed = ((where.low, where.low_open), (where.high, where.high_open))
    if any(end is not None and not out and not q(end) for end, out in closed):
        return set()
    roots = _roots(q * m if m else q, where)
    found, left = {"convex", "concave"}, False
    used = False
    for low, high in pairwise([None, *roots, None]):
        at = _between(low, high, where)
        within = q(at) * sign > 0
        if used and within and (left or arb_poly(q)(low).contains(0)):
            return set()  # two parts
        left, used = used and not within, used or within
        if within and m(at):
            found -= {"concave" if m(at) * sign > 0 else "convex"}
    return found if used else set()


def _roots(poly: fmpq_poly, where: Interval) -> list[arb]:
    """The real roots that are not shown to lie outside of the interval or at its ends, in order."""
    for end in (where.low, where.high):
        while end is not None and not poly(end):
            poly //= fmpq_poly([-end, 1])
    if poly.degree() < 1:
        return []
    poly //= poly.gcd(poly.derivative())
    real = [r.real for r, _ in poly.numer().complex_roots() if r.imag.contains(0)]
    inner = [
        x
        for x in real
        if not (where.low is not None and x < arb(where.low))
        and not (where.high is not None and x > arb(where.high))
    ]
    return sorted(inner, key=lambda x: float(x.mid()))


def _between(low: arb | None, high: arb | None, where: Interval) -> fmpq:
    """A number between two neighbours among the roots and the interval's ends."""
    left = where.low if low is None else _rational(low.upper())
    right = where.high if high is None else _rational(high.lower())
    if left is None:
        return fmpq(0) if right is None else right - 1
    return left + 1 if right is None else (left + right) / 2


def _rational(end: arb) -> fmpq:
    mantissa, exponent = end.mid().man_exp()
    return fmpq(int(mantissa)) * fmpq(2) ** int(exponent)


def _number(world: World, value: Frac) -> fmpq | None:
    """The number that a quotient is everywhere on the world."""
    top, bottom = world.reduce(value.num), world.reduce(world.expand(value.den))
    ratio = fmpq(top.leading_coefficient() / bottom.leading_coefficient()) if top else fmpq(0)
    return ratio if world.vanishes(value.num - world.expand(value.den) * ratio) else None


def _said(world: World, x: Expr, together: Callable[[Frac, Frac], Frac]) -> fmpq | None:
    """k where a hypothesis says x + k >= 0 (together: sub), or k - x >= 0 (together: add)."""
    at = world.frac(x)
    found = [_number(world, together(f.diff, at)) for f in world.given if f.op != "="]
    known = [k for k in found if k is not None]
    return min(known) if known else None


def _all(bounds: Sequence[fmpq | None]) -> list[fmpq] | None:
    known = [b for b in bounds if b is not None]
    return known if len(known) == len(bounds) else None


def sign_at(world: World, values: Sequence[Expr]) -> int:
    """1 where all values are shown to be positive, -1 where all are negative, 0 otherwise."""
    for sign in (1, -1):
        try:
            shown = [kernel.signed(world, x if sign > 0 else Neg(x)) for x in values]
        except kernel.Broken:
            continue
        if all(t.op == ">" for t in shown):
            return sign
    return 0
