"""The classical inequalities as rules: AM-GM, Cauchy-Schwarz, Titu, squares, Schur, Jensen.

Each is about the terms that the step names, and takes no earlier step.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache, partial
from itertools import combinations
from math import comb, lcm

from flint import fmpq

from olympiad_ineq.kernel import theorem as kernel
from olympiad_ineq.kernel.rational import NONNEGATIVE, POSITIVE, Frac, Poly, World
from olympiad_ineq.kernel.theorem import MAX_WEIGHT, Broken, Proved, Theorem
from olympiad_ineq.kernel.trees import Expr
from olympiad_ineq.language.parse import Unreadable, parse_expr, parse_statement

from . import jensen as tangents
from .match import entails
from .step import Step, Yield, like, missing


def amgm(s: Step) -> Iterable[Yield]:
    """w1*t1 + ... + wn*tn >= W*r where every ti >= 0, W = w1 + ... + wn and r^W = t1^w1...tn^wn.

    Proof: kernel.amgm; rational weights are brought to integers first, which is multiplication of
    the relation by a positive number. r is first read off the claim and tested by taking its power,
    then looked for by factoring the product.
    """
    w, exprs = s.world, s.exprs("terms")
    terms = [
        s.nonnegative(expr, text, "AM-GM")
        for expr, text in zip(exprs, s.texts("terms"), strict=True)
    ]
    weights = s.numbers("weights", len(terms))
    if any(x <= 0 for x in weights):
        raise Broken("AM-GM needs positive weights")
    if "power" in s.step:
        yield _squared_mean(s, terms, weights)
        return
    scale = lcm(*(int(x.q) for x in weights))
    counts = [int((x * scale).p) for x in weights]
    whole = sum(counts)
    if whole > MAX_WEIGHT:
        raise Broken(f"AM-GM with weights that sum to more than {MAX_WEIGHT}")
    parts = list(zip(counts, terms, strict=True))
    left = w.total(w.scale(t.diff, fmpq(n)) for n, t in parts)

    def equal_terms() -> list[Poly]:
        return [w.sub(terms[0].diff, t.diff).num for t in terms[1:]]

    def made(r: Frac) -> Yield:
        found = kernel.amgm(parts, r)
        return Yield(found, lambda: (left, w.scale(r, fmpq(whole))), equal_terms)

    for factor in _factors(w, {1, whole, scale}, whole, left, s.claim.diff, parts):
        r = w.scale(w.sub(left, w.scale(s.claim.diff, fmpq(factor))), fmpq(1, whole))
        if comb(len(r.num) + whole - 1, whole) <= 2000:  # terms of r^whole at most
            try:
                yield made(r)
            except Broken:
                continue
            return
    product = w.const(1)
    for n, t in parts:
        product = w.times(product, w.power(t.diff, n))
    root = w.root(product, whole, NONNEGATIVE) if w.spare else _perfect_root(w, product, whole)
    if root is None:
        listed = ", ".join(s.texts("terms"))
        raise Broken(f"AM-GM on {listed} has no rational {whole}-th root on the right")
    yield made(root)
    if whole % 2 == 0:
        yield made(w.scale(root, fmpq(-1)))


def _squared_mean(s: Step, terms: Sequence[Theorem], weights: Sequence[fmpq]) -> Yield:
    """(x + y)^2 >= 4*x*y, which is AM-GM squared: the difference is (x - y)^2."""
    if s.step["power"] != 2 or len(terms) != 2 or weights[0] != weights[1]:
        raise Broken("only AM-GM of two terms is squared")
    gap = s.world.sub(terms[0].diff, terms[1].diff)
    found = kernel.square(s.world, gap)
    return Yield(found, lambda: (found.diff, s.world.const(0)), lambda: [gap.num])


def _factors(
    w: World, factors: Iterable[int], whole: int, left: Frac, claim: Frac,
    parts: Sequence[tuple[int, Theorem]],
) -> list[int]:  # fmt: skip
    """The factors with which claim*factor = left - whole*r may have r^whole = the product.

    Where nothing relates the variables, the powers must be equal at one point: a quick no. At
    3, 4, 5, ... which is in every domain; what an inequality keeps from zero may vanish there.
    """
    if w.ideal:
        return list(factors)
    at = [fmpq(i + 3) for i in range(len(w.gens))]

    def value(f: Frac) -> fmpq:
        below = fmpq(1)
        for key, m in f.den.items():
            below *= w.factors[key](*at) ** m
        return f.num(*at) / below

    product = fmpq(1)
    try:
        for n, t in parts:
            product *= value(t.diff) ** n
        total, gap = value(left), value(claim)
    except ZeroDivisionError:
        return list(factors)
    return [k for k in factors if ((total - k * gap) / whole) ** whole == product]


def _perfect_root(w: World, f: Frac, n: int) -> Frac | None:
    """r with r^n = f, by factoring; the kernel checks the power."""
    number, parts = w.split(f.num)
    p, q = number.p, number.q
    if p < 0 or any(m % n for _, m in parts) or any(m % n for m in f.den.values()):
        return None
    if p.root(n) ** n != p or q.root(n) ** n != q:
        return None
    root = w.ctx.constant(fmpq(p.root(n), q.root(n)))
    for poly, m in parts:
        root = w.mul(root, w.pow(poly, m // n))
    if root and root.leading_coefficient() > 0 and w.sign(-root) == POSITIVE:
        root = -root
    return Frac(root, {k: m // n for k, m in f.den.items()})


def _pairs(s: Step, one: str, two: str) -> tuple[list[Expr], list[Expr]]:
    xs, ys = s.exprs(one), s.exprs(two)
    if len(xs) != len(ys):
        raise Broken(f"{one} and {two} must hold equally many, not {len(xs)} and {len(ys)}")
    return xs, ys


def _minors(w: World, xs: Sequence[Frac], ys: Sequence[Frac]) -> list[tuple[int, int, Frac]]:
    """xi*yj - xj*yi for i < j."""
    return [
        (i, j, w.sub(w.times(xs[i], ys[j]), w.times(xs[j], ys[i])))
        for i, j in combinations(range(len(xs)), 2)
    ]


def _numerators(minors: Sequence[tuple[int, int, Frac]]) -> list[Poly]:
    return [minor.num for _, _, minor in minors]


def _zero(w: World) -> Theorem:
    return kernel.vanishing(w, w.const(0))


def cauchy(s: Step) -> Iterable[Yield]:
    """(x1^2+...+xn^2)(y1^2+...+yn^2) >= (x1*y1+...+xn*yn)^2 for all real xi, yi.

    Proof: the difference is the sum over i < j of (xi*yj - xj*yi)^2 (Lagrange's identity).
    """
    w = s.world
    xs, ys = ([w.frac(e) for e in side] for side in _pairs(s, "x", "y"))
    minors = _minors(w, xs, ys)
    squares = [(fmpq(1), kernel.square(w, minor)) for _, _, minor in minors]
    found = kernel.combined(w, squares) if squares else _zero(w)

    def sides() -> tuple[Frac, Frac]:
        left = w.times(w.total(w.power(x, 2) for x in xs), w.total(w.power(y, 2) for y in ys))
        inner = w.total(w.times(x, y) for x, y in zip(xs, ys, strict=True))
        return left, w.power(inner, 2)

    yield Yield(found, sides, partial(_numerators, minors))


def titu(s: Step) -> Iterable[Yield]:
    """x1^2/y1 + ... + xn^2/yn >= (x1+...+xn)^2/(y1+...+yn) for real xi and yi > 0.

    Proof: the difference is the sum over i < j of (xi*yj - xj*yi)^2/(yi*yj*(y1+...+yn)).
    """
    w = s.world
    nums, dens = _pairs(s, "nums", "dens")
    ys, below = [], []
    for expr, text in zip(dens, s.texts("dens"), strict=True):
        f = w.frac(expr)
        if w.sign_expr(expr, f) != POSITIVE:
            raise Broken(f"Titu's lemma needs {text} > 0, which is not shown on the domain")
        ys.append(f)
        below.append(w.inverse(f))
    xs = [w.frac(e) for e in nums]
    sum_below = w.inverse(w.total(ys))
    minors = _minors(w, xs, ys)
    parts = [
        (fmpq(1),
         kernel.product(kernel.signed(w, w.times(w.times(below[i], below[j]), sum_below)),
                        kernel.square(w, minor)))
        for i, j, minor in minors
    ]  # fmt: skip
    found = kernel.combined(w, parts) if parts else _zero(w)

    def sides() -> tuple[Frac, Frac]:
        left = w.total(w.times(w.power(x, 2), b) for x, b in zip(xs, below, strict=True))
        return left, w.times(w.power(w.total(xs), 2), sum_below)

    yield Yield(found, sides, partial(_numerators, minors))


def square(s: Step) -> Iterable[Yield]:
    """c1*e1^2 + ... + cn*en^2 >= 0 for real ei and numbers ci >= 0: squares are not negative."""
    w, exprs = s.world, s.exprs("expr")
    weights = s.numbers("weights", len(exprs))
    if any(x < 0 for x in weights):
        raise Broken("a sum of squares needs weights >= 0")
    squares = [kernel.square(w, w.frac(e)) for e in exprs]
    found = kernel.combined(w, list(zip(weights, squares, strict=True)))

    def bases() -> list[Poly]:
        return [w.frac(e).num for e, c in zip(exprs, weights, strict=True) if c > 0]

    yield Yield(found, lambda: (found.diff, w.const(0)), bases)


@lru_cache
def schur_lemma(t: int) -> Proved:
    """x^t(x-y)(x-z) + y^t(y-x)(y-z) + z^t(z-x)(z-y) >= 0 for x, y, z >= 0, in every order."""
    power = {name: f"{name}^{t}*" if t else "" for name in "xyz"}
    goal = "+".join(
        f"{power[p]}({p}-{q})*({p}-{r})" for p, q, r in (("x", "y", "z"), ("y", "z", "x"), "zxy")
    )
    hypotheses = [f"{name} >= 0" for name in "xyz"]
    world = World(parse_statement(list("xyz"), "real", hypotheses, f"{goal} >= 0"))
    found = entails(kernel.ordered(world, world.goal[0].diff.num), world.goal[0])
    if found is None:
        raise Broken("Schur's inequality was not shown")
    return kernel.settle(world, [found])


def schur(s: Step) -> Iterable[Yield]:
    """x^t(x-y)(x-z) + y^t(y-x)(y-z) + z^t(z-x)(z-y) >= 0 for x, y, z >= 0, integer t >= 0.

    Proof: let x >= y >= z by symmetry. The last term is z^t(x-z)(y-z) >= 0. The first two are
    (x-y)(x^t(x-z) - y^t(y-z)) >= 0, as x^t >= y^t and x-z >= y-z >= 0. (t = 0: a sum of squares.)
    The kernel shows it by the coefficients in each order (schur_lemma), and puts the terms in.
    """
    w, exprs = s.world, s.exprs("terms")
    if len(exprs) != 3:
        raise Broken("Schur's inequality takes three terms")
    shown = [
        s.nonnegative(expr, text, "Schur's inequality")
        for expr, text in zip(exprs, s.texts("terms"), strict=True)
    ]
    t = s.step.get("degree", 1)
    if not isinstance(t, int) or isinstance(t, bool) or not 0 <= t <= 6:
        raise Unreadable("the degree of Schur's inequality must be an integer from 0 to 6")
    values = {name: x.diff for name, x in zip("xyz", shown, strict=True)}
    (found,) = kernel.instance(w, schur_lemma(t), values, shown)
    yield Yield(found, lambda: (found.diff, w.const(0)))


def jensen(s: Step) -> Iterable[Yield]:
    """w1*f(x1) + ... + wn*f(xn) >= f(w1*x1 + ... + wn*xn) for convex f, <= for concave f.

    {"by": "jensen", "f": "t^3", "terms": ["a", "b"], "weights": ["1/2", "1/2"]}: f is a quotient of
    polynomials in t, or t^(1/k); the weights are >= 0 and sum to 1, and are equal where not given.
    "shape" may say "convex" or "concave"; f is so on an interval that holds the points (convex.py).
    Proof: jensen.shown, by the tangent at the mean.
    """
    text = s.step.get("f")
    if text is None:
        raise missing("f")
    if not isinstance(text, str):
        raise Unreadable(f"the field f must be a text, {like('f')}")
    try:
        f = parse_expr(text, ["t"])
    except Unreadable as error:
        raise Unreadable(f"the field f is a function of t: {error}") from error
    points = s.exprs("terms")
    default = [fmpq(1, len(points))] * len(points)
    weights = default if s.step.get("weights") is None else s.numbers("weights", len(points))
    if sum(weights, fmpq(0)) != 1 or min(weights) < 0:
        raise Broken("Jensen's weights must be >= 0 and sum to 1")
    shape, found = tangents.shown(s.world, f, points, weights)
    if s.step.get("shape", shape) != shape:
        raise Broken(f"the function is {shape} at the points, not {str(s.step['shape'])[:20]}")
    yield Yield(found, partial(tangents.sides, s.world, f, points, weights, shape))
