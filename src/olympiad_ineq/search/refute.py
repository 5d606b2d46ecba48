"""Counterexamples: sample, shrink the search around the worst points, round, ask the kernel.

The floats only rank points by how far the goal is from failing, relative to the size of its terms.
A hit means nothing until kernel.witness confirms it at an exact point.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations, product

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

from olympiad_ineq.kernel.trees import Add, Chain, Div, Expr, Mul, Neg, Pow, Root, Statement
from olympiad_ineq.proof import check_witness
from olympiad_ineq.search.evaluate import Array, Program, terms
from olympiad_ineq.search.space import Chart, Space, simplest

_TOLERANCES = (0.3, 0.05, 1e-2, 1e-3, 1e-4, 1e-6, 1e-9, 1e-13)
_EQUAL, _NOISE = 1e-9, -1e-15
Witness = dict[str, str]


@dataclass(frozen=True)
class Candidate:
    """A float point that may refute: coordinates, chart, and the relative gap there."""

    coordinates: Array
    chart: Chart
    gap: float


class Gaps:
    """How far each relation is from failing, relative to the size of its terms."""

    def __init__(self, space: Space) -> None:
        self.space, self.program = space, Program(space.names)
        self.strict = False
        self.goal = self._compile(space.statement.goal)
        self.given = [
            link
            for chain in space.statement.given
            for link in self._compile(chain)
            if link[2] != "="
        ]
        self.below: list[int] = []
        if space.statement.domain in ("nonnegative", "real"):
            for part in space.statement.goal.parts:
                self.below += self._denominators(part)
        self.strict = any(link[2] in (">", "<") for link in self.goal)

    def _denominators(self, expr: Expr) -> list[int]:
        """Where the program keeps what must not vanish."""
        match expr:
            case Add(args) | Mul(args):
                return [d for x in args for d in self._denominators(x)]
            case Neg(arg) | Root(arg, _):
                return self._denominators(arg)
            case Div(num, den):
                return [self.program.add(den), *self._denominators(num), *self._denominators(den)]
            case Pow(base, exponent):
                below = [self.program.add(base)] if exponent < 0 else []
                return below + self._denominators(base)
            case _:
                return []

    def _compile(self, chain: Chain) -> list[tuple[list[tuple[int, int]], list[int], str]]:
        links = []
        for op, left, right in zip(chain.ops, chain.parts, chain.parts[1:], strict=False):
            signed = terms(left) + terms(right, -1)
            if op[0] == "<":
                signed = [(-sign, x) for sign, x in signed]
            slots = [(sign, self.program.add(x)) for sign, x in signed]
            links.append((slots, [slot for _, slot in slots], op))
        return links

    def __call__(self, coordinates: Array) -> Array:
        """The smallest relative gap over the goal's links; nan where undefined, inf if not allowed.

        Points where all terms vanish (or overflow) say nothing and count as satisfied; a strict
        goal fails where all terms vanish. It also fails at zeros inside of a product, which are
        found by the sizes that the factors have before anything in them cancels.
        """
        with np.errstate(all="ignore"):
            values = self.program.run(self.space.points(coordinates))
            moderate = (np.abs(coordinates) < 1e8).all(axis=0)
            result = np.full(coordinates.shape[1:], np.inf)
            sizes = self.program.sizes(values) if self.strict else values
            for slots, _, op in self.goal:
                gap, size = self._relative(slots, values, sizes)
                relative = gap / size
                if op == "=":
                    relative = -np.abs(relative)
                relative = np.where(size == 0, 0.0 if op in "<>" else 1.0, relative)
                relative = np.where(size < 1e280, relative, 1.0)
                undefined = np.isnan(gap) | (moderate & ~np.isfinite(gap))
                result = np.where(undefined, np.nan, np.minimum(result, relative))
            for slot in self.below:
                result = np.where(values[slot] == 0, np.nan, result)
            allowed = self.space.allowed(coordinates)
            for slots, _, op in self.given:
                gap, size = self._relative(slots, values, values)
                slack = 1e-13 * size
                allowed = allowed & ((gap > slack) if op in "<>" else (gap >= 0))
            return np.where(allowed, result, np.inf)

    def _relative(
        self, slots: list[tuple[int, int]], values: list[Array], sizes: list[Array]
    ) -> tuple[Array, Array]:
        gap: Array = np.float64(0.0)  # type: ignore[assignment]
        size: Array = np.float64(0.0)  # type: ignore[assignment]
        for sign, slot in slots:
            gap = gap + values[slot] if sign > 0 else gap - values[slot]
            size = size + np.abs(sizes[slot])
        return gap, size


@lru_cache(maxsize=64)
def start_points(n: int, domain: str) -> Array:
    """Where the search starts: small integers, all but one equal, several scales, signs, zeros."""
    rng = np.random.default_rng(20240601 + n)
    rows: list[tuple[float, ...]] = [(1.0,) * n]
    if n <= 3:
        rows += product((1.0, 2.0, 3.0, 5.0) if n == 3 else (1.0, 2.0, 3.0, 4.0, 5.0), repeat=n)
    else:
        rows += [tuple(row) for row in rng.integers(1, 5, (60, n)).astype(float)]
    for t in (1e-6, 1e-3, 0.01, 0.1, 0.5, 0.75, 1.5, 2.0, 10.0, 100.0, 1e3, 1e6):
        for i in range(n):
            rows.append(tuple(t if j == i else 1.0 for j in range(n)))
    if n <= 4:
        rows += permutations((1.0, 1e3, 1e6, 1e9)[:n])
        rows += permutations((1.0, 10.0, 100.0, 1e3)[:n])
    blocks = [np.array(rows).T]
    for spread in (0.1, 0.4, 1.0, 2.5, 6.0):
        blocks.append(np.exp(spread * rng.standard_normal((n, 36))))
    for scale in (0.05, 0.3, 3.0, 20.0):
        blocks.append(scale * np.exp(0.4 * rng.standard_normal((n, 16))))
    points = np.concatenate(blocks, axis=1)
    if domain in ("nonnegative", "real"):
        zeros = points[:, rng.permutation(points.shape[1])[:120]].copy()
        zeros[rng.random(zeros.shape) < 0.35] = 0.0
        points = np.concatenate([points, zeros], axis=1)
    if domain == "real":
        signs = rng.choice([-1.0, 1.0], points.shape)
        small = rng.integers(-3, 4, (n, 160)).astype(float)
        points = np.concatenate([points, points * signs, small], axis=1)
    points.setflags(write=False)
    return points


class Refuter:
    """One statement's search. `quick` samples; `deep` goes on from what `quick` saw.

    Where coordinates stand for roots of variables, `deep` ends with the variables themselves.
    """

    def __init__(self, statement: Statement, plain: bool = False) -> None:
        self.statement = statement
        self.space = Space(statement, plain)
        self.plain: Refuter | None = None
        self.gaps = Gaps(self.space)
        self.seen: list[tuple[Chart, Array, Array]] = []
        self.tried: set[tuple[str, ...]] = set()
        self.ends: list[tuple[Chart, Array]] = []
        self.scale_free = False

    def quick(self) -> Witness | None:
        """Sample every chart; confirm the worst points."""
        start = start_points(self.space.n, self.statement.domain)
        with np.errstate(all="ignore"):
            for chart in self.space.charts:
                s = self.space.onto(chart, start)
                gaps = self.gaps(s)
                self.seen.append((chart, s, gaps))
                if not chart:
                    doubled = self.gaps(2 * start[:, :12])
                    self.scale_free = bool(np.allclose(doubled, gaps[:12], 1e-9, 1e-12, True))
                found = self._confirm(chart, s, gaps, 4)
                if found:
                    return found
        return None

    def deep(self, rounds: int = 44, seeds: int = 16, children: int = 14) -> Witness | None:
        """Shrink a cloud around each of the worst points until it converges or fails."""
        if not self.seen:
            found = self.quick()
            if found:
                return found
        for chart, s, gaps in self.seen[:2]:
            found = self._descend(chart, s, gaps, rounds, seeds, children)
            if found:
                return found
        if self.plain is None and max(self.space.powers) > 1:
            self.plain = Refuter(self.statement, plain=True)
        return self.plain.deep(rounds, seeds, children) if self.plain else None

    def minima(self, count: int = 6) -> list[list[fmpq]]:
        """Exact points near which the goal is nearly an equality, after `deep`; for the finders."""
        found: list[list[fmpq]] = []
        for chart, x in self.ends[: 3 * count]:
            if self.scale_free:
                x = x / np.abs(x).max()
                if x[np.abs(x).argmax()] < 0:
                    x = -x
            x = np.where(np.abs(x) < 1e-4 * np.abs(x).max(), 0.0, x)
            exact = self.space.onto_exactly(chart, [_near(float(v), 2e-4) for v in x])
            if exact is None:
                continue
            point = [fmpq(*map(int, v.split("/"))) for v in self.space.exact_point(exact).values()]
            if point not in found:
                found.append(point)
        if self.plain:
            others = [point for point in self.plain.minima(count // 2) if point not in found]
            found = found[: count - len(others)] + others
        return found[:count]

    def _descend(
        self, chart: Chart, s: Array, gaps: Array, rounds: int, seeds: int, children: int
    ) -> Witness | None:
        rng = np.random.default_rng(7)
        usable = np.isfinite(gaps) & (np.abs(s) < 1e12).all(axis=0)
        if not usable.any():
            return None
        order = np.argsort(np.where(usable, gaps, np.inf))[: int(usable.sum())]
        chosen = self._spread(s, order, seeds)
        x, f = s[:, chosen], gaps[chosen]
        k = x.shape[1]
        step = np.full(k, 0.5)
        real = self.statement.domain == "real"
        with np.errstate(all="ignore"):
            for round_ in range(rounds):
                noise = rng.standard_normal((self.space.n, k, children))
                factor = step[None, :, None] * noise
                if real:
                    half = children // 2
                    size = np.abs(x).max(axis=0)[None, :, None] + 1e-9
                    moved = x[:, :, None] * np.exp(factor)
                    moved[:, :, :half] = x[:, :, None] + size * factor[:, :, :half]
                else:
                    moved = x[:, :, None] * np.exp(factor)
                tries = self.space.onto(chart, moved.reshape(self.space.n, -1))
                values = self.gaps(tries).reshape(k, children)
                values = np.where(np.isnan(values), np.inf, values)
                best = values.argmin(axis=1)
                rows = np.arange(k)
                better = values[rows, best] < f
                picked = tries.reshape(self.space.n, k, children)[:, rows, best]
                x = np.where(better[None, :], picked, x)
                f = np.where(better, values[rows, best], f)
                step = np.where(better, np.minimum(step * 1.25, 3.0), step * 0.55)
                if f.min() < -1e-12:
                    found = self._confirm(chart, x, f, 2)
                    if found:
                        return found
                alive = (step > 1e-7) & (f > _EQUAL * 1e-2)
                if not alive.any():
                    break
                if round_ == 14:  # the worst half goes on
                    keep = np.argsort(f)[: max(4, k // 2)]
                    x, f, step = x[:, keep], f[keep], step[keep]
                    k = len(keep)
        near = np.argsort(f)
        self.ends += [(chart, x[:, i]) for i in near if f[i] < 1e-5]
        return self._confirm(chart, x, f, 4)

    def _spread(self, s: Array, order: NDArray[np.intp], count: int) -> list[int]:
        """The best points, no two of them close to one another."""
        places = s[:, order[:200]]
        if self.scale_free:
            places = places / np.maximum(np.abs(places).max(axis=0), 1e-300)
        logs = np.arcsinh(50 * places)
        chosen: list[int] = []
        free = np.ones(logs.shape[1], dtype=bool)
        while free.any() and len(chosen) < count:
            place = int(free.argmax())
            chosen.append(int(order[place]))
            free &= np.abs(logs - logs[:, place : place + 1]).max(axis=0) > 0.25
        return chosen

    def _confirm(self, chart: Chart, s: Array, gaps: Array, count: int) -> Witness | None:
        """Round the most promising points ever more finely until the kernel agrees."""
        limit = _EQUAL if self.gaps.strict else _NOISE
        suspicious = np.flatnonzero(gaps <= limit)
        worst = suspicious[np.argsort(gaps[suspicious], kind="stable")][:count]
        simple = suspicious[gaps[suspicious] < -1e-9][:2]  # simple points come first
        suspicious = np.array([*simple, *worst], dtype=np.intp)
        undefined = np.flatnonzero(np.isnan(gaps))[:3]
        for i in (*suspicious, *undefined):
            found = self._round(chart, s[:, i])
            if found:
                return found
        return None

    def _round(self, chart: Chart, x: Array) -> Witness | None:
        if not np.isfinite(x).all():
            return None
        for tolerance in _TOLERANCES:
            rounded = [_near(float(v), tolerance) for v in x]
            exact = self.space.onto_exactly(chart, rounded)
            if exact is None:
                continue
            point = self.space.exact_point(exact)
            key = tuple(point.values())
            if key in self.tried:
                continue
            self.tried.add(key)
            if check_witness(self.statement, point).refutes:
                return point
        return None


def _near(x: float, tolerance: float) -> fmpq:
    if x == 0:
        return fmpq(0)
    low, high = sorted((x * (1 - tolerance), x * (1 + tolerance)))
    return simplest(low, high)


def refute(statement: Statement) -> Witness | None:
    """An exact point that the kernel accepts as a counterexample, or None."""
    search = Refuter(statement)
    return search.quick() or search.deep()
