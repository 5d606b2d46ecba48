"""Report → one HTML file that needs no network and opens at once, however many problems it holds.

The problems travel as gzip in base64, in chunks that the page unpacks when they are looked at:
2,000 problems are some 100 MB of MathML, a few MB packed. It also means that no character of a
model's text stands in the page's own source. A content security policy allows this page's style and
script by their hashes and nothing else.
"""

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from tqdm import tqdm

from olympiad_ineq.eval.score import is_proved, outcome_of
from olympiad_ineq.records import TECHNIQUES, Json, Judgement, Opinion
from olympiad_ineq.report import figures, mathematics, words
from olympiad_ineq.report.data import Answer, LossPoint, Report, Row

CHUNK = 40
SEARCHED = 3_000
_TABLE_CURVE_ROWS = 12


def build(report: Report, title: str) -> str:
    """The whole page."""
    environment = Environment(
        loader=PackageLoader("olympiad_ineq.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"words": words, "bar": figures.bar, "whiskers": figures.whiskers}
    style, script = asset("page.css"), asset("page.js")
    return environment.get_template("page.html.j2").render(
        title=title,
        report=report,
        baseline=report.baseline,
        final=report.final,
        style=Markup(style),
        script=Markup(script),
        policy=policy(style, script),
        groups=_groups(report),
        curve=_curve(report.curve),
        changes=_changes(report.rows),
        options=_options(report.rows),
        judged="judged" in report.final,
        graders=_graders(report.audit),
        chunks=_chunks(report.rows),
    )


def _graders(audit: Json | None) -> list[tuple[str, Json]]:
    """The audited graders with the names of their columns."""
    if audit is None:
        return []
    model = audit["model"]
    return [("Checker", audit["checker"]), *([(model["name"], model)] if model else [])]


def policy(style: str, script: str) -> str:
    """A content security policy that allows one style and one script, by their hashes."""
    return (
        f"default-src 'none'; style-src 'sha256-{_sha256(style)}'; "
        f"script-src 'sha256-{_sha256(script)}'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


def asset(name: str) -> str:
    """The text of a template's style or script."""
    text = files("olympiad_ineq.report").joinpath("templates", name).read_text(encoding="utf-8")
    return "\n" + text


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _groups(report: Report) -> list[Json]:
    """The rows of the table of rates: all, by technique, by difficulty."""
    first, second = report.baseline, report.final
    whole = {"n": first["n"], **first["proved"]}, {"n": second["n"], **second["proved"]}
    groups: list[Json] = [_group("", "All problems", *whole, report.train.total())]
    for technique in TECHNIQUES:
        if technique in second["by_technique"]:
            trained = sum(c for (name, _), c in report.train.items() if name == technique)
            cells = first["by_technique"][technique], second["by_technique"][technique]
            groups.append(_group("Technique", words.TECHNIQUE_NAMES[technique], *cells, trained))
    for level in second["by_difficulty"]:
        trained = sum(c for (_, found), c in report.train.items() if str(found) == level)
        cells = first["by_difficulty"][level], second["by_difficulty"][level]
        groups.append(_group("Difficulty", f"Level {level}", *cells, trained))
    return groups


def _group(kind: str, name: str, first: Json, second: Json, trained: int) -> Json:
    return {"kind": kind, "name": name, "baseline": first, "final": second, "trained": trained}


def _curve(points: Sequence[LossPoint]) -> Json | None:
    if len(points) < 2:
        return None
    peak = max(point.loss for point in points)
    top = next((t for t in (0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 20.0) if t >= peak), peak)
    every = max(1, (len(points) - 1) // (_TABLE_CURVE_ROWS - 1))
    return {
        "svg": figures.curve(points, top),
        "top": top,
        "first": points[0],
        "last": points[-1],
        "rows": [*points[:-1:every], points[-1]],
    }


def _changes(rows: Sequence[Row]) -> dict[str, int]:
    counts = {"both": 0, "gained": 0, "lost": 0, "neither": 0}
    for row in rows:
        counts[_change(row)] += 1
    return counts


def _change(row: Row) -> str:
    before, after = is_proved(row.baseline.judgement), is_proved(row.final.judgement)
    return {(True, True): "both", (False, True): "gained", (True, False): "lost"}.get(
        (before, after), "neither"
    )


def _options(rows: Sequence[Row]) -> Json:
    """What the filters offer: only what is there, with how often."""

    def counted(order: Sequence[str], found: Sequence[str]) -> dict[str, int]:
        return {name: found.count(name) for name in order if name in found}

    outcomes = list(words.OUTCOME_MEANINGS)
    return {
        "technique": counted(TECHNIQUES, [row.example.technique for row in rows]),
        "difficulty": counted("1234", [str(row.example.difficulty) for row in rows]),
        "baseline": counted(outcomes, [outcome_of(row.baseline.judgement) for row in rows]),
        "final": counted(outcomes, [outcome_of(row.final.judgement) for row in rows]),
        "judge": counted(list(words.AGREEMENTS), [_agreement(row.final.judgement) for row in rows]),
    }


def _agreement(judgement: Judgement) -> str:
    """How checker and judge stand to one another on an answer; empty without a judge."""
    opinion = judgement.opinion
    if opinion is None:
        return ""
    if opinion.outcome == "unscored":
        return "unscored"
    if is_proved(judgement) == (opinion.outcome == "accepted"):
        return "agree"
    return "accepts" if opinion.outcome == "accepted" else "rejects"


def _chunks(rows: Sequence[Row]) -> dict[str, str]:
    """The problems, packed: `list` for the list, `search` for its text, `p0`, `p1` … the proofs."""
    chunks: dict[str, str] = {}
    listed, searched = [], []
    details: list[str] = []
    for row in tqdm(rows, desc="report", unit="problem", disable=None):
        listed.append(_listed(row))
        searched.append(_searched(row))
        details.append(_detail(row))
        if len(details) == CHUNK:
            chunks[f"p{len(chunks)}"] = pack(details)
            details = []
    if details:
        chunks[f"p{len(chunks)}"] = pack(details)
    return {"list": pack(listed), "search": pack(searched), **chunks}


def pack(value: object) -> str:
    """A value for a page's own script: JSON in gzip in base64."""
    return base64.b64encode(gzip.compress(json.dumps(value).encode(), 9, mtime=0)).decode()


def _listed(row: Row) -> list[Any]:
    problem = row.example.problem
    latex = mathematics.goal_formula(problem.text)
    goal = mathematics.formula(latex) if latex else escape(problem.goal[:300])
    return [
        row.example.id,
        problem.technique,
        str(problem.difficulty),
        outcome_of(row.baseline.judgement),
        outcome_of(row.final.judgement),
        _change(row),
        goal,
        words.TECHNIQUE_NAMES[problem.technique],
        _agreement(row.final.judgement),
    ]


def _searched(row: Row) -> str:
    answers = (row.baseline, row.final)
    parts = [row.example.id, row.example.problem.text, row.example.problem.goal]
    parts += [words.TECHNIQUE_NAMES[row.example.technique]]
    parts += [answer.judgement.reason for answer in answers]
    parts += [answer.prediction.text[:SEARCHED] for answer in answers]
    return "\n".join(parts).lower()


def _detail(row: Row) -> str:
    example = row.example
    return (
        f'<header><p class="meta">{words.TECHNIQUE_NAMES[example.technique]} · '
        f"difficulty {example.difficulty} · <code>{escape(example.id)}</code></p>"
        f'<div class="statement">{mathematics.prose(example.problem.text)}</div></header>'
        f'<div class="pair">{_answer("baseline", row, row.baseline)}'
        f"{_answer('final', row, row.final)}</div>"
        f'<details class="reference"><summary>Proof from the test set, graded '
        f"{escape(example.grade)}</summary>{mathematics.prose(example.completion)}</details>"
    )


def _answer(run: str, row: Row, answer: Answer) -> str:
    said, found = answer.prediction, answer.judgement
    outcome = outcome_of(found)
    failing = None if is_proved(found) else found.step
    reason = mathematics.reason(
        found.reason.removeprefix(f"step {found.step}: "), row.example.problem.variables
    )
    return (
        f'<section class="answer {run}" aria-label="{words.RUN_NAMES[run]}">'
        f'<h3><span class="mark {run}" aria-hidden="true"></span>{words.RUN_NAMES[run]} '
        f"{chip(outcome)}</h3>"
        f'<p class="reason"><strong>Checker{_where(failing)}:</strong> {reason}</p>'
        f"{_judges_words(found.opinion)}"
        f'<div class="proof">{mathematics.prose(said.text, failing)}</div>'
        f'<p class="cost">{said.completion_tokens:,} tokens</p></section>'
    )


def _judges_words(opinion: Opinion | None) -> Markup:
    """What the judging model said of an answer, as data: escaped, never rendered."""
    if opinion is None:
        return Markup("")
    text = Markup('<p class="reason judge"><strong>Judge {}:</strong> {}</p>').format(
        words.OPINIONS[opinion.outcome],
        opinion.settled or (opinion.ballots[0].reason if opinion.ballots else ""),
    )
    quotes = [ballot.first_bad_step for ballot in opinion.ballots if ballot.first_bad_step]
    if quotes:
        found = "" if opinion.quoted else " (not in the answer)"
        text += Markup('<p class="reason judge">First bad step{}: <q>{}</q></p>').format(
            found, quotes[0]
        )
    sketches = [ballot.sketch for ballot in opinion.ballots if ballot.sketch]
    if sketches:
        text += Markup(
            '<details class="reason judge"><summary>Judge\'s own sketch</summary>{}</details>'
        ).format(sketches[0])
    return text


def _where(step: str | None) -> str:
    """The checker's name of a place in a proof, in words."""
    if not step:
        return ""
    if step in ("goal", "equality"):
        return f" at the {step}"
    number = re.fullmatch(r"s(\d{1,3})", step)
    return f" at step ({number[1]})" if number else f" at step {escape(step[:40])}"


def chip(outcome: str) -> Markup:
    """An outcome as a small label."""
    return Markup('<span class="chip {}">{}</span>').format(outcome, words.OUTCOME_NAMES[outcome])
