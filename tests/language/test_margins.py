"""What stands at the margin of a proof: a row's tag, a closing line that leaves something open."""

from __future__ import annotations

import pytest

from olympiad_ineq.proof import grade_text

PROOF = r"By AM-GM, $$a+b \ge 2\sqrt{ab} %s$$"


def grade(proof: str) -> str:
    return grade_text(["a", "b"], "positive", [], "a+b >= 2*sqrt(a*b)", proof).grade


@pytest.mark.parametrize("tag", ["1", "(1)", "*", "**", "A", "A1", "1a", "iii", "1'"])
def test_a_row_may_have_a_tag_and_a_label(tag: str) -> None:
    assert grade(PROOF % rf"\tag{{{tag}}} \label{{eq:main-1}}") == "proved"


@pytest.mark.parametrize("tag", ["false", "a>1", "a=b", "if", "wrong", "not yet", "for a>1"])
def test_a_tag_that_says_something_is_not_passed_over(tag: str) -> None:
    assert grade(PROOF % rf"\tag{{{tag}}}") != "proved"


@pytest.mark.parametrize(
    "line",
    ["To be completed.", "It is to be proved.", "The claim is still to be shown.",
     "The proof is to be.", "We are done for."],
)  # fmt: skip
def test_a_closing_line_that_leaves_something_open(line: str) -> None:
    assert grade(PROOF % "" + "\n" + line) != "proved"


@pytest.mark.parametrize(
    "line",
    ["", "This is what was to be proved.", "Which was to be shown.", "We are done.", "QED",
     "This completes the proof.", "as was to be shown."],
)  # fmt: skip
def test_a_closing_line_that_ends_the_proof(line: str) -> None:
    assert grade(PROOF % "" + "\n" + line) == "proved"
