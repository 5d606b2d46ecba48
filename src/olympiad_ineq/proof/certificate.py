"""Certificates of statements: whatever finds them, they are replayed here by the kernel's rules.

`links`  {"parts": [...]}: one certificate for each link of a chain.
`proof`  {"steps": [...]}: a proof, see check.py.
`sum`    {"multiplier": m, "parts": [...]}: m*(lhs - rhs) = the sum of the parts, m > 0, each part
         {"square": e, "weight": w}                      w*e^2 with w >= 0,
         {"terms": [...], "weights": [...], "root": r, "weight": w}    w*(sum wi*ti - W*r) by AM-GM,
         {"nonnegative": e, "weight": w}                 w*e with e >= 0 by its shape,
         {"plus": P, "minus": N, "weight": w}            w*(P - N), P >= 0 and P^2 - N^2 >= 0 by
                                                         their shapes,
         {"given": k, "weight": w}                       w*(lhs - rhs) of the k-th given relation;
                                                         of several, [j, k, ...], their product.
         `sos`, `amgm` and `positive` are names of such sums.
`ordering` {"multiplier": m}: for each order x1 <= ... <= xn of non-negative variables put
         x1 = t1, x2 = t1 + t2, ...: all coefficients of m*(lhs - rhs)'s numerator are then >= 0.
         Terms are brought to one degree by a hypothesis G = 1 first; where it is x^u = 1 of degree
         d, by putting x = y^d, so that y^u = 1. A triangle's sides are y + z, z + x, x + y.
`conjugate` {"plus": P, "inner": certificate}: P >= 0 by its shape; with D the numerator of
         lhs - rhs and N = P - D, the inner certificate shows P^2 - N^2 = D*(2P - D) >= 0.

Proof of `sum`: the parts are non-negative, so lhs - rhs = (their sum)/m >= 0; > 0 if one is > 0.
Proof of `ordering`: every point lies in one of the orders, where all ti >= 0. Every x >= 0 is y^d
for one y >= 0, and y^u is the non-negative d-th root of 1. Ravi: the sides of a triangle are y + z,
z + x, x + y with x, y, z > 0.
Proof of `conjugate`: were D < 0, then N > P >= 0 and P^2 < N^2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from math import lcm

from flint import fmpq

from olympiad_ineq.kernel import theorem as kernel
from olympiad_ineq.kernel.rational import Fact, Frac, IllPosed, Limit, World
from olympiad_ineq.kernel.theorem import Broken, Proved, Theorem
from olympiad_ineq.kernel.trees import Statement
from olympiad_ineq.language.parse import Unreadable

from .check import check_proof
from .match import divided
from .step import Reader, Step
from .worlds import contradictory, world_of

MAX_PARTS, MAX_FACTORS, MAX_DEPTH = 200, 4, 3


@dataclass(frozen=True, slots=True)
class CertificateVerdict:
    grade: str  # proved, open, unreadable, limit
    reason: str
    proved: Proved | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.grade == "proved" and self.proved is None:
            raise ValueError("only what the kernel has settled is proved")


def replay(statement: Statement, certificate: Mapping[str, object]) -> CertificateVerdict:
    """Does the certificate prove the statement? Exact, and without whatever found it."""
    try:
        proved, reason = _replayed(statement, certificate)
        return CertificateVerdict("proved", reason, proved)
    except Unreadable as error:
        return CertificateVerdict("unreadable", str(error))
    except Limit as error:
        return CertificateVerdict("limit", str(error))
    except (Broken, IllPosed) as error:
        return CertificateVerdict("open", str(error))


def _replayed(statement: Statement, certificate: Mapping[str, object]) -> tuple[Proved, str]:
    if not isinstance(certificate, Mapping):
        raise Unreadable("the certificate is not a record")
    kind, goal = certificate.get("kind"), statement.goal
    if kind == "proof":
        steps = certificate.get("steps")
        verdict = check_proof(statement, steps if isinstance(steps, list) else [])
        if verdict.proved is None:
            raise Broken(verdict.reason)
        return verdict.proved, verdict.reason
    if kind == "links":
        parts = _records(certificate.get("parts"))
        reason = "every link is certified"
    else:
        parts, reason = [certificate], f"the {kind} certificate checks"
    world = world_of(statement)
    if len(goal.ops) != len(parts) or "=" in goal.ops:
        raise Broken("this kind certifies inequalities, one for each link")
    if contradictory(world):
        raise Broken("the hypotheses contradict each other or the domain")
    shown = [_link(world, fact, part) for fact, part in zip(world.goal, parts, strict=True)]
    return kernel.settle(world, shown), reason


def _link(world: World, fact: Fact, certificate: Mapping[str, object], depth: int = 0) -> Theorem:
    kind = certificate.get("kind")
    if kind in ("sum", "sos", "amgm", "positive"):
        return _sum(world, fact, certificate)
    if kind == "ordering":
        return _ordering(world, fact, certificate)
    if kind == "conjugate" and depth < MAX_DEPTH:
        return _conjugate(world, fact, certificate, depth)
    raise Unreadable(f"the kind {str(kind)[:40]!r} of certificate is not known")


def _records(value: object) -> list[Mapping[str, object]]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > MAX_PARTS:
        raise Unreadable(f"expected a list of at most {MAX_PARTS} records")
    if not all(isinstance(item, Mapping) for item in value):
        raise Unreadable("expected a list of records")
    return list(value)


def _multiplier(world: World, certificate: Mapping[str, object]) -> Theorem | None:
    """The multiplier, which must be positive; None for 1."""
    text = certificate.get("multiplier", "1")
    if text == "1":
        return None
    expr = Reader(world.statement.variables)(text if isinstance(text, str) else "")
    try:
        shown = kernel.signed(world, expr)
    except Broken:
        shown = None
    if shown is None or shown.op != ">":
        raise Broken(f"the multiplier {text} is not shown to be positive")
    return shown


def _strict(found: Theorem, fact: Fact) -> None:
    if fact.op == ">" and found.op != ">":
        raise Broken("the certificate gives >=, the goal says >")


def _sum(world: World, fact: Fact, certificate: Mapping[str, object]) -> Theorem:
    parts: list[tuple[fmpq, Theorem]] = []
    read = Reader(world.statement.variables)
    for part in _records(certificate.get("parts")):
        step = Step(world, read, {}, {"weight": "1", **part}, fact)
        weight, text = step.one("weight")
        shown = step.nonnegative(weight, text, "a weight")
        if "square" in part:
            value = kernel.square(world, world.frac(step.one("square")[0]))
        elif "nonnegative" in part:
            value = step.nonnegative(*step.one("nonnegative"), "a part")
        elif "minus" in part:
            value = _larger(world, step)
        elif "given" in part:
            value = _given(world, part["given"])
        else:
            value = _amgm(world, step, world.frac(step.one("root")[0]))
        parts.append((fmpq(1), value if text == "1" else kernel.product(shown, value)))
    multiplier = _multiplier(world, certificate)
    zero = kernel.vanishing(world, world.const(0))
    total = kernel.combined(world, parts) if parts else zero
    _strict(total, fact)
    found = divided(total, multiplier, fact)
    if found is None:
        raise Broken("the parts do not add up to the difference of the sides")
    return found


def _larger(world: World, step: Step) -> Theorem:
    """P - N >= 0 where P >= 0 and P^2 >= N^2."""
    plus, minus = _plus(step), world.frac(step.one("minus")[0])
    squares = world.sub(world.power(plus.diff, 2), world.power(minus, 2))
    times = kernel.signed(world, Frac(world.reduce(squares.num), squares.den))
    total = kernel.combined(world, [(fmpq(2), plus)])
    return kernel.by_conjugate(total, times, world.sub(plus.diff, minus))


def _plus(step: Step) -> Theorem:
    return step.nonnegative(*step.one("plus"), "the larger side")


def _given(world: World, which: object) -> Theorem:
    """A hypothesis, or the product of several."""
    numbers: list[object] = list(which) if isinstance(which, list | tuple) else [which]
    if not 1 <= len(numbers) <= MAX_FACTORS:
        raise Broken(f"a product of hypotheses has 1 to {MAX_FACTORS} factors")
    found = [
        kernel.given(world, k - 1)
        for k in numbers
        if isinstance(k, int) and not isinstance(k, bool) and 1 <= k <= len(world.given)
    ]
    if len(found) < len(numbers):
        raise Broken("there is no such hypothesis")
    return reduce(kernel.product, found)


def _amgm(world: World, step: Step, root: Frac) -> Theorem:
    """sum wi*ti - W*r for the r that the certificate names."""
    exprs, texts = step.exprs("terms"), step.texts("terms")
    weights = step.numbers("weights", len(exprs))
    if any(x <= 0 for x in weights):
        raise Broken("AM-GM needs positive weights")
    scale = lcm(*(int(x.q) for x in weights))
    counts = [int((x * scale).p) for x in weights]
    terms = [step.nonnegative(*pair, "AM-GM") for pair in zip(exprs, texts, strict=True)]
    found = kernel.amgm(list(zip(counts, terms, strict=True)), root)
    return kernel.combined(world, [(fmpq(1, scale), found)])


def _ordering(world: World, fact: Fact, certificate: Mapping[str, object]) -> Theorem:
    multiplier = _multiplier(world, certificate)
    p = fact.diff.num if multiplier is None else world.mul(multiplier.diff.num, fact.diff.num)
    q = (world.homogenised(p) or p) if world.ideal else p
    total = kernel.ordered(world, q)
    _strict(total, fact)
    return kernel.restated(total, fact, None, multiplier)


def squares_apart(world: World, fact: Fact, plus: Frac) -> Fact:
    """D*(2P - D) >= 0 (> 0), that is P^2 - N^2, for the numerator D = P - N of the fact."""
    value = Frac(fact.diff.num, {})
    rest = world.sub(world.scale(plus, fmpq(2)), value)
    num = world.reduce(world.times(value, rest).num)
    return Fact(Frac(num, {}), world.const(0), Frac(num, {}), fact.op)


def _conjugate(world: World, fact: Fact, certificate: Mapping[str, object], depth: int) -> Theorem:
    step = Step(world, Reader(world.statement.variables), {}, certificate, fact)
    plus = _plus(step)
    if any(plus.diff.den.values()):
        raise Unreadable("the larger side is a quotient")
    inner = _records([certificate.get("inner")])[0]
    times = _link(world, squares_apart(world, fact, plus.diff), inner, depth + 1)
    total = kernel.combined(world, [(fmpq(2), plus)])
    return kernel.restated(kernel.by_conjugate(total, times, Frac(fact.diff.num, {})), fact)
