"""What is to be proved: variables, domain, hypotheses, goal. Read once, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .syntax import Chain, Unreadable, parse_chain, variable_keys

DOMAINS = ("positive", "nonnegative", "real", "triangle")


@dataclass(frozen=True, slots=True)
class Statement:
    """For all values of the variables in the domain that satisfy the hypotheses: the goal."""

    variables: tuple[str, ...]
    domain: str
    given: tuple[Chain, ...]
    goal: Chain

    @staticmethod
    def parse(variables: Sequence[str], domain: str, given: Sequence[str], goal: str) -> Statement:
        """Read a statement; raises Unreadable(reason, position, text)."""
        if isinstance(variables, str) or isinstance(given, str):
            raise Unreadable("variables and given must be lists of texts")
        if domain not in DOMAINS:
            raise Unreadable(f"the domain {str(domain)[:40]!r} is none of {', '.join(DOMAINS)}")
        names = tuple(variables)
        variable_keys(names)
        if domain == "triangle" and len(names) != 3:
            raise Unreadable("a triangle has three sides: the domain needs three variables")
        if len(given) > 8:
            raise Unreadable("more than 8 hypotheses")
        hypotheses = tuple(parse_chain(text, names) for text in given)
        return Statement(names, domain, hypotheses, parse_chain(goal, names))
