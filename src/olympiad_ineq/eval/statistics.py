"""Counts of successes and what they allow us to say.

Three questions, one function each: how large is a rate (`proportion`), did the same problems fare
differently under two models (`mcnemar`), and by how much (`paired_difference`).

n = 0: nothing was seen, so nothing is excluded. A rate is then None and its interval the whole
range, [0, 1] or [-1, 1]; a test's p is 1.
"""

from math import sqrt
from typing import NamedTuple

from scipy.stats import binomtest


class Interval(NamedTuple):
    """A confidence interval, both ends included."""

    low: float
    high: float


class PairedCounts(NamedTuple):
    """The same problems under two models: how many only the second, only the first … solved."""

    both: int
    gained: int
    lost: int
    neither: int

    @property
    def n(self) -> int:
        """How many problems there were."""
        return sum(self)


def proportion(count: int, n: int, confidence: float = 0.95) -> Interval:
    """Wilson's score interval for `count` successes among `n`, without continuity correction.

    Wilson rather than Clopper-Pearson: its coverage is on average the nominal one, while the exact
    interval covers too often; it never leaves [0, 1] and does not collapse at 0 or n successes.
    (Wilson, J. Am. Stat. Assoc. 22 (1927) 209; Brown, Cai and DasGupta, Stat. Sci. 16 (2001) 101.)
    """
    if n == 0:
        return Interval(0.0, 1.0)
    found = binomtest(count, n).proportion_ci(confidence_level=confidence, method="wilson")
    return Interval(float(found.low), float(found.high))


def mcnemar(gained: int, lost: int) -> float:
    """The p-value of the exact conditional McNemar test, two-sided.

    Problems on which both models agree say nothing about which is better; of those on which they
    differ, half would go each way by chance. (McNemar, Psychometrika 12 (1947) 153; the exact form
    is the sign test, here through scipy's binomtest.)
    """
    if gained + lost == 0:
        return 1.0
    return float(binomtest(gained, gained + lost).pvalue)


def paired_difference(counts: PairedCounts, confidence: float = 0.95) -> Interval:
    """Interval for rate(second) - rate(first), both measured on the same problems.

    Newcombe's square-and-add method: the two Wilson intervals combined, less what the correlation
    between the models explains. (Newcombe, Stat. Med. 17 (1998) 2635, method 10; recommended by
    Fagerland, Lydersen and Laake, Stat. Med. 33 (2014) 2850.)
    """
    n = counts.n
    if n == 0:
        return Interval(-1.0, 1.0)
    second, first = counts.both + counts.gained, counts.both + counts.lost
    low2, high2 = proportion(second, n, confidence)
    low1, high1 = proportion(first, n, confidence)
    rate2, rate1 = second / n, first / n
    phi = _correlation(counts)

    def spread(out: float, back: float) -> float:
        return sqrt(max(out * out - 2 * phi * out * back + back * back, 0.0))

    difference = rate2 - rate1
    return Interval(
        max(-1.0, difference - spread(rate2 - low2, high1 - rate1)),
        min(1.0, difference + spread(high2 - rate2, rate1 - low1)),
    )


def _correlation(counts: PairedCounts) -> float:
    """The phi coefficient of the paired table, shrunk as Newcombe does; 0 where a margin is 0."""
    n = counts.n
    second, first = counts.both + counts.gained, counts.both + counts.lost
    margins = second * (n - second) * first * (n - first)
    if margins == 0:
        return 0.0
    product = counts.both * counts.neither - counts.gained * counts.lost
    shrunk = max(product - n / 2, 0.0) if product > 0 else product
    return float(shrunk / sqrt(margins))
