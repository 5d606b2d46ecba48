"""Model text → HTML that is safe to put on a page, with its LaTeX as MathML.

What a model wrote is hostile: every character is escaped, only known MathML elements and harmless
attributes survive the conversion (the converter itself escapes nothing: `\\text{<script>}` goes
through it whole), lengths are capped, invisible and direction-changing characters are shown as
their code points, and a formula that cannot be converted is shown as escaped code. Nothing here
raises because of what a text says.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import escape, unescape
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element

from olympiad_ineq.language import render_expr
from olympiad_ineq.language.parse import Unreadable

TEXT_LENGTH = 6_000
FORMULA_LENGTH = 1_000
FORMULA_DEPTH = 30
FORMULA_NODES = 2_000
# A formula with more symbols than this is cut after relations and signs, so that it can wrap.
UNBROKEN = 14

_ELEMENTS = re.compile(
    "math|mrow|mi|mn|mo|ms|mtext|mspace|mfrac|msqrt|mroot|msub|msup|msubsup|mover|munder|munderover"
    "|mtable|mtr|mtd|mstyle"
)
# Rendered as a plain row: they could hide, move or frame parts of a proof.
_FLATTENED = frozenset(("mphantom", "mpadded", "menclose", "merror"))
_ATTRIBUTES = {
    name: re.compile(pattern)
    for name, pattern in {
        "mathvariant": r"[a-z-]{1,20}",
        "stretchy|fence|separator|accent|accentunder|displaystyle|movablelimits": r"true|false",
        "form": r"prefix|infix|postfix",
        "linethickness": r"0(px|em|pt)?",
        "columnalign": r"(left|center|right)( (left|center|right)){0,9}",
        "width": r"[0-4]?(\.\d{1,4})?em",
    }.items()
    for name in name.split("|")
}
_BREAK_AFTER = frozenset("=<>≤≥≠≈≡⩽⩾≦≧⇒⟹⇔⟺→+-−±")
_CLOSING = frozenset(".,;:!?)")
_MACROS = re.compile(r"\\(?:re|provide)?(?:newcommand|command)|\\[gex]?def(?![a-z])|\\let(?![a-z])")
_FORMULA = re.compile(
    r"\$\$(?P<a>[^$]{1,LENGTH})\$\$"
    r"|\\\[(?P<b>(?:(?!\\\]).){1,LENGTH})\\\]"
    r"|(?P<c>\\begin\{(?P<env>align|equation|gather|aligned|cases)(?P<star>\*?)\}"
    r"(?:(?!\\end\{).){1,LENGTH}\\end\{(?P=env)(?P=star)\})"
    r"|(?<!\\)\$(?P<d>[^$\n]{1,LENGTH})\$"
    r"|\\\((?P<e>(?:(?!\\\)).){1,LENGTH})\\\)".replace("LENGTH", str(FORMULA_LENGTH)),
    re.DOTALL,
)
# "(2) " opens a step at the start of a line, or after the end of a sentence.
_STEP = re.compile(r"(?:^|(?<=[.:;!?])[ \t]+)\((\d{1,3})\)[ \t]+")


def prose(text: str, failing_step: str | None = None) -> str:
    """A proof or a problem as HTML paragraphs: steps by their numbers, a failing one highlighted.

    Args:
        failing_step: a step's name as the checker gives it: "s3", or "equality".
    """
    shown, rest = text[:TEXT_LENGTH], len(text) - TEXT_LENGTH
    parts = _parts(shown)
    failing = _place(parts, failing_step)
    html = [_paragraph(*part, i == failing) for i, part in enumerate(parts)]
    if rest > 0:
        html.append(f'<p class="note">{rest:,} more characters are not shown.</p>')
    return "".join(html) or '<p class="note">The answer is empty.</p>'


def reason(text: str, variables: Sequence[str]) -> str:
    """What the checker says, its kernel syntax as mathematics and its step names as numbers."""
    text = re.sub(r"\bs(\d{1,3})\b", r"(\1)", " ".join(text[:TEXT_LENGTH].split()))
    if "$" in text:
        return "".join(_pieces(text))
    names = "|".join(sorted((re.escape(name) for name in variables), key=len, reverse=True))
    word = rf"(?:(?<![\w\\])(?:sqrt|{names or 'x'}|\d{{1,9}})(?!\w)|[-+*/^()]|[<>]=|[<>=])"
    around = r" (?:[-+*/]|[<>]=|[<>=]) "
    words = re.compile(rf"{word}+(?:{around}{word}+)*")
    html, position = [], 0
    for match in words.finditer(text):
        start, end = _balanced(text, match.start(), match.end())
        latex = _kernel_latex(text[start:end], variables)
        if latex:
            html += [_visible(text[position:start]), formula(latex)]
            position = end
    return "".join([*html, _visible(text[position:])])


def _balanced(text: str, start: int, end: int) -> tuple[int, int]:
    """Shrink a stretch of text until no bracket at its ends lacks its partner."""
    while text.count("(", start, end) > text.count(")", start, end) and text[start] == "(":
        start += 1
    while text.count(")", start, end) > text.count("(", start, end) and text[end - 1] == ")":
        end -= 1
    return start, end


def _kernel_latex(text: str, variables: Sequence[str]) -> str | None:
    if not re.search(r"[<>=*^/]", text):
        return None
    try:
        return render_expr(text, variables)
    except Unreadable:
        return None


def goal_formula(text: str) -> str | None:
    """The last formula of a problem's text that states an inequality, as LaTeX."""
    relation = re.compile(r"\\(?:ge|le)(?:q|qslant)?(?![a-z])|\\[gl]t(?![a-z])|[<>≤≥]")
    formulas = [_latex(match)[0] for match in _FORMULA.finditer(text[:TEXT_LENGTH])]
    return next((latex for latex in reversed(formulas) if relation.search(latex)), None)


@lru_cache(maxsize=50_000)
def formula(latex: str, display: bool = False) -> str:
    """One formula as MathML, or as escaped code where it cannot be converted."""
    try:
        return _mathml(latex, display)
    except Exception:  # the converter raises many kinds; none may break the page
        return f'<code class="tex">{_visible(latex[: 2 * FORMULA_LENGTH])}</code>'


def _parts(text: str) -> list[tuple[int | None, str]]:
    """Lines, cut where numbered steps begin: the number where there is one, and what follows it."""
    parts: list[tuple[int | None, str]] = []
    for line in (line.strip() for line in text.splitlines()):
        marks = list(_STEP.finditer(line))
        parts.append((None, line[: marks[0].start()] if marks else line))
        ends = [*(mark.start() for mark in marks), len(line)][1:]
        for mark, end in zip(marks, ends, strict=True):
            parts.append((int(mark[1]), line[mark.end() : end]))
    return [(number, body) for number, body in parts if body]


def _place(parts: Sequence[tuple[int | None, str]], step: str | None) -> int | None:
    """Which part is the checker's step: the one of that number, else what follows the one before.

    The last step of a proof often has no number, and the checker gives it the next free one.
    """
    if step == "equality":
        found = [i for i, (_, body) in enumerate(parts) if "quality" in body]
        return found[-1] if found else None
    number = re.fullmatch(r"s?(\d{1,3})", step or "")
    if number is None:
        return None
    labels = {label: i for i, (label, _) in enumerate(parts) if label is not None}
    wanted = int(number[1])
    if wanted in labels:
        return labels[wanted]
    after = labels.get(wanted - 1, -1) if wanted > 1 else -1
    if wanted > 1 and after < 0:
        return None
    return next(
        (
            i
            for i, (label, body) in enumerate(parts)
            if i > after and label is None and goal_formula(body)
        ),
        None,
    )


def _paragraph(number: int | None, body: str, failing: bool) -> str:
    label = f'<span class="no">({number})</span> ' if number is not None else ""
    kind = "step" if number is not None else ""
    here = ""
    if failing:
        kind += " failing"
        arrow = '<span aria-hidden="true">← </span>'
        here = f' <strong class="here">{arrow}the checker stops here</strong>'
    opening = f'<p class="{kind.strip()}">' if kind else "<p>"
    return f"{opening}{label}{''.join(_pieces(body))}{here}</p>"


def _pieces(text: str) -> Iterator[str]:
    position = 0
    for match in _FORMULA.finditer(text):
        yield _visible(text[position : match.start()])
        latex, display = _latex(match)
        yield formula(latex.strip(), display)
        position = match.end()
        if text[position : position + 1] in _CLOSING:
            yield "\N{WORD JOINER}"  # no line begins with a full stop
    yield _visible(text[position:])


def _latex(match: re.Match[str]) -> tuple[str, bool]:
    groups = match.groupdict()
    name = next(name for name in "abcde" if groups[name] is not None)
    return groups[name], name in "abc"


def _visible(text: str) -> str:
    """Escape for HTML, and show what would be invisible or would turn the text around."""
    if text.isascii() and text.isprintable():
        return escape(text)
    return "".join(
        f'<span class="odd">U+{ord(char):04X}</span>'
        if char not in "\n\t" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn")
        else escape(char)
        for char in text
    )


def _mathml(latex: str, display: bool) -> str:
    if len(latex) > FORMULA_LENGTH or _MACROS.search(latex):
        raise ValueError("too long, or it defines macros")
    if any(unicodedata.category(char)[0] == "C" and char not in "\n\t" for char in latex):
        raise ValueError("an invisible character")
    root = convert_to_element(latex)
    if sum(1 for _ in root.iter()) > FORMULA_NODES:
        raise ValueError("too large")
    if not any(element.text for element in root.iter()):
        raise ValueError("nothing came out")
    children = _top_level(root)
    tag = '<math display="block">' if display else "<math>"
    if display or sum(1 for element in root.iter() if element.text) <= UNBROKEN:
        return tag + "".join(_element(child, 1) for child in children) + "</math>"
    parts = ["".join(_element(c, 1) for c in part) for part in _breakable(children)]
    return f'<span class="long">{"<wbr>".join(f"{tag}{part}</math>" for part in parts)}</span>'


def _top_level(root: Element) -> list[Element]:
    children = list(root)
    while len(children) == 1 and children[0].tag == "mrow" and not children[0].text:
        children = list(children[0])
    return children


def _breakable(children: Sequence[Element]) -> Iterator[list[Element]]:
    """Cut a row after relations and signs; a cut operator keeps the spacing of its infix form."""
    part: list[Element] = []
    depth = 0
    for child in children:
        text = unescape(child.text or "") if child.tag == "mo" else ""
        depth += (text in "([{") - (text in ")]}") if text else 0
        part.append(child)
        if text in _BREAK_AFTER and text and depth == 0 and len(part) > 1:
            child.set("form", "infix")
            yield part
            part = []
    if part:
        yield part


def _element(element: Element, depth: int) -> str:
    tag = "mrow" if element.tag in _FLATTENED else element.tag
    if not _ELEMENTS.fullmatch(tag) or depth > FORMULA_DEPTH:
        raise ValueError(f"{tag} at depth {depth}")
    text = unescape(element.text or "")
    if text.startswith("\\") and text != "\\":
        raise ValueError(f"unknown command {text}")
    attributes = "".join(
        f' {name}="{escape(value)}"'
        for name, value in element.attrib.items()
        if name in _ATTRIBUTES and _ATTRIBUTES[name].fullmatch(value)
    )
    inner = _visible(text) + "".join(_element(child, depth + 1) for child in element)
    if tag == "mrow" and len(element) == 1 and not text:
        return inner
    return f"<{tag}{attributes}>{inner}</{tag}>"
