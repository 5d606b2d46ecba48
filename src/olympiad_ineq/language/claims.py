"""A sentence's relations as steps: each with the reason that the words before it give.

"By AM-GM, X, hence Y": what stands before a relation is its reason, "hence" cuts it off from what
stands before that, and the sentence as a whole gives the reason of its last relation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from olympiad_ineq.kernel.trees import Chain
from olympiad_ineq.language.parse import Unreadable

from .applied import DONE_TO, THEOREMS, Applied
from .lemmas import names_of
from .notes import Unread
from .predicates import over_reals
from .reasons import DIVIDING, SINCE, THUS, ZERO, strings
from .segments import Segment
from .sentences import clauses, listed

_OR = re.compile(r"[,\s]*or\s*")
_AND = re.compile(r"[,\s]*\band\s*")
_TAKEN = re.compile(  # "Since $a$, $b$ are positive, ...": no terms of what follows
    r"^\s*(?:since|as|because|given that|for)\s+(?:all )?(?:\0|[,\s]|and)*\s+(?:is|are)\s+"
    r"(?:\w+ ){0,3}?(?:positive|non-?negative)", re.IGNORECASE
)  # fmt: skip
_HENCE = re.compile(
    r"\b(?:hence|thus|therefore|consequently|so|then|implies|implying|conclude|i\.e|that is|giving"
    r"|yielding|which (?:gives|yields|means)|we (?:get|obtain|conclude|deduce))\b",
    re.IGNORECASE,
)
_BECAUSE = re.compile(r"[\s,]*(?:because|since|as(?! well))\b", re.IGNORECASE)


@dataclass(slots=True)
class _Sentence:
    """A sentence with relations: what it says of each, and what was taken from it so far.

    `whole` is the reason that it gives as a whole, with the mathematics that it used up; `own` the
    rule named last, `thus` whether a "hence" was said, `recent` the steps that it may speak of.
    """

    rest: str
    maths: list[Segment]
    said: dict[int, str]
    listed: dict[int, list[Segment]]
    whole: dict[str, object]
    used: list[Segment]
    claims: list[tuple[Segment, str]]
    thus: bool
    recent: list[str]
    before: int  # how many steps stand before it
    own: str = ""


class Claims(Applied):
    """The steps that a sentence with relations states."""

    def __init__(self, text: str, variables: Sequence[str], goal: Chain | None) -> None:
        super().__init__(text, variables, goal)
        self.announced = ""  # the rule that a sentence without a relation speaks of

    def step(
        self,
        name: str,
        rest: str,
        maths: list[Segment],
        relations: list[Segment],
        position: int,
    ) -> None:
        last = relations[-1]
        self.absent(rest, position)
        self.divisors(rest, maths)
        sentence = self.stating(rest, maths, relations)
        count = len(sentence.claims)
        for i, (m, part) in enumerate(sentence.claims):
            chain = self.chain(m, part)
            if chain is None:
                continue
            final = i == count - 1
            reason = self.reason_of(sentence, i, chain)
            said = " ".join(sentence.said[m.position].split())
            if count == 1 or DONE_TO.search(said):
                reason = self.operated(reason, self.operation(rest, maths))
            label = m.label and f"s{m.label}"
            self.append(label or (name if final else f"{name}.{i + 1}"), chain, reason)
            sentence.recent.append(str(self.steps[-1]["id"]))
        new = self.steps[sentence.before :]
        self.named(rest, last, new)
        self.leftover(rest, maths, new)
        self.kept(new)
        self.doubled(rest, maths, new)
        for step in new if over_reals(rest, True) else ():
            text = str(step["claim"])
            self.unread.append(Unread(last.position, text, "for all reals: not shown", "range"))

    def stating(self, rest: str, maths: list[Segment], relations: list[Segment]) -> _Sentence:
        """What the sentence says of its relations, before any of them is a step."""
        said = clauses(rest, maths, self.free)
        whole, used = self.shared(rest, maths, relations, said)
        claims = [(m, part) for m in relations if m not in used for part in self.parts(m)]
        thus = len(claims) == 1 and THUS.search(rest) is not None
        turned = self.reasons_first(claims, said)
        if turned != claims:
            whole, claims, thus = {}, turned, True
        recent = [str(s["id"]) for s in self.steps[-3:]]
        named = listed(rest, maths, self.variables)
        return _Sentence(
            rest, maths, said, named, whole, used, claims, thus, recent, len(self.steps)
        )

    def reason_of(self, s: _Sentence, i: int, chain: Chain) -> dict[str, object]:
        """The reason for the i-th relation: by a lemma, the sentence, its shape or its clause."""
        m, clause = s.claims[i][0], s.said[s.claims[i][0].position]
        if self.rule(clause) in ("amgm", "cauchy", "titu", "combine", "multiply"):
            self.announced = ""
        if i and _OR.fullmatch(clause):
            self.unread.append(Unread(m.position, m.text[:200], "one relation or another"))
        hence = [*_HENCE.finditer(clause)] if i else []
        if hence:  # "X by AM-GM, hence Y": what stands before is not Y's reason
            clause = clause[hence[-1].start() :]
        s.own = self.rule(clause) or ("" if hence else s.own)
        s.thus = s.thus or THUS.search(clause) is not None
        count = len(s.claims)
        reason = self.instance(chain, s.rest, i, count, s.maths)
        if not reason:
            unfit = count > 1 and (s.own or hence) and not s.used
            reason = s.whole if i == count - 1 and not unfit else {}
        if not reason:
            reason = self.bare(chain) or self.reason(s.own, clause, chain, s.listed[m.position])
        if hence and reason and reason == self.bare(chain):
            self.follows(s, m, chain)
        return self.unsaid(s, i == count - 1, clause, chain, reason)

    def follows(self, s: _Sentence, m: Segment, chain: Chain) -> None:
        """ "X, hence Y" where Y is seen by itself: it has to speak of X's variables at least."""
        said = [self.relation(str(step["claim"])) for step in self.steps[s.before :]]
        before = {name for one in said for name in names_of(one, self.names)}
        if said and not {*names_of(chain, self.names)} <= before:
            self.unread.append(Unread(m.position, m.text, "it does not follow", "words"))

    def unsaid(
        self, s: _Sentence, final: bool, clause: str, chain: Chain, reason: dict[str, object]
    ) -> dict[str, object]:
        """The reason, or the one that goes without saying: a sign, a theorem announced, "hence"."""
        divisor = re.search(r"\bby\s*$", clause) is not None
        since = SINCE.search(clause) is not None or divisor
        if not (reason or final or self.block) and chain.parts[-1] == ZERO and since:
            reason = {"by": "positive"}  # "Since $a+b > 0$ and ..."
        if not (reason or final) and self.free and s.own in ("", "square") and since:
            reason = {"by": "known"}
        if self.free and reason == {"by": "identity"} and {*chain.ops} != {"="} and s.recent:
            reason = {}  # "Expanding, X": from what stands before
        if self.free and (not reason or reason == {"by": "positive"}):
            reason = self.seen(chain, s.rest) or reason
        if not reason and not s.own and self.announced:
            reason = self.reason(self.announced, "", chain)
        if not reason and final and s.before:
            reason = self.factor(s.rest, s.maths, str(self.steps[s.before - 1]["id"]))
        if not reason and s.thus:
            reason = self.thus(s.recent, s.rest)
        return reason

    def shared(
        self, rest: str, maths: list[Segment], relations: list[Segment], said: Mapping[int, str]
    ) -> tuple[dict[str, object], list[Segment]]:
        """The reason that the sentence as a whole gives its last relation, and what it uses up."""
        last = relations[-1]
        before, after = self.applied_to(rest, maths, last)
        if after and len(relations) == 1 and not before:
            before = after  # "X by AM-GM on $a$ and $b$"
        if len(relations) > 1 and _AND.fullmatch(said[last.position]):
            return {}, []  # a list of facts
        try:
            return self.arguments(self.rule(rest), rest, before, self.quiet(last))
        except (Unreadable, ValueError):
            return {}, []

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

    def named(self, rest: str, last: Segment, new: list[dict[str, object]]) -> None:
        """A theorem that a sentence names has to give one of its relations."""
        rules = THEOREMS.get(self.rule(rest))
        if rules and new and not any(s.get("by") in rules for s in new):
            reason = "a theorem is named, and it gives none of this"
            self.unread.append(Unread(last.position, last.text[:200], reason))

    def divisors(self, rest: str, maths: list[Segment]) -> None:
        """ "Dividing by $a+b$": what divides is shown to be positive."""
        self.positives(DIVIDING, rest, maths)

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

    def others(self) -> None:
        """ "... and similarly for the others": the last step with the variables shifted."""
        source = self.steps[-1]
        for i in range(1, len(self.names)):
            order = self.names[i:] + self.names[:i]
            claim = self.turned_text(str(source["claim"]), order)
            reason = self.turned(source, order) or {"by": "cyclic", "of": str(source["id"])}
            self.append(self.fresh(), self.relation(claim), reason)
