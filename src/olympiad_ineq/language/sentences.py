"""A proof's text as sentences, and what a sentence says before each of its relations.

A sentence is words and mathematics in order; where its words are one text, each piece of
mathematics in them is \\0. "X \\implies Y" is cut at the arrow: its two relations are read apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from .blocks import CASE_LABEL
from .segments import RELATION, Segment, segments, split_list

LABEL = re.compile(  # "(2) By ...", "2. By ...", "- By ..."; not "(2) and (3) give ..."
    r"^\s*(?:\((\d{1,3})\)(?!\s*(?:and|times|with|,|&|gives?|implies|imply|yields?|is|are)\b|\s*[,&])"
    r"|(?:Step\s+)?(\d{1,3})[.):]|[-*•])\s*",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    r"(?<=[.;!?])(?<!\bi\.e\.)(?<!\be\.g\.)\s+|\n\s*\n|\n(?=\s*(?:\(\d{1,3}\)|\d{1,3}[.)]|Step\s|[-*•]\s))"
)
_NEW = re.compile(r"\s{0,9}\n\s{0,9}(?:[A-Z][a-z]+|\*\*|#)")  # after a display without a full stop
_GAP = r"(?:\\q?quad|\\[;, ]|\s){0,9}"
_ARROW = re.compile(
    _GAP + r"\\(?:implies|Rightarrow|Longrightarrow|iff|Leftrightarrow)(?![A-Za-z])" + _GAP
)
_ALSO = re.compile(_GAP + r"\\text\{\s*and\s*\}" + _GAP)
_FOR_ALL = re.compile(r"\b(?:all|any|every|reals?|numbers?|variables|sides)\s*$", re.IGNORECASE)


def sentences(text: str, variables: Sequence[str], both: str) -> list[list[Segment]]:
    """The sentences; a display ends one by a full stop, or by a capital letter after it.

    `both` is the word for \\iff: where the goal is known, what stands before it may be an aim.
    """
    done: list[list[Segment]] = []
    current: list[Segment] = []
    for segment in _implications(segments(text.replace("\0", " "), variables), both):
        if segment.kind == "math":
            current.append(segment)
            if segment.text.rstrip().endswith("."):
                done.append(current)
                current = []
            continue
        if current and current[-1].kind == "math" and _NEW.match(segment.text):
            done.append(current)
            current = []
        at = 0
        for cut in _SENTENCE.finditer(segment.text):
            piece = segment.text[at : cut.start()]
            if LABEL.fullmatch(piece + " ") or CASE_LABEL.fullmatch(piece):  # no sentence
                continue
            current.append(Segment("words", piece, segment.position + at))
            done.append(current)
            current, at = [], cut.end()
        if segment.text[at:].strip():
            current.append(Segment("words", segment.text[at:], segment.position + at))
    return [s for s in [*done, current] if any(x.text.strip() for x in s)]


def _implications(found: list[Segment], both: str) -> list[Segment]:
    """ "X \\implies Y" is two relations: X, which has to be shown as any other, and Y from it.

    `both` is the word for \\iff: where the goal is known, X may be an aim.
    """
    done: list[Segment] = []
    for segment in found:
        at = 0
        text = segment.text if segment.kind == "math" else ""
        cuts = [*_ARROW.finditer(text), *_ALSO.finditer(text)]
        for cut in sorted(cuts, key=re.Match.start):
            piece = segment.text[at : cut.start()].strip()
            done.append(Segment("math", piece, segment.position + at))
            said = " and " if "text" in cut[0] else both if "iff" in cut[0] else " implies "
            done.append(Segment("words", said, segment.position + cut.start()))
            at = cut.end()
        rest = segment.text[at:].strip() if at else segment.text
        if rest or not at:
            done.append(replace(segment, text=rest, position=segment.position + at))
    return done


def clauses(rest: str, maths: list[Segment], trailing: bool = False) -> dict[int, str]:
    """The words before each relation, from the relation before it on; after the last, with it.

    Of several relations the last has the words after it where these are "by ...", if `trailing`.
    """
    found: dict[int, str] = {}
    words, last = "", None
    pieces = rest.split("\0")
    for piece, m in zip(pieces, maths, strict=False):
        words += piece
        if RELATION.search(m.text):
            found[m.position], words, last = words, "", m.position
        else:
            words += "\0"
    by = trailing and re.match(r"\s*by\b", pieces[-1], re.IGNORECASE)
    if last is not None and (len(found) == 1 or by):
        found[last] += words + pieces[-1]
    return found


def listed(rest: str, maths: list[Segment], variables: Sequence[str]) -> dict[int, list[Segment]]:
    """What is named before each relation for a theorem: "AM-GM on $a^2$ and $b^2$"."""
    found: dict[int, list[Segment]] = {}
    names: list[Segment] = []
    for words, m in zip(rest.split("\0"), maths, strict=False):
        if RELATION.search(m.text):
            found[m.position], names = names, []
        elif not (_FOR_ALL.search(words) and set(split_list(m.text)) <= set(variables)):
            names.append(m)
    return found


def shown(words: str) -> str:
    return words.replace("\0", "...").strip()[:200]
