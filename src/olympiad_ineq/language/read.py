"""Proof prose back to steps, as far as it goes; what cannot be matched is said, never guessed.

A sentence is read by its key words and its mathematics: the last relation is the claim, the
mathematics before it are the rule's arguments, (1) and (2) are the steps cited. A relation with
no recognised reason becomes a step without a rule, which the kernel will not call proved. What
changes the meaning of what follows (an assumption, a definition) is reported as unread.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from olympiad_ineq.kernel.trees import Add, Chain, Div, Expr, Mul, Neg, Num, Pow
from olympiad_ineq.language.parse import Unreadable, parse_chain, parse_expr

from .blocks import CASE_LABEL, Block, Header, conditions, ends, header, in_order, only, with_cited
from .functions import Function, defines, read_function, said_shape
from .segments import MAX_TEXT, RELATION, Segment, segments, split_list, vocabulary
from .spelling import chain_ascii, expr_ascii


@dataclass(frozen=True, slots=True)
class Unread:
    """A piece of mathematics that was not understood.

    kind: "claim", "assumption" or "only" (that equality holds nowhere else); "aim" is what is to be
    shown, "same" what is called equivalent to it.
    """

    position: int
    text: str
    reason: str
    kind: str = "claim"


@dataclass(frozen=True, slots=True)
class ReadProof:
    steps: list[dict[str, object]]
    unread: list[Unread]
    equality: dict[str, object] | None


_ZERO = parse_expr("0", ["a"])
_LABEL = re.compile(  # "(2) By ...", "2. By ...", "- By ..."; not "(2) and (3) give ..."
    r"^\s*(?:\((\d{1,3})\)(?!\s*(?:and|times|with|,|&|gives?|implies|imply|yields?|is|are)\b|\s*[,&])"
    r"|(?:Step\s+)?(\d{1,3})[.):]|[-*•])\s*",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    r"(?<=[.;!?])\s+|\n\s*\n|\n(?=\s*(?:\(\d{1,3}\)|\d{1,3}[.)]|Step\s|[-*•]\s))"
)
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
_ASSUME = re.compile(
    r"\b(assume|assuming|suppose|supposing|wlog|without loss|let|denote|define|set|setting|put"
    r"|putting|substitut\w+|if|unless|case|otherwise|contradiction|contrary|induction|homogeneous"
    r"|normali[sz]e|normali[sz]ing|where)\b",
    re.IGNORECASE,
)
_AIM = re.compile(
    r"\b(suffices?|enough|want|wish|need|must (?:prove|show)|to (?:prove|show)|remains to"
    r"|equivalent|equivalently|iff|if and only if|prove that|show that|desired to|goal is|goal:"
    r"|problem)\b",
    re.IGNORECASE,
)
_SAME = re.compile(r"\b(?:equivalent|equivalently|iff|if and only if)\b", re.IGNORECASE)
_DENY = re.compile(
    r"\b(not|false|fails?|never|impossible|wrong|incorrect|cannot|doesn't|isn't|no longer)\b",
    re.IGNORECASE,
)
_ALL = re.compile(r"\b(these|them|those|above|all|everything|up|inequalities)\b", re.IGNORECASE)
_HARMLESS = re.compile(r"(?:\s|\\(?:square|blacksquare|Box|qed|mathbb\s*\{?R\}?(?:_\+|\^\+)?)|\.)*")
_THEN = re.compile(r"(?:then|so|and|clearly|we have|thus|hence)?,? ?(?:we have )?\0 ?[.,;]?", re.I)
_SO = vocabulary("hence therefore thus so then that which is we have get obtain this gives finally")
_EQUALITY = re.compile(r"\bequality\b", re.IGNORECASE)
_ONLY = re.compile(r"\b(only|iff|precisely|exactly)\b", re.IGNORECASE)
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


def read_proof(text: str, variables: Sequence[str]) -> ReadProof:
    """The steps that the prose states, what could not be read, and the claimed equality case."""
    if len(text) > MAX_TEXT:
        return ReadProof([], [Unread(MAX_TEXT, "", f"longer than {MAX_TEXT} characters")], None)
    try:
        return _Reader(text, variables).read()
    except Unreadable as error:
        return ReadProof([], [Unread(error.position, error.text, error.reason)], None)


class _Reader:
    def __init__(self, text: str, variables: Sequence[str]) -> None:
        self.text, self.names = text, tuple(variables)
        self.variables = self.names  # others within a substitution
        self.block: Block | None = None
        self.function: Function | None = None
        self.called = ""  # what the text calls the function, until a step says it
        self.steps: list[dict[str, object]] = []
        self.ids: set[str] = set()
        self.unread: list[Unread] = []
        self.equality: dict[str, object] | None = None

    def read(self) -> ReadProof:
        for sentence in self.sentences():
            words = "".join(s.text if s.kind == "words" else " \0 " for s in sentence)
            maths = [s for s in sentence if s.kind == "math"]
            self.sentence(words, maths, sentence[0].position)
        self.finish()
        return ReadProof(self.steps, self.unread, self.equality)

    def sentences(self) -> list[list[Segment]]:
        done: list[list[Segment]] = []
        current: list[Segment] = []
        for segment in segments(self.text.replace("\0", " "), self.variables):
            if segment.kind == "math":
                current.append(segment)
                if segment.text.rstrip().endswith("."):
                    done.append(current)
                    current = []
                continue
            at = 0
            for cut in _SENTENCE.finditer(segment.text):
                piece = segment.text[at : cut.start()]
                if _LABEL.fullmatch(piece + " ") or CASE_LABEL.fullmatch(piece):  # no sentence
                    continue
                current.append(Segment("words", piece, segment.position + at))
                done.append(current)
                current, at = [], cut.end()
            if segment.text[at:].strip():
                current.append(Segment("words", segment.text[at:], segment.position + at))
        return [s for s in [*done, current] if any(x.text.strip() for x in s)]

    # -- one sentence --------------------------------------------------------------------------

    def sentence(self, words: str, maths: list[Segment], position: int) -> None:
        label = _LABEL.match(words)
        number = label and (label[1] or label[2])
        rest = words[label.end() :] if label else words
        relations = [m for m in maths if RELATION.search(m.text)]
        if _EQUALITY.search(rest):
            self.equality_case(rest, relations or maths, position)
            return
        if self.blocks(rest, maths, number, position):
            return
        if len(maths) == 1 and defines(rest) and self.defined(maths[0], rest):
            return
        for m in maths:
            if not RELATION.search(m.text) and not _HARMLESS.fullmatch(m.text):
                self.argument(m)
        if not relations:
            self.plain(rest, maths, position)
            return
        self.stray(rest, position)
        assumed = _ASSUME.search(rest)
        if assumed:
            for m in relations:
                self.unread.append(
                    Unread(m.position, m.text, f"{assumed[0].lower()}: not followed", "assumption")
                )
            return
        aim = _AIM.search(rest)
        if aim or _DENY.search(rest):
            for m in relations:
                same = aim and _SAME.search(rest)
                kind = "same" if same else "aim" if aim else "claim"
                if aim and _DENY.search(rest):  # "it does not suffice to show"
                    kind = "claim"
                self.unread.append(Unread(m.position, m.text, "stated, not asserted", kind))
            return
        name = f"s{number}" if number else self.fresh()
        self.step(name, rest, maths, relations)

    # -- blocks: WLOG, cases, substitution -----------------------------------------------------

    def blocks(self, rest: str, maths: list[Segment], number: str | None, position: int) -> bool:
        """Does the sentence open, go on with or end a block of steps of its own?"""
        head = header(rest, [m.text for m in maths], self.names)
        if head is not None:
            return self.open(head, f"s{number}" if number else "", position)
        block = self.block
        if block is None or not maths:
            return False
        if block.rule == "substitute" and not self.steps and self.condition(rest, maths):
            return True
        if not ends(block.rule, rest) and not self.returns(block, rest, maths):
            return False
        if len(maths) > 2:
            return False
        if block.rule == "substitute":
            lemma = self.quiet(maths[0]) if len(maths) == 2 else None
            last = self.steps[-1]["claim"] if self.steps and len(maths) == 1 else ""
            block.fields["lemma"] = chain_ascii(lemma) if lemma else last
        elif len(maths) == 2:
            return False
        claim = self.chain(maths[-1], None, self.names)
        if claim is None or not block.fields.get("lemma", "-"):
            return False
        self.close(chain_ascii(claim), f"s{number}" if number else "")
        return True

    def returns(self, block: Block, rest: str, maths: list[Segment]) -> bool:
        """Is this about the old variables again, after a substitution, without a word of it?

        Where it comes with a reason or before any step, the new variables were no block.
        """
        if block.rule != "substitute" or any(self.said(m, self.variables) for m in maths):
            return False
        if not any(self.said(m, self.names) for m in maths):
            return False
        if self.steps and only(rest, _SO):
            return True
        self.abandon()
        return False

    @staticmethod
    def said(segment: Segment, names: Sequence[str]) -> bool:
        """Is this a relation, or a list of expressions, between these variables?"""
        raw = segment.text.strip().rstrip(".,;: ")
        try:
            if RELATION.search(raw):
                return bool(conditions(raw, names))
            return bool([parse_expr(part, names) for part in split_list(raw)])
        except Unreadable:
            return False

    def open(self, head: Header, name: str, position: int) -> bool:
        block = self.block
        if block is not None and block.rule == head.rule == "cases":
            if head.number != len(block.cases) + 2:
                return False
            steps = with_cited(self.steps, block.outer)
            block.cases.append({**block.fields, "steps": steps})
            block.fields, self.steps = head.fields, []
            return True
        if block is not None or head.number > 1:
            return False
        self.block = Block(head.rule, head.fields, name, position, self.steps)
        self.steps = []
        images = head.fields.get("images")
        if isinstance(images, dict):
            self.variables = tuple(images)
        return True

    def condition(self, rest: str, maths: list[Segment]) -> bool:
        """ "Then $xyz = 1$" right after new variables: a hypothesis about them, to be shown."""
        if self.block is None or not _THEN.fullmatch(" ".join(rest.split())) or len(maths) != 1:
            return False
        try:
            found = conditions(maths[0].text, self.variables)
        except Unreadable:
            return False
        if not all(re.fullmatch(r"[^<>]*", text) for text in found):
            return False
        self.block.fields["given"] = [*_strings(self.block.fields.get("given")), *found]
        return True

    def close(self, claim: str, name: str) -> None:
        block, inner = self.block, self.steps
        if block is None:
            return
        self.block, self.steps, self.variables = None, block.outer, self.names
        block.name = name or block.name or self.fresh()
        self.ids.add(block.name)
        if block.rule != "substitute":
            inner = with_cited(inner, block.outer)
        self.steps.append(block.step(claim, inner))

    def finish(self) -> None:
        """The text ends: an order assumed without loss of generality has served the last claim."""
        if self.called and self.function is not None:
            reason = f"that the function is {self.called} is not shown"
            self.unread.append(Unread(0, self.function.text, reason))
        block = self.block
        if block is None:
            return
        if block.rule == "substitute" or not self.steps:
            self.abandon()
        else:
            self.close(str(self.steps[-1]["claim"]), "")

    def abandon(self) -> None:
        """What was assumed leads nowhere: it is not followed, and its steps show nothing."""
        block = self.block
        if block is None:
            return
        shown = _shown(self.text[block.position : block.position + 120])
        self.unread.append(
            Unread(block.position, shown, f"{block.rule}: not followed", "assumption")
        )
        self.block, self.steps, self.variables = None, block.outer, self.names

    def fresh(self) -> str:
        n = len(self.steps) + 1
        while f"s{n}" in self.ids:
            n += 1
        return f"s{n}"

    def plain(self, rest: str, maths: list[Segment], position: int) -> None:
        """A sentence without a relation says nothing, unless it cites a step that is not there."""
        for match in re.finditer(r"\((\d{1,3})\)", rest):
            if f"s{match[1]}" not in self.ids:
                reason = f"it mentions ({match[1]}), which is not there"
                self.unread.append(Unread(position, _shown(rest), reason))
        if _ASSUME.search(rest) and maths:
            self.unread.append(Unread(position, _shown(rest), "not followed", "assumption"))

    def stray(self, rest: str, position: int) -> None:
        if RELATION.search(rest):
            self.unread.append(Unread(position, _shown(rest), "a relation in the words"))

    def defined(self, segment: Segment, rest: str) -> bool:
        """ "Let $f(t) = t^3$.": what Jensen's inequality is about from there. One is followed."""
        found = None
        if self.function is None:
            found = read_function(segment.text, rest, self.names)
        if found is not None:
            self.function, self.called = found, found.shape
        return found is not None

    def argument(self, segment: Segment) -> None:
        """Mathematics that is no relation must be a list of expressions, or the function's name."""
        if self.function is not None and self.function.named(segment.text):
            return
        try:
            self.exprs(segment)
        except Unreadable as error:
            self.unread.append(Unread(segment.position, segment.text[:200], error.reason))

    def chain(
        self, segment: Segment, text: str | None = None, names: Sequence[str] | None = None
    ) -> Chain | None:
        raw = (segment.text if text is None else text).strip().rstrip(".,;: ")
        try:
            return parse_chain(raw, self.variables if names is None else names)
        except Unreadable as error:
            self.unread.append(Unread(segment.position, raw[:200], str(error.reason)))
            return None

    def quiet(self, segment: Segment) -> Chain | None:
        try:
            return parse_chain(segment.text.strip().rstrip(".,;: "), self.variables)
        except Unreadable:
            return None

    def step(self, name: str, rest: str, maths: list[Segment], relations: list[Segment]) -> None:
        last = relations[-1]
        for m in maths:
            if m.position > last.position and not set(split_list(m.text)) <= set(self.variables):
                self.unread.append(Unread(m.position, m.text[:200], "it follows the claim"))
        rule = self.rule(rest)
        before = [m for m in maths if m.position < last.position]
        step: dict[str, object] = {}
        used: list[Segment] = []
        try:
            step, used = self.arguments(rule, rest, before, self.quiet(last))
        except (Unreadable, ValueError):
            step, used = {}, []
        for i, extra in enumerate(m for m in relations[:-1] if m not in used):
            for part in self.parts(extra):
                chain = self.chain(extra, part)
                if chain is not None:
                    self.append(f"{name}.{i + 1}", chain, self.bare(chain))
        parts = self.parts(last)
        for i, part in enumerate(parts):
            chain = self.chain(last, part)
            if chain is None:
                continue
            own = name if i == len(parts) - 1 else f"{name}.{len(relations) + i}"
            self.append(own, chain, step or self.bare(chain))

    @staticmethod
    def parts(segment: Segment) -> list[str]:
        """A display may hold several relations, set apart by commas."""
        if segment.text.count(",") == 0:
            return [segment.text]
        pieces = split_list(segment.text)
        return pieces if all(RELATION.search(p) for p in pieces) else [segment.text]

    def append(self, name: str, chain: Chain, reason: dict[str, object]) -> None:
        self.ids.add(name)
        self.steps.append({"id": name, "claim": chain_ascii(chain), **reason})

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
        if self.block is not None and in_order(chain, _strings(self.block.fields.get("order"))):
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
            used = {n for s in self.steps for n in _strings(s.get("of"))}
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

    def equality_case(self, rest: str, maths: list[Segment], position: int) -> None:
        if _DENY.search(rest) or len(maths) != 1 or self.equality is not None:
            self.unread.append(Unread(position, _shown(rest), "equality case not read"))
            return
        if _ONLY.search(rest):
            reason = "that equality holds only there is not checked"
            self.unread.append(Unread(position, _shown(rest), reason, "only"))
        chains = [self.chain(maths[0], t, self.names) for t in split_list(maths[0].text)]
        if any(c is None for c in chains):
            return
        point: dict[str, str] = {}
        for chain in chains:
            if chain is None or chain.ops != ("=",):
                break
            name, number = expr_ascii(chain.parts[0]), chain.parts[1]
            size = number.arg if isinstance(number, Neg) else number
            if name not in self.names or not _number(size):
                break
            point[name] = expr_ascii(number)
        if set(point) == set(self.names) and len(point) == len(chains):
            self.equality = {"point": point}
        elif len(chains) == 1 and chains[0] is not None and set(chains[0].ops) == {"="}:
            self.equality = {"when": chain_ascii(chains[0])}
        else:
            self.unread.append(Unread(position, _shown(rest), "equality case not read"))


def _shown(words: str) -> str:
    return words.replace("\0", "...").strip()[:200]


def _number(expr: Expr) -> bool:
    if isinstance(expr, Div):
        return isinstance(expr.num, Num) and isinstance(expr.den, Num)
    return isinstance(expr, Num)


def _strings(value: object) -> list[str]:
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
        if isinstance(term, Mul) and _number(term.args[0]):
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
        if isinstance(term, Mul) and len(term.args) == 2 and _number(term.args[0]):
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
