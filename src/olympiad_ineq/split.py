"""Training and test examples: one row a problem, families whole, stratified, checked for leaks.

A problem is one canonical key (renaming, scaling and reordering leave it as it is); of several
candidates for one problem the one with the best grade stays, and of those the one with the smallest
id. A problem whose text is nearly that of another, or that a file of held-out problems has, is left
out. A family is a set of problems so alike that seeing one gives the others away: it goes to one
side, whole or not at all. Families that share a problem but for its domain or a factor are one.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Literal

from olympiad_ineq.canonical import relative_key
from olympiad_ineq.errors import UserError
from olympiad_ineq.held_out import HeldOut
from olympiad_ineq.likeness import Index
from olympiad_ineq.prompts import prompt
from olympiad_ineq.records import GRADES, Assignment, Candidate, Dropped, Example, Verdict
from olympiad_ineq.settings import Split

Cell = tuple[str, int]
Side = Literal["train", "test"]


@dataclass
class Admitted:
    """The problems that may become examples, one row each, and every candidate left out so far."""

    rows: list[Assignment] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)


def admit(
    candidates: Iterable[Candidate],
    verdicts: Iterable[Verdict],
    settings: Split,
    held_out: HeldOut | None = None,
) -> Admitted:
    """One row for each problem that the settings admit, sorted by id. Sides are not set yet.

    Both are read once, side by side; what is kept of a row is its assignment and its text.

    Raises:
        UserError: the two do not hold the same candidates in the same order.
    """
    found = Admitted()
    chosen: dict[str, tuple[int, Assignment, str]] = {}
    relatives: dict[str, str] = {}
    for candidate, verdict in zip_longest(candidates, verdicts):
        if candidate is None or verdict is None or candidate.id != verdict.id:
            raise _mismatch((candidate or verdict).id)
        if why := _refused(verdict, settings):
            found.dropped.append(Dropped(id=candidate.id, kind="grade", reason=why))
            continue
        row = _row(candidate, verdict)
        text = candidate.problem.text
        if held_out and (why := held_out.find(row.canonical_key, text)):
            found.dropped.append(Dropped(id=row.id, kind="held_out", reason=why))
            continue
        problem = candidate.problem
        relatives[row.id] = relative_key(problem.variables, problem.given, problem.goal)
        mine = (GRADES.index(verdict.grade), row, text)
        kept = chosen.setdefault(row.canonical_key, mine)
        if (mine[0], row.id) < (kept[0], kept[1].id):
            chosen[row.canonical_key], mine = mine, kept
        if mine[1].id != chosen[row.canonical_key][1].id:
            winner = chosen[row.canonical_key][1].id
            why = f"the same problem as {winner}"
            found.dropped.append(Dropped(id=mine[1].id, kind="repeated", reason=why))
    rows = sorted(chosen.values(), key=lambda item: (item[0], item[1].id))
    _drop_near(rows, settings.near_duplicates, found)
    found.rows = joined(sorted(found.rows, key=lambda row: row.id), relatives)
    return found


def joined(rows: Sequence[Assignment], relatives: Mapping[str, str]) -> list[Assignment]:
    """The rows with families of one name where they share a relative's key (by row id).

    Two templates may draw one problem: as a Cauchy-Schwarz instance whose difference is a square.
    The name is the least of the names that are joined.
    """
    above: dict[str, str] = {}

    def least(name: str) -> str:
        while above.setdefault(name, name) != name:
            above[name] = above[above[name]]
            name = above[name]
        return name

    first: dict[str, str] = {}
    for row in rows:
        one, other = least(row.family), least(first.setdefault(relatives[row.id], row.family))
        above[max(one, other)] = min(one, other)
    return [row.model_copy(update={"family": least(row.family)}) for row in rows]


def _refused(verdict: Verdict, settings: Split) -> str:
    """Why a verdict does not admit its candidate; empty if it does."""
    if verdict.canonical_key is None:
        return f"{verdict.grade}: {verdict.reason}"
    if verdict.grade in settings.grades:
        return ""
    evidence = verdict.evidence
    if settings.admit_verified and verdict.grade == "open":
        if evidence.get("outcome") == "accepted" and evidence.get("trusted") is True:
            return ""
        if evidence.get("outcome") == "accepted":
            return f"{verdict.grade}: accepted by a verifier that is not trusted"
    return f"{verdict.grade}: {verdict.reason}"


def _row(candidate: Candidate, verdict: Verdict) -> Assignment:
    assert verdict.canonical_key is not None
    return Assignment(
        id=candidate.id,
        side="train",
        canonical_key=verdict.canonical_key,
        family=verdict.family,
        technique=candidate.problem.technique,
        difficulty=candidate.problem.difficulty,
    )


def _drop_near(
    rows: Sequence[tuple[int, Assignment, str]], threshold: float | None, found: Admitted
) -> None:
    """Move each row to `found`, as a row or, if its text is like an earlier one's, as dropped."""
    index = Index(threshold) if threshold else None
    for _, row, text in rows:
        like = index.find(text) if index else None
        if like is None:
            found.rows.append(row)
            if index:
                index.add(row.id, text)
        else:
            why = f"its text is nearly that of {like}"
            found.dropped.append(Dropped(id=row.id, kind="near_duplicate", reason=why))


def not_drawn(rows: Iterable[Assignment], chosen: Iterable[Assignment]) -> list[Dropped]:
    """The admitted rows that the sides had no place for."""
    taken = {row.id for row in chosen}
    why = "both sides are full, or a relative is in the test set"
    return [Dropped(id=row.id, kind="not_drawn", reason=why) for row in rows if row.id not in taken]


def _mismatch(what: str) -> UserError:
    return UserError(
        what,
        "candidates.jsonl and verdicts.jsonl do not hold the same candidates",
        "delete verdicts.jsonl and run `snakemake results/verify/verdicts.jsonl` again",
    )


def assign(rows: Sequence[Assignment], settings: Split, seed: int) -> list[Assignment]:
    """Choose the sides.

    Test is filled first, family by family in an order that the seed shuffles, to each cell's share
    of technique × difficulty; what is left of those families is dropped. Train is drawn from the
    families that test did not touch, by the same shares.

    Returns:
        Exactly `settings.train` + `settings.test` rows, sorted by side and id.

    Raises:
        UserError: there are not enough rows, or not enough families to keep the sides apart.
    """
    wanted = settings.train + settings.test
    if len(rows) < wanted:
        raise UserError(
            f"config split.train + split.test = {wanted}",
            f"only {len(rows)} distinct problems have a grade among {list(settings.grades)}",
            "raise data_gen.symbolic, add difficulties or techniques, or ask for fewer",
        )
    families: dict[str, list[Assignment]] = defaultdict(list)
    for row in rows:
        families[row.family].append(row)
    order = sorted(families, key=lambda name: _shuffle_key(seed, name))
    test, touched = _fill_test(families, order, _quotas(rows, settings.test))
    rest = [row for name in order if name not in touched for row in families[name]]
    if len(test) < settings.test or len(rest) < settings.train:
        raise UserError(
            f"config split.test = {settings.test}",
            f"{len(rows)} problems in {len(families)} families give {len(test)} for test and leave "
            f"{len(rest)} for train (asked: {settings.train}) when families are kept whole",
            "lower split.test or split.train, or raise data_gen.symbolic",
        )
    train = _draw(rest, settings.train, seed)
    chosen = [row.model_copy(update={"side": "test"}) for row in test] + train
    check_leaks(chosen)
    return sorted(chosen, key=lambda row: (row.side, row.id))


def _shuffle_key(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed}\0{name}".encode()).hexdigest()


def _cell(row: Assignment) -> Cell:
    return row.technique, row.difficulty


def _quotas(rows: Sequence[Assignment], total: int) -> dict[Cell, int]:
    """Equal shares of `total` for the cells, as far as their rows go (at most half of a cell)."""
    room = {cell: (count + 1) // 2 for cell, count in Counter(map(_cell, rows)).items()}
    return _share(room, total)


def _share(room: Mapping[Cell, int], total: int) -> dict[Cell, int]:
    """Deal `total` out to the cells one by one in turn, none beyond its room."""
    quotas = dict.fromkeys(sorted(room), 0)
    left = total
    while left > 0:
        open_cells = [cell for cell in quotas if quotas[cell] < room[cell]]
        if not open_cells:
            return quotas
        each = max(1, left // len(open_cells))
        for cell in open_cells:
            give = min(each, room[cell] - quotas[cell], left)
            quotas[cell] += give
            left -= give
    return quotas


def _fill_test(
    families: Mapping[str, Sequence[Assignment]], order: Sequence[str], quotas: dict[Cell, int]
) -> tuple[list[Assignment], set[str]]:
    """Take whole families first; then cut larger ones to fill what is still short."""
    left = Counter(quotas)
    test: list[Assignment] = []
    touched: set[str] = set()
    for cut in (False, True):
        for name in order:
            if name in touched or not any(left[_cell(row)] > 0 for row in families[name]):
                continue
            need = Counter(map(_cell, families[name]))
            if not cut and any(need[cell] > left[cell] for cell in need):
                continue
            touched.add(name)
            for row in families[name]:
                if left[_cell(row)] > 0:
                    left[_cell(row)] -= 1
                    test.append(row)
    return test, touched


def _draw(rows: Sequence[Assignment], total: int, seed: int) -> list[Assignment]:
    quotas = _share(Counter(map(_cell, rows)), total)
    drawn = []
    for row in sorted(rows, key=lambda row: _shuffle_key(seed, row.id)):
        if quotas[_cell(row)] > 0:
            quotas[_cell(row)] -= 1
            drawn.append(row)
    return drawn


def check_leaks(rows: Iterable[Assignment]) -> None:
    """Fail if a problem or a family stands on both sides, or a problem stands twice.

    Raises:
        UserError: names the first leak.
    """
    side_of: dict[tuple[str, str], Side] = {}
    keys: set[str] = set()
    for row in rows:
        if row.canonical_key in keys:
            raise _leak(f"the problem of {row.id}", "stands twice")
        keys.add(row.canonical_key)
        if side_of.setdefault(("family", row.family), row.side) != row.side:
            raise _leak(f"family {row.family}", "is on both sides")


def _check_text_leaks(rows: Mapping[str, Side], found: Mapping[str, Candidate]) -> None:
    """Fail if the same text is set to both sides: nothing canonical can excuse that."""
    train = {found[id_].problem.text for id_, side in rows.items() if side == "train"}
    for id_, side in rows.items():
        if side == "test" and found[id_].problem.text in train:
            raise _leak(f"the text of {id_}", "is on both sides")


def _leak(what: str, rule: str) -> UserError:
    return UserError(what, f"{rule} of the split", "delete results/split and run the split again")


def examples(
    side: Side,
    assignment: Iterable[Assignment],
    candidates: Iterable[Candidate],
    verdicts: Iterable[Verdict],
) -> list[Example]:
    """The rows of one side, in the order of the assignment."""
    rows = list(assignment)
    check_leaks(rows)
    sides = {row.id: row.side for row in rows}
    found = {c.id: c for c in candidates if c.id in sides}
    verdict_of = {v.id: v for v in verdicts if v.id in sides}
    missing = sides.keys() - (found.keys() & verdict_of.keys())
    if missing:
        raise _mismatch(min(missing))
    _check_text_leaks(sides, found)
    return [_example(row, found[row.id], verdict_of[row.id]) for row in rows if row.side == side]


def _example(row: Assignment, candidate: Candidate, verdict: Verdict) -> Example:
    return Example(
        id=row.id,
        prompt=prompt(candidate.problem.text),
        completion=candidate.proof.text,
        grade=verdict.grade,
        technique=row.technique,
        difficulty=row.difficulty,
        family=row.family,
        canonical_key=row.canonical_key,
        problem=candidate.problem,
        proof=candidate.proof,
        evidence=verdict.evidence,
        source=candidate.source,
    )
