"""The terms of a cited lemma where the prose leaves them to the reader: read off the claim.

What is read here is a guess at what was meant. The rule decides whether it gives the claim.
"""

from __future__ import annotations

from flint import fmpq

from olympiad_ineq.kernel.trees import Add, Chain, Div, Expr, Mul, Neg, Num, Pow, Root, Var

from .spelling import expr_ascii


def is_number(expr: Expr) -> bool:
    if isinstance(expr, Div):
        return isinstance(expr.num, Num) and isinstance(expr.den, Num)
    return isinstance(expr, Num)


def sides(claim: Chain) -> tuple[Expr, Expr] | None:
    """The larger and the smaller side of the only inequality in a chain, its equalities aside."""
    at = [i for i, op in enumerate(claim.ops) if op != "="]
    if len(at) != 1 or claim.ops[at[0]] not in (">=", "<="):
        return None
    left, right = claim.parts[at[0]], claim.parts[at[0] + 1]
    return (left, right) if claim.ops[at[0]] == ">=" else (right, left)


def mean_terms(claim: Chain | None) -> dict[str, object]:
    """Terms and weights of AM-GM: the larger side's."""
    found = sides(claim) if claim else None
    if found is None:
        return {}
    side: Expr = found[0]
    if isinstance(side, Div) and isinstance(side.den, Num):
        side = side.num
    if isinstance(side, Mul) and len(side.args) == 2 and is_number(side.args[0]):
        side = side.args[1]
    over: Expr | None = None
    if isinstance(side, Div) and isinstance(side.num, Add):
        over, side = side.den, side.num  # (b+c)/a is b/a + c/a
    if not isinstance(side, Add):
        return {}
    terms, weights = [], []
    for term in side.args if over is None else [Div(term, over) for term in side.args]:
        weight, rest = "1", term
        if isinstance(term, Mul) and is_number(term.args[0]):
            weight = expr_ascii(term.args[0])
            rest = term.args[1] if len(term.args) == 2 else Mul(term.args[1:])
        terms.append(expr_ascii(rest))
        weights.append(weight)
    step: dict[str, object] = {"by": "amgm", "terms": terms}
    if any(w != "1" for w in weights):
        step["weights"] = [int(w) if all(x.isdigit() for x in weights) else w for w in weights]
    return step


def mean_square(claim: Chain | None) -> dict[str, object]:
    """AM-GM of two terms as ((x+y)/2)^2 >= xy, or (x+y)^2 >= 4xy."""
    found = sides(claim) if claim else None
    side = found[0] if found else None
    if isinstance(side, Div) and isinstance(side.den, Num):
        side = side.num
    if not isinstance(side, Pow) or side.exponent != 2:
        return {}
    base = side.base
    if isinstance(base, Div) and isinstance(base.den, Num):
        base = base.num
    if not isinstance(base, Add) or len(base.args) != 2:
        return {}
    return {"by": "amgm", "terms": [*map(expr_ascii, base.args)], "power": 2}


def cauchy_terms(claim: Chain | None) -> dict[str, object]:
    """The vectors of Cauchy-Schwarz from (p1+...+pn)(q1+...+qn) >= ...: the roots of the terms."""
    found = sides(claim) if claim else None
    if found is None or not isinstance(found[0], Mul) or len(found[0].args) != 2:
        return {}
    one, two = (_summands(x) for x in found[0].args)
    if isinstance(found[0].args[0], Num) and found[0].args[0].value == len(two):
        one = [Num(fmpq(1))] * len(two)  # 3(a^2+b^2+c^2)
    if len(one) != len(two):
        return {}
    return {"by": "cauchy", "x": [*map(_root, one)], "y": [*map(_root, two)]}


def titu_terms(claim: Chain | None) -> dict[str, object]:
    """The numbers of Titu's lemma from p1/q1 + ... + pn/qn >= ...: roots of the pi, and the qi."""
    found = sides(claim) if claim else None
    terms = _summands(found[0]) if found else []
    nums, dens = [], []
    for term in terms:
        if isinstance(term, Div):
            nums.append(_root(term.num))
            dens.append(expr_ascii(term.den))
        else:
            nums.append(_root(term))
            dens.append("1")
    if len(terms) < 2 or not any(isinstance(term, Div) for term in terms):
        return {}
    return {"by": "titu", "nums": nums, "dens": dens}


def _summands(expr: Expr) -> list[Expr]:
    return list(expr.args) if isinstance(expr, Add) else [expr]


def _root(expr: Expr) -> str:
    """A number whose square is the expression, where that is >= 0."""
    if isinstance(expr, Pow) and expr.exponent % 2 == 0:
        half = expr.exponent // 2
        return expr_ascii(expr.base if half == 1 else Pow(expr.base, half))
    if isinstance(expr, Num) and expr.value == 1:
        return "1"
    if isinstance(expr, Div):
        return f"({_root(expr.num)})/({_root(expr.den)})"
    return expr_ascii(Root(expr, 2))


def squares(expr: Expr) -> list[tuple[str, str]] | None:
    """(weight, base) of each term of c1*e1^2 + c2*e2^2 + ... or c*(e1^2 + ...), or None."""
    found = []
    for term in expr.args if isinstance(expr, Add) else (expr,):
        weight, body = "1", term
        if isinstance(term, Mul) and len(term.args) == 2 and is_number(term.args[0]):
            weight, body = expr_ascii(term.args[0]), term.args[1]
        elif isinstance(term, Div) and isinstance(term.den, Num):
            weight, body = f"1/{expr_ascii(term.den)}", term.num
            if isinstance(body, Mul) and len(body.args) == 2 and isinstance(body.args[0], Num):
                weight, body = f"{expr_ascii(body.args[0])}{weight[1:]}", body.args[1]
        if isinstance(body, Pow) and body.exponent == 2:
            found.append((weight, expr_ascii(body.base)))
            continue
        inner = squares(body) if isinstance(body, Add) and weight != "1" else None
        if inner is None or any(w != "1" for w, _ in inner):
            return None
        found += [(weight, base) for _, base in inner]
    return found


def square_step(found: list[tuple[str, str]]) -> dict[str, object]:
    bases = [base for _, base in found]
    step: dict[str, object] = {"by": "square", "expr": bases[0] if len(bases) == 1 else bases}
    if any(weight != "1" for weight, _ in found):
        whole = all(weight.isdigit() for weight, _ in found)
        step["weights"] = [int(weight) if whole else weight for weight, _ in found]
    return step


def visible(expr: Expr) -> bool:
    """Is it a sum of terms each of which has an even power as a factor?"""
    match expr:
        case Pow(_, n):
            return n % 2 == 0
        case Mul(args):
            return any(map(visible, args))
        case Div(num, _):
            return visible(num)
        case Add(args):
            return all(map(visible, args))
        case _:
            return False


def degree_of(expr: Expr) -> fmpq | None:
    """The degree of an expression all of whose terms have the same; None for any other."""
    match expr:
        case Num():
            return fmpq(0)
        case Var():
            return fmpq(1)
        case Neg(inner):
            return degree_of(inner)
        case Add(args):
            found = {degree_of(arg) for arg in args}
            return found.pop() if len(found) == 1 else None
        case Mul(args):
            degrees = [degree_of(arg) for arg in args]
            return None if None in degrees else sum((d for d in degrees if d is not None), fmpq(0))
        case Div(num, den):
            up, down = degree_of(num), degree_of(den)
            return None if up is None or down is None else up - down
        case Pow(base, exponent):
            own = degree_of(base)
            return None if own is None else own * exponent
        case Root(arg, degree):
            own = degree_of(arg)
            return None if own is None else own / degree
