"""What a proof's words say is not read past: what may change the sense is never proved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from olympiad_ineq.language.words import unknown
from olympiad_ineq.proof import grade_text

STEP = r"Since $(a-b)^2 \ge 0$, we have $a^2+b^2 \ge 2ab$."
GOAL = "a^2+b^2 >= 2*a*b"


def grade(text: str) -> str:
    return grade_text(["a", "b"], "real", [], GOAL, text).grade


def test_the_proof_without_a_word_more_is_proved() -> None:
    assert grade(STEP) == "proved"


@pytest.mark.parametrize(
    "words",
    [
        "This is false.", "The above is wrong.", "We have not proved this.",
        "However, this does not hold in general.", "But the first step fails.",
        "This only works for integers.", "The proof is omitted.", "This is a conjecture.",
        "This holds only if the numbers are equal.", "Here all variables are integers.",
        "We ignore the remaining case.", "This is left to the reader.",
        "It remains to treat the other case.", "The minimum is attained for different numbers.",
        "Strict inequality holds always.",
    ],
)  # fmt: skip
def test_a_sentence_after_the_proof_that_takes_it_back(words: str) -> None:
    assert grade(f"{STEP} {words}") == "open"


@pytest.mark.parametrize(
    "words",
    [
        "Suppose the contrary.", "Assume the opposite.", "Suppose all variables are equal.",
        "Assume the variables are integers.", "Let the numbers be at least one.",
        "We prove the converse.", "We only treat the case of positive numbers.",
        "We prove this for some numbers.", "For positive numbers, we have the following.",
        "As all variables are positive, we are done.",
    ],
)  # fmt: skip
def test_a_sentence_before_the_proof_that_narrows_it(words: str) -> None:
    assert grade(f"{words} {STEP}") == "open"


@pytest.mark.parametrize(
    "text",
    [
        "For some $a, b$, since {sq}, {claim}.",
        "There are $a, b$ such that, since {sq}, {claim}.",
        "Except for equal numbers, since {sq}, {claim}.",
        "It is doubtful that, since {sq}, {claim}.",
        "Is it true, since {sq}, that {claim}?",
        "When the variables are integers, since {sq}, {claim}.",
        "Provided the variables are integers, since {sq}, {claim}.",
        "Since {sq}, we don't get {claim}.",
        "Since {sq}, we conjecture {claim}.",
        "It would follow, since {sq}, that {claim}.",
        "Since {sq}, the opposite of {claim}.",
        "Since {sq}, {claim} except when they are equal.",
        "By Fermat's last theorem and since {sq}, {claim}.",
        "By Chebyshev's inequality, since {sq}, {claim}.",
        "Since $a-b$ is positive and {sq}, {claim}.",
    ],
)
def test_words_in_the_step_that_change_its_sense(text: str) -> None:
    said = text.replace("{sq}", r"$(a-b)^2 \ge 0$").replace("{claim}", r"$a^2+b^2 \ge 2ab$")
    assert grade(said) in ("open", "refuted")


@pytest.mark.parametrize(
    "text",
    [
        "By AM-GM, we have", "This completes the proof.", "Adding these three inequalities, we get",
        "The square of a real number is never negative.", "Since squares are non-negative",
    ],
)  # fmt: skip
def test_ordinary_words_are_known(text: str) -> None:
    assert unknown(text) == ""


@pytest.mark.parametrize(
    "words",
    [
        "Equality forces $a=b=1$.", "Equality implies $a=b=1$.", "Equality requires $a=b=1$.",
        "Equality holds just for $a=b=1$.", "Equality holds everywhere except $a=b$.",
        "Equality holds uniquely at $a=b=1$.", "Equality if $a=b$, otherwise strict inequality.",
        "Equality holds if $a=b=1$ and in no other case.", "Equality holds exactly at $a=b=1$.",
    ],
)  # fmt: skip
def test_more_is_said_of_equality_than_is_checked(words: str) -> None:
    assert grade(f"{STEP} {words}") in ("open", "supported")


TWO = r"""(1) Since $(a-b)^2 \ge 0$, $a^2+b^2 \ge 2ab$.
(2) Since $(b-c)^2 \ge 0$, $b^2+c^2 \ge 2bc$.
"""


@pytest.mark.parametrize(
    "words",
    [
        "Subtracting (1) from (2)", "Dividing (1) by (2)", "Squaring (1) and (2)",
        "By the difference of (1) and (2)", "Adding $3$ times (1) and (2)", "By (1) minus (2)",
        "Taking square roots of (1) and (2)", "Adding five times (1) and (2)",
        "Adding (1), twice, to (2)", "Adding (1) to the reverse of (2)", "Despite (1) and (2)",
        "By (1), (2) and (7)", "By AM-GM and (7)", "By the square of (1) and (2)",
    ],
)  # fmt: skip
def test_facts_are_put_together_as_the_words_say(words: str) -> None:
    text = rf"{TWO}(3) {words}, we get $a^2+2b^2+c^2 \ge 2ab+2bc$."
    goal = "a^2+2*b^2+c^2 >= 2*a*b+2*b*c"
    assert grade_text(["a", "b", "c"], "real", [], goal, text).grade == "open"


def test_the_sum_itself_is_followed() -> None:
    text = rf"{TWO}(3) Adding (1) and (2), we get $a^2+2b^2+c^2 \ge 2ab+2bc$."
    goal = "a^2+2*b^2+c^2 >= 2*a*b+2*b*c"
    assert grade_text(["a", "b", "c"], "real", [], goal, text).grade == "proved"


@pytest.mark.parametrize("words", ["$f$ is concave.", "The function is concave.", "$g$ is convex."])
def test_what_is_said_of_a_function_is_shown(words: str) -> None:
    claim = r"$\frac{a^3+b^3}{2} \ge \left(\frac{a+b}{2}\right)^3$"
    text = f"Let $f(t)=t^3$. {words} By Jensen's inequality at $a$, $b$, {claim}."
    goal = "(a^3+b^3)/2 >= ((a+b)/2)^3"
    assert grade_text(["a", "b"], "positive", [], goal, text).grade == "open"
    good = text.replace("concave", "convex").replace("$g$", "$f$")
    assert grade_text(["a", "b"], "positive", [], goal, good).grade == "proved"


UNSOUND = json.loads(Path(__file__).with_name("unsound_prose.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", UNSOUND, ids=lambda case: case["proof"][:40])
def test_what_changes_the_sense_or_shows_the_converse(case: dict[str, Any]) -> None:
    names, domain, goal = case["variables"], case["domain"], case["goal"]
    verdict = grade_text(names, domain, case.get("given", []), goal, case["proof"])
    assert verdict.grade != "proved"


SOUND = json.loads(Path(__file__).with_name("sound_prose.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", SOUND, ids=lambda case: case["proof"][:40])
def test_words_near_these_that_are_true_stay_proved(case: dict[str, Any]) -> None:
    names, domain, goal = case["variables"], case["domain"], case["goal"]
    verdict = grade_text(names, domain, case.get("given", []), goal, case["proof"])
    assert verdict.grade == "proved", verdict


@pytest.mark.parametrize(
    "text",
    [
        "And similarly for the others $x$, $a+b$.", "And similarly for the others, $a \\ge$.",
        "The right-hand side is at least $2$, and we are done.", "Dividing by $3$, we are done.",
        "Let $S$ denote the left-hand side. Then $S \\ge$.", "Applying this to $a$, $a \\ge b$.",
    ],
)  # fmt: skip
def test_what_refers_to_nothing_is_no_proof(text: str) -> None:
    assert grade(text) != "proved"
