"""WLOG, cases and substitution in prose: read whole or not followed, and never believed."""

from __future__ import annotations

import pytest

from olympiad_ineq.language import read_proof, render_proof
from olympiad_ineq.language.parse import Unreadable
from olympiad_ineq.proof import grade_text

V = ["a", "b", "c"]
TWO = "$a^3+b^3 \\ge a^2b+ab^2$"
BY_ORDER = """WLOG assume $a \\ge b$.
(1) From the condition, $a-b \\ge 0$.
(2) Multiplying (1) by $a+b$, $a^2-b^2 \\ge 0$.
(3) Multiplying (1) and (2), $(a-b)(a^2-b^2) \\ge 0$.
From (3), $a^3+b^3 \\ge a^2b+ab^2$."""
CYCLIC = "a^3+b^3+c^3 >= a^2*b+b^2*c+c^2*a"
CASES = r"""Case 1: $a \ge b \ge c$.
By the order of the variables, $a^3+b^3+c^3 \ge a^2b+b^2c+c^2a$.
Case 2: $a \ge c \ge b$. By the order of the variables, $a^3+b^3+c^3 \ge a^2b+b^2c+c^2a$."""
RATIOS = "a/b+b/c+c/a >= 3"
SUBSTITUTED = r"""Let $x = \frac{a}{b}, y = \frac{b}{c}, z = \frac{c}{a}$, which are positive.
Then $xyz = 1$. By AM-GM on $x, y, z$, $x+y+z \ge 3$.
Substituting back, $\frac ab+\frac bc+\frac ca \ge 3$."""


def grade(text: str, goal: str, domain: str = "positive", names: list[str] = V) -> tuple[str, str]:
    verdict = grade_text(names, domain, [], goal, text)
    return verdict.grade, f"{verdict.step}: {verdict.reason}"


@pytest.mark.parametrize(
    ("text", "goal"),
    [
        (BY_ORDER, "a^3+b^3 >= a^2*b+a*b^2"),
        (BY_ORDER.replace("WLOG assume", "By symmetry, we can assume that"),
         "a^3+b^3 >= a^2*b+a*b^2"),
        (BY_ORDER.replace("WLOG assume", "Since the inequality is symmetric in $a, b$, we may "
                          "assume without loss of generality that"), "a^3+b^3 >= a^2*b+a*b^2"),
        (BY_ORDER.replace("a \\ge b$", "b \\le a$"), "a^3+b^3 >= a^2*b+a*b^2"),
        (BY_ORDER + f" Hence, in every order, {TWO}.", "a^3+b^3 >= a^2*b+a*b^2"),
        (CASES, CYCLIC),
        (CASES.replace("Case 1: ", "Case 1. Suppose that ").replace("Case 2: ", "Case 2. If "),
         CYCLIC),
        (CASES + r" In both cases, $a^3+b^3+c^3 \ge a^2b+b^2c+c^2a$.", CYCLIC),
        ("By AM-GM on $a^2$, $b^2$, $a^2+b^2 \\ge 2ab$. " + BY_ORDER, "a^3+b^3 >= a^2*b+a*b^2"),
        ("(7) Since all terms are nonnegative, $a+b \\ge 0$.\nWLOG $a \\ge b$.\nThen $a-b \\ge 0$ "
         "and $a \\ge b$.\n(8) Squares give $(a-b)^2 \\ge 0$.\nMultiplying (7) and (8), "
         "$(a+b)(a-b)^2 \\ge 0$.", "(a+b)*(a-b)^2 >= 0"),
        (SUBSTITUTED, RATIOS),
        (SUBSTITUTED.replace(", which are positive.\nThen $xyz = 1$",
                             ", which are positive with $xyz = 1$"), RATIOS),
        (SUBSTITUTED.partition("Substituting")[0], RATIOS),  # x is a/b
        (SUBSTITUTED + "\nEquality holds when $a = b = c$.", RATIOS),
    ],
)  # fmt: skip
def test_as_people_write_it(text: str, goal: str) -> None:
    names = V if "c" in goal else ["a", "b"]
    assert grade(text, goal, names=names)[0] == "proved", grade(text, goal, names=names)


WLOG_BAD = [
    # a statement without the symmetry
    (r"WLOG $a \ge b \ge c$. By the order of the variables, $a^3+b^3+c^3 \ge a^2b+b^2c+c^2a$.",
     CYCLIC, "positive", "not every order"),
    (r"WLOG, let $a \ge b$. From the condition, $a \ge b$.", "a >= b", "positive", "not every"),
    (r"By symmetry, we may assume that $a \ge b \ge c$. By the order of the variables, "
     r"$a-b+b-c \ge 0$. By the order of the variables, in every order, $a-c \ge 0$.",
     "a-c >= 0", "positive", ""),
    # cases that leave an order out
    (CASES.replace(r"a \ge c \ge b", r"b \ge c \ge a"), CYCLIC, "positive", "not every order"),
    (CASES.partition("\nCase")[0], CYCLIC, "positive", "not every order"),
    (CASES.replace("Case 2", "Case 3"), CYCLIC, "positive", "not every order"),
    (r"Case 1: $a \ge b$. From the condition, $a \ge b$. In all cases, $a \ge b$.",
     "a >= b", "positive", "not every order"),
    # a case whose own proof fails
    (CASES.replace("\\ge a^2b", "\\ge 2a^2b", 1), CYCLIC, "positive", "in the case"),
    # values that are not what is said of them
    (r"Let $x = a-b$, which is positive. Since all terms are nonnegative, $x \ge 0$. "
     r"Substituting back, $a-b \ge 0$.", "a-b >= 0", "positive", ""),
    (SUBSTITUTED.replace("xyz = 1", "xyz = 2").replace(r"x+y+z \ge 3", r"x+y+z \ge 3"),
     RATIOS, "positive", ""),
    (SUBSTITUTED.replace("Then $xyz = 1$. ", ""), RATIOS, "positive", ""),
    (SUBSTITUTED.replace(", which are positive", ""), RATIOS, "positive", ""),
    (SUBSTITUTED.replace(r"\frac{c}{a}", r"\frac{a}{c}"), RATIOS, "positive", ""),
    (r"Let $a = x^2$, which is positive. " + SUBSTITUTED, RATIOS, "positive", "not followed"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "goal", "domain", "reason"), WLOG_BAD)
def test_unsound_blocks_are_not_proved(text: str, goal: str, domain: str, reason: str) -> None:
    found, why = grade(text, goal, domain)
    assert found in ("open", "refuted", "unreadable"), why
    assert reason in why


@pytest.mark.parametrize(
    "header",
    [
        r"Assume $a \ge b$.", r"WLOG $a > b$.", r"WLOG $a \ge b+1$.", r"WLOG $a \ge b \ge 1$.",
        r"WLOG not $a \ge b$.", r"WLOG $a = b$.", r"WLOG $a \ge b$ or $b \ge 1$.",
        r"WLOG $a = \max(a, b)$.", r"WLOG $a \ge 1$.", r"WLOG $a+b = 1$.", "WLOG $ab = 1$.",
        r"Without loss of generality, unless $b = 1$, assume $a \ge b$.", r"Case 2: $a \ge b$.",
        r"Case 1: $a > b$.", r"Case 1: not $a \ge b$.", r"Case 1: $a \ge b$ is false.",
        r"Since the inequality is cyclic, assume $a \ge b$.", r"WLOG $a \ge a$.",
        "Let $x$ = $a$.", "Let $x = a$ or $x = b$.", r"Let $x \ge a$.", "Let $x = y$.",
        "Let $x = a, x = b$.", "Let $a = b$.", "Let $x = a$, which are not positive.",
        "Let $x = a$, which are integers.", "Let $x = a = b$.", "Let $x = a$ if $a = 1$.",
    ],
)  # fmt: skip
def test_an_assumption_that_is_not_understood_is_not_followed(header: str) -> None:
    """... even before a proof that is good without it."""
    proof = BY_ORDER.partition("\n")[0] + "\n" + BY_ORDER.partition("\n")[2]
    verdict = grade_text(["a", "b"], "positive", [], "a^3+b^3 >= a^2*b+a*b^2", f"{header}\n{proof}")
    assert verdict.grade == "open", verdict


@pytest.mark.parametrize("ending", [
    "By symmetry, in every order but one, {0}.", "In some order, {0}.", "In no order {0}.",
    "Unless $a = b$, in every order, {0}.", "In every order, {0} or $a = b$.",
])  # fmt: skip
def test_an_ending_with_a_word_more_is_none(ending: str) -> None:
    text = f"{BY_ORDER}\n{ending.format(TWO)}"
    verdict = grade_text(["a", "b"], "positive", [], "a^3+b^3 >= a^2*b+a*b^2", text)
    assert verdict.grade != "proved", verdict


ENDED = CASES + r" In both cases, $a^3+b^3+c^3 \ge a^2b+b^2c+c^2a$."


@pytest.mark.parametrize(
    ("text", "goal", "sentence"),
    [
        (BY_ORDER, "a^3+b^3 >= a^2*b+a*b^2", "WLOG assume $a \\ge b$."),
        (CASES, CYCLIC, r"Case 1: $a \ge b \ge c$."),
        (CASES, CYCLIC, r"Case 2: $a \ge c \ge b$."),
        (ENDED, CYCLIC, r"In both cases, $a^3+b^3+c^3 \ge a^2b+b^2c+c^2a$."),
        (SUBSTITUTED, RATIOS, SUBSTITUTED.partition("\n")[0]),
        (SUBSTITUTED, RATIOS, "Then $xyz = 1$."),
        (SUBSTITUTED, RATIOS, SUBSTITUTED.rpartition("\n")[2]),
    ],
)
def test_no_word_can_be_added_to_a_header_or_an_ending(text: str, goal: str, sentence: str) -> None:
    assert sentence in text
    names = V if "c" in goal else ["a", "b"]
    words = sentence.split(" ")
    for i in range(len(words)):
        if " ".join(words[:i]).count("$") % 2:
            continue
        for word in ("not", "or", "unless", "$c$", "≠", "never", "some"):
            more = " ".join([*words[:i], word, *words[i:]])
            found = grade(text.replace(sentence, more), goal, names=names)
            assert found[0] != "proved", more


def test_a_block_is_one_step_with_its_own() -> None:
    (step,) = read_proof(BY_ORDER, ["a", "b"]).steps
    assert (step["by"], step["order"], step["id"]) == ("wlog", ["a", "b"], "s5")
    inner = step["steps"]
    assert isinstance(inner, list) and [s["id"] for s in inner] == ["s1", "s2", "s3", "s4"]


@pytest.mark.parametrize(
    "fields",
    [{"by": "wlog"}, {"by": "wlog", "steps": []}, {"by": "wlog", "order": "ab", "steps": []},
     {"by": "cases", "cases": 3}, {"by": "cases", "cases": [1]}, {"by": "substitute", "steps": []},
     {"by": "substitute", "steps": [], "images": {"a": "b"}, "lemma": "a >= 0"},
     {"by": "substitute", "steps": [], "images": {"x": "b"}, "lemma": "x >= 0", "domain": "prime"}],
)  # fmt: skip
def test_a_record_without_a_form_says_so(fields: dict[str, object]) -> None:
    with pytest.raises(Unreadable):
        render_proof([{"id": "s1", "claim": "a >= b", **fields}], variables=V)


@pytest.mark.parametrize("domain", ["positive", "real"])
def test_parts_of_the_order_need_no_other_reason(domain: str) -> None:
    text = (
        r"WLOG $a \ge b \ge c$. Then $a - c \ge 0$. So $b \ge c$. "
        r"Since $(a-b)^2+(b-c)^2+(c-a)^2 \ge 0$, $a^2+b^2+c^2 \ge ab+bc+ca$."
    )
    goal = "a^2+b^2+c^2 >= a*b+b*c+c*a"
    assert grade(text, goal, domain)[0] == "proved", grade(text, goal, domain)
    for wrong in (r"c \ge b", r"b - a \ge 0", r"a \ge 2b", r"a+b \ge c", r"a > b"):
        other = text.replace(r"b \ge c$. Since", f"{wrong}$. Since").replace("So", "Thus")
        assert other != text.replace("So", "Thus")
        assert grade(other, goal, "real")[0] != "proved", wrong


def test_a_large_claim_in_an_order_needs_its_reason() -> None:
    schur = r"$a(a-b)(a-c)+b(b-a)(b-c)+c(c-a)(c-b) \ge 0$"
    goal = "a*(a-b)*(a-c)+b*(b-a)*(b-c)+c*(c-a)*(c-b) >= 0"
    assert grade(rf"WLOG $a \ge b \ge c$. Then {schur}.", goal)[0] == "open"
    said = rf"WLOG $a \ge b \ge c$. By the order of the variables, {schur}."
    assert grade(said, goal)[0] == "proved"


def test_a_product_is_no_function() -> None:
    text = "Let it be $f(x) = x^3$. Since all terms are nonnegative, $f+x > 0$."
    verdict = grade_text(["f", "x"], "positive", [], "f+x > 0", text)
    assert verdict.grade == "open", verdict


def test_what_is_said_not_to_suffice_is_no_aim() -> None:
    shown = r"Since $(a-b)^2 \ge 0$, $a^2+b^2 \ge 2ab$."
    text = rf"It does not suffice to show $2a^2+2b^2 \ge 4ab$. {shown}"
    assert grade(text, "a^2+b^2 >= 2*a*b")[0] == "open"
    assert grade(text.replace("does not suffice", "suffices"), "a^2+b^2 >= 2*a*b")[0] == "proved"
