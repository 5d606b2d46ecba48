r"""Sets that problem texts name: $a, b \in \mathbb{R}^+$, $x \in [0, 1]$.

R^+ is the positive numbers. R_+ is refused: some write it for numbers >= 0 and some for > 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .parse import Unreadable

NAME = r"[A-Za-z](?:_\{?\d{1,2}\}?|\d{1,2})?"
NAMES = re.compile(rf"{NAME}(?:\s*,\s*(?:and\s+)?{NAME}|\s+and\s+{NAME})*")
_IN = re.compile(rf"({NAMES.pattern})\s*\\in(?![A-Za-z])\s*(.+)", re.DOTALL)
_SPACES = re.compile(r"\\[ ,;:!]|\\q?quad(?![A-Za-z])|\s+")
_REALS = {
    "R": "real",
    "R^+": "positive",
    "R^{+}": "positive",
    "R^*_+": "positive",
    "R_+^*": "positive",
    "R_{>0}": "positive",
    "R^{>0}": "positive",
    "R^+_0": "nonnegative",
    "R_0^+": "nonnegative",
    r"R_{\ge0}": "nonnegative",
    r"R_{\geq0}": "nonnegative",
    r"R^{\ge0}": "nonnegative",
    r"R^{\geq0}": "nonnegative",
}
_NUMBER = r"-?\d{1,6}(?:\.\d{1,6}|/\d{1,6})?"
_INTERVAL = re.compile(
    rf"([(\[\]])({_NUMBER})[,;]({_NUMBER}|\+?\\infty)([)\[\]])"
)  # ]0, 1[ is (0, 1)


@dataclass(frozen=True, slots=True)
class Membership:
    """Names, the word for their domain, and bounds on each of them."""

    names: str
    domain: str
    bounds: tuple[str, ...] = ()


def spaced(text: str) -> str:
    """The text with LaTeX's spaces as plain ones."""
    return _SPACES.sub(" ", text).strip()


def read_membership(text: str) -> Membership | None:
    r"""What "names \in set" says; None where it is no such thing.

    Raises:
        Unreadable: for a set that is not known here.
    """
    found = _IN.fullmatch(spaced(text))
    if found is None:
        return None
    names = found[1]
    inside = re.sub(r"\s|\\(?:left|right)(?![A-Za-z])", "", found[2])
    bare = re.sub(r"\{?(?:\\mathbb(?:\{R\}|R)|\\R(?![A-Za-z])|ℝ)\}?", "R", inside)
    if bare in _REALS:
        return Membership(names, _REALS[bare])
    interval = _INTERVAL.fullmatch(inside)
    if interval is None or (interval[3].endswith("infty") and interval[4] == "]"):
        raise Unreadable(r"a set that is not known here (R^+ is, R_+ is read in two ways)", 0, text)
    opening, low, high, closing = interval.groups()
    parts = [part.strip() for part in re.split(r",|\band\b", names) if part.strip()]
    bounds = [f"{part} {'>=' if opening == '[' else '>'} {low}" for part in parts]
    if not high.endswith("infty"):
        bounds += [f"{part} {'<=' if closing == ']' else '<'} {high}" for part in parts]
    return Membership(names, "real", tuple(bounds))
