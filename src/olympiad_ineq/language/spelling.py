"""Trees to text: LaTeX for people, and the one ASCII spelling that reading prose gives."""

from __future__ import annotations

from collections.abc import Sequence

from flint import fmpq

from olympiad_ineq.kernel.trees import Add, Chain, Div, Expr, Mul, Neg, Num, Pow, Root, Var

from .parse import Unreadable, parse_chain, parse_expr

_OPS = {">=": r"\ge", "<=": r"\le", ">": ">", "<": "<", "=": "="}
_SUM, _PRODUCT, _FACTOR = 0, 1, 2


class _Writer:
    """One walk over the tree for both spellings; `latex` chooses."""

    def __init__(self, latex: bool) -> None:
        self.latex = latex

    def write(self, expr: Expr, level: int = _SUM) -> str:
        text, own = self.plain(expr)
        return text if own >= level else self.bracket(text)

    def bracket(self, text: str) -> str:
        if self.latex and (r"\frac" in text or r"\sqrt" in text):
            return rf"\left({text}\right)"
        return f"({text})"

    def plain(self, expr: Expr) -> tuple[str, int]:
        match expr:
            case Num(value):
                if value.q != 1:
                    return self.plain(Div(Num(fmpq(value.p)), Num(fmpq(value.q))))
                return str(value), _FACTOR
            case Var(name):
                return self.variable(name), _FACTOR
            case Add(args):
                text = ""
                for arg in args:
                    if isinstance(arg, Neg):
                        text += "-" + self.write(arg.arg, _PRODUCT)
                    else:
                        text += ("+" if text else "") + self.write(arg, _PRODUCT)
                return text, _SUM
            case Neg(arg):
                return "-" + self.write(arg, _PRODUCT), _SUM
            case Mul(args):
                return self.product(args), _PRODUCT
            case Div(num, den):
                if self.latex:
                    return rf"\frac{{{self.write(num)}}}{{{self.write(den)}}}", _PRODUCT
                return f"{self.write(num, _PRODUCT)}/{self.write(den, _FACTOR)}", _PRODUCT
            case Pow(base, exponent):
                inner = self.write(base, _FACTOR)
                if isinstance(base, Pow | Div) or (isinstance(base, Root) and base.degree > 2):
                    inner = self.bracket(self.write(base))
                short = 0 <= exponent < (10 if self.latex else 100)
                opening, closing = "{}" if self.latex else "()"
                power = str(exponent) if short else f"{opening}{exponent}{closing}"
                return f"{inner}^{power}", _FACTOR
            case Root(arg, degree):
                if self.latex:
                    index = f"[{degree}]" if degree > 2 else ""
                    return rf"\sqrt{index}{{{self.write(arg)}}}", _FACTOR
                if degree == 2:
                    return f"sqrt({self.write(arg)})", _FACTOR
                inner = self.write(arg, _FACTOR)
                if isinstance(arg, Pow | Div) or (isinstance(arg, Root) and arg.degree > 2):
                    inner = self.bracket(self.write(arg))
                return f"{inner}^(1/{degree})", _FACTOR

    def variable(self, name: str) -> str:
        if len(name) == 1 or not self.latex:
            return name
        digits = "".join(c for c in name[1:] if c.isdigit())
        return f"{name[0]}_{digits}" if len(digits) == 1 else f"{name[0]}_{{{digits}}}"

    def product(self, args: tuple[Expr, ...]) -> str:
        text, left = "", None
        for i, arg in enumerate(args):
            level = _FACTOR if i else _PRODUCT
            if self.latex and isinstance(arg, Div):
                piece = self.write(arg)
            elif isinstance(arg, Mul):
                piece = self.bracket(self.write(arg))
            else:
                piece = self.write(arg, level)
            if left is None:
                text = piece
            elif not self.latex:
                text += "*" + piece
            elif piece[0].isdigit() or (isinstance(left, Num) and _numeric(arg)):
                text += rf" \cdot {piece}"
            else:
                text += piece
            left = arg
        return text


def _numeric(expr: Expr) -> bool:
    if isinstance(expr, Div):
        return isinstance(expr.num, Num) and isinstance(expr.den, Num)
    return isinstance(expr, Num)


def expr_latex(expr: Expr) -> str:
    return _Writer(True).write(expr)


def expr_ascii(expr: Expr) -> str:
    return _Writer(False).write(expr)


def variable_latex(name: str) -> str:
    return _Writer(True).variable(name)


def chain_latex(chain: Chain) -> str:
    text = expr_latex(chain.parts[0])
    for op, part in zip(chain.ops, chain.parts[1:], strict=True):
        text += f" {_OPS[op]} {expr_latex(part)}"
    return text


def chain_ascii(chain: Chain) -> str:
    text = expr_ascii(chain.parts[0])
    for op, part in zip(chain.ops, chain.parts[1:], strict=True):
        text += f" {op} {expr_ascii(part)}"
    return text


def render_expr(text: str, variables: Sequence[str]) -> str:
    """An expression or relation in kernel syntax as LaTeX."""
    try:
        return expr_latex(parse_expr(text, variables))
    except Unreadable:
        return chain_latex(parse_chain(text, variables))


def canonical(text: str, variables: Sequence[str]) -> str:
    """An expression or relation in the one ASCII spelling that reading prose gives."""
    try:
        return expr_ascii(parse_expr(text, variables))
    except Unreadable:
        return chain_ascii(parse_chain(text, variables))
