"""A line of input to a line of verdict: what `olympiad-ineq check` runs in its child processes."""

from __future__ import annotations

from typing import Any

from olympiad_ineq.kernel.rational import Limit
from olympiad_ineq.problem_lines import BadLine, Line, grade_proof, read_line
from olympiad_ineq.search.decide import decide

Json = dict[str, Any]


def check_line(item: tuple[bytes, float]) -> Json:
    """The verdict on one line and the seconds that a search may take; never raises on content."""
    raw, seconds = item
    try:
        line = read_line(raw)
    except BadLine as bad:
        verdict: Json = {"id": bad.id, "statement": "unreadable", "reason": bad.reason}
        if bad.position is not None:
            verdict["position"] = bad.position
        return verdict
    return judge(line, seconds)


def judge(line: Line, seconds: float) -> Json:
    """The verdict on a readable line."""
    verdict: Json = {"id": line.id}
    graded = grade_proof(line) if line.proof is not None else None
    try:
        found = decide(line.statement, seconds)
        verdict["statement"] = found.verdict
        if found.certificate is not None:
            verdict["certificate"] = found.certificate
        if found.witness is not None:
            verdict["witness"] = found.witness
        verdict["reason"] = found.reason
    except Limit as error:
        verdict |= {"statement": "limit", "reason": str(error)}
    if graded is not None:
        steps = [{"id": s.id, "grade": s.grade, "reason": s.reason} for s in graded.steps]
        verdict |= {"proof": graded.grade, "steps": steps, "proof_reason": graded.reason}
        if graded.step is not None:
            verdict["step"] = graded.step
        if graded.grade == "proved" and verdict["statement"] in ("open", "limit"):
            verdict |= {"statement": "proved", "reason": "the proof checks"}
            verdict["certificate"] = {"kind": "given proof"}
    verdict["problem"] = line.problem
    if line.proof is not None:
        verdict["problem"] = {**line.problem, "proof": line.proof}
    return verdict
