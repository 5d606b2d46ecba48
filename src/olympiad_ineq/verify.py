"""Verdicts: the checker's on every candidate, then the second model's votes on what is left open.

A candidate is `proved` when the kernel accepts its steps, its prose says a proof that the kernel
accepts too, and its text states the problem that was proved: what the student will read and write
is what was checked. The second model's votes are kept as evidence beside an `open` grade, which
they never change: an opinion is not a proof.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from tqdm import tqdm

from olympiad_ineq import canonical
from olympiad_ineq.artifacts import read_jsonl
from olympiad_ineq.errors import UserError
from olympiad_ineq.language.parse import Unreadable, parse_statement
from olympiad_ineq.limits import Limit, run_limited
from olympiad_ineq.proof import check_proof, grade_text
from olympiad_ineq.records import Candidate, Grade, Verdict, Vote

# Worst last: a candidate is as good as the worst of its parts.
_ORDER: tuple[Grade, ...] = ("proved", "supported", "open", "limit", "unreadable", "refuted")


def check_candidate(candidate: Candidate) -> Verdict:
    """Check one candidate's statement, steps, prose and text. Never raises on what they say."""
    problem, proof = candidate.problem, candidate.proof
    try:
        statement = parse_statement(problem.variables, problem.domain, problem.given, problem.goal)
    except Unreadable as error:
        return _verdict(candidate, "unreadable", f"the problem: {error}")
    found = [check_proof(statement, proof.steps, proof.equality or None)] if proof.steps else []
    found.append(
        grade_text(problem.variables, problem.domain, problem.given, problem.goal, proof.text)
    )
    worst = max(found, key=lambda verdict: _ORDER.index(verdict.grade))
    key = canonical.canonical_key(problem.variables, problem.domain, problem.given, problem.goal)
    stated = canonical.not_said(problem.text, key)
    if worst.grade in ("proved", "supported") and stated:
        return _verdict(candidate, "open", stated, key=key)
    grade = _ORDER[_ORDER.index(worst.grade)]  # the kernel's word, as the type that records hold
    return _verdict(candidate, grade, worst.reason, worst.step, key)


def _verdict(
    candidate: Candidate, grade: Grade, reason: str, step: str | None = None, key: str | None = None
) -> Verdict:
    problem, source = candidate.problem, candidate.source
    family = source.family
    if source.kind == "model" and key is not None:  # a model's word for its own family is nothing
        family = canonical.family_key(
            problem.variables, problem.domain, problem.given, problem.goal
        )
    evidence = {"kind": "steps", "checker": "kernel"} if grade == "proved" else {}
    return Verdict(
        id=candidate.id,
        grade=grade,
        reason=reason,
        step=step,
        canonical_key=key,
        family=family,
        evidence=evidence,
    )


def check_candidates(
    candidates: Iterable[Candidate],
    *,
    seconds: float,
    memory_mb: int,
    workers: int,
    grades: Counter[str],
) -> Iterator[Verdict]:
    """Check candidates in child processes, in order; count the grades into `grades`.

    Args:
        seconds, memory_mb: limits of one check; over them the verdict is `limit`.
    """
    held: list[Candidate] = []

    def remember() -> Iterator[Candidate]:
        for candidate in candidates:
            held.append(candidate)
            yield candidate

    outcomes = run_limited(
        check_candidate, remember(), seconds=seconds, memory_mb=memory_mb, workers=workers
    )
    for outcome in tqdm(outcomes, desc="verify", unit="proof", mininterval=1):
        candidate = held.pop(0)
        verdict = (
            _verdict(candidate, "limit", outcome.reason) if isinstance(outcome, Limit) else outcome
        )
        grades[verdict.grade] += 1
        yield verdict


def merge(checked: Path, votes: Path | None, trusted: bool = False) -> Iterator[Verdict]:
    """The checker's verdicts with the second model's votes on the open ones, one at a time.

    The grade stays as it was; the votes are evidence beside it, with `trusted`, which says whether
    the verifier did well enough on its audit (`split.admit_verified` admits only what a trusted one
    accepted).

    Raises:
        UserError: a vote on a candidate that was not open, or that is not there.
    """
    cast = {vote.id: vote for vote in read_jsonl(votes, Vote)} if votes else {}
    for verdict in read_jsonl(checked, Verdict):
        vote = cast.pop(verdict.id, None) if verdict.grade in ("open", "limit") else None
        if vote is None:
            yield verdict
            continue
        said = vote.model_dump(mode="json", exclude={"id"})
        yield verdict.model_copy(
            update={
                "reason": "; ".join(filter(None, [verdict.reason, *vote.reasons])),
                "evidence": {"kind": "votes", **said, "trusted": trusted},
            }
        )
    if cast:
        raise UserError(
            f"{votes}: the vote on {min(cast)}",
            "only open candidates are voted on",
            f"delete {votes} and run the verify stage again",
        )
