"""Small drawings as inline SVG, in percent of their width, so that text keeps its size on a phone.

A drawing carries no text of its own: the numbers stand beside it in HTML, where they can be read
aloud, searched and copied. Colours come from the page's style by class, so dark mode is free.
"""

from collections.abc import Sequence

from markupsafe import Markup

from olympiad_ineq.records import Json
from olympiad_ineq.report.data import LossPoint


def whiskers(baseline: Json, final: Json) -> Markup:
    """Two rates with their intervals on a line from 0 to 100 %: hollow base, filled tuned."""
    parts = ['<svg class="whiskers" width="100%" height="30" aria-hidden="true">']
    for x in (0, 25, 50, 75, 100):
        parts.append(f'<line class="grid" x1="{x}%" x2="{x}%" y1="0" y2="30"/>')
    for name, y, cell in (("base", 9, baseline), ("tuned", 21, final)):
        if cell["rate"] is None:
            continue
        low, high = (100 * end for end in cell["interval"])
        parts.append(
            f'<line class="{name}" x1="{low:.2f}%" x2="{high:.2f}%" y1="{y}" y2="{y}"/>'
            f'<circle class="{name}" cx="{100 * cell["rate"]:.2f}%" cy="{y}" r="4.5"/>'
        )
    return Markup("".join(parts) + "</svg>")


def bar(share: float, kind: str) -> Markup:
    """A horizontal bar for a share of the whole."""
    return Markup(
        '<svg class="bar" width="100%" height="12" aria-hidden="true">'
        f'<rect class="track" width="100%" height="12" rx="2"/>'
        f'<rect class="{{}}" width="{100 * share:.2f}%" height="12" rx="2"/></svg>'
    ).format(kind)


def curve(points: Sequence[LossPoint], top: float) -> Markup:
    """The training loss against tokens, from 0 to `top`, stretched to the width there is."""
    last = max(points[-1].tokens, 1)
    first = points[0].tokens
    span = max(last - first, 1)
    across = [1000 * (point.tokens - first) / span for point in points]
    losses = [point.loss for point in points]
    raw, mean = (
        " ".join(
            f"{x:.1f},{1000 - 1000 * min(y, top) / top:.1f}"
            for x, y in zip(across, ys, strict=True)
        )
        for ys in (losses, _running_mean(losses))
    )
    grid = "".join(
        f'<line class="grid" x1="0" x2="1000" y1="{y}" y2="{y}"/>' for y in (0, 250, 500, 750, 1000)
    )
    return Markup(
        '<svg class="curve" viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">'
        f'{grid}<polyline class="raw" points="{raw}"/>'
        f'<polyline class="tuned" points="{mean}"/></svg>'
    )


def _running_mean(values: Sequence[float]) -> list[float]:
    """The mean of each value with its neighbours on both sides, so that it does not lag."""
    reach = max(1, len(values) // 40)
    windows = (values[max(0, i - reach) : i + reach + 1] for i in range(len(values)))
    return [sum(window) / len(window) for window in windows]
