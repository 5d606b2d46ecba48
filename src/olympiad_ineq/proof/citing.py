"""Rules that take earlier steps: their sums and products, what follows from them, a permutation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial, reduce
from itertools import combinations, permutations
from math import factorial

from flint import fmpq

from olympiad_ineq.kernel import theorem as kernel
from olympiad_ineq.kernel.rational import POSITIVE, UNKNOWN, Fact, Frac, Poly, World
from olympiad_ineq.kernel.theorem import Broken, Theorem
from olympiad_ineq.language.parse import Unreadable

from .match import divided, entails, weaker
from .step import Known, Step, Yield, as_difference, nothing


def combine(s: Step) -> Iterable[Yield]:
    """w1*(fact 1) + ... + wn*(fact n), weights >= 0 on inequalities, any sign on equations.

    Where weights are given, the claim has to be this sum, or a positive number times it; with
    "exact" this sum itself.

    Proof: kernel.combined.
    """
    w, known = s.world, s.cited()
    weights = s.numbers("weights", len(known))
    found = kernel.combined(w, [(c, k.theorem) for k, c in zip(known, weights, strict=True)])
    used = [k for k, c in zip(known, weights, strict=True) if c > 0 and k.theorem.op != "="]
    said = s.step.get("exact") or s.step.get("weights") is not None
    if said and not _is(s, found.diff):
        raise Broken("the sum with these weights is not the claim")

    def sides() -> tuple[Frac, Frac]:
        pairs = list(zip(known, weights, strict=True))
        left = w.total(w.scale(k.fact.lhs, c) for k, c in pairs)
        return left, w.total(w.scale(k.fact.rhs, c) for k, c in pairs)

    yield Yield(found, sides, partial(_all_tight, used))


def _is(s: Step, value: Frac) -> bool:
    """Is the claim's difference this value, or, but for "exact", a positive number times it?"""
    w = s.world
    if s.step.get("exact"):
        return w.equal(value, s.claim.diff)
    one, two, _ = w.common(value, s.claim.diff)
    one, two = w.reduce(one), w.reduce(two)
    if not one or not two:
        return not one and not two
    ratio = two.leading_coefficient() / one.leading_coefficient()
    return bool(ratio > 0) and two == one * ratio


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
        found = weaker(k.theorem, s.claim)  # hence X >= 1, where X >= 2
        yield Yield(found or k.theorem, partial(_sides, k.fact), k.tight)
    for one, two in combinations(known, 2):
        both = kernel.combined(w, [(fmpq(1), one.theorem), (fmpq(1), two.theorem)])
        yield Yield(both, partial(as_difference, w, both), partial(_all_tight, (one, two)))
        times = kernel.product(one.theorem, two.theorem)
        yield Yield(times, partial(as_difference, w, times))
    for n in range(3, len(known) + 1):
        last = kernel.combined(w, [(fmpq(1), k.theorem) for k in known[:n]])
        yield Yield(last, partial(as_difference, w, last), partial(_all_tight, known[:n]))
    if s.step.get("scaled"):
        yield from _rescaled(s, known)


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
                yield Yield(found, partial(as_difference, w, found), k.tight)


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
        yield Yield(both, partial(as_difference, w, both), partial(_all_tight, (one, last)))
        times = kernel.product(one.theorem, last.theorem)
        yield Yield(times, partial(as_difference, w, times))
    for n in range(2, len(others) + 1):
        known = [*others[-n:], last]
        total = kernel.combined(w, [(fmpq(1), k.theorem) for k in known])
        yield Yield(total, partial(as_difference, w, total), partial(_all_tight, known))


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

    The claim has to be this, or a positive number times it; with "exact" this itself.
    """
    w = s.world
    if len(s.cited()) != 1:
        raise Broken("scaling takes one earlier step")
    (known,), (expr, text) = s.cited(), s.one("expr")
    factor = w.frac(expr)
    if not _is(s, w.times(factor, known.theorem.diff)):
        raise Broken(f"times {text} the step is not the claim")
    zeros = nothing
    if known.fact.op == "=":
        found = kernel.scaled(known.theorem, factor)
    else:
        shown = s.nonnegative(expr, text, "scaling")
        found = kernel.product(shown, known.theorem)
        zeros = known.tight if shown.op == ">" else nothing

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
