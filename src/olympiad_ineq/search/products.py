"""Products of hypotheses: p as a sum of c * h1*...*hk * monomial with every c >= 0, by an LP.

Where 0 <= a, b, c <= 1, the products (1-a)*(1-b), (1-a)*b, ... are non-negative; on a polytope some
sum of such products gives every polynomial that is positive there (Handelman, Pacific J. Math. 132,
1988). The degrees tried are low: what an olympiad proof writes down.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, islice
from typing import TypeAlias

import numpy as np
from flint import fmpq, fmpq_mat
from scipy.optimize import linprog
from scipy.sparse import csc_array

from olympiad_ineq.search.amgm_lp import solve_linear
from olympiad_ineq.search.space import to_float
from olympiad_ineq.search.task import UNKNOWN, Certificate, Poly, Task, number_text

_MOST_FACTORS, _MOST_COLUMNS, _MOST_TERMS, _MOST_DEGREE, _MOST_SUPPORT = 4, 1000, 400, 6, 60


@dataclass(frozen=True)
class Column:
    """A product of hypotheses (numbered from 1) and a monomial, and its polynomial."""

    hypotheses: tuple[int, ...]
    monomial: Poly
    value: Poly


def products(task: Task) -> Certificate | None:
    """A certificate by products of hypotheses, or None."""
    w = task.world
    if task.depth or w.spare:
        return None
    degree = max(int(task.p.total_degree()), 2)
    for top in (degree + 1, degree):
        columns = list(islice(_columns(task, top), _MOST_COLUMNS + 1))
        if not any(column.hypotheses for column in columns):
            return None
        if top <= _MOST_DEGREE and len(columns) <= _MOST_COLUMNS:
            return _combined(task, columns)
    return None


def _combined(task: Task, columns: Sequence[Column]) -> Certificate | None:
    w = task.world
    wanted = w.reduce(task.p)
    monomials = sorted({m for q in (wanted, *(c.value for c in columns)) for m in q.monoms()})
    if len(monomials) > _MOST_TERMS:
        return None
    right = [fmpq(wanted.to_dict().get(m, 0)) for m in monomials]
    weights = _weights(task, _entries(monomials, columns), right, len(columns))
    if weights is None:
        return None
    parts = []
    for column, weight in zip(columns, weights, strict=True):
        if weight == 0:
            continue
        text = task.text(column.monomial * weight)
        if column.hypotheses:
            parts.append({"given": list(column.hypotheses), "weight": text})
        else:
            parts.append({"nonnegative": task.text(column.monomial), "weight": number_text(weight)})
    return task.certificate("sum", parts)


def _columns(task: Task, top: int) -> Iterator[Column]:
    """Products of hypotheses and of variables that are non-negative, up to a degree."""
    w = task.world
    known = [
        (k, fact.diff.num)
        for k, fact in enumerate(w.given, 1)
        if fact.op != "=" and not any(fact.diff.den.values()) and not fact.diff.num.is_constant()
    ]
    variables = [g for g, sign in zip(w.gens, w.signs, strict=True) if sign != UNKNOWN]
    for count in range(_MOST_FACTORS + 1):
        for chosen in combinations_with_replacement(known, count):
            value = w.one
            for _, q in chosen:
                value = w.mul(value, q)
            left = top - int(value.total_degree())
            for size in range(left + 1):
                for some in combinations_with_replacement(variables, size):
                    monomial = w.one
                    for x in some:
                        monomial = monomial * x
                    numbers = tuple(k for k, _ in chosen)
                    yield Column(numbers, monomial, w.reduce(w.mul(value, monomial)))


Entries: TypeAlias = dict[tuple[int, int], fmpq]


def _entries(monomials: Sequence[tuple[int, ...]], columns: Sequence[Column]) -> Entries:
    """The coefficients, at (monomial, column)."""
    row = {m: i for i, m in enumerate(monomials)}
    return {(row[m], k): fmpq(c) for k, one in enumerate(columns) for m, c in one.value.terms()}


def _weights(task: Task, entries: Entries, right: list[fmpq], count: int) -> list[fmpq] | None:
    """Weights >= 0 that give the right side: a vertex by floats, then exactly."""
    rows, columns = zip(*entries, strict=True)
    matrix = csc_array(
        ([to_float(c) for c in entries.values()], (rows, columns)), shape=(len(right), count)
    )
    found = linprog(
        np.ones(count), A_eq=matrix, b_eq=np.array([to_float(v) for v in right]), bounds=(0, None),
        method="highs-ds", options={"time_limit": max(0.02, task.left)},
    )  # fmt: skip
    if found.status != 0:
        return None
    support = [k for k in range(count) if found.x[k] > 1e-8]
    if not support or len(support) > _MOST_SUPPORT:
        return None
    part = fmpq_mat(len(right), len(support))
    place = {k: at for at, k in enumerate(support)}
    for (i, k), c in entries.items():
        if k in place:
            part[i, place[k]] = c
    solution = solve_linear(part, right)
    if solution is None or min(solution) < 0:
        return None
    weights = [fmpq(0)] * count
    for k, value in zip(support, solution, strict=True):
        weights[k] = value
    return weights
