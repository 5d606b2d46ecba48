"""A known curve is recovered within its interval; a flat one promises nothing."""

import numpy as np
import pytest

from olympiad_ineq.curve.fit import Fit, Point, fit
from olympiad_ineq.errors import UserError

SIZES = (125, 250, 500, 1000)
SEEDS = 3
TESTS = 200


def hill(examples: float, ceiling: float, half: float, slope: float) -> float:
    return float(ceiling / (1 + (examples / half) ** -slope))


def simulate(
    draw: np.random.Generator, ceiling: float, half: float, slope: float, scatter: float = 0.0
) -> Fit:
    """One simulated curve: binomial counts around the truth; seeds scatter rates on the logit."""
    points = []
    for size in SIZES:
        for _ in range(SEEDS):
            rate = hill(size, ceiling, half, slope)
            logit = np.log(rate / (1 - rate)) + scatter * draw.standard_normal()
            points.append(Point(size, int(draw.binomial(TESTS, 1 / (1 + np.exp(-logit)))), TESTS))
    return fit(points)


@pytest.mark.parametrize(
    ("ceiling", "half", "slope", "scatter"),
    [(1.0, 2000, 1.2, 0.0), (0.6, 300, 1.5, 0.0), (1.0, 1000, 0.4, 0.0), (0.8, 900, 1.0, 0.2)],
)
def test_known_parameters_lie_in_their_intervals(
    ceiling: float, half: float, slope: float, scatter: float
) -> None:
    """In at least 90 of 100 simulations, for each of the curve's parameters and for the gain."""
    truth = {
        "start": hill(SIZES[0], ceiling, half, slope),
        "end": hill(SIZES[-1], ceiling, half, slope),
        "ceiling": ceiling,
        "gain": hill(2 * SIZES[-1], ceiling, half, slope) - hill(SIZES[-1], ceiling, half, slope),
    }
    draw = np.random.default_rng(20260101)
    fits = [simulate(draw, ceiling, half, slope, scatter) for _ in range(100)]
    held = {
        name: sum(
            getattr(one, name).low - 1e-3 <= value <= getattr(one, name).high + 1e-3 for one in fits
        )
        for name, value in truth.items()
    }
    assert min(held.values()) >= 90, held


def test_a_steep_curve_promises_a_gain_and_a_flat_one_does_not() -> None:
    draw = np.random.default_rng(1)
    steep = [simulate(draw, 1.0, 2000, 1.5).gain.low > 0 for _ in range(40)]
    flat = [simulate(draw, 0.3, 1.0, 3.0).gain.low > 0.001 for _ in range(40)]
    assert sum(steep) >= 36
    assert sum(flat) <= 4


def test_without_noise_the_curve_goes_through_the_points() -> None:
    truth = {size: hill(size, 0.9, 800, 1.1) for size in SIZES}
    found = fit([Point(size, round(10**6 * rate), 10**6) for size, rate in truth.items()])
    for size, rate in truth.items():
        assert found.rate(size) == pytest.approx(rate, abs=0.005)
    assert found.gain.value == pytest.approx(hill(2000, 0.9, 800, 1.1) - truth[1000], abs=0.01)


def test_counts_of_none_and_of_all_are_no_accident() -> None:
    found = fit([Point(10, 0, 50), Point(20, 0, 50), Point(40, 50, 50), Point(80, 50, 50)])
    assert found.end.high > 0.9
    assert found.gain.value < 0.1
    nothing = fit([Point(10, 0, 50), Point(40, 0, 50)])
    assert nothing.gain.value < 0.02


def test_one_size_is_no_curve() -> None:
    with pytest.raises(UserError, match="two sizes at least; fix: name more values"):
        fit([Point(100, 3, 10), Point(100, 4, 10)])
