"""How many tokens a prompt has, before any model or tokenizer is loaded.

With a vocabulary at hand (a file of tiktoken's form, as the vendors publish) the count is the
model's own; without one it is an estimate on the safe side.
"""

import base64
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from olympiad_ineq.llm.engine import Request

# Characters to a token over a whole prompt of ours (English, LaTeX, JSON), at the least: measured
# with the vocabularies of Qwen2.5 and Llama 3, see tests/llm/test_tokens.py.
CHARACTERS = 2.0
OF_A_TURN = 8  # control tokens around a message, at the most

# The split pattern that Qwen2.5 and Llama 3 share, but for how many digits stand together.
_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{digits}|"
    r" ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

Count = Callable[[str], int]


def count_tokens(request: Request, count: Count | None = None) -> int:
    """The tokens of a request's prompt with its control tokens, or a bound on them from above.

    Args:
        count: of a text; none: estimated from its length.
    """
    of = count or estimate
    if isinstance(request.prompt, str):
        return of(request.prompt)
    turns = sum(of(message.content) + OF_A_TURN for message in request.prompt)
    return turns + OF_A_TURN  # the answer's own beginning


def estimate(text: str) -> int:
    """More tokens than vocabularies in use make of a prompt as a whole."""
    return math.ceil(len(text) / CHARACTERS)


@cache
def vocabulary(path: Path, digits: int) -> Count:
    """A counter from a vocabulary file: lines of a token in base64 and its rank.

    Args:
        digits: how many digits may stand in one token (Qwen 1, Llama 3 three).
    """
    import tiktoken

    ranks = {
        base64.b64decode(token): int(rank)
        for token, rank in (line.split() for line in path.read_bytes().splitlines() if line)
    }
    encoding: Any = tiktoken.Encoding(
        path.stem,
        pat_str=_PATTERN.format(digits=f"{{1,{digits}}}"),
        mergeable_ranks=ranks,
        special_tokens={},
    )
    return lambda text: len(encoding.encode_ordinary(text))
