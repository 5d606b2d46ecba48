"""Find the JSON object in what a model said, however it wrapped it."""

import json
import math
import re
from collections.abc import Iterator, Sequence

from olympiad_ineq.records import Json

LONGEST = 60_000  # characters looked at; an answer is bounded by its token budget long before

# LaTeX commands that begin like a JSON escape (\f, \n, \t, \b, \r, \u): a model that forgot to
# write the backslash twice means the command.
_COMMANDS = (
    "frac|forall|flat|neq?|nu|nabla|not|notin|ne|text|textbf|textit|times|to|tfrac|tan|theta|tau|"
    "therefore|top|triangle|beta|binom|bar|big|Big|bigg|because|begin|bmod|boxed|bullet|"
    "right|rho|rightarrow|Rightarrow|rangle|rceil|rfloor|rVert|rvert|upsilon|uparrow|underbrace|"
    "underline|union"
)
_BARE_COMMAND = re.compile(rf"(?<!\\)((?:\\\\)*)\\(?=(?:{_COMMANDS})(?![a-z]))")
_BAD_ESCAPE = re.compile(r'(?<!\\)((?:\\\\)*)\\(?!["\\/bfnrtu]|$)')
_BAD_UNICODE = re.compile(r"(?<!\\)((?:\\\\)*)\\u(?![0-9a-fA-F]{4})")


def find_object(text: str, needs: Sequence[str] = ()) -> Json | None:
    """The last JSON object in a text that has all keys of `needs`; None if there is none.

    The last, because a model that thinks aloud drafts before it answers. Reads through code fences
    and prose around it, line breaks within strings, and LaTeX whose backslashes are not doubled.
    """
    found = find_objects(text, needs)
    return found[-1] if found else None


def find_objects(text: str, needs: Sequence[str] = ()) -> list[Json]:
    """All outermost JSON objects in a text that have all keys of `needs`, in order."""
    found = _objects(mend(text[-LONGEST:]))
    return [candidate for candidate in found if all(name in candidate for name in needs)]


def mend(text: str) -> str:
    """Double the backslashes that JSON would misread or refuse."""
    for pattern in (_BARE_COMMAND, _BAD_ESCAPE):
        text = pattern.sub(r"\1\\\\", text)
    return _BAD_UNICODE.sub(r"\1\\\\u", text)


def _objects(text: str) -> Iterator[Json]:
    """The outermost JSON objects of a text, in order."""
    decoder = json.JSONDecoder(strict=False, parse_constant=_no_constant, parse_float=_finite)
    place = text.find("{")
    failures = 0
    while place >= 0 and failures < 200:
        try:
            value, end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            failures += 1
            end = place + 1
        else:
            if isinstance(value, dict):
                yield value
        place = text.find("{", end)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    if math.isinf(value := float(text)):
        raise ValueError(f"{text} is too large")
    return value
