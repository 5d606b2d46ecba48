"""Rules with steps of their own: the orders of some variables, and new variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from olympiad_ineq.kernel import theorem as kernel
from olympiad_ineq.kernel.theorem import Broken
from olympiad_ineq.language.parse import Unreadable, parse_chain, parse_statement

from .step import Step, Yield, as_difference, like, missing

_BOUNDS = {"positive": ">", "nonnegative": ">=", "real": ""}


def cases(s: Step) -> Iterable[Yield]:
    """The claim from a proof of it in each order of some variables; "wlog" from one, by symmetry.

    {"by": "cases", "cases": [{"order": ["a", "b", "c"], "steps": [...]}, ...]}: the steps of a case
    prove the claim with a >= b >= c as one more hypothesis. Proof: kernel.whatever_order.
    """
    if s.step.get("by") == "cases" and not {"cases", "order", "steps"} & {*s.step}:
        raise missing("cases")
    raw = s.step.get("cases", [s.step])
    if not isinstance(raw, Sequence) or not 0 < len(raw) <= 6 or isinstance(raw, str):
        raise Unreadable("the field cases must be a list of at most 6 records")
    if s.chain is None or s.prove is None or len(s.chain.ops) != 1:
        raise Broken("cases prove one inequality, and have no cases of their own")
    shown = []
    for case in raw:
        if not isinstance(case, Mapping):
            raise Unreadable('a case must be a record of its "order" and its "steps"')
        order, steps = (_listed(case, key) for key in ("order", "steps"))
        if len(order) < 2 or not {*map(str, order)} <= {*s.world.statement.variables}:
            raise Unreadable("an order is a list of two variables or more")
        text = " >= ".join(map(str, order))
        chain = parse_chain(text, s.world.statement.variables)
        about = replace(s.world.statement, given=(*s.world.statement.given, chain), goal=s.chain)
        try:
            inner, theorems = s.prove(about, steps)
            if inner.spare or s.world.spare:
                raise Broken("cases and wlog are not for proofs with roots")
            shown += theorems
        except Broken as error:
            raise Broken(f"in the case {text}: {error}") from None
    found = kernel.whatever_order(s.world, shown)
    yield Yield(found, lambda: (s.claim.lhs, s.claim.rhs))


def _listed(record: Mapping[str, object], key: str) -> Sequence[Any]:
    raw = record.get(key)
    if raw is None:
        raise missing(key)
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        raise Unreadable(f"the field {key} must be a list, {like(key)}")
    return raw


def substitute(s: Step) -> Iterable[Yield]:
    """The claim as an inequality in new variables that stand for expressions of the old ones.

    {"by": "substitute", "images": {"x": "a/b", "y": "b/a"}, "given": ["x*y = 1"], "domain":
    "positive", "lemma": "x+y >= 2", "steps": [...]}: the steps prove the lemma for all x, y of the
    domain that meet its hypotheses; that the images do so is shown here. Proof: kernel.instance.
    """
    images, domain = s.step.get("images"), s.step.get("domain", "positive")
    given, text = s.step.get("given", []), s.step.get("lemma")
    if images is None:
        raise missing("images")
    if not isinstance(images, Mapping) or not 0 < len(images) <= 6:
        raise Unreadable("the field images must give an expression for each of up to 6 variables")
    steps = _listed(s.step, "steps")
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise Unreadable('the field given must be a list of relations, as in "given": ["x*y = 1"]')
    if text is None:
        raise missing("lemma")
    if not isinstance(text, str):
        raise Unreadable(f"the field lemma must be a text, {like('lemma')}")
    if s.prove is None or not isinstance(domain, str) or domain not in _BOUNDS:
        raise Broken(f"a lemma's domain is one of {', '.join(_BOUNDS)}")
    names, world = [str(name) for name in images], s.world
    bounds = [f"{name} {_BOUNDS[domain]} 0" for name in names] if _BOUNDS[domain] else []
    lemma = parse_statement(names, "real", [*bounds, *map(str, given)], text)
    inner, theorems = s.prove(lemma, steps)
    proved = kernel.settle(inner, theorems)
    exprs = [s.read(str(images[name])) for name in images]
    at = {name: world.frac(expr) for name, expr in zip(names, exprs, strict=True)}
    conditions = []
    links = [f for chain in lemma.given for f in world.links(chain, at)]
    for i, fact in enumerate(links):
        shown = (
            kernel.vanishing(world, fact.diff) if fact.op == "="
            else kernel.signed(world, exprs[i]) if i < len(bounds)
            else kernel.signed(world, fact.diff)
        )  # fmt: skip
        if fact.op == ">" and shown.op != ">":
            raise Broken("a value is not shown to be positive")
        conditions.append(shown)
    for found in kernel.instance(world, proved, at, conditions):
        yield Yield(found, partial(as_difference, world, found))
