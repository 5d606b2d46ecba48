"""Prose cut into words and mathematics, with positions; display mathematics and bare relations too.

The text is hostile until proved otherwise: it is capped, walked once, and never evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from olympiad_ineq.language.parse import Unreadable

MAX_TEXT, MAX_PIECES = 20_000, 400


@dataclass(frozen=True, slots=True)
class Segment:
    kind: str  # "words" or "math"
    text: str
    position: int
    label: str = ""  # the number of a display, "1" for \\tag{1}


_MATH = re.compile(
    r"\$\$(?P<dd>.*?)\$\$|\$(?P<d>[^$]*)\$|\\\[(?P<b>.*?)\\\]|\\\((?P<p>.*?)\\\)"
    r"|\\begin\{(?P<env>align|aligned|equation|gather|eqnarray|multline)(?P<star>\*?)\}"
    r"(?P<body>.*?)\\end\{(?P=env)(?P=star)\}",
    re.DOTALL,
)
RELATION = re.compile(
    r"[<>=≥≤⩾⩽≧≦≠≈≡]|\\(?:ge|le|geq|leq|geqq|leqq|geqslant|leqslant|gt|lt|neq|ne|approx|equiv|sim|in|to"
    r"|implies|iff|Rightarrow|Leftrightarrow|Longrightarrow|Longleftrightarrow|impliedby|succ|prec"
    r"|ngeq|nleq|not)(?![A-Za-z])"
)
_BARE = re.compile(
    r"(?P<rel>>=|<=|[<>=≥≤⩾⩽≧≦]|\\(?:geqslant|leqslant|geqq|leqq|geq|leq|ge|le)(?![A-Za-z]))"
    r"|(?P<math>\\(?:d?frac|sqrt|cdot|times|left|right)(?![A-Za-z])|\\[,;!]"
    r"|[-+*/^()\[\]{}·×−]|\d+(?:\.\d+)?|[²³⁴√])"
    r"|(?P<word>[A-Za-z]+(?:_\{?\d+\}?)?)|(?P<space>[ \t]+)|(?P<other>.)",
    re.DOTALL,
)


def segments(text: str, letters: Sequence[str] | None = None) -> list[Segment]:
    """Words and mathematics in order. `letters` are the names that bare mathematics may use."""
    if text.count("$") + text.count("\\[") + text.count("\\(") + text.count("\\begin") > MAX_PIECES:
        raise Unreadable(f"more than {MAX_PIECES // 2} pieces of mathematics", 0, text[:100])
    found: list[Segment] = []
    at = 0
    for match in _MATH.finditer(text):
        found += _bare(text[at : match.start()], at, letters)
        group = next(g for g in ("dd", "d", "b", "p", "body") if match[g] is not None)
        found += _rows(match[group], match.start(group))
        at = match.end()
        if len(found) > MAX_PIECES:
            raise Unreadable(f"more than {MAX_PIECES} pieces of mathematics", at, text[:100])
    return found + _bare(text[at:], at, letters)


_TAG = re.compile(r"\\tag\{\s*\(?(\d{1,3})\)?\s*\}|\\q?quad\s*\((\d{1,3})\)\s*[.,;]?\s*$")


# What names a row: a label is not printed, a tag is a number with letters, or stars.
_UNSEEN = re.compile(
    r"\\tag\*?\{\s*\(?(?:[A-Za-z]?\d{0,3}|\d{1,3}[A-Za-z]|[ivxIVX]{1,4})\)?['*†]{0,3}\s*\}"
    r"|\\label\{[\w:.*-]{1,40}\}|\\(?:nonumber|notag)"
)
_END = re.compile(r"(?:\\q?quad|\\(?:blacksquare|square|Box|qed)(?![A-Za-z])|\s){1,40}$")


def _rows(text: str, start: int) -> list[Segment]:
    """The rows of a display; one that starts with a relation continues the row before it."""
    rows: list[Segment] = []
    at = start
    for raw in text.split(r"\\"):
        tag = _TAG.search(raw)
        row = _UNSEEN.sub("", raw)
        row = (_TAG.sub("", row) if tag and tag[2] else row).replace("&", " ")
        row = _END.sub("", row).strip()
        end = "." if row.rstrip(" ~").endswith(".") else ""
        row = row.rstrip(".,;: \n")
        label = (tag[1] or tag[2]) if tag else ""
        if RELATION.match(row) and rows:
            before = rows.pop()
            joined = before.text.rstrip(" ,.") + " " + row + end
            rows.append(Segment("math", joined, before.position, label or before.label))
        elif row:
            rows.append(Segment("math", row + end, at, label))
        at += len(raw) + 2
    return rows


def _bare(text: str, start: int, letters: Sequence[str] | None) -> list[Segment]:
    """Words, and runs of plain-text mathematics around a relation sign outside of any $."""
    if not text:
        return []
    if not RELATION.search(text):
        return [Segment("words", text, start)]
    if len(RELATION.findall(text)) > MAX_PIECES:
        raise Unreadable(f"more than {MAX_PIECES} bare relations", start, text[:100])
    if letters is None:
        letters = sorted(set(re.findall(r"(?<![A-Za-z])[A-Za-z](?![A-Za-z])", text)))
    names = set(letters)
    bound = _BOUND.search(text)
    if bound:  # "a, b, c > 0" is one piece
        return [
            *_bare(text[: bound.start()], start, letters),
            Segment("math", bound.group(), start + bound.start()),
            *_bare(text[bound.end() :], start + bound.end(), letters),
        ]
    tokens = [(m.lastgroup or "", m.group(), m.start()) for m in _BARE.finditer(text)]

    def beside(index: int, way: int) -> bool:
        index += way
        while 0 <= index < len(tokens) and tokens[index][0] == "space":
            index += way
        return 0 <= index < len(tokens) and tokens[index][0] != "other" and mathematical(index)

    def mathematical(index: int) -> bool:
        kind, value, _ = tokens[index]
        if kind == "other":  # "a ? b" is one piece, which nobody reads; never "b" alone
            return value not in ".,:;\n" and beside(index, -1) and beside(index, 1)
        if kind == "word":
            single = value if "_" in value or len(value) == 1 else ""
            return (
                single in names
                or value == "sqrt"
                or (
                    not single and len(value) <= 4 and set(value) <= names and value not in _ENGLISH
                )
            )
        return kind in ("rel", "math", "space")

    found: list[Segment] = []
    at = index = 0
    while index < len(tokens):
        if tokens[index][0] != "rel":
            index += 1
            continue
        first = last = index
        while first > 0 and tokens[first - 1][2] >= at and mathematical(first - 1):
            first -= 1
        while last + 1 < len(tokens) and mathematical(last + 1):
            last += 1
        first = _trim_article(tokens, first, index)
        begin = tokens[first][2]
        end = tokens[last][2] + len(tokens[last][1])
        piece = text[begin:end]
        if begin > at:
            found.append(Segment("words", text[at:begin], start + at))
        found.append(
            Segment("math", piece.strip(), start + begin + len(piece) - len(piece.lstrip()))
        )
        at, index = end, last + 1
    if at < len(text):
        found.append(Segment("words", text[at:], start + at))
    return found


_BOUND = re.compile(
    r"(?<![A-Za-z])[A-Za-z](?:_\d)?(?:\s*,\s*[A-Za-z](?:_\d)?){1,9}\s*(?:>=|≥|>|\\geq?)\s*"
    r"\d{1,3}(?!\.?\d)(?![A-Za-z])(?!\s*(?:[-+*/^(\[<>=≥≤\\]|[A-Za-z](?![A-Za-z])))"
)
_ENGLISH = frozenset({"a", "as", "be", "by", "is", "in", "or", "an", "at", "we", "so", "to", "of"})
_LABEL_BEFORE = re.compile(r"\s*\(\d{1,3}\)\s")


def _trim_article(tokens: list[tuple[str, str, int]], first: int, rel: int) -> int:
    """Leave out a leading "(3) " or blank that stands before the mathematics proper."""
    text = "".join(value for _, value, _ in tokens[first:rel])
    label = _LABEL_BEFORE.match(text)
    if label:
        width = 0
        while width < label.end():
            width += len(tokens[first][1])
            first += 1
    while first < rel and tokens[first][0] == "space":
        first += 1
    return first


def vocabulary(text: str) -> frozenset[str]:
    """The words of a text: what a sentence may be made of, and nothing else."""
    return frozenset(text.split())


def split_list(text: str) -> list[str]:
    """Split at top-level commas and semicolons: "a^3, b^3" or "(a, b)" (one bracket opened)."""
    text = text.strip().replace(r"\left(", "(").replace(r"\right)", ")").replace("\\,", " ")
    for opening, closing in (("(", ")"), (r"\{", r"\}")):
        if text.startswith(opening) and text.endswith(closing):
            inner = text[len(opening) : -len(closing)]
            if _balanced(inner) and len(_top_commas(inner)) > 1:
                text = inner
    return [part.strip() for part in _top_commas(text) if part.strip()]


def _balanced(text: str) -> bool:
    depth = 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if depth < 0:
            return False
    return depth == 0


def _top_commas(text: str) -> list[str]:
    parts, depth, current = [], 0, ""
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if char in ",;" and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += char
    return [*parts, current]
