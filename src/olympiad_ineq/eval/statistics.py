"""Counts of successes and what they allow us to say.

One function to a question: how large is a rate (`proportion`, `exact` for errors that should be
none, `clustered` where observations come in families), how large is it behind a fallible judge
(`corrected`), did the same problems fare differently under two models (`mcnemar`, `holm` for
several such tests), by how much (`paired_difference`), what could this many problems have shown
(`detectable`), and would one of k answers do (`pass_at_k`).

n = 0: nothing was seen, so nothing is excluded. A rate is then None and its interval the whole
range, [0, 1] or [-1, 1]; a test's p is 1.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from math import comb, fsum, hypot, sqrt
from typing import NamedTuple

from scipy.optimize import brentq
from scipy.stats import binomtest, norm, t


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


@cache
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


@cache
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


def exact(count: int, n: int, confidence: float = 0.95) -> Interval:
    """Clopper and Pearson's exact interval: it covers at least as often as it says.

    For rates near 0 and 1, such as a judge's errors, where "at most" is the question.
    (Clopper and Pearson, Biometrika 26 (1934) 404; through scipy's binomtest.)
    """
    if n == 0:
        return Interval(0.0, 1.0)
    found = binomtest(count, n).proportion_ci(confidence_level=confidence, method="exact")
    return Interval(float(found.low), float(found.high))


def clustered(groups: Iterable[tuple[int, int]], confidence: float = 0.95) -> Interval:
    """Interval for a rate whose observations come in clusters, given as (successes, size) of each.

    Wilson's interval with the effective sample size that the variance between clusters (the
    linearised ratio estimator's) leaves; never more than the real one. (Kish, Survey Sampling
    (1965); Dean and Pagano, Surv. Methodol. 41 (2015) 487, on Wilson with effective sizes.)
    """
    pairs = list(groups)
    n, count, k = sum(size for _, size in pairs), sum(c for c, _ in pairs), len(pairs)
    if n == 0 or k < 2 or count in (0, n):
        return proportion(count, n, confidence)
    rate = count / n
    between = sum((c - rate * size) ** 2 for c, size in pairs) * k / (k - 1) / n**2
    effective = min(n, rate * (1 - rate) / between) if between else n
    return _wilson(rate, effective, confidence)


def clustered_mean(groups: Iterable[tuple[float, int]], confidence: float = 0.95) -> Interval:
    """Interval for a mean of values in [-1, 1] in clusters, given as (sum, size) of each.

    Student's, with the linearised variance between clusters and one degree less than clusters.
    """
    pairs = list(groups)
    n, k = sum(size for _, size in pairs), len(pairs)
    if k < 2:
        return Interval(-1.0, 1.0)
    middle = fsum(total for total, _ in pairs) / n
    between = fsum((total - middle * size) ** 2 for total, size in pairs) * k / (k - 1)
    half = float(t.ppf((1 + confidence) / 2, k - 1)) * sqrt(between) / n
    return Interval(max(-1.0, middle - half), min(1.0, middle + half))


def _wilson(rate: float, n: float, confidence: float) -> Interval:
    """Wilson's interval for a size that need not be whole, which scipy's does not take."""
    z = _z(confidence)
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


@cache
def _z(confidence: float) -> float:
    return float(norm.ppf((1 + confidence) / 2))


class Audited(NamedTuple):
    """How a judge did on proofs of known quality: accepted of the sound, rejected of the wrong."""

    sound: int
    accepted_sound: int
    wrong: int
    rejected_wrong: int

    @property
    def sensitivity(self) -> float:
        """The share of sound proofs that it accepts."""
        return self.accepted_sound / self.sound if self.sound else 0.0

    @property
    def specificity(self) -> float:
        """The share of wrong proofs that it rejects."""
        return self.rejected_wrong / self.wrong if self.wrong else 0.0

    def youden(self, confidence: float = 0.95) -> tuple[float, Interval]:
        """Youden's index, 0 for a coin and 1 for no error, with Newcombe's interval.

        (Youden, Cancer 3 (1950) 32; Newcombe, Stat. Med. 17 (1998) 873, method 10.)
        """
        se, sp = self.sensitivity, self.specificity
        low1, high1 = proportion(self.accepted_sound, self.sound, confidence)
        low2, high2 = proportion(self.rejected_wrong, self.wrong, confidence)
        index = se + sp - 1
        return index, Interval(
            max(-1.0, index - hypot(se - low1, sp - low2)),
            min(1.0, index + hypot(high1 - se, high2 - sp)),
        )


def corrected(
    accepted: int, rejected: int, settled: int, audit: Audited, confidence: float = 0.95
) -> tuple[float, Interval] | None:
    """The rate of right answers behind a fallible judge's verdicts; None for a judge no better
    than a coin.

    Rogan and Gladen's estimate (Am. J. Epidemiol. 107 (1978) 71) with Lang and Reiczigel's interval
    (Prev. Vet. Med. 113 (2014) 13), which carries the uncertainty of both the answers' and the
    audit's samples. Extended to answers that were settled without the judge (cut off, empty):
    these are wrong for certain, so only the answers it was asked about are corrected. Without such
    answers it is Lang and Reiczigel's formula.

    Assumes that the judge errs on the student's answers as often as on the audit's.
    """
    n = accepted + rejected + settled
    if n == 0 or not audit.sound or not audit.wrong:
        return None
    if audit.sensitivity + audit.specificity <= 1:
        return None
    rate = _rogan_gladen(accepted / n, rejected / n, audit.sensitivity, audit.specificity)
    z = _z(confidence)
    size = n + z * z
    yes, no = (accepted + z * z / 2) / size, (rejected + z * z / 2) / size
    ns, nw = audit.sound + 2, audit.wrong + 2
    se, sp = (audit.accepted_sound + 1) / ns, (audit.rejected_wrong + 1) / nw
    index = se + sp - 1
    right = _rogan_gladen(yes, no, se, sp)
    wrong = yes + no - right
    sampling = sp**2 * yes * (1 - yes) + (1 - sp) ** 2 * no * (1 - no)
    sampling += 2 * sp * (1 - sp) * yes * no
    error = sampling / size
    error += se * (1 - se) / ns * right**2 + sp * (1 - sp) / nw * wrong**2
    shift = 2 * z * z * (right * se * (1 - se) / ns - wrong * sp * (1 - sp) / nw)
    middle, half = right + shift, z * sqrt(error) / index
    ends = Interval(*(min(1.0, max(0.0, end)) for end in (middle - half, middle + half)))
    return min(1.0, max(0.0, rate)), ends


def _rogan_gladen(yes: float, no: float, se: float, sp: float) -> float:
    return (yes * sp - no * (1 - sp)) / (se + sp - 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment: p-values of several comparisons, any of which would be news.

    (Holm, Scand. J. Stat. 6 (1979) 65.)
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = highest
    return adjusted


@cache
def detectable(n: int, discordant: float, confidence: float = 0.95, power: float = 0.8) -> float:
    """The smallest difference between two paired rates that n problems can tell, or 1.

    Args:
        discordant: the share of problems on which the two models differ.

    The normal approximation to McNemar's test (Connor, Biometrics 43 (1987) 207).
    """
    if n == 0 or discordant <= 0:
        return 1.0
    z, reach = _z(confidence), float(norm.ppf(power))

    def short(difference: float) -> float:
        spread = sqrt(max(discordant - difference**2, 0.0))
        return (z * sqrt(discordant) + reach * spread) - difference * sqrt(n)

    return float(brentq(short, 0.0, discordant)) if short(discordant) < 0 else 1.0


def pass_at_k(n: int, right: int, k: int) -> float:
    """The chance that at least one of k answers is right, estimated from n of which `right` are.

    Unbiased for k <= n. (Chen et al., Evaluating Large Language Models Trained on Code, arXiv
    2107.03374 (2021), equation 1.)
    """
    if not 0 < k <= n:
        raise ValueError(f"k must be between 1 and n = {n}, not {k}")
    return 1.0 - comb(n - right, k) / comb(n, k)


def mean(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Student's interval for the mean of values in [0, 1], one a problem."""
    n = len(values)
    if n < 2:
        return Interval(0.0, 1.0)
    middle = fsum(values) / n
    error = sqrt(fsum((v - middle) ** 2 for v in values) / (n - 1) / n)
    half = float(t.ppf((1 + confidence) / 2, n - 1)) * error
    return Interval(max(0.0, middle - half), min(1.0, middle + half))
