"""AM-GM with weights: single means, sums, products, and cyclic sums such as
a^3 + b^3 + c^3 >= a^2 b + b^2 c + c^2 a.
"""

from collections.abc import Sequence

from olympiad_ineq.data_gen.symbolic import means
from olympiad_ineq.data_gen.symbolic.algebra import cyclic_sum, mono, pattern, primitive
from olympiad_ineq.data_gen.symbolic.amgm import products, single, total
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
    goal = work.ge(*work.cyclic(atom.state(work)))
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
    goal = work.ge(*work.cyclic(atom.state(work)))
    rows = primitive(cyclic_sum([mono(w, exps) for w, exps in atom.rows]))[0]
    name = pattern([("", [(int(t.coef), t.exps) for t in rows])], invert=True)
    return work.finish(goal, f"cyclic {name} {pattern([('', [(1, t.exps) for t in rhs])])}",
                       means.ones(n))


TEMPLATES: tuple[Template, ...] = (
    Template("weighted-mean", single(alone), (1, 2, 3, 4), (1, 2), 3),
    Template("weighted-sum", total(parts, {1: (2,), 2: (2,), 3: (2, 3), 4: (3,)}),
             (1, 2, 3, 4), (1, 2, 3, 4), 4),
    Template("weighted-product", products(parts, {1: (2,), 2: (2,), 3: (2, 3), 4: (3,)}),
             (1, 2, 3, 4), (1, 2, 3, 4), 2),
    Template("weighted-cyclic", cyclic, (3, 4), (2,), 2),
    Template("weighted-mixed-cyclic", mixed_cyclic, (3,), (2,), 2),
)
