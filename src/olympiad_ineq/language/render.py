"""Kernel syntax to mathematics that people read: LaTeX expressions, problems, proofs.

What is rendered here reads back (read.py) to the same problem and the same steps, whatever the
phrasing; the tests hold that for every template. Prose is compact, one step to a line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from olympiad_ineq.kernel.trees import Add, Expr, Mul, Pow

from .blocks import BLOCKS, canonical_fields, listed, render_block, size
from .parse import Unreadable, parse_chain, parse_expr
from .spelling import canonical, chain_latex, expr_latex, render_expr, variable_latex

PROBLEM_PHRASINGS = 6
PROOF_PHRASINGS = 6
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
    names = f"${', '.join(variable_latex(v) for v in variables)}$"
    full, short, one = _WHO[domain]
    if len(variables) == 1:
        full, short = one, one
    given_parts = [f"${chain_latex(parse_chain(g, variables))}$" for g in given]
    conditions = listed(given_parts)
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


def canonical_steps(
    steps: Sequence[Mapping[str, object]], variables: Sequence[str]
) -> list[dict[str, object]]:
    """The steps as reading their prose gives them: ids s1, s2, ..., one spelling, no defaults.

    Steps of a step are numbered before it, as they stand before its claim in the prose.
    """
    return _canonical(steps, variables, 1)


def _canonical(
    steps: Sequence[Mapping[str, object]], variables: Sequence[str], first: int
) -> list[dict[str, object]]:
    names: dict[str, str] = {}
    last = first - 1
    for step in steps:
        last += size(step)
        names[str(step["id"])] = f"s{last}"
    out: list[dict[str, object]] = []
    for step in steps:
        new: dict[str, object] = {
            "id": names[str(step["id"])],
            "claim": canonical(str(step["claim"]), variables),
        }
        if step.get("by") in BLOCKS:
            out.append(new | canonical_fields(step, variables, _canonical, first))
        else:
            out.append(new | _fields(step, variables, names))
        first += size(step)
    return out


def _fields(
    step: Mapping[str, object], variables: Sequence[str], names: Mapping[str, str]
) -> dict[str, object]:
    """What a step without steps of its own says beside its claim."""
    new: dict[str, object] = {}
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
    if step.get("by") == "jensen":
        new["f"] = canonical(str(step.get("f")), ["t"])
        if "shape" in step:
            new["shape"] = step["shape"]
    if step.get("by") == "schur" and step.get("degree", 1) != 1:
        new["degree"] = step["degree"]
    return new


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
    "order": (
        "By the order of the variables, {claim}.",
        "The order of the variables gives {claim}.",
        "From the order of the variables, {claim}.",
        "By the order of the variables, we have {claim}.",
        "Due to the order of the variables, {claim}.",
        "By the order of the variables: {claim}.",
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
    "jensen": (
        "By Jensen's inequality for the {shape}function {f} at {terms}{weights}, {claim}.",
        "By Jensen applied to the {shape}function {f} at {terms}{weights}, {claim}.",
        "Jensen's inequality for the {shape}function {f} at {terms}{weights} gives {claim}.",
        "Applying Jensen's inequality to the {shape}function {f} at {terms}{weights}, {claim}.",
        "Using Jensen for the {shape}function {f} at {terms}{weights}, we get {claim}.",
        "By Jensen with the {shape}function {f} at {terms}{weights}: {claim}.",
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
    return listed(parts)


def _list(texts: Sequence[str], variables: Sequence[str], way: int, tuple_: bool) -> str:
    spelled = [render_expr(t, variables) for t in texts]
    if tuple_:
        return f"$({', '.join(spelled)})$"
    if way % 2:
        return listed([f"${t}$" for t in spelled])
    return f"${', '.join(spelled)}$"


def squares(exprs: Sequence[Expr], weights: Sequence[object]) -> Expr:
    """c1*e1^2 + c2*e2^2 + ... with the ones left out: how a square step is written."""
    terms: list[Expr] = []
    for expr, weight in zip(exprs, weights, strict=True):
        square = Pow(expr, 2)
        factor = parse_expr(str(weight), ["a"])
        terms.append(square if str(weight) == "1" else Mul((factor, square)))
    return terms[0] if len(terms) == 1 else Add(tuple(terms))


def render_step(
    step: Mapping[str, object], variables: Sequence[str], phrasing: int, *, ordered: bool = False
) -> str:
    """One canonical step (see canonical_steps) as one sentence; `ordered` within an order."""
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
    if rule == "jensen":
        slots["f"] = f"$f(t) = {render_expr(str(step['f']), ['t'])}$"
        slots["shape"] = f"{step['shape']} " if "shape" in step else ""
    if rule == "square":
        raw = step["expr"]
        texts = [raw] if isinstance(raw, str) else [str(x) for x in _items(raw)]
        exprs = [parse_expr(x, variables) for x in texts]
        shown = squares(exprs, weights or [1] * len(exprs))
        slots["squares"] = rf"${expr_latex(shown)} \ge 0$"
        kind = "bare" if slots["squares"] == slots["claim"] else kind
    elif rule == "positive" and "expr" in step:
        kind, slots["nonneg"] = "shape", rf"${render_expr(str(step['expr']), variables)} \ge 0$"
    elif rule == "positive" and ordered:
        kind = "order"
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
    ready = canonical_steps(steps, variables)
    lines: list[str] = []
    for step in ready:
        *before, sentence = _said(step, variables, phrasing)
        lines += before
        lines.append(sentence if step is ready[-1] else _numbered(step, sentence))
    if equality:
        lines.append(render_equality(equality, variables, phrasing))
    return "\n".join(lines)


def _numbered(step: Mapping[str, object], sentence: str) -> str:
    return f"({str(step['id'])[1:]}) {sentence}"


def _said(
    step: Mapping[str, object], variables: Sequence[str], phrasing: int, *, ordered: bool = False
) -> list[str]:
    """The lines of a canonical step: its sentence last, before it those of its own steps."""
    if step.get("by") not in BLOCKS:
        return [render_step(step, variables, phrasing, ordered=ordered)]

    def line(inner: Mapping[str, object], names: Sequence[str]) -> str:
        inside = step["by"] in ("wlog", "cases")
        *before, sentence = _said(inner, names, phrasing, ordered=inside)
        return "\n".join([*before, _numbered(inner, sentence)])

    return render_block(step, variables, phrasing % PROOF_PHRASINGS, line)


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
