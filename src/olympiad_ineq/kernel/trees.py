"""What is to be proved, as trees: the kernel reads no text. `language.parse` makes them."""

from __future__ import annotations

from dataclasses import dataclass, field

from flint import fmpq

DOMAINS = ("positive", "nonnegative", "real", "triangle")


@dataclass(frozen=True, slots=True)
class Num:
    value: fmpq


@dataclass(frozen=True, slots=True)
class Var:
    name: str


@dataclass(frozen=True, slots=True)
class Add:
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Mul:
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Neg:
    arg: Expr


@dataclass(frozen=True, slots=True)
class Div:
    num: Expr
    den: Expr


@dataclass(frozen=True, slots=True)
class Pow:
    base: Expr
    exponent: int


@dataclass(frozen=True, slots=True)
class Root:
    arg: Expr
    degree: int


Expr = Num | Var | Add | Mul | Neg | Div | Pow | Root


@dataclass(frozen=True, slots=True)
class Chain:
    """``parts[0] ops[0] parts[1] ops[1] ...``; the text is what it was read from, for messages."""

    parts: tuple[Expr, ...]
    ops: tuple[str, ...]
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Statement:
    """For all values of the variables in the domain that satisfy the hypotheses: the goal."""

    variables: tuple[str, ...]
    domain: str
    given: tuple[Chain, ...]
    goal: Chain

    def __post_init__(self) -> None:
        if self.domain not in DOMAINS or len(set(self.variables)) != len(self.variables):
            raise ValueError("a statement needs a known domain and distinct variables")
        if self.domain == "triangle" and len(self.variables) != 3:
            raise ValueError("a triangle has three sides: the domain needs three variables")
        for chain in (*self.given, self.goal):
            if len(chain.parts) != len(chain.ops) + 1 or not {*chain.ops} <= _OPS or not chain.ops:
                raise ValueError("a chain is parts with a relation between each two")


_OPS = {">=", ">", "<=", "<", "="}
