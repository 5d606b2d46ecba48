"""P - N >= 0 from P >= 0 and P^2 - N^2 >= 0: how roots are squared away, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from olympiad_ineq.kernel.rational import Frac, IllPosed, Limit, World
from olympiad_ineq.proof.certificate import MAX_DEPTH, squares_apart
from olympiad_ineq.search.task import UNKNOWN, Certificate, Poly, Task

Finder = Callable[[Task], Certificate | None]
_MOST_TERMS, _MOST_SQUARED = 40, 80


def conjugate(task: Task, finders: Sequence[Finder]) -> Certificate | None:
    """A certificate of P^2 - N^2 >= 0 for some way to write p as P - N with P >= 0."""
    w = task.world
    if not (w.spare or w.ideal) or len(task.p) > _MOST_TERMS or task.left < 0.005:
        return None
    inner = [(plus, one) for plus in _larger_sides(task) if (one := _squared(task, plus))]
    rounds: list[Finder] = [lambda one: _first(without_roots(one), finders)]
    if task.depth + 1 < MAX_DEPTH and w.spare:  # only then: it squares what is long already
        rounds.append(lambda one: conjugate(one, finders))
    for find in rounds:
        for plus, one in inner:
            found = find(one)
            if found is not None:
                return {"kind": "conjugate", "plus": task.text(plus), "inner": found}
    return None


def _squared(task: Task, plus: Poly) -> Task | None:
    """P^2 - N^2 >= 0, unless it is long."""
    try:
        fact = squares_apart(task.world, task.fact, Frac(plus, {}))
    except Limit:
        return None
    p = fact.diff.num
    if len(p) > _MOST_SQUARED:
        return None
    return Task(task.world, fact, p, "1", task.hints, task.deadline, task.depth + 1)


def _first(task: Task, finders: Sequence[Finder]) -> Certificate | None:
    for finder in finders:
        if task.left < 0.005:
            return None
        found = finder(task)
        if found is not None:
            return found
    return None


def _larger_sides(task: Task) -> Iterator[Poly]:
    """Parts of p that are shown to be >= 0: its positive terms, its roots, all but its roots."""
    w = task.world
    ways: tuple[Callable[[bool, bool], bool], ...] = (
        lambda positive, rooted: positive,
        lambda positive, rooted: positive and rooted,
        lambda positive, rooted: positive or not rooted,
        lambda positive, rooted: not rooted,
    )
    seen: list[Poly] = [w.zero, task.p]
    for way in ways:
        plus = w.ctx.from_dict({m: c for m, c in task.p.terms() if way(c > 0, any(m[: w.spare]))})
        if plus not in seen and w.sign(plus) != UNKNOWN:
            yield plus
        seen.append(plus)


def without_roots(task: Task) -> Task:
    """The task in a world without roots, where p and the hypotheses have none: more is tried."""
    w = task.world
    if not w.spare or any(any(m[: w.spare]) for m in task.p.monoms()):
        return task
    try:
        world = World(w.statement)
    except (Limit, IllPosed):
        return task
    p = world.ctx.from_dict({tuple(m[w.spare :]): c for m, c in task.p.terms()})
    fact = replace(task.fact, diff=Frac(p, {}), lhs=Frac(p, {}), rhs=world.const(0))
    return Task(world, fact, p, "1", task.hints, task.deadline, task.depth)
