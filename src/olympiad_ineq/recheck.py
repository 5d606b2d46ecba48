"""Replay what a file claims: certificates, witnesses and proofs, without what found them.

Reads the output of `olympiad-ineq check`, verdicts.jsonl (beside the candidates that they judge)
and parquet of examples. Only the kernel, the reader of prose and the names of problems take part:
nothing of olympiad_ineq.search is imported.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from tqdm import tqdm

from olympiad_ineq import artifacts, prompts
from olympiad_ineq.errors import UserError, from_os_error
from olympiad_ineq.limits import Limit, run_limited
from olympiad_ineq.problem_lines import MAX_LINE, BadLine, grade_proof, of_record, read_json
from olympiad_ineq.proof import check_witness, replay
from olympiad_ineq.records import Candidate, Example
from olympiad_ineq.verify import check_candidate

Item = tuple[str, str, Any]  # kind, the row's name, the row


@dataclass(frozen=True)
class Outcome:
    """`claims` counts what the row claims and replays; `fault` is empty if all of it holds."""

    name: str
    claims: tuple[str, ...]
    fault: str = ""


def recheck_row(item: Item) -> Outcome:
    """Replay one row."""
    kind, name, row = item
    if kind == "example":
        return _example(name, row)
    if kind == "candidate":
        return _candidate(name, *row)
    return _checked(name, row)


def _checked(name: str, row: Mapping[str, Any]) -> Outcome:
    """A line that `check` printed."""
    statement, proof = row.get("statement"), row.get("proof")
    claims: list[str] = []
    if statement in ("proved", "refuted"):
        claims.append(f"statement {statement}")
    if proof in ("proved", "supported"):
        claims.append(f"proof {proof}")
    if not claims:
        return Outcome(name, ())
    problem = row.get("problem")
    if not isinstance(problem, Mapping):
        return Outcome(name, tuple(claims), "the row does not carry the problem that it judges")
    try:
        line = of_record(problem)
    except BadLine as bad:
        return Outcome(name, tuple(claims), f"the problem cannot be read: {bad.reason}")
    graded = None
    certificate = row.get("certificate")
    by_proof = isinstance(certificate, Mapping) and certificate.get("kind") == "given proof"
    if proof in ("proved", "supported") or by_proof:
        graded = grade_proof(line).grade
    if proof in ("proved", "supported") and graded != proof:
        return Outcome(name, tuple(claims), f"the proof is claimed {proof} and found {graded}")
    if statement == "refuted":
        witness = row.get("witness")
        if not isinstance(witness, Mapping):
            return Outcome(name, tuple(claims), "refuted without a witness")
        verdict = check_witness(line.statement, witness)
        if not verdict.refutes:
            return Outcome(name, tuple(claims), f"the witness fails: {verdict.reason}")
    if statement == "proved":
        if by_proof:
            return Outcome(name, tuple(claims), "" if graded == "proved" else "the proof fails")
        if not isinstance(certificate, Mapping):
            return Outcome(name, tuple(claims), "proved without a certificate")
        found = replay(line.statement, certificate)
        if found.grade != "proved":
            return Outcome(name, tuple(claims), f"the certificate fails: {found.reason}")
    return Outcome(name, tuple(claims))


def _candidate(name: str, candidate: Candidate, grade: str) -> Outcome:
    if grade not in ("proved", "supported"):
        return Outcome(name, ())
    made = Candidate.make(candidate.problem, candidate.proof, candidate.source)
    if made.id != candidate.id:
        return Outcome(name, (f"proof {grade}",), "the id is not that of the content")
    found = check_candidate(candidate)
    fault = "" if found.grade == grade else f"claimed {grade}, found {found.grade}: {found.reason}"
    return Outcome(name, (f"proof {grade}",), fault)


def _example(name: str, example: Example) -> Outcome:
    candidate = Candidate.make(example.problem, example.proof, example.source)
    if candidate.id != example.id:
        return Outcome(name, ("example",), "the id is not that of the content")
    if example.completion != example.proof.text:
        return Outcome(name, ("example",), "the completion is not the proof")
    if example.prompt != prompts.prompt(example.problem.text):
        return Outcome(name, ("example",), "the prompt is not the problem")
    return _candidate(name, candidate, example.grade)


def rows(path: Path, candidates: Path | None = None) -> Iterator[Item]:
    """The rows of a file with what is needed to replay them.

    Raises:
        UserError: the file is not one that can be rechecked.
    """
    if path.suffix == ".parquet":
        for example in artifacts.read_parquet(path, Example):
            yield "example", example.id, example
        return
    known: dict[str, Candidate] | None = None
    for place, row in _json_rows(path):
        name = place + (f" (id {row['id']})" if "id" in row else "")
        if "statement" in row:
            yield "checked", name, row
        elif "grade" in row and "problem" not in row:
            if known is None:
                known = _candidates(path, candidates)
            if str(row.get("id")) not in known:
                raise UserError(name, "its candidate is missing", "give --candidates FILE")
            yield "candidate", name, (known[str(row["id"])], str(row["grade"]))
        elif "problem" in row and "proof" in row:
            yield "candidate", name, (_whole_candidate(name, row), "proved")
        else:
            raise UserError(name, f"neither {_CLAIMS}", _FIRST)


_CLAIMS = (
    "a verdict of check (it has 'statement'), nor one of the verify stage ('grade'), nor a "
    "candidate ('problem' and 'proof')"
)
_FIRST = "run `olympiad-ineq check FILE > verdicts.jsonl` on problems, and recheck what it writes"


def _whole_candidate(name: str, row: Mapping[str, Any]) -> Candidate:
    try:
        return Candidate.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        rule = f"not a candidate as the data stage writes it: {where}: {first['msg']}"
        raise UserError(name, rule, _FIRST) from error


def _json_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of JSON Lines, each with its place."""
    stdin = str(path) == "-"
    try:
        handle = sys.stdin.buffer if stdin else path.open("rb")
    except OSError as error:
        raise from_os_error(error, path) from error
    with handle:
        for number, raw in enumerate(handle, start=1):
            if not raw.strip():
                continue
            place = f"{'standard input' if stdin else path.name}, line {number}"
            try:
                row = read_json(raw.rstrip(b"\r\n"), 8 * MAX_LINE)
            except BadLine as bad:
                raise UserError(place, bad.reason, "give a whole file") from bad
            if not isinstance(row, dict):
                raise UserError(place, "not a JSON object", "give a file of verdicts")
            yield place, row


def _candidates(path: Path, given: Path | None) -> dict[str, Candidate]:
    if given is None and str(path) == "-":
        raise UserError("-", "the verdicts' candidates are needed", "give --candidates FILE")
    where = given or path.resolve().parent.parent / "data_gen" / "candidates.jsonl"
    if not where.exists():
        raise UserError(str(where), "the verdicts' candidates are needed", "give --candidates FILE")
    return {c.id: c for c in artifacts.read_jsonl(where, Candidate)}


def recheck(
    path: Path, *, candidates: Path | None, workers: int, seconds: float, memory_mb: int
) -> int:
    """Replay every row, print counts; 1 if any row fails, each of them named."""
    held: list[str] = []

    def remembered() -> Iterator[Item]:
        for item in rows(path, candidates):
            held.append(item[1])
            yield item

    outcomes = run_limited(
        recheck_row, remembered(), seconds=seconds, memory_mb=memory_mb, workers=workers
    )
    held_up: Counter[str] = Counter()
    fell: Counter[str] = Counter()
    total = failed = 0
    for place, found in enumerate(
        tqdm(outcomes, desc="recheck", unit="row", disable=None, file=sys.stderr)
    ):
        if isinstance(found, Limit):
            found = Outcome(held[place], ("claim",), found.reason)
        total += 1
        (fell if found.fault else held_up).update(found.claims or ("no claim",))
        if found.fault:
            failed += 1
            print(f"FAILED {found.name}: {found.fault}")
    lost = f"; failed: {_parts(fell)}" if failed else ""
    where = "standard input" if str(path) == "-" else path
    counted = "1 row" if total == 1 else f"{total} rows"
    print(f"{where}: {counted}, {failed} failed; held: {_parts(held_up)}{lost}")
    return 1 if failed else 0


def _parts(counts: Counter[str]) -> str:
    return ", ".join(f"{n} {what}" for what, n in sorted(counts.items())) or "nothing"
