"""Each file here is one unsound trick. The kernel must not pass it, and must name the bad step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from olympiad_ineq.language.parse import parse_statement
from olympiad_ineq.proof import check_proof

FILES = sorted(Path(__file__).parent.glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_trick_is_rejected_at_the_right_step(path: Path) -> None:
    case: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    problem = case["problem"]
    statement = parse_statement(
        problem["variables"], problem["domain"], problem["given"], problem["goal"]
    )
    verdict = check_proof(statement, case["steps"], case.get("equality"))
    expect = case["expect"]
    assert verdict.grade != "proved", case["trick"]
    assert verdict.step == expect["step"], verdict
    if "grade" in expect:
        assert verdict.grade in expect["grade"], verdict
    assert expect.get("reason", "") in verdict.reason
    assert verdict.reason


def test_there_is_a_file_for_every_kind_of_trick() -> None:
    assert len(FILES) >= 60
