"""Sums of weighted squares by semidefinite programming, rounded to exact fractions.

p = sum over monomials m (nonnegative on the domain) of m * b_m^T G_m b_m with every G_m positive
semidefinite. Where p vanishes, b_m must too: the bases are cut down to polynomials that vanish
there (facial reduction), which leaves room for rounding. The rounded Gram matrices are projected
back onto the equations in exact arithmetic and factored as L D L^T.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray
from scipy.sparse import csc_matrix

from olympiad_ineq.search.task import NONNEGATIVE, Certificate, Poly, Task, TooLong

_MAX_UNKNOWNS, _MAX_BASIS, _MAX_ROWS = 420, 24, 130
_ROUNDINGS = (1, 2, 3, 4, 6, 12, 60, 840, 10**4, 10**6, 10**8)
Exponents = tuple[int, ...]


@dataclass
class Block:
    """One weight and the polynomials whose products it multiplies."""

    weight: Poly
    basis: list[Poly]


@lru_cache(maxsize=64)
def _directions(n: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(5)
    around = np.array(list(product((-1.0, 0.0, 1.0), repeat=n))) if n <= 4 else np.zeros((0, n))
    return np.concatenate([around, rng.standard_normal((20, n)), np.eye(n), -np.eye(n)])


@lru_cache(maxsize=512)
def _monomials(n: int, degree: int, exact: bool) -> list[Exponents]:
    if n == 0:
        return [()] if degree == 0 or not exact else []
    return (
        [(e, *rest) for e in range(degree + 1) for rest in _monomials(n - 1, degree - e, exact)]
        if n > 1 or not exact
        else [(degree,)]
    )


def blocks(task: Task, terms: dict[Exponents, fmpq], weighted: bool) -> list[Block]:
    """Weights and monomial bases that can occur, by degree and Newton polytope."""
    n = len(task.symbols)
    degrees = {sum(m) for m in terms}
    top, homogeneous = max(degrees), len(degrees) == 1
    support = np.array(list(terms), dtype=float)
    ways = _directions(n)
    highest = (ways @ support.T).max(axis=1) + 1e-9
    usable = [k for k, s in enumerate(task.symbols) if task.sign(s) >= NONNEGATIVE]
    weights: list[Exponents] = []
    for size in range(0, (len(usable) if weighted else 0) + 1):
        for some in combinations(usable, size):
            weights.append(tuple(int(k in some) for k in range(n)))
    found: list[Block] = []
    kept: list[tuple[Exponents, list[Exponents]]] = []
    for m in weights:
        room = top - sum(m)
        if room < 0 or (homogeneous and room % 2):
            continue
        candidates = _monomials(n, room // 2, homogeneous)
        if not candidates:
            continue
        doubled = 2 * np.array(candidates, dtype=float) + np.array(m)
        inside = ((doubled @ ways.T) <= highest).all(axis=1)
        basis = [c for c, good in zip(candidates, inside, strict=True) if good]
        if basis:
            kept.append((m, basis))
    changed = True
    while changed:  # a square that nothing can cancel must be in p
        changed = False
        cross: set[Exponents] = set(terms)
        for m, basis in kept:
            cross |= {
                tuple(x + y + z for x, y, z in zip(a, b, m, strict=True))
                for a, b in combinations(basis, 2)
            }
        for k, (m, basis) in enumerate(kept):
            stay = [
                b for b in basis
                if tuple(2 * x + y for x, y in zip(b, m, strict=True)) in cross
            ]  # fmt: skip
            changed |= len(stay) < len(basis)
            kept[k] = (m, stay)
    for m, basis in kept:
        if basis and len(basis) <= _MAX_BASIS:
            found.append(Block(task.monomial(m), [task.monomial(b) for b in basis]))
    return found


def _exact_values(task: Task, point: Sequence[fmpq]) -> list[fmpq] | None:
    """All kernel variables at a point of the statement's variables, where roots are rational."""
    w = task.world
    values = [fmpq(0)] * w.spare + list(point)
    for (inner, degree), gen in w.radicals.items():
        if inner not in w.index:
            return None
        x = values[w.index[inner]]
        if x < 0:
            return None
        p, q = x.p.root(degree), x.q.root(degree)
        if p**degree != x.p or q**degree != x.q:
            return None
        values[w.index[str(gen)]] = fmpq(p, q)
    return values


def zeros(task: Task, p: Poly) -> list[list[fmpq]]:
    """Exact points of the domain's closure where p vanishes, among hints and usual suspects."""
    n = len(task.world.statement.variables)
    triangle = task.world.statement.domain == "triangle"
    candidates = [list(h) for h in task.hints]
    if task.homogeneous is not None or not task.world.ideal:
        candidates.append([fmpq(1)] * n)
        if 2 <= n <= 4:
            candidates += [[fmpq(int(i != j)) for i in range(n)] for j in range(n)]
            candidates += [[fmpq(int(i == j)) for i in range(n)] for j in range(n)]
            candidates += [[fmpq(1 + int(i == j)) for i in range(n)] for j in range(n)]
    found: list[list[fmpq]] = []
    for point in candidates:
        values = _exact_values(task, point)
        if values is None or not any(point) or (triangle and min(point) <= 0):
            continue
        if p(*values) == 0 and values not in found:
            found.append(values)
    return found[:8]


def _reduced_basis(block: Block, points: list[list[fmpq]]) -> list[Poly]:
    """Combinations of the basis that vanish wherever weight > 0 and p = 0."""
    rows = [[fmpq(b(*z)) for b in block.basis] for z in points if block.weight(*z) > 0]
    if not rows:
        return block.basis
    n = len(block.basis)
    reduced, rank = fmpq_mat(rows).rref()
    leads = [next(j for j in range(n) if reduced[i, j] != 0) for i in range(rank)]
    basis = []
    for free in range(n):
        if free not in leads:
            poly = block.basis[free]
            for i, lead in enumerate(leads):
                if reduced[i, free] != 0:
                    poly = poly - block.basis[lead] * reduced[i, free]
            basis.append(poly)
    return basis


class Gram:
    """The linear equations on the Gram matrices, their semidefinite program, and the rounding."""

    def __init__(self, task: Task, p: Poly, found: list[Block], reduce: bool) -> None:
        self.task, self.blocks = task, found
        self.rows: dict[Exponents, int] = {}
        self.entries: list[tuple[int, int, int]] = []
        self.columns: list[dict[int, fmpq]] = []
        world = task.world
        for k, block in enumerate(found):
            for j in range(len(block.basis)):
                for i in range(j + 1):
                    q = block.weight * block.basis[i] * block.basis[j]
                    if reduce:
                        q = world.reduce(q)
                    times = 1 if i == j else 2
                    self.columns.append({self._row(m): fmpq(c) * times for m, c in q.terms()})
                    self.entries.append((k, i, j))
        self.right = {self._row(m): fmpq(c) for m, c in p.terms()}

    def _row(self, m: Exponents) -> int:
        return self.rows.setdefault(m, len(self.rows))

    def solve(self) -> list[list[list[fmpq]]] | None:
        """Exact positive semidefinite Gram matrices, or None."""
        size, unknowns = len(self.rows), len(self.columns)
        if not unknowns or unknowns > _MAX_UNKNOWNS or size > _MAX_ROWS:
            return None
        x = self._floats()
        if x is None:
            return None
        rounding = self._projection()
        if rounding is None:
            return None
        for d in _ROUNDINGS:
            if self.task.left < 0.002:
                return None
            guess = [fmpq(round(v * d), d) for v in x]
            exact = rounding(guess)
            matrices = [[[fmpq(0)] * len(b.basis) for _ in b.basis] for b in self.blocks]
            for (k, i, j), value in zip(self.entries, exact, strict=True):
                matrices[k][i][j] = matrices[k][j][i] = value
            if all(factor(m) is not None for m in matrices):
                return matrices
        return None

    def _floats(self) -> list[float] | None:
        import clarabel  # type: ignore[import-untyped, unused-ignore]

        size, unknowns = len(self.rows), len(self.columns)
        root2 = 2**0.5
        rows: list[int] = []
        cols: list[int] = []
        data: list[float] = []
        for k, column in enumerate(self.columns):
            _, i, j = self.entries[k]
            scale = 1.0 if i == j else root2 / 2
            for row, v in column.items():
                rows.append(row)
                cols.append(k)
                data.append(scale * int(v.p) / int(v.q))
        right = np.zeros(size + unknowns + 1)
        for row, v in self.right.items():
            right[row] = int(v.p) / int(v.q)
        biggest = max(1.0, float(np.abs(right).max()))
        right /= biggest
        cones: list[Any] = [clarabel.ZeroConeT(size)]
        for k, (_, i, j) in enumerate(self.entries):  # s = x - t*I in the cone
            rows.append(size + k)
            cols.append(k)
            data.append(-1.0)
            if i == j:
                rows.append(size + k)
                cols.append(unknowns)
                data.append(1.0)
        cones += [clarabel.PSDTriangleConeT(len(b.basis)) for b in self.blocks]
        rows.append(size + unknowns)
        cols.append(unknowns)
        data.append(1.0)
        right[size + unknowns] = 1.0
        cones.append(clarabel.NonnegativeConeT(1))
        matrix = csc_matrix((data, (rows, cols)), shape=(size + unknowns + 1, unknowns + 1))
        cost = np.zeros(unknowns + 1)
        cost[-1] = -1.0
        settings = clarabel.DefaultSettings()
        settings.verbose = False
        settings.max_iter = 60
        settings.time_limit = max(0.02, self.task.left)
        nothing = csc_matrix((unknowns + 1, unknowns + 1))
        solver = clarabel.DefaultSolver(nothing, cost, matrix, right, cones, settings)
        solution = solver.solve()
        x = np.array(solution.x)
        if not np.isfinite(x).all() or x[-1] < -1e-6:
            return None
        if "Infeasible" in str(solution.status):
            return None
        x = x[:-1] * biggest
        return [
            float(v) if i == j else float(v) / root2
            for v, (_, i, j) in zip(x, self.entries, strict=True)
        ]

    def _projection(self) -> Any:
        """A function that moves fractions onto the equations, least squares, exactly."""
        size, unknowns = len(self.rows), len(self.columns)
        wide = fmpq_mat(unknowns + 1, size)
        for k, column in enumerate(self.columns):
            for row, v in column.items():
                wide[k, row] = v
        for row, v in self.right.items():
            wide[unknowns, row] = v
        transposed = fmpq_mat(size, unknowns + 1)
        for i in range(size):
            for k in range(unknowns + 1):
                transposed[i, k] = wide[k, i]
        reduced, rank = transposed.rref()
        for i in range(rank):
            if all(reduced[i, k] == 0 for k in range(unknowns)):
                return None
        # independent equations, in reduced form: sum over k of reduced[i, k]*x[k] = reduced[i, -1]
        rows = [
            [(k, fmpq(reduced[i, k])) for k in range(unknowns) if reduced[i, k] != 0]
            for i in range(rank)
        ]
        rights = [fmpq(reduced[i, unknowns]) for i in range(rank)]
        square = fmpq_mat(rank, rank)
        sparse = [dict(row) for row in rows]
        for i in range(rank):
            for j in range(i, rank):
                small, large = sorted((sparse[i], sparse[j]), key=len)
                value = fmpq(0)
                for k, v in small.items():
                    if k in large:
                        value += v * large[k]
                square[i, j] = value
                square[j, i] = value
        inverse = square.inv()

        def project(guess: list[fmpq]) -> list[fmpq]:
            defect = fmpq_mat(
                [[r - sum((v * guess[k] for k, v in row), fmpq(0))]
                 for row, r in zip(rows, rights, strict=True)]
            )  # fmt: skip
            step = inverse * defect
            exact = list(guess)
            for i, row in enumerate(rows):
                if step[i, 0] != 0:
                    for k, v in row:
                        exact[k] += v * step[i, 0]
            return exact

        return project


def factor(matrix: list[list[fmpq]]) -> list[tuple[fmpq, list[fmpq]]] | None:
    """matrix = sum of d * l l^T with d > 0, or None if it is not positive semidefinite."""
    a = [list(row) for row in matrix]
    n = len(a)
    found = []
    for k in range(n):
        pivot = a[k][k]
        if pivot < 0 or (pivot == 0 and any(a[k][j] != 0 for j in range(k, n))):
            return None
        if pivot == 0:
            continue
        row = [fmpq(0)] * k + [a[k][j] / pivot for j in range(k, n)]
        for i in range(k + 1, n):
            if row[i] != 0:
                for j in range(i, n):
                    a[i][j] -= pivot * row[i] * row[j]
                    a[j][i] = a[i][j]
        found.append((pivot, row))
    return found


def sos(task: Task) -> Certificate | None:
    """A certificate by weighted squares, or None."""
    forms: list[tuple[Poly, bool]] = []
    if task.homogeneous is not None:
        forms.append((task.homogeneous, False))
    else:
        reduce = bool(task.world.ideal)
        forms.append((task.world.reduce(task.p) if reduce else task.p, reduce))
    for p, reduce in forms:
        certificate = _sos(task, p, reduce)
        if certificate is not None:
            return certificate
    return None


def _margins(task: Task, p: Poly) -> list[Poly]:
    """For a strict goal: small positive polynomials to keep aside."""
    if not task.strict:
        return [task.world.zero]
    positive = task.positive_part(p)
    if not positive:
        return []
    one = min(positive.terms(), key=lambda t: sum(t[0]))
    term = task.world.ctx.from_dict({one[0]: one[1]})
    return [positive / 8, term / 8, positive / 1000, term / 1000]


def _sos(task: Task, p: Poly, reduce: bool) -> Certificate | None:
    for margin in _margins(task, p):
        q = p - margin
        terms = task.in_symbols(q)
        if not terms or len(terms) > 90 or max(sum(m) for m in terms) > 16:
            return None
        points = zeros(task, q)
        for weighted in (False, True) if not task.signed else (False,):
            if not weighted and task.world.statement.domain != "real":
                degrees = {sum(m) for m in terms}
                if len(degrees) == 1 and max(degrees) % 2:
                    continue
            found = blocks(task, terms, weighted)
            for block in found:
                block.basis = _reduced_basis(block, points)
            found = [b for b in found if b.basis]
            if task.left < 0.005:
                return None
            gram = Gram(task, q, found, reduce)
            matrices = gram.solve()
            if matrices is not None:
                return _emit(task, found, matrices, margin)
    return None


def _emit(
    task: Task, found: list[Block], matrices: list[list[list[fmpq]]], margin: Poly
) -> Certificate | None:
    parts: list[dict[str, str]] = []
    try:
        for block, matrix in zip(found, matrices, strict=True):
            for d, row in factor(matrix) or ():
                total = task.world.zero
                for c, b in zip(row, block.basis, strict=True):
                    if c != 0:
                        total = total + b * c
                parts.append({"square": task.text(total), "weight": task.text(block.weight * d)})
        if margin:
            parts.append({"nonnegative": task.text(margin)})
    except TooLong:
        return None
    return task.certificate("sos", parts)
