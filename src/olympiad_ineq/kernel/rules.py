"""The rules of proof. Each takes a step and the facts before it and says what follows.

A rule returns the relations that it yields, as `Yield`s; the checker then asks whether the claim
is one of them, up to moving terms, a positive constant and a monomial in positive variables. So a
rule never looks at whether the claim is true, and a true claim with a wrong reason is not passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import comb, factorial, lcm

from flint import fmpq

from .rational import NONNEGATIVE, POSITIVE, UNKNOWN, Fact, Frac, World
from .syntax import Expr, Unreadable
from .witness import parse_number

MAX_ITEMS, MAX_WEIGHT = 24, 48


class Broken(Exception):
    """The step does not do what it says; the text is for a human."""


@dataclass(frozen=True, slots=True)
class Yield:
    """lhs >= rhs (strict: >; equation: =), what a rule gives."""

    lhs: Frac
    rhs: Frac
    strict: bool = False
    equation: bool = False


class Step:
    """A step as it was handed in, with readers that check the shape of each field."""

    def __init__(
        self, world: World, facts: Mapping[str, Fact], step: Mapping[str, object], claim: Fact
    ) -> None:
        self.world, self.facts, self.step, self.claim = world, facts, step, claim

    def texts(self, key: str) -> list[str]:
        raw = self.step.get(key)
        items = [raw] if isinstance(raw, str) else raw
        if not isinstance(items, Sequence) or not items:
            raise Unreadable(f"the field {key} must be a text or a list of texts")
        if len(items) > MAX_ITEMS or not all(isinstance(x, str) for x in items):
            raise Unreadable(f"the field {key} must hold at most {MAX_ITEMS} texts")
        return [str(x) for x in items]

    def exprs(self, key: str) -> list[Expr]:
        return [self.world.read(text) for text in self.texts(key)]

    def one(self, key: str) -> tuple[Expr, str]:
        """The field's only expression, and its text."""
        if len(self.texts(key)) != 1:
            raise Unreadable(f"the field {key} must hold one expression")
        return self.exprs(key)[0], self.texts(key)[0]

    def numbers(self, key: str, size: int) -> list[fmpq]:
        raw = self.step.get(key)
        if raw is None:
            return [fmpq(1)] * size
        if not isinstance(raw, Sequence) or isinstance(raw, str):
            raise Unreadable(f"the field {key} must be a list of numbers")
        if len(raw) != size:
            raise Broken(f"{size} things and {len(raw)} {key}")
        return [parse_number(x) for x in raw]

    def cited(self) -> list[Fact]:
        return [self.facts[name] for name in self.texts("of")]

    def nonnegative(self, expr: Expr, text: str, what: str) -> None:
        if self.world.sign_expr(expr) == UNKNOWN:
            raise Broken(f"{what} needs {text} >= 0, which is not shown on the domain")


def amgm(s: Step) -> Iterable[Yield]:
    """w1*t1 + ... + wn*tn >= W*r where every ti >= 0, W = w1 + ... + wn and r^W = t1^w1...tn^wn.

    Proof: weighted AM-GM with integer weights is AM-GM on W numbers, so the left side is at least
    W*g, g >= 0 the W-th root of the product. r^W = g^W gives |r| = g for even W, and r = g or
    (W odd) r = g exactly, so g >= r. Rational weights are brought to integers first; that is
    multiplication of the relation by a positive number. r is first read off the claim and tested
    by taking its power, then looked for by factoring the product.
    """
    w, terms = s.world, s.exprs("terms")
    for expr, text in zip(terms, s.texts("terms"), strict=True):
        s.nonnegative(expr, text, "AM-GM")
    weights = s.numbers("weights", len(terms))
    if any(x <= 0 for x in weights):
        raise Broken("AM-GM needs positive weights")
    scale = lcm(*(int(x.q) for x in weights))
    counts = [int((x * scale).p) for x in weights]
    whole = sum(counts)
    if whole > MAX_WEIGHT:
        raise Broken(f"AM-GM with weights that sum to more than {MAX_WEIGHT}")
    values = [w.frac(t) for t in terms]
    left = w.total([w.scale(f, fmpq(n)) for f, n in zip(values, counts, strict=True)])
    product = w.const(1)
    for f, n in zip(values, counts, strict=True):
        product = w.times(product, w.power(f, n))
    for factor in {1, whole, scale}:
        # claim*factor = left - whole*r
        r = w.scale(w.sub(left, w.scale(s.claim.diff, fmpq(factor))), fmpq(1, whole))
        size = comb(len(r.num) + whole - 1, whole)  # terms of r^whole at most
        if size <= 2000 and w.equal(w.power(r, whole), product):
            yield Yield(left, w.scale(r, fmpq(whole)))
            return
    root = w.root(product, whole, NONNEGATIVE) if w.spare else _perfect_root(w, product, whole)
    if root is None:
        raise Broken(f"AM-GM on {_list(s, 'terms')} has no rational {whole}-th root on the right")
    yield Yield(left, w.scale(root, fmpq(whole)))
    if whole % 2 == 0:
        yield Yield(left, w.scale(root, fmpq(-whole)))


def _perfect_root(w: World, f: Frac, n: int) -> Frac | None:
    """r with r^n = f, by factoring; the caller needs no more than that power."""
    number, parts = w.split(f.num) if f.num else (fmpq(0), [])
    p, q = number.p, number.q
    if p < 0 or any(m % n for _, m in parts) or any(m % n for m in f.den.values()):
        return None
    if p.root(n) ** n != p or q.root(n) ** n != q:
        return None
    root = w.ctx.constant(fmpq(p.root(n), q.root(n)))
    for poly, m in parts:
        root = w.mul(root, w.pow(poly, m // n))
    if root and root.leading_coefficient() > 0 and w.sign(-root) == POSITIVE:
        root = -root
    return Frac(root, {k: m // n for k, m in f.den.items()})


def _list(s: Step, key: str) -> str:
    return ", ".join(s.texts(key))


def _pairs(s: Step, one: str, two: str) -> tuple[list[Expr], list[Expr]]:
    xs, ys = s.exprs(one), s.exprs(two)
    if len(xs) != len(ys):
        raise Broken(f"{len(xs)} {one} and {len(ys)} {two}")
    return xs, ys


def cauchy(s: Step) -> Iterable[Yield]:
    """(x1^2+...+xn^2)(y1^2+...+yn^2) >= (x1*y1+...+xn*yn)^2 for all real xi, yi.

    Proof: the difference is the sum over i < j of (xi*yj - xj*yi)^2 (Lagrange's identity).
    """
    w = s.world
    xs, ys = ([w.frac(e) for e in side] for side in _pairs(s, "x", "y"))
    left = w.times(w.total([w.power(x, 2) for x in xs]), w.total([w.power(y, 2) for y in ys]))
    yield Yield(left, w.power(w.total([w.times(*p) for p in zip(xs, ys, strict=True)]), 2))


def titu(s: Step) -> Iterable[Yield]:
    """x1^2/y1 + ... + xn^2/yn >= (x1+...+xn)^2/(y1+...+yn) for real xi and yi > 0.

    Proof: Cauchy-Schwarz on xi/sqrt(yi) and sqrt(yi), divided by y1 + ... + yn > 0.
    """
    w = s.world
    nums, dens = _pairs(s, "nums", "dens")
    for expr, text in zip(dens, s.texts("dens"), strict=True):
        if w.sign_expr(expr) != POSITIVE:
            raise Broken(f"Titu's lemma needs {text} > 0, which is not shown on the domain")
    xs, ys = [w.frac(e) for e in nums], [w.frac(e) for e in dens]
    left = w.total([w.times(w.power(x, 2), w.inverse(y)) for x, y in zip(xs, ys, strict=True)])
    yield Yield(left, w.times(w.power(w.total(xs), 2), w.inverse(w.total(ys))))


def square(s: Step) -> Iterable[Yield]:
    """c1*e1^2 + ... + cn*en^2 >= 0 for real ei and numbers ci >= 0: squares are not negative."""
    w, exprs = s.world, s.exprs("expr")
    weights = s.numbers("weights", len(exprs))
    if any(x < 0 for x in weights):
        raise Broken("a sum of squares needs weights >= 0")
    squares = [w.scale(w.power(w.frac(e), 2), c) for e, c in zip(exprs, weights, strict=True)]
    yield Yield(w.total(squares), w.const(0))


def positive(s: Step) -> Iterable[Yield]:
    """The claim's difference, or `expr`, is >= 0 (> 0) by the signs of its parts.

    Proof: sums, products, quotients and even powers of non-negative numbers are non-negative; see
    World.sign_expr. The claim must be expr >= 0 as a rule's claim is: up to positive factors.
    """
    w = s.world
    if "expr" in s.step:
        expr, text = s.one("expr")
        s.nonnegative(expr, text, "the step")
        yield Yield(w.frac(expr), w.const(0), strict=w.sign_expr(expr) == POSITIVE)
        return
    sign = w.sign(s.claim.diff.num)
    if sign == UNKNOWN:
        raise Broken("the difference of the sides has terms of both signs on the domain")
    yield Yield(s.claim.lhs, s.claim.rhs, strict=sign == POSITIVE)


def identity(s: Step) -> Iterable[Yield]:
    """Both sides are equal on the domain under the hypotheses (checked by reduction to zero)."""
    if not s.world.equal(s.claim.lhs, s.claim.rhs):
        raise Broken("the two sides are not equal")
    yield Yield(s.claim.lhs, s.claim.lhs, equation=True)


def combine(s: Step) -> Iterable[Yield]:
    """w1*(fact 1) + ... + wn*(fact n), weights >= 0 on inequalities, any sign on equations.

    Proof: inequalities add, and keep their direction under multiplication by a number >= 0. The
    sum is strict if a strict fact has a positive weight.
    """
    w, facts = s.world, s.cited()
    weights = s.numbers("weights", len(facts))
    left, right = w.const(0), w.const(0)
    for fact, c in zip(facts, weights, strict=True):
        if c < 0 and fact.op != "=":
            raise Broken("an inequality is taken with a negative weight")
        left = w.add(left, w.scale(fact.lhs, c))
        right = w.add(right, w.scale(fact.rhs, c))
    pairs = list(zip(facts, weights, strict=True))
    strict = any(f.op == ">" and c > 0 for f, c in pairs)
    yield Yield(left, right, strict, all(f.op == "=" for f in facts))


def multiply(s: Step) -> Iterable[Yield]:
    """L1*...*Ln >= R1*...*Rn from facts Li >= Ri with every Ri >= 0 (any Ri if all are Li = Ri).

    Proof: 0 <= Ri <= Li; multiply the inequalities one after the other. It is strict if every
    fact is strict (then every Li > 0, and replacing Ri by Li one at a time ends with a strict
    increase: L1...Ln > R1*L2...Ln >= R1...Rn).
    """
    w, facts, names = s.world, s.cited(), s.texts("of")
    left, right = w.const(1), w.const(1)
    equations = all(f.op == "=" for f in facts)
    for fact, name in zip(facts, names, strict=True):
        if not equations and w.sign(fact.rhs.num) == UNKNOWN:
            raise Broken(f"the smaller side of {name} is not shown to be nonnegative")
        left, right = w.times(left, fact.lhs), w.times(right, fact.rhs)
    yield Yield(left, right, all(f.op == ">" for f in facts), equations)


def scale(s: Step) -> Iterable[Yield]:
    """e*L >= e*R from L >= R and e >= 0; strict if both are strict; any e for an equation."""
    w = s.world
    if len(s.cited()) != 1:
        raise Broken("scaling takes one earlier step")
    (fact,), (expr, text) = s.cited(), s.one("expr")
    sign = POSITIVE if fact.op == "=" else w.sign_expr(expr)
    if sign == UNKNOWN:
        raise Broken(f"scaling needs {text} >= 0, which is not shown on the domain")
    factor = w.frac(expr)
    strict = fact.op == ">" and sign == POSITIVE
    yield Yield(w.times(factor, fact.lhs), w.times(factor, fact.rhs), strict, fact.op == "=")


def cyclic(s: Step) -> Iterable[Yield]:
    """An earlier fact with the variables permuted, where the hypotheses permit the permutation.

    Proof: every fact here holds at all allowed points. If the set of allowed points is mapped
    into itself by the permutation, the fact holds at the image of each point, which is the
    permuted fact. Each domain is symmetric; each hypothesis must go to one that follows: an
    equation to one that vanishes, an inequality to one of the listed ones. Cyclic shifts are
    tried first, then (up to four variables) every permutation, or only the one in "map".
    """
    w, names = s.world, s.world.statement.variables
    if len(s.cited()) != 1:
        raise Broken("a permuted step takes one earlier step")
    (fact,) = s.cited()
    n = len(names)
    orders = [tuple(names[i:] + names[:i]) for i in range(1, n)]
    if factorial(n) <= 24:
        orders += [p for p in permutations(names) if p not in orders and p != names]
    chosen = s.step.get("map")
    if chosen is not None:
        if not isinstance(chosen, Mapping) or sorted(map(str, chosen)) != sorted(names):
            raise Unreadable("map must name an image for every variable")
        orders = [tuple(str(chosen[v]) for v in names)]
        if sorted(orders[0]) != sorted(names):
            raise Broken("the map is not a permutation of the variables")
    allowed = [order for order in orders if _keeps(w, order)]
    if not allowed:
        raise Broken("the hypotheses are not symmetric under such a permutation")
    for order in allowed:
        yield Yield(
            _permuted(w, fact.lhs, order), _permuted(w, fact.rhs, order),
            fact.op == ">", fact.op == "=",
        )  # fmt: skip


def _permuted(w: World, f: Frac, order: tuple[str, ...]) -> Frac:
    if w.radicals:
        raise Broken("permuting a step with roots is not supported")
    images = [w.gens[w.index[name]] for name in order]
    images = [w.gens[i] for i in range(w.spare)] + images
    den: dict[str, int] = {}
    for key, m in f.den.items():
        image = w.factors[key].compose(*images)
        w.factors[str(image)] = image
        den[str(image)] = den.get(str(image), 0) + m
    return Frac(f.num.compose(*images), den)


def _keeps(w: World, order: tuple[str, ...]) -> bool:
    for fact in w.given:
        image = _permuted(w, fact.diff, order).num
        if fact.op == "=":
            if not w.vanishes(image):
                return False
        elif not any(
            w.same_sign(image, other.diff.num) and other.op in (fact.op, ">") for other in w.given
        ):
            return False
    return True


def schur(s: Step) -> Iterable[Yield]:
    """x^t(x-y)(x-z) + y^t(y-x)(y-z) + z^t(z-x)(z-y) >= 0 for x, y, z >= 0, integer t >= 0.

    Proof: let x >= y >= z by symmetry. The last term is z^t(x-z)(y-z) >= 0. The first two are
    (x-y)(x^t(x-z) - y^t(y-z)) >= 0, as x^t >= y^t and x-z >= y-z >= 0. (t = 0: a sum of squares.)
    """
    w, exprs = s.world, s.exprs("terms")
    if len(exprs) != 3:
        raise Broken("Schur's inequality takes three terms")
    for expr, text in zip(exprs, s.texts("terms"), strict=True):
        s.nonnegative(expr, text, "Schur's inequality")
    t = s.step.get("degree", 1)
    if not isinstance(t, int) or not 0 <= t <= 6:
        raise Unreadable("the degree of Schur's inequality must be an integer from 0 to 6")
    x, y, z = (w.frac(e) for e in exprs)
    parts = [
        w.times(w.power(p, t), w.times(w.sub(p, q), w.sub(p, r)))
        for p, q, r in ((x, y, z), (y, z, x), (z, x, y))
    ]
    yield Yield(w.total(parts), w.const(0))


RULES: dict[str, Callable[[Step], Iterable[Yield]]] = {
    "amgm": amgm, "cauchy": cauchy, "titu": titu, "square": square, "positive": positive,
    "identity": identity, "combine": combine, "chain": combine, "multiply": multiply,
    "scale": scale, "cyclic": cyclic, "schur": schur,
}  # fmt: skip
CITING = frozenset({"combine", "chain", "multiply", "scale", "cyclic"})
NAMES = {
    "amgm": "AM-GM", "cauchy": "Cauchy-Schwarz", "titu": "Titu's lemma", "square": "the square",
    "positive": "the sign", "identity": "the identity", "combine": "the combination",
    "chain": "the chain", "multiply": "the product", "scale": "the scaled step",
    "cyclic": "the permuted step", "schur": "Schur's inequality",
}  # fmt: skip
