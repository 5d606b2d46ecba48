"""One line of `olympiad-ineq check`'s input as a statement and a proof, without trusting it.

Shared by `check` and `recheck`, so it imports the kernel and the reader of prose alone. Nothing in
a record is passed over in silence: a key that stands twice, or that may be meant for one that is
judged, refuses it, for a misspelt `given` is a condition that is lost, and a statement that is
another one. Other keys that are not known are somebody's notes, and the verdict names them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from olympiad_ineq.kernel.trees import Statement
from olympiad_ineq.language import read_problem
from olympiad_ineq.language.parse import Unreadable, parse_statement, quoted
from olympiad_ineq.language.segments import vocabulary
from olympiad_ineq.proof import ProofVerdict, check_proof, grade_text

MAX_LINE = 262_144
GRADES = ("proved", "supported", "open", "limit", "unreadable", "refuted")
Fields = dict[str, Any]
PROOF = frozenset(("text", "steps", "equality"))
# The keys of the records that hold a problem (records.py; a test compares): of a problem with what
# may stand beside it, and of a record with the key `problem`.
FLAT = PROOF | vocabulary(
    "id variables domain given goal technique difficulty proof source year certificate believed "
    "name error reason"
)
NESTED = vocabulary(
    "id problem proof steps equality source prompt completion grade technique difficulty family "
    "canonical_key evidence kind type reason step change quote reference"
)


@dataclass(frozen=True)
class Line:
    """A readable line: its id, its problem's fields as they were read, and the proof if any."""

    id: str | int | None
    problem: Fields
    statement: Statement
    proof: object = None
    text: str = ""  # the problem in words, where it stands beside the fields that are judged
    ignored: tuple[str, ...] = ()  # keys that say nothing here


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
    return of_record(read_json(raw))


def read_json(raw: bytes, longest: int = MAX_LINE) -> object:
    """One line's JSON value.

    Raises:
        BadLine: it is too long, not JSON, or says a key twice.
    """
    if len(raw) > longest:
        raise BadLine(None, f"the line is longer than {longest} bytes")
    try:
        # a mark of byte order, as some editors write one, is no part of the record
        value: object = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_each_once)
    except _Twice as error:
        raise BadLine(None, f"the line has the key {_shown(error.key)} twice") from error
    except UnicodeDecodeError as error:
        raise BadLine(None, "the line is not UTF-8", error.start) from error
    except json.JSONDecodeError as error:
        raise BadLine(None, f"the line is not JSON: {error.msg}", error.pos) from error
    except (ValueError, RecursionError) as error:
        raise BadLine(
            None, "the line is not JSON that can be read: too deep or too long"
        ) from error
    return value


class _Twice(Exception):
    """A key that a JSON object has twice: a reader that keeps the last one loses the other."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _each_once(pairs: list[tuple[str, Any]]) -> Fields:
    record = dict(pairs)
    if len(record) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Twice(key)
            seen.add(key)
    return record


def of_record(record: object) -> Line:
    """The statement of a JSON value: fields of a problem, a text, or a record with a `problem`."""
    if isinstance(record, str):
        record = {"text": record}
    if not isinstance(record, Mapping):
        raise BadLine(None, "the line is not a JSON object")
    given_id = record.get("id")
    plain = isinstance(given_id, str | int) and len(str(given_id)[:201]) <= 200
    id_ = given_id if plain and not isinstance(given_id, bool) else None
    try:
        problem, said = _parts(record)
        proof = _proof(said)
        fields = _fields(problem)
        statement = parse_statement(
            fields["variables"], fields["domain"], fields["given"], fields["goal"]
        )
    except Unreadable as error:
        raise BadLine(id_, str(error), error.position) from error
    except _Refused as refused:
        raise BadLine(id_, str(refused)) from refused
    text = problem.get("text") or "" if "goal" in problem else ""
    return Line(id_, fields, statement, proof, text, _ignored(record, problem))


class _Refused(Exception):
    """What of a record would have to be passed over, without a place in a text."""


def _parts(record: Mapping[str, Any]) -> tuple[Mapping[str, Any], Fields]:
    """The problem, and what is said of its proof, of a record whose keys are all known."""
    if "statement" in record:
        raise _Refused("a verdict of `check`, not a problem; fix: give it to `recheck`")
    if "problem" not in record:
        _known(record, FLAT, "a problem")
        return record, _said(record)
    problem = record["problem"]
    if isinstance(problem, str):
        problem = {"text": problem}
    if not isinstance(problem, Mapping):
        raise _Refused("the problem is not a JSON object")
    for key in ("text", "variables", "domain", "given", "goal"):
        if key in record:
            raise _Refused(
                f"{key!r} stands beside 'problem', whose fields are judged; fix: write it inside"
            )
    _known(record, NESTED, "a record with a problem")
    _known(problem, FLAT, "a problem")
    outer, inner = _said(record), _said(problem)
    for key in outer.keys() & inner.keys():
        raise _Refused(f"{key!r} twice, in the problem and beside it; fix: leave one")
    return problem, inner | outer


def _known(record: Mapping[str, Any], keys: Set[str], what: str) -> None:
    """Refuse a key that is not known and may be meant for one that is judged."""
    for key in record:
        if key in keys:
            continue
        word = key[:40].lower()
        near = get_close_matches(word, [k for k in _SHOWN if k in keys], 1, 0.7)
        meant = _MEANT.get(word) or (near[0] if near else "")
        if meant:
            fields = ", ".join(k for k in _SHOWN if k in keys)
            raise _Refused(
                f"{_shown(key)} is no key of {what}, and may be meant for one; fix: write "
                f"{meant!r}, or rename your own (the keys that are judged: {fields})"
            )


def _ignored(record: object, problem: Mapping[str, Any]) -> tuple[str, ...]:
    """Keys that are nobody's: notes of whoever wrote the record."""
    parts = [(record, NESTED if problem is not record else FLAT), (problem, FLAT)]
    parts += [(part.get("proof"), PROOF) for part, _ in parts if isinstance(part, Mapping)]
    found = [key for part, keys in parts if isinstance(part, Mapping) for key in part.keys() - keys]
    return tuple(sorted({quoted(key, 40)[1:-1] for key in found}))[:20]


_MEANT = dict.fromkeys(
    ("hypothesis", "hypotheses", "condition", "conditions", "constraint", "constraints",
     "assumption", "assumptions", "assume", "where"), "given",
) | {"vars": "variables", "claim": "goal", "conclusion": "goal", "inequality": "goal"}  # fmt: skip
_SHOWN = ("problem", "variables", "domain", "given", "goal", "text", "proof", "steps", "equality")


def _shown(key: str) -> str:
    """A key in quotation marks: cut, and escaped as it may hold anything."""
    return f"'{quoted(key, 40)[1:-1]}'"


def _said(record: Mapping[str, Any]) -> Fields:
    """What a record says of a proof: our own rows have `steps: []` where there is none."""
    nothing: tuple[tuple[str, object], ...] = (("proof", None), ("steps", []), ("equality", {}))
    return {k: record[k] for k, none in nothing if record.get(k) not in (None, none)}


def _proof(said: Fields) -> object:
    """One proof of `proof`, `steps` and `equality`, as `{"text", "steps", "equality"}` if need be.

    None where nothing is said.
    """
    proof = said.pop("proof", None)
    if isinstance(proof, Mapping):
        _known(proof, PROOF, "a proof")
    if not said:
        return proof
    if proof is None:
        return said
    if isinstance(proof, str):
        proof = {"text": proof}
    elif not isinstance(proof, Mapping):
        proof = {"steps": proof}
    for key in said:
        if key in proof:
            raise _Refused(f"{key!r} twice, in the proof and beside it; fix: leave one")
    return {**proof, **said}


def _fields(problem: Mapping[str, Any]) -> Fields:
    text = problem.get("text")
    if text is not None and not isinstance(text, str):
        raise _Refused(f"text must be a string, not {_value(text)}")
    if "goal" not in problem and isinstance(text, str):
        for key in ("variables", "domain", "given"):
            if key in problem:
                raise _Refused(
                    f"{key!r} stands beside a text without 'goal'; fix: give variables, domain "
                    "and goal too, or the text alone"
                )
        read = read_problem(text)
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


def _value(value: object) -> str:
    """A JSON value for an error: as JSON writes it, cut; of what may be deep, the kind."""
    if isinstance(value, Mapping):
        return "a record"
    if isinstance(value, list | tuple):
        return "a list"
    return quoted(json.dumps(value, ensure_ascii=False), 40)[1:-1]


def _pieces(proof: object) -> tuple[object, object, object]:
    """Steps, text and equality of a proof in any of its forms; None where there is none."""
    if isinstance(proof, Mapping):
        return proof.get("steps"), proof.get("text"), proof.get("equality")
    return (None, proof, None) if isinstance(proof, str) else (proof, None, None)


def _malformed(line: Line) -> str:
    """Why the proof has not the shape of one; empty if it has."""
    steps, text, equality = _pieces(line.proof)
    if not isinstance(line.proof, str | list | tuple | Mapping):
        return f"proof must be a text, a list of steps or a record of both, not {_value(steps)}"
    if steps is not None and not isinstance(steps, list | tuple):
        return f"steps must be a list of records such as {_STEP}, not {_value(steps)}"
    if text is not None and not isinstance(text, str):
        return f"text must be a string, not {_value(text)}"
    if equality is not None and not isinstance(equality, Mapping):
        return f"equality must be a record such as {_CASE}, not {_value(equality)}"
    return ""


_CASE = '{"when": "a = b"}'
_STEP = '{"id": "s1", "claim": "a^2 >= 0", "by": "square", "expr": "a"}'


def judged(line: Line) -> str:
    """Of which parts of the proof its grade speaks."""
    steps, text, equality = _pieces(line.proof)
    if _malformed(line):
        return "nothing"
    said = isinstance(text, str) and text.strip()
    if steps:
        return "steps and text; the worse counts" if said else "steps"
    if said and equality:
        return "text; not the equality case, which is judged after steps"
    return "text" if said else "nothing"


def grade_proof(line: Line) -> ProofVerdict:
    """Grade a proof as steps, as prose, or as both (then the worse counts)."""
    problem = line.problem
    if fault := _malformed(line):
        return ProofVerdict("unreadable", fault, None)
    steps, text, equality = _pieces(line.proof)
    verdicts: list[ProofVerdict] = []
    if isinstance(steps, list | tuple) and (steps or not text):
        usable = equality if isinstance(equality, Mapping) and equality else None
        verdicts.append(check_proof(line.statement, list(steps), usable))
    if isinstance(text, str) and text.strip():
        verdicts.append(
            grade_text(
                problem["variables"], problem["domain"], problem["given"], problem["goal"], text
            )
        )
    if not verdicts:
        return ProofVerdict("unreadable", "the proof has neither steps nor text", None)
    return max(verdicts, key=lambda v: GRADES.index(v.grade))
