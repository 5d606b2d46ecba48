"""Proof prose back to steps, as far as it goes; what cannot be matched is said, never guessed.

A sentence is read by its key words and its mathematics: the last relation is the claim, the
mathematics before it are the rule's arguments, (1) and (2) are the steps cited. A relation with
no recognised reason becomes a step without a rule, which the kernel will not call proved. What
changes the meaning of what follows (an assumption, a definition) is reported as unread.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from olympiad_ineq.kernel.trees import Chain, Neg
from olympiad_ineq.language.parse import Unreadable, parse_chain, parse_expr

from .blocks import CASE_LABEL, Block, Header, conditions, ends, header, only, with_cited
from .functions import defines, read_function
from .reasons import Reasons, is_number, strings
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


_LABEL = re.compile(  # "(2) By ...", "2. By ...", "- By ..."; not "(2) and (3) give ..."
    r"^\s*(?:\((\d{1,3})\)(?!\s*(?:and|times|with|,|&|gives?|implies|imply|yields?|is|are)\b|\s*[,&])"
    r"|(?:Step\s+)?(\d{1,3})[.):]|[-*•])\s*",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    r"(?<=[.;!?])\s+|\n\s*\n|\n(?=\s*(?:\(\d{1,3}\)|\d{1,3}[.)]|Step\s|[-*•]\s))"
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
_HARMLESS = re.compile(r"(?:\s|\\(?:square|blacksquare|Box|qed|mathbb\s*\{?R\}?(?:_\+|\^\+)?)|\.)*")
_THEN = re.compile(r"(?:then|so|and|clearly|we have|thus|hence)?,? ?(?:we have )?\0 ?[.,;]?", re.I)
_SO = vocabulary("hence therefore thus so then that which is we have get obtain this gives finally")
_EQUALITY = re.compile(r"\bequality\b", re.IGNORECASE)
_ONLY = re.compile(r"\b(only|iff|precisely|exactly)\b", re.IGNORECASE)


def read_proof(text: str, variables: Sequence[str]) -> ReadProof:
    """The steps that the prose states, what could not be read, and the claimed equality case."""
    if len(text) > MAX_TEXT:
        return ReadProof([], [Unread(MAX_TEXT, "", f"longer than {MAX_TEXT} characters")], None)
    try:
        return _Reader(text, variables).read()
    except Unreadable as error:
        return ReadProof([], [Unread(error.position, error.text, error.reason)], None)


class _Reader(Reasons):
    def __init__(self, text: str, variables: Sequence[str]) -> None:
        super().__init__(variables)
        self.text = text
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
        self.block.fields["given"] = [*strings(self.block.fields.get("given")), *found]
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
            if name not in self.names or not is_number(size):
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
