"""AM-GM with weights: single means, sums, products, and cyclic sums such as
a^3 + b^3 + c^3 >= a^2 b + b^2 c + c^2 a.
"""

from collections.abc import Sequence

from olympiad_ineq.data_gen.symbolic import means
from olympiad_ineq.data_gen.symbolic.algebra import collect, cyclic_sum, mono, pattern, primitive
from olympiad_ineq.data_gen.symbolic.amgm import products, single, total
from olympiad_ineq.data_gen.symbolic.conditions import given_sum
from olympiad_ineq.data_gen.symbolic.means import Shape
from olympiad_ineq.data_gen.symbolic.sketch import Sketch, Template, Work


def parts(size: int, level: int) -> Sequence[Shape]:
    """Shapes for sums and products: weights 2, 1 mostly, and a few squares beside them."""
    shapes = means.weighted_two(size)
    if level == 1:
        return [s for s in shapes if sum(w for w, _ in s.rows) <= 3]
    return shapes


def alone(size: int, level: int) -> Sequence[Shape]:
    shapes = list(means.weighted_two(size))
    if level >= 2 and size in (2, 3):
        shapes += means.weighted_three(size)
    return shapes


def cyclic(work: Work) -> Sketch | None:
    """A weighted mean of the cyclic versions of one monomial, and its cyclic versions, added."""
    n = work.n
    shape = work.rng.choice(means.orbits(n))
    divide = (work.rng.choice((0, 0, 0, 1)),) * n
    atom = means.build(work, shape, range(n), divide, means.ones(n))
    if atom is None:
        return None
    lhs, rhs = primitive(cyclic_sum(atom.lhs), cyclic_sum(atom.rhs))
    if means.clash(lhs, rhs):
        return None
    added = work.cyclic(atom.state(work))
    goal = work.ge(added.lhs, added.rhs)
    blocks = [(">", [(1, t.exps) for t in lhs]), ("<", [(1, t.exps) for t in rhs])]
    return work.finish(goal, f"cyclic {pattern(blocks)}", means.ones(n), True)


def mixed_cyclic(work: Work) -> Sketch | None:
    """The cyclic sum of one weighted mean of two terms."""
    n = work.n
    shape = work.rng.choice(means.weighted_two(work.rng.choice([2, n])))
    spots = means.place(work, shape)
    atom = means.build(work, shape, spots, means.draw_look(work.rng, shape), means.ones(n))
    if atom is None:
        return None
    (atom,), _ = means.tidy([atom], means.ones(n))
    lhs, rhs = primitive(cyclic_sum(atom.lhs), cyclic_sum(atom.rhs))
    if means.clash(lhs, rhs) or len(lhs) > 6 or max(t.degree for t in lhs) > 6:
        return None
    added = work.cyclic(atom.state(work))
    goal = work.ge(added.lhs, added.rhs)
    rows = primitive(cyclic_sum([mono(w, exps) for w, exps in atom.rows]))[0]
    name = pattern([("", [(int(t.coef), t.exps) for t in rows])], invert=True)
    return work.finish(
        goal, f"cyclic {name} {pattern([('', [(1, t.exps) for t in rhs])])}", means.ones(n)
    )


def two_cyclic(work: Work) -> Sketch | None:
    """Two cyclic sums of weighted means, added."""
    n, rng = work.n, work.rng
    one, two = (rng.choice(means.orbits(n)) for _ in range(2))
    if one == two:
        return None
    times = rng.choice((1, 1, 2) if work.level == 3 else (1, 2, 3))
    atoms = [means.build(work, shape, range(n), (0,) * n, means.ones(n)) for shape in (one, two)]
    lhs, rhs, blocks = [], [], []
    for atom, k in zip(atoms, (1, times), strict=True):
        if atom is None:
            return None
        left, right = primitive(cyclic_sum(atom.lhs), cyclic_sum(atom.rhs))
        lhs += [t.times(k) for t in left]
        rhs += [t.times(k) for t in right]
        blocks += [(">", [(1, t.exps) for t in left]), ("<", [(1, t.exps) for t in right])]
    rest = collect([*lhs, *(-t for t in rhs)])
    lhs, rhs = [t for t in rest if t.coef > 0], [-t for t in rest if t.coef < 0]
    if not lhs or not rhs or primitive(lhs, rhs) != [lhs, rhs]:
        return None
    cited = []
    for atom in atoms:
        assert atom is not None
        cited.append(work.cyclic(atom.state(work)).id)
    goal = work.ge(lhs, rhs)
    work.step(goal, "combine", of=cited, **({"weights": [1, times]} if times > 1 else {}))
    same = len({t.degree for t in lhs + rhs}) == 1
    return work.finish(goal, f"two-cyclic {pattern(blocks)}", means.ones(n), same)


TEMPLATES: tuple[Template, ...] = (
    Template("weighted-mean", single(alone), (1, 2, 3, 4), (1,), 10),
    Template("weighted-mean", single(alone), (1, 2, 3, 4), (2,), 3),
    Template(
        "weighted-sum",
        total(parts, {1: (2,), 2: (2,), 3: (2, 3), 4: (3,)}),
        (1, 2, 3, 4),
        (1, 2, 3, 4),
        4,
    ),
    Template(
        "weighted-product",
        products(parts, {1: (2,), 2: (2,), 3: (2, 3), 4: (3,)}),
        (1, 2, 3, 4),
        (1, 2, 3, 4),
        2,
    ),
    Template("weighted-cyclic", cyclic, (3, 4), (2,), 2),
    Template("weighted-given-sum", given_sum((2, 3, 4), False), (2, 3, 4), (3, 4), 3),
    Template("weighted-two-cyclic", two_cyclic, (3,), (3, 4), 3),
    Template("weighted-mixed-cyclic", mixed_cyclic, (3,), (2,), 2),
)
