"""Shapes of AM-GM: which monomials with which weights, and how one becomes a concrete fact.

A shape is the inequality with equality at all ones, up to renaming and common monomials. A
concrete fact is a shape on chosen variables, multiplied by a monomial (its look: `a^2+b^2 >= 2ab`
or `a/b+b/a >= 2`), stretched so that equality moves to a chosen point, and multiplied by a number.
Facts that share the point can be added and multiplied and stay sharp.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import combinations, permutations, product
from math import gcd
from random import Random

from olympiad_ineq.data_gen.symbolic.algebra import (
    Exps,
    Mono,
    Terms,
    boxes,
    collect,
    pattern,
    primitive,
    reading,
    shift,
    strip,
    subtract,
    used,
)
from olympiad_ineq.data_gen.symbolic.sketch import Fact, Point, Work

Rows = tuple[tuple[int, Exps], ...]

COEFFICIENTS = {1: 9, 2: 16, 3: 36, 4: 81}
DEGREE_LIMIT = {1: 6, 2: 6, 3: 8, 4: 8}
BELOW_LIMIT = {1: 2, 2: 2, 3: 3, 4: 3}


@dataclass(frozen=True, slots=True)
class Shape:
    """Weighted exponent vectors in `size` variables, all of which occur; `mean` is their mean."""

    rows: Rows
    mean: Exps

    @property
    def size(self) -> int:
        return len(self.mean)


def make_shape(rows: Sequence[tuple[int, Exps]]) -> Shape | None:
    """The shape of these rows, stripped; None where the mean is not a new monomial."""
    vectors = strip(exps for _, exps in rows)
    weights = [w for w, _ in rows]
    total = sum(weights)
    sums = [
        sum(w * v[i] for w, v in zip(weights, vectors, strict=True)) for i in range(len(vectors[0]))
    ]
    if any(s % total for s in sums):
        return None
    mean = tuple(s // total for s in sums)
    if mean in vectors or len(set(vectors)) < len(vectors) or len(used(vectors)) < len(mean):
        return None
    return Shape(tuple(zip(weights, vectors, strict=True)), mean)


def distinct(shapes: Sequence[Shape]) -> tuple[Shape, ...]:
    """One shape of each pattern, in a fixed order."""
    first: dict[str, Shape] = {}
    for shape in shapes:
        first.setdefault(pattern([("", shape.rows)], invert=False), shape)
    return tuple(first[key] for key in sorted(first))


@cache
def two(size: int) -> tuple[Shape, ...]:
    """u^2 + v^2 >= 2uv for monomials u, v without a common variable."""
    top = 3 if size == 1 else 2
    monomials = [m for m in boxes(size, top) if sum(m) <= 3]
    shapes = []
    for u, v in combinations(monomials, 2):
        if used([u]) & used([v]):
            continue
        shape = make_shape([(1, tuple(2 * e for e in m)) for m in (u, v)])
        if shape is not None:
            shapes.append(shape)
    return distinct(shapes)


@cache
def three(size: int) -> tuple[Shape, ...]:
    """m1 + m2 + m3 >= 3m with m^3 = m1*m2*m3."""
    vectors = [m for m in boxes(size, 3) if sum(m) <= (4 if size > 1 else 3)]
    shapes = []
    for triple in combinations(vectors, 3):
        shape = make_shape([(1, m) for m in triple])
        if shape is not None and strip(triple) == list(triple):
            shapes.append(shape)
    return distinct(shapes)


@cache
def cubes(size: int) -> tuple[Shape, ...]:
    """Means of three that fit into a longer problem: a^3+b^3+c^3, a^3+b^3+1, a^2b+b^2c+c^2a."""
    rows: dict[int, list[list[Exps]]] = {
        2: [[(3, 0), (0, 3), (0, 0)], [(2, 1), (1, 2), (0, 0)]],
        3: [[(3, 0, 0), (0, 3, 0), (0, 0, 3)], [(2, 1, 0), (0, 2, 1), (1, 0, 2)]],
    }
    shapes = [make_shape([(1, v) for v in triple]) for triple in rows.get(size, [])]
    return tuple(s for s in shapes if s is not None)


@cache
def four(size: int) -> tuple[Shape, ...]:
    """m1 + m2 + m3 + m4 >= 4m, homogeneous of degree 4."""
    vectors = [m for m in boxes(size, 4) if sum(m) == 4]
    shapes = []
    for rows in combinations(vectors, 4):
        if all(sum(column) % 4 == 0 for column in zip(*rows, strict=True)):
            shape = make_shape([(1, m) for m in rows])
            if shape is not None:
                shapes.append(shape)
    return distinct(shapes)


@cache
def weighted_two(size: int) -> tuple[Shape, ...]:
    """p*u^(p+q) + q*v^(p+q) >= (p+q)*u^p*v^q for monomials u, v without a common variable."""
    shapes = []
    for p, q in ((2, 1), (1, 2), (3, 1), (1, 3), (3, 2), (2, 3), (4, 1), (1, 4)):
        largest = 2 if p + q == 3 else 1
        monomials = [m for m in boxes(size, largest) if sum(m) <= 3]
        for u, v in permutations(monomials, 2):
            if used([u]) & used([v]):
                continue
            rows = [(w, tuple((p + q) * e for e in m)) for w, m in ((p, u), (q, v))]
            shape = make_shape(rows)
            if shape is not None:
                shapes.append(shape)
    return distinct(shapes)


@cache
def orbits(size: int) -> tuple[Shape, ...]:
    """Weighted means of the cyclic versions of one monomial: 4a^3+b^3+2c^3 >= 7abc... and so on.

    Their cyclic sums read `a^3+b^3+c^3 >= a^2*b+b^2*c+c^2*a`.
    """
    shapes = []
    for exps in boxes(size, 5):
        if not 2 <= sum(exps) <= 6 or min(exps) or exps != max(shift(exps, i) for i in range(size)):
            continue
        versions = [shift(exps, i) for i in range(size)]
        if len(set(versions)) < size:
            continue
        for weights in boxes(size, 5):
            total = sum(weights)
            if not 3 <= total <= 7 or gcd(*weights) > 1 or len(set(weights)) == 1:
                continue
            rows = [(w, v) for w, v in zip(weights, versions, strict=True) if w]
            if len(rows) < 2 or any(sum(w * v[i] for w, v in rows) % total for i in range(size)):
                continue
            mean = tuple(sum(w * v[i] for w, v in rows) // total for i in range(size))
            if mean not in versions:
                shapes.append(Shape(tuple(rows), mean))
    first: dict[tuple[Exps, Exps], Shape] = {}
    for shape in shapes:
        key = shape.rows[0][1], max(shift(shape.mean, i) for i in range(size))
        old = first.get(key)
        if (
            old is None
            or len(shape.rows) < len(old.rows)
            or (
                len(shape.rows) == len(old.rows)
                and sum(w for w, _ in shape.rows) < sum(w for w, _ in old.rows)
            )
        ):
            first[key] = shape
    return tuple(first[key] for key in sorted(first))


@cache
def weighted_three(size: int) -> tuple[Shape, ...]:
    """Three monomials with weights such as 2, 1, 1."""
    top = 5 if size == 2 else 4
    vectors = [m for m in boxes(size, top) if sum(m) <= top]
    shapes = []
    for weights in ((2, 1, 1), (1, 2, 2), (3, 1, 1), (3, 2, 1)):
        total = sum(weights)
        for triple in permutations(vectors, 3):
            if triple[1] > triple[2] and weights[1] == weights[2]:
                continue
            if any(
                sum(w * e for w, e in zip(weights, c, strict=True)) % total
                for c in zip(*triple, strict=True)
            ):
                continue
            if any(min(c) for c in zip(*triple, strict=True)):
                continue
            shape = make_shape(list(zip(weights, triple, strict=True)))
            if shape is not None:
                shapes.append(shape)
    return distinct(shapes)


# -- from shape to fact ------------------------------------------------------------------------


def ones(n: int) -> Point:
    return (Fraction(1),) * n


def coefficient_limit(work: Work) -> int:
    """The largest coefficient: more where one variable leaves little else to vary."""
    return COEFFICIENTS[work.level] * (3 if work.n == 1 else 1)


def draw_point(work: Work) -> Point:
    """Where equality shall hold: mostly ones, and small numbers."""
    rng, n = work.rng, work.n
    if n == 1:
        return (Fraction(rng.choice(("1", "1", "2", "3", "4", "5", "1/2", "1/3"))),)
    values = [Fraction(1)] * n
    moved = rng.choice({1: (0, 0, 1), 2: (0, 1, 1), 3: (0, 1, 2), 4: (0, 1, 1, 2)}[work.level])
    choices = [Fraction(2), Fraction(1, 2), Fraction(3), Fraction(1, 3)]
    if work.level >= 3:
        choices += [Fraction(3, 2), Fraction(2, 3), Fraction(4)]
    for index in rng.sample(range(n), min(moved, n)):
        values[index] = rng.choice(choices)
    return tuple(values)


def place(work: Work, shape: Shape, among: Sequence[int] | None = None) -> tuple[int, ...]:
    """Distinct variables for the shape, in random order."""
    return tuple(work.rng.sample(list(among if among is not None else range(work.n)), shape.size))


def embed(exps: Exps, spots: Sequence[int], n: int) -> Exps:
    out = [0] * n
    for spot, e in zip(spots, exps, strict=True):
        out[spot] = e
    return tuple(out)


def draw_look(rng: Random, shape: Shape, plain: float = 0.6) -> Exps:
    """What to divide the shape by: mostly nothing, else a divisor of the mean."""
    if rng.random() < plain:
        return (0,) * shape.size
    divisors = [d for d in product(*(range(e + 1) for e in shape.mean)) if sum(d) <= 4]
    return rng.choice(divisors)


@dataclass(frozen=True, slots=True)
class Atom:
    """AM-GM terms with weights, ready to be stated; `rows` is its structure for the family."""

    terms: tuple[Mono, ...]
    weights: tuple[int, ...]
    mean: Mono
    rows: Rows

    @property
    def lhs(self) -> Terms:
        return collect(t.times(w) for t, w in zip(self.terms, self.weights, strict=True))

    @property
    def rhs(self) -> Terms:
        return [self.mean.times(sum(self.weights))]

    def state(self, work: Work) -> Fact:
        return work.amgm(self.terms, self.weights)

    def renamed(self, order: Sequence[int]) -> "Atom":
        """The same atom with variable `order[i]` in the place of variable i, terms in order."""
        pairs = sorted(
            ((w, renamed(t, order)) for w, t in zip(self.weights, self.terms, strict=True)),
            key=lambda pair: reading(pair[1]),
        )
        return Atom(
            terms=tuple(t for _, t in pairs),
            weights=tuple(w for w, _ in pairs),
            mean=renamed(self.mean, order),
            rows=tuple((w, tuple(exps[i] for i in order)) for w, exps in self.rows),
        )


def renamed(term: Mono, order: Sequence[int]) -> Mono:
    return Mono(term.coef, tuple(term.exps[i] for i in order))


def tidy(atoms: Sequence[Atom], point: Point) -> tuple[list[Atom], Point]:
    """Rename the variables so that they appear in alphabetical order as far as possible."""
    best: tuple[list[tuple[bool, Exps]], list[Atom], Point] | None = None
    for order in permutations(range(len(point))):
        moved = [atom.renamed(order) for atom in atoms]
        key = [reading(t) for atom in moved for t in atom.terms]
        if best is None or key < best[0]:
            best = key, moved, tuple(point[i] for i in order)
    assert best is not None
    return best[1], best[2]


def build(
    work: Work,
    shape: Shape,
    spots: Sequence[int],
    divide: Exps,
    point: Point,
    multiplier: int = 1,
) -> Atom | None:
    """The atom, or None where its numbers are too large or share a factor."""
    n = work.n
    rows = tuple((w, embed(exps, spots, n)) for w, exps in shape.rows)
    moved = [(w, embed(subtract(exps, divide), spots, n)) for w, exps in shape.rows]
    coefs = [1 / at(point, exps) for _, exps in moved]
    mean = Mono(
        1 / at(point, embed(subtract(shape.mean, divide), spots, n)),
        embed(subtract(shape.mean, divide), spots, n),
    )
    terms, (mean,) = primitive([Mono(c, e) for c, (_, e) in zip(coefs, moved, strict=True)], [mean])
    terms = [t.times(multiplier) for t in terms]
    mean = mean.times(multiplier)
    weights = tuple(w for w, _ in moved)
    shown = [int(t.coef * w) for t, w in zip(terms, weights, strict=True)]
    shown.append(int(mean.coef * sum(weights)))
    limit = coefficient_limit(work)
    if max(shown) > limit * (2 if work.level > 1 else 1):
        return None
    degrees = [sum(e for e in t.exps if e > 0) for t in terms]
    below = [-sum(e for e in t.exps if e < 0) for t in terms]
    if max(degrees) > DEGREE_LIMIT[work.level] or max(below) > BELOW_LIMIT[work.level]:
        return None
    if max(shown[:-1]) > limit or gcd(*shown) > multiplier:
        return None
    return Atom(tuple(terms), weights, mean, rows)


def at(point: Point, exps: Exps) -> Fraction:
    value = Fraction(1)
    for x, e in zip(point, exps, strict=True):
        value *= x**e
    return value


def ray(atoms: Sequence[Atom], n: int) -> bool:
    """Whether equality holds exactly on the multiples of one point: terms equal in each atom."""
    rows = [subtract(exps, atom.rows[0][1]) for atom in atoms for _, exps in atom.rows[1:]]
    return all(sum(row) == 0 for row in rows) and rank(rows) == n - 1


def rank(rows: Sequence[Exps]) -> int:
    left = [[Fraction(e) for e in row] for row in rows]
    found = 0
    while left and left[0]:
        pivot = next((r for r in left if r[0]), None)
        if pivot is not None:
            found += 1
            left.remove(pivot)
            left = [[x - r[0] / pivot[0] * y for x, y in zip(r, pivot, strict=True)] for r in left]
        left = [r[1:] for r in left]
    return found


def clash(lhs: Sequence[Mono], rhs: Sequence[Mono]) -> bool:
    """Whether a monomial stands on both sides, so that a person would cancel it."""
    return bool({t.exps for t in lhs} & {t.exps for t in rhs})


def family(kind: str, atoms: Sequence[Atom]) -> str:
    """The name of a structure made of atoms: exponents and weights, no coefficients."""
    return f"{kind} {pattern([('', atom.rows) for atom in atoms], invert=True)}"
