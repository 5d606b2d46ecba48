"""docs/steps.md says what each rule takes: its examples are graded, its keys are tried."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from olympiad_ineq.proof.rules import CITING, OWN_STEPS, RULES, TAKES
from olympiad_ineq.proof.step import LIKE, MAX_ITEMS
from olympiad_ineq.record_check import check_record

PAGE = (Path(__file__).parents[2] / "docs/steps.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```json\n(.*?)\n```$", PAGE, re.DOTALL | re.MULTILINE)
Step = dict[str, Any]


def named(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


SECTIONS = {
    rule: body
    for heading, body in re.findall(r"^### (.*?)\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE)
    for rule in named(heading)
}
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.partition("## The rules")[2].partition("\n### ")[0].splitlines()
    if line.startswith("| `")
]
KEYS = {rule: (named(row[1]), named(row[2])) for row in ROWS for rule in named(row[0])}


def graded(record: object) -> dict[str, Any]:
    return check_record((json.dumps(record).encode(), 5.0))


def inner(step: Step) -> list[Step]:
    cases = step.get("cases", [step])
    return [s for case in cases for s in case.get("steps", [])]


def by(rule: str) -> tuple[Step, Step]:
    """The example of a rule and its step by it."""
    for text in re.findall(r"^```json\n(.*?)\n```$", SECTIONS[rule], re.DOTALL | re.MULTILINE):
        record = json.loads(text)
        for step in record["steps"]:
            if step["by"] == rule:
                return record, step
    raise AssertionError(f"no example of {rule}")


def test_the_rules_are_those_of_the_table_and_of_the_headings() -> None:
    assert sorted(SECTIONS) == sorted(RULES)
    assert sorted(rule for row in ROWS for rule in named(row[0])) == sorted(RULES)


def test_every_block_of_the_page_is_tried() -> None:
    assert len(EXAMPLES) == PAGE.count("```") // 2 >= len(RULES)


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_is_one_line_and_proved(text: str) -> None:
    assert "\n" not in text
    verdict = graded(json.loads(text))
    assert verdict["proof"] == "proved", verdict
    assert verdict["judged"] == "steps" and "ignored" not in verdict


@pytest.mark.parametrize("rule", RULES)
def test_a_rules_example_has_its_keys_and_the_needed_ones_are(rule: str) -> None:
    needed, optional = KEYS[rule]
    record, step = by(rule)
    assert {*needed} <= step.keys() - {"id", "claim", "by"} <= {*needed, *optional}
    for key in needed:
        kept = step.pop(key)
        verdict = graded(record)
        step[key] = kept
        assert verdict["proof"] == "unreadable"
        assert verdict["proof_reason"].startswith(f"step {step['id']}: the field {key} is missing;")


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_what_the_examples_step_needs(rule: str) -> None:
    """Without the step the claim is not proved: the example shows the rule and no other."""
    record, step = by(rule)
    step.pop("by")
    assert graded(record)["proof"] in ("open", "supported")


def test_every_key_of_a_rule_has_its_form() -> None:
    forms = PAGE.partition("## The forms of the keys")[2].partition("\n## ")[0]
    rows = [named(line.split("|")[1]) for line in forms.splitlines() if line.startswith("| `")]
    said = [key for row in rows for key in row]
    assert len(said) == len({*said})
    assert {*said} == {key for needed, optional in KEYS.values() for key in [*needed, *optional]}
    assert {*LIKE} <= {*said}
    assert f"1 to {MAX_ITEMS} texts" in forms


def test_the_rules_that_cite_and_that_nest_are_these() -> None:
    assert {rule for rule, (needed, _) in KEYS.items() if "of" in needed} == CITING
    assert {rule for rule in KEYS if any(inner(s) for s in by(rule)[0]["steps"])} == OWN_STEPS


def proof(goal: str, *steps: Step, domain: str = "positive", given: list[str] | None = None,
          **more: object) -> dict[str, Any]:  # fmt: skip
    named_steps = [{"id": f"s{i}", "claim": goal, **step} for i, step in enumerate(steps, 1)]
    return {
        "variables": ["a", "b"], "domain": domain, "given": given or [], "goal": goal,
        "steps": named_steps, **more,
    }  # fmt: skip


SQUARE = {"claim": "a^2+b^2 >= 2*a*b", "by": "square", "expr": "a-b"}
TWO = {"by": "amgm", "terms": ["a", "b"]}
AB: dict[str, Any] = {"given": ["a*b = 1"]}
BLOCK = {"by": "wlog", "order": ["a", "b"]}
RATIO = {"by": "substitute", "images": {"x": "a/b", "y": "b/a"}, "lemma": "x+y >= 2",
         "steps": [{"id": "t1", "claim": "x+y >= 2", "by": "amgm",
                    "terms": ["x", "y"]}]}  # fmt: skip


@pytest.mark.parametrize(
    ("said", "record", "reason"),
    [
        ("that sum to more than 48", proof("48*a+b >= 0", {**TWO, "weights": [48, 1]}), "than 48"),
        ("has no exact root", proof("a^2+b >= a", {"by": "amgm", "terms": ["a^2", "b"]}), "2-th"),
        ("not shown to be >= 0", proof("2*a*b <= (a-b)+(a+b)", {"by": "amgm",
         "terms": ["a-b", "a+b"]}), "AM-GM needs a-b >= 0"),
        ("lists of different lengths", proof("a^2 >= b", {"by": "cauchy", "x": ["a"],
         "y": ["a", "b"]}), "equally many"),
        ("not shown to be > 0", proof("a^2/b >= 0", {"by": "titu", "nums": ["a"],
         "dens": ["b-1"]}), "b-1 > 0"),
        ("a negative weight", proof("a^2+b^2 >= 0", {**SQUARE, "claim": "a^2+b^2 >= 0",
         "weights": [-1]}), "weights >= 0"),
        ("`a^2+b^2 >= 2*a*b` over positive", proof("a^2+b^2 >= 2*a*b", {"by": "positive"}),
         "terms of both signs"),
        ("the goal itself, or a multiple of it", proof("a^2-a*b+b^2 >= 0",
         {"claim": "2*(a^2-a*b+b^2) >= 0", "by": "known"}), "the claim itself is no reason"),
        ("A claim that is more or less than the sum", proof("a^2+b^2+1 >= 2*a*b", SQUARE,
         {"by": "combine", "of": "s1"}), "the combination of s1 gives"),
        ("not shown to be >= 0: over `real`", proof("(a^2+b^2)^2 >= 4*a^2*b^2", SQUARE,
         {"by": "multiply", "of": ["s1", "s1"]}, domain="real"), "smaller side of s1"),
        ("not symmetric", proof("b^2+1 >= 2*b", {"claim": "a^2+1 >= 2*a", "by": "square",
         "expr": "a-1"}, {"by": "cyclic", "of": "s1"}, given=["a+2*b = 1"]), "not symmetric"),
        ("more than 6 facts", proof("a+b >= 2", TWO, {"by": "so", "of": ["s1"] * 7}, **AB), "many"),
        ("not the claim itself", proof("a^2+b^2 >= 2*a*b", SQUARE, {"claim": "3*a^2+3*b^2 >= 6*a*b",
         "by": "so", "of": "s1", "times": "2"}), "times 2"),
        ("a chain with two inequalities", proof("a+b >= 1 >= 0", {**BLOCK, "steps": []}),
         "one inequality"),
        ("A block within a block", proof("a+b >= 2", {**BLOCK, "steps": [{"claim": "a+b >= 2",
         "by": "wlog"}]}, **AB), "within one another"),
        ("An order that is not covered", proof("2*a+b >= 0", {**BLOCK, "steps":
         [{"claim": "2*a+b >= 0", "by": "positive"}]}), "not every order"),
        ("cannot cite a step outside", proof("a^2+b^2 >= 2*a*b", SQUARE, {**BLOCK, "steps":
         [{"claim": "a^2+b^2 >= 2*a*b", "by": "combine", "of": "s1"}]}), "cites s1"),
        ("Images that are not shown to meet", proof("a/b+b/a >= 2", {**RATIO, "given":
         ["x*y = 2"], "steps": [{"claim": "x+y >= 2", "by": "square", "expr": "x-y"}]}), "step #1"),
        ("a name that is taken", proof("a+b >= 2", {**TWO, "id": "given"}, **AB), "already taken"),
        ("an equation that does not hold", proof("a+b >= 2", {**TWO,
         "claim": "a+b >= 2*sqrt(a*b) = 3"}, **AB), "an equality in the chain"),
        ("A step without `by`", proof("a+b >= 2", {}, **AB), "no reason is given"),
    ],
)  # fmt: skip
def test_what_the_page_says_is_refused_is(said: str, record: Step, reason: str) -> None:
    assert said.lower() in re.sub(r"\s+", " ", PAGE).lower()
    verdict = graded(record)
    assert verdict["proof"] not in ("proved", "unreadable", "limit")
    assert reason in verdict["proof_reason"]


@pytest.mark.parametrize(
    ("case", "grade"),
    [
        ({"when": "a = b"}, "proved"), ({"when": ["a = 1", "b = 1"]}, "proved"),
        ({"point": {"a": 1, "b": "1"}}, "proved"), ({"when": "a = b", "only": True}, "proved"),
        ({"when": "b = 2"}, "refuted"), ({"when": "a = -b"}, "refuted"),
        ({"point": {"a": "2", "b": "1"}}, "refuted"), ({"point": {"a": "1"}}, "open"),
        ({"when": "a >= b"}, "open"), ({"if": "a = b"}, "open"),
    ],
)  # fmt: skip
def test_an_equality_case_is_judged_as_said(case: Step, grade: str) -> None:
    assert graded(proof("a+b >= 2", TWO, **AB, equality=case))["proof"] == grade
    within = graded(proof("a+b >= 2", {**TWO, "equality": case}, **AB))
    assert within["proof"] == grade


def test_the_table_has_the_keys_that_the_rules_take() -> None:
    assert {rule: {*needed, *more} for rule, (needed, more) in KEYS.items()} == {
        rule: set(keys) for rule, keys in TAKES.items()
    }


@pytest.mark.parametrize(
    ("more", "grade"),
    [
        ({"weight": [9, 9]}, "unreadable"),  # misspelt: 9 and 9 would not be checked
        ({"expr": "a-b"}, "unreadable"),  # another rule's
        ({"why": "two terms", "note": 1}, "proved"),
        ({"weights": None}, "proved"),
    ],
)
def test_a_key_that_is_not_read_is_said(more: Step, grade: str) -> None:
    step = {"id": "s1", "claim": "a+b >= 2*sqrt(a*b)", "by": "amgm", "terms": ["a", "b"], **more}
    problem = {"variables": ["a", "b"], "domain": "positive", "goal": "a+b >= 2*sqrt(a*b)"}
    found = graded({**problem, "steps": [step]})
    assert found["proof"] == grade
    if grade == "unreadable":
        (key,) = more
        assert f"does not take {key!r}" in found["proof_reason"]
        assert "(amgm: terms, weights, power)" in found["proof_reason"]
