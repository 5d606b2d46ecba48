"""The hand-written examples in config/exemplars: proofs to learn from, and proofs to reject.

`good.jsonl` holds olympiad problems with proofs as a teacher would write them, each as prose and as
step records that say the same; `bad.jsonl` holds proofs with one fault each and the reason why they
are rejected. Nothing of either is taken on trust: `good` and `bad` ask the kernel about every row.
Only who wants no more than their length reads them unchecked.
"""

from functools import cache
from pathlib import Path

from olympiad_ineq import language
from olympiad_ineq.artifacts import read_jsonl
from olympiad_ineq.errors import UserError
from olympiad_ineq.language.parse import Unreadable, parse_statement
from olympiad_ineq.proof import check_proof, grade_text
from olympiad_ineq.records import BadExemplar, Exemplar

FOLDER = Path(__file__).resolve().parents[2] / "config" / "exemplars"
GOOD, BAD = "good.jsonl", "bad.jsonl"


@cache
def good(folder: Path = FOLDER) -> tuple[Exemplar, ...]:
    """Every good exemplar, in the order of the file.

    Raises:
        UserError: one is not proved by the kernel, as steps and as prose, or says different things
            in text and fields: names the line.
    """
    rows = unchecked_good(folder)
    for number, row in enumerate(rows, start=1):
        if fault := _fault_of_good(row):
            raise _refused(folder / GOOD, number, row.name, fault)
    return rows


@cache
def unchecked_good(folder: Path = FOLDER) -> tuple[Exemplar, ...]:
    """The rows of `good` before the kernel has seen them."""
    return tuple(read_jsonl(folder / GOOD, Exemplar))


@cache
def unchecked_bad(folder: Path = FOLDER) -> tuple[BadExemplar, ...]:
    """The rows of `bad` before the kernel has seen them."""
    return tuple(read_jsonl(folder / BAD, BadExemplar))


@cache
def bad(folder: Path = FOLDER) -> tuple[BadExemplar, ...]:
    """Every bad exemplar, in the order of the file.

    Raises:
        UserError: the kernel finds nothing wrong with one: names the line.
    """
    rows = unchecked_bad(folder)
    for number, row in enumerate(rows, start=1):
        if fault := _fault_of_bad(row):
            raise _refused(folder / BAD, number, row.name, fault)
    return rows


def _fault_of_good(row: Exemplar) -> str:
    fields = (row.variables, row.domain, row.given, row.goal)
    try:
        statement = parse_statement(*fields)
        stated = language.read_problem(row.text)
    except Unreadable as error:
        return str(error)
    if (stated.variables, stated.domain, stated.given, stated.goal) != fields:
        return "its text states another problem than its fields"
    read = language.read_proof(row.proof, row.variables)
    if tuple(read.steps) != row.steps or (read.equality or {}) != row.equality:
        return "its prose does not read back to its steps"
    for verdict in (
        check_proof(statement, row.steps, row.equality or None),
        grade_text(*fields, row.proof),
    ):
        if verdict.grade != "proved":
            return f"{verdict.grade}: {verdict.reason}"
    return ""


def _fault_of_bad(row: BadExemplar) -> str:
    try:
        stated = language.read_problem(row.text)
    except Unreadable as error:
        return str(error)
    verdict = grade_text(stated.variables, stated.domain, stated.given, stated.goal, row.proof)
    return f"the kernel calls it {verdict.grade}" if verdict.grade in _SOUND else ""


_SOUND = ("proved", "supported")


def _refused(path: Path, number: int, name: str, fault: str) -> UserError:
    return UserError(f"{path}, line {number} ({name})", fault, "correct that exemplar")
