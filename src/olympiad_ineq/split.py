"""Training and test examples: one row a problem, families whole, stratified, checked for leaks.

A problem is one canonical key (renaming, scaling and reordering leave it as it is); of several
candidates for one problem the one with the smallest id stays. A family is a set of problems so
alike that seeing one gives the others away: it goes to one side, whole or not at all.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from olympiad_ineq.errors import UserError
from olympiad_ineq.prompts import prompt
from olympiad_ineq.records import Assignment, Candidate, Example, Verdict
from olympiad_ineq.settings import Split

Cell = tuple[str, int]
Side = Literal["train", "test"]


def admit(
    candidates: Iterable[Candidate], verdicts: Iterable[Verdict], settings: Split
) -> list[Assignment]:
    """One row for each problem that the settings admit, sorted by id. Sides are not set yet.

    Raises:
        UserError: the two files do not hold the same candidates.
    """
    by_id = {verdict.id: verdict for verdict in verdicts}
    chosen: dict[str, Assignment] = {}
    count = 0
    for candidate in candidates:
        count += 1
        verdict = by_id.get(candidate.id)
        if verdict is None:
            raise _mismatch(candidate.id)
        if verdict.canonical_key is None or not _admitted(verdict, settings):
            continue
        row = Assignment(
            id=candidate.id,
            side="train",
            canonical_key=verdict.canonical_key,
            family=verdict.family,
            technique=candidate.problem.technique,
            difficulty=candidate.problem.difficulty,
        )
        kept = chosen.setdefault(row.canonical_key, row)
        if row.id < kept.id:
            chosen[row.canonical_key] = row
    if count != len(by_id):
        raise _mismatch("a verdict")
    return sorted(chosen.values(), key=lambda row: row.id)


def _admitted(verdict: Verdict, settings: Split) -> bool:
    accepted = verdict.grade == "open" and verdict.evidence.get("outcome") == "accepted"
    return verdict.grade in settings.grades or (settings.admit_verified and accepted)


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
