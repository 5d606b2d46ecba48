"""Theorems, and the only ways to make one.

A `Theorem` says that `diff op 0` holds at every point of its world (under the claims that it lists
as assumed). Only the functions below construct one; each states why what it returns is true. Rules
of proof, certificates and searches combine these functions as they like: whatever their mistakes,
they cannot make a false theorem, and a statement is proved only by `settle`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

from flint import fmpq

from .rational import MAX_DEGREE, POSITIVE, UNKNOWN, Fact, Frac, Limit, Poly, World
from .trees import Expr, Statement, Var

_KEY = object()
_STRENGTH = {">": (">", ">="), "=": ("=", ">="), ">=": (">=",)}  # what each relation implies
MAX_WEIGHT = 48


class Broken(Exception):
    """The step does not do what it says; the text is for a human."""


@dataclass(frozen=True, slots=True, eq=False)
class Theorem:
    """`diff op 0` at all points of the world where what is assumed holds; op is >=, > or =."""

    world: World
    diff: Frac
    op: str
    assumed: frozenset[str]
    key: object

    def __post_init__(self) -> None:
        if self.key is not _KEY:
            raise TypeError("only the kernel's rules make theorems")


@dataclass(frozen=True, slots=True, eq=False)
class Proved:
    """The statement is true: made by `settle` alone."""

    statement: Statement
    key: object

    def __post_init__(self) -> None:
        if self.key is not _KEY:
            raise TypeError("only the kernel settles a statement")


def _follows(world: World, diff: Frac, op: str, *used: Theorem) -> Theorem:
    if any(t.world is not world for t in used):
        raise Broken("theorems of two worlds do not combine")
    return Theorem(world, diff, op, frozenset().union(*(t.assumed for t in used)), _KEY)


def given(world: World, k: int) -> Theorem:
    """The k-th hypothesis: it holds at every allowed point, for those are the allowed points."""
    return Theorem(world, world.given[k].diff, world.given[k].op, frozenset(), _KEY)


def assume(world: World, fact: Fact, name: str) -> Theorem:
    """{name} |- fact. Whatever uses it carries the name, and settles nothing."""
    return Theorem(world, fact.diff, fact.op, frozenset((name,)), _KEY)


def signed(world: World, value: Frac | Expr) -> Theorem:
    """value >= 0, or > 0, by the signs of its parts (`World.sign`, `World.sign_expr`)."""
    frac = value if isinstance(value, Frac) else world.frac(value)
    sign = world.sign(frac.num) if isinstance(value, Frac) else world.sign_expr(value, frac)
    if sign == UNKNOWN:
        raise Broken("not shown to be nonnegative on the domain")
    return Theorem(world, frac, ">" if sign == POSITIVE else ">=", frozenset(), _KEY)


def square(world: World, value: Frac) -> Theorem:
    """value^2 >= 0: squares of real numbers are not negative."""
    return Theorem(world, world.power(value, 2), ">=", frozenset(), _KEY)


def vanishing(world: World, value: Frac) -> Theorem:
    """value = 0, as its numerator reduces to zero modulo equations that hold on the world."""
    if not world.vanishes(value.num):
        raise Broken("the two sides are not equal")
    return Theorem(world, value, "=", frozenset(), _KEY)


def combined(world: World, parts: Sequence[tuple[fmpq, Theorem]]) -> Theorem:
    """c1*t1 + ... + cn*tn >= 0 with every ci >= 0, or ti an equation and any ci.

    Inequalities add, and keep their direction under multiplication by a number >= 0. The sum is
    strict if a strict one has a positive weight, an equation if all are.
    """
    if any(c < 0 and t.op != "=" for c, t in parts):
        raise Broken("an inequality is taken with a negative weight")
    total = world.total([t.diff if c == 1 else world.scale(t.diff, c) for c, t in parts])
    strict = any(t.op == ">" and c > 0 for c, t in parts)
    op = "=" if all(t.op == "=" for _, t in parts) else ">" if strict else ">="
    return _follows(world, total, op, *(t for _, t in parts))


def product(s: Theorem, t: Theorem) -> Theorem:
    """s*t: a product of numbers >= 0 is >= 0, of numbers > 0 is > 0, with a zero is zero."""
    op = "=" if "=" in (s.op, t.op) else ">" if s.op == t.op == ">" else ">="
    return _follows(s.world, s.world.times(s.diff, t.diff), op, s, t)


def scaled(t: Theorem, value: Frac) -> Theorem:
    """value*t = 0 for an equation t and any value."""
    if t.op != "=":
        raise Broken("an inequality is scaled by what is not shown to be nonnegative")
    return _follows(t.world, t.world.times(value, t.diff), "=", t)


def by_conjugate(total: Theorem, times: Theorem, value: Frac) -> Theorem:
    """value >= 0 (> 0), from value + rest >= 0 and value*rest >= 0 (> 0), whatever the rest.

    Were value < 0, the sum would give rest >= -value > 0, and the product would be negative. Where
    the product is positive, value is not 0 either. With rest = P + N this is P - N >= 0 from P >= 0
    and P^2 - N^2 >= 0.
    """
    rest = total.world.sub(total.diff, value)
    if not total.world.equal(total.world.times(value, rest), times.diff):
        raise Broken("the product is not that of the value and the rest of the sum")
    return _follows(total.world, value, ">" if times.op == ">" else ">=", total, times)


def amgm(parts: Sequence[tuple[int, Theorem]], root: Frac) -> Theorem:
    """w1*t1 + ... + wn*tn - W*r >= 0, all ti >= 0, whole wi > 0 with sum W, r^W = t1^w1*...*tn^wn.

    This is AM-GM on W numbers: the sum is at least W*g, g >= 0 the W-th root of the product.
    r^W = g^W gives |r| = g for even W, and r = g for odd W; so g >= r.
    """
    world, whole = parts[0][1].world, sum(n for n, _ in parts)
    if min(n for n, _ in parts) < 1 or whole > MAX_WEIGHT:
        raise Broken(f"AM-GM needs weights that are positive and sum to at most {MAX_WEIGHT}")
    power = world.const(1)
    for n, t in parts:
        power = world.times(power, world.power(t.diff, n))
    if not world.equal(world.power(root, whole), power):
        raise Broken("the right side of AM-GM is not the root of the product")
    left = world.total([world.scale(t.diff, fmpq(n)) for n, t in parts])
    diff = world.sub(left, world.scale(root, fmpq(whole)))
    return _follows(world, diff, ">=", *(t for _, t in parts))


def restated(
    t: Theorem, fact: Fact, up: Theorem | None = None, down: Theorem | None = None
) -> Theorem:
    """The fact, where up*t = down*fact on the world up to denominators, and up, down > 0.

    Denominators are positive, so t and fact have the signs of their numerators; so do up*t and
    down*fact, which are equal.
    """
    world, p, q = t.world, t.diff.num, fact.diff.num
    if any(x is not None and x.op != ">" for x in (up, down)) or fact.op not in _STRENGTH[t.op]:
        raise Broken("it does not follow")
    p = world.mul(up.diff.num, p) if up else p
    q = world.mul(down.diff.num, q) if down else q
    if not world.vanishes(p - q):
        raise Broken("it does not follow")
    return _follows(world, fact.diff, fact.op, t, *(x for x in (up, down) if x))


def image(world: World, p: Poly, order: Sequence[str]) -> Poly:
    """p at the permuted point, where the i-th variable is the i-th name of the order.

    That point is allowed (see `keeps`), so a radicand is >= 0 there as well, and its root there is
    the root of its image.
    """
    places = [*world.gens[: world.spare], *(world.gens[world.index[v]] for v in order)]
    for (key, degree), root in world.radicals.items():
        at = world.index[str(root)]
        if any(monomial[at] for monomial in p.monoms()):
            below = image(world, world.factors[key], order)
            places[at] = _root_of(world, below, degree)
    return p.compose(*places)


def _root_of(world: World, p: Poly, degree: int) -> Poly:
    """The variable that stands for the root of p, which is >= 0."""
    for (key, other), root in world.radicals.items():
        if other == degree and world.vanishes(world.factors[key] - p):
            return root
    raise Broken("the permuted step has a root that the proof does not mention")


def keeps(world: World, order: Sequence[str]) -> bool:
    """Does this permutation of the variables map the set of allowed points into itself?

    Every domain is symmetric. Each hypothesis must go to one that holds: an equation to one that
    vanishes, an inequality to a positive multiple of one of the hypotheses.
    """
    for fact in world.given:
        p = image(world, fact.diff.num, order)
        if fact.op == "=":
            if not world.vanishes(p):
                return False
        elif not any(
            other.op in (fact.op, ">") and _multiple(world, p, other.diff.num)
            for other in world.given
        ):
            return False
    return sorted(order) == sorted(world.statement.variables)


def _multiple(world: World, p: Poly, q: Poly) -> bool:
    """p = r*q on the world, r a positive number times a monomial in positive variables."""
    one, two = world.reduce(world.strip(p)), world.reduce(world.strip(q))
    if not one or not two:
        return not one and not two
    ratio = one.leading_coefficient() / two.leading_coefficient()
    return bool(ratio > 0 and one == two * ratio)


def moved(world: World, f: Frac, order: Sequence[str]) -> Frac:
    """f with its variables permuted."""
    den: dict[str, int] = {}
    for key, m in f.den.items():
        below = image(world, world.factors[key], order)
        world.factors[str(below)] = below
        den[str(below)] = den.get(str(below), 0) + m
    return Frac(image(world, f.num, order), den)


def permuted(t: Theorem, order: Sequence[str]) -> Theorem:
    """t with its variables permuted, where the permutation keeps the set of allowed points.

    t holds at the image of each allowed point, for that is allowed: this is the permuted theorem.
    A denominator is positive at every allowed point, its image as well.
    """
    if not keeps(t.world, order):
        raise Broken("the hypotheses are not symmetric under such a permutation")
    return _follows(t.world, moved(t.world, t.diff, order), t.op, t)


def ordered(world: World, p: Poly) -> Theorem:
    """p >= 0 where all variables are, by its coefficients in each order x1 <= ... <= xn.

    Put x1 = t1, x2 = t1 + t2, ...: every point lies in one of the orders, where all ti >= 0, and
    with no negative coefficient p >= 0. If every variable is > 0, so is t1, and a term in t1 alone
    makes p > 0. A triangle's sides are y + z, z + x, x + y with x, y, z > 0. If p is not
    homogeneous and a hypothesis reads x^u = 1 of degree d, put x = y^d (every x >= 0 is one) and
    make p homogeneous by y^u = 1. A monomial in positive variables is left out of p.

    Orders that put x before y against a hypothesis x >= y are left out, if that leaves any: then
    these hypotheses have no cycle, and every allowed point lies in an order that keeps to them
    (sort it by value, and equal values by the hypotheses). In a triangle a >= b says y >= x.
    """
    if world.spare or min(world.signs) == UNKNOWN:
        raise Broken("an ordering needs nonnegative variables and no roots")
    q = p
    if world.statement.domain == "triangle":
        x, y, z = world.gens
        q = p.compose(y + z, z + x, x + y)
    elif world.units and len({sum(m) for m in p.monoms()}) > 1:
        q = _by_monomial(world, p)
    q = world.strip(q)
    if len(world.gens) > 4 or q.total_degree() > 24:
        raise Limit("too many orders, or a degree too high")
    strict = min(world.signs) == POSITIVE
    flipped = world.statement.domain == "triangle"
    pairs = [
        (i, j)
        for i, j in permutations(range(len(world.gens)), 2)
        if any(f.op != "=" and f.diff.num == world.gens[i] - world.gens[j] for f in world.given)
    ]
    orders = [
        order
        for order in permutations(range(len(world.gens)))
        if all((order.index(j) < order.index(i)) != flipped for i, j in pairs)
    ]
    if not orders:
        raise Broken("the hypotheses order the variables in a circle")
    for order in orders:
        images, below = [world.zero] * len(order), world.zero
        for i, at in enumerate(order):
            below = below + world.gens[i]
            images[at] = below
        r = q.compose(*images)
        if any(c < 0 for c in r.coeffs()):
            raise Broken("a coefficient is negative in some order of the variables")
        strict &= any(not any(m[1:]) for m in r.monoms())
    return Theorem(world, Frac(p, {}), ">" if strict else ">=", frozenset(), _KEY)


def _by_monomial(world: World, p: Poly) -> Poly:
    """p at x = y^d, made homogeneous by y^u = 1, where a hypothesis reads x^u = 1 of degree d."""
    top = int(p.total_degree())
    for unit, d in world.units:
        ((u, one),) = list(unit.terms())[:1]
        if len(unit) == 1 and one == 1 and top * d <= MAX_DEGREE:
            terms: dict[tuple[int, ...], fmpq] = {}
            for m, c in p.terms():
                key = tuple(d * e + (top - sum(m)) * v for e, v in zip(m, u, strict=True))
                terms[key] = terms.get(key, fmpq(0)) + c
            return world.ctx.from_dict(terms)
    return p


def whatever_order(world: World, theorems: Sequence[Theorem]) -> Theorem:
    """p >= 0 (> 0) from theorems that say so where some variables are in an order.

    Each theorem is about a world with one hypothesis more, x >= y >= z of variables. Where a
    permutation of the variables keeps the set of allowed points and takes its p to p, it says so
    in the permuted order as well. All orders must be met; every point lies in one of them.
    """
    p, covered = theorems[0].diff.num, set()
    ordered_names: tuple[str, ...] = ()
    for t in theorems:
        if not t.world.statement.given:
            raise Broken("a case needs one order of variables as its only hypothesis more")
        *others, chain = t.world.statement.given
        about = replace(t.world.statement, given=tuple(others), goal=world.statement.goal)
        names = tuple(part.name for part in chain.parts if isinstance(part, Var))
        ordered_names = ordered_names or names
        if about != world.statement or {*chain.ops} != {">="} or len(names) != len(chain.parts):
            raise Broken("a case needs one order of variables as its only hypothesis more")
        if world.spare or t.world.spare or {*names} != {*ordered_names} or t.op == "=":
            raise Broken("the cases are not inequalities about orders of the same variables")
        for order in permutations(world.statement.variables):
            turned = dict(zip(world.statement.variables, order, strict=True))
            moves = tuple(turned[name] for name in names)
            fits = moves not in covered and {*moves} == {*names} and keeps(world, order)
            if fits and image(world, t.diff.num, order) == p:
                covered.add(moves)
    if covered != set(permutations(ordered_names)):
        raise Broken("not every order of the variables is covered, by a case or by symmetry")
    op = ">" if all(t.op == ">" for t in theorems) else ">="
    assumed = frozenset().union(*(t.assumed for t in theorems))
    return Theorem(world, Frac(p, {}), op, assumed, _KEY)


def instance(
    world: World, lemma: Proved, at: Mapping[str, Frac], conditions: Sequence[Theorem]
) -> list[Theorem]:
    """A proved statement about real numbers, at values of this world that meet its hypotheses.

    At every allowed point the values are real numbers; by the conditions (in order, one for each
    hypothesis) these meet the lemma's hypotheses, so each link of its goal holds for them.
    """
    about = lemma.statement
    if about.domain != "real" or set(at) != set(about.variables):
        raise Broken("a lemma is about real numbers, and needs a value for each")
    hypotheses = [fact for chain in about.given for fact in world.links(chain, at)]
    for fact, t in zip(hypotheses, conditions, strict=True):
        restated(t, fact)
    return [_follows(world, f.diff, f.op, *conditions) for f in world.links(about.goal, at)]


def settle(world: World, theorems: Sequence[Theorem]) -> Proved:
    """The world's statement, from a theorem for each link of its goal."""
    for t, link in zip(theorems, world.goal, strict=True):
        fits = t.world is world and not t.assumed and link.op in _STRENGTH[t.op]
        if not fits or t.diff.num != link.diff.num:
            raise Broken("this does not settle the statement")
    return Proved(world.statement, _KEY)
