"""Problem texts to statements, and model proofs to verdicts: reading and checking together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from olympiad_ineq.language.parse import Unreadable, parse_chain, parse_statement

from .render import chain_ascii
from .segments import MAX_TEXT, RELATION, Segment, segments, split_list


@dataclass(frozen=True, slots=True)
class ProblemFields:
    variables: tuple[str, ...]
    domain: str
    given: tuple[str, ...]
    goal: str


_ASK = re.compile(r"\b(prove|show|establish|verify|demonstrate|we have|then)\b", re.IGNORECASE)
_STRONG_ASK = re.compile(r"\b(prove|show|establish|verify|demonstrate)\b", re.IGNORECASE)
_DOMAINS = (
    ("triangle", r"sides?\b.{0,20}\btriangle|triangle\b.{0,30}\bsides?"),
    ("nonnegative", r"non-?\s?negative"),
    ("positive", r"\bpositive\b"),
    ("real", r"\breals?\b"),
)
_OTHER = re.compile(
    r"\b(integers?|naturals?|natural numbers?|complex|primes?|digits?|matri\w+|functions?"
    r"|sequences?)\b",
    re.IGNORECASE,
)
_NAME = r"[A-Za-z](?:_\{?\d{1,2}\}?)?"
_NAMES = re.compile(rf"{_NAME}(?:\s*,\s*(?:and\s+)?{_NAME}|\s+and\s+{_NAME})*")
_BOUND = re.compile(rf"({_NAME}(?:\s*,\s*{_NAME})*)\s*(>=|≥|>|\\ge(?:q|qslant)?|\\gt)\s*0")


def read_problem(text: str) -> ProblemFields:
    """Variables, domain, hypotheses and goal of an ordinary problem text; or Unreadable."""
    if len(text) > MAX_TEXT:
        raise Unreadable(f"longer than {MAX_TEXT} characters", MAX_TEXT, text[:100])
    return _read_problem(text)


def _read_problem(text: str) -> ProblemFields:
    parts = segments(text)
    words = "".join(s.text if s.kind == "words" else " \0 " for s in parts)
    if _OTHER.search(words):
        raise Unreadable("it is not about real numbers", 0, text[:200])
    domain = next((d for d, p in _DOMAINS if re.search(p, words, re.IGNORECASE)), "")
    variables = _declared(text, parts)
    bounds: set[str] = set()  # texts such as "a, b > 0" that say the domain
    for s in parts:
        found = _BOUND.fullmatch(s.text.strip().rstrip(".,")) if s.kind == "math" else None
        if found is not None:
            names = tuple(_clean(v) for v in found[1].split(","))
            if not (domain and variables) or set(names) == set(variables):
                variables = variables or names
                domain = "positive" if found[2] in (">", r"\gt") else "nonnegative"
                bounds.add(found.group())
    given: list[str] = []
    goals: list[str] = []
    asked = False
    strong = bool(_STRONG_ASK.search(words))
    for s in parts:
        if s.kind == "words":
            asked |= bool((_STRONG_ASK if strong else _ASK).search(s.text))
            continue
        raw = s.text.strip().rstrip(".,;: ")
        if not RELATION.search(raw) or raw in bounds:
            continue
        pieces = split_list(raw)
        for piece in pieces if all(RELATION.search(p) for p in pieces) else [raw]:
            (goals if asked else given).append(chain_ascii(parse_chain(piece, variables)))
    if strong and asked and len(goals) > 1 and _STRONG_ASK.search(parts[0].text):
        given, goals = given + goals[:-1], goals[-1:]  # "Prove that for ... with ..., goal."
    if len(goals) != 1:
        raise Unreadable(f"expected one relation to prove, found {len(goals)}", 0, text[:200])
    parse_statement(variables, domain, given, goals[0])
    return ProblemFields(variables, domain, tuple(given), goals[0])


def _clean(name: str) -> str:
    return re.sub(r"[{}\s]", "", name)


def _declared(text: str, parts: Sequence[Segment]) -> tuple[str, ...]:
    """The names in the first list of bare names: "$a, b, c$", or "a, b, c" in plain words."""
    for s in parts:
        body = s.text.strip().rstrip(".,")
        if s.kind == "math" and _NAMES.fullmatch(body):
            return tuple(_clean(v) for v in re.split(r",|\band\b", body) if v.strip())
    plain = re.search(
        rf"(?:\b(?:[Ll]et|[Ff]or|[Ff]or all|[Ff]or any|[Ii]f|[Gg]iven|reals?|numbers?|sides)\s+)"
        rf"({_NAMES.pattern})(?![A-Za-z])",
        text,
    )
    if plain and "$" not in text:
        return tuple(_clean(v) for v in re.split(r",|\band\b", plain[1]) if v.strip())
    return ()
