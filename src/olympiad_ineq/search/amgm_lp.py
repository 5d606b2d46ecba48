"""Sums of AM-GM instances by linear programming (circuits), with an exact re-solve.

Each negative term of p is paid for by weighted means of positive terms: for a simplex of exponents
around the term's exponent, sum(w_i * x^a_i) >= W * x^b. Equations enter as free multiples.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from math import comb, gcd
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csc_array

from olympiad_ineq.search.space import simplest
from olympiad_ineq.search.task import NONNEGATIVE, POSITIVE, UNKNOWN, Certificate, Poly, Task

Exponents = tuple[int, ...]
Terms = dict[Exponents, fmpq]
_MAX_SIMPLICES, _PER_TARGET, _MAX_WEIGHT, _MAX_POINTS = 6000, 60, 24, 60
Ints = NDArray[np.int64]


class Circuit:
    """sum(weights[i] * x^points[i]) >= W * x^target, as a column of the linear program."""

    __slots__ = ("points", "target", "weights")

    def __init__(self, points: list[int], weights: list[int], target: int) -> None:
        self.points, self.weights, self.target = points, weights, target


@lru_cache(maxsize=256)
def _subsets(n: int, size: int) -> Ints:
    return np.array(list(combinations(range(n), size)), dtype=np.int64).reshape(-1, size)


def circuits(places: Ints, sources: Sequence[int], targets: Sequence[int]) -> list[Circuit]:
    """Minimal simplices of sources around each target, lightest weights first."""
    found: list[Circuit] = []
    base = places[list(sources)]
    shifted = base - base[0]
    columns: list[int] = []
    for c in range(places.shape[1]):
        if np.linalg.matrix_rank(shifted[:, [*columns, c]]) > len(columns):
            columns.append(c)
    rank = len(columns)
    if rank == 0:
        return []
    size = rank + 1
    if comb(len(sources), size) > _MAX_SIMPLICES:
        return _segments(places, sources, targets)
    subsets = _subsets(len(sources), size)
    if not len(subsets):
        return []
    corners = np.ones((len(subsets), size, size))
    corners[:, :rank, :] = base[subsets][:, :, columns].transpose(0, 2, 1)
    determinant = np.rint(np.linalg.det(corners)).astype(np.int64)
    good = determinant != 0
    subsets, corners, determinant = subsets[good], corners[good], determinant[good]
    if not len(subsets):
        return []
    inverse = np.linalg.inv(corners)
    for target in targets:
        right = np.append(places[target][columns], 1).astype(float)
        weights = np.rint((inverse @ right) * determinant[:, None]).astype(np.int64)
        weights *= np.sign(determinant)[:, None]
        inside = np.flatnonzero((weights >= 0).all(axis=1) & ((weights > 0).sum(axis=1) > 1))
        divisor = np.gcd.reduce(weights[inside], axis=1)
        order = np.argsort(np.abs(determinant[inside]) // divisor, kind="stable")
        seen: set[tuple[tuple[int, int], ...]] = set()
        for k in order:
            row = weights[inside[k]] // divisor[k]
            pairs = tuple(
                (sources[int(i)], int(v)) for i, v in zip(subsets[inside[k]], row, strict=True) if v
            )
            total = sum(v for _, v in pairs)
            if total > _MAX_WEIGHT or len(seen) >= _PER_TARGET:
                break
            if pairs in seen or any(i == target for i, _ in pairs):
                continue
            exact = sum(v * places[i] for i, v in pairs) - total * places[target]
            if not exact.any():
                seen.add(pairs)
                found.append(Circuit([i for i, _ in pairs], [v for _, v in pairs], target))
    return found


def _segments(places: Ints, sources: Sequence[int], targets: Sequence[int]) -> list[Circuit]:
    """Two sources on a line through the target: all that is tried where simplices are too many."""
    found = []
    for target in targets:
        ways: dict[tuple[int, ...], list[tuple[int, int]]] = {}
        for i in sources:
            way = places[i] - places[target]
            length = gcd(*(int(x) for x in way))
            if length:
                ways.setdefault(tuple(int(x) // length for x in way), []).append((i, length))
        for way, ones in ways.items():
            for i, m in ones:
                for j, n in ways.get(tuple(-x for x in way), []):
                    if i < j and (m + n) // gcd(m, n) <= _MAX_WEIGHT:
                        d = gcd(m, n)
                        found.append(Circuit([i, j], [n // d, m // d], target))
    return found


class _Program:
    """p (plus multiples of equations) = circuits + nonnegative terms."""

    def __init__(self, task: Task, p: Poly, scale: list[fmpq] | None, equations: bool) -> None:
        self.task = task
        w = task.world
        self.unit = _monomial_equation(task)
        terms = task.in_symbols(p)
        self.frees: list[Terms] = []
        if equations:
            top = max((sum(m) for m in terms), default=0)
            for g in w.ideal:
                row = task.in_symbols(g)
                low = max((sum(m) for m in row), default=0)
                if len(row) < 2 or low > top + 2:  # the equations of pure roots are empty here
                    continue
                n = len(task.symbols)
                shifts = [(0,) * n]
                if top + 1 >= low:
                    shifts += [tuple(int(i == j) for i in range(n)) for j in range(n)]
                    degrees = [1] * n
                    for root, d in task.pure_roots.values():
                        degrees[task.symbols.index(root)] = d
                    if any(d > 1 for d in degrees):
                        shifts += [
                            tuple(degrees[i] * int(i == j) for i in range(n)) for j in range(n)
                        ]
                for s in dict.fromkeys(shifts):
                    self.frees.append(
                        {tuple(a + b for a, b in zip(m, s, strict=True)): c for m, c in row.items()}
                    )
        n = len(task.symbols)
        self.helps: list[tuple[int, Exponents, Terms]] = []
        one = tuple(0 for _ in range(n))
        shifts = [one, *(tuple(int(i == j) for i in range(n)) for j in range(n))]
        for k, fact in enumerate(w.given if equations else (), start=1):
            if fact.op == "=" or any(fact.diff.den.values()):
                continue
            row = task.in_symbols(fact.diff.num)
            for s in shifts:
                if self._usable(s):
                    moved = {
                        tuple(a + b for a, b in zip(m, s, strict=True)): c for m, c in row.items()
                    }
                    self.helps.append((k, s, moved))
        names: dict[Exponents, int] = {}
        self.monomials: list[Exponents] = []
        extra = [*self.frees, *(row for _, _, row in self.helps)]
        for m in [*terms, *(m for row in extra for m in row)]:
            key = self._place(m)
            if key not in names:
                names[key] = len(self.monomials)
                self.monomials.append(m)
        self.names = names
        self.scale = scale
        size = len(self.monomials)
        self.size = size
        self.values = [fmpq(0)] * size
        for m, c in terms.items():
            self.values[names[self._place(m)]] += c * self._factor(m)
        self.places = np.array([self._place(m) for m in self.monomials], dtype=np.int64)

    def _factor(self, m: Exponents) -> fmpq:
        result = fmpq(1)
        for e, s in zip(m, self.scale or (), strict=False):
            result *= s**e
        return result

    def _place(self, m: Exponents) -> Exponents:
        """The exponents; where a monomial is 1, their projection along it."""
        if self.unit is None:
            return m
        u = self.unit
        dot, norm = sum(a * b for a, b in zip(m, u, strict=True)), sum(b * b for b in u)
        return tuple(a * norm - dot * b for a, b in zip(m, u, strict=True))

    def _usable(self, m: Exponents) -> bool:
        """Is the monomial nonnegative on the domain?"""
        return all(
            e % 2 == 0 or self.task.sign(s) != UNKNOWN
            for e, s in zip(m, self.task.symbols, strict=True)
        )

    def solve(self) -> Certificate | None:
        size = self.size
        if size > _MAX_POINTS:
            return None
        extra = [*self.frees, *(row for _, _, row in self.helps)]
        touched = {self.names[self._place(m)] for row in extra for m in row}
        usable = [self._usable(m) for m in self.monomials]
        sources = [i for i in range(size) if usable[i] and (self.values[i] > 0 or i in touched)]
        targets = [i for i in range(size) if self.values[i] < 0 or i in touched or not usable[i]]
        if not sources or (not targets and not extra):
            return None
        rays = circuits(self.places, sources, targets) if targets else []
        columns: list[dict[int, fmpq]] = []
        for ray in rays:
            column = {i: fmpq(v) for i, v in zip(ray.points, ray.weights, strict=True)}
            # a target of unknown sign may be taken with either sign; its own decides
            column[ray.target] = column.get(ray.target, fmpq(0)) - sum(ray.weights) * self._way(
                ray.target
            )
            columns.append(column)
        count = len(columns)
        for row in extra:
            column = {}
            for m, c in row.items():
                i = self.names[self._place(m)]
                column[i] = column.get(i, fmpq(0)) + c * self._factor(m)
            columns.append(column)
        for i in range(size):  # slack: a nonnegative multiple of a nonnegative term
            if usable[i]:
                columns.append({i: fmpq(1)})
        found = self._optimum(columns, count, [sum(r.weights) for r in rays])
        if found is None:
            return None
        return self._emit(rays, found[:count], columns, found)

    def _way(self, target: int) -> int:
        usable = self._usable(self.monomials[target])
        return 1 if usable or self.values[target] <= 0 else -1

    def _optimum(
        self, columns: list[dict[int, fmpq]], count: int, costs: list[int]
    ) -> list[fmpq] | None:
        rows, entries, at = [], [], [0]
        for column in columns:
            for i, v in column.items():
                rows.append(i)
                entries.append(int(v.p) / int(v.q))
            at.append(len(rows))
        matrix = csc_array((entries, rows, at), shape=(self.size, len(columns)))
        right = np.array([int(v.p) / int(v.q) for v in self.values])
        frees = len(self.frees)
        helps = len(self.helps)
        slack = len(columns) - count - frees - helps
        cost = np.array([*map(float, costs), *[0.0] * (frees + helps), *[-1e-3] * slack])
        if self.task.strict:
            cost[count + frees + helps :] = -0.5
        bounds = [(0, None)] * count + [(None, None)] * frees + [(0, None)] * (helps + slack)
        result = linprog(
            cost, A_eq=matrix, b_eq=right, bounds=bounds, method="highs-ds",
            options={"time_limit": max(0.02, min(1.0, self.task.left)), "presolve": False},
        )  # fmt: skip
        if result.status != 0:
            return None
        return self._exactly(columns, count, result.x)

    def _exactly(
        self, columns: list[dict[int, fmpq]], count: int, x: NDArray[np.float64]
    ) -> list[fmpq] | None:
        """The vertex that the floats point at, in fractions: by rounding, else by solving."""
        frees = len(self.frees)
        support = [k for k in range(len(columns)) if abs(x[k]) > 1e-8]
        exact = [fmpq(0)] * len(columns)
        for k in support:
            exact[k] = simplest(float(x[k]) - 1e-7, float(x[k]) + 1e-7)
        if self._holds(columns, exact):
            return exact
        if len(support) > 80:
            return None
        matrix = fmpq_mat(self.size, len(support))
        for k, column in enumerate(support):
            for i, v in columns[column].items():
                matrix[i, k] = v
        solution = solve_linear(matrix, self.values)
        if solution is None:
            return None
        exact = [fmpq(0)] * len(columns)
        for k, value in zip(support, solution, strict=True):
            if value < 0 and not count <= k < count + frees:
                return None
            exact[k] = value
        return exact if self._holds(columns, exact) else None

    def _holds(self, columns: list[dict[int, fmpq]], x: list[fmpq]) -> bool:
        rest = list(self.values)
        for column, value in zip(columns, x, strict=True):
            if value != 0:
                for i, v in column.items():
                    rest[i] -= v * value
        return not any(rest)

    def _emit(
        self, rays: list[Circuit], weights: list[fmpq], columns: list[dict[int, fmpq]],
        found: list[fmpq],
    ) -> Certificate | None:  # fmt: skip
        task = self.task
        parts: list[dict[str, Any]] = []
        for ray, weight in zip(rays, weights, strict=True):
            if weight == 0:
                continue
            exps = [self.monomials[i] for i in ray.points]
            target = self.monomials[ray.target]
            way = self._way(ray.target)
            factors = [1 / self._factor(m) for m in (*exps, target)]
            common = [min(c) for c in zip(*exps, target, strict=True)]
            common = [
                c if task.sign(s) != UNKNOWN else c - c % 2
                for c, s in zip(common, task.symbols, strict=True)
            ]
            root = tuple(a - b for a, b in zip(target, common, strict=True))
            ones = [tuple(a - b for a, b in zip(m, common, strict=True)) for m in exps]
            even = 2 if way < 0 or not self._usable(root) else 1
            parts.append(
                {
                    "terms": [
                        task.text(task.monomial(m) * f) for m, f in zip(ones, factors, strict=False)
                    ],
                    "weights": [str(v * even) for v in ray.weights],
                    "root": task.text(task.monomial(root) * factors[-1] * way),
                    "weight": task.text(task.monomial(common) * weight / even),
                }
            )
        at, above = len(rays) + len(self.frees), False
        for (k, s, _), weight in zip(self.helps, found[at : at + len(self.helps)], strict=True):
            if weight != 0:
                text = task.text(task.monomial(s) * (weight / self._factor(s)))
                parts.append({"given": k, "weight": text})
                above |= task.world.given[k - 1].op == ">" and all(
                    not e or task.sign(i) == POSITIVE for e, i in zip(s, task.symbols, strict=True)
                )
        rest: Poly = task.world.zero
        at = len(columns) - sum(self._usable(m) for m in self.monomials)
        for m in self.monomials:
            if self._usable(m):
                if found[at] != 0:
                    rest = rest + task.monomial(m) * (found[at] / self._factor(m))
                at += 1
        if rest:
            parts.append({"nonnegative": task.text(rest)})
        if task.strict and not above and (not rest or not task.positive_part(rest)):
            return None
        return task.certificate("amgm", parts)


def solve_linear(matrix: Any, right: list[fmpq]) -> list[fmpq] | None:
    """One exact solution with independent columns, or None."""
    m, n = matrix.nrows(), matrix.ncols()
    wide = fmpq_mat(m, n + 1)
    for i in range(m):
        for j in range(n):
            wide[i, j] = matrix[i, j]
        wide[i, n] = right[i]
    reduced, rank = wide.rref()
    solution = [fmpq(0)] * n
    for i in range(rank):
        lead = next(j for j in range(n + 1) if reduced[i, j] != 0)
        if lead == n:
            return None
        solution[lead] = reduced[i, n]
    return solution


def _monomial_equation(task: Task) -> Exponents | None:
    """The exponents of a hypothesis (monomial) = 1."""
    for g in task.world.ideal:
        terms = task.in_symbols(g)
        if len(terms) == 2 and (0,) * len(task.symbols) in terms:
            ((m, c),) = ((m, c) for m, c in terms.items() if any(m))
            ones = -terms[(0,) * len(task.symbols)] / c
            if ones == 1 and all(
                task.sign(s) >= NONNEGATIVE for e, s in zip(m, task.symbols, strict=True) if e
            ):
                return m
    return None


def amgm_lp(task: Task) -> Certificate | None:
    """A certificate by AM-GM instances, or None."""
    forms: list[tuple[Poly, bool]] = []
    if task.homogeneous is not None:
        forms.append((task.homogeneous, False))
    unequal = any(fact.op != "=" for fact in task.world.given)
    if task.homogeneous is None or task.world.ideal or unequal:
        equations = any(len(g) > 2 or not task.world.spare for g in task.world.ideal)
        forms.append((task.p, unequal or (bool(task.world.ideal) and equations)))
    scales: list[list[fmpq] | None] = [None]
    for hint in task.hints[:3]:
        off = len(set(hint)) > 1 and all(x > 0 for x in hint)  # equality off the diagonal
        far = task.homogeneous is None and hint[0] not in (0, 1)  # or on it, but not at 1
        if (off or far) and not task.world.spare and not task.ravi:
            scales.append(hint)
    for p, equations in forms:
        for scale in scales[:3]:
            if task.left < 0.005:
                return None
            found = _Program(task, p, scale, equations).solve()
            if found is not None:
                return found
    return None
