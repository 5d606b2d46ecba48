"""Certificates of statements: whatever finds them, the kernel replays them here.

`links`  {"parts": [...]}: one certificate for each link of a chain.
`proof`  {"steps": [...]}: a proof, see check.py.
`sum`    {"multiplier": m, "parts": [...]}: m*(lhs - rhs) = the sum of the parts, m > 0, each part
         {"square": e, "weight": w}                      w*e^2 with w >= 0,
         {"terms": [...], "weights": [...], "root": r, "weight": w}    w*(sum wi*ti - W*r) by AM-GM,
         {"nonnegative": e, "weight": w}                 w*e with e >= 0 by its shape,
         {"given": k, "weight": w}                       w*(lhs - rhs) of the k-th given relation.
         `sos`, `amgm` and `positive` are names of such sums.
`ordering` {"multiplier": m}: for each order x1 <= ... <= xn of non-negative variables put
         x1 = t1, x2 = t1 + t2, ...: all coefficients of m*(lhs - rhs)'s numerator are then >= 0.
         Terms are brought to one degree by a hypothesis G = 1 first; where it is x^u = 1 of degree
         d, by putting x = y^d, so that y^u = 1. A triangle's sides are y + z, z + x, x + y.

Proof of `sum`: the parts are non-negative, so lhs - rhs = (their sum)/m >= 0; > 0 if one is > 0.
Proof of `ordering`: every point lies in one of the orders, where all ti >= 0. Every x >= 0 is y^d
for one y >= 0, and y^u is the non-negative d-th root of 1. Ravi: the sides of a triangle are y + z,
z + x, x + y with x, y, z > 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from flint import fmpq

from .check import check_proof
from .rational import MAX_DEGREE, POSITIVE, UNKNOWN, Fact, Frac, IllPosed, Limit, Poly, World
from .rules import Broken, Step, amgm
from .statement import Statement
from .syntax import Chain, Unreadable

MAX_PARTS = 200


@dataclass(frozen=True, slots=True)
class CertificateVerdict:
    grade: str  # proved, open, unreadable, limit
    reason: str


def replay(statement: Statement, certificate: Mapping[str, object]) -> CertificateVerdict:
    """Does the certificate prove the statement? Exact, and without whatever found it."""
    try:
        if not isinstance(certificate, Mapping):
            raise Unreadable("the certificate is not a record")
        kind = certificate.get("kind")
        if kind == "proof":
            steps = certificate.get("steps")
            verdict = check_proof(statement, steps if isinstance(steps, list) else [])
            return CertificateVerdict(
                "proved" if verdict.grade == "proved" else "open", verdict.reason
            )
        goal = statement.goal
        if kind == "links":
            parts = _records(certificate.get("parts"))
            if len(parts) != len(goal.ops) or any(p.get("kind") == "links" for p in parts):
                raise Broken("one certificate is needed for each link")
            for i, part in enumerate(parts):
                link = Chain(goal.parts[i : i + 2], goal.ops[i : i + 1], goal.text)
                one = Statement(statement.variables, statement.domain, statement.given, link)
                verdict_of_link = replay(one, part)
                if verdict_of_link.grade != "proved":
                    return verdict_of_link
            return CertificateVerdict("proved", "every link is certified")
        if len(goal.ops) != 1 or goal.ops[0] == "=":
            raise Broken("this kind certifies one inequality")
        world = World(statement)
        (fact,) = world.links(goal)
        if world.contradiction:
            raise Broken("the hypotheses contradict each other or the domain")
        if kind in ("sum", "sos", "amgm", "positive"):
            strict = _sum(world, fact, certificate)
        elif kind == "ordering":
            strict = _ordering(world, fact, certificate)
        else:
            raise Unreadable(f"the kind {str(kind)[:40]!r} of certificate is not known")
        if fact.op == ">" and not strict:
            raise Broken("the certificate gives >=, the goal says >")
        return CertificateVerdict("proved", f"the {kind} certificate checks")
    except Unreadable as error:
        return CertificateVerdict("unreadable", str(error))
    except Limit as error:
        return CertificateVerdict("limit", str(error))
    except (Broken, IllPosed) as error:
        return CertificateVerdict("open", str(error))


def _records(value: object) -> list[Mapping[str, object]]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > MAX_PARTS:
        raise Unreadable(f"expected a list of at most {MAX_PARTS} records")
    if not all(isinstance(item, Mapping) for item in value):
        raise Unreadable("expected a list of records")
    return list(value)


def _multiplied(world: World, fact: Fact, certificate: Mapping[str, object]) -> Frac:
    text = certificate.get("multiplier", "1")
    multiplier = world.read(text if isinstance(text, str) else "")
    if world.sign_expr(multiplier) != POSITIVE:
        raise Broken(f"the multiplier {text} is not shown to be positive")
    return world.times(world.frac(multiplier), fact.diff)


def _sum(world: World, fact: Fact, certificate: Mapping[str, object]) -> bool:
    total, strict = world.const(0), False
    for part in _records(certificate.get("parts")):
        step = Step(world, {}, {"weight": "1", **part}, fact)
        weight, text = step.one("weight")
        step.nonnegative(weight, text, "a weight")
        if "square" in part:
            base, _ = step.one("square")
            value = world.power(world.frac(base), 2)
        elif "nonnegative" in part:
            expr, text = step.one("nonnegative")
            step.nonnegative(expr, text, "a part")
            value = world.frac(expr)
            strict |= world.sign_expr(expr) == world.sign_expr(weight) == POSITIVE
        elif "given" in part:
            at = part["given"]
            if not isinstance(at, int) or not 1 <= at <= len(world.given):
                raise Broken("there is no such hypothesis")
            value = world.given[at - 1].diff
            strict |= world.given[at - 1].op == ">" and world.sign_expr(weight) == POSITIVE
        else:
            root, _ = step.one("root")
            value = _amgm(world, step, world.frac(root))
        total = world.add(total, world.times(world.frac(weight), value))
    if not world.equal(_multiplied(world, fact, certificate), total):
        raise Broken("the parts do not add up to the difference of the sides")
    return strict


def _amgm(world: World, step: Step, root: Frac) -> Frac:
    """sum wi*ti - W*r for the r that the certificate names, if the rule gives just that."""
    count = len(step.texts("terms"))
    weights = step.numbers("weights", count)
    left = world.const(0)
    for expr, weight in zip(step.exprs("terms"), weights, strict=True):
        left = world.add(left, world.scale(world.frac(expr), weight))
    right = world.scale(root, sum(weights, fmpq(0)))
    claim = Fact(left, right, world.sub(left, right), ">=")
    for item in amgm(Step(world, {}, step.step, claim)):
        if world.matches(world.sub(item.lhs, item.rhs), claim.diff):
            return claim.diff
    raise Broken("a part is not an instance of AM-GM")


def _by_monomial(world: World, p: Poly) -> Poly | None:
    """p at x = y^d, made homogeneous by y^u = 1, where a hypothesis reads x^u = 1 of degree d."""
    top = int(p.total_degree()) if p else 0
    for unit, d in world.units:
        ((u, one),) = list(unit.terms())[:1]
        if len(unit) == 1 and one == 1 and top * d <= MAX_DEGREE:
            image: dict[tuple[int, ...], fmpq] = {}
            for m, c in p.terms():
                gap = top - sum(m)
                key = tuple(d * e + gap * v for e, v in zip(m, u, strict=True))
                image[key] = image.get(key, fmpq(0)) + c
            return world.ctx.from_dict(image)
    return None


def _ordering(world: World, fact: Fact, certificate: Mapping[str, object]) -> bool:
    if world.spare or min(world.signs) == UNKNOWN:
        raise Broken("an ordering needs nonnegative variables and no roots")
    p = _multiplied(world, fact, certificate).num
    if world.ideal:
        p = world.homogenised(p) or p
    if world.statement.domain == "triangle":
        x, y, z = world.gens
        p = p.compose(y + z, z + x, x + y)
    elif world.units and len({sum(m) for m in p.monoms()}) > 1:
        p = _by_monomial(world, p) or p
    p = world.strip(p)
    if len(world.gens) > 4 or p.total_degree() > 24:
        raise Limit("too many orders, or a degree too high")
    strict = True
    for order in permutations(range(len(world.gens))):
        images, below = [world.zero] * len(order), world.zero
        for i, at in enumerate(order):
            below = below + world.gens[i]
            images[at] = below
        q = p.compose(*images)
        if any(c < 0 for c in q.coeffs()):
            raise Broken("a coefficient is negative in some order of the variables")
        lowest = min(world.signs) == POSITIVE
        strict &= lowest and any(not any(m[1:]) for m in q.monoms())
    return strict
