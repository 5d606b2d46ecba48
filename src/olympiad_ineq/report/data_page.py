"""Yields → one HTML file about the data: funnel, coverage, reasons, and rows of every class.

As on the page of results, rows travel packed and no character of a model's text stands in the
source; the content security policy allows this page's own style and script alone.
"""

from collections.abc import Mapping
from html import escape

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from olympiad_ineq.records import TECHNIQUES, Json
from olympiad_ineq.report import figures, mathematics, words
from olympiad_ineq.report.page import asset, pack, policy
from olympiad_ineq.report.yields import Cell, Shown, Yields, kinds_in_order

LONGEST = 6_000  # characters of an answer that are shown
SHADES = 8

KIND_MEANINGS = {
    "proved": "The kernel accepts steps, prose and text.",
    "supported": "Every relation is certified; a stated reason was not matched.",
    "verified": "Left open by the checker, accepted by the second model.",
    "open": "Nothing refuted, something not certified.",
    "rejected": "Left open by the checker, rejected by the second model.",
    "unscored": "Left open by the checker; the second model's votes could not be counted.",
    "limit": "Out of time, memory or length.",
    "refuted": "False, with an exact counterexample or a broken step.",
    "ill-posed": "The statement means nothing on part of its domain.",
    "unreadable": "Not mathematics that the reader knows.",
    "failed": "No answer came, after all attempts.",
    "truncated": "The answer was cut off at its limit of tokens.",
    "no_object": "The answer holds no JSON object with a goal.",
    "wrong_shape": "The answer's object has not the shape that was asked for.",
    "duplicate": "The same answer as an earlier one of the shard.",
    "repeated": "The same problem as another candidate's, which stays.",
    "near_duplicate": "A text nearly equal to one that stays.",
    "held_out": "A problem that the config keeps out of the data.",
}
_CHIPS = {"verified": "supported", "rejected": "refuted", "unscored": "limit"}


def build(yields: Yields, title: str) -> str:
    """The whole page."""
    environment = Environment(
        loader=PackageLoader("olympiad_ineq.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"words": words, "bar": figures.bar}
    style = asset("page.css") + asset("data.css")
    script = asset("data.js")
    kinds = kinds_in_order(yields.samples)
    return environment.get_template("data.html.j2").render(
        title=title,
        yields=yields,
        style=Markup(style),
        script=Markup(script),
        policy=policy(style, script),
        heat={name: _heat(cells) for name, cells in yields.coverage.items()},
        difficulties=sorted({level for cells in yields.coverage.values() for _, level in cells}),
        kinds=kinds,
        meanings=KIND_MEANINGS,
        chip=lambda kind: _CHIPS.get(kind, kind if kind in words.OUTCOME_NAMES else "truncated"),
        chunks={kind: pack([_row(row) for row in yields.samples[kind]]) for kind in kinds},
    )


def _heat(cells: Mapping[Cell, tuple[int, int]]) -> Json:
    """Rows of a map: for each technique its cells by difficulty, with a shade from 0 to SHADES."""
    most = max((count for count, _ in cells.values()), default=0) or 1
    rows: Json = {}
    for technique in TECHNIQUES:
        own = {level: cell for (name, level), cell in cells.items() if name == technique}
        if own:
            rows[technique] = {
                level: {"count": n, "proved": proved, "shade": -(-n * SHADES // most)}
                for level, (n, proved) in own.items()
            }
    return rows


def _row(row: Shown) -> str:
    about = (
        f"{words.TECHNIQUE_NAMES[row.technique]} · difficulty {row.difficulty} · "
        f"{escape(row.source)} · <code>{escape(row.id)}</code>"
    )
    problem = (
        f'<div class="statement">{mathematics.prose(row.problem)}</div>' if row.problem else ""
    )
    reason = f'<p class="reason">{mathematics.reason(row.reason, ())}</p>' if row.reason else ""
    if row.problem:
        said = f'<div class="proof">{mathematics.prose(row.proof[:LONGEST])}</div>'
    else:  # a raw answer is no prose
        said = f'<pre class="raw">{escape(row.proof[:LONGEST]) or "(nothing)"}</pre>'
    return f'<article class="sample"><p class="meta">{about}</p>{problem}{reason}{said}</article>'
