"""Verify and split hold a bounded part of the rows, whatever their number."""

import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from olympiad_ineq import artifacts
from olympiad_ineq.data_gen.gather import Gathering
from olympiad_ineq.records import Candidate, Verdict, Vote
from olympiad_ineq.settings import Split
from olympiad_ineq.split import admit
from olympiad_ineq.verify import check_candidates, merge
from tests.test_split import candidate


def rows(count: int) -> Iterator[tuple[Candidate, Verdict]]:
    return (candidate(number) for number in range(count))


def peak(work: Callable[[], object]) -> int:
    """Bytes of Python objects that were alive at once while the work ran."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def drained(items: Iterator[object]) -> None:
    for _ in items:
        pass


def test_checking_reads_a_bounded_window_ahead() -> None:
    taken = 0

    def source() -> Iterator[Candidate]:
        nonlocal taken
        for made, _ in rows(600):
            taken += 1
            yield made

    ahead = 0
    checked = check_candidates(source(), seconds=20, memory_mb=2048, workers=2, grades=Counter())
    for given, _ in enumerate(checked, start=1):
        ahead = max(ahead, taken - given)
    assert taken == 600 and ahead < 100


def test_merging_and_gathering_keep_nothing_of_a_row_but_its_id(tmp_path: Path) -> None:
    sizes = (1_000, 4_000)
    merged, gathered = [], []
    for size in sizes:
        made = list(rows(size))
        artifacts.write_jsonl(tmp_path / f"c{size}", (c for c, _ in made))
        artifacts.write_jsonl(tmp_path / f"v{size}", (v for _, v in made))
        del made
        merged.append(peak(lambda size=size: drained(merge(tmp_path / f"v{size}", None))))  # type: ignore[misc]
        gathered.append(
            peak(lambda size=size: drained(Gathering([tmp_path / f"c{size}"])))  # type: ignore[misc]
        )
    for peaks in (merged, gathered):  # an id is kept of each row seen, or pydantic's copy of it
        assert (peaks[1] - peaks[0]) / (sizes[1] - sizes[0]) < 300


def test_the_split_keeps_little_of_a_row() -> None:
    """200,000 rows at this many bytes are well under 2 GiB."""
    settings = Split(train=1, test=1)

    def work(size: int) -> int:
        return peak(
            lambda: admit(
                (c for c, _ in rows(size)), (v for _, v in islice(rows(size), size)), settings
            )
        )

    small, large = work(500), work(2_500)
    assert (large - small) / 2_000 < 6_000


def test_many_votes_are_the_only_thing_that_grows_in_a_merge(tmp_path: Path) -> None:
    made = [candidate(number, "open") for number in range(50)]
    artifacts.write_jsonl(tmp_path / "v", (v for _, v in made))
    votes = [Vote(id=v.id, outcome="accepted", votes=("valid",), reasons=("r",)) for _, v in made]
    artifacts.write_jsonl(tmp_path / "votes", votes)
    found = list(merge(tmp_path / "v", tmp_path / "votes", trusted=True))
    assert [v.evidence["outcome"] for v in found] == ["accepted"] * 50
    assert {v.grade for v in found} == {"open"}
