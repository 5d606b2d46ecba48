"""Functions of one variable in proof prose, as Jensen's inequality needs them: $f(t) = t^3$."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from olympiad_ineq.kernel.trees import Var

from .parse import Unreadable, parse_expr, substitute
from .segments import vocabulary
from .spelling import canonical, expr_ascii

_DEFINITION = re.compile(r"\s*([a-zA-Z])\s*\(\s*([a-zA-Z])\s*\)\s*=(.+)", re.DOTALL)
_SHAPE = re.compile(r"\b(convex|concave)\b", re.IGNORECASE)
_VERBS = vocabulary("let consider define take put")
_KNOWN = _VERBS | vocabulary("the function and it is this which where with convex concave now")


@dataclass(frozen=True, slots=True)
class Function:
    """What f stands for: an expression in t, and whether the text calls it convex or concave."""

    name: str
    bound: str
    text: str
    shape: str = ""

    def fields(self) -> dict[str, object]:
        """The fields of a step that is about it."""
        fields: dict[str, object] = {"f": self.text}
        return {**fields, "shape": self.shape} if self.shape else fields

    def named(self, text: str) -> bool:
        """Is this piece of mathematics the function's name?"""
        return re.sub(r"\s", "", text).rstrip(".,;:") in (self.name, f"{self.name}({self.bound})")


def read_function(text: str, words: str, variables: Sequence[str]) -> Function | None:
    """The function that a piece of mathematics defines; `words` may call it convex or concave.

    Where f is one of the variables, f(x) is a product and nothing is defined.
    """
    found = _DEFINITION.fullmatch(text.strip().rstrip(".,;: "))
    if found is None or found[1] in variables:
        return None
    try:
        body = substitute(parse_expr(found[3], [found[2]]), {found[2]: Var("t")})
    except Unreadable:
        return None
    return Function(found[1], found[2], canonical(expr_ascii(body), ["t"]), said_shape(words))


def said_shape(words: str) -> str:
    """What the words call the function; nothing where they say nothing or both."""
    shapes = {shape.lower() for shape in _SHAPE.findall(words)}
    return shapes.pop() if len(shapes) == 1 else ""


def defines(words: str) -> bool:
    """Does a sentence of these words, with one piece of mathematics, only say what f is?"""
    known = re.sub(r"[\0,.:; ]", " ", words[:400]).lower().split()
    return len(words) <= 400 and bool({*known} & _VERBS) and {*known} <= _KNOWN
