"""Exact points of a statement's domain, where claims that fail their reason are tried.

Points are proposals: the kernel judges each (kernel.witness).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from functools import cached_property

from flint import fmpq

from olympiad_ineq.kernel import witness
from olympiad_ineq.kernel.trees import Chain, Statement
from olympiad_ineq.kernel.witness import (
    Inexact,
    Undefined,
    WitnessVerdict,
    in_domain,
    refutes,
    value,
)
from olympiad_ineq.language.parse import Unreadable, parse_number


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
    """The sample points of a statement, made when first needed."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement

    @cached_property
    def points(self) -> list[dict[str, fmpq]]:
        return sample(self.statement)

    def failing(self, chain: Chain) -> str:
        """Where the chain fails, at the first point that refutes it; or nothing."""
        for point in self.points:
            verdict = refutes(chain, point)
            if verdict.refutes:
                return verdict.reason
        return ""


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
