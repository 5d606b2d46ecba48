"""docs/check.md says what the commands do: its example is run, its numbers are the code's."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from olympiad_ineq.cli import run
from olympiad_ineq.kernel import rational
from olympiad_ineq.language import parse, segments
from olympiad_ineq.problem_lines import FLAT, MAX_LINE
from olympiad_ineq.proof.check import MAX_STEPS
from olympiad_ineq.record_check import check_record
from olympiad_ineq.records import Candidate, Problem, Proof, Source

PAGE = (Path(__file__).parent.parent / "docs/check.md").read_text(encoding="utf-8")
RECORD, VERDICT = re.findall(r"```json\n(.*?)\n```", PAGE, re.DOTALL)


def checked(**changes: object) -> dict[str, Any]:
    return check_record((json.dumps({**json.loads(RECORD), **changes}).encode(), 5.0))


def test_the_example(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_record((RECORD.encode(), 5.0)) == json.loads(VERDICT)
    path = tmp_path / "verdicts.jsonl"
    path.write_text(VERDICT)
    assert run(["recheck", str(path), "--workers", "1"]) == 0
    assert "1 proof proved, 1 statement proved" in capsys.readouterr().out


@pytest.mark.parametrize(
    "row",
    [
        f"| a line | {MAX_LINE:,} bytes |",
        f"| a formula | {parse.MAX_CHARS:,} characters, {parse.MAX_NODES:,} nodes, "
        f"{parse.MAX_DEPTH} levels |",
        f"| a problem or proof in words | {segments.MAX_TEXT:,} characters |",
        f"| a number | {parse.MAX_DIGITS} digits |",
        f"| an exponent, the degree of a root | {parse.MAX_EXPONENT} |",
        f"| variables | {parse.MAX_VARIABLES} |",
        f"| steps of a proof | {MAX_STEPS} |",
        f"| different roots in a statement and its proof | {rational.SPARE} |",
        f"| degree and bits of coefficients while reckoning | {rational.MAX_DEGREE}, "
        f"{rational.MAX_BITS:,} |",
    ],
)
def test_the_limits(row: str) -> None:
    assert row in PAGE


def test_hypotheses_are_limited_as_said() -> None:
    assert "| hypotheses | 8 |" in PAGE
    assert "more than 8" in checked(given=["a*b = 1"] * 9, steps=[])["reason"]
    assert checked(given=["a*b = 1"] * 8, steps=[])["statement"] != "unreadable"


@pytest.mark.parametrize(
    ("domain", "goal", "point"),
    [("real", "sqrt(a) >= 0", {"a": "-1"}), ("nonnegative", "1/a >= 0", {"a": "0"})],
)
def test_undefined_counts_as_failing(domain: str, goal: str, point: dict[str, str]) -> None:
    found = checked(variables=["a"], domain=domain, given=[], goal=goal, steps=[])
    assert found["statement"] == "refuted" and found["witness"] == point
    assert f"`{goal}` over `{domain}`" in PAGE


def test_every_key_that_is_judged_is_said() -> None:
    for key in ("variables", "domain", "given", "goal", "text", "proof", "steps", "equality", "id"):
        assert key in FLAT and f"`{key}`" in PAGE


def test_a_candidates_id_is_made_as_said() -> None:
    problem = Problem(
        text="Let $a$ be real. Prove that $a^2 \\ge 0$ – really.", variables=("a",),
        domain="real", goal="a^2 >= 0", technique="sos", difficulty=1,
    )  # fmt: skip
    proof, source = Proof(text="A square."), Source(kind="benchmark", name="n", family="f")
    content = [
        "candidate",
        json.loads(problem.model_dump_json()),
        json.loads(proof.model_dump_json()),
    ]
    raw = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    said = hashlib.sha256(raw.encode("utf-8")).hexdigest()[:16]
    assert Candidate.make(problem, proof, source).id == said
