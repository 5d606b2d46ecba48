"""One line of `olympiad-ineq check`'s input as a statement and a proof, without trusting it.

Shared by `check` and `recheck`, so it imports the kernel and the reader of prose alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from olympiad_ineq.kernel.trees import Statement
from olympiad_ineq.language import read_problem
from olympiad_ineq.language.parse import Unreadable, parse_statement
from olympiad_ineq.proof import ProofVerdict, check_proof, grade_text

MAX_LINE = 262_144
GRADES = ("proved", "supported", "open", "limit", "unreadable", "refuted")
Fields = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """A readable line: its id, its problem's fields as they were read, and the proof if any."""

    id: str | int | None
    problem: Fields
    statement: Statement
    proof: object = None


class BadLine(Exception):
    """A line that states no problem: its id, the reason, the place where it is known."""

    def __init__(self, id_: str | int | None, reason: str, position: int | None = None) -> None:
        super().__init__(reason)
        self.id, self.reason, self.position = id_, reason, position


def read_line(raw: bytes) -> Line:
    """Parse one line.

    Raises:
        BadLine: whatever is wrong with it.
    """
    if len(raw) > MAX_LINE:
        raise BadLine(None, f"the line is longer than {MAX_LINE} bytes")
    try:
        record = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadLine(None, "the line is not UTF-8", error.start) from error
    except json.JSONDecodeError as error:
        raise BadLine(None, f"the line is not JSON: {error.msg}", error.pos) from error
    except (ValueError, RecursionError) as error:
        raise BadLine(
            None, "the line is not JSON that can be read: too deep or too long"
        ) from error
    return of_record(record)


def of_record(record: object) -> Line:
    """The statement of a JSON value: fields of a problem, a text, or a record with a `problem`."""
    if isinstance(record, str):
        record = {"text": record}
    if not isinstance(record, Mapping):
        raise BadLine(None, "the line is not a JSON object")
    given_id = record.get("id")
    plain = isinstance(given_id, str | int) and len(str(given_id)[:201]) <= 200
    id_ = given_id if plain and not isinstance(given_id, bool) else None
    problem = record.get("problem", record)
    if isinstance(problem, str):
        problem = {"text": problem}
    if not isinstance(problem, Mapping):
        raise BadLine(id_, "the problem is not a JSON object")
    try:
        fields = _fields(problem)
        statement = parse_statement(
            fields["variables"], fields["domain"], fields["given"], fields["goal"]
        )
    except Unreadable as error:
        raise BadLine(id_, str(error), error.position) from error
    return Line(id_, fields, statement, record.get("proof"))


def _fields(problem: Mapping[str, Any]) -> Fields:
    if "goal" not in problem and isinstance(problem.get("text"), str):
        read = read_problem(problem["text"])
        return {
            "variables": list(read.variables), "domain": read.domain,
            "given": list(read.given), "goal": read.goal,
        }  # fmt: skip
    missing = [key for key in ("variables", "domain", "goal") if key not in problem]
    if missing:
        raise Unreadable(f"the problem has no {' and no '.join(missing)}")
    variables, given = problem["variables"], problem.get("given", [])
    for name, value in (("variables", variables), ("given", given)):
        if not isinstance(value, list | tuple):
            raise Unreadable(f"{name} must be a list of texts")
    return {
        "variables": list(variables), "domain": problem["domain"],
        "given": list(given), "goal": problem["goal"],
    }  # fmt: skip


def grade_proof(line: Line) -> ProofVerdict:
    """Grade a proof as steps, as prose, or as both (then the worse counts)."""
    proof, problem = line.proof, line.problem
    equality: object = None
    text: object = None
    if isinstance(proof, Mapping):
        steps, text, equality = proof.get("steps"), proof.get("text"), proof.get("equality")
    elif isinstance(proof, str):
        steps, text = None, proof
    else:
        steps = proof
    verdicts: list[ProofVerdict] = []
    if isinstance(steps, Sequence) and not isinstance(steps, str) and (steps or not text):
        usable = equality if isinstance(equality, Mapping) and equality else None
        verdicts.append(check_proof(line.statement, list(steps), usable))
        if equality and usable is None:
            verdicts.append(ProofVerdict("unreadable", "the equality case is not a record", None))
    if isinstance(text, str) and text.strip():
        verdicts.append(
            grade_text(
                problem["variables"], problem["domain"], problem["given"], problem["goal"], text
            )
        )
    if not verdicts:
        return ProofVerdict("unreadable", "the proof has neither steps nor text", None)
    return max(verdicts, key=lambda v: GRADES.index(v.grade))
