"""The page on the data: counts that add up, hostile text that does nothing, desktop and phone."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from olympiad_ineq import artifacts
from olympiad_ineq.errors import UserError
from olympiad_ineq.records import (
    TECHNIQUES,
    Assignment,
    Candidate,
    Dropped,
    Grade,
    Problem,
    Proof,
    Reject,
    RejectKind,
    Source,
    Verdict,
)
from olympiad_ineq.report.data_page import build
from olympiad_ineq.report.yields import Paths, load
from tests.report.browser import CONTRAST, UNNAMED, Browser, browser

HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)> Let $a<b$ $\\frac{1}{$ & \u202e"
)
KINDS: tuple[RejectKind, ...] = ("failed", "truncated", "no_object", "wrong_shape", "duplicate")
FATES = (
    ("proved", None, 40),
    ("proved", "repeated", 9),
    ("proved", "near_duplicate", 3),
    ("proved", "held_out", 2),
    ("proved", "not_drawn", 11),
    ("supported", "grade", 5),
    ("open", "grade", 7),
    ("refuted", "grade", 13),
    ("unreadable", "grade", 4),
    ("limit", "grade", 1),
)


def made_up(folder: Path) -> Paths:
    """Artifacts with every class in them; 100 symbolic candidates asked for, 5 ran dry."""
    candidates, verdicts, dropped, assignment = [], [], [], []
    number = 0
    for grade, fate, count in FATES:
        for _ in range(count):
            number += 1
            model = number % 3 == 0
            problem = Problem(
                text=HOSTILE if number % 10 == 0 else f"Prove that $a^{number} \\ge {number}$.",
                variables=("a",), domain="real", goal="a >= 0",
                technique=TECHNIQUES[number % 4], difficulty=1 + number % 3,
            )  # fmt: skip
            text = HOSTILE if number % 7 == 0 else f"(1) Since $a^2 \\ge 0$, $a \\ge {number}$."
            source = Source(
                kind="model" if model else "symbolic", name="Qwen/big" if model else "t",
                family=f"f{number}",
            )  # fmt: skip
            made = Candidate.make(problem, Proof(text=text), source)
            candidates.append(made)
            verdicts.append(_verdict(made.id, grade, number))  # type: ignore[arg-type]
            if fate:
                dropped.append(Dropped(id=made.id, kind=fate, reason="as it is"))  # type: ignore[arg-type]
            else:
                assignment.append(_placed(made))
    accepted = verdicts[-8]  # a refuted one: votes change nothing on the page either
    assert accepted.grade == "refuted"
    rejects = [
        Reject(id=f"r{n}", kind=KINDS[n % 5], reason=f"reason {n}: {HOSTILE}", technique="sos",
               difficulty=2, text=HOSTILE * 3)
        for n in range(23)
    ]  # fmt: skip
    models = sum(c.source.kind == "model" for c in candidates)
    symbolic = len(candidates) - models
    summary = {
        "sources": [
            {"file": "symbolic.jsonl", "kind": "symbolic", "asked": symbolic + 5,
             "candidates": symbolic, "rejects": {}, "shortfalls": ["it ran dry"]},
            {"file": "0.jsonl", "kind": "model", "asked": models + 23 + 1, "candidates": models + 1,
             "rejects": dict(Counter(r.kind for r in rejects)), "shortfalls": []},
        ],
        "repeated": 1, "candidates": len(candidates), "shortfalls": ["it ran dry"],
    }  # fmt: skip
    for name, rows in (
        ("candidates", candidates), ("verdicts", verdicts), ("dropped", dropped),
        ("assignment", assignment), ("rejects", rejects),
    ):  # fmt: skip
        artifacts.write_jsonl(folder / f"{name}.jsonl", rows)
    artifacts.write_json(folder / "summary.json", summary)
    return Paths(
        summary=folder / "summary.json",
        candidates=folder / "candidates.jsonl",
        verdicts=folder / "verdicts.jsonl",
        dropped=folder / "dropped.jsonl",
        assignment=folder / "assignment.jsonl",
        rejects=(folder / "rejects.jsonl",),
    )


def _verdict(id_: str, grade: Grade, number: int) -> Verdict:
    reason = "" if grade == "proved" else f"step s{number}: no reason is given for {number}"
    return Verdict(id=id_, grade=grade, reason=reason, canonical_key=f"k{number}", family="f")


def _placed(made: Candidate) -> Assignment:
    return Assignment(
        id=made.id, side="train", canonical_key="k", family="f",
        technique=made.problem.technique, difficulty=made.problem.difficulty,
    )  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    return made_up(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def page(made: Paths, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "data.html"
    path.write_text(build(load(made), "Where <the> examples come from"), encoding="utf-8")
    return path


def test_the_counts_add_up_at_every_step(made: Paths) -> None:
    yields = load(made)
    assert yields.steps[0].name == "Asked" and yields.steps[0].count == 95 + 5 + 23 + 1
    for before, after in zip(yields.steps, yields.steps[1:], strict=False):
        assert before.count - sum(after.lost.values()) == after.count
    counts = {step.name: step.count for step in yields.steps}
    assert counts == {
        "Asked": 124, "Parsed": 96, "Distinct candidates": 95, "Well-posed": 91,
        "Not refuted": 78, "Proved, supported or verified": 70, "Admitted": 65,
        "Deduplicated": 51, "In the split": 40,
    }  # fmt: skip
    assert sum(n for cells in yields.coverage.values() for n, _ in cells.values()) == 95
    assert sum(p for cells in yields.coverage.values() for _, p in cells.values()) == 65
    assert sum(yields.totals[kind] for kind in KINDS) == 23


def test_votes_move_an_open_row_and_no_other(made: Paths, tmp_path: Path) -> None:
    verdicts = list(artifacts.read_jsonl(made.verdicts, Verdict))
    said = {"kind": "votes", "outcome": "accepted", "trusted": True}
    voted = [
        v.model_copy(update={"evidence": said}) if v.grade in ("open", "refuted", "limit") else v
        for v in verdicts
    ]
    artifacts.write_jsonl(tmp_path / "v.jsonl", voted)
    yields = load(replace(made, verdicts=tmp_path / "v.jsonl"))
    assert yields.totals["verified"] == 7 and yields.totals["refuted"] == 13
    assert yields.totals["limit"] == 1


@pytest.mark.parametrize(
    ("name", "lines"), [("dropped", 1), ("assignment", 1), ("verdicts", 1), ("candidates", 1)]
)
def test_files_that_do_not_belong_together_are_refused(
    made: Paths, tmp_path: Path, name: str, lines: int
) -> None:
    path = getattr(made, name)
    short = tmp_path / path.name
    short.write_text("".join(path.read_text(encoding="utf-8").splitlines(True)[lines:]))
    with pytest.raises(UserError):
        load(replace(made, **{name: short}))


def test_it_is_one_light_file_without_network_or_foreign_words(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    assert len(html) < 200_000
    assert "https://" not in html and "http://" not in html
    assert "<script>alert" not in html and "onerror" not in html


@pytest.fixture(scope="module")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("desktop"), 1280, 900) as window:
        yield window


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("phone"), 390, 844, phone=True) as window:
        yield window


def test_it_opens_at_once_and_shows_every_class(page: Path, desktop: Browser) -> None:
    assert desktop.open(page) < 5
    kinds = desktop.js(
        "return [...document.querySelectorAll('[data-kind]')].map((b) => b.dataset.kind)"
    )
    kinds = [kind for kind in kinds if kind]
    for kind in ("proved", "refuted", "truncated", "no_object", "near_duplicate", "held_out"):
        assert kind in kinds
    for kind in dict.fromkeys(kinds):
        desktop.js("document.querySelector(`button[data-kind='${arguments[0]}']`).click()", kind)
        desktop.until(f"document.getElementById('rows').dataset.kind === '{kind}'")
        assert desktop.js("return document.querySelectorAll('.sample').length") > 0
    desktop.js("document.querySelector(`button[data-kind='proved']`).click()")
    desktop.until("document.querySelectorAll('#rows math').length > 10")
    shown = desktop.js(
        "return [...document.querySelectorAll('[data-count]')].map((e) => Number(e.dataset.count))"
    )
    lost = desktop.js(
        "return [...document.querySelectorAll('.steps-table tr')].slice(1).map((r) =>"
        " [...r.querySelectorAll('[data-lost]')].reduce((t, e) => t + Number(e.dataset.lost), 0))"
    )
    assert [a - b for a, b in zip(shown, lost[1:], strict=False)] == shown[1:]
    assert desktop.js("return performance.getEntriesByType('resource').length") == 0
    assert desktop.js("return document.querySelectorAll('#rows img, #rows script').length") == 0
    assert desktop.errors() == []


@pytest.mark.parametrize("dark", [False, True])
def test_it_can_be_read(page: Path, desktop: Browser, phone: Browser, dark: bool) -> None:
    for window in (desktop, phone):
        window.dark(dark)
        window.open(page)
        assert window.js(CONTRAST) == []
        assert window.js(UNNAMED) == []
        width = window.js("return [document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], width
        window.dark(False)


def test_it_says_what_fell_short(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    assert "Short of what was wanted" in html and "it ran dry" in html
    assert re.search(r"<title>Where &lt;the&gt;", html)
    assert json.dumps(HOSTILE)[1:20] not in html
