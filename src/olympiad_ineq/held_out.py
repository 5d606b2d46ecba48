"""Problems that must not be in the data: a benchmark's, a contest's, another test set's.

A problem is recognised by its canonical key (renamed variables, scaling and reordering leave it as
it is) and by its text, so that one that the reader of problems does not understand is caught too.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from olympiad_ineq.canonical import canonical_key
from olympiad_ineq.errors import UserError, from_os_error
from olympiad_ineq.language import read_problem
from olympiad_ineq.language.parse import Unreadable
from olympiad_ineq.likeness import Index, shingles
from olympiad_ineq.records import Json

ALIKE = 0.8  # Jaccard similarity from which a text is taken for a held-out one
TEXTS = ("text", "problem", "question", "statement", "prompt", "problem_statement")


class HeldOut:
    """The held-out problems of some files, ready to be asked about.

    Attributes:
        count: problems read; `unreadable` of them are known by their text alone.

    Raises:
        UserError: a file is missing, is not what its ending says, or a line has no problem in it.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.count = self.unreadable = 0
        self._keys: dict[str, str] = {}
        self._index = Index(ALIKE)
        for number, path in enumerate(paths):
            # a folder's name must not be in the data; two files of one name are told apart
            again = [p.name for p in paths[:number]].count(path.name)
            name = f"{path.name} ({again + 1})" if again else path.name
            for where, record in _records(path):
                self._add(where, where.replace(str(path), name, 1), record)

    def find(self, key: str, text: str) -> str:
        """Which held-out problem this one is, in words; empty if none."""
        if where := self._keys.get(key):
            return f"the same problem as {where}"
        where = self._index.find(text)
        return f"its text is nearly that of {where}" if where else ""

    def _add(self, where: str, name: str, record: Json | str) -> None:
        self.count += 1
        text = record if isinstance(record, str) else _text(record)
        fields = None if isinstance(record, str) else _fields(record)
        if not text and fields is None:
            raise UserError(
                where,
                f"no problem: none of the keys {', '.join(TEXTS)} holds a text",
                "give each held-out problem a text",
            )
        try:
            if fields is None:
                read = read_problem(text)
                fields = (read.variables, read.domain, read.given, read.goal)
            self._keys.setdefault(canonical_key(*fields), name)
        except (Unreadable, ValueError, RecursionError):
            self.unreadable += 1
        if shingles(text):
            self._index.add(name, text)


def _records(path: Path) -> Iterator[tuple[str, Json | str]]:
    """Every record of a file with the place where it stands."""
    try:
        if path.suffix == ".parquet":
            for number, row in enumerate(pq.read_table(path).to_pylist(), start=1):  # type: ignore[no-untyped-call]
                yield f"{path}, row {number}", {k: _unpacked(v) for k, v in row.items()}
            return
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise from_os_error(error, path) from error
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise UserError(
            str(path), "not a file of problems", "give JSON Lines, parquet or lines of text"
        ) from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield f"{path}, line {number}", _parsed(path, number, line)


def _parsed(path: Path, number: int, line: str) -> Json | str:
    if path.suffix not in (".jsonl", ".json"):
        return line
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{path}, line {number}", "not JSON", "give one JSON object a line"
        ) from error
    if not isinstance(value, dict | str):
        raise UserError(
            f"{path}, line {number}", "neither an object nor a text", "give one problem a line"
        )
    return value


def _unpacked(value: object) -> object:
    """Our own parquet files hold nested records as JSON."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _text(record: Json) -> str:
    for name in TEXTS:
        value = record.get(name)
        if isinstance(value, str):
            return value
        if isinstance(value, dict) and isinstance(value.get("text"), str):
            return str(value["text"])
    return ""


def _fields(record: Json) -> tuple[Any, str, Any, str] | None:
    """The problem's fields in kernel syntax, where the record has them."""
    problem = record.get("problem", record)
    if not isinstance(problem, dict):
        return None
    try:
        return (
            [str(name) for name in problem["variables"]],
            str(problem["domain"]),
            [str(fact) for fact in problem.get("given", ())],
            str(problem["goal"]),
        )
    except (KeyError, TypeError):
        return None
