"""AM-GM with equal weights: single means, sums, products, cyclic sums, chains, constraints."""

from collections.abc import Callable, Sequence

from olympiad_ineq.data_gen.symbolic import means
from olympiad_ineq.data_gen.symbolic.algebra import (
    Mono,
    Terms,
    collect,
    cyclic_sum,
    factor,
    mono,
    ordered,
    pattern,
    primitive,
    used,
)
from olympiad_ineq.data_gen.symbolic.conditions import given_product, given_sum
from olympiad_ineq.data_gen.symbolic.means import Atom, Shape
from olympiad_ineq.data_gen.symbolic.sketch import Point, Sketch, Template, Work

MULTIPLIERS = {1: (1,), 2: (1, 1, 1, 2), 3: (1, 1, 2, 3), 4: (1, 2, 3)}

Pool = Callable[[int, int], Sequence[Shape]]


def equal_weights(size: int, level: int) -> Sequence[Shape]:
    """Shapes for sums and products: squares mostly, cubes from level 2."""
    if level == 1:
        return means.two(size)
    return (*means.two(size), *means.two(size), *means.cubes(size))


def any_mean(size: int, level: int) -> Sequence[Shape]:
    """Shapes for a problem of one mean."""
    shapes = [*means.two(size), *means.three(min(size, 3))]
    if size == 4 and level >= 2:
        shapes += means.four(4)
    return [s for s in shapes if s.size == size]


def draw_atom(
    work: Work, pool: Pool, point: Point, sizes: Sequence[int], multiplier: int = 1
) -> Atom | None:
    shapes = pool(work.rng.choice(sizes), work.level)
    if not shapes:
        return None
    shape = work.rng.choice(shapes)
    spots = means.place(work, shape)
    return means.build(work, shape, spots, means.draw_look(work.rng, shape), point, multiplier)


def single(pool: Pool) -> Callable[[Work], Sketch | None]:
    """One application."""

    def make(work: Work) -> Sketch | None:
        point = means.draw_point(work)
        atom = draw_atom(work, pool, point, [work.n])
        if atom is None:
            return None
        (atom,), point = means.tidy([atom], point)
        fact = atom.state(work)
        return work.finish(
            work.ge(fact.lhs, fact.rhs),
            means.family("mean", [atom]),
            point,
            means.ray([atom], work.n),
        )

    return make


def draw_atoms(
    work: Work, pool: Pool, point: Point, count: int, stretch: bool = False
) -> list[Atom] | None:
    """Different atoms that together use every variable; `stretch` lets them have multipliers."""
    sizes = [s for s in (1, 2, 2, 3) if s <= work.n]
    atoms: list[Atom] = []
    for _ in range(count):
        multiplier = work.rng.choice(MULTIPLIERS[work.level]) if stretch else 1
        atom = draw_atom(work, pool, point, sizes, multiplier)
        if atom is None or any(set(atom.rows) == set(other.rows) for other in atoms):
            return None
        atoms.append(atom)
    covered = used(exps for atom in atoms for _, exps in atom.rows)
    return atoms if len(covered) == work.n else None


def total(pool: Pool, count: dict[int, Sequence[int]]) -> Callable[[Work], Sketch | None]:
    """A sum of several applications that are sharp at the same point."""

    def make(work: Work) -> Sketch | None:
        point = means.draw_point(work)
        atoms = draw_atoms(work, pool, point, work.rng.choice(count[work.level]), True)
        if atoms is None:
            return None
        atoms, point = means.tidy(atoms, point)
        lhs = collect(t for atom in atoms for t in atom.lhs)
        rhs = collect(t for atom in atoms for t in atom.rhs)
        biggest = max(int(t.coef) for t in lhs + rhs)
        if means.clash(lhs, rhs) or biggest > 2 * means.coefficient_limit(work):
            return None
        if len(primitive(lhs, rhs)[0]) and primitive(lhs, rhs) != [lhs, rhs]:
            return None
        facts = [atom.state(work) for atom in atoms]
        lhs, rhs = (ordered(lhs), ordered(rhs)) if work.level >= 3 else (last(lhs), last(rhs))
        goal = work.ge(lhs, rhs)
        work.step(goal, "combine", of=[f.id for f in facts])
        return work.finish(goal, means.family("sum", atoms), point, means.ray(atoms, work.n))

    return make


def last(terms: Sequence[Mono]) -> Terms:
    """The number at the end of a sum, the rest as it is."""
    return sorted(terms, key=lambda t: t.is_number)


def products(pool: Pool, count: dict[int, Sequence[int]]) -> Callable[[Work], Sketch | None]:
    """A product of several applications."""

    def make(work: Work) -> Sketch | None:
        point = means.draw_point(work)
        atoms = draw_atoms(work, pool, point, work.rng.choice(count[work.level]))
        if atoms is None:
            return None
        atoms, point = means.tidy(atoms, point)
        right = mono(1, (0,) * work.n)
        for atom in atoms:
            right = right * atom.rhs[0]
        if right.coef > 3 * means.coefficient_limit(work):
            return None
        facts = [atom.state(work) for atom in atoms]
        left = "*".join(factor(fact.lhs, work.names) for fact in facts)
        goal = f"{left} >= {work.say([right])}"
        work.step(goal, "multiply", of=[f.id for f in facts])
        return work.finish(goal, means.family("product", atoms), point, means.ray(atoms, work.n))

    return make


def cyclic_atom(work: Work, pool: Pool) -> tuple[Atom, Terms, Terms] | None:
    """An atom whose cyclic sum is a fair problem, and the two sides of that sum."""
    n = work.n
    shapes = pool(work.rng.choice([s for s in (2, 3, 3) if s <= n]), work.level)
    if not shapes:
        return None
    shape = work.rng.choice(shapes)
    spots = means.place(work, shape)
    divide = means.draw_look(work.rng, shape)
    if work.rng.random() < 0.25:  # one more factor, as in abc(a+b+c)
        divide = tuple(d - work.rng.choice((0, 0, 1)) for d in divide)
    atom = means.build(work, shape, spots, divide, means.ones(n))
    if atom is None:
        return None
    (atom,), _ = means.tidy([atom], means.ones(n))
    lhs, rhs = primitive(cyclic_sum(atom.lhs), cyclic_sum(atom.rhs))
    if means.clash(lhs, rhs) or len(lhs) > 6 or max(t.degree for t in lhs) > 8:
        return None
    return atom, lhs, rhs


def cyclic_family(kind: str, atoms: Sequence[Atom]) -> str:
    """Structure of cyclic sums: the summed terms, not the one that was drawn."""
    blocks = []
    for atom in atoms:
        rows = cyclic_sum([mono(w, exps) for w, exps in atom.rows])
        blocks.append(("", [(int(t.coef), t.exps) for t in primitive(rows)[0]]))
    return f"{kind} {pattern(blocks, invert=True)}"


def cyclic(pool: Pool) -> Callable[[Work], Sketch | None]:
    """One application and its cyclic versions, added."""

    def make(work: Work) -> Sketch | None:
        drawn = cyclic_atom(work, pool)
        if drawn is None:
            return None
        atom, lhs, rhs = drawn
        fact = atom.state(work)
        added = work.cyclic(fact)
        goal = work.ge(added.lhs, added.rhs)
        return work.finish(
            goal,
            cyclic_family("cyclic", [atom]),
            means.ones(work.n),
            len({t.degree for t in lhs + rhs}) == 1,
        )

    return make


def two_cyclic(work: Work) -> Sketch | None:
    """Two cyclic sums, added; what stands on both sides is cancelled."""
    n, rng = work.n, work.rng
    upper = cyclic_atom(work, equal_weights)
    lower = cyclic_atom(work, equal_weights)
    if upper is None or lower is None:
        return None
    (high, top, middle), (low, second, bottom) = upper, lower
    times = rng.choice((1, 1, 2))
    lhs = collect([*top, *(t.times(times) for t in second)])
    rhs = collect([*middle, *(t.times(times) for t in bottom)])
    rest = collect([*lhs, *(-t for t in rhs)])
    lhs, rhs = [t for t in rest if t.coef > 0], [-t for t in rest if t.coef < 0]
    if not lhs or not rhs or len(lhs) > 9 or len(rhs) > 6 or primitive(lhs, rhs) != [lhs, rhs]:
        return None
    if high.rows == low.rows or sum(t.coef for t in lhs) != sum(t.coef for t in rhs):
        return None
    one = work.cyclic(high.state(work)).id
    two = work.cyclic(low.state(work)).id
    goal = work.ge(last(lhs), last(rhs))
    work.step(goal, "combine", of=[one, two], **({"weights": [1, times]} if times > 1 else {}))
    homogeneous = len({t.degree for t in lhs + rhs}) == 1
    return work.finish(goal, cyclic_family("two-cyclic", [high, low]), means.ones(n), homogeneous)


def with_extra(work: Work) -> Sketch | None:
    """A cyclic sum and one mean beside it."""
    n = work.n
    drawn = cyclic_atom(work, equal_weights)
    other = draw_atom(
        work,
        equal_weights,
        means.ones(n),
        [s for s in (1, 2, 3) if s <= n],
        work.rng.choice(MULTIPLIERS[work.level]),
    )
    if drawn is None or other is None:
        return None
    atom, top, bottom = drawn
    (other,), _ = means.tidy([other], means.ones(n))
    lhs, rhs = collect([*top, *other.lhs]), collect([*bottom, *other.rhs])
    if means.clash(lhs, rhs) or primitive(lhs, rhs) != [lhs, rhs]:
        return None
    one = work.cyclic(atom.state(work)).id
    two = other.state(work).id
    goal = work.ge(last(lhs), last(rhs))
    work.step(goal, "combine", of=[one, two])
    name = f"{cyclic_family('cyclic', [atom])} & {means.family('mean', [other])}"
    return work.finish(goal, name, means.ones(n))


TEMPLATES: tuple[Template, ...] = (
    # level 1 is for seeing the lemma at work: mostly once, sometimes twice
    Template("amgm-mean", single(any_mean), (1, 2, 3, 4), (1,), 9),
    Template("amgm-mean", single(any_mean), (1, 2, 3, 4), (2,), 2),
    Template(
        "amgm-sum",
        total(equal_weights, {1: (2,), 2: (2, 3), 3: (3,), 4: (3, 4)}),
        (1, 2, 3, 4),
        (1, 2, 3, 4),
        4,
    ),
    Template(
        "amgm-product",
        products(equal_weights, {1: (2,), 2: (2, 3), 3: (3,), 4: (3,)}),
        (1, 2, 3, 4),
        (1, 2, 3, 4),
        3,
    ),
    Template("amgm-cyclic", cyclic(equal_weights), (3, 4), (2,), 4),
    Template(
        "amgm-given-product",
        given_product({2: (1,), 3: (2,), 4: (2, 3)}, "sum"),
        (2, 3, 4),
        (2, 3, 4),
        2,
    ),
    Template(
        "amgm-given-product-times",
        given_product({3: (2,), 4: (2, 3)}, "product"),
        (2, 3, 4),
        (3, 4),
        2,
    ),
    Template("amgm-given-sum", given_sum((2, 3), True), (2, 3, 4), (3, 4), 3),
    Template("amgm-cyclic-extra", with_extra, (3,), (3,), 3),
    Template("amgm-two-cyclic", two_cyclic, (3,), (4,), 5),
)
