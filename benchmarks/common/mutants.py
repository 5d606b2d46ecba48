"""Statements of known truth made from the classics: false ones by construction, and true ones.

False: a constant moved by 1 % to 1e-6 where equality is attained, a sign turned, a strict sign
where equality is attained. Doubtful (exponents, coefficients, domains, hypotheses): false only if
an evaluation that shares no code with the checker finds a point where they fail. True: the
classics, and the classics relaxed.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import sympy  # type: ignore[import-untyped, unused-ignore]

Fields = dict[str, Any]
CLASSICS = Path(__file__).parents[2] / "config" / "benchmarks" / "classics.jsonl"
DELTAS = ("0.01", "0.001", "0.0001", "0.00001", "0.000001")
_TOKEN = re.compile(r"\d+(?:\.\d+)?|[a-z]+|[-+*/^()]|<=|>=|[<>=]")


def classics() -> list[Fields]:
    """The seed list."""
    return [json.loads(line) for line in CLASSICS.read_text(encoding="utf-8").splitlines()]


# -- an evaluator of its own ----------------------------------------------------------------------


class Undefined(ArithmeticError):
    """No value at this point."""


Number = Any  # a Fraction while that is possible, else a float


class _Reader:
    """The value of a text such as "2*a^2 + sqrt(b)" at a point, in fractions while they last.

    With sympy's rationals as numbers it is exact, roots included.
    """

    def __init__(self, text: str, point: dict[str, Number], number: type = Fraction) -> None:
        self.tokens: list[str] = [*_TOKEN.findall(text.replace(" ", "")), ""]
        self.at, self.point, self.number = 0, point, number

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def sum(self) -> Number:
        sign = -1 if self.tokens[self.at] == "-" and self.take() else 1
        total = sign * self.product()
        while self.tokens[self.at] in ("+", "-"):
            sign = 1 if self.take() == "+" else -1
            total = total + sign * self.product()
        return total

    def product(self) -> Number:
        total = self.power()
        while self.tokens[self.at] in ("*", "/"):
            if self.take() == "*":
                total = total * self.power()
            else:
                below = self.power()
                if below == 0:
                    raise Undefined
                total = total / below
        return total

    def power(self) -> Number:
        base = self.atom()
        while self.tokens[self.at] == "^":
            self.take()
            exponent = Fraction(str(self.atom()))
            if base == 0 and exponent < 0:
                raise Undefined
            whole = exponent.denominator == 1
            base = _power(base, exponent.numerator) if whole else _root(base, exponent)
        return base

    def atom(self) -> Number:
        token = self.take()
        if token == "(":
            value = self.sum()
            self.take()
            return value
        if token == "sqrt":
            return _root(self.atom(), Fraction(1, 2))
        if token[0].isdigit():
            return self.number(token)
        return self.point[token]


def _power(base: Number, n: int) -> Number:
    return base**n


def _root(base: Number, exponent: Fraction) -> Number:
    if base < 0:
        raise Undefined
    if isinstance(base, sympy.Basic):
        return base ** sympy.Rational(exponent.numerator, exponent.denominator)
    result = float(base) ** (exponent.numerator / exponent.denominator)
    if isinstance(base, Fraction):
        near = Fraction(result).limit_denominator(10**6)
        if near**exponent.denominator == base**exponent.numerator:
            return near
    return result


def evaluate(text: str, point: dict[str, Number]) -> Number:
    """The value of an expression; raises Undefined."""
    return _Reader(text, point).sum()


def parts_of(chain: str) -> tuple[list[str], list[str]]:
    """The expressions and the signs of a chain."""
    pieces = re.split(r"(<=|>=|<|>|=)", chain)
    return [p.strip() for p in pieces[::2]], pieces[1::2]


def fails(chain: str, point: dict[str, Number], slack: float = 0.0) -> bool:
    """Is some link false at the point (by more than a relative slack), or undefined?"""
    expressions, ops = parts_of(chain)
    try:
        values = [evaluate(e, point) for e in expressions]
    except Undefined:
        return True
    for op, left, right in zip(ops, values, values[1:], strict=False):
        room = slack * (abs(left) + abs(right)) if slack else 0
        gap = -abs(left - right) if op == "=" else left - right if op[0] == ">" else right - left
        if gap < -room or (gap == 0 and op in ("<", ">") and not slack):
            return True
    return False


def in_domain(statement: Fields, point: dict[str, Number], slack: float = 0.0) -> bool:
    """Does the point satisfy domain and hypotheses?"""
    xs = [point[v] for v in statement["variables"]]
    domain = statement["domain"]
    if domain in ("positive", "triangle") and min(xs) <= 0:
        return False
    if domain == "nonnegative" and min(xs) < 0:
        return False
    if domain == "triangle" and 2 * max(xs) >= sum(xs):
        return False
    return not any(fails(g, point, slack) for g in statement["given"])


def refutes(statement: Fields, witness: dict[str, str]) -> bool:
    """Does an exact point refute the statement? Independent of the kernel."""
    point: dict[str, Number] = {v: Fraction(witness[v]) for v in statement["variables"]}
    if not in_domain(statement, point):
        return False
    expressions, _ = parts_of(statement["goal"])
    try:
        exact = all(isinstance(evaluate(e, point), Fraction) for e in expressions)
    except Undefined:
        return True
    if exact:
        return fails(statement["goal"], point)
    return fails(statement["goal"], point, 1e-14) or _meets(statement["goal"], point)


def _meets(chain: str, point: dict[str, Number]) -> bool:
    """Are the sides of some strict link equal, by sympy's arithmetic of roots?"""
    numbers = {name: sympy.Rational(x.numerator, x.denominator) for name, x in point.items()}
    texts, ops = parts_of(chain)
    values = [_Reader(text, numbers, sympy.Rational).sum() for text in texts]
    gaps = (left - right for left, right in pairwise(values))
    return any(
        sympy.simplify(gap) == 0 for op, gap in zip(ops, gaps, strict=True) if op in ("<", ">")
    )


# -- points where an inequality may be tight or fail -----------------------------------------------


def usual_points(statement: Fields) -> Iterator[dict[str, Number]]:
    """Exact points of the domain that satisfy the hypotheses, simple ones first."""
    names = statement["variables"]
    n = len(names)
    values = [Fraction(x) for x in ("1", "2", "1/2", "3", "1/3", "0", "1/4", "3/2")]
    if statement["domain"] == "real":
        values += [Fraction(x) for x in ("-1", "-2", "-1/2")]
    count = 0
    for xs in product(values, repeat=n) if n <= 3 else _some_points(values, n):
        point: dict[str, Number] = dict(zip(names, xs, strict=True))
        if in_domain(statement, point):
            yield point
            count += 1
            if count >= 250:
                return


def _some_points(values: list[Fraction], n: int) -> Iterator[tuple[Fraction, ...]]:
    rng = random.Random(n)
    yield from ((v,) * n for v in values)
    for _ in range(300):
        yield tuple(rng.choice(values) for _ in range(n))


def false_point(statement: Fields) -> dict[str, Number] | None:
    """A usual point where the statement fails, if there is one."""
    return next((p for p in usual_points(statement) if fails(statement["goal"], p, 1e-12)), None)


# -- mutants --------------------------------------------------------------------------------------


def _mutant(statement: Fields, what: str, **changes: Any) -> Fields:
    made = {**statement, **changes}
    made["mutant_of"], made["mutation"] = statement["id"], what
    made["id"] = f"{statement['id']}/{what}"
    return made


def tight_points(statement: Fields) -> list[dict[str, Number]]:
    """Usual points where the two sides of a single relation are equal."""
    expressions, _ = parts_of(statement["goal"])
    found = []
    for point in usual_points(statement):
        try:
            left, right = evaluate(expressions[0], point), evaluate(expressions[1], point)
        except (Undefined, ZeroDivisionError):
            continue
        if abs(left - right) <= 1e-13 * (abs(left) + abs(right)) and right != 0:
            found.append(point)
    return found


def false_by_construction(statement: Fields) -> Iterator[Fields]:
    """Constants off, strict signs and turned signs."""
    expressions, ops = parts_of(statement["goal"])
    if len(ops) != 1 or ops[0] not in (">=", "<="):
        return
    left, right = expressions
    points = tight_points(statement)
    if points:
        value = evaluate(right, points[0])
        up = (ops[0] == ">=") == (value > 0)
        for delta in DELTAS:
            factor = str(1 + Fraction(delta) * (1 if up else -1))
            goal = f"{left} {ops[0]} ({factor})*({right})"
            yield _mutant(statement, f"constant {delta}", goal=goal)
            factor = str(1 + Fraction(delta) * (-1 if up else 1))
            yield _mutant(statement, f"left {delta}", goal=f"({factor})*({left}) {ops[0]} {right}")
        yield _mutant(statement, "strict", goal=f"{left} {ops[0][0]} {right}")
    turned = _mutant(statement, "turned", goal=f"{left} {'<=' if ops[0] == '>=' else '>='} {right}")
    if false_point(turned):
        yield turned


def doubtful(statement: Fields) -> Iterator[Fields]:
    """Mutants that may be true or false."""
    goal = statement["goal"]
    for k, found in enumerate(re.finditer(r"\^(\d)(?!\d)|(?<![\d.^])(\d+)(?![\d.)])", goal)):
        if found[1]:
            for e in (int(found[1]) - 1, int(found[1]) + 1):
                if e > 0:
                    text = f"{goal[: found.start()]}^{e}{goal[found.end() :]}"
                    yield _mutant(statement, f"exponent {k} {e}", goal=text)
        elif found[2] and found.end() < len(goal):
            for c in (int(found[2]) + 1, max(1, int(found[2]) - 1)):
                text = f"{goal[: found.start()]}{c}{goal[found.end() :]}"
                if text != goal:
                    yield _mutant(statement, f"coefficient {k} {c}", goal=text)
    for domain in ("real", "nonnegative", "positive", "triangle"):
        fits = domain != "triangle" or len(statement["variables"]) == 3
        if domain != statement["domain"] and fits:
            yield _mutant(statement, f"domain {domain}", domain=domain)
    for k, given in enumerate(statement["given"]):
        rest = [g for i, g in enumerate(statement["given"]) if i != k]
        yield _mutant(statement, f"dropped {k}", given=rest)
        number = re.fullmatch(r"(.+) = (\d+)", given)
        if number:
            changed = f"{number[1]} = {int(number[2]) + 1}"
            yield _mutant(statement, f"given {k}", given=[*rest, changed])


def true_by_construction(statement: Fields) -> Iterator[Fields]:
    """The statement, and relaxations where the right side is of one sign."""
    yield statement
    expressions, ops = parts_of(statement["goal"])
    if len(ops) != 1:
        return
    left, right = expressions
    if re.fullmatch(r"[\d/]+", right) and right != "0":
        for delta in ("0.01", "0.0001", "0.000001"):
            factor = str(1 + Fraction(delta) * (-1 if ops[0][0] == ">" else 1))
            goal = f"{left} {ops[0]} {factor}*{right}"
            yield _mutant(statement, f"relaxed {delta}", goal=goal)
    if statement["domain"] != "real" and "-" not in goal_text(statement):
        for delta in ("0.01", "0.000001"):
            factor = str(1 + Fraction(delta) * (1 if ops[0][0] == ">" else -1))
            goal = f"{factor}*({left}) {ops[0]} {right}"
            yield _mutant(statement, f"slack {delta}", goal=goal)


def goal_text(statement: Fields) -> str:
    """The goal and the hypotheses in one text."""
    return " ".join([statement["goal"], *statement["given"]])


def tilted(count: int, seed: int = 1) -> list[Fields]:
    """Weighted AM-GM with equality at a random point, away from the diagonal."""
    rng = random.Random(seed)
    found = []
    for k in range(count):
        names = ["a", "b", "c"][: rng.choice((2, 3))]
        point = [Fraction(rng.randint(1, 9), rng.randint(1, 4)) for _ in names]
        weights = [rng.randint(1, 3) for _ in names]
        whole = sum(weights)
        lhs = "+".join(
            f"{w / x**whole}*{v}^{whole}" for v, x, w in zip(names, point, weights, strict=True)
        )
        scale = whole / math.prod(x**w for x, w in zip(point, weights, strict=True))
        rhs = "*".join([str(scale), *(f"{v}^{w}" for v, w in zip(names, weights, strict=True))])
        fields = {
            "id": f"tilted-{k}", "variables": names, "domain": "positive", "given": [],
            "goal": f"{lhs} >= {rhs}", "source": "weighted AM-GM, stretched",
            "tight": {v: str(x) for v, x in zip(names, point, strict=True)},
        }  # fmt: skip
        if max(map(len, re.findall(r"\d+", str(fields["goal"])))) <= 6:
            found.append(fields)
    return found


def false_statements(seed: int = 1) -> list[Fields]:
    """All statements that are known to be false."""
    found: list[Fields] = []
    for statement in classics():
        found += false_by_construction(statement)
        found += (m for m in doubtful(statement) if false_point(m))
    for statement in tilted(40, seed):
        left, right = statement["goal"].split(" >= ")
        for delta in DELTAS:
            factor = str(1 + Fraction(delta))
            found.append(
                _mutant(statement, f"constant {delta}", goal=f"{left} >= ({factor})*{right}")
            )
        found.append(_mutant(statement, "strict", goal=f"{left} > {right}"))
    return found


def true_statements() -> list[Fields]:
    """All statements that are known to be true."""
    found = [m for s in classics() for m in true_by_construction(s)]
    return found + tilted(40)
