"""The world of a statement for a proof: room for roots where they occur, and vacuous statements."""

from __future__ import annotations

import re
from collections.abc import Iterable

from olympiad_ineq.kernel.rational import NONNEGATIVE, POSITIVE, Fact, World
from olympiad_ineq.kernel.trees import Statement

_ROOT = re.compile(r"sqrt|√|\^\s*[({][^)}]*[/\\]")  # where extra variables for roots are needed


def world_of(statement: Statement, texts: Iterable[str] = ()) -> World:
    """The statement's world, for work with these texts; may raise Limit or IllPosed."""
    chains = (*statement.given, statement.goal)
    return World(statement, bool(_ROOT.search("\n".join((*(c.text for c in chains), *texts)))))


def contradictory(world: World) -> bool:
    """Is it seen at once that no point meets the domain and the hypotheses?"""
    for p in world.ideal:
        if p.is_constant() or POSITIVE in (world.sign(p), world.sign(-p)):
            return True
    return any(_impossible(world, fact) for fact in world.given)


def _impossible(world: World, fact: Fact) -> bool:
    worst = POSITIVE if fact.op != ">" else NONNEGATIVE
    below = world.sign(-fact.diff.num) >= worst
    return below or (fact.op == "=" and world.sign(fact.diff.num) == POSITIVE)
