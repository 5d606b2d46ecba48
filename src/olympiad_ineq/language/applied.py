"""What a step's sentence names is what is checked: the terms, weights, numbers and counts.

"AM-GM on $a$ and $b$", "multiplying (1) by $c$", "dividing by 2", "these three inequalities": each
formula and number has to be found again in the step's reason, or the text is not followed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from olympiad_ineq.kernel.trees import Add, Chain, Neg
from olympiad_ineq.language.parse import Unreadable

from .notes import Unread
from .predicates import COUNTS, number
from .reasons import CITE, COUNT, TERMS, strings
from .scopes import Scopes
from .segments import RELATION, Segment, split_list
from .sentences import shown
from .spelling import expr_ascii

THEOREMS = {"jensen": {"jensen"}, "amgm": {"amgm"}, "schur": {"schur"},
            "cauchy": {"cauchy", "titu"}, "titu": {"cauchy", "titu"}}  # fmt: skip
DONE_TO = re.compile(  # one operation on both sides, and no other beside it
    r"\b(?:(?:multiply|multiplying|dividing|divide)(?: both sides| everything| through"
    r"| the (?:sum|result))?(?: of (?:it|this|the inequality))? by"
    r"|(?:adding|subtracting|add|subtract)(?= (?:\0|\d{1,4}) (?:to|from) both))"
    r" (?:(?P<number>\d{1,4})\b|\0)(?P<more>(?: to both sides| from both sides)? and (?:then )?"
    r"(?:add|subtract|divid|multipl|simplif|rearrang|us|expand|cancel|squar|tak)\w*)?",
    re.IGNORECASE,
)
BLANK = re.compile(r"(?:\s|\\(?:square|blacksquare|Box|qed|mathbb\s*\{?R\}?(?:_\+|\^\+)?)|\.)*")
_DOING = ("expr", "times", "shift", "weights")  # what a step does to others
_OPERAND = re.compile(  # words before what is added, multiplied or cancelled
    r"\b(?:cancel\w*|add\w*|subtract\w*|(?:multipl|divid|scal)\w*(?: \w+){0,4} by|replac\w+"
    r"|substitut\w+|squaring)"
    r"(?: (?:the|common|same|positive|factor|term|quantity|number|expression))* $", re.IGNORECASE
)  # fmt: skip
_DOUBLED = re.compile(
    r"\bmultiply(?:ing)? both sides by (?:\0|(?P<number>\d{1,4})) and (?:rearrang|mov|expand)",
    re.IGNORECASE,
)
_TAKEN = re.compile(
    r"\btak\w+ (?:the )?(?:squares?|(?:square |cube )?roots?|cubes?|reciprocals?)\b", re.IGNORECASE
)
_PUT_TOGETHER = re.compile(r"\(\d{1,3}\)\s*(?:over|minus|less|divided)\b", re.IGNORECASE)
_APPLIED_TO = re.compile(
    r"\b(?:gm|hm|inequality|lemma|cauchy|schwarz|jensen|schur|titu|appl\w+)(?: \w+)?"
    r" (?:to|on|for|with|at)(?: (?!all|any|every|each)\w+){0,4} ?$", re.IGNORECASE
)  # fmt: skip
_MOVING = re.compile(r"\b(?:moving|bringing|move|bring)(?: the terms?)? $", re.IGNORECASE)
_THESE = r"\0(?: ?,? ?(?:and )?\0)*"
_QUANTIFIED = re.compile(  # "for all real $a$, $b$", "symmetric in $a$, $b$"
    rf"\b(?:all|any|every|each|reals?|numbers?|sides|symmetric in|cyclic in) {_THESE}",
    re.IGNORECASE,
)
_CALLED = re.compile(rf"\b(?:positive|non-?negative) (?:\w+ ){{0,3}}{_THESE}", re.IGNORECASE)
_CALLED_SO = re.compile(
    rf"{_THESE} ?(?:is|are|be|being) (?:\w+ ){{0,3}}?"
    r"(?:positive|non-?negative|(?:perfect )?squares?)\b",
    re.IGNORECASE,
)
_FOR_COUNT = re.compile(
    rf"\b(?:for|to|with|of|on) (?:the |these )?({'|'.join(COUNTS)})"
    r" (?:positive |real |non-?negative )*(?:numbers|variables|terms|quantities)\b", re.IGNORECASE
)  # fmt: skip
_ALL_COUNT = re.compile(
    r"\b(?:all|these|those|the) (two|three|four|five|six)"
    r"(?=\s*(?:[,.:]|$|(?:and|gives?|yields?|together|up|we|of)\b))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Promise:
    """ "We use AM-GM on $a$ and $b$": what a theorem is said to be applied to, later on."""

    rule: str
    texts: frozenset[str]
    words: str
    position: int


class Applied(Scopes):
    """What sentences name besides their relations, against the reasons of their steps."""

    def __init__(self, text: str, variables: Sequence[str], goal: Chain | None) -> None:
        super().__init__(text, variables, goal)
        self.promises: list[_Promise] = []

    def unchecked(self, position: int, words: str, reason: str) -> None:
        self.unread.append(Unread(position, shown(words), reason, "words"))

    # -- a sentence with relations -----------------------------------------------------------

    def leftover(self, rest: str, maths: list[Segment], new: list[dict[str, object]]) -> None:
        """Each formula and number of a sentence has to be part of what is checked."""
        checked = {text for step in new for text in _texts(step, (*TERMS, *_DOING))}
        doing = [s for s in new if s.get("by") != "square"]
        operands = {text for step in doing for text in _texts(step, _DOING)}
        last = [m for m in maths if RELATION.search(m.text)][-1]
        before, after = self.applied_to(rest, maths, last)
        for i, m in self.named_formulas(rest, maths):
            try:
                texts = self.texts([replace(m, text=m.text.rstrip(".,;: "))])
            except Unreadable:  # which is reported
                continue
            words = _before(rest, i)
            found = operands if _OPERAND.search(words) else checked
            if not self.moved(words, texts) and not (m in before + after and {*texts} <= found):
                self.unchecked(m.position, m.text, "it is no part of what is checked")
        self.leftover_numbers(rest, maths, new, checked)

    def leftover_numbers(
        self, rest: str, maths: list[Segment], new: list[dict[str, object]], checked: set[str]
    ) -> None:
        words, operation = " ".join(rest.split()), self.operation(rest, maths)
        multiplied = self.multiplied(words, maths)
        if operation and not multiplied and not {*operation.values()} & checked:
            self.unchecked(maths[0].position, words, "what is done to both sides is not checked")
        if operation or multiplied:
            words = DONE_TO.sub(" ", words)
        odd = number(CITE.sub(" ", words)) or self.miscounted(words, new)
        if odd:
            self.unchecked(maths[0].position, odd, "the number is no part of what is checked")

    def named_formulas(self, rest: str, maths: list[Segment]) -> list[tuple[int, Segment]]:
        """The formulas that have to be part of a reason: no relation, and not only named."""
        passing, times = self.passing(rest, maths), self.multiplied(" ".join(rest.split()), maths)
        return [
            (i, m)
            for i, m in enumerate(maths)
            if not (RELATION.search(m.text) or i in passing or BLANK.fullmatch(m.text))
            and not (self.function is not None and self.function.named(m.text))
            and m.text.strip() != times
        ]

    def multiplied(self, words: str, maths: Sequence[Segment]) -> str:
        """ "Multiply both sides by 2 and rearrange: ...", of the goal: the number."""
        found = _DOUBLED.search(words) if self.goal is not None else None
        if found is None or len(self.steps) > 1:
            return ""
        return found["number"] or maths[words[: found.end()].count("\0") - 1].text.strip()

    def doubled(self, rest: str, maths: list[Segment], new: Sequence[Mapping[str, object]]) -> None:
        """... and the sentence's relation starts with that multiple of the goal's difference."""
        times = self.multiplied(" ".join(rest.split()), maths)
        if not times or self.goal is None or len(new) != 1 or len(self.goal.parts) != 2:
            return
        left, right = map(expr_ascii, self.goal.parts)
        claim = self.relation(str(new[0]["claim"]))
        text = f"({times})*(({left})-({right})) = {expr_ascii(claim.parts[0])}"
        self.append(self.fresh(), self.relation(text), {"by": "identity"})

    def miscounted(self, words: str, new: Sequence[Mapping[str, object]]) -> str:
        """ "AM-GM for three numbers", "these four inequalities", "(1) over (2)": said of others."""
        odd = _PUT_TOGETHER.search(words)
        if not any(s.get("by") in ("multiply", "root") for s in new):
            odd = odd or _TAKEN.search(words)
        if not any(s.get("by") == "schur" for s in new):
            odd = odd or re.search(r"\bdegree\b", words, re.IGNORECASE)
        terms = [strings(s.get("terms")) for s in new if s.get("by") == "amgm"]
        own = [strings(s.get("of")) for s in new if s.get("by") in ("combine", "multiply")]
        for form, lists in ((_FOR_COUNT, terms), (COUNT, own), (_ALL_COUNT, own)):
            found = form.search(words)
            if found and lists and not any(len(x) == COUNTS[found[1].lower()] for x in lists):
                odd = odd or found
        return odd[0] if odd else ""

    def moved(self, words: str, texts: list[str]) -> bool:
        """ "Moving the term $2a$ to the right": is it a term of the claim before?"""
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
        """The formulas that are only named: quantified variables, and what is called positive."""
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
                if way is not _QUANTIFIED or all(self.are_variables(maths[i]) for i in those):
                    found |= {*those}
        return found

    def are_variables(self, segment: Segment) -> bool:
        return {*split_list(segment.text.rstrip(".,;: "))} <= {*self.variables}

    def operation(self, rest: str, maths: list[Segment]) -> dict[str, str]:
        """What is done to both sides, where one thing is: "times" a number, or a "shift"."""
        plain = " ".join(rest.split())
        found = [*DONE_TO.finditer(plain)]
        if len(found) != 1:
            return {}
        (done,) = found
        tidied = re.search(r"rearrang|simplif|expand", done["more"] or "", re.IGNORECASE)
        if done["more"] and not (tidied and done[0][:3].lower() in ("mul", "div")):
            return {}
        text = done["number"] or maths[plain[: done.end()].count("\0") - 1].text.rstrip(".,;: ")
        try:
            value = expr_ascii(self.expression(text))
        except Unreadable:
            return {}
        verb = done[0][:3].lower()
        if verb in ("add", "sub"):
            return {"shift": value if verb == "add" else f"-({value})"}
        return {"times": value if verb == "mul" else f"1/({value})"}

    # -- what a remark announces -------------------------------------------------------------

    def promise(self, rest: str, maths: list[Segment], position: int) -> None:
        """A remark that says what a theorem is applied to: the next step by it has to do that."""
        rule, passing = self.rule(rest), self.passing(rest, maths)
        if rule not in THEOREMS:
            return
        named = [m for i, m in enumerate(maths) if i not in passing]
        named = [m for m in named if self.function is None or not self.function.named(m.text)]
        try:
            texts = frozenset(self.texts([replace(m, text=m.text.rstrip(".,;: ")) for m in named]))
        except Unreadable:  # which is reported
            return
        words = " ".join(rest.split())
        if texts or _FOR_COUNT.search(words):
            self.promises.append(_Promise(rule, texts, words, position))

    def kept(self, new: Sequence[Mapping[str, object]]) -> None:
        """The promises about the theorems that these steps use are kept by them, or reported."""
        for promise in [*self.promises]:
            own = [s for s in new if s.get("by") in THEOREMS[promise.rule]]
            if own:
                self.promises.remove(promise)
            checked = {text for step in own for text in _texts(step, (*TERMS, "weights"))}
            if own and (not promise.texts <= checked or self.miscounted(promise.words, own)):
                self.broken(promise)

    def broken(self, promise: _Promise) -> None:
        self.unchecked(promise.position, promise.words, "it is not what is done")


def _before(rest: str, at: int) -> str:
    """The words before the formula of this number."""
    return " ".join("\0".join(rest.split("\0")[: at + 1]).split()) + " "


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
