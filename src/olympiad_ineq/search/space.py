"""Coordinates in which a statement's allowed points are easy to reach.

Every coordinate runs over the positive, non-negative or real numbers: triangles through Ravi's
substitution, variables under roots as powers, equations solved for a coordinate, for the length of
a ray, or along lines through a known point. Each way of solving (a `Chart`) works alike on floats,
to explore, and on exact fractions, to name a point that satisfies the equations to the last digit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import lcm
from typing import Any, TypeAlias

import numpy as np
from flint import Ordering, fmpq, fmpq_mpoly_ctx

from olympiad_ineq.kernel.trees import Add, Div, Expr, Mul, Neg, Num, Pow, Root, Statement, Var
from olympiad_ineq.search.evaluate import Array, Program

Poly: TypeAlias = Any
MAX_CHARTS = 8


class TooHard(Exception):
    """An equation that these ways of solving do not reach."""


def root_degrees(exprs: Sequence[Expr], found: dict[str, int]) -> None:
    """For each variable that stands alone, or in a product, under a root: the root's degree."""
    for expr in exprs:
        match expr:
            case Root(arg, degree):
                factors = arg.args if isinstance(arg, Mul) else (arg,)
                for x in factors:
                    y = x.base if isinstance(x, Pow) else x
                    if isinstance(y, Var):
                        found[y.name] = min(lcm(found.get(y.name, 1), degree), 12)
                root_degrees([arg], found)
            case Add(args) | Mul(args):
                root_degrees(args, found)
            case Neg(x) | Pow(x, _):
                root_degrees([x], found)
            case Div(num, den):
                root_degrees([num, den], found)


@dataclass(frozen=True)
class Solve:
    """coordinate[at] = -b/a."""

    at: int
    a: Poly
    b: Poly


@dataclass(frozen=True)
class Ray:
    """Every coordinate times -b/a."""

    a: Poly
    b: Poly


@dataclass(frozen=True)
class Line:
    """The second zero of a quadratic on the line from `base` through the point."""

    p: Poly
    base: tuple[fmpq, ...]


@dataclass(frozen=True)
class Tie:
    """coordinate[at] = coordinate[to]."""

    at: int
    to: int


Move = Solve | Ray | Line | Tie
Chart = tuple[Move, ...]


class Space:
    """A statement's points as functions of free coordinates.

    `plain` takes the variables themselves where they would be powers of the coordinates: 1/3 is not
    the square of a fraction, and sqrt(3*a) is rational there.
    """

    def __init__(self, statement: Statement, plain: bool = False) -> None:
        self.statement = statement
        self.n = len(statement.variables)
        self.names = statement.variables
        self.triangle = statement.domain == "triangle"
        degrees: dict[str, int] = {}
        if statement.domain in ("positive", "nonnegative") and not plain:
            for chain in (statement.goal, *statement.given):
                root_degrees(chain.parts, degrees)
        self.powers = [degrees.get(name, 1) for name in self.names]
        self.charts: list[Chart] = [()]
        equations = [
            (left, right)
            for chain in statement.given
            for op, left, right in zip(chain.ops, chain.parts, chain.parts[1:], strict=False)
            if op == "="
        ]
        self.constrained = bool(equations)
        if equations:
            self.ctx = fmpq_mpoly_ctx.get(tuple(f"s{i}" for i in range(self.n)), Ordering.lex)
            self.gens = self.ctx.gens()
            try:
                polys = [self._numerator(Add((left, Neg(right)))) for left, right in equations]
                self.charts = list(self._charts([p for p in polys if p]))[:MAX_CHARTS]
            except (TooHard, OverflowError):
                self.charts = []
        self._programs: dict[str, tuple[Program, int]] = {}

    # -- equations ------------------------------------------------------------------------------

    def _numerator(self, expr: Expr) -> Poly:
        return self._fraction(expr)[0]

    def _fraction(self, expr: Expr) -> tuple[Poly, Poly]:
        one = self.ctx.constant(1)
        match expr:
            case Num(number):
                return self.ctx.constant(number), one
            case Var(name):
                i = self.names.index(name)
                if self.triangle:
                    return self.gens[(i + 1) % 3] + self.gens[(i + 2) % 3], one
                return self.gens[i] ** self.powers[i], one
            case Add(args):
                num, den = self._fraction(args[0])
                for x in args[1:]:
                    p, q = self._fraction(x)
                    num, den = (num + p, den) if q == den else (num * q + p * den, den * q)
                return self._small(num, den)
            case Mul(args):
                num, den = self._fraction(args[0])
                for x in args[1:]:
                    p, q = self._fraction(x)
                    num, den = num * p, den * q
                return self._small(num, den)
            case Neg(arg):
                num, den = self._fraction(arg)
                return -num, den
            case Div(top, below):
                (num, den), (p, q) = self._fraction(top), self._fraction(below)
                return self._small(num * q, den * p)
            case Pow(base, exponent):
                num, den = self._fraction(base)
                if exponent < 0:
                    num, den = den, num
                if num.total_degree() * abs(exponent) > 40:
                    raise TooHard
                return num ** abs(exponent), den ** abs(exponent)
            case Root(arg, degree):
                num, den = self._fraction(arg)
                return self._root(num, degree), self._root(den, degree)

    def _small(self, num: Poly, den: Poly) -> tuple[Poly, Poly]:
        if len(num) > 400 or len(den) > 400:
            raise TooHard
        return num, den

    def _root(self, p: Poly, degree: int) -> Poly:
        if len(p) != 1:
            raise TooHard
        (monomial, number) = next(iter(p.terms()))
        top, below = number.p.root(degree), number.q.root(degree)
        if any(e % degree for e in monomial) or fmpq(top**degree, below**degree) != number:
            raise TooHard
        return self.ctx.from_dict({tuple(e // degree for e in monomial): fmpq(top, below)})

    def _affine(self, p: Poly, at: int) -> tuple[Poly, Poly]:
        """a, b with p = a*s[at] + b."""
        parts: tuple[dict[tuple[int, ...], fmpq], dict[tuple[int, ...], fmpq]] = ({}, {})
        for m, c in p.terms():
            parts[m[at]][(*m[:at], 0, *m[at + 1 :])] = c
        return self.ctx.from_dict(parts[1]), self.ctx.from_dict(parts[0])

    def _factors(self, p: Poly) -> list[Poly]:
        """The factors that can vanish: those that are not all of one sign."""
        found = []
        for q, _ in p.factor()[1]:
            signs = {c > 0 for c in q.coeffs()}
            if len(signs) == 2 or self.statement.domain == "real":
                found.append(q)
        return found

    def _charts(self, polys: list[Poly]) -> list[Chart]:
        polys = [p for p in polys if p]
        if not polys:
            return [()]
        if any(p.is_constant() for p in polys):
            return []
        charts: list[Chart] = []
        p, rest = polys[0], polys[1:]
        for q in self._factors(p):
            if not rest:
                charts += [(ray,) for ray in self._rays(q)]
            for at in reversed(range(self.n)):
                if q.degrees()[at] == 1:
                    a, b = self._affine(q, at)
                    inner = self._charts([self._eliminated(r, at, a, b) for r in rest])
                    charts += [(*chart, Solve(at, a, b)) for chart in inner]
                if len(charts) >= MAX_CHARTS:
                    return charts
            if not rest and not charts and q.total_degree() == 2:
                charts += [(Line(q, base),) for base in self._bases(q)]
        if len(charts) < 2 and self.n > 1:  # two coordinates equal: fewer points, but exact ones
            for to, at in combinations(range(self.n), 2):
                images = list(self.gens)
                images[at] = self.gens[to]
                tied = [r.compose(*images) for r in polys]
                if tied != polys and all(tied) and len(self.gens) > 1:
                    charts += [
                        (*c, Tie(at, to))
                        for c in self._charts(tied)
                        if not any(isinstance(m, Ray | Line) or _at(m) == at for m in c)
                    ]
                if len(charts) >= MAX_CHARTS:
                    break
        return charts

    def _rays(self, p: Poly) -> list[Ray]:
        degrees = {sum(m) for m in p.monoms()}
        if len(degrees) != 2 or max(degrees) - min(degrees) != 1:
            return []
        top = max(degrees)
        a = self.ctx.from_dict({m: c for m, c in p.terms() if sum(m) == top})
        return [Ray(a, p - a)]

    def _bases(self, p: Poly) -> list[tuple[fmpq, ...]]:
        """Rational zeros of p: with all coordinates equal, or among small numbers."""
        found = []
        images = [self.gens[0]] * self.n
        diagonal = p.compose(*images)
        for q, _ in diagonal.factor()[1] if diagonal else ():
            if q.total_degree() == 1:
                a, b = self._affine(q, 0)
                root = -fmpq(b.leading_coefficient() if b else 0) / a.leading_coefficient()
                found.append((root,) * self.n)
        if found or self.n > 4:
            return found[-1:]
        values = [fmpq(x) for x in (1, 2, 3, 0, fmpq(1, 2), fmpq(1, 3), fmpq(2, 3))]
        for xs in product(values, repeat=self.n):
            if p(*xs) == 0 and any(xs):
                return [xs]
        return []

    def _eliminated(self, p: Poly, at: int, a: Poly, b: Poly) -> Poly:
        top = p.degrees()[at] if p else 0
        if top == 0:
            return p
        if top > 6:
            raise TooHard
        result = self.ctx.constant(0)
        for m, c in p.terms():
            e = m[at]
            term = self.ctx.from_dict({(*m[:at], 0, *m[at + 1 :]): c})
            result += term * (-b) ** e * a ** (top - e)
        return result

    # -- points ---------------------------------------------------------------------------------

    def _value(self, p: Poly, s: Array) -> Array:
        key = str(p)
        if key not in self._programs:
            program = Program([f"s{i}" for i in range(self.n)])
            total: list[Expr] = []
            for m, c in p.terms():
                parts: list[Expr] = [Num(c)]
                parts += [Pow(Var(f"s{i}"), e) for i, e in enumerate(m) if e]
                total.append(Mul(tuple(parts)))
            self._programs[key] = program, program.add(Add(tuple(total)) if total else Num(fmpq(0)))
        program, slot = self._programs[key]
        return np.broadcast_to(program.run(s)[slot], s.shape[1:])

    def onto(self, chart: Chart, s: Array) -> Array:
        """Move float coordinates onto the equations (nan where that fails)."""
        if not chart:
            return s
        s = s.copy()
        for move in chart:
            match move:
                case Solve(at, a, b):
                    s[at] = -self._value(b, s) / self._value(a, s)
                case Ray(a, b):
                    s = s * (-self._value(b, s) / self._value(a, s))
                case Tie(at, to):
                    s[at] = s[to]
                case Line(p, base):
                    origin = np.array([[to_float(x)] for x in base])
                    way = s - origin
                    ahead, behind = self._value(p, origin + way), self._value(p, origin - way)
                    s = origin + way * ((behind - ahead) / (ahead + behind))
        return s

    def onto_exactly(self, chart: Chart, s: list[fmpq]) -> list[fmpq] | None:
        """The same in exact fractions; None where it fails."""
        s = list(s)
        for move in chart:
            match move:
                case Solve(at, a, b):
                    below = a(*s)
                    if below == 0:
                        return None
                    s[at] = -fmpq(b(*s)) / below
                case Ray(a, b):
                    below = a(*s)
                    if below == 0:
                        return None
                    ratio = -fmpq(b(*s)) / below
                    s = [x * ratio for x in s]
                case Tie(at, to):
                    s[at] = s[to]
                case Line(p, base):
                    way = [x - o for x, o in zip(s, base, strict=True)]
                    ahead, behind = (
                        fmpq(p(*(o + k * w for o, w in zip(base, way, strict=True))))
                        for k in (1, -1)
                    )
                    if ahead + behind == 0:
                        return None
                    k = (behind - ahead) / (ahead + behind)
                    s = [o + k * w for o, w in zip(base, way, strict=True)]
        return s

    def points(self, s: Array) -> Array:
        """The statement's variables at the coordinates."""
        if self.triangle:
            turned: Array = s.sum(axis=0) - s
            return turned
        if max(self.powers) > 1:
            return np.stack([x**d for x, d in zip(s, self.powers, strict=True)])
        return s

    def exact_point(self, s: list[fmpq]) -> dict[str, str]:
        """The statement's variables at exact coordinates, as texts that the kernel reads."""
        if self.triangle:
            total = s[0] + s[1] + s[2]
            s = [total - x for x in s]
        return {name: str(x**d) for name, x, d in zip(self.names, s, self.powers, strict=True)}

    def allowed(self, s: Array) -> Any:
        """Which coordinates lie in the domain (equations aside)."""
        if self.statement.domain == "real":
            return np.isfinite(s).all(axis=0)
        if self.statement.domain == "nonnegative":
            return (np.isfinite(s) & (s >= 0)).all(axis=0)
        return (np.isfinite(s) & (s > 0)).all(axis=0)


def _at(move: Move) -> int:
    return move.at if isinstance(move, Solve | Tie) else -1


def to_float(x: fmpq) -> float:
    """The nearest float."""
    return int(x.p) / int(x.q)


def simplest(low: float, high: float) -> fmpq:
    """The fraction with the smallest denominator in [low, high]."""
    if low < 0 < high:
        return fmpq(0)
    if low < 0:
        return -simplest(-high, -low)
    return _simplest(fmpq(*low.as_integer_ratio()), fmpq(*high.as_integer_ratio()))


def _simplest(low: fmpq, high: fmpq) -> fmpq:
    whole = low.p // low.q
    if low == whole:
        return fmpq(whole)
    if whole + 1 <= high:
        return fmpq(whole + 1)
    return whole + 1 / _simplest(1 / (high - whole), 1 / (low - whole))


Round = Callable[[float], fmpq]
