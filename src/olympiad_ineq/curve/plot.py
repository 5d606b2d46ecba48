"""The learning curve as a picture."""

import io
from collections.abc import Sequence
from pathlib import Path

from olympiad_ineq.artifacts import atomic_path
from olympiad_ineq.curve.fit import Fit
from olympiad_ineq.curve.recommend import Scored
from olympiad_ineq.eval.statistics import proportion


def draw(runs: Sequence[Scored], found: Fit, confidence: float, path: Path) -> None:
    """Each run with its interval, the fitted curve with its band, and where a doubling leads."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.hashsalt": "curve"}):  # the same curve gives the same bytes
        figure = Figure(figsize=(7, 4.2), layout="constrained")
        axes = figure.add_subplot()
        places = [place for place, _ in found.band]
        axes.fill_between(
            places, [100 * e.low for _, e in found.band], [100 * e.high for _, e in found.band],
            color="C0", alpha=0.15, linewidth=0, label=f"{100 * confidence:g} % of the fit",
        )  # fmt: skip
        axes.plot(places, [100 * e.value for _, e in found.band], color="C0", label="fit")
        for run in runs:
            low, high = proportion(run.proved, run.n, confidence)
            axes.plot([run.examples] * 2, [100 * low, 100 * high], color="0.7", linewidth=1)
        axes.plot(
            [run.examples for run in runs], [100 * run.proved / run.n for run in runs],
            "o", color="0.2", markersize=4, label="a training",
        )  # fmt: skip
        axes.axvline(found.largest, color="0.6", linewidth=0.8, linestyle=":")
        axes.set_xscale("log", base=2)
        sizes = sorted({run.examples for run in runs} | {2 * found.largest})
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axes.set(xlabel="training examples", ylabel="test problems proved, %", ylim=(0, None))
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="upper left")
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    with atomic_path(path) as temporary:
        temporary.write_bytes(buffer.getvalue())
