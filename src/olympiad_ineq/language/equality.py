"""Where a relation holds with =, as a proof says it: a point, or equations between the variables.

Each word has to be known here: "equality holds when $a = b$ or $b = 0$" makes another claim.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from olympiad_ineq.kernel.trees import Chain, Neg

from .blocks import only
from .claims import Claims
from .notes import Unread
from .segments import Segment, split_list, vocabulary
from .sentences import shown
from .spelling import chain_ascii, expr_ascii
from .terms import is_number
from .words import DENY, unknown

EQUALITY = re.compile(r"\bequality\b", re.IGNORECASE)
_ONLY = re.compile(r"\bif and only if\b|\b(?:only|iff|precisely|exactly)\b", re.IGNORECASE)
TAIL = re.compile(r"[,;]?\s{0,9}(?:\(|and |with |where )?(?:the )?\bequality\b", re.IGNORECASE)
_THAT_IS = re.compile(  # what follows says the same in other words
    r"[\s,;:(]+(?:that is(?: to say)?|i\.e\.?|which (?:means|is the case)(?: that)?|namely"
    r"|(?:or,? )?equivalently|in other words)\b[\s,;:]*(?=[^\0]*\0)", re.IGNORECASE
)  # fmt: skip
_OF_STEP = re.compile(
    r"\b(?:in|for|of) (?:(?:inequality )?\((\d{1,3})\)|(?:this|that|the (?:above|last|latter"
    r"|previous))(?: (?:inequality|estimate|bound|step|relation))?\b)", re.IGNORECASE
)  # fmt: skip
_TOGETHER = re.compile(r"\s*(?:,|and|,\s*and)\s*", re.IGNORECASE)
_MARKS = re.compile(r"[^\w\0\s]")
_EQUALITY_WORDS = vocabulary(  # what says that the relation holds with =, and no more
    "equality holds occurs attained achieved reached is when if at for case the a with and where "
    "in of this inequality we have clearly that e g example indeed only iff precisely exactly "
    "finally note also here it equation cases sign takes place "
    "last above latter previous estimate bound step"
)


class Equality(Claims):
    """The case of equality of the goal, and those of steps."""

    def __init__(self, text: str, variables: Sequence[str], goal: Chain | None) -> None:
        super().__init__(text, variables, goal)
        self.equality: dict[str, object] | None = None
        self.after: tuple[int, int] | None = None  # how many steps stood before it, and where

    def opening(self, rest: str, relations: list[Segment]) -> str:
        """ "So the inequality holds, with equality when $a = b$": what is said of equality."""
        tail = TAIL.search(rest)
        before = rest[: tail.start()] if tail else ""
        alone = tail and len(relations) < 2 and "\0" not in before
        return rest[len(before) :] if alone and not unknown(before, self.names) else rest

    def equality_of(self, rest: str, maths: list[Segment], position: int) -> None:
        """Of what equality is said: "in (1)", "in this inequality", or of the goal."""
        named = _OF_STEP.search(rest)
        if named and named[1]:
            own = [s for s in self.steps if s["id"] == f"s{named[1]}"]
            words = rest[: named.start(1) - 1] + " it " + rest[named.end(1) + 1 :]
            self.step_equality(own[0] if own else None, words, maths, position)
        elif named and self.steps and not self.aims:
            self.step_equality(self.steps[-1], rest, maths, position)
        else:
            before = self.equality
            self.equality_case(rest, maths, position)
            if self.equality is not before and self.block is None:
                self.after = (len(self.steps), position)

    def settle_equality(self) -> None:
        """Where steps follow what was said of equality, it was said of the step before them."""
        at, position = self.after or (0, 0)
        if self.equality is None or not 0 < at < len(self.steps) or self.aims:
            return
        step = self.steps[at - 1]
        if self.goal is not None and step["claim"] == chain_ascii(self.goal):
            return
        if "equality" in step:
            self.unread.append(Unread(position, "", "equality case not read"))
        step["equality"], self.equality = self.equality, None

    def step_equality(
        self, step: dict[str, object] | None, rest: str, maths: list[Segment], position: int
    ) -> None:
        """The case of equality of a step."""
        goal, self.equality = self.equality, None
        self.equality_case(rest, maths, position)
        case, self.equality = self.equality, goal
        if case is not None and step is not None and "equality" not in step:
            step["equality"] = case
        elif case is not None:
            self.unread.append(Unread(position, shown(rest), "equality case not read"))

    def equality_case(self, rest: str, maths: list[Segment], position: int) -> None:
        """Where the relation holds with =; "only" where nowhere else; "from", said in other words.

        "Equality holds if and only if $a/b = b/c$, that is, $a = b$" makes two claims.
        """
        parts = _restatements(rest, maths)
        if not parts or DENY.search(rest) or self.equality is not None:
            self.unread.append(Unread(position, shown(rest), "equality case not read"))
            return
        found = [self.case_of(part) for _, part in parts]
        if not all(found) or not all(
            only(_plain_marks(words), _EQUALITY_WORDS) for words, _ in parts
        ):
            self.unread.append(Unread(position, shown(rest), "equality case not read"))
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
