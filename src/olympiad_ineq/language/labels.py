"""What stands around a problem and is no part of it: a label, a source, the question of equality.

A source is names, years and numbers in brackets, or after "Proposed by". Any word that could belong
to the problem makes it none: "(Integers)" or "(If a = b)" is left for the reader to refuse.
"""

from __future__ import annotations

import re

from .segments import vocabulary

_LABEL = re.compile(
    r"\s*(?:(?:Problem|Exercise|Example|Question)\s+\d{1,4}(?:\.\d{1,4})*\s*[.:)]?"
    r"|\d{1,4}(?:\.\d{1,4})*\s*\*?\s*[.)])\s"
)
_BRACKETS = r"[(\[]\s*([^()\[\]$\\]{1,120}?)\s*[)\]]"
_HEAD = re.compile(rf"\s*{_BRACKETS}\s*[.:,]?\s+(?=[A-Z$\\])")
_TAIL = re.compile(rf"{_BRACKETS}\s*\.?\s*$")
_PROPOSED = re.compile(
    r"(?:\[i\]|\()? ?(?:Proposed|Suggested|Submitted) by\s+([^$\\()\[\]<>=]{1,120}?)\s*"
    r"(?:\[/i\]|\))?\s*$"
)
_WORD = re.compile(r"[^\W\d_][\w.'’-]*|\d{1,4}|[,./&#:-]|\s+")
_SMALL = vocabulary("of the de von and by for in la al ii iii iv el van der proposed author")
_MEANING = vocabulary(
    "let given if suppose assume assuming with such satisfying where for whenever when under "
    "consider fix all every some any no not never only except unless or iff otherwise integer "
    "integers natural naturals rational rationals real reals complex prime primes positive "
    "negative nonnegative nonpositive nonzero distinct different equal unequal odd even finite "
    "infinite maximum minimum prove show disprove find determine false true equality hint note "
    "constant small large both neither either one two three four five zero numbers number acute "
    "strict sharp weak weaker stronger reverse reversed converse opposite negation contrary modulo "
    "mod percent approximately almost irrational irrationals nonneg negatives positives units "
    "whole right obtuse triangle sides angles sequence function functions sum product"
)
_EQUALITY = re.compile(
    r"(?:(?:When|In which cases?|For which values|For what values) (?:do(?:es)?|is) (?:the )?"
    r"equality (?:hold|holds|occur|attained)\?"
    r"|(?:Also,? )?(?:Determine|Find|State)(?: also)? (?:when|all cases of|the cases? of|the cases "
    r"when|when the) equality(?: holds| occurs| is attained)?\.)\s*$",
    re.IGNORECASE,
)


def _source(text: str) -> bool:
    """Names, years, numbers and small words: what a source is made of."""
    at, names = 0, 0
    for token in _WORD.finditer(text):
        if token.start() != at:
            return False
        at, word = token.end(), token.group().strip(".'’-")
        if not word or not word[0].isalpha():
            names += word.isdigit() and len(word) == 4
            continue
        if word.lower() in _MEANING:
            return False
        if word[0].isupper() and len(word) > 1:
            names += 1
        elif word.lower() not in _SMALL and not (word[0].isupper() and token.group()[-1] == "."):
            return False
    return at == len(text) and names > 0


def inner(text: str) -> tuple[int, int]:
    """Where the problem itself begins and ends."""
    start, end = 0, len(text)
    label = _LABEL.match(text)
    start = label.end() if label else 0
    head = _HEAD.match(text, start)
    if head and _source(head[1]):
        start = head.end()
    for tail in (_PROPOSED, _TAIL, _EQUALITY, _TAIL):
        found = tail.search(text, start, end)
        if found and (tail is _EQUALITY or _source(found[1])):
            end = found.start()
    return start, end
