"""Exact evaluation at rational points: what refutes a statement.

A witness proves falsehood by itself: a point of the domain with rational coordinates where every
hypothesis holds and the goal fails (or is not defined). Evaluation is in exact fractions, with
roots where they are rational; else the goal is enclosed in rigorous intervals (Arb, 200 bits), and
counts as false only if it fails for every number in them, or is strict and its sides are shown to
be equal by the exact arithmetic of roots (`meets`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flint import arb, fmpq
from flint import ctx as flint_context

from .rational import IllPosed, Limit, World
from .trees import Add, Chain, Div, Expr, Mul, Neg, Num, Pow, Root, Statement, Var

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


def fails(chain: Chain, point: Point, kind: type = fmpq) -> bool:
    """Whether some link is false; with kind arb, for all numbers in the enclosures of its sides."""
    with flint_context.workprec(200):
        values = [value(part, point, kind) for part in chain.parts]
        for op, left, right in zip(chain.ops, values, values[1:], strict=False):
            gap = left - right
            below, above, equal = bool(gap < 0), bool(gap > 0), bool(gap == 0)
            if {"=": below or above, ">": below, "<": above}[op[0]] or (equal and op in (">", "<")):
                return True
    return False


def holds(chain: Chain, point: Point) -> bool:
    """Whether every link of the chain is true at the point: exact values decide each."""
    return not fails(chain, point)


def meets(chain: Chain, point: Point) -> bool:
    """Whether some strict link is false because its sides are equal, with roots of any kind.

    At the point the sides are numbers; `World` writes them over roots of primes (and of sums of
    such) as variables, and what reduces to zero modulo their equations is zero.
    """
    world = World(Statement(tuple(point), "real", (), chain), roots=True)
    facts = world.links(chain, {name: world.const(x) for name, x in point.items()})
    return any(fact.op == ">" and world.vanishes(fact.diff.num) for fact in facts)


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


def check_witness(statement: Statement, point: Point) -> WitnessVerdict:
    """Does this exact point refute the statement?"""
    if set(point) != set(statement.variables):
        return WitnessVerdict(False, "the witness must give every variable, and no other")
    try:
        if not in_domain(statement, point):
            return WitnessVerdict(False, "the point is outside the domain or the hypotheses")
    except (Undefined, Inexact):
        return WitnessVerdict(False, "the hypotheses have no exact value at the point")
    return refutes(statement.goal, point)


def refutes(goal: Chain, point: Point) -> WitnessVerdict:
    """Whether the relation fails, or has no meaning, at a point that is known to be allowed."""
    where = ", ".join(f"{name} = {number}" for name, number in point.items())
    for kind, how in ((fmpq, ""), (arb, " (by interval arithmetic)")):
        try:
            if fails(goal, point, kind):
                return WitnessVerdict(True, f"false at {where}{how}")
            if kind is fmpq:
                return WitnessVerdict(False, f"the relation holds at {where}")
            if meets(goal, point):
                return WitnessVerdict(True, f"false at {where} (its sides are equal)")
        except Undefined:
            return WitnessVerdict(True, f"not defined at {where}")
        except (Inexact, IllPosed, Limit):
            continue
    return WitnessVerdict(False, f"no exact value at {where}")
