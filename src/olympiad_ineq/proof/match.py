"""Whether a theorem says a claim, up to positive factors; the kernel checks what is found here.

`matches` is what a reason may leave to the reader: moving terms, a positive number, a monomial in
positive variables, and the hypotheses' equations. It allows no other factor: with more, a lemma
that was cited wrongly could pass for the one that was needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import TypeAlias

from flint import fmpq

from olympiad_ineq.kernel.rational import MAX_DEGREE, POSITIVE, Fact, Frac, Limit, Poly, World
from olympiad_ineq.kernel.theorem import (
    Broken,
    Theorem,
    combined,
    product,
    restated,
    signed,
    vanishing,
)

Shape: TypeAlias = tuple[Poly, Poly, Poly]  # r, up, down with up*p = down*r on the world


def same_sign(world: World, p: Poly, q: Poly) -> tuple[Poly, Poly] | None:
    """Positive (up, down) with up*p = down*q on the world: numbers times monomials; or None."""
    if p == q:
        return world.one, world.one
    if not world.ideal and not _proportional(p.coeffs(), q.coeffs()):
        return None  # a monomial more or less leaves the coefficients as they are
    for one, two in zip(_shapes(world, p), _shapes(world, q), strict=False):
        if one is None or two is None:
            continue
        (r, up_p, down_p), (s, up_q, down_q) = one, two
        if not r or not s:
            if not r and not s:
                return world.one, world.one
            continue
        if len(r) != len(s):
            continue
        ratio = r.leading_coefficient() / s.leading_coefficient()
        if ratio > 0 and r == s * ratio:
            return up_p * down_q, down_p * up_q * ratio
    return None


def _proportional(one: list[fmpq], two: list[fmpq]) -> bool:
    if len(one) != len(two) or not one:
        return len(one) == len(two)
    ratio = one[0] / two[0]
    return bool(ratio > 0) and all(x == y * ratio for x, y in zip(one, two, strict=True))


def _shapes(world: World, p: Poly) -> Iterator[Shape | None]:
    """Forms of p in which it may be recognised, each with the factors that lead there."""
    one = world.one
    bare, m = _stripped(world, p)
    yield bare, one, m
    if world.ideal:
        yield world.reduce(p), one, one
        a = world.reduce(bare)
        yield a, one, m
        b, n = _stripped(world, a)
        yield b, one, m * n
        e, up = _eliminated(world, a)
        c, n = _stripped(world, e)
        yield c, up, m * n
        h = world.homogenised(p)
        if h is None:
            yield None
        else:
            d, n = _stripped(world, h)
            yield d, one, n


def _stripped(world: World, p: Poly) -> tuple[Poly, Poly]:
    """(r, m): p = m*r with m the largest monomial in positive variables that divides p."""
    bare = world.strip(p)
    if bare is p or not p:
        return p, world.one
    m = tuple(x - y for x, y in zip(p.monoms()[0], bare.monoms()[0], strict=True))
    return bare, world.ctx.from_dict({m: 1})


def _eliminated(world: World, p: Poly) -> tuple[Poly, Poly]:
    """(r, up): up*p = r on the world, with one variable of each (monomial = number) gone.

    Where k*m*v = c with v to the first power and k, c > 0, put v = c/(k*m) and multiply by m
    to the degree of p in v.
    """
    up = world.one
    for g in world.ideal:
        terms = g.to_dict()
        constant = fmpq(terms.get((0,) * len(world.names), 0))
        if len(terms) != 2 or constant == 0:
            continue
        monomial, k = next((m, c) for m, c in terms.items() if any(m))
        where = [i for i, e in enumerate(monomial) if e == 1]
        positive = all(world.signs[i] == POSITIVE for i, e in enumerate(monomial) if e)
        if not where or not positive or -constant / k < 0:
            continue
        v, ratio = where[0], -constant / k
        others = tuple(0 if i == v else e for i, e in enumerate(monomial))
        top = max((m[v] for m in p.monoms()), default=0)
        if top * sum(others) + p.total_degree() > MAX_DEGREE:
            raise Limit("the polynomials grow too large")
        cleared: dict[tuple[int, ...], fmpq] = {}
        for m, c in p.terms():
            e = m[v]
            key = tuple(
                0 if i == v else x + y * (top - e)
                for i, (x, y) in enumerate(zip(m, others, strict=True))
            )
            cleared[key] = cleared.get(key, fmpq(0)) + c * ratio**e
        p = world.ctx.from_dict(cleared)
        up = up * world.ctx.from_dict({tuple(top * x for x in others): 1})
    return p, up


def _denominator(world: World, den: dict[str, int], over: dict[str, int]) -> Theorem | None:
    """The factors that a numerator over `den` lacks of the common denominator; they are > 0."""
    lacking = [
        signed(world, Frac(world.factors[key], {}))
        for key, n in over.items()
        for _ in range(n - den.get(key, 0))
    ]
    return reduce(product, lacking) if lacking else None


def _times(s: Theorem | None, t: Theorem | None) -> Theorem | None:
    return product(s, t) if s and t else s or t


def _positive(world: World, p: Poly) -> Theorem | None:
    return None if p.is_one() else signed(world, Frac(p, {}))


def matches(t: Theorem, fact: Fact) -> Theorem | None:
    """The fact from t, where t.diff = r*(its difference), r a positive number times a monomial."""
    world, f, g = t.world, t.diff, fact.diff
    if f.den == g.den:
        return _numerators(t, fact)
    p, q, den = world.common(f, g)
    found = same_sign(world, p, q)
    if found is None:
        return None
    up = _times(_positive(world, found[0]), _denominator(world, f.den, den))
    down = _times(_positive(world, found[1]), _denominator(world, g.den, den))
    return _restated(t, fact, up, down)


def _restated(t: Theorem, fact: Fact, up: Theorem | None, down: Theorem | None) -> Theorem | None:
    try:
        return restated(t, fact, up, down)
    except Broken:
        return None


def _numerators(t: Theorem, fact: Fact) -> Theorem | None:
    found = same_sign(t.world, t.diff.num, fact.diff.num)
    if found is None:
        return None
    return _restated(t, fact, _positive(t.world, found[0]), _positive(t.world, found[1]))


def _negative(t: Theorem) -> Theorem:
    return combined(t.world, [(fmpq(-1), t)])


def gives(t: Theorem, link: Fact) -> Theorem | None:
    """The link from what a rule yields: `matches`, an equation also the other way round."""
    if (link.op == "=" and t.op != "=") or (link.op == ">" and t.op != ">"):
        return None
    return matches(t, link) or (matches(_negative(t), link) if t.op == "=" else None)


def entails(t: Theorem, goal: Fact) -> Theorem | None:
    """The goal from t: as `gives`, with another positive denominator, or X > 1 from X >= 2."""
    if goal.op == "=" and t.op != "=":
        return None
    if goal.op == ">" and t.op != ">":
        return weaker(t, goal)
    found = _numerators(t, goal)
    if found is None and goal.op != "=" and t.diff.den != goal.diff.den:
        found = matches(t, goal)
    if found is None and t.op == "=":
        found = _numerators(_negative(t), goal)
    return found or weaker(t, goal)


def weaker(t: Theorem, goal: Fact) -> Theorem | None:
    """The goal from t, where it is t's relation with a positive number to spare."""
    w = t.world
    spare = w.sub(goal.diff, t.diff)
    below = reduce(w.mul, (w.factors[key] ** n for key, n in spare.den.items()), w.one)
    if goal.op == "=" or not spare.num:
        return None
    number = spare.num.leading_coefficient() / below.leading_coefficient()
    if number <= 0 or spare.num != below * number:
        return None
    return _numerators(combined(w, [(fmpq(1), t), (number, signed(w, w.const(1)))]), goal)


def multiple(fact: Fact, goal: Fact) -> bool:
    """Is the fact's difference the goal's times another polynomial? Then it says no less."""
    return bool(goal.diff.num) and not divmod(fact.diff.num, goal.diff.num)[1]


def equal(fact: Fact, world: World) -> Theorem | None:
    """The equation L = R, as its difference vanishes or as two n-th powers are equal.

    Proof of the second: L^n - R^n = (L - R)*(L^(n-1) + L^(n-2)*R + ... + R^(n-1)) = 0, and where
    the second factor is positive, the first is zero. So the cube root of abc is 1 where abc = 1.
    n is tried for the degrees of the roots that occur.
    """
    if world.vanishes(fact.diff.num):
        return vanishing(world, fact.diff)
    for n in sorted({degree for _, degree in world.radicals}):
        one, two = world.power(fact.lhs, n), world.power(fact.rhs, n)
        gap = world.sub(one, two)
        between = world.total(
            world.times(world.power(fact.lhs, i), world.power(fact.rhs, n - 1 - i))
            for i in range(n)
        )
        if world.vanishes(gap.num) and world.sign(between.num) == POSITIVE:
            return divided(vanishing(world, gap), signed(world, between), fact)
    return None


def divided(t: Theorem, by: Theorem | None, fact: Fact) -> Theorem | None:
    """The fact from t = by*(its difference) with by > 0, on the world and up to denominators."""
    world = t.world
    wanted = fact.diff if by is None else world.times(by.diff, fact.diff)
    p, q, den = world.common(t.diff, wanted)
    if not world.vanishes(p - q):
        return None
    down = _times(by, _denominator(world, wanted.den, den))
    return _restated(t, fact, _denominator(world, t.diff.den, den), down)
