"""What holds for a part of a proof only: an order assumed, cases, new variables, a lemma's letters.

The steps of such a part are its own (blocks.py, lemmas.py); where it ends, they become one step
about the problem's variables. A letter that stands for an expression is put in from there on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from olympiad_ineq.kernel.trees import Chain
from olympiad_ineq.language.parse import Unreadable, parse_expr

from .aims import Aims
from .blocks import Block, Header, conditions, ends, header, only, with_cited
from .lemmas import Lemma, applied, names_of
from .notes import Unread
from .reasons import strings
from .segments import RELATION, Segment, split_list, vocabulary
from .sentences import shown
from .spelling import chain_ascii, expr_ascii

_THEN = re.compile(r"(?:then|so|and|clearly|we have|thus|hence)?,? ?(?:we have )?\0 ?[.,;]?", re.I)
_SO = vocabulary("hence therefore thus so then that which is we have get obtain this gives finally")
_DENOTE = re.compile(
    r"(?:let )?\0 (?:denote|be|denotes) the (left|right)[- ]hand side(?: of the inequality)?\.?",
    re.IGNORECASE,
)


class Scopes(Aims):
    """The part of the text that is being read: a block, a lemma, or neither."""

    def __init__(self, text: str, variables: Sequence[str], goal: Chain | None) -> None:
        super().__init__(text, variables, goal)
        self.stated: Lemma | None = None
        self.lent = True  # was the lemma applied?

    # -- lemmas in other letters -------------------------------------------------------------

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

    # -- letters that stand for an expression ------------------------------------------------

    def abbreviate(self, head: Header, position: int) -> None:
        """ "Let $x = a/b$": x stands for a/b from here on; what is said of it is to be shown."""
        images = head.fields.get("images")
        for name, text in images.items() if isinstance(images, dict) else ():
            if str(name) in self.images:
                reason = "it stands for something else already"
                self.unread.append(Unread(position, str(name), reason, "assumption"))
            self.images[str(name)] = self.expression(str(text))
        self.variables = (*self.names, *self.images)
        sign = {"positive": ">", "nonnegative": ">="}.get(str(head.fields["domain"]))
        for expr in self.images.values() if sign else ():
            text = f"{expr_ascii(expr)} {sign} 0"
            self.unread.append(Unread(position, text, "the sign is not shown", "sign"))
        for text in strings(head.fields.get("given")):
            chain = self.relation(text)
            self.append(self.fresh(), chain, self.bare(chain) or {"by": "known"})

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

    # -- blocks: WLOG, cases, substitution ---------------------------------------------------

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

    def abandon(self) -> None:
        """What was assumed leads nowhere: it is not followed, and its steps show nothing."""
        block = self.block
        if block is None:
            return
        start = shown(self.text[block.position : block.position + 120])
        self.unread.append(
            Unread(block.position, start, f"{block.rule}: not followed", "assumption")
        )
        self.block, self.steps, self.variables = None, block.outer, self.names
