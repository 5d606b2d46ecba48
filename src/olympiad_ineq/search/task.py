"""What every finder of certificates works on: one inequality as a polynomial that must be >= 0.

    multiplier * (lhs - rhs) = p   at every allowed point, multiplier > 0 there.

`Task` also turns polynomials back into texts that the kernel's one parser reads.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from flint import fmpq

from olympiad_ineq.kernel.rational import NONNEGATIVE, POSITIVE, UNKNOWN, Fact, World
from olympiad_ineq.language.parse import MAX_CHARS, MAX_DIGITS

Poly: TypeAlias = Any
Certificate = dict[str, Any]
_LONG = re.compile(rf"\d{{{MAX_DIGITS + 1},}}")
_ROOT_NAME = re.compile(r"root\d+")
_BASE = 10 ** (MAX_DIGITS - 1)


class TooLong(Exception):
    """A text that the kernel's parser would refuse for its length."""


def integer_text(n: int) -> str:
    """An integer as the parser reads it: long ones by Horner's rule in a power of ten."""
    if abs(n) < 10**MAX_DIGITS:
        return str(n)
    if n < 0:
        return f"(-{integer_text(-n)})"
    high, low = divmod(n, _BASE)
    return f"({integer_text(high)}*{_BASE}+{low})" if low else f"({integer_text(high)}*{_BASE})"


def number_text(x: fmpq) -> str:
    """A fraction as the parser reads it."""
    top = integer_text(int(x.p))
    return top if x.q == 1 else f"{top}/{integer_text(int(x.q))}"


@dataclass
class Task:
    """One link of a goal. `hints` are points (variable values) where it is nearly an equality."""

    world: World
    fact: Fact
    p: Poly
    multiplier: str
    hints: list[list[fmpq]] = field(default_factory=list)
    deadline: float = float("inf")
    depth: int = 0

    @staticmethod
    def of(world: World, fact: Fact, deadline: float, hints: list[list[fmpq]]) -> Task:
        task = Task(world, fact, fact.diff.num, "1", hints, deadline)
        below = [
            f"({task.text(world.factors[key])})" + (f"^{n}" if n > 1 else "")
            for key, n in fact.diff.den.items()
            if n
        ]
        task.multiplier = "*".join(below) or "1"
        if len(task.multiplier) > MAX_CHARS:
            raise TooLong
        return task

    @property
    def strict(self) -> bool:
        return self.fact.op == ">"

    @property
    def left(self) -> float:
        """Seconds left."""
        return self.deadline - time.monotonic()

    @cached_property
    def root_texts(self) -> dict[str, str]:
        """The spare variables as roots."""
        names: dict[str, str] = {}
        for (inner, degree), gen in self.world.radicals.items():
            text = _ROOT_NAME.sub(lambda m: names[m.group()], inner)
            names[str(gen)] = f"sqrt({text})" if degree == 2 else f"(({text})^(1/{degree}))"
        return names

    def text(self, p: Poly) -> str:
        """A polynomial as the kernel's parser reads it."""
        text = str(p)
        if _LONG.search(text):
            text = self._long_text(p)
        if self.world.spare:
            text = _ROOT_NAME.sub(lambda m: self.root_texts[m.group()], text)
        if len(text) > MAX_CHARS:
            raise TooLong
        return text

    def _long_text(self, p: Poly) -> str:
        parts = []
        for m, c in p.terms():
            monomial = str(self.world.ctx.from_dict({m: 1}))
            number = number_text(-c if c < 0 else c)
            parts.append(
                ("-" if c < 0 else "+") + number + ("" if monomial == "1" else f"*{monomial}")
            )
        return "".join(parts).removeprefix("+")

    @cached_property
    def homogeneous(self) -> Poly | None:
        """p with its terms raised to one degree by a hypothesis, or p where it is homogeneous."""
        if not self.p:
            return self.p
        if self.world.spare:
            return None
        if len({sum(m) for m in self.p.monoms()}) == 1:
            return self.p
        return self.world.homogenised(self.p) if self.world.ideal else None

    @cached_property
    def pure_roots(self) -> dict[int, tuple[int, int]]:
        """variable -> (spare variable, degree), where one root is of the variable itself."""
        found: dict[int, tuple[int, int]] = {}
        for (inner, degree), gen in self.world.radicals.items():
            if inner in self.world.index:
                found[self.world.index[inner]] = self.world.index[str(gen)], degree
        return found

    @cached_property
    def ravi(self) -> bool:
        """Whether the symbols are Ravi's."""
        return self.world.statement.domain == "triangle" and not self.world.spare

    @cached_property
    def symbols(self) -> list[int]:
        """The variables that polynomials are written in; a root of a variable replaces it."""
        w = self.world
        roots = [w.index[str(g)] for (k, _), g in w.radicals.items()]
        replaced = set(self.pure_roots)
        plain = [i for i in range(w.spare, len(w.names)) if i not in replaced]
        return plain + roots

    def in_symbols(self, p: Poly) -> dict[tuple[int, ...], fmpq]:
        """p as {exponents of the symbols: coefficient}, variables under roots as powers of them.

        In a triangle the symbols stand for half of b+c-a, c+a-b and a+b-c.
        """
        if self.ravi:
            x, y, z = self.world.gens
            return {tuple(m): fmpq(c) for m, c in p.compose(y + z, z + x, x + y).terms()}
        place = {i: k for k, i in enumerate(self.symbols)}
        result: dict[tuple[int, ...], fmpq] = {}
        for m, c in p.terms():
            key = [0] * len(place)
            for i, e in enumerate(m):
                if e and i in self.pure_roots:
                    root, degree = self.pure_roots[i]
                    key[place[root]] += e * degree
                elif e:
                    key[place[i]] += e
            key_ = tuple(key)
            result[key_] = result.get(key_, fmpq(0)) + c
        return {m: c for m, c in result.items() if c != 0}

    def monomial(self, exponents: Sequence[int]) -> Poly:
        """The monomial with these exponents of the symbols, integer powers of variables apart."""
        result = self.world.one
        if self.ravi:
            a, b, c = self.world.gens
            for half, e in zip((b + c - a, c + a - b, a + b - c), exponents, strict=True):
                result *= (half / 2) ** e
            return result
        variable = {root: (i, d) for i, (root, d) in self.pure_roots.items()}
        for i, e in zip(self.symbols, exponents, strict=True):
            if i in variable:
                at, degree = variable[i]
                result *= self.world.gens[at] ** (e // degree)
                e %= degree
            if e:
                result *= self.world.gens[i] ** e
        return result

    def sign(self, symbol: int) -> int:
        """What is known of a symbol's sign."""
        return self.world.signs[symbol]

    def certificate(self, kind: str, parts: Iterable[Mapping[str, Any]]) -> Certificate:
        """A `sum` certificate with this task's multiplier."""
        return {"kind": kind, "multiplier": self.multiplier, "parts": list(parts)}

    def positive_part(self, p: Poly) -> Poly:
        """The terms of p that are visibly positive on the domain."""
        return self.world.ctx.from_dict(
            {
                m: c
                for m, c in p.terms()
                if c > 0
                and all(s == POSITIVE or not e for e, s in zip(m, self.world.signs, strict=True))
            }
        )

    @property
    def signed(self) -> bool:
        """Whether some variable may be negative."""
        return UNKNOWN in (self.world.signs[i] for i in self.symbols)


__all__ = ["NONNEGATIVE", "POSITIVE", "UNKNOWN", "Certificate", "Poly", "Task", "TooLong"]
