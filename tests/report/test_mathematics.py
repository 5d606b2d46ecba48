"""Hostile text stays text, and mathematics becomes MathML."""

import re
import time
from html.parser import HTMLParser

import pytest

from olympiad_ineq.report import mathematics
from tests.report.synthetic import HOSTILE

ALLOWED = {"p", "span", "strong", "code", "wbr", "math", "mtable", "mtr", "mtd", "mstyle"}
ALLOWED |= {"mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "mfrac", "msqrt", "mroot"}
ALLOWED |= {"msub", "msup", "msubsup", "mover", "munder", "munderover"}


class Tags(HTMLParser):
    """Collects elements and attributes, and checks that they nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "wbr":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_gives_known_elements_alone(text: str) -> None:
    for html in (
        mathematics.prose(text, "s1"),
        mathematics.reason(text, ("a", "x")),
        mathematics.formula(text[:2000]),
    ):
        tags = Tags(html)
        assert tags.seen <= ALLOWED
        assert not tags.attributes & {"style", "href", "src", "id", "onmouseover", "onclick"}
        assert len(html) < 400_000


@pytest.mark.parametrize(
    "text",
    [
        "$" * 6000,
        "\\(" * 3000,
        "\\[" * 3000,
        "\\begin{align}" * 500,
        "$\\frac{$ " * 700,
        "(1) " * 1500,
        "$" + "\\left(" * 160 + "$",
        "$" + "{" * 450 + "}" * 450 + "$",
        "$\\newcommand{\\a}{\\a\\a}\\a$",
        "$" + "a'" * 490 + "$",
        "a + " * 1500,
        ">=" * 3000,
        "$x$ " * 100_000,
    ],
)
def test_no_text_takes_long(text: str) -> None:
    started = time.process_time()
    mathematics.prose(text)
    mathematics.reason(text, ("a", "b"))
    assert time.process_time() - started < 2


def test_proof_becomes_numbered_steps_with_mathml() -> None:
    html = mathematics.prose(
        "We add.\n(1) By AM-GM, $\\frac{a}{b} + \\frac{b}{a} \\ge 2$. (2) Adding (1) twice, done."
    )
    assert html.count('<p class="step">') == 2
    assert "<mfrac><mrow><mi>a</mi></mrow>" in html or "<mfrac><mi>a</mi><mi>b</mi></mfrac>" in html
    assert "<mo>≥</mo>" in html
    assert "Adding (1) twice" in html


@pytest.mark.parametrize(
    ("step", "marked"),
    [
        ("s1", "first"),
        ("s2", "second"),
        ("s3", "sum"),
        ("equality", "Equality"),
        ("goal", None),
        ("s7", None),
        (None, None),
        ("<b>", None),
    ],
)
def test_the_failing_step_is_marked(step: str | None, marked: str | None) -> None:
    """The last step of a proof has no number; the checker calls it by the next."""
    text = "(1) first $a>0$\n(2) second\nThe sum is $a \\ge b$.\nEquality holds when $a=b$."
    found = re.findall(r'<p class="(?:step )?failing">(.*?)</p>', mathematics.prose(text, step))
    assert len(found) == (marked is not None)
    if marked:
        assert marked in found[0]


def test_invalid_latex_is_shown_as_code() -> None:
    assert mathematics.formula("\\frac{") == '<code class="tex">\\frac{</code>'
    assert mathematics.formula("\\foo<b>") == '<code class="tex">\\foo&lt;b&gt;</code>'


def test_what_would_be_invisible_is_shown() -> None:
    html = mathematics.prose("\u202eevorp \u200b\x07")
    assert [f"U+{code}" in html for code in ("202E", "200B", "0007")] == [True] * 3


def test_long_text_is_cut_and_says_so() -> None:
    html = mathematics.prose("a" * (mathematics.TEXT_LENGTH + 1234))
    assert "1,234 more characters are not shown" in html


def test_long_formulas_can_wrap_and_lose_nothing() -> None:
    latex = "+".join(f"a_{i}" for i in range(20)) + " \\ge (b+c) + \\frac{x+y}{2}"
    html = mathematics.formula(latex)
    assert html.count("<wbr>") == 21
    assert Tags(html).text == "".join(f"a{i}+" for i in range(20))[:-1] + "≥(b+c)+x+y2"


def test_the_checkers_words_become_mathematics() -> None:
    said = "the combination of s1, s2 gives 2*x^2 >= y, not x (x^2 >= 2*y is false at x = -1/3)"
    html = mathematics.reason(said, ("x", "y"))
    assert (
        Tags(html).text
        == "the combination of (1), (2) gives 2x2≥y, not x (x2≥2y is false at x=−13)"
    )
    assert html.count("<math>") == 3


@pytest.mark.parametrize(
    ("text", "goal"),
    [
        ("Let $a > 0$. Prove that $a + \\frac1a \\ge 2$.", "a + \\frac1a \\ge 2"),
        ("Prove that $x \\leq y$ for $x = 1$.", "x \\leq y"),
        ("No formula", None),
        ("Only $\\left( x \\right)$", None),
    ],
)
def test_goal_formula_is_the_last_relation(text: str, goal: str | None) -> None:
    assert mathematics.goal_formula(text) == goal
