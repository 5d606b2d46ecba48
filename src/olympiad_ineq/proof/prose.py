"""A proof in prose to a verdict: reading and checking together."""

from __future__ import annotations

from collections.abc import Sequence

from olympiad_ineq.kernel.trees import Statement
from olympiad_ineq.language.parse import Unreadable, parse_chain, parse_statement, quoted
from olympiad_ineq.language.read import ReadProof, Unread, read_proof
from olympiad_ineq.language.segments import MAX_TEXT
from olympiad_ineq.language.spelling import chain_ascii

from .check import ProofVerdict, check_proof


def grade_text(
    variables: Sequence[str], domain: str, given: Sequence[str], goal: str, proof: str
) -> ProofVerdict:
    """Read a proof in prose and check it: proved only if all of it is read and holds."""
    try:
        statement = parse_statement(variables, domain, given, goal)
    except Unreadable as error:
        return ProofVerdict("unreadable", f"the problem: {error}", None)
    if len(proof) > MAX_TEXT:
        return ProofVerdict("limit", f"the proof is longer than {MAX_TEXT} characters", None)
    read = read_proof(proof, statement.variables)
    verdict = check_proof(statement, read.steps, read.equality)
    return _downgraded(statement, read, verdict)


def _downgraded(statement: Statement, read: ReadProof, verdict: ProofVerdict) -> ProofVerdict:
    left = [u for u in read.unread if not _harmless(u, statement)]
    if not left:
        return verdict
    first = left[0]
    if not read.steps and verdict.grade == "open":
        reason = f"{first.reason}: {quoted(first.text, 120)} at {first.position}"
        return ProofVerdict("unreadable", f"nothing was read; {reason}", None)
    reason = f"not read: {quoted(first.text, 120)} at {first.position} ({first.reason})"
    if any(u.kind == "assumption" for u in left) and verdict.grade == "refuted":
        return ProofVerdict("open", f"{verdict.reason}, but {reason}", verdict.step, verdict.steps)
    if verdict.grade not in ("proved", "supported"):
        return verdict
    grade = "supported" if all(u.kind == "only" for u in left) else "open"
    return ProofVerdict(grade, reason, verdict.step, verdict.steps)


def _harmless(unread: Unread, statement: Statement) -> bool:
    """A mention of the goal itself, as what is to be proved, claims nothing."""
    if unread.kind != "aim":
        return False
    try:
        chain = parse_chain(unread.text.strip().rstrip(".,;: "), statement.variables)
    except Unreadable:
        return False
    return chain_ascii(chain) == chain_ascii(statement.goal)
