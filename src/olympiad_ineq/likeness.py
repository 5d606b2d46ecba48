"""How alike two problem texts are: for near-duplicates and for held-out problems in the data.

A text is compared by its mathematics alone, in runs of tokens, with the variables renamed in the
order of their appearance. So "let a, b, c be positive reals such that" says nothing, and neither
do other names, spacing or another wording. MinHash (datasketch) finds the pairs worth a look; the
exact Jaccard similarity decides.
"""

import re
from collections.abc import Iterable

from datasketch import LeanMinHash, MinHash, MinHashLSH

from olympiad_ineq.language.parse import Unreadable
from olympiad_ineq.language.segments import RELATION, segments

RUN = 4  # tokens to a shingle
PERMUTATIONS = 64
SEED = 1

_TOKEN = re.compile(r"\\[A-Za-z]+|\d+|[A-Za-z]|[^\sA-Za-z\d]")
_LAYOUT = re.compile(
    r"\\(?:left|right|[bB]ig[lr]?|displaystyle|limits|cdot|times|[,;!: ])(?![A-Za-z])"
)
_SAME = {"\\geq": "\\ge", "\\geqslant": "\\ge", "≥": "\\ge", "\\leq": "\\le", "\\leqslant": "\\le",
         "≤": "\\le", "\\dfrac": "\\frac", "\\tfrac": "\\frac", "*": ""}  # fmt: skip
_DOMAIN = re.compile(r"[\s,A-Za-z_\d{}]*(?:(?:>=?|\\geq?|≥)\s*0)?\s*")


def shingles(text: str) -> frozenset[str]:
    """The runs of tokens of a text's mathematics; empty if it says none."""
    try:
        maths = [s.text for s in segments(text) if s.kind == "math"]
    except Unreadable:
        maths = [text]
    tokens: list[str] = []
    names: dict[str, str] = {}
    for piece in maths:
        if _DOMAIN.fullmatch(piece) or not RELATION.search(piece):
            continue  # "a, b, c" and "a, b, c > 0" stand in every problem
        for token in _TOKEN.findall(_LAYOUT.sub(" ", piece)):
            token = _SAME.get(token, token)
            if len(token) == 1 and token.isalpha():
                token = names.setdefault(token, f"x{len(names)}")
            if token:
                tokens.append(token)
        tokens.append(";")
    if len(tokens) < RUN:
        return frozenset()
    return frozenset(" ".join(tokens[i : i + RUN]) for i in range(len(tokens) - RUN + 1))


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Common shingles among all; 0 where either has none."""
    return len(one & other) / len(one | other) if one and other else 0.0


class Index:
    """Texts seen so far; asks which of them a text is like.

    Args:
        threshold: the least Jaccard similarity of what counts as alike.
    """

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        # Below the threshold: MinHash estimates, and what it misses is never looked at.
        self._lsh = MinHashLSH(threshold=max(0.1, threshold - 0.1), num_perm=PERMUTATIONS)
        self._shingles: dict[str, frozenset[str]] = {}

    def find(self, text: str) -> str | None:
        """The name of a text in the index that is like this one, the first in order of names."""
        own = shingles(text)
        if not own:
            return None
        near = sorted(self._lsh.query(_minhash(own)))
        return next((n for n in near if jaccard(own, self._shingles[n]) >= self._threshold), None)

    def add(self, name: str, text: str) -> None:
        """Put a text in, under a name not used before."""
        own = shingles(text)
        if own:
            self._shingles[name] = own
            self._lsh.insert(name, _minhash(own), check_duplication=False)


def _minhash(items: Iterable[str]) -> LeanMinHash:
    made = MinHash(num_perm=PERMUTATIONS, seed=SEED)
    made.update_batch([item.encode() for item in items])
    return LeanMinHash(made)
