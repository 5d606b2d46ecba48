"""That equality holds nowhere else: what the equations of a tight inequality force.

Where a sum of terms >= 0 is zero, each term is; where AM-GM is an equation, its terms are equal. So
at each point where a claim holds with =, certain polynomials vanish (the rules say which). Here it
is shown that wherever they all do, those of the stated equality case do as well: by taking factors
apart, leaving out those without a zero, writing a form as squares, and eliminating variables.
What is not shown in a bounded search is not shown. No theorem comes from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flint import fmpq

from olympiad_ineq.kernel.rational import POSITIVE, UNKNOWN, Limit, Poly, World

MAX_NODES, MAX_TERMS, MAX_DEGREE = 60, 80, 14


def forced(world: World, equations: Iterable[Poly], wanted: Iterable[Poly]) -> bool:
    """Do all of the wanted polynomials vanish at each allowed point where the equations hold?"""
    try:
        return _Search(world).holds([*equations, *world.ideal], list(wanted))
    except Limit:
        return False


class _Search:
    def __init__(self, world: World) -> None:
        self.world, self.left = world, MAX_NODES

    def holds(self, equations: Sequence[Poly], wanted: Sequence[Poly]) -> bool:
        self.left -= 1
        equations = [*{str(p): p for p in equations if p}.values()]
        wanted = [p for p in wanted if p]
        if not wanted:
            return True
        if self.left < 0:
            raise Limit("too many cases")
        usable = [p for p in equations if len(p) <= MAX_TERMS and p.total_degree() <= MAX_DEGREE]
        for p in usable:
            others = [q for q in equations if q is not p]
            factors = self.factors(p)
            if factors != [p]:  # one of them vanishes; where there is none, nothing is here
                return all(self.holds([q, *others], wanted) for q in factors)
            parts = self.parts(p)
            if parts:
                return self.holds([*parts, *others], wanted)
        for sure in (True, False):
            for p in usable:
                found = self.solved(p, sure)
                if found is not None:
                    return self.holds(
                        [_without(self.world, q, *found) for q in equations if q is not p],
                        [_without(self.world, q, *found) for q in wanted],
                    )
        return all(any(not divmod(q, p)[1] for p in usable) for q in wanted)

    def factors(self, p: Poly) -> list[Poly]:
        """The different factors of p that may vanish at an allowed point."""
        found = [q for q, _ in self.world.split(p)[1]]
        if (
            len(found) == 1
            and found[0] * (p.leading_coefficient() / found[0].leading_coefficient()) == p
        ):
            found = [p]
        return [q for q in found if POSITIVE not in (self.world.sign(q), self.world.sign(-q))]

    def parts(self, p: Poly) -> list[Poly]:
        """What vanishes with p = a sum of terms >= 0: its monomials, or its squares."""
        for q in (p, -p):
            if len(q) > 1:
                terms = [self.world.ctx.from_dict({m: c}) for m, c in q.terms()]
                if all(self.world.sign(t) != UNKNOWN for t in terms):
                    return terms
                if q.total_degree() == 2:
                    forms = _squares(self.world, q)
                    if forms:
                        return forms
        return []

    def solved(self, p: Poly, sure: bool) -> tuple[int, Poly, Poly] | None:
        """(i, over, r): p = over*x_i + r with over > 0, a number where `sure`."""
        degrees = p.degrees()
        for i, degree in enumerate(degrees):
            if degree != 1:
                continue
            over, rest = _linear(self.world, p, i)
            if over.is_constant() == sure and self.world.sign(-over) == POSITIVE:
                over, rest = -over, -rest
            if over.is_constant() == sure and self.world.sign(over) == POSITIVE:
                return i, over, rest
        return None


def _linear(world: World, p: Poly, i: int) -> tuple[Poly, Poly]:
    """p = over*x_i + rest, where x_i occurs to the first power."""
    over, rest = {}, {}
    for m, c in p.terms():
        if m[i]:
            over[tuple(0 if j == i else e for j, e in enumerate(m))] = c
        else:
            rest[m] = c
    return world.ctx.from_dict(over), world.ctx.from_dict(rest)


def _without(world: World, q: Poly, i: int, over: Poly, rest: Poly) -> Poly:
    """q at x_i = -rest/over, multiplied by a power of over > 0; zero where that is an equation."""
    top = int(q.degrees()[i]) if q else 0
    if top == 0:
        return q
    powers: dict[int, dict[tuple[int, ...], fmpq]] = {}
    for m, c in q.terms():
        powers.setdefault(m[i], {})[tuple(0 if j == i else e for j, e in enumerate(m))] = c
    total = world.zero
    for n, terms in powers.items():
        value = world.mul(world.pow(-rest, n), world.pow(over, top - n))
        total = total + world.mul(world.ctx.from_dict(terms), value)
    return total


def _squares(world: World, p: Poly) -> list[Poly]:
    """The li of p = c1*l1^2 + ... + cn*ln^2 + c with ci > 0, c >= 0 (and c, where c > 0)."""
    forms: list[Poly] = []
    while p and not p.is_constant():
        terms, found = p.to_dict(), None
        for i in range(len(world.gens)):
            c = terms.get(tuple(2 * (i == j) for j in range(len(world.gens))), fmpq(0))
            if c < 0:
                return []
            found = (i, c) if c > 0 and found is None else found
        if found is None:
            return []
        i, c = found
        form = p.derivative(i) / (2 * c)
        forms.append(form)
        p = p - form * form * c
    if p and p.leading_coefficient() < 0:
        return []
    return [*forms, p] if p else forms
