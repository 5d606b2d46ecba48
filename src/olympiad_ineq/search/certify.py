"""Certificates of statements: a cascade of finders, cheapest first, each under its own time limit.

A finder proposes; `certify` returns nothing that proof.replay has not accepted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from flint import fmpq

from olympiad_ineq.kernel.rational import IllPosed, Limit
from olympiad_ineq.kernel.trees import Chain, Statement
from olympiad_ineq.language.parse import Unreadable
from olympiad_ineq.proof import CertificateVerdict, replay
from olympiad_ineq.proof.certificate import MAX_FACTORS
from olympiad_ineq.proof.worlds import contradictory, world_of
from olympiad_ineq.search.amgm_lp import amgm_lp
from olympiad_ineq.search.conjugate import conjugate
from olympiad_ineq.search.products import products
from olympiad_ineq.search.rewrite import secant, tangent, two_degrees
from olympiad_ineq.search.sos import factor, sos
from olympiad_ineq.search.task import (
    POSITIVE,
    UNKNOWN,
    Certificate,
    Task,
    TooLong,
    number_text,
)

Finder = Callable[[Task], Certificate | None]


def by_sign(task: Task) -> Certificate | None:
    """p >= 0 by the signs of its terms, its factors, or as a quadratic form."""
    need = POSITIVE if task.strict else 1
    if task.world.sign(task.p) < need:
        return None
    return task.certificate("positive", _readable(task))


def _readable(task: Task) -> list[dict[str, str]]:
    """p as squares where that is seen at once, else as it stands."""
    w, p = task.world, task.p
    plain = [{"nonnegative": task.text(p)}]
    if all(c > 0 for c in p.coeffs()) or task.strict or len(p) > 30:
        return plain
    if p.total_degree() == 2:
        squares = _quadratic(task)
        if squares:
            return squares
    number, parts = w.split(p)
    base, rest = w.one, w.ctx.constant(number)
    for q, m in parts:
        base = base * q ** (m // 2)
        rest = rest * (q if m % 2 else w.one)
    if base == w.one or number < 0 or w.sign(rest) == UNKNOWN:
        return plain
    return [{"square": task.text(base), "weight": task.text(rest)}]


def _quadratic(task: Task) -> list[dict[str, str]]:
    """A positive semidefinite quadratic by completing squares."""
    w, terms = task.world, task.p.to_dict()
    used = [i for i, m in enumerate(zip(*terms, strict=True)) if any(m)]
    basis = [*(w.gens[i] for i in used), w.one]
    matrix = [[fmpq(0)] * len(basis) for _ in basis]
    for m, c in terms.items():
        at = [k for k, i in enumerate(used) for _ in range(m[i])]
        i, j = [*at, len(used), len(used)][:2]
        matrix[i][j] += c / 2
        matrix[j][i] += c / 2
    return [
        {"square": task.text(sum((b * x for b, x in zip(basis, row, strict=True)), w.zero)),
         "weight": number_text(d)}
        for d, row in factor(matrix) or ()
    ]  # fmt: skip


def ordering(task: Task) -> Certificate | None:
    """All coefficients are nonnegative after x1 = t1, x2 = t1 + t2, ... in every order."""
    w = task.world
    if w.spare or UNKNOWN in w.signs or len(w.gens) > 4:
        return None
    if len(task.p) > 200 or task.p.total_degree() > 24:
        return None  # the kernel's own work is the search: it stops at the first failure
    return {"kind": "ordering"}


def hypotheses(task: Task) -> Certificate | None:
    """p as a product of hypotheses and of what is seen to be >= 0."""
    w = task.world
    known = [(k, f.diff.num) for k, f in enumerate(w.given, 1) if f.op != "="]
    weight, used = task.p, list[int]()
    for q, m in w.split(task.p)[1] if known else ():
        for k, h in known if m % 2 and w.sign(q) == UNKNOWN else ():
            ratio = h.leading_coefficient() / q.leading_coefficient()
            if q * ratio == h and len(used) < MAX_FACTORS:
                weight = divmod(weight, h)[0]
                used.append(k)
                break
    if not used or w.sign(weight) == UNKNOWN:
        return None
    return task.certificate("sum", [{"given": used, "weight": task.text(weight)}])


def squared(task: Task) -> Certificate | None:
    """The other finders on P^2 - N^2, where p = P - N with P >= 0."""
    return conjugate(task, (by_sign, amgm_lp, products, sos))


def multiplied(task: Task) -> Certificate | None:
    """The other finders on p times a power of the sum of the variables."""
    w = task.world
    if task.depth or task.signed or w.spare or len(task.p) > 40:
        return None
    total = w.zero
    for g in w.gens:
        total = total + g
    text = task.text(total)
    p = task.homogeneous if task.homogeneous is not None else task.p
    for power in (1, 2):
        q = w.mul(p, w.pow(total, power))
        if q.total_degree() > 14:
            return None
        multiplier = f"({text})^{power}" if power > 1 else f"({text})"
        if task.multiplier != "1":
            multiplier = f"{task.multiplier}*{multiplier}"
        inner = replace(task, p=q, multiplier=multiplier, depth=1)
        for finder in (amgm_lp, sos):
            found = finder(inner)
            if found is not None:
                return found
    return None


def rebalanced(task: Task) -> Certificate | None:
    """The other finders on p made homogeneous by a hypothesis of two degrees."""
    inner = two_degrees(task)
    if inner is None:
        return None
    for finder in (by_sign, amgm_lp, sos):
        found = finder(inner)
        if found is not None:
            return found
    return None


@dataclass(frozen=True)
class Method:
    name: str
    finder: Finder
    seconds: float


CHEAP = (Method("sign", by_sign, 0.2), Method("ordering", ordering, 0.5))
DEAR = (
    Method("hypotheses", hypotheses, 0.2),
    Method("amgm", amgm_lp, 1.0),
    Method("products", products, 1.0),
    Method("sos", sos, 1.5),
    Method("conjugate", squared, 1.5),
    Method("tangent", tangent, 0.5),
    Method("secant", secant, 0.5),
    Method("rebalanced", rebalanced, 1.5),
    Method("multiplied", multiplied, 2.0),
)


class Certifier:
    """One statement: the kernel's reading of it, made once, and the links still to certify."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self.trouble = ""
        self.found: list[Certificate | None] = []
        self.facts = []
        self.tried: set[tuple[int, str]] = set()
        try:
            self.world = world_of(statement)
            self.facts = self.world.goal
            if contradictory(self.world):
                self.trouble = "the hypotheses contradict each other or the domain"
        except IllPosed as error:
            self.trouble = f"ill-posed: {error}"
        except Limit as error:
            self.trouble = str(error)
        self.found = [None] * len(self.facts)
        self.methods: list[str] = [""] * len(self.facts)

    def run(
        self, methods: Sequence[Method], deadline: float, hints: Sequence[list[fmpq]] = ()
    ) -> Certificate | None:
        """Try the methods on the links that have no certificate yet; None unless all have one."""
        if self.trouble:
            return None
        for i in range(len(self.facts)):
            if self.found[i] is None and not self._link(i, methods, deadline, list(hints)):
                return None
        if len(self.facts) == 1:
            return self.found[0]
        return {"kind": "links", "parts": self.found}

    def _link(
        self, i: int, methods: Sequence[Method], deadline: float, hints: list[list[fmpq]]
    ) -> bool:
        fact = self.facts[i]
        goal = self.statement.goal
        link = Chain(goal.parts[i : i + 2], goal.ops[i : i + 1], goal.text)
        statement = replace(self.statement, goal=link)
        if fact.op == "=":
            if len(goal.ops) > 1:
                return False
            step = {"id": "s1", "claim": goal.text, "by": "identity"}
            return self._accept(i, statement, {"kind": "proof", "steps": [step]}, "identity")
        try:
            task = Task.of(self.world, fact, deadline, hints)
        except TooLong:
            return False
        for method in methods:
            if (i, method.name) in self.tried or time.monotonic() > deadline:
                continue
            self.tried.add((i, method.name))
            task.deadline = min(deadline, time.monotonic() + method.seconds)
            try:
                found = method.finder(task)
            except (TooLong, Limit, IllPosed, Unreadable, ZeroDivisionError):
                continue
            if found is not None and self._accept(i, statement, found, method.name):
                return True
        return False

    def _accept(self, i: int, statement: Statement, found: Certificate, name: str) -> bool:
        if check(statement, found).grade != "proved":
            return False
        self.found[i], self.methods[i] = found, name
        return True


def check(statement: Statement, certificate: Certificate) -> CertificateVerdict:
    """The kernel's verdict on a proposal."""
    return replay(statement, certificate)


def certify(statement: Statement, seconds: float = 5.0) -> Certificate | None:
    """A certificate that the kernel accepts, or None."""
    return Certifier(statement).run((*CHEAP, *DEAR), time.monotonic() + seconds)
