"""Sound proofs written by hand, each of which must be proved; and that mutants never lie."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from olympiad_ineq.kernel.trees import Statement
from olympiad_ineq.language.parse import parse_statement
from olympiad_ineq.proof import check_proof, replay
from tests.proof import fuzz

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "good_proofs.json").read_text(encoding="utf-8")
)


def _statement(case: dict[str, Any]) -> Statement:
    problem = case["problem"]
    return parse_statement(
        problem["variables"], problem["domain"], problem["given"], problem["goal"]
    )


def test_there_are_enough() -> None:
    assert len(CASES) >= 30


@pytest.mark.parametrize("case", CASES, ids=lambda c: str(c["name"]))
def test_good_proof_is_proved(case: dict[str, Any]) -> None:
    verdict = check_proof(_statement(case), case["steps"], case.get("equality"))
    assert verdict.grade == "proved", verdict
    assert verdict.step is None
    assert [v.id for v in verdict.steps] == [s["id"] for s in case["steps"]]


@pytest.mark.parametrize("case", CASES, ids=lambda c: str(c["name"]))
def test_good_proof_replays_as_a_certificate(case: dict[str, Any]) -> None:
    verdict = replay(_statement(case), {"kind": "proof", "steps": case["steps"]})
    assert verdict.grade == "proved", verdict


@pytest.mark.parametrize("case", CASES, ids=lambda c: str(c["name"]))
def test_without_any_one_step_it_is_not_proved(case: dict[str, Any]) -> None:
    statement = _statement(case)
    used = {x for s in case["steps"] for x in ([s["of"]] if isinstance(s.get("of"), str)
                                               else s.get("of", []))}  # fmt: skip
    for i, step in enumerate(case["steps"]):
        if step["id"] in used:
            rest = case["steps"][:i] + case["steps"][i + 1 :]
            assert check_proof(statement, rest).grade != "proved", step["id"]


def test_no_accepted_mutant_is_false() -> None:
    accepted, broken = fuzz.run(600, seed=7)
    assert accepted > 50
    assert not broken
