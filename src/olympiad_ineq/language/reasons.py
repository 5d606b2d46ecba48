"""The reason that a sentence of a proof gives: the rule, by its key words, and its arguments.

The mathematics before the claim are the rule's arguments, (1) and (2) the steps cited. What is not
found leaves the claim without a reason, which is never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from olympiad_ineq.kernel.trees import Add, Chain, Div, Expr, Mul, Num, Pow
from olympiad_ineq.language.parse import Unreadable, parse_chain, parse_expr

from .blocks import Block, in_order
from .functions import Function, read_function, said_shape
from .segments import RELATION, Segment, split_list
from .spelling import expr_ascii

_ZERO = parse_expr("0", ["a"])
_ONE = (
    r"(?:(?P<twice>twice|double)\s+|(?P<half>half(?: of)?)\s+"
    r"|(?P<num>-?\d{1,6}(?:/\d{1,6})?)\s*(?:times|\*|x)\s*)?"
)
_CITE = re.compile(
    _ONE + r"(?:(?:step|inequality|inequalities|equation|relation)s?\s*)?"
    r"(?:\((?P<label>\d{1,3})\)|(?P<given>the (?:condition|constraint|hypothesis))"
    r"|condition (?P<which>\d))",
    re.IGNORECASE,
)
_ALL = re.compile(r"\b(these|them|those|above|all|everything|up|inequalities)\b", re.IGNORECASE)
_RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (rule, re.compile(pattern, re.IGNORECASE))
    for rule, pattern in (
        ("jensen", r"\bjensen"),
        ("amgm", r"AM\s*[-–—/]?\s*GM|AM ?≥ ?GM|arithmetic.{1,20}geometric"),
        ("titu", r"\btitu|engel|sedrakyan|T2 lemma|bergstr"),
        ("cauchy", r"cauchy|\bC-?S\b|\bCBS\b|schwarz"),
        ("schur", r"\bschur"),
        ("cyclic", r"similarly|likewise|symmetr|cyclic|permut|same way|analogous"),
        ("chain", r"\bchain|transitiv"),
        ("multiply", r"multipl|product of|\btaking\b.*\btimes\b|scaling"),
        ("combine", r"\badd\b|adding|\bsum\b|summing|combin"),
        ("shape", r"clearly|obvious"),
        ("positive", r"terms?\b.*\bnon-?negative|nonnegative terms|\border of the variables"),
        ("square", r"\bsquares?\b|\bsince\b|\bas\b|because|\bfrom\b|expanding|expand"),
        ("identity", r"expan|identi"),
    )
)


class Reasons:
    """What was read so far, and the reasons that sentences give for their claims."""

    def __init__(self, variables: Sequence[str]) -> None:
        self.names = tuple(variables)
        self.variables = self.names  # others within a substitution
        self.block: Block | None = None
        self.function: Function | None = None
        self.called = ""  # what the text calls the function, until a step says it
        self.steps: list[dict[str, object]] = []

    def rule(self, rest: str) -> str:
        for rule, pattern in _RULES:
            if pattern.search(rest):
                return rule
        return ""

    def bare(self, chain: Chain) -> dict[str, object]:
        """A plain equation is an identity; a sum of squares >= 0 needs no other reason.

        Nor does a part of the order that was assumed: it is given by the order.
        """
        if set(chain.ops) == {"="}:
            return {"by": "identity"}
        if self.block is not None and in_order(chain, strings(self.block.fields.get("order"))):
            return {"by": "positive"}
        if chain.ops[-1] == ">=" and chain.parts[-1] == _ZERO:
            found = _squares(chain.parts[-2])
            if found:
                return _square_step(found)
        return {}

    def cited(self, rest: str) -> tuple[list[str], list[str]]:
        names, weights = [], []
        for m in _CITE.finditer(rest):
            names.append(f"s{m['label']}" if m["label"] else "given" + (m["which"] or ""))
            weights.append("2" if m["twice"] else "1/2" if m["half"] else m["num"] or "1")
        return names, weights

    def exprs(self, segment: Segment) -> list[Expr]:
        return [parse_expr(t, self.variables) for t in split_list(segment.text)]

    def texts(self, found: Sequence[Segment]) -> list[str]:
        return [expr_ascii(e) for m in found for e in self.exprs(m)]

    def arguments(
        self, rule: str, rest: str, before: list[Segment], claim: Chain | None
    ) -> tuple[dict[str, object], list[Segment]]:
        """The rule's fields from the sentence, and the mathematics that they used up."""
        names, weights = self.cited(rest)
        if not names and rule in ("combine", "multiply", "chain") and _ALL.search(rest):
            used = {n for s in self.steps for n in strings(s.get("of"))}
            names = [str(s["id"]) for s in self.steps if s["id"] not in used]
            weights = ["1"] * len(names)
        plain = [m for m in before if not RELATION.search(m.text)]
        if rule == "jensen":
            return self.jensen(rest, before)
        if rule == "amgm":
            step: dict[str, object] = {"by": "amgm", **self.weighted(rest, plain)}
            return (step if step["terms"] else _mean_terms(claim)), plain
        if rule in ("cauchy", "titu") and len(plain) == 2:
            keys = ("x", "y") if rule == "cauchy" else ("nums", "dens")
            return {
                "by": rule, keys[0]: self.texts(plain[:1]), keys[1]: self.texts(plain[1:])
            }, plain  # fmt: skip
        if rule == "schur" and plain:
            step = {"by": "schur", "terms": self.texts(plain)}
            degree = re.search(r"degree (\d)", rest)
            if degree and degree[1] != "1":
                step["degree"] = int(degree[1])
            return step, plain
        if rule == "cyclic" and len(names) == 1:
            return {"by": "cyclic", "of": names[0]}, []
        if rule == "multiply" and plain and len(names) == 1:
            (text,) = self.texts(plain[-1:])
            return {"by": "scale", "of": names[0], "expr": text}, plain
        if rule == "multiply" and len(names) > 1:
            return {"by": "multiply", "of": names}, []
        if rule == "chain" and names:
            return {"by": "chain", "of": names}, []
        if names and rule in ("combine", "square", "identity", "", "shape", "positive"):
            step = {"by": "combine", "of": names}
            if any(w != "1" for w in weights):
                whole = all(w.lstrip("-").isdigit() for w in weights)
                step["weights"] = [int(w) if whole else w for w in weights]
            return step, []
        if rule in ("square", "shape") and before and RELATION.search(before[-1].text):
            chain = parse_chain(before[-1].text, self.variables)
            if chain.ops == (">=",) and chain.parts[1] == _ZERO:
                found = _squares(chain.parts[0]) if rule == "square" else None
                if found:
                    return _square_step(found), [before[-1]]
                return {"by": "positive", "expr": expr_ascii(chain.parts[0])}, [before[-1]]
        if rule == "positive":
            return {"by": "positive"}, []
        if rule in ("identity", "square") and re.search(r"expan|identi", rest, re.IGNORECASE):
            return {"by": "identity"}, []
        return {}, []

    def weighted(self, rest: str, plain: list[Segment]) -> dict[str, object]:
        """Terms, and the weights where the words speak of some: they come last."""
        if not re.search(r"\bweights?\b", rest) or len(plain) < 2:
            return {"terms": self.texts(plain)}
        raw = [t.strip() for t in plain[-1].text.split(",")]
        if not all(re.fullmatch(r"\d{1,9}(/\d{1,9})?", t) for t in raw):
            raise Unreadable("weights")
        whole = all(t.isdigit() for t in raw)
        weights = [int(t) if whole else t for t in raw]
        return {"terms": self.texts(plain[:-1]), "weights": weights}

    def jensen(self, rest: str, before: list[Segment]) -> tuple[dict[str, object], list[Segment]]:
        """The function, here or as defined before, the points and the weights."""
        own = [(m, f) for m in before if (f := read_function(m.text, rest, self.names))]
        function = own[0][1] if own else self.function
        shape = said_shape(rest)
        if function is None or len(own) > 1 or function.shape not in ("", shape or function.shape):
            return {}, []
        plain = [
            m for m in before if not RELATION.search(m.text) and not function.named(m.text)
        ]  # fmt: skip
        self.called = "" if function is self.function else self.called
        function = replace(function, shape=shape or function.shape)
        step = {"by": "jensen", **function.fields(), **self.weighted(rest, plain)}
        return (step if step["terms"] else {}), [*plain, *(m for m, _ in own)]


def is_number(expr: Expr) -> bool:
    if isinstance(expr, Div):
        return isinstance(expr.num, Num) and isinstance(expr.den, Num)
    return isinstance(expr, Num)


def strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [str(x) for x in value] if isinstance(value, list) else []


def _mean_terms(claim: Chain | None) -> dict[str, object]:
    """Terms and weights of AM-GM where the prose leaves them to the reader: the larger side's."""
    if claim is None or len(claim.ops) != 1 or claim.ops[0] not in (">=", "<="):
        return {}
    side = claim.parts[0 if claim.ops[0] == ">=" else 1]
    if isinstance(side, Div) and isinstance(side.den, Num):
        side = side.num
    if not isinstance(side, Add):
        return {}
    terms, weights = [], []
    for term in side.args:
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


def _squares(expr: Expr) -> list[tuple[str, str]] | None:
    """(weight, base) of each term of c1*e1^2 + c2*e2^2 + ... or c*(e1^2 + ...), or None."""
    found = []
    for term in expr.args if isinstance(expr, Add) else (expr,):
        weight, body = "1", term
        if isinstance(term, Mul) and len(term.args) == 2 and is_number(term.args[0]):
            weight, body = expr_ascii(term.args[0]), term.args[1]
        elif isinstance(term, Div) and isinstance(term.den, Num):
            weight, body = f"1/{expr_ascii(term.den)}", term.num
        if isinstance(body, Pow) and body.exponent == 2:
            found.append((weight, expr_ascii(body.base)))
            continue
        inner = _squares(body) if isinstance(body, Add) and weight != "1" else None
        if inner is None or any(w != "1" for w, _ in inner):
            return None
        found += [(weight, base) for _, base in inner]
    return found


def _square_step(found: list[tuple[str, str]]) -> dict[str, object]:
    bases = [base for _, base in found]
    step: dict[str, object] = {"by": "square", "expr": bases[0] if len(bases) == 1 else bases}
    if any(weight != "1" for weight, _ in found):
        whole = all(weight.isdigit() for weight, _ in found)
        step["weights"] = [int(weight) if whole else weight for weight, _ in found]
    return step
