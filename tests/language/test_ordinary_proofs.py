"""Sound proofs as textbooks and models write them, and the grade that each gets today.

A proof that is not `proved` here is a gap of the reader, never a fault of the proof: when the
reader learns more, its grade goes up. Headings, lists, displays, numbered rows, "Similarly".
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from olympiad_ineq.proof import grade_text

PROOFS = json.loads(Path(__file__).with_name("ordinary_proofs.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", PROOFS, ids=lambda case: case["goal"])
def test_grade(case: dict[str, Any]) -> None:
    problem = (case["variables"], case["domain"], case["given"], case["goal"])
    verdict = grade_text(*problem, case["proof"])
    assert verdict.grade == case["grade"], verdict


def test_most_are_proved() -> None:
    assert sum(case["grade"] == "proved" for case in PROOFS) >= 0.8 * len(PROOFS)
