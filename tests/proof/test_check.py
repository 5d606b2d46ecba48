"""The verdict of a whole proof: grades, the step named, limits, odd input, speed."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from olympiad_ineq.language.parse import Unreadable, parse_statement
from olympiad_ineq.problem_lines import _STEP
from olympiad_ineq.proof import check_proof
from olympiad_ineq.proof.rules import CITING

S = parse_statement(["a", "b"], "positive", [], "a^3+b^3 >= a^2*b+a*b^2")
GOOD: list[dict[str, Any]] = [
    {"id": "s1", "claim": "2*a^3+b^3 >= 3*a^2*b", "by": "amgm", "terms": ["a^3", "b^3"],
     "weights": [2, 1]},
    {"id": "s2", "claim": "2*b^3+a^3 >= 3*b^2*a", "by": "cyclic", "of": "s1"},
    {"id": "s3", "claim": "a^3+b^3 >= a^2*b+a*b^2", "by": "combine", "of": ["s1", "s2"]},
]  # fmt: skip


def test_reason_names_the_step_and_what_the_rule_gives() -> None:
    verdict = check_proof(S, [{**GOOD[0], "claim": "2a^3+b^3 >= 4a^2b"}, *GOOD[1:]])
    assert verdict.step == "s1"
    assert verdict.reason.startswith(
        "step s1: AM-GM on a^3, b^3 with weights 2, 1 gives 2*a^3 + b^3 >= 3*a^2*b, "
        "not 2a^3+b^3 >= 4a^2b"
    )


def test_a_true_claim_with_a_wrong_reason_is_at_most_supported() -> None:
    verdict = check_proof(S, [{**GOOD[0], "weights": [1, 2]}, *GOOD[1:]])
    assert (verdict.grade, verdict.step) == ("supported", "s1")


def test_a_step_on_an_open_step_is_open_and_says_so() -> None:
    s = parse_statement(["a", "b", "c"], "positive", [], "a^3+b^3+c^3 >= a^2*b+b^2*c+c^2*a")
    steps: list[dict[str, Any]] = [
        {"id": "s1", "claim": "2*(a^3+b^3+c^3) >= 2*(a^2*b+b^2*c+c^2*a)"},
        {"id": "s2", "claim": s.goal.text, "by": "combine", "of": ["s1"]},
    ]
    verdict = check_proof(s, steps)
    assert verdict.grade == "open" and verdict.step == "s1"
    assert "rests on step s1" in verdict.steps[1].reason


@pytest.mark.parametrize(
    "steps",
    [
        [None], [[]], ["s1"], [{}], [{"id": 1}], [{"id": "s1", "claim": 5}],
        [{"id": "s1", "claim": "a >= 0", "by": 7}],
        [{"id": "s1", "claim": "a >= 0", "by": ["amgm"]}],
        [{"id": "s1", "claim": "a >= 0", "by": "amgm"}],
        [{"id": "s1", "claim": "a >= 0", "by": "amgm", "terms": [1, 2]}],
        [{"id": "s1", "claim": "a >= 0", "by": "amgm", "terms": {"a": 1}}],
        [{"id": "s1", "claim": "a >= 0", "by": "amgm", "terms": []}],
        [{"id": "s1", "claim": "a >= 0", "by": "amgm", "terms": ["a"] * 100}],
        [{"id": "s1", "claim": "a >= 0", "by": "combine", "of": [["s1"]]}],
        [{"id": "s1", "claim": "a >= 0", "by": "combine", "of": [None]}],
        [{"id": "s1", "claim": "a >= 0", "by": "combine"}],
        [{"id": "s1", "claim": "a >= 0", "by": "scale", "of": "s1"}],
        [{"id": "s1", "claim": "a >= 0", "by": "schur", "terms": ["a", "b", "1"], "degree": "x"}],
        [{"id": "s1", "claim": "a >= 0", "by": "cyclic", "of": "s0", "map": 3}],
        [{"id": "x" * 1000, "claim": "a >= 0", "by": "magic"}],
    ],
)  # fmt: skip
def test_odd_input_is_a_verdict(steps: Any) -> None:
    verdict = check_proof(S, steps)
    assert verdict.grade != "proved"
    assert verdict.step and len(verdict.step) <= 40


@pytest.mark.parametrize("steps", ["text", 5, None])
def test_no_list_of_steps_is_unreadable(steps: Any) -> None:
    assert check_proof(S, steps).grade == "unreadable"


def test_too_many_steps_is_a_limit() -> None:
    assert check_proof(S, [GOOD[0]] * 61).grade == "limit"


@pytest.mark.parametrize("equality", [{}, {"when": "a = b"}, {"point": {"a": "2", "b": 2}}])
def test_equality_that_holds(equality: dict[str, Any]) -> None:
    assert check_proof(S, GOOD, equality).grade == "proved"


@pytest.mark.parametrize(
    ("equality", "grade"),
    [
        ({"when": "a = 2*b"}, "refuted"),
        ({"when": "a >= b"}, "open"),
        ({"when": 5}, "open"),
        ({"if": "a = b"}, "open"),
        ({"point": {"a": "1"}}, "open"),
        ({"point": {"a": "1", "b": "2"}}, "refuted"),
    ],
)
def test_equality_that_does_not(equality: dict[str, Any], grade: str) -> None:
    verdict = check_proof(S, GOOD, equality)
    assert (verdict.grade, verdict.step) == (grade, "equality")


def test_work_is_limited() -> None:
    claim = "*".join(["(a+b+1)^16"] * 9) + " >= 0"
    start = time.process_time()
    verdict = check_proof(S, [{"id": "s1", "claim": claim, "by": "positive"}])
    assert verdict.grade in ("limit", "open")
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("variables", "domain", "given", "goal"),
    [
        (["a"], "complex", [], "a >= 0"),
        ("ab", "real", [], "a >= 0"),
        (["a", "b"], "triangle", [], "a >= 0"),
        (["a"], "real", "a = 1", "a >= 0"),
        (["a"], "real", ["a = 1"] * 9, "a >= 0"),
        (["a"], "real", [], "a"),
        (["a"], "real", ["b = 1"], "a >= 0"),
    ],
)
def test_a_statement_that_is_none_is_unreadable(
    variables: Any, domain: str, given: Any, goal: str
) -> None:
    with pytest.raises(Unreadable):
        parse_statement(variables, domain, given, goal)


@pytest.mark.parametrize(
    ("goal", "grade"),
    [("a/b+b/a >= 1", "proved"), ("a/b+b/a > 1", "proved"), ("1 < a/b+b/a", "proved"),
     ("2*a/b+2*b/a >= 3", "open"), ("a/b+b/a > 2", "refuted"), ("a/b+b/a >= 3", "refuted"),
     ("a/b+b/a >= 2-a", "open")],
)  # fmt: skip
def test_more_than_the_goal_gives_it_where_a_number_is_to_spare(goal: str, grade: str) -> None:
    statement = parse_statement(["a", "b"], "positive", [], goal)
    one = {"id": "s1", "claim": "a/b+b/a >= 2", "by": "amgm", "terms": ["a/b", "b/a"]}
    assert check_proof(statement, [one]).grade == grade


def said(fields: dict[str, Any]) -> tuple[str, str]:
    """The grade and the reason of a proof of one step."""
    one = {"id": "s1", "claim": "a+b >= 2", **fields}
    verdict = check_proof(parse_statement(["a", "b"], "positive", ["a*b = 1"], "a+b >= 2"), [one])
    return verdict.grade, verdict.reason


@pytest.mark.parametrize(
    ("key", "fields"),
    [
        ("terms", {"by": "amgm"}), ("terms", {"by": "schur"}),
        ("x", {"by": "cauchy"}), ("y", {"by": "cauchy", "x": ["a"]}),
        ("nums", {"by": "titu"}), ("dens", {"by": "titu", "nums": ["a"]}),
        ("expr", {"by": "square"}), ("expr", {"by": "scale", "of": "given"}),
        *[("of", {"by": rule}) for rule in sorted(CITING)],
        ("f", {"by": "jensen", "terms": ["a", "b"]}), ("terms", {"by": "jensen", "f": "t^2"}),
        ("cases", {"by": "cases"}), ("order", {"by": "wlog", "steps": []}),
        ("order", {"by": "cases", "cases": [{"steps": []}]}),
        ("steps", {"by": "wlog", "order": ["a", "b"]}),
        ("images", {"by": "substitute"}), ("steps", {"by": "substitute", "images": {"x": "a"}}),
        ("lemma", {"by": "substitute", "images": {"x": "a"}, "steps": []}),
    ],
)  # fmt: skip
def test_a_field_that_is_missing_is_named_with_what_to_write(
    key: str, fields: dict[str, Any]
) -> None:
    grade, reason = said(fields)
    assert grade == "unreadable"
    start = f'step s1: the field {key} is missing; fix: write it, as in "{key}": '
    assert reason.startswith(start)
    json.loads(reason.removeprefix(start))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"by": "amgm", "terms": []}, 'must be a text or a list of texts, as in "terms": ["a^2"'),
        ({"by": "amgm", "terms": [1, "a"]}, 'the field terms must hold texts alone, as in "terms"'),
        ({"by": "amgm", "terms": ["a"] * 25}, "the field terms holds 25 texts, more than 24"),
        ({"by": "amgm", "terms": ["a", "b"], "weights": [1]}, "weights must hold 2 numbers, not 1"),
        ({"by": "cauchy", "x": ["a", "b"], "y": ["a"]},
         "x and y must hold equally many, not 2 and 1"),
        ({"by": "schur", "terms": ["a", "b", "1"], "degree": True}, "an integer from 0 to 6"),
        ({"by": "jensen", "terms": ["a", "b"], "f": "x^2"}, "the field f is a function of t: x is"),
        ({"by": "jensen", "terms": ["a", "b"], "f": 5}, "the field f must be a text"),
        ({"by": "wlog", "order": ["a"], "steps": []}, "a list of two variables or more"),
        ({"by": "wlog", "order": "a, b", "steps": []}, "the field order must be a list"),
        ({"by": "wlog", "order": ["a", "b"], "steps": "s1"}, "the field steps must be a list"),
        ({"by": "cases", "cases": [5]}, "a case must be a record"),
        ({"by": "wlog", "order": ["a", "b"],
          "steps": [{"id": "t1", "claim": "a+b >= 2", "by": "wlog"}]},
         "cases, wlog and substitute do not stand within one another"),
        ({"by": "wlog", "order": ["a", "b"],
          "steps": [{"id": "t1", "claim": "a+b >= 2*sqrt(a*b)", "by": "amgm", "terms": ["a", "b"]},
                    {"id": "t2", "claim": "a+b >= 2", "by": "amgm", "terms": ["a", "b"]}]},
         "cases and wlog are not for proofs with roots"),
        ({"by": "wlog", "order": ["a", "b"], "steps": [{"claim": "a >= 0", "by": ["wlog"]}]},
         "is not known"),
        ({"by": "substitute", "images": {"x": "a"}, "lemma": 5, "steps": []},
         "the field lemma must be a text"),
        ({"by": "substitute", "images": {"x": "a"}, "lemma": "x >= 0", "steps": [],
          "domain": ["real"]},
         "a lemma's domain is one of positive, nonnegative, real"),
    ],
)  # fmt: skip
def test_a_field_of_another_shape_says_its_shape(fields: dict[str, Any], reason: str) -> None:
    grade, found = said(fields)
    assert grade in ("unreadable", "open") and reason in found


def test_an_equality_case_that_is_not_enough_does_not_call_the_goal_false() -> None:
    reason = check_proof(S, GOOD, {"when": "a = 2*b"}).reason
    assert "a = 2*b is not enough (equality is false at a = " in reason
    assert S.goal.text not in reason


def test_the_step_that_a_malformed_proof_is_shown_is_one() -> None:
    assert check_proof(parse_statement(["a"], "real", [], "a^2 >= 0"), [json.loads(_STEP)]).proved
