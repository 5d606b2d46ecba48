"""What became of every request: the counts, the coverage and the samples of the page on the data.

Every request and every candidate ends in exactly one place, so the counts add up at each step;
`load` refuses files for which they do not.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from olympiad_ineq import artifacts
from olympiad_ineq.errors import UserError
from olympiad_ineq.records import (
    Assignment,
    Candidate,
    Dropped,
    Json,
    Reject,
    Technique,
    Verdict,
    content_id,
)

SAMPLE = 12  # rows of each class to look at
AGAIN = "delete it and run the same command again"
REASONS = 8  # of each class, the most frequent

Cell = tuple[Technique, int]


@dataclass(frozen=True)
class Step:
    """One step of the funnel: what is left, and what was lost on the way to it, by reason."""

    name: str
    count: int
    lost: dict[str, int]


@dataclass(frozen=True)
class Shown:
    """One row to look at: where it ended, why, and what it said."""

    id: str
    kind: str
    reason: str
    source: str
    technique: str
    difficulty: int
    problem: str
    proof: str


@dataclass
class Yields:
    """All that the page shows.

    Attributes:
        coverage: for each source, (candidates, of them proved) of each technique and difficulty.
        reasons: for each class, its most frequent reasons.
        totals: how many rows a class has; `samples` are the first of them by a hash of the id.
    """

    steps: list[Step]
    coverage: dict[str, dict[Cell, tuple[int, int]]]
    reasons: dict[str, list[tuple[str, int]]]
    samples: dict[str, list[Shown]]
    totals: Counter[str]
    shortfalls: list[str]
    audit: Json | None


@dataclass(frozen=True)
class Paths:
    """The artifacts that the page is made from."""

    summary: Path
    candidates: Path
    verdicts: Path
    dropped: Path
    assignment: Path
    rejects: tuple[Path, ...] = ()
    audit: Path | None = None


@dataclass
class _Classes:
    """Rows by class: how many, why, and a sample that depends on their ids alone."""

    totals: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    samples: dict[str, list[tuple[str, Shown]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, row: Shown) -> None:
        self.totals[row.kind] += 1
        if row.reason:
            self.reasons[row.kind][_general(row.reason)] += 1
        held = self.samples[row.kind]
        held.append((content_id("sample", row.id), row))
        if len(held) > 4 * SAMPLE:
            held.sort(key=lambda item: item[0])
            del held[SAMPLE:]

    def shown(self) -> dict[str, list[Shown]]:
        return {
            kind: [row for _, row in sorted(held, key=lambda item: item[0])[:SAMPLE]]
            for kind, held in self.samples.items()
        }


def load(paths: Paths) -> Yields:
    """Read the artifacts, each once and row by row, and count.

    Raises:
        UserError: an artifact is missing or damaged, or the counts do not add up.
    """
    told = artifacts.read_json(paths.summary, AGAIN)
    dropped = {row.id: row for row in artifacts.read_jsonl(paths.dropped, Dropped)}
    classes = _Classes()
    for path in paths.rejects:
        for reject in artifacts.read_jsonl(path, Reject):
            classes.add(_of_reject(reject))
    coverage: dict[str, Counter[tuple[Cell, bool]]] = defaultdict(Counter)
    states: Counter[str] = Counter()
    rows = zip_longest(
        artifacts.read_jsonl(paths.candidates, Candidate),
        artifacts.read_jsonl(paths.verdicts, Verdict),
    )
    for candidate, verdict in rows:
        if candidate is None or verdict is None or candidate.id != verdict.id:
            raise _unequal(paths.verdicts, "it does not hold the candidates in their order")
        fate = dropped.get(candidate.id)
        state = _state(verdict)
        states[state] += 1
        if fate is None or fate.kind != "grade":
            states["admitted"] += 1
        states[fate.kind if fate else "in the split"] += 1
        problem = candidate.problem
        cell = (problem.technique, problem.difficulty)
        coverage[_name(candidate)][cell, verdict.grade == "proved"] += 1
        classes.add(_of_candidate(candidate, verdict, state))
        if fate and fate.kind in ("near_duplicate", "held_out", "repeated"):
            classes.add(_of_candidate(candidate, verdict, fate.kind, fate.reason))
    placed = sum(1 for _ in artifacts.read_jsonl(paths.assignment, Assignment))
    steps = _steps(told, states)
    if steps[-1].count != placed:
        raise _unequal(paths.assignment, f"it holds {placed} rows, not {steps[-1].count}")
    return Yields(
        steps=steps,
        coverage={name: _cells(found) for name, found in sorted(coverage.items())},
        reasons={kind: found.most_common(REASONS) for kind, found in classes.reasons.items()},
        samples=classes.shown(),
        totals=classes.totals,
        shortfalls=told["shortfalls"],
        audit=artifacts.read_json(paths.audit, AGAIN) if paths.audit else None,
    )


def _steps(told: Json, states: Counter[str]) -> list[Step]:
    """The funnel; each step's losses are what lies between it and the one before."""
    asked = sum(source["asked"] for source in told["sources"])
    rejects: Counter[str] = Counter()
    for source in told["sources"]:
        rejects.update(source["rejects"])
        if source["kind"] == "symbolic":
            rejects["the source ran dry"] += source["asked"] - source["candidates"]
    decided = states["proved"] + states["supported"] + states["verified"]
    losses: list[tuple[str, dict[str, int]]] = [
        ("Parsed", dict(rejects)),
        ("Distinct candidates", {"the same answer from two sources": told["repeated"]}),
        ("Well-posed", {"unreadable": states["unreadable"], "ill-posed": states["ill-posed"]}),
        ("Not refuted", {"refuted": states["refuted"]}),
        (
            "Proved, supported or verified",
            {name: states[name] for name in ("open", "rejected", "unscored", "limit")},
        ),
        ("Admitted", {"not a grade that the config admits": decided - states["admitted"]}),
        (
            "Deduplicated",
            {
                "the same problem": states["repeated"],
                "nearly the same text": states["near_duplicate"],
                "held out": states["held_out"],
            },
        ),
        ("In the split", {"no place on either side": states["not_drawn"]}),
    ]
    steps = [Step("Asked", asked, {})]
    for name, lost in losses:
        left = steps[-1].count - sum(lost.values())
        steps.append(Step(name, left, {why: n for why, n in lost.items() if n}))
    total = sum(states[name] for name in _STATES)
    for name, count in (("Distinct candidates", total), ("In the split", states["in the split"])):
        found = next(step.count for step in steps if step.name == name)
        if found != count:
            raise UserError(
                f"the funnel's step {name!r}",
                f"{found} are left by the losses, and {count} rows are there",
                "run the data stages again",
            )
    return steps


_STATES = (
    "proved", "supported", "verified", "open", "rejected", "unscored", "limit", "refuted",
    "ill-posed", "unreadable",
)  # fmt: skip


def _state(verdict: Verdict) -> str:
    """A verdict's class: its grade, or what the second model made of an open one."""
    if verdict.reason.startswith("the statement is ill-posed"):
        return "ill-posed"
    outcome = verdict.evidence.get("outcome")
    if verdict.grade == "open" and outcome:
        return "verified" if outcome == "accepted" else str(outcome)
    return verdict.grade


def _of_reject(reject: Reject) -> Shown:
    return Shown(
        reject.id, reject.kind, reject.reason, "teacher", reject.technique, reject.difficulty,
        "", reject.text,
    )  # fmt: skip


def _of_candidate(
    candidate: Candidate, verdict: Verdict, kind: str, reason: str | None = None
) -> Shown:
    problem = candidate.problem
    return Shown(
        candidate.id, kind, verdict.reason if reason is None else reason, _name(candidate),
        problem.technique, problem.difficulty, problem.text, candidate.proof.text,
    )  # fmt: skip


def _name(candidate: Candidate) -> str:
    return candidate.source.name if candidate.source.kind == "model" else "symbolic"


def _general(reason: str) -> str:
    """A reason without the particulars that make every one different."""
    text = reason.split(": ", 1)[1] if reason.startswith("step ") and ": " in reason else reason
    words = [word for word in text.split() if word.strip(",.;:()").isalpha()]
    return " ".join(words[:9]) or text[:60]


def _cells(found: Counter[tuple[Cell, bool]]) -> dict[Cell, tuple[int, int]]:
    cells = {cell for cell, _ in found}
    return {c: (found[c, True] + found[c, False], found[c, True]) for c in sorted(cells)}


def _unequal(path: Path, rule: str) -> UserError:
    return UserError(str(path), rule, AGAIN)


def kinds_in_order(kinds: Iterable[str]) -> Sequence[str]:
    """Classes of rows, the good ones first, then the rest as they fall out of the funnel."""
    order = [
        *_STATES, "failed", "truncated", "no_object", "wrong_shape", "duplicate", "repeated",
        "near_duplicate", "held_out",
    ]  # fmt: skip
    return sorted(kinds, key=order.index)
