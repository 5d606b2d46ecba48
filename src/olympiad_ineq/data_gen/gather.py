"""All sources' candidates in one file, each id once; what the sources were asked for and gave."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from olympiad_ineq.artifacts import read_jsonl
from olympiad_ineq.errors import UserError, from_os_error
from olympiad_ineq.records import Candidate, Json


class Gathering(Iterator[Candidate]):
    """The candidates of all files, sources in the order given, one at a time.

    Attributes:
        count: candidates given so far.
        repeated: candidates left out so far, because an earlier source had them.

    Raises:
        UserError: a file is missing or damaged, with the line.
    """

    def __init__(self, sources: Sequence[Path]) -> None:
        self.count = self.repeated = 0
        self._candidates = self._gather(sources)

    def __next__(self) -> Candidate:
        return next(self._candidates)

    def _gather(self, sources: Sequence[Path]) -> Iterator[Candidate]:
        seen: set[str] = set()
        for path in sources:
            for candidate in read_jsonl(path, Candidate):
                if candidate.id in seen:
                    self.repeated += 1
                    continue
                seen.add(candidate.id)
                self.count += 1
                yield candidate


def summary(sources: Sequence[Path], gathering: Gathering) -> Json:
    """What was asked and what came, from the sources' manifests: nothing short goes unsaid.

    Returns:
        "sources", each with "asked", "candidates" and "rejects"; "repeated"; "candidates"; and
        "shortfalls", a sentence for everything that was wanted and not reached.
    """
    told = [_source(path) for path in sources]
    return {
        "sources": told,
        "repeated": gathering.repeated,
        "candidates": gathering.count,
        "shortfalls": [sentence for source in told for sentence in source["shortfalls"]],
    }


def _source(path: Path) -> Json:
    manifest = path.with_name(path.name + ".manifest.json")
    try:
        facts = json.loads(manifest.read_text(encoding="utf-8"))
    except OSError as error:
        raise from_os_error(error, manifest) from error
    except ValueError as error:
        raise UserError(
            str(manifest), "not a manifest", f"delete {path} and run the same command again"
        ) from error
    if facts.get("stage") == "data_gen_model":
        return _model_source(path, facts)
    return {
        "file": path.name,
        "kind": "symbolic",
        "asked": facts["settings"]["symbolic"],
        "candidates": facts["candidates"],
        "rejects": {},
        "shortfalls": [f"symbolic source, {line}" for line in facts["shortfalls"]],
    }


def _model_source(path: Path, facts: Json) -> Json:
    target, usable = facts.get("target") or {}, facts.get("usable") or {}
    return {
        "file": path.name,
        "kind": "model",
        **{name: facts[name] for name in ("asked", "candidates", "rejects", "tokens", "seconds")},
        "target": target,
        "usable": usable,
        "rounds": len(facts.get("rounds", [0])),
        "shortfalls": [
            f"teacher shard {facts['shard']}, {technique}: {usable[technique]} of "
            f"{target[technique]} usable problems when its budget of {facts['budget']} was spent"
            for technique in facts.get("short") or {}
        ],
    }
