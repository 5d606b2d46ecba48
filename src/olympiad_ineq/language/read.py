"""Proof prose back to steps, as far as it goes; what cannot be matched is said, never guessed.

A sentence is read by its key words and its mathematics: the last relation is the claim, the
mathematics before it are the rule's arguments, (1) and (2) are the steps cited. A relation with
no recognised reason becomes a step without a rule, which the kernel will not call proved. What
changes the meaning of what follows (an assumption, a definition) is reported as unread.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from olympiad_ineq.kernel.trees import Chain, Neg
from olympiad_ineq.language.parse import Unreadable, parse_expr

from .aims import Aims, asserted
from .blocks import (
    CASE_LABEL,
    Block,
    Header,
    conditions,
    ends,
    header,
    in_order,
    only,
    with_cited,
)
from .functions import defines, read_function, said_shape
from .lemmas import Lemma, applied, names_of, opened
from .reasons import DIVIDING, SINCE, THUS, ZERO, strings
from .segments import MAX_TEXT, RELATION, Segment, segments, split_list, vocabulary
from .spelling import chain_ascii, expr_ascii
from .terms import is_number, visible
from .words import doubtful, harmless, remark, unknown


@dataclass(frozen=True, slots=True)
class Unread:
    """A piece of mathematics that was not understood.

    kind: "claim" or "assumption"; "aim" is what is to be shown, "same" what is called equivalent to
    it, "goal" what has to be the goal itself; "sign" is a sign that the words take for granted,
    "seen" a sign that is a reason by itself, "hypothesis" what is said to be given, "words" a
    sentence with a word that may change its sense, "remark" one that shows nothing and is not
    understood.
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
    plain: list[Unread] = field(default_factory=list)  # signs that are a reason by themselves


_MAX_SENTENCE = 3000  # characters of words
_LABEL = re.compile(  # "(2) By ...", "2. By ...", "- By ..."; not "(2) and (3) give ..."
    r"^\s*(?:\((\d{1,3})\)(?!\s*(?:and|times|with|,|&|gives?|implies|imply|yields?|is|are)\b|\s*[,&])"
    r"|(?:Step\s+)?(\d{1,3})[.):]|[-*•])\s*",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    r"(?<=[.;!?])(?<!\bi\.e\.)(?<!\be\.g\.)\s+|\n\s*\n|\n(?=\s*(?:\(\d{1,3}\)|\d{1,3}[.)]|Step\s|[-*•]\s))"
)
_NEW = re.compile(r"\s{0,9}\n\s{0,9}(?:[A-Z][a-z]+|\*\*|#)")  # after a display without a full stop
_GAP = r"(?:\\q?quad|\\[;, ]|\s){0,9}"
_ARROW = re.compile(
    _GAP + r"\\(?:implies|Rightarrow|Longrightarrow|iff|Leftrightarrow)(?![A-Za-z])" + _GAP
)
_ASSUMED = re.compile(
    r"\b(?:let|assume|suppose|if|given|with|such that|satisfying|where)\b", re.IGNORECASE
)
_SIMPLE = re.compile(  # "Let $a, b, c$ be positive real numbers with ..."
    r"(?:(?:let|assume|suppose|given)(?: that)?|for)\s+(?:\0|[,\s]|and)*\s+(?:be|are)\s+"
    r"(?:\w+ ){0,2}?(?:positive|non-?negative)?(?: ?(?:real|reals|numbers))*"
    r"(?:,? (?:with|such that|satisfying|where) \0)? ?[.,]? ?", re.IGNORECASE
)  # fmt: skip
_ALSO = re.compile(_GAP + r"\\text\{\s*and\s*\}" + _GAP)
_TAKEN = re.compile(  # "Since $a$, $b$ are positive, ...": no terms of what follows
    r"^\s*(?:since|as|because|given that|for)\s+(?:all )?(?:\0|[,\s]|and)*\s+(?:is|are)\s+"
    r"(?:\w+ ){0,3}?(?:positive|non-?negative)", re.IGNORECASE
)  # fmt: skip
_LETTERS = re.compile(
    r"((?<![A-Za-z])[A-Za-z](?: ?, ?[A-Za-z]){0,9}(?:,? and\s+[A-Za-z])?)\s+(?:is|are)\s+"
    r"(?:\w+ ){0,2}?(positive|non-?negative)", re.IGNORECASE
)  # fmt: skip
_ASSUME = re.compile(
    r"\b(assume|assuming|suppose|supposing|wlog|without loss|let|denote|define|set|setting|put"
    r"|putting|substitut\w+|if|unless|case|otherwise|contradiction|contrary|induction|homogeneous"
    r"|normali[sz]e|normali[sz]ing|where)\b",
    re.IGNORECASE,
)
_AIM = re.compile(
    r"\b(suffices?|enough|want|wish|need|must (?:prove|show)|to (?:prove|show)|remains to"
    r"|equivalent|equivalently|rewritten as|reduces to|iff|if and only if|prove that|show that"
    r"|desired to|goal is|goal:"
    r"|problem)\b",
    re.IGNORECASE,
)
_SAME = re.compile(
    r"\b(?:equivalent|equivalently|rewritten as|reduces to|iff|if and only if)\b", re.IGNORECASE
)
_DENY = re.compile(
    r"\b(not|false|fails?|never|impossible|wrong|incorrect|cannot|doesn't|isn't|no longer)\b",
    re.IGNORECASE,
)
_THEOREMS = {"jensen": {"jensen"}, "amgm": {"amgm"}, "schur": {"schur"},
             "cauchy": {"cauchy", "titu"}, "titu": {"cauchy", "titu"}}  # fmt: skip
_OR = re.compile(r"[,\s]*or\s*")
_AND = re.compile(r"[,\s]*\band\s*")
_POSITIVE = re.compile(
    r"\bpositive\b|\bnon-?negative (?:real )?(?:numbers?|reals?|variables?|values?)\b",
    re.IGNORECASE,
)
_SIGNED = re.compile(
    r"\0\s*(?:is|are|be|being)\s+(?:\w+ ){0,2}?(?:positive|non-?negative)|"
    r"(?:positive|non-?negative) (?:\w+ ){0,3}\0", re.IGNORECASE
)  # fmt: skip
_HARMLESS = re.compile(r"(?:\s|\\(?:square|blacksquare|Box|qed|mathbb\s*\{?R\}?(?:_\+|\^\+)?)|\.)*")
_THEN = re.compile(r"(?:then|so|and|clearly|we have|thus|hence)?,? ?(?:we have )?\0 ?[.,;]?", re.I)
_SHAPED = vocabulary("the function and it is this which now also clearly strictly convex concave")
_SO = vocabulary("hence therefore thus so then that which is we have get obtain this gives finally")
_AS = re.compile(  # the goal, in another form
    r"\b(?:is|are) the same as\b|\bcan be (?:re)?written as\b|\b(?:becomes|turns into|reads)\b"
    r"|\b(?:re)?write (?:the|this|our|it)\b.{0,30}?\bas\b", re.IGNORECASE | re.DOTALL
)  # fmt: skip
_IF_WE = re.compile(r"\bif we (?:now )?(add|sum|multiply|divide|combine)\b", re.IGNORECASE)
_AT_LEAST = re.compile(
    r"\b(?:the|its) (?P<side>left|right)(?:[- ]hand)? side is (?:at (?:least|most)|not less than)"
    r"(?=\s*\0)", re.IGNORECASE
)  # fmt: skip
_DENOTE = re.compile(
    r"(?:let )?\0 (?:denote|be|denotes) the (left|right)[- ]hand side(?: of the inequality)?\.?",
    re.IGNORECASE,
)
_SIDE = re.compile(
    r"\bthe (?P<side>left|right)(?:[- ]hand)? side (?:is equal to|is|equals"
    r"|can be (?:re)?written as|factors as|simplifies to) \0 ?,? which is "
    r"(?:clearly |obviously |always )?(?:non-?negative|positive)",
    re.IGNORECASE,
)
_DONE = re.compile(r"\bwe are done\b|\bthe (?:result|claim|conclusion) follows\b", re.IGNORECASE)
_DONE_TO = re.compile(  # one operation on both sides, and no other beside it
    r"\b(?:(?:multiply|multiplying|dividing|divide)(?: both sides| everything| through)?"
    r"(?: of (?:it|this|the inequality))? by"
    r"|(?:adding|subtracting|add|subtract)(?= \0 (?:to|from) both))"
    r" (?:(?P<number>\d{1,4})\b|\0)(?P<more>(?: to both sides| from both sides)? and (?:then )?"
    r"(?:add|subtract|divid|multipl|simplif|rearrang|us|expand|cancel|squar|tak)\w*)?",
    re.IGNORECASE,
)
_STEPS = re.compile(r"\bsteps?\s+(\d{1,2}(?:\s*(?:,\s*and|,|and|&)\s*\d{1,2})*)(?!\s*[:.)])", re.I)
_HEADING = re.compile(r"\bStep\s+\d+\s*[:.]", re.IGNORECASE)
_BY = re.compile(r"\b(?:divid|multiply)\w* (?:both sides )?by\b", re.IGNORECASE)
_ORDER = re.compile(r"\border of the variables\b", re.IGNORECASE)
_CONVERSE = re.compile(  # said of the goal, before anything is shown
    r"^\s*(?:the|this|our)(?: (?:given|desired|original|required|stated))? "
    r"(?:inequality|claim|statement) (?:implies|gives|yields|leads to|means)\b", re.IGNORECASE
)  # fmt: skip
_SCALED = re.compile(r"\b(?:multipl|divid)\w+[^\0.;]{0,60}\bby\b[^\0.;]{0,40}$", re.IGNORECASE)
_HENCE = re.compile(
    r"\b(?:hence|thus|therefore|consequently|so|then|implies|implying|conclude|i\.e|that is|giving"
    r"|yielding|which (?:gives|yields|means)|we (?:get|obtain|conclude|deduce))\b",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"\b(?:similarly|likewise|analogously|the same(?: holds)?|and so on) for (?:the )?"
    r"(?:others|other (?:two|terms|fractions|variables|two terms|two fractions))\b", re.IGNORECASE
)  # fmt: skip
_BECAUSE = re.compile(r"[\s,]*(?:because|since|as(?! well))\b", re.IGNORECASE)
_WE_USED = re.compile(  # "..., where we used $a+b = 1$"
    r"[\s,(]*\b(?:where|here) (?:we (?:have )?used|the last (?:step|equality) uses)"
    r"(?: the (?:fact|condition|constraint))?(?: that)? \0[\s.)]*$", re.IGNORECASE
)  # fmt: skip
_MARKS = re.compile(r"[^\w\0\s]")
_EQUALITY = re.compile(r"\bequality\b", re.IGNORECASE)
_ONLY = re.compile(r"\bif and only if\b|\b(?:only|iff|precisely|exactly)\b", re.IGNORECASE)
_TAIL = re.compile(r"[,;]?\s{0,9}(?:\(|and |with |where )?(?:the )?\bequality\b", re.IGNORECASE)
_TRUE = re.compile(r"\bwhich (?:is|holds)\b(?: \w+){0,2} (?:true|obvious|clear)", re.IGNORECASE)
_THAT_IS = re.compile(  # what follows says the same in other words
    r"[\s,;:(]+(?:that is(?: to say)?|i\.e\.?|which (?:means|is the case)(?: that)?|namely"
    r"|(?:or,? )?equivalently|in other words)\b[\s,;:]*(?=[^\0]*\0)", re.IGNORECASE
)  # fmt: skip
_TOGETHER = re.compile(r"\s*(?:,|and|,\s*and)\s*", re.IGNORECASE)
_EQUALITY_WORDS = vocabulary(  # what says that the relation holds with =, and no more
    "equality holds occurs attained achieved reached is when if at for case the a with and where "
    "in of this inequality we have clearly that e g example indeed only iff precisely exactly "
    "finally note also here it equation cases sign takes place"
)


def read_proof(text: str, variables: Sequence[str], goal: Chain | None = None) -> ReadProof:
    """The steps that the prose states, what could not be read, and the claimed equality case.

    With the goal, what the text says is still to be shown is read as well: see aims.py.
    """
    if len(text) > MAX_TEXT:
        return ReadProof([], [Unread(MAX_TEXT, "", f"longer than {MAX_TEXT} characters")], None)
    try:
        return _Reader(text, variables, goal).read()
    except Unreadable as error:
        return ReadProof([], [Unread(error.position, error.text, error.reason)], None)


class _Reader(Aims):
    def __init__(self, text: str, variables: Sequence[str], goal: Chain | None) -> None:
        super().__init__(variables, goal)
        self.text = text
        self.stated: Lemma | None = None
        self.lent = True  # was the lemma applied?
        self.announced = ""  # the rule that a sentence without a relation speaks of
        self.ids: set[str] = set()
        self.labels: set[str] = set()  # of numbered mathematics
        self.unread: list[Unread] = []
        self.signed: list[Unread] = []
        self.ordered = False  # is the order of the variables given as the reason?
        self.equality: dict[str, object] | None = None

    def read(self) -> ReadProof:
        found = self.sentences()
        for sentence in found:
            label = _LABEL.match(sentence[0].text) if sentence[0].kind == "words" else None
            self.labels |= {f"s{number}" for number in label.groups() if number} if label else set()
        for sentence in found:
            words = "".join(s.text if s.kind == "words" else " \0 " for s in sentence)
            maths = [s for s in sentence if s.kind == "math"]
            self.sentence(words, maths, sentence[0].position)
        self.finish()
        return ReadProof(self.steps, self.unread, self.equality, self.signed)

    def sentences(self) -> list[list[Segment]]:
        done: list[list[Segment]] = []
        current: list[Segment] = []
        pieces = segments(self.text.replace("\0", " "), self.variables)
        for segment in _implications(pieces, " implies " if self.goal is None else " iff "):
            if segment.kind == "math":
                self.labels |= {f"s{segment.label}"} if segment.label else set()
                current.append(segment)
                if segment.text.rstrip().endswith("."):
                    done.append(current)
                    current = []
                continue
            if current and current[-1].kind == "math" and _NEW.match(segment.text):
                done.append(current)
                current = []
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
        if len(rest) > _MAX_SENTENCE:
            self.unread.append(Unread(position, _shown(rest), "a sentence too long to follow"))
            return
        if self.goal is not None:
            rest = _IF_WE.sub(r"\1", rest)
            rest, maths = self.at_least(rest, maths)
            relations = [m for m in maths if RELATION.search(m.text)]
            if self.denotes(rest, maths):
                return
            if _OTHERS.search(rest) and relations:
                before = len(self.steps)
                self.sentence(_OTHERS.sub(" ", words), maths, position)
                if len(self.steps) > before and self.block is None:
                    self.others()
                else:
                    self.unread.append(Unread(position, _shown(rest), "the others of nothing"))
                return
        rest = self.opening(rest, relations)
        used = _WE_USED.search(" ".join(rest.split())) if self.goal is not None else None
        if used and len(relations) > 1 and maths[-1] is relations[-1]:
            fact = self.said_again(maths[-1])
            self.unread.append(Unread(maths[-1].position, fact, "used", "hypothesis"))
            self.sentence(" ".join(words.split())[: -len(used[0])], maths[:-1], position)
            return
        if self.lemmas(rest, maths, position):
            return
        if self.split(label[0] if label else "", rest, maths, position):
            return
        if _EQUALITY.search(rest):
            self.equality_case(rest, relations or maths, position)
            return
        if self.blocks(rest, maths, number, position):
            return
        if len(maths) == 1 and defines(rest) and self.defined(maths[0], rest):
            return
        if not relations and self.shaped(rest, maths):
            return
        shaped = _plain_of_shape(rest) if self.rule(rest) == "jensen" else rest
        strange = unknown(shaped, self.names) if relations else doubtful(rest)
        odd = "" if relations or strange else remark(rest, self.names)
        if odd:
            reason = f"the remark's word {odd!r} is not understood"
            self.unread.append(Unread(position, _shown(rest), reason, "remark"))
        if strange and not (maths and _ASSUME.search(rest)):  # which is reported with its relation
            reason = f"the word {strange!r} may change what is said"
            self.unread.append(Unread(position, _shown(rest), reason, "words"))
        self.signs(rest, maths, position)
        for m in maths:
            if not RELATION.search(m.text) and not _HARMLESS.fullmatch(m.text):
                self.argument(m)
        if not relations:
            self.plain(rest, maths, position)
            return
        self.stray(rest, position)
        if self.announces(rest, maths, _clauses(rest, maths), number):
            self.positives(_SCALED, rest, maths)
            return
        name = f"s{number}" if number else self.fresh()
        self.step(name, rest, maths, relations)
        if self.free and _DONE.search(rest.rsplit("\0", 1)[-1]):
            self.conclude("hence the result")

    def announces(
        self, rest: str, maths: list[Segment], said: Mapping[int, str], number: str | None
    ) -> bool:
        """Is what the sentence says assumed, aimed at or denied? Then it is no step."""
        relations = [m for m in maths if RELATION.search(m.text)]
        assumed = _ASSUME.search(rest)
        if assumed:
            for m in relations:
                known = not unknown(_ASSUMED.sub(" ", rest), self.names)
                reason = f"{assumed[0].lower()}: not followed"
                kind = "hypothesis" if known else "assumption"
                for part in self.parts(m) if known else [m.text]:
                    said_so = self.said_again(replace(m, text=part))
                    self.unread.append(Unread(m.position, said_so, reason, kind))
            return True
        aim, denied = _AIM.search(rest), _DENY.search(harmless(rest))
        if not self.steps and _CONVERSE.search(rest):
            self.unread.append(Unread(relations[0].position, relations[0].text, "the converse"))
        if self.aimed(rest, maths, said, number, aim is not None):
            return True
        if aim and self.operation(rest, maths):
            reason = "what is done to both sides is followed where the goal is known"
            self.unread.append(Unread(maths[0].position, _shown(rest), reason))
        if aim or denied:
            for m in relations:
                same = aim and _SAME.search(rest)
                kind = "same" if same else "aim" if aim else "claim"
                if aim and self.rule(rest) in _THEOREMS:  # which is to give it, and is not used
                    kind = "goal"
                if aim and denied:  # "it does not suffice to show"
                    kind = "claim"
                aimed_at = self.said_again(m) if self.images else m.text
                self.unread.append(Unread(m.position, aimed_at, "stated, not asserted", kind))
            if aim and _TRUE.search(rest) and self.rule(rest) not in _THEOREMS:
                self.plainly(relations[-1], f"s{number}" if number else self.fresh())
            return True
        return False

    def aimed(
        self,
        rest: str,
        maths: list[Segment],
        said: Mapping[int, str],
        number: str | None,
        aim: bool,
    ) -> bool:
        """Is the sentence about what is still to be shown? Its reasons ("since X") are steps."""
        if self.goal is None or self.block is not None or _DENY.search(harmless(rest)):
            return False
        relations = [m for m in maths if RELATION.search(m.text)]
        if not (aim or _AS.search(rest) or self.retreats(rest)) or self.rule(rest) in _THEOREMS:
            return False
        operation = self.operation(rest, maths)
        times = operation.get("times", "")
        for m in relations:
            for part in self.parts(m):
                chain = self.chain(m, part)
                if chain is None:
                    continue
                if asserted(said[m.position]):
                    self.called_true(said[m.position])
                    self.append(self.fresh(), chain, self.evident(chain))
                else:
                    self.aim(chain, times)
                    times = ""
        self.called_true(rest.rsplit("\0", 1)[-1])
        if number:
            self.ids.add(f"s{number}")
        return True

    def discharge(self) -> None:
        """The text ends: its aims become steps, and the goal follows from the first of them."""
        shown, times = "", ""
        for i, (chain, between, reason) in enumerate(self.discharged()):
            name = self.fresh()
            cited = [*between, shown] if shown else between
            step: dict[str, object] = {"by": "aim", "of": cited} if cited else {}
            if shown and times:
                step["times"] = times
            self.append(name, chain, reason or step)
            shown, times = name, self.aims[-1 - i].times if i < len(self.aims) else ""

    def plainly(self, segment: Segment, name: str) -> None:
        """ "It is equivalent to X, which is obviously true": X, where its shape shows it."""
        chain = self.quiet(segment)
        reason = self.bare(chain) if chain is not None else {}
        if chain is not None and reason:
            self.append(name, chain, reason)

    def opening(self, rest: str, relations: list[Segment]) -> str:
        """ "So the inequality holds, with equality when $a = b$": what is said of equality."""
        tail = _TAIL.search(rest)
        before = rest[: tail.start()] if tail else ""
        alone = tail and len(relations) < 2 and "\0" not in before
        return rest[len(before) :] if alone and not unknown(before, self.names) else rest

    def split(self, label: str, rest: str, maths: list[Segment], position: int) -> bool:
        """ "X, with equality when $a = b$": the step, then where it holds with =."""
        tail = _TAIL.search(rest)
        if tail is None or _EQUALITY.search(rest[: tail.start()]):
            return False
        at, before = tail.start(), len(self.steps)
        count = rest[:at].count("\0")
        if not any(RELATION.search(m.text) for m in maths[:count]):
            return False
        self.sentence(label + rest[:at], maths[:count], position)
        goal, self.equality = self.equality, None
        self.equality_case(rest[at:], maths[count:], position)
        case, self.equality = self.equality, goal
        if case is not None and len(self.steps) > before:
            self.steps[-1]["equality"] = case
        elif case is not None:
            self.unread.append(Unread(position, _shown(rest[at:]), "equality case not read"))
        return True

    # -- lemmas in other letters ---------------------------------------------------------------

    def lemmas(self, rest: str, maths: list[Segment], position: int) -> bool:
        """Does the sentence open a lemma in letters of its own, or go on with its proof?"""
        if self.goal is None or self.block is not None or self.images:
            return False
        found = opened(rest, maths, self.names)
        if found is not None:
            self.unlent(position)
            self.stated, rest, maths = found
            self.lent = False
        elif self.lent or self.stated is None or not maths:
            return False
        if self.stated is None or not all(self.said(m, self.stated.names) for m in maths):
            return False
        outer, goal = self.steps, self.goal
        self.steps, self.variables, self.goal = self.stated.steps, self.stated.names, None
        self.sentence(rest, maths, position)
        self.stated.steps, self.steps = self.steps, outer
        self.variables, self.goal = self.names, goal
        return True

    def unlent(self, position: int) -> None:
        """A lemma that is never applied is not shown: it may say anything."""
        if not self.lent:
            self.unread.append(Unread(position, "", "a lemma that is not applied"))

    def instance(
        self, chain: Chain, rest: str, at: int, count: int, maths: list[Segment]
    ) -> dict[str, object]:
        """ "Applying this to $a$, $b$, $c$": the lemma at the values for this relation."""
        if self.stated is None or not self.stated.steps or not applied(rest):
            return {}
        values = self.texts([m for m in maths if not RELATION.search(m.text)])
        if len(self.stated.names) == 1:
            own = names_of(chain, self.names)
            values = [values[at]] if len(values) == count else values or own
        if len(values) != len(self.stated.names):
            return {}
        self.lent = True
        return self.stated.step(values)

    # -- blocks: WLOG, cases, substitution -----------------------------------------------------

    def blocks(self, rest: str, maths: list[Segment], number: str | None, position: int) -> bool:
        """Does the sentence open, go on with or end a block of steps of its own?"""
        head = header(rest, [m.text for m in maths], self.names)
        if head is not None and head.rule == "substitute" and self.goal is not None:
            self.abbreviate(head, position)
            return True
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

    def abbreviate(self, head: Header, position: int) -> None:
        """ "Let $x = a/b$": x stands for a/b from here on; what is said of it is to be shown."""
        images = head.fields.get("images")
        for name, text in images.items() if isinstance(images, dict) else ():
            self.images[str(name)] = self.expression(str(text))
        self.variables = (*self.names, *self.images)
        sign = {"positive": ">", "nonnegative": ">="}.get(str(head.fields["domain"]))
        for expr in self.images.values() if sign else ():
            text = f"{expr_ascii(expr)} {sign} 0"
            self.unread.append(Unread(position, text, "the sign is not shown", "sign"))
        for text in strings(head.fields.get("given")):
            chain = self.relation(text)
            self.append(self.fresh(), chain, self.bare(chain) or {"by": "known"})

    def at_least(self, rest: str, maths: list[Segment]) -> tuple[str, list[Segment]]:
        """ "The right-hand side is at least $X$": a relation with that side of the last claim."""
        found = _AT_LEAST.search(rest)
        if found is None or not self.steps:
            return rest, maths
        claim = self.relation(str(self.steps[-1]["claim"]))
        side = expr_ascii(claim.parts[0 if found["side"].lower() == "left" else -1])
        sign = "<=" if "most" in found[0] else ">="
        at = rest[: found.end()].count("\0")
        if at >= len(maths):
            return rest, maths
        whole = replace(maths[at], text=f"{side} {sign} {maths[at].text}")
        done = rest[: found.start()] + " we have " + rest[found.end() :]
        return done, [*maths[:at], whole, *maths[at + 1 :]]

    def denotes(self, rest: str, maths: list[Segment]) -> bool:
        """ "Let $S$ denote the left-hand side": the letter stands for the goal's side."""
        found = _DENOTE.fullmatch(" ".join(rest.split()))
        name = maths[0].text.strip() if len(maths) == 1 else ""
        if found is None or self.goal is None or not re.fullmatch("[A-Za-z]", name):
            return False
        if name in self.variables:
            return False
        self.images[name] = self.goal.parts[0 if found[1].lower() == "left" else -1]
        self.variables = (*self.names, *self.images)
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
        if block is not None and (block.rule == "substitute" or not self.steps):
            self.abandon()
        elif block is not None:
            self.close(str(self.steps[-1]["claim"]), "")
        self.unlent(len(self.text))
        self.discharge()

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
        while f"s{n}" in self.ids or f"s{n}" in self.labels:
            n += 1
        return f"s{n}"

    def plain(self, rest: str, maths: list[Segment], position: int) -> None:
        """A sentence without a relation says nothing, unless it cites a step that is not there."""
        self.absent(rest, position)
        if self.rule(rest) in ("amgm", "cauchy", "titu"):
            self.announced = self.rule(rest)
        if self.side(rest, maths):
            return
        self.called_true(rest)
        self.conclude(rest, maths)
        if _ASSUME.search(rest) and maths and not _SIMPLE.fullmatch(" ".join(rest.split())):
            self.unread.append(Unread(position, _shown(rest), "not followed", "assumption"))

    def side(self, rest: str, maths: list[Segment]) -> bool:
        """ "The left-hand side is $(a-b)^2$, which is nonnegative": of the aim or claim before."""
        found = _SIDE.search(" ".join(rest.split()))
        if found is None or self.goal is None or len(maths) != 1:
            return False
        if not (self.aims and self.aims[-1].at == len(self.steps)):
            return False
        about = self.aims[-1].chain
        value = self.expression(maths[0].text.strip().rstrip(".,;: "))
        first = about.parts[0 if found["side"].lower() == "left" else -1]
        chain = Chain((first, value, ZERO), ("=", ">="), "")
        self.append(self.fresh(), chain, self.evident(chain))
        return True

    def conclude(self, words: str, maths: Sequence[Segment] = ()) -> None:
        """What the words conclude from the last steps is the goal."""
        reason = self.concluding(words, [m.text.rstrip(".,;: ") for m in maths])
        if reason and self.goal is not None:
            self.append(self.fresh(), self.goal, reason)
        elif _BY.search(words):
            position = maths[0].position if maths else 0
            self.unread.append(Unread(position, _shown(words), "what is scaled is not said"))

    def signs(self, rest: str, maths: list[Segment], position: int) -> None:
        """ "$a-b$ is positive", "for positive numbers": what is said of signs is to be shown."""
        plain = " ".join(rest.split())
        pieces = [m.text for m in maths if not RELATION.search(m.text)]
        said = [(x, _SIGNED.search(plain)) for x in pieces]
        for letters in _LETTERS.finditer(plain):
            said += [(x, letters) for x in re.findall(r"\b[A-Za-z]\b", letters[1])]
        if not any(found for _, found in said):
            said = [(name, _POSITIVE.search(plain)) for name in self.variables]
        for text, found in said:
            if found:
                op = ">" if re.search(r"\bpositive\b", found[0], re.IGNORECASE) else ">="
                plain_parts = map(self.plain_text, split_list(text.rstrip(".,;: ")))
                parts = ", ".join(f"{part} {op} 0" for part in plain_parts)
                self.unread.append(Unread(position, parts, "the sign is not shown", "sign"))

    def plain_text(self, text: str) -> str:
        """The expression in the problem's own variables."""
        try:
            return expr_ascii(self.expression(text)) if self.images else text
        except Unreadable:
            return text

    def absent(self, rest: str, position: int) -> None:
        for match in _STEPS.finditer(rest):
            numbers = re.findall(r"\d+", match[1])
            before = self.text[:position]
            own = [*_HEADING.finditer(before)][-1:]
            if own and "\n" not in before[own[0].end() :]:
                before = before[: own[0].start()]
            there = all(re.search(rf"\bStep\s+{n}\b|\({n}\)", before) for n in numbers)
            if len({*numbers}) < len(numbers) or not there:
                self.unread.append(Unread(position, match[0], "not the steps that are there"))
        for match in re.finditer(r"\((\d{1,3})\)", rest):
            if f"s{match[1]}" not in self.ids:
                reason = f"it mentions ({match[1]}), which is not there"
                self.unread.append(Unread(position, _shown(rest), reason))

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

    def shaped(self, rest: str, maths: list[Segment]) -> bool:
        """ "$f$ is convex": taken down, as the step that uses Jensen has to show it."""
        shape, function = said_shape(rest), self.function
        if not shape or function is None or not all(function.named(m.text) for m in maths):
            return False
        if not only(rest, _SHAPED) or self.called not in ("", shape):
            return False
        self.function, self.called = replace(function, shape=shape), shape
        return True

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
            return self.relation(raw, names)
        except Unreadable as error:
            self.unread.append(Unread(segment.position, raw[:200], str(error.reason)))
            return None

    def said_again(self, segment: Segment) -> str:
        """The relation in the problem's own variables, where it can be read."""
        chain = self.quiet(segment) if self.images else None
        return segment.text if chain is None else chain_ascii(chain)

    def quiet(self, segment: Segment) -> Chain | None:
        try:
            return self.relation(segment.text.strip().rstrip(".,;: "))
        except Unreadable:
            return None

    def step(self, name: str, rest: str, maths: list[Segment], relations: list[Segment]) -> None:
        last = relations[-1]
        for m in maths:
            if m.position > last.position and not set(split_list(m.text)) <= set(self.variables):
                self.unread.append(Unread(m.position, m.text[:200], "it follows the claim"))
        self.absent(rest, position=maths[0].position)
        self.divisors(rest, maths)
        said, listed = _clauses(rest, maths, self.free), _listed(rest, maths, self.variables)
        whole, used = self.shared(rest, maths, relations, said)
        recent = [str(s["id"]) for s in self.steps[-3:]]
        count = len(self.steps)
        self.ordered = _ORDER.search(rest) is not None
        claims = [(m, part) for m in relations if m not in used for part in self.parts(m)]
        thus = len(claims) == 1 and THUS.search(rest) is not None
        turned = self.reasons_first(claims, said)
        if turned != claims:
            whole, claims, thus = {}, turned, True
        own = ""
        for i, (m, part) in enumerate(claims):
            chain = self.chain(m, part)
            if chain is None:
                continue
            final, clause = i == len(claims) - 1, said[m.position]
            if self.rule(clause) in ("amgm", "cauchy", "titu", "combine", "multiply"):
                self.announced = ""
            if i and _OR.fullmatch(clause):
                self.unread.append(Unread(m.position, m.text[:200], "one relation or another"))
            hence = [*_HENCE.finditer(clause)] if i else []
            if hence:  # "X by AM-GM, hence Y": what stands before is not Y's reason
                clause = clause[hence[-1].start() :]
            own = self.rule(clause) or ("" if hence else own)
            thus = thus or THUS.search(clause) is not None
            reason = self.instance(chain, rest, i, len(claims), maths)
            if not reason:
                unfit = len(claims) > 1 and (own or hence) and not used
                reason = whole if final and not unfit else {}
            if not reason:
                reason = self.bare(chain) or self.reason(own, clause, chain, listed[m.position])
            divisor = re.search(r"\bby\s*$", clause) is not None
            since = SINCE.search(clause) is not None or divisor
            if not (reason or final or self.block) and chain.parts[-1] == ZERO and since:
                reason = {"by": "positive"}  # "Since $a+b > 0$ and ..."
            if not (reason or final) and self.free and own in ("", "square") and since:
                reason = {"by": "known"}
            if self.free and reason == {"by": "identity"} and {*chain.ops} != {"="} and recent:
                reason = {}  # "Expanding, X": from what stands before
            if self.free and (not reason or reason == {"by": "positive"}):
                reason = self.seen(chain, rest) or reason
            if not reason and not own and self.announced:
                reason = self.reason(self.announced, "", chain)
            if not reason and final and count:
                reason = self.factor(rest, maths, str(self.steps[count - 1]["id"]))
            if not reason and thus:
                reason = self.thus(recent, rest)
            if len(claims) == 1 or (final and _DONE_TO.search(" ".join(said[m.position].split()))):
                reason = self.operated(reason, self.operation(rest, maths))
            label = m.label and f"s{m.label}"
            self.append(label or (name if final else f"{name}.{i + 1}"), chain, reason)
            recent = [*recent, str(self.steps[-1]["id"])]
        self.named(rest, last, self.steps[count:])

    @staticmethod
    def operated(reason: dict[str, object], operation: Mapping[str, str]) -> dict[str, object]:
        """The reason with what is said to be done to both sides."""
        if reason.get("by") == "so":
            return {**reason, **operation}
        if reason.get("by") == "combine" and "shift" in operation:
            return {"by": "so", "of": reason["of"], **operation}
        number = re.fullmatch(r"1/\((\d+)\)", operation.get("times", ""))
        if reason.get("by") == "combine" and number and "weights" not in reason:
            weights = [f"1/{number[1]}"] * len(strings(reason.get("of")))
            return {**reason, "weights": weights, "exact": True}
        return reason

    def operation(self, rest: str, maths: list[Segment]) -> dict[str, str]:
        """What is done to both sides, where one thing is: "times" a number, or a "shift"."""
        plain = " ".join(rest.split())
        found = [*_DONE_TO.finditer(plain)]
        if len(found) != 1 or found[0]["more"]:
            return {}
        (done,) = found
        text = done["number"] or maths[plain[: done.end()].count("\0") - 1].text.rstrip(".,;: ")
        try:
            value = expr_ascii(self.expression(text))
        except Unreadable:
            return {}
        verb = done[0][:3].lower()
        if verb in ("add", "sub"):
            return {"shift": value if verb == "add" else f"-({value})"}
        return {"times": value if verb == "mul" else f"1/({value})"}

    def others(self) -> None:
        """ "... and similarly for the others": the last step with the variables shifted."""
        source = self.steps[-1]
        for i in range(1, len(self.names)):
            order = self.names[i:] + self.names[:i]
            claim = self.turned_text(str(source["claim"]), order)
            reason = self.turned(source, order) or {"by": "cyclic", "of": str(source["id"])}
            self.append(self.fresh(), self.relation(claim), reason)

    def reasons_first(
        self, claims: list[tuple[Segment, str]], said: Mapping[int, str]
    ) -> list[tuple[Segment, str]]:
        """ "X, because Y": Y, then X from it."""
        if self.goal is None or not claims or SINCE.search(said[claims[0][0].position]):
            return claims
        for i, (m, _) in enumerate(claims):
            if i and _BECAUSE.match(said[m.position]):
                return claims[i:] + claims[:i]
        return claims

    def shared(
        self, rest: str, maths: list[Segment], relations: list[Segment], said: Mapping[int, str]
    ) -> tuple[dict[str, object], list[Segment]]:
        """The reason that the sentence as a whole gives its last relation, and what it uses up."""
        last = relations[-1]
        before = [m for m in maths if m.position < last.position]
        taken = _TAKEN.search(rest)
        before = before[taken[0].count("\0") :] if taken else before
        if len(relations) > 1 and _AND.fullmatch(said[last.position]):
            return {}, []  # a list of facts
        try:
            return self.arguments(self.rule(rest), rest, before, self.quiet(last))
        except (Unreadable, ValueError):
            return {}, []

    def named(self, rest: str, last: Segment, new: list[dict[str, object]]) -> None:
        """A theorem that a sentence names has to give one of its relations."""
        rules = _THEOREMS.get(self.rule(rest))
        if rules and new and not any(s.get("by") in rules for s in new):
            reason = "a theorem is named, and it gives none of this"
            self.unread.append(Unread(last.position, last.text[:200], reason))

    def divisors(self, rest: str, maths: list[Segment]) -> None:
        """ "Dividing by $a+b$": what divides is shown to be positive."""
        self.positives(DIVIDING, rest, maths)

    def positives(self, way: re.Pattern[str], rest: str, maths: list[Segment]) -> None:
        """What stands right after these words is shown to be positive."""
        for m in self.beside(way, rest, maths):
            if not RELATION.search(m.text):
                pieces = map(self.plain_text, split_list(m.text.rstrip(".,;: ")))
                text = ", ".join(f"{part} > 0" for part in pieces)
                self.unread.append(Unread(m.position, text, "not shown positive", "sign"))

    @staticmethod
    def parts(segment: Segment) -> list[str]:
        """A display may hold several relations, set apart by commas."""
        if segment.text.count(",") == 0:
            return [segment.text]
        pieces = split_list(segment.text)
        if all(RELATION.search(p) for p in pieces):
            return pieces
        *names, last = pieces
        bound = RELATION.search(last) if not any(RELATION.search(p) for p in names) else None
        return [p + last[bound.start() :] for p in names] + [last] if bound else [segment.text]

    def append(self, name: str, chain: Chain, reason: dict[str, object]) -> None:
        if reason.get("by") == "positive":
            self.plain_sign(chain, reason)
        self.ids.add(name)
        self.steps.append({"id": name, "claim": chain_ascii(chain), **reason})

    def plain_sign(self, chain: Chain, reason: dict[str, object]) -> None:
        """A sign as the reason: for the goal it has to be seen (prose.py), and in other letters."""
        text = f"{reason['expr']} >= 0" if "expr" in reason else chain_ascii(chain)
        if self.block is None and self.variables[: len(self.names)] == self.names:
            self.signed.append(Unread(0, text, "its sign is not seen", "seen"))
            return
        order = strings(self.block.fields.get("order")) if self.block else []
        if order and (self.ordered or in_order(chain, order)):
            return
        side = chain.parts[0] if chain.parts[-1] == ZERO else chain.parts[-1]
        zero = ZERO in (chain.parts[0], chain.parts[-1])
        if not zero or ("-" in expr_ascii(side) and not visible(side)):
            self.signed.append(Unread(0, text, "its sign is not seen"))

    def equality_case(self, rest: str, maths: list[Segment], position: int) -> None:
        """Where the relation holds with =; "only" where nowhere else; "from", said in other words.

        "Equality holds if and only if $a/b = b/c$, that is, $a = b$" makes two claims.
        """
        parts = _restatements(rest, maths)
        if not parts or _DENY.search(rest) or self.equality is not None:
            self.unread.append(Unread(position, _shown(rest), "equality case not read"))
            return
        found = [self.case_of(part) for _, part in parts]
        if not all(found) or not all(
            only(_plain_marks(words), _EQUALITY_WORDS) for words, _ in parts
        ):
            self.unread.append(Unread(position, _shown(rest), "equality case not read"))
            return
        nowhere_else: dict[str, object] = {"only": True} if _ONLY.search(rest) else {}
        case = {**found[-1], **nowhere_else}
        self.equality = {**case, "from": {**found[0], **nowhere_else}} if len(found) > 1 else case

    def case_of(self, maths: list[Segment]) -> dict[str, object]:
        """Equations that hold together: a value for every variable, or conditions."""
        names = self.names if self.goal is None else None
        chains = [self.chain(m, t, names) for m in maths for t in split_list(m.text)]
        point: dict[str, str] = {}
        for chain in chains:
            if chain is None or set(chain.ops) != {"="}:
                return {}
            size = chain.parts[-1].arg if isinstance(chain.parts[-1], Neg) else chain.parts[-1]
            if len(chain.parts) == 2 and is_number(size):
                point[expr_ascii(chain.parts[0])] = expr_ascii(chain.parts[1])
        if set(point) == set(self.names) and len(point) == len(chains):
            return {"point": point}
        texts = [chain_ascii(chain) for chain in chains if chain is not None]
        return {"when": texts[0] if len(texts) == 1 else texts} if texts else {}


def _plain_marks(words: str) -> str:
    return _MARKS.sub(" ", words)


def _restatements(rest: str, maths: list[Segment]) -> list[tuple[str, list[Segment]]]:
    """The words and equations of a case of equality, and of its restatement; or nothing."""
    cuts = [*_THAT_IS.finditer(rest)]
    if len(cuts) > 1:
        return []
    at = cuts[0].start() if cuts else len(rest)
    count = rest[:at].count("\0")
    halves = [(rest[:at], maths[:count])]
    if cuts:
        halves.append((rest[cuts[0].end() :], maths[count:]))
    together = all(
        found and all(_TOGETHER.fullmatch(gap) for gap in words.split("\0")[1:-1])
        for words, found in halves
    )
    return halves if together else []


def _plain_of_shape(words: str) -> str:
    """Without what a step of Jensen's inequality says of its function: the step holds it."""
    return re.sub(r"\b(?:convex|concave)\b", " ", words, flags=re.I) if said_shape(words) else words


def _implications(found: list[Segment], both: str) -> list[Segment]:
    """ "X \\implies Y" is two relations: X, which has to be shown as any other, and Y from it.

    `both` is the word for \\iff: where the goal is known, X may be an aim.
    """
    done: list[Segment] = []
    for segment in found:
        at = 0
        text = segment.text if segment.kind == "math" else ""
        cuts = [*_ARROW.finditer(text), *_ALSO.finditer(text)]
        for cut in sorted(cuts, key=re.Match.start):
            piece = segment.text[at : cut.start()].strip()
            done.append(Segment("math", piece, segment.position + at))
            said = " and " if "text" in cut[0] else both if "iff" in cut[0] else " implies "
            done.append(Segment("words", said, segment.position + cut.start()))
            at = cut.end()
        rest = segment.text[at:].strip() if at else segment.text
        if rest or not at:
            done.append(replace(segment, text=rest, position=segment.position + at))
    return done


def _clauses(rest: str, maths: list[Segment], trailing: bool = False) -> dict[int, str]:
    """The words before each relation, from the relation before it on; after the last, with it.

    Of several relations the last has the words after it where these are "by ...", if `trailing`.
    """
    found: dict[int, str] = {}
    words, last = "", None
    pieces = rest.split("\0")
    for piece, m in zip(pieces, maths, strict=False):
        words += piece
        if RELATION.search(m.text):
            found[m.position], words, last = words, "", m.position
        else:
            words += "\0"
    by = trailing and re.match(r"\s*by\b", pieces[-1], re.IGNORECASE)
    if last is not None and (len(found) == 1 or by):
        found[last] += words + pieces[-1]
    return found


_FOR_ALL = re.compile(r"\b(?:all|any|every|reals?|numbers?|variables|sides)\s*$", re.IGNORECASE)


def _listed(rest: str, maths: list[Segment], variables: Sequence[str]) -> dict[int, list[Segment]]:
    """What is named before each relation for a theorem: "AM-GM on $a^2$ and $b^2$"."""
    found: dict[int, list[Segment]] = {}
    names: list[Segment] = []
    for words, m in zip(rest.split("\0"), maths, strict=False):
        if RELATION.search(m.text):
            found[m.position], names = names, []
        elif not (_FOR_ALL.search(words) and set(split_list(m.text)) <= set(variables)):
            names.append(m)
    return found


def _shown(words: str) -> str:
    return words.replace("\0", "...").strip()[:200]
