"""A lemma in letters of its own: "for every real $t$, since $(t-1)^2 >= 0$, $t^2 >= 2t-1$".

Its steps prove it for the letters; where it is applied, it becomes a substitution for them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from olympiad_ineq.kernel.trees import Chain

from .parse import variable_keys
from .segments import Segment, split_list

_FOR_ALL = re.compile(
    r"\bfor (?:all|any|every|each)(?P<kind>(?: (?:positive|non-?negative|real))*)"
    r"(?: (?:numbers?|reals?|values?))* \0,?",
    re.IGNORECASE,
)
_BOUND = re.compile(r"(?P<names>[^<>=\\]+?)\s*(?P<op>>|\\geq?|>=|≥)\s*0[\s.,]*")
_APPLIED = re.compile(
    r"\b(?:apply\w*|using|taking|putting|setting|by)\b.{0,40}?\b(?:this|the lemma|it|the above)\b"
    r"|\bthis (?:inequality|estimate|result|lemma|fact) (?:to|for|with)\b",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(slots=True)
class Lemma:
    """Letters, what they range over, and the steps so far."""

    names: tuple[str, ...]
    domain: str
    steps: list[dict[str, object]] = field(default_factory=list)

    def step(self, images: Sequence[str]) -> dict[str, object]:
        """The reason for a claim: the lemma at these values."""
        return {
            "by": "substitute",
            "images": dict(zip(self.names, images, strict=True)),
            "domain": self.domain,
            "lemma": self.steps[-1]["claim"],
            "steps": self.steps,
        }


def opened(
    words: str, maths: Sequence[Segment], variables: Sequence[str]
) -> tuple[Lemma, str, list[Segment]] | None:
    """The lemma that "for every real $t$" opens, and the rest of its sentence."""
    plain = " ".join(words.split())
    found = _FOR_ALL.search(plain)
    if found is None:
        return None
    at = plain[: found.end()].count("\0") - 1
    bound = _BOUND.fullmatch(maths[at].text)
    letters = split_list(bound["names"] if bound else maths[at].text.rstrip(".,;: "))
    if not letters or not all(re.fullmatch(r"[A-Za-z]", name) for name in letters):
        return None
    if {*variable_keys(letters)} & {*variable_keys(variables)}:
        return None
    kind = found["kind"].lower().replace("-", "").split()
    domain = (
        "positive" if "positive" in kind else "nonnegative" if "nonnegative" in kind else "real"
    )
    if bound:
        domain = "positive" if bound["op"] == ">" else "nonnegative"
    rest = plain[: found.start()] + plain[found.end() :]
    return Lemma(tuple(letters), domain), rest, [*maths[:at], *maths[at + 1 :]]


def applied(words: str) -> bool:
    """Do these words apply what stands before, "applying this to"?"""
    return _APPLIED.search(words) is not None


def names_of(chain: Chain, variables: Sequence[str]) -> list[str]:
    """The variables that occur in a relation."""
    return [name for name in variables if f"'{name}'" in repr(chain.parts)]
