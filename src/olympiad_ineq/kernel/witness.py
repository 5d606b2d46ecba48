"""Exact evaluation at rational points: counterexamples, and the points that claims are tried on.

A witness proves falsehood by itself: a point of the domain with rational coordinates where every
hypothesis holds and the goal fails (or is not defined). Evaluation is in exact fractions, with
roots where they are rational; else the goal is enclosed in rigorous intervals (Arb, 200 bits), and
counts as false only if it fails for every number in them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flint import arb, fmpq
from flint import ctx as flint_context

from .statement import Statement
from .syntax import Add, Chain, Div, Expr, Mul, Neg, Num, Pow, Root, Unreadable, Var

Point = Mapping[str, fmpq]
_MAX_BITS = 4096


class Undefined(ArithmeticError):
    """The expression has no value at the point (a zero denominator, a negative radicand)."""


class Inexact(ArithmeticError):
    """The value is not rational, or too long to be worth having."""


def value(expr: Expr, point: Point, kind: type = fmpq) -> fmpq:
    """The exact value of the expression at the point, or with kind arb an interval around it."""
    match expr:
        case Num(number):
            return kind(number)
        case Var(name):
            return kind(point[name])
        case Add(args):
            return sum((value(x, point, kind) for x in args), kind(0))
        case Mul(args):
            product = kind(1)
            for x in args:
                product *= value(x, point, kind)
            return product
        case Neg(arg):
            return -value(arg, point, kind)
        case Div(num, den):
            return value(num, point, kind) / _nonzero(value(den, point, kind))
        case Pow(base, exponent):
            number = value(base, point, kind)
            if exponent < 0:
                number = _nonzero(number)
            if kind is fmpq and number.height_bits() * abs(exponent) > _MAX_BITS:
                raise Inexact
            return number**exponent
        case Root(arg, degree):
            number = value(arg, point, kind)
            if number < 0:
                raise Undefined
            if kind is arb:
                return number.root(degree)  # nan, which compares false, around 0
            p, q = number.p.root(degree), number.q.root(degree)
            if p**degree != number.p or q**degree != number.q:
                raise Inexact
            return fmpq(p, q)


def _nonzero(number: fmpq) -> fmpq:
    if number == 0:
        raise Undefined
    if not (number < 0 or number > 0):
        raise Inexact  # an interval around 0
    return number


def holds(chain: Chain, point: Point) -> bool:
    """Whether every link of the chain is true at the point."""
    values = [value(part, point) for part in chain.parts]
    for op, left, right in zip(chain.ops, values, values[1:], strict=False):
        gap = left - right
        true = {">=": gap >= 0, ">": gap > 0, "<=": gap <= 0, "<": gap < 0, "=": gap == 0}[op]
        if not true:
            return False
    return True


def surely_fails(chain: Chain, point: Point) -> bool:
    """Whether some link is false for all numbers in the enclosures of its sides."""
    with flint_context.workprec(200):
        values = [value(part, point, arb) for part in chain.parts]
        for op, left, right in zip(chain.ops, values, values[1:], strict=False):
            gap = left - right
            below, above = bool(gap < 0), bool(gap > 0)
            if {"=": below or above, ">": below, "<": above}[op[0]]:
                return True
    return False


def in_domain(statement: Statement, point: Point) -> bool:
    """Whether the point satisfies the domain and every hypothesis, exactly."""
    values = [point[name] for name in statement.variables]
    if statement.domain in ("positive", "triangle") and not all(x > 0 for x in values):
        return False
    if statement.domain == "nonnegative" and not all(x >= 0 for x in values):
        return False
    if statement.domain == "triangle" and not all(2 * x < sum(values, fmpq(0)) for x in values):
        return False
    return all(holds(given, point) for given in statement.given)


@dataclass(frozen=True, slots=True)
class WitnessVerdict:
    refutes: bool
    reason: str


def check_witness(statement: Statement, point: Mapping[str, object]) -> WitnessVerdict:
    """Does this point, given as exact fractions such as "1/2", refute the statement?"""
    exact: dict[str, fmpq] = {}
    for name in statement.variables:
        try:
            exact[name] = parse_number(point[name])
        except (KeyError, Unreadable):
            return WitnessVerdict(False, f"the witness gives no exact value of {name}")
    if len(point) != len(exact):
        return WitnessVerdict(False, "the witness names other variables")
    try:
        if not in_domain(statement, exact):
            return WitnessVerdict(False, "the point is outside the domain or the hypotheses")
    except (Undefined, Inexact):
        return WitnessVerdict(False, "the hypotheses have no exact value at the point")
    return refutes(statement.goal, exact)


def refutes(goal: Chain, point: Point) -> WitnessVerdict:
    """Whether the relation fails, or has no meaning, at a point that is known to be allowed."""
    where = ", ".join(f"{name} = {number}" for name, number in point.items())
    try:
        if holds(goal, point):
            return WitnessVerdict(False, f"the relation holds at {where}")
        return WitnessVerdict(True, f"false at {where}")
    except Undefined:
        return WitnessVerdict(True, f"not defined at {where}")
    except Inexact:
        pass
    try:
        if surely_fails(goal, point):
            return WitnessVerdict(True, f"false at {where} (by interval arithmetic)")
    except Undefined:
        return WitnessVerdict(True, f"not defined at {where}")
    except Inexact:
        pass
    return WitnessVerdict(False, f"no exact value at {where}")


def parse_number(text: object) -> fmpq:
    """An exact number from an int or a text such as "-3/4" or "0.5"; never from a float."""
    if isinstance(text, int) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str) or len(text) > 600 or not text.isascii():
        raise Unreadable("expected an exact number as text")
    body = text.strip()
    sign, body = (-1, body[1:].strip()) if body.startswith("-") else (1, body)
    num, slash, den = body.partition("/")
    whole, dot, part = num.strip().partition(".")
    den = den.strip() if slash else "1"
    if not (whole + part).isdigit() or not den.isdigit() or (dot and not part) or not int(den):
        raise Unreadable(f"{text[:40]!r} is not an exact number")
    return fmpq(sign * int(whole + part), int(den) * 10 ** len(part))


_VALUES = tuple(
    fmpq(p, q)
    for p, q in ((1, 1), (2, 1), (3, 1), (1, 2), (5, 1), (1, 3), (3, 2), (1, 10), (7, 1), (2, 3))
)


def _raw(statement: Statement, n: int) -> Iterator[list[fmpq]]:
    """A fixed, varied list of tuples, before the hypotheses are imposed."""
    steps = (5, 7, 11, 3, 9, 1, 8, 2, 10, 6)
    for k in range(48):
        if k < 3:
            xs = [fmpq(_VALUES[k])] * n
        elif k < 3 + n:
            xs = [fmpq(2 if i == k - 3 else 1) for i in range(n)]
        else:
            xs = [
                fmpq(_VALUES[(k * steps[i % 10] + (k * k // 5) * (i + 1)) % 10]) for i in range(n)
            ]
        if statement.domain == "triangle":
            total = sum(xs, fmpq(0))
            xs = [total - x for x in xs] if n == 3 else xs
        elif statement.domain != "positive" and k % 3 == 2:
            xs = [fmpq(0) if k == 2 or (k // 3 + i) % 3 == 0 else x for i, x in enumerate(xs)]
        if statement.domain == "real" and k % 2 == 1:
            xs = [-x if (k // 2 >> i) & 1 else x for i, x in enumerate(xs)]
        yield xs


def _onto(statement: Statement, xs: list[fmpq], base: list[fmpq] | None) -> Iterator[list[fmpq]]:
    """Move a tuple onto the (single) equality hypothesis along a line or a ray.

    Along each line the defect is read at three points; where it is linear or quadratic with a
    known rational root, the other root is rational too. What comes out is checked by the caller.
    """
    equation = next(g for g in statement.given if set(g.ops) == {"="} and len(g.ops) == 1)

    def defect(ys: list[fmpq]) -> fmpq:
        point = dict(zip(statement.variables, ys, strict=True))
        return value(equation.parts[0], point) - value(equation.parts[1], point)

    zero = [fmpq(0)] * len(xs)
    lines = [(zero, xs)] + [
        ([fmpq(0) if i == j else x for i, x in enumerate(xs)],
         [fmpq(int(i == j)) for i in range(len(xs))])
        for j in reversed(range(len(xs)))
    ]  # fmt: skip
    for origin, way in lines:
        try:
            g1, g2, g3 = (
                defect([o + t * w for o, w in zip(origin, way, strict=True)]) for t in (1, 2, 3)
            )
        except (Undefined, Inexact):
            continue
        if g3 - 2 * g2 + g1 == 0 and g2 != g1:
            root = 1 - g1 / (g2 - g1)
            yield [o + root * w for o, w in zip(origin, way, strict=True)]
    if base is not None:
        way = [x - b for x, b in zip(xs, base, strict=True)]
        try:
            ahead, behind = (
                defect([b + s * w for b, w in zip(base, way, strict=True)]) for s in (1, -1)
            )
        except (Undefined, Inexact):
            return
        if ahead + behind != 0:
            s = (behind - ahead) / (ahead + behind)
            yield [b + s * w for b, w in zip(base, way, strict=True)]


def sample(statement: Statement) -> list[dict[str, fmpq]]:
    """Up to 40 exact points of the domain that satisfy every hypothesis; the same every time."""
    names, n = statement.variables, len(statement.variables)
    found: dict[tuple[str, ...], dict[str, fmpq]] = {}

    def keep(xs: list[fmpq]) -> bool:
        point = dict(zip(names, xs, strict=True))
        try:
            good = in_domain(statement, point)
        except (Undefined, Inexact):
            return False
        if good:
            found.setdefault(tuple(str(x) for x in xs), point)
        return good

    equations = [g for g in statement.given if "=" in g.ops]
    if not equations:
        for xs in _raw(statement, n):
            keep(xs)
        return list(found.values())[:40]
    base: list[fmpq] | None = None
    grid = [[fmpq(x)] * n for x in (*_VALUES[:6], fmpq(1, 4))]
    if n <= 3:
        grid += [list(xs) for xs in itertools.product((fmpq(0), *_VALUES[:6]), repeat=n)]
    for xs in grid:
        if keep(xs) and base is None:
            base = xs
    single = [g for g in equations if set(g.ops) == {"="} and len(g.ops) == 1]
    if len(single) == len(equations) == 1:
        for xs in _raw(statement, n):
            for ys in _onto(statement, xs, base):
                keep(ys)
            if len(found) >= 40:
                break
    return list(found.values())[:40]
