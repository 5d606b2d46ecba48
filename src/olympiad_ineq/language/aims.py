"""Aims: what a proof says is to be shown, on its way back from the goal.

"It suffices to show X", "which is equivalent to Y", "that is, (a-b)^2 >= 0, which is true": these
are no facts yet. They are put down, and at the end of the text they become steps: the last aim from
what was shown after it, each other one from the next and what stands between, and then the goal.
Where something said to suffice does not, or an aim is never reached, one of these steps fails.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from olympiad_ineq.kernel.trees import Chain

from .notes import Notes, Unread
from .reasons import SINCE, ZERO, strings
from .segments import Segment
from .sentences import shown
from .spelling import chain_ascii, expr_ascii
from .terms import visible

MIRROR = {"<=": ">=", "<": ">", "=": "="}
_AGAIN = re.compile(  # an aim in other words, after an aim
    r"\b(?:multipl\w+|divid\w+|expand\w*|squaring|rearrang\w+|simplif\w+|clearing|cancel\w*|rewrit\w+"
    r"|becomes|turns into|reads|that is|i\.e|or)\b", re.IGNORECASE
)  # fmt: skip
_CLEAR = re.compile(
    r"\b(?:is|are|holds?|which)\b(?: \w+){0,2}? (?:true|obvious|clear|evident|trivial|holds)\b",
    re.IGNORECASE,
)
RESULT = re.compile(
    r"\b(?:the|our)(?: (?:desired|required|wanted|claimed|original|given|stated))?"
    r" (?:result|claim|conclusion|inequality|statement)\b|\bwe are done\b|\bthe proof\b",
    re.IGNORECASE,
)
_SIGNS = re.compile(r"\b(?:are|is) (?:all )?(?:positive|non-?negative)\b", re.IGNORECASE)
HALVED = re.compile(r"\bdividing (?:both sides )?by (\d{1,3})\b", re.IGNORECASE)
_CONCLUDING = re.compile(r"\b(?:hence|thus|therefore|so|follows|dividing)\b", re.IGNORECASE)
_BY = re.compile(r"\b(?:divid|multiply)\w* (?:both sides )?by\b", re.IGNORECASE)
_SIDE = re.compile(
    r"\bthe (?P<side>left|right)(?:[- ]hand)? side (?:is equal to|is|equals"
    r"|can be (?:re)?written as|factors as|simplifies to) \0 ?,? which is "
    r"(?:clearly |obviously |always )?(?:non-?negative|positive)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Aim:
    """What is to be shown, after how many steps it was said, and whether it is called true."""

    chain: Chain
    at: int
    clear: bool = False
    times: str = ""  # what the aim before was multiplied by to get here


class Aims(Notes):
    """The aims of a text whose goal is known; without one, none are put down."""

    def __init__(self, text: str, variables: Sequence[str], goal: Chain | None) -> None:
        super().__init__(text, variables)
        self.goal = goal
        self.free = goal is not None
        self.aims: list[Aim] = []

    def retreats(self, rest: str) -> bool:
        """Does a sentence right after an aim say it in other words?"""
        waiting = bool(self.aims) and self.aims[-1].at == len(self.steps)
        return waiting and not self.aims[-1].clear and _AGAIN.search(rest) is not None

    def aim(self, chain: Chain, times: str) -> None:
        if self.goal is None or chain_ascii(chain) != chain_ascii(self.goal):
            self.aims.append(Aim(chain, len(self.steps), times=times))

    def called_true(self, words: str) -> None:
        """ "..., which is true": the aim that was said last, if nothing was shown since."""
        if self.aims and self.aims[-1].at == len(self.steps) and _CLEAR.search(words):
            self.aims[-1].clear = True

    def concludable(self, rest: str) -> bool:
        """Do these words conclude the goal, which is known and not yet shown?"""
        if self.goal is None or self.aims or not RESULT.search(rest):
            return False
        return all(s["claim"] != chain_ascii(self.goal) for s in self.steps)

    def concluding(self, rest: str, maths: Sequence[str] = ()) -> dict[str, object]:
        """ "Adding these and dividing by 2, we are done": the reason that a remark gives."""
        if not self.concludable(rest) or self.goal is None:
            return {}
        by = HALVED.findall(rest) + [text for text in maths if text.isdigit()]
        if len(by) > 1 or len(maths) > len([text for text in maths if text.isdigit()]):
            return {}
        rule = self.rule(rest)
        if rule in ("combine", "multiply", "rooting"):
            step = self.reason(rule, rest, self.goal)
            if by and step.get("by") != "combine":
                return {}
            weights = [f"1/{by[0]}"] * len(strings(step.get("of"))) if by else []
            return {**step, "weights": weights, "exact": True} if by else step
        recent = [str(s["id"]) for s in self.steps[-5:]]
        step = self.thus(recent, rest) if _CONCLUDING.search(rest) else {}
        return {**step, "times": f"1/{by[0]}"} if step and by else step

    def evident(self, chain: Chain) -> dict[str, object]:
        """What shows a relation that is said to be true: squares that are seen, or its sign."""
        turned = chain
        if {*chain.ops} <= {*MIRROR} and "=" not in chain.ops[:1]:
            ops = tuple(MIRROR[op] for op in reversed(chain.ops))
            turned = Chain(chain.parts[::-1], ops, chain.text)
        found = self.bare(turned) or self.bare(chain)
        if not found and turned.ops[-1] == ">=" and turned.parts[-1] == ZERO:
            side = turned.parts[-2]
            found = {"by": "positive", "expr": expr_ascii(side)} if visible(side) else {}
        return found or {"by": "known"}

    def seen(self, chain: Chain, words: str) -> dict[str, object]:
        """ "X >= 0" where X = Y was said and Y is seen to be >= 0; "as a, b > 0, a+b > 0"."""
        if len(chain.parts) != 2 or chain.parts[1] != ZERO or chain.ops[0] not in (">=", ">"):
            return {}
        wanted = expr_ascii(chain.parts[0])
        for step in reversed(self.steps[-4:]):
            said = self.relation(str(step["claim"]))
            texts = [expr_ascii(part) for part in said.parts]
            if step.get("by") == "identity" and wanted in texts:
                values = [part for part in said.parts if visible(part)]
                return {"by": "positive", "expr": expr_ascii(values[-1])} if values else {}
        return {"by": "known"} if _SIGNS.search(words) else {}

    def discharged(self) -> list[tuple[Chain, list[str], dict[str, object]]]:
        """For each aim, the last first, and then the goal: the steps that it follows from.

        Where nothing was shown after an aim that is called true, the reason is its shape.
        """
        if not self.aims or self.goal is None:
            return []
        target = chain_ascii(self.goal)
        found: list[tuple[Chain, list[str], dict[str, object]]] = []
        end = len(self.steps)
        for aim in reversed(self.aims):
            between = _names(self.steps[aim.at : end], target)
            shape = self.evident(aim.chain) if aim.clear and not found else {}
            if between and shape == {"by": "known"}:
                shape = {}
            found.append((aim.chain, between, shape))
            end = aim.at
        return [*found, (self.goal, _names(self.steps[:end], target), {})]

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
            self.unread.append(Unread(position, shown(words), "what is scaled is not said"))

    def plainly(self, segment: Segment, name: str) -> None:
        """ "It is equivalent to X, which is obviously true": X, where its shape shows it."""
        chain = self.quiet(segment)
        reason = self.bare(chain) if chain is not None else {}
        if chain is not None and reason:
            self.append(name, chain, reason)

    def discharge(self) -> None:
        """The text ends: its aims become steps, and the goal follows from the first of them."""
        last, times = "", ""
        for i, (chain, between, reason) in enumerate(self.discharged()):
            name = self.fresh()
            cited = [*between, last] if last else between
            step: dict[str, object] = {"by": "aim", "of": cited} if cited else {}
            if last and times:
                step["times"] = times
            self.append(name, chain, reason or step)
            last, times = name, self.aims[-1 - i].times if i < len(self.aims) else ""


def _names(steps: Sequence[Mapping[str, object]], target: str) -> list[str]:
    return [str(s["id"]) for s in steps if s["claim"] != target][-4:]


def asserted(clause: str) -> bool:
    """Are these words before a relation those of a reason, "since ..."?"""
    clause = re.sub(r"\b(?:same|written|rewritten|inequality|it|this|factors) as\b", " ", clause)
    found = [*SINCE.finditer(clause)]
    return bool(found) and "\0" not in clause[found[-1].start() :]
