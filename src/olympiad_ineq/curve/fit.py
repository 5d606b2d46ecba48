"""How a proof rate grows with the number of examples, and what a doubling would add.

The curve is Hill's: rate(n) = ceiling / (1 + (n / half)^-slope). It is a logistic in log n, so it
can start slowly; far out it nears its ceiling as a power law, so it can level off; slope 0 is
flat. Its three unknowns are found through three plain ones: the rates at the smallest and at the
largest size, and the ceiling, on a grid that is refined around the best.

Uncertainty is by profile likelihood: an interval holds every value that some curve in reach of the
data has, "in reach" meaning a binomial deviance within the chi-squared quantile of the least. Runs
scatter more than coins do (seeds): the deviance is divided by the scatter found, at least 1, and
the quantile is then Student's. All runs meet the same test problems, so the intervals are about
the trainings and the grading on these problems; a curve's shape is hardly touched by that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy
from scipy.stats import chi2, f

from olympiad_ineq.errors import UserError

Array = NDArray[np.float64]
_STEPS = (31, 31, 17)  # start, end, ceiling
_EDGE = 1e-4


class Point(NamedTuple):
    """One training: how many examples, how many of `n` test problems it proved."""

    examples: int
    proved: int
    n: int


class Estimate(NamedTuple):
    """A value and its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Fit:
    """The fitted curve. `gain` is what a doubling of the largest size adds to the rate."""

    smallest: int
    largest: int
    start: Estimate
    end: Estimate
    ceiling: Estimate
    gain: Estimate
    scatter: float
    band: list[tuple[float, Estimate]]

    def rate(self, examples: float) -> float:
        """The fitted rate at a number of examples."""
        x = np.log2(examples / self.smallest) / np.log2(self.largest / self.smallest)
        found = _rates(
            np.array([self.start.value]), np.array([self.end.value]),
            np.array([self.ceiling.value]), np.array([x]),
        )  # fmt: skip
        return float(found[0, 0])


def fit(points: Sequence[Point], confidence: float = 0.95) -> Fit:
    """Fit the curve to at least two sizes; fewer than four runs say little, and the intervals show.

    Raises:
        UserError: all runs are of one size.
    """
    sizes = np.array([point.examples for point in points], dtype=float)
    smallest, largest = int(sizes.min()), int(sizes.max())
    if smallest == largest:
        raise UserError(
            f"a learning curve of {len(points)} runs on {smallest} examples each",
            "a curve needs two sizes at least",
            "name more values in curve.shares",
        )
    span = np.log2(largest / smallest)
    x = np.log2(sizes / smallest) / span
    proved = np.array([point.proved for point in points], dtype=float)
    n = np.array([point.n for point in points], dtype=float)
    reach = float(chi2.ppf(confidence, 1))
    grid = _Grid(x, proved, n)
    grid.refine(4 * reach)
    scatter = _scatter(grid, proved, n)
    if scatter > 1:
        reach = scatter * float(f.ppf(confidence, 1, max(len(points) - 3, 1)))
    for _ in range(2):
        grid.refine(reach)
    inside = grid.deviance <= grid.deviance.min() + reach
    ahead = 1 + 1 / span  # where twice the largest size lies
    at = np.linspace(0, ahead, 25)
    curves = _rates(grid.start[inside], grid.end[inside], grid.ceiling[inside], at)
    best = int(np.argmin(grid.deviance[inside]))
    gains = curves[:, -1] - grid.end[inside]
    return Fit(
        smallest=smallest, largest=largest,
        start=_estimate(grid.start[inside], best), end=_estimate(grid.end[inside], best),
        ceiling=_estimate(grid.ceiling[inside], best), gain=_estimate(gains, best),
        scatter=scatter,
        band=[
            (float(smallest * 2 ** (place * span)), _estimate(curves[:, i], best))
            for i, place in enumerate(at)
        ],
    )  # fmt: skip


class _Grid:
    """Curves around the best one, with their deviances; flat arrays of the same length."""

    def __init__(self, x: Array, proved: Array, n: Array) -> None:
        self._x, self._proved, self._n = x, proved, n
        # how near its ceiling the end is: 1 is a curve that has arrived
        self._fill([_EDGE, 1 - _EDGE], [_EDGE, 1 - _EDGE], [0.0, 1.0])

    def refine(self, reach: float) -> None:
        """A finer grid over the box of the curves within `reach`, one step wider on each side."""
        inside = self.deviance <= self.deviance.min() + reach
        boxes = []
        for values, steps in zip((self.start, self.end, self._room), _STEPS, strict=True):
            low, high = values[inside].min(), values[inside].max()
            wider = (values.max() - values.min()) / (steps - 1)
            boxes.append([max(low - wider, 0), min(high + wider, 1)])
        self._fill(*boxes)

    def _fill(self, start: Sequence[float], end: Sequence[float], room: Sequence[float]) -> None:
        axes = [
            np.linspace(box[0], box[1], steps)
            for box, steps in zip((start, end, room), _STEPS, strict=True)
        ]
        first, last, open_ = (a.ravel() for a in np.meshgrid(*axes, indexing="ij"))
        first, last = np.clip(first, _EDGE, 1 - _EDGE), np.clip(last, _EDGE, 1 - _EDGE)
        rising = first <= last
        self.start, self.end, self._room = first[rising], last[rising], open_[rising]
        # squared: most ceilings near the end, where they matter
        self.ceiling = self.end + (1 - self.end) * np.maximum(self._room, 0.02) ** 2
        self.fitted = _rates(self.start, self.end, self.ceiling, self._x)
        seen = self._proved / self._n
        best = xlogy(self._proved, seen) + xlogy(self._n - self._proved, 1 - seen)
        found = xlogy(self._proved, self.fitted) + xlogy(self._n - self._proved, 1 - self.fitted)
        self.deviance = 2 * (best - found).sum(axis=1)


def _rates(start: Array, end: Array, ceiling: Array, x: Array) -> Array:
    """Rates of each curve (rows) at each place (columns); 0 is the smallest size, 1 the largest."""
    first = _logit(start / ceiling)
    last = _logit(end / ceiling)
    slope = (last - first)[:, None]
    found = ceiling[:, None] / (1 + np.exp(-(first[:, None] + slope * x)))
    return np.asarray(np.clip(found, _EDGE, 1 - _EDGE))


def _logit(share: Array) -> Any:
    inner = np.clip(share, 1e-9, 1 - 1e-9)
    return np.log(inner / (1 - inner))


def _scatter(grid: _Grid, proved: Array, n: Array) -> float:
    """Pearson's statistic over its degrees of freedom, at least 1."""
    best = grid.fitted[int(np.argmin(grid.deviance))]
    statistic = ((proved - n * best) ** 2 / (n * best * (1 - best))).sum()
    return float(max(1.0, statistic / max(len(proved) - 3, 1)))


def _estimate(values: Array, best: int) -> Estimate:
    return Estimate(float(values[best]), float(values.min()), float(values.max()))
