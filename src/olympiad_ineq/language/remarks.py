"""What a sentence says besides its relations: claims in words, and formulas said to be equal.

"The left side is $X$" is read as a relation where the goal is known. What else words claim is
handed on to be shown (the sign of a side, that the goal is symmetric) or reported as unread.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from olympiad_ineq.kernel.trees import Add, Chain, Div, Expr, Mul, Neg, Pow
from olympiad_ineq.language.parse import Unreadable

from .aims import HALVED, RESULT
from .equality import Equality
from .notes import Unread
from .predicates import circular, number, over_reals, predicate, shapes, signed, unfinished
from .reasons import CITE
from .segments import RELATION, Segment, split_list
from .sentences import shown
from .spelling import chain_ascii, expr_ascii
from .terms import visible

_IS = (
    r"(?:is|equals|is equal to|becomes|is the same as|(?:can be|is) (?:re)?written as|factors as"
    r"|expands to|simplifies to|is just|is simply|is exactly)"
)
_LEFT = r"(?:the )?(?:left(?:[- ]hand)?(?: side)?|lhs)"
_RIGHT = r"(?:the )?(?:right(?:[- ]hand)?(?: side)?|rhs)"
_NONNEGATIVE = (
    r"(?P<tail> ?,? (?:which is|and (?:this|it) is|and is) "
    r"(?:(?:clearly|obviously|always|evidently) )?"
    r"(?P<sign>positive|non-?negative|never negative))?"
)
_SIDE = re.compile(
    rf"(?<!and )(?<!minus )\bthe (?P<side>left|right)(?:[- ]hand)? side {_IS} \0{_NONNEGATIVE}",
    re.IGNORECASE,
)
_DIFFERENCE = re.compile(
    rf"\b(?:the )?(?:difference (?:between|of) (?:(?P<named>{_LEFT} and {_RIGHT}(?: sides?)?)"
    rf"|(?:the )?(?:both |two )?sides)|{_LEFT} minus {_RIGHT}) {_IS} \0{_NONNEGATIVE}",
    re.IGNORECASE,
)
_LIST = r"\0(?: ?,? ?(?:and )?\0)+"
_SEVERAL = re.compile(
    rf"\bthe (?P<of>sum|product) of {_LIST} ?,? {_IS} \0{_NONNEGATIVE}", re.IGNORECASE
)
_TWO = re.compile(rf"\bthe (?P<of>difference) of \0 and \0 {_IS} \0{_NONNEGATIVE}", re.IGNORECASE)
_THEIR = re.compile(  # "$x$, $y$ are positive and their product is $1$"
    rf"(?P<list>{_LIST})(?P<between>[^\0]{{0,60}}?\b)(?:their|whose) (?P<of>sum|product)"
    r" (?:is|equals) \0",
    re.IGNORECASE,
)
_POWER = re.compile(rf"\bthe (?P<of>square|cube) of \0 {_IS} \0{_NONNEGATIVE}", re.IGNORECASE)
_SAME = re.compile(
    rf"(?P<of>)(?:\bthe (?:expression|quantity|term|value of|fraction) )?\0 {_IS} \0{_NONNEGATIVE}",
    re.IGNORECASE,
)
_FORMS = {"difference": "({})-({})",
          "square": "({})^2", "cube": "({})^3", "": "{}"}  # fmt: skip
_NAMING = re.compile(  # words before a formula in a remark that is only named
    r"(?:\b(?:to|on|for|with|in|of|terms?|numbers?|variables|reals?|vectors?|pairs?|sequences?|and"
    r"|between|using|use|consider|function|weights|tuples?|over|let|at|all|any|every|each|or"
    r"|since|because|both|(?:the|this) (?:square|bracket|difference|product|sum)|fractions?"
    r"|expressions?|quantit\w+|factors?|positive|non-?negative|real|sets?|letters?)"
    r"|[,:(]|\0)\s*$", re.IGNORECASE
)  # fmt: skip
_REPLACED = re.compile(  # words after it that say something of it
    r"^\s*(?:,?\s*(?:and|\0)\s*)*\b(?:as|for|by|is|are|instead|simplif\w*|factors?|expands?"
    r"|reduces?|becomes?|turns?|equals?)\b(?! (?:all )?(?:(?:re)?written|positive|non-?negative"
    r"|real|also|a perfect|a square|both|squares))", re.IGNORECASE
)  # fmt: skip
_SQUARES = re.compile(
    r"\b(?:is|are) (?:\w+ )?(?:an? )?(?:perfect |complete |sums? of (?:\w+ ){0,2})?squares?\b",
    re.IGNORECASE,
)
_SIDE_SQUARE = re.compile(
    r"\b(left|right)(?:[- ]hand)? side (?:is|are) (?:\w+ ){0,3}?squares?\b", re.IGNORECASE
)
_CANCELLED = re.compile(  # an operation that a remark mentions, and what it is said to show
    r"\b(?:squaring|roots?|cancel\w*|substitut\w+|replac\w+)\b.*\b(?:holds?|follows|proves?|done|true"
    r"|gives|get|obtain)\b", re.IGNORECASE | re.DOTALL
)  # fmt: skip


class Remarks(Equality):
    """A sentence's words, apart from the relations and formulas that they put together."""

    def in_words(self, rest: str, maths: list[Segment], position: int) -> None:
        """What the words claim: read, handed on to be shown, or reported."""
        relations = [m for m in maths if RELATION.search(m.text)]
        goal = None if self.goal is None else chain_ascii(self.goal)
        known = any(step["claim"] == goal for step in self.steps)
        found = "" if known or re.search(r"\bClaim\b\s*[\d.:*]", self.text) else circular(rest)
        if found:
            self.report(position, found, "what is to be shown is no reason")
        found = predicate(rest, [m in relations for m in maths])
        if found:
            self.report(position, found, "said in words, and not read")
        for shape in shapes(rest):
            self.unread.append(Unread(position, shape, "not shown", "shape"))
        if not relations and over_reals(rest, False):
            self.unread.append(Unread(position, "", "for all reals: not shown", "range"))
        self.sides_signed(rest, relations, position)
        self.squares_seen(rest, maths, position)
        if not relations:
            self.remark(rest, maths, position)

    def report(self, position: int, words: str, reason: str) -> None:
        self.unread.append(Unread(position, shown(words), reason, "words"))

    def remark(self, rest: str, maths: list[Segment], position: int) -> None:
        """In a sentence without a relation, numbers only count and formulas are only named."""
        words = " ".join(rest.split())
        step = self.concluding(rest, [m.text.rstrip(".,;: ") for m in maths])
        odd = number(CITE.sub(" ", HALVED.sub(" ", words) if step else words))
        if self.goal is None and self.rule(rest) in ("combine", "multiply") and RESULT.search(rest):
            odd = words  # it is read where the goal is known
        odd = odd or (self.miscounted(words, [step]) if step else _cancelled(rest))
        odd = odd or unfinished(words)
        if odd:
            self.report(position, odd, "said in words, and not read")
        if re.search(r"\bdegree\b", rest, re.IGNORECASE) and not shapes(rest):
            self.report(position, "degree", "said in words, and not read")
        self.promise(rest, maths, position)
        pieces = rest.split("\0")
        for i, m in enumerate(maths):
            before = "\0".join(pieces[: i + 1])
            after = "\0".join(pieces[i + 1 :])
            named = i == 0 and not before.strip(" \n*:")
            if step or ((_NAMING.search(before) or named) and not _REPLACED.search(after)):
                continue
            if not re.fullmatch(r"[\s.]*(?:\\\w+[\s.]*)?", m.text):
                self.report(m.position, m.text, "a formula of which nothing is said that is read")

    def sides_signed(self, rest: str, relations: list[Segment], position: int) -> None:
        """ "Both sides are positive", "all terms are nonnegative": of what stands there."""
        said = signed(rest)
        if said is None or (relations and self.rule(rest) in ("positive", "multiply")):
            return
        of, sign = said
        chains = [chain for m in relations if (chain := self.quiet(m)) is not None]
        if of == "variables":
            texts = [f"{name} {sign} 0" for name in self.names]
        elif not chains:
            self.unread.append(Unread(position, f"{of} {sign}", "the sign is not shown", "sides"))
            return
        else:
            texts = [f"{part} {sign} 0" for chain in chains for part in parts_of(chain, of)]
        text = ", ".join(texts)
        self.unread.append(Unread(position, text, "the sign is not shown", "sign"))

    def squares_seen(self, rest: str, maths: list[Segment], position: int) -> None:
        """ "$x$ is a square", "it is a sum of squares": there have to be such."""
        found = _SQUARES.search(" ".join(rest.split()))
        if found is None or re.search(r"\bdifference of the\b", rest):
            return
        seen = visible if re.search(r"\bsums?\b|squares$", found[0], re.IGNORECASE) else _is_square
        here = [chain for m in maths if RELATION.search(m.text) and (chain := self.quiet(m))]
        side = _SIDE_SQUARE.search(" ".join(rest.split()))
        about = here or [a.chain for a in self.aims[-1:]]
        about = about or [self.relation(str(s["claim"])) for s in self.steps[-1:]]
        if side and not any(seen(x) for c in about for x in _on(c, side[1])):
            self.report(position, side[0], "no square is seen")
            return
        named = [m for m in maths if not RELATION.search(m.text)]
        try:
            exprs = [self.expression(t) for m in named for t in split_list(m.text.rstrip(".,;: "))]
        except Unreadable:
            return
        chains = [*here]
        chains += [self.relation(str(s["claim"])) for s in self.steps[-3:] if self.block is None]
        chains += [aim.chain for aim in self.aims[-1:]]
        whole = bool(exprs) and all(map(seen, exprs))
        if not whole and (exprs or not any(_has_squares(c) for c in chains)):
            self.report(position, found[0], "no square is seen")

    def concluding(self, rest: str, maths: Sequence[str] = ()) -> dict[str, object]:
        """As in aims.py; "subtracting $x$ from both sides gives the claim" too."""
        step = super().concluding(rest, maths)
        if step or not self.concludable(rest) or not self.steps:
            return step
        operation = self.operation(rest, [Segment("math", text, 0) for text in maths])
        last = str(self.steps[-1]["id"])
        return {"by": "so", "of": [last], **operation} if "shift" in operation else {}

    # -- formulas that are said to be equal --------------------------------------------------

    def equations(self, rest: str, maths: list[Segment]) -> tuple[str, list[Segment]]:
        """ "The left side is $X$", "the product of $x$ and $y$ is $z$": with a relation instead."""
        plain = " ".join(rest.split())
        for form in (_DIFFERENCE, _SIDE, _THEIR, _SEVERAL, _TWO, _POWER, _SAME):
            found = form.search(plain)
            if found is None or "\0" not in found[0]:
                continue
            first = plain[: found.start()].count("\0")
            used = maths[first : first + found[0].count("\0")]
            text = self.equation(form, found, used)
            if not text:
                continue
            if form is _THEIR:  # the list is named before, and stays
                kept = found["list"] + found["between"] + " we have \0 "
                done = plain[: found.start()] + kept + plain[found.end() :]
                whole = replace(used[-1], text=text)
                return done, [*maths[: first + len(used) - 1], whole, *maths[first + len(used) :]]
            whole = replace(used[0], text=text)
            done = f"{plain[: found.start()]} we have \0 {plain[found.end() :]}"
            return done, [*maths[:first], whole, *maths[first + len(used) :]]
        return rest, maths

    def equation(self, form: re.Pattern[str], found: re.Match[str], used: list[Segment]) -> str:
        """The relation that these words say of these formulas; nothing where it is none."""
        texts = [m.text.strip().rstrip(".,;: ") for m in used]
        if any(RELATION.search(text) for text in texts[:-1]):
            return ""
        if form in (_SIDE, _DIFFERENCE):
            about = self.aims[-1].chain if self.aims else self.goal
            if about is None or len(about.parts) != 2:
                return ""
            left, right = map(expr_ascii, about.parts)
            if form is _SIDE:
                first = left if found["side"].lower() == "left" else right
            elif about.ops[0] in ("<", "<=") and not found["named"] and "minus" not in found[0]:
                first = f"({right})-({left})"
            else:
                first = f"({left})-({right})"
        else:
            if any(len(split_list(text)) != 1 for text in texts) or RELATION.search(texts[-1]):
                return ""
            sign = {"sum": "+", "product": "*"}.get(found["of"].lower(), "")
            whole = sign.join(f"({text})" for text in texts[:-1])
            first = whole if sign else _FORMS[found["of"].lower()].format(*texts[:-1])
        sign = (found.groupdict().get("sign") or "").lower()
        bound = "" if not sign else " > 0" if sign == "positive" else " >= 0"
        return f"{first} = {texts[-1]}{'' if RELATION.search(texts[-1]) else bound}"


def parts_of(chain: Chain, of: str) -> list[str]:
    """ "sides", "terms": the sides of a relation or their terms; "left sides" of the left one."""
    which, _, what = of.rpartition(" ")
    parts = chain.parts if not which else _on(chain, which)
    if what == "terms":
        parts = tuple(t for p in parts for t in (p.args if isinstance(p, Add) else (p,)))
    return [expr_ascii(part) for part in parts]


def _cancelled(rest: str) -> str:
    found = _CANCELLED.search(rest)
    return found[0] if found else ""


def _on(chain: Chain, side: str) -> tuple[Expr, ...]:
    """The parts of a chain that "the left side" may mean."""
    if len(chain.parts) == 2:
        return chain.parts[:1] if side.lower() == "left" else chain.parts[1:]
    return chain.parts[:-1] if side.lower() == "left" else chain.parts[1:]


def _is_square(expr: Expr) -> bool:
    return isinstance(expr, Pow) and expr.exponent % 2 == 0


def _has_squares(chain: Chain) -> bool:
    return any(_seen(part) for part in chain.parts)


def _seen(expr: Expr) -> bool:
    """Does a square, or a sum of squares, occur in the expression?"""
    match expr:
        case Add(args) | Mul(args):
            return visible(expr) or any(map(_seen, args))
        case Div(one, two):
            return _seen(one) or _seen(two)
        case Neg(inner):
            return _seen(inner)
        case _:
            return visible(expr)
