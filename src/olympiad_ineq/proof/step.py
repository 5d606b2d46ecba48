"""What a rule of proof is given and what it gives: a step with its fields, and theorems."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from flint import fmpq

from olympiad_ineq.kernel import theorem as kernel
from olympiad_ineq.kernel.rational import Fact, Frac, Poly, World
from olympiad_ineq.kernel.theorem import Broken, Theorem
from olympiad_ineq.kernel.trees import Chain, Expr, Statement
from olympiad_ineq.language.parse import Unreadable, parse_expr, parse_number

MAX_ITEMS = 24
LIKE = {  # what a field may hold, for messages
    "terms": '["a^2", "b^2"]', "x": '["a", "b"]', "y": '["1", "1"]', "nums": '["a", "b"]',
    "dens": '["b", "a"]', "expr": '"a-b"', "of": '["s1", "s2"]', "f": '"t^2"', "times": '"2"',
    "shift": '"a"', "order": '["a", "b"]', "lemma": '"x+y >= 2"', "images": '{"x": "a/b"}',
    "steps": '[{"id": "t1", "claim": "a^2 >= 0", "by": "positive"}]',
    "cases": '[{"order": ["a", "b"], "steps": []}, {"order": ["b", "a"], "steps": []}]',
}  # fmt: skip

Zeros: TypeAlias = Callable[[], list[Poly]]


def nothing() -> list[Poly]:
    """No polynomial is known to vanish."""
    return []


def like(key: str) -> str:
    """The field as it may stand in a step."""
    example = LIKE.get(key, '"a"')  # certificates have fields of their own
    return f'as in "{key}": {example}'


def missing(key: str) -> Unreadable:
    return Unreadable(f"the field {key} is missing; fix: write it, {like(key)}")


@dataclass(frozen=True, slots=True)
class Known:
    """What a name stands for: the relation, its theorem, and what vanishes where it is tight."""

    fact: Fact
    theorem: Theorem
    zeros: Zeros = nothing

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
    zeros: Zeros = nothing


def as_difference(w: World, t: Theorem) -> tuple[Frac, Frac]:
    """The sides of a theorem that was given none: its difference and 0."""
    return t.diff, w.const(0)


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
        if raw is None:
            raise missing(key)
        items = [raw] if isinstance(raw, str) else raw
        if not isinstance(items, Sequence) or not items:
            raise Unreadable(f"the field {key} must be a text or a list of texts, {like(key)}")
        if len(items) > MAX_ITEMS:
            raise Unreadable(f"the field {key} holds {len(items)} texts, more than {MAX_ITEMS}")
        if not all(isinstance(x, str) for x in items):
            raise Unreadable(f"the field {key} must hold texts alone, {like(key)}")
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
            raise Broken(f"the field {key} must hold {size} numbers, not {len(raw)}")
        return [parse_number(x) for x in raw]

    def cited(self) -> list[Known]:
        return [self.facts[name] for name in self.texts("of")]

    def nonnegative(self, expr: Expr, text: str, what: str) -> Theorem:
        """expr >= 0, or > 0, by its shape."""
        try:
            return kernel.signed(self.world, expr)
        except Broken:
            raise Broken(f"{what} needs {text} >= 0, which is not shown on the domain") from None
