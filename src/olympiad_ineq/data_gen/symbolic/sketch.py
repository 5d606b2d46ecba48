"""What a template hands over, and the bookkeeping that all templates share.

A template draws a structure (the family), then numbers, and writes goal and steps through a `Work`,
which numbers the steps and keeps every fact both as terms and as the string that the kernel reads.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any

from olympiad_ineq.data_gen.symbolic.algebra import (
    Exps,
    Mono,
    Terms,
    collect,
    primitive,
    reading,
    shift,
    shifted,
    show_sum,
)
from olympiad_ineq.records import Domain

Step = dict[str, Any]
Point = tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A proved step: its id, and `lhs >= rhs` as terms."""

    id: str
    lhs: Terms
    rhs: Terms


@dataclass(frozen=True, slots=True)
class Sketch:
    """A problem with its proof in the kernel's syntax, before it is put into prose."""

    names: tuple[str, ...]
    domain: Domain
    given: tuple[str, ...]
    goal: str
    steps: tuple[Step, ...]
    family: str
    equality: dict[str, Any]


@dataclass
class Work:
    """One problem under construction."""

    rng: Random
    names: tuple[str, ...]
    level: int
    domain: Domain = "positive"
    given: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    @property
    def n(self) -> int:
        return len(self.names)

    def say(self, terms: Sequence[Mono]) -> str:
        return show_sum(terms, self.names)

    def ge(self, lhs: Sequence[Mono], rhs: Sequence[Mono]) -> str:
        return f"{self.say(lhs)} >= {self.say(rhs)}"

    def step(self, claim: str, by: str, **fields: Any) -> str:
        """Append a step and return its id."""
        name = f"s{len(self.steps) + 1}"
        self.steps.append({"id": name, "claim": claim, "by": by, **fields})
        return name

    def amgm(self, terms: Sequence[Mono], weights: Sequence[int]) -> Fact:
        """AM-GM on the terms: weighted sum >= total weight times the weighted geometric mean."""
        total = sum(weights)
        inside = Mono(Fraction(1), (0,) * self.n)
        for term, weight in zip(terms, weights, strict=True):
            inside = inside * term**weight
        mean = inside.root(total)
        assert mean is not None, (terms, weights)
        lhs = collect(t.times(w) for t, w in zip(terms, weights, strict=True))
        rhs = [mean.times(total)]
        fields: dict[str, Any] = {"terms": [self.say([t]) for t in terms]}
        if any(w != 1 for w in weights):
            fields["weights"] = list(weights)
        return Fact(self.step(self.ge(lhs, rhs), "amgm", **fields), lhs, rhs)

    def versions(self, fact: Fact) -> list[Fact]:
        """State the other cyclic versions of a fact; all of them, the first included."""
        facts = [fact]
        for by in range(1, self.n):
            lhs = sorted((shifted(t, by) for t in fact.lhs), key=reading)
            rhs = sorted((shifted(t, by) for t in fact.rhs), key=reading)
            if any(lhs == sorted(f.lhs, key=reading) for f in facts):
                break
            step = self.step(self.ge(lhs, rhs), "cyclic", of=[fact.id])
            facts.append(Fact(step, lhs, rhs))
        return facts

    def cyclic(self, fact: Fact) -> Fact:
        """State the cyclic versions of a fact and their sum, its numbers made coprime."""
        facts = self.versions(fact)
        if len(facts) == 1:
            return fact
        lhs, rhs = primitive(
            collect_orbits([f.lhs for f in facts]), collect_orbits([f.rhs for f in facts])
        )
        step = self.step(self.ge(lhs, rhs), "combine", of=[f.id for f in facts])
        return Fact(step, lhs, rhs)

    def finish(
        self, goal: str, family: str, point: Sequence[Fraction], ray: bool = False
    ) -> Sketch:
        """The sketch. Equality holds at the point, and with `ray` at all its multiples."""
        equality: dict[str, Any]
        if ray and self.n > 1:
            low = primitive([Mono(1 / x, (0,) * self.n) for x in point])[0]
            equality = {
                "when": " = ".join(
                    v if t.coef == 1 else f"{t.coef}*{v}"
                    for v, t in zip(self.names, low, strict=True)
                )
            }
        else:
            equality = {"point": {v: str(x) for v, x in zip(self.names, point, strict=True)}}
        return Sketch(
            names=self.names,
            domain=self.domain,
            given=tuple(self.given),
            goal=goal,
            steps=tuple(self.steps),
            family=family,
            equality=equality,
        )


def collect_orbits(sides: Sequence[Terms]) -> Terms:
    """The sum of versions of one side, orbit by orbit, each in reading order."""
    terms = collect(t for side in sides for t in side)
    orbits: dict[Exps, list[Mono]] = {}
    n = len(terms[0].exps)
    for term in terms:
        name = max(shift(term.exps, by) for by in range(n))
        orbits.setdefault(name, []).append(term)
    out: Terms = []
    for orbit in orbits.values():
        first = min(orbit, key=reading)
        exps = [shift(first.exps, by) for by in range(n)]
        out += sorted(orbit, key=lambda t: exps.index(t.exps))
    return sorted(out, key=lambda t: t.is_number)


Make = Callable[[Work], Sketch | None]


@dataclass(frozen=True, slots=True)
class Template:
    """A way to make problems: for which numbers of variables and levels, and how often."""

    name: str
    make: Make
    variables: tuple[int, ...]
    levels: tuple[int, ...]
    weight: int = 1
