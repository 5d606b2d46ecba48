"""All sources' candidates in one file: each id once, sources in the order given."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from olympiad_ineq.artifacts import read_jsonl
from olympiad_ineq.records import Candidate


def gather(sources: Sequence[Path]) -> Iterator[Candidate]:
    """Yield the candidates of all files; a candidate that two sources share comes once.

    Raises:
        UserError: a file is missing or damaged, with the line.
    """
    seen: set[str] = set()
    for path in sources:
        for candidate in read_jsonl(path, Candidate):
            if candidate.id not in seen:
                seen.add(candidate.id)
                yield candidate
