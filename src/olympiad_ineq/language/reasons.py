"""The reason that a sentence of a proof gives: the rule, by its key words, and its arguments.

The mathematics before the claim are the rule's arguments, (1) and (2) the steps cited. What is not
found leaves the claim without a reason, which is never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice, permutations

from olympiad_ineq.kernel.trees import Add, Chain, Expr, Mul, Pow, Var
from olympiad_ineq.language.parse import (
    Unreadable,
    parse_chain,
    parse_expr,
    substitute,
    unordered,
)

from .blocks import Block, in_order
from .functions import Function, read_function, said_shape
from .predicates import COUNTS
from .segments import RELATION, Segment, split_list
from .spelling import chain_ascii, expr_ascii
from .terms import (
    cauchy_terms,
    mean_square,
    mean_terms,
    sides,
    square_step,
    squares,
    titu_terms,
)
from .terms import (
    visible as _visible,
)

ZERO = parse_expr("0", ["a"])
_ONE = (
    r"(?:(?P<twice>twice|double)\s+|(?P<half>half(?: of)?)\s+"
    r"|(?P<num>-?\d{1,6}(?:/\d{1,6})?)\s*(?:times|\*|x)\s*)?"
)
CITE = re.compile(
    _ONE + r"(?:(?:step|inequality|inequalities|equation|relation)s?\s*)?"
    r"(?:\((?P<label>\d{1,3})\)|(?P<given>the (?:condition|constraint|hypothesis))"
    r"|condition (?P<which>\d))",
    re.IGNORECASE,
)
_LEANING = (
    None,
    "cyclic",
    "identity",
    "so",
    "aim",
    "root",
    "combine",
    "chain",
)  # of which no more are alike
_WEIGHING = re.compile(
    r"\b(?:times|twice|double|half|thrice|triple|squares?|products?|powers?)\b", re.I
)
DIVIDING = re.compile(r"\bdivid\w+[^\0.;]{0,40}\bby\s*$", re.IGNORECASE)
_MULTIPLYING = re.compile(
    r"\bmultiply\w*\s+(?:both sides|it|this)[^\0.;]{0,40}\bby\s*$", re.IGNORECASE
)
THUS = re.compile(
    r"\b(?:hence|thus|therefore|so|then|consequently|implies|follows|gives|yields|conclude|obtain"
    r"|get|deduce|that is|i\.e|since|because|as|from|divid\w+|rearrang\w+|simplif\w+|expand\w*"
    r"|rewriting|becomes|and hence|finally)\b", re.IGNORECASE
)  # fmt: skip
_EXPANDED = re.compile(
    r"\bexpanding\b[^:]*\b(?:we (?:get|obtain|have)|gives|yields)", re.IGNORECASE
)
_BOTH = re.compile(r"\bboth sides\b|\bthis\b|\bit\b", re.IGNORECASE)
SINCE = re.compile(
    r"\b(?:since|as(?! (?:well|required|desired|wanted|claimed|needed))|because|from|clearly"
    r"|obvious\w*)\b", re.IGNORECASE
)  # fmt: skip
COUNT = re.compile(
    r"\b(two|three|four|five|six)\b(?: \w+){0,2}? (?:inequalities|results|relations|estimates)",
    re.IGNORECASE,
)
_OPERATION = re.compile(  # which says what is done to get there
    r"\b(?:multipl\w+|divid\w+|add\w*|sum\w*|subtract\w*|squaring|expand\w*|cancel\w*|scal\w+|combin\w+)\b",
    re.IGNORECASE,
)
_NTH = re.compile(r"\bthe (first|second|last|latter|previous) inequality\b", re.IGNORECASE)
_TOGETHER = ("combine", "multiply", "chain")
_ALL = re.compile(r"\b(these|them|those|above|all|everything|up|inequalities)\b", re.IGNORECASE)
_RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (rule, re.compile(pattern, re.IGNORECASE))
    for rule, pattern in (
        ("jensen", r"\bjensen"),
        ("rooting", r"\btak\w+ (?:the )?(?:positive )?square roots?\b"),
        ("squaring", r"\bsquaring\b"),
        ("amgm", r"AM\s*[-–—/]?\s*GM|AM ?≥ ?GM|arithmetic.{1,20}geometric"),
        ("titu", r"AM\s*[-–—]\s*HM|\btitu|engel|sedrakyan|T2 lemma|bergstr"),
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


TERMS = ("terms", "x", "y", "nums", "dens")  # what a lemma is applied to


class Reasons:
    """What was read so far, and the reasons that sentences give for their claims."""

    def __init__(self, variables: Sequence[str]) -> None:
        self.names = tuple(variables)
        self.variables = self.names  # others within a substitution
        self.free = False  # is the goal known, and what is left unsaid filled in?
        self.images: dict[str, Expr] = {}  # what letters stand for that a text introduces
        self.block: Block | None = None
        self.function: Function | None = None
        self.called = ""  # what the text calls the function, until a step says it
        self.steps: list[dict[str, object]] = []

    def expression(self, text: str, names: Sequence[str] | None = None) -> Expr:
        """The expression, with what was introduced put in."""
        return substitute(parse_expr(text, names or self.variables), self.images)

    def relation(self, text: str, names: Sequence[str] | None = None) -> Chain:
        chain = parse_chain(text, names or self.variables)
        parts = tuple(substitute(part, self.images) for part in chain.parts)
        return replace(chain, parts=parts) if self.images else chain

    def reason(
        self, rule: str, clause: str, chain: Chain, listed: Sequence[Segment] = ()
    ) -> dict[str, object]:
        """The same reason for each relation of a list, its terms read off the relation.

        Where the words list what a lemma is applied to, these must be among it.
        """
        try:
            step = self.arguments(rule, clause, [], chain)[0]
            terms = {str(x) for key in TERMS for x in strings(step.get(key))}
            return {} if listed and terms and not terms <= {*self.texts(listed)} else step
        except (Unreadable, ValueError):
            return {}

    def thus(self, recent: list[str], rest: str) -> dict[str, object]:
        """ "Hence X": from one of the facts just stated, or from some of them."""
        if not recent or self.cited(rest)[0]:
            return {}
        if not self.free:
            return {"by": "so", "of": recent[-5:]}
        step: dict[str, object] = {"by": "so", "of": [*self.ordering(), *recent[-4:]]}
        return step if _OPERATION.search(rest) else {**step, "scaled": True}

    def ordering(self) -> list[str]:
        """The names of the hypotheses that the order of the variables is."""
        order = strings(self.block.fields.get("order")) if self.block else []
        return [f"given{i}" for i in range(1, min(len(order), 3))]

    def factor(self, rest: str, maths: list[Segment], name: str) -> dict[str, object]:
        """ "Dividing both sides by $a+b > 0$", "multiplying it by $c$": the step before, scaled."""
        for way, form in ((DIVIDING, "1/({})"), (_MULTIPLYING, "{}")):
            for m in self.beside(way, rest, maths):
                bound = RELATION.search(m.text)
                text = m.text[: bound.start()] if bound else m.text.rstrip(".,;: ")
                try:
                    expr = form.format(expr_ascii(self.expression(text)))
                except Unreadable:
                    return {}
                return {"by": "scale", "of": name, "expr": expr, "exact": True}
        return {}

    @staticmethod
    def beside(way: re.Pattern[str], rest: str, maths: list[Segment]) -> list[Segment]:
        """The mathematics right after these words."""
        at = enumerate(re.finditer(r"\0", rest))
        return [maths[i] for i, found in at if way.search(rest[: found.start()])]

    def rule(self, rest: str) -> str:
        for rule, pattern in _RULES:
            if pattern.search(rest):
                return rule
        return ""

    def bare(self, chain: Chain) -> dict[str, object]:
        """A plain equation is an identity; a sum or product of squares >= 0 needs no other reason.

        Nor does a part of the order that was assumed: it is given by the order.
        """
        if set(chain.ops) == {"="}:
            return {"by": "identity"}
        if self.block is not None and in_order(chain, strings(self.block.fields.get("order"))):
            return {"by": "positive"}
        if chain.ops[-1] == ">=" and chain.parts[-1] == ZERO:
            side = chain.parts[-2]
            found = squares(side)
            if found:
                return square_step(found)
            if self.free and _visible(side):
                return {"by": "positive", "expr": expr_ascii(side)}
            factors = side.args if isinstance(side, Mul) else ()
            if any(isinstance(x, Pow) and x.exponent % 2 == 0 for x in factors):
                return {"by": "positive", "expr": expr_ascii(side)}
        return self.completed(chain) if self.free else {}

    @staticmethod
    def completed(chain: Chain) -> dict[str, object]:
        """ "... = 2(a-1)^2+3 >= 3": what stands beside the smaller side is seen to be >= 0."""
        found = sides(chain)
        if found is None or not isinstance(found[0], Add):
            return {}
        terms = list(found[0].args)
        for term in found[1].args if isinstance(found[1], Add) else (found[1],):
            if term not in terms:
                return {}
            terms.remove(term)
        rest = Add(tuple(terms)) if len(terms) > 1 else terms[0] if terms else ZERO
        return {"by": "positive", "expr": expr_ascii(rest)} if _visible(rest) else {}

    def cited(self, rest: str) -> tuple[list[str], list[str]]:
        names, weights = [], []
        for m in CITE.finditer(rest):
            names.append(f"s{m['label']}" if m["label"] else "given" + (m["which"] or ""))
            weights.append("2" if m["twice"] else "1/2" if m["half"] else m["num"] or "1")
        return names, weights

    def exprs(self, segment: Segment) -> list[Expr]:
        return [self.expression(t) for t in split_list(segment.text)]

    def texts(self, found: Sequence[Segment]) -> list[str]:
        return [expr_ascii(e) for m in found for e in self.exprs(m)]

    def arguments(
        self, rule: str, rest: str, before: list[Segment], claim: Chain | None
    ) -> tuple[dict[str, object], list[Segment]]:
        """The rule's fields from the sentence, and the mathematics that they used up."""
        names, weights = self.cited(rest)
        plainly = self.free and not any(not RELATION.search(m.text) for m in before)
        if not names and rule in _TOGETHER and (plainly or _ALL.search(rest)):
            names = self.unused(rest)
            weights = ["1"] * len(names)
        plain = [m for m in before if not RELATION.search(m.text)]
        if rule == "jensen":
            return self.jensen(rest, before)
        if rule in ("amgm", "cauchy", "titu", "schur"):
            return self.lemma(rule, rest, plain, claim)
        if rule == "cyclic" and len(names) == 1:
            return {"by": "cyclic", "of": names[0]}, []
        if rule == "cyclic" and not names:
            return self.alike(claim), []
        if rule == "rooting":
            one = names or [str(s["id"]) for s in self.steps[-1:]]
            return ({"by": "root", "of": one[0]} if len(one) == 1 and not plain else {}), []
        if rule in ("squaring", "multiply"):
            found, used = self.products(rule, rest, names, plain)
            if found or rule == "squaring":
                return found, used
        if rule == "chain" and names:
            return {"by": "chain", "of": names}, []
        if names and _WEIGHING.search(CITE.sub(" ", rest)):
            return {}, []  # "$3$ times (1)", "(1), twice": which weight is whose is not seen
        if len(names) > 1 and rule != "combine" and re.search(r"\bdivid", rest, re.IGNORECASE):
            return {}, []  # one inequality divided by another
        if names and rule in ("combine", "square", "identity", "", "shape", "positive"):
            step: dict[str, object] = {"by": "combine", "of": names}
            if any(w != "1" for w in weights):
                whole = all(w.lstrip("-").isdigit() for w in weights)
                step["weights"] = [int(w) if whole else w for w in weights]
            return step, []
        if rule in ("square", "shape") and before and RELATION.search(before[-1].text):
            shown = self.shape(rule, rest, before[-1])
            if shown is not None:
                return shown, [before[-1]] if shown else []
        if rule == "positive":
            return {"by": "positive"}, []
        equation = claim is None or set(claim.ops) == {"="} or not _EXPANDED.search(rest)
        if (
            equation
            and rule in ("identity", "square")
            and re.search(r"expan|identi", rest, re.IGNORECASE)
        ):
            return {"by": "identity"}, []
        return {}, []

    def lemma(
        self, rule: str, rest: str, plain: list[Segment], claim: Chain | None
    ) -> tuple[dict[str, object], list[Segment]]:
        """A lemma's terms: those that the sentence lists, else those of the claim."""
        if rule == "amgm":
            step: dict[str, object] = {"by": "amgm", **self.weighted(rest, plain)}
            squared = mean_square(claim) if self.free and not step["terms"] else {}
            return (step if step["terms"] else squared or mean_terms(claim)), plain
        if rule in ("cauchy", "titu") and len(plain) == 2:
            keys = ("x", "y") if rule == "cauchy" else ("nums", "dens")
            one, two = self.texts(plain[:1]), self.texts(plain[1:])
            return {"by": rule, keys[0]: one, keys[1]: two}, plain
        if rule in ("cauchy", "titu") and not plain:
            found = cauchy_terms(claim) if rule == "cauchy" else {}
            return found or titu_terms(claim), []
        if rule == "schur" and plain:
            step = {"by": "schur", "terms": self.texts(plain)}
            degree = re.search(r"degree (\d)", rest)
            if degree and degree[1] != "1":
                step["degree"] = int(degree[1])
            return step, plain
        return {}, []

    def shape(self, rule: str, rest: str, last: Segment) -> dict[str, object] | None:
        """What "since $(a-b)^2 >= 0$" rests on; nothing where it is only said; None if no such."""
        chain = self.relation(last.text)
        if chain.ops != (">=",) or chain.parts[1] != ZERO:
            return None
        bases = squares(chain.parts[0]) if rule == "square" else None
        if bases:
            return square_step(bases)
        if not SINCE.search(rest):
            return {}
        return {"by": "positive", "expr": expr_ascii(chain.parts[0])}

    def unused(self, rest: str) -> list[str]:
        """What "these three inequalities" are: the last that nothing has used yet."""
        used = {
            n
            for s in self.steps
            for n in strings(s.get("of"))[-1 if s.get("by") == "so" else 0 :]
            if s.get("by") != "cyclic"
        }
        names = [str(s["id"]) for s in self.steps
                 if s["id"] not in used and s.get("by") != "identity"]  # fmt: skip
        count = COUNT.search(rest)
        return names[-COUNTS[count[1].lower()] :] if count else names

    def alike(self, claim: Chain | None) -> dict[str, object]:
        """ "Similarly X": as the step before it that has a reason of its own."""
        source = next((s for s in reversed(self.steps) if s.get("by") not in _LEANING), None)
        if source is None:
            return {}
        rooted = "sqrt" in str(source["claim"]) or "^(1/" in str(source["claim"])
        if self.free and rooted and claim is not None:
            for order in islice(permutations(self.names), 1, 24):
                turned = self.turned(source, order)
                if turned and _ends(
                    self.relation(self.turned_text(str(source["claim"]), order)), claim
                ):
                    return turned
        found = mean_terms(claim) if source["by"] == "amgm" else {}
        return found or {"by": "cyclic", "of": str(source["id"])}

    def turned_text(self, text: str, order: Sequence[str]) -> str:
        """An expression or relation of the problem's variables with these permuted."""
        values: dict[str, Expr] = {
            old: Var(new) for old, new in zip(self.names, order, strict=True)
        }
        if not RELATION.search(text):
            return expr_ascii(substitute(parse_expr(text, self.names), values))
        chain = parse_chain(text, self.names)
        return chain_ascii(replace(chain, parts=tuple(substitute(p, values) for p in chain.parts)))

    def turned(self, source: Mapping[str, object], order: Sequence[str]) -> dict[str, object]:
        """The reason of a step with its expressions permuted; nothing where it cites others."""
        if source.get("by") not in ("amgm", "square", "cauchy", "titu", "identity", "schur"):
            return {}
        step = {k: v for k, v in source.items() if k not in ("id", "claim", "equality")}
        for key in (*TERMS, "expr"):
            if key in step:
                texts = [self.turned_text(text, order) for text in strings(step[key])]
                step[key] = texts if isinstance(step[key], list) else texts[0]
        return step

    def products(
        self, rule: str, rest: str, names: list[str], plain: list[Segment]
    ) -> tuple[dict[str, object], list[Segment]]:
        """ "Squaring both sides", "multiplying (1) by $c$", "multiplying these"."""
        if rule == "squaring":
            one = names or [str(s["id"]) for s in self.steps[-1:]]
            return ({"by": "multiply", "of": one * 2} if len(one) == 1 else {}), []
        if plain and not names and _BOTH.search(rest):
            names = [str(s["id"]) for s in self.steps[-1:]]
        nth = _NTH.search(rest) if self.free and plain and not names else None
        if nth:
            names = [
                str(s["id"]) for s in self.steps[-2 if nth[1].lower() == "first" else -1 :][:1]
            ]
        if plain and len(names) == 1:
            (text,) = self.texts(plain[-1:])
            return {"by": "scale", "of": names[0], "expr": text}, plain
        return ({"by": "multiply", "of": names} if len(names) > 1 else {}), []

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


def _ends(one: Chain, two: Chain) -> bool:
    """Do two relations say the same of the same ends, up to the order of terms and factors?"""
    ends = [(unordered(c.parts[0]), unordered(c.parts[-1])) for c in (one, two)]
    return ends[0] == ends[1] and {*one.ops} - {"="} == {*two.ops} - {"="}


def strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [str(x) for x in value] if isinstance(value, list) else []
