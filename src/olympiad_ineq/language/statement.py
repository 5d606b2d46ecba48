"""Ordinary problem texts to statements. What cannot be placed is refused, never left out.

A checker that reads something else than what was written is worse than one that reads nothing. So
every word must be in the vocabulary below, every piece of mathematics must be a list of names or a
relation, and every relation gets its role from the words before it: after "prove that", "then",
"we have" it is the goal, after "let", "with", "such that", "if", "for" a hypothesis. "With sum 3"
and "whose product is 1" speak of all variables. There is one goal and one list of variables; "or",
"not", "some", "unless", "sum of squares", an integer, a second goal or an absolute value make the
text unreadable, with the place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .labels import inner
from .membership import NAME, NAMES, read_membership, spaced
from .parse import Unreadable, parse_chain, parse_statement, quoted
from .segments import MAX_TEXT, RELATION, segments, split_list, vocabulary
from .spelling import chain_ascii


@dataclass(frozen=True, slots=True)
class ProblemFields:
    variables: tuple[str, ...]
    domain: str
    given: tuple[str, ...]
    goal: str


_ASK = vocabulary("prove show establish verify demonstrate")
_THEN = vocabulary("then have")
_ASSUME = vocabulary(
    "let given if suppose assume with such satisfying satisfy satisfies satisfied where for "
    "whenever when under subject consider fix"
)
_DOMAIN = vocabulary("positive positives nonnegative real reals triangle")
_PLURAL = {"reals": "real", "positives": "positive"}
_NEUTRAL = vocabulary(
    "that the following inequality we be are is and all any every each of to always holds hold "
    "true valid it condition conditions constraint constraints number numbers variables values "
    "side sides length lengths denote arbitrary also strictly so below"
)
_ANNOUNCING = vocabulary("that the we inequality following holds hold is true valid")
_BEFORE_NAMES = vocabulary("all any every the number numbers variables") | _DOMAIN | {":"}
_TOTALS = {"sum": "+", "product": "*"}
_OWNING = vocabulary("with have has having whose their")  # "with sum 1", "whose product is 1"
_BEING = vocabulary("is equals equal to of")
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5}
_REL = r"(?:>=|<=|[<>≥≤⩾⩽≧≦]|\\(?:geq?|geqq|geqslant|gt|leq?|leqq|leqslant|lt)(?![A-Za-z]))"
_BOUND = re.compile(rf"({NAME})\s*({_REL})\s*(\d+(?:\.\d+)?)")
_ORDERED = re.compile(
    rf"(?:\d+(?:\.\d+)?\s*{_REL}\s*)?{NAME}(?:\s*{_REL}\s*{NAME})+(?:\s*{_REL}\s*\d+(?:\.\d+)?)?"
)
_UP = r"(?:<=|[<≤⩽≦]|\\(?:le|leq|leqslant|lt)(?![A-Za-z]))"
_BETWEEN = re.compile(
    rf"(\d+(?:\.\d+)?)\s*({_UP})\s*({NAME}(?:\s*,\s*{NAME})*)\s*({_UP})\s*(\d+(?:\.\d+)?)"
)
_TOKEN = re.compile(
    rf"(?P<name>{NAME})(?![A-Za-z])|(?P<word>[A-Za-z]+(?:['’][a-z]+)?)|(?P<mark>[.,:;])"
    r"|(?P<space>\s+)|(?P<other>.)",
    re.DOTALL,
)
_SIGN = dict.fromkeys((">", r"\gt"), "positive") | dict.fromkeys(
    (">=", "≥", "⩾", "≧", r"\ge", r"\geq", r"\geqq", r"\geqslant"), "nonnegative"
)
_ORDER = ("real", "nonnegative", "positive", "triangle")


def read_problem(text: str) -> ProblemFields:
    """Variables, domain, hypotheses and goal of an ordinary problem text.

    A label before it, the source in brackets after it, and the question when equality holds are
    passed over.

    Raises:
        Unreadable: with the place of what could not be placed.
    """
    if len(text) > MAX_TEXT:
        raise Unreadable(f"longer than {MAX_TEXT} characters", MAX_TEXT, text[:100])
    return _Problem(text, *inner(text)).fields()


@dataclass(frozen=True, slots=True)
class _Item:
    """A word, a mark (.,:;), names, a relation, or mathematics of another kind."""

    kind: str
    text: str
    position: int


class _Problem:
    def __init__(self, text: str, start: int, end: int) -> None:
        self.text = text
        self.items = list(self.scan(start, end))
        self.variables: tuple[str, ...] = ()
        self.domains: set[str] = set()
        self.sides = False
        self.given: list[str] = []
        self.goal = ""
        self.count = 0

    def fail(self, reason: str, position: int) -> Unreadable:
        shown = self.text[max(0, position - 20) : position + 60]
        return Unreadable(f"{reason}, near {quoted(shown, 80)}", position, self.text[:200])

    # -- cutting -------------------------------------------------------------------------------

    def scan(self, start: int, end: int) -> Iterator[_Item]:
        """The items in order; names that only commas or "and" separate are one list."""
        names: _Item | None = None
        between: list[_Item] = []
        for item in self.pieces(start, end):
            if item.kind == "names":
                if names is not None and not between:
                    yield names
                if names is None or not between:
                    names = item
                else:
                    names = _Item("names", f"{names.text}, {item.text}", names.position)
                between = []
            elif names is not None and (item.text in (",", "and")):
                between.append(item)
            else:
                if names is not None:
                    yield names
                    yield from between
                    names, between = None, []
                yield item
        if names is not None:
            yield names
        yield from between

    def pieces(self, start: int, end: int) -> Iterator[_Item]:
        for segment in segments(self.text[:end]):
            position = segment.position
            if segment.kind == "math":
                if position < start:
                    raise self.fail("mathematics in the label", position)
                raw = segment.text.strip().rstrip(".,;: ")
                try:
                    member = read_membership(raw)
                except Unreadable as error:
                    raise self.fail(error.reason, position) from None
                if member is not None:
                    yield _Item("names", member.names, position)
                    yield _Item("word", member.domain, position)
                    yield from (_Item("relation", text, position) for text in member.bounds)
                    continue
                kind = "names" if NAMES.fullmatch(spaced(raw)) else "other"
                yield _Item("relation" if RELATION.search(raw) else kind, spaced(raw), position)
                continue
            skipped = max(0, start - position)
            yield from self.words(segment.text[skipped:], position + skipped)

    def words(self, text: str, start: int) -> Iterator[_Item]:
        tokens = list(_TOKEN.finditer(text))
        for i, token in enumerate(tokens):
            kind, value, position = token.lastgroup, token.group(), start + token.start()
            if kind == "name":
                rest = text[token.end() :].lstrip(" ").lower()
                if value in "aA" and re.match(r"(?:triangle|positive|real|non-?\s?negative)", rest):
                    continue  # the article
                yield _Item("names", value, position)
            elif kind == "word":
                word = value.lower()
                if word == "negative" and re.search(r"\bnon[- ]?$", text[: token.start()], re.I):
                    continue  # said by "non"
                if word == "non" and re.match(r"[- ]?negative\b", text[token.end() :], re.I):
                    word = "nonnegative"
                yield _Item("word", word, position)
            elif kind == "mark":
                yield _Item("mark", value, position)
            elif kind == "other" and not (value in "-‐" and self._hyphen(tokens, i)):
                raise self.fail(f"the character {value!r} outside of mathematics", position)

    @staticmethod
    def _hyphen(tokens: Sequence[re.Match[str]], i: int) -> bool:
        """Is this the hyphen of "non-negative" or "side-lengths"?"""
        if not 0 < i < len(tokens) - 1:
            return False
        before, after = (tokens[j].group().lower() for j in (i - 1, i + 1))
        return before == "non" or (before == "side" and after in ("length", "lengths"))

    # -- placing -------------------------------------------------------------------------------

    def fields(self) -> ProblemFields:
        self.place()
        if not self.variables:
            raise self.fail("the variables are not declared", 0)
        if not self.goal:
            raise self.fail("there is no relation to prove", 0)
        if self.count not in (0, len(self.variables)):
            raise self.fail(f"{self.count} numbers, and {len(self.variables)} names", 0)
        if self.sides != ("triangle" in self.domains):
            raise self.fail("sides, and no triangle (or the other way round)", 0)
        domain = self.domain()
        given = tuple(self.ascii(text) for text in self.given)
        goal = self.ascii(self.goal)
        parse_statement(self.variables, domain, given, goal)
        return ProblemFields(self.variables, domain, given, goal)

    def domain(self) -> str:
        """What the words say and what bounds by 0 say; such bounds are then no hypotheses."""
        signs: dict[str, str] = {}
        for relation in self.given:
            found = _BOUND.fullmatch(relation)
            if found and found[3] == "0" and found[2] in _SIGN:
                signs[_clean(found[1])] = _SIGN[found[2]]
        if set(signs) == set(self.variables):
            self.domains.add(min(signs.values(), key=_ORDER.index))
        if not self.domains:
            raise self.fail("the domain of the variables is not said", 0)
        domain = max(self.domains, key=_ORDER.index)
        rank = _ORDER.index(domain)
        self.given = [g for g in self.given if not self.implied(g, rank)]
        return domain

    @staticmethod
    def implied(relation: str, rank: int) -> bool:
        found = _BOUND.fullmatch(relation)
        sign = _SIGN.get(found[2]) if found and found[3] == "0" else None
        return sign is not None and _ORDER.index(sign) <= rank

    def ascii(self, relation: str) -> str:
        return chain_ascii(parse_chain(relation, self.variables))

    def place(self) -> None:
        """Give every item its role."""
        self.declare()
        self.items = self.totals(self.items)
        role = ""  # of the next relation: "goal", "given", "done" after the goal, or none
        asked = alone = False
        sentence: set[str] = set()
        for i, item in enumerate(self.items):
            if item.kind == "word":
                following = self.items[i + 1].text if i + 1 < len(self.items) else ""
                role, asked = self.word(item, role, asked, following)
                sentence |= {item.text} & _DOMAIN
            elif item.text == ".":
                self.declared_with(sentence, i)
                sentence = set()
                role = role if role == "goal" else ""
            elif item.kind == "relation":
                parts = self.parts(item)
                alone = len(parts) == 1 and self.after_comma(i)
                role = self.relation(parts, role, item)
            elif item.kind == "other":
                raise self.fail("mathematics that is no relation", item.position)
        self.declared_with(sentence, len(self.items))
        if asked and not self.goal and alone and self.given:
            self.goal = self.given.pop()  # "Prove that for ... with ..., goal"

    def totals(self, items: Sequence[_Item]) -> list[_Item]:
        """Sums and products in words as relations: "with sum 3", "the product of ... is 1"."""
        found: list[_Item] = []
        rest = list(items)
        while rest:
            item = rest.pop(0)
            if item.kind == "word" and item.text in _TOTALS:
                self.total(item, found, rest)
            else:
                found.append(item)
        return found

    def total(self, item: _Item, found: list[_Item], rest: list[_Item]) -> None:
        """One of them: what belongs to it goes from both lists, the relation into `found`."""
        while found and found[-1].text == "the":
            found.pop()
        owner = found[-1].text if found else "."
        again = owner == "and" and found[-2].kind == "relation"  # "with sum 3 and product 1"
        if self.asking(found) and owner not in ("with", "having", "whose"):
            raise self.fail(f"the {item.text} to prove in words", item.position)
        if owner in _OWNING or again:
            found.pop()
        elif owner in (".", "that", "if") and rest and rest[0].text == "of":
            rest.pop(0)
            while rest and rest[0].text in _BEFORE_NAMES:
                found.append(rest.pop(0))
            if not rest or rest[0].kind != "names":
                raise self.fail(f"the {item.text} of what is not said", item.position)
            found.append(rest.pop(0))
        else:
            raise self.fail(f"the word {item.text!r} is not understood", item.position)
        while rest and rest[0].text in _BEING:
            rest.pop(0)
        number = rest.pop(0) if rest else item
        if number.kind != "other" or not re.fullmatch(r"\d+(?:/\d+)?", number.text):
            raise self.fail(f"the {item.text} is no number", item.position)
        total = _TOTALS[item.text].join(self.variables)
        found.append(_Item("word", "with", item.position))
        found.append(_Item("relation", f"{total} = {number.text}", item.position))

    @staticmethod
    def asking(found: Sequence[_Item]) -> bool:
        """Is the sentence, as far as it goes, about what is to be proved?"""
        for item in reversed(found):
            if item.text == "." or item.text in _ASSUME:
                return False
            if item.text in _ASK | _THEN - {"have"}:
                return True
        return False

    def relation(self, parts: list[str], role: str, item: _Item) -> str:
        if role == "goal":
            if len(parts) > 1:
                raise self.fail("two relations to prove", item.position)
            self.goal = parts[0]
            return "done"
        if role != "given" and not all(_BOUND.fullmatch(part) for part in parts):
            raise self.fail("a relation neither assumed nor to be proved", item.position)
        if role == "done":
            raise self.fail("a relation after the goal", item.position)
        self.given += parts
        return role

    def word(self, item: _Item, role: str, asked: bool, following: str) -> tuple[str, bool]:
        word = item.text
        if word in _ASK or (word in _THEN and not self.goal):
            if self.goal:
                raise self.fail("something more to prove", item.position)
            return "goal", True
        if word in _ASSUME:
            return "given", asked
        self.sides |= word in ("side", "sides")
        if word in _COUNTS and following in _DOMAIN | {"numbers", "variables"}:
            self.count = _COUNTS[word]
        elif word in _DOMAIN:
            self.domains.add(_PLURAL.get(word, word))
        elif word not in _NEUTRAL:
            raise self.fail(f"the word {word!r} is not understood", item.position)
        return role, asked

    def declare(self) -> None:
        """The variables: from the list of names, or from bounds such as "a, b > 1"."""
        for item in self.items:
            if item.kind == "names":
                names = _names(item.text)
                if self.variables and set(names) != set(self.variables):
                    raise self.fail("some of the variables are declared apart", item.position)
                self.variables = self.variables or names
        if self.variables:
            return
        relations = [i for i in self.items if i.kind == "relation"]
        asked = next((i.position for i in self.items if i.text in _ASK), len(self.text))
        before = [i for i in relations if i.position < asked] or relations[:-1]
        said = [item for item in self.items if item.text not in _BEFORE_NAMES]
        after = [j for i, j in pairwise(said) if i.text in ("where", "for", "if", "when", "given")]
        where = [item for item in after if item.kind == "relation"]
        found = self.bounded(before) or self.ordered(before) or self.bounded(where)
        self.variables = tuple(found)
        self.domains |= {"real"} if found else set()

    def bounded(self, relations: Sequence[_Item]) -> dict[str, None]:
        """The names in bounds such as "a, b > 1"."""
        bounds = [_BOUND.fullmatch(part) for item in relations for part in self.parts(item)]
        return {_clean(bound[1]): None for bound in bounds if bound}

    @staticmethod
    def ordered(relations: Sequence[_Item]) -> dict[str, None]:
        """The names in "a > b > 0" or "1 >= a >= b", where nothing else declares them."""
        found: dict[str, None] = {}
        for item in relations:
            if _ORDERED.fullmatch(item.text.strip()):
                for name in re.findall(rf"(?<![\\A-Za-z]){NAME}(?![A-Za-z])", item.text):
                    found[_clean(name)] = None
        return found

    def declared_with(self, words: set[str], end: int) -> None:
        """Words such as "positive" must stand in a sentence that names the variables."""
        if not words:
            return
        for item in reversed(self.items[:end]):
            if item.text == ".":
                break
            if item.kind == "names":
                return
            if item.kind == "relation" and any(_BOUND.fullmatch(p) for p in self.parts(item)):
                return
        raise self.fail(f"what is {' '.join(sorted(words))} is not said", 0)

    def parts(self, item: _Item) -> list[str]:
        """The relations of a piece: "x, y > 0" is two, and so is "x+y = 1, xy = 2"."""
        found: list[str] = []
        waiting: list[str] = []
        between = _BETWEEN.fullmatch(item.text.strip().rstrip("."))
        if between and "," in between[3]:  # "0 <= a, b <= 1"
            low, one, names, two, high = between.groups()
            bounds = [(f"{low} {one} {n}", f"{n} {two} {high}") for n in split_list(names)]
            return [self.turned(first) for first, _ in bounds] + [last for _, last in bounds]
        for piece in split_list(item.text):
            if RELATION.search(piece):
                head = re.match(rf"({NAME})\s*(?={_REL})", piece)
                if waiting and head is None:
                    raise self.fail("a list that is not all relations", item.position)
                found += [name + piece[len(head[1]) :] for name in waiting if head]
                found.append(piece)
                waiting = []
            elif re.fullmatch(NAME, piece):
                waiting.append(piece)
            else:
                raise self.fail("a list that is not all relations", item.position)
        if waiting:
            raise self.fail("a list that is not all relations", item.position)
        return found

    @staticmethod
    def turned(bound: str) -> str:
        """ "0 <= a" as "a >= 0"."""
        low, sign, name = bound.split(" ")
        return f"{name} {'>' if sign in ('<', chr(92) + 'lt') else '>='} {low}"

    def after_comma(self, index: int) -> bool:
        """Is the relation set apart from what is before, so that it is no condition on it?

        By a comma (and "that", "we"), by "the inequality holds", or as it follows mere names.
        """
        before = self.items[max(0, index - 6) : index]
        said = False
        while before and before[-1].text in _ANNOUNCING:
            said |= before.pop().text == "inequality"
        if not before or before[-1].text in _ASSUME:  # "satisfying the inequality" is a condition
            return False
        return said or before[-1].text in (",", ":") or before[-1].kind == "names"


def _names(text: str) -> tuple[str, ...]:
    parts = re.split(r",|\band\b", text)
    return tuple(_clean(part) for part in parts if part.strip())


def _clean(name: str) -> str:
    return re.sub(r"[{}\s]", "", name)
