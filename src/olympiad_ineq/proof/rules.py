"""The table of the rules of proof. Each takes a step and the facts before it and says what follows.

A rule returns `Yield`s, theorems made by the kernel's rules alone; the checker then asks whether
the claim is one of them, up to moving terms, a positive number and a monomial in positive
variables. So a rule never looks at whether the claim is true, and a true claim with a wrong reason
is not passed. A mistake here can judge a reason wrongly; it cannot make a false theorem.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
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
# What a step by each rule may say beside id, claim, by and equality.
TAKES: dict[str, tuple[str, ...]] = {
    "amgm": ("terms", "weights", "power"), "cauchy": ("x", "y"), "titu": ("nums", "dens"),
    "square": ("expr", "weights"), "positive": ("expr",), "identity": (), "known": (),
    "combine": ("of", "weights", "exact"), "chain": ("of", "weights", "exact"),
    "multiply": ("of",), "scale": ("of", "expr", "exact"), "cyclic": ("of", "map"),
    "root": ("of",), "so": ("of", "times", "shift", "scaled"), "aim": ("of", "times"),
    "schur": ("terms", "degree"), "jensen": ("f", "terms", "weights", "shape"),
    "cases": ("cases",), "wlog": ("order", "steps"),
    "substitute": ("images", "lemma", "steps", "given", "domain"),
}  # fmt: skip
_OF_ALL = frozenset(key for keys in TAKES.values() for key in keys)
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


def not_taken(step: Mapping[str, object], rule: str) -> str:
    """Why a key of the step says something that the rule does not read; "" where none does.

    Keys that resemble none of any rule's are somebody's notes.
    """
    for key in step.keys() - {"id", "claim", "by", "equality", *TAKES[rule]}:
        if step[key] is None:
            continue
        takes = ", ".join(TAKES[rule]) or "no key of its own"
        meant = get_close_matches(key[:40].lower(), sorted(_OF_ALL), 1, 0.8)
        if meant:
            return f"{NAMES[rule]} does not take {key[:40]!r}; fix: leave it out ({rule}: {takes})"
    return ""
