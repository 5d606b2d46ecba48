"""The rules of proof: each takes a step and the facts before it and says what follows.

A rule returns `Yield`s, theorems made by the kernel's rules alone; the checker then asks whether
the claim is one of them, up to moving terms, a positive number and a monomial in positive
variables. So a rule never looks at whether the claim is true, and a true claim with a wrong reason
is not passed. A mistake here can judge a reason wrongly; it cannot make a false theorem.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial, reduce
from itertools import combinations, permutations
from math import comb, factorial, lcm
from typing import TypeAlias

from flint import fmpq

from olympiad_ineq.kernel import theorem as kernel
from olympiad_ineq.kernel.rational import NONNEGATIVE, POSITIVE, UNKNOWN, Fact, Frac, Poly, World
from olympiad_ineq.kernel.theorem import MAX_WEIGHT, Broken, Proved, Theorem
from olympiad_ineq.kernel.trees import Add, Chain, Div, Expr, Mul, Neg, Pow, Statement
from olympiad_ineq.language.parse import (
    Unreadable,
    parse_chain,
    parse_expr,
    parse_number,
    parse_statement,
)

from . import jensen as tangents
from .match import divided, entails, equal

MAX_ITEMS = 24


Zeros: TypeAlias = Callable[[], list[Poly]]


def _nothing() -> list[Poly]:
    return []


@dataclass(frozen=True, slots=True)
class Known:
    """What a name stands for: the relation, its theorem, and what vanishes where it is tight."""

    fact: Fact
    theorem: Theorem
    zeros: Zeros = _nothing

    def tight(self) -> list[Poly]:
        """Polynomials that vanish at each allowed point where the relation holds with =."""
        return [self.fact.diff.num, *self.zeros()]


@dataclass(frozen=True, slots=True)
class Yield:
    """What a rule gives: the theorem, and the two sides as the rule has them, for messages.

    `zeros` are polynomials that vanish wherever the theorem's difference does (see tight.py).
    """

    theorem: Theorem
    sides: Callable[[], tuple[Frac, Frac]]
    zeros: Zeros = _nothing


class Reader:
    """Texts to trees, each once for a proof."""

    def __init__(self, variables: Sequence[str]) -> None:
        self.variables = variables
        self.parsed: dict[str, Expr] = {}

    def __call__(self, text: str) -> Expr:
        if text not in self.parsed:
            self.parsed[text] = parse_expr(text, self.variables)
        return self.parsed[text]


# The links of a statement's goal from steps of its own, in the statement's own world.
Prover: TypeAlias = Callable[
    [Statement, Sequence[Mapping[str, object]]], tuple[World, list[Theorem]]
]


class Step:
    """A step as it was handed in, with readers that check the shape of each field."""

    def __init__(
        self, world: World, read: Reader, facts: Mapping[str, Known], step: Mapping[str, object],
        claim: Fact, chain: Chain | None = None, prove: Prover | None = None,
    ) -> None:  # fmt: skip
        self.world, self.read, self.facts = world, read, facts
        self.step, self.claim, self.chain, self.prove = step, claim, chain, prove

    def texts(self, key: str) -> list[str]:
        raw = self.step.get(key)
        items = [raw] if isinstance(raw, str) else raw
        if not isinstance(items, Sequence) or not items:
            raise Unreadable(f"the field {key} must be a text or a list of texts")
        if len(items) > MAX_ITEMS or not all(isinstance(x, str) for x in items):
            raise Unreadable(f"the field {key} must hold at most {MAX_ITEMS} texts")
        return [str(x) for x in items]

    def exprs(self, key: str) -> list[Expr]:
        return [self.read(text) for text in self.texts(key)]

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

    def cited(self) -> list[Known]:
        return [self.facts[name] for name in self.texts("of")]

    def nonnegative(self, expr: Expr, text: str, what: str) -> Theorem:
        """expr >= 0, or > 0, by its shape."""
        try:
            return kernel.signed(self.world, expr)
        except Broken:
            raise Broken(f"{what} needs {text} >= 0, which is not shown on the domain") from None


def amgm(s: Step) -> Iterable[Yield]:
    """w1*t1 + ... + wn*tn >= W*r where every ti >= 0, W = w1 + ... + wn and r^W = t1^w1...tn^wn.

    Proof: kernel.amgm; rational weights are brought to integers first, which is multiplication of
    the relation by a positive number. r is first read off the claim and tested by taking its power,
    then looked for by factoring the product.
    """
    w, exprs = s.world, s.exprs("terms")
    terms = [
        s.nonnegative(expr, text, "AM-GM")
        for expr, text in zip(exprs, s.texts("terms"), strict=True)
    ]
    weights = s.numbers("weights", len(terms))
    if any(x <= 0 for x in weights):
        raise Broken("AM-GM needs positive weights")
    if "power" in s.step:
        yield _squared_mean(s, terms, weights)
        return
    scale = lcm(*(int(x.q) for x in weights))
    counts = [int((x * scale).p) for x in weights]
    whole = sum(counts)
    if whole > MAX_WEIGHT:
        raise Broken(f"AM-GM with weights that sum to more than {MAX_WEIGHT}")
    parts = list(zip(counts, terms, strict=True))
    left = w.total(w.scale(t.diff, fmpq(n)) for n, t in parts)

    def equal_terms() -> list[Poly]:
        return [w.sub(terms[0].diff, t.diff).num for t in terms[1:]]

    def made(r: Frac) -> Yield:
        found = kernel.amgm(parts, r)
        return Yield(found, lambda: (left, w.scale(r, fmpq(whole))), equal_terms)

    for factor in _factors(w, {1, whole, scale}, whole, left, s.claim.diff, parts):
        r = w.scale(w.sub(left, w.scale(s.claim.diff, fmpq(factor))), fmpq(1, whole))
        if comb(len(r.num) + whole - 1, whole) <= 2000:  # terms of r^whole at most
            try:
                yield made(r)
            except Broken:
                continue
            return
    product = w.const(1)
    for n, t in parts:
        product = w.times(product, w.power(t.diff, n))
    root = w.root(product, whole, NONNEGATIVE) if w.spare else _perfect_root(w, product, whole)
    if root is None:
        listed = ", ".join(s.texts("terms"))
        raise Broken(f"AM-GM on {listed} has no rational {whole}-th root on the right")
    yield made(root)
    if whole % 2 == 0:
        yield made(w.scale(root, fmpq(-1)))


def _squared_mean(s: Step, terms: Sequence[Theorem], weights: Sequence[fmpq]) -> Yield:
    """(x + y)^2 >= 4*x*y, which is AM-GM squared: the difference is (x - y)^2."""
    if s.step["power"] != 2 or len(terms) != 2 or weights[0] != weights[1]:
        raise Broken("only AM-GM of two terms is squared")
    gap = s.world.sub(terms[0].diff, terms[1].diff)
    found = kernel.square(s.world, gap)
    return Yield(found, lambda: (found.diff, s.world.const(0)), lambda: [gap.num])


def _factors(
    w: World, factors: Iterable[int], whole: int, left: Frac, claim: Frac,
    parts: Sequence[tuple[int, Theorem]],
) -> list[int]:  # fmt: skip
    """The factors with which claim*factor = left - whole*r may have r^whole = the product.

    Where nothing relates the variables, the powers must be equal at one point: a quick no. At
    3, 4, 5, ... which is in every domain; what an inequality keeps from zero may vanish there.
    """
    if w.ideal:
        return list(factors)
    at = [fmpq(i + 3) for i in range(len(w.gens))]

    def value(f: Frac) -> fmpq:
        below = fmpq(1)
        for key, m in f.den.items():
            below *= w.factors[key](*at) ** m
        return f.num(*at) / below

    product = fmpq(1)
    try:
        for n, t in parts:
            product *= value(t.diff) ** n
        total, gap = value(left), value(claim)
    except ZeroDivisionError:
        return list(factors)
    return [k for k in factors if ((total - k * gap) / whole) ** whole == product]


def _perfect_root(w: World, f: Frac, n: int) -> Frac | None:
    """r with r^n = f, by factoring; the kernel checks the power."""
    number, parts = w.split(f.num)
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


def _pairs(s: Step, one: str, two: str) -> tuple[list[Expr], list[Expr]]:
    xs, ys = s.exprs(one), s.exprs(two)
    if len(xs) != len(ys):
        raise Broken(f"{len(xs)} {one} and {len(ys)} {two}")
    return xs, ys


def _minors(w: World, xs: Sequence[Frac], ys: Sequence[Frac]) -> list[tuple[int, int, Frac]]:
    """xi*yj - xj*yi for i < j."""
    return [
        (i, j, w.sub(w.times(xs[i], ys[j]), w.times(xs[j], ys[i])))
        for i, j in combinations(range(len(xs)), 2)
    ]


def _numerators(minors: Sequence[tuple[int, int, Frac]]) -> list[Poly]:
    return [minor.num for _, _, minor in minors]


def _zero(w: World) -> Theorem:
    return kernel.vanishing(w, w.const(0))


def cauchy(s: Step) -> Iterable[Yield]:
    """(x1^2+...+xn^2)(y1^2+...+yn^2) >= (x1*y1+...+xn*yn)^2 for all real xi, yi.

    Proof: the difference is the sum over i < j of (xi*yj - xj*yi)^2 (Lagrange's identity).
    """
    w = s.world
    xs, ys = ([w.frac(e) for e in side] for side in _pairs(s, "x", "y"))
    minors = _minors(w, xs, ys)
    squares = [(fmpq(1), kernel.square(w, minor)) for _, _, minor in minors]
    found = kernel.combined(w, squares) if squares else _zero(w)

    def sides() -> tuple[Frac, Frac]:
        left = w.times(w.total(w.power(x, 2) for x in xs), w.total(w.power(y, 2) for y in ys))
        inner = w.total(w.times(x, y) for x, y in zip(xs, ys, strict=True))
        return left, w.power(inner, 2)

    yield Yield(found, sides, partial(_numerators, minors))


def titu(s: Step) -> Iterable[Yield]:
    """x1^2/y1 + ... + xn^2/yn >= (x1+...+xn)^2/(y1+...+yn) for real xi and yi > 0.

    Proof: the difference is the sum over i < j of (xi*yj - xj*yi)^2/(yi*yj*(y1+...+yn)).
    """
    w = s.world
    nums, dens = _pairs(s, "nums", "dens")
    ys, below = [], []
    for expr, text in zip(dens, s.texts("dens"), strict=True):
        f = w.frac(expr)
        if w.sign_expr(expr, f) != POSITIVE:
            raise Broken(f"Titu's lemma needs {text} > 0, which is not shown on the domain")
        ys.append(f)
        below.append(w.inverse(f))
    xs = [w.frac(e) for e in nums]
    sum_below = w.inverse(w.total(ys))
    minors = _minors(w, xs, ys)
    parts = [
        (fmpq(1),
         kernel.product(kernel.signed(w, w.times(w.times(below[i], below[j]), sum_below)),
                        kernel.square(w, minor)))
        for i, j, minor in minors
    ]  # fmt: skip
    found = kernel.combined(w, parts) if parts else _zero(w)

    def sides() -> tuple[Frac, Frac]:
        left = w.total(w.times(w.power(x, 2), b) for x, b in zip(xs, below, strict=True))
        return left, w.times(w.power(w.total(xs), 2), sum_below)

    yield Yield(found, sides, partial(_numerators, minors))


def square(s: Step) -> Iterable[Yield]:
    """c1*e1^2 + ... + cn*en^2 >= 0 for real ei and numbers ci >= 0: squares are not negative."""
    w, exprs = s.world, s.exprs("expr")
    weights = s.numbers("weights", len(exprs))
    if any(x < 0 for x in weights):
        raise Broken("a sum of squares needs weights >= 0")
    squares = [kernel.square(w, w.frac(e)) for e in exprs]
    found = kernel.combined(w, list(zip(weights, squares, strict=True)))

    def bases() -> list[Poly]:
        return [w.frac(e).num for e, c in zip(exprs, weights, strict=True) if c > 0]

    yield Yield(found, lambda: (found.diff, w.const(0)), bases)


def positive(s: Step) -> Iterable[Yield]:
    """The claim's difference, or `expr`, is >= 0 (> 0) by the signs of its parts.

    Proof: sums, products, quotients and even powers of non-negative numbers are non-negative; see
    World.sign_expr. The claim must be expr >= 0 as a rule's claim is: up to positive factors. The
    signs must show in the terms or in what is written: that a difference is >= 0 because it is a
    square, say, is another reason.
    """
    w = s.world
    if "expr" in s.step:
        expr, text = s.one("expr")
        found = s.nonnegative(expr, text, "the step")
        _need_signs(seen(w, expr) or w.termwise(found.diff.num) != UNKNOWN)
        yield Yield(found, lambda: (found.diff, w.const(0)), partial(_summands, w, expr))
        return
    side = _one_side(s)
    if side is not None and seen(w, side):
        yield Yield(kernel.signed(w, side), lambda: (s.claim.lhs, s.claim.rhs))
    elif w.sign(s.claim.diff.num) == UNKNOWN:
        _need_signs(any(fact.op != "=" for fact in w.given))
        found = _neighbours(w, s.claim) or kernel.ordered(w, s.claim.diff.num)  # by a >= b, say
        yield Yield(found, lambda: (s.claim.lhs, s.claim.rhs))
    else:
        _need_signs(w.termwise(s.claim.diff.num) != UNKNOWN)
        yield Yield(kernel.signed(w, s.claim.diff), lambda: (s.claim.lhs, s.claim.rhs))


def _need_signs(shown: bool) -> None:
    if not shown:
        raise Broken("the difference of the sides has terms of both signs on the domain")


def _one_side(s: Step) -> Expr | None:
    """The side of a claim whose other side is 0."""
    if s.chain is None or len(s.chain.parts) != 2:
        return None
    sides = [x for x in s.chain.parts if s.world.frac(x).num]
    return sides[0] if len(sides) == 1 else None


def seen(w: World, expr: Expr) -> bool:
    """Is it >= 0 by the signs of the variables and its squares, with no difference worked out?"""
    match expr:
        case Pow(base, n):
            return n % 2 == 0 or seen(w, base)
        case Add(args):
            return all(seen(w, x) for x in args)
        case Mul(args):
            square = any(isinstance(x, Pow) and x.exponent % 2 == 0 for x in args)
            return all(w.sign_expr(x) != UNKNOWN if square else seen(w, x) for x in args)
        case Div(num, den):
            return seen(w, num) and seen(w, den)
        case Neg():
            return False
        case _:
            return w.sign_expr(expr) != UNKNOWN


def all_nonnegative(w: World, p: Poly) -> bool:
    """Has p no term that may be negative?"""
    return all(w.sign(w.ctx.from_dict({m: c})) != UNKNOWN for m, c in p.terms())


def _summands(w: World, expr: Expr) -> list[Poly]:
    """The terms of a sum that are >= 0, all of them: they vanish where their sum does."""
    terms = expr.args if isinstance(expr, Add) else ()
    if any(w.sign_expr(term) == UNKNOWN for term in terms):
        return []
    return [w.frac(term).num for term in terms]


def _neighbours(w: World, claim: Fact) -> Theorem | None:
    """a - c = (a - b) + (b - c) from hypotheses a >= b >= c that stand side by side."""
    for first, last in combinations(range(len(w.given) + 1), 2):
        links = [kernel.given(w, k) for k in range(first, last)]
        if all(t.op != "=" for t in links):
            total = kernel.combined(w, [(fmpq(1), t) for t in links])
            if w.vanishes(w.sub(total.diff, claim.diff).num):
                return total
    return None


def identity(s: Step) -> Iterable[Yield]:
    """Both sides are equal on the domain under the hypotheses: the difference reduces to zero.

    Or both are roots of one number: match.equal.
    """
    found = equal(s.claim, s.world) or kernel.vanishing(s.world, s.claim.diff)
    yield Yield(found, lambda: (s.claim.lhs, s.claim.rhs))


def combine(s: Step) -> Iterable[Yield]:
    """w1*(fact 1) + ... + wn*(fact n), weights >= 0 on inequalities, any sign on equations.

    With "exact" the claim has to be this sum itself, and no multiple of it.

    Proof: kernel.combined.
    """
    w, known = s.world, s.cited()
    weights = s.numbers("weights", len(known))
    found = kernel.combined(w, [(c, k.theorem) for k, c in zip(known, weights, strict=True)])
    used = [k for k, c in zip(known, weights, strict=True) if c > 0 and k.theorem.op != "="]
    if s.step.get("exact") and not w.equal(found.diff, s.claim.diff):
        raise Broken("the sum is not the claim, but a multiple of it")

    def sides() -> tuple[Frac, Frac]:
        pairs = list(zip(known, weights, strict=True))
        left = w.total(w.scale(k.fact.lhs, c) for k, c in pairs)
        return left, w.total(w.scale(k.fact.rhs, c) for k, c in pairs)

    yield Yield(found, sides, partial(_all_tight, used))


def _operated(s: Step, known: Sequence[Known]) -> Yield:
    """ "Multiplying by 2", "adding x to both sides": the fact that becomes the claim so."""
    w, key = s.world, "times" if "times" in s.step else "shift"
    value = w.frac(s.one(key)[0])
    for k in known:
        if key == "times":
            fits = w.equal(w.times(k.theorem.diff, value), s.claim.diff)
        else:
            moved = w.sub(s.claim.lhs, k.fact.lhs)
            fits = w.equal(moved, value) and w.equal(w.sub(s.claim.rhs, k.fact.rhs), value)
        if fits:
            return Yield(k.theorem, partial(_sides, k.fact), k.tight)
    raise Broken(f"what is said to be done ({key} {s.texts(key)[0]}) does not give the claim")


def _rescaled(s: Step, known: Sequence[Known]) -> Iterable[Yield]:
    """A fact times what is seen to be positive, or divided by it."""
    w, claim = s.world, s.claim.diff
    for k in known:
        if k.theorem.op == "=" or not k.theorem.diff.num or not claim.num:
            continue
        p, q, _ = w.common(k.theorem.diff, claim)
        for top, bottom in ((q, p), (p, q)):
            ratio, rest = divmod(top, bottom)
            if rest or w.sign(ratio) != POSITIVE:
                continue
            by = kernel.signed(w, Frac(ratio, {}))
            found = kernel.product(by, k.theorem) if top is q else divided(k.theorem, by, s.claim)
            if found is not None:
                yield Yield(found, partial(_as_difference, w, found), k.tight)


def _all_tight(known: Sequence[Known]) -> list[Poly]:
    """A sum of inequalities is tight where each of them is."""
    return [p for k in known for p in k.tight()]


def so(s: Step) -> Iterable[Yield]:
    """What "hence" says: one of the facts cited, the sum or product of two, or the sum of the last.

    With "times" or "shift", one of the facts after this operation, exactly.
    With "scaled", one of the facts times what is positive, or divided by it, as well.
    Proof: kernel.combined; and where p >= 0 and q >= 0, p*q >= 0 (kernel.product). The last fact is
    tried first. That the claim is one of these up to positive factors is the reason given.
    """
    w, known = s.world, s.cited()[::-1]
    if len(known) > 6:
        raise Broken("too many facts for one conclusion")
    if "times" in s.step or "shift" in s.step:
        yield _operated(s, known)
        return
    for k in known:
        yield Yield(k.theorem, partial(_sides, k.fact), k.tight)
    for one, two in combinations(known, 2):
        both = kernel.combined(w, [(fmpq(1), one.theorem), (fmpq(1), two.theorem)])
        yield Yield(both, partial(_as_difference, w, both), partial(_all_tight, (one, two)))
        times = kernel.product(one.theorem, two.theorem)
        yield Yield(times, partial(_as_difference, w, times))
    for n in range(3, len(known) + 1):
        last = kernel.combined(w, [(fmpq(1), k.theorem) for k in known[:n]])
        yield Yield(last, partial(_as_difference, w, last), partial(_all_tight, known[:n]))
    if s.step.get("scaled"):
        yield from _rescaled(s, known)


def aim(s: Step) -> Iterable[Yield]:
    """What the last fact gives, alone or with others: the aim that it was said to be enough for.

    With "times" the fact has to be the claim times this, exactly.

    Proof: match.entails, kernel.combined, kernel.product. Alone it may have another denominator.
    """
    w, (*others, last) = s.world, s.cited()
    if len(others) > 5:
        raise Broken("too many facts for one conclusion")
    if "times" in s.step:
        factor = w.frac(s.one("times")[0])
        if not w.equal(w.times(s.claim.diff, factor), last.fact.diff):
            raise Broken(f"times {s.texts('times')[0]} it is not what was to be shown next")
    found = entails(last.theorem, s.claim)
    if found is not None:
        yield Yield(found, partial(_sides, last.fact), last.tight)
        return
    yield from so(s) if not others else ()
    for one in others[::-1]:
        both = kernel.combined(w, [(fmpq(1), one.theorem), (fmpq(1), last.theorem)])
        yield Yield(both, partial(_as_difference, w, both), partial(_all_tight, (one, last)))
        times = kernel.product(one.theorem, last.theorem)
        yield Yield(times, partial(_as_difference, w, times))
    for n in range(2, len(others) + 1):
        known = [*others[-n:], last]
        total = kernel.combined(w, [(fmpq(1), k.theorem) for k in known])
        yield Yield(total, partial(_as_difference, w, total), partial(_all_tight, known))


def known(s: Step) -> Iterable[Yield]:
    """The claim, by the signs of its parts or as a form that is a sum of squares: `World.sign`.

    That is a fact which a proof may mention by the way; the goal itself is none (see check.py).
    """
    found = kernel.signed(s.world, s.claim.diff)
    yield Yield(found, lambda: (s.claim.lhs, s.claim.rhs))


def _sides(fact: Fact) -> tuple[Frac, Frac]:
    return fact.lhs, fact.rhs


def multiply(s: Step) -> Iterable[Yield]:
    """L1*...*Ln >= R1*...*Rn from facts Li >= Ri with every Ri >= 0 (any Ri if all are Li = Ri).

    Proof: L*L' - R*R' = L*(L' - R') + R'*(L - R), and L = (L - R) + R >= 0, one factor after the
    other. It is strict if every fact is strict, for then every L > 0.
    """
    w, known = s.world, s.cited()
    equations = all(k.fact.op == "=" for k in known)
    lefts, rights = [k.fact.lhs for k in known], [k.fact.rhs for k in known]
    shown: list[Theorem] = []
    for k, name in zip(known, s.texts("of"), strict=True):
        if not equations:
            if w.sign(k.fact.rhs.num) == UNKNOWN:
                raise Broken(f"the smaller side of {name} is not shown to be nonnegative")
            shown.append(kernel.signed(w, k.fact.rhs))
    found, left = known[0].theorem, lefts[0]
    one = fmpq(1)
    for i in range(1, len(known)):
        this = known[i].theorem
        if equations:
            parts = [kernel.scaled(this, left), kernel.scaled(found, rights[i])]
        else:
            above = kernel.combined(w, [(one, found), (one, reduce(kernel.product, shown[:i]))])
            parts = [kernel.product(above, this), kernel.product(shown[i], found)]
        found = kernel.combined(w, [(one, t) for t in parts])
        left = w.times(left, lefts[i])

    # L1*...*Ln = R1*...*Rn with Li >= Ri > 0: then every Li = Ri.
    tight = known if not equations and all(w.sign(r.num) == POSITIVE for r in rights) else []
    yield Yield(
        found, lambda: (reduce(w.times, lefts), reduce(w.times, rights)), partial(_all_tight, tight)
    )


def root(s: Step) -> Iterable[Yield]:
    """L >= R from L^2 >= R^2, where L + R > 0: (L - R)*(L + R) >= 0."""
    w, known = s.world, s.cited()
    if len(known) != 1:
        raise Broken("a square root takes one earlier step")
    left, right = (w.power(side, 2) for side in (s.claim.lhs, s.claim.rhs))
    squares = Fact(left, right, w.sub(left, right), s.claim.op)
    shown = entails(known[0].theorem, squares)
    between = kernel.signed(w, w.add(s.claim.lhs, s.claim.rhs))
    found = divided(shown, between, s.claim) if shown and between.op == ">" else None
    if found is None:
        raise Broken("it is not the square root of the step, or not shown to be positive")
    yield Yield(found, lambda: (s.claim.lhs, s.claim.rhs), known[0].tight)


def scale(s: Step) -> Iterable[Yield]:
    """e*L >= e*R from L >= R and e >= 0; strict if both are strict; any e for an equation.

    With "exact" the claim has to be this itself, and no multiple of it.
    """
    w = s.world
    if len(s.cited()) != 1:
        raise Broken("scaling takes one earlier step")
    (known,), (expr, text) = s.cited(), s.one("expr")
    factor = w.frac(expr)
    if s.step.get("exact") and not w.equal(w.times(factor, known.theorem.diff), s.claim.diff):
        raise Broken(f"times {text} the step is not the claim")
    zeros = _nothing
    if known.fact.op == "=":
        found = kernel.scaled(known.theorem, factor)
    else:
        shown = s.nonnegative(expr, text, "scaling")
        found = kernel.product(shown, known.theorem)
        zeros = known.tight if shown.op == ">" else _nothing

    def sides() -> tuple[Frac, Frac]:
        return w.times(factor, known.fact.lhs), w.times(factor, known.fact.rhs)

    yield Yield(found, sides, zeros)


def cyclic(s: Step) -> Iterable[Yield]:
    """An earlier fact with the variables permuted, where the hypotheses permit the permutation.

    Proof: kernel.permuted. Cyclic shifts are tried first, then (up to four variables) every
    permutation, or only the one in "map".
    """
    w, names = s.world, s.world.statement.variables
    if len(s.cited()) != 1:
        raise Broken("a permuted step takes one earlier step")
    (known,) = s.cited()
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
    failed: list[Broken] = []
    for order in orders:
        try:
            found = kernel.permuted(known.theorem, order)
        except Broken as error:
            failed.append(error)
            continue
        yield Yield(
            found,
            partial(_moved, w, known.fact, order),
            partial(_moved_zeros, w, known, order),
        )
    if len(failed) == len(orders):
        raise failed[-1]


def _moved_zeros(w: World, known: Known, order: Sequence[str]) -> list[Poly]:
    return [kernel.image(w, p, order) for p in known.tight()]


def _moved(w: World, fact: Fact, order: Sequence[str]) -> tuple[Frac, Frac]:
    return kernel.moved(w, fact.lhs, order), kernel.moved(w, fact.rhs, order)


@lru_cache
def schur_lemma(t: int) -> Proved:
    """x^t(x-y)(x-z) + y^t(y-x)(y-z) + z^t(z-x)(z-y) >= 0 for x, y, z >= 0, in every order."""
    power = {name: f"{name}^{t}*" if t else "" for name in "xyz"}
    goal = "+".join(
        f"{power[p]}({p}-{q})*({p}-{r})" for p, q, r in (("x", "y", "z"), ("y", "z", "x"), "zxy")
    )
    hypotheses = [f"{name} >= 0" for name in "xyz"]
    world = World(parse_statement(list("xyz"), "real", hypotheses, f"{goal} >= 0"))
    found = entails(kernel.ordered(world, world.goal[0].diff.num), world.goal[0])
    if found is None:
        raise Broken("Schur's inequality was not shown")
    return kernel.settle(world, [found])


def schur(s: Step) -> Iterable[Yield]:
    """x^t(x-y)(x-z) + y^t(y-x)(y-z) + z^t(z-x)(z-y) >= 0 for x, y, z >= 0, integer t >= 0.

    Proof: let x >= y >= z by symmetry. The last term is z^t(x-z)(y-z) >= 0. The first two are
    (x-y)(x^t(x-z) - y^t(y-z)) >= 0, as x^t >= y^t and x-z >= y-z >= 0. (t = 0: a sum of squares.)
    The kernel shows it by the coefficients in each order (schur_lemma), and puts the terms in.
    """
    w, exprs = s.world, s.exprs("terms")
    if len(exprs) != 3:
        raise Broken("Schur's inequality takes three terms")
    shown = [
        s.nonnegative(expr, text, "Schur's inequality")
        for expr, text in zip(exprs, s.texts("terms"), strict=True)
    ]
    t = s.step.get("degree", 1)
    if not isinstance(t, int) or not 0 <= t <= 6:
        raise Unreadable("the degree of Schur's inequality must be an integer from 0 to 6")
    values = {name: x.diff for name, x in zip("xyz", shown, strict=True)}
    (found,) = kernel.instance(w, schur_lemma(t), values, shown)
    yield Yield(found, lambda: (found.diff, w.const(0)))


def jensen(s: Step) -> Iterable[Yield]:
    """w1*f(x1) + ... + wn*f(xn) >= f(w1*x1 + ... + wn*xn) for convex f, <= for concave f.

    {"by": "jensen", "f": "t^3", "terms": ["a", "b"], "weights": ["1/2", "1/2"]}: f is a quotient of
    polynomials in t, or t^(1/k); the weights are >= 0 and sum to 1, and are equal where not given.
    "shape" may say "convex" or "concave". Proof: jensen.shown, by the tangent at the mean.
    """
    text = s.step.get("f")
    f = parse_expr(text if isinstance(text, str) else "", ["t"])
    points = s.exprs("terms")
    default = [fmpq(1, len(points))] * len(points)
    weights = default if s.step.get("weights") is None else s.numbers("weights", len(points))
    if sum(weights, fmpq(0)) != 1 or min(weights) < 0:
        raise Broken("Jensen's weights must be >= 0 and sum to 1")
    shape, found = tangents.shown(s.world, f, points, weights)
    if s.step.get("shape", shape) != shape:
        raise Broken(f"the function is {shape} at the points, not {str(s.step['shape'])[:20]}")
    yield Yield(found, partial(tangents.sides, s.world, f, points, weights, shape))


def cases(s: Step) -> Iterable[Yield]:
    """The claim from a proof of it in each order of some variables; "wlog" from one, by symmetry.

    {"by": "cases", "cases": [{"order": ["a", "b", "c"], "steps": [...]}, ...]}: the steps of a case
    prove the claim with a >= b >= c as one more hypothesis. Proof: kernel.whatever_order.
    """
    raw = s.step.get("cases", [s.step])
    if not isinstance(raw, Sequence) or not 0 < len(raw) <= 6 or isinstance(raw, str):
        raise Unreadable("the field cases must be a list of at most 6 records")
    if s.chain is None or s.prove is None or len(s.chain.ops) != 1:
        raise Broken("cases prove one inequality, and have no cases of their own")
    shown = []
    for case in raw:
        order = case.get("order") if isinstance(case, Mapping) else None
        steps = case.get("steps") if isinstance(case, Mapping) else None
        if not isinstance(order, Sequence) or not isinstance(steps, Sequence) or len(order) < 2:
            raise Unreadable("a case needs an order of variables and steps")
        if isinstance(order, str) or not {*map(str, order)} <= {*s.world.statement.variables}:
            raise Unreadable("an order is a list of variables")
        text = " >= ".join(map(str, order))
        chain = parse_chain(text, s.world.statement.variables)
        about = replace(s.world.statement, given=(*s.world.statement.given, chain), goal=s.chain)
        try:
            shown += s.prove(about, steps)[1]
        except Broken as error:
            raise Broken(f"in the case {text}: {error}") from None
    found = kernel.whatever_order(s.world, shown)
    yield Yield(found, lambda: (s.claim.lhs, s.claim.rhs))


def substitute(s: Step) -> Iterable[Yield]:
    """The claim as an inequality in new variables that stand for expressions of the old ones.

    {"by": "substitute", "images": {"x": "a/b", "y": "b/a"}, "given": ["x*y = 1"], "domain":
    "positive", "lemma": "x+y >= 2", "steps": [...]}: the steps prove the lemma for all x, y of the
    domain that meet its hypotheses; that the images do so is shown here. Proof: kernel.instance.
    """
    images, domain = s.step.get("images"), s.step.get("domain", "positive")
    steps, given = s.step.get("steps"), s.step.get("given", [])
    if not isinstance(images, Mapping) or not 0 < len(images) <= 6:
        raise Unreadable("the field images must give an expression for each of up to 6 variables")
    if not isinstance(steps, Sequence) or not isinstance(given, Sequence) or isinstance(given, str):
        raise Unreadable("the fields steps and given must be lists")
    if s.prove is None or domain not in _BOUNDS:
        raise Broken(f"a lemma's domain is one of {', '.join(_BOUNDS)}, and it has steps")
    names, world = [str(name) for name in images], s.world
    bounds = [f"{name} {_BOUNDS[domain]} 0" for name in names] if _BOUNDS[domain] else []
    lemma = parse_statement(
        names, "real", [*bounds, *map(str, given)], str(s.step.get("lemma", ""))
    )
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
        yield Yield(found, partial(_as_difference, world, found))


_BOUNDS = {"positive": ">", "nonnegative": ">=", "real": ""}


def _as_difference(w: World, t: Theorem) -> tuple[Frac, Frac]:
    return t.diff, w.const(0)


Rule: TypeAlias = Callable[[Step], Iterable[Yield]]
RULES: dict[str, Rule] = {
    "amgm": amgm, "cauchy": cauchy, "titu": titu, "square": square, "positive": positive,
    "identity": identity, "combine": combine, "chain": combine, "multiply": multiply,
    "scale": scale, "so": so, "aim": aim, "known": known, "root": root,
    "cyclic": cyclic, "schur": schur, "jensen": jensen, "cases": cases,
    "wlog": cases, "substitute": substitute,
}  # fmt: skip
OWN_STEPS = frozenset({"cases", "wlog", "substitute"})
CITING = frozenset({"combine", "chain", "multiply", "scale", "cyclic", "so", "aim", "root"})
NAMES = {
    "amgm": "AM-GM", "cauchy": "Cauchy-Schwarz", "titu": "Titu's lemma", "square": "the square",
    "positive": "the sign", "identity": "the identity", "combine": "the combination",
    "chain": "the chain", "so": "what stands before", "aim": "what was to be shown",
    "known": "the sign", "root": "the square root", "multiply": "the product",
    "scale": "the scaled step",
    "cyclic": "the permuted step", "schur": "Schur's inequality", "jensen": "Jensen",
    "substitute": "the substitution",
    "cases": "the distinction of cases", "wlog": "the order without loss of generality",
}  # fmt: skip
