"""Published values, limits, and coverage by simulation."""

from collections import Counter

import numpy as np
import pytest

from olympiad_ineq.eval.statistics import (
    PairedCounts,
    mcnemar,
    paired_difference,
    proportion,
)


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [
        # Newcombe, Stat. Med. 17 (1998) 857, Table I, method 3 (score without correction).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(count: int, n: int, low: float, high: float) -> None:
    assert proportion(count, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_widens_with_confidence_and_stays_in_range() -> None:
    assert proportion(0, 10).low == 0.0
    assert proportion(10, 10).high == 1.0
    assert proportion(3, 10, 0.99).low < proportion(3, 10, 0.9).low


@pytest.mark.parametrize(
    ("gained", "lost", "p"),
    [
        # Fagerland, Lydersen and Laake, BMC Med. Res. Methodol. 13 (2013) 91: exact conditional p
        # of Bentur's (1 against 7) and Cavo's (6 against 16) tables.
        (1, 7, 0.0703),
        (6, 16, 0.0525),
        (0, 0, 1.0),
        (5, 5, 1.0),
        (10, 0, 2 * 0.5**10),
    ],
)
def test_mcnemar_gives_the_published_p(gained: int, lost: int, p: float) -> None:
    assert mcnemar(gained, lost) == pytest.approx(p, abs=5e-5)
    assert mcnemar(lost, gained) == mcnemar(gained, lost)


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        # Complete response before and after consolidation therapy (Cavo et al. 2012), as computed
        # by the authors of the method's recommendation (R package contingencytables).
        (PairedCounts(both=59, gained=6, lost=16, neither=80), -0.1186, -0.0046),
        # Airway hyper-responsiveness before and after transplantation (Bentur et al. 2009),
        # in Fagerland, Lydersen and Laake 2014.
        (PairedCounts(both=1, gained=1, lost=7, neither=12), -0.507, -0.026),
    ],
)
def test_newcombe_gives_the_published_intervals(
    table: PairedCounts, low: float, high: float
) -> None:
    assert paired_difference(table) == pytest.approx((low, high), abs=5e-4)


def test_paired_difference_is_antisymmetric() -> None:
    forth = paired_difference(PairedCounts(both=3, gained=40, lost=2, neither=55))
    back = paired_difference(PairedCounts(both=3, gained=2, lost=40, neither=55))
    assert forth == pytest.approx((-back.high, -back.low))


def test_nothing_seen_excludes_nothing() -> None:
    assert proportion(0, 0) == (0.0, 1.0)
    assert mcnemar(0, 0) == 1.0
    assert paired_difference(PairedCounts(0, 0, 0, 0)) == (-1.0, 1.0)


@pytest.mark.parametrize(
    "table",
    [
        PairedCounts(0, 0, 0, 1),
        PairedCounts(1, 0, 0, 0),
        PairedCounts(0, 200, 0, 0),
        PairedCounts(0, 0, 200, 0),
        PairedCounts(200, 0, 0, 0),
    ],
)
def test_extreme_tables_give_an_interval_around_the_difference(table: PairedCounts) -> None:
    low, high = paired_difference(table)
    assert -1.0 <= low <= (table.gained - table.lost) / table.n <= high <= 1.0
    assert low < high


@pytest.mark.parametrize(("n", "rate"), [(200, 0.02), (200, 0.4), (100, 0.85)])
def test_wilson_covers_at_its_level(n: int, rate: float) -> None:
    draws = Counter(np.random.default_rng(1).binomial(n, rate, 4000).tolist())
    hits = 0
    for count, times in draws.items():
        low, high = proportion(count, n)
        hits += times * (low <= rate <= high)
    assert 0.925 <= hits / 4000 <= 0.98


@pytest.mark.parametrize(
    "cells",
    [(0.05, 0.40, 0.02, 0.53), (0.30, 0.20, 0.10, 0.40), (0.01, 0.10, 0.01, 0.88)],
)
def test_newcombe_covers_at_its_level(cells: tuple[float, ...]) -> None:
    truth = cells[1] - cells[2]
    tables = Counter(
        PairedCounts(*row)
        for row in np.random.default_rng(2).multinomial(200, cells, 2000).tolist()
    )
    hits = 0
    for table, times in tables.items():
        low, high = paired_difference(table)
        hits += times * (low <= truth <= high)
    assert 0.93 <= hits / 2000 <= 0.975
