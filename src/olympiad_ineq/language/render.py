"""Kernel syntax to mathematics that people read: LaTeX expressions, problems, proofs.

What is rendered here reads back (read.py) to the same problem and the same steps, whatever the
phrasing; the tests hold that for every template. Prose is compact, one step to a line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flint import fmpq

from olympiad_ineq.kernel.trees import Add, Chain, Div, Expr, Mul, Neg, Num, Pow, Root, Var
from olympiad_ineq.language.parse import Unreadable, parse_chain, parse_expr

PROBLEM_PHRASINGS = 6
PROOF_PHRASINGS = 6
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


_WHO = {
    "positive": ("positive real numbers", "positive reals", "a positive real number"),
    "nonnegative": ("nonnegative real numbers", "nonnegative reals", "a nonnegative real number"),
    "real": ("real numbers", "reals", "a real number"),
    "triangle": ("the side lengths of a triangle", "the sides of a triangle", ""),
}


def render_problem(
    variables: Sequence[str], domain: str, given: Sequence[str], goal: str, phrasing: int = 0
) -> str:
    """The problem as one or two sentences; `phrasing` counts modulo PROBLEM_PHRASINGS."""
    names = f"${', '.join(_Writer(True).variable(v) for v in variables)}$"
    full, short, one = _WHO[domain]
    if len(variables) == 1:
        full, short = one, one
    given_parts = [f"${chain_latex(parse_chain(g, variables))}$" for g in given]
    conditions = _and(given_parts)
    wanted = f"${chain_latex(parse_chain(goal, variables))}$"
    way = phrasing % PROBLEM_PHRASINGS
    if way == 1:
        middle = f" such that {conditions}" if given else ""
        return f"Let {names} be {short}{middle}. Show that {wanted}."
    if way == 2 and domain != "triangle":
        middle = f" satisfying {conditions}" if given else ""
        who = f"all {short}" if len(variables) > 1 else f"every {short.removeprefix('a ')}"
        return f"Prove that for {who} {names}{middle}, {wanted}."
    if way == 3 and domain in ("positive", "nonnegative"):
        sign = "> 0" if domain == "positive" else r"\ge 0"
        middle = f" with {conditions}" if given else ""
        return f"Let {names[:-1]} {sign}${middle}. Prove that {wanted}."
    if way == 4 and domain != "triangle":
        middle = f" with {conditions}" if given else ""
        return f"Given {full} {names}{middle}, prove that {wanted}."
    if way == 5:
        middle = f" Suppose that {conditions}." if given else ""
        return f"Let {names} be {full}.{middle} Prove the inequality {wanted}."
    middle = f" with {conditions}" if given else ""
    return f"Let {names} be {full}{middle}. Prove that {wanted}."


def _and(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + f" and {parts[-1]}"


def canonical_steps(
    steps: Sequence[Mapping[str, object]], variables: Sequence[str]
) -> list[dict[str, object]]:
    """The steps as reading their prose gives them: ids s1, s2, ..., one spelling, no defaults."""
    names = {str(step["id"]): f"s{i}" for i, step in enumerate(steps, 1)}
    out: list[dict[str, object]] = []
    for i, step in enumerate(steps, 1):
        new: dict[str, object] = {"id": f"s{i}", "claim": canonical(str(step["claim"]), variables)}
        if step.get("by") is not None:
            new["by"] = step["by"]
        for key in ("terms", "x", "y", "nums", "dens", "expr"):
            if key in step:
                value = step[key]
                items = [value] if isinstance(value, str) else list(_items(value))
                spelled = [canonical(str(x), variables) for x in items]
                single = key == "expr" and len(spelled) == 1
                new[key] = spelled[0] if single else spelled
        if "of" in step:
            cited = step["of"]
            of = [cited] if isinstance(cited, str) else [str(x) for x in _items(cited)]
            of = [names.get(x, x) for x in of]
            new["of"] = of[0] if step["by"] in ("cyclic", "scale") else of
        weights = list(_items(step.get("weights") or ()))
        if any(str(x) != "1" for x in weights):
            whole = all(str(x).lstrip("-").isdigit() for x in weights)
            new["weights"] = [int(str(x)) if whole else str(x) for x in weights]
        for key in ("order", "cases", "images", "domain", "given", "lemma", "steps"):
            if key in step:  # steps of their own keep their names: nobody else cites them
                new[key] = step[key]
        if step.get("by") == "schur" and step.get("degree", 1) != 1:
            new["degree"] = step["degree"]
        out.append(new)
    return out


def _items(value: object) -> Sequence[object]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return value
    raise Unreadable("expected a list")


_LEMMAS: dict[str, tuple[str, ...]] = {
    "amgm": (
        "By AM-GM on {terms}{weights}, {claim}.",
        "By AM-GM applied to {terms}{weights}, {claim}.",
        "AM-GM on {terms}{weights} gives {claim}.",
        "By the AM-GM inequality for {terms}{weights}, {claim}.",
        "Using AM-GM on {terms}{weights}, we get {claim}.",
        "By AM-GM with {terms}{weights}: {claim}.",
    ),
    "cauchy": (
        "By Cauchy-Schwarz on {x} and {y}, {claim}.",
        "By the Cauchy-Schwarz inequality for {x} and {y}, {claim}.",
        "Cauchy-Schwarz with {x} and {y} gives {claim}.",
        "Applying Cauchy-Schwarz to {x} and {y}, {claim}.",
        "Using Cauchy-Schwarz on {x} and {y}, we get {claim}.",
        "By Cauchy with {x} and {y}: {claim}.",
    ),
    "titu": (
        "By Titu's lemma on {nums} over {dens}, {claim}.",
        "By Titu's lemma with {nums} over {dens}, {claim}.",
        "Titu's lemma for {nums} over {dens} gives {claim}.",
        "Applying Titu's lemma to {nums} over {dens}, {claim}.",
        "Using Titu's lemma on {nums} over {dens}, we get {claim}.",
        "By Titu with {nums} over {dens}: {claim}.",
    ),
    "square": (
        "Since {squares}, {claim}.",
        "As {squares}, {claim}.",
        "From {squares} we get {claim}.",
        "Because {squares}, {claim}.",
        "Since {squares}, we have {claim}.",
        "Expanding {squares}: {claim}.",
    ),
    "bare": (
        "Squares are nonnegative: {claim}.",
        "A square is nonnegative, so {claim}.",
        "Clearly {claim}.",
        "We have {claim}.",
        "Note that {claim}.",
        "Squares give {claim}.",
    ),
    "positive": (
        "All terms being nonnegative, {claim}.",
        "Since all terms are nonnegative, {claim}.",
        "As every term is nonnegative, {claim}.",
        "All terms are nonnegative, so {claim}.",
        "Since all terms are nonnegative, we have {claim}.",
        "By nonnegative terms: {claim}.",
    ),
    "shape": (
        "Since clearly {nonneg}, {claim}.",
        "As clearly {nonneg}, {claim}.",
        "From the obvious {nonneg} we get {claim}.",
        "Because clearly {nonneg}, {claim}.",
        "Since clearly {nonneg}, we have {claim}.",
        "Obviously {nonneg}: {claim}.",
    ),
    "identity": (
        "By expanding, {claim}.",
        "Direct expansion gives {claim}.",
        "Identically, {claim}.",
        "By expansion we have {claim}.",
        "By a direct identity, {claim}.",
        "Expanding: {claim}.",
    ),
    "cyclic": (
        "Similarly to {of}, {claim}.",
        "Likewise from {of}, {claim}.",
        "By symmetry with {of}, {claim}.",
        "Permuting the variables in {of}, {claim}.",
        "In the same way as {of}, {claim}.",
        "Similarly, from {of}: {claim}.",
    ),
    "combine": (
        "Adding {of}, {claim}.",
        "Summing {of}, we get {claim}.",
        "The sum of {of} gives {claim}.",
        "Adding up {of}, we obtain {claim}.",
        "Summing {of} yields {claim}.",
        "Add {of}: {claim}.",
    ),
    "single": (
        "From {of}, {claim}.",
        "Hence, by {of}, {claim}.",
        "By {of}, {claim}.",
        "Therefore, from {of}, {claim}.",
        "Rewriting {of}, {claim}.",
        "From {of}: {claim}.",
    ),
    "chain": (
        "Chaining {of}, {claim}.",
        "By transitivity of {of}, {claim}.",
        "Chaining {of} gives {claim}.",
        "Chaining {of}, we get {claim}.",
        "By transitivity from {of}, {claim}.",
        "Chain {of}: {claim}.",
    ),
    "multiply": (
        "Multiplying {of}, {claim}.",
        "The product of {of} gives {claim}.",
        "Multiplying together {of}, we get {claim}.",
        "Multiplying {of} yields {claim}.",
        "By multiplying {of}, {claim}.",
        "Multiply {of}: {claim}.",
    ),
    "scale": (
        "Multiplying {of} by {expr}, {claim}.",
        "Multiplying both sides of {of} by {expr}, {claim}.",
        "Taking {of} times {expr} gives {claim}.",
        "Multiplying {of} by {expr}, we get {claim}.",
        "Scaling {of} by {expr}, {claim}.",
        "Multiply {of} by {expr}: {claim}.",
    ),
    "schur": (
        "By Schur's inequality{degree} on {terms}, {claim}.",
        "By Schur{degree} on {terms}, {claim}.",
        "Schur's inequality{degree} for {terms} gives {claim}.",
        "Applying Schur's inequality{degree} to {terms}, {claim}.",
        "Using Schur{degree} on {terms}, we get {claim}.",
        "By Schur{degree} with {terms}: {claim}.",
    ),
}
_EQUALITY = ("Equality holds when {case}.", "Equality occurs when {case}.", "Equality at {case}.")


def _cite(name: str) -> str:
    if name.startswith("given"):
        return f"condition {name[5:]}" if name[5:] else "the condition"
    return f"({name[1:]})"


def _cited(of: Sequence[str], weights: Sequence[object]) -> str:
    parts = []
    for name, weight in zip(of, weights, strict=True):
        times = {"1": "", "2": "twice "}.get(str(weight), f"{weight} times ")
        parts.append(times + _cite(name))
    return _and(parts)


def _list(texts: Sequence[str], variables: Sequence[str], way: int, tuple_: bool) -> str:
    spelled = [render_expr(t, variables) for t in texts]
    if tuple_:
        return f"$({', '.join(spelled)})$"
    if way % 2:
        return _and([f"${t}$" for t in spelled])
    return f"${', '.join(spelled)}$"


def squares(exprs: Sequence[Expr], weights: Sequence[object]) -> Expr:
    """c1*e1^2 + c2*e2^2 + ... with the ones left out: how a square step is written."""
    terms: list[Expr] = []
    for expr, weight in zip(exprs, weights, strict=True):
        square = Pow(expr, 2)
        factor = parse_expr(str(weight), ["a"])
        terms.append(square if str(weight) == "1" else Mul((factor, square)))
    return terms[0] if len(terms) == 1 else Add(tuple(terms))


def render_step(step: Mapping[str, object], variables: Sequence[str], phrasing: int) -> str:
    """One canonical step (see canonical_steps) as one sentence."""
    rule = str(step.get("by"))
    claim = parse_chain(str(step["claim"]), variables)
    slots = {"claim": f"${chain_latex(claim)}$"}
    kind, way = rule, phrasing % PROOF_PHRASINGS
    weights = list(_items(step.get("weights") or ()))
    for key in ("terms", "x", "y", "nums", "dens"):
        if key in step:
            texts = [str(x) for x in _items(step[key])]
            slots[key] = _list(texts, variables, way, key != "terms")
    slots["weights"] = f" with weights ${', '.join(map(str, weights))}$" if weights else ""
    if step.get("degree") is not None:
        slots["degree"] = f" of degree {step['degree']}"
    slots.setdefault("degree", "")
    if rule == "square":
        raw = step["expr"]
        texts = [raw] if isinstance(raw, str) else [str(x) for x in _items(raw)]
        exprs = [parse_expr(x, variables) for x in texts]
        shown = squares(exprs, weights or [1] * len(exprs))
        slots["squares"] = rf"${expr_latex(shown)} \ge 0$"
        kind = "bare" if slots["squares"] == slots["claim"] else kind
    elif rule == "positive" and "expr" in step:
        kind, slots["nonneg"] = "shape", rf"${render_expr(str(step['expr']), variables)} \ge 0$"
    elif rule == "scale":
        slots["expr"] = f"${render_expr(str(step['expr']), variables)}$"
    if "of" in step:
        raw = step["of"]
        of = [raw] if isinstance(raw, str) else [str(x) for x in _items(raw)]
        slots["of"] = _cited(of, weights or [1] * len(of))
        kind = "single" if rule == "combine" and len(of) == 1 and not weights else kind
    if kind not in _LEMMAS:
        return slots["claim"] + "."
    text = _LEMMAS[kind][way].format(**slots)
    return text[0].upper() + text[1:]


def render_proof(
    steps: Sequence[Mapping[str, object]],
    phrasing: int = 0,
    *,
    variables: Sequence[str],
    equality: Mapping[str, object] | None = None,
) -> str:
    """Numbered steps, one to a line (the last without a number), and the equality case."""
    lines = []
    ready = canonical_steps(steps, variables)
    for i, step in enumerate(ready):
        sentence = render_step(step, variables, phrasing)
        lines.append(f"({i + 1}) {sentence}" if i + 1 < len(ready) else sentence)
    if equality:
        lines.append(render_equality(equality, variables, phrasing))
    return "\n".join(lines)


def render_equality(
    equality: Mapping[str, object], variables: Sequence[str], phrasing: int = 0
) -> str:
    """The equality case as one sentence."""
    point = equality.get("point")
    if isinstance(point, Mapping):
        texts = [f"{name} = {value}" for name, value in point.items()]
        shown = ", ".join(chain_latex(parse_chain(t, variables)) for t in texts)
    else:
        shown = chain_latex(parse_chain(str(equality["when"]), variables))
    return _EQUALITY[phrasing % len(_EQUALITY)].format(case=f"${shown}$")
