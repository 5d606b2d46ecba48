"""The table of the rules of proof. Each takes a step and the facts before it and says what follows.

A rule returns `Yield`s, theorems made by the kernel's rules alone; the checker then asks whether
the claim is one of them, up to moving terms, a positive number and a monomial in positive
variables. So a rule never looks at whether the claim is true, and a true claim with a wrong reason
is not passed. A mistake here can judge a reason wrongly; it cannot make a false theorem.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from .citing import aim, combine, cyclic, multiply, root, scale, so
from .classical import amgm, cauchy, jensen, schur, square, titu
from .nested import cases, substitute
from .signs import identity, known, positive
from .step import Step, Yield

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
