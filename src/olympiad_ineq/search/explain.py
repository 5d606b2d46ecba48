"""A verdict in words, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from olympiad_ineq.kernel.trees import Chain, Statement
from olympiad_ineq.kernel.witness import value
from olympiad_ineq.language import canonical
from olympiad_ineq.language.parse import parse_number
from olympiad_ineq.problem_lines import BadLine, of_record
from olympiad_ineq.search.decide import Decision, decide

_DOMAINS = {
    "positive": "positive {}",
    "nonnegative": "nonnegative {}",
    "real": "real {}",
    "triangle": "the sides {} of a triangle",
}


def explain_text(item: tuple[str, float]) -> str:
    """Read a problem in words, decide it, and say what was found."""
    text, seconds = item
    try:
        line = of_record({"text": text})
    except BadLine as bad:
        return f"Unreadable: {bad.reason}"
    return explain(line.statement, decide(line.statement, seconds))


def explain(statement: Statement, found: Decision) -> str:
    """A few lines: how the statement was read, the verdict, and why."""
    names = ", ".join(statement.variables)
    goal = canonical(statement.goal.text, statement.variables)
    read = f"Statement: for all {_DOMAINS[statement.domain].format(names)}"
    if statement.given:
        given = [canonical(g.text, statement.variables) for g in statement.given]
        read += f" with {', '.join(given)}"
    read += f": {goal}"
    if found.verdict == "refuted" and found.witness is not None:
        point = ", ".join(f"{name} = {x}" for name, x in found.witness.items())
        return f"{read}\nRefuted: it fails at {point}{_sides(statement.goal, found.witness)}."
    if found.verdict == "proved" and found.certificate is not None:
        return f"{read}\nProved.\n" + "\n".join(_why(statement, found.certificate))
    return f"{read}\nOpen: {found.reason}."


def _sides(goal: Chain, witness: Mapping[str, str]) -> str:
    try:
        point = {name: parse_number(x) for name, x in witness.items()}
        values = [str(value(part, point)) for part in goal.parts]
    except ArithmeticError:
        return ""
    if max(map(len, values)) > 60:
        return ""
    return f", where the sides are {' and '.join(values)}"


def _why(statement: Statement, certificate: Mapping[str, Any], left: str = "") -> list[str]:
    """Rows for people; `left` is what the certificate is about, if not the statement's sides."""
    kind = certificate["kind"]
    left = left or ("left - right" if _larger_left(statement.goal) else "right - left")
    if kind == "links":
        rows = []
        for i, part in enumerate(certificate["parts"], 1):
            rows += [f"Link {i}:", *(f"  {row}" for row in _why(statement, part))]
        return rows
    if kind == "proof":
        return ["  Both sides are the same after expanding."]
    if kind == "ordering":
        names = statement.variables
        rows = [
            "  Clear denominators (they are positive) and move everything to the larger side.",
            f"  For each order of {', '.join(names)} put the smallest t1, the next t1 + t2, and so",
            "  on, with all t nonnegative: every coefficient of the polynomial is then >= 0.",
        ]
        if statement.domain == "triangle":
            rows.insert(1, "  (Or in Ravi's variables a = y + z, b = z + x, c = x + y.)")
        return rows
    if kind == "conjugate":
        return [
            f"  Write {left}, without its positive denominators, as P - N, where",
            f"  P = {certificate['plus']}",
            "  is >= 0. It is >= 0 if P^2 - N^2 is, for N > P >= 0 would give N^2 > P^2.",
            *_why(statement, certificate["inner"], "P^2 - N^2"),
        ]
    multiplier = certificate.get("multiplier", "1")
    factor = "" if multiplier == "1" else f"{multiplier} * "
    left = left if left == "P^2 - N^2" and not factor else f"({left})"
    rows = [f"  {factor}{left} is the sum of"]
    rows += [f"    {_part(statement, part)}" for part in certificate["parts"]]
    rows.append(
        "  and each of these is >= 0" + (", one of them > 0." if _strict(statement) else ".")
    )
    if statement.given:
        rows[0] = rows[0].replace("is the sum of", "is, by the hypotheses, the sum of")
    return rows


def _larger_left(goal: Chain) -> bool:
    return not any(op[0] == "<" for op in goal.ops)


def _strict(statement: Statement) -> bool:
    return any(op in ("<", ">") for op in statement.goal.ops)


def _part(statement: Statement, part: Mapping[str, Any]) -> str:
    weight = part.get("weight", "1")
    factor = "" if weight == "1" else f"({weight}) * "
    if "square" in part:
        return f"{factor}({part['square']})^2"
    if "minus" in part:
        return f"{factor}({part['plus']} - ({part['minus']}))   as the first squared is the larger"
    if "nonnegative" in part:
        return f"{factor}({part['nonnegative']})"
    if "given" in part:
        links = [g for g in statement.given for _ in g.ops]
        numbers = part["given"] if isinstance(part["given"], list) else [part["given"]]
        words = [canonical(links[k - 1].text, statement.variables) for k in numbers]
        product = " * ".join(["(larger side - smaller side)"] * len(words))
        many = "hypotheses" if len(words) > 1 else "hypothesis"
        return f"{factor}{product}   by the {many} {' and '.join(words)}"
    weights = part.get("weights") or ["1"] * len(part["terms"])
    terms = [t if w == "1" else f"{w}*({t})" for w, t in zip(weights, part["terms"], strict=True)]
    total = sum(int(w) for w in weights)
    return f"{factor}({' + '.join(terms)} - {total}*({part['root']}))   by AM-GM"
