"""AM-GM under a condition: a product that is given, or a sum that is given."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import prod
from random import Random

from olympiad_ineq.data_gen.symbolic.algebra import (
    Exps,
    Mono,
    Terms,
    collect,
    factor,
    mono,
    number,
    pattern,
    primitive,
    shift,
    variable,
)
from olympiad_ineq.data_gen.symbolic.sketch import Fact, Sketch, Work

LIMIT = {2: 20, 3: 60, 4: 120}

# -- a given product: abc = 1 --------------------------------------------------------------------


def draw_group(work: Work) -> list[Exps] | None:
    """Exponents whose sum is the same for every variable: an orbit, or a and bc."""
    rng, n = work.rng, work.n
    if rng.random() < 0.65:
        exps = tuple(rng.choice((0, 0, 1, 1, 2, 3)) for _ in range(n))
        versions = [shift(exps, by) for by in range(n)]
        if len(set(versions)) < n or sum(exps) > 4 or min(exps):
            return None
        return sorted(versions, reverse=True)
    top = rng.choice((1, 1, 2))
    exps = tuple(rng.randrange(top + 1) for _ in range(n))
    other = tuple(top - e for e in exps)
    if exps == other or not any(exps) or not any(other):
        return None
    return sorted([exps, other], key=lambda e: (sum(e), tuple(-x for x in e)))


def given_product(count: dict[int, Sequence[int]], join: str) -> Callable[[Work], Sketch | None]:
    """AM-GM several times with abc = 1 (or 8, ...), added or multiplied."""

    def make(work: Work) -> Sketch | None:
        rng, n = work.rng, work.n
        side = rng.choice((1, 1, 1, 2, 3) if work.level > 2 else (1, 1, 2))
        if side**n > 32:
            return None
        everything = mono(1, (1,) * n)
        work.given.append(f"{work.say([everything])} = {side**n}")
        groups = [draw_group(work) for _ in range(rng.choice(count[work.level]))]
        drawn = [g for g in groups if g is not None]
        if len(drawn) < len(groups) or len({tuple(g) for g in drawn}) < len(drawn):
            return None
        sides: list[tuple[Terms, Fraction]] = []
        for group in drawn:
            high = max(sum(e) for e in group)
            terms = [mono(side ** (high - sum(e)), e) for e in group]
            terms = primitive(terms)[0]
            value = terms[0].coef * side ** sum(group[0])
            sides.append((terms, len(group) * value))
        if max(v for _, v in sides) > LIMIT[work.level]:
            return None
        facts = [
            work.step(
                work.ge(terms, [number(value, n)]), "amgm", terms=[work.say([t]) for t in terms]
            )
            for terms, value in sides
        ]
        if len(sides) == 1:
            goal = work.ge(sides[0][0], [number(sides[0][1], n)])
        elif join == "sum":
            lhs = collect(t for terms, _ in sides for t in terms)
            if any(t.coef > 9 for t in lhs) or primitive(lhs)[0] != lhs:
                return None
            lhs.sort(key=lambda t: (t.degree, tuple(-e for e in t.exps)))
            total = sum((v for _, v in sides), Fraction(0))
            goal = work.ge(lhs, [number(total, n)])
            work.step(goal, "combine", of=facts)
        else:
            total = prod((v for _, v in sides), start=Fraction(1))
            if total > 3 * LIMIT[work.level]:
                return None
            left = "*".join(factor(terms, work.names) for terms, _ in sides)
            goal = f"{left} >= {work.say([number(total, n)])}"
            work.step(goal, "multiply", of=facts)
        name = pattern([("", [(1, e) for e in group]) for group in drawn])
        return work.finish(
            goal,
            f"given-product {join if len(drawn) > 1 else 'mean'} {name}",
            (Fraction(side),) * n,
        )

    return make


# -- a given sum: a + b + c = 3, ab + bc + ca = 3 -----------------------------------------------


def tangents(
    work: Work,
    bases: Sequence[Mono],
    values: Sequence[Fraction],
    powers: Sequence[int],
    weights: Sequence[Fraction],
    listed: bool,
) -> tuple[list[Fact], Fraction] | None:
    """For each base m with value s: k*m^p + (p-1)*k*s^p >= p*k*s^(p-1)*m, with the right sides
    λ times weights·bases. `listed` repeats equal terms instead of giving weights."""
    n = work.n
    factors = [g / (p * s ** (p - 1)) for g, p, s in zip(weights, powers, values, strict=True)]
    sides = []
    for k, m, s, p in zip(factors, bases, values, powers, strict=True):
        sides.append([(m**p).times(k), number(k * s**p, n), m.times(k * p * s ** (p - 1))])
    scaled = primitive(*sides)
    if max(t.coef for side in scaled for t in side) > LIMIT[work.level]:
        return None
    facts = []
    for (power, constant, _), p in zip(scaled, powers, strict=True):
        if listed:
            facts.append(work.amgm([power] + [constant] * (p - 1), [1] * p))
        else:
            facts.append(work.amgm([power, constant], [1, p - 1]))
    return facts, scaled[0][2].coef / weights[0]


def _exponents(rng: Random, powers: Sequence[int], count: int) -> list[int]:
    """One exponent for all, or one for each, the largest first."""
    if rng.random() < 0.5:
        return [rng.choice(powers)] * count
    return sorted((rng.choice(powers) for _ in range(count)), reverse=True)


def _slopes(exponents: Sequence[int], values: Sequence[Fraction], n: int) -> list[Fraction]:
    """The slopes of m^p at the values, in lowest terms: weights of a sum that is tight there."""
    slopes = [p * s ** (p - 1) for p, s in zip(exponents, values, strict=True)]
    return [t.coef for t in primitive([number(w, n) for w in slopes])[0]]


def given_sum(powers: Sequence[int], listed: bool) -> Callable[[Work], Sketch | None]:
    """Tangent lines by AM-GM: a^2+1 >= 2a and so on, added, with a+b+c given."""

    def make(work: Work) -> Sketch | None:
        rng, n = work.rng, work.n
        if n < work.level - 1:
            return None
        kind = rng.choice(("a", "a", "ab") if n == 3 else ("a",))
        if kind == "a":
            bases = [variable(i, n) for i in range(n)]
            point = [
                Fraction(rng.choice((1, 1, 2, 3) if work.level > 3 else (1, 1, 1, 2)))
                for _ in range(n)
            ]
            if rng.random() < 0.2:
                point = [Fraction(1, n)] * n
        else:
            bases = [variable(i, n) * variable((i + 1) % n, n) for i in range(n)]
            point = [Fraction(1)] * n
        values = [
            prod((x**e for x, e in zip(point, m.exps, strict=True)), start=Fraction(1))
            for m in bases
        ]
        exponents = _exponents(rng, powers, len(bases))
        if max(exponents) < max(powers) and not listed and max(exponents) < 3:
            return None
        weights = [Fraction(1)] * len(bases)
        if rng.random() < 0.5:
            weights = _slopes(exponents, values, n)
        if max(weights) > 12:
            return None
        total = sum((g * s for g, s in zip(weights, values, strict=True)), Fraction(0))
        condition = [m.times(g) for m, g in zip(bases, weights, strict=True)]
        work.given.append(f"{work.say(condition)} = {work.say([number(total, n)])}")
        drawn = tangents(work, bases, values, exponents, weights, listed)
        if drawn is None:
            return None
        facts, times = drawn
        lhs = collect(t for fact in facts for t in fact.lhs)
        rhs = collect(t for fact in facts for t in fact.rhs)
        left = [t for t in lhs if not t.is_number]
        constant = sum((t.coef for t in lhs if t.is_number), Fraction(0))
        lhs = [*left, number(constant, n)]
        added = work.step(work.ge(lhs, rhs), "combine", of=[f.id for f in facts])
        small, (bound,) = primitive(left, [number(times * total - constant, n)])
        goal = work.ge(small, [bound])
        work.step(
            goal,
            "combine",
            of=[added, "given"],
            **({} if times == 1 else {"weights": [1, weight(times)]}),
        )
        shape = ",".join(map(str, sorted(exponents)))
        return work.finish(
            goal,
            f"given-sum {kind} {n} powers {shape} {'even' if len(set(weights)) == 1 else 'uneven'}",
            point,
        )

    return make


def weight(value: Fraction) -> int | str:
    return value.numerator if value.denominator == 1 else str(value)
