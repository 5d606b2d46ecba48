"""A record to a verdict: what `olympiad-ineq check` runs in its child processes.

Beside the verdicts on statement and proof it says which parts of the proof were judged, and where
the problem's text is not the problem that its fields state: these are what is judged, and a proof
of another problem than a student reads is `open`, as in the verify stage.
"""

from __future__ import annotations

from typing import Any

from olympiad_ineq import canonical
from olympiad_ineq.kernel.rational import Limit
from olympiad_ineq.language import read_problem
from olympiad_ineq.language.parse import Unreadable
from olympiad_ineq.problem_lines import BadLine, Line, grade_proof, judged, read_line
from olympiad_ineq.search.decide import decide

Json = dict[str, Any]


def check_record(item: tuple[bytes, float]) -> Json:
    """The verdict on one line and the seconds that a search may take; never raises on content."""
    raw, seconds = item
    try:
        line = read_line(raw)
    except BadLine as bad:
        unreadable: Json = {"id": bad.id, "statement": "unreadable", "reason": bad.reason}
        return unreadable if bad.position is None else unreadable | {"position": bad.position}
    verdict = _judge(line, seconds)
    if line.proof is not None:
        verdict["judged"] = judged(line)
    if line.ignored:
        verdict["ignored"] = list(line.ignored)
    if fault := _text_fault(line):
        verdict["text"] = f"{fault}; the fields were judged"
        if fault == canonical.ANOTHER and verdict.get("proof") in ("proved", "supported"):
            verdict |= {"proof": "open", "proof_reason": fault}
    return verdict


def _judge(line: Line, seconds: float) -> Json:
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


def _text_fault(line: Line) -> str:
    """Why the text beside the fields does not state their problem; empty if it does."""
    if not line.text.strip():
        return ""
    fields = line.problem
    stated = tuple(fields["variables"]), fields["domain"], tuple(fields["given"]), fields["goal"]
    try:
        read = read_problem(line.text)
    except Unreadable as error:
        return f"the problem's text cannot be read: {error}"
    if (read.variables, read.domain, read.given, read.goal) == stated:
        return ""  # nearly always, and a key costs more than the reading
    return canonical.not_said(line.text, canonical.canonical_key(*stated))
