"""Exact points of a statement's domain, where claims that fail their reason are tried.

Points are proposals: whatever is said to fail at one, kernel.witness has confirmed there. Where the
world has polynomials for hypotheses and claim, these are evaluated first, which is much quicker.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import TypeAlias

from flint import fmpq

from olympiad_ineq.kernel import witness
from olympiad_ineq.kernel.rational import Fact, Poly, World
from olympiad_ineq.kernel.trees import Chain, Statement
from olympiad_ineq.kernel.witness import (
    Inexact,
    Undefined,
    WitnessVerdict,
    in_domain,
    value,
)
from olympiad_ineq.language.parse import Unreadable, parse_number

Tuple: TypeAlias = tuple[fmpq, ...]
MAX_POINTS = 40


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
    return witness.check_witness(statement, exact)


class Points:
    """The sample points of a statement: made when first needed, as many as are needed."""

    def __init__(self, statement: Statement, world: World | None = None) -> None:
        self.statement = statement
        self.world = None if world is None or world.spare else world
        self.made: list[Tuple] = []
        self.tried: dict[str, str] = {}
        self.source = islice(_distinct(statement, self.world), MAX_POINTS)

    def __iter__(self) -> Iterator[Tuple]:
        yield from self.made
        for xs in self.source:
            self.made.append(xs)
            yield xs

    def failing(self, chain: Chain, links: Sequence[Fact] | None = None) -> str:
        """Where the chain fails, at the first point that refutes it; or nothing.

        `links` are the chain's relations in the statement's world, where they are known.
        """
        if chain.text not in self.tried:
            self.tried[chain.text] = self._failing(chain, links)
        return self.tried[chain.text]

    def _failing(self, chain: Chain, links: Sequence[Fact] | None) -> str:
        claim = replace(self.statement, goal=chain)
        quick = links if self.world is not None else None
        for xs in self:
            if quick is not None and all(_true(fact, xs) for fact in quick):
                continue
            point = dict(zip(self.statement.variables, xs, strict=True))
            verdict = witness.check_witness(claim, point)
            if verdict.refutes:
                return verdict.reason
        return ""


def _true(fact: Fact, xs: Tuple) -> bool:
    """Does the relation hold at the point? Denominators are positive there."""
    gap = fact.diff.num(*xs)
    return bool({"=": gap == 0, ">": gap > 0, ">=": gap >= 0}[fact.op])


def sample(statement: Statement) -> list[dict[str, fmpq]]:
    """Up to 40 exact points of the domain that satisfy every hypothesis; the same every time."""
    return [dict(zip(statement.variables, xs, strict=True)) for xs in Points(statement)]


_VALUES = tuple(
    fmpq(p, q)
    for p, q in ((1, 1), (2, 1), (3, 1), (1, 2), (5, 1), (1, 3), (3, 2), (1, 10), (7, 1), (2, 3))
)


@lru_cache
def _raw(domain: str, n: int) -> tuple[Tuple, ...]:
    """A fixed, varied list of tuples of the domain, before the hypotheses are imposed."""
    steps = (5, 7, 11, 3, 9, 1, 8, 2, 10, 6)
    found = []
    for k in range(48):
        if k < 3:
            xs = [fmpq(_VALUES[k])] * n
        elif k < 3 + n:
            xs = [fmpq(2 if i == k - 3 else 1) for i in range(n)]
        else:
            xs = [
                fmpq(_VALUES[(k * steps[i % 10] + (k * k // 5) * (i + 1)) % 10]) for i in range(n)
            ]
        if domain == "triangle":
            total = sum(xs, fmpq(0))
            xs = [total - x for x in xs]
        elif domain != "positive" and k % 3 == 2:
            xs = [fmpq(0) if k == 2 or (k // 3 + i) % 3 == 0 else x for i, x in enumerate(xs)]
        if domain == "real" and k % 2 == 1:
            xs = [-x if (k // 2 >> i) & 1 else x for i, x in enumerate(xs)]
        found.append(tuple(xs))
    return tuple(found)


@lru_cache
def _grid(n: int) -> tuple[Tuple, ...]:
    """Equal values first, then (up to three variables) all tuples of a few."""
    found = [(fmpq(x),) * n for x in (*_VALUES[:6], fmpq(1, 4))]
    if n <= 3:
        found += list(itertools.product((fmpq(0), *_VALUES[:6]), repeat=n))
    return tuple(found)


def _distinct(statement: Statement, world: World | None) -> Iterator[Tuple]:
    """Allowed points, each once."""
    seen: set[str] = set()
    allowed = _filter(statement, world)
    for xs in _proposed(statement, world, allowed):
        key = str(xs)
        if key not in seen and allowed(xs):
            seen.add(key)
            yield xs


def _filter(statement: Statement, world: World | None) -> Callable[[Tuple], bool]:
    """Is the point allowed? By the hypotheses' polynomials first, where they are known."""

    def allowed(xs: Tuple) -> bool:
        if world is not None and not all(_true(fact, xs) for fact in world.given):
            return False
        try:
            return in_domain(statement, dict(zip(statement.variables, xs, strict=True)))
        except (Undefined, Inexact):
            return False

    return allowed


def _proposed(
    statement: Statement, world: World | None, allowed: Callable[[Tuple], bool]
) -> Iterator[Tuple]:
    n = len(statement.variables)
    equations = [g for g in statement.given if "=" in g.ops]
    if not equations:
        yield from _raw(statement.domain, n)
        return
    yield from _grid(n)
    single = [g for g in equations if set(g.ops) == {"="} and len(g.ops) == 1]
    if len(single) == len(equations) == 1:
        defect = _defect(statement, single[0], world)
        base = next((xs for xs in _grid(n) if allowed(xs)), None)
        for xs in _raw(statement.domain, n):
            yield from _onto(defect, xs, base)


def _defect(
    statement: Statement, equation: Chain, world: World | None
) -> Callable[[Sequence[fmpq]], fmpq]:
    """The difference of the equation's sides at a point; may raise Undefined or Inexact."""
    if world is not None:
        p: Poly = next(f.diff.num for f in world.given if f.op == "=")
        if not any(f.diff.den for f in world.given if f.op == "="):
            return lambda xs: p(*xs)

    def defect(xs: Sequence[fmpq]) -> fmpq:
        point = dict(zip(statement.variables, xs, strict=True))
        return value(equation.parts[0], point) - value(equation.parts[1], point)

    return defect


def _onto(
    defect: Callable[[Sequence[fmpq]], fmpq], xs: Tuple, base: Tuple | None
) -> Iterator[Tuple]:
    """Move a tuple onto the (single) equality hypothesis along a line or a ray.

    Along each line the defect is read at three points; where it is linear or quadratic with a
    known rational root, the other root is rational too. What comes out is checked by the caller.
    """
    zero = (fmpq(0),) * len(xs)
    lines = [(zero, xs)] + [
        (tuple(fmpq(0) if i == j else x for i, x in enumerate(xs)),
         tuple(fmpq(int(i == j)) for i in range(len(xs))))
        for j in reversed(range(len(xs)))
    ]  # fmt: skip

    def along(origin: Tuple, way: Tuple, t: fmpq | int) -> Tuple:
        return tuple(o + t * w for o, w in zip(origin, way, strict=True))

    for origin, way in lines:
        try:
            g1, g2, g3 = (defect(along(origin, way, t)) for t in (1, 2, 3))
        except (Undefined, Inexact):
            continue
        if g3 - 2 * g2 + g1 == 0 and g2 != g1:
            yield along(origin, way, 1 - g1 / (g2 - g1))
    if base is not None:
        way = tuple(x - b for x, b in zip(xs, base, strict=True))
        try:
            ahead, behind = (defect(along(base, way, s)) for s in (1, -1))
        except (Undefined, Inexact):
            return
        if ahead + behind != 0:
            yield along(base, way, (behind - ahead) / (ahead + behind))
