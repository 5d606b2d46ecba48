"""Proof prose back to steps, as far as it goes; what cannot be matched is said, never guessed.

A sentence is read by its key words and its mathematics: the last relation is the claim, the
mathematics before it are the rule's arguments, (1) and (2) are the steps cited. A relation with
no recognised reason becomes a step without a rule, which the kernel will not call proved. What
changes the meaning of what follows (an assumption, a definition) is reported as unread.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from olympiad_ineq.kernel.trees import Chain
from olympiad_ineq.language.parse import Unreadable

from .aims import asserted
from .applied import THEOREMS
from .blocks import only
from .equality import EQUALITY, TAIL
from .functions import defines, read_function, said_shape
from .lemmas import opened
from .notes import ReadProof, Unread
from .predicates import in_digits
from .remarks import Remarks
from .segments import MAX_TEXT, RELATION, Segment, vocabulary
from .sentences import LABEL, clauses, sentences, shown
from .spelling import expr_ascii
from .words import DENY, doubtful, harmless, remark, unknown

_MAX_SENTENCE = 3000  # characters of words
_HARMLESS = re.compile(r"(?:\s|\\(?:square|blacksquare|Box|qed|mathbb\s*\{?R\}?(?:_\+|\^\+)?)|\.)*")
_IF_WE = re.compile(r"\bif we (?:now )?(add|sum|multiply|divide|combine)\b", re.IGNORECASE)
_AT_LEAST = re.compile(
    r"\b(?:the|its) (?P<side>left|right)(?:[- ]hand)? side is (?:at (?:least|most)|not less than)"
    r"(?=\s*\0)", re.IGNORECASE
)  # fmt: skip
_OTHERS = re.compile(
    r"\b(?:similarly|likewise|analogously|the same(?: holds)?|and so on) for (?:the )?"
    r"(?:others|other (?:two|terms|fractions|variables|two terms|two fractions))\b", re.IGNORECASE
)  # fmt: skip
_WE_USED = re.compile(  # "..., where we used $a+b = 1$"
    r"[\s,(]*\b(?:where|here) (?:we (?:have )?used|the last (?:step|equality) uses)"
    r"(?: the (?:fact|condition|constraint))?(?: that)? \0[\s.)]*$", re.IGNORECASE
)  # fmt: skip
_SHAPED = vocabulary("the function and it is this which now also clearly strictly convex concave")
_SCALED = re.compile(r"\b(?:multipl|divid)\w+[^\0.;]{0,60}\bby\b[^\0.;]{0,40}$", re.IGNORECASE)
_DONE = re.compile(r"\bwe are done\b|\bthe (?:result|claim|conclusion) follows\b", re.IGNORECASE)
_ASSUME = re.compile(
    r"\b(assume|assuming|suppose|supposing|wlog|without loss|let|denote|define|set|setting|put"
    r"|putting|substitut\w+|if|unless|case|otherwise|contradiction|contrary|induction|homogeneous"
    r"|normali[sz]e|normali[sz]ing|where)\b",
    re.IGNORECASE,
)
_ASSUMED = re.compile(
    r"\b(?:let|assume|suppose|if|given|with|such that|satisfying|where)\b", re.IGNORECASE
)
_SIMPLE = re.compile(  # "Let $a, b, c$ be positive real numbers with ..."
    r"(?:(?:let|assume|suppose|given)(?: that)?|for)\s+(?:\0|[,\s]|and)*\s+(?:be|are)\s+"
    r"(?:\w+ ){0,2}?(?:positive|non-?negative)?(?: ?(?:real|reals|numbers))*"
    r"(?:,? (?:with|such that|satisfying|where) \0)? ?[.,]? ?", re.IGNORECASE
)  # fmt: skip
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
_AS = re.compile(  # the goal, in another form
    r"\b(?:is|are) the same as\b|\bcan be (?:re)?written as\b|\b(?:becomes|turns into|reads)\b"
    r"|\b(?:re)?write (?:the|this|our|it)\b.{0,30}?\bas\b", re.IGNORECASE | re.DOTALL
)  # fmt: skip
_CONVERSE = re.compile(  # said of the goal, before anything is shown
    r"^\s*(?:the|this|our)(?: (?:given|desired|original|required|stated))? "
    r"(?:inequality|claim|statement) (?:implies|gives|yields|leads to|means)\b", re.IGNORECASE
)  # fmt: skip
_TRUE = re.compile(r"\bwhich (?:is|holds)\b(?: \w+){0,2} (?:true|obvious|clear)", re.IGNORECASE)


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


class _Reader(Remarks):
    """A text read sentence by sentence: what each assumes, aims at, defines or asserts."""

    def read(self) -> ReadProof:
        both = " implies " if self.goal is None else " iff "
        found = sentences(self.text, self.variables, both)
        for sentence in found:
            self.labels |= {f"s{m.label}" for m in sentence if m.label}
            label = LABEL.match(sentence[0].text) if sentence[0].kind == "words" else None
            self.labels |= {f"s{number}" for number in label.groups() if number} if label else set()
        for sentence in found:
            words = "".join(s.text if s.kind == "words" else " \0 " for s in sentence)
            maths = [s for s in sentence if s.kind == "math"]
            self.sentence(words, maths, sentence[0].position)
        self.finish()
        return ReadProof(self.steps, self.unread, self.equality)

    # -- one sentence ------------------------------------------------------------------------

    def sentence(self, words: str, maths: list[Segment], position: int) -> None:
        label = LABEL.match(words)
        rest = words[label.end() :] if label else words
        if len(rest) > _MAX_SENTENCE:
            self.unread.append(Unread(position, shown(rest), "a sentence too long to follow"))
            return
        rest = in_digits(rest)
        if self.goal is not None:
            rest, maths = self.at_least(_IF_WE.sub(r"\1", rest), maths)
            rest, maths = self.equations(rest, maths)
            if self.denotes(rest, maths) or self.with_others(words, rest, maths, position):
                return
        rest = self.opening(rest, _relations(maths))
        if self.using(words, rest, maths, position) or self.lemmas(rest, maths, position):
            return
        if self.split(label[0] if label else "", rest, maths, position):
            return
        if EQUALITY.search(rest):
            self.equality_of(rest, _relations(maths) or maths, position)
            return
        number = label and (label[1] or label[2])
        if self.blocks(rest, maths, number, position):
            return
        if len(maths) == 1 and defines(rest) and self.defined(maths[0], rest):
            return
        if _relations(maths) or not self.shaped(rest, maths):
            self.statement(rest, maths, number, position)

    def with_others(self, words: str, rest: str, maths: list[Segment], position: int) -> bool:
        """ "X, and similarly for the others": the step X, then the others."""
        if not (_OTHERS.search(rest) and _relations(maths)):
            return False
        before = len(self.steps)
        self.sentence(_OTHERS.sub(" ", words), maths, position)
        if len(self.steps) > before and self.block is None:
            self.others()
        else:
            self.unread.append(Unread(position, shown(rest), "the others of nothing"))
        return True

    def using(self, words: str, rest: str, maths: list[Segment], position: int) -> bool:
        """ "X, where we used $a+b = 1$": X, and what was used is said to be given."""
        used = _WE_USED.search(" ".join(rest.split())) if self.goal is not None else None
        relations = _relations(maths)
        if used is None or len(relations) < 2 or maths[-1] is not relations[-1]:
            return False
        fact = self.said_again(maths[-1])
        self.unread.append(Unread(maths[-1].position, fact, "used", "hypothesis"))
        self.sentence(" ".join(words.split())[: -len(used[0])], maths[:-1], position)
        return True

    def statement(self, rest: str, maths: list[Segment], number: str | None, position: int) -> None:
        """A remark, what is announced, or steps; what is odd about its words is reported."""
        relations = _relations(maths)
        self.wording(rest, maths, position)
        self.in_words(rest, maths, position)
        self.signs(rest, maths, position)
        for m in maths:
            if not RELATION.search(m.text) and not _HARMLESS.fullmatch(m.text):
                self.argument(m)
        if not relations:
            self.plain(rest, maths, position)
            return
        self.stray(rest, position)
        if self.announces(rest, maths, clauses(rest, maths), number):
            self.positives(_SCALED, rest, maths)
            return
        self.step(f"s{number}" if number else self.fresh(), rest, maths, relations, position)
        if self.free and _DONE.search(rest.rsplit("\0", 1)[-1]):
            self.conclude("hence the result")

    def wording(self, rest: str, maths: list[Segment], position: int) -> None:
        """A word that may change the sense, or in a remark one that is not understood."""
        relations = _relations(maths)
        shaped = _plain_of_shape(rest) if self.rule(rest) == "jensen" else rest
        strange = unknown(shaped, self.names) if relations else doubtful(rest)
        odd = "" if relations or strange else remark(rest, self.names)
        if odd:
            reason = f"the remark's word {odd!r} is not understood"
            self.unread.append(Unread(position, shown(rest), reason, "remark"))
        if strange and not (maths and _ASSUME.search(rest)):  # which is reported with its relation
            reason = f"the word {strange!r} may change what is said"
            self.unread.append(Unread(position, shown(rest), reason, "words"))

    def split(self, label: str, rest: str, maths: list[Segment], position: int) -> bool:
        """ "X, with equality when $a = b$": the step, then where it holds with =."""
        tail = TAIL.search(rest)
        if tail is None or EQUALITY.search(rest[: tail.start()]):
            return False
        at, before = tail.start(), len(self.steps)
        count = rest[:at].count("\0")
        if not any(RELATION.search(m.text) for m in maths[:count]):
            return False
        self.sentence(label + rest[:at], maths[:count], position)
        step = self.steps[-1] if len(self.steps) > before else None
        self.step_equality(step, rest[at:], maths[count:], position)
        return True

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

    def stray(self, rest: str, position: int) -> None:
        if RELATION.search(rest):
            self.unread.append(Unread(position, shown(rest), "a relation in the words"))

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
            self.unread.append(Unread(position, shown(rest), "not followed", "assumption"))

    # -- what is not asserted ----------------------------------------------------------------

    def announces(
        self, rest: str, maths: list[Segment], said: Mapping[int, str], number: str | None
    ) -> bool:
        """Is what the sentence says assumed, aimed at or denied? Then it is no step."""
        relations = _relations(maths)
        assumed = _ASSUME.search(rest)
        if assumed:
            passing = self.passing(rest, maths)
            for i, m in enumerate(maths):
                if m not in relations and i not in passing and not _HARMLESS.fullmatch(m.text):
                    self.report(m.position, m.text, "it is no part of what is checked")
            for m in relations:
                known = not unknown(_ASSUMED.sub(" ", rest), self.names)
                reason = f"{assumed[0].lower()}: not followed"
                kind = "hypothesis" if known else "assumption"
                for part in self.parts(m) if known else [m.text]:
                    said_so = self.said_again(replace(m, text=part))
                    self.unread.append(Unread(m.position, said_so, reason, kind))
            return True
        aim, denied = _AIM.search(rest), DENY.search(harmless(rest))
        if not self.steps and _CONVERSE.search(rest):
            self.unread.append(Unread(relations[0].position, relations[0].text, "the converse"))
        if self.aimed(rest, maths, said, number, aim is not None):
            return True
        if aim and self.operation(rest, maths):
            reason = "what is done to both sides is followed where the goal is known"
            self.unread.append(Unread(maths[0].position, shown(rest), reason))
        if aim or denied:
            for m in relations:
                same = aim and _SAME.search(rest)
                kind = "same" if same else "aim" if aim else "claim"
                if aim and self.rule(rest) in THEOREMS:  # which is to give it, and is not used
                    kind = "goal"
                if aim and denied:  # "it does not suffice to show"
                    kind = "claim"
                aimed_at = self.said_again(m) if self.images else m.text
                self.unread.append(Unread(m.position, aimed_at, "stated, not asserted", kind))
            if aim and _TRUE.search(rest) and self.rule(rest) not in THEOREMS:
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
        if self.goal is None or self.block is not None or DENY.search(harmless(rest)):
            return False
        relations = _relations(maths)
        if not (aim or _AS.search(rest) or self.retreats(rest)) or self.rule(rest) in THEOREMS:
            return False
        operation = self.operation(rest, maths)
        times = operation.get("times", "")
        aims, before = len(self.aims), len(self.steps)
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
        if all(step.get("by") == "identity" for step in self.steps[before:]):
            for aim_here in self.aims[aims:]:  # "..., as the left side is $X$"
                aim_here.at = len(self.steps)
        self.called_true(rest.rsplit("\0", 1)[-1])
        if number:
            self.ids.add(f"s{number}")
        return True

    # -- the end -----------------------------------------------------------------------------

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
        self.settle_equality()
        for promise in self.promises:
            self.broken(promise)
        self.discharge()


def _plain_of_shape(words: str) -> str:
    """Without what a step of Jensen's inequality says of its function: the step holds it."""
    return re.sub(r"\b(?:convex|concave)\b", " ", words, flags=re.I) if said_shape(words) else words


def _relations(maths: Sequence[Segment]) -> list[Segment]:
    return [m for m in maths if RELATION.search(m.text)]
