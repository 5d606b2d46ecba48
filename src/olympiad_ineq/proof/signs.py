"""Rules that look at the claim alone: it holds by the signs of its parts, or is an identity."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import combinations

from flint import fmpq

from olympiad_ineq.kernel import theorem as kernel
from olympiad_ineq.kernel.rational import UNKNOWN, Fact, Poly, World
from olympiad_ineq.kernel.theorem import Broken, Theorem
from olympiad_ineq.kernel.trees import Add, Div, Expr, Mul, Neg, Pow

from .match import equal
from .step import Step, Yield


def positive(s: Step) -> Iterable[Yield]:
    """The claim's difference, or `expr`, is >= 0 (> 0) by the signs of its parts.

    Proof: sums, products, quotients and even powers of non-negative numbers are non-negative; see
    World.sign_expr. The claim must be expr >= 0 as a rule's claim is: up to positive factors. The
    signs must show in the terms or in what is written: that a difference is >= 0 because it is a
    square, say, is another reason.
    """
    w = s.world
    if "expr" in s.step:
        expr, text = s.one("expr")
        found = s.nonnegative(expr, text, "the step")
        _need_signs(seen(w, expr) or w.termwise(found.diff.num) != UNKNOWN)
        yield Yield(found, lambda: (found.diff, w.const(0)), partial(_summands, w, expr))
        return
    side = _one_side(s)
    if side is not None and seen(w, side):
        yield Yield(kernel.signed(w, side), lambda: (s.claim.lhs, s.claim.rhs))
    elif w.sign(s.claim.diff.num) == UNKNOWN:
        _need_signs(any(fact.op != "=" for fact in w.given))
        found = _neighbours(w, s.claim) or kernel.ordered(w, s.claim.diff.num)  # by a >= b, say
        yield Yield(found, lambda: (s.claim.lhs, s.claim.rhs))
    else:
        _need_signs(w.termwise(s.claim.diff.num) != UNKNOWN)
        yield Yield(kernel.signed(w, s.claim.diff), lambda: (s.claim.lhs, s.claim.rhs))


def _need_signs(shown: bool) -> None:
    if not shown:
        raise Broken("the difference of the sides has terms of both signs on the domain")


def _one_side(s: Step) -> Expr | None:
    """The side of a claim whose other side is 0."""
    if s.chain is None or len(s.chain.parts) != 2:
        return None
    sides = [x for x in s.chain.parts if s.world.frac(x).num]
    return sides[0] if len(sides) == 1 else None


def seen(w: World, expr: Expr) -> bool:
    """Is it >= 0 by the signs of the variables and its squares, with no difference worked out?"""
    match expr:
        case Pow(base, n):
            return n % 2 == 0 or seen(w, base)
        case Add(args):
            return all(seen(w, x) for x in args)
        case Mul(args):
            square = any(isinstance(x, Pow) and x.exponent % 2 == 0 for x in args)
            return all(w.sign_expr(x) != UNKNOWN if square else seen(w, x) for x in args)
        case Div(num, den):
            return seen(w, num) and seen(w, den)
        case Neg():
            return False
        case _:
            return w.sign_expr(expr) != UNKNOWN


def _summands(w: World, expr: Expr) -> list[Poly]:
    """The terms of a sum that are >= 0, all of them: they vanish where their sum does."""
    terms = expr.args if isinstance(expr, Add) else ()
    if any(w.sign_expr(term) == UNKNOWN for term in terms):
        return []
    return [w.frac(term).num for term in terms]


def _neighbours(w: World, claim: Fact) -> Theorem | None:
    """a - c = (a - b) + (b - c) from hypotheses a >= b >= c that stand side by side."""
    for first, last in combinations(range(len(w.given) + 1), 2):
        links = [kernel.given(w, k) for k in range(first, last)]
        if all(t.op != "=" for t in links):
            total = kernel.combined(w, [(fmpq(1), t) for t in links])
            if w.vanishes(w.sub(total.diff, claim.diff).num):
                return total
    return None


def known(s: Step) -> Iterable[Yield]:
    """The claim, by the signs of its parts or as a form that is a sum of squares: `World.sign`.

    That is a fact which a proof may mention by the way; the goal itself is none (see check.py).
    """
    found = kernel.signed(s.world, s.claim.diff)
    yield Yield(found, lambda: (s.claim.lhs, s.claim.rhs))


def identity(s: Step) -> Iterable[Yield]:
    """Both sides are equal on the domain under the hypotheses: the difference reduces to zero.

    Or both are roots of one number: match.equal.
    """
    found = equal(s.claim, s.world) or kernel.vanishing(s.world, s.claim.diff)
    yield Yield(found, lambda: (s.claim.lhs, s.claim.rhs))
