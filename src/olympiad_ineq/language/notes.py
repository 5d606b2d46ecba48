"""What was read of a proof so far: its steps, their names, and what could not be followed.

A relation is read here with what letters stand for; one that cannot be read is reported, and so are
a citation of what is not there and a sign that is taken for granted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from olympiad_ineq.kernel.trees import Chain
from olympiad_ineq.language.parse import Unreadable

from .reasons import Reasons
from .segments import RELATION, Segment, split_list
from .sentences import shown
from .spelling import chain_ascii, expr_ascii

_STEPS = re.compile(r"\bsteps?\s+(\d{1,2}(?:\s*(?:,\s*and|,|and|&)\s*\d{1,2})*)(?!\s*[:.)])", re.I)
_HEADING = re.compile(r"\bStep\s+\d+\s*[:.]", re.IGNORECASE)
_LETTERS = re.compile(
    r"((?<![A-Za-z])[A-Za-z](?: ?, ?[A-Za-z]){0,9}(?:,? and\s+[A-Za-z])?)\s+(?:is|are)\s+"
    r"(?:\w+ ){0,2}?(positive|non-?negative)", re.IGNORECASE
)  # fmt: skip
_POSITIVE = re.compile(
    r"\bpositive\b|\bnon-?negative (?:real )?(?:numbers?|reals?|variables?|values?)\b",
    re.IGNORECASE,
)
_SIGNED = re.compile(
    r"\0\s*(?:is|are|be|being)\s+(?:\w+ ){0,2}?(?:positive|non-?negative)|"
    r"(?:positive|non-?negative) (?:\w+ ){0,3}\0", re.IGNORECASE
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unread:
    """A piece of mathematics that was not understood.

    kind: "claim" or "assumption"; "aim" is what is to be shown, "same" what is called equivalent to
    it, "goal" what has to be the goal itself; "sign" is a sign that the words take for granted,
    "hypothesis" what is said to be given, "words" a sentence with a word that may change its sense,
    "remark" one that shows nothing and is not understood.
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


class Notes(Reasons):
    """The steps of a text, and what of it was not understood."""

    def __init__(self, text: str, variables: Sequence[str]) -> None:
        super().__init__(variables)
        self.text = text
        self.ids: set[str] = set()
        self.labels: set[str] = set()  # of numbered mathematics
        self.unread: list[Unread] = []

    # -- steps -------------------------------------------------------------------------------

    def append(self, name: str, chain: Chain, reason: dict[str, object]) -> None:
        self.ids.add(name)
        self.steps.append({"id": name, "claim": chain_ascii(chain), **reason})

    def fresh(self) -> str:
        n = len(self.steps) + 1
        while f"s{n}" in self.ids or f"s{n}" in self.labels:
            n += 1
        return f"s{n}"

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
                self.unread.append(Unread(position, shown(rest), reason))

    # -- mathematics -------------------------------------------------------------------------

    def chain(
        self, segment: Segment, text: str | None = None, names: Sequence[str] | None = None
    ) -> Chain | None:
        raw = (segment.text if text is None else text).strip().rstrip(".,;: ")
        try:
            return self.relation(raw, names)
        except Unreadable as error:
            self.unread.append(Unread(segment.position, raw[:200], str(error.reason)))
            return None

    def quiet(self, segment: Segment) -> Chain | None:
        try:
            return self.relation(segment.text.strip().rstrip(".,;: "))
        except Unreadable:
            return None

    def said_again(self, segment: Segment) -> str:
        """The relation in the problem's own variables, where it can be read."""
        chain = self.quiet(segment) if self.images else None
        return segment.text if chain is None else chain_ascii(chain)

    def plain_text(self, text: str) -> str:
        """The expression in the problem's own variables."""
        try:
            return expr_ascii(self.expression(text)) if self.images else text
        except Unreadable:
            return text

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

    # -- signs -------------------------------------------------------------------------------

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

    def positives(self, way: re.Pattern[str], rest: str, maths: list[Segment]) -> None:
        """What stands right after these words is shown to be positive."""
        for m in self.beside(way, rest, maths):
            if not RELATION.search(m.text):
                pieces = map(self.plain_text, split_list(m.text.rstrip(".,;: ")))
                text = ", ".join(f"{part} > 0" for part in pieces)
                self.unread.append(Unread(m.position, text, "not shown positive", "sign"))
