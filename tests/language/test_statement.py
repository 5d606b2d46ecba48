"""Problem texts: what is read is what was written, and what cannot be placed is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from olympiad_ineq.language import read_problem
from olympiad_ineq.language.parse import Unreadable

AB, ABC = "Let $a, b$ be positive reals. ", "Let $a, b, c$ be positive reals. "

# text, variables, domain, hypotheses, goal
READ = [
    ("Let a, b > 0. Prove that a + b >= 2 for a > 1", "ab", "positive", ("a > 1",), "a+b >= 2"),
    (r"Let $a, b > 0$. Prove that $a+b \ge 2$ if $a \ge b$.", "ab", "positive", ("a >= b",),
     "a+b >= 2"),
    ("Let a, b > 1. Prove that a+b >= 2", "ab", "real", ("a > 1", "b > 1"), "a+b >= 2"),
    (r"Let $a,b \ge 1$ be reals. Prove that $a+b \ge 2$.", "ab", "real", ("a >= 1", "b >= 1"),
     "a+b >= 2"),
    (r"Let $x > 0$ and $y \ge 0$. Prove that $x+y > 0$.", "xy", "nonnegative", ("x > 0",),
     "x+y > 0"),
    (r"Let $a > 0$ and $b < 0$ be reals. Prove that $a-b \ge 0$.", "ab", "real",
     ("a > 0", "b < 0"), "a-b >= 0"),
    (AB + r"Prove that $a+b \ge 2$, where $ab = 1$.", "ab", "positive", ("a*b = 1",), "a+b >= 2"),
    (r"Prove that $a+b \ge 2$ for all positive reals $a, b$ with $ab=1$.", "ab", "positive",
     ("a*b = 1",), "a+b >= 2"),
    (r"Prove that for all positive reals $a, b$ with $ab=1$, $a+b \ge 2$.", "ab", "positive",
     ("a*b = 1",), "a+b >= 2"),
    (r"Prove that if $a, b > 0$ and $ab = 1$, then $a+b \ge 2$.", "ab", "positive", ("a*b = 1",),
     "a+b >= 2"),
    (r"If $a, b > 0$ satisfy $ab = 1$, then $a+b \ge 2$.", "ab", "positive", ("a*b = 1",),
     "a+b >= 2"),
    (r"Problem 25. Let \( a, b, c \) be three positive real numbers such that $abc=1$. Prove that"
     r" \[ a+b+c \geq 3. \] (Phan Thanh Viet)", "abc", "positive", ("a*b*c = 1",), "a+b+c >= 3"),
    (AB + r"Prove that $a+b \ge 2$. When does equality hold?", "ab", "positive", (), "a+b >= 2"),
    (r"Let $a,b,c$ be positive reals, $a \le b \le c$. Prove that $a \le c$.", "abc", "positive",
     ("a <= b <= c",), "a <= c"),
    (r"Let $a,b,c,x > 0$ with $x+a = 1, b = c$. Prove that $a < 1$.", "abcx", "positive",
     ("x+a = 1", "b = c"), "a < 1"),
    (r"Prove the following inequality for all real numbers $a$, $b$ and $c$: $$a^2+b^2+c^2 \ge 0$$",
     "abc", "real", (), "a^2+b^2+c^2 >= 0"),
    ("Let the real numbers x1, x2 satisfy x1 + x2 = 1. Show that x1*x2 <= 1/4.", ("x1", "x2"),
     "real", ("x1+x2 = 1",), "x1*x2 <= 1/4"),
    (r"Let $a, b$ be non-negative. Show $a+b \ge 0$.", "ab", "nonnegative", (), "a+b >= 0"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "variables", "domain", "given", "goal"), READ)
def test_read_as_written(
    text: str, variables: str, domain: str, given: tuple[str, ...], goal: str
) -> None:
    read = read_problem(text)
    assert read.variables == tuple(variables)
    assert (read.domain, read.given, read.goal) == (domain, given, goal)


REFUSED = [
    # signs that are no part of the language, in formulas without dollars
    *(f"Let a, b > 0. Prove that {formula} >= 2" for formula in (
        "a ? b", "a + b ≠ 3", "a+b → 3", "|a-b|", "|a| + b", "a ± b", "a! + b", "50% a + b",
        "log a + b", "sin(a) + b", "max(a,b)", "a times b", "the square of a plus b",
        "a squared plus b", "twice a + b", "a divided by b", "minus a + b", "a mod b", "a' + b",
        "[a] + b and b", "a & b", "a ~ b", "a @ b", "a + b / ", "√", "∑ a + b", "∞ + a", "a ∘ b",
    )),
    *(f"Let $a, b > 0$. Prove that ${formula} \\ge 2$." for formula in (
        "a ? b", "|a|+b", "a \\pm b", "a!+b", "\\log a+b", "\\lfloor a \\rfloor + b", "a \\neq b",
        "\\max(a,b)", "\\sum_{i=1}^n a", "a_n + b", "a^b", "a \\% b", "\\|a\\|", "\\overline{ab}",
    )),
    # words that change what is said
    *(AB + f"Prove that $a+b \\ge 2$ {tail}" for tail in (
        "does not hold.", "is false.", "or $ab \\ge 1$.", "unless $ab \\ge 1$.", "and $ab \\le 1$.",
        "for some $a$.", "for sufficiently large $a, b$.", "mod 5.", "percent.", "with equality "
        "iff $a = b$.", "if and only if $a = b$.", "except when $a = b$.", "for $a \\neq b$.",
        "for almost all $a, b$.", "infinitely often.", "where $c$ is a constant.", "in units of 3.",
        "with probability 1.", "approximately.", "Equality holds when $a = b$.", "Find $a$.",
        "Prove also that $ab \\ge 1$.", "for integers $a, b$.", "provided $ab$ is at least 1.",
        "modulo $3$.", "has no solution.",
    )),
    *(AB + f"{ask} $a+b \\ge 2$." for ask in (
        "Prove that it is not true that", "Prove or disprove that", "Disprove that", "Is it true "
        "that", "Prove that at least one of", "Prove that exactly one of", "Prove that two of",
        "Prove that there exist $a, b$ such that", "Prove that the negation of", "Decide whether",
        "Prove that $ab$ and", "Prove that twice", "Prove that minus", "Prove that one of",
        "Assume that", "Prove that the square of", "Prove that no numbers satisfy", "We doubt that",
    )),
    # hypotheses in words, other domains
    *(f"Let $a, b$ be {what}. Prove that $a+b \\ge 2$." for what in (
        "positive integers", "natural numbers", "primes", "positive rational numbers", "negative "
        "reals", "non-positive reals", "nonzero reals", "distinct positive reals", "complex",
        "positive reals below 1", "positive reals whose sum is 1", "positive reals with a sum $2$",
        "positive reals with $a+b$ constant", "positive reals, not both 1", "odd numbers",
        "positive reals with product 1", "positive reals with $ab \\ne 1$", "sides",
        "reals such that both sides are positive", "real numbers with $ab$ positive", "positive "
        "reals with $a+b$ at most 2", "three positive reals", "reals of which one is positive",
        "reals in $[0,1]$", "angles of a triangle", "consecutive positive numbers", "reals. All "
        "sums are positive", "reals. Let $a$ be positive", "functions", "positive units",
    )),
    "Let $a,b,c$ be the sides of a right triangle. Prove that $a+b \\ge c$.",
    "Let $a,b,c$ be the sides of an acute triangle. Prove that $a+b \\ge c$.",
    "Let $a,b,c$ be sides of a triangle with perimeter 3. Prove that $a+b \\ge c$.",
    "Let $a$ be a positive real and $b$ a real number. Prove that $a+b^2 \\ge 0$.",
    "Let $x, y$ be reals with $x+y = 1$ or $x-y = 1$. Prove that $x^2+y^2 \\ge 1/2$.",
    "Let $a, b > 0$. Prove that a+b $\\ge 2$.", "Let $a, b > 0$. Prove that $2 \\le$ a+b.",
    "Let $a, b > 0$. Prove that $a+b$ ≥ 2.", "Let $a, b > 0$. Prove that $a$ + $b \\ge 2$.",
    "Let $a, b > 0$. Prove that $a^2$ is larger than $b \\ge 2$.",
    "Prove that $a+b \\ge 2$ for positive $a$.", "Let $a, b > 0$. $a+b \\ge 2$.",
    "Let $a, b$ be such that $a+b = 1$. Prove that $ab \\le 1$.",
    ABC + "Prove that $a^2+b^2 \\ge 2ab$ where $c$ is the hypotenuse.",
    ABC + "Prove that $a \\ge b \\le c$.", ABC + "Prove that $a, b \\ge c$.",
    "If $a, b > 0$ then $a+b \\ge 2$ and then $ab \\ge 1$.",
    "(1) Let $a, b > 0$. Prove that (2) implies $a+b \\ge 2$.",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_refused_with_place_and_reason(text: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_problem(text)
    assert caught.value.reason and 0 <= caught.value.position <= len(text)


def test_a_word_more_anywhere_is_refused() -> None:
    """No place in a text where a word that changes it could be dropped."""
    text = r"Let $a, b$ be positive reals with $ab = 1$ . Prove that $a+b \ge 2$ ."
    assert read_problem(text).goal == "a+b >= 2"
    words = text.split(" ")
    for i in range(len(words) + 1):
        if " ".join(words[:i]).count("$") % 2:
            continue
        for word in ("not", "or", "integer", "some", "$a^2$", "?", "3", "distinct", "$c$", "≠"):
            with pytest.raises(Unreadable):
                read_problem(" ".join([*words[:i], word, *words[i:]]))


# -- public texts ---------------------------------------------------------------------------------

PUBLIC = [
    json.loads(line)
    for line in (Path(__file__).parent / "public_statements.jsonl").read_text("utf-8").splitlines()
]


def test_public_statements_are_read_as_people_read_them() -> None:
    """Every reading was compared with its text by eye; what is refused is refused on purpose."""
    for row in PUBLIC:
        try:
            found = read_problem(row["text"])
            reads = [list(found.variables), found.domain, list(found.given), found.goal]
        except Unreadable:
            reads = None
        assert reads == row["reads"], row["source"]


def test_what_our_statements_cannot_say_is_refused() -> None:
    assert sum(not row["scope"] for row in PUBLIC) > 15
    assert all(row["reads"] is None for row in PUBLIC if not row["scope"])


@pytest.mark.parametrize(
    ("text", "domain", "given"),
    [
        (r"(IMO 2000) Let $a, b \in \mathbb{R}^+$. Show that $a+b \ge 2$.", "positive", ()),
        (r"Let $a, b \in \mathbb R_{>0}$. Show that $a+b \ge 2$.", "positive", ()),
        (r"3.12. Let $a,\ b \in [0, \infty)$. Show that $a+b \ge 2$.", "nonnegative", ()),
        (r"(Vasile Cirtoaje) Let $a, b \in (0, 1)$. Show that $a+b \ge 2$.", "positive",
         ("a < 1", "b < 1")),
        (r"Let $a, b \in \left[-1, 1\right]$. Show that $a+b \ge 2$.", "real",
         ("a >= -1", "b >= -1", "a <= 1", "b <= 1")),
        (r"Let $a, b \in ]0, 2]$. Show that $a+b \ge 2$.", "positive", ("a <= 2", "b <= 2")),
        (r"Let $0 \le a, b \le 1$. Show that $a+b \ge 2$.", "nonnegative", ("a <= 1", "b <= 1")),
        (r"Let $a > b > 0$. Show that $a+b \ge 2$.", "real", ("a > b > 0",)),
        (r"Show that $a+b \ge 2$, where $a, b > 1$.", "real", ("a > 1", "b > 1")),
        (r"Show that for all reals $a, b$ the following inequality holds $a+b \ge 2$.", "real", ()),
        (r"Let $a, b$ be positive. Show that $a+b \geqq 2$. Determine when equality holds.",
         "positive", ()),
        (r"Let $a, b$ be positive. Show that $a+b \ge 2$. (K. Czakler, GRG 21, Vienna)",
         "positive", ()),
        (r"Let $a, b$ be positive. Show that $a+b \ge 2$. [i]Proposed by Nguyen Van A.[/i]",
         "positive", ()),
        (r"Example 9 (Romania Junior Balkan Team Selection Tests 2007). Let $a, b$ be positive. "
         r"Show that $a+b \ge 2$.", "positive", ()),
    ],
)  # fmt: skip
def test_labels_sets_and_ranges(text: str, domain: str, given: tuple[str, ...]) -> None:
    read = read_problem(text)
    assert (read.domain, read.given, read.goal) == (domain, given, "a+b >= 2")


@pytest.mark.parametrize(
    "text",
    [
        *(f"Let $a, b \\in {what}$. Prove that $a+b \\ge 2$." for what in (
            r"\mathbb{R}_+", r"\mathbb{Z}", r"\mathbb{N}", r"\mathbb{Q}^+", r"\mathbb{R}^-",
            r"\mathbb{R} \setminus \{0\}", "[0, n]", r"(0, \pi)", r"\{1, 2\}", "[1, 2)^2", "S",
            r"[0, \infty]", r"\mathbb{R}^2", r"\mathbb{R}^{*}", "(0, 1) \\cup (1, 2)", "[2, 1",
        )),
        *(AB + f"Prove that $a+b \\ge 2$. {tail}" for tail in (
            "(Integers)", "(Suppose A)", "[Distinct]", "(All Equal)", "(If A)", "(not always)",
            "(Let B)", "(Strict)", "(Reversed)", "(Whole Units)", "(Mod 7)", "(Irrational)",
            "Proposed by all integers", "Proposed by those with $a > b$.",
            "[i]Proposed by X where a = b[/i]", "(a, b)", "(1)",
            "Find when equality holds if a = 1.",
        )),
        *(f"{head} Let $a, b$ be positive reals. Prove that $a+b \\ge 2$." for head in (
            "(Integers)", "(not true)", "(If Possible)", "(Suppose A is 2)", "Problem.", "Wrong:",
            "3 $x$", "(Find)",
        )),
        r"Prove that for positive reals $a, b$ satisfying the inequality $a+b \ge 2$.",
        r"Prove that for positive reals $a, b$ where $a+b \ge 2$.",
        r"Prove for positive reals $a, b$ $a+b = 1$ $ab \le 1$.",
        r"Prove that $a+b+c \ge 2$ where $a, b > 1$.",
        r"Prove that $a+b \ge 2$ where $a > 1$.",
        r"Let $a > b > c$ and $d$ be such that $a+d > 1$. Prove that $a+d \ge 0$.",
        r"Let $a, b \notin [0, 1]$. Prove that $a+b \ge 2$.",
        r"Let $a \in \mathbb{R}^+$ and $b \in \mathbb{R}$. Prove that $a+b^2 > 0$.",
        r"Let $a, b$ be positive reals. Prove that $0 \le a, b \le 1$.",
    ],
)  # fmt: skip
def test_what_surrounds_or_bounds_is_not_guessed(text: str) -> None:
    with pytest.raises(Unreadable):
        read_problem(text)


R = "Let $a,b,c$ be positive reals"


@pytest.mark.parametrize(
    ("text", "given"),
    [
        (f"{R} with sum $1$. Prove $a^2+b^2+c^2 \\ge 1/3$.", ("a+b+c = 1",)),
        (f"{R} whose product is $1$. Prove that $a+b+c \\ge 3$.", ("a*b*c = 1",)),
        (f"{R} that have product $1$. Prove that $a+b+c \\ge 3$.", ("a*b*c = 1",)),
        (f"{R} such that their sum is $3$. Prove $abc \\le 1$.", ("a+b+c = 3",)),
        (f"{R} with sum $3$ and product $1$. Prove $a \\le 1$.", ("a+b+c = 3", "a*b*c = 1")),
        ("The sum of the positive real numbers $a$, $b$ and $c$ is $3$. Prove $abc \\le 1$.",
         ("a+b+c = 3",)),
        ("Prove $a+b+c \\ge 3$ for all positive reals $a,b,c$ with product equal to $1$.",
         ("a*b*c = 1",)),
        ("(APMO 2004) Prove that $a^2+b^2+c^2 \\ge ab+bc+ca$ for all real numbers $a,b,c>0$.", ()),
    ],
)  # fmt: skip
def test_sums_and_products_in_words(text: str, given: tuple[str, ...]) -> None:
    read = read_problem(text)
    assert (read.variables, read.domain, read.given) == (("a", "b", "c"), "positive", given)


@pytest.mark.parametrize(
    "text",
    [
        f"{R} with sum of squares $3$. Prove that $a+b+c \\le 3$.",
        f"{R} with sum at most $3$. Prove that $a+b+c \\le 3$.",
        f"{R} with pairwise sum $3$. Prove that $a+b+c \\le 3$.",
        f"{R} with no sum $1$. Prove that $a \\le 1$.",
        f"{R} with sum $a$. Prove that $b \\le 1$.",
        f"{R} such that the sum of $a,b$ is $1$. Prove that $a+b+c \\le 3$.",
        f"{R}. Prove that their sum is $3$, $a+b \\ge 2$.",
        f"{R}. Prove that the sum of $a,b,c$ is $3$.",
        f"{R}. Then their sum is $3$ and $a \\le 3$.",
    ],
)
def test_sums_that_are_something_else_are_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_problem(text)
