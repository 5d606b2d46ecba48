"""Published values, limits, and coverage by simulation."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import binomtest

from olympiad_ineq.eval.statistics import (
    Audited,
    PairedCounts,
    clustered,
    clustered_mean,
    corrected,
    detectable,
    exact,
    holm,
    mcnemar,
    mean,
    paired_difference,
    pass_at_k,
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


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [
        # Newcombe, Stat. Med. 17 (1998) 857, Table I, method 5 (Clopper-Pearson).
        (81, 263, 0.2527, 0.3676),
        (15, 148, 0.0578, 0.1617),
        (0, 20, 0.0000, 0.1684),
        (1, 29, 0.0009, 0.1776),
    ],
)
def test_the_exact_interval_is_the_published_one(
    count: int, n: int, low: float, high: float
) -> None:
    assert exact(count, n) == pytest.approx((low, high), abs=5e-5)


def test_holm_is_the_step_down_of_the_textbook() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == [] and holm([0.4]) == [0.4] and holm([0.9, 0.8]) == [1.0, 1.0]


def test_pass_at_k_is_the_closed_form() -> None:
    """The share of all sets of k among n answers that hold a right one."""
    for n, right in ((5, 0), (5, 2), (6, 5), (4, 4)):
        answers = [i < right for i in range(n)]
        for k in range(1, n + 1):
            sets = list(combinations(answers, k))
            assert pass_at_k(n, right, k) == pytest.approx(sum(map(any, sets)) / len(sets))
    with pytest.raises(ValueError, match="between 1 and n = 3"):
        pass_at_k(3, 1, 4)


def test_pass_at_k_is_unbiased() -> None:
    draws = np.random.default_rng(7).binomial(10, 0.3, 20_000)
    for k in (1, 3, 10):
        found = np.mean([pass_at_k(10, int(right), k) for right in draws])
        assert found == pytest.approx(1 - 0.7**k, abs=0.01)


def test_clusters_of_one_are_no_clusters() -> None:
    assert clustered([(1, 1)] * 30 + [(0, 1)] * 70) == pytest.approx(proportion(30, 100), abs=0.002)
    whole = clustered([(5, 5)] * 6 + [(0, 5)] * 14)
    assert whole == pytest.approx(proportion(6, 20), abs=0.02)
    assert clustered([]) == (0.0, 1.0) and clustered([(3, 3)]) == proportion(3, 3)


def test_cluster_intervals_cover_where_plain_ones_do_not() -> None:
    draw = np.random.default_rng(8)
    plain = wide = 0
    for _ in range(1000):
        rates = draw.beta(1.2, 1.8, 60)  # families of 4 that share their difficulty
        counts = draw.binomial(4, rates)
        low, high = proportion(int(counts.sum()), 240)
        plain += low <= 0.4 <= high
        low, high = clustered([(int(c), 4) for c in counts])
        wide += low <= 0.4 <= high
    assert plain / 1000 < 0.9 < 0.93 <= wide / 1000 <= 0.975


def test_a_mean_of_clustered_differences_covers() -> None:
    draw = np.random.default_rng(9)
    hits = 0
    for _ in range(1000):
        gain = draw.normal(0.2, 0.2, 50)
        sums = np.rint(3 * np.clip(gain + draw.normal(0, 0.2, 50), -1, 1))
        low, high = clustered_mean([(float(s), 3) for s in sums])
        hits += low <= 0.2 <= high
    assert 0.93 <= hits / 1000 <= 0.97


def test_what_can_be_told_is_told_with_the_power_it_says() -> None:
    """McNemar's test finds the detectable difference four times out of five."""
    n, discordant = 400, 0.3
    difference = detectable(n, discordant)
    cells = ((discordant + difference) / 2, (discordant - difference) / 2, 1 - discordant)
    tables = np.random.default_rng(10).multinomial(n, cells, 2000)
    found = np.mean([mcnemar(int(gained), int(lost)) < 0.05 for gained, lost, _ in tables])
    assert 0.74 <= found <= 0.84  # the exact test is a little careful
    assert detectable(4 * n, discordant) == pytest.approx(difference / 2, rel=0.1)
    assert detectable(0, 0.5) == detectable(10, 0.0) == detectable(3, 0.1) == 1.0


def test_the_corrected_rate_is_rogans_and_gladens() -> None:
    audit = Audited(100, 90, 200, 170)
    found = corrected(50, 50, 0, audit)
    assert found is not None
    assert found[0] == pytest.approx((0.5 + 0.85 - 1) / (0.9 + 0.85 - 1))
    # what Lang and Reiczigel's formula gives for it, written out
    assert found[1] == pytest.approx(lang_reiczigel(50, 100, 90, 100, 170, 200))
    # half as many again that were never asked about: none of them right, the rest as before
    wider = corrected(50, 50, 50, audit)
    assert wider is not None and wider[0] == pytest.approx(found[0] * 2 / 3)


def lang_reiczigel(
    yes: int, n: int, sensed: int, sound: int, specific: int, wrong: int
) -> tuple[float, float]:
    """The interval as their own R code has it (Prev. Vet. Med. 113 (2014) 13)."""
    z = 1.959963984540054
    n_, yes_ = n + z**2, yes + z**2 / 2
    se, sp = (sensed + 1) / (sound + 2), (specific + 1) / (wrong + 2)
    prev = yes_ / n_
    est = (prev + sp - 1) / (se + sp - 1)
    error = (
        prev * (1 - prev) / n_
        + se * (1 - se) / (sound + 2) * est**2
        + sp * (1 - sp) / (wrong + 2) * (1 - est) ** 2
    ) ** 0.5 / abs(se + sp - 1)
    shift = 2 * z**2 * (est * se * (1 - se) / (sound + 2) - (1 - est) * sp * (1 - sp) / (wrong + 2))
    return est + shift - z * error, est + shift + z * error


@pytest.mark.parametrize(
    "audit", [Audited(0, 0, 0, 0), Audited(10, 5, 10, 5), Audited(9, 2, 9, 2), Audited(5, 5, 0, 0)]
)
def test_a_judge_no_better_than_a_coin_corrects_nothing(audit: Audited) -> None:
    assert corrected(5, 5, 0, audit) is None


def test_youdens_index_is_nought_for_a_coin_and_one_for_no_error() -> None:
    index, (low, high) = Audited(50, 25, 50, 25).youden()
    assert index == 0.0 and low < 0 < high
    index, (low, high) = Audited(100, 100, 300, 300).youden()
    assert index == 1.0 and low > 0.9 and high == 1.0


def test_the_mean_of_few_excludes_nothing() -> None:
    assert mean([0.5]) == (0.0, 1.0)
    low, high = mean([0.0, 1.0] * 50)
    assert low == pytest.approx(0.4, abs=0.01) and high == pytest.approx(0.6, abs=0.01)
    assert binomtest(50, 100).proportion_ci().low == pytest.approx(low, abs=0.01)
