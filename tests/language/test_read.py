"""Prose as models write it: read as far as it goes, and never more trusted than it deserves."""

from __future__ import annotations

import contextlib
import time

import pytest

from olympiad_ineq.language import read_problem, read_proof
from olympiad_ineq.language.parse import Unreadable
from olympiad_ineq.language.segments import segments, split_list
from olympiad_ineq.proof import ProofVerdict, grade_text

V = ["a", "b", "c"]
GOAL = "a^2+b^2+c^2 >= a*b+b*c+c*a"
GOOD = r"""(1) By AM-GM on $a^2$, $b^2$, $a^2+b^2 \ge 2ab$.
(2) Similarly to (1), $b^2+c^2 \ge 2bc$.
(3) Similarly to (1), $c^2+a^2 \ge 2ca$.
Adding (1), (2) and (3), $a^2+b^2+c^2 \ge ab+bc+ca$.
Equality holds when $a=b=c$."""


def grade(text: str, goal: str = GOAL, given: tuple[str, ...] = ()) -> ProofVerdict:
    return grade_text(V, "positive", list(given), goal, text)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "Since $(a-b)^2+(b-c)^2+(c-a)^2 \\ge 0$, we get $a^2+b^2+c^2 \\ge ab+bc+ca$. Done.",
        r"By AM-GM, $a^2+b^2 \ge 2ab$. By AM-GM, $b^2+c^2 \ge 2bc$. By AM-GM, $c^2+a^2 \ge 2ca$."
        r" Adding these, $a^2+b^2+c^2 \ge ab+bc+ca$.",
        r"""We want to prove $a^2+b^2+c^2 \ge ab+bc+ca$. Note that
$$(a-b)^2+(b-c)^2+(c-a)^2 \ge 0.$$
Expanding, we obtain
\[ 2a^2+2b^2+2c^2 - 2ab-2bc-2ca \ge 0 \]
so $a^2+b^2+c^2\ge ab+bc+ca$. QED""",
        r"""\begin{align*} a^2+b^2+c^2 - ab-bc-ca &= \frac12((a-b)^2+(b-c)^2+(c-a)^2) \\
&\ge 0. \end{align*}""",
        "1. By AM-GM, $a^2+b^2 \\ge 2ab$.\n2. By AM-GM, $b^2+c^2 \\ge 2bc$.\n"
        "3. By AM-GM, $c^2+a^2 \\ge 2ca$.\n4. Adding (1), (2) and (3) gives $" + GOAL + "$.",
        "Since (a-b)^2 + (b-c)^2 + (c-a)^2 >= 0, we get a^2+b^2+c^2 >= ab+bc+ca.",
        GOOD.replace("when", "if and only if"),
        "Let $x = a+b$. " + GOOD,
    ],
)
def test_good_prose_is_proved(text: str) -> None:
    verdict = grade(text)
    assert verdict.grade == "proved", verdict


@pytest.mark.parametrize(
    ("text", "grades", "step"),
    [
        (GOOD.replace("2bc", "3bc"), {"refuted"}, "s2"),
        (GOOD.replace(r"\ge 2ab", r"\le 2ab"), {"refuted"}, "s1"),
        (GOOD.replace("$a^2$, $b^2$", "$a$, $b$"), {"supported", "open"}, "s1"),
        (GOOD.replace("a=b=c", "a=2b"), {"refuted"}, "equality"),
        (GOOD.replace("(3) Similarly to (1)", "(2) Similarly to (1)"), {"open"}, "s2"),
        (GOOD.replace("Adding (1), (2)", "Adding (1), (7)"), {"open"}, "s4"),
        (GOOD + "\nTherefore $1=2$.", {"refuted"}, "s5"),
        (GOOD + "\nAlso $a \\ge b$.", {"refuted"}, "s5"),
        (GOOD + "\nBy (7) we are done.", {"open"}, None),
        (GOOD + "\nAlso a >= b + c.", {"refuted"}, "s5"),
        (GOOD + "\nAlso $x \\ge y$.", {"open"}, None),
        (GOOD + "\nHence $\\text{the claim} \\ge 0$.", {"open"}, None),
        (GOOD + "\nEquality holds when $a=2b$.", {"open"}, None),
        (GOOD.replace("when $a=b=c", "if and only if $a=b=c=1"), {"supported"}, "equality"),
        (GOOD + "\nNote that $a^2+b^2+c^2 < ab+bc+ca$ is false.", {"open"}, None),
        ("The result is obvious.", {"open"}, "goal"),
        ("", {"open"}, "goal"),
        (f"${GOAL}$.", {"open"}, "s1"),
        (f"By AM-GM, ${GOAL}$.", {"open"}, "s1"),
        (f"By Cauchy-Schwarz, ${GOAL}$.", {"open"}, "s1"),
        (f"By Muirhead's inequality, ${GOAL}$.", {"open"}, "s1"),
        (r"WLOG $a \ge b \ge c$. Then $a^2 \ge ab$. Hence $" + GOAL + "$.", {"open"}, "s3"),
        ("Suppose $a = b = c = 1$. " + GOOD, {"open"}, None),
        ("Let $x = a+b$. " + GOOD + " Hence $x \\ge 1$.", {"open", "refuted"}, None),
        ("It suffices to show $a^2 \\ge bc$. " + GOOD, {"open"}, None),
        (GOOD + "\n" + "x" * 30_000, {"limit"}, None),
        ("$" * 10_000, {"unreadable"}, None),
        (r"Look: $\oplus \ge 0$.", {"unreadable"}, None),
    ],
)
def test_bad_prose_is_not(text: str, grades: set[str], step: str | None) -> None:
    verdict = grade(text)
    assert verdict.grade in grades, verdict
    assert verdict.step == step, verdict
    assert verdict.reason


def test_the_constraint_is_used() -> None:
    text = (
        "(1) By Cauchy-Schwarz on $(a, b, c)$ and $(1, 1, 1)$, $3(a^2+b^2+c^2) \\ge (a+b+c)^2$.\n"
        "Since $a+b+c=1$, from (1), $a^2+b^2+c^2 \\ge \\frac13$."
    )
    assert grade(text, "a^2+b^2+c^2 >= 1/3", ("a+b+c = 1",)).grade == "proved"
    assert grade(text, "a^2+b^2+c^2 >= 1/3").grade == "refuted"


def test_what_was_not_read_is_quoted_as_it_stands() -> None:
    reason = grade(GOOD + "\nHence $\\text{the claim} \\ge 0$.").reason
    assert r"“\text{the claim} \ge 0”" in reason


def test_equality_at_a_negative_value() -> None:
    read = read_proof("Equality holds when $q = -1, p = -\\frac12$.", ["p", "q"])
    assert read.equality == {"point": {"p": "-1/2", "q": "-1"}} and not read.unread


def test_an_unreadable_problem() -> None:
    assert grade_text(["a"], "positive", [], "b >= 0", "x").grade == "unreadable"


HOSTILE = [
    "$" * 10_000, "\\[" * 9_000, "(1) " * 5_000, "a>" * 9_000, "$a>b$, " * 2_800,
    "\\begin{align}" * 1_500, "twice " * 3_000, "(((((((" * 2_500 + ">", " " * 19_999 + ">",
    "a, " * 6_000 + ">", "AM " * 6_000, "$a^2+b^2>=2ab$. " * 1_200, "-" * 19_000, "\\\\ " * 6_000,
    "$" + "\\\\ a>b " * 2_000 + "$", "since " * 3_000 + "$a>b$", "terms " * 3_000, "\0" * 20_000,
    "$9^9^9^9 \\ge 1$", "$" + "(" * 1_900 + "$ $a>b$", "1/" * 9_000, "condition " * 1_900,
    "WLOG $a \\ge b$. " * 190, "Let $x = a$. " * 190, "Case 1: $a \\ge b$. " * 190,
    "Let $x=a$, which are " + "\0 , and " * 2_000, "by symmetry " * 1_600 + "$a>b$",
    "arithmetic " * 1_800, "{" * 19_999, "\u202e" * 9_000, "$\ud800 > 1$", "a_1" * 6_000 + ">=",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda t: repr(t[:12]))
def test_hostile_text_is_a_quick_verdict(text: str) -> None:
    start = time.process_time()
    assert grade(text, "a >= b").grade not in ("proved", "supported")
    assert time.process_time() - start < 0.5
    with contextlib.suppress(Unreadable):
        read_problem(text)
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("text", "variables", "domain", "given", "goal"),
    [
        ("Let a, b > 0. Prove that a/b + b/a >= 2.", "ab", "positive", (), "a/b+b/a >= 2"),
        (r"Let $a,b,c$ be positive reals with $abc=1$. Prove that $$\frac{a}{b}+\frac bc \ge 2.$$",
         "abc", "positive", ("a*b*c = 1",), "a/b+b/c >= 2"),
        ("For all real numbers x and y, show that x^2+y^2 >= 2xy.", "xy", "real", (),
         "x^2+y^2 >= 2*x*y"),
        ("If a, b, c are positive reals such that a+b+c=3, then prove that a^2+b^2+c^2 >= 3.",
         "abc", "positive", ("a+b+c = 3",), "a^2+b^2+c^2 >= 3"),
        ("Prove that a^2+b^2+c^2 >= ab+bc+ca for all real a, b, c.", "abc", "real", (),
         "a^2+b^2+c^2 >= a*b+b*c+c*a"),
        (r"Let $a, b, c$ be the side lengths of a triangle. Show that $a+b > c$.", "abc",
         "triangle", (), "a+b > c"),
        (r"Let $x, y \ge 0$ with $x+y=2$. Prove that $x^2+y^2 \geq 2$.", "xy", "nonnegative",
         ("x+y = 2",), "x^2+y^2 >= 2"),
        (r"Given non-negative real numbers $a,b$, prove $\frac{a+b}{2}\ge\sqrt{ab}$.", "ab",
         "nonnegative", (), "(a+b)/2 >= sqrt(a*b)"),
    ],
)  # fmt: skip
def test_ordinary_problem_texts(
    text: str, variables: str, domain: str, given: tuple[str, ...], goal: str
) -> None:
    read = read_problem(text)
    assert (read.variables, read.domain, read.given, read.goal) == (
        tuple(variables), domain, given, goal
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["Hello.", "", "Prove that $a \\ge b$.", "Let $a$ be a positive real. Prove it.",
     "Let $a, b$ be integers. Prove that $a \\ge b$.",
     "Let $a,b$ be positive reals. Find the minimum of $a+b$.",
     "Let $a, b$ be positive reals. Prove that $x \\ge b$.",
     "Let $n$ be a positive integer. Prove that $n^2 \\ge n$."],
)  # fmt: skip
def test_what_is_no_such_problem_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        read_problem(text)


def test_segments_keep_positions() -> None:
    text = r"So $a>b$ and \[c = a\] but b >= c holds."
    for segment in segments(text, V):
        assert text[segment.position :].startswith(segment.text[:3])
    assert [s.text for s in segments(text, V) if s.kind == "math"] == ["a>b", "c = a", "b >= c"]


def test_lists() -> None:
    assert split_list("a^3, b^3") == ["a^3", "b^3"]
    assert split_list("(a, b+c)") == ["a", "b+c"]
    assert split_list("(a+b)(b+c)") == ["(a+b)(b+c)"]
    assert split_list("(a,b),(c)") == ["(a,b)", "(c)"]


def test_read_proof_reports_positions() -> None:
    text = "(1) By AM-GM, $x^2 \\ge 1$."
    (unread,) = read_proof(text, V).unread
    assert text[unread.position :].startswith("x^2")
    assert "not a declared variable" in unread.reason
