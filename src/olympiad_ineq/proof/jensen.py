"""Jensen's inequality, shown by the tangent at the mean: nothing is taken from a book on trust.

Let m = w1*x1 + ... + wn*xn with weights wi >= 0 of sum 1. Where f(xi) lies above the tangent of f
at m for each i, f(xi) >= f(m) + f'(m)*(xi - m), the weighted sum of these is
w1*f(x1) + ... + wn*f(xn) >= f(m), for the sum of wi*(xi - m) is 0. So what is needed is a sign at
each of the points, which the kernel gives. That f is convex on an interval that holds the points is
not needed, but it is what a step that names Jensen says: convex.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from flint import Ordering, fmpq, fmpq_mpoly, fmpq_mpoly_ctx, fmpq_poly

from olympiad_ineq.kernel import theorem as kernel
from olympiad_ineq.kernel.rational import Fact, Frac, World
from olympiad_ineq.kernel.theorem import Broken, Theorem
from olympiad_ineq.kernel.trees import Add, Div, Expr, Mul, Neg, Num, Pow, Root, Var
from olympiad_ineq.language.parse import substitute

from . import convex
from .match import divided

MAX_DEGREE = 24
_CTX = fmpq_mpoly_ctx.get(("t", "m"), Ordering.lex)
_T, _M = _CTX.gens()


def mean(points: Sequence[Expr], weights: Sequence[fmpq]) -> Expr:
    """w1*x1 + ... + wn*xn."""
    return Add(tuple(Mul((Num(w), x)) for w, x in zip(weights, points, strict=True)))


def shown(
    world: World, f: Expr, points: Sequence[Expr], weights: Sequence[fmpq]
) -> tuple[str, Theorem]:
    """("convex", sum of wi*f(xi) - f(m) >= 0), or ("concave", f(m) - the sum >= 0).

    Raises:
        Broken: where neither is shown at these points.
    """
    m = mean(points, weights)
    if isinstance(f, Root) and f.arg == Var("t"):
        return "concave", _root(world, f.degree, points, weights, m)
    rest = _remainder(f)
    for shape, sign in (("convex", rest), ("concave", Neg(rest))):
        try:
            parts = [_above(world, x, m, sign) for x in points]
        except Broken:
            continue
        _shaped(world, f, points, shape)
        return shape, kernel.combined(world, list(zip(weights, parts, strict=True)))
    if isinstance(f, Pow) and f.base == Var("t") and f.exponent > 0 and f.exponent % 2 == 0:
        return "convex", _even_power(world, f.exponent, points, weights, m)
    raise Broken("Jensen needs a function that is convex or concave at the points; none is shown")


def _shaped(world: World, f: Expr, points: Sequence[Expr], shape: str) -> None:
    p, q = _quotient(f)
    where = convex.interval(world, points)
    sign = convex.sign_at(world, [substitute(_tree(q), {"t": x}) for x in points])
    if shape not in convex.shapes(_single(p), _single(q), where, sign):
        raise Broken(f"the function is not shown to be {shape} where the points lie, in {where}")


def _single(poly: fmpq_mpoly) -> fmpq_poly:
    """A polynomial in t alone."""
    terms = {i: fmpq(c) for (i, _), c in poly.terms()}
    return fmpq_poly([terms.get(i, 0) for i in range(max(terms, default=0) + 1)])


def _above(world: World, x: Expr, m: Expr, rest: Expr) -> Theorem:
    """(x - m)^2 * g(x, m) >= 0: f at x lies above its tangent at m."""
    gap = world.sub(world.frac(x), world.frac(m))
    g = substitute(rest, {"t": x, "m": m})
    return kernel.product(kernel.square(world, gap), kernel.signed(world, g))


@lru_cache(maxsize=256)
def _remainder(f: Expr) -> Expr:
    """g with f(t) - f(m) - f'(m)*(t - m) = (t - m)^2 * g(t, m); f = p/q is rational.

    The left side is N/(q(t)*q(m)^2) with N = p(t)*q(m)^2 - p(m)*q(m)*q(t) -
    (p'q - pq')(m)*(t - m)*q(t), which vanishes twice at t = m.
    """
    p, q = _quotient(f)
    if max(p.total_degree(), q.total_degree()) > MAX_DEGREE:
        raise Broken(f"Jensen with a function of a degree above {MAX_DEGREE}")
    slope = p.derivative(0) * q - p * q.derivative(0)
    pm, qm, slope = (poly.compose(_M, _M) for poly in (p, q, slope))
    above = p * qm**2 - pm * qm * q - slope * (_T - _M) * q
    g, left = divmod(above, (_T - _M) ** 2)
    if left:
        raise Broken("the tangent of the function was not found")
    return Div(_tree(g), Mul((_tree(q), Pow(_tree(qm), 2))))


def _quotient(f: Expr) -> tuple[fmpq_mpoly, fmpq_mpoly]:
    """f as p/q, polynomials in t."""
    match f:
        case Num(value):
            return _CTX.constant(value), _CTX.constant(1)
        case Var():
            return _T, _CTX.constant(1)
        case Neg(arg):
            p, q = _quotient(arg)
            return -p, q
        case Add(args):
            p, q = _CTX.constant(0), _CTX.constant(1)
            for r, s in map(_quotient, args):
                p, q = p * s + r * q, q * s
            return p, q
        case Mul(args):
            p, q = _CTX.constant(1), _CTX.constant(1)
            for r, s in map(_quotient, args):
                p, q = p * r, q * s
            return p, q
        case Div(num, den):
            (p, q), (r, s) = _quotient(num), _quotient(den)
            return p * s, _nonzero(q * r)
        case Pow(base, n):
            p, q = _quotient(base)
            if abs(n) * max(p.total_degree(), q.total_degree(), 1) > MAX_DEGREE:
                raise Broken(f"Jensen with a function of a degree above {MAX_DEGREE}")
            return (p**n, q**n) if n > 0 else (q**-n, _nonzero(p**-n))
        case Root():
            raise Broken("Jensen takes t^(1/k) alone or a function without roots")


def _nonzero(q: fmpq_mpoly) -> fmpq_mpoly:
    if not q:
        raise Broken("the function divides by zero")
    return q


def _tree(p: fmpq_mpoly) -> Expr:
    terms: list[Expr] = []
    for (i, j), c in p.terms():
        powers = [Var(v) if n == 1 else Pow(Var(v), n) for v, n in (("t", i), ("m", j)) if n]
        terms.append(Mul((Num(fmpq(c)), *powers)) if powers else Num(fmpq(c)))
    return Add(tuple(terms)) if len(terms) > 1 else terms[0] if terms else Num(fmpq(0))


def _even_power(
    world: World, k: int, points: Sequence[Expr], weights: Sequence[fmpq], m: Expr
) -> Theorem:
    """w1*x1^k + ... + wn*xn^k - m^k >= 0 for all real xi and even k.

    Proof: AM-GM gives xi^k + (k-1)*m^k >= k*xi*m^(k-1); add with the weights.
    """
    middle = kernel.signed(world, Pow(m, k))
    parts = []
    for weight, x in zip(weights, points, strict=True):
        root = world.times(world.frac(x), world.power(world.frac(m), k - 1))
        value = kernel.signed(world, Pow(x, k))
        parts.append((weight, kernel.amgm([(1, value), (k - 1, middle)], root)))
    return kernel.combined(world, parts)


def _root(
    world: World, k: int, points: Sequence[Expr], weights: Sequence[fmpq], m: Expr
) -> Theorem:
    """m^(1/k) - (w1*x1^(1/k) + ... + wn*xn^(1/k)) >= 0 for xi >= 0 with a mean m > 0.

    Proof: with v = m^(1/k), AM-GM gives xi + (k-1)*m >= k*xi^(1/k)*v^(k-1). The weighted sum is
    k*m >= k*v^(k-1)*(the sum of wi*xi^(1/k)); divide by k*v^(k-1) > 0.
    """
    values = [kernel.signed(world, x) for x in points]
    middle = kernel.signed(world, m)
    v = world.frac(Root(m, k))
    slope = kernel.signed(world, world.scale(world.power(v, k - 1), fmpq(k)))
    if middle.op != ">" or slope.op != ">":
        raise Broken("Jensen for a root needs a mean that is shown to be positive")
    roots = [world.frac(Root(x, k)) for x in points]
    parts = []
    for weight, value, u in zip(weights, values, roots, strict=True):
        root = world.times(u, world.power(v, k - 1))
        parts.append((weight, kernel.amgm([(1, value), (k - 1, middle)], root)))
    below = world.total(world.scale(u, w) for w, u in zip(weights, roots, strict=True))
    fact = Fact(v, below, world.sub(v, below), ">=")
    found = divided(kernel.combined(world, parts), slope, fact)
    if found is None:
        raise Broken("Jensen for this root was not shown")
    return found


def sides(
    world: World, f: Expr, points: Sequence[Expr], weights: Sequence[fmpq], shape: str
) -> tuple[Frac, Frac]:
    """The larger and the smaller side, for messages."""
    values = [world.frac(substitute(f, {"t": x})) for x in points]
    total = world.total(world.scale(v, w) for v, w in zip(values, weights, strict=True))
    at = world.frac(substitute(f, {"t": mean(points, weights)}))
    return (total, at) if shape == "convex" else (at, total)
