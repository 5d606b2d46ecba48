"""A sentence's relations as steps: each with the reason that the words before it give.

"By AM-GM, X, hence Y": what stands before a relation is its reason, "hence" cuts it off from what
stands before that, and the sentence as a whole gives the reason of its last relation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from olympiad_ineq.kernel.trees import Add, Chain, Neg
from olympiad_ineq.language.parse import Unreadable

from .notes import Unread
from .predicates import COUNTS, number, over_reals
from .reasons import CITE, COUNT, DIVIDING, SINCE, TERMS, THUS, ZERO, strings
from .scopes import Scopes
from .segments import RELATION, Segment, split_list
from .sentences import clauses, listed, shown
from .spelling import expr_ascii

THEOREMS = {"jensen": {"jensen"}, "amgm": {"amgm"}, "schur": {"schur"},
            "cauchy": {"cauchy", "titu"}, "titu": {"cauchy", "titu"}}  # fmt: skip
_OR = re.compile(r"[,\s]*or\s*")
_AND = re.compile(r"[,\s]*\band\s*")
_TAKEN = re.compile(  # "Since $a$, $b$ are positive, ...": no terms of what follows
    r"^\s*(?:since|as|because|given that|for)\s+(?:all )?(?:\0|[,\s]|and)*\s+(?:is|are)\s+"
    r"(?:\w+ ){0,3}?(?:positive|non-?negative)", re.IGNORECASE
)  # fmt: skip
_DONE_TO = re.compile(  # one operation on both sides, and no other beside it
    r"\b(?:(?:multiply|multiplying|dividing|divide)(?: both sides| everything| through"
    r"| the (?:sum|result))?(?: of (?:it|this|the inequality))? by"
    r"|(?:adding|subtracting|add|subtract)(?= (?:\0|\d{1,4}) (?:to|from) both))"
    r" (?:(?P<number>\d{1,4})\b|\0)(?P<more>(?: to both sides| from both sides)? and (?:then )?"
    r"(?:add|subtract|divid|multipl|simplif|rearrang|us|expand|cancel|squar|tak)\w*)?",
    re.IGNORECASE,
)
_DOING = ("expr", "times", "shift", "weights")
_OPERAND = re.compile(
    r"\b(?:cancel\w*|add\w*|subtract\w*|(?:multipl|divid|scal)\w*(?: \w+){0,4} by|replac\w+|substitut\w+"
    r"|squaring)(?: (?:the|common|same|positive|factor|term|quantity|number|expression))* $", re.IGNORECASE
)
_PUT_TOGETHER = re.compile(r"\(\d{1,3}\)\s*(?:over|minus|less|divided)\b", re.IGNORECASE)
_APPLIED_TO = re.compile(
    r"\b(?:gm|hm|inequality|lemma|cauchy|schwarz|jensen|schur|titu|appl\w+)(?: \w+)? (?:to|on|for|with|at)"
    r"(?: (?!all|any|every|each)\w+){0,4} ?$", re.IGNORECASE
)
_MOVING = re.compile(r"\b(?:moving|bringing|move|bring)(?: the terms?)? $", re.IGNORECASE)
_THESE = r"\0(?: ?,? ?(?:and )?\0)*"
_QUANTIFIED = re.compile(  # "for all real $a$, $b$", "the variables $a$, $b$"
    rf"\b(?:all|any|every|each|reals?|numbers?|sides|symmetric in|cyclic in) {_THESE}", re.IGNORECASE
)
_CALLED = re.compile(rf"\b(?:positive|non-?negative) (?:\w+ ){{0,3}}{_THESE}", re.IGNORECASE)
_CALLED_SO = re.compile(
    rf"{_THESE} ?(?:is|are|be|being) (?:\w+ ){{0,3}}?(?:positive|non-?negative|(?:perfect )?squares?)\b", re.IGNORECASE
)
_FOR_COUNT = re.compile(
    r"\b(?:for|to|with|of|on) (?:the |these )?(two|three|four|five|six|seven|eight|nine|ten) (?:positive |real |non-?negative )*"
    r"(?:numbers|variables|terms|quantities)\b", re.IGNORECASE
)
BLANK = re.compile(r"(?:\s|\\(?:square|blacksquare|Box|qed|mathbb\s*\{?R\}?(?:_\+|\^\+)?)|\.)*")
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


class Claims(Scopes):
    """The steps that a sentence with relations states."""

    def __init__(self, text: str, variables: Sequence[str], goal: Chain | None) -> None:
        super().__init__(text, variables, goal)
        self.announced = ""  # the rule that a sentence without a relation speaks of

    def step(self, name: str, rest: str, maths: list[Segment], relations: list[Segment]) -> None:
        last = relations[-1]
        self.absent(rest, position=maths[0].position)
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
            if count == 1 or _DONE_TO.search(said):
                reason = self.operated(reason, self.operation(rest, maths))
            label = m.label and f"s{m.label}"
            self.append(label or (name if final else f"{name}.{i + 1}"), chain, reason)
            sentence.recent.append(str(self.steps[-1]["id"]))
        new = self.steps[sentence.before :]
        self.named(rest, last, new)
        self.leftover(rest, maths, new)
        for step in new if over_reals(rest) else ():
            reason = "for all reals: not shown"
            self.unread.append(Unread(last.position, str(step["claim"]), reason, "range"))

    def leftover(self, rest: str, maths: list[Segment], new: list[dict[str, object]]) -> None:
        """Each formula and number of a sentence has to be part of what is checked."""
        named = self.passing(rest, maths)
        checked = {text for step in new for text in _texts(step, (*TERMS, *_DOING, "weights"))}
        operands = {t for s in new for t in _texts(s, _DOING if s.get("by") != "square" else ())}
        last = [m for m in maths if RELATION.search(m.text)][-1]
        before, after = self.applied_to(rest, maths, last)
        for i, m in enumerate(maths):
            if RELATION.search(m.text) or i in named or BLANK.fullmatch(m.text):
                continue
            if self.function is not None and self.function.named(m.text):
                continue
            try:
                texts = self.texts([replace(m, text=m.text.rstrip(".,;: "))])
            except Unreadable:
                continue
            if self.moved(rest, i, texts):
                continue
            words = " ".join("\0".join(rest.split("\0")[: i + 1]).split()) + " "
            found = operands if _OPERAND.search(words) else checked
            if m not in before + after or not {*texts} <= found:
                reason = "it is no part of what is checked"
                self.unread.append(Unread(m.position, m.text[:200], reason, "words"))
        words = " ".join(rest.split())
        operation = self.operation(rest, maths)
        if operation and not {*operation.values()} & checked:
            done = _DONE_TO.search(words)
            reason = "it is not what is done"
            self.unread.append(Unread(maths[0].position, shown(done[0] if done else ""), reason, "words"))
        words = _DONE_TO.sub(" ", words) if operation else words
        odd = number(CITE.sub(" ", words)) or self.miscounted(words, new)
        if odd:
            reason = "the number is no part of what is checked"
            self.unread.append(Unread(maths[0].position, odd, reason, "words"))

    def miscounted(self, words: str, new: Sequence[Mapping[str, object]]) -> str:
        """ "AM-GM for three numbers", "these four inequalities", "(1) over (2)": said of others."""
        found = _PUT_TOGETHER.search(words)
        if found:
            return found[0]
        found = re.search(r"\bdegree\b", words, re.IGNORECASE)
        if found and not any(s.get("by") == "schur" for s in new):
            return found[0]
        terms = [strings(s.get("terms")) for s in new if s.get("by") == "amgm"]
        found = _FOR_COUNT.search(words)
        if found and terms and not any(len(t) == COUNTS[found[1].lower()] for t in terms):
            return found[0]
        found = COUNT.search(words)
        own = [strings(s.get("of")) for s in new if s.get("by") in ("combine", "multiply")]
        if found and own and not any(len(of) == COUNTS[found[1].lower()] for of in own):
            return found[0]
        return ""

    def moved(self, rest: str, at: int, texts: list[str]) -> bool:
        """ "Moving the term $2a$ to the right": is it a term of the claim before?"""
        words = " ".join("\0".join(rest.split("\0")[: at + 1]).split()) + " "
        if not _MOVING.search(words) or len(self.steps) < 2 or len(texts) != 1:
            return False
        chain = self.relation(str(self.steps[-2]["claim"]))
        terms = [t for p in chain.parts for t in (p.args if isinstance(p, Add) else (p,))]
        return texts[0] in {expr_ascii(t.arg if isinstance(t, Neg) else t) for t in terms}

    def applied_to(
        self, rest: str, maths: list[Segment], last: Segment
    ) -> tuple[list[Segment], list[Segment]]:
        """What is named before the claim, and after it where a reason stands there."""
        passing, at = self.passing(rest, maths), maths.index(last)
        own = [(i, m) for i, m in enumerate(maths) if i not in passing]
        tail = rest.split("\0", at + 1)[-1]
        before, after = [m for i, m in own if i < at], [m for i, m in own if i > at]
        return before, after if self.rule(tail) else []

    def passing(self, rest: str, maths: list[Segment]) -> set[int]:
        """The formulas that are only named: variables that are quantified, what is called positive."""
        found: set[int] = set()
        words, *rests = rest.split("\0")
        for m, piece in zip(maths, rests, strict=False):
            words += ("\1" if RELATION.search(m.text) else "\0") + piece
        plain = " ".join(words.split())
        for way in (_QUANTIFIED, _CALLED, _CALLED_SO):
            for match in way.finditer(plain):
                first = len(re.findall(r"[\0\1]", plain[: match.start()]))
                those = range(first, first + match[0].count("\0"))
                if way is not _CALLED_SO and _APPLIED_TO.search(plain[: match.start()]):
                    continue
                if way is not _QUANTIFIED or all(
                    {*split_list(maths[i].text.rstrip(".,;: "))} <= {*self.variables} for i in those
                ):
                    found |= {*those}
        return found

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
        return self.unsaid(s, i == count - 1, clause, chain, reason)

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


def _texts(step: Mapping[str, object], keys: Sequence[str]) -> list[str]:
    """What a step's reason is applied to, and what it does: each text that is checked."""
    found: list[str] = []
    for key in keys:
        found += strings(step.get(key))
    images = step.get("images")
    found += map(str, images.values()) if isinstance(images, dict) else []
    for text in [*found]:
        inner = re.fullmatch(r"1/\((.*)\)|-\((.*)\)", text)
        found += [t for t in inner.groups() if t] if inner else []
        if re.fullmatch(r"1/\d+", text):
            found += [text[2:], f"1/({text[2:]})"]
        found.append(f"({text})^2")
    return found
